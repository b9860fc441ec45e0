package projection

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Installed is a part in the tree of a machine at a moment.
type Installed struct {
	ComponentID string       `json:"componentId"`
	MachineID   string       `json:"machineId"` // in which it was installed
	SlotID      string       `json:"slotId"`
	Depth       int          `json:"depth"` // 1: in the machine itself
	Since       measure.Time `json:"since"`
}

// The bounds of a tree, which are those of the ledger.
const (
	deepest  = 8
	mostPart = 20_000
)

// AsOf answers what was so at a moment. Inside [Model.View] all its answers are of
// one height.
type AsOf struct {
	store *store
	from  interface {
		queryer
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

// In gives what answers inside one view.
func (m *Model) In(tx *sql.Tx) AsOf { return AsOf{m.store, tx} }

// Present is a moment at which everything is as it is now.
const Present measure.Time = "9999-12-31T23:59:59.999Z"

// Tree is [AsOf.Tree] of the newest state.
func (m *Model) Tree(ctx context.Context, machineID string, at measure.Time) ([]Installed, error) {
	return AsOf{m.store, m.store.reader}.Tree(ctx, machineID, at)
}

// OutermostAt is [AsOf.Outermost] of the newest state.
func (m *Model) OutermostAt(ctx context.Context, componentID string, at measure.Time) (string, error) {
	return AsOf{m.store, m.store.reader}.Outermost(ctx, componentID, at)
}

// OwnerAt is [AsOf.Owner] of the newest state.
func (m *Model) OwnerAt(ctx context.Context, componentID string, at measure.Time) (string, error) {
	return AsOf{m.store, m.store.reader}.Owner(ctx, componentID, at)
}

// Tree gives the parts of a machine, and of its parts, as they were at a moment, by
// depth, machine and slot.
func (m AsOf) Tree(ctx context.Context, machineID string, at measure.Time) (parts []Installed, err error) {
	const then = `"from" <= ? AND (until IS NULL OR until > ?)`
	text := m.store.sql(`WITH RECURSIVE tree (component_id, machine_id, slot_id, since, depth) AS (
		SELECT component_id, machine_id, slot_id, "from", 1 FROM installations WHERE machine_id = ? AND ` + then + `
		UNION ALL
		SELECT i.component_id, i.machine_id, i.slot_id, i."from", tree.depth + 1 FROM installations i JOIN tree ON i.machine_id = tree.component_id
		WHERE tree.depth < ? AND i."from" <= ? AND (i.until IS NULL OR i.until > ?)
	) SELECT component_id, machine_id, slot_id, since, depth FROM tree ORDER BY depth, machine_id, slot_id, component_id LIMIT ?`)
	rows, err := m.from.QueryContext(ctx, text, machineID, string(at), string(at), deepest, string(at), string(at), mostPart)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Installed
		if err := rows.Scan(&p.ComponentID, &p.MachineID, &p.SlotID, &p.Since, &p.Depth); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// Outermost is the machine in which a component was at a moment, through all
// machines between; the component itself if it was in none.
func (m AsOf) Outermost(ctx context.Context, componentID string, at measure.Time) (string, error) {
	for range deepest {
		var machine string
		err := m.from.QueryRowContext(ctx, m.store.sql(`SELECT machine_id FROM installations WHERE component_id = ? AND "from" <= ? AND (until IS NULL OR until > ?)`),
			componentID, string(at), string(at)).Scan(&machine)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return "", err
		}
		componentID = machine
	}
	return componentID, nil
}

// Owner is who owned a component at a moment: while it is installed, who owned
// the outermost machine. "": it had not been announced yet.
func (m AsOf) Owner(ctx context.Context, componentID string, at measure.Time) (string, error) {
	outermost, err := m.Outermost(ctx, componentID, at)
	if err != nil {
		return "", err
	}
	return m.one(ctx, `SELECT owner FROM ownerships WHERE component_id = ? AND "from" <= ? AND (until IS NULL OR until > ?)`, outermost, string(at), string(at))
}

// CustodianAt is who had custody of a shipment, or of a part that was split off it,
// at a moment. "": nobody had, as the terms count it.
func (m *Model) CustodianAt(ctx context.Context, shipmentID, partID string, at measure.Time) (string, error) {
	return m.one(ctx, `SELECT custodian FROM custodies WHERE shipment_id = ? AND coalesce(part_id, '') = ? AND "from" <= ? AND (until IS NULL OR until > ?) ORDER BY number DESC LIMIT 1`,
		shipmentID, partID, string(at), string(at))
}

func (m *Model) one(ctx context.Context, text string, args ...any) (string, error) {
	return AsOf{m.store, m.store.reader}.one(ctx, text, args...)
}

// one reads one text; "" if there is no row.
func (m AsOf) one(ctx context.Context, text string, args ...any) (found string, err error) {
	err = m.from.QueryRowContext(ctx, m.store.sql(text), args...).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return found, err
}

// Recorded is a record as it was at a moment, and the transaction that made it so.
type Recorded struct {
	Record  catalogue.Record
	Key     string // as in ledger_key
	Version Version
}

// Records are those of the keys that there were at a moment, as they were then.
func (m AsOf) Records(ctx context.Context, keys []string, at measure.Time) (all []Recorded, err error) {
	for some := range slices.Chunk(keys, 200) {
		places := strings.TrimSuffix(strings.Repeat("?, ", len(some)), ", ")
		args := make([]any, 0, 2*len(some)+1)
		for range 2 {
			for _, key := range some {
				args = append(args, key)
			}
		}
		text := m.store.sql(`SELECT w."key", w.document, w.block, w.number, t.id, t.time, t.submitter, t.function FROM (
				SELECT "key", document, block, number FROM ledger_records WHERE "key" IN (` + places + `)
				UNION ALL SELECT "key", document, block, number FROM ledger_versions WHERE "key" IN (` + places + `)
			) w JOIN ledger_transactions t ON t.block = w.block AND t.number = w.number
			WHERE t.time <= ? ORDER BY w."key", w.block DESC, w.number DESC`)
		if all, err = m.newest(ctx, all, text, append(args, string(at))); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// newest adds the first version of each key that is read, unless it is a removal.
func (m AsOf) newest(ctx context.Context, all []Recorded, text string, args []any) ([]Recorded, error) {
	rows, err := m.from.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	last := ""
	for rows.Next() {
		var r Recorded
		var block, number int64
		if err := rows.Scan(&r.Key, &r.Record.Document, &block, &number, &r.Version.Transaction, &r.Version.Time, &r.Version.Submitter, &r.Version.Function); err != nil {
			return nil, err
		}
		if r.Key == last {
			continue
		}
		last = r.Key
		kind, attributes, ok := catalogue.ParseKeyText(r.Key)
		if r.Record.Document == nil || !ok {
			continue
		}
		r.Record.Kind, r.Record.Attributes, r.Version.Block, r.Version.Number = kind, attributes, uint64(block), uint64(number)
		all = append(all, r)
	}
	return all, rows.Err()
}
