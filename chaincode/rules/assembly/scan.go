package assembly

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ScanTag is one tag that a scan has seen, and the slot in which it saw it, where
// the reader can tell.
type ScanTag struct {
	ComponentID string `json:"componentId"`
	SlotID      string `json:"slotId,omitempty" metadata:",optional"`
}

// CheckTags holds a scan's tags to their form: each component once.
func CheckTags(tags []ScanTag) error {
	if len(tags) > MaxScanTags {
		return fault.New(fault.CodeInvalid, "a scan has at most %d tags", MaxScanTags).With("field", "tags")
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		if err := party.CheckID("componentId", t.ComponentID); err != nil {
			return err
		}
		if t.SlotID != "" {
			if err := party.CheckID("slotId", t.SlotID); err != nil {
				return err
			}
		}
		if seen[t.ComponentID] {
			return fault.New(fault.CodeInvalid, "the scan names %s twice", t.ComponentID).With("field", "tags")
		}
		seen[t.ComponentID] = true
	}
	return nil
}

// DifferenceType says how a scan differs from the record.
type DifferenceType string

// The types.
const (
	Missing     DifferenceType = "missing"      // on record, not seen
	Unexpected  DifferenceType = "unexpected"   // seen, on record nowhere
	Moved       DifferenceType = "moved"        // seen, on record in another machine or slot
	NotApproved DifferenceType = "not-approved" // seen in a slot that does not allow its part number
	Recalled    DifferenceType = "recalled"     // seen, and recalled
)

// Difference is one difference between a scan and the record.
type Difference struct {
	Type        DifferenceType `json:"type"`
	ComponentID string         `json:"componentId"`
	MachineID   string         `json:"machineId"` // the machine of the slot; without a slot, the one that was scanned
	SlotID      string         `json:"slotId,omitempty" metadata:",optional"`
	Instead     string         `json:"instead,omitempty" metadata:",optional"`   // the part on record in the slot, which was not seen
	ClaimedBy   string         `json:"claimedBy,omitempty" metadata:",optional"` // the machine that has the component on record
	PartNumber  string         `json:"partNumber,omitempty" metadata:",optional"`
	RequestID   string         `json:"requestId,omitempty" metadata:",optional"` // the open service request that explains it
}

// ScanSummary is what the machine's head keeps of its newest scan. Disposition is
// CBV's word for the outcome.
type ScanSummary struct {
	Number      uint64       `json:"number"` // of the machine's scans, from 1
	Statement   string       `json:"statement"`
	Signer      string       `json:"signer"`
	SignedAt    measure.Time `json:"signedAt"`
	RecordedAt  measure.Time `json:"recordedAt"`
	Tags        uint64       `json:"tags"`
	Expected    uint64       `json:"expected"`
	Missing     uint64       `json:"missing"`
	Unexpected  uint64       `json:"unexpected"`
	Moved       uint64       `json:"moved"`
	NotApproved uint64       `json:"notApproved"`
	Recalled    uint64       `json:"recalled"`
	Explained   uint64       `json:"explained"` // of all differences, by open service requests
	Agrees      bool         `json:"agrees"`    // no difference at all
	Disposition string       `json:"disposition"`
	// Found are marks of the differences that no request explains: what the next
	// scan shows again is not found again.
	Found []string `json:"found,omitempty" metadata:",optional"`
}

// Expected is a filled slot of the machine, or of a machine in it.
type Expected struct {
	MachineID string
	Slot
}

// Stranger is what is known of a component that was seen and is not on record in the machine.
type Stranger struct {
	PartNumber string // "" when it is not registered
	PlacedIn   string // machine that has it on record, if any
}

// Comparison is a scan held against the record.
type Comparison struct {
	machineID   string
	slots       []Expected // all slots, the machine's own first, also empty ones
	tags        []ScanTag
	Strangers   []ScanTag // seen and not on record here: somebody looks them up
	Differences []Difference
}

// Compare holds a scan's tags against the slots of a machine and of the machines
// in it; slots of the machine itself come first.
func Compare(machineID string, slots []Expected, tags []ScanTag) *Comparison {
	c := &Comparison{machineID: machineID, slots: slots, tags: tags}
	seen := make(map[string]ScanTag, len(tags))
	for _, t := range tags {
		seen[t.ComponentID] = t
	}
	here := make(map[string]bool, len(slots))
	for _, s := range slots {
		if s.ComponentID == "" {
			continue
		}
		here[s.ComponentID] = true
		d := Difference{ComponentID: s.ComponentID, MachineID: s.MachineID, SlotID: s.SlotID, PartNumber: s.PartNumber}
		t, found := seen[s.ComponentID]
		switch {
		case !found:
			d.Type = Missing
		case t.SlotID != "" && t.SlotID != s.SlotID:
			d.Type, d.SlotID, d.ClaimedBy = Moved, t.SlotID, s.MachineID
		case s.Allows(s.PartNumber) != nil:
			d.Type = NotApproved
		default:
			continue
		}
		c.Differences = append(c.Differences, d)
	}
	for _, t := range tags {
		if !here[t.ComponentID] {
			c.Strangers = append(c.Strangers, t)
		}
	}
	return c
}

// Know adds what is known of the stranger t: where it was seen in the place of a
// part that was not seen, the two are one difference.
func (c *Comparison) Know(t ScanTag, s Stranger) {
	d := Difference{Type: Unexpected, ComponentID: t.ComponentID, MachineID: c.machineID, SlotID: t.SlotID, PartNumber: s.PartNumber}
	if s.PlacedIn != "" {
		d.Type, d.ClaimedBy = Moved, s.PlacedIn
	}
	i := -1
	if t.SlotID != "" {
		i = slices.IndexFunc(c.slots, func(x Expected) bool { return x.SlotID == t.SlotID })
	}
	if i < 0 {
		c.Differences = append(c.Differences, d)
		return
	}
	slot := c.slots[i]
	d.MachineID = slot.MachineID
	missing := slices.IndexFunc(c.Differences, func(x Difference) bool {
		return x.Type == Missing && slot.ComponentID != "" && x.ComponentID == slot.ComponentID
	})
	if missing >= 0 {
		d.Instead = slot.ComponentID
		c.Differences = slices.Delete(c.Differences, missing, missing+1)
	}
	c.Differences = append(c.Differences, d)
	if s.PartNumber != "" && slot.Allows(s.PartNumber) != nil {
		d.Type, d.ClaimedBy, d.Instead = NotApproved, "", ""
		c.Differences = append(c.Differences, d)
	}
}

// Recall adds that a component that was seen is recalled.
func (c *Comparison) Recall(componentID, machineID, slotID, partNumber string) {
	c.Differences = append(c.Differences, Difference{Type: Recalled, ComponentID: componentID, MachineID: machineID, SlotID: slotID, PartNumber: partNumber})
}

// Explain names the open service request that explains a difference, if one does.
func (c *Comparison) Explain(by func(Difference) string) {
	for i, d := range c.Differences {
		c.Differences[i].RequestID = by(d)
	}
}

// Summary counts the differences.
func (c *Comparison) Summary() ScanSummary {
	s := ScanSummary{Tags: uint64(len(c.tags))}
	for _, x := range c.slots {
		s.Expected += filled(x.Slot)
	}
	for _, d := range c.Differences {
		switch d.Type {
		case Missing:
			s.Missing++
		case Unexpected:
			s.Unexpected++
		case Moved:
			s.Moved++
		case NotApproved:
			s.NotApproved++
		case Recalled:
			s.Recalled++
		}
		if d.Instead != "" {
			s.Missing++
		}
		if d.RequestID != "" {
			s.Explained++
		}
	}
	s.Agrees, s.Disposition = len(c.Differences) == 0, s.disposition()
	return s
}

// Findings are the differences that no open request explains and that the scan
// before, if there was one, had not shown, as findings about the machine. Marks of
// all that are unexplained go into the summary. One scan names at most MaxScanFindings.
func (c *Comparison) Findings(before *ScanSummary) (marks []string, found []component.Found) {
	for _, d := range c.Differences {
		if d.RequestID != "" || len(marks) == MaxScanFindings {
			continue
		}
		mark := d.mark()
		if marks = append(marks, mark); before == nil || !slices.Contains(before.Found, mark) {
			found = append(found, d.finding())
		}
	}
	return marks, found
}

// mark is the same for the same difference in two scans.
func (d Difference) mark() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(d.Type), d.ComponentID, d.MachineID, d.SlotID, d.Instead, d.ClaimedBy}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// finding is the difference as a finding. A part in the place of another is an
// unauthorised replacement, wherever it comes from.
func (d Difference) finding() component.Found {
	f := component.Found{OtherID: d.ComponentID, SlotID: d.SlotID}
	at := fmt.Sprintf("slot %s of %s", d.SlotID, d.MachineID)
	if d.SlotID == "" {
		at = d.MachineID
	}
	switch {
	case d.Instead != "":
		f.Type, f.Detail = component.UnauthorisedReplacement, fmt.Sprintf("seen in %s, where %s is on record", at, d.Instead)
	case d.Type == Missing:
		f.Type, f.Detail = component.MissingPart, fmt.Sprintf("on record in %s, and not seen", at)
	case d.Type == Moved:
		f.Type, f.Detail = component.MovedPart, fmt.Sprintf("seen in %s, and on record in %s", at, d.ClaimedBy)
	case d.Type == NotApproved:
		f.Type, f.Detail = component.NotApprovedPart, fmt.Sprintf("seen in %s, which does not allow part number %s", at, d.PartNumber)
	case d.Type == Recalled:
		f.Type, f.Detail = component.RecalledPart, fmt.Sprintf("seen in %s, and recalled", at)
	default:
		f.Type, f.Detail = component.UnexpectedPart, fmt.Sprintf("seen in %s, and on record nowhere", at)
	}
	return f
}

// disposition is the gravest of CBV's dispositions that fits.
func (s ScanSummary) disposition() string {
	switch {
	case s.NotApproved > 0:
		return "mismatch_class"
	case s.Unexpected > 0, s.Moved > 0:
		return "mismatch_instance"
	case s.Missing > 0:
		return "mismatch_quantity"
	case s.Recalled > 0:
		return "recalled"
	}
	return "completeness_verified"
}

// Scanned keeps the summary of a scan in the machine's head.
func (w *Workshop) Scanned(machineID string, s ScanSummary, x When) (Assembly, error) {
	a, err := w.Assembly(machineID)
	if err != nil {
		return a, err
	}
	if a.Scan != nil {
		s.Number = a.Scan.Number
		if s.SignedAt < a.Scan.SignedAt {
			return a, fault.New(fault.CodeScanEarlier, "the scan is of %s, the one before it of %s", s.SignedAt, a.Scan.SignedAt).With("signedAt", string(a.Scan.SignedAt))
		}
	}
	s.Number++
	s.RecordedAt = x.Now
	a.Scan = &s
	w.assemblies.put(machineID, a)
	return w.record(machineID, Scanned, nil, x)
}
