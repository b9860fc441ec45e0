package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// PlaceHold is POST /components/{componentId}/holds.
func (s *server) PlaceHold(ctx context.Context, r api.PlaceHoldRequestObject) (api.PlaceHoldResponseObject, error) {
	answer, done, err := carryOut[component.Hold](ctx, s, command{ledgerapi.PlaceHoldTx, ledgerapi.PlaceHold{ComponentID: r.ComponentID, Kind: r.Body.Kind, Reason: r.Body.Reason}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.HoldChangedResponseHeaders(done.changed())
	return api.PlaceHold200JSONResponse{HoldChangedJSONResponse: api.HoldChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListHolds is GET /components/{componentId}/holds.
func (s *server) ListHolds(ctx context.Context, r api.ListHoldsRequestObject) (api.ListHoldsResponseObject, error) {
	answer, err := ask[ledgerapi.HoldList](ctx, s, ledgerapi.ListHoldsTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.ListHolds200JSONResponse{HoldListJSONResponse: api.HoldListJSONResponse(answer)}, err
}

// ReleaseHold is POST /components/{componentId}/hold-release.
func (s *server) ReleaseHold(ctx context.Context, r api.ReleaseHoldRequestObject) (api.ReleaseHoldResponseObject, error) {
	answer, done, err := carryOut[component.Hold](ctx, s, command{ledgerapi.ReleaseHoldTx, ledgerapi.ReleaseHold{ComponentID: r.ComponentID, Holder: r.Body.Holder, Reason: r.Body.Reason}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.HoldChangedResponseHeaders(done.changed())
	return api.ReleaseHold200JSONResponse{HoldChangedJSONResponse: api.HoldChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// IssueRecall is POST /recalls.
func (s *server) IssueRecall(ctx context.Context, r api.IssueRecallRequestObject) (api.IssueRecallResponseObject, error) {
	answer, done, err := carryOut[component.Recall](ctx, s, command{ledgerapi.IssueRecallTx, r.Body, []string{"recall/" + r.Body.PartNumber}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RecallChangedResponseHeaders(done.changed())
	return api.IssueRecall200JSONResponse{RecallChangedJSONResponse: api.RecallChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ReleaseRecall is POST /recall-releases.
func (s *server) ReleaseRecall(ctx context.Context, r api.ReleaseRecallRequestObject) (api.ReleaseRecallResponseObject, error) {
	answer, done, err := carryOut[component.Recall](ctx, s, command{ledgerapi.ReleaseRecallTx, r.Body, []string{"recall/" + r.Body.PartNumber}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RecallChangedResponseHeaders(done.changed())
	return api.ReleaseRecall200JSONResponse{RecallChangedJSONResponse: api.RecallChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListRecalls is GET /recalls/{mspId}.
func (s *server) ListRecalls(ctx context.Context, r api.ListRecallsRequestObject) (api.ListRecallsResponseObject, error) {
	answer, err := ask[ledgerapi.RecallPage](ctx, s, ledgerapi.ListRecallsTx, paging(r.Params).of(r.MSPID))
	return api.ListRecalls200JSONResponse{RecallPageJSONResponse: api.RecallPageJSONResponse(answer)}, err
}

// ClearRecall is POST /components/{componentId}/recall-clearance.
func (s *server) ClearRecall(ctx context.Context, r api.ClearRecallRequestObject) (api.ClearRecallResponseObject, error) {
	answer, done, err := carryOut[component.Clearance](ctx, s, command{ledgerapi.ClearRecallTx, ledgerapi.ClearRecall{ComponentID: r.ComponentID, Lot: r.Body.Lot, Reason: r.Body.Reason, EvidenceHash: r.Body.EvidenceHash}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ClearanceChangedResponseHeaders(done.changed())
	return api.ClearRecall200JSONResponse{ClearanceChangedJSONResponse: api.ClearanceChangedJSONResponse{Body: answer, Headers: headers}}, nil
}
