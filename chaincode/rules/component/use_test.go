package component_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

const (
	lender = "LenderMSP"
	office = "RegulatorMSP"
)

var uses = []component.Use{component.Install, component.Ship, component.Transfer, component.Pledge, component.Maintain, component.Rework, component.Decommission, component.Keep}

// The whole table of what stops which use.
func TestUsable(t *testing.T) {
	c := registered(t)
	tagged, core, pledged, ending, ended := c, c, c, c, c
	tagged.Status, core.Core, ending.Status, ended.Status = component.Registered, true, component.Decommissioning, component.Decommissioned
	pledged.PledgedTo, pledged.PledgedTill = lender, now.Add(1000)
	held := func(by component.Holder, kind component.HoldKind) component.Bearing {
		return component.Bearing{Now: now, Holds: []component.Hold{{Holder: by, Kind: kind, Active: true, By: "X"}}}
	}
	free := component.Bearing{Now: now}
	for name, x := range map[string]struct {
		c    component.Component
		b    component.Bearing
		code fault.Code
		stop string // the uses that are refused with the code
	}{
		"an ordinary one":                     {c, free, "", ""},
		"nobody has activated it":             {tagged, free, fault.CodeComponentInactive, "install pledge"},
		"a core":                              {core, free, fault.CodeComponentCore, "install"},
		"a pledged one":                       {pledged, free, fault.CodeComponentPledged, "transfer pledge decommission"},
		"a pledged one, to the lender":        {pledged, component.Bearing{Now: now, To: lender}, fault.CodeComponentPledged, "pledge decommission"},
		"a pledge that is over":               {pledged, component.Bearing{Now: now.Add(1001)}, "", ""},
		"its end is asked for":                {ending, free, fault.CodeComponentEnding, "install ship transfer pledge maintain rework"},
		"it is decommissioned":                {ended, free, fault.CodeComponentDecommissioned, "install ship transfer pledge maintain rework decommission keep"},
		"held for its quality by its maker":   {c, held(component.ByManufacturer, component.QualityHold), fault.CodeComponentHeld, "install ship transfer pledge"},
		"held for safety by its owner":        {c, held(component.ByOwner, component.SafetyHold), fault.CodeComponentHeld, "install ship transfer pledge"},
		"evidence":                            {c, held(component.ByManufacturer, component.LegalHold), fault.CodeComponentHeld, "install ship transfer pledge maintain rework decommission"},
		"stolen":                              {c, held(component.ByOwner, component.StolenHold), fault.CodeComponentHeld, "install ship transfer pledge maintain rework decommission"},
		"held by a regulator":                 {c, held(component.ByRegulator, component.SafetyHold), fault.CodeComponentHeld, "install ship transfer pledge maintain rework decommission"},
		"a hold that was lifted":              {c, component.Bearing{Now: now, Holds: []component.Hold{{Holder: component.ByOwner, Kind: component.LegalHold}}}, "", ""},
		"recalled: it may be put in order":    {c, component.Bearing{Now: now, Recalls: []component.Recall{{Active: true, Lot: "*"}}}, fault.CodeComponentRecalled, "install ship transfer pledge"},
		"recalled, and its end is witnessed":  {ended, component.Bearing{Now: now, Recalls: []component.Recall{{Active: true}}}, fault.CodeComponentDecommissioned, "install ship transfer pledge maintain rework decommission keep"},
		"held and pledged: the hold is named": {pledged, held(component.ByRegulator, component.SafetyHold), fault.CodeComponentHeld, "install ship transfer pledge maintain rework decommission"},
	} {
		t.Run(name, func(t *testing.T) {
			stopped := strings.Fields(x.stop)
			for _, u := range uses {
				want := fault.Code("")
				for _, s := range stopped {
					if s == string(u) {
						want = x.code
					}
				}
				if err := x.c.Usable(u, x.b); want == "" && err != nil || want != "" && !fault.Is(err, want) {
					t.Errorf("%s: got %v, want %q", u, err, want)
				}
			}
		})
	}
}

func TestWhoHoldsAsWhat(t *testing.T) {
	c := registered(t)
	c.Owner = buyer
	for mspID, want := range map[string]component.Holder{maker: component.ByManufacturer, buyer: component.ByOwner, office: component.ByRegulator, "X": ""} {
		o := party.Organisation{MSPID: mspID, Roles: []party.Role{party.Manufacturer}}
		if mspID == office {
			o.Roles = []party.Role{party.Regulator}
		}
		got, err := c.CapacityOf(o)
		if got != want || (want == "") != fault.Is(err, fault.CodeHoldNotParty) {
			t.Errorf("%s: %q, %v", mspID, got, err)
		}
	}
}

// Whatever is tried, in whatever order, by whomever: a hold goes only with who
// placed it, or with the owner where it was an owner's, and its numbers have no gaps.
func TestNobodyElseLiftsAHold(t *testing.T) {
	org := rapid.SampledFrom([]string{maker, buyer, office, "X"})
	kind := rapid.SampledFrom([]component.HoldKind{component.QualityHold, component.SafetyHold, component.LegalHold, component.StolenHold, "none"})
	rapid.Check(t, func(t *rapid.T) {
		holder := rapid.SampledFrom(component.Holders()).Draw(t, "holder")
		h := component.Hold{ComponentID: "c", Holder: holder}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before, actor, owner := h, org.Draw(t, "actor"), org.Draw(t, "owner")
			var err error
			if rapid.Bool().Draw(t, "place") {
				h, err = h.Place(kind.Draw(t, "kind"), "why", by(actor))
			} else {
				h, err = h.Release(owner, "why not", by(actor))
			}
			lifted := before.Active && !h.Active
			switch {
			case err != nil && h != before:
				t.Fatalf("refused, but changed: %+v to %+v", before, h)
			case lifted && actor != before.By && (holder != component.ByOwner || actor != owner):
				t.Fatalf("%s lifted the hold of %s", actor, before.By)
			case !before.Active && h.Active && (h.Number != before.Number+1 || h.By != actor), h.Active && before.Active && h != before:
				t.Fatalf("%+v became %+v", before, h)
			}
		}
	})
}

func TestARecallReachesItsLotAndNoOther(t *testing.T) {
	w := by(maker)
	r, err := component.Recall{Manufacturer: maker, PartNumber: "p-1", Lot: "L1"}.Issue("cracks", "", w)
	wantFault(t, err, "")
	_, err = r.Issue("again", "", w)
	wantFault(t, err, fault.CodeRecallIssued)
	for name, bad := range map[string]component.Recall{"no part number": {Lot: "L1"}, "no lot": {PartNumber: "p"}, "a lot that is none": {PartNumber: "p", Lot: "**"}} {
		if _, err := bad.Issue("x", "", w); !fault.Is(err, fault.CodeIDInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = component.Recall{PartNumber: "p", Lot: "L"}.Issue("", "", w)
	wantFault(t, err, fault.CodeInvalid)
	_, err = component.Recall{PartNumber: "p", Lot: "L"}.Issue("x", "y", w)
	wantFault(t, err, fault.CodeInvalid)

	c := registered(t)
	c.Lot = "L1"
	cleared, err := component.Clearance{}.Clear(c, r, "new seams", "", w)
	wantFault(t, err, "")
	if len(cleared.Bears([]component.Recall{r})) != 0 {
		t.Error("cleared, and still recalled")
	}
	_, err = cleared.Clear(c, r, "again", "", w)
	wantFault(t, err, fault.CodeRecallNone)
	_, err = component.Clearance{}.Clear(c, r, "new seams", "", by(buyer))
	wantFault(t, err, fault.CodeNotManufacturer)
	c.Lot = "L2"
	_, err = component.Clearance{}.Clear(c, r, "not this lot", "", w)
	wantFault(t, err, fault.CodeRecallNone)

	released, err := r.Release("it was the rig", w)
	wantFault(t, err, "")
	if len(component.Clearance{}.Bears([]component.Recall{released})) != 0 {
		t.Error("released, and still in force")
	}
	_, err = released.Release("again", w)
	wantFault(t, err, fault.CodeRecallNone)
	anew, err := released.Issue("cracks again", "", w)
	wantFault(t, err, "")
	if anew.Number != 2 || len(cleared.Bears([]component.Recall{anew})) != 1 {
		t.Errorf("a clearance from the first recall counts for the second: %+v", anew)
	}
}

// Every way through a component's life, by anybody: it has one owner at any time, it
// secures one debt at most, and after its end nothing happens to it any more.
func TestEveryLife(t *testing.T) {
	org := rapid.SampledFrom([]string{maker, buyer, lender, "X"})
	rapid.Check(t, func(t *rapid.T) {
		c, first, err := component.Register(component.Component{ComponentID: "c-1", PartNumber: "p-1", PublicKey: "pk", Location: "DEHAM", WitnessSeconds: 60, WarrantyMonths: 12}, by(maker))
		if err != nil {
			t.Fatal(err)
		}
		events := []component.LifeEvent{first}
		var pledges []component.PledgeRecord
		var end component.Retirement
		clock := now
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := c
			clock = clock.Add(rapid.Int64Range(0, 40_000).Draw(t, "ms"))
			w := component.When{Actor: org.Draw(t, "actor"), Now: clock, TransactionID: "tx"}
			next, e, err := live(t, c, w, org.Draw(t, "other"), &pledges, &end)
			if err != nil {
				continue
			}
			if before.Status == component.Decommissioned {
				t.Fatalf("%s after the end, by %s", e.Step, w.Actor)
			}
			if next.Owner != before.Owner && (w.Actor != next.Owner || before.OfferedTo != next.Owner) {
				t.Fatalf("%s took it without an offer", w.Actor)
			}
			if next.Owner != before.Owner && before.Secures(clock) && next.Owner != before.PledgedTo {
				t.Fatalf("%s took what is pledged to %s", w.Actor, before.PledgedTo)
			}
			c, events = next, append(events, e)
		}
		checkHistory(t, c, events)
		inForce := 0
		for _, p := range pledges {
			if p.Status == component.PledgeInForce && p.Till >= clock {
				inForce++
			}
		}
		if inForce > 1 {
			t.Fatalf("it secures %d debts", inForce)
		}
	})
}

// checkHistory reads the owners out of the history: from each moment to the next
// there is one, without gap or overlap, and the last one is the head's.
func checkHistory(t *rapid.T, c component.Component, events []component.LifeEvent) {
	owner, since := "", measure.Time("")
	for i, e := range events {
		switch {
		case e.Number != uint64(i):
			t.Fatalf("event %d has number %d", i, e.Number)
		case e.At < since:
			t.Fatalf("event %d is before the one before it", i)
		case e.Owner != owner && i > 0 && (e.Step != component.OwnershipAccepted || e.Counterparty != owner):
			t.Fatalf("%s changed the owner from %s to %s", e.Step, owner, e.Owner)
		}
		owner, since = e.Owner, e.At
	}
	if owner != c.Owner || c.Events != uint64(len(events)) {
		t.Fatalf("the history ends with %s, the head says %s", owner, c.Owner)
	}
}

// live takes one step, as the contract does: first whether it may be used so.
func live(t *rapid.T, c component.Component, w component.When, other string, pledges *[]component.PledgeRecord, end *component.Retirement) (component.Component, component.LifeEvent, error) {
	free := func(u component.Use, to string) error { return c.Usable(u, component.Bearing{Now: w.Now, To: to}) }
	refused := func(err error) (component.Component, component.LifeEvent, error) {
		return c, component.LifeEvent{}, err
	}
	pledge := func(step func(component.PledgeRecord, component.When) (component.Component, component.PledgeRecord, component.LifeEvent, error), i int) (component.Component, component.LifeEvent, error) {
		next, p, e, err := step((*pledges)[i], w)
		if err == nil {
			(*pledges)[i] = p
		}
		return next, e, err
	}
	step := rapid.IntRange(0, 9).Draw(t, "step")
	switch {
	case step == 0 && free(component.Transfer, other) == nil:
		return c.OfferOwnership(other, w)
	case step == 1 && free(component.Transfer, w.Actor) == nil:
		next, e, err := c.AcceptOwnership("", w)
		if err == nil && c.PledgedBy > 0 {
			(*pledges)[c.PledgedBy-1] = (*pledges)[c.PledgedBy-1].Settled(next.Owner, w)
		}
		return next, e, err
	case step == 2 && free(component.Keep, "") == nil:
		return c.DeclineOwnership(w)
	case step == 3 && free(component.Pledge, "") == nil:
		next, p, e, err := c.OfferPledge(component.PledgeRecord{Lender: other, AmountMinor: 1, Currency: "USD", Till: w.Now.Add(60_000)}, w)
		if err == nil {
			*pledges = append(*pledges, p)
		}
		return next, e, err
	case step == 4 && free(component.Pledge, "") == nil && len(*pledges) > 0:
		return pledge(c.AcceptPledge, rapid.IntRange(0, len(*pledges)-1).Draw(t, "pledge"))
	case step == 5 && free(component.Keep, "") == nil && len(*pledges) > 0:
		return pledge(c.EndPledge, rapid.IntRange(0, len(*pledges)-1).Draw(t, "pledge"))
	case step == 6 && free(component.Decommission, "") == nil:
		next, r, e, err := c.AskEnd(component.Retirement{Disposition: component.Destroyed, Reason: "worn"}, w)
		if err == nil {
			*end = r
		}
		return next, e, err
	case step == 7 && free(component.Decommission, "") == nil:
		next, _, e, err := c.EndLife(*end, "", w)
		return next, e, err
	case step == 8 && free(component.Keep, "") == nil:
		next, _, e, err := c.WithdrawEnd(*end, w)
		return next, e, err
	case step == 9 && free(component.Keep, "") == nil:
		return c.Relocate("NLRTM", w)
	}
	return refused(fault.New(fault.CodeComponentHeld, "not now"))
}
