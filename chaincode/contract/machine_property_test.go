package contract_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// yard is a world of machines, in which anybody tries anything, and who keeps the
// books of it plainly: who owns what that lies about, and what is in what.
type yard struct {
	*world
	plant   *plant
	ids     []string
	owner   map[string]string // of what is in no machine
	in      map[string]string // machine of a part
	slot    map[string]string
	held    map[string]bool
	hours   map[string]int64 // newest total that was seen
	offered map[string]string
	moves   int
}

func newYard(t *testing.T, rt *rapid.T) *yard {
	w := &world{Ledger: founded(t), t: rt, auditor: audit.New(), shipments: map[string]*chronicle{}, keys: map[string]*scenario.Key{}, owners: map[string]string{}}
	w.Advance(24 * time.Hour)
	y := &yard{
		world: w, ids: []string{"m0", "m1", "m2", "p0", "p1", "p2", "p3"}, owner: map[string]string{}, in: map[string]string{}, slot: map[string]string{},
		held: map[string]bool{}, hours: map[string]int64{}, offered: map[string]string{},
	}
	y.plant = newPlantOn(w.Ledger, t)
	for i, id := range y.ids {
		y.plant.newKey(id)
		y.plant.register(id, "PART")
		y.owner[id] = maker.MSPID
		if i < 3 {
			y.plant.do(api.DefineSlotsTx, api.DefineSlots{MachineID: id, Slots: []assembly.SlotDefinition{{SlotID: "s0", PartNumbers: []string{"PART"}}, {SlotID: "s1", PartNumbers: []string{"PART"}}}})
		}
	}
	return y
}

func (y *yard) root(id string) string {
	for y.in[id] != "" {
		id = y.in[id]
	}
	return id
}

func (y *yard) ownerOf(id string) string { return y.owner[y.root(id)] }

func (y *yard) at(machine, slot string) string {
	for part, m := range y.in {
		if m == machine && y.slot[part] == slot {
			return part
		}
	}
	return ""
}

func (y *yard) machine() string { return draw(y.t, "machine", y.ids[:3]...) }

// who draws an actor, mostly the owner.
func (y *yard) who(owner string) ledgertest.Identity {
	i := slices.IndexFunc(actors, func(a ledgertest.Identity) bool { return a.MSPID == owner })
	if i < 0 || rapid.IntRange(0, 4).Draw(y.t, "anybody") == 0 {
		return y.actor()
	}
	return actors[i]
}

// part draws a part, mostly one that is in no machine.
func (y *yard) part(machine string) string {
	loose := slices.DeleteFunc(slices.Clone(y.ids), func(id string) bool { return y.in[id] != "" || id == machine })
	if len(loose) == 0 || rapid.IntRange(0, 4).Draw(y.t, "any part") == 0 {
		return draw(y.t, "part", y.ids...)
	}
	return draw(y.t, "loose part", loose...)
}

func (y *yard) install(*rapid.T) {
	m, s := y.machine(), draw(y.t, "slot", "s0", "s1")
	as, p := y.who(y.ownerOf(m)), y.part(m)
	may := as.MSPID == y.ownerOf(m) && y.in[p] == "" && y.owner[p] == as.MSPID && y.offered[p] == "" && !y.held[p] && y.at(m, s) == "" && y.root(m) != p
	if done := y.call(as, api.InstallPartsTx, api.InstallParts{MachineID: m, Parts: []assembly.Fill{{SlotID: s, ComponentID: p}}}, nil); done != may {
		y.t.Fatalf("%s put %s into %s of %s: %v, by the books %v", as.MSPID, p, s, m, done, may)
	} else if done {
		y.in[p], y.slot[p] = m, s
		y.moves++
	}
}

func (y *yard) remove(*rapid.T) {
	m, s := y.machine(), draw(y.t, "slot", "s0", "s1")
	as := y.who(y.ownerOf(m))
	p := y.at(m, s)
	if p == "" || rapid.IntRange(0, 5).Draw(y.t, "another") == 0 {
		p = draw(y.t, "part", y.ids...)
	}
	may := as.MSPID == y.ownerOf(m) && y.at(m, s) == p
	if done := y.call(as, api.RemovePartsTx, api.RemoveParts{MachineID: m, Parts: []assembly.Removal{{SlotID: s, ComponentID: p}}}, nil); done != may {
		y.t.Fatalf("%s took %s out of %s of %s: %v, by the books %v", as.MSPID, p, s, m, done, may)
	} else if done {
		y.owner[p] = y.ownerOf(m)
		delete(y.in, p)
		y.moves++
	}
}

func (y *yard) replace(*rapid.T) {
	m, s := y.machine(), draw(y.t, "slot", "s0", "s1")
	as, p := y.who(y.ownerOf(m)), y.part(m)
	old := y.at(m, s)
	if old == "" {
		return
	}
	may := as.MSPID == y.ownerOf(m) && y.in[p] == "" && y.owner[p] == as.MSPID && y.offered[p] == "" && !y.held[p] && y.root(m) != p
	if done := y.call(as, api.ReplacePartTx, api.ReplacePart{MachineID: m, SlotID: s, Removed: old, Installed: p}, nil); done != may {
		y.t.Fatalf("%s replaced %s by %s in %s of %s: %v, by the books %v", as.MSPID, old, p, s, m, done, may)
	} else if done {
		y.owner[old] = y.ownerOf(m)
		delete(y.in, old)
		y.in[p], y.slot[p] = m, s
		y.moves++
	}
}

func (y *yard) sell(*rapid.T) {
	p, to := draw(y.t, "part", y.ids...), y.actor()
	as := y.who(y.ownerOf(p))
	may := y.in[p] == "" && y.owner[p] == as.MSPID && y.offered[p] == "" && to != as && !y.held[p]
	if done := y.call(as, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: p, To: to.MSPID}, nil); done != may {
		y.t.Fatalf("%s offered %s: %v, by the books %v", as.MSPID, p, done, may)
	} else if done {
		y.offered[p] = to.MSPID
	}
	if rapid.Bool().Draw(y.t, "taken") && y.offered[p] != "" && y.call(to, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: p}, nil) {
		y.owner[p] = to.MSPID
		delete(y.offered, p)
	}
}

func (y *yard) hold(*rapid.T) {
	p := draw(y.t, "part", y.ids...)
	if y.held[p] {
		y.held[p] = !y.call(maker, api.ReleaseHoldTx, api.ReleaseHold{ComponentID: p, Holder: component.ByManufacturer, Reason: "well again"}, nil)
	} else {
		y.held[p] = y.call(maker, api.PlaceHoldTx, api.PlaceHold{ComponentID: p, Kind: component.SafetyHold, Reason: "a crack"}, nil)
	}
}

func (y *yard) report(*rapid.T) {
	m, more := y.machine(), rapid.Int64Range(1, 9).Draw(y.t, "hours")
	at := y.usage(m) + more
	e := y.plant.state(m, "usage-report", api.UsageReport{Readings: []usage.Count{{Measure: "hours", Value: at}}})
	if !y.call(y.actor(), api.ReportUsageTx, api.ReportUsage{ComponentID: m, Envelope: e}, nil) {
		y.t.Fatalf("%s has counted no %d hours", m, at)
	}
}

func (y *yard) usage(id string) int64 {
	var u api.ComponentUsage
	y.ask(api.GetUsageTx, api.ComponentRef{ComponentID: id}, &u)
	i := slices.IndexFunc(u.Meters, func(m usage.Meter) bool { return m.Measure == "hours" })
	if i >= 0 {
		return u.Meters[i].Reading
	}
	return 0
}

func (y *yard) ask(tx api.Transaction, in, out any) {
	b, err := json.Marshal(in)
	if err != nil {
		y.t.Fatal(err)
	}
	answer, err := y.Evaluate(carrier, string(tx), string(b))
	if err == nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil {
		y.t.Fatalf("%s(%s): %v", tx, b, err)
	}
}

// check holds the ledger to the books.
func (y *yard) check(*rapid.T) {
	for _, id := range y.ids {
		var c component.Component
		y.ask(api.GetComponentTx, api.ComponentRef{ComponentID: id}, &c)
		if c.InstalledIn != y.in[id] || c.Owner != y.ownerOf(id) {
			y.t.Fatalf("%+v, by the books in %q, owned by %s", c, y.in[id], y.ownerOf(id))
		}
		var where api.WhereUsed
		y.ask(api.WhereUsedTx, api.ComponentRef{ComponentID: id}, &where)
		if where.Root != y.root(id) || where.Owner != c.Owner {
			y.t.Fatalf("%+v, by the books in %s", where, y.root(id))
		}
		if by := y.Protectors(ledgertest.Key("component", id)); y.in[id] == "" && !slices.Contains(by, c.Owner) {
			y.t.Fatalf("%s of %s is protected by %v", id, c.Owner, by)
		}
		var u api.ComponentUsage
		y.ask(api.GetUsageTx, api.ComponentRef{ComponentID: id}, &u)
		for _, x := range u.Usage {
			if x.SinceNew < y.hours[id] || x.SinceInstall > x.SinceNew {
				y.t.Fatalf("%s counted %d, then %+v", id, y.hours[id], x)
			}
			y.hours[id] = x.SinceNew
		}
	}
	for _, m := range y.ids[:3] {
		var l api.SlotList
		y.ask(api.ListSlotsTx, api.ListSlots{MachineID: m, Limit: 9}, &l)
		for _, s := range l.Items {
			if s.ComponentID != y.at(m, s.SlotID) {
				y.t.Fatalf("%s of %s holds %q, by the books %q", s.SlotID, m, s.ComponentID, y.at(m, s.SlotID))
			}
		}
	}
}

// TestWhoeverDoesWhateverToMachines: whoever tries whatever, what is installed where
// and who owns it is what plain books say, no counter runs backwards, and nobody but
// who may has done it.
func TestWhoeverDoesWhateverToMachines(t *testing.T) {
	checks(t, "20")
	moves := 0
	rapid.Check(t, func(rt *rapid.T) {
		y := newYard(t, rt)
		steps := []func(*rapid.T){y.install, y.install, y.install, y.remove, y.replace, y.replace, y.sell, y.hold, y.report}
		for range rapid.IntRange(20, 60).Draw(rt, "steps") {
			rapid.SampledFrom(steps).Draw(rt, "step")(rt)
			y.check(rt)
		}
		moves += y.moves
	})
	if t.Logf("%d installations, removals and replacements", moves); moves == 0 {
		t.Error("nothing was moved: this test shows little")
	}
}
