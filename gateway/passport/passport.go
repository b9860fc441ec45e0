// Package passport owns what is read of one component at once: its passport, now
// and as of any moment, and what is another between two moments. It refuses to own
// rows and their meaning: each section is a question in the grammar of package
// filter, put to the read model, or to its records as they were. It writes nothing.
// Invariant: all of an answer is of one state of the ledger, whose height it names;
// and the passport as of a moment is the one that was given at that moment.
package passport

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// Bounds of a passport.
const (
	sectionMost = 200   // rows of one section
	treeMost    = 5_000 // parts of the tree
)

// Section is the answer to one question about the component.
type Section struct {
	Name   string      `json:"name"`
	Entity string      `json:"entity"`
	Filter string      `json:"filter"` // the question, in one line, as GET /queries/{entity} takes it
	Items  []query.Row `json:"items"`
	More   bool        `json:"more"` // there are more rows than are shown
}

// Passport is what is so of one component.
type Passport struct {
	ComponentID string                 `json:"componentId"`
	At          measure.Time           `json:"at,omitempty"` // "": now
	Height      uint64                 `json:"height"`
	Time        string                 `json:"time"`      // of the newest transaction
	Owner       string                 `json:"owner"`     // who owns the outermost machine owns all that is in it
	Outermost   string                 `json:"outermost"` // machine in which it is, through all between; or itself
	Tree        []projection.Installed `json:"tree"`
	TreeMore    bool                   `json:"more"`
	Sections    []Section              `json:"sections"`
}

// Service gives passports. It is safe for concurrent use.
type Service struct {
	model *projection.Model
	query *query.Service
}

// New makes a service.
func New(m *projection.Model, q *query.Service) *Service { return &Service{m, q} }

// Get gives a component's passport as of a moment, "" for now; of a state of the
// ledger that has so many blocks at least.
func (s *Service) Get(ctx context.Context, componentID string, at measure.Time, minHeight uint64) (p Passport, err error) {
	err = s.query.Read(ctx, minHeight, func(ctx context.Context, r *query.Reading) error {
		p, err = s.read(ctx, r, componentID, at, sectionMost)
		return err
	})
	return p, err
}

// read gives a passport with so many rows a section at most.
func (s *Service) read(ctx context.Context, r *query.Reading, componentID string, at measure.Time, most int) (Passport, error) {
	p := Passport{ComponentID: componentID, At: at, Height: r.At.Height, Time: r.At.Time}
	then := s.model.In(r.Tx)
	for _, each := range sections {
		found, err := each.read(ctx, r, then, &p, most)
		if err != nil {
			return Passport{}, fmt.Errorf("%s: %w", each.name, err)
		}
		p.Sections = append(p.Sections, found)
		if each.name != "identity" {
			continue
		}
		if len(found.Items) == 0 {
			return Passport{}, unknown(componentID, at)
		}
		if err := p.place(ctx, then); err != nil {
			return Passport{}, err
		}
	}
	return p, nil
}

// place reads whose the component is, where it is, and what is in it.
func (p *Passport) place(ctx context.Context, then projection.AsOf) (err error) {
	moment := p.At
	if moment == "" {
		moment = projection.Present
	}
	if p.Outermost, err = then.Outermost(ctx, p.ComponentID, moment); err != nil {
		return err
	}
	if p.Owner, err = then.Owner(ctx, p.ComponentID, moment); err != nil {
		return err
	}
	if p.Tree, err = then.Tree(ctx, p.ComponentID, moment); err != nil {
		return err
	}
	if p.Tree == nil {
		p.Tree = []projection.Installed{}
	}
	if p.TreeMore = len(p.Tree) > treeMost; p.TreeMore {
		p.Tree = p.Tree[:treeMost]
	}
	return nil
}

func unknown(componentID string, at measure.Time) error {
	if at == "" {
		return fault.New(fault.CodeComponentUnknown, "there is no component %s", componentID).With("componentId", componentID)
	}
	return fault.New(fault.CodeComponentUnknown, "there was no component %s at %s", componentID, at).With("componentId", componentID).With("at", string(at))
}

// read answers one section.
func (s section) read(ctx context.Context, r *query.Reading, then projection.AsOf, p *Passport, most int) (Section, error) {
	out := Section{Name: s.name, Entity: s.entity, Items: []query.Row{}}
	about, ok := s.filter(p)
	if !ok { // nothing to ask for
		return out, nil
	}
	out.Filter = about
	for _, part := range []string{s.now, s.lasts(p.At)} {
		if part != "" {
			out.Filter += " and " + part
		}
	}
	q, err := ask(s.entity, out.Filter, s.sort, most)
	if err != nil {
		return out, err
	}
	if p.At == "" || s.lasting {
		out.Items, out.More, err = r.Rows(q)
		if s.lasting { // at that moment nobody knew until when
			hideEnd(out.Items)
		}
		return out, err
	}
	out.Items, out.More, err = s.past(ctx, r, then, p.At, about, q)
	return out, err
}

// filter is about with its values; false where one has none.
func (s section) filter(p *Passport) (string, bool) {
	lists := [][]string{{p.ComponentID}}
	if s.from != nil {
		lists = s.from(p)
	}
	var args []any
	for _, list := range lists {
		if len(list) == 0 {
			return "", false
		}
		args = append(args, quotedList(list))
	}
	return fmt.Sprintf(s.about, args...), true
}

// lasts asks for intervals that have begun, and have not ended.
func (s section) lasts(at measure.Time) string {
	switch {
	case !s.lasting:
		return ""
	case at == "":
		return `not exists until`
	}
	moment := quote(string(at))
	return `from le ` + moment + ` and (not exists until or until gt ` + moment + `)`
}

// quote writes a text as the grammar takes it, which is as JSON does.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""` // texts can be written
	}
	return string(b)
}

func quotedList(all []string) string {
	quoted := make([]string, len(all))
	for i, v := range all {
		quoted[i] = quote(v)
	}
	return strings.Join(quoted, ", ")
}

func hideEnd(rows []query.Row) {
	for i, row := range rows {
		rows[i].Record = without(row.Record, "until", "releasedBy", "releaseReason", "endTransactionId")
	}
}

// without takes fields out of a row.
func without(record query.Values, fields ...string) query.Values {
	return slices.DeleteFunc(record, func(v query.Value) bool { return slices.Contains(fields, v.Name) })
}

func ask(entity, text string, sort []string, most int) (filter.Question, error) {
	q := filter.Question{Entity: entity, Limit: most}
	var err error
	if q.Filter, err = filter.Parse(text); err != nil {
		return q, err
	}
	for _, by := range sort {
		o, err := filter.ParseOrder(by)
		if err != nil {
			return q, err
		}
		q.Sort = append(q.Sort, o)
	}
	return q, nil
}

// values are those of a field in a section that was read, without the prefix;
// those without it are left out.
func (p *Passport) values(section, field, prefix string) (all []string) {
	for _, s := range p.Sections {
		if s.Name != section {
			continue
		}
		for _, row := range s.Items {
			if v, ok := row.Record.Get(field).(string); ok && strings.HasPrefix(v, prefix) {
				all = append(all, v[len(prefix):])
			}
		}
	}
	return unique(all)
}

func unique(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), filter.MaxValues)]
}

// holder is the entity whose rows are the records themselves, of which the entity
// has parts: a record may have been there before it had any.
func holder(e catalogue.Entity) catalogue.Entity {
	if e.Each == "" {
		return e
	}
	for _, other := range catalogue.OfKind(e.Kind) {
		if other.Each == "" {
			return other
		}
	}
	return e
}
