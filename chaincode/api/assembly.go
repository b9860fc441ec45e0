package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// DefineSlots gives a component slots, or a machine more of them.
type DefineSlots struct {
	MachineID string                    `json:"machineId"`
	Slots     []assembly.SlotDefinition `json:"slots"`
}

// AmendSlots changes what slots allow.
type AmendSlots struct {
	MachineID string                    `json:"machineId"`
	Slots     []assembly.SlotDefinition `json:"slots"`
	Reason    string                    `json:"reason,omitempty" metadata:",optional"`
}

// InstallParts puts parts into empty slots. A service company names the open
// request under which it does so.
type InstallParts struct {
	MachineID string          `json:"machineId"`
	Parts     []assembly.Fill `json:"parts"`
	RequestID string          `json:"requestId,omitempty" metadata:",optional"`
	Reason    string          `json:"reason,omitempty" metadata:",optional"`
}

// RemoveParts takes parts out of slots.
type RemoveParts struct {
	MachineID string             `json:"machineId"`
	Parts     []assembly.Removal `json:"parts"`
	RequestID string             `json:"requestId,omitempty" metadata:",optional"`
	Reason    string             `json:"reason,omitempty" metadata:",optional"`
}

// ReplacePart takes one part out of a slot and puts another in.
type ReplacePart struct {
	MachineID string `json:"machineId"`
	SlotID    string `json:"slotId"`
	Removed   string `json:"removed"`
	Installed string `json:"installed"`
	RequestID string `json:"requestId,omitempty" metadata:",optional"`
	Reason    string `json:"reason,omitempty" metadata:",optional"`
}

// MachineRef names a machine.
type MachineRef struct {
	MachineID string `json:"machineId"`
}

// ListSlots asks for slots of a machine, in order: as they are, or as they were in
// a baseline.
type ListSlots struct {
	MachineID string `json:"machineId"`
	Baseline  uint64 `json:"baseline,omitempty" metadata:",optional"`
	Limit     int    `json:"limit"`
	Cursor    string `json:"cursor,omitempty" metadata:",optional"`
}

// SlotList is a page of a machine's slots.
type SlotList struct {
	Items []assembly.Slot `json:"items"`
	Next  string          `json:"next"`
}

// AssemblyEventPage is a page of a machine's configuration history.
type AssemblyEventPage struct {
	Items []assembly.AssemblyEvent `json:"items"`
	Next  string                   `json:"next"`
}

// WhereUsed says in which machine a component is, in which that is, and so on.
type WhereUsed struct {
	ComponentID string               `json:"componentId"`
	In          []assembly.Placement `json:"in"`   // innermost machine first; none when it is installed nowhere
	Root        string               `json:"root"` // the outermost machine; the component itself, if it is in none
	Owner       string               `json:"owner"`
}

// UsedPart is a part of a machine, or of a machine in it.
type UsedPart struct {
	Level        uint64 `json:"level"` // 1 for the machine's own parts
	MachineID    string `json:"machineId"`
	SlotID       string `json:"slotId"`
	ComponentID  string `json:"componentId"`
	PartNumber   string `json:"partNumber"`
	Manufacturer string `json:"manufacturer"`
	Lot          string `json:"lot,omitempty" metadata:",optional"`
	InstalledAt  string `json:"installedAt"`
	Machine      bool   `json:"machine"` // it has slots itself
}

// UsedPartPage is a page of all parts in a machine, at whatever depth: each is
// followed by what is in it.
type UsedPartPage struct {
	Items []UsedPart `json:"items"`
	Next  string     `json:"next"`
}

// ReportUsage brings a signed statement of what meters of a component show.
type ReportUsage struct {
	ComponentID string        `json:"componentId"`
	Envelope    dsse.Envelope `json:"envelope"`
}

// UsageReport is the body of a statement of kind usage-report.
type UsageReport struct {
	Readings []usage.Count `json:"readings"`
}

// UsageReported says what a report has changed.
type UsageReported struct {
	ComponentID string          `json:"componentId"`
	Usage       []usage.Usage   `json:"usage"`
	Crossed     []usage.Crossed `json:"crossed"`
	Requests    []string        `json:"requests,omitempty" metadata:",optional"` // service requests that it has raised
}

// ReplaceMeter records another device in the place of a component's meter.
type ReplaceMeter struct {
	ComponentID string `json:"componentId"`
	Measure     string `json:"measure"`
	Final       int64  `json:"final"` // the last reading of the old one; 0 where there was none
	Start       int64  `json:"start"` // the first reading of the new one
	RequestID   string `json:"requestId,omitempty" metadata:",optional"`
}

// ComponentUsage is how much a component has been used.
type ComponentUsage struct {
	ComponentID  string            `json:"componentId"`
	Through      string            `json:"through,omitempty" metadata:",optional"` // machine through which it counts what it has no meter for
	Usage        []usage.Usage     `json:"usage"`
	Meters       []usage.Meter     `json:"meters"`
	Thresholds   []usage.Threshold `json:"thresholds"`
	InstalledAt  string            `json:"installedAt,omitempty" metadata:",optional"`
	OverhauledAt string            `json:"overhauledAt,omitempty" metadata:",optional"`
}

// RecordMachineScan brings a signed scan of the tags that were seen in a machine.
type RecordMachineScan struct {
	MachineID string        `json:"machineId"`
	Envelope  dsse.Envelope `json:"envelope"`
}

// MachineScan is the body of a statement of kind machine-scan.
type MachineScan struct {
	Tags []assembly.ScanTag `json:"tags"`
}

// ScanOutcome says how a scan differs from the record.
type ScanOutcome struct {
	MachineID   string                `json:"machineId"`
	Summary     assembly.ScanSummary  `json:"summary"`
	Differences []assembly.Difference `json:"differences"` // the first 64
}
