package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Review is what follows the delivery: what the consignee accepted, and what the
// parties dispute. It exists from the agreement on, so that from then on nobody
// can put an acceptance or an award into it without those whom it concerns.
type Review struct {
	ShipmentID string              `json:"shipmentId"`
	Acceptance *DeliveryAcceptance `json:"acceptance,omitempty" metadata:",optional"`
	Disputes   []Dispute           `json:"disputes"` // by id, which is one more than the index
	ChangedAt  measure.Time        `json:"changedAt"`
}

// DeliveryAcceptance is the consignee's word about what was delivered.
type DeliveryAcceptance struct {
	Accepted      Accepted     `json:"accepted"`
	Goods         []string     `json:"goods,omitempty" metadata:",optional"`         // not accepted
	LogisticUnits []string     `json:"logisticUnits,omitempty" metadata:",optional"` // not accepted
	Reason        string       `json:"reason,omitempty" metadata:",optional"`        // why not
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// Accepted is how much of a delivery is accepted.
type Accepted string

// What a consignee accepts.
const (
	AcceptedAll     Accepted = "all"
	AcceptedPartial Accepted = "partial"
)

// MaxReason bounds what a party writes about a delivery or a claim.
const MaxReason = 1000

// NewReview is the review of a shipment that has just been agreed.
func NewReview(shipmentID string, w When) Review {
	return Review{ShipmentID: shipmentID, Disputes: []Dispute{}, ChangedAt: w.Now}
}

// reviewUntil is when the time to accept or to dispute is over. Who accepts in
// part has as long again to say what it claims.
func (r Review) reviewUntil(s Shipment, t Terms) measure.Time {
	from := s.deliveredAt()
	if r.Acceptance != nil {
		from = r.Acceptance.At
	}
	return from.Add(t.AcceptWithinSeconds * 1000)
}

// releaseAt is from when on the escrow may be released: at once after an
// acceptance, and after one in part if the consignee had named its claims before;
// otherwise when the time is over. "" is at once. What others claim, or a first
// claim after the acceptance, does not shorten the consignee's time for the next;
// it may itself, by accepting the rest.
func (r Review) releaseAt(s Shipment, t Terms) measure.Time {
	a := r.Acceptance
	if t.AcceptWithinSeconds == 0 || a != nil && (a.Accepted == AcceptedAll || r.claimedBefore(a.At, t.Consignee)) {
		return ""
	}
	return r.reviewUntil(s, t)
}

func (r Review) claimedBefore(at measure.Time, claimant string) bool {
	return slices.ContainsFunc(r.Disputes, func(d Dispute) bool { return d.Claimant == claimant && d.OpenedAt <= at })
}

// AcceptDelivery is the consignee's word about what was delivered: all of it, or
// all but what it names. Silence is acceptance when the agreed time is over. A
// consignee that has accepted in part may accept the rest.
func (r Review) AcceptDelivery(s Shipment, t Terms, a DeliveryAcceptance, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	if err := s.expect(Arrived); err != nil {
		return fail(err)
	}
	if w.Actor != t.Consignee {
		return fail(fault.New(fault.CodeAcceptanceNotConsignee, "only %s accepts this delivery", t.Consignee).With("consignee", t.Consignee))
	}
	if err := a.check(t); err != nil {
		return fail(err)
	}
	again := r.Acceptance != nil && (r.Acceptance.Accepted == AcceptedAll || a.Accepted != AcceptedAll)
	if t.AcceptWithinSeconds == 0 || again || w.Now >= r.reviewUntil(s, t) {
		return fail(fault.New(fault.CodeAcceptanceClosed, "the delivery of %s counts as accepted", s.ShipmentID).With("shipmentId", s.ShipmentID))
	}
	a.At, a.TransactionID = w.Now, w.TransactionID
	r.Acceptance, r.ChangedAt = &a, w.Now
	next, e := s.record(DeliveryAcceptedStep, "", "", w)
	return r, next, e, nil
}

func (a DeliveryAcceptance) check(t Terms) error {
	wrong := func(format string, args ...any) error { return fault.New(fault.CodeAcceptanceInvalid, format, args...) }
	switch a.Accepted {
	case AcceptedAll:
		if len(a.Goods)+len(a.LogisticUnits) > 0 || a.Reason != "" {
			return wrong("who accepts all names nothing that it does not accept")
		}
		return nil
	case AcceptedPartial:
	default:
		return wrong("accepted is %q or %q", AcceptedAll, AcceptedPartial)
	}
	for _, x := range []struct{ named, agreed []string }{{a.Goods, t.Goods}, {a.LogisticUnits, t.LogisticUnits}} {
		for i, id := range x.named {
			if !slices.Contains(x.agreed, id) || slices.Contains(x.named[:i], id) {
				return wrong("entry %d of what is not accepted is not in the terms, or stands twice", i)
			}
		}
	}
	if len(a.Goods)+len(a.LogisticUnits) == 0 && len(t.Goods)+len(t.LogisticUnits) > 0 {
		return wrong("who accepts in part names what it does not accept")
	}
	return party.CheckText("reason", a.Reason, 1, MaxReason)
}
