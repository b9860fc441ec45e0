package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetPlan is GET /components/{componentId}/plan.
func (s *server) GetPlan(ctx context.Context, r api.GetPlanRequestObject) (api.GetPlanResponseObject, error) {
	answer, err := ask[service.Plan](ctx, s, ledgerapi.GetPlanTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetPlan200JSONResponse{PlanJSONResponse: api.PlanJSONResponse(answer)}, err
}

// AttachPlan is POST /components/{componentId}/plan.
func (s *server) AttachPlan(ctx context.Context, r api.AttachPlanRequestObject) (api.AttachPlanResponseObject, error) {
	request := ledgerapi.AttachPlan{ComponentID: r.ComponentID, Tasks: r.Body.Tasks, Since: r.Body.Since}
	answer, done, err := carryOut[service.Plan](ctx, s, command{ledgerapi.AttachPlanTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.PlanCreatedResponseHeaders(done.created("components", answer.ComponentID, "plan"))
	return api.AttachPlan201JSONResponse{PlanCreatedJSONResponse: api.PlanCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ChangePlan is POST /components/{componentId}/plan-changes.
func (s *server) ChangePlan(ctx context.Context, r api.ChangePlanRequestObject) (api.ChangePlanResponseObject, error) {
	request := ledgerapi.ChangePlan{ComponentID: r.ComponentID, Tasks: r.Body.Tasks}
	answer, done, err := carryOut[service.Plan](ctx, s, command{ledgerapi.ChangePlanTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ChangePlan200JSONResponse{PlanChangedJSONResponse: changedPlan(answer, done)}, nil
}

// GetPlanDue is GET /components/{componentId}/due.
func (s *server) GetPlanDue(ctx context.Context, r api.GetPlanDueRequestObject) (api.GetPlanDueResponseObject, error) {
	answer, err := ask[service.PlanDue](ctx, s, ledgerapi.GetPlanDueTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetPlanDue200JSONResponse{PlanDueJSONResponse: api.PlanDueJSONResponse(answer)}, err
}

// RaiseDue is POST /components/{componentId}/due-requests.
func (s *server) RaiseDue(ctx context.Context, r api.RaiseDueRequestObject) (api.RaiseDueResponseObject, error) {
	request := ledgerapi.ComponentRef{ComponentID: r.ComponentID}
	answer, done, err := carryOut[ledgerapi.RaisedRequests](ctx, s, command{ledgerapi.RaiseDueTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RaiseDue200JSONResponse{RaisedRequestsChangedJSONResponse: changedRaisedRequests(answer, done)}, nil
}

// ReportCondition is POST /components/{componentId}/condition-reports.
func (s *server) ReportCondition(ctx context.Context, r api.ReportConditionRequestObject) (api.ReportConditionResponseObject, error) {
	request := ledgerapi.ReportCondition{ComponentID: r.ComponentID, Statement: r.Body.Statement}
	answer, done, err := carryOut[ledgerapi.ConditionReported](ctx, s, command{ledgerapi.ReportConditionTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReportCondition200JSONResponse{ConditionReportedChangedJSONResponse: changedConditionReported(answer, done)}, nil
}

// GetCondition is GET /components/{componentId}/conditions/{measure}.
func (s *server) GetCondition(ctx context.Context, r api.GetConditionRequestObject) (api.GetConditionResponseObject, error) {
	answer, err := ask[service.MonitoredCondition](ctx, s, ledgerapi.GetConditionTx, ledgerapi.ConditionRef{ComponentID: r.ComponentID, Measure: r.Measure})
	return api.GetCondition200JSONResponse{MonitoredConditionJSONResponse: api.MonitoredConditionJSONResponse(answer)}, err
}

func changedPlan(answer service.Plan, done receipt) api.PlanChangedJSONResponse {
	return api.PlanChangedJSONResponse{Body: answer, Headers: api.PlanChangedResponseHeaders(done.changed())}
}

func changedRaisedRequests(answer ledgerapi.RaisedRequests, done receipt) api.RaisedRequestsChangedJSONResponse {
	return api.RaisedRequestsChangedJSONResponse{Body: answer, Headers: api.RaisedRequestsChangedResponseHeaders(done.changed())}
}

func changedConditionReported(answer ledgerapi.ConditionReported, done receipt) api.ConditionReportedChangedJSONResponse {
	return api.ConditionReportedChangedJSONResponse{Body: answer, Headers: api.ConditionReportedChangedResponseHeaders(done.changed())}
}
