package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// Questions answers questions from the read model. Errors are as [Ledger]'s.
type Questions interface {
	Ask(ctx context.Context, a Asked) (Answer, error)
	// Export writes a whole answer; begin is called before the first byte, and gives where to write.
	Export(ctx context.Context, a Asked, format string, begin func(height uint64) io.Writer) error
}

// Asked is a question, where its answer is to go on, the height that it must know, and
// whether the ledger itself is to answer it and not the read model.
type Asked struct {
	Entity    string
	Question  filter.Written
	Cursor    string
	MinHeight uint64
	Ledger    bool
}

// Answer is one page in JSON, as openapi.yaml describes it.
type Answer struct {
	Height uint64
	Body   json.RawMessage
}

// answered writes an answer.
type answered Answer

func (a answered) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", asJSON)
	w.Header().Set("X-Ledger-Height", strconv.FormatUint(a.Height, 10))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(append(a.Body, '\n'))
	return err
}

// VisitAskInOneLineResponse writes the answer.
func (a answered) VisitAskInOneLineResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitAskQuestionResponse writes the answer.
func (a answered) VisitAskQuestionResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitAnswerSavedQueryResponse writes the answer.
func (a answered) VisitAnswerSavedQueryResponse(w http.ResponseWriter) error { return a.write(w) }

// ListEntities is GET /queries.
func (s *server) ListEntities(context.Context, api.ListEntitiesRequestObject) (api.ListEntitiesResponseObject, error) {
	return api.ListEntities200JSONResponse{EntityListJSONResponse: api.EntityListJSONResponse{Items: described()}}, nil
}

func described() []api.EntityDescription {
	var all []api.EntityDescription
	for _, e := range slices.Concat(catalogue.Entities(), catalogue.Views()) {
		d := api.EntityDescription{Name: e.Name, Says: e.Says, Kind: e.Kind, Fields: []api.FieldDescription{}, Relations: []api.RelationDescription{}}
		for _, f := range slices.Concat(e.Fields, catalogue.Provenance()) {
			operations := []string{}
			for _, op := range filter.Allowed(f.Type) {
				operations = append(operations, string(op))
			}
			d.Fields = append(d.Fields, api.FieldDescription{
				Name: f.Name, Type: api.FieldDescriptionType(f.Type), Says: f.Says, Operations: operations, Optional: f.Optional, Ordered: f.Indexed, Searched: f.Searchable,
			})
		}
		for _, r := range e.Relations {
			d.Relations = append(d.Relations, api.RelationDescription{Name: r.Name, Says: r.Says, To: r.To, Many: r.Many})
		}
		all = append(all, d)
	}
	return all
}

// AskInOneLine is GET /queries/{entity}.
func (s *server) AskInOneLine(ctx context.Context, r api.AskInOneLineRequestObject) (api.AskInOneLineResponseObject, error) {
	p := r.Params
	w, err := written(p.Filter, p.Fields, p.Sort, p.Include, p.GroupBy, p.Aggregates, p.Limit)
	if err != nil {
		return nil, err
	}
	a, err := s.explained(ctx, Asked{r.Entity, w, p.Cursor, p.MinHeight, p.Source == api.AskInOneLineParamsSourceLedger}, p.Explain != "", p.Verify)
	return answered(a), err
}

// AskQuestion is POST /queries/{entity}.
func (s *server) AskQuestion(ctx context.Context, r api.AskQuestionRequestObject) (api.AskQuestionResponseObject, error) {
	a, err := s.explained(ctx, Asked{r.Entity, *r.Body, r.Params.Cursor, r.Params.MinHeight, r.Params.Source == api.AskQuestionParamsSourceLedger}, r.Params.Explain != "", r.Params.Verify)
	return answered(a), err
}

// written is a question whose lists have commas between their entries.
func written(text, fields, sort, include, groupBy, aggregates string, limit int) (filter.Written, error) {
	w := filter.Written{Fields: listed(fields), Sort: listed(sort), Include: listed(include), GroupBy: listed(groupBy), Aggregates: listed(aggregates), Limit: limit}
	if text == "" {
		return w, nil
	}
	e, err := filter.Parse(text)
	w.Filter = filter.JSON(e)
	return w, err
}

func listed(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// export writes a whole answer as it comes.
type export struct {
	server *server
	ctx    context.Context //nolint:containedctx // the request's, until the answer is written
	asked  Asked
	format string
}

// ExportInOneLine is GET /queries/{entity}/export.
func (s *server) ExportInOneLine(ctx context.Context, r api.ExportInOneLineRequestObject) (api.ExportInOneLineResponseObject, error) {
	p := r.Params
	w, err := written(p.Filter, p.Fields, p.Sort, "", p.GroupBy, p.Aggregates, p.Limit)
	return export{s, ctx, Asked{Entity: r.Entity, Question: w, MinHeight: p.MinHeight}, string(p.Format)}, err
}

// ExportQuestion is POST /queries/{entity}/export.
func (s *server) ExportQuestion(ctx context.Context, r api.ExportQuestionRequestObject) (api.ExportQuestionResponseObject, error) {
	return export{s, ctx, Asked{Entity: r.Entity, Question: *r.Body, MinHeight: r.Params.MinHeight}, string(r.Params.Format)}, nil
}

// VisitExportInOneLineResponse writes the answer.
func (e export) VisitExportInOneLineResponse(w http.ResponseWriter) error { return e.write(w) }

// VisitExportQuestionResponse writes the answer.
func (e export) VisitExportQuestionResponse(w http.ResponseWriter) error { return e.write(w) }

func (e export) write(w http.ResponseWriter) error {
	began := false
	if e.format == "" {
		e.format = "csv"
	}
	media := map[string]string{"csv": "text/csv; charset=utf-8; header=present", "json-lines": "application/x-ndjson"}[e.format]
	out := newPatient(w)
	defer out.end()
	err := e.server.questions.Export(e.ctx, e.asked, e.format, func(height uint64) io.Writer {
		began = true
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Disposition", `attachment; filename="`+e.asked.Entity+map[string]string{"csv": ".csv", "json-lines": ".jsonl"}[e.format]+`"`)
		w.Header().Set("X-Ledger-Height", strconv.FormatUint(height, 10))
		w.WriteHeader(http.StatusOK)
		return out
	})
	if err != nil && began { // part of it is out: breaking off is the only way to say so
		recordOf(e.ctx).err = err
		panic(http.ErrAbortHandler)
	}
	return err
}

// patient writes for as long as the client takes something every now and then,
// and not only as long as an ordinary answer may take.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// patience is how long a client may take for one piece.
const patience = 30 * time.Second

// newPatient lifts the limits of an ordinary answer: what there is to say may be
// long in coming. A writer that has no limits needs none lifted.
func newPatient(w http.ResponseWriter) patient {
	p := patient{w, http.NewResponseController(w)}
	_ = p.control.SetReadDeadline(time.Time{}) // or the connection would be taken for dead
	_ = p.control.SetWriteDeadline(time.Time{})
	return p
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(patience))
	defer func() { _ = p.control.SetWriteDeadline(time.Time{}) }()
	return p.w.Write(b)
}

func (p patient) flush() error {
	_ = p.control.SetWriteDeadline(time.Now().Add(patience))
	defer func() { _ = p.control.SetWriteDeadline(time.Time{}) }()
	err := p.control.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// end bounds what the server itself still has to write.
func (p patient) end() { _ = p.control.SetWriteDeadline(time.Now().Add(patience)) }

// streams are the operations whose answers take as long as they take; each with the forms of its answer.
var streams = map[string][]string{
	"ExportInOneLine":  {"text/csv", "application/x-ndjson"},
	"ExportQuestion":   {"text/csv", "application/x-ndjson"},
	"FollowSavedQuery": {"text/event-stream"},
}
