package assembly_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

const (
	now   measure.Time = "2026-03-01T08:00:00.000Z"
	owner string       = "OwnerMSP"
)

// shelf is a ledger in memory: what workshops have changed, and nothing else.
type shelf struct {
	assemblies map[string]assembly.Assembly
	pages      map[string]assembly.SlotPage
	slots      map[string]assembly.SlotIndex
	placements map[string]assembly.Placement
	counters   map[string]usage.Counters
	asides     map[string][]assembly.Aside
	events     map[string][]assembly.AssemblyEvent
}

func newShelf() *shelf {
	return &shelf{
		map[string]assembly.Assembly{}, map[string]assembly.SlotPage{}, map[string]assembly.SlotIndex{}, map[string]assembly.Placement{},
		map[string]usage.Counters{}, map[string][]assembly.Aside{}, map[string][]assembly.AssemblyEvent{},
	}
}

func get[T any](m map[string]T, key string) (*T, error) {
	if v, ok := m[key]; ok {
		return &v, nil
	}
	return nil, nil
}

func page(id string, n uint64) string { return fmt.Sprint(id, "/", n) }

func (s *shelf) Assembly(id string) (*assembly.Assembly, error) { return get(s.assemblies, id) }
func (s *shelf) Page(id string, n uint64) (*assembly.SlotPage, error) {
	return get(s.pages, page(id, n))
}
func (s *shelf) Slot(id, slot string) (*assembly.SlotIndex, error) { return get(s.slots, id+"/"+slot) }
func (s *shelf) Placement(id string) (*assembly.Placement, error)  { return get(s.placements, id) }
func (s *shelf) Counters(id string) (*usage.Counters, error)       { return get(s.counters, id) }

// keep stores what a workshop has changed, and gives how many records that were.
func (s *shelf) keep(w *assembly.Workshop) int {
	c := w.Changes()
	for _, x := range c.Assemblies {
		s.assemblies[x.MachineID] = x
	}
	for _, x := range c.Pages {
		s.pages[page(x.MachineID, x.Page)] = x
	}
	for _, x := range c.Slots {
		s.slots[x.MachineID+"/"+x.SlotID] = x
	}
	for _, x := range c.Placements {
		s.placements[x.ComponentID] = x
	}
	for _, x := range c.Counters {
		s.counters[x.ComponentID] = x
	}
	for _, x := range c.Asides {
		key := page(x.Page.MachineID, x.Page.Page)
		s.asides[key] = append(s.asides[key], x)
	}
	for _, x := range c.Events {
		s.events[x.MachineID] = append(s.events[x.MachineID], x)
	}
	return len(c.Assemblies) + len(c.Pages) + len(c.Slots) + len(c.Placements) + len(c.Counters) + len(c.Asides) + len(c.Events)
}

// positions are a machine's slots, in order.
func (s *shelf) positions(id string) []assembly.Slot {
	var all []assembly.Slot
	for n := range s.assemblies[id].Pages() {
		all = append(all, s.pages[page(id, n)].Positions...)
	}
	return all
}

// naive keeps the same the plain way: every part is touched on every reading, and
// every baseline is a copy.
type naive struct {
	parent     map[string]string
	slot       map[string]string
	slots      map[string][]string // of a machine, in order
	total      map[string]map[string]int64
	reading    map[string]map[string]int64 // of own meters
	overhaul   map[string]map[string]int64
	installed  map[string]map[string]int64
	thresholds map[string][]usage.Threshold
	baselines  map[string][]map[string]string // slot to part
}

func (n *naive) totals(id string) map[string]int64 {
	if n.total[id] == nil {
		n.total[id] = map[string]int64{}
	}
	return n.total[id]
}

func (n *naive) parts(id string) []string {
	var in []string
	for part, machine := range n.parent {
		if machine == id {
			in = append(in, part)
		}
	}
	slices.Sort(in)
	return in
}

func (n *naive) metered(id, m string) bool { _, ok := n.reading[id][m]; return ok }

// accrue adds to a component, and to all that counts through it.
func (n *naive) accrue(id, m string, v int64) {
	n.totals(id)[m] += v
	for _, p := range n.parts(id) {
		if !n.metered(p, m) {
			n.accrue(p, m, v)
		}
	}
}

func (n *naive) report(id string, r usage.Count) error {
	if n.reading[id] == nil {
		n.reading[id] = map[string]int64{}
	}
	last, metered := n.reading[id][r.Measure]
	switch {
	case metered && r.Value < last:
		return fault.New(fault.CodeUsageBackwards, "backwards")
	case metered:
		n.reading[id][r.Measure] = r.Value
		n.accrue(id, r.Measure, r.Value-last)
	default:
		n.reading[id][r.Measure] = r.Value
		if n.totals(id)[r.Measure] == 0 {
			n.accrue(id, r.Measure, r.Value)
		} else {
			n.totals(id)[r.Measure] += 0
		}
	}
	return nil
}

// due raises everything that is reached, of a component and all that counts through it.
func (n *naive) due(id string) []usage.Crossed {
	var crossed []usage.Crossed
	var visit func(id, m string)
	visit = func(id, m string) {
		for i, t := range n.thresholds[id] {
			if v := n.totals(id)[m]; t.Measure == m && !t.Raised && v >= t.At {
				n.thresholds[id][i].Raised = true
				crossed = append(crossed, usage.Crossed{ComponentID: id, TaskID: t.TaskID, Measure: m, At: t.At, Total: v})
			}
		}
		for _, p := range n.parts(id) {
			if !n.metered(p, m) {
				visit(p, m)
			}
		}
	}
	for _, m := range slices.Sorted(maps.Keys(n.totals(id))) {
		visit(id, m)
	}
	return crossed
}

func (n *naive) above(id string) []string {
	var up []string
	for p := n.parent[id]; p != ""; p = n.parent[p] {
		up = append(up, p)
	}
	return up
}

// levels is how many machines deep the tree under a component is.
func (n *naive) levels(id string) int {
	deepest := -1
	for _, p := range n.parts(id) {
		deepest = max(deepest, n.levels(p))
	}
	if len(n.slots[id]) == 0 {
		return 0
	}
	return max(deepest, 0) + 1
}

func (n *naive) configuration(id string) map[string]string {
	in := map[string]string{}
	for _, s := range n.slots[id] {
		in[s] = ""
	}
	for _, p := range n.parts(id) {
		in[n.slot[p]] = p
	}
	return in
}

type world struct {
	*shelf
	naive
	at      int
	crossed int
	t       *rapid.T
}

func (w *world) when() assembly.When {
	w.at++
	return assembly.When{Actor: owner, Now: now.Add(int64(w.at) * 1000), TransactionID: fmt.Sprint("tx-", w.at)}
}

var components = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}

func (w *world) component(label string) string { return rapid.SampledFrom(components).Draw(w.t, label) }

// pick draws a component, mostly one that the condition holds for.
func (w *world) pick(label string, ok func(string) bool) string {
	fit := slices.DeleteFunc(slices.Clone(components), func(c string) bool { return !ok(c) })
	if len(fit) == 0 || rapid.IntRange(0, 9).Draw(w.t, "anything") == 0 {
		return w.component(label)
	}
	return rapid.SampledFrom(fit).Draw(w.t, label)
}

func (w *world) machine() string {
	return w.pick("machine", func(c string) bool { return len(w.naive.slots[c]) > 0 })
}

func (w *world) part(id, slot string) assembly.Part {
	return assembly.Part{SlotID: slot, ComponentID: id, PartNumber: "P", Manufacturer: "MakerMSP", Lot: "1"}
}

func (w *world) define(*rapid.T) {
	id, x := w.component("machine"), w.when()
	var slots []assembly.SlotDefinition
	optional := rapid.Bool().Draw(w.t, "optional")
	for range rapid.SampledFrom([]int{1, 2, 3, 4, 34}).Draw(w.t, "slots") {
		slots = append(slots, assembly.SlotDefinition{SlotID: fmt.Sprint("s", len(w.naive.slots[id])+len(slots)), PartNumbers: []string{"P"}, Optional: optional})
	}
	ws := assembly.NewWorkshop(w.shelf)
	_, err := ws.Define(id, owner, slots, x)
	if deep := len(w.above(id)) + 1; len(w.naive.slots[id]) == 0 && deep > assembly.MaxDepth {
		w.refused(err, fault.CodeAssemblyTooDeep)
		return
	}
	w.accepted(err)
	for _, s := range slots {
		w.naive.slots[id] = append(w.naive.slots[id], s.SlotID)
	}
	w.keep(ws)
}

func (w *world) slotOf(machine string, full bool) string {
	fit := slices.DeleteFunc(slices.Clone(w.naive.slots[machine]), func(s string) bool { return (w.configuration(machine)[s] != "") != full })
	if len(fit) > 0 && rapid.IntRange(0, 9).Draw(w.t, "fitting slot") > 0 {
		return rapid.SampledFrom(fit).Draw(w.t, "slot")
	}
	return rapid.SampledFrom([]string{"s0", "s1", "s33", "none"}).Draw(w.t, "any slot")
}

// cannot is why the naive world cannot install a part.
func (w *world) cannot(machine, part, slot string) fault.Code {
	up := append(w.above(machine), machine)
	in, known := w.configuration(machine)[slot]
	switch {
	case slices.Contains(up, part):
		return fault.CodeAssemblyCycle
	case len(up)+w.levels(part) > assembly.MaxDepth:
		return fault.CodeAssemblyTooDeep
	case w.parent[part] != "":
		return fault.CodePartInstalled
	case len(w.naive.slots[machine]) == 0:
		return fault.CodeAssemblyUnknown
	case !known:
		return fault.CodeSlotUnknown
	case in != "":
		return fault.CodeSlotFilled
	}
	return ""
}

func (w *world) place(machine, part, slot string) {
	w.parent[part], w.slot[part] = machine, slot
	w.installed[part] = maps.Clone(w.totals(part))
}

func (w *world) install(*rapid.T) {
	machine, part := w.machine(), w.pick("part", func(c string) bool { return w.parent[c] == "" })
	slot, x := w.slotOf(machine, false), w.when()
	ws := assembly.NewWorkshop(w.shelf)
	_, err := ws.Install(machine, []assembly.Part{w.part(part, slot)}, x)
	if code := w.cannot(machine, part, slot); code != "" {
		w.refused(err, code)
		return
	}
	w.accepted(err)
	w.place(machine, part, slot)
	w.keep(ws)
}

func (w *world) remove(*rapid.T) {
	machine := w.machine()
	slot, x := w.slotOf(machine, true), w.when()
	in := w.configuration(machine)[slot]
	ws := assembly.NewWorkshop(w.shelf)
	_, err := ws.Remove(machine, []assembly.Removal{{SlotID: slot, ComponentID: in}}, x)
	if in == "" {
		if err == nil {
			w.t.Fatal("an empty slot was emptied")
		}
		return
	}
	w.accepted(err)
	delete(w.parent, in)
	w.keep(ws)
}

func (w *world) replace(*rapid.T) {
	machine := w.machine()
	slot, x := w.slotOf(machine, true), w.when()
	in, part := w.configuration(machine)[slot], w.pick("part", func(c string) bool { return w.parent[c] == "" })
	if in == "" {
		return
	}
	ws := assembly.NewWorkshop(w.shelf)
	_, err := ws.Replace(machine, in, w.part(part, slot), x)
	delete(w.parent, in)
	code := w.cannot(machine, part, slot)
	if code != "" {
		w.parent[in] = machine
		w.refused(err, code)
		return
	}
	w.accepted(err)
	w.place(machine, part, slot)
	w.keep(ws)
}

func (w *world) reports(*rapid.T) {
	id, x := w.pick("reporter", func(c string) bool { return w.parent[c] == "" && len(w.naive.slots[c]) > 0 }), w.when()
	r := usage.Count{Measure: rapid.SampledFrom([]string{"cycles", "hours"}).Draw(w.t, "measure"), Value: rapid.Int64Range(0, 300).Draw(w.t, "reading")}
	if last := w.reading[id][r.Measure]; rapid.IntRange(0, 5).Draw(w.t, "forwards") > 0 {
		r.Value = last + r.Value/5
	}
	ws := assembly.NewWorkshop(w.shelf)
	got, err := ws.Report(id, []usage.Count{r}, x.Now)
	if bad := w.report(id, r); bad != nil {
		w.refused(err, fault.CodeUsageBackwards)
		return
	}
	w.accepted(err)
	w.raised(got, w.due(id))
	w.keep(ws)
}

// raised compares what fell due, in whatever order.
func (w *world) raised(got, want []usage.Crossed) {
	order := func(a, b usage.Crossed) int {
		return slices.Compare([]string{a.ComponentID, a.Measure, a.TaskID}, []string{b.ComponentID, b.Measure, b.TaskID})
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Fatalf("what fell due (- is the naive world): %s", diff)
	}
	w.crossed += len(got)
}

func (w *world) threshold(*rapid.T) {
	id, x := w.component("component"), w.when()
	var ts []usage.Threshold
	if rapid.IntRange(0, 5).Draw(w.t, "thresholds") > 0 {
		m := rapid.SampledFrom([]string{"cycles", "hours"}).Draw(w.t, "measure")
		ts = append(ts, usage.Threshold{TaskID: "t", Measure: m, At: w.totals(id)[m] + rapid.Int64Range(1, 40).Draw(w.t, "after")})
	}
	ws := assembly.NewWorkshop(w.shelf)
	w.accepted(ws.SetThresholds(id, ts, x.Now))
	w.thresholds[id] = slices.Clone(ts)
	w.keep(ws)
}

func (w *world) overhauls(*rapid.T) {
	id, x := w.component("component"), w.when()
	ws := assembly.NewWorkshop(w.shelf)
	w.accepted(ws.Overhaul(id, x.Now))
	w.overhaul[id] = maps.Clone(w.totals(id))
	w.keep(ws)
}

func (w *world) exchangeMeter(*rapid.T) {
	id, x := w.component("component"), w.when()
	m := rapid.SampledFrom([]string{"cycles", "hours"}).Draw(w.t, "measure")
	last, metered := w.reading[id][m]
	final, start := int64(0), rapid.Int64Range(0, 50).Draw(w.t, "start")
	if metered {
		final = last + rapid.Int64Range(0, 30).Draw(w.t, "more")
	}
	ws := assembly.NewWorkshop(w.shelf)
	got, err := ws.ReplaceMeter(id, m, final, start, x.Now)
	w.accepted(err)
	if metered {
		w.accrue(id, m, final-last)
	} else if w.reading[id] == nil {
		w.reading[id] = map[string]int64{}
	}
	w.reading[id][m] = start
	w.totals(id)[m] += 0
	w.raised(got, w.due(id))
	w.keep(ws)
}

func (w *world) complete(*rapid.T) {
	machine, x := w.machine(), w.when()
	if w.assemblies[machine].Open > 0 || len(w.naive.slots[machine]) == 0 {
		return
	}
	ws := assembly.NewWorkshop(w.shelf)
	var err error
	if len(w.baselines[machine]) == 0 {
		_, err = ws.Complete(machine, x)
	} else {
		_, err = ws.HandOver(machine, owner, false, x)
	}
	w.accepted(err)
	w.baselines[machine] = append(w.baselines[machine], w.configuration(machine))
	w.keep(ws)
}

func (w *world) accepted(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err error, code fault.Code) {
	w.t.Helper()
	if !fault.Is(err, code) {
		w.t.Fatalf("got %v, want %s", err, code)
	}
}

// check holds the records to the naive world.
func (w *world) check(*rapid.T) {
	in := map[string]bool{}
	for _, id := range components {
		for _, p := range w.positions(id) {
			if p.ComponentID == "" {
				continue
			}
			if in[p.ComponentID] {
				w.t.Fatalf("%s is in two slots", p.ComponentID)
			}
			in[p.ComponentID] = true
			if at := w.placements[p.ComponentID]; at.MachineID != id || at.SlotID != p.SlotID {
				w.t.Fatalf("%s is in %s of %s, its placement says %+v", p.ComponentID, p.SlotID, id, at)
			}
		}
		w.checkMachine(id)
		w.checkCounts(id)
	}
}

func (w *world) checkMachine(id string) {
	a, known := w.assemblies[id]
	if !known {
		return
	}
	var open uint64
	now := map[string]string{}
	for _, p := range w.positions(id) {
		now[p.SlotID] = p.ComponentID
		if p.ComponentID == "" && !p.Optional {
			open++
		}
	}
	if diff := cmp.Diff(w.configuration(id), now); diff != "" {
		w.t.Fatalf("%s: %s", id, diff)
	}
	if int(a.Levels) != w.levels(id) || a.Open != open || int(a.Filled) != len(w.parts(id)) || int(a.Slots) != len(w.naive.slots[id]) || int(a.Events) != len(w.events[id]) {
		w.t.Fatalf("%+v has %d levels, %d open slots, %d parts, %d slots", a, w.levels(id), open, len(w.parts(id)), len(w.naive.slots[id]))
	}
	for i, e := range w.events[id] {
		if e.Number != uint64(i) {
			w.t.Fatalf("event %d of %s has number %d", i, id, e.Number)
		}
	}
	for i, want := range w.baselines[id] {
		b, err := a.Baseline(uint64(i + 1))
		w.accepted(err)
		got := map[string]string{}
		for n := range a.Pages() {
			for _, p := range b.AsOf(w.pages[page(id, n)], w.asides[page(id, n)]).Positions {
				got[p.SlotID] = p.ComponentID
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Fatalf("baseline %d of %s: %s", i+1, id, diff)
		}
	}
}

func (w *world) checkCounts(id string) {
	us, err := assembly.NewWorkshop(w.shelf).Usage(id)
	w.accepted(err)
	got := map[string]int64{}
	for _, u := range us {
		got[u.Measure] = u.SinceNew
		if u.SinceOverhaul != u.SinceNew-w.overhaul[id][u.Measure] {
			w.t.Fatalf("%s since overhaul: %+v", id, u)
		}
		if in := w.parent[id] != ""; in && u.SinceInstall != u.SinceNew-w.installed[id][u.Measure] || !in && u.SinceInstall != 0 {
			w.t.Fatalf("%s since installation: %+v", id, u)
		}
		if u.Metered != w.metered(id, u.Measure) {
			w.t.Fatalf("%s: %+v", id, u)
		}
	}
	for _, m := range []string{"cycles", "hours"} {
		if got[m] != w.totals(id)[m] {
			w.t.Fatalf("%s has counted %d %s, by the naive world %d", id, got[m], m, w.totals(id)[m])
		}
	}
}

// TestWhateverIsDoneToMachines: whatever is installed, removed, read and set in
// whatever order, the records say what a world says that touches every part on
// every reading and copies every configuration.
func TestWhateverIsDoneToMachines(t *testing.T) {
	crossed, deepest, baselines := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{shelf: newShelf(), t: rt, naive: naive{
			parent: map[string]string{}, slot: map[string]string{}, slots: map[string][]string{}, total: map[string]map[string]int64{}, reading: map[string]map[string]int64{},
			overhaul: map[string]map[string]int64{}, installed: map[string]map[string]int64{}, thresholds: map[string][]usage.Threshold{}, baselines: map[string][]map[string]string{},
		}}
		often := []func(*rapid.T){w.install, w.install, w.install, w.reports, w.reports, w.reports, w.threshold, w.threshold, w.define}
		all := append(often, w.remove, w.replace, w.overhauls, w.exchangeMeter, w.complete)
		for range 3 {
			w.define(rt)
		}
		for range rapid.IntRange(20, 120).Draw(rt, "steps") {
			rapid.SampledFrom(all).Draw(rt, "step")(rt)
			w.check(rt)
		}
		crossed += w.crossed
		for _, c := range components {
			deepest, baselines = max(deepest, w.levels(c)), baselines+len(w.baselines[c])
		}
	})
	t.Logf("%d thresholds were raised, the deepest machine had %d levels, %d configurations were put on record", crossed, deepest, baselines)
	if crossed == 0 || deepest < 2 || baselines == 0 {
		t.Error("this test shows little")
	}
}
