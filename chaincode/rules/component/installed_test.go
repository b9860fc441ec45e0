package component_test

import (
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

func fitting(owner string) component.Fitting {
	return component.Fitting{MachineID: "m", SlotID: "left", Owner: owner}
}

// TestAPartBelongsToWhoOwnsTheMachine: as it goes in, and as it comes out, to
// whoever that is then; in between it is offered to nobody.
func TestAPartBelongsToWhoOwnsTheMachine(t *testing.T) {
	c := registered(t)
	c.WarrantyMonths = 24
	in, e, err := c.Fit(fitting(buyer), by(maker))
	wantFault(t, err, "")
	if in.Owner != buyer || in.InstalledIn != "m" || e.Step != component.InstalledStep || e.Counterparty != maker || e.MachineID != "m" || e.SlotID != "left" || e.Number != c.Events || in.WarrantyUntil != now.AddMonths(24) {
		t.Errorf("%+v %+v", in, e)
	}
	own, e, err := c.Fit(fitting(maker), by(maker))
	wantFault(t, err, "")
	if own.Owner != maker || e.Counterparty != "" || own.WarrantyUntil != "" {
		t.Errorf("%+v %+v", own, e)
	}
	_, _, err = c.Fit(fitting(buyer), by("X"))
	wantFault(t, err, fault.CodePartOwner)
	_, _, err = in.Fit(fitting(buyer), by(buyer))
	wantFault(t, err, fault.CodePartInstalled)
	_, _, err = in.OfferOwnership("X", by(buyer))
	wantFault(t, err, fault.CodePartInstalled)
	for _, use := range []component.Use{component.Ship, component.Transfer, component.Pledge, component.Decommission} {
		wantFault(t, in.Usable(use, component.Bearing{Now: now}), fault.CodePartInstalled)
	}
	wantFault(t, in.Usable(component.Maintain, component.Bearing{Now: now}), "")
	offered, _, err := c.OfferOwnership(buyer, by(maker))
	wantFault(t, err, "")
	_, _, err = offered.Fit(fitting(maker), by(maker))
	wantFault(t, err, fault.CodePartOwner)

	// The machine was sold meanwhile, and the part's warranty began with it.
	since := measure.Time("2025-01-01T00:00:00.000Z")
	out, e := own.Unfit(component.Fitting{MachineID: "m", SlotID: "left", Owner: "X", Since: since}, by("X"))
	if out.Owner != "X" || out.InstalledIn != "" || e.Step != component.RemovedStep || e.Owner != "X" || e.SlotID != "left" || out.WarrantyUntil != since.AddMonths(24) {
		t.Errorf("%+v %+v", out, e)
	}
}

func TestAWarrantyIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		component component.Component
		want      bool
	}{
		"when there never was one":     {component.Component{}, true},
		"not before it has begun":      {component.Component{WarrantyMonths: 1}, false},
		"not while it runs":            {component.Component{WarrantyMonths: 1, WarrantyUntil: now}, false},
		"as soon as its last day ends": {component.Component{WarrantyMonths: 1, WarrantyUntil: now.Add(-1)}, true},
	} {
		if got := c.component.WarrantyOver(now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
