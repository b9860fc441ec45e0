package contract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// TestTheLargestJourneyIsSettled: as many legs, limits, devices, areas, checkpoints,
// seals and disputes as terms may have, under the longest names, with a penalty in
// each custody. Nothing that parties may agree on may make their money
// unreachable: neither a request nor an event nor a record is too large.
func TestTheLargestJourneyIsSettled(t *testing.T) {
	if testing.Short() {
		t.Skip("it endorses everything with thirty-five organisations")
	}
	long := func(name string, i int) string {
		s := fmt.Sprintf("%s%02d", name, i)
		return s + strings.Repeat("x", party.MaxID-len(s))
	}
	as := func(org string) ledgertest.Identity { return ledgertest.Identity{MSPID: org, Name: "gateway"} }
	payer, consignor, consignee := long("Payer", 0), long("Consignor", 0), long("Consignee", 0)
	orgs := []string{payer, consignor, consignee}
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: consignor, Consignee: consignee, Payer: payer, Currency: "USD", Goods: []string{},
		Schedule:             &shipment.Schedule{PickUp: shipment.Interval{Latest: "2025-12-01T00:00:00.000Z"}, Delivery: shipment.Interval{Latest: "2025-12-31T00:00:00.000Z"}},
		LateRecordingSeconds: shipment.MaxWaitS, AcceptWithinSeconds: 3600, DisputeSeconds: 3600,
	}
	for i := range shipment.MaxLegs {
		l := shipment.Leg{Carrier: long("Carrier", i), FeeMinor: 1_000_000_000, DepositMinor: 1_000_000_000, From: "DEHAM", To: "DEHAM"}
		for n := range shipment.MaxSeals {
			l.Seals = append(l.Seals, long(fmt.Sprintf("seal%02d-", i), n))
		}
		terms.Legs, orgs = append(terms.Legs, l), append(orgs, l.Carrier)
	}
	for i := range shipment.MaxDevices {
		terms.Devices = append(terms.Devices, long("box", i))
	}
	for i := range shipment.MaxUnits {
		terms.LogisticUnits = append(terms.LogisticUnits, sscc(i))
	}
	for i := range shipment.MaxCheckpoints {
		terms.Checkpoints = append(terms.Checkpoints, shipment.Checkpoint{CheckpointID: long("point", i), Location: "DEHAM", When: shipment.Interval{Latest: "2025-12-02T00:00:00.000Z"}})
	}
	for i := range shipment.MaxGeofences {
		g := shipment.Geofence{GeofenceID: long("area", i)}
		for c := range int64(shipment.MaxCorners) {
			g.Corners = append(g.Corners, shipment.Corner{LatitudeMilli: 300_000_000 + c, LongitudeMilli: 600_000_000 - c*c})
		}
		terms.Geofences = append(terms.Geofences, g)
	}
	for i := range shipment.MaxLimits {
		l := shipment.Limit{LimitID: long("limit", i), Rule: shipment.MissingData.ID, PenaltyMinor: 1_000_000, PenaltyBy: shipment.ByMinute, Devices: terms.Devices}
		if i%2 == 1 {
			l.Rule, l.CheckpointID, l.Devices = shipment.Late.ID, terms.Checkpoints[i].CheckpointID, nil
		}
		terms.Limits = append(terms.Limits, l)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := ledgertest.New(newGuard(t), ledgertest.Options{Orgs: orgs, Start: start})
	must := func(org string, tx api.Transaction, in any) {
		t.Helper()
		if _, err := l.Submit(as(org), string(tx), argument(t, in)); err != nil {
			t.Fatalf("%s: %.500v", tx, err)
		}
	}
	for _, o := range orgs {
		if _, err := l.Submit(as(payer), string(api.AnnounceOrganisationTx), fmt.Sprintf(`{"mspId":%q,"name":"x","roles":["owner","shipper"]}`, o)); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range terms.Devices {
		key, err := scenario.NewKey(dsse.Ed25519, d)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := scenario.Statement("lifeledger/lifeledger", d, orgs[3], 1, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		must(orgs[3], api.RegisterDeviceTx, api.RegisterDevice{DeviceID: d, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof})
	}
	id := long("shipment", 0)
	must(payer, api.ProposeShipmentTx, api.ProposeShipment{ShipmentID: id, Terms: terms})
	hash, err := terms.Hash()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range terms.Parties() {
		must(o, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: money.MaxIssued, Reserve: "Bank"})
		must(o, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: id, TermsHash: hash})
	}
	route := []string{consignor}
	for _, leg := range terms.Legs {
		route = append(route, leg.Carrier)
	}
	route = append(route, consignee)
	condition := &shipment.Condition{Code: shipment.Good, Remarks: strings.Repeat("\U0001F4E6", shipment.MaxRemarks), Scanned: terms.LogisticUnits}
	for i := range shipment.MaxPhotographs {
		condition.Photographs = append(condition.Photographs, shipment.Photograph{SHA256: fmt.Sprintf("%064x", i), MediaType: "image/" + strings.Repeat("x", shipment.MaxMediaType-6)})
	}
	at := start.Add(-100 * time.Hour)
	must(consignor, api.PackTx, api.PackShipment{ShipmentID: id, OccurredAt: string(measure.TimeOf(at)), Condition: condition})
	for i, by := range route[:len(route)-1] {
		at = at.Add(time.Hour)
		c := *condition
		if i < len(terms.Legs) {
			c.Seals = terms.Legs[i].Seals
		}
		must(by, api.OfferHandoverTx, api.OfferHandover{ShipmentID: id, To: route[i+1], OccurredAt: string(measure.TimeOf(at)), Condition: &c})
		must(route[i+1], api.AcceptHandoverTx, api.AcceptHandover{ShipmentID: id, Condition: &c})
	}
	for _, by := range []string{payer, consignor, consignee, orgs[3]} {
		for n := range shipment.MaxClaims {
			must(by, api.OpenDisputeTx, api.OpenDispute{ShipmentID: id, Claim: shipment.DisputeClaim{Respondent: terms.Legs[n+1].Carrier, AmountMinor: 1, Reason: strings.Repeat("\U0001F4E6", shipment.MaxReason), Excursions: []string{}}})
		}
	}
	must(consignee, api.AcceptDeliveryTx, api.AcceptDelivery{ShipmentID: id, Accepted: shipment.AcceptedAll})
	must(payer, api.SettleTx, api.ShipmentRef{ShipmentID: id})
	l.Advance(2 * time.Hour)
	must(payer, api.SettleTx, api.ShipmentRef{ShipmentID: id})
	// Everybody has what it put in or earned: nothing is left behind.
	var sum money.Minor
	for _, o := range terms.Parties() {
		sum += (&journey{Ledger: l}).account(t, o).TotalMinor
	}
	if want := money.MaxIssued * money.Minor(len(terms.Parties())); sum != want {
		t.Errorf("the parties have %d of %d", sum, want)
	}
	largest := 0
	for _, b := range l.Blocks() {
		for _, r := range b {
			largest = max(largest, proto.Size(r.Tx.RWSet))
		}
	}
	t.Logf("the largest transaction writes %d bytes", largest)
}

// sscc is a serial shipping container code with its check digit.
func sscc(n int) string {
	code, sum := fmt.Sprintf("%017d", n), 0
	for i, c := range code {
		sum += int(c-'0') * (3 - 2*(i%2))
	}
	return fmt.Sprintf("%s%d", code, (10-sum%10)%10)
}

// TestASealHasRoomForAllParties that confidential terms may have.
func TestASealHasRoomForAllParties(t *testing.T) {
	if shipment.MaxReaders != segment.MaxRecipients {
		t.Errorf("terms may have %d readers, a seal %d recipients", shipment.MaxReaders, segment.MaxRecipients)
	}
}
