package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// telling is a change of hands, of slot or of custody, as the blocks tell it.
type telling struct {
	subject, value string
	at             measure.Time
}

// TestAsOfAnyMoment: what the intervals say of each moment at which something
// changed, and of the millisecond before, is what the blocks say, counted one by one.
func TestAsOfAnyMoment(t *testing.T) {
	blocks := story(t)
	var owners, places, custody []telling
	for _, b := range blocks {
		for _, x := range b.Transactions {
			for _, w := range x.Writes {
				kind, attributes, _ := splitKey(w.Key)
				switch kind {
				case "component.event":
					var e component.LifeEvent
					read(t, w.Value, &e)
					owners = append(owners, telling{e.ComponentID, e.Owner, e.At})
				case "placement":
					var p assembly.Placement
					read(t, w.Value, &p)
					places = append(places, telling{attributes[0], p.MachineID, p.Since})
				case "shipment":
					var s shipment.Shipment
					read(t, w.Value, &s)
					if n := len(s.Custody); n > 0 && s.LostAt == "" {
						custody = append(custody, telling{s.ShipmentID, s.Custody[n-1].Custodian, s.Custody[n-1].From})
					}
				}
			}
		}
	}
	if len(owners) == 0 || len(places) == 0 || len(custody) == 0 {
		t.Fatalf("the stories tell of %d ownerships, %d placements, %d custodies", len(owners), len(places), len(custody))
	}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		if err := m.Index(t.Context()); err != nil {
			t.Fatal(err)
		}
		const some = 60 // of each, spread over the chain
		for _, o := range spread(owners, some) {
			machine, err := m.OutermostAt(t.Context(), o.subject, o.at)
			if err != nil {
				t.Fatal(err)
			}
			if machine != o.subject {
				continue // its owner is the machine's
			}
			if got, err := m.OwnerAt(t.Context(), o.subject, o.at); err != nil || got != lastOf(owners, o.subject, o.at) {
				t.Errorf("at %s %s is owned by %q, not %q; %v", o.at, o.subject, got, lastOf(owners, o.subject, o.at), err)
			}
			if got, err := m.OwnerAt(t.Context(), o.subject, firstOf(owners, o.subject).Add(-1)); err != nil || got != "" {
				t.Errorf("before it was announced %s is owned by %q; %v", o.subject, got, err)
			}
		}
		for _, p := range spread(places, some) {
			for _, at := range []measure.Time{p.at, p.at.Add(-1)} {
				want := lastOf(places, p.subject, at)
				got, err := m.one(t.Context(), `SELECT machine_id FROM installations WHERE component_id = ? AND "from" <= ? AND (until IS NULL OR until > ?)`, p.subject, string(at), string(at))
				if err != nil || got != want {
					t.Errorf("at %s %s is in %q, not %q; %v", at, p.subject, got, want, err)
				}
				if want == "" {
					continue
				}
				tree, err := m.Tree(t.Context(), want, at)
				if err != nil || !slices.ContainsFunc(tree, func(i Installed) bool { return i.ComponentID == p.subject && i.MachineID == want && i.Depth == 1 }) {
					t.Errorf("at %s the tree of %s has no %s: %v, %v", at, want, p.subject, tree, err)
				}
			}
		}
		for _, c := range spread(custody, some) {
			if got, err := m.CustodianAt(t.Context(), c.subject, "", c.at); err != nil || got == "" {
				t.Errorf("at %s nobody has %s: %q, %v", c.at, c.subject, got, err)
			}
		}
		overlaps(t, m, "ownerships", "component_id")
		overlaps(t, m, "installations", "component_id")
		overlaps(t, m, "hold_periods", `component_id || '/' || "holder"`)
	})
}

func read(t *testing.T, document []byte, into any) {
	t.Helper()
	if document == nil {
		return
	}
	if err := json.Unmarshal(document, into); err != nil {
		t.Fatal(err)
	}
}

func spread(all []telling, n int) (some []telling) {
	for i := range min(n, len(all)) {
		some = append(some, all[i*len(all)/min(n, len(all))])
	}
	return some
}

// lastOf is the value that the last change until a moment gave.
func lastOf(all []telling, subject string, at measure.Time) (value string) {
	for _, c := range all {
		if c.subject == subject && c.at <= at {
			value = c.value
		}
	}
	return value
}

func firstOf(all []telling, subject string) measure.Time {
	for _, c := range all {
		if c.subject == subject {
			return c.at
		}
	}
	return ""
}

// overlaps holds the intervals of each subject to be one after the other.
func overlaps(t *testing.T, m *Model, table, subject string) {
	t.Helper()
	var n int
	text := fmt.Sprintf(`SELECT count(*) FROM (SELECT %[2]s AS who, number, "from", until, lead("from") OVER (PARTITION BY %[2]s ORDER BY number) AS next FROM %[1]s) i
		WHERE until < "from" OR next IS NOT NULL AND (until IS NULL OR until > next)`, table, subject)
	if err := m.DB().QueryRowContext(t.Context(), text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		t.Errorf("%d intervals of %s overlap the next", n, table)
	}
	if rows := count(t, m, table); rows == 0 {
		t.Errorf("%s has no rows", table)
	}
}

// A tree goes through several machines, and a removal closes what it removed.
func TestATreeThroughMachines(t *testing.T) {
	place := func(part, machine, slot, since string) []byte {
		b, _ := json.Marshal(assembly.Placement{ComponentID: part, MachineID: machine, SlotID: slot, Since: measure.Time(since)})
		return append([]byte(`{"docType":"placement",`), b[1:]...)
	}
	const one, two, three = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"
	put := func(part string, document []byte) fabric.Write {
		return fabric.Write{Key: "\x00placement\x00" + part + "\x00", Value: document, Removed: document == nil}
	}
	chain := link(nil,
		writes(put("pump", place("pump", "truck", "s1", one)), put("seal", place("seal", "pump", "s9", one))),
		writes(put("seal", place("seal", "", "", two))),
		writes(put("pump", nil), put("seal", place("seal", "truck", "s2", three))),
	)
	for i := range chain[2].Transactions {
		chain[2].Transactions[i].Time = chain[2].Transactions[i].Time.AddDate(0, 2, 0)
	}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), chain...); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[measure.Time]string{
			"2025-12-31T23:59:59.999Z": "", one: "1 pump s1, 2 seal s9", "2026-01-31T23:59:59.999Z": "1 pump s1, 2 seal s9", two: "1 pump s1", "2026-03-02T00:00:00.000Z": "1 seal s2",
		} {
			tree, err := m.Tree(t.Context(), "truck", at)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, p := range tree {
				if i > 0 {
					got += ", "
				}
				got += fmt.Sprintf("%d %s %s", p.Depth, p.ComponentID, p.SlotID)
			}
			if got != want {
				t.Errorf("at %s: %q, not %q", at, got, want)
			}
		}
		if outermost, err := m.OutermostAt(t.Context(), "seal", one); err != nil || outermost != "truck" {
			t.Errorf("the seal was in %q, %v", outermost, err)
		}
	})
}
