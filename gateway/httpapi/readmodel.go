package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ReadModel says how the read model is and where its rows come from. Errors are as [Ledger]'s.
type ReadModel interface {
	Status(ctx context.Context) (api.ReadModel, error)
	// Parked lists what could not be turned into rows, by id, from after the given one on.
	Parked(ctx context.Context, after string, limit int) ([]api.Parked, error)
	// Accept goes on without something that is parked; it MUST answer with problem.ParkedUnknown when there is none.
	Accept(ctx context.Context, id, by string) error
	// Explain says where records come from, and with verify whether the own peer has the same.
	Explain(ctx context.Context, keys []string, verify bool) (api.Provenance, error)
}

// GetRecords is POST /ledger/records: a question that is too long for a query.
func (s *server) GetRecords(ctx context.Context, r api.GetRecordsRequestObject) (api.GetRecordsResponseObject, error) {
	answer, err := ask[ledgerapi.StoredRecords](ctx, s, ledgerapi.GetRecordsTx, r.Body)
	return api.GetRecords200JSONResponse{StoredRecordsJSONResponse: api.StoredRecordsJSONResponse(answer)}, err
}

// FindRecords is POST /ledger/questions.
func (s *server) FindRecords(ctx context.Context, r api.FindRecordsRequestObject) (api.FindRecordsResponseObject, error) {
	answer, err := ask[ledgerapi.FoundRecords](ctx, s, ledgerapi.FindRecordsTx, r.Body)
	return api.FindRecords200JSONResponse{FoundRecordsJSONResponse: api.FoundRecordsJSONResponse(answer)}, err
}

// GetReadModel is GET /read-model.
func (s *server) GetReadModel(ctx context.Context, _ api.GetReadModelRequestObject) (api.GetReadModelResponseObject, error) {
	status, err := s.model.Status(ctx)
	return api.GetReadModel200JSONResponse{ReadModelJSONResponse: api.ReadModelJSONResponse(status)}, err
}

// ListParked is GET /read-model/parked. The cursor is the last id in a form that a query takes.
func (s *server) ListParked(ctx context.Context, r api.ListParkedRequestObject) (api.ListParkedResponseObject, error) {
	after, err := base64.RawURLEncoding.DecodeString(r.Params.Cursor)
	if err != nil {
		return nil, fault.New(fault.CodeQueryCursor, "the cursor is not one that was given").With("field", "cursor")
	}
	limit := paging(r.Params).limit()
	some, err := s.model.Parked(ctx, string(after), limit+1)
	if err != nil {
		return nil, err
	}
	page := api.ParkedPage{Items: some}
	if len(some) > limit {
		page.Items = some[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(page.Items[limit-1].ID))
	}
	return api.ListParked200JSONResponse{ParkedPageJSONResponse: api.ParkedPageJSONResponse(page)}, nil
}

// AcceptParked is POST /read-model/parked/acceptances.
func (s *server) AcceptParked(ctx context.Context, r api.AcceptParkedRequestObject) (api.AcceptParkedResponseObject, error) {
	if err := s.model.Accept(ctx, r.Body.ID, recordOf(ctx).principal.Subject); err != nil {
		return nil, err
	}
	status, err := s.model.Status(ctx)
	return api.AcceptParked200JSONResponse{ReadModelJSONResponse: api.ReadModelJSONResponse(status)}, err
}

// ExplainRecords is POST /provenance.
func (s *server) ExplainRecords(ctx context.Context, r api.ExplainRecordsRequestObject) (api.ExplainRecordsResponseObject, error) {
	answer, err := s.model.Explain(ctx, r.Body.Keys, r.Body.Verify)
	return api.ExplainRecords200JSONResponse{ProvenanceJSONResponse: api.ProvenanceJSONResponse(answer)}, err
}

// explained asks, and puts to the answer what is behind its rows, if that is asked for.
func (s *server) explained(ctx context.Context, asked Asked, explain, verify bool) (Answer, error) {
	a, err := s.questions.Ask(ctx, asked)
	if err != nil || !explain && !verify {
		return a, err
	}
	var rows struct {
		Items []struct{ Ledger struct{ Key string } }
	}
	if err := json.Unmarshal(a.Body, &rows); err != nil {
		return a, fmt.Errorf("answer: %w", err)
	}
	var keys []string
	seen := make(map[string]bool)
	for _, r := range rows.Items {
		if key := r.Ledger.Key; key != "" && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	origins := []api.RecordOrigin{}
	for some := range slices.Chunk(keys, ledgerapi.MaxRecords) {
		p, err := s.model.Explain(ctx, some, verify)
		if err != nil {
			return a, err
		}
		origins = append(origins, p.Records...)
	}
	more, err := json.Marshal(origins)
	if err != nil {
		return a, err
	}
	body := bytes.TrimSuffix(bytes.TrimSpace(a.Body), []byte("}"))
	a.Body = slices.Concat(body, []byte(`,"provenance":`), more, []byte("}"))
	return a, nil
}
