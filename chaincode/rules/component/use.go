package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Use is what somebody is about to do with a component.
type Use string

// The uses.
const (
	Install      Use = "install"      // into a machine
	Ship         Use = "ship"         // in a shipment
	Transfer     Use = "transfer"     // to another owner
	Pledge       Use = "pledge"       // as security
	Maintain     Use = "maintain"     // service, inspection, tests
	Rework       Use = "rework"       // remanufacture, recondition, repair
	Decommission Use = "decommission" // end its life
	Keep         Use = "keep"         // anything else about it: papers, places, scans
)

// Bearing is what is on record besides the component's head and bears on its use.
type Bearing struct {
	Holds   []Hold       // in force
	Recalls []Recall     // in force, of its part number and its lot or all lots, from which it has not been cleared
	Now     measure.Time // a pledge ends by itself
	To      string       // of a transfer: MSP id of the new owner
}

// Usable is the rule "may this still be used". A decommissioned component is good
// for nothing but being read about (CM9); a held or recalled one is not installed,
// shipped, transferred or pledged (CM16), and a pledged one goes to the lender only
// (CM17). What is installed in a machine goes where that goes.
func (c Component) Usable(u Use, b Bearing) error {
	if err := c.Lives(u); err != nil {
		return err
	}
	if u == Keep {
		return nil
	}
	if slices.Contains([]Use{Ship, Transfer, Pledge, Decommission}, u) {
		if err := c.Loose(); err != nil {
			return err
		}
	}
	for _, h := range b.Holds {
		if h.stops(u) {
			return fault.New(fault.CodeComponentHeld, "%s is held by %s: %s", c.ComponentID, h.By, h.Reason).
				With("componentId", c.ComponentID).With("by", h.By).With("kind", string(h.Kind))
		}
	}
	if slices.Contains([]Use{Install, Ship, Transfer, Pledge}, u) && len(b.Recalls) > 0 {
		r := b.Recalls[0]
		return fault.New(fault.CodeComponentRecalled, "%s is recalled by %s: %s", c.ComponentID, r.Manufacturer, r.Reason).
			With("componentId", c.ComponentID).With("lot", r.Lot).With("number", r.Number)
	}
	if (u == Install || u == Pledge) && c.Status == Registered {
		return fault.New(fault.CodeComponentInactive, "nobody has activated %s", c.ComponentID).With("componentId", c.ComponentID)
	}
	if u == Install && c.Core {
		return fault.New(fault.CodeComponentCore, "%s was given back as a core and has to be remanufactured, reconditioned or repaired first", c.ComponentID).
			With("componentId", c.ComponentID)
	}
	secured := c.Secures(b.Now) && (u == Pledge || u == Decommission || u == Transfer && b.To != c.PledgedTo)
	if secured {
		return fault.New(fault.CodeComponentPledged, "%s is pledged to %s", c.ComponentID, c.PledgedTo).
			With("componentId", c.ComponentID).With("pledgedTo", c.PledgedTo)
	}
	return nil
}

// Lives refuses what is done with a component at or after the end of its life.
// It is part of [Component.Usable], for who has no use of the rest.
func (c Component) Lives(u Use) error {
	if c.Status == Decommissioned {
		return fault.New(fault.CodeComponentDecommissioned, "%s was decommissioned", c.ComponentID).With("componentId", c.ComponentID)
	}
	if c.Status == Decommissioning && u != Decommission && u != Keep {
		return fault.New(fault.CodeComponentEnding, "the decommissioning of %s has been asked for", c.ComponentID).With("componentId", c.ComponentID)
	}
	return nil
}

// Secures reports whether a lender may rely on the component now.
func (c Component) Secures(now measure.Time) bool {
	return c.PledgedTo != "" && now <= c.PledgedTill
}

// Guardians are those without whom no majority changes the component's record:
// its owner, and who lends on it.
func (c Component) Guardians() []string {
	if c.PledgedTo != "" && c.PledgedTo != c.Owner {
		return []string{c.Owner, c.PledgedTo}
	}
	return []string{c.Owner}
}
