package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// OfferHandover is POST /shipments/{shipmentId}/handover-offers.
func (s *server) OfferHandover(ctx context.Context, r api.OfferHandoverRequestObject) (api.OfferHandoverResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.OfferHandoverTx, ledgerapi.OfferHandover{ShipmentID: r.ShipmentID, To: r.Body.To, OccurredAt: string(r.Body.OccurredAt)}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.OfferHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// AcceptHandover is POST /shipments/{shipmentId}/handover-acceptance.
func (s *server) AcceptHandover(ctx context.Context, r api.AcceptHandoverRequestObject) (api.AcceptHandoverResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.AcceptHandoverTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// DeclineHandover is POST /shipments/{shipmentId}/handover-refusal.
func (s *server) DeclineHandover(ctx context.Context, r api.DeclineHandoverRequestObject) (api.DeclineHandoverResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.DeclineHandoverTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}
