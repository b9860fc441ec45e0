package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Statement is the arithmetic of a shipment: what each carrier earns, what the
// excursions in its custody cost, and what remains (SH12). Before settlement it
// says how things stand; the settled one never changes.
type Statement struct {
	ShipmentID string         `json:"shipmentId"`
	Currency   money.Currency `json:"currency"`
	Lines      []Line         `json:"lines"` // one for each carrier and whoever else something is held against, sorted
	FeesMinor  money.Minor    `json:"feesMinor"`
	// DepositsMinor is what the carriers have put into escrow themselves.
	DepositsMinor money.Minor `json:"depositsMinor,omitempty" metadata:",optional"`
	PaidMinor     money.Minor `json:"paidMinor"`   // to the carriers, deposits included
	RefundMinor   money.Minor `json:"refundMinor"` // to the payer: fees and deposits less what is paid or held back
	// HeldMinor is what stays in escrow until the disputes about it have ended.
	HeldMinor money.Minor `json:"heldMinor,omitempty" metadata:",optional"`
	// RefundedMinor is the part of the refund that an earlier, interim statement has paid.
	RefundedMinor money.Minor `json:"refundedMinor,omitempty" metadata:",optional"`
	// Interim: what is not held back has been paid, and is never taken back. What
	// is found later is taken from what is still held.
	Interim bool `json:"interim,omitempty" metadata:",optional"`
	// Charges are the penalties that an interim statement, and whichever follows it, was reckoned from.
	Charges       []Penalty    `json:"charges,omitempty" metadata:",optional"`
	Payer         string       `json:"payer"`
	Final         bool         `json:"final"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// Line is one carrier's account of the journey.
type Line struct {
	Carrier        string      `json:"carrier"`
	FeeMinor       money.Minor `json:"feeMinor"`
	Excursions     int64       `json:"excursions"`
	PenaltyMinor   money.Minor `json:"penaltyMinor"`
	DepositMinor   money.Minor `json:"depositMinor,omitempty" metadata:",optional"` // what the carrier itself put into escrow
	PayableMinor   money.Minor `json:"payableMinor"`                                // fee and deposit less penalties, never below zero
	UncoveredMinor money.Minor `json:"uncoveredMinor"`                              // penalties beyond both: owed, but not covered by the escrow
	// AwardMinor is what the carrier loses besides by disputes, and HeldMinor what open ones hold back: neither is payable.
	AwardMinor money.Minor `json:"awardMinor,omitempty" metadata:",optional"`
	HeldMinor  money.Minor `json:"heldMinor,omitempty" metadata:",optional"`
	// ReleasedMinor is the part of what is payable that an earlier, interim statement has paid.
	ReleasedMinor money.Minor `json:"releasedMinor,omitempty" metadata:",optional"`
}

// Reckon works out the statement of a shipment on which nothing has happened but
// what each device's stream has booked.
func Reckon(shipmentID string, t Terms, streams []Stream, w When) (Statement, error) {
	return Shipment{ShipmentID: shipmentID}.Reckon(t, streams, w)
}

// Reckon works out the statement from the terms, what each device's stream has
// booked, and how the journey went. A consignor that packed has a line when
// something is held against it: it earns no fee, so the escrow covers nothing.
func (s Shipment) Reckon(t Terms, streams []Stream, w When) (Statement, error) {
	st := Statement{ShipmentID: s.ShipmentID, Currency: t.Currency, Payer: t.Payer, At: w.Now, TransactionID: w.TransactionID, Lines: []Line{}}
	var err error
	if st.FeesMinor, err = t.Fees(); err != nil {
		return st, err
	}
	var charges []Penalty
	if s.Status != Cancelled {
		charges = Charges(t, s.shown(streams)...)
	}
	for _, carrier := range t.custodians(charges) {
		l := Line{Carrier: carrier, DepositMinor: t.deposit(carrier)}
		for i, leg := range t.Legs {
			if leg.Carrier == carrier && s.earned(i) {
				l.FeeMinor += leg.FeeMinor // the sum of all fees is within bounds
			}
		}
		for _, p := range charges {
			if p.Custodian == carrier {
				l.Excursions += p.Excursions
				l.PenaltyMinor = min(l.PenaltyMinor+p.PenaltyMinor, money.Max)
			}
		}
		stake := l.FeeMinor + l.DepositMinor // within bounds, as the sum of all is
		covered := min(l.PenaltyMinor, stake)
		l.PayableMinor, l.UncoveredMinor = stake-covered, l.PenaltyMinor-covered
		st.DepositsMinor += l.DepositMinor
		st.PaidMinor += l.PayableMinor
		st.Lines = append(st.Lines, l)
	}
	st.RefundMinor = st.FeesMinor + st.DepositsMinor - st.PaidMinor
	return st, nil
}

// shown are the penalties that each device shows, and those of the journey itself.
func (s Shipment) shown(streams []Stream) [][]Penalty {
	out := make([][]Penalty, len(streams), len(streams)+1)
	for i, x := range streams {
		out[i] = x.Penalties
	}
	return append(out, s.Penalties)
}

// Charges are what a settled statement was reckoned from.
func (s Shipment) Charges(t Terms, st Statement, streams []Stream) []Penalty {
	if st.Charges != nil {
		return st.Charges
	}
	return Charges(t, s.shown(streams)...)
}

// found takes what sealed segments showed after an interim statement from what
// that one holds back: the rest has left the escrow. Beyond that it is owed, and
// not covered.
func (st Statement) found(t Terms, charges []Penalty) Statement {
	st.Charges, st.Lines = charges, slices.Clone(st.Lines)
	for _, org := range t.custodians(charges) {
		i, known := slices.BinarySearchFunc(st.Lines, org, func(l Line, org string) int { return strings.Compare(l.Carrier, org) })
		if !known {
			st.Lines = slices.Insert(st.Lines, i, Line{Carrier: org})
		}
		l := &st.Lines[i]
		covered := l.PenaltyMinor - l.UncoveredMinor
		l.Excursions, l.PenaltyMinor = 0, 0
		for _, p := range charges {
			if p.Custodian == org {
				l.Excursions += p.Excursions
				l.PenaltyMinor = min(l.PenaltyMinor+p.PenaltyMinor, money.Max)
			}
		}
		more := min(l.PenaltyMinor-covered, l.HeldMinor)
		l.HeldMinor -= more
		l.UncoveredMinor = l.PenaltyMinor - covered - more
	}
	return st
}

// Settle pays out what is due once the readings are complete (every device has
// ended its recording and all of it is opened, or the agreed wait after delivery is over) and the
// delivery counts as accepted. What disputes hold back stays in escrow: then the
// statement is an interim one, and Settle is asked again when they have ended.
// drawn is the statement on the ledger.
func (s Shipment) Settle(t Terms, r Review, drawn Statement, streams []Stream, w When) (Shipment, Review, Statement, JourneyEvent, error) {
	fail := func(err error) (Shipment, Review, Statement, JourneyEvent, error) {
		return s, r, Statement{}, JourneyEvent{}, err
	}
	if err := s.expect(Arrived, InDispute, LostStatus); err != nil {
		return fail(err)
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	st := drawn
	if s.Status == InDispute {
		st = st.found(t, chargesAfter(t, drawn.Charges, s.shown(streams)...))
	} else {
		if due := s.readingsDue(t, streams); due > w.Now {
			return fail(fault.New(fault.CodeSettleEarly, "a device has not ended its recording, or what it sealed is not opened; readings are waited for until %s", due).With("until", string(due)))
		}
		if due := r.releaseAt(s, t); due > w.Now {
			return fail(fault.New(fault.CodeSettleNotAccepted, "%s has until %s to accept the delivery", t.Consignee, due).With("until", string(due)))
		}
		var err error
		if st, err = s.Reckon(t, streams, w); err != nil {
			return fail(err)
		}
	}
	r = r.lapse(w.Now)
	st = st.After(r, w)
	st.At, st.TransactionID = w.Now, w.TransactionID
	if st.HeldMinor > 0 && len(st.Payments()) == 0 {
		return fail(fault.New(fault.CodeSettleDisputed, "the %d minor units in escrow are in dispute", st.HeldMinor))
	}
	step := SettledStep
	if s.Status, st.Final, st.Interim = Settled, true, false; st.HeldMinor > 0 {
		s.Status, st.Final, st.Interim, step = InDispute, false, true, PartlyReleasedStep
		st.Charges = s.Charges(t, st, streams)
	}
	next, e := s.record(step, "", "", w)
	return next, r, st, e, nil
}

// readingsDue is until when readings are waited for; "" when all have come, and
// those that came sealed are opened: or a carrier could settle before anybody
// has opened what it answers for.
func (s Shipment) readingsDue(t Terms, streams []Stream) measure.Time {
	missing := func(x Stream) bool { return !x.Ended || t.Confidential && x.Position().Opened < x.Segments }
	if !slices.ContainsFunc(streams, missing) {
		return ""
	}
	return s.deliveredAt().Add(t.SettleAfterSeconds * 1000)
}

// After is the statement as the disputes stand: of what a carrier would be paid,
// awards go back to the payer, and open claims are held back. An award never
// takes more than is left. If the statement is an interim one, what it paid is
// noted as released: it leaves the escrow once.
func (st Statement) After(r Review, w When) Statement {
	r = r.lapse(w.Now)
	st.Lines = slices.Clone(st.Lines)
	if st.Interim {
		st.RefundedMinor = st.RefundMinor
	}
	st.PaidMinor, st.HeldMinor, st.RefundMinor = 0, 0, st.FeesMinor+st.DepositsMinor
	for i := range st.Lines {
		l := &st.Lines[i]
		if st.Interim {
			l.ReleasedMinor = l.PayableMinor
		}
		left := l.PayableMinor + l.HeldMinor + l.AwardMinor
		l.HeldMinor, l.AwardMinor = 0, 0
		for _, d := range r.Disputes {
			switch {
			case d.Claim.Respondent != l.Carrier:
			case d.State == DisputeOpen:
				l.HeldMinor += d.Claim.AmountMinor
			default:
				l.AwardMinor += d.AwardMinor
			}
		}
		l.AwardMinor = min(l.AwardMinor, left-l.ReleasedMinor)
		l.HeldMinor = min(l.HeldMinor, left-l.ReleasedMinor-l.AwardMinor)
		l.PayableMinor = left - l.AwardMinor - l.HeldMinor
		st.PaidMinor += l.PayableMinor
		st.HeldMinor += l.HeldMinor
	}
	st.RefundMinor -= st.PaidMinor + st.HeldMinor
	return st
}

// Due is when a shipment's settlement falls due if nobody does anything more.
type Due struct {
	ShipmentID string       `json:"shipmentId"`
	Status     Status       `json:"status"`
	SettleAt   measure.Time `json:"settleAt,omitempty" metadata:",optional"` // "": it does not, as things stand
}

// Due says from when on Settle pays something out.
func (s Shipment) Due(t Terms, r Review, drawn Statement, streams []Stream) Due {
	d := Due{ShipmentID: s.ShipmentID, Status: s.Status}
	if s.expect(Arrived, InDispute, LostStatus) != nil {
		return d
	}
	first := s.ChangedAt
	if s.Status != InDispute {
		first = max(first, s.readingsDue(t, streams), r.releaseAt(s, t))
	}
	times := []measure.Time{first}
	for _, x := range r.Disputes {
		if x.open(first) {
			times = append(times, x.Until)
		}
	}
	slices.Sort(times)
	for _, at := range times {
		if _, _, _, _, err := s.Settle(t, r, drawn, streams, When{Actor: t.Payer, Now: at}); err == nil {
			d.SettleAt = at
			return d
		}
	}
	return d
}

func (t Terms) carriers() []string {
	var cs []string
	for _, l := range t.Legs {
		cs = append(cs, l.Carrier)
	}
	slices.Sort(cs)
	return slices.Compact(cs)
}

// custodians are the carriers, and whoever else something is held against.
func (t Terms) custodians(charges []Penalty) []string {
	cs := t.carriers()
	for _, p := range charges {
		cs = append(cs, p.Custodian)
	}
	slices.Sort(cs)
	return slices.Compact(cs)
}

// Payment is what one account gets when the escrow is paid out.
type Payment struct {
	Organisation string
	AmountMinor  money.Minor
}

// Payments are the credits of a settlement, one for each organisation that
// gets anything, sorted: with what earlier ones paid and what is held back, they
// add up to the fees and deposits.
func (st Statement) Payments() []Payment {
	var ps []Payment
	add := func(org string, amount money.Minor) {
		if amount == 0 {
			return
		}
		if i := slices.IndexFunc(ps, func(p Payment) bool { return p.Organisation == org }); i >= 0 {
			ps[i].AmountMinor += amount
			return
		}
		ps = append(ps, Payment{org, amount})
	}
	for _, l := range st.Lines {
		add(l.Carrier, l.PayableMinor-l.ReleasedMinor)
	}
	add(st.Payer, st.RefundMinor-st.RefundedMinor)
	slices.SortFunc(ps, func(a, b Payment) int { return strings.Compare(a.Organisation, b.Organisation) })
	return ps
}
