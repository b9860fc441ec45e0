package service

import (
	"math/bits"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Bill is what has been paid for one request, or for the use of one component. It
// counts the payments, and both sides protect it: so a payment that it does not
// count was never made.
type Bill struct {
	BillID      string         `json:"billId"`
	AgreementID string         `json:"agreementId"`
	Operator    string         `json:"operator"` // pays
	Provider    string         `json:"provider"` // is paid
	Currency    money.Currency `json:"currency"`
	Payments    uint64         `json:"payments"` // number of payments; the next one has this number
	Steps       uint64         `json:"steps"`    // those before this number are paid
	// Meters are what has been charged for use (SV12); none for a request.
	Meters        []ChargedMeter `json:"meters,omitempty" metadata:",optional"`
	PaidMinor     money.Minor    `json:"paidMinor"`
	ChangedAt     measure.Time   `json:"changedAt"`
	TransactionID string         `json:"transactionId"`
}

// ChargedMeter is how far one measure has been charged.
type ChargedMeter struct {
	Measure      string      `json:"measure"`
	From         int64       `json:"from"` // total at the beginning
	To           int64       `json:"to"`   // total up to which it has been charged
	ChargedMinor money.Minor `json:"chargedMinor"`
}

// ServicePayment is one payment, with what it is for. It never changes.
type ServicePayment struct {
	BillID        string         `json:"billId"`
	Number        uint64         `json:"number"`
	Operator      string         `json:"operator"`
	Provider      string         `json:"provider"`
	Currency      money.Currency `json:"currency"`
	AmountMinor   money.Minor    `json:"amountMinor"`
	Lines         []PaymentLine  `json:"lines"`
	At            measure.Time   `json:"at"`
	TransactionID string         `json:"transactionId"`
}

// PaymentLine is one step, or one measure's use from a total to another.
type PaymentLine struct {
	Name        string      `json:"name"` // of the step or the measure
	Step        uint64      `json:"step,omitempty" metadata:",optional"`
	From        int64       `json:"from,omitempty" metadata:",optional"`
	To          int64       `json:"to,omitempty" metadata:",optional"`
	AmountMinor money.Minor `json:"amountMinor"`
}

// OpenBill is the bill of a request that the provider accepted under an agreement.
func OpenBill(r ServiceRequest, a Agreement, w When) Bill {
	return Bill{BillID: r.RequestID, AgreementID: a.AgreementID, Operator: a.Operator, Provider: a.Provider, Currency: a.Currency, ChangedAt: w.Now, TransactionID: w.TransactionID}
}

// UsageBillID is the id of the bill for a component's use under an agreement. A
// request's id has no slash, so no request has the same.
func UsageBillID(agreementID, componentID string) string { return agreementID + "/" + componentID }

// OpenUsageBill begins to charge a component's use, from its totals of now.
func OpenUsageBill(a Agreement, componentID string, total Total, w When) Bill {
	b := Bill{BillID: UsageBillID(a.AgreementID, componentID), AgreementID: a.AgreementID, Operator: a.Operator, Provider: a.Provider, Currency: a.Currency, ChangedAt: w.Now, TransactionID: w.TransactionID}
	for _, r := range a.Rates {
		at := total(r.Measure)
		b.Meters = append(b.Meters, ChargedMeter{Measure: r.Measure, From: at, To: at})
	}
	return b
}

// PaySteps pays the steps that follow those already paid, up to and without
// number until: step by step if the operator likes (SV7). What is left is paid as the
// request is confirmed, or collected after it was called off.
func (b Bill) PaySteps(steps []ServiceStep, w When) (Bill, ServicePayment, error) {
	if len(steps) == 0 {
		return b, ServicePayment{}, b.paidBefore()
	}
	var lines []PaymentLine
	for i, s := range steps {
		if s.RequestID != b.BillID || s.Number != b.Steps+uint64(i) {
			return b, ServicePayment{}, b.paidBefore()
		}
		if s.PriceMinor > 0 {
			lines = append(lines, PaymentLine{Name: s.Step, Step: s.Number, AmountMinor: s.PriceMinor})
		}
	}
	b.Steps += uint64(len(steps))
	return b.pay(lines, w)
}

// Resume goes on charging from the totals of now: what was used while the component
// was not under the agreement is not charged.
func (b Bill) Resume(total Total, w When) Bill {
	b.Meters = slices.Clone(b.Meters)
	for i, m := range b.Meters {
		gap := total(m.Measure) - m.To
		b.Meters[i].From, b.Meters[i].To = m.From+gap, m.To+gap
	}
	b.ChangedAt, b.TransactionID = max(w.Now, b.ChangedAt), w.TransactionID
	return b
}

// Settled refuses to let a component go from its agreement while there is use that
// has not been charged.
func (b Bill) Settled(a Agreement, total Total, w When) error {
	w.Actor = b.Operator
	_, p, err := b.Charge(a, total, w)
	if err != nil {
		return nil //nolint:nilerr // there is nothing to charge
	}
	return fault.New(fault.CodeChargeOutstanding, "%d minor units of use under agreement %s have not been charged", p.AmountMinor, b.AgreementID).
		With("agreementId", b.AgreementID).With("amountMinor", int64(p.AmountMinor))
}

func (b Bill) paidBefore() error {
	return fault.New(fault.CodeStepPaid, "the next step to be paid is number %d", b.Steps).With("next", int64(b.Steps))
}

// Charge pays for the use since the last charge: what all use since the beginning
// costs, rounded down, less what has been charged. So however often it is charged,
// it comes to the same.
func (b Bill) Charge(a Agreement, total Total, w When) (Bill, ServicePayment, error) {
	fail := func(err error) (Bill, ServicePayment, error) { return b, ServicePayment{}, err }
	if w.Actor != b.Operator && w.Actor != b.Provider {
		return fail(fault.New(fault.CodeServiceNotParty, "%s is not a party to agreement %s", w.Actor, b.AgreementID))
	}
	if len(b.Meters) == 0 {
		return fail(fault.New(fault.CodeChargeNone, "agreement %s charges nothing for use", b.AgreementID))
	}
	var lines []PaymentLine
	b.Meters = slices.Clone(b.Meters)
	for i, m := range b.Meters {
		rate := a.Rates[slices.IndexFunc(a.Rates, func(r UsageRate) bool { return r.Measure == m.Measure })]
		now := total(m.Measure)
		due, err := costOf(now-m.From, rate)
		if err != nil {
			return fail(err)
		}
		if now <= m.To || due <= m.ChargedMinor {
			continue
		}
		lines = append(lines, PaymentLine{Name: m.Measure, From: m.To, To: now, AmountMinor: due - m.ChargedMinor})
		b.Meters[i].To, b.Meters[i].ChargedMinor = now, due
	}
	if len(lines) == 0 {
		return fail(fault.New(fault.CodeChargeNone, "there has been no use that costs anything since the last charge"))
	}
	return b.pay(lines, w)
}

// costOf is what so much use costs, rounded down to the minor unit.
func costOf(use int64, r UsageRate) (money.Minor, error) {
	if use <= 0 {
		return 0, nil
	}
	high, low := bits.Mul64(uint64(use), uint64(r.AmountMinor))
	if high >= uint64(r.Per) {
		return 0, money.Minor(-1).Check("amountMinor")
	}
	cost, _ := bits.Div64(high, low, uint64(r.Per))
	if cost > uint64(money.Max) {
		return 0, money.Minor(-1).Check("amountMinor")
	}
	return money.Minor(cost), nil
}

// pay counts one payment of these lines; of nothing, there is none.
func (b Bill) pay(lines []PaymentLine, w When) (Bill, ServicePayment, error) {
	p := ServicePayment{
		BillID: b.BillID, Number: b.Payments, Operator: b.Operator, Provider: b.Provider, Currency: b.Currency,
		Lines: lines, At: max(w.Now, b.ChangedAt), TransactionID: w.TransactionID,
	}
	var err error
	for _, l := range lines {
		if p.AmountMinor, err = money.Add(p.AmountMinor, l.AmountMinor); err != nil {
			return b, p, err
		}
	}
	if b.PaidMinor, err = money.Add(b.PaidMinor, p.AmountMinor); err != nil {
		return b, p, err
	}
	b.ChangedAt, b.TransactionID = p.At, w.TransactionID
	if p.AmountMinor > 0 {
		b.Payments++
	}
	return b, p, nil
}

// Owes reports whether the payment is what the credit comes from.
func (p ServicePayment) Owes(c money.Credit) bool {
	return p.BillID == c.Reference && p.Number == c.Number && p.Provider == c.Organisation &&
		p.Currency == c.Currency && p.AmountMinor == c.AmountMinor && p.TransactionID == c.CreditID
}

// Payable refuses payment of steps that are not on record, and of work that nobody was
// promised anything for. The operator pays. What was done before a request was called
// off stays owed, and the provider collects it, unless it has called it off itself:
// then its own word would be all that there is of the work.
func (r ServiceRequest) Payable(until uint64, actor string) error {
	collects := actor == r.Provider && r.Status == Cancelled && r.CancelledBy != r.Provider
	switch {
	case actor != r.Operator && !collects:
		return r.by(r.Operator, "operator", When{Actor: actor})
	case r.AgreementID == "" || r.in(Started, Done, Cancelled) != nil:
		return r.in(Started, Done, Cancelled)
	case until == 0 || until > r.Steps:
		return invalid("until", "request %s has %d steps", r.RequestID, r.Steps)
	}
	return nil
}
