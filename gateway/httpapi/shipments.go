package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ProposeShipment is POST /shipments.
func (s *server) ProposeShipment(ctx context.Context, r api.ProposeShipmentRequestObject) (api.ProposeShipmentResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.ProposeShipmentTx, r.Body, []string{"shipment/" + r.Body.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ProposeShipment201JSONResponse{ShipmentCreatedJSONResponse: newShipment(answer, done, "shipments", answer.ShipmentID)}, nil
}

// GetShipment is GET /shipments/{shipmentId}.
func (s *server) GetShipment(ctx context.Context, r api.GetShipmentRequestObject) (api.GetShipmentResponseObject, error) {
	answer, err := ask[shipment.Shipment](ctx, s, ledgerapi.GetShipmentTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetShipment200JSONResponse{ShipmentJSONResponse: api.ShipmentJSONResponse(answer)}, err
}

// TrackShipment is GET /shipments/{shipmentId}/tracking.
func (s *server) TrackShipment(ctx context.Context, r api.TrackShipmentRequestObject) (api.TrackShipmentResponseObject, error) {
	answer, err := ask[shipment.Tracking](ctx, s, ledgerapi.TrackTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.TrackShipment200JSONResponse{TrackingJSONResponse: api.TrackingJSONResponse(answer)}, err
}

// GetTerms is GET /shipments/{shipmentId}/terms.
func (s *server) GetTerms(ctx context.Context, r api.GetTermsRequestObject) (api.GetTermsResponseObject, error) {
	answer, err := ask[shipment.Terms](ctx, s, ledgerapi.GetTermsTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetTerms200JSONResponse{TermsJSONResponse: api.TermsJSONResponse(answer)}, err
}

// GetShipmentHistory is GET /shipments/{shipmentId}/history.
func (s *server) GetShipmentHistory(ctx context.Context, r api.GetShipmentHistoryRequestObject) (api.GetShipmentHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.ShipmentEventPage](ctx, s, ledgerapi.ShipmentHistoryTx, paging(r.Params).of(r.ShipmentID))
	return api.GetShipmentHistory200JSONResponse{ShipmentEventPageJSONResponse: api.ShipmentEventPageJSONResponse(answer)}, err
}

// AcceptTerms is POST /shipments/{shipmentId}/acceptance.
func (s *server) AcceptTerms(ctx context.Context, r api.AcceptTermsRequestObject) (api.AcceptTermsResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.AcceptTermsTx, ledgerapi.AcceptTerms{ShipmentID: r.ShipmentID, TermsHash: r.Body.TermsHash}, s.withAccount(ctx, r.ShipmentID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptTerms200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// WithdrawTerms is POST /shipments/{shipmentId}/withdrawal.
func (s *server) WithdrawTerms(ctx context.Context, r api.WithdrawTermsRequestObject) (api.WithdrawTermsResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.WithdrawTermsTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.WithdrawTerms200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

func newShipment(answer shipment.Shipment, done receipt, location ...string) api.ShipmentCreatedJSONResponse {
	return api.ShipmentCreatedJSONResponse{Body: answer, Headers: api.ShipmentCreatedResponseHeaders(done.created(location...))}
}

func changedShipment(answer shipment.Shipment, done receipt) api.ShipmentChangedJSONResponse {
	return api.ShipmentChangedJSONResponse{Body: answer, Headers: api.ShipmentChangedResponseHeaders(done.changed())}
}

// withAccount names the queues of a transaction that takes money for a shipment
// out of this organisation's account: its head and the account. If the terms
// cannot be read, the ledger sorts out what collides.
func (s *server) withAccount(ctx context.Context, id string) []string {
	entities := []string{"shipment/" + id}
	terms, err := ask[shipment.Terms](ctx, s, ledgerapi.GetTermsTx, ledgerapi.ShipmentRef{ShipmentID: id})
	if err != nil {
		return entities
	}
	return append(entities, s.ownAccount(terms.Currency))
}
