// Package component owns the record of one serialised component: its
// announcement and its ownership. It does not own where it is installed or who
// carries it. Invariant: a component has exactly one owner, and the events of
// its record are numbered without gaps.
package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Component is the head of a component's record: what is true now.
type Component struct {
	ComponentID  string `json:"componentId"` // SGTIN, CPID+serial or GIAI
	PartNumber   string `json:"partNumber"`
	Algorithm    string `json:"algorithm"` // of the component's own key
	PublicKey    string `json:"publicKey"` // base64 SubjectPublicKeyInfo; names the component (CM1)
	KeyID        string `json:"keyId"`
	Location     string `json:"location"` // GLN or UN/LOCODE
	Manufacturer string `json:"manufacturer"`
	Owner        string `json:"owner"`
	OfferedTo    string `json:"offeredTo,omitempty" metadata:",optional"` // pending offer of ownership
	// PriceMinor and Currency are what the pending offer asks for; none: nothing.
	PriceMinor  money.Minor    `json:"priceMinor,omitempty" metadata:",optional"`
	Currency    money.Currency `json:"currency,omitempty" metadata:",optional"`
	Sales       uint64         `json:"sales,omitempty" metadata:",optional"` // number of sales; the next one has this number
	Disposition string         `json:"disposition"`                          // CBV: active
	Events      uint64         `json:"events"`                               // number of events; the next one has this number
	ChangedAt   measure.Time   `json:"changedAt"`
}

// LifeEvent is one entry of a component's history; it never changes (LG2).
type LifeEvent struct {
	ComponentID   string       `json:"componentId"`
	Number        uint64       `json:"number"`
	Step          Step         `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"` // MSP id
	Owner         string       `json:"owner"` // after the event
	Counterparty  string       `json:"counterparty,omitempty" metadata:",optional"`
	Location      string       `json:"location"`
	TransactionID string       `json:"transactionId"`
}

// Step is what happened; CBV business steps where there is one.
type Step string

// The steps.
const (
	Commissioning     Step = "commissioning"
	OwnershipOffered  Step = "ownership-offered"
	OwnershipAccepted Step = "ownership-accepted"
	OwnershipDeclined Step = "ownership-declined"
)

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Register announces a component with its key and location (CM1). The maker
// is its first owner.
func Register(c Component, w When) (Component, LifeEvent, error) {
	if err := party.CheckID("componentId", c.ComponentID); err != nil {
		return c, LifeEvent{}, err
	}
	if err := party.CheckID("partNumber", c.PartNumber); err != nil {
		return c, LifeEvent{}, err
	}
	if err := party.CheckID("location", c.Location); err != nil {
		return c, LifeEvent{}, err
	}
	c.Manufacturer, c.Owner, c.OfferedTo, c.Disposition, c.Events = w.Actor, w.Actor, "", "active", 0
	c.PriceMinor, c.Currency, c.Sales = 0, "", 0
	next, e := c.record(Commissioning, "", w)
	return next, e, nil
}

// OfferOwnership is the owner's half of a transfer (CM8).
func (c Component) OfferOwnership(to string, w When) (Component, LifeEvent, error) {
	if c.Owner != w.Actor {
		return c, LifeEvent{}, notOwner(c)
	}
	if c.OfferedTo != "" {
		return c, LifeEvent{}, fault.New(fault.CodeOwnershipOffered, "ownership of %s is offered to %s", c.ComponentID, c.OfferedTo).With("offeredTo", c.OfferedTo)
	}
	if to == c.Owner {
		return c, LifeEvent{}, fault.New(fault.CodeInvalid, "the owner cannot offer ownership to itself").With("field", "to")
	}
	c.OfferedTo = to
	next, e := c.record(OwnershipOffered, to, w)
	return next, e, nil
}

// AcceptOwnership is the receiver's half; location says where the component
// is now (CM7), and stays as it was when it is empty.
func (c Component) AcceptOwnership(location string, w When) (Component, LifeEvent, error) {
	if c.OfferedTo == "" || c.OfferedTo != w.Actor {
		return c, LifeEvent{}, fault.New(fault.CodeOwnershipNoOffer, "ownership of %s is not offered to %s", c.ComponentID, w.Actor)
	}
	if c.PriceMinor != 0 {
		return c, LifeEvent{}, c.asks()
	}
	if location != "" {
		if err := party.CheckID("location", location); err != nil {
			return c, LifeEvent{}, err
		}
		c.Location = location
	}
	former := c.Owner
	c.Owner, c.OfferedTo = w.Actor, ""
	next, e := c.record(OwnershipAccepted, former, w)
	return next, e, nil
}

// DeclineOwnership ends a pending offer: the owner takes it back, or the
// receiver declines.
func (c Component) DeclineOwnership(w When) (Component, LifeEvent, error) {
	if c.OfferedTo == "" {
		return c, LifeEvent{}, fault.New(fault.CodeOwnershipNoOffer, "no offer of ownership of %s is pending", c.ComponentID)
	}
	if w.Actor != c.Owner && w.Actor != c.OfferedTo {
		return c, LifeEvent{}, notOwner(c)
	}
	other := c.OfferedTo
	if w.Actor == c.OfferedTo {
		other = c.Owner
	}
	c.OfferedTo, c.PriceMinor, c.Currency = "", 0, ""
	next, e := c.record(OwnershipDeclined, other, w)
	return next, e, nil
}

func (c Component) record(s Step, counterparty string, w When) (Component, LifeEvent) {
	e := LifeEvent{
		ComponentID: c.ComponentID, Number: c.Events, Step: s, At: w.Now, Actor: w.Actor, Owner: c.Owner,
		Counterparty: counterparty, Location: c.Location, TransactionID: w.TransactionID,
	}
	c.Events++
	c.ChangedAt = w.Now
	return c, e
}

func notOwner(c Component) error {
	return fault.New(fault.CodeOwnershipNotOwner, "%s is owned by %s", c.ComponentID, c.Owner).With("owner", c.Owner)
}
