package contract_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// TestASimulationSaysWhatTheLedgerSaid records a journey, and then asks what it
// would have cost: the answer is what it did cost.
func TestASimulationSaysWhatTheLedgerSaid(t *testing.T) {
	j := newJourney(t, "S-1", "box", warm("SH7"), shipment.Limit{LimitID: "slow", Rule: shipment.TemperatureHigh.ID, Milli: 30_000, OnDelayMs: 2, PenaltyMinor: 70})
	recording := api.UnsignedRecording{DeviceID: j.device}
	for _, values := range [][]int64{alternating(9), {41_000, 41_000, 41_000, 41_000, 20_000}, {50_000}} {
		in := j.segments(t, 4, values...)
		var sent api.RecordReadings
		if err := json.Unmarshal([]byte(in), &sent); err != nil {
			t.Fatal(err)
		}
		for _, e := range sent.Envelopes {
			recording.Segments = append(recording.Segments, e.Payload)
		}
		if _, err := j.Submit(carrier, string(api.RecordReadingsTx), in); err != nil {
			t.Fatal(err)
		}
	}
	delivered := measure.TimeOf(j.Now().Add(-time.Minute))
	j.must(t, carrier, api.OfferHandoverTx, api.OfferHandover{ShipmentID: j.id, To: service.MSPID, OccurredAt: string(delivered)})
	j.must(t, service, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: j.id})

	terms := read[shipment.Terms](t, j, api.GetTermsTx, api.ShipmentRef{ShipmentID: j.id})
	got := read[shipment.Simulation](t, j, api.SimulateTx, api.SimulateShipment{
		ShipmentID: j.id, Terms: terms, Recordings: []api.UnsignedRecording{recording},
		Custody: []shipment.PlannedCustody{{Custodian: carrier.MSPID, From: measure.TimeOf(j.start)}, {Custodian: service.MSPID, From: delivered}},
	})
	j.must(t, maker, api.SettleTx, api.ShipmentRef{ShipmentID: j.id})
	if found := read[api.ExcursionPage](t, j, api.ListExcursionsTx, api.ListRequest{Of: j.id, Limit: 200}); len(found.Items) < 5 || cmp.Diff(found.Items, got.Excursions) != "" {
		t.Errorf("%d excursions on the ledger (-), %d simulated (+):\n%s", len(found.Items), len(got.Excursions), cmp.Diff(found.Items, got.Excursions))
	}
	want := read[shipment.Statement](t, j, api.GetStatementTx, api.ShipmentRef{ShipmentID: j.id})
	want.At, want.TransactionID, want.Final = got.Statement.At, got.Statement.TransactionID, false
	if diff := cmp.Diff(want, got.Statement); diff != "" {
		t.Errorf("statement, on the ledger (-) and simulated (+):\n%s", diff)
	}
}

// read evaluates a question.
func read[T any](t testing.TB, j *journey, tx api.Transaction, in any) (answer T) {
	t.Helper()
	b, err := j.Evaluate(maker, string(tx), argument(t, in))
	if err != nil {
		t.Fatalf("%s: %v", tx, err)
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
