package assembly

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// Part is a component as a slot takes it.
type Part struct {
	SlotID       string
	ComponentID  string
	PartNumber   string
	Manufacturer string
	Lot          string
}

// Define gives a machine slots, or more of them. The first are defined by the
// machine's owner, who becomes the keeper of its configuration; more by the keeper.
func (w *Workshop) Define(machineID, owner string, slots []SlotDefinition, x When) (Assembly, error) {
	known, err := w.Find(machineID)
	if err != nil {
		return Assembly{}, err
	}
	a := Assembly{MachineID: machineID, Keeper: owner, Levels: 1}
	if known != nil {
		a = *known
	}
	if err := a.kept(x.Actor); err != nil {
		return a, err
	}
	if err := checkBatch("slots", len(slots)); err != nil {
		return a, err
	}
	if a.Slots+uint64(len(slots)) > MaxSlots {
		return a, fault.New(fault.CodeAssemblyTooLarge, "%s would have more than %d slots", machineID, MaxSlots)
	}
	w.assemblies.put(machineID, a)
	changes := make([]SlotChange, 0, len(slots))
	for _, s := range slots {
		if err := w.addSlot(machineID, s); err != nil {
			return a, err
		}
		changes = append(changes, SlotChange{SlotID: s.SlotID})
	}
	if known == nil { // a part that becomes a machine makes those above it deeper
		up, err := w.Above(machineID)
		if err != nil {
			return a, err
		}
		if err := shallow(len(up) + 1); err != nil {
			return a, err
		}
		if err := w.lift(machineID); err != nil {
			return a, err
		}
	}
	return w.record(machineID, SlotsDefined, changes, x)
}

func (w *Workshop) addSlot(machineID string, s SlotDefinition) error {
	if err := s.check(); err != nil {
		return err
	}
	taken, err := w.slot(machineID, s.SlotID)
	if err != nil {
		return err
	}
	if taken != nil {
		return fault.New(fault.CodeSlotExists, "%s has a slot %q", machineID, s.SlotID).With("slotId", s.SlotID)
	}
	a, err := w.Assembly(machineID)
	if err != nil {
		return err
	}
	p, err := w.Page(machineID, a.Slots/PageSlots)
	if err != nil {
		return err
	}
	p = w.aside(a, p)
	p.Positions = append(slices.Clone(p.Positions), Slot{SlotID: s.SlotID, PartNumbers: slices.Clone(s.PartNumbers), Optional: s.Optional})
	w.pages.put(pageKey(machineID, p.Page), p)
	w.slots.put(slotKey(machineID, s.SlotID), SlotIndex{machineID, s.SlotID, p.Page})
	a.Slots++
	if !s.Optional {
		a.Open++
	}
	w.assemblies.put(machineID, a)
	return nil
}

// Amend changes which parts slots allow, now and then: alternates come up, and
// what was allowed is not any more. What is installed stays.
func (w *Workshop) Amend(machineID string, slots []SlotDefinition, x When) (Assembly, error) {
	a, err := w.Assembly(machineID)
	if err != nil {
		return a, err
	}
	if err := a.kept(x.Actor); err != nil {
		return a, err
	}
	if err := checkBatch("slots", len(slots)); err != nil {
		return a, err
	}
	var changes []SlotChange
	for _, s := range slots {
		if err := s.check(); err != nil {
			return a, err
		}
		if err := w.change(machineID, s.SlotID, func(p Slot) (Slot, error) {
			p.PartNumbers, p.Optional = slices.Clone(s.PartNumbers), s.Optional
			return p, nil
		}); err != nil {
			return a, err
		}
		changes = append(changes, SlotChange{SlotID: s.SlotID})
	}
	return w.record(machineID, SlotsAmended, changes, x)
}

// Install puts parts into empty slots of a machine.
func (w *Workshop) Install(machineID string, parts []Part, x When) (Assembly, error) {
	if err := checkBatch("parts", len(parts)); err != nil {
		return Assembly{}, err
	}
	changes := make([]SlotChange, 0, len(parts))
	for _, p := range parts {
		if err := w.put(machineID, p, x.Now); err != nil {
			return Assembly{}, err
		}
		changes = append(changes, SlotChange{SlotID: p.SlotID, Installed: p.ComponentID})
	}
	if err := w.settle(machineID, changes); err != nil {
		return Assembly{}, err
	}
	return w.record(machineID, Installing, changes, x)
}

// Fill names a component, and the slot that it is to be put into.
type Fill struct {
	SlotID      string `json:"slotId"`
	ComponentID string `json:"componentId"`
}

// Removal names a slot and the part that is believed to be in it, so that nobody
// removes what somebody else has put there meanwhile.
type Removal struct {
	SlotID      string `json:"slotId"`
	ComponentID string `json:"componentId"`
}

// Remove takes parts out of a machine's slots.
func (w *Workshop) Remove(machineID string, parts []Removal, x When) (Assembly, error) {
	if err := checkBatch("parts", len(parts)); err != nil {
		return Assembly{}, err
	}
	changes := make([]SlotChange, 0, len(parts))
	for _, p := range parts {
		if err := w.take(machineID, p, x.Now); err != nil {
			return Assembly{}, err
		}
		changes = append(changes, SlotChange{SlotID: p.SlotID, Removed: p.ComponentID})
	}
	if err := w.settle(machineID, changes); err != nil {
		return Assembly{}, err
	}
	return w.record(machineID, Removing, changes, x)
}

// Replace takes one part out and puts another in, in one record of both (SV4).
func (w *Workshop) Replace(machineID, removed string, p Part, x When) (Assembly, error) {
	if err := w.take(machineID, Removal{p.SlotID, removed}, x.Now); err != nil {
		return Assembly{}, err
	}
	if err := w.put(machineID, p, x.Now); err != nil {
		return Assembly{}, err
	}
	changes := []SlotChange{{SlotID: p.SlotID, Removed: removed, Installed: p.ComponentID}}
	if err := w.settle(machineID, changes); err != nil {
		return Assembly{}, err
	}
	return w.record(machineID, Replacing, changes, x)
}

// put places a part: its placement, its counters, and the slot.
func (w *Workshop) put(machineID string, p Part, now measure.Time) error {
	if err := w.fits(machineID, p.ComponentID); err != nil {
		return err
	}
	at, err := w.Placement(p.ComponentID)
	if err != nil {
		return err
	}
	if at.MachineID != "" {
		return fault.New(fault.CodePartInstalled, "%s is installed in %s", p.ComponentID, at.MachineID).With("machineId", at.MachineID).With("slotId", at.SlotID)
	}
	machine, err := w.Totals(machineID)
	if err != nil {
		return err
	}
	c, err := w.Counters(p.ComponentID)
	if err != nil {
		return err
	}
	if c, err = c.Join(machineID, machine, now); err != nil {
		return err
	}
	if err := w.change(machineID, p.SlotID, func(slot Slot) (Slot, error) {
		if slot.ComponentID != "" {
			return slot, fault.New(fault.CodeSlotFilled, "slot %s of %s holds %s", p.SlotID, machineID, slot.ComponentID).With("componentId", slot.ComponentID).With("slotId", p.SlotID)
		}
		if err := slot.Allows(p.PartNumber); err != nil {
			return slot, err
		}
		slot.ComponentID, slot.PartNumber, slot.Manufacturer, slot.Lot, slot.InstalledAt = p.ComponentID, p.PartNumber, p.Manufacturer, p.Lot, now
		return slot, nil
	}); err != nil {
		return err
	}
	holder, _, err := w.locate(machineID, p.SlotID)
	if err != nil {
		return err
	}
	w.counters.put(p.ComponentID, c)
	w.placements.put(p.ComponentID, Placement{ComponentID: p.ComponentID, MachineID: machineID, SlotID: p.SlotID, Page: holder.Page, Since: now, Moves: at.Moves + 1})
	_, _, err = w.reslot(p.ComponentID)
	return err
}

// take takes a part out: the slot, its counters, its placement.
func (w *Workshop) take(machineID string, p Removal, now measure.Time) error {
	if err := w.change(machineID, p.SlotID, func(slot Slot) (Slot, error) {
		switch slot.ComponentID {
		case "":
			return slot, fault.New(fault.CodeSlotEmpty, "slot %s of %s is empty", p.SlotID, machineID).With("slotId", p.SlotID)
		case p.ComponentID:
			return slot.empty(), nil
		}
		return slot, fault.New(fault.CodeSlotOther, "slot %s of %s holds %s, not %s", p.SlotID, machineID, slot.ComponentID, p.ComponentID).With("componentId", slot.ComponentID).With("slotId", p.SlotID)
	}); err != nil {
		return err
	}
	at, err := w.Placement(p.ComponentID)
	if err != nil {
		return err
	}
	machine, err := w.Totals(machineID)
	if err != nil {
		return err
	}
	c, err := w.Counters(p.ComponentID)
	if err != nil {
		return err
	}
	w.counters.put(p.ComponentID, c.Leave(machine, now))
	w.placements.put(p.ComponentID, Placement{ComponentID: p.ComponentID, Since: now, Moves: at.Moves + 1})
	return nil
}

// fits refuses a part in which the machine itself is, and one that would go too deep.
func (w *Workshop) fits(machineID, componentID string) error {
	up, err := w.Above(machineID)
	if err != nil {
		return err
	}
	up = append(up, Placement{MachineID: machineID})
	if slices.ContainsFunc(up, func(p Placement) bool { return p.MachineID == componentID }) {
		return fault.New(fault.CodeAssemblyCycle, "%s is in %s", machineID, componentID).With("machineId", machineID)
	}
	a, err := w.Find(componentID)
	if err != nil {
		return err
	}
	return shallow(len(up) + levelsOf(a))
}

func shallow(levels int) error {
	if levels > MaxDepth {
		return fault.New(fault.CodeAssemblyTooDeep, "a part would be %d machines deep, at most %d are allowed", levels, MaxDepth)
	}
	return nil
}

func levelsOf(a *Assembly) int {
	if a == nil {
		return 0
	}
	return int(a.Levels)
}

// change changes one slot, and the head's counts with it.
func (w *Workshop) change(machineID, slotID string, to func(Slot) (Slot, error)) error {
	a, err := w.Assembly(machineID)
	if err != nil {
		return err
	}
	p, i, err := w.locate(machineID, slotID)
	if err != nil {
		return err
	}
	before := p.Positions[i]
	after, err := to(before)
	if err != nil {
		return err
	}
	a.Filled, a.Open = a.Filled-filled(before)+filled(after), a.Open-before.open()+after.open()
	p = w.aside(a, p)
	p.Positions = slices.Clone(p.Positions)
	p.Positions[i] = after
	w.pages.put(pageKey(machineID, p.Page), p)
	w.assemblies.put(machineID, a)
	return nil
}

func filled(p Slot) uint64 {
	if p.ComponentID != "" {
		return 1
	}
	return 0
}

// open counts a slot that has to be filled and is not.
func (p Slot) open() uint64 {
	if p.ComponentID == "" && !p.Optional {
		return 1
	}
	return 0
}

// reslot brings a part's slot up to date: how deep the part is, and what of it falls
// due when. It says where the part is, and whether anything has changed.
func (w *Workshop) reslot(componentID string) (Placement, bool, error) {
	at, err := w.Placement(componentID)
	if err != nil || at.MachineID == "" {
		return at, false, err
	}
	c, err := w.Counters(componentID)
	if err != nil {
		return at, false, err
	}
	a, err := w.Find(componentID)
	if err != nil {
		return at, false, err
	}
	var below []usage.Count
	if a != nil {
		below = a.Dues()
	}
	dues := c.Lift(c.Dues(below))
	p, i, err := w.position(at.MachineID, at.SlotID, at.Page)
	if err != nil {
		return at, false, err
	}
	slot := p.Positions[i]
	if levels := uint64(levelsOf(a)); slot.Levels != levels || !slices.Equal(slot.Dues, dues) {
		slot.Levels, slot.Dues = levels, dues
		p.Positions = slices.Clone(p.Positions)
		p.Positions[i] = slot
		w.pages.put(pageKey(at.MachineID, p.Page), p)
		return at, true, nil
	}
	return at, false, nil
}

// lift carries a change of a component's depth or dues up to the machines above,
// as far as it makes a difference to them.
func (w *Workshop) lift(componentID string) error {
	for {
		at, changed, err := w.reslot(componentID)
		if err != nil || !changed {
			return err
		}
		if err := w.mark(at.MachineID, at.Page); err != nil {
			return err
		}
		componentID = at.MachineID
	}
}

// mark brings the head's mark of a page up to date.
func (w *Workshop) mark(machineID string, page uint64) error {
	a, err := w.Assembly(machineID)
	if err != nil {
		return err
	}
	p, err := w.Page(machineID, page)
	if err != nil {
		return err
	}
	if a, err = a.marked(p); err != nil {
		return err
	}
	w.assemblies.put(machineID, a)
	return nil
}

// settle marks the pages of changed slots, and carries on above.
func (w *Workshop) settle(machineID string, changes []SlotChange) error {
	var done []uint64
	for _, c := range changes {
		p, _, err := w.locate(machineID, c.SlotID)
		if err != nil {
			return err
		}
		if !slices.Contains(done, p.Page) {
			done = append(done, p.Page)
			if err := w.mark(machineID, p.Page); err != nil {
				return err
			}
		}
	}
	return w.lift(machineID)
}

// record appends the machine's event.
func (w *Workshop) record(machineID string, s Step, changes []SlotChange, x When) (Assembly, error) {
	a, err := w.Assembly(machineID)
	if err != nil {
		return a, err
	}
	w.events = append(w.events, AssemblyEvent{
		MachineID: machineID, Number: a.Events, Step: s, At: x.Now, Actor: x.Actor, Changes: changes,
		RequestID: x.RequestID, Statement: x.Statement, Reason: x.Reason, TransactionID: x.TransactionID,
	})
	a.Events++
	a.ChangedAt = x.Now
	w.assemblies.put(machineID, a)
	return a, nil
}

// kept refuses everybody but the keeper of the configuration.
func (a Assembly) kept(actor string) error {
	if a.Keeper != actor {
		return fault.New(fault.CodeAssemblyAuthority, "the configuration of %s is kept by %s", a.MachineID, a.Keeper).With("keeper", a.Keeper)
	}
	return nil
}

func checkBatch(field string, n int) error {
	if n < 1 || n > MaxBatch {
		return fault.New(fault.CodeInvalid, "%s has 1 to %d entries", field, MaxBatch).With("field", field)
	}
	return nil
}
