package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Holder says in which capacity somebody holds a component. Each has a record of
// its own, so that no other can lift its hold and none needs another's consent.
type Holder string

// The holders.
const (
	ByManufacturer Holder = "manufacturer"
	ByOwner        Holder = "owner"
	ByRegulator    Holder = "regulator"
)

// Holders lists every holder, in the order in which their holds are looked at.
func Holders() []Holder { return []Holder{ByManufacturer, ByOwner, ByRegulator} }

// HoldKind is why a component is held.
type HoldKind string

// The kinds of hold.
const (
	QualityHold HoldKind = "quality"
	SafetyHold  HoldKind = "safety"
	LegalHold   HoldKind = "legal" // evidence: it stays as it is
	StolenHold  HoldKind = "stolen"
)

// Hold says that a component must not be used. It is a head: the next hold in the
// same capacity follows the last one.
type Hold struct {
	ComponentID   string       `json:"componentId"`
	Holder        Holder       `json:"holder"`
	Number        uint64       `json:"number"` // of holds in this capacity, from 1
	Active        bool         `json:"active"`
	Kind          HoldKind     `json:"kind"`
	Reason        string       `json:"reason"`
	By            string       `json:"by"` // MSP id
	PlacedAt      measure.Time `json:"placedAt"`
	ReleasedBy    string       `json:"releasedBy,omitempty" metadata:",optional"`
	ReleasedAt    measure.Time `json:"releasedAt,omitempty" metadata:",optional"`
	ReleaseReason string       `json:"releaseReason,omitempty" metadata:",optional"`
	ChangedAt     measure.Time `json:"changedAt"`
	TransactionID string       `json:"transactionId"` // that changed it last
}

// CapacityOf says as what an organisation may hold the component: as its maker, as
// its owner, or as a regulator.
func (c Component) CapacityOf(o party.Organisation) (Holder, error) {
	switch {
	case o.MSPID == c.Manufacturer:
		return ByManufacturer, nil
	case o.MSPID == c.Owner:
		return ByOwner, nil
	case o.Has(party.Regulator):
		return ByRegulator, nil
	}
	return "", fault.New(fault.CodeHoldNotParty, "%s is neither maker nor owner of %s, nor a regulator", o.MSPID, c.ComponentID).With("componentId", c.ComponentID)
}

// Place puts the component on hold; h is the last hold in this capacity, or one
// that names component and holder only.
func (h Hold) Place(kind HoldKind, reason string, w When) (Hold, error) {
	if h.Active {
		return h, fault.New(fault.CodeHoldPlaced, "%s is held by %s already", h.ComponentID, h.By).With("by", h.By)
	}
	if !slices.Contains([]HoldKind{QualityHold, SafetyHold, LegalHold, StolenHold}, kind) {
		return h, invalid("kind", "kind must be quality, safety, legal or stolen")
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return h, err
	}
	return Hold{
		ComponentID: h.ComponentID, Holder: h.Holder, Number: h.Number + 1, Active: true, Kind: kind, Reason: reason,
		By: w.Actor, PlacedAt: w.Now, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// Release lifts the hold. Who placed it does; an owner's, its present owner too,
// since a hold would otherwise outlive the right to lift it.
func (h Hold) Release(owner, reason string, w When) (Hold, error) {
	if !h.Active {
		return h, fault.New(fault.CodeHoldNone, "%s is not held in this capacity", h.ComponentID)
	}
	if w.Actor != h.By && (h.Holder != ByOwner || w.Actor != owner) {
		return h, fault.New(fault.CodeHoldNotParty, "only %s lifts its hold of %s", h.By, h.ComponentID).With("by", h.By)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return h, err
	}
	h.Active, h.ReleasedBy, h.ReleasedAt, h.ReleaseReason, h.ChangedAt, h.TransactionID = false, w.Actor, w.Now, reason, w.Now, w.TransactionID
	return h, nil
}

// stops reports whether the hold is in the way of the use. What is held for its
// quality or safety may be tested, put in order, or scrapped with its maker's
// witness; what is stolen or evidence stays as it is.
func (h Hold) stops(u Use) bool {
	if !h.Active {
		return false
	}
	switch u {
	case Install, Ship, Transfer, Pledge:
		return true
	case Maintain, Rework, Decommission:
		return h.Kind == LegalHold || h.Kind == StolenHold || h.Holder == ByRegulator
	}
	return false
}

// MaxReason is the longest reason, in characters.
const MaxReason = 400
