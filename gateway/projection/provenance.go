package projection

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Version is one write of a record, by the transaction that made it.
type Version struct {
	Block       uint64
	Number      uint64 // of the transaction in the block; with Block, the version that the peers check reads against
	Transaction string
	Time        string
	Submitter   string // MSP id
	Function    string // "contract:Transaction"
	Removed     bool   // the record ended with it
}

// Origin is what is behind a record: the transaction that wrote it as it is, and
// those that wrote what it was before.
type Origin struct {
	Key     string
	Kind    string
	Found   bool // false: there is no such record now; Earlier may say what was
	Present Version
	SHA256  string    // hexadecimal, of the stored document
	Earlier []Version // newest first
	More    bool      // there are still earlier ones
}

// earlierMost bounds how many earlier versions an origin names.
const earlierMost = 50

// Explain says where records come from, at one height. Keys are those of the
// column ledger_key.
func (m *Model) Explain(ctx context.Context, keys []string) (at At, origins []Origin, err error) {
	err = m.View(ctx, func(tx *sql.Tx, seen At) error {
		at = seen
		for _, key := range keys {
			o, err := m.origin(ctx, tx, key)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			origins = append(origins, o)
		}
		return nil
	})
	return at, origins, err
}

func (m *Model) origin(ctx context.Context, tx *sql.Tx, key string) (Origin, error) {
	o := Origin{Key: key}
	var document []byte
	var block, number int64
	err := tx.QueryRowContext(ctx, m.store.sql(`SELECT r.kind, r.document, r.block, r.number, t.id, t.time, t.submitter, t.function
		FROM ledger_records r JOIN ledger_transactions t ON t.block = r.block AND t.number = r.number WHERE r."key" = ?`), key).
		Scan(&o.Kind, &document, &block, &number, &o.Present.Transaction, &o.Present.Time, &o.Present.Submitter, &o.Present.Function)
	if err == nil {
		sum := sha256.Sum256(document)
		o.Found, o.SHA256, o.Present.Block, o.Present.Number = true, hex.EncodeToString(sum[:]), uint64(block), uint64(number)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return o, err
	}
	rows, err := tx.QueryContext(ctx, m.store.sql(`SELECT v.kind, v.document IS NULL, v.block, v.number, t.id, t.time, t.submitter, t.function
		FROM ledger_versions v JOIN ledger_transactions t ON t.block = v.block AND t.number = v.number
		WHERE v."key" = ? ORDER BY v.block DESC, v.number DESC LIMIT ?`), key, earlierMost+1)
	if err != nil {
		return o, err
	}
	defer rows.Close()
	for rows.Next() {
		var v Version
		if err := rows.Scan(&o.Kind, &v.Removed, &block, &number, &v.Transaction, &v.Time, &v.Submitter, &v.Function); err != nil {
			return o, err
		}
		v.Block, v.Number = uint64(block), uint64(number)
		o.Earlier = append(o.Earlier, v)
	}
	if o.More = len(o.Earlier) > earlierMost; o.More {
		o.Earlier = o.Earlier[:earlierMost]
	}
	return o, rows.Err()
}

// RecordAt is a record as it was at a moment: the document that the last
// transaction until then wrote. Not found: there was none.
func (m *Model) RecordAt(ctx context.Context, key, moment string) (document []byte, v Version, found bool, err error) {
	var block, number int64
	err = m.store.reader.QueryRowContext(ctx, m.store.sql(`SELECT w.document, w.block, w.number, t.id, t.time, t.submitter, t.function FROM (
			SELECT document, block, number FROM ledger_records WHERE "key" = ?
			UNION ALL SELECT document, block, number FROM ledger_versions WHERE "key" = ?
		) w JOIN ledger_transactions t ON t.block = w.block AND t.number = w.number
		WHERE t.time <= ? ORDER BY w.block DESC, w.number DESC LIMIT 1`), key, key, moment).
		Scan(&document, &block, &number, &v.Transaction, &v.Time, &v.Submitter, &v.Function)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Version{}, false, nil
	}
	v.Block, v.Number, v.Removed = uint64(block), uint64(number), document == nil
	return document, v, err == nil && document != nil, err
}

// BlocksOf says in which block each of the transactions is. One that is not among
// the valid ones, or that the read model has not come to yet, is left out.
func (m *Model) BlocksOf(ctx context.Context, transactions []string) (map[string]uint64, error) {
	found := make(map[string]uint64, len(transactions))
	for some := range slices.Chunk(transactions, 500) {
		ids := make([]any, len(some))
		for i, id := range some {
			ids[i] = id
		}
		places := strings.TrimSuffix(strings.Repeat("?, ", len(ids)), ", ")
		rows, err := m.store.reader.QueryContext(ctx, m.store.sql(`SELECT id, block FROM ledger_transactions WHERE id IN (`+places+`)`), ids...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id string
			var block int64
			if err := rows.Scan(&id, &block); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			found[id] = uint64(block)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return found, nil
}
