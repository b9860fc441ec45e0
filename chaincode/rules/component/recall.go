package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// AllLots is the lot of a recall of every component of the part number.
const AllLots = "*"

// Recall takes all components of a part number, or of one lot of it, out of use
// without touching any of them (CM16): who uses one looks here. It is a head: the
// next recall of the same lot follows the last one.
type Recall struct {
	Manufacturer  string       `json:"manufacturer"` // MSP id
	PartNumber    string       `json:"partNumber"`
	Lot           string       `json:"lot"`    // "*": all lots
	Number        uint64       `json:"number"` // of recalls of this lot, from 1
	Active        bool         `json:"active"`
	Reason        string       `json:"reason"`
	NoticeHash    string       `json:"noticeHash,omitempty" metadata:",optional"` // hex SHA-256 of the notice
	IssuedAt      measure.Time `json:"issuedAt"`
	ReleasedAt    measure.Time `json:"releasedAt,omitempty" metadata:",optional"`
	ReleaseReason string       `json:"releaseReason,omitempty" metadata:",optional"`
	ChangedAt     measure.Time `json:"changedAt"`
	TransactionID string       `json:"transactionId"` // that changed it last
}

// Issue recalls the lot; r is its last recall, or one that names maker, part number
// and lot only.
func (r Recall) Issue(reason, noticeHash string, w When) (Recall, error) {
	if err := party.CheckID("partNumber", r.PartNumber); err != nil {
		return r, err
	}
	if r.Lot != AllLots {
		if err := party.CheckID("lot", r.Lot); err != nil {
			return r, err
		}
	}
	if r.Active {
		return r, fault.New(fault.CodeRecallIssued, "lot %s of %s is recalled already", r.Lot, r.PartNumber)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return r, err
	}
	if err := checkHash("noticeHash", noticeHash, true); err != nil {
		return r, err
	}
	return Recall{
		Manufacturer: w.Actor, PartNumber: r.PartNumber, Lot: r.Lot, Number: r.Number + 1, Active: true, Reason: reason, NoticeHash: noticeHash,
		IssuedAt: w.Now, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// Release ends the recall for all components.
func (r Recall) Release(reason string, w When) (Recall, error) {
	if !r.Active {
		return r, fault.New(fault.CodeRecallNone, "lot %s of %s is not recalled", r.Lot, r.PartNumber)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return r, err
	}
	r.Active, r.ReleasedAt, r.ReleaseReason, r.ChangedAt, r.TransactionID = false, w.Now, reason, w.Now, w.TransactionID
	return r, nil
}

// Clearance says from which recalls one component has been cleared: its maker has
// put it in order, or found that it is not affected. It is a head.
type Clearance struct {
	ComponentID   string        `json:"componentId"`
	Cleared       []ClearedFrom `json:"cleared"` // the latest for each lot: its own and "*"
	ChangedAt     measure.Time  `json:"changedAt"`
	TransactionID string        `json:"transactionId"`
}

// ClearedFrom is one recall from which a component has been cleared.
type ClearedFrom struct {
	Lot          string       `json:"lot"`
	Number       uint64       `json:"number"`
	Reason       string       `json:"reason"`
	EvidenceHash string       `json:"evidenceHash,omitempty" metadata:",optional"`
	At           measure.Time `json:"at"`
}

// Clear takes the component out of the recall that is in force.
func (l Clearance) Clear(c Component, r Recall, reason, evidenceHash string, w When) (Clearance, error) {
	if c.Manufacturer != w.Actor {
		return l, notMaker(c)
	}
	if !r.Active || r.Lot != AllLots && r.Lot != c.Lot || l.covers(r) {
		return l, fault.New(fault.CodeRecallNone, "%s is not recalled with lot %s", c.ComponentID, r.Lot)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return l, err
	}
	if err := checkHash("evidenceHash", evidenceHash, true); err != nil {
		return l, err
	}
	kept := slices.DeleteFunc(slices.Clone(l.Cleared), func(f ClearedFrom) bool { return f.Lot == r.Lot })
	return Clearance{
		ComponentID: c.ComponentID, Cleared: append(kept, ClearedFrom{r.Lot, r.Number, reason, evidenceHash, w.Now}),
		ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

func (l Clearance) covers(r Recall) bool {
	return slices.ContainsFunc(l.Cleared, func(f ClearedFrom) bool { return f.Lot == r.Lot && f.Number == r.Number })
}

// Bears gives those of the recalls that are in force for the component.
func (l Clearance) Bears(recalls []Recall) []Recall {
	return slices.DeleteFunc(slices.Clone(recalls), func(r Recall) bool { return !r.Active || l.covers(r) })
}

func notMaker(c Component) error {
	return fault.New(fault.CodeNotManufacturer, "%s was made by %s", c.ComponentID, c.Manufacturer).With("manufacturer", c.Manufacturer)
}
