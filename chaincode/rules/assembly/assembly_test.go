package assembly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

func by(actor string) assembly.When {
	return assembly.When{Actor: actor, Now: now, TransactionID: "tx"}
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func slots(ids ...string) []assembly.SlotDefinition {
	var out []assembly.SlotDefinition
	for _, id := range ids {
		out = append(out, assembly.SlotDefinition{SlotID: id, PartNumbers: []string{"P", "P-ALT"}})
	}
	return out
}

func part(slot, id string) assembly.Part {
	return assembly.Part{SlotID: slot, ComponentID: id, PartNumber: "P", Manufacturer: "MakerMSP"}
}

// do does one thing and keeps it.
func (s *shelf) do(t *testing.T, step func(*assembly.Workshop) (assembly.Assembly, error)) assembly.Assembly {
	t.Helper()
	w := assembly.NewWorkshop(s)
	a, err := step(w)
	wantFault(t, err, "")
	s.keep(w)
	return a
}

// machine is a machine with two slots that have to be filled, and a part in the first.
func machine(t *testing.T) *shelf {
	s := newShelf()
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Define("m", owner, slots("left", "right"), by(owner))
	})
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Install("m", []assembly.Part{part("left", "a")}, by(owner))
	})
	return s
}

func TestWhatIsRefused(t *testing.T) {
	many := make([]assembly.SlotDefinition, assembly.MaxBatch+1)
	for name, c := range map[string]struct {
		step func(*assembly.Workshop) (assembly.Assembly, error)
		want fault.Code
	}{
		"slots of another's machine": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, slots("x"), by("X"))
		}, fault.CodeAssemblyAuthority},
		"the first slots by a stranger": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("n", owner, slots("x"), by("X"))
		}, fault.CodeAssemblyAuthority},
		"a slot that there is": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, slots("x", "left"), by(owner))
		}, fault.CodeSlotExists},
		"the same slot twice": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, slots("x", "x"), by(owner))
		}, fault.CodeSlotExists},
		"no slots":       {func(w *assembly.Workshop) (assembly.Assembly, error) { return w.Define("m", owner, nil, by(owner)) }, fault.CodeInvalid},
		"too many slots": {func(w *assembly.Workshop) (assembly.Assembly, error) { return w.Define("m", owner, many, by(owner)) }, fault.CodeInvalid},
		"a slot without a name": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, slots(""), by(owner))
		}, fault.CodeIDInvalid},
		"a slot for nothing": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, []assembly.SlotDefinition{{SlotID: "x"}}, by(owner))
		}, fault.CodeInvalid},
		"a slot that allows one part number twice": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define("m", owner, []assembly.SlotDefinition{{SlotID: "x", PartNumbers: []string{"P", "P"}}}, by(owner))
		}, fault.CodeInvalid},
		"another part number by a stranger": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Amend("m", slots("left"), by("X"))
		}, fault.CodeAssemblyAuthority},
		"another part number of no slot": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Amend("m", slots("middle"), by(owner))
		}, fault.CodeSlotUnknown},
		"a part number that is not allowed": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install("m", []assembly.Part{{SlotID: "right", ComponentID: "b", PartNumber: "Q"}}, by(owner))
		}, fault.CodePartNotApproved},
		"a part in two slots": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install("m", []assembly.Part{part("right", "a")}, by(owner))
		}, fault.CodePartInstalled},
		"two parts in a slot": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install("m", []assembly.Part{part("right", "b"), part("right", "c")}, by(owner))
		}, fault.CodeSlotFilled},
		"a machine in itself": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install("m", []assembly.Part{part("right", "m")}, by(owner))
		}, fault.CodeAssemblyCycle},
		"parts of no machine": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install("a", []assembly.Part{part("right", "b")}, by(owner))
		}, fault.CodeAssemblyUnknown},
		"no parts": {func(w *assembly.Workshop) (assembly.Assembly, error) { return w.Install("m", nil, by(owner)) }, fault.CodeInvalid},
		"what is not there": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Remove("m", []assembly.Removal{{SlotID: "right", ComponentID: "a"}}, by(owner))
		}, fault.CodeSlotEmpty},
		"what somebody else has put there": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Remove("m", []assembly.Removal{{SlotID: "left", ComponentID: "b"}}, by(owner))
		}, fault.CodeSlotOther},
		"the wrong part for another": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Replace("m", "b", part("left", "c"), by(owner))
		}, fault.CodeSlotOther},
		"a part for itself, when it was just taken out and is put back, is a replacement": {func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Replace("m", "a", part("left", "a"), by(owner))
		}, ""},
		"an assembly that is not complete": {func(w *assembly.Workshop) (assembly.Assembly, error) { return w.Complete("m", by(owner)) }, fault.CodeAssemblyIncomplete},
		"a hand-over before it is":         {func(w *assembly.Workshop) (assembly.Assembly, error) { return w.HandOver("m", owner, true, by(owner)) }, fault.CodeAssemblyIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.step(assembly.NewWorkshop(machine(t)))
			wantFault(t, err, c.want)
		})
	}
}

// TestAMachineChangesItsKeeper: the maker keeps the configuration until it hands it
// over, or until the owner takes it over when the warranty has ended.
func TestAMachineChangesItsKeeper(t *testing.T) {
	const maker, buyer = owner, "BuyerMSP"
	s := machine(t)
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Install("m", []assembly.Part{part("right", "b")}, by(maker))
	})
	_, err := assembly.NewWorkshop(s).Complete("m", by(buyer))
	wantFault(t, err, fault.CodeAssemblyAuthority)
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) { return w.Complete("m", by(maker)) })
	_, err = assembly.NewWorkshop(s).Complete("m", by(maker))
	wantFault(t, err, fault.CodeAssemblyComplete)
	for actor, warrantyOver := range map[string]bool{buyer: false, "X": true} {
		_, err = assembly.NewWorkshop(s).HandOver("m", buyer, warrantyOver, by(actor))
		wantFault(t, err, fault.CodeAssemblyAuthority)
	}
	a := s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) { return w.HandOver("m", buyer, true, by(buyer)) })
	if a.Keeper != buyer || len(a.Baselines) != 2 || a.Baselines[1].Kind != assembly.AtHandOver || a.Baselines[0].Keeper != maker {
		t.Errorf("%+v", a)
	}
	_, err = assembly.NewWorkshop(s).Amend("m", slots("left"), by(maker))
	wantFault(t, err, fault.CodeAssemblyAuthority)
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Amend("m", []assembly.SlotDefinition{{SlotID: "left", PartNumbers: []string{"THIRD"}}}, by(buyer))
	})
	if got := s.positions("m")[0].PartNumbers; got[0] != "THIRD" {
		t.Errorf("%v", got)
	}
	if old := a.Baselines[0].AsOf(s.pages["m/0"], s.asides["m/0"]).Positions[0].PartNumbers; old[0] != "P" {
		t.Errorf("as built: %v", old)
	}
	_, err = a.Baseline(3)
	wantFault(t, err, fault.CodeBaselineUnknown)
	for n := len(a.Baselines); n < assembly.MaxBaselines; n++ {
		s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) { return w.HandOver("m", buyer, false, by(buyer)) })
	}
	_, err = assembly.NewWorkshop(s).HandOver("m", buyer, false, by(buyer))
	wantFault(t, err, fault.CodeAssemblyTooLarge)
}

func TestAMachineIsAtMostEightDeep(t *testing.T) {
	s := newShelf()
	for i := range assembly.MaxDepth + 1 {
		s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Define(fmt.Sprint("m", i), owner, slots("x"), by(owner))
		})
	}
	for i := range assembly.MaxDepth - 1 {
		s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Install(fmt.Sprint("m", i), []assembly.Part{part("x", fmt.Sprint("m", i+1))}, by(owner))
		})
	}
	_, err := assembly.NewWorkshop(s).Install("m7", []assembly.Part{part("x", "m8")}, by(owner))
	wantFault(t, err, fault.CodeAssemblyTooDeep)
	_, err = assembly.NewWorkshop(s).Install("m8", []assembly.Part{part("x", "m0")}, by(owner))
	wantFault(t, err, fault.CodeAssemblyTooDeep)
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Install("m7", []assembly.Part{part("x", "bolt")}, by(owner))
	})
	_, err = assembly.NewWorkshop(s).Define("bolt", owner, slots("x"), by(owner))
	wantFault(t, err, fault.CodeAssemblyTooDeep)
	_, err = assembly.NewWorkshop(s).Install("m7", []assembly.Part{part("x", "m0")}, by(owner))
	wantFault(t, err, fault.CodeAssemblyCycle)
	root, err := assembly.NewWorkshop(s).Root("bolt")
	if wantFault(t, err, ""); root != "m0" {
		t.Errorf("the bolt is in %s", root)
	}
}

// TestOneReadingRaisesSixteen: of a hundred tasks that one reading makes due,
// sixteen are raised at a time, all of them in the end, each once.
func TestOneReadingRaisesSixteen(t *testing.T) {
	s := newShelf()
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprintf("s%02d", i))
	}
	s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
		return w.Define("m", owner, slots(ids...), by(owner))
	})
	for _, id := range ids {
		s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
			if err := w.SetThresholds("p-"+id, []usage.Threshold{{TaskID: "t", Measure: "hours", At: 10}}, now); err != nil {
				return assembly.Assembly{}, err
			}
			return w.Install("m", []assembly.Part{part(id, "p-"+id)}, by(owner))
		})
	}
	raised := map[string]bool{}
	w := assembly.NewWorkshop(s)
	crossed, err := w.Report("m", []usage.Count{{Measure: "hours", Value: 10}}, now)
	for rounds := 0; ; rounds++ {
		if wantFault(t, err, ""); len(crossed) == 0 {
			break
		}
		if len(crossed) > assembly.MaxCrossed || rounds > 7 {
			t.Fatalf("%d are raised at once, in round %d", len(crossed), rounds)
		}
		for _, c := range crossed {
			if raised[c.ComponentID] {
				t.Errorf("%s is raised twice", c.ComponentID)
			}
			raised[c.ComponentID] = true
		}
		if n := s.keep(w); n > 64 {
			t.Errorf("%d records were written", n)
		}
		w = assembly.NewWorkshop(s)
		crossed, err = w.Raise("m", now)
	}
	if len(raised) != 100 || len(s.assemblies["m"].Marks) != 0 {
		t.Errorf("%d were raised, and the ladder is %+v", len(raised), s.assemblies["m"].Marks)
	}
}

func TestAScanIsComparedWithTheRecord(t *testing.T) {
	at := func(machine, slot, id string) assembly.Expected {
		return assembly.Expected{MachineID: machine, Slot: assembly.Slot{SlotID: slot, PartNumbers: []string{"P"}, ComponentID: id, PartNumber: "P"}}
	}
	slots := []assembly.Expected{at("m", "left", "a"), at("m", "right", "b"), at("m", "spare", ""), at("sub", "inner", "c")}
	seen := func(ids ...string) []assembly.ScanTag {
		var tags []assembly.ScanTag
		for _, id := range ids {
			id, slot, _ := strings.Cut(id, "@")
			tags = append(tags, assembly.ScanTag{ComponentID: id, SlotID: slot})
		}
		return tags
	}
	for name, c := range map[string]struct {
		tags  []assembly.ScanTag
		known map[string]assembly.Stranger
		want  []assembly.Difference
		said  string
	}{
		"all is as it should be": {seen("c", "b", "a@left"), nil, nil, "completeness_verified"},
		"a part is missing": {seen("a", "c"), nil, []assembly.Difference{
			{Type: assembly.Missing, ComponentID: "b", MachineID: "m", SlotID: "right", PartNumber: "P"}}, "mismatch_quantity"},
		"two parts have changed places": {seen("a@right", "b@left", "c"), nil, []assembly.Difference{
			{Type: assembly.Moved, ComponentID: "a", MachineID: "m", SlotID: "right", ClaimedBy: "m", PartNumber: "P"},
			{Type: assembly.Moved, ComponentID: "b", MachineID: "m", SlotID: "left", ClaimedBy: "m", PartNumber: "P"}}, "mismatch_instance"},
		"a part that nobody knows, somewhere": {seen("a", "b", "c", "x"), nil, []assembly.Difference{
			{Type: assembly.Unexpected, ComponentID: "x", MachineID: "m"}}, "mismatch_instance"},
		"a part in an empty slot": {seen("a", "b", "c", "x@spare"), map[string]assembly.Stranger{"x": {PartNumber: "P"}}, []assembly.Difference{
			{Type: assembly.Unexpected, ComponentID: "x", MachineID: "m", SlotID: "spare", PartNumber: "P"}}, "mismatch_instance"},
		"a part in the place of another": {seen("a", "x@right", "c"), map[string]assembly.Stranger{"x": {PartNumber: "P"}}, []assembly.Difference{
			{Type: assembly.Unexpected, ComponentID: "x", MachineID: "m", SlotID: "right", Instead: "b", PartNumber: "P"}}, "mismatch_instance"},
		"a part of another machine in a machine within": {seen("a", "b", "x@inner"), map[string]assembly.Stranger{"x": {PartNumber: "P", PlacedIn: "other"}}, []assembly.Difference{
			{Type: assembly.Moved, ComponentID: "x", MachineID: "sub", SlotID: "inner", Instead: "c", ClaimedBy: "other", PartNumber: "P"}}, "mismatch_instance"},
		"a part that does not belong there": {seen("a", "b", "c", "x@spare"), map[string]assembly.Stranger{"x": {PartNumber: "Q"}}, []assembly.Difference{
			{Type: assembly.Unexpected, ComponentID: "x", MachineID: "m", SlotID: "spare", PartNumber: "Q"},
			{Type: assembly.NotApproved, ComponentID: "x", MachineID: "m", SlotID: "spare", PartNumber: "Q"}}, "mismatch_class"},
		"nothing at all": {nil, nil, []assembly.Difference{
			{Type: assembly.Missing, ComponentID: "a", MachineID: "m", SlotID: "left", PartNumber: "P"},
			{Type: assembly.Missing, ComponentID: "b", MachineID: "m", SlotID: "right", PartNumber: "P"},
			{Type: assembly.Missing, ComponentID: "c", MachineID: "sub", SlotID: "inner", PartNumber: "P"}}, "mismatch_quantity"},
	} {
		t.Run(name, func(t *testing.T) {
			got := assembly.Compare("m", slots, c.tags)
			for _, s := range got.Strangers {
				got.Know(s, c.known[s.ComponentID])
			}
			if diff := cmp.Diff(c.want, got.Differences); diff != "" {
				t.Error(diff)
			}
			sum := got.Summary()
			if sum.Agrees != (len(c.want) == 0) || sum.Disposition != c.said || sum.Expected != 3 || int(sum.Tags) != len(c.tags) {
				t.Errorf("%+v", sum)
			}
		})
	}
}

func TestAPartWhoseNumberIsNoLongerAllowedOrIsRecalledIsFound(t *testing.T) {
	slot := assembly.Expected{MachineID: "m", Slot: assembly.Slot{SlotID: "left", PartNumbers: []string{"Q"}, ComponentID: "a", PartNumber: "P"}}
	c := assembly.Compare("m", []assembly.Expected{slot}, []assembly.ScanTag{{ComponentID: "a"}})
	c.Recall("a", "m", "left", "P")
	c.Explain(func(d assembly.Difference) string {
		if d.Type == assembly.Recalled {
			return "request"
		}
		return ""
	})
	if s := c.Summary(); s.NotApproved != 1 || s.Recalled != 1 || s.Explained != 1 || s.Agrees || s.Disposition != "mismatch_class" {
		t.Errorf("%+v", s)
	}
}

// TestWhatAScanFindsItFindsOnce: differences that no request explains are findings
// about the machine, and not again for as long as they are there.
func TestWhatAScanFindsItFindsOnce(t *testing.T) {
	slots := []assembly.Expected{{MachineID: "m", Slot: assembly.Slot{SlotID: "left", PartNumbers: []string{"P"}, ComponentID: "a", PartNumber: "P"}}}
	scan := func(tags ...assembly.ScanTag) *assembly.Comparison {
		c := assembly.Compare("m", slots, tags)
		for _, s := range c.Strangers {
			c.Know(s, assembly.Stranger{PartNumber: "P", PlacedIn: map[string]string{"c": "n"}[s.ComponentID]})
		}
		return c
	}
	types := func(found []component.Found) (out []component.FindingType) {
		for _, f := range found {
			out = append(out, f.Type)
		}
		return out
	}
	before := &assembly.ScanSummary{}
	for _, x := range []struct {
		name string
		scan *assembly.Comparison
		want []component.FindingType
	}{
		{"a part is gone", scan(), []component.FindingType{component.MissingPart}},
		{"it is still gone", scan(), nil},
		{"another is in its place", scan(assembly.ScanTag{ComponentID: "b", SlotID: "left"}), []component.FindingType{component.UnauthorisedReplacement}},
		{"and one of another machine somewhere", scan(assembly.ScanTag{ComponentID: "b", SlotID: "left"}, assembly.ScanTag{ComponentID: "c"}), []component.FindingType{component.MovedPart}},
		{"all is well again", scan(assembly.ScanTag{ComponentID: "a"}), nil},
		{"and it is gone once more", scan(), []component.FindingType{component.MissingPart}},
		{"a stranger is there", scan(assembly.ScanTag{ComponentID: "a"}, assembly.ScanTag{ComponentID: "b"}), []component.FindingType{component.UnexpectedPart}},
	} {
		marks, found := x.scan.Findings(before)
		if diff := cmp.Diff(x.want, types(found)); diff != "" {
			t.Errorf("%s: %s", x.name, diff)
		}
		before = &assembly.ScanSummary{Found: marks}
	}
	c := scan()
	c.Explain(func(assembly.Difference) string { return "request" })
	if marks, found := c.Findings(nil); len(marks)+len(found) != 0 {
		t.Errorf("an open request explains it: %v", found)
	}
	var many []assembly.ScanTag
	for i := range 2 * assembly.MaxScanFindings {
		many = append(many, assembly.ScanTag{ComponentID: fmt.Sprint("x", i)})
	}
	if marks, found := scan(many...).Findings(nil); len(marks) != assembly.MaxScanFindings || len(found) != assembly.MaxScanFindings {
		t.Errorf("%d marks, %d findings", len(marks), len(found))
	}
}

func TestScansAreNumberedAndGoForward(t *testing.T) {
	s := machine(t)
	for n := range uint64(2) {
		a := s.do(t, func(w *assembly.Workshop) (assembly.Assembly, error) {
			return w.Scanned("m", assembly.ScanSummary{SignedAt: now.Add(int64(n)), Agrees: true}, by(owner))
		})
		if a.Scan.Number != n+1 || a.Scan.RecordedAt != now {
			t.Errorf("%+v", a.Scan)
		}
	}
	_, err := assembly.NewWorkshop(s).Scanned("m", assembly.ScanSummary{SignedAt: now}, by(owner))
	wantFault(t, err, fault.CodeScanEarlier)
	wantFault(t, assembly.CheckTags([]assembly.ScanTag{{ComponentID: "a"}, {ComponentID: "a"}}), fault.CodeInvalid)
	wantFault(t, assembly.CheckTags(make([]assembly.ScanTag, assembly.MaxScanTags+1)), fault.CodeInvalid)
	wantFault(t, assembly.CheckTags([]assembly.ScanTag{{ComponentID: "a", SlotID: "?"}}), fault.CodeIDInvalid)
	wantFault(t, assembly.CheckTags([]assembly.ScanTag{{}}), fault.CodeIDInvalid)
}
