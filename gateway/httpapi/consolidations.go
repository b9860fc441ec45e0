package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// Consolidate is POST /consolidations.
func (s *server) Consolidate(ctx context.Context, r api.ConsolidateRequestObject) (api.ConsolidateResponseObject, error) {
	answer, done, err := carryOut[shipment.Consolidation](ctx, s, command{ledgerapi.ConsolidateTx, r.Body, consolidated(r.Body.ConsolidationID, r.Body.ShipmentIDs), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.Consolidate201JSONResponse{ConsolidationCreatedJSONResponse: api.ConsolidationCreatedJSONResponse{Body: answer, Headers: api.ConsolidationCreatedResponseHeaders(done.created("consolidations", answer.ConsolidationID))}}, nil
}

// GetConsolidation is GET /consolidations/{consolidationId}.
func (s *server) GetConsolidation(ctx context.Context, r api.GetConsolidationRequestObject) (api.GetConsolidationResponseObject, error) {
	answer, err := ask[shipment.Consolidation](ctx, s, ledgerapi.GetConsolidationTx, ledgerapi.ConsolidationRef{ConsolidationID: r.ConsolidationID})
	return api.GetConsolidation200JSONResponse{ConsolidationJSONResponse: api.ConsolidationJSONResponse(answer)}, err
}

// OfferConsolidation is POST /consolidations/{consolidationId}/handover-offers.
func (s *server) OfferConsolidation(ctx context.Context, r api.OfferConsolidationRequestObject) (api.OfferConsolidationResponseObject, error) {
	answer, done, err := carryOut[shipment.Consolidation](ctx, s, command{ledgerapi.OfferConsolidationTx, ledgerapi.OfferConsolidation{ConsolidationID: r.ConsolidationID, To: r.Body.To, OccurredAt: string(r.Body.OccurredAt), Condition: said(r.Body.Condition)}, s.withShipments(ctx, r.ConsolidationID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.OfferConsolidation200JSONResponse{ConsolidationChangedJSONResponse: changedConsolidation(answer, done)}, nil
}

// AcceptConsolidation is POST /consolidations/{consolidationId}/handover-acceptance.
func (s *server) AcceptConsolidation(ctx context.Context, r api.AcceptConsolidationRequestObject) (api.AcceptConsolidationResponseObject, error) {
	in := ledgerapi.AcceptConsolidation{ConsolidationID: r.ConsolidationID}
	if r.Body != nil {
		in.Condition = said(r.Body.Condition)
	}
	answer, done, err := carryOut[shipment.Consolidation](ctx, s, command{ledgerapi.AcceptConsolidationTx, in, s.withShipments(ctx, r.ConsolidationID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptConsolidation200JSONResponse{ConsolidationChangedJSONResponse: changedConsolidation(answer, done)}, nil
}

// DeclineConsolidation is POST /consolidations/{consolidationId}/handover-refusal.
func (s *server) DeclineConsolidation(ctx context.Context, r api.DeclineConsolidationRequestObject) (api.DeclineConsolidationResponseObject, error) {
	in := ledgerapi.DeclineConsolidation{ConsolidationID: r.ConsolidationID}
	if r.Body != nil {
		in.Reason = r.Body.Reason
	}
	answer, done, err := carryOut[shipment.Consolidation](ctx, s, command{ledgerapi.DeclineConsolidationTx, in, s.withShipments(ctx, r.ConsolidationID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineConsolidation200JSONResponse{ConsolidationChangedJSONResponse: changedConsolidation(answer, done)}, nil
}

// Deconsolidate is POST /consolidations/{consolidationId}/deconsolidation.
func (s *server) Deconsolidate(ctx context.Context, r api.DeconsolidateRequestObject) (api.DeconsolidateResponseObject, error) {
	answer, done, err := carryOut[shipment.Consolidation](ctx, s, command{ledgerapi.DeconsolidateTx, ledgerapi.ConsolidationRef{ConsolidationID: r.ConsolidationID}, s.withShipments(ctx, r.ConsolidationID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.Deconsolidate200JSONResponse{ConsolidationChangedJSONResponse: changedConsolidation(answer, done)}, nil
}

func changedConsolidation(answer shipment.Consolidation, done receipt) api.ConsolidationChangedJSONResponse {
	return api.ConsolidationChangedJSONResponse{Body: answer, Headers: api.ConsolidationChangedResponseHeaders(done.changed())}
}

// withShipments names the queues of a step of a consolidation: its head and those
// of its shipments. If it cannot be read, the ledger sorts out what collides.
func (s *server) withShipments(ctx context.Context, id string) []string {
	c, err := ask[shipment.Consolidation](ctx, s, ledgerapi.GetConsolidationTx, ledgerapi.ConsolidationRef{ConsolidationID: id})
	if err != nil {
		return consolidated(id, nil)
	}
	return consolidated(id, c.Shipments)
}

func consolidated(id string, shipments []string) []string {
	entities := []string{"consolidation/" + id}
	for _, s := range shipments {
		entities = append(entities, "shipment/"+s)
	}
	return entities
}
