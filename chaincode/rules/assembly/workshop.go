package assembly

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// Records is where a [Workshop] finds what it has not seen yet; nil when there is
// no such record. It gives what was true before, never what the workshop changed.
type Records interface {
	Assembly(machineID string) (*Assembly, error)
	Page(machineID string, page uint64) (*SlotPage, error)
	Slot(machineID, slotID string) (*SlotIndex, error)
	Placement(componentID string) (*Placement, error)
	Counters(componentID string) (*usage.Counters, error)
}

// Workshop is where configurations and counters are changed: it loads what a
// change touches, once, and keeps what became of it until it is asked. A change
// that is refused leaves it in no particular state: whoever is refused gives it up.
// It is used by one transaction, which asks for any number of changes.
type Workshop struct {
	records    Records
	assemblies shelf[Assembly]
	pages      shelf[SlotPage]
	placements shelf[Placement]
	counters   shelf[usage.Counters]
	slots      shelf[SlotIndex]
	asides     []Aside // pages put aside
	events     []AssemblyEvent
}

// Aside is a page as it was in the baselines from the one after its Kept up to
// and including this one.
type Aside struct {
	Baseline uint64   `json:"baseline"`
	Page     SlotPage `json:"page"`
}

// When says by whom and in which transaction something is done, and why.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
	RequestID     string
	Statement     string
	Reason        string
}

// NewWorkshop is a workshop over records.
func NewWorkshop(r Records) *Workshop {
	return &Workshop{
		records: r, assemblies: newShelf[Assembly](), pages: newShelf[SlotPage](),
		placements: newShelf[Placement](), counters: newShelf[usage.Counters](), slots: newShelf[SlotIndex](),
	}
}

// Changes are all records that the workshop has changed, each once, in the order
// in which they were first touched.
type Changes struct {
	Assemblies []Assembly
	Pages      []SlotPage
	Placements []Placement
	Counters   []usage.Counters
	Slots      []SlotIndex
	Asides     []Aside
	Events     []AssemblyEvent
}

// Changes gives what is to be stored.
func (w *Workshop) Changes() Changes {
	return Changes{
		Assemblies: w.assemblies.changed(), Pages: w.pages.changed(), Placements: w.placements.changed(), Counters: w.counters.changed(),
		Slots: w.slots.changed(), Asides: w.asides, Events: w.events,
	}
}

// shelf holds records of one kind: as they are now, and whether that is new.
type shelf[T any] struct {
	items map[string]*item[T] // never iterated
	order []string
}

type item[T any] struct {
	record *T
	dirty  bool
}

func newShelf[T any]() shelf[T] { return shelf[T]{items: make(map[string]*item[T])} }

// get gives the record under a key, loaded at most once.
func (s *shelf[T]) get(key string, load func() (*T, error)) (*T, error) {
	if it, ok := s.items[key]; ok {
		return it.record, nil
	}
	r, err := load()
	if err != nil {
		return nil, err
	}
	s.items[key] = &item[T]{record: r}
	s.order = append(s.order, key)
	return r, nil
}

// put sets the record under a key that was got before.
func (s *shelf[T]) put(key string, r T) { *s.items[key] = item[T]{&r, true} }

func (s *shelf[T]) changed() []T {
	var out []T
	for _, key := range s.order {
		if it := s.items[key]; it.dirty {
			out = append(out, *it.record)
		}
	}
	return out
}

// Find gives a machine's head; nil when the component has no slots.
func (w *Workshop) Find(machineID string) (*Assembly, error) {
	return w.assemblies.get(machineID, func() (*Assembly, error) { return w.records.Assembly(machineID) })
}

// Assembly is [Workshop.Find] of what must be a machine.
func (w *Workshop) Assembly(machineID string) (Assembly, error) {
	a, err := w.Find(machineID)
	if err != nil {
		return Assembly{}, err
	}
	if a == nil {
		return Assembly{}, fault.New(fault.CodeAssemblyUnknown, "%s has no slots", machineID).With("id", machineID)
	}
	return *a, nil
}

func pageKey(machineID string, page uint64) string {
	return machineID + "\x00" + string(rune(page)) // fewer pages than runes
}

// Page gives a page of a machine's slots as it is now.
func (w *Workshop) Page(machineID string, page uint64) (SlotPage, error) {
	p, err := w.pages.get(pageKey(machineID, page), func() (*SlotPage, error) { return w.records.Page(machineID, page) })
	if err != nil {
		return SlotPage{}, err
	}
	if p == nil {
		return SlotPage{MachineID: machineID, Page: page, Positions: []Slot{}}, nil
	}
	return *p, nil
}

// Placement says where a part is.
func (w *Workshop) Placement(componentID string) (Placement, error) {
	p, err := w.placements.get(componentID, func() (*Placement, error) { return w.records.Placement(componentID) })
	if err != nil || p == nil {
		return Placement{ComponentID: componentID}, err
	}
	return *p, nil
}

// Counters are a component's; of one that has counted nothing, empty ones.
func (w *Workshop) Counters(componentID string) (usage.Counters, error) {
	c, err := w.counters.get(componentID, func() (*usage.Counters, error) { return w.records.Counters(componentID) })
	if err != nil || c == nil {
		return usage.New(componentID), err
	}
	return *c, nil
}

// Above are the placements from the component up to the part that is in the
// outermost machine, innermost first; none when it is in no machine.
func (w *Workshop) Above(componentID string) ([]Placement, error) {
	var up []Placement
	for {
		p, err := w.Placement(componentID)
		if err != nil || p.MachineID == "" {
			return up, err
		}
		if up = append(up, p); len(up) > MaxDepth {
			return nil, fault.New(fault.CodeInternal, "%s is deeper in machines than any part", componentID)
		}
		componentID = p.MachineID
	}
}

// Root is the outermost machine that the component is in; itself, if it is in none.
func (w *Workshop) Root(componentID string) (string, error) {
	up, err := w.Above(componentID)
	if err != nil || len(up) == 0 {
		return componentID, err
	}
	return up[len(up)-1].MachineID, nil
}

// slot says in which page a slot is; nil when there is no such slot.
func (w *Workshop) slot(machineID, slotID string) (*SlotIndex, error) {
	return w.slots.get(slotKey(machineID, slotID), func() (*SlotIndex, error) { return w.records.Slot(machineID, slotID) })
}

func slotKey(machineID, slotID string) string { return machineID + "\x00" + slotID }

// locate finds a slot of a machine.
func (w *Workshop) locate(machineID, slotID string) (SlotPage, int, error) {
	s, err := w.slot(machineID, slotID)
	if err != nil {
		return SlotPage{}, 0, err
	}
	if s == nil {
		return SlotPage{}, 0, fault.New(fault.CodeSlotUnknown, "%s has no slot %q", machineID, slotID).With("slotId", slotID)
	}
	return w.position(machineID, slotID, s.Page)
}

func (w *Workshop) position(machineID, slotID string, page uint64) (SlotPage, int, error) {
	p, err := w.Page(machineID, page)
	if err != nil {
		return p, 0, err
	}
	i := p.at(slotID)
	if i < 0 {
		return p, 0, fault.New(fault.CodeInternal, "slot %q of %s is not in page %d", slotID, machineID, page)
	}
	return p, i, nil
}
