package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// PledgeStatus is where a pledge stands.
type PledgeStatus string

// The statuses of a pledge. One that is in force ends by itself at its time.
const (
	PledgeOpen     PledgeStatus = "offered"
	PledgeInForce  PledgeStatus = "in-force"
	PledgeReleased PledgeStatus = "released" // by the lender, or withdrawn before it was taken
	PledgeLapsed   PledgeStatus = "lapsed"   // its time was over
	PledgeTaken    PledgeStatus = "taken"    // the component went to the lender
)

// PledgeRecord is a component as security for one debt (CM17). Only one is in
// force at a time, so one component never secures two.
type PledgeRecord struct {
	ComponentID   string         `json:"componentId"`
	Number        uint64         `json:"number"`
	Status        PledgeStatus   `json:"status"`
	Owner         string         `json:"owner"`
	Lender        string         `json:"lender"`
	AmountMinor   money.Minor    `json:"amountMinor"`
	Currency      money.Currency `json:"currency"`
	Till          measure.Time   `json:"till"`
	AgreementHash string         `json:"agreementHash,omitempty" metadata:",optional"` // hex SHA-256
	OfferedAt     measure.Time   `json:"offeredAt"`
	AcceptedAt    measure.Time   `json:"acceptedAt,omitempty" metadata:",optional"`
	EndedAt       measure.Time   `json:"endedAt,omitempty" metadata:",optional"`
	EndedBy       string         `json:"endedBy,omitempty" metadata:",optional"`
	TransactionID string         `json:"transactionId"` // that changed it last
}

// OfferPledge is the owner's half: p names lender, amount, time and agreement.
func (c Component) OfferPledge(p PledgeRecord, w When) (Component, PledgeRecord, LifeEvent, error) {
	fail := func(err error) (Component, PledgeRecord, LifeEvent, error) { return c, p, LifeEvent{}, err }
	if c.Owner != w.Actor {
		return fail(notOwner(c))
	}
	if p.Lender == c.Owner {
		return fail(invalid("lender", "the owner cannot lend to itself"))
	}
	if err := (Price{p.AmountMinor, p.Currency}).check(); err != nil {
		return fail(err)
	}
	if p.Till <= w.Now {
		return fail(invalid("till", "the pledge would be over before it begins"))
	}
	if err := checkHash("agreementHash", p.AgreementHash, true); err != nil {
		return fail(err)
	}
	c.Pledges++
	p = PledgeRecord{
		ComponentID: c.ComponentID, Number: c.Pledges, Status: PledgeOpen, Owner: c.Owner, Lender: p.Lender, AmountMinor: p.AmountMinor,
		Currency: p.Currency, Till: p.Till, AgreementHash: p.AgreementHash, OfferedAt: w.Now, TransactionID: w.TransactionID,
	}
	next, e := c.record(PledgeOffered, p.Lender, w)
	return next, p, e.about(p.Number), nil
}

// AcceptPledge is the lender's half; from then on the component goes to nobody else.
func (c Component) AcceptPledge(p PledgeRecord, w When) (Component, PledgeRecord, LifeEvent, error) {
	fail := func(err error) (Component, PledgeRecord, LifeEvent, error) { return c, p, LifeEvent{}, err }
	if p.Lender != w.Actor {
		return fail(fault.New(fault.CodePledgeNotParty, "the pledge is offered to %s", p.Lender).With("lender", p.Lender))
	}
	if p.Status != PledgeOpen || p.Owner != c.Owner || p.Till <= w.Now {
		return fail(pledgeOver(p))
	}
	p.Status, p.AcceptedAt, p.TransactionID = PledgeInForce, w.Now, w.TransactionID
	c.PledgedTo, c.PledgedTill, c.PledgedBy = p.Lender, p.Till, p.Number
	next, e := c.record(PledgeAccepted, p.Owner, w)
	return next, p, e.about(p.Number), nil
}

// EndPledge takes the pledge off: the lender at any time, the owner while it is
// not taken, and again once its time is over.
func (c Component) EndPledge(p PledgeRecord, w When) (Component, PledgeRecord, LifeEvent, error) {
	fail := func(err error) (Component, PledgeRecord, LifeEvent, error) { return c, p, LifeEvent{}, err }
	if w.Actor != p.Lender && w.Actor != p.Owner {
		return fail(fault.New(fault.CodePledgeNotParty, "the pledge is between %s and %s", p.Owner, p.Lender).With("lender", p.Lender))
	}
	if p.Status != PledgeOpen && p.Status != PledgeInForce {
		return fail(pledgeOver(p))
	}
	lapsed := p.Status == PledgeInForce && w.Now > p.Till
	if w.Actor == p.Owner && p.Status == PledgeInForce && !lapsed {
		return fail(fault.New(fault.CodeComponentPledged, "%s is pledged to %s", c.ComponentID, p.Lender).With("pledgedTo", p.Lender))
	}
	if c.PledgedBy == p.Number {
		c.PledgedTo, c.PledgedTill, c.PledgedBy = "", "", 0
	}
	p.Status, p.EndedAt, p.EndedBy, p.TransactionID = PledgeReleased, w.Now, w.Actor, w.TransactionID
	if lapsed {
		p.Status = PledgeLapsed
	}
	other := p.Lender
	if w.Actor == other {
		other = p.Owner
	}
	next, e := c.record(PledgeEnded, other, w)
	return next, p, e.about(p.Number), nil
}

// Settled is the pledge of a component that has just changed hands: the lender has
// it, or the pledge was over.
func (p PledgeRecord) Settled(owner string, w When) PledgeRecord {
	p.Status, p.EndedAt, p.EndedBy, p.TransactionID = PledgeLapsed, w.Now, w.Actor, w.TransactionID
	if owner == p.Lender {
		p.Status = PledgeTaken
	}
	return p
}

func (c Component) unpledged() Component {
	c.PledgedTo, c.PledgedTill, c.PledgedBy = "", "", 0
	return c
}

func pledgeOver(p PledgeRecord) error {
	return fault.New(fault.CodePledgeOver, "pledge %d of %s is not open to this", p.Number, p.ComponentID).With("status", string(p.Status))
}
