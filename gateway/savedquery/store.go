// Package savedquery owns what an organisation keeps with its gateway: its own names
// for others (ID13), the questions that it keeps under a name,
// and those among them that stand: what newly meets a standing question is written
// down in order as blocks arrive, and can be followed from any place. It answers no
// question itself. It keeps its tables beside the read model, never in it, since
// they are no consequence of blocks. Invariant: a row that begins to meet a
// standing question is written down once, under a number that only grows, and a
// follower that says which number it saw last misses nothing that is still kept.
package savedquery

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// Bounds.
const (
	MaxQueries  = 500    // of one organisation
	MaxContacts = 2_000  // of one organisation
	MaxStanding = 50     // of those, that stand
	MaxMatches  = 10_000 // rows that may meet a standing question
	MaxKept     = 10_000 // matches that are kept for followers, of each question
)

// Questions answers questions; it is [query.Service].
type Questions interface {
	All(ctx context.Context, q filter.Question, most int) (query.Page, error)
}

// Model says when there is something new; it is the read model.
type Model interface {
	Changed() (uint64, <-chan struct{})
}

// Config says where questions are kept. A zero value means the default beside it.
type Config struct {
	SQLite       string // file
	Postgres     string // URL of a PostgreSQL database, instead of a file
	Schema       string // in that database
	Organisation string // whose questions they are, MSP id

	Pause time.Duration // 250 ms: the least between two looks at what stands
	Every time.Duration // 1 min: after so long without a block they are looked at too, since "now" moves
	Now   func() time.Time
	Log   *slog.Logger
}

// Store keeps questions. It is safe for concurrent use.
type Store struct {
	config   Config
	db       *sql.DB
	dialect  projection.Dialect
	mu       sync.Mutex
	appended chan struct{} // guarded by mu; closed when a match was written down
	ended    chan struct{} // closed when Run ends
	saved    chan struct{} // has room for one; a question was saved, and is to be looked at
}

// Saved is a question under its name.
type Saved struct {
	Name      string         `json:"name"`
	Title     string         `json:"title,omitempty"`
	Entity    string         `json:"entity"`
	Question  filter.Written `json:"question"`
	Standing  bool           `json:"standing"`
	SavedBy   string         `json:"savedBy"`
	CreatedAt measure.Time   `json:"createdAt"`
	ChangedAt measure.Time   `json:"changedAt"`
	// Height up to which a standing question has been looked at, the number of its last match, and why it could not be answered last.
	Height    uint64     `json:"height,omitempty"`
	LastMatch uint64     `json:"lastMatch,omitempty"`
	Problem   fault.Code `json:"problem,omitempty"`
}

// Open opens the database and makes the tables.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Organisation == "" || (c.SQLite == "") == (c.Postgres == "") {
		return nil, errors.New("saved queries: organisation, and either a file or a PostgreSQL URL must be given")
	}
	or(&c.Schema, "lifeledger_queries")
	or(&c.Pause, 250*time.Millisecond)
	or(&c.Every, time.Minute)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s := &Store{config: c, dialect: projection.SQLite, appended: make(chan struct{}), ended: make(chan struct{}), saved: make(chan struct{}, 1)}
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("saved queries: %w", err)
	}
	return s, nil
}

func or[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}

func (s *Store) connect(ctx context.Context) (err error) {
	if s.config.Postgres == "" {
		name := "file:" + (&url.URL{Path: s.config.SQLite}).EscapedPath() + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_txlock=immediate"
		s.db, err = sql.Open("sqlite", name)
	} else {
		s.dialect = projection.Postgres
		var conf *pgx.ConnConfig
		if conf, err = pgx.ParseConfig(s.config.Postgres); err != nil {
			return errors.New("the PostgreSQL URL cannot be read") // its text may hold a password
		}
		conf.RuntimeParams["search_path"] = s.config.Schema
		s.db = stdlib.OpenDB(*conf)
	}
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(4)
	for _, text := range s.tables() {
		if _, err := s.db.ExecContext(ctx, text); err != nil {
			return errors.Join(err, s.db.Close())
		}
	}
	return nil
}

func (s *Store) tables() []string {
	text := []string{
		`CREATE TABLE IF NOT EXISTS saved_queries (organisation TEXT, name TEXT, title TEXT, entity TEXT, question TEXT, standing BOOLEAN, saved_by TEXT,
			created_at TEXT, changed_at TEXT, revision BIGINT, looked BOOLEAN, height BIGINT, last_match BIGINT, problem TEXT, PRIMARY KEY (organisation, name))`,
		`CREATE TABLE IF NOT EXISTS saved_met (organisation TEXT, name TEXT, row_id TEXT, PRIMARY KEY (organisation, name, row_id))`,
		`CREATE TABLE IF NOT EXISTS saved_matches (organisation TEXT, name TEXT, number BIGINT, height BIGINT, at TEXT, answer TEXT, PRIMARY KEY (organisation, name, number))`,
		`CREATE TABLE IF NOT EXISTS contacts (organisation TEXT, name TEXT, kind TEXT, id TEXT, note TEXT, saved_by TEXT, changed_at TEXT, PRIMARY KEY (organisation, name))`,
		`CREATE INDEX IF NOT EXISTS contacts_by_id ON contacts (organisation, id)`,
		`CREATE TABLE IF NOT EXISTS saved_secret (organisation TEXT PRIMARY KEY, secret TEXT)`,
	}
	if s.dialect == projection.Postgres {
		text = append([]string{`CREATE SCHEMA IF NOT EXISTS ` + projection.Quote(s.config.Schema)}, text...)
	}
	return text
}

// Secret is 32 bytes that all gateways of the organisation have in common, made at
// the first use: cursors of one are good at the others, and after a restart.
func (s *Store) Secret(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	_, err := s.db.ExecContext(ctx, s.bind(`INSERT INTO saved_secret (organisation, secret) VALUES (?, ?) ON CONFLICT DO NOTHING`), s.config.Organisation, hex.EncodeToString(fresh))
	if err != nil {
		return nil, err
	}
	var text string
	if err := s.db.QueryRowContext(ctx, s.bind(`SELECT secret FROM saved_secret WHERE organisation = ?`), s.config.Organisation).Scan(&text); err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// Close closes the database. Run must have ended.
func (s *Store) Close() error { return s.db.Close() }

// bind writes places of parameters for the "?" of a statement, which has no other "?".
func (s *Store) bind(text string) string {
	out, n := "", 0
	for _, r := range text {
		if r == '?' {
			n++
			out += s.dialect.Placeholder(n)
		} else {
			out += string(r)
		}
	}
	return out
}

const columns = `name, title, entity, question, standing, saved_by, created_at, changed_at, height, last_match, problem, revision, looked`

// kept is a question with what only this package needs.
type kept struct {
	Saved
	revision int64
	looked   bool // what met it at first is known
}

func scan(row interface{ Scan(...any) error }) (k kept, err error) {
	var text string
	var height, last int64
	err = row.Scan(&k.Name, &k.Title, &k.Entity, &text, &k.Standing, &k.SavedBy, &k.CreatedAt, &k.ChangedAt, &height, &last, &k.Problem, &k.revision, &k.looked)
	if errors.Is(err, sql.ErrNoRows) {
		return k, fault.New(fault.CodeSavedQueryUnknown, "no question is saved under this name")
	}
	if err != nil {
		return k, err
	}
	k.Height, k.LastMatch = uint64(height), uint64(last)
	return k, json.Unmarshal([]byte(text), &k.Question)
}

// Get gives one question.
func (s *Store) Get(ctx context.Context, name string) (Saved, error) {
	k, err := s.find(ctx, s.db, name)
	return k.Saved, err
}

type queryer interface {
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

func (s *Store) find(ctx context.Context, q queryer, name string) (kept, error) {
	return scan(q.QueryRowContext(ctx, s.bind(`SELECT `+columns+` FROM saved_queries WHERE organisation = ? AND name = ?`), s.config.Organisation, name))
}

// List gives all questions, by name.
func (s *Store) List(ctx context.Context) ([]Saved, error) {
	all, err := s.list(ctx, false)
	out := make([]Saved, len(all))
	for i, k := range all {
		out[i] = k.Saved
	}
	return out, err
}

func (s *Store) list(ctx context.Context, standing bool) (all []kept, err error) {
	text := `SELECT ` + columns + ` FROM saved_queries WHERE organisation = ?`
	if standing {
		text += ` AND standing`
	}
	rows, err := s.db.QueryContext(ctx, s.bind(text+` ORDER BY name`), s.config.Organisation)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		k, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// Put saves a question under a name, in the place of a former one. created says
// that there was none. What met the former one is forgotten; numbers go on.
func (s *Store) Put(ctx context.Context, in Saved) (saved Saved, created bool, err error) {
	q, err := in.Question.Question(in.Entity)
	if err != nil {
		return Saved{}, false, err
	}
	now := measure.TimeOf(s.config.Now())
	if _, err := q.Check(now); err != nil {
		return Saved{}, false, err
	}
	if in.Standing && (len(q.Aggregates)+len(q.GroupBy)+len(q.Include) > 0) {
		return Saved{}, false, fault.New(fault.CodeQueryForm, "a standing question is for rows, without groups and included relations")
	}
	text, err := json.Marshal(q.Write())
	if err != nil {
		return Saved{}, false, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Saved{}, false, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.room(ctx, tx, in); err != nil {
		return Saved{}, false, err
	}
	if created, err = s.put(ctx, tx, in, string(text), now); err != nil {
		return Saved{}, false, err
	}
	k, err := s.find(ctx, tx, in.Name)
	if err != nil {
		return Saved{}, false, err
	}
	if err := tx.Commit(); err != nil {
		return Saved{}, false, err
	}
	select {
	case s.saved <- struct{}{}:
	default:
	}
	return k.Saved, created, nil
}

// put writes a row anew, or over the former one.
func (s *Store) put(ctx context.Context, tx *sql.Tx, in Saved, question string, now measure.Time) (created bool, err error) {
	o, name := s.config.Organisation, in.Name
	switch _, err = s.find(ctx, tx, name); {
	case fault.Is(err, fault.CodeSavedQueryUnknown):
		_, err = tx.ExecContext(ctx, s.bind(`INSERT INTO saved_queries (organisation, name, title, entity, question, standing, saved_by, created_at, changed_at, revision, looked, height, last_match, problem)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, FALSE, 0, 0, '')`), o, name, in.Title, in.Entity, question, in.Standing, in.SavedBy, string(now), string(now))
		return true, err
	case err != nil:
		return false, err
	}
	for _, table := range []string{"saved_met", "saved_matches"} {
		if _, err := tx.ExecContext(ctx, s.bind(`DELETE FROM `+table+` WHERE organisation = ? AND name = ?`), o, name); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, s.bind(`UPDATE saved_queries SET title = ?, entity = ?, question = ?, standing = ?, saved_by = ?, changed_at = ?,
		revision = revision + 1, looked = FALSE, problem = '' WHERE organisation = ? AND name = ?`),
		in.Title, in.Entity, question, in.Standing, in.SavedBy, string(now), o, name)
	return false, err
}

// room refuses a question too many.
func (s *Store) room(ctx context.Context, tx *sql.Tx, in Saved) error {
	var all, standing int
	err := tx.QueryRowContext(ctx, s.bind(`SELECT count(*), coalesce(sum(CASE WHEN standing THEN 1 ELSE 0 END), 0) FROM saved_queries WHERE organisation = ? AND name <> ?`), s.config.Organisation, in.Name).Scan(&all, &standing)
	if err != nil {
		return err
	}
	if all >= MaxQueries || in.Standing && standing >= MaxStanding {
		return fault.New(fault.CodeSavedQueriesMany, "an organisation saves %d questions, of which %d stand", MaxQueries, MaxStanding)
	}
	return nil
}

// Delete forgets a question and its matches.
func (s *Store) Delete(ctx context.Context, name string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := s.find(ctx, tx, name); err != nil {
		return err
	}
	for _, table := range []string{"saved_met", "saved_matches", "saved_queries"} {
		if _, err := tx.ExecContext(ctx, s.bind(`DELETE FROM `+table+` WHERE organisation = ? AND name = ?`), s.config.Organisation, name); err != nil {
			return err
		}
	}
	return tx.Commit()
}
