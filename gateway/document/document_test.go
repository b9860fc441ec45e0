package document

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// evil is text that a party may write where text is allowed.
const evil = `<script>alert(1)</script> "><img src=x onerror=alert(1)> | ![x](javascript:x) **b** & &lt;`

func journey(text string) Journey {
	return Journey{
		Ledger:   "lifeledger/lifeledger",
		Shipment: shipment.Shipment{ShipmentID: "S-1", Status: "settled", TermsHash: strings.Repeat("a", 64), AcceptedBy: []string{"ManufacturerMSP", "ShipperMSP"}, Custody: []shipment.Custody{{Custodian: "ShipperMSP", From: "2026-03-01T08:00:00.000Z"}}},
		Terms: shipment.Terms{RuleSet: "shipment-1", Consignor: "ManufacturerMSP", Consignee: "ManufacturerMSP", Payer: "ManufacturerMSP", Currency: "USD", Arbiter: "ServiceMSP",
			Legs: []shipment.Leg{{Carrier: "ShipperMSP", FeeMinor: 5000}}, Limits: []shipment.Limit{{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40000, PenaltyMinor: 1000}}},
		Events:           []shipment.JourneyEvent{{Number: 0, Step: "picked-up", Actor: "ShipperMSP", TransactionID: "tx-pick-up"}},
		Segments:         []shipment.Segment{{DeviceID: "box", FirstSequence: 1, Readings: 60, TransactionID: "tx-first"}, {DeviceID: "box", Number: 1, FirstSequence: 61, Readings: 60, TransactionID: "tx-second"}},
		Excursions:       []shipment.Excursion{{ExcursionID: "box.SH7.61", DeviceID: "box", Custodian: "ShipperMSP", Rule: shipment.TemperatureHigh.ID, LimitMilli: 40000, PeakMilli: 41500, OpenedSequence: 61, PenaltyMinor: 1000}},
		Acknowledgements: []shipment.Acknowledgement{{Organisation: "ShipperMSP", ExcursionID: "box.SH7.61", Comment: text, TransactionID: "tx-said"}},
		Statement:        shipment.Statement{Currency: "USD", Payer: "ManufacturerMSP", FeesMinor: 5000, PaidMinor: 3500, RefundMinor: 1500, Final: true, TransactionID: "tx-settled", Lines: []shipment.Line{{Carrier: "ShipperMSP", FeeMinor: 5000, PenaltyMinor: 1000, AwardMinor: 500, PayableMinor: 3500}}},
		Review: shipment.Review{Acceptance: &shipment.DeliveryAcceptance{Accepted: shipment.AcceptedPartial, Goods: []string{"g"}, Reason: text, TransactionID: "tx-accepted"},
			Disputes: []shipment.Dispute{{DisputeID: 1, Claimant: "ManufacturerMSP", Claim: shipment.DisputeClaim{Respondent: "ShipperMSP", AmountMinor: 900, Reason: text}, State: "decided", AwardMinor: 500, Reasoning: text, TransactionID: "tx-opened", EndedIn: "tx-decided"}}},
		Evidence: []shipment.DisputeEvidence{{DisputeID: 1, By: "ManufacturerMSP", SHA256: strings.Repeat("b", 64), MediaType: "image/jpeg", Description: text, TransactionID: "tx-evidence"}},
		Invoices: shipment.Invoices{Items: []shipment.Invoice{{Number: "S-1-1", TypeCode: "380", Seller: "ShipperMSP", Buyer: "ManufacturerMSP", Currency: "USD", Lines: []shipment.InvoiceLine{{LineID: "1", Item: "carriage, leg 1", NetMinor: 5000}}, TotalMinor: 5000}}},
	}
}

func render(t *testing.T, j Journey) (markdown, page string) {
	t.Helper()
	h, err := j.HTML()
	if err != nil {
		t.Fatal(err)
	}
	return string(j.Markdown()), string(h)
}

// TestEveryValueHasItsUnit: no rule's unit is missing, else a court reads a bare number.
func TestEveryValueHasItsUnit(t *testing.T) {
	for _, r := range shipment.Rules() {
		if symbol, known := symbols[r.Unit]; !known || (symbol == "") != (r.Unit == "C62") {
			t.Errorf("%s: unit %q is shown as %q", r.ID, r.Unit, symbol)
		}
	}
	if got := measured(-20_500, shipment.TemperatureLow.ID); got != "-20.5 °C" {
		t.Errorf("got %q", got)
	}
}

// TestEveryFactNamesItsTransaction: what a court reads can be checked.
func TestEveryFactNamesItsTransaction(t *testing.T) {
	markdown, page := render(t, journey("wet"))
	for _, want := range []string{
		"tx-pick-up", "tx-first", "tx-second", "tx-said", "tx-settled", "tx-accepted", "tx-opened", "tx-decided", "tx-evidence",
		strings.Repeat("a", 64), strings.Repeat("b", 64), "5000 minor units of USD", "box.SH7.61", "S-1-1", "ServiceMSP", "wet",
		"The delivery is its acceptance.", shipment.TemperatureHigh.Says, "40 °C", "41.5 °C",
	} {
		if !strings.Contains(markdown, want) {
			t.Errorf("the Markdown does not say %s", want)
		}
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	// The excursion is in the second segment.
	if got := journey("").broughtBy("box", 61); got != "tx-second" {
		t.Errorf("brought by %s", got)
	}
}

// TestTextsAreNoMarkup: nothing that a party writes becomes an element, a link,
// or a cell of its own.
func TestTextsAreNoMarkup(t *testing.T) {
	markdown, page := render(t, journey(evil))
	harmless, same := render(t, journey("wet"))
	for _, tag := range []string{"<script", "<img", "</td>", "<tr"} {
		if a, b := strings.Count(page, tag), strings.Count(same, tag); a != b {
			t.Errorf("%d of %s in the page, not %d", a, tag, b)
		}
	}
	if strings.ContainsAny(markdown, "<") {
		t.Error("the Markdown has HTML in it")
	}
	if strings.Contains(strings.ReplaceAll(markdown, `\[`, ""), "[") || strings.Contains(strings.ReplaceAll(markdown, `\*`, ""), "*") {
		t.Error("the Markdown has a link or an emphasis in it")
	}
	cells := func(text string) int { return strings.Count(strings.ReplaceAll(text, `\|`, ""), "|") }
	if cells(markdown) != cells(harmless) {
		t.Error("a text made cells of its own")
	}
}

func TestItIsTheSameEveryTime(t *testing.T) {
	a, b := journey(evil), journey(evil)
	x, err := a.HTML()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.HTML()
	if err != nil || !bytes.Equal(x, y) || !bytes.Equal(a.Markdown(), b.Markdown()) {
		t.Error("two renderings differ", err)
	}
}

// TestAnEmptyJourney: terms that are proposed and nothing else.
func TestAnEmptyJourney(t *testing.T) {
	markdown, page := render(t, Journey{Truncated: true})
	if !strings.Contains(markdown, "None.") || !strings.Contains(page, "not complete") {
		t.Error(markdown)
	}
}
