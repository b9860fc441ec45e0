package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/passport"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
	"github.com/lifeledger/lifeledger/gateway/savedquery"
)

// openQueries opens what answers questions, and the questions that are saved;
// those that stand are looked at until ctx ends or stop is called.
func openQueries(ctx context.Context, c *config.Config, model *projection.Model, peer query.Peer, log *slog.Logger) (q questions, s savedQueries, stop func() error, err error) {
	url, err := c.ReadModel.URL()
	if err != nil {
		return q, s, nil, err
	}
	conf := savedquery.Config{Postgres: url, Organisation: c.Organisation, Log: log}
	if url == "" {
		conf.SQLite = filepath.Join(c.Data, "queries.db")
	} else {
		conf.Schema = cmp.Or(c.ReadModel.Schema, "lifeledger") + "_queries"
	}
	store, err := savedquery.Open(ctx, conf)
	if err != nil {
		return q, s, nil, err
	}
	secret, err := store.Secret(ctx)
	if err != nil {
		return q, s, nil, errors.Join(err, store.Close())
	}
	service, err := query.New(query.Config{Model: model, Secret: secret})
	if err != nil {
		return q, s, nil, errors.Join(err, store.Close())
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- store.Run(running, service, model) }()
	return questions{service, passport.New(model, service), peer}, savedQueries{store}, func() error {
		cancel()
		return errors.Join(<-ended, store.Close())
	}, nil
}

// questions is the service as httpapi asks for it.
type questions struct {
	service   *query.Service
	passports *passport.Service
	peer      query.Peer
}

func (q questions) Ask(ctx context.Context, a httpapi.Asked) (httpapi.Answer, error) {
	ask, err := asked(a)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if a.Ledger {
		page, err := query.AskLedger(ctx, q.peer, ask)
		return answerOf(page.Height, page, err)
	}
	page, err := q.service.Ask(ctx, ask)
	return answerOf(page.Height, page, err)
}

// answerOf writes what the read model or the ledger has answered.
func answerOf(height uint64, what any, err error) (httpapi.Answer, error) {
	if err != nil {
		return httpapi.Answer{}, modelError(err)
	}
	body, err := json.Marshal(what)
	return httpapi.Answer{Height: height, Body: body}, err
}

// Passport gives a component's passport.
func (q questions) Passport(ctx context.Context, componentID string, at measure.Time, minHeight uint64) (httpapi.Answer, error) {
	p, err := q.passports.Get(ctx, componentID, at, minHeight)
	return answerOf(p.Height, p, err)
}

// PassportForReader gives a component's passport without what is between the parties.
func (q questions) PassportForReader(ctx context.Context, componentID string, at measure.Time) (httpapi.Answer, error) {
	p, err := q.passports.ForReader(ctx, componentID, at)
	return answerOf(p.Height, p, err)
}

// TimelineForReader gives a page of what has happened to a component, likewise.
func (q questions) TimelineForReader(ctx context.Context, componentID string, limit int, cursor string) (httpapi.Answer, error) {
	page, err := q.passports.TimelineForReader(ctx, componentID, limit, cursor)
	return answerOf(page.Height, page, err)
}

// Changes compares a component's passports.
func (q questions) Changes(ctx context.Context, componentID string, from, until measure.Time, minHeight uint64) (httpapi.Answer, error) {
	c, err := q.passports.Changes(ctx, componentID, from, until, minHeight)
	return answerOf(c.Height, c, err)
}

func (q questions) Export(ctx context.Context, a httpapi.Asked, format string, begin func(height uint64) io.Writer) error {
	ask, err := asked(a)
	if err != nil {
		return err
	}
	if err := q.service.Export(ctx, ask, query.Format(format), begin); err != nil {
		return modelError(err)
	}
	return nil
}

func asked(a httpapi.Asked) (query.Ask, error) {
	q, err := a.Question.Question(a.Entity)
	return query.Ask{Question: q, Cursor: a.Cursor, MinHeight: a.MinHeight}, err
}

// savedQueries is the store as httpapi asks for it.
type savedQueries struct{ store *savedquery.Store }

func shownQuery(s savedquery.Saved) api.SavedQuery {
	return api.SavedQuery{
		Name: s.Name, Title: s.Title, Entity: s.Entity, Question: s.Question, Standing: s.Standing, SavedBy: s.SavedBy,
		CreatedAt: s.CreatedAt, ChangedAt: s.ChangedAt, Height: s.Height, LastMatch: s.LastMatch, Problem: string(s.Problem),
	}
}

func (s savedQueries) List(ctx context.Context) ([]api.SavedQuery, error) {
	all, err := s.store.List(ctx)
	out := make([]api.SavedQuery, len(all))
	for i, q := range all {
		out[i] = shownQuery(q)
	}
	return out, err
}

func (s savedQueries) Get(ctx context.Context, name string) (api.SavedQuery, error) {
	q, err := s.store.Get(ctx, name)
	return shownQuery(q), err
}

func (s savedQueries) Put(ctx context.Context, q api.SavedQuery) (api.SavedQuery, error) {
	saved, _, err := s.store.Put(ctx, savedquery.Saved{Name: q.Name, Title: q.Title, Entity: q.Entity, Question: q.Question, Standing: q.Standing, SavedBy: q.SavedBy})
	return shownQuery(saved), err
}

func (s savedQueries) Delete(ctx context.Context, name string) error {
	return s.store.Delete(ctx, name)
}

func (s savedQueries) Follow(ctx context.Context, name string, after *uint64, f httpapi.Follower) error {
	err := s.store.Follow(ctx, name, after, follower{f})
	if errors.Is(err, savedquery.ErrChanged) {
		return errors.Join(err, f.Changed())
	}
	return err
}

// follower is an HTTP client as the store tells it.
type follower struct{ httpapi.Follower }

func (f follower) Matched(m savedquery.Match) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return f.Follower.Matched(m.Number, text)
}

func shownContact(c savedquery.Contact) api.Contact {
	return api.Contact{Name: c.Name, Kind: c.Kind, ID: c.ID, Note: c.Note, SavedBy: c.SavedBy, ChangedAt: c.ChangedAt}
}

func (s savedQueries) ListContacts(ctx context.Context, id string) ([]api.Contact, error) {
	all, err := s.store.Contacts(ctx, id)
	out := make([]api.Contact, len(all))
	for i, c := range all {
		out[i] = shownContact(c)
	}
	return out, err
}

func (s savedQueries) GetContact(ctx context.Context, name string) (api.Contact, error) {
	c, err := s.store.Contact(ctx, name)
	return shownContact(c), err
}

func (s savedQueries) PutContact(ctx context.Context, c api.Contact) (api.Contact, error) {
	saved, err := s.store.PutContact(ctx, savedquery.Contact{Name: c.Name, Kind: c.Kind, ID: c.ID, Note: c.Note, SavedBy: c.SavedBy})
	return shownContact(saved), err
}

func (s savedQueries) DeleteContact(ctx context.Context, name string) error {
	return s.store.DeleteContact(ctx, name)
}
