package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// Passports tells what is so of one component, from the read model. Errors are as [Ledger]'s.
type Passports interface {
	// Passport is of a moment, "" for now, and of a height at which there are so many blocks at least.
	Passport(ctx context.Context, componentID string, at measure.Time, minHeight uint64) (Answer, error)
	// Changes are those from one moment to another, "" for now.
	Changes(ctx context.Context, componentID string, from, until measure.Time, minHeight uint64) (Answer, error)
	// PassportForReader and TimelineForReader leave out what is between the parties.
	PassportForReader(ctx context.Context, componentID string, at measure.Time) (Answer, error)
	TimelineForReader(ctx context.Context, componentID string, limit int, cursor string) (Answer, error)
}

// VisitGetPassportResponse writes the answer.
func (a answered) VisitGetPassportResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitGetTimelineResponse writes the answer.
func (a answered) VisitGetTimelineResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitListDuesResponse writes the answer.
func (a answered) VisitListDuesResponse(w http.ResponseWriter) error { return a.write(w) }

// GetPassport is GET /components/{componentId}/passport.
func (s *server) GetPassport(ctx context.Context, r api.GetPassportRequestObject) (api.GetPassportResponseObject, error) {
	a, err := s.passports.Passport(ctx, r.ComponentID, r.Params.At, r.Params.MinHeight)
	return answered(a), err
}

// VisitGetChangesResponse writes the answer.
func (a answered) VisitGetChangesResponse(w http.ResponseWriter) error { return a.write(w) }

// GetChanges is GET /components/{componentId}/changes.
func (s *server) GetChanges(ctx context.Context, r api.GetChangesRequestObject) (api.GetChangesResponseObject, error) {
	a, err := s.passports.Changes(ctx, r.ComponentID, r.Params.From, r.Params.Until, r.Params.MinHeight)
	return answered(a), err
}

// GetTimeline is GET /components/{componentId}/timeline.
func (s *server) GetTimeline(ctx context.Context, r api.GetTimelineRequestObject) (api.GetTimelineResponseObject, error) {
	p := r.Params
	only := filter.Test{Field: "componentId", Op: filter.Eq, Values: []filter.Operand{{Value: r.ComponentID}}}
	w, err := narrowed(only, "-at", p.Filter, p.Fields, p.Sort, p.Include, p.Limit)
	if err != nil {
		return nil, err
	}
	a, err := s.questions.Ask(ctx, Asked{Entity: "timeline", Question: w, Cursor: p.Cursor, MinHeight: p.MinHeight})
	return answered(a), err
}

// ListDues is GET /dues.
func (s *server) ListDues(ctx context.Context, r api.ListDuesRequestObject) (api.ListDuesResponseObject, error) {
	p, days := r.Params, 30
	if p.Days != nil {
		days = *p.Days
	}
	until := filter.Test{Field: "dueAt", Op: filter.Le, Values: []filter.Operand{{Field: filter.Now, Plus: fmt.Sprintf("%dd", days)}}}
	w, err := narrowed(until, "dueAt", p.Filter, p.Fields, p.Sort, p.Include, p.Limit)
	if err != nil {
		return nil, err
	}
	a, err := s.questions.Ask(ctx, Asked{Entity: "dues", Question: w, Cursor: p.Cursor, MinHeight: p.MinHeight})
	return answered(a), err
}

// narrowed is a question about those rows alone that meet a test, sorted by a field if it says nothing else.
func narrowed(only filter.Test, by, text, fields, sort, include string, limit int) (filter.Written, error) {
	w, err := written(text, fields, sort, include, "", "", limit)
	if err != nil {
		return w, err
	}
	if len(w.Sort) == 0 {
		w.Sort = []string{by}
	}
	if text == "" {
		w.Filter = filter.JSON(only)
		return w, nil
	}
	asked, err := filter.Parse(text)
	w.Filter = filter.JSON(filter.And{Of: []filter.Expr{only, asked}})
	return w, err
}
