// Package document owns what a person reads about a journey or a component who has no access to
// the ledger: a party's lawyer, a court. It decides nothing and fetches nothing.
// Invariant: what is written follows from the records alone, every fact names the
// transaction in which it can be checked, and no text of a party is taken for markup.
package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Journey is all that the ledger says about one shipment.
type Journey struct {
	Ledger           string                     `json:"ledger"` // channel/chaincode
	Shipment         shipment.Shipment          `json:"shipment"`
	Terms            shipment.Terms             `json:"terms"`
	Events           []shipment.JourneyEvent    `json:"events"`
	Segments         []shipment.Segment         `json:"segments"`
	Excursions       []shipment.Excursion       `json:"excursions"`
	Acknowledgements []shipment.Acknowledgement `json:"acknowledgements"`
	Statement        shipment.Statement         `json:"statement"`
	Review           shipment.Review            `json:"review"`
	Evidence         []shipment.DisputeEvidence `json:"evidence"`
	Invoices         shipment.Invoices          `json:"invoices"`
	// Truncated: there is more on the ledger than one document holds.
	Truncated bool `json:"truncated"`
}

// section is one part of the document, whatever it is written in.
type section struct {
	title string
	says  []string
	head  []string
	rows  [][]string
}

func (j Journey) sections() []section {
	out := []section{j.about(), j.parties(), j.limits(), j.custody(), j.history(), j.readings(), j.excursions()}
	if len(j.Acknowledgements) > 0 {
		out = append(out, j.said())
	}
	out = append(out, j.statement())
	if r := j.Review; r.Acceptance != nil || len(r.Disputes) > 0 {
		out = append(out, j.disputes())
	}
	if len(j.Evidence) > 0 {
		out = append(out, j.evidence())
	}
	if len(j.Invoices.Items) > 0 {
		out = append(out, j.invoices())
	}
	return append(out, section{title: "How to check this", says: []string{
		"Every transaction named here is on the ledger " + j.Ledger + ", signed by who sent it and by the peers that endorsed it. A member of the network reads it by its id and compares what it wrote with what stands here.",
		"The readings themselves are in the transactions of their segments, signed by the device; each segment names the hash of the one before it.",
		"Amounts are whole minor units of the currency. Times are UTC.",
	}})
}

func (j Journey) about() section {
	s := section{title: "Shipment " + j.Shipment.ShipmentID, head: []string{"what", "value"}, rows: [][]string{
		{"ledger", j.Ledger}, {"status", string(j.Shipment.Status)}, {"terms, SHA-256", j.Shipment.TermsHash}, {"rule set", j.Terms.RuleSet},
		{"last changed", string(j.Shipment.ChangedAt)},
	}}
	if j.Truncated {
		s.says = []string{"This document is not complete: the ledger holds more events, segments or excursions than are listed here."}
	}
	return s
}

func (j Journey) parties() section {
	t := j.Terms
	s := section{title: "Parties and terms", head: []string{"role", "organisation", "fee", "places"}, rows: [][]string{
		{"consignor", t.Consignor, "", ""}, {"consignee", t.Consignee, "", ""}, {"payer", t.Payer, "", ""},
	}}
	for i, l := range t.Legs {
		s.rows = append(s.rows, []string{fmt.Sprintf("carrier, leg %d", i+1), l.Carrier, minor(l.FeeMinor, t.Currency), strings.Trim(l.From+" - "+l.To, " -")})
	}
	if t.Arbiter != "" {
		s.rows = append(s.rows, []string{"arbiter", t.Arbiter, "", ""})
	}
	s.says = append(s.says, "Accepted by "+list(j.Shipment.AcceptedBy)+".")
	s.says = append(s.says, "Goods: "+list(t.Goods)+". Logistic units: "+list(t.LogisticUnits)+". Devices: "+list(t.Devices)+".")
	after := fmt.Sprintf("Readings are waited for %d s after delivery. ", t.SettleAfterSeconds)
	switch {
	case t.AcceptWithinSeconds == 0:
		after += "The delivery is its acceptance."
	case t.DisputeSeconds == 0:
		after += fmt.Sprintf("The delivery may be accepted within %d s, after that it is; there are no disputes.", t.AcceptWithinSeconds)
	default:
		after += fmt.Sprintf("The delivery may be accepted within %d s, after that it is; a dispute lasts %d s at most.", t.AcceptWithinSeconds, t.DisputeSeconds)
	}
	s.says = append(s.says, after)
	return s
}

func (j Journey) limits() section {
	s := section{title: "Limits", head: []string{"limit", "rule", "a violation is when", "bound", "tolerance", "penalty", "counted by"}}
	for _, l := range j.Terms.Limits {
		by := string(l.PenaltyBy)
		if by == "" {
			by = "excursion"
		}
		s.rows = append(s.rows, []string{l.LimitID, string(l.Rule), sentence(l.Rule), measured(l.Milli, l.Rule), number(l.OnDelayMs) + " ms", minor(l.PenaltyMinor, j.Terms.Currency), by})
	}
	return s
}

func (j Journey) custody() section {
	s := section{title: "Custody", says: []string{"Who answers for what is measured, from when on."}, head: []string{"from", "custodian", "changed hands, as both say", "recorded"}}
	for _, c := range j.Shipment.Custody {
		who := c.Custodian
		if c.Delivered {
			who += " (delivered)"
		}
		s.rows = append(s.rows, []string{string(c.From), who, string(c.OccurredAt), string(c.RecordedAt)})
	}
	return s
}

func (j Journey) history() section {
	s := section{title: "What happened", head: []string{"no.", "recorded", "step", "by", "with", "happened", "transaction"}}
	for _, e := range j.Events {
		s.rows = append(s.rows, []string{strconv.FormatUint(e.Number, 10), string(e.At), string(e.Step), e.Actor, e.Counterparty, string(e.OccurredAt), e.TransactionID})
	}
	return s
}

func (j Journey) readings() section {
	s := section{title: "Signed readings", head: []string{"device", "segment", "readings", "from", "to", "SHA-256", "transaction"}}
	for _, g := range j.Segments {
		s.rows = append(s.rows, []string{g.DeviceID, strconv.FormatUint(g.Number, 10), strconv.FormatUint(g.Readings, 10), string(g.FirstAt), string(g.LastAt), g.Hash, g.TransactionID})
	}
	return s
}

func (j Journey) excursions() section {
	s := section{title: "Excursions", says: []string{"Each is one stay outside one limit in one custody: the readings that opened and closed it, how long and how far, and what it costs. The transaction is the one that brought the opening reading."},
		head: []string{"excursion", "custodian", "rule", "bound", "opened (reading)", "closed (reading)", "duration", "furthest (reading)", "readings beyond", "penalty", "transaction"}}
	for _, e := range j.Excursions {
		closed := "open"
		if !e.Open {
			closed = fmt.Sprintf("%s (%d), %s", e.ClosedAt, e.ClosedSequence, e.Ending)
		}
		s.rows = append(s.rows, []string{
			e.ExcursionID, e.Custodian, string(e.Rule), measured(e.LimitMilli, e.Rule), fmt.Sprintf("%s (%d)", e.OpenedAt, e.OpenedSequence), closed, number(e.DurationMs) + " ms",
			fmt.Sprintf("%s at %s (%d)", measured(e.PeakMilli, e.Rule), e.PeakAt, e.PeakSequence), number(e.ReadingsBeyond), minor(e.PenaltyMinor, j.Terms.Currency), j.broughtBy(e.DeviceID, e.OpenedSequence),
		})
	}
	return s
}

// broughtBy is the transaction that brought a reading, as far as it is listed.
func (j Journey) broughtBy(device string, sequence uint64) string {
	i := slices.IndexFunc(j.Segments, func(g shipment.Segment) bool {
		return g.DeviceID == device && sequence >= g.FirstSequence && sequence-g.FirstSequence < g.Readings
	})
	if i < 0 {
		return ""
	}
	return j.Segments[i].TransactionID
}

func (j Journey) said() section {
	s := section{title: "What the parties said about excursions", head: []string{"at", "organisation", "excursion", "comment", "transaction"}}
	for _, a := range j.Acknowledgements {
		s.rows = append(s.rows, []string{string(a.At), a.Organisation, a.ExcursionID, a.Comment, a.TransactionID})
	}
	return s
}

func (j Journey) statement() section {
	st := j.Statement
	s := section{title: "Statement of account", head: []string{"carrier", "fee", "excursions", "penalties", "awarded", "held for disputes", "payable", "paid before", "not covered"}}
	for _, l := range st.Lines {
		s.rows = append(s.rows, []string{l.Carrier, minor(l.FeeMinor, st.Currency), number(l.Excursions), minor(l.PenaltyMinor, st.Currency), minor(l.AwardMinor, st.Currency),
			minor(l.HeldMinor, st.Currency), minor(l.PayableMinor, st.Currency), minor(l.ReleasedMinor, st.Currency), minor(l.UncoveredMinor, st.Currency)})
	}
	how := "This is how things stand; nothing has been paid."
	switch {
	case st.Final:
		how = "Settled, for ever, by transaction " + st.TransactionID + "."
	case st.Interim:
		how = "What is not in dispute was paid by transaction " + st.TransactionID + "."
	}
	s.says = []string{how, fmt.Sprintf("Fees %s, to the carriers %s, held %s, back to %s %s.",
		minor(st.FeesMinor, st.Currency), minor(st.PaidMinor, st.Currency), minor(st.HeldMinor, st.Currency), st.Payer, minor(st.RefundMinor, st.Currency))}
	return s
}

func (j Journey) disputes() section {
	s := section{title: "Acceptance and disputes", head: []string{"dispute", "claimant", "respondent", "claim", "reason", "rests on", "opened", "state", "awarded", "ended", "transactions"}}
	if a := j.Review.Acceptance; a != nil {
		says := fmt.Sprintf("The consignee accepted %s at %s, transaction %s.", a.Accepted, a.At, a.TransactionID)
		if a.Accepted == shipment.AcceptedPartial {
			says += " Not accepted: " + list(slices.Concat(a.Goods, a.LogisticUnits)) + ", because: " + a.Reason
		}
		s.says = append(s.says, says)
	}
	for _, d := range j.Review.Disputes {
		ended := strings.TrimSpace(string(d.EndedAt) + " " + d.EndedBy)
		if d.Reasoning != "" {
			ended += ": " + d.Reasoning
		}
		s.rows = append(s.rows, []string{strconv.Itoa(d.DisputeID), d.Claimant, d.Claim.Respondent, minor(d.Claim.AmountMinor, j.Terms.Currency), d.Claim.Reason, list(d.Claim.Excursions),
			string(d.OpenedAt), string(d.State), minor(d.AwardMinor, j.Terms.Currency), ended, strings.TrimSpace(d.TransactionID + " " + d.EndedIn)})
	}
	return s
}

func (j Journey) evidence() section {
	s := section{title: "Evidence", says: []string{"The ledger has the hash; a document with this SHA-256 is the one that was brought."}, head: []string{"dispute", "no.", "by", "at", "description", "media type", "SHA-256", "transaction"}}
	for _, e := range j.Evidence {
		s.rows = append(s.rows, []string{strconv.Itoa(e.DisputeID), strconv.FormatUint(e.Number, 10), e.By, string(e.At), e.Description, e.MediaType, e.SHA256, e.TransactionID})
	}
	return s
}

func (j Journey) invoices() section {
	s := section{title: "Invoices and credit notes", head: []string{"number", "kind", "seller", "buyer", "line", "item", "net", "total"}}
	for _, d := range j.Invoices.Items {
		kind := "invoice"
		if d.TypeCode == shipment.CreditNote {
			kind = "credit note"
		}
		for _, l := range d.Lines {
			s.rows = append(s.rows, []string{d.Number, kind, d.Seller, d.Buyer, l.LineID, l.Item, minor(l.NetMinor, d.Currency), minor(d.TotalMinor, d.Currency)})
		}
	}
	return s
}

func minor(m money.Minor, c money.Currency) string {
	return strconv.FormatInt(int64(m), 10) + " minor units of " + string(c)
}

// symbols are the units of the rules, by their codes in UN/CEFACT Recommendation 20.
var symbols = map[string]string{"CEL": "°C", "P1": "%", "LUX": "lx", "K40": "g", "A97": "hPa", "B64": "lx·s", "DD": "°", "F11": "K/min", "SEC": "s", "C62": ""}

// measured is a value of a rule in its unit: a reader without the rules at hand knows no thousandths.
func measured(milli int64, id shipment.RuleID) string {
	r, _ := shipment.RuleByID(id)
	return strings.TrimSpace(measure.FormatMilli(milli) + " " + symbols[r.Unit])
}

func sentence(id shipment.RuleID) string {
	r, _ := shipment.RuleByID(id)
	return r.Says
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func list(of []string) string {
	if len(of) == 0 {
		return "none"
	}
	return strings.Join(of, ", ")
}
