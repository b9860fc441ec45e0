package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetPartOrder is GET /service-requests/{requestId}/part-order.
func (s *server) GetPartOrder(ctx context.Context, r api.GetPartOrderRequestObject) (api.GetPartOrderResponseObject, error) {
	answer, err := ask[service.PartOrder](ctx, s, ledgerapi.GetPartOrderTx, ledgerapi.RequestRef{RequestID: r.RequestID})
	return api.GetPartOrder200JSONResponse{PartOrderJSONResponse: api.PartOrderJSONResponse(answer)}, err
}

// PromisePart is POST /service-requests/{requestId}/part-order/promise.
func (s *server) PromisePart(ctx context.Context, r api.PromisePartRequestObject) (api.PromisePartResponseObject, error) {
	request := ledgerapi.PromisePart{RequestID: r.RequestID, PromisedFor: r.Body.PromisedFor}
	answer, done, err := carryOut[service.PartOrder](ctx, s, command{ledgerapi.PromisePartTx, request, []string{"part-order/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.PromisePart200JSONResponse{PartOrderChangedJSONResponse: changedPartOrder(answer, done)}, nil
}

// DeclinePartOrder is POST /service-requests/{requestId}/part-order/refusal.
func (s *server) DeclinePartOrder(ctx context.Context, r api.DeclinePartOrderRequestObject) (api.DeclinePartOrderResponseObject, error) {
	request := ledgerapi.RequestReason{RequestID: r.RequestID, Reason: r.Body.Reason}
	answer, done, err := carryOut[service.PartOrder](ctx, s, command{ledgerapi.DeclinePartOrderTx, request, []string{"part-order/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclinePartOrder200JSONResponse{PartOrderChangedJSONResponse: changedPartOrder(answer, done)}, nil
}

// DeliverPart is POST /service-requests/{requestId}/part-order/delivery.
func (s *server) DeliverPart(ctx context.Context, r api.DeliverPartRequestObject) (api.DeliverPartResponseObject, error) {
	request := ledgerapi.DeliverPart{RequestID: r.RequestID, ComponentID: r.Body.ComponentID}
	answer, done, err := carryOut[service.PartOrder](ctx, s, command{ledgerapi.DeliverPartTx, request, []string{"part-order/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeliverPart200JSONResponse{PartOrderChangedJSONResponse: changedPartOrder(answer, done)}, nil
}

// WithdrawPartOrder is POST /service-requests/{requestId}/part-order/withdrawal.
func (s *server) WithdrawPartOrder(ctx context.Context, r api.WithdrawPartOrderRequestObject) (api.WithdrawPartOrderResponseObject, error) {
	request := ledgerapi.RequestRef{RequestID: r.RequestID}
	answer, done, err := carryOut[service.PartOrder](ctx, s, command{ledgerapi.WithdrawPartOrderTx, request, []string{"part-order/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.WithdrawPartOrder200JSONResponse{PartOrderChangedJSONResponse: changedPartOrder(answer, done)}, nil
}

func changedPartOrder(answer service.PartOrder, done receipt) api.PartOrderChangedJSONResponse {
	return api.PartOrderChangedJSONResponse{Body: answer, Headers: api.PartOrderChangedResponseHeaders(done.changed())}
}
