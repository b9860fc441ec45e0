package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/redact"
)

func source() redact.Source {
	return redact.Source{
		Ledger:   "trade/lifeledger",
		Shipment: shipment.Shipment{ShipmentID: "SH-SECRET", Status: shipment.Settled, Proposer: "ManufacturerMSP"},
		Terms: shipment.Terms{
			RuleSet: shipment.RuleSet, Consignor: "ManufacturerMSP", Consignee: "ServiceMSP", Payer: "ManufacturerMSP", Currency: "USD",
			Legs: []shipment.Leg{{Carrier: "ShipperMSP", FeeMinor: 400}}, Devices: []string{"box-of-ShipperMSP"},
		},
		Events:     []shipment.JourneyEvent{{ShipmentID: "SH-SECRET", Step: shipment.PickedUp, Actor: "ShipperMSP", Counterparty: "ManufacturerMSP", TransactionID: "tx-of-ShipperMSP"}},
		Excursions: []shipment.Excursion{{ShipmentID: "SH-SECRET", DeviceID: "box-of-ShipperMSP", Rule: "x", Custodian: "ShipperMSP", PenaltyMinor: 100}},
		Statement:  shipment.Statement{ShipmentID: "SH-SECRET", Final: true, Payer: "ManufacturerMSP", Lines: []shipment.Line{{Carrier: "ShipperMSP", FeeMinor: 400, PenaltyMinor: 100, PayableMinor: 300}}},
	}
}

func TestAnExportNamesOnlyWhoShallBeRevealed(t *testing.T) {
	e, err := redact.Make(source(), []string{"ServiceMSP"})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := json.Marshal(struct {
		Document redact.RedactedJourney
		Revealed []redact.Opening
	}{e.Document, e.Revealed})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ManufacturerMSP", "ShipperMSP", "SH-SECRET"} {
		if strings.Contains(string(shown), secret) {
			t.Errorf("%s is in what is handed on: %s", secret, shown)
		}
	}
	if len(e.Revealed) != 1 || e.Revealed[0].Name != "ServiceMSP" || e.Revealed[0].Pseudonym != e.Document.Consignee || len(e.Kept) != 3 {
		t.Errorf("revealed %+v, kept %+v", e.Revealed, e.Kept)
	}
	d := e.Document
	if d.Consignor != d.Payer || d.Carriers[0] != d.Events[0].Actor || d.Carriers[0] != d.Excursions[0].Custodian || d.Carriers[0] != d.Lines[0].Carrier || d.Consignor == d.Carriers[0] {
		t.Errorf("one party has several pseudonyms, or two have one: %+v", d)
	}
	salts := map[string]bool{}
	for _, o := range append(e.Revealed, e.Kept...) {
		if redact.Pseudonym("trade/lifeledger", o.Name, o.Salt) != o.Pseudonym || len(o.Salt) != 32 || salts[o.Salt] {
			t.Errorf("%+v does not open, or shares its salt", o)
		}
		salts[o.Salt] = true
	}
	again, err := redact.Make(source(), nil)
	if err != nil || again.Document.Consignor == d.Consignor || again.Document.Shipment == d.Shipment || len(again.Revealed) != 0 {
		t.Errorf("two exports can be linked: %+v, %v", again, err)
	}
	for _, stranger := range []string{"GammaMSP", "", "box-of-ShipperMSP"} {
		if e, err := redact.Make(source(), []string{stranger}); err == nil {
			t.Errorf("revealed %q: %+v", stranger, e)
		}
	}
}
