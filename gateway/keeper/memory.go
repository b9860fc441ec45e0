package keeper

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// schema: duty has a row for each subject of which something is expected: at is
// when it falls due ("": the ledger is to be asked), next when to attend to it.
const schema = `
CREATE TABLE IF NOT EXISTS duty (
	duty    TEXT NOT NULL,
	id      TEXT NOT NULL,
	at      TEXT NOT NULL,
	next    INTEGER NOT NULL,
	tries   INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (duty, id)
);
CREATE INDEX IF NOT EXISTS duty_next ON duty(next);
CREATE TABLE IF NOT EXISTS seen (one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL);
`

// before is what a memory from the time when there were only settlements becomes.
const before = `
INSERT OR IGNORE INTO duty (duty, id, at, next, tries, version) SELECT '` + settlement + `', shipment, at, next, tries, version FROM due;
DROP TABLE due;
`

// most bounds the rows: beyond it, subjects are left to people.
const most = 100_000

// subject is what a duty is about.
type subject struct {
	duty string
	id   string
}

// row is one subject that is attended to.
type row struct {
	subject
	at      string
	next    time.Time
	tries   int
	version int64 // moved on by every event
}

// memory is the keeper's SQLite file.
type memory struct{ db *sql.DB }

func openMemory(path string) (*memory, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	var old int
	err = db.QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'due'`).Scan(&old)
	if err == nil && old > 0 {
		_, err = db.Exec(before)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &memory{db}, nil
}

func (m *memory) close() error { return m.db.Close() }

// seen is the block from which on events are to be read.
func (m *memory) seen(ctx context.Context) (block uint64, err error) {
	err = m.db.QueryRowContext(ctx, `SELECT block FROM seen`).Scan(&block)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return block, err
}

// note remembers that a shipment changed, and up to which block that is known.
func (m *memory) note(ctx context.Context, about []subject, block uint64) error {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, x := range about {
		_, err := tx.ExecContext(ctx, `INSERT INTO duty (duty, id, at, next, tries) SELECT ?, ?, '', 0, 0 WHERE (SELECT count(*) FROM duty) < ? OR EXISTS (SELECT 1 FROM duty WHERE duty = ? AND id = ?)
			ON CONFLICT(duty, id) DO UPDATE SET at = '', next = 0, tries = 0, version = version + 1`, x.duty, x.id, most, x.duty, x.id)
		if err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO seen (one, block) VALUES (1, ?) ON CONFLICT(one) DO UPDATE SET block = excluded.block`, int64(block)); err != nil {
		return err
	}
	return tx.Commit()
}

// due lists what is to be attended to, the longest waiting first.
func (m *memory) due(ctx context.Context, now time.Time, limit int) ([]row, error) {
	rows, err := m.db.QueryContext(ctx, `SELECT duty, id, at, next, tries, version FROM duty WHERE next <= ? ORDER BY next, duty, id LIMIT ?`, now.UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var r row
		var next int64
		if err := rows.Scan(&r.duty, &r.id, &r.at, &next, &r.tries, &r.version); err != nil {
			return nil, err
		}
		r.next = time.UnixMilli(next)
		out = append(out, r)
	}
	return out, rows.Err()
}

// keep stores when to attend to a subject next, and drop forgets it; neither
// when an event came meanwhile: then it is looked at once more.
func (m *memory) keep(ctx context.Context, r row) error {
	_, err := m.db.ExecContext(ctx, `UPDATE duty SET at = ?, next = ?, tries = ? WHERE duty = ? AND id = ? AND version = ?`, r.at, max(r.next.UnixMilli(), 0), r.tries, r.duty, r.id, r.version)
	return err
}

func (m *memory) drop(ctx context.Context, r row) error {
	_, err := m.db.ExecContext(ctx, `DELETE FROM duty WHERE duty = ? AND id = ? AND version = ?`, r.duty, r.id, r.version)
	return err
}
