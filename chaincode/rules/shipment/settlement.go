package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Escrow holds the payer's tokens for one shipment, from the payer's acceptance
// until settlement or withdrawal (SH13).
type Escrow struct {
	ShipmentID string         `json:"shipmentId"`
	Payer      string         `json:"payer"`
	Currency   money.Currency `json:"currency"`
	HeldMinor  money.Minor    `json:"heldMinor"`
	ChangedAt  measure.Time   `json:"changedAt"`
}

// Statement is the arithmetic of a shipment: what each carrier earns, what the
// excursions in its custody cost, and what remains (SH12). Before settlement it
// says how things stand; the settled one never changes.
type Statement struct {
	ShipmentID    string         `json:"shipmentId"`
	Currency      money.Currency `json:"currency"`
	Lines         []Line         `json:"lines"` // one for each carrier, sorted
	FeesMinor     money.Minor    `json:"feesMinor"`
	PaidMinor     money.Minor    `json:"paidMinor"`   // to the carriers
	RefundMinor   money.Minor    `json:"refundMinor"` // to the payer: fees less what is paid
	Payer         string         `json:"payer"`
	Final         bool           `json:"final"`
	At            measure.Time   `json:"at"`
	TransactionID string         `json:"transactionId"`
}

// Line is one carrier's account of the journey.
type Line struct {
	Carrier        string      `json:"carrier"`
	FeeMinor       money.Minor `json:"feeMinor"`
	Excursions     int64       `json:"excursions"`
	PenaltyMinor   money.Minor `json:"penaltyMinor"`
	PayableMinor   money.Minor `json:"payableMinor"`   // fee less penalties, never below zero
	UncoveredMinor money.Minor `json:"uncoveredMinor"` // penalties beyond the fee: owed, but not covered by the escrow
}

// Reckon works out the statement from the terms and what each device's stream
// has booked.
func Reckon(shipmentID string, t Terms, streams []Stream, w When) (Statement, error) {
	st := Statement{ShipmentID: shipmentID, Currency: t.Currency, Payer: t.Payer, At: w.Now, TransactionID: w.TransactionID, Lines: []Line{}}
	var err error
	if st.FeesMinor, err = t.Fees(); err != nil {
		return st, err
	}
	shown := make([][]Penalty, len(streams))
	for i, s := range streams {
		shown[i] = s.Penalties
	}
	charges := Charges(shown...)
	for _, carrier := range t.carriers() {
		l := Line{Carrier: carrier}
		for _, leg := range t.Legs {
			if leg.Carrier == carrier {
				l.FeeMinor += leg.FeeMinor // the sum of all fees is within bounds
			}
		}
		for _, p := range charges {
			if p.Custodian == carrier {
				l.Excursions += p.Excursions
				l.PenaltyMinor = min(l.PenaltyMinor+p.PenaltyMinor, money.Max)
			}
		}
		covered := min(l.PenaltyMinor, l.FeeMinor)
		l.PayableMinor, l.UncoveredMinor = l.FeeMinor-covered, l.PenaltyMinor-covered
		st.PaidMinor += l.PayableMinor
		st.Lines = append(st.Lines, l)
	}
	st.RefundMinor = st.FeesMinor - st.PaidMinor
	return st, nil
}

// Settle closes the shipment once its readings are complete: every device has
// ended its recording, or the agreed wait after delivery is over.
func (s Shipment) Settle(t Terms, streams []Stream, w When) (Shipment, Statement, JourneyEvent, error) {
	fail := func(err error) (Shipment, Statement, JourneyEvent, error) { return s, Statement{}, JourneyEvent{}, err }
	if err := s.expect(Arrived); err != nil {
		return fail(err)
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	due := s.Custody[len(s.Custody)-1].RecordedAt.Add(t.SettleAfterSeconds * 1000)
	if !slices.ContainsFunc(streams, func(x Stream) bool { return !x.Ended }) {
		due = ""
	}
	if due > w.Now {
		return fail(fault.New(fault.CodeSettleEarly, "a device has not ended its recording; readings are waited for until %s", due).With("until", string(due)))
	}
	st, err := Reckon(s.ShipmentID, t, streams, w)
	if err != nil {
		return fail(err)
	}
	st.Final = true
	s.Status = Settled
	next, e := s.record(SettledStep, "", "", w)
	return next, st, e, nil
}

func (t Terms) carriers() []string {
	var cs []string
	for _, l := range t.Legs {
		cs = append(cs, l.Carrier)
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
// gets anything, sorted: they add up to the fees.
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
		add(l.Carrier, l.PayableMinor)
	}
	add(st.Payer, st.RefundMinor)
	slices.SortFunc(ps, func(a, b Payment) int { return strings.Compare(a.Organisation, b.Organisation) })
	return ps
}
