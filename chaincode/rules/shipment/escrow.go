package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Escrow holds the tokens of one shipment: the fees from the payer's acceptance
// and a carrier's deposits from that carrier's, until settlement or withdrawal
// (SH13).
type Escrow struct {
	ShipmentID string         `json:"shipmentId"`
	Payer      string         `json:"payer"`
	Currency   money.Currency `json:"currency"`
	HeldMinor  money.Minor    `json:"heldMinor"`
	Holdings   []money.Payee  `json:"holdings"` // what each organisation has put in, sorted; empty once all is paid out
	Payouts    uint64         `json:"payouts"`  // number of payouts; the next one has this number
	ChangedAt  measure.Time   `json:"changedAt"`
}

// NewEscrow holds nothing yet.
func NewEscrow(shipmentID string, t Terms) Escrow {
	return Escrow{ShipmentID: shipmentID, Payer: t.Payer, Currency: t.Currency, Holdings: []money.Payee{}}
}

// PutIn adds what an organisation stakes by accepting the terms t. An escrow
// that was emptied before serves the terms that came after.
func (e Escrow) PutIn(organisation string, amount money.Minor, t Terms, w When) (Escrow, error) {
	if e.HeldMinor == 0 {
		e.Payer, e.Currency = t.Payer, t.Currency
	}
	if amount == 0 { // nothing to give back either
		e.ChangedAt = w.Now
		return e, nil
	}
	i, found := slices.BinarySearchFunc(e.Holdings, organisation, func(p money.Payee, o string) int { return strings.Compare(p.Organisation, o) })
	if found || e.Currency != t.Currency {
		return e, fault.New(fault.CodeInternal, "%s has put something into the escrow of %s", organisation, e.ShipmentID)
	}
	sum, err := money.Add(e.HeldMinor, amount)
	if err != nil {
		return e, err
	}
	if amount > 0 { // fees may be nothing, and nothing is not given back
		e.Holdings = slices.Insert(slices.Clone(e.Holdings), i, money.Payee{Organisation: organisation, AmountMinor: amount})
	}
	e.HeldMinor, e.ChangedAt = sum, w.Now
	return e, nil
}

// Pay takes payments out of the escrow. They are at most what it holds; the
// holdings are told until all is paid.
func (e Escrow) Pay(ps []Payment, w When) (Escrow, money.Payout, error) {
	p := money.Payout{Source: e.ShipmentID, Number: e.Payouts, Currency: e.Currency, Payees: []money.Payee{}, At: w.Now, TransactionID: w.TransactionID}
	left := e.HeldMinor
	for _, x := range ps {
		if err := x.AmountMinor.CheckPositive("payment"); err != nil || x.AmountMinor > left {
			return e, money.Payout{}, fault.New(fault.CodeInternal, "the escrow of %s holds %d, of which %s cannot be paid %d", e.ShipmentID, left, x.Organisation, x.AmountMinor)
		}
		left -= x.AmountMinor
		p.Payees = append(p.Payees, money.Payee{Organisation: x.Organisation, AmountMinor: x.AmountMinor})
	}
	if e.HeldMinor, e.ChangedAt = left, w.Now; left == 0 {
		e.Holdings = []money.Payee{}
	}
	e.Payouts++
	return e, p, nil
}

// GiveBack are the payments that return everything to whom it came from.
func (e Escrow) GiveBack() []Payment {
	var ps []Payment
	for _, h := range e.Holdings {
		ps = append(ps, Payment{h.Organisation, h.AmountMinor})
	}
	return ps
}

// Stake is what an organisation puts into escrow by accepting the terms: all
// fees if it is the payer, and its own deposits if it is a carrier.
func (t Terms) Stake(organisation string) (money.Minor, error) {
	stake := t.deposit(organisation)
	if organisation != t.Payer {
		return stake, nil
	}
	fees, err := t.Fees()
	if err != nil {
		return 0, err
	}
	return money.Add(stake, fees)
}

// deposit is what a carrier deposits for all of its legs; [Terms.Check] holds the
// sum over all carriers within bounds.
func (t Terms) deposit(carrier string) money.Minor {
	var sum money.Minor
	for _, l := range t.Legs {
		if l.Carrier == carrier {
			sum += l.DepositMinor
		}
	}
	return sum
}
