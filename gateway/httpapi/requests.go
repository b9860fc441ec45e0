package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ReportFault is POST /service-requests.
func (s *server) ReportFault(ctx context.Context, r api.ReportFaultRequestObject) (api.ReportFaultResponseObject, error) {
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.ReportFaultTx, r.Body, []string{"component/" + r.Body.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ServiceRequestCreatedResponseHeaders(done.created("service-requests", answer.RequestID))
	return api.ReportFault201JSONResponse{ServiceRequestCreatedJSONResponse: api.ServiceRequestCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetRequest is GET /service-requests/{requestId}.
func (s *server) GetRequest(ctx context.Context, r api.GetRequestRequestObject) (api.GetRequestResponseObject, error) {
	answer, err := ask[service.ServiceRequest](ctx, s, ledgerapi.GetRequestTx, ledgerapi.RequestRef{RequestID: r.RequestID})
	return api.GetRequest200JSONResponse{ServiceRequestJSONResponse: api.ServiceRequestJSONResponse(answer)}, err
}

// GetRequestHistory is GET /service-requests/{requestId}/history.
func (s *server) GetRequestHistory(ctx context.Context, r api.GetRequestHistoryRequestObject) (api.GetRequestHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.RequestEventPage](ctx, s, ledgerapi.RequestHistoryTx, paging(r.Params).of(r.RequestID))
	return api.GetRequestHistory200JSONResponse{RequestEventPageJSONResponse: api.RequestEventPageJSONResponse(answer)}, err
}

// AcceptRequest is POST /service-requests/{requestId}/acceptance.
func (s *server) AcceptRequest(ctx context.Context, r api.AcceptRequestRequestObject) (api.AcceptRequestResponseObject, error) {
	request := ledgerapi.RequestRef{RequestID: r.RequestID}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.AcceptRequestTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptRequest200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// RejectRequest is POST /service-requests/{requestId}/refusal.
func (s *server) RejectRequest(ctx context.Context, r api.RejectRequestRequestObject) (api.RejectRequestResponseObject, error) {
	request := ledgerapi.RequestReason{RequestID: r.RequestID, Reason: r.Body.Reason}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.RejectRequestTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RejectRequest200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// AssignRequest is POST /service-requests/{requestId}/assignment.
func (s *server) AssignRequest(ctx context.Context, r api.AssignRequestRequestObject) (api.AssignRequestResponseObject, error) {
	request := ledgerapi.AssignRequest{RequestID: r.RequestID}
	if r.Body != nil {
		request.AgreementID = r.Body.AgreementID
	}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.AssignRequestTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AssignRequest200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// ScheduleRequest is POST /service-requests/{requestId}/schedule.
func (s *server) ScheduleRequest(ctx context.Context, r api.ScheduleRequestRequestObject) (api.ScheduleRequestResponseObject, error) {
	request := ledgerapi.ScheduleRequest{RequestID: r.RequestID, EngineerID: r.Body.EngineerID, ScheduledFor: r.Body.ScheduledFor}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.ScheduleRequestTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ScheduleRequest200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// StartWork is POST /service-requests/{requestId}/start.
func (s *server) StartWork(ctx context.Context, r api.StartWorkRequestObject) (api.StartWorkResponseObject, error) {
	request := ledgerapi.RequestRef{RequestID: r.RequestID}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.StartWorkTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.StartWork200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// ListSteps is GET /service-requests/{requestId}/steps.
func (s *server) ListSteps(ctx context.Context, r api.ListStepsRequestObject) (api.ListStepsResponseObject, error) {
	answer, err := ask[ledgerapi.ServiceStepPage](ctx, s, ledgerapi.ListStepsTx, paging(r.Params).of(r.RequestID))
	return api.ListSteps200JSONResponse{ServiceStepPageJSONResponse: api.ServiceStepPageJSONResponse(answer)}, err
}

// RecordStep is POST /service-requests/{requestId}/steps.
func (s *server) RecordStep(ctx context.Context, r api.RecordStepRequestObject) (api.RecordStepResponseObject, error) {
	request := ledgerapi.RecordStep{RequestID: r.RequestID, Step: r.Body.Step, Activity: r.Body.Activity, Measurements: r.Body.Measurements, Parts: r.Body.Parts, BeforeHash: r.Body.BeforeHash, AfterHash: r.Body.AfterHash}
	answer, done, err := carryOut[service.ServiceStep](ctx, s, command{ledgerapi.RecordStepTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ServiceStepCreatedResponseHeaders(done.created("service-requests", answer.RequestID, "steps"))
	return api.RecordStep201JSONResponse{ServiceStepCreatedJSONResponse: api.ServiceStepCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// CompleteWork is POST /service-requests/{requestId}/completion.
func (s *server) CompleteWork(ctx context.Context, r api.CompleteWorkRequestObject) (api.CompleteWorkResponseObject, error) {
	request := ledgerapi.CompleteWork{RequestID: r.RequestID, Statement: r.Body.Statement}
	if len(r.Body.Inspection.Signatures) > 0 { // an envelope has at least one
		request.Inspection = &r.Body.Inspection
	}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.CompleteWorkTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CompleteWork200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// ReturnWork is POST /service-requests/{requestId}/return.
func (s *server) ReturnWork(ctx context.Context, r api.ReturnWorkRequestObject) (api.ReturnWorkResponseObject, error) {
	request := ledgerapi.RequestReason{RequestID: r.RequestID, Reason: r.Body.Reason}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.ReturnWorkTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReturnWork200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// ConfirmWork is POST /service-requests/{requestId}/confirmation.
func (s *server) ConfirmWork(ctx context.Context, r api.ConfirmWorkRequestObject) (api.ConfirmWorkResponseObject, error) {
	request := ledgerapi.RequestRef{RequestID: r.RequestID}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.ConfirmWorkTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ConfirmWork200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// CancelRequest is POST /service-requests/{requestId}/cancellation.
func (s *server) CancelRequest(ctx context.Context, r api.CancelRequestRequestObject) (api.CancelRequestResponseObject, error) {
	request := ledgerapi.CancelRequest{RequestID: r.RequestID, Reason: r.Body.Reason, Steps: r.Body.Steps}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.CancelRequestTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CancelRequest200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

// MarkOverdue is POST /service-requests/{requestId}/overdue-mark.
func (s *server) MarkOverdue(ctx context.Context, r api.MarkOverdueRequestObject) (api.MarkOverdueResponseObject, error) {
	request := ledgerapi.RequestRef{RequestID: r.RequestID}
	answer, done, err := carryOut[service.ServiceRequest](ctx, s, command{ledgerapi.MarkOverdueTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.MarkOverdue200JSONResponse{ServiceRequestChangedJSONResponse: changedServiceRequest(answer, done)}, nil
}

func changedServiceRequest(answer service.ServiceRequest, done receipt) api.ServiceRequestChangedJSONResponse {
	return api.ServiceRequestChangedJSONResponse{Body: answer, Headers: api.ServiceRequestChangedResponseHeaders(done.changed())}
}
