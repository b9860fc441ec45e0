package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// The steps of a part's life in machines.
const (
	InstalledStep Step = "installing"
	RemovedStep   Step = "removing"
	MeterReplaced Step = "meter-replaced"
)

// MeterChange is another device in the place of a component's meter.
type MeterChange struct {
	Measure string `json:"measure"`
	Final   int64  `json:"final"`
	Start   int64  `json:"start"`
}

// Fitting is the slot of a machine, and who owns the outermost machine that it is in.
type Fitting struct {
	MachineID string
	SlotID    string
	Owner     string
	Since     measure.Time // of a part that is taken out: when it was installed
}

// Fit puts the component into a machine. From then on it belongs to whoever owns
// that, however often the machine is sold; who installs may bring it along.
func (c Component) Fit(f Fitting, w When) (Component, LifeEvent, error) {
	if err := c.Loose(); err != nil {
		return c, LifeEvent{}, err
	}
	if c.Owner != f.Owner && c.Owner != w.Actor || c.OfferedTo != "" {
		return c, LifeEvent{}, fault.New(fault.CodePartOwner, "%s is owned by %s, and offered to %q", c.ComponentID, c.Owner, c.OfferedTo).With("componentId", c.ComponentID).With("owner", c.Owner)
	}
	former := ""
	if c.Owner != f.Owner {
		former = c.Owner
	}
	c.InstalledIn, c.Owner = f.MachineID, f.Owner
	c = c.handed()
	next, e := c.startWarranty(w.Now).record(InstalledStep, former, w)
	e.MachineID, e.SlotID = f.MachineID, f.SlotID
	return next, e, nil
}

// Unfit takes the component out: it belongs to who owns the machine now. If that is
// not its maker, its warranty has run since it was installed.
func (c Component) Unfit(f Fitting, w When) (Component, LifeEvent) {
	c.InstalledIn, c.Owner = "", f.Owner
	c = c.handed()
	next, e := c.startWarranty(f.Since).record(RemovedStep, "", w)
	e.MachineID, e.SlotID = f.MachineID, f.SlotID
	return next, e
}

// handed ends what an owner allowed somebody, with the event that is recorded next.
func (c Component) handed() Component {
	c.Transfers++
	c.TenureEvent = c.Events
	return c
}

// Handed says by whom the owner's time with the component ended in this event, and how.
func (e LifeEvent) Handed() (by, how string) {
	switch e.Step {
	case InstalledStep:
		return e.Actor, "it was put into a machine"
	case RemovedStep:
		return e.Actor, "it was taken out of a machine"
	}
	return e.Counterparty, "it went to another owner"
}

// WarrantyOver reports whether nobody's warranty on the component runs, or is still to begin.
func (c Component) WarrantyOver(now measure.Time) bool {
	if c.WarrantyUntil == "" {
		return c.WarrantyMonths == 0
	}
	return c.WarrantyUntil < now
}

// Loose refuses a component that is installed in a machine: it is sold, shipped
// and given away with that, not by itself.
func (c Component) Loose() error {
	if c.InstalledIn != "" {
		return fault.New(fault.CodePartInstalled, "%s is installed in %s", c.ComponentID, c.InstalledIn).With("componentId", c.ComponentID).With("machineId", c.InstalledIn)
	}
	return nil
}

// NoteMeter notes in the component's history that its meter was replaced.
func (c Component) NoteMeter(m MeterChange, w When) (Component, LifeEvent) {
	next, e := c.record(MeterReplaced, "", w)
	e.Meter = &m
	return next, e
}
