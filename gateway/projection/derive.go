package projection

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// What no record says by itself is derived: from when until when something was so.
//
// A part derivation makes rows of one record alone, which are replaced with it.
var parts = []struct {
	entity, kind string
	rows         func(document []byte) ([]map[string]any, error)
}{
	{"custodies", "shipment", custodies},
}

// ofParts are the entities of part derivations.
var ofParts = func() map[string]bool {
	names := make(map[string]bool)
	for _, p := range parts {
		names[p.entity] = true
	}
	return names
}()

// An interval derivation follows one value of a subject through all versions of
// some records: a row begins when the value becomes another, and ends when the
// next begins or the record is removed.
type interval struct {
	entity, kind string
	subject      func(attributes []string) string // of the record's key
	read         func(document []byte) (moment, error)
}

var intervals = []interval{
	{"ownerships", "component.event", first, ownership},
	{"installations", "placement", whole, installation},
	{"hold-periods", "component.hold", whole, hold},
	{"delegation-periods", "component.delegation", whole, delegation},
	{"recall-periods", "component.recall", whole, recall},
}

// first: the records that begin with the same attribute are about the same subject.
func first(attributes []string) string { return attributes[0] }

// whole: each record is about a subject of its own.
func whole(attributes []string) string { return catalogue.KeyText("", attributes...) }

// moment is what a record says about its subject: what is so from then on. No
// value: nothing is.
type moment struct {
	value  string
	at     string         // "": the transaction's time
	fields map[string]any // of the row, beside number, from and until; with no value, of the row that ends
}

func (m moment) storable(e catalogue.Entity) bool {
	for i := range e.Fields {
		if storable(&e.Fields[i], m.fields[e.Fields[i].Name]) != nil {
			return false
		}
	}
	return true
}

// followed are the interval derivations by the kind of record that they read.
var followed = func() map[string]*interval {
	kinds := make(map[string]*interval)
	for i := range intervals {
		kinds[intervals[i].kind] = &intervals[i]
	}
	return kinds
}()

// move is what one write says about one subject.
type move struct {
	*stamp
	moment
	of       *change // of whose record it is a version
	document []byte  // none: removed
	subject  string
	says     bool
}

// newest says that a move is of the version that the record has after the batch.
func (b *batch) newest(m *move) bool { return m == &b.moves[m.of.move] }

// readMove finds out what a write says. What is parked as a record moves nothing: of the
// newest version that is known when the records have been read, too.
func (b *batch) readMove(m *move) {
	if m.read(); m.says && m.document != nil && !b.newest(m) {
		version := change{stamp: m.stamp, record: m.of.record}
		version.record.Document = m.document
		new(sheet).read(&version)
		m.says = version.problem == ""
	}
}

// read finds out what a write says about its subject.
func (m *move) read() {
	derivation := m.of.interval
	m.subject = derivation.subject(m.of.record.Attributes)
	if m.document != nil {
		var err error
		e, _ := catalogue.Find(derivation.entity)
		if m.moment, err = derivation.read(m.document); err != nil || !m.storable(e) {
			return
		}
	}
	if m.at == "" {
		m.at = m.Time
	}
	m.says = true
}

// derived gives the rows that are made of one record alone.
func derived(r catalogue.Record, do func(e *catalogue.Entity, row catalogue.Row) error) error {
	for _, p := range parts {
		if p.kind != r.Kind {
			continue
		}
		e, ok := catalogue.Find(p.entity)
		if !ok {
			continue
		}
		found, err := p.rows(r.Document)
		if err != nil {
			return fmt.Errorf("%s: %w", p.entity, err)
		}
		for i, fields := range found {
			if err := do(&e, catalogue.Row{ID: catalogue.RowID(r.ID, i), Values: valuesOf(e, fields)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// valuesOf puts the fields into the order of the entity, from the first who has them;
// an empty text is lacking.
func valuesOf(e catalogue.Entity, from ...map[string]any) []any {
	values := make([]any, len(e.Fields))
	for i := range e.Fields {
		var found any
		for _, fields := range from {
			if v, ok := fields[e.Fields[i].Name]; ok {
				found = v
				break
			}
		}
		switch v := found.(type) {
		case float64: // a number that was remembered
			values[i] = int64(v)
		case string:
			if v != "" {
				values[i] = v
			}
		default:
			values[i] = v
		}
	}
	return values
}

// custodies are those of a shipment, then those of its parts from the split on.
func custodies(document []byte) (all []map[string]any, err error) {
	var s shipment.Shipment
	if err := json.Unmarshal(document, &s); err != nil {
		return nil, err
	}
	add := func(part string, custody []shipment.Custody, end string) {
		for i, c := range custody {
			until := end
			if i+1 < len(custody) {
				until = string(custody[i+1].From)
			}
			all = append(all, map[string]any{
				"shipmentId": s.ShipmentID, "partId": part, "number": int64(i), "custodian": c.Custodian, "from": string(c.From), "until": until,
				"occurredAt": string(c.OccurredAt), "recordedAt": string(c.RecordedAt), "delivered": c.Delivered, "leg": int64(c.Leg),
			})
		}
	}
	add("", s.Custody, string(s.LostAt))
	for _, p := range s.Parts {
		end := string(p.JoinedAt)
		if end == "" {
			end = string(s.LostAt)
		}
		add(p.PartID, p.Custody, end)
	}
	return all, nil
}

func ownership(document []byte) (moment, error) {
	found, err := catalogue.TextsOf(document, "owner", "at", "componentId")
	if err != nil {
		return moment{}, err
	}
	return moment{found[0], found[1], map[string]any{"componentId": found[2], "owner": found[0]}}, nil
}

func installation(document []byte) (moment, error) {
	var p assembly.Placement
	if err := json.Unmarshal(document, &p); err != nil || p.MachineID == "" {
		return moment{at: string(p.Since)}, err
	}
	return moment{catalogue.KeyText(p.MachineID, p.SlotID), string(p.Since), map[string]any{
		"componentId": p.ComponentID, "machineId": p.MachineID, "slotId": p.SlotID,
	}}, nil
}

func hold(document []byte) (moment, error) {
	var h component.Hold
	if err := json.Unmarshal(document, &h); err != nil || !h.Active {
		return moment{at: string(h.ReleasedAt), fields: map[string]any{"releasedBy": h.ReleasedBy, "releaseReason": h.ReleaseReason}}, err
	}
	return moment{strconv.FormatUint(h.Number, 10), string(h.PlacedAt), map[string]any{
		"componentId": h.ComponentID, "holder": string(h.Holder), "kind": string(h.Kind), "reason": h.Reason, "by": h.By,
	}}, nil
}

// delegation: uses do not change what it is.
func delegation(document []byte) (moment, error) {
	var d authority.Delegation
	if err := json.Unmarshal(document, &d); err != nil {
		return moment{}, err
	}
	by, at := d.Owner, d.GrantedAt
	if d.Status == authority.Revoked {
		by, at = d.RevokedBy, d.ChangedAt
	}
	return moment{catalogue.KeyText(string(d.Status), strconv.FormatUint(d.Number, 10)), string(at), map[string]any{
		"componentId": d.ComponentID, "delegationId": d.DelegationID, "status": string(d.Status), "tenure": int64(d.Tenure), "grant": int64(d.Number),
		"by": by, "till": string(d.Till), "reason": d.RevokedFor,
	}}, nil
}

func recall(document []byte) (moment, error) {
	var r component.Recall
	if err := json.Unmarshal(document, &r); err != nil || !r.Active {
		return moment{at: string(r.ReleasedAt), fields: map[string]any{"releaseReason": r.ReleaseReason}}, err
	}
	return moment{strconv.FormatUint(r.Number, 10), string(r.IssuedAt), map[string]any{
		"manufacturer": r.Manufacturer, "partNumber": r.PartNumber, "lot": r.Lot, "reason": r.Reason,
	}}, nil
}
