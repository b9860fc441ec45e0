package httpapi

import (
	"context"
	"fmt"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/problem"
	"github.com/lifeledger/lifeledger/gateway/redact"
)

// maxExportPages bounds how much of a shipment one export asks for.
const maxExportPages = 20

// ExportShipment is GET /shipments/{shipmentId}/export.
func (s *server) ExportShipment(ctx context.Context, r api.ExportShipmentRequestObject) (api.ExportShipmentResponseObject, error) {
	source, err := s.source(ctx, r.ShipmentID)
	if err != nil {
		return nil, err
	}
	out, err := redact.Make(*source, r.Params.Reveal)
	if err != nil {
		return nil, problem.New(problem.Malformed, err.Error())
	}
	return api.ExportShipment200JSONResponse{ExportJSONResponse: api.ExportJSONResponse(*out)}, nil
}

func (s *server) source(ctx context.Context, id string) (*redact.Source, error) {
	pong, err := ask[ledgerapi.Pong](ctx, s, ledgerapi.PingTx, ledgerapi.PingRequest{})
	if err != nil {
		return nil, err
	}
	out := &redact.Source{Ledger: pong.Ledger}
	ref := ledgerapi.ShipmentRef{ShipmentID: id}
	if out.Shipment, err = ask[shipment.Shipment](ctx, s, ledgerapi.GetShipmentTx, ref); err != nil {
		return nil, err
	}
	if out.Terms, err = ask[shipment.Terms](ctx, s, ledgerapi.GetTermsTx, ref); err != nil {
		return nil, err
	}
	if out.Statement, err = ask[shipment.Statement](ctx, s, ledgerapi.GetStatementTx, ref); err != nil {
		return nil, err
	}
	if err := everyPage(id, func(l ledgerapi.ListRequest) (string, error) {
		p, err := ask[ledgerapi.ShipmentEventPage](ctx, s, ledgerapi.ShipmentHistoryTx, l)
		out.Events = append(out.Events, p.Items...)
		return p.Next, err
	}); err != nil {
		return nil, err
	}
	return out, everyPage(id, func(l ledgerapi.ListRequest) (string, error) {
		p, err := ask[ledgerapi.ExcursionPage](ctx, s, ledgerapi.ListExcursionsTx, l)
		out.Excursions = append(out.Excursions, p.Items...)
		return p.Next, err
	})
}

// everyPage asks for one page after the other. A shipment with more of them than
// an export takes is refused, and never cut.
func everyPage(id string, page func(ledgerapi.ListRequest) (next string, err error)) error {
	l := ledgerapi.ListRequest{Of: id, Limit: ledgerapi.MaxPage}
	for range maxExportPages {
		next, err := page(l)
		if err != nil || next == "" {
			return err
		}
		l.Cursor = next
	}
	return problem.New(problem.TooLarge, fmt.Sprintf("an export has at most %d events and as many excursions", maxExportPages*ledgerapi.MaxPage))
}
