// Package query answers questions from the read model: it makes SQL of a checked
// question, and pages, groups, exports and standing answers of what comes back. It
// refuses to decide what may be asked (package filter does) and writes nothing to
// the read model. Invariant: a statement is made of the catalogue's names and of
// parameters, and of nothing that a client wrote; and an answer is of one state of
// the ledger, whose height it names.
package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// Model is the read model that questions are asked of.
type Model interface {
	Dialect() projection.Dialect
	// View reads one state of the ledger.
	View(ctx context.Context, do func(tx *sql.Tx, at projection.At) error) error
	// Wait waits a bounded time for a height.
	Wait(ctx context.Context, height uint64) error
	// Changed gives the height, and a channel that is closed when it is another.
	Changed() (uint64, <-chan struct{})
}

// Config is what a [Service] needs. A zero value means the default beside it.
type Config struct {
	Model Model
	// Secret signs cursors; 16 bytes or more. Another secret makes those that were given useless.
	Secret []byte

	Budget       time.Duration    // 5 s: what one page may take
	ExportBudget time.Duration    // 10 min: what one export may take
	Now          func() time.Time // time.Now
}

// Service answers questions. It is safe for concurrent use.
type Service struct {
	config    Config
	dialect   projection.Dialect
	selective int // how many rows a condition may have for which its index is better than that of the order
}

// New makes a service.
func New(c Config) (*Service, error) {
	if c.Model == nil || len(c.Secret) < 16 {
		return nil, errors.New("query: a model and a secret of 16 bytes are needed")
	}
	if c.Budget == 0 {
		c.Budget = 5 * time.Second
	}
	if c.ExportBudget == 0 {
		c.ExportBudget = 10 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{config: c, dialect: c.Model.Dialect(), selective: 1000}, nil
}

// Ask is a question, where in its answer to go on, and what the answer must know.
type Ask struct {
	filter.Question
	Cursor    string
	MinHeight uint64 // the answer is of this height or above, or there is none
}

// Page is an answer: rows, or groups.
type Page struct {
	Items  []Row
	Groups []Grouped
	More   bool   // of groups: there are more than the limit
	Next   string // cursor of what follows; "" at the end
	Height uint64 // of the ledger
	Time   string // of the newest transaction; "" if there is none
}

// Ask answers one page.
func (s *Service) Ask(ctx context.Context, a Ask) (Page, error) {
	from, err := s.resume(a)
	if err != nil {
		return Page{}, err
	}
	c, err := a.Question.Check(from.Now)
	if err != nil {
		return Page{}, err
	}
	if len(c.Include) > 0 && c.Limit > maxWithIncludes {
		return Page{}, fault.New(fault.CodeQueryForm, "with included relations, limit is at most %d", maxWithIncludes)
	}
	var page Page
	err = s.view(ctx, a.MinHeight, s.config.Budget, func(ctx context.Context, tx *sql.Tx, at projection.At) error {
		page.Height, page.Time = at.Height, at.Time
		if len(c.Aggregates) > 0 {
			if a.Cursor != "" {
				return fault.New(fault.CodeQueryCursor, "groups have no cursor: they come at once, up to the limit")
			}
			page.Groups, page.More, err = s.groups(ctx, tx, c)
			return err
		}
		page.Items, page.Next, err = s.rows(ctx, tx, c, a, from)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// Reading asks several questions of one state of the ledger.
type Reading struct {
	Tx *sql.Tx
	At projection.At

	ctx     context.Context //nolint:containedctx // of the one call that it lives in
	service *Service
	now     measure.Time
}

// Read gives one state of at least that height to do, within the time of one page.
func (s *Service) Read(ctx context.Context, minHeight uint64, do func(context.Context, *Reading) error) error {
	return s.view(ctx, minHeight, s.config.Budget, func(ctx context.Context, tx *sql.Tx, at projection.At) error {
		return do(ctx, &Reading{tx, at, ctx, s, s.now()})
	})
}

// Rows answers a question that has neither groups nor included relations; more
// says that there are more rows than its limit.
func (r *Reading) Rows(q filter.Question) (rows []Row, more bool, err error) {
	c, err := q.Check(r.now)
	if err != nil {
		return nil, false, err
	}
	rows, next, err := r.service.rows(r.ctx, r.Tx, c, Ask{Question: q}, position{Now: r.now})
	return rows, next != "", err
}

// All gives every row of an answer at once, and refuses when there are more than most.
func (s *Service) All(ctx context.Context, q filter.Question, most int) (Page, error) {
	c, err := q.Check(s.now())
	if err != nil {
		return Page{}, err
	}
	if len(c.Aggregates) > 0 || len(c.Include) > 0 {
		return Page{}, fault.New(fault.CodeQueryForm, "rows are asked for here, without groups and included relations")
	}
	c.Limit = most
	var page Page
	err = s.view(ctx, 0, s.config.Budget, func(ctx context.Context, tx *sql.Tx, at projection.At) error {
		page = Page{Height: at.Height, Time: at.Time}
		page.Items, page.Next, err = s.rows(ctx, tx, c, Ask{Question: q}, position{Now: s.now()})
		return err
	})
	if err == nil && page.Next != "" {
		err = fault.New(fault.CodeQueryTooCostly, "more than %d rows meet the question", most)
	}
	return page, err
}

// view reads one state of at least that height, within a budget of time.
func (s *Service) view(ctx context.Context, height uint64, budget time.Duration, do func(context.Context, *sql.Tx, projection.At) error) error {
	if height > 0 {
		if err := s.config.Model.Wait(ctx, height); err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	err := s.config.Model.View(bounded, func(tx *sql.Tx, at projection.At) error { return do(bounded, tx, at) })
	if err != nil && fault.From(err).Code == fault.CodeInternal && bounded.Err() != nil && ctx.Err() == nil {
		return fault.New(fault.CodeQueryTooCostly, "the answer took longer than %s: ask for less, or by fields that are kept in order", budget)
	}
	if err != nil && strings.Contains(err.Error(), "integer overflow") { // SQLite's word for a sum that has no room
		return overflow()
	}
	return err
}

func overflow() error {
	return fault.New(fault.CodeQueryType, "a sum has no room in 64 bits: ask for fewer rows")
}

// rows are one page's, and the cursor of the next.
func (s *Service) rows(ctx context.Context, tx *sql.Tx, c filter.Checked, a Ask, from position) ([]Row, string, error) {
	p := newPlan(s.dialect, c)
	if err := s.choose(ctx, tx, p); err != nil {
		return nil, "", err
	}
	var found []foundRow
	for _, part := range p.parts(from) {
		text, args := p.statement(part, c.Limit+1-len(found))
		err := p.scan(ctx, tx, text, args, func(f foundRow) error { found = append(found, f); return nil })
		if err != nil {
			return nil, "", err
		}
		if len(found) > c.Limit {
			break
		}
	}
	next := ""
	if len(found) > c.Limit {
		found = found[:c.Limit]
		next = s.cursor(a, p.position(found[c.Limit-1], from.Now))
	}
	rows := make([]Row, len(found))
	for i, f := range found {
		rows[i] = p.row(f)
	}
	return rows, next, s.include(ctx, tx, p, c, found, rows)
}

// now is the time that "now" stands for in a question.
func (s *Service) now() measure.Time { return measure.TimeOf(s.config.Now()) }

// wrap says which statement failed, without its parameters.
func wrap(err error, text string) error { return fmt.Errorf("query: %.200s: %w", text, err) }
