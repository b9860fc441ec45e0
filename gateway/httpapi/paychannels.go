package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// OpenChannel is POST /payment-channels.
func (s *server) OpenChannel(ctx context.Context, r api.OpenChannelRequestObject) (api.OpenChannelResponseObject, error) {
	entities := []string{"paychannel/" + r.Body.ChannelID, s.ownAccount(r.Body.Currency)}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.OpenChannelTx, r.Body, entities, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	created := api.PaymentChannelCreatedJSONResponse{Body: answer, Headers: api.PaymentChannelCreatedResponseHeaders(done.created("payment-channels", answer.ChannelID))}
	return api.OpenChannel201JSONResponse{PaymentChannelCreatedJSONResponse: created}, nil
}

// GetChannel is GET /payment-channels/{channelId}.
func (s *server) GetChannel(ctx context.Context, r api.GetChannelRequestObject) (api.GetChannelResponseObject, error) {
	answer, err := ask[paychannel.PaymentChannel](ctx, s, ledgerapi.GetChannelTx, ledgerapi.ChannelRef{ChannelID: r.ChannelID})
	return api.GetChannel200JSONResponse{PaymentChannelJSONResponse: api.PaymentChannelJSONResponse(answer)}, err
}

// GetChannelHistory is GET /payment-channels/{channelId}/history.
func (s *server) GetChannelHistory(ctx context.Context, r api.GetChannelHistoryRequestObject) (api.GetChannelHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.ChannelEventPage](ctx, s, ledgerapi.ChannelHistoryTx, paging(r.Params).of(r.ChannelID))
	return api.GetChannelHistory200JSONResponse{ChannelEventPageJSONResponse: api.ChannelEventPageJSONResponse(answer)}, err
}

// ListProofs is GET /payment-channels/{channelId}/proofs.
func (s *server) ListProofs(ctx context.Context, r api.ListProofsRequestObject) (api.ListProofsResponseObject, error) {
	answer, err := ask[ledgerapi.ShownProofsPage](ctx, s, ledgerapi.ListProofsTx, paging(r.Params).of(r.ChannelID))
	return api.ListProofs200JSONResponse{ShownProofsPageJSONResponse: api.ShownProofsPageJSONResponse(answer)}, err
}

// GetItems is GET /payment-channels/{channelId}/items/{payer}.
func (s *server) GetItems(ctx context.Context, r api.GetItemsRequestObject) (api.GetItemsResponseObject, error) {
	answer, err := ask[paychannel.ItemList](ctx, s, ledgerapi.GetItemsTx, ledgerapi.ItemListRef{ChannelID: r.ChannelID, Payer: r.Payer})
	return api.GetItems200JSONResponse{ItemListJSONResponse: api.ItemListJSONResponse(answer)}, err
}

// ListShipmentPayments is GET /shipments/{shipmentId}/channel-payments.
func (s *server) ListShipmentPayments(ctx context.Context, r api.ListShipmentPaymentsRequestObject) (api.ListShipmentPaymentsResponseObject, error) {
	answer, err := ask[ledgerapi.ShipmentPaymentPage](ctx, s, ledgerapi.ListShipmentPaymentsTx, paging(r.Params).of(r.ShipmentID))
	return api.ListShipmentPayments200JSONResponse{ShipmentPaymentPageJSONResponse: api.ShipmentPaymentPageJSONResponse(answer)}, err
}

// AcceptChannel is POST /payment-channels/{channelId}/acceptance.
func (s *server) AcceptChannel(ctx context.Context, r api.AcceptChannelRequestObject) (api.AcceptChannelResponseObject, error) {
	request := ledgerapi.AcceptChannel{ChannelID: r.ChannelID, DepositMinor: r.Body.DepositMinor, Algorithm: r.Body.Algorithm, PublicKey: r.Body.PublicKey, Proof: r.Body.Proof}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.AcceptChannelTx, request, s.withSides(ctx, r.ChannelID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// WithdrawChannel is POST /payment-channels/{channelId}/withdrawal.
func (s *server) WithdrawChannel(ctx context.Context, r api.WithdrawChannelRequestObject) (api.WithdrawChannelResponseObject, error) {
	request := ledgerapi.ChannelRef{ChannelID: r.ChannelID}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.WithdrawChannelTx, request, s.withSides(ctx, r.ChannelID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.WithdrawChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// TopUpChannel is POST /payment-channels/{channelId}/deposits.
func (s *server) TopUpChannel(ctx context.Context, r api.TopUpChannelRequestObject) (api.TopUpChannelResponseObject, error) {
	request := ledgerapi.TopUpChannel{ChannelID: r.ChannelID, AmountMinor: r.Body.AmountMinor}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.TopUpChannelTx, request, s.withSides(ctx, r.ChannelID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.TopUpChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// ReplaceChannelKey is POST /payment-channels/{channelId}/key-replacements.
func (s *server) ReplaceChannelKey(ctx context.Context, r api.ReplaceChannelKeyRequestObject) (api.ReplaceChannelKeyResponseObject, error) {
	request := ledgerapi.ReplaceChannelKey{ChannelID: r.ChannelID, Algorithm: r.Body.Algorithm, PublicKey: r.Body.PublicKey, Proof: r.Body.Proof}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.ReplaceChannelKeyTx, request, []string{"paychannel/" + r.ChannelID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReplaceChannelKey200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// PresentProof is POST /payment-channels/{channelId}/proofs.
func (s *server) PresentProof(ctx context.Context, r api.PresentProofRequestObject) (api.PresentProofResponseObject, error) {
	request := ledgerapi.PresentProof{ChannelID: r.ChannelID, Proof: r.Body.Proof}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.PresentProofTx, request, []string{"paychannel/" + r.ChannelID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.PresentProof200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// CloseChannel is POST /payment-channels/{channelId}/closing.
func (s *server) CloseChannel(ctx context.Context, r api.CloseChannelRequestObject) (api.CloseChannelResponseObject, error) {
	request := ledgerapi.CloseChannel{ChannelID: r.ChannelID}
	if r.Body != nil {
		request.Proof = r.Body.Proof
	}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.CloseChannelTx, request, []string{"paychannel/" + r.ChannelID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CloseChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// ReportContradiction is POST /payment-channels/{channelId}/contradictions.
func (s *server) ReportContradiction(ctx context.Context, r api.ReportContradictionRequestObject) (api.ReportContradictionResponseObject, error) {
	request := ledgerapi.ReportContradiction{ChannelID: r.ChannelID, First: r.Body.First, Second: r.Body.Second}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.ReportContradictionTx, request, []string{"paychannel/" + r.ChannelID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReportContradiction200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// FinishChannel is POST /payment-channels/{channelId}/payout.
func (s *server) FinishChannel(ctx context.Context, r api.FinishChannelRequestObject) (api.FinishChannelResponseObject, error) {
	request := ledgerapi.FinishChannel{ChannelID: r.ChannelID}
	if r.Body != nil {
		request.Lists = r.Body.Lists
	}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.FinishChannelTx, request, s.withSides(ctx, r.ChannelID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.FinishChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// FinishChannelJointly is POST /payment-channels/{channelId}/joint-payout.
func (s *server) FinishChannelJointly(ctx context.Context, r api.FinishChannelJointlyRequestObject) (api.FinishChannelJointlyResponseObject, error) {
	request := ledgerapi.FinishChannelJointly{ChannelID: r.ChannelID, Final: r.Body.Final, Lists: r.Body.Lists}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.FinishChannelJointlyTx, request, s.withSides(ctx, r.ChannelID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.FinishChannelJointly200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

// ItemiseChannel is POST /payment-channels/{channelId}/items.
func (s *server) ItemiseChannel(ctx context.Context, r api.ItemiseChannelRequestObject) (api.ItemiseChannelResponseObject, error) {
	request := ledgerapi.ItemiseChannel{ChannelID: r.ChannelID, Payer: r.Body.Payer, Items: r.Body.Items}
	answer, done, err := carryOut[paychannel.PaymentChannel](ctx, s, command{ledgerapi.ItemiseChannelTx, request, []string{"paychannel/" + r.ChannelID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ItemiseChannel200JSONResponse{PaymentChannelChangedJSONResponse: changedChannel(answer, done)}, nil
}

func changedChannel(answer paychannel.PaymentChannel, done receipt) api.PaymentChannelChangedJSONResponse {
	return api.PaymentChannelChangedJSONResponse{Body: answer, Headers: api.PaymentChannelChangedResponseHeaders(done.changed())}
}

// withSides names the queues of a transaction that moves a channel's money. Who
// its sides are never changes, so what is read of them beforehand stays true.
func (s *server) withSides(ctx context.Context, id string) []string {
	entities := []string{"paychannel/" + id}
	c, err := ask[paychannel.PaymentChannel](ctx, s, ledgerapi.GetChannelTx, ledgerapi.ChannelRef{ChannelID: id})
	if err != nil {
		return entities
	}
	for _, side := range []paychannel.ChannelSide{c.Opener, c.Counterparty} {
		entities = append(entities, "account/"+side.Organisation+"/"+string(c.Currency))
	}
	return entities
}
