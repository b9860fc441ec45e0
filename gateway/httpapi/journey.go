package httpapi

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/document"
)

// The media types of answers that have several forms.
const (
	asJSON     = "application/json"
	asHTML     = "text/html"
	asMarkdown = "text/markdown"
	asText     = "text/plain"
)

// forms are those of the operations whose answer has several. A client that takes
// anything gets JSON.
var forms = map[string][]string{
	"GetJourneyStatement": {asJSON, asHTML, asMarkdown},
	"VerifyComponent":     {asJSON, asText},
	"GetMemory":           {asJSON, asHTML, asMarkdown, asText},
}

// GetJourneyStatement is GET /shipments/{shipmentId}/journey-statement.
func (s *server) GetJourneyStatement(ctx context.Context, r api.GetJourneyStatementRequestObject) (api.GetJourneyStatementResponseObject, error) {
	j, err := s.gather(ctx, r.ShipmentID)
	if err != nil {
		return nil, err
	}
	switch recordOf(ctx).media {
	case asHTML:
		page, err := j.HTML()
		if err != nil {
			return nil, err
		}
		return textForm{asHTML, page}, nil
	case asMarkdown:
		return textForm{asMarkdown, j.Markdown()}, nil
	}
	return api.GetJourneyStatement200JSONResponse(*j), nil
}

// textForm is a form of an answer that people read. The generated answers name
// no charset, without which a browser takes "°" for something else.
type textForm struct {
	media string
	body  []byte
}

// VisitGetJourneyStatementResponse writes the answer.
func (t textForm) VisitGetJourneyStatementResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitVerifyComponentResponse writes the answer.
func (t textForm) VisitVerifyComponentResponse(w http.ResponseWriter) error { return t.write(w) }

func (t textForm) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", t.media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(t.body)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(t.body)
	return err
}

// gather asks for all records of a shipment, as many as one document holds.
func (s *server) gather(ctx context.Context, id string) (*document.Journey, error) {
	ref := ledgerapi.ShipmentRef{ShipmentID: id}
	j := &document.Journey{}
	pong, err := ask[ledgerapi.Pong](ctx, s, ledgerapi.PingTx, ledgerapi.PingRequest{})
	if err != nil {
		return nil, err
	}
	j.Ledger = pong.Ledger
	if j.Shipment, err = ask[shipment.Shipment](ctx, s, ledgerapi.GetShipmentTx, ref); err != nil {
		return nil, err
	}
	if j.Terms, err = ask[shipment.Terms](ctx, s, ledgerapi.GetTermsTx, ref); err != nil {
		return nil, err
	}
	if j.Statement, err = ask[shipment.Statement](ctx, s, ledgerapi.GetStatementTx, ref); err != nil {
		return nil, err
	}
	if j.Review, err = ask[shipment.Review](ctx, s, ledgerapi.GetReviewTx, ref); err != nil {
		return nil, err
	}
	if j.Invoices, err = ask[shipment.Invoices](ctx, s, ledgerapi.GetInvoicesTx, ref); err != nil {
		return nil, err
	}
	if j.Events, err = whole(j, func(cursor string) ([]shipment.JourneyEvent, string, error) {
		p, err := ask[ledgerapi.ShipmentEventPage](ctx, s, ledgerapi.ShipmentHistoryTx, ledgerapi.ListRequest{Of: id, Limit: ledgerapi.MaxPage, Cursor: cursor})
		return p.Items, p.Next, err
	}); err != nil {
		return nil, err
	}
	if j.Excursions, err = whole(j, func(cursor string) ([]shipment.Excursion, string, error) {
		p, err := ask[ledgerapi.ExcursionPage](ctx, s, ledgerapi.ListExcursionsTx, ledgerapi.ListRequest{Of: id, Limit: ledgerapi.MaxPage, Cursor: cursor})
		return p.Items, p.Next, err
	}); err != nil {
		return nil, err
	}
	return j, s.gatherMore(ctx, id, j)
}

// gatherMore asks for what belongs to each device, excursion and dispute.
func (s *server) gatherMore(ctx context.Context, id string, j *document.Journey) error {
	j.Segments, j.Acknowledgements, j.Evidence = []shipment.Segment{}, []shipment.Acknowledgement{}, []shipment.DisputeEvidence{}
	for _, device := range j.Terms.Devices {
		more, err := whole(j, func(cursor string) ([]shipment.Segment, string, error) {
			p, err := ask[ledgerapi.SegmentPage](ctx, s, ledgerapi.ListSegmentsTx, ledgerapi.StreamListRequest{ShipmentID: id, DeviceID: device, Limit: ledgerapi.MaxPage, Cursor: cursor})
			return p.Items, p.Next, err
		})
		if err != nil {
			return err
		}
		j.Segments = append(j.Segments, more...)
	}
	for i, e := range j.Excursions {
		if i == mostExcursionsAsked {
			j.Truncated = true
			break
		}
		p, err := ask[ledgerapi.AcknowledgementPage](ctx, s, ledgerapi.ListAcknowledgementsTx, ledgerapi.AcknowledgementListRequest{ShipmentID: id, ExcursionID: e.ExcursionID, Limit: ledgerapi.MaxPage})
		if err != nil {
			return err
		}
		j.Acknowledgements = append(j.Acknowledgements, p.Items...)
	}
	for _, d := range j.Review.Disputes {
		p, err := ask[ledgerapi.EvidencePage](ctx, s, ledgerapi.ListEvidenceTx, ledgerapi.DisputeListRequest{ShipmentID: id, DisputeID: d.DisputeID, Limit: ledgerapi.MaxPage})
		if err != nil {
			return err
		}
		j.Evidence = append(j.Evidence, p.Items...)
	}
	return nil
}

// Bounds of one document: pages of each list, and excursions whose comments are asked for.
const (
	mostPages           = 5
	mostExcursionsAsked = 100
)

// whole reads a list to its end, or as far as a document holds.
func whole[T any](j *document.Journey, page func(cursor string) ([]T, string, error)) ([]T, error) {
	all := []T{}
	for cursor, n := "", 0; ; n++ {
		if n == mostPages {
			j.Truncated = true
			return all, nil
		}
		items, next, err := page(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		cursor = next
	}
}

// chosen is the first of the forms that the client names; JSON for one that takes anything.
func chosen(accept, of []string) string {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if q, bad := strconv.ParseFloat(params["q"], 64); err != nil || bad == nil && q == 0 {
			continue
		}
		if slices.Contains(of, media) {
			return media
		}
	}
	if takesJSON(accept) {
		return asJSON
	}
	return ""
}
