package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Status is how far a shipment is.
type Status string

// The statuses, in order; a shipment is withdrawn only before it is agreed.
const (
	Proposed  Status = "proposed"
	Agreed    Status = "agreed"
	InTransit Status = "in-transit"
	Arrived   Status = "delivered"
	InDispute Status = "in-dispute" // what is not disputed has been paid out
	Settled   Status = "settled"
	Withdrawn Status = "withdrawn"
)

// Shipment is the head of a shipment's record: what is true now. Its terms
// have a key of their own, which nobody writes again once they are agreed.
type Shipment struct {
	ShipmentID string       `json:"shipmentId"`
	Status     Status       `json:"status"`
	TermsHash  string       `json:"termsHash"`
	Proposer   string       `json:"proposer"`
	AcceptedBy []string     `json:"acceptedBy"` // sorted
	Custody    []Custody    `json:"custody"`    // from pick-up on, contiguous
	Offer      *Handover    `json:"offer,omitempty" metadata:",optional"`
	Events     uint64       `json:"events"` // number of events; the next one has this number
	ChangedAt  measure.Time `json:"changedAt"`
}

// Custody is one party's responsibility for the goods, from a moment on until
// the next one begins (SH5; EPCIS possessing_party).
type Custody struct {
	Custodian  string       `json:"custodian"`
	From       measure.Time `json:"from"`       // readings from here on are this custodian's
	OccurredAt measure.Time `json:"occurredAt"` // when, as both parties say, the goods changed hands
	RecordedAt measure.Time `json:"recordedAt"`
	// Delivered marks the consignee's: what is measured from here on is nobody's violation.
	Delivered bool `json:"delivered"`
	// Leg is the custodian's place on the route: 0 the consignor's from packing on, 1 the first carrier's, one more than the last carrier's the consignee's.
	Leg int `json:"leg"`
}

// Handover is an offer that waits for the receiver's answer.
type Handover struct {
	By         string       `json:"by"`
	To         string       `json:"to"`
	OccurredAt measure.Time `json:"occurredAt"`
	OfferedAt  measure.Time `json:"offeredAt"`
}

// JourneyEvent is one entry of a shipment's history; it never changes.
type JourneyEvent struct {
	ShipmentID    string       `json:"shipmentId"`
	Number        uint64       `json:"number"`
	Step          Step         `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	Counterparty  string       `json:"counterparty,omitempty" metadata:",optional"`
	OccurredAt    measure.Time `json:"occurredAt,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"`
}

// Step is what happened to a shipment.
type Step string

// The steps.
const (
	TermsProposed    Step = "terms-proposed"
	TermsAccepted    Step = "terms-accepted"
	TermsWithdrawn   Step = "terms-withdrawn"
	TermsAmended     Step = "terms-amended"
	HandoverOffered  Step = "hand-over-offered"
	HandoverDeclined Step = "hand-over-declined"
	PickedUp         Step = "picked-up"
	HandedOver       Step = "handed-over"
	DeliveredStep    Step = "delivered"
	SettledStep      Step = "settled"
)

// The steps after the delivery.
const (
	DeliveryAcceptedStep  Step = "delivery-accepted"
	DisputeOpenedStep     Step = "dispute-opened"
	EvidenceAddedStep     Step = "evidence-added"
	ResolutionOfferedStep Step = "resolution-offered"
	DisputeResolvedStep   Step = "dispute-resolved"
	DisputeDecidedStep    Step = "dispute-decided"
	DisputeWithdrawnStep  Step = "dispute-withdrawn"
	PartlyReleasedStep    Step = "partly-released"
)

// When says by whom, when, and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Propose begins a shipment with terms that one party proposes; proposing is
// not accepting.
func Propose(id string, t Terms, w When) (Shipment, JourneyEvent, error) {
	if err := party.CheckID("shipmentId", id); err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	if err := t.Check(); err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return Shipment{}, JourneyEvent{}, notParty(w.Actor)
	}
	hash, err := t.Hash()
	if err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	s := Shipment{ShipmentID: id, Status: Proposed, TermsHash: hash, Proposer: w.Actor, AcceptedBy: []string{}, Custody: []Custody{}}
	next, e := s.record(TermsProposed, "", "", w)
	return next, e, nil
}

// Accept is one party's consent to exactly these terms. With the last one the
// shipment is agreed.
func (s Shipment) Accept(t Terms, hash string, w When) (Shipment, JourneyEvent, error) {
	if err := s.expect(Proposed); err != nil {
		return s, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return s, JourneyEvent{}, notParty(w.Actor)
	}
	if hash != s.TermsHash {
		return s, JourneyEvent{}, fault.New(fault.CodeTermsChanged, "the terms have another hash").With("termsHash", s.TermsHash)
	}
	if slices.Contains(s.AcceptedBy, w.Actor) {
		return s, JourneyEvent{}, fault.New(fault.CodeTermsAccepted, "%s has accepted these terms", w.Actor)
	}
	s.AcceptedBy = append(slices.Clone(s.AcceptedBy), w.Actor)
	slices.Sort(s.AcceptedBy)
	if len(s.AcceptedBy) == len(t.Parties()) {
		s.Status = Agreed
	}
	next, e := s.record(TermsAccepted, "", "", w)
	return next, e, nil
}

// Withdraw ends a proposal that is not yet agreed: any party may.
func (s Shipment) Withdraw(t Terms, w When) (Shipment, JourneyEvent, error) {
	if err := s.expect(Proposed); err != nil {
		return s, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return s, JourneyEvent{}, notParty(w.Actor)
	}
	s.Status = Withdrawn
	next, e := s.record(TermsWithdrawn, "", "", w)
	return next, e, nil
}

// CustodyOf is who answers for what a device measures, from when on: the
// custody of the part of the goods with which the device travels.
func (s Shipment) CustodyOf(deviceID string) []Custody { return s.Custody }

// OfferHandover is the first half of pick-up, hand-over and delivery: the one
// who has the goods offers them to the next party of the agreed route.
func (s Shipment) OfferHandover(t Terms, to string, occurredAt measure.Time, w When) (Shipment, JourneyEvent, error) {
	if err := s.expect(Agreed, InTransit); err != nil {
		return s, JourneyEvent{}, err
	}
	if s.Offer != nil {
		return s, JourneyEvent{}, fault.New(fault.CodeHandoverPending, "a hand-over to %s is offered", s.Offer.To).With("to", s.Offer.To)
	}
	by, next := s.route(t)
	if w.Actor != by || to != next {
		return s, JourneyEvent{}, fault.New(fault.CodeHandoverNotParty, "the next hand-over is from %s to %s", by, next).With("by", by).With("to", next)
	}
	if err := s.checkTime(t, occurredAt, w.Now); err != nil {
		return s, JourneyEvent{}, err
	}
	s.Offer = &Handover{By: by, To: to, OccurredAt: occurredAt, OfferedAt: w.Now}
	out, e := s.record(HandoverOffered, to, occurredAt, w)
	return out, e, nil
}

// AcceptHandover is the second half. Custody changes at the time that both
// parties name, but never before a reading that is already judged: for those
// the former custodian answers, since what is on the ledger is not judged anew.
// lastReading is the newest reading of any device, or "".
func (s Shipment) AcceptHandover(t Terms, lastReading measure.Time, w When) (Shipment, JourneyEvent, error) {
	o := s.Offer
	if o == nil || o.To != w.Actor {
		return s, JourneyEvent{}, fault.New(fault.CodeHandoverNoOffer, "no hand-over to %s is offered", w.Actor)
	}
	if err := s.checkTime(t, o.OccurredAt, w.Now); err != nil { // an offer that was left waiting for too long
		return s, JourneyEvent{}, err
	}
	from := o.OccurredAt
	if lastReading != "" && lastReading >= from {
		from = lastReading.Add(1)
	}
	delivered := len(s.Custody) == len(t.Legs)
	s.Custody = append(slices.Clone(s.Custody), Custody{Custodian: o.To, From: from, OccurredAt: o.OccurredAt, RecordedAt: w.Now, Delivered: delivered, Leg: len(s.Custody) + 1})
	s.Offer, s.Status = nil, InTransit
	step := HandedOver
	switch {
	case delivered:
		s.Status, step = Arrived, DeliveredStep
	case len(s.Custody) == 1:
		step = PickedUp
	}
	next, e := s.record(step, o.By, o.OccurredAt, w)
	return next, e, nil
}

// answered refuses readings that are later than a hand-over which waits for its
// answer: whose they are is open. Were they judged now, the receiver could bring
// readings of its own time to the ledger first and accept afterwards, and the
// giver would answer for them. They are kept by the device and sent again; the
// giver, who could wait for an answer for ever, may take the offer back.
func (s Shipment) answered(readings []measure.Reading) error {
	n := len(readings)
	if s.Offer == nil || n == 0 || readings[n-1].At < s.Offer.OccurredAt.UnixMs() {
		return nil
	}
	return fault.New(fault.CodeReadingsHandover, "reading %d is later than the hand-over to %s, which is not yet answered", readings[n-1].Sequence, s.Offer.To).
		With("sequence", readings[n-1].Sequence).With("to", s.Offer.To).With("occurredAt", string(s.Offer.OccurredAt))
}

// DeclineHandover ends a pending offer: the giver takes it back, or the
// receiver declines.
func (s Shipment) DeclineHandover(w When) (Shipment, JourneyEvent, error) {
	o := s.Offer
	if o == nil || w.Actor != o.By && w.Actor != o.To {
		return s, JourneyEvent{}, fault.New(fault.CodeHandoverNoOffer, "no hand-over from or to %s is offered", w.Actor)
	}
	other := o.To
	if w.Actor == o.To {
		other = o.By
	}
	s.Offer = nil
	next, e := s.record(HandoverDeclined, other, o.OccurredAt, w)
	return next, e, nil
}

// route says who hands over to whom next: consignor, carriers in order, consignee.
func (s Shipment) route(t Terms) (by, to string) {
	n := len(s.Custody)
	by, to = t.Consignor, t.Consignee
	if n > 0 {
		by = t.Legs[n-1].Carrier
	}
	if n < len(t.Legs) {
		to = t.Legs[n].Carrier
	}
	return by, to
}

// checkTime bounds the claimed time of a hand-over: later than the last one,
// not in the future, and not longer ago than the terms allow.
func (s Shipment) checkTime(t Terms, at, now measure.Time) error {
	switch n := len(s.Custody); {
	case at > now.Add(measure.MaxSkewMs):
		return fault.New(fault.CodeHandoverTime, "the hand-over lies in the future").With("now", string(now))
	case at < now.Add(-t.LateRecordingSeconds*1000-measure.MaxSkewMs):
		return fault.New(fault.CodeHandoverTime, "the hand-over was longer ago than the %d seconds that the terms allow", t.LateRecordingSeconds).With("now", string(now))
	case n > 0 && at <= s.Custody[n-1].From:
		return fault.New(fault.CodeHandoverTime, "the hand-over is not later than the last one").With("last", string(s.Custody[n-1].From))
	}
	return nil
}

func (s Shipment) expect(allowed ...Status) error {
	if slices.Contains(allowed, s.Status) {
		return nil
	}
	return fault.New(fault.CodeShipmentStatus, "shipment %s is %s", s.ShipmentID, s.Status).With("status", string(s.Status)).With("shipmentId", s.ShipmentID)
}

func (s Shipment) record(step Step, counterparty string, occurredAt measure.Time, w When) (Shipment, JourneyEvent) {
	e := JourneyEvent{ShipmentID: s.ShipmentID, Number: s.Events, Step: step, At: w.Now, Actor: w.Actor, Counterparty: counterparty, OccurredAt: occurredAt, TransactionID: w.TransactionID}
	s.Events++
	s.ChangedAt = w.Now
	return s, e
}

func notParty(actor string) error {
	return fault.New(fault.CodeTermsNotParty, "%s is not a party to these terms", actor)
}
