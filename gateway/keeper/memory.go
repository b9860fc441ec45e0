package keeper

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// schema: due has a row for each shipment of which something is expected: at is
// when it falls due ("": the ledger is to be asked), next when to attend to it.
const schema = `
CREATE TABLE IF NOT EXISTS due (
	shipment TEXT PRIMARY KEY,
	at       TEXT NOT NULL,
	next     INTEGER NOT NULL,
	tries    INTEGER NOT NULL,
	version  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS due_next ON due(next);
CREATE TABLE IF NOT EXISTS seen (one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL);
`

// most bounds the rows: beyond it, shipments are left to people.
const most = 100_000

// row is one shipment that is attended to.
type row struct {
	shipment string
	at       string
	next     time.Time
	tries    int
	version  int64 // moved on by every event
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
func (m *memory) note(ctx context.Context, shipment string, block uint64) error {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if shipment != "" {
		_, err := tx.ExecContext(ctx, `INSERT INTO due (shipment, at, next, tries) SELECT ?, '', 0, 0 WHERE (SELECT count(*) FROM due) < ? OR EXISTS (SELECT 1 FROM due WHERE shipment = ?)
			ON CONFLICT(shipment) DO UPDATE SET at = '', next = 0, tries = 0, version = version + 1`, shipment, most, shipment)
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
	rows, err := m.db.QueryContext(ctx, `SELECT shipment, at, next, tries, version FROM due WHERE next <= ? ORDER BY next, shipment LIMIT ?`, now.UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var r row
		var next int64
		if err := rows.Scan(&r.shipment, &r.at, &next, &r.tries, &r.version); err != nil {
			return nil, err
		}
		r.next = time.UnixMilli(next)
		out = append(out, r)
	}
	return out, rows.Err()
}

// keep stores when to attend to a shipment next, and drop forgets it; neither
// when an event came meanwhile: then it is looked at once more.
func (m *memory) keep(ctx context.Context, r row) error {
	_, err := m.db.ExecContext(ctx, `UPDATE due SET at = ?, next = ?, tries = ? WHERE shipment = ? AND version = ?`, r.at, max(r.next.UnixMilli(), 0), r.tries, r.shipment, r.version)
	return err
}

func (m *memory) drop(ctx context.Context, r row) error {
	_, err := m.db.ExecContext(ctx, `DELETE FROM due WHERE shipment = ? AND version = ?`, r.shipment, r.version)
	return err
}
