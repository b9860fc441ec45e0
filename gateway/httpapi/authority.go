package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// Delegate is POST /components/{componentId}/delegations.
func (s *server) Delegate(ctx context.Context, r api.DelegateRequestObject) (api.DelegateResponseObject, error) {
	request := ledgerapi.DelegateActions{ComponentID: r.ComponentID, Organisation: r.Body.Organisation, Actions: r.Body.Actions, From: r.Body.From, Till: r.Body.Till, MaxUses: r.Body.MaxUses}
	answer, done, err := carryOut[authority.Delegation](ctx, s, command{ledgerapi.DelegateTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.Delegate201JSONResponse{DelegationCreatedJSONResponse: createdDelegation(answer, done)}, nil
}

// GrantAccess is POST /components/{componentId}/access-grants.
func (s *server) GrantAccess(ctx context.Context, r api.GrantAccessRequestObject) (api.GrantAccessResponseObject, error) {
	request := ledgerapi.SignedGrant{ComponentID: r.ComponentID, Envelope: r.Body.Envelope}
	answer, done, err := carryOut[authority.Delegation](ctx, s, command{ledgerapi.GrantAccessTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.GrantAccess201JSONResponse{DelegationCreatedJSONResponse: createdDelegation(answer, done)}, nil
}

func createdDelegation(d authority.Delegation, done receipt) api.DelegationCreatedJSONResponse {
	headers := api.DelegationCreatedResponseHeaders(done.created("components", d.ComponentID, "delegations", d.DelegationID))
	return api.DelegationCreatedJSONResponse{Body: d, Headers: headers}
}

// GetDelegation is GET /components/{componentId}/delegations/{delegationId}.
func (s *server) GetDelegation(ctx context.Context, r api.GetDelegationRequestObject) (api.GetDelegationResponseObject, error) {
	answer, err := ask[authority.Delegation](ctx, s, ledgerapi.GetDelegationTx, ledgerapi.DelegationRef{ComponentID: r.ComponentID, DelegationID: r.DelegationID})
	return api.GetDelegation200JSONResponse{DelegationJSONResponse: api.DelegationJSONResponse(answer)}, err
}

// ListDelegations is GET /components/{componentId}/delegations.
func (s *server) ListDelegations(ctx context.Context, r api.ListDelegationsRequestObject) (api.ListDelegationsResponseObject, error) {
	answer, err := ask[ledgerapi.DelegationPage](ctx, s, ledgerapi.ListDelegationsTx, paging(r.Params).of(r.ComponentID))
	return api.ListDelegations200JSONResponse{DelegationPageJSONResponse: api.DelegationPageJSONResponse(answer)}, err
}

// RevokeDelegation is POST /components/{componentId}/delegations/{delegationId}/revocation.
func (s *server) RevokeDelegation(ctx context.Context, r api.RevokeDelegationRequestObject) (api.RevokeDelegationResponseObject, error) {
	request := ledgerapi.RevokeDelegation{ComponentID: r.ComponentID, DelegationID: r.DelegationID, Reason: r.Body.Reason}
	answer, done, err := carryOut[authority.Delegation](ctx, s, command{ledgerapi.RevokeDelegationTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.DelegationChangedResponseHeaders(done.changed())
	return api.RevokeDelegation200JSONResponse{DelegationChangedJSONResponse: api.DelegationChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// RecordAccess is POST /components/{componentId}/accesses.
func (s *server) RecordAccess(ctx context.Context, r api.RecordAccessRequestObject) (api.RecordAccessResponseObject, error) {
	request := ledgerapi.SignedAccess{ComponentID: r.ComponentID, Envelope: r.Body.Envelope}
	answer, done, err := carryOut[authority.AccessRecord](ctx, s, command{ledgerapi.RecordAccessTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.AccessCreatedResponseHeaders(done.created("components", answer.ComponentID, "delegations", answer.DelegationID, "accesses"))
	return api.RecordAccess201JSONResponse{AccessCreatedJSONResponse: api.AccessCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListAccesses is GET /components/{componentId}/delegations/{delegationId}/accesses.
func (s *server) ListAccesses(ctx context.Context, r api.ListAccessesRequestObject) (api.ListAccessesResponseObject, error) {
	p := paging{r.Params.Limit, r.Params.Cursor}
	request := ledgerapi.AccessListRequest{Of: r.ComponentID, DelegationID: r.DelegationID, Limit: p.limit(), Cursor: p.Cursor}
	answer, err := ask[ledgerapi.AccessPage](ctx, s, ledgerapi.ListAccessesTx, request)
	return api.ListAccesses200JSONResponse{AccessPageJSONResponse: api.AccessPageJSONResponse(answer)}, err
}

// SetMandate is POST /components/{componentId}/mandates.
func (s *server) SetMandate(ctx context.Context, r api.SetMandateRequestObject) (api.SetMandateResponseObject, error) {
	request := ledgerapi.SetMandate{ComponentID: r.ComponentID, Action: r.Body.Action, Members: r.Body.Members, Threshold: r.Body.Threshold, ApprovalSeconds: r.Body.ApprovalSeconds}
	answer, done, err := carryOut[authority.Mandate](ctx, s, command{ledgerapi.SetMandateTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.MandateChangedResponseHeaders(done.changed())
	return api.SetMandate200JSONResponse{MandateChangedJSONResponse: api.MandateChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListMandates is GET /components/{componentId}/mandates.
func (s *server) ListMandates(ctx context.Context, r api.ListMandatesRequestObject) (api.ListMandatesResponseObject, error) {
	answer, err := ask[ledgerapi.MandatePage](ctx, s, ledgerapi.ListMandatesTx, paging(r.Params).of(r.ComponentID))
	return api.ListMandates200JSONResponse{MandatePageJSONResponse: api.MandatePageJSONResponse(answer)}, err
}

// AskApproval is POST /components/{componentId}/approvals.
func (s *server) AskApproval(ctx context.Context, r api.AskApprovalRequestObject) (api.AskApprovalResponseObject, error) {
	request := ledgerapi.AskApproval{ComponentID: r.ComponentID, Action: r.Body.Action, Argument: r.Body.Argument}
	answer, done, err := carryOut[authority.Approval](ctx, s, command{ledgerapi.AskApprovalTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ApprovalCreatedResponseHeaders(done.created("components", answer.ComponentID, "approvals", answer.RequestHash))
	return api.AskApproval201JSONResponse{ApprovalCreatedJSONResponse: api.ApprovalCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetApproval is GET /components/{componentId}/approvals/{requestHash}.
func (s *server) GetApproval(ctx context.Context, r api.GetApprovalRequestObject) (api.GetApprovalResponseObject, error) {
	answer, err := ask[authority.Approval](ctx, s, ledgerapi.GetApprovalTx, ledgerapi.ApprovalRef{ComponentID: r.ComponentID, RequestHash: r.RequestHash})
	return api.GetApproval200JSONResponse{ApprovalJSONResponse: api.ApprovalJSONResponse(answer)}, err
}

// ApproveRequest is POST /components/{componentId}/approvals/{requestHash}/consents.
func (s *server) ApproveRequest(ctx context.Context, r api.ApproveRequestRequestObject) (api.ApproveRequestResponseObject, error) {
	request := ledgerapi.ApproveRequest{ComponentID: r.ComponentID, RequestHash: r.RequestHash, Round: r.Body.Round, Envelope: signedBy(r.Body.Envelope)}
	answer, done, err := carryOut[authority.Approval](ctx, s, command{ledgerapi.ApproveTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ApprovalChangedResponseHeaders(done.changed())
	return api.ApproveRequest200JSONResponse{ApprovalChangedJSONResponse: api.ApprovalChangedJSONResponse{Body: answer, Headers: headers}}, nil
}
