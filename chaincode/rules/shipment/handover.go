package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Transfer is what one side says of a hand-over: the giver all of it, the
// receiver the part and the condition in which it finds the goods.
type Transfer struct {
	PartID     string // "": what has not been split off
	To         string
	OccurredAt measure.Time
	Condition  *Condition
}

// OfferHandover is the first half of pick-up, hand-over and delivery: the one
// who has the goods offers them to the next party of the agreed route.
func (s Shipment) OfferHandover(t Terms, h Transfer, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	if err := s.expect(Agreed, Packed, InTransit); err != nil {
		return fail(err)
	}
	if err := s.alone(); err != nil {
		return fail(err)
	}
	tr, err := s.track(h.PartID)
	if err != nil {
		return fail(err)
	}
	if err := tr.unoffered(); err != nil {
		return fail(err)
	}
	if tr.delivered() {
		return fail(fault.New(fault.CodeShipmentStatus, "this part of shipment %s is delivered", s.ShipmentID).With("status", string(Arrived)).With("shipmentId", s.ShipmentID))
	}
	by, next := tr.route(t)
	if w.Actor != by || h.To != next {
		return fail(fault.New(fault.CodeHandoverNotParty, "the next hand-over is from %s to %s", by, next).With("by", by).With("to", next))
	}
	if err := tr.checkTime(t, h.OccurredAt, w.Now); err != nil {
		return fail(err)
	}
	if err := h.Condition.check(t); err != nil {
		return fail(err)
	}
	tr.offer = &Handover{By: by, To: next, OccurredAt: h.OccurredAt, OfferedAt: w.Now, Condition: h.Condition}
	out, e := s.with(tr).record(HandoverOffered, next, h.OccurredAt, w)
	e.PartID, e.Condition = h.PartID, h.Condition
	return out, e, nil
}

// AcceptHandover is the second half. Custody changes at the time that both
// parties name, but never before a reading that is already judged: for those
// the former custodian answers, since what is on the ledger is not judged anew.
// lastReading is the newest reading of any device that travels along, or "".
// Besides, it gives what the hand-over itself shows: lateness and other seals.
func (s Shipment) AcceptHandover(t Terms, h Transfer, lastReading measure.Time, w When) (Shipment, []Excursion, JourneyEvent, error) {
	fail := func(err error) (Shipment, []Excursion, JourneyEvent, error) { return s, nil, JourneyEvent{}, err }
	tr, err := s.track(h.PartID)
	if err != nil {
		return fail(err)
	}
	o := tr.offer
	if o == nil || o.To != w.Actor {
		return fail(fault.New(fault.CodeHandoverNoOffer, "no hand-over to %s is offered", w.Actor))
	}
	if err := s.alone(); err != nil {
		return fail(err)
	}
	if err := tr.checkTime(t, o.OccurredAt, w.Now); err != nil { // an offer that was left waiting for too long
		return fail(err)
	}
	if err := h.Condition.check(t); err != nil {
		return fail(err)
	}
	found, broken, err := tr.sealsAt(t, h.Condition)
	if err != nil {
		return fail(err)
	}
	from := o.OccurredAt
	if lastReading != "" && lastReading >= from {
		from = lastReading.Add(1)
	}
	leg := tr.leg()
	delivered := leg == len(t.Legs)
	tr.custody = append(slices.Clone(tr.custody), Custody{Custodian: o.To, From: from, OccurredAt: o.OccurredAt, RecordedAt: w.Now, Delivered: delivered, Leg: leg + 1})
	tr.offer, tr.seals = nil, found
	f := s.findings(t, tr, w)
	if leg == 0 {
		f.late(PickUp, o.OccurredAt, len(tr.custody)-1)
	}
	if broken {
		f.sealBroken(o.OccurredAt, len(tr.custody)-2)
	}
	if delivered {
		f.late(Delivery, o.OccurredAt, len(tr.custody)-2)
		f.missed(o.OccurredAt, len(tr.custody)-2)
	}
	s = s.with(tr)
	s.Status, s.Consents, s.Penalties = InTransit, nil, f.penalties
	step := HandedOver
	switch {
	case delivered:
		step = DeliveredStep
		if s.arrived() {
			s.Status = Arrived
		}
	case leg == 0:
		step = PickedUp
	}
	next, e := s.record(step, o.By, o.OccurredAt, w)
	e.PartID, e.Condition = h.PartID, h.Condition
	return next, f.found, e, nil
}

// sealsAt compares the seals with those under which the goods are to be handed
// over: those that the terms name for the leg that begins, or else those that
// were last seen. The receiver names what it reads, and not something else than
// the giver does: who finds other seals than the giver says declines, and so
// what is held against the giver never rests on the receiver's word alone, unless
// the giver has said nothing about seals.
func (tr track) sealsAt(t Terms, c *Condition) (found []string, broken bool, err error) {
	given, received := tr.offer.Condition.seals(), c.seals()
	if given != nil && received != nil && !slices.Equal(given, received) {
		return nil, false, fault.New(fault.CodeHandoverSeals, "the giver names other seals; decline the hand-over if they are not there")
	}
	expected := tr.seals
	if leg := tr.leg(); leg < len(t.Legs) && len(t.Legs[leg].Seals) > 0 {
		expected = slices.Sorted(slices.Values(t.Legs[leg].Seals))
	}
	found = received
	if found == nil {
		found = given
	}
	if found == nil {
		return expected, false, nil
	}
	// Before anything is packed nobody has custody: the first seals are nobody's violation.
	return found, len(expected) > 0 && !slices.Equal(expected, found) && len(tr.custody) > 0, nil
}

// answered refuses readings that are later than a hand-over which waits for its
// answer: whose they are is open. Were they judged now, the receiver could bring
// readings of its own time to the ledger first and accept afterwards, and the
// giver would answer for them. They are kept by the device and sent again; the
// giver, who could wait for an answer for ever, may take the offer back.
func (s Shipment) answered(deviceID string, readings []measure.Reading) error {
	offer := s.trackOf(deviceID).offer
	n := len(readings)
	if offer == nil || n == 0 || readings[n-1].At < offer.OccurredAt.UnixMs() {
		return nil
	}
	return fault.New(fault.CodeReadingsHandover, "reading %d is later than the hand-over to %s, which is not yet answered", readings[n-1].Sequence, offer.To).
		With("sequence", readings[n-1].Sequence).With("to", offer.To).With("occurredAt", string(offer.OccurredAt))
}

// DeclineHandover ends a pending offer: the giver takes it back, or the
// receiver declines. The reason may be left out.
func (s Shipment) DeclineHandover(partID, reason string, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	tr, err := s.track(partID)
	if err != nil {
		return fail(err)
	}
	o := tr.offer
	if o == nil || w.Actor != o.By && w.Actor != o.To {
		return fail(fault.New(fault.CodeHandoverNoOffer, "no hand-over from or to %s is offered", w.Actor))
	}
	if err := s.alone(); err != nil {
		return fail(err)
	}
	if err := checkReason(reason); err != nil {
		return fail(err)
	}
	other := o.To
	if w.Actor == o.To {
		other = o.By
	}
	tr.offer = nil
	next, e := s.with(tr).record(HandoverDeclined, other, o.OccurredAt, w)
	e.PartID, e.Reason = partID, reason
	return next, e, nil
}
