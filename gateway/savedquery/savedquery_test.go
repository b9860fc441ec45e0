package savedquery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
	"github.com/lifeledger/lifeledger/gateway/query"
	"github.com/lifeledger/lifeledger/gateway/savedquery"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// answers are what questions are answered with: the rows of these names.
type answers struct {
	mu     sync.Mutex
	rows   []string
	height uint64
	moved  chan struct{}
	err    error
	asked  []filter.Question
}

func newAnswers() *answers { return &answers{moved: make(chan struct{}), height: 1} }

func (a *answers) All(_ context.Context, q filter.Question, _ int) (query.Page, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, q)
	p := query.Page{Height: a.height}
	for _, name := range a.rows {
		p.Items = append(p.Items, query.Row{ID: name, Record: query.Values{{Name: "shipmentId", Value: name}}})
	}
	return p, a.err
}

func (a *answers) Changed() (uint64, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.height, a.moved
}

// block makes the rows what they are from now on.
func (a *answers) block(rows ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows, a.height = rows, a.height+1
	close(a.moved)
	a.moved = make(chan struct{})
}

var clock = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	config savedquery.Config
	*savedquery.Store
	*answers
}

func onBoth(t *testing.T, do func(t *testing.T, w *world)) {
	t.Helper()
	open := func(t *testing.T, c savedquery.Config) *world {
		a := newAnswers()
		c.Organisation, c.Now = "ShipperMSP", func() time.Time { return clock }
		c.Pause, c.Every, c.Log = time.Millisecond, time.Hour, slog.New(slog.DiscardHandler)
		return &world{c, reopen(t, c), a}
	}
	t.Run("sqlite", func(t *testing.T) { do(t, open(t, savedquery.Config{SQLite: filepath.Join(t.TempDir(), "q.db")})) })
	t.Run("postgres", func(t *testing.T) {
		address, schema := pgtest.Open(t)
		do(t, open(t, savedquery.Config{Postgres: address, Schema: schema}))
	})
}

func reopen(t *testing.T, c savedquery.Config) *savedquery.Store {
	t.Helper()
	s, err := savedquery.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func late(name string) savedquery.Saved {
	return savedquery.Saved{Name: name, Title: "Late shipments", Entity: "shipments", Standing: true, SavedBy: "officer@shipper", Question: filter.Written{Filter: json.RawMessage(`"status eq \"lost\""`)}}
}

func (w *world) save(t testing.TB, in savedquery.Saved) savedquery.Saved {
	t.Helper()
	got, _, err := w.Put(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (w *world) look(t testing.TB) {
	t.Helper()
	if err := w.Look(context.Background(), w.answers); err != nil {
		t.Fatal(err)
	}
}

func wantFault(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestSavedQuestions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		saved, created, err := w.Put(ctx, late("b"))
		if err != nil || !created {
			t.Fatal(created, err)
		}
		want := late("b")
		want.CreatedAt, want.ChangedAt, want.Question.Filter = "2026-05-01T12:00:00.000Z", "2026-05-01T12:00:00.000Z", json.RawMessage(`{"field":"status","eq":"lost"}`)
		if diff := cmp.Diff(want, saved); diff != "" {
			t.Error(diff)
		}
		groups := savedquery.Saved{Name: "a", Entity: "excursions", Question: filter.Written{GroupBy: []string{"custodian"}}, SavedBy: "x"}
		w.save(t, groups)
		if _, created, err := w.Put(ctx, groups); err != nil || created {
			t.Errorf("again: created %v, %v", created, err)
		}
		other := w.config
		other.Organisation = "ServiceMSP"
		if all, err := reopen(t, other).List(ctx); err != nil || len(all) != 0 {
			t.Errorf("another organisation's: %v, %v", all, err)
		}
		secret, err := w.Secret(ctx)
		again, err2 := reopen(t, w.config).Secret(ctx)
		if err != nil || err2 != nil || len(secret) != 32 || !slices.Equal(secret, again) {
			t.Errorf("secrets %x and %x, %v, %v", secret, again, err, err2)
		}
		all, err := reopen(t, w.config).List(ctx)
		if err != nil || len(all) != 2 || all[0].Name != "a" || all[1].Name != "b" {
			t.Errorf("%+v, %v", all, err)
		}
		if got, err := w.Get(ctx, "b"); err != nil || got.Title != "Late shipments" {
			t.Errorf("%+v, %v", got, err)
		}
		if err := w.Delete(ctx, "b"); err != nil {
			t.Error(err)
		}
		_, err = w.Get(ctx, "b")
		wantFault(t, "deleted", err, fault.CodeSavedQueryUnknown)
		wantFault(t, "deleted twice", w.Delete(ctx, "b"), fault.CodeSavedQueryUnknown)
		for name, c := range map[string]struct {
			change func(s *savedquery.Saved)
			code   fault.Code
		}{
			"of nothing":      {func(s *savedquery.Saved) { s.Entity = "secrets" }, fault.CodeQueryEntity},
			"of no field":     {func(s *savedquery.Saved) { s.Question.Filter = json.RawMessage(`"x eq 1"`) }, fault.CodeQueryField},
			"unreadable":      {func(s *savedquery.Saved) { s.Question.Filter = json.RawMessage(`"x x"`) }, fault.CodeQuerySyntax},
			"groups stand":    {func(s *savedquery.Saved) { s.Question.GroupBy = []string{"status"} }, fault.CodeQueryForm},
			"includes stand":  {func(s *savedquery.Saved) { s.Question.Include = []string{"terms"} }, fault.CodeQueryForm},
			"a wrong order":   {func(s *savedquery.Saved) { s.Question.Sort = []string{"x"} }, fault.CodeQueryField},
			"too many fields": {func(s *savedquery.Saved) { s.Question.Fields = make([]string, 65) }, fault.CodeQueryForm},
		} {
			in := late("c")
			c.change(&in)
			_, _, err := w.Put(ctx, in)
			wantFault(t, name, err, c.code)
		}
		for i := range savedquery.MaxStanding {
			w.save(t, late(fmt.Sprint("standing-", i)))
		}
		_, _, err = w.Put(ctx, late("one-more"))
		wantFault(t, "one more that stands", err, fault.CodeSavedQueriesMany)
		w.save(t, late("standing-7")) // in the place of itself
	})
}

// follower writes down what it is told, and says when it has heard enough.
type follower struct {
	heard  []string
	enough int
	ch     chan string
	begun  chan struct{} // told of its beginning, when there is one
}

var errEnough = errors.New("enough")

func (f *follower) hear(s string) error {
	f.heard = append(f.heard, s)
	if f.ch != nil {
		f.ch <- s
	}
	if len(f.heard) == f.enough {
		return errEnough
	}
	return nil
}

func (f *follower) Matched(m savedquery.Match) error {
	var row struct{ Record struct{ ShipmentID string } }
	if err := json.Unmarshal(m.Row, &row); err != nil {
		return err
	}
	return f.hear(fmt.Sprint(m.Number, " ", row.Record.ShipmentID, " at ", m.Height))
}
func (f *follower) Begun() error {
	if f.begun != nil {
		f.begun <- struct{}{}
	}
	return nil
}
func (f *follower) Missed(upTo uint64) error { return f.hear(fmt.Sprint("missed ", upTo)) }
func (f *follower) Quiet() error             { return nil }

// follow hears n things behind a number.
func follow(t testing.TB, s *savedquery.Store, after uint64, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	f := &follower{enough: n}
	if err := s.Follow(ctx, "late", &after, f); !errors.Is(err, errEnough) {
		t.Fatalf("heard %q, then %v", f.heard, err)
	}
	return f.heard
}

func TestFollowing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.save(t, late("late"))
		w.block("s1")
		w.look(t) // what meets it at first is not new
		w.block("s1", "s2")
		w.look(t)
		w.look(t)
		w.block("s2", "s3", "s4")
		w.look(t)
		w.block("s1", "s2", "s3", "s4") // s1 had ceased, and is new again
		w.look(t)
		want := []string{"1 s2 at 3", "2 s3 at 4", "3 s4 at 4", "4 s1 at 5"}
		if diff := cmp.Diff(want, follow(t, w.Store, 0, 4)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[2:], follow(t, reopen(t, w.config), 2, 2)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(append([]string{"missed 0"}, want...), follow(t, w.Store, 99, 5)); diff != "" {
			t.Errorf("a number of a lost database: %s", diff)
		}
		if k, err := w.Get(t.Context(), "late"); err != nil || k.Height != 5 || k.LastMatch != 4 {
			t.Errorf("%+v, %v", k, err)
		}
		plain := late("plain")
		plain.Standing = false
		w.save(t, plain)
		wantFault(t, "what does not stand", w.Follow(t.Context(), "plain", nil, &follower{}), fault.CodeSavedQueryStanding)
		wantFault(t, "what is not there", w.Follow(t.Context(), "x", nil, &follower{}), fault.CodeSavedQueryUnknown)
	})
}

// TestMatchesArriveAsBlocksDo, to several followers, until the question changes or the gateway ends.
func TestMatchesArriveAsBlocksDo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.save(t, late("late"))
		w.look(t)
		running, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(running, w.answers, w.answers) }()
		const followers = 3
		results := make(chan error, followers)
		heard := make(chan string, 100)
		begun := make(chan struct{})
		for range followers {
			f := &follower{ch: heard, begun: begun}
			go func() { results <- w.Follow(t.Context(), "late", nil, f) }()
		}
		for range followers {
			<-begun // what comes before is not theirs
		}
		w.block("s1")
		for range followers {
			select {
			case got := <-heard:
				if got != "1 s1 at 2" {
					t.Errorf("heard %q", got)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("nothing arrived")
			}
		}
		w.save(t, late("late")) // the same again is another revision
		w.block("s1", "s2")
		w.block("s1", "s2", "s3")
		for range followers {
			select {
			case err := <-results:
				if !errors.Is(err, savedquery.ErrChanged) {
					t.Errorf("ended with %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("a follower of what was changed goes on")
			}
		}
		go func() { results <- w.Follow(t.Context(), "late", nil, &follower{begun: begun}) }()
		<-begun
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := <-results; !errors.Is(err, savedquery.ErrEnding) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAQuestionThatCannotBeAnsweredSaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.save(t, late("late"))
		w.err = fault.New(fault.CodeQueryTooCostly, "too much")
		w.look(t)
		if k, err := w.Get(t.Context(), "late"); err != nil || k.Problem != fault.CodeQueryTooCostly {
			t.Errorf("%+v, %v", k, err)
		}
		w.err = nil
		w.look(t)
		if k, err := w.Get(t.Context(), "late"); err != nil || k.Problem != "" {
			t.Errorf("%+v, %v", k, err)
		}
	})
}

// TestEachBeginningIsWrittenDownOnce: whatever rows come and go, however many
// gateways look, and whenever one starts anew.
func TestEachBeginningIsWrittenDownOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		second := reopen(t, w.config)
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			name := fmt.Sprint("late-", n)
			if _, _, err := w.Put(context.Background(), late(name)); err != nil {
				r.Fatalf("%v", err)
			}
			defer func() { _ = w.Delete(context.Background(), name) }()
			var want []string
			var before []string
			for i := range rapid.IntRange(1, 6).Draw(r, "blocks") {
				rows := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID[string]).Draw(r, "rows")
				w.block(rows...)
				for _, row := range rows {
					if i > 0 && !slices.Contains(before, row) {
						want = append(want, row)
					}
				}
				before = rows
				var both sync.WaitGroup
				for _, s := range []*savedquery.Store{w.Store, second} {
					both.Go(func() {
						if err := s.Look(context.Background(), w.answers); err != nil {
							t.Error(err)
						}
					})
				}
				both.Wait()
			}
			ctx, cancel := context.WithCancel(context.Background())
			f := &names{done: cancel, enough: len(want)}
			zero := uint64(0)
			if len(want) > 0 {
				if err := second.Follow(ctx, name, &zero, f); !errors.Is(err, context.Canceled) {
					r.Fatalf("%v", err)
				}
			}
			cancel()
			if k, err := w.Get(context.Background(), name); err != nil || k.LastMatch != uint64(len(want)) || !slices.Equal(f.heard, want) {
				r.Fatalf("heard %q of %d, want %q; %v", f.heard, k.LastMatch, want, err)
			}
		})
	})
}

// names are the rows that a follower heard of, in order.
type names struct {
	heard  []string
	enough int
	done   func()
}

func (f *names) Matched(m savedquery.Match) error {
	var row struct{ Record struct{ ShipmentID string } }
	if err := json.Unmarshal(m.Row, &row); err != nil {
		return err
	}
	if f.heard = append(f.heard, row.Record.ShipmentID); len(f.heard) == f.enough {
		f.done()
	}
	return nil
}
func (f *names) Begun() error        { return nil }
func (f *names) Missed(uint64) error { return errors.New("missed") }
func (f *names) Quiet() error        { return nil }
