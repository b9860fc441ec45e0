package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AcknowledgeExcursion is POST /shipments/{shipmentId}/excursions/{excursionId}/acknowledgements.
func (s *server) AcknowledgeExcursion(ctx context.Context, r api.AcknowledgeExcursionRequestObject) (api.AcknowledgeExcursionResponseObject, error) {
	request := ledgerapi.AcknowledgeExcursion{ShipmentID: r.ShipmentID, ExcursionID: r.ExcursionID, Comment: r.Body.Comment}
	entity := []string{"excursion/" + r.ShipmentID + "/" + r.ExcursionID}
	answer, done, err := carryOut[shipment.Acknowledgement](ctx, s, command{ledgerapi.AcknowledgeExcursionTx, request, entity, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "excursions", r.ExcursionID, "acknowledgements")
	return api.AcknowledgeExcursion201JSONResponse{
		AcknowledgementCreatedJSONResponse: api.AcknowledgementCreatedJSONResponse{Body: answer, Headers: api.AcknowledgementCreatedResponseHeaders(headers)},
	}, nil
}

// ListAcknowledgements is GET /shipments/{shipmentId}/excursions/{excursionId}/acknowledgements.
func (s *server) ListAcknowledgements(ctx context.Context, r api.ListAcknowledgementsRequestObject) (api.ListAcknowledgementsResponseObject, error) {
	request := ledgerapi.AcknowledgementListRequest{ShipmentID: r.ShipmentID, ExcursionID: r.ExcursionID, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.AcknowledgementPage](ctx, s, ledgerapi.ListAcknowledgementsTx, request)
	return api.ListAcknowledgements200JSONResponse{AcknowledgementPageJSONResponse: api.AcknowledgementPageJSONResponse(answer)}, err
}
