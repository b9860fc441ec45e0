package shipment

import (
	"fmt"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Invoices are the commercial documents of a settled shipment (SH18): one invoice
// for each carrier that earns something, and a credit note for each from whom
// something is deducted. Together they say exactly what the final statement says.
type Invoices struct {
	ShipmentID string       `json:"shipmentId"`
	Items      []Invoice    `json:"items"` // by number; none before the settlement
	ChangedAt  measure.Time `json:"changedAt"`
}

// Invoice is one document, with the terms of EN 16931 (BT, BG) and the type
// codes of UNTDID 1001.
type Invoice struct {
	Number     string         `json:"number"`   // BT-1: the shipment's id and a number from 1 without gaps
	TypeCode   string         `json:"typeCode"` // BT-3
	IssuedAt   measure.Time   `json:"issuedAt"` // BT-2
	ShipmentID string         `json:"shipmentId"`
	Seller     string         `json:"seller"`   // BG-4: the carrier
	Buyer      string         `json:"buyer"`    // BG-7: the payer
	Currency   money.Currency `json:"currency"` // BT-5
	// PrecedingInvoice is what a credit note corrects (BT-25).
	PrecedingInvoice string        `json:"precedingInvoice,omitempty" metadata:",optional"`
	Lines            []InvoiceLine `json:"lines"`      // BG-25
	TotalMinor       money.Minor   `json:"totalMinor"` // BT-112: the sum of the lines; of a credit note, what is credited
}

// The type codes.
const (
	CommercialInvoice = "380"
	CreditNote        = "381"
)

// InvoiceLine is one item: a leg that was carried, a charge, or an award.
type InvoiceLine struct {
	LineID   string      `json:"lineId"`   // BT-126
	Item     string      `json:"item"`     // BT-153
	Quantity int64       `json:"quantity"` // BT-129: of legs or excursions
	NetMinor money.Minor `json:"netMinor"` // BT-131: as far as it is deducted; what the escrow did not cover is in the statement
	// LimitID and Custody say for which charge of the terms it is, and DisputeID for which award.
	LimitID   string `json:"limitId,omitempty" metadata:",optional"`
	Custody   int    `json:"custody,omitempty" metadata:",optional"`
	DisputeID int    `json:"disputeId,omitempty" metadata:",optional"`
	// Excursions are those that a claim rested on.
	Excursions []string `json:"excursions,omitempty" metadata:",optional"`
}

// Issue writes the documents of a final statement. charges are those that it was
// reckoned from.
func (st Statement) Issue(t Terms, charges []Penalty, r Review) Invoices {
	out := Invoices{ShipmentID: st.ShipmentID, Items: []Invoice{}, ChangedAt: st.At}
	add := func(code, seller, preceding string, lines []InvoiceLine) string {
		if len(lines) == 0 {
			return ""
		}
		d := Invoice{
			Number: st.ShipmentID + "-" + strconv.Itoa(len(out.Items)+1), TypeCode: code, IssuedAt: st.At, ShipmentID: st.ShipmentID,
			Seller: seller, Buyer: st.Payer, Currency: st.Currency, PrecedingInvoice: preceding, Lines: lines,
		}
		for i := range d.Lines {
			d.Lines[i].LineID = strconv.Itoa(i + 1)
			d.TotalMinor += d.Lines[i].NetMinor
		}
		out.Items = append(out.Items, d)
		return d.Number
	}
	invoiced := make([]string, len(st.Lines))
	for i, l := range st.Lines {
		invoiced[i] = add(CommercialInvoice, l.Carrier, "", l.carried(t))
	}
	for i, l := range st.Lines {
		add(CreditNote, l.Carrier, invoiced[i], l.credited(charges, r))
	}
	return out
}

// carried are the lines for the legs of a carrier, in order, as far as it earns
// their fees.
func (l Line) carried(t Terms) (lines []InvoiceLine) {
	left := l.FeeMinor
	for i, leg := range t.Legs {
		n := min(leg.FeeMinor, left)
		if leg.Carrier != l.Carrier || n == 0 {
			continue
		}
		left -= n
		item := fmt.Sprintf("carriage, leg %d", i+1)
		if leg.From != "" && leg.To != "" {
			item += ", " + leg.From + " to " + leg.To
		}
		lines = append(lines, InvoiceLine{Item: item, Quantity: 1, NetMinor: n})
	}
	return lines
}

// credited are the lines for what a carrier loses: each charge, and each award,
// in order, as far as there is something to lose.
func (l Line) credited(charges []Penalty, r Review) (lines []InvoiceLine) {
	left := l.PenaltyMinor - l.UncoveredMinor
	for _, c := range charges {
		n := min(c.PenaltyMinor, left)
		if c.Custodian != l.Carrier || n == 0 {
			continue
		}
		left -= n
		lines = append(lines, InvoiceLine{Item: "penalty for " + c.LimitID, Quantity: c.Excursions, NetMinor: n, LimitID: c.LimitID, Custody: c.Custody})
	}
	left = l.AwardMinor
	for _, d := range r.Disputes {
		n := min(d.AwardMinor, left)
		if d.Claim.Respondent != l.Carrier || n == 0 {
			continue
		}
		left -= n
		lines = append(lines, InvoiceLine{Item: fmt.Sprintf("dispute %d, %s", d.DisputeID, d.State), Quantity: 1, NetMinor: n, DisputeID: d.DisputeID, Excursions: d.Claim.Excursions})
	}
	return lines
}
