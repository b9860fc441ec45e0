package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ListTemplates is GET /terms-templates.
func (s *server) ListTemplates(ctx context.Context, _ api.ListTemplatesRequestObject) (api.ListTemplatesResponseObject, error) {
	answer, err := ask[ledgerapi.TemplateList](ctx, s, ledgerapi.ListTemplatesTx, ledgerapi.TemplateListRequest{})
	return api.ListTemplates200JSONResponse{TemplateListJSONResponse: api.TemplateListJSONResponse(answer)}, err
}

// SimulateShipment is POST /simulations: a question that is too long for a query.
func (s *server) SimulateShipment(ctx context.Context, r api.SimulateShipmentRequestObject) (api.SimulateShipmentResponseObject, error) {
	answer, err := ask[shipment.Simulation](ctx, s, ledgerapi.SimulateTx, r.Body)
	return api.SimulateShipment200JSONResponse{SimulationJSONResponse: api.SimulationJSONResponse(answer)}, err
}
