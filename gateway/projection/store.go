package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// store is the database: pools, tables, and the writer's prepared statements.
type store struct {
	dialect Dialect
	version string // of the form that this program's tables have
	schema  string
	tables  []table
	writer  *sql.DB
	reader  *sql.DB
	log     *slog.Logger

	file    string // of SQLite
	gate    *gate
	readers int

	mu   sync.Mutex           // held by the only writer while it writes
	conn *sql.Conn            // guarded by mu; nil: to be opened
	kept map[string]*sql.Stmt // guarded by mu; prepared on conn, by text

	byName map[string]*table
	texts  map[string]string // guarded by mu; statements that are made once

	filled  map[string]bool // guarded by mu; tables into which the transaction at hand puts rows
	indexed map[string]bool // guarded by mu; tables that surely have their indexes

	settling  sync.WaitGroup // on the disk
	held      []*os.File     // guarded by settling; closed after SQLite's own
	coldBytes int
	collected *collected // guarded by mu; where rows go while a file is built, instead of into the database
}

func openStore(c Config) (*store, error) {
	g := new(gate)
	dialect, writer, reader, err := c.pools(g)
	if err != nil {
		return nil, err
	}
	s := &store{
		dialect: dialect, version: version(dialect), schema: c.Schema, tables: tables(dialect), writer: writer, reader: reader, log: c.Log, file: c.SQLite, gate: g, readers: c.Readers, coldBytes: coldBytes,
		kept: make(map[string]*sql.Stmt), byName: make(map[string]*table), texts: make(map[string]string),
		filled: make(map[string]bool), indexed: make(map[string]bool),
	}
	for i := range s.tables {
		s.byName[s.tables[i].name] = &s.tables[i]
	}
	return s, nil
}

func (s *store) close() error {
	s.settling.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	err := errors.Join(s.writer.Close(), s.reader.Close())
	for _, f := range s.held {
		_ = f.Close() // nothing was written through it
	}
	return err
}

// drop gives the connection up; the next write opens another. s.mu is held.
func (s *store) drop() {
	for _, st := range s.kept {
		_ = st.Close()
	}
	clear(s.kept)
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// write carries out one SQL transaction on the writer's connection.
func (s *store) write(ctx context.Context, do func(ctx context.Context) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		if s.conn, err = s.writer.Conn(ctx); err != nil {
			s.conn = nil
			return err
		}
	}
	clear(s.filled)
	begin := "BEGIN IMMEDIATE"
	if s.dialect == Postgres {
		begin = "BEGIN"
	}
	if err := s.exec(ctx, begin); err != nil {
		s.drop()
		return err
	}
	if err = do(ctx); err == nil {
		err = s.exec(ctx, "COMMIT")
	}
	if err != nil {
		clear(s.indexed)
		// The context may be over; what was begun must end.
		if e := s.exec(context.WithoutCancel(ctx), "ROLLBACK"); e != nil {
			s.drop()
		}
	}
	return err
}

// exec runs a prepared statement. s.mu is held.
func (s *store) exec(ctx context.Context, text string, args ...any) error {
	st, err := s.statement(ctx, text)
	if err != nil {
		return err
	}
	if s.dialect == SQLite { // whose driver starts a goroutine for what may be cut off
		if err := ctx.Err(); err != nil {
			return err
		}
		ctx = context.WithoutCancel(ctx)
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

func (s *store) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := s.kept[text]; st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%.80s: %w", text, err)
	}
	s.kept[text] = st
	return st, nil
}

// query reads on the writer's connection, inside its transaction. s.mu is held.
func (s *store) query(ctx context.Context, text string, args []any, row func(scan func(...any) error) error) error {
	st, err := s.statement(ctx, text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tidy moves what SQLite has written ahead into its file, beside the writer, which
// would otherwise do it in the middle of a block and wait for the disk; and once an
// hour it has the planner look at how the tables have grown. What it cannot do now it
// does the next time.
func (s *store) tidy(ctx context.Context) {
	tick, seldom := time.NewTicker(time.Second), time.NewTicker(time.Hour)
	defer tick.Stop()
	defer seldom.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = s.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
		case <-seldom.C:
			_, _ = s.writer.ExecContext(ctx, `PRAGMA optimize`)
		}
	}
}

// head is what the database says about itself.
type head struct {
	height  uint64
	hash    []byte // of the last block; none at height 0
	time    string // of the last transaction
	indexed bool   // the first replay is over
}

const headSQL = `SELECT height, hash, coalesce(time, ''), indexed, version FROM read_model`

// ErrOther says that a program whose rows have another form has made the tables
// anew since. Two releases must not fill one read model: the rows of the older one
// would pass for the newer one's.
var ErrOther = errors.New("the read model is of another release of the gateway than this program")

// queryer is a pool, a connection or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *store) head(ctx context.Context, q queryer) (head, error) {
	return s.scanHead(q.QueryRowContext(ctx, headSQL).Scan)
}

func (s *store) scanHead(scan func(...any) error) (h head, err error) {
	var height int64
	var of string
	if err := scan(&height, &h.hash, &h.time, &h.indexed, &of); err != nil {
		return h, err
	}
	if of != s.version {
		return h, ErrOther
	}
	h.height = uint64(height)
	return h, nil
}
