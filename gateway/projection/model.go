package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Config says where the read model is kept. A zero value means the default that
// stands beside it.
type Config struct {
	SQLite   string // file; one process at a time may use it
	Postgres string // URL of a PostgreSQL database, instead of a file
	Schema   string // "lifeledger": in that database; several gateways of one organisation may share it

	Readers  int           // 8: connections for those who ask
	Batch    int           // 16,000: writes put into one SQL transaction while there is much to replay
	LongWait time.Duration // 5 s: how long a question may wait for a height
	Pause    time.Duration // 1 s: before a database that failed is tried again
	Made     bool          // only a read model that this release has made is opened: [ErrOther]

	Observer Observer
	Log      *slog.Logger
}

// Observer is told what happens; a nil func is not called. The funcs MUST NOT block.
type Observer struct {
	// Height: the database has so many blocks.
	Height func(height uint64)
	// Applied: blocks are in the database; took is the time from the arrival of the newest of them.
	Applied func(blocks, writes int, took time.Duration)
	// Parked: how many records and transactions could not be turned into rows.
	Parked func(n int)
	// Unknown: how many writes were of kinds that the catalogue does not have.
	Unknown func(n int64)
	// Stuck: blocks cannot be applied (true), or can again.
	Stuck func(bool)
	// Sampled: rows were held against the ledger; differ says how many were not the same.
	Sampled func(rows, differ int)
}

func (c Config) withDefaults() (Config, error) {
	if (c.SQLite == "") == (c.Postgres == "") {
		return c, errors.New("read model: either a SQLite file or a PostgreSQL URL must be given")
	}
	or(&c.Schema, "lifeledger")
	or(&c.Readers, 8)
	or(&c.Batch, 16_000)
	or(&c.LongWait, 5*time.Second)
	or(&c.Pause, time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}

func or[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}

// Model is the read model of one organisation. It is safe for concurrent use.
type Model struct {
	config Config
	store  *store

	mu       sync.Mutex
	prepared bool          // guarded by mu; the tables are there
	height   uint64        // guarded by mu; number of blocks that the database has
	moved    chan struct{} // guarded by mu; closed when height changes
	waiting  int           // guarded by mu; what is parked and nobody has looked at; -1: not known
}

// Open opens the database and makes its tables, where they are not there or are of
// another version; then the model is empty and is filled by [Model.Run]. A file
// that is no database any more is put aside: the ledger has what was in it. A
// server that is away is no error; Run tries it again.
func Open(ctx context.Context, c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := begin(ctx, c)
	if err != nil && c.SQLite != "" && !c.Made && damaged(err) {
		c.Log.Error("the read model's file is, or may be, damaged; it is put aside and made anew", "file", c.SQLite, "error", err)
		if err := putAside(c.SQLite); err != nil {
			return nil, err
		}
		return begin(ctx, c)
	}
	return m, err
}

func begin(ctx context.Context, c Config) (*Model, error) {
	if c.SQLite != "" {
		if err := believe(c.SQLite, !c.Made); err != nil {
			return nil, err
		}
	}
	s, err := openStore(c)
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, store: s, moved: make(chan struct{}), waiting: -1}
	if err := m.prepare(ctx); err != nil && (s.dialect == SQLite || ctx.Err() != nil || errors.Is(err, ErrOther)) {
		return nil, errors.Join(fmt.Errorf("read model: %w", err), s.close())
	} else if err != nil {
		c.Log.Error("the read model's database is away", "error", err)
	}
	return m, nil
}

// prepare makes the tables and learns the height, if that has not been done.
func (m *Model) prepare(ctx context.Context) error {
	m.mu.Lock()
	done := m.prepared
	m.mu.Unlock()
	if done {
		return nil
	}
	if err := m.store.prepare(ctx, m.config.Made); err != nil {
		return err
	}
	h, err := m.store.head(ctx, m.store.reader)
	if err != nil {
		return err
	}
	m.reached(h.height)
	m.mu.Lock()
	m.prepared = true
	m.mu.Unlock()
	return nil
}

// Reset empties the read model; [Model.Run] fills it again, from block 0 on.
func (m *Model) Reset(ctx context.Context) error {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	if err := m.store.reset(ctx); err != nil {
		return err
	}
	m.reached(0)
	return nil
}

// Close closes the database. Run must have ended.
func (m *Model) Close() error { return m.store.close() }

// Dialect is the kind of database.
func (m *Model) Dialect() Dialect { return m.store.dialect }

// DB is a pool for reading. What is read in more than one question is of one
// height only inside [Model.View].
func (m *Model) DB() *sql.DB { return m.store.reader }

// Height is the number of blocks that the database has, as a peer counts its
// chain's: a transaction of block n is seen at height n+1 and above.
func (m *Model) Height() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.height
}

// Changed gives the height, and a channel that is closed when it is another.
func (m *Model) Changed() (uint64, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.height, m.moved
}

// ErrBehind says that a height was not reached in the time that a question may wait for it.
var ErrBehind = errors.New("the read model has not reached that height yet")

// Wait waits until the database has at least that many blocks, for a bounded
// time; after it the answer is [ErrBehind].
func (m *Model) Wait(ctx context.Context, height uint64) error {
	timer := time.NewTimer(m.config.LongWait)
	defer timer.Stop()
	for {
		now, moved := m.Changed()
		if now >= height {
			return nil
		}
		select {
		case <-moved:
		case <-timer.C:
			return fmt.Errorf("%w: it has %d blocks, not %d", ErrBehind, now, height)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// At is the state of the ledger that a [Model.View] sees.
type At struct {
	Height uint64
	Time   string // of the newest transaction; "" if there is none
}

// View reads one state of the ledger, however many questions do asks and whatever
// is being written meanwhile.
func (m *Model) View(ctx context.Context, do func(tx *sql.Tx, at At) error) error {
	options := &sql.TxOptions{ReadOnly: m.store.dialect == Postgres}
	if options.ReadOnly {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := m.store.reader.BeginTx(ctx, options)
	if err != nil {
		return away(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	h, err := m.store.head(ctx, tx) // which in SQLite fixes what is seen
	if err != nil {
		return away(ctx, err)
	}
	return do(tx, At{h.height, h.time})
}

// ErrAway says that the database cannot be reached, or is not prepared yet.
var ErrAway = errors.New("the read model's database cannot be read")

func away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// reached tells all who wait that the database has so many blocks.
func (m *Model) reached(height uint64) {
	if m.config.Observer.Height != nil {
		m.config.Observer.Height(height)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if height != m.height {
		m.height = height
		close(m.moved)
		m.moved = make(chan struct{})
	}
}
