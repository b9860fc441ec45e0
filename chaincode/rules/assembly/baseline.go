package assembly

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// BaselineKind says why a configuration was put on record.
type BaselineKind string

// The kinds.
const (
	AsBuilt    BaselineKind = "as-built"
	AtHandOver BaselineKind = "hand-over"
)

// Baseline is a configuration that was put on record and never changes any more:
// the first is as built, the others are of hand-overs. It costs nothing until a
// page of it is changed: then the page as it was is put aside, once.
type Baseline struct {
	Number        uint64       `json:"number"` // from 1
	Kind          BaselineKind `json:"kind"`
	Slots         uint64       `json:"slots"`
	Filled        uint64       `json:"filled"`
	Keeper        string       `json:"keeper"`                                // from then on
	Event         uint64       `json:"event"`                                 // number of the machine's event that made it
	Scan          string       `json:"scan,omitempty" metadata:",optional"`   // hash of the machine's newest scan then
	Agrees        bool         `json:"agrees,omitempty" metadata:",optional"` // that scan found no difference
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	TransactionID string       `json:"transactionId"`
}

// Complete ends the assembly: what is in the machine now is its as-built
// configuration (CM2).
func (w *Workshop) Complete(machineID string, x When) (Assembly, error) {
	a, err := w.Assembly(machineID)
	if err != nil {
		return a, err
	}
	if err := a.kept(x.Actor); err != nil {
		return a, err
	}
	if len(a.Baselines) > 0 {
		return a, fault.New(fault.CodeAssemblyComplete, "%s was completed at %s", machineID, a.Baselines[0].At).With("at", string(a.Baselines[0].At))
	}
	if a.Open > 0 {
		return a, fault.New(fault.CodeAssemblyIncomplete, "%d slots of %s have to be filled and are empty", a.Open, machineID).With("open", a.Open)
	}
	return w.baseline(a, AsBuilt, Assembled, x)
}

// HandOver makes the machine's owner the keeper of its configuration, which from
// then on needs its former keeper for nothing (SV8). The keeper hands over when it
// likes; the owner takes over when the warranty is over.
func (w *Workshop) HandOver(machineID, owner string, warrantyOver bool, x When) (Assembly, error) {
	a, err := w.Assembly(machineID)
	if err != nil {
		return a, err
	}
	if len(a.Baselines) == 0 {
		return a, fault.New(fault.CodeAssemblyIncomplete, "the assembly of %s has not been completed", machineID)
	}
	if a.Keeper != x.Actor && (x.Actor != owner || !warrantyOver) {
		return a, fault.New(fault.CodeAssemblyAuthority, "%s keeps the configuration of %s, and hands it over; its owner takes it over when the warranty has ended", a.Keeper, machineID).With("keeper", a.Keeper)
	}
	a.Keeper = owner
	return w.baseline(a, AtHandOver, HandedOver, x)
}

func (w *Workshop) baseline(a Assembly, kind BaselineKind, s Step, x When) (Assembly, error) {
	if len(a.Baselines) == MaxBaselines {
		return a, fault.New(fault.CodeAssemblyTooLarge, "%s has %d baselines", a.MachineID, MaxBaselines)
	}
	b := Baseline{
		Number: uint64(len(a.Baselines)) + 1, Kind: kind, Slots: a.Slots, Filled: a.Filled, Keeper: a.Keeper, Event: a.Events,
		At: x.Now, Actor: x.Actor, TransactionID: x.TransactionID,
	}
	if a.Scan != nil {
		b.Scan, b.Agrees = a.Scan.Statement, a.Scan.Agrees
	}
	a.Baselines = append(a.Baselines[:len(a.Baselines):len(a.Baselines)], b)
	w.assemblies.put(a.MachineID, a)
	return w.record(a.MachineID, s, nil, x)
}

// aside puts a page aside before its first change since the newest baseline. Of a
// page that has been put aside as of baseline n, the one before it up to n are the same.
func (w *Workshop) aside(a Assembly, p SlotPage) SlotPage {
	newest := uint64(len(a.Baselines))
	if p.Kept == newest {
		return p
	}
	if p.Page*PageSlots < a.Baselines[newest-1].Slots {
		w.asides = append(w.asides, Aside{newest, p})
	}
	p.Kept = newest
	return p
}

// AsOf is a page as it was in a baseline, given the page as it is now and those
// that were put aside, oldest first: the first one that was put aside as of that
// baseline or a later one, and where there is none, the page as it is.
func (b Baseline) AsOf(now SlotPage, asides []Aside) SlotPage {
	p := now
	for _, x := range asides {
		if x.Baseline >= b.Number {
			p = x.Page
			break
		}
	}
	if last := int(min(b.Slots-min(b.Slots, p.Page*PageSlots), PageSlots)); len(p.Positions) > last {
		p.Positions = p.Positions[:last]
	}
	return p
}

// Baseline finds a baseline by its number.
func (a Assembly) Baseline(number uint64) (Baseline, error) {
	if number < 1 || number > uint64(len(a.Baselines)) {
		return Baseline{}, fault.New(fault.CodeBaselineUnknown, "%s has %d baselines", a.MachineID, len(a.Baselines)).With("baselines", len(a.Baselines))
	}
	return a.Baselines[number-1], nil
}
