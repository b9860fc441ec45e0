package shipment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// TestTrackingShowsWhatIsOpen: the open excursions of a shipment are those that
// its records say are open, as they stand.
func TestTrackingShowsWhatIsOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slow := sh7()
		slow.LimitID, slow.OnDelayMs, slow.OffDelayMs = "slow", 3*second, 2*second
		terms := agree(sh7(), slow)
		s := custody(terms, pickedUp, pickedUp+10*second)
		r := newRecorder(t, terms)
		for i, v := range rapid.SliceOfN(rapid.SampledFrom([]int64{20_000, 45_000}), 1, 30).Draw(t, "temperatures") {
			r.record(s, false, at(int64(i)*second, v))
			want := []shipment.Excursion{}
			for _, e := range r.records {
				if e.Open {
					want = append(want, e)
				}
			}
			got := s.Track(terms, []shipment.Stream{r.stream}, shipment.Statement{})
			if diff := cmp.Diff(byLimit(want), byLimit(got.OpenExcursions)); diff != "" {
				t.Fatalf("after reading %d, recorded (-) and tracked (+):\n%s", i+1, diff)
			}
		}
	})
}

func byLimit(es []shipment.Excursion) map[string]shipment.Excursion {
	out := make(map[string]shipment.Excursion)
	for _, e := range es {
		out[e.LimitID] = e
	}
	return out
}

func TestTheLastPositionIsRemembered(t *testing.T) {
	terms := agree()
	s := custody(terms, pickedUp)
	r := newRecorder(t, terms)
	placed := func(ms, north, east int64) measure.Reading {
		p := nothing(ms)
		p.Set(measure.Latitude, north)
		p.Set(measure.Longitude, east)
		return p
	}
	half := nothing(3 * second)
	half.Set(measure.Latitude, 9)
	r.record(s, false, nothing(0))
	if r.stream.LastPosition != nil {
		t.Error("a position that nobody measured")
	}
	r.record(s, false, placed(second, 1, 2), placed(2*second, 3, -4), half)
	r.record(s, false, nothing(4*second))
	want := shipment.Position{LatitudeMilli: 3, LongitudeMilli: -4, At: measure.At(pickedUp + 2*second)}
	if got := s.Track(terms, []shipment.Stream{r.stream}, shipment.Statement{}).Devices[0].LastPosition; got == nil || *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTheNextCheckpointIsTheOneAfterTheLastThatWasPassed(t *testing.T) {
	terms := agree()
	terms.Checkpoints = []shipment.Checkpoint{{CheckpointID: "gate"}, {CheckpointID: "bridge"}, {CheckpointID: "port"}}
	for _, c := range []struct {
		passed []string
		status shipment.Status
		want   string
	}{
		{nil, shipment.Agreed, "gate"}, {nil, shipment.InTransit, "gate"}, {[]string{"gate"}, shipment.InTransit, "bridge"},
		{[]string{"gate", "bridge"}, shipment.InTransit, "port"}, {[]string{"bridge"}, shipment.InTransit, "port"},
		{[]string{"port"}, shipment.InTransit, ""}, {[]string{"gate"}, shipment.Arrived, ""}, {nil, shipment.Proposed, ""},
	} {
		s := shipment.Shipment{Status: c.status}
		for _, id := range c.passed {
			s.Passed = append(s.Passed, shipment.Passage{CheckpointID: id})
		}
		got := ""
		if next := s.Track(terms, nil, shipment.Statement{}).NextCheckpoint; next != nil {
			got = next.CheckpointID
		}
		if got != c.want {
			t.Errorf("%s after %v: %q, want %q", c.status, c.passed, got, c.want)
		}
	}
}
