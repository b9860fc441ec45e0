// Package assembly owns what is installed where: machines with slots, the parts
// in them, and the configurations that are put on record, as built and later. It
// refuses to own the parts themselves (rules/component), their counters
// (rules/usage) and what is to be done with them (rules/service). Invariant: a
// part is in one slot of one machine, and no machine is in itself.
//
// A machine's slots are kept in pages, so that a change costs the same in a
// machine of twenty parts and of two thousand, and so that all of it can be
// compared with a scan in one transaction.
package assembly

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// Bounds.
const (
	PageSlots       = 32
	MaxSlots        = 4_096 // of one machine
	MaxDepth        = 8     // machines above a part
	MaxAlternates   = 16    // part numbers that a slot allows
	MaxBaselines    = 64
	MaxBatch        = 100 // slots or parts in one transaction
	MaxCrossed      = 16  // thresholds that one transaction raises
	MaxScanTags     = 4_096
	MaxScanTrees    = 64 // machines in the machine that one scan goes through
	MaxScanFindings = 64 // differences that one scan names; all are counted
)

// Assembly is the head of a machine's configuration: of its own slots, not of
// those of the machines installed in it.
type Assembly struct {
	MachineID string `json:"machineId"`
	// Keeper is the organisation that says which parts the slots allow: who defined
	// the slots, until the configuration is handed over to the owner (SV8).
	Keeper string `json:"keeper"`
	Slots  uint64 `json:"slots"`
	Filled uint64 `json:"filled"`
	Open   uint64 `json:"open"` // slots that have to be filled and are not
	// Levels is how deep the tree of machines goes: 1 when no part is a machine.
	Levels    uint64       `json:"levels"`
	Marks     []PageMark   `json:"marks,omitempty" metadata:",optional"`
	Baselines []Baseline   `json:"baselines,omitempty" metadata:",optional"`
	Scan      *ScanSummary `json:"scan,omitempty" metadata:",optional"`
	Events    uint64       `json:"events"` // number of events; the next one has this number
	ChangedAt measure.Time `json:"changedAt"`
}

// PageMark is what the head knows of a page, so that a reading finds what falls
// due without looking into pages where nothing does.
type PageMark struct {
	Page   uint64        `json:"page"`
	Levels uint64        `json:"levels,omitempty" metadata:",optional"` // the deepest of its parts
	Dues   []usage.Count `json:"dues,omitempty" metadata:",optional"`   // the lowest of its parts, in the machine's totals
}

// SlotPage is one page of a machine's slots.
type SlotPage struct {
	MachineID string `json:"machineId"`
	Page      uint64 `json:"page"` // from 0
	// Kept is the number of the newest baseline as of which this page has been put aside.
	Kept      uint64 `json:"kept,omitempty" metadata:",optional"`
	Positions []Slot `json:"positions"`
}

// Slot is one slot, and the part in it.
type Slot struct {
	SlotID       string        `json:"slotId"`
	PartNumbers  []string      `json:"partNumbers"`                             // allowed; the first is the design's, the others are alternates
	Optional     bool          `json:"optional,omitempty" metadata:",optional"` // may be empty in a completed assembly
	ComponentID  string        `json:"componentId,omitempty" metadata:",optional"`
	PartNumber   string        `json:"partNumber,omitempty" metadata:",optional"`
	Manufacturer string        `json:"manufacturer,omitempty" metadata:",optional"`
	Lot          string        `json:"lot,omitempty" metadata:",optional"`
	InstalledAt  measure.Time  `json:"installedAt,omitempty" metadata:",optional"`
	Levels       uint64        `json:"levels,omitempty" metadata:",optional"` // of the part, if it is a machine itself
	Dues         []usage.Count `json:"dues,omitempty" metadata:",optional"`   // of the part and all in it, in the machine's totals
}

// SlotIndex says in which page a slot is; it never changes.
type SlotIndex struct {
	MachineID string `json:"machineId"`
	SlotID    string `json:"slotId"`
	Page      uint64 `json:"page"`
}

// Placement says where a part is: in a slot of a machine, or in none.
type Placement struct {
	ComponentID string       `json:"componentId"`
	MachineID   string       `json:"machineId,omitempty" metadata:",optional"`
	SlotID      string       `json:"slotId,omitempty" metadata:",optional"`
	Page        uint64       `json:"page,omitempty" metadata:",optional"`
	Since       measure.Time `json:"since"`
	Moves       uint64       `json:"moves"` // installations and removals
}

// AssemblyEvent is one entry of a machine's configuration history; it never changes.
type AssemblyEvent struct {
	MachineID     string       `json:"machineId"`
	Number        uint64       `json:"number"`
	Step          Step         `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	Changes       []SlotChange `json:"changes,omitempty" metadata:",optional"`
	RequestID     string       `json:"requestId,omitempty" metadata:",optional"` // the service request under which it was done
	Statement     string       `json:"statement,omitempty" metadata:",optional"` // hash of the signed statement that it rests on
	Reason        string       `json:"reason,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"`
}

// SlotChange is what became of one slot; a replacement names both parts.
type SlotChange struct {
	SlotID    string `json:"slotId"`
	Removed   string `json:"removed,omitempty" metadata:",optional"`
	Installed string `json:"installed,omitempty" metadata:",optional"`
}

// Step is what happened to a machine's configuration; CBV business steps where there is one.
type Step string

// The steps.
const (
	SlotsDefined Step = "slots-defined"
	SlotsAmended Step = "slots-amended"
	Installing   Step = "installing"
	Removing     Step = "removing"
	Replacing    Step = "replacing"
	Assembled    Step = "assembling"
	HandedOver   Step = "handed-over"
	Scanned      Step = "scanned"
)

// SlotDefinition is a slot as it is asked for.
type SlotDefinition struct {
	SlotID      string   `json:"slotId"`
	PartNumbers []string `json:"partNumbers"`
	Optional    bool     `json:"optional,omitempty" metadata:",optional"`
}

func (s SlotDefinition) check() error {
	if err := party.CheckID("slotId", s.SlotID); err != nil {
		return err
	}
	if len(s.PartNumbers) == 0 || len(s.PartNumbers) > MaxAlternates {
		return fault.New(fault.CodeInvalid, "a slot allows 1 to %d part numbers", MaxAlternates).With("field", "partNumbers")
	}
	for i, p := range s.PartNumbers {
		if err := party.CheckID("partNumbers", p); err != nil {
			return err
		}
		if slices.Contains(s.PartNumbers[:i], p) {
			return fault.New(fault.CodeInvalid, "slot %s allows %s twice", s.SlotID, p).With("field", "partNumbers")
		}
	}
	return nil
}

// Pages is how many pages the machine's slots take.
func (a Assembly) Pages() uint64 { return (a.Slots + PageSlots - 1) / PageSlots }

// Dues are the lowest totals of the machine at which something in it falls due.
func (a Assembly) Dues() []usage.Count {
	var all []usage.Count
	for _, m := range a.Marks {
		for _, d := range m.Dues {
			all = usage.Least(all, d)
		}
	}
	return all
}

// marked is the head with a page's mark brought up to date.
func (a Assembly) marked(p SlotPage) (Assembly, error) {
	m := PageMark{Page: p.Page}
	for _, x := range p.Positions {
		m.Levels = max(m.Levels, x.Levels)
		for _, d := range x.Dues {
			m.Dues = usage.Least(m.Dues, d)
		}
	}
	i, found := slices.BinarySearchFunc(a.Marks, p.Page, func(m PageMark, page uint64) int { return int(m.Page) - int(page) })
	a.Marks = slices.Clone(a.Marks)
	switch empty := m.Levels == 0 && len(m.Dues) == 0; {
	case found && empty:
		a.Marks = slices.Delete(a.Marks, i, i+1)
	case found:
		a.Marks[i] = m
	case !empty:
		a.Marks = slices.Insert(a.Marks, i, m)
	}
	a.Levels = 1
	for _, m := range a.Marks {
		a.Levels = max(a.Levels, m.Levels+1)
	}
	if len(a.Dues()) > usage.MaxMeasures {
		return a, fault.New(fault.CodeUsageMeasures, "what is in %s counts more than %d measures", a.MachineID, usage.MaxMeasures).With("componentId", a.MachineID)
	}
	return a, nil
}

// at is the index of a slot in its page.
func (p SlotPage) at(slotID string) int {
	return slices.IndexFunc(p.Positions, func(x Slot) bool { return x.SlotID == slotID })
}

// Allows refuses a part whose number the slot does not name.
func (p Slot) Allows(partNumber string) error {
	if !slices.Contains(p.PartNumbers, partNumber) {
		return fault.New(fault.CodePartNotApproved, "slot %s does not allow part number %s", p.SlotID, partNumber).With("slotId", p.SlotID).With("partNumber", partNumber)
	}
	return nil
}

// empty is the position without its part.
func (p Slot) empty() Slot {
	return Slot{SlotID: p.SlotID, PartNumbers: p.PartNumbers, Optional: p.Optional}
}
