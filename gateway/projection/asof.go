package projection

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Installed is a part in the tree of a machine at a moment.
type Installed struct {
	ComponentID string
	MachineID   string // in which it was installed
	SlotID      string
	Depth       int // 1: in the machine itself
	Since       measure.Time
}

// The bounds of a tree, which are those of the ledger.
const (
	deepest  = 8
	mostPart = 20_000
)

// Tree gives the parts of a machine, and of its parts, as they were at a moment, by
// depth, machine and slot.
func (m *Model) Tree(ctx context.Context, machineID string, at measure.Time) (parts []Installed, err error) {
	const then = `"from" <= ? AND (until IS NULL OR until > ?)`
	text := m.store.sql(`WITH RECURSIVE tree (component_id, machine_id, slot_id, since, depth) AS (
		SELECT component_id, machine_id, slot_id, "from", 1 FROM installations WHERE machine_id = ? AND ` + then + `
		UNION ALL
		SELECT i.component_id, i.machine_id, i.slot_id, i."from", tree.depth + 1 FROM installations i JOIN tree ON i.machine_id = tree.component_id
		WHERE tree.depth < ? AND i."from" <= ? AND (i.until IS NULL OR i.until > ?)
	) SELECT component_id, machine_id, slot_id, since, depth FROM tree ORDER BY depth, machine_id, slot_id, component_id LIMIT ?`)
	rows, err := m.store.reader.QueryContext(ctx, text, machineID, string(at), string(at), deepest, string(at), string(at), mostPart)
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

// OutermostAt is the machine in which a component was at a moment, through all
// machines between; the component itself if it was in none.
func (m *Model) OutermostAt(ctx context.Context, componentID string, at measure.Time) (string, error) {
	for range deepest {
		var machine string
		err := m.store.reader.QueryRowContext(ctx, m.store.sql(`SELECT machine_id FROM installations WHERE component_id = ? AND "from" <= ? AND (until IS NULL OR until > ?)`),
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

// OwnerAt is who owned a component at a moment: while it is installed, who owned
// the outermost machine. "": it had not been announced yet.
func (m *Model) OwnerAt(ctx context.Context, componentID string, at measure.Time) (string, error) {
	outermost, err := m.OutermostAt(ctx, componentID, at)
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

// one reads one text; "" if there is no row.
func (m *Model) one(ctx context.Context, text string, args ...any) (found string, err error) {
	err = m.store.reader.QueryRowContext(ctx, m.store.sql(text), args...).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return found, err
}
