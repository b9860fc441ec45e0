package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetStatement is GET /shipments/{shipmentId}/statement.
func (s *server) GetStatement(ctx context.Context, r api.GetStatementRequestObject) (api.GetStatementResponseObject, error) {
	answer, err := ask[shipment.Statement](ctx, s, ledgerapi.GetStatementTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetStatement200JSONResponse{StatementJSONResponse: api.StatementJSONResponse(answer)}, err
}

// SettleShipment is POST /shipments/{shipmentId}/settlement.
func (s *server) SettleShipment(ctx context.Context, r api.SettleShipmentRequestObject) (api.SettleShipmentResponseObject, error) {
	answer, done, err := carryOut[shipment.Statement](ctx, s, command{ledgerapi.SettleTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.SettleShipment200JSONResponse{StatementSettledJSONResponse: api.StatementSettledJSONResponse{Body: answer, Headers: api.StatementSettledResponseHeaders(done.changed())}}, nil
}
