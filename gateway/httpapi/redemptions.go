package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// RequestRedemption is POST /redemptions.
func (s *server) RequestRedemption(ctx context.Context, r api.RequestRedemptionRequestObject) (api.RequestRedemptionResponseObject, error) {
	entities := []string{"redemption/" + r.Body.RedemptionID, s.ownAccount(r.Body.Currency)}
	answer, done, err := carryOut[money.Redemption](ctx, s, command{ledgerapi.RequestRedemptionTx, r.Body, entities, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RedemptionCreatedResponseHeaders(done.created("redemptions", answer.RedemptionID))
	return api.RequestRedemption201JSONResponse{RedemptionCreatedJSONResponse: api.RedemptionCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetRedemption is GET /redemptions/{redemptionId}.
func (s *server) GetRedemption(ctx context.Context, r api.GetRedemptionRequestObject) (api.GetRedemptionResponseObject, error) {
	answer, err := ask[money.Redemption](ctx, s, ledgerapi.GetRedemptionTx, ledgerapi.RedemptionRef{RedemptionID: r.RedemptionID})
	return api.GetRedemption200JSONResponse{RedemptionJSONResponse: api.RedemptionJSONResponse(answer)}, err
}

// ConfirmRedemption is POST /redemptions/{redemptionId}/confirmation. It changes
// the issuer's account too; the redemption's currency never changes, so what is
// read of it beforehand stays true.
func (s *server) ConfirmRedemption(ctx context.Context, r api.ConfirmRedemptionRequestObject) (api.ConfirmRedemptionResponseObject, error) {
	entities := []string{"redemption/" + r.RedemptionID}
	if known, err := ask[money.Redemption](ctx, s, ledgerapi.GetRedemptionTx, ledgerapi.RedemptionRef{RedemptionID: r.RedemptionID}); err == nil {
		entities = append(entities, s.ownAccount(known.Currency))
	}
	request := ledgerapi.ConfirmRedemption{RedemptionID: r.RedemptionID, Reference: r.Body.Reference}
	answer, done, err := carryOut[money.Redemption](ctx, s, command{ledgerapi.ConfirmRedemptionTx, request, entities, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ConfirmRedemption200JSONResponse{RedemptionChangedJSONResponse: changedRedemption(answer, done)}, nil
}

// DeclineRedemption is POST /redemptions/{redemptionId}/refusal.
func (s *server) DeclineRedemption(ctx context.Context, r api.DeclineRedemptionRequestObject) (api.DeclineRedemptionResponseObject, error) {
	request := ledgerapi.DeclineRedemption{RedemptionID: r.RedemptionID, Reason: r.Body.Reason}
	answer, done, err := carryOut[money.Redemption](ctx, s, command{ledgerapi.DeclineRedemptionTx, request, []string{"redemption/" + r.RedemptionID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineRedemption200JSONResponse{RedemptionChangedJSONResponse: changedRedemption(answer, done)}, nil
}

// WithdrawRedemption is POST /redemptions/{redemptionId}/withdrawal.
func (s *server) WithdrawRedemption(ctx context.Context, r api.WithdrawRedemptionRequestObject) (api.WithdrawRedemptionResponseObject, error) {
	request := ledgerapi.RedemptionRef{RedemptionID: r.RedemptionID}
	answer, done, err := carryOut[money.Redemption](ctx, s, command{ledgerapi.WithdrawRedemptionTx, request, []string{"redemption/" + r.RedemptionID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.WithdrawRedemption200JSONResponse{RedemptionChangedJSONResponse: changedRedemption(answer, done)}, nil
}

func changedRedemption(answer money.Redemption, done receipt) api.RedemptionChangedJSONResponse {
	return api.RedemptionChangedJSONResponse{Body: answer, Headers: api.RedemptionChangedResponseHeaders(done.changed())}
}
