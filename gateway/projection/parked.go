package projection

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// Parked is a record whose present version could not be turned into rows, or a
// transaction that could not be read. It holds nothing up: the blocks after it are
// applied, and a later version of the record takes it off the list by itself.
type Parked struct {
	ID         string // the record's key, or "transaction/block/number"
	Kind       string // of record; "" for a transaction
	Block      uint64
	Number     uint64 // of the transaction in the block
	Reason     string
	AcceptedBy string // who has looked at it and goes on without it; "": nobody yet
	AcceptedAt string
}

// ErrNotParked says that nothing of that id is parked.
var ErrNotParked = errors.New("nothing of that id is parked")

// Parked lists what is parked, by id, from after the given one on.
func (m *Model) Parked(ctx context.Context, after string, limit int) (all []Parked, err error) {
	text := m.store.sql(`SELECT id, kind, block, number, reason, coalesce(accepted_by, ''), coalesce(accepted_at, '') FROM ledger_parked WHERE id > ? ORDER BY id LIMIT ?`)
	rows, err := m.store.reader.QueryContext(ctx, text, after, limit)
	if err != nil {
		return nil, away(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Parked
		var block, number int64
		if err := rows.Scan(&p.ID, &p.Kind, &block, &number, &p.Reason, &p.AcceptedBy, &p.AcceptedAt); err != nil {
			return nil, err
		}
		p.Block, p.Number = uint64(block), uint64(number)
		all = append(all, p)
	}
	return all, rows.Err()
}

// Accept notes that somebody has looked at what is parked and goes on without it:
// it stays on the list, and no longer raises the alarm.
func (m *Model) Accept(ctx context.Context, id, by string) error {
	text := m.store.sql(`UPDATE ledger_parked SET accepted_by = ?, accepted_at = ? WHERE id = ?`)
	done, err := m.store.writer.ExecContext(ctx, text, by, time.Now().UTC().Format(timeForm), id)
	if err != nil {
		return away(ctx, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrNotParked, err)
	}
	return m.countParked(ctx)
}

// countParked counts what nobody has looked at yet.
func (m *Model) countParked(ctx context.Context) error {
	var n int
	if err := m.store.reader.QueryRowContext(ctx, `SELECT count(*) FROM ledger_parked WHERE accepted_by IS NULL`).Scan(&n); err != nil {
		return err
	}
	m.mu.Lock()
	m.waiting = n
	m.mu.Unlock()
	if m.config.Observer.Parked != nil {
		m.config.Observer.Parked(n)
	}
	return nil
}

// Status is how the read model is.
type Status struct {
	Dialect Dialect
	Height  uint64
	Time    string // of the newest transaction
	Hash    []byte // of the newest block
	Indexed bool   // false while the first replay goes on: answers are slow
	Parked  int    // what nobody has looked at yet
	Unknown []Unknown
}

// Unknown are the writes of a kind of record that the catalogue does not have: the
// chaincode is newer than the gateway.
type Unknown struct {
	Kind   string
	Writes int64
}

// Status reads how the read model is.
func (m *Model) Status(ctx context.Context) (Status, error) {
	s := Status{Dialect: m.store.dialect}
	err := m.View(ctx, func(tx *sql.Tx, at At) error {
		s.Height, s.Time = at.Height, at.Time
		if err := tx.QueryRowContext(ctx, `SELECT hash, indexed, (SELECT count(*) FROM ledger_parked WHERE accepted_by IS NULL) FROM read_model`).Scan(&s.Hash, &s.Indexed, &s.Parked); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT kind, writes FROM ledger_unknown ORDER BY kind LIMIT 100`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u Unknown
			if err := rows.Scan(&u.Kind, &u.Writes); err != nil {
				return err
			}
			s.Unknown = append(s.Unknown, u)
		}
		return rows.Err()
	})
	return s, err
}

// damaged reports that a file is no database, or is or may be a broken one.
func damaged(err error) bool {
	const corrupt, notDatabase = 11, 26 // SQLITE_CORRUPT, SQLITE_NOTADB
	var e *sqlite.Error
	return errors.Is(err, errUnsettled) || errors.As(err, &e) && (e.Code()&0xff == corrupt || e.Code()&0xff == notDatabase)
}

// putAside renames a database's files, so that a person can still look at them.
func putAside(path string) error {
	path = target(path)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := gone(path + suffix); err != nil {
			return err
		}
	}
	if err := os.Rename(path, strings.TrimSuffix(path, ".db")+".damaged"); err != nil {
		return err
	}
	return gone(path + unsettled) // last, or the file would be believed
}
