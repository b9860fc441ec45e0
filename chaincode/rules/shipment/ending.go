package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Cancel ends a shipment before its delivery: everything in escrow goes back to
// whom it came from. When nobody has picked the goods up in the agreed time,
// and the time to record that late is over as well, any party cancels alone.
// Otherwise all parties consent, each by its own call, and the last one cancels:
// so they find a way out of whatever the terms did not foresee, in transit too.
// A consent holds until custody changes.
func (s Shipment) Cancel(t Terms, reason string, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	if err := s.expect(Agreed, Packed, InTransit); err != nil {
		return fail(err)
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	if err := s.alone(); err != nil {
		return fail(err)
	}
	if err := checkReason(reason); err != nil {
		return fail(err)
	}
	if due := s.abandonedAt(t); due == "" || w.Now <= due {
		if slices.Contains(s.Consents, w.Actor) {
			f := fault.New(fault.CodeCancelConsented, "%s has consented; the other parties have not", w.Actor)
			if due != "" {
				f = f.With("until", string(due))
			}
			return fail(f)
		}
		s.Consents = append(slices.Clone(s.Consents), w.Actor)
		slices.Sort(s.Consents)
		if len(s.Consents) < len(t.Parties()) {
			next, e := s.record(CancelConsented, "", "", w)
			e.Reason = reason
			return next, e, nil
		}
	}
	s.Status = Cancelled
	next, e := s.unoffer().record(CancelledStep, "", "", w)
	e.Reason = reason
	return next, e, nil
}

// abandonedAt is after when any party may cancel alone; "" is never.
func (s Shipment) abandonedAt(t Terms) measure.Time {
	if t.Schedule == nil || t.Schedule.PickUp.Latest == "" || s.Status == InTransit {
		return ""
	}
	return t.Schedule.PickUp.Latest.Add(t.LateRecordingSeconds*1000 + measure.MaxSkewMs)
}

// DeclareLost ends the custody of goods that did not arrive in the agreed time.
// Who has them answers for that, if the terms have a limit for it, and carriers
// earn only the legs that all goods have completed. Then the shipment is settled
// as after a delivery.
func (s Shipment) DeclareLost(t Terms, w When) (Shipment, []Excursion, JourneyEvent, error) {
	fail := func(err error) (Shipment, []Excursion, JourneyEvent, error) { return s, nil, JourneyEvent{}, err }
	if err := s.expect(InTransit); err != nil {
		return fail(err)
	}
	if !slices.Contains([]string{t.Payer, t.Consignor, t.Consignee}, w.Actor) {
		return fail(fault.New(fault.CodeLostNotParty, "the payer, the consignor or the consignee declares goods lost"))
	}
	due := measure.Time("")
	if t.Schedule != nil && t.Schedule.Delivery.Latest != "" {
		due = t.Schedule.Delivery.Latest.Add(t.Schedule.LostAfterSeconds*1000 + measure.MaxSkewMs)
	}
	if due == "" || w.Now <= due {
		f := fault.New(fault.CodeLostEarly, "the goods are not overdue for as long as the terms ask for")
		if due != "" {
			f = f.With("until", string(due))
		}
		return fail(f)
	}
	var found []Excursion
	for _, tr := range s.tracks() {
		if tr.delivered() {
			continue
		}
		f := s.findings(t, tr, w)
		f.lost(len(tr.custody) - 1)
		found, s.Penalties = append(found, f.found...), f.penalties
	}
	s.Status, s.LostAt, s.Consents = LostStatus, w.Now, nil
	next, e := s.unoffer().record(LostStep, "", "", w)
	return next, found, e, nil
}

// LostBy are those who had goods when they were declared lost.
func (s Shipment) LostBy() []string {
	var by []string
	for _, tr := range s.tracks() {
		if n := len(tr.custody); s.LostAt != "" && n > 0 && !tr.delivered() {
			by = append(by, tr.custody[n-1].Custodian)
		}
	}
	return by
}

// unoffer ends all offers of hand-overs.
func (s Shipment) unoffer() Shipment {
	for _, tr := range s.tracks() {
		tr.offer = nil
		s = s.with(tr)
	}
	return s
}

// earned reports whether the fee of a leg falls due when the shipment ends as it
// stands: not that of a shipment which is cancelled, and of one that is lost only
// that of legs which all goods have completed.
func (s Shipment) earned(leg int) bool {
	switch {
	case s.Status == Cancelled:
		return false
	case s.LostAt != "":
		return !slices.ContainsFunc(s.tracks(), func(tr track) bool { return tr.leg() <= leg+1 })
	}
	return true
}

// checkReason accepts a reason of one line, or none.
func checkReason(reason string) error { return party.CheckText("reason", reason, 0, MaxRemarks) }
