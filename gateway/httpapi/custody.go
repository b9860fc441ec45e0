package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// OfferHandover is POST /shipments/{shipmentId}/handover-offers.
func (s *server) OfferHandover(ctx context.Context, r api.OfferHandoverRequestObject) (api.OfferHandoverResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.OfferHandoverTx, ledgerapi.OfferHandover{ShipmentID: r.ShipmentID, To: r.Body.To, OccurredAt: string(r.Body.OccurredAt), PartID: r.Body.PartID, Condition: said(r.Body.Condition)}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.OfferHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// AcceptHandover is POST /shipments/{shipmentId}/handover-acceptance.
func (s *server) AcceptHandover(ctx context.Context, r api.AcceptHandoverRequestObject) (api.AcceptHandoverResponseObject, error) {
	in := ledgerapi.AcceptHandover{ShipmentID: r.ShipmentID}
	if r.Body != nil {
		in.PartID, in.Condition = r.Body.PartID, said(r.Body.Condition)
	}
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.AcceptHandoverTx, in, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// DeclineHandover is POST /shipments/{shipmentId}/handover-refusal.
func (s *server) DeclineHandover(ctx context.Context, r api.DeclineHandoverRequestObject) (api.DeclineHandoverResponseObject, error) {
	in := ledgerapi.DeclineHandover{ShipmentID: r.ShipmentID}
	if r.Body != nil {
		in.PartID, in.Reason = r.Body.PartID, r.Body.Reason
	}
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.DeclineHandoverTx, in, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineHandover200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// PackShipment is POST /shipments/{shipmentId}/packing.
func (s *server) PackShipment(ctx context.Context, r api.PackShipmentRequestObject) (api.PackShipmentResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.PackTx, ledgerapi.PackShipment{ShipmentID: r.ShipmentID, OccurredAt: string(r.Body.OccurredAt), Condition: said(r.Body.Condition)}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.PackShipment200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// RecordCheckpoint is POST /shipments/{shipmentId}/checkpoints.
func (s *server) RecordCheckpoint(ctx context.Context, r api.RecordCheckpointRequestObject) (api.RecordCheckpointResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.RecordCheckpointTx, ledgerapi.RecordCheckpoint{ShipmentID: r.ShipmentID, CheckpointID: r.Body.CheckpointID, OccurredAt: string(r.Body.OccurredAt), Condition: said(r.Body.Condition)}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RecordCheckpoint200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// CancelShipment is POST /shipments/{shipmentId}/cancellation.
func (s *server) CancelShipment(ctx context.Context, r api.CancelShipmentRequestObject) (api.CancelShipmentResponseObject, error) {
	in := ledgerapi.CancelShipment{ShipmentID: r.ShipmentID}
	if r.Body != nil {
		in.Reason = r.Body.Reason
	}
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.CancelShipmentTx, in, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CancelShipment200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// DeclareLost is POST /shipments/{shipmentId}/loss.
func (s *server) DeclareLost(ctx context.Context, r api.DeclareLostRequestObject) (api.DeclareLostResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.DeclareLostTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclareLost200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// SplitShipment is POST /shipments/{shipmentId}/parts.
func (s *server) SplitShipment(ctx context.Context, r api.SplitShipmentRequestObject) (api.SplitShipmentResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.SplitShipmentTx, ledgerapi.SplitShipment{ShipmentID: r.ShipmentID, PartID: r.Body.PartID, Goods: r.Body.Goods, LogisticUnits: r.Body.LogisticUnits, Devices: r.Body.Devices}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.SplitShipment200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// JoinPart is POST /shipments/{shipmentId}/parts/{partId}/joining.
func (s *server) JoinPart(ctx context.Context, r api.JoinPartRequestObject) (api.JoinPartResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.JoinPartTx, ledgerapi.PartRef{ShipmentID: r.ShipmentID, PartID: r.PartID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.JoinPart200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// said is the condition of the goods, if the request says something about it:
// one that does has a code.
func said(c shipment.Condition) *shipment.Condition {
	if c.Code == "" {
		return nil
	}
	return &c
}
