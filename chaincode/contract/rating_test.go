package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// TestRatingsDoNotSerialiseSettlements: a settlement appends an outcome and reads
// none, so that no two settlements of one carrier meet there; and the rating
// follows from the outcomes.
func TestRatingsDoNotSerialiseSettlements(t *testing.T) {
	j := newJourney(t, "S-1", "box", shipment.Limit{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 500})
	if r := read[shipment.Rating](t, j, api.GetRatingTx, api.OrganisationRef{MSPID: carrier.MSPID}); r.Rated || r.PerMille != 1000 {
		t.Errorf("rated before anything is settled: %+v", r)
	}
	if _, err := j.Submit(carrier, string(api.RecordReadingsTx), j.segments(t, 10, 20_000, 41_000, 20_000)); err != nil {
		t.Fatal(err)
	}
	j.must(t, carrier, api.OfferHandoverTx, api.OfferHandover{ShipmentID: j.id, To: service.MSPID, OccurredAt: string(measure.TimeOf(j.Now().Add(-time.Minute)))})
	j.must(t, service, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: j.id})
	tx, err := j.Endorse(maker, string(api.SettleTx), []string{argument(t, api.ShipmentRef{ShipmentID: j.id})})
	if err != nil || tx.Err() != nil {
		t.Fatal(err, tx.Err())
	}
	written := 0
	for _, w := range tx.RWSet.GetWrites() {
		if strings.Contains(w.GetKey(), ledger.KeyOutcome) {
			written++
		}
	}
	for _, r := range tx.RWSet.GetReads() {
		if strings.Contains(r.GetKey(), ledger.KeyOutcome) {
			t.Errorf("a settlement reads %q", r.GetKey())
		}
	}
	if written != 1 {
		t.Errorf("%d outcomes are written", written)
	}
	if r := j.Commit(tx)[0]; !r.Valid() {
		t.Fatal(r.Code)
	}
	// 500 of 5000 are a tenth of the fee: 50 off, and 30 for the excursion.
	r := read[shipment.Rating](t, j, api.GetRatingTx, api.OrganisationRef{MSPID: carrier.MSPID})
	if !r.Rated || r.PerMille != 920 || len(r.Outcomes) != 1 || r.Outcomes[0].ShipmentID != j.id || r.Outcomes[0].PenaltyBasisPoints != 1000 {
		t.Errorf("rated %+v", r)
	}
}
