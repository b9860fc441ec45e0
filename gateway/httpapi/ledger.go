package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetLedger is GET /ledger.
func (s *server) GetLedger(ctx context.Context, _ api.GetLedgerRequestObject) (api.GetLedgerResponseObject, error) {
	answer, err := ask[ledgerapi.Pong](ctx, s, ledgerapi.PingTx, ledgerapi.PingRequest{})
	return api.GetLedger200JSONResponse{PongJSONResponse: api.PongJSONResponse(answer)}, err
}
