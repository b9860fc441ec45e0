package shipment_test

import (
	"cmp"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// plan names the custodians of a shipment as a simulation wants them.
func plan(s shipment.Shipment) []shipment.PlannedCustody {
	var out []shipment.PlannedCustody
	for _, c := range s.Custody {
		out = append(out, shipment.PlannedCustody{Custodian: c.Custodian, From: c.From})
	}
	return out
}

// TestASimulationFindsWhatTheLedgerFinds: however the recording is cut, the
// simulation of it is what recording it gives.
func TestASimulationFindsWhatTheLedgerFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slow := sh7()
		slow.LimitID, slow.OnDelayMs = "slow", 3*second
		terms := agree(sh7(), slow)
		s := custody(terms, pickedUp, pickedUp+10*second, pickedUp+30*second)
		values := rapid.SliceOfN(rapid.SampledFrom([]int64{20_000, 40_000, 40_001, 55_000}), 1, 40).Draw(t, "temperatures")
		r := newRecorder(t, terms)
		var batches []shipment.Batch
		for done := 0; done < len(values); {
			n := rapid.IntRange(1, len(values)-done).Draw(t, "readings in the segment")
			var readings []measure.Reading
			for i := done; i < done+n; i++ {
				readings = append(readings, at(int64(i)*second, values[i]))
			}
			done += n
			batches = append(batches, batch(r.stream, done == len(values), readings...))
			r.record(s, done == len(values), readings...)
		}
		got, err := shipment.Simulate("S-1", terms, plan(s), []shipment.Recording{{DeviceID: device, Batches: batches}})
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(r.records, func(a, b shipment.Excursion) int {
			return cmp.Or(cmp.Compare(a.OpenedSequence, b.OpenedSequence), cmp.Compare(a.LimitID, b.LimitID))
		})
		if diff := diff.Diff(append([]shipment.Excursion{}, r.records...), got.Excursions); diff != "" {
			t.Errorf("excursions, on the ledger (-) and simulated (+):\n%s", diff)
		}
		want, err := shipment.Reckon("S-1", terms, []shipment.Stream{r.stream}, when(maker, later))
		if err != nil {
			t.Fatal(err)
		}
		want.At, want.TransactionID = got.Statement.At, ""
		if diff := diff.Diff(want, got.Statement); diff != "" {
			t.Errorf("statement, on the ledger (-) and simulated (+):\n%s", diff)
		}
		if got.Found != len(r.records) || got.Readings != uint64(len(values)) {
			t.Errorf("found %d in %d readings", got.Found, got.Readings)
		}
	})
}

func TestASimulationFollowsTheRoute(t *testing.T) {
	terms := agree(sh7())
	from := func(custodian string, s int64) shipment.PlannedCustody {
		return shipment.PlannedCustody{Custodian: custodian, From: measure.At(pickedUp + s*second)}
	}
	for _, c := range []struct {
		name string
		plan []shipment.PlannedCustody
		code fault.Code
	}{
		{"to the end", []shipment.PlannedCustody{from(north, 0), from(south, 1), from(buyer, 2)}, ""},
		{"from packing on", []shipment.PlannedCustody{from(maker, 0), from(north, 1), from(south, 2), from(buyer, 3)}, ""},
		{"still on the way", []shipment.PlannedCustody{from(north, 0)}, ""},
		{"in the far future", []shipment.PlannedCustody{from(north, 1_000_000_000)}, ""},
		{"nobody", nil, fault.CodeSimulationCustody},
		{"the wrong carrier", []shipment.PlannedCustody{from(south, 0)}, fault.CodeSimulationCustody},
		{"a leg left out", []shipment.PlannedCustody{from(north, 0), from(buyer, 1)}, fault.CodeSimulationCustody},
		{"past the consignee", []shipment.PlannedCustody{from(north, 0), from(south, 1), from(buyer, 2), from(buyer, 3)}, fault.CodeSimulationCustody},
		{"at the same time", []shipment.PlannedCustody{from(north, 0), from(south, 0)}, fault.CodeSimulationCustody},
		{"at no time", []shipment.PlannedCustody{{Custodian: north, From: "yesterday"}}, fault.CodeTimeInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := shipment.Simulate("S-1", terms, c.plan, nil)
			wantFault(t, err, c.code)
			if err == nil && (got.Statement.PaidMinor != 8_000 || got.Excursions == nil || got.Penalties == nil) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestASimulationRefusesWhatTheLedgerRefuses(t *testing.T) {
	terms := agree(sh7())
	s := custody(terms, pickedUp)
	fresh := shipment.NewStream("S-1", device, terms)
	good := batch(fresh, false, at(second, 20_000))
	gap := good
	gap.FirstSequence = 2
	for _, c := range []struct {
		name       string
		id         string
		terms      shipment.Terms
		recordings []shipment.Recording
		code       fault.Code
	}{
		{"nothing is wrong", "S-1", terms, []shipment.Recording{{device, []shipment.Batch{good}}}, ""},
		{"no id", "", terms, nil, fault.CodeIDInvalid},
		{"terms that nobody could agree to", "S-1", shipment.Terms{}, nil, fault.CodeTermsInvalid},
		{"a device of no terms", "S-1", terms, []shipment.Recording{{"other", []shipment.Batch{good}}}, fault.CodeSegmentDevice},
		{"a device twice", "S-1", terms, []shipment.Recording{{device, []shipment.Batch{good}}, {device, []shipment.Batch{good}}}, fault.CodeSegmentDevice},
		{"a gap", "S-1", terms, []shipment.Recording{{device, []shipment.Batch{gap}}}, fault.CodeSegmentOutOfOrder},
		{"before the pick-up", "S-1", terms, []shipment.Recording{{device, []shipment.Batch{batch(fresh, false, at(-1, 20_000))}}}, fault.CodeReadingsEarly},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := shipment.Simulate(c.id, c.terms, plan(s), c.recordings)
			wantFault(t, err, c.code)
		})
	}
}
