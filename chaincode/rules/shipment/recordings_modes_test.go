package shipment_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Both recordings are judged under shock, light, humidity and temperature, in
// every mode and way to count, with a hand-over in the middle; the arbitrator
// with the whole recording on paper finds the same excursions and the same money.
func TestTheReferenceAgreesOnRealRecordingsOverAHandover(t *testing.T) {
	limits := []shipment.Limit{
		{LimitID: "bumps", Rule: shipment.Shock.ID, Milli: 1_300, OffDelayMs: 2_000, PenaltyMinor: 50, CapMinor: 600},
		{LimitID: "light", Rule: shipment.IlluminanceHigh.ID, Milli: 100_000, OffDelayMs: 5_000, PenaltyMinor: 20, PenaltyBy: shipment.ByMinute},
		{LimitID: "exposure", Rule: shipment.LightExposure.ID, Milli: 2_000_000, PenaltyMinor: 300},
		{LimitID: "damp", Rule: shipment.HumidityHigh.ID, Milli: 33_000, PenaltyMinor: 1, PenaltyBy: shipment.ByUnitMinute},
		{LimitID: "dry", Rule: shipment.HumidityLow.ID, Milli: 34_000, OnDelayMs: 30_000, Scope: shipment.EachCustody, PenaltyBasisPoints: 250, PenaltyBy: shipment.ByPercentage},
		{LimitID: "warm", Rule: shipment.TemperatureHigh.ID, Milli: 15_500, Cumulative: true, OnDelayMs: 60_000, PenaltyMinor: 11, PenaltyBy: shipment.ByMinute},
		{LimitID: "warm-again", Rule: shipment.TemperatureHigh.ID, Milli: 15_500, Cumulative: true, OnDelayMs: 20_000, WindowMs: 120_000, Scope: shipment.EachCustody, PenaltyMinor: 2, PenaltyBy: shipment.ByUnitMinute, CapMinor: 9},
		{LimitID: "mean", Rule: shipment.MeanKineticTemperature.ID, Milli: 15_400, WindowMs: 300_000, PenaltyMinor: 5},
		{LimitID: "swing", Rule: shipment.TemperatureRate.ID, Milli: 100, WindowMs: 60_000, PenaltyMinor: 5},
		{LimitID: "leaning", Rule: shipment.Tilt.ID, Milli: 60_000, OnDelayMs: 1_000, OffDelayMs: 5_000, PenaltyMinor: 5, PenaltyBy: shipment.ByMinute, Scope: shipment.EachCustody},
		{LimitID: "silent", Rule: shipment.MissingData.ID, Milli: 2_000, PenaltyMinor: 4},
	}
	for _, name := range []string{"car-boot-0918.csv", "dropped-box-1216.csv"} {
		t.Run(name, func(t *testing.T) {
			h := &history{terms: agree(limits...), final: true, readings: signed(t, rowsOf(t, recording(t, name)))}
			wantFault(t, h.terms.Check(), "")
			first, middle := h.readings[0].At, h.readings[len(h.readings)/2].At
			sh := custody(h.terms, first-5_000, middle)
			h.custody = sh.Custody
			for i := range h.readings {
				h.readings[i].Sequence = uint64(i + 1)
			}
			r := newRecorder(t, h.terms)
			for rest := h.readings; len(rest) > 0; {
				n := min(256, len(rest))
				next, _, verdict, err := r.stream.Record(sh, h.terms, []shipment.Batch{batch(r.stream, n == len(rest), rest[:n]...)}, when(north, h.readings[len(h.readings)-1].At))
				wantFault(t, err, "")
				r.stream, rest = next, rest[n:]
				for _, e := range verdict.Excursions {
					r.records = slices.DeleteFunc(r.records, func(o shipment.Excursion) bool { return o.ExcursionID == e.ExcursionID })
					r.records = append(r.records, e)
				}
			}
			order := func(id string) int {
				return slices.IndexFunc(limits, func(l shipment.Limit) bool { return l.LimitID == id })
			}
			slices.SortFunc(r.records, func(a, b shipment.Excursion) int {
				return cmp2(int(a.OpenedSequence)-int(b.OpenedSequence), order(a.LimitID)-order(b.LimitID), a.Custody-b.Custody)
			})
			want, penalties := h.verdict()
			nearest(want, r.records)
			if diff := cmp.Diff(want, r.records, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the reference (-) and the product (+) differ:\n%s", diff)
			}
			if diff := cmp.Diff(penalties, r.stream.Penalties); diff != "" {
				t.Error(diff)
			}
			for _, p := range penalties {
				t.Logf("%-9s %-11s %4d excursions %6d minor units", p.Custodian, p.LimitID, p.Excursions, p.PenaltyMinor)
			}
			if h.tooClose || len(penalties) < 8 || measure.At(first) >= measure.At(middle) {
				t.Errorf("%d penalties say little", len(penalties))
			}
		})
	}
}
