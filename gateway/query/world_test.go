package query_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/filter/filtertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
	"github.com/lifeledger/lifeledger/gateway/query"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// fatal is what tests and properties have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a read model that a test fills as it likes, and a service on it.
type world struct {
	model   *projection.Model
	service *query.Service
	writer  *sql.DB
	file    string // of SQLite
}

var clock = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// onBoth runs a test on both databases.
func onBoth(t *testing.T, do func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "model.db")
		w := open(t, projection.Config{SQLite: file})
		w.connect(t, func() (*sql.DB, error) { return sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()) })
		do(t, w)
	})
	t.Run("postgres", func(t *testing.T) {
		address, schema := pgtest.Open(t)
		w := open(t, projection.Config{Postgres: address, Schema: schema})
		w.connect(t, func() (*sql.DB, error) {
			c, err := pgx.ParseConfig(address)
			if err != nil {
				return nil, err
			}
			c.RuntimeParams["search_path"] = schema
			return stdlib.OpenDB(*c), nil
		})
		do(t, w)
	})
}

func open(t testing.TB, c projection.Config) *world {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	m, err := projection.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	s, err := query.New(query.Config{Model: m, Secret: []byte("0123456789abcdef"), Now: func() time.Time { return clock }, Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return &world{model: m, service: s, file: (&url.URL{Path: c.SQLite}).EscapedPath()}
}

func (w *world) connect(t testing.TB, open func() (*sql.DB, error)) {
	t.Helper()
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	w.writer = db
	t.Cleanup(func() { _ = db.Close() })
}

// fill makes the rows of these entities what data has, and nothing else.
func (w *world) fill(t fatal, data filtertest.Data, entities ...catalogue.Entity) {
	t.Helper()
	tx, err := w.writer.Begin()
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, e := range entities {
		if _, err := tx.Exec("DELETE FROM " + projection.Quote(e.Table())); err != nil {
			t.Fatalf("%v", err)
		}
		for _, row := range data[e.Name] {
			w.insert(t, tx, e, row)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatalf("%v", err)
	}
}

func (w *world) insert(t fatal, tx *sql.Tx, e catalogue.Entity, row filter.Fields) {
	t.Helper()
	columns, places, args := []string{projection.Quote(catalogue.RowColumn)}, []string{w.model.Dialect().Placeholder(1)}, []any{row[catalogue.RowColumn]}
	for _, f := range slices.Concat(catalogue.Provenance(), e.Fields) {
		v, ok := row[f.Name]
		if !ok || v == nil {
			continue
		}
		if list, ok := v.([]string); ok {
			text, err := json.Marshal(list)
			if err != nil {
				t.Fatalf("%v", err)
			}
			v = string(text)
		}
		columns, args = append(columns, projection.Quote(f.Column())), append(args, v)
		places = append(places, w.model.Dialect().Placeholder(len(args)))
	}
	text := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", projection.Quote(e.Table()), strings.Join(columns, ", "), strings.Join(places, ", "))
	if _, err := tx.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func entity(t testing.TB, name string) catalogue.Entity {
	t.Helper()
	e, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("no entity %q", name)
	}
	return e
}

func where(t testing.TB, text string) filter.Expr {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantFault(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}
