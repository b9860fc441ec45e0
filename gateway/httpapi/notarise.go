package httpapi

import (
	"context"
	"net/http"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// NotariseMemory is GET /components/{componentId}/memory/notarisation.
func (s *server) NotariseMemory(ctx context.Context, r api.NotariseMemoryRequestObject) (api.NotariseMemoryResponseObject, error) {
	return s.notarise(ctx, ledgerapi.GetMemoryTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID}, r.Params.Organisations)
}

// NotariseStatement is GET /shipments/{shipmentId}/statement/notarisation.
func (s *server) NotariseStatement(ctx context.Context, r api.NotariseStatementRequestObject) (api.NotariseStatementResponseObject, error) {
	return s.notarise(ctx, ledgerapi.GetStatementTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID}, r.Params.Organisations)
}

// notarise has a question answered with signatures. The file's bytes are passed on
// as they are: written anew they would prove nothing.
func (s *server) notarise(ctx context.Context, tx ledgerapi.Transaction, question any, organisations []string) (notarised, error) {
	argument, err := encode(question)
	if err != nil {
		return nil, err
	}
	return s.ledger.Notarise(ctx, tx, argument, organisations)
}

// notarised is a file of package notary.
type notarised []byte

// VisitNotariseMemoryResponse writes the answer.
func (n notarised) VisitNotariseMemoryResponse(w http.ResponseWriter) error { return n.write(w) }

// VisitNotariseStatementResponse writes the answer.
func (n notarised) VisitNotariseStatementResponse(w http.ResponseWriter) error { return n.write(w) }

func (n notarised) write(w http.ResponseWriter) error { return textForm{asJSON, n}.write(w) }
