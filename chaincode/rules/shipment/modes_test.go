package shipment_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// What a row of temperatures costs, one each minute: south takes over in the
// middle, and the reading in the last minute is the end of the recording.
func TestEachModeOverAHandover(t *testing.T) {
	const minute = 60 * second
	const hot, cold = 41_000, 20_000
	limit := func(change func(*shipment.Limit)) shipment.Limit {
		l := sh7()
		l.PenaltyMinor = 10
		change(&l)
		return l
	}
	for name, c := range map[string]struct {
		limit        shipment.Limit
		readings     []int64
		want         []string
		north, south money.Minor
	}{
		"at once: each custodian pays for its own": {
			limit(func(l *shipment.Limit) {}), []int64{hot, hot, hot, hot, hot, cold},
			[]string{
				"north: #1 0s, 3 beyond, peak 41000 at #1 0s, custody-changed at 150s, shown by #4, 150s",
				"south: #4 180s (since 0s), 2 beyond, peak 41000 at #4 180s, within-limit at 300s, shown by #6, 120s",
			}, 10, 10,
		},
		"by the minute: each begun minute of its own": {
			limit(func(l *shipment.Limit) { l.PenaltyBy = shipment.ByMinute }), []int64{hot, hot, hot, hot, hot, cold},
			[]string{
				"north: #1 0s, 3 beyond, peak 41000 at #1 0s, custody-changed at 150s, shown by #4, 150s",
				"south: #4 180s (since 0s), 2 beyond, peak 41000 at #4 180s, within-limit at 300s, shown by #6, 120s",
			}, 30, 20,
		},
		"by the degree-minute: how far as well": {
			limit(func(l *shipment.Limit) { l.PenaltyBy = shipment.ByUnitMinute }), []int64{43_000, 40_500, cold, 50_000, cold, cold},
			[]string{
				"north: #1 0s, 2 beyond, peak 43000 at #1 0s, within-limit at 120s, shown by #3, 120s",
				"south: #4 180s, 1 beyond, peak 50000 at #4 180s, within-limit at 240s, shown by #5, 60s",
			}, 40, 100, // 3 + 0.5 degree-minutes are four begun ones
		},
		"a percentage is of the custodian's own fee": {
			limit(func(l *shipment.Limit) {
				l.PenaltyBy, l.PenaltyMinor, l.PenaltyBasisPoints = shipment.ByPercentage, 0, 333
			}), []int64{hot, cold, cold, hot, cold, cold},
			[]string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 60s, shown by #2, 60s",
				"south: #4 180s, 1 beyond, peak 41000 at #4 180s, within-limit at 240s, shown by #5, 60s",
			}, 166, 99, // 3.33 % of 5,000 and of 3,000, rounded down
		},
		"the tolerance goes on over the hand-over": {
			limit(func(l *shipment.Limit) { l.OnDelayMs = 3 * minute }), []int64{hot, hot, hot, hot, hot, cold},
			[]string{"south: #4 180s (since 0s), 2 beyond, peak 41000 at #4 180s, within-limit at 300s, shown by #6, 120s"}, 0, 10,
		},
		"each custodian has a tolerance of its own": {
			limit(func(l *shipment.Limit) { l.OnDelayMs, l.Scope = 3*minute, shipment.EachCustody }), []int64{hot, hot, hot, hot, hot, hot}, nil, 0, 0,
		},
		"the total goes on over the hand-over, and who has the goods when it is used up answers": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs = true, 2*minute }), []int64{hot, cold, hot, hot, hot, cold},
			[]string{"south: #4 180s, 2 beyond, peak 41000 at #4 180s, recording-ended at 300s, shown by #6, 120s"}, 0, 10,
		},
		"a total that is used up to the millisecond is not passed": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs = true, 2*minute }), []int64{hot, cold, cold, hot, cold, cold}, nil, 0, 0,
		},
		"the moment may lie between two readings, and before the hand-over": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs = true, 2*minute+20*second }), []int64{hot, hot, hot, hot, cold, cold},
			[]string{"north: #3 140s, 1 beyond, peak 41000 at #3 140s, custody-changed at 150s, shown by #4, 10s"}, 10, 0,
		},
		"or after it": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs = true, 2*minute+40*second }), []int64{hot, hot, hot, hot, cold, cold},
			[]string{"south: #3 160s, 2 beyond, peak 41000 at #3 160s, recording-ended at 300s, shown by #6, 140s"}, 0, 10,
		},
		"a total by the minute counts what comes after the tolerance": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs, l.PenaltyBy = true, minute, shipment.ByMinute }), []int64{hot, hot, cold, hot, cold, cold},
			[]string{"north: #2 60s, 1 beyond, peak 41000 at #2 60s, custody-changed at 150s, shown by #4, 90s"}, 10, 0,
		},
		"each custodian has a total of its own": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs, l.Scope = true, minute, shipment.EachCustody }), []int64{hot, hot, cold, hot, hot, cold},
			[]string{
				"north: #2 60s, 1 beyond, peak 41000 at #2 60s, custody-changed at 150s, shown by #4, 90s",
				"south: #5 240s, 1 beyond, peak 41000 at #5 240s, recording-ended at 300s, shown by #6, 60s",
			}, 10, 10,
		},
		"in each window there is one penalty": {
			limit(func(l *shipment.Limit) { l.Cumulative, l.OnDelayMs, l.WindowMs = true, 30*second, 2*minute }), []int64{hot, cold, hot, cold, hot, cold},
			[]string{
				"north: #1 30s, 1 beyond, peak 41000 at #1 30s, window-ended at 120s, shown by #3, 90s",
				"south: #3 150s, 1 beyond, peak 41000 at #3 150s, window-ended at 240s, shown by #5, 90s",
				"south: #5 270s, 1 beyond, peak 41000 at #5 270s, recording-ended at 300s, shown by #6, 30s",
			}, 10, 20,
		},
		"a cap over the journey is used up by who comes first": {
			limit(func(l *shipment.Limit) { l.PenaltyBy, l.CapMinor = shipment.ByMinute, 35 }), []int64{hot, hot, hot, hot, hot, cold},
			[]string{
				"north: #1 0s, 3 beyond, peak 41000 at #1 0s, custody-changed at 150s, shown by #4, 150s",
				"south: #4 180s (since 0s), 2 beyond, peak 41000 at #4 180s, within-limit at 300s, shown by #6, 120s",
			}, 30, 5,
		},
		"a cap for each custody is each one's own": {
			limit(func(l *shipment.Limit) {
				l.PenaltyBy, l.CapMinor, l.Scope = shipment.ByMinute, 15, shipment.EachCustody
			}), []int64{hot, hot, hot, hot, hot, cold},
			[]string{
				"north: #1 0s, 3 beyond, peak 41000 at #1 0s, custody-changed at 150s, shown by #4, 150s",
				"south: #4 180s, 2 beyond, peak 41000 at #4 180s, within-limit at 300s, shown by #6, 120s",
			}, 15, 15,
		},
		"a rate is between two readings as far apart as the window": {
			limit(func(l *shipment.Limit) { l.Rule, l.Milli, l.WindowMs = shipment.TemperatureRate.ID, 1_000, 2*minute }), []int64{20_000, 90_000, 21_000, 0, 24_000, 24_000},
			[]string{"south: #5 240s, 1 beyond, peak 1500 at #5 240s, recording-ended at 300s, shown by #6, 60s"}, 0, 10,
		},
		"a silence is each custodian's for its own part": {
			limit(func(l *shipment.Limit) {
				l.Rule, l.Milli, l.PenaltyBy = shipment.MissingData.ID, 45_000, shipment.ByMinute
			}), []int64{cold, -1, -1, -1, cold},
			[]string{
				"north: #1 0s, 0 beyond, peak 150000 at #5 150s, custody-changed at 150s, shown by #5, 150s",
				"south: #1 150s (since 0s), 0 beyond, peak 90000 at #5 240s, within-limit at 240s, shown by #5, 90s",
			}, 30, 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(c.limit)
			wantFault(t, terms.Check(), "")
			r := newRecorder(t, terms)
			s := custody(terms, pickedUp, pickedUp+150*second)
			var readings []measure.Reading
			for i, v := range c.readings {
				if v >= 0 {
					readings = append(readings, at(int64(i)*minute, v))
				}
			}
			r.record(s, true, readings...)
			var got []string
			for _, e := range r.records {
				got = append(got, renumber(brief(e), len(readings), len(c.readings)))
				if e.Reckoning.BookedMinor != e.PenaltyMinor || e.PenaltyMinor > e.Reckoning.AmountMinor {
					t.Errorf("%+v", e.Reckoning)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			_, n := r.owes(north)
			if _, so := r.owes(south); n != c.north || so != c.south {
				t.Errorf("north owes %d and south %d, want %d and %d", n, so, c.north, c.south)
			}
		})
	}
}

// renumber writes the number of the reading after a silence as if none were missing.
func renumber(s string, have, all int) string {
	if have == all {
		return s
	}
	out := []byte(s)
	for i := range out {
		if out[i] == '#' && i+1 < len(out) && out[i+1] == byte('0'+have) {
			out[i+1] = byte('0' + all)
		}
	}
	return string(out)
}

func TestLightAddsUp(t *testing.T) {
	light := func(ms, lux int64) measure.Reading {
		r := nothing(ms)
		r.Set(measure.Illuminance, lux*1000)
		return r
	}
	terms := agree(shipment.Limit{LimitID: "L", Rule: shipment.LightExposure.ID, Milli: 1_000_000, PenaltyMinor: 7}) // 1,000 lux seconds
	r := newRecorder(t, terms)
	s := custody(terms, pickedUp, pickedUp+15*second)
	r.record(s, false, light(0, 50), light(10_000, 100)) // 500
	r.record(s, false, light(15_000, 0))                 // 1,000, and not above it
	if len(r.records) != 0 {
		t.Fatalf("%+v", r.records)
	}
	r.record(s, true, light(20_000, 1), light(21_000, 0))
	if diff := cmp.Diff([]string{"south: #4 20.001s, 2 beyond, peak 1001000 at #4 21s, recording-ended at 21s, shown by #5, 0.999s"}, briefs(r.records)); diff != "" {
		t.Error(diff)
	}
}

func briefs(es []shipment.Excursion) (out []string) {
	for _, e := range es {
		out = append(out, brief(e))
	}
	return out
}

// A mean kinetic temperature that is worked out by hand: an hour at 20 °C and an
// hour at 30 °C is 26.24 °C, well above the mean of 25 °C.
func TestTheMeanKineticTemperatureIsAboveTheMean(t *testing.T) {
	hand := 10_000/-math.Log((math.Exp(-10_000/293.15)+math.Exp(-10_000/303.15))/2) - 273.15
	for milli, want := range map[int64]int{int64(hand*1000) - 1: 1, int64(hand*1000) + 1: 0, 25_000: 1, 27_000: 0} {
		terms := agree(shipment.Limit{LimitID: "L", Rule: shipment.MeanKineticTemperature.ID, Milli: milli, PenaltyMinor: 7})
		r := newRecorder(t, terms)
		r.record(custody(terms, pickedUp), false, at(0, 20_000), at(hour, 30_000), at(2*hour, 99_000))
		if len(r.records) != 0 {
			t.Error("a mean is judged before its time is over")
		}
		r.record(custody(terms, pickedUp), true)
		if len(r.records) != want {
			t.Errorf("above %d: %+v", milli, r.records)
		}
		for _, e := range r.records {
			if d := e.PeakMilli - int64(hand*1000); d < -1 || d > 1 {
				t.Errorf("the mean is %d, by hand %g", e.PeakMilli, hand)
			}
		}
	}
}

func TestAllDayAtTheBoundIsWithinIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(-90_000, 100_000).Draw(t, "bound")
		above := rapid.Int64Range(0, 1).Draw(t, "above")
		terms := agree(shipment.Limit{LimitID: "L", Rule: shipment.MeanKineticTemperature.ID, Milli: bound, WindowMs: 60_000})
		r := newRecorder(t, terms)
		var rs []measure.Reading
		for i := range int64(20) {
			rs = append(rs, at(i*7_000, bound+above))
		}
		r.record(custody(terms, pickedUp), true, rs...)
		if int64(len(r.records)) != 3*above {
			t.Fatalf("%d m°C above the bound: %d windows broken", above, len(r.records))
		}
		for _, e := range r.records {
			if e.PeakMilli != bound+above {
				t.Fatalf("the mean is %d, not %d", e.PeakMilli, bound+above)
			}
		}
	})
}

// Who records nothing is not better off than who records.
func TestSilenceIsNotTheCheapestWayOut(t *testing.T) {
	l := shipment.Limit{LimitID: "silent", Rule: shipment.MissingData.ID, Milli: 600_000, PenaltyMinor: 50, PenaltyBy: shipment.ByMinute}
	terms := agree(l)
	s := custody(terms, pickedUp, pickedUp+hour, pickedUp+2*hour)
	for name, c := range map[string]struct {
		readings     []measure.Reading
		final        bool
		north, south money.Minor
		longest      int64
	}{
		"a device that never recorded":                       {nil, false, 3_000, 3_000, 2 * hour},
		"a device that ended early":                          {[]measure.Reading{at(hour/2, 0)}, true, 3_000, 3_000, 3 * hour / 2},
		"a device that fell silent":                          {[]measure.Reading{at(0, 0), at(hour/10, 0)}, false, 2_700, 3_000, 2*hour - hour/10},
		"a device that came back after the delivery":         {[]measure.Reading{at(0, 0), at(3*hour, 0)}, true, 3_000, 3_000, 2 * hour},
		"a device that recorded as agreed, until the end":    {every(600_000, 2*hour), true, 0, 0, 600_000},
		"a device that recorded as agreed, and then no more": {every(600_000, hour), true, 0, 3_000, hour + 600_000},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder(t, terms)
			if len(c.readings) > 0 {
				r.record(s, c.final, c.readings...)
			}
			next, _, err := r.stream.Conclude(s, terms, when(maker, later))
			wantFault(t, err, "")
			r.stream = next
			_, n := r.owes(north)
			if _, so := r.owes(south); n != c.north || so != c.south {
				t.Errorf("north owes %d and south %d, want %d and %d", n, so, c.north, c.south)
			}
			if next.LongestSilence == nil || next.LongestSilence.DurationMs != c.longest {
				t.Errorf("the longest silence is %+v, want %d ms", next.LongestSilence, c.longest)
			}
			if _, _, _, err := next.Record(s, terms, []shipment.Batch{batch(next, false, at(4*hour, 0))}, when(north, later)); !c.final {
				wantFault(t, err, fault.CodeSegmentClosed)
			}
		})
	}
}

func every(step, until int64) (out []measure.Reading) {
	for ms := int64(0); ms < until; ms += step {
		out = append(out, at(ms, 0))
	}
	return out
}

func TestSeveralDevicesTogetherStayBelowTheCap(t *testing.T) {
	l := sh7()
	l.PenaltyMinor, l.CapMinor = 600, 1_000
	p := func(custody int, owed money.Minor) shipment.Penalty {
		return shipment.Penalty{Custody: custody, Custodian: []string{north, south}[custody], LimitID: "SH7", Excursions: 1, PenaltyMinor: owed}
	}
	a, b := []shipment.Penalty{p(0, 600), p(1, 400)}, []shipment.Penalty{p(1, 1_000)}
	if diff := cmp.Diff([]shipment.Penalty{p(0, 600), p(1, 400)}, shipment.Charges(agree(l), a, b)); diff != "" {
		t.Error(diff)
	}
	l.Scope = shipment.EachCustody
	if diff := cmp.Diff([]shipment.Penalty{p(0, 600), p(1, 1_000)}, shipment.Charges(agree(l), a, b)); diff != "" {
		t.Error(diff)
	}
}

func TestALimitThatSaysTwoThingsOrNothingIsRefused(t *testing.T) {
	for name, change := range map[string]func(*shipment.Limit){
		"an unknown rule":                        func(l *shipment.Limit) { l.Rule = "shipment.violation.noise" },
		"an unknown scope":                       func(l *shipment.Limit) { l.Scope = "week" },
		"an unknown way to count":                func(l *shipment.Limit) { l.PenaltyBy = "hour" },
		"a window of what has none":              func(l *shipment.Limit) { l.WindowMs = 1 },
		"a window below zero":                    func(l *shipment.Limit) { l.Cumulative, l.WindowMs = true, -1 },
		"a window beyond a year":                 func(l *shipment.Limit) { l.Cumulative, l.WindowMs = true, shipment.MaxWindowMs+1 },
		"a total that has no room in its window": func(l *shipment.Limit) { l.Cumulative, l.WindowMs, l.OnDelayMs = true, 1_000, 1_000 },
		"a total with an off delay":              func(l *shipment.Limit) { l.Cumulative, l.OffDelayMs = true, 1 },
		"a cumulative mean":                      func(l *shipment.Limit) { l.Rule, l.Cumulative = shipment.MeanKineticTemperature.ID, true },
		"a mean with a tolerance":                func(l *shipment.Limit) { l.Rule, l.OnDelayMs = shipment.MeanKineticTemperature.ID, 1 },
		"a mean near absolute zero":              func(l *shipment.Limit) { l.Rule, l.Milli = shipment.MeanKineticTemperature.ID, -273_000 },
		"a mean by the minute":                   func(l *shipment.Limit) { l.Rule, l.PenaltyBy = shipment.MeanKineticTemperature.ID, shipment.ByMinute },
		"a silence by the unit-minute":           func(l *shipment.Limit) { l.Rule, l.PenaltyBy = shipment.MissingData.ID, shipment.ByUnitMinute },
		"a silence below zero":                   func(l *shipment.Limit) { l.Rule, l.Milli = shipment.MissingData.ID, -1 },
		"a dose below zero":                      func(l *shipment.Limit) { l.Rule, l.Milli = shipment.LightExposure.ID, -1 },
		"a tilt beyond upside down":              func(l *shipment.Limit) { l.Rule, l.Milli = shipment.Tilt.ID, 180_001 },
		"half an opened package":                 func(l *shipment.Limit) { l.Rule, l.Milli = shipment.Tampering.ID, 500 },
		"a device error with a price":            func(l *shipment.Limit) { l.Rule, l.Milli = shipment.DeviceError.ID, 0 },
		"a percentage and an amount":             func(l *shipment.Limit) { l.PenaltyBy, l.PenaltyBasisPoints = shipment.ByPercentage, 1 },
		"more than the whole fee": func(l *shipment.Limit) {
			l.PenaltyBy, l.PenaltyMinor, l.PenaltyBasisPoints = shipment.ByPercentage, 0, 10_001
		},
		"basis points without a percentage":     func(l *shipment.Limit) { l.PenaltyBasisPoints = 1 },
		"a cap below zero":                      func(l *shipment.Limit) { l.CapMinor = -1 },
		"a geofence that is not in the terms":   func(l *shipment.Limit) { l.Rule, l.Milli, l.GeofenceID = shipment.OutsideGeofence.ID, 0, "moon" },
		"no geofence":                           func(l *shipment.Limit) { l.Rule, l.Milli = shipment.OutsideGeofence.ID, 0 },
		"a geofence for a temperature":          func(l *shipment.Limit) { l.GeofenceID = "yard" },
		"a checkpoint that is not in the terms": func(l *shipment.Limit) { l.Rule, l.CheckpointID = shipment.Late.ID, "nowhere" },
		"lateness of nothing":                   func(l *shipment.Limit) { l.Rule = shipment.Late.ID },
		"lateness judged by a device": func(l *shipment.Limit) {
			l.Rule, l.CheckpointID, l.Devices = shipment.Late.ID, shipment.Delivery, []string{device}
		},
		"a checkpoint for a temperature":      func(l *shipment.Limit) { l.CheckpointID = shipment.Delivery },
		"a device that the terms do not name": func(l *shipment.Limit) { l.Devices = []string{"another"} },
		"goods that the terms do not name":    func(l *shipment.Limit) { l.Goods = []string{"another"} },
		"a device named twice":                func(l *shipment.Limit) { l.Devices = []string{device, device} },
	} {
		t.Run(name, func(t *testing.T) {
			l := sh7()
			change(&l)
			terms := agree(l)
			terms.Geofences = []shipment.Geofence{{GeofenceID: "yard", Corners: []shipment.Corner{{LatitudeMilli: 0, LongitudeMilli: 0}, {LatitudeMilli: 0, LongitudeMilli: 9}, {LatitudeMilli: 9, LongitudeMilli: 9}}}}
			terms.Schedule = &shipment.Schedule{Delivery: shipment.Interval{Latest: measure.At(later)}}
			code := fault.CodeTermsInvalid
			if name == "a cap below zero" {
				code = fault.CodeAmountInvalid
			}
			wantFault(t, terms.Check(), code)
		})
	}
}

// FuzzEveryRule: whatever a device signs, every cut gives the same, nothing is booked
// beyond its cap, and the head stays small.
func FuzzEveryRule(f *testing.F) {
	f.Add([]byte("\x00\x01\x10 a journey with readings of every kind, and silence"), uint8(3))
	f.Add([]byte{255, 254, 253, 1, 2, 3, 0, 0, 0, 200, 100, 50, 25, 12, 6, 3, 1}, uint8(1))
	f.Fuzz(func(t *testing.T, script []byte, cut uint8) {
		var limits []shipment.Limit
		for i, r := range shipment.Rules() {
			l := shipment.Limit{LimitID: fmt.Sprintf("L%d", i), Rule: r.ID, Milli: base(r.ID), PenaltyMinor: 3, CapMinor: 17}
			level := r.Method == ""
			switch {
			case r.Method == shipment.ByJourney:
				continue
			case r.Finding:
				l.PenaltyMinor, l.CapMinor = 0, 0
			case level && i%2 == 0:
				l.Cumulative, l.OnDelayMs, l.WindowMs, l.PenaltyBy = true, 900, 5_000, shipment.ByMinute
			}
			if r.ID == shipment.OutsideGeofence.ID {
				l.GeofenceID = "yard"
			}
			limits = append(limits, l)
		}
		terms := agree(limits[:min(len(limits), shipment.MaxLimits)]...)
		terms.Geofences = []shipment.Geofence{{GeofenceID: "yard", Corners: []shipment.Corner{{LatitudeMilli: -2, LongitudeMilli: -2}, {LatitudeMilli: -2, LongitudeMilli: 9}, {LatitudeMilli: 9, LongitudeMilli: 9}}}}
		wantFault(t, terms.Check(), "")
		var readings []measure.Reading
		ms := int64(0)
		for i := 0; i+3 < len(script); i += 4 {
			ms += 1 + int64(script[i])*37
			r := nothing(ms)
			for k, m := range measure.Metrics() {
				if script[i+1]>>(k%8)&1 == 1 {
					least, greatest := m.Bounds()
					r.Set(m, min(max(int64(script[i+2])*400+int64(int8(script[i+3])), least), greatest))
				}
			}
			readings = append(readings, r)
		}
		s := custody(terms, pickedUp, pickedUp+ms/3+1, pickedUp+2*ms/3+2)
		judge := func(size int) shipment.Stream {
			stream := shipment.NewStream("S-1", device, terms)
			for rest := readings; len(rest) > 0; {
				n := min(size, len(rest))
				next, _, _, err := stream.Record(s, terms, []shipment.Batch{batch(stream, false, rest[:n]...)}, when(north, later+ms))
				if fault.Is(err, fault.CodeSegmentExcursions) {
					t.Skip("more changes than a transaction may make")
				}
				wantFault(t, err, "")
				stream, rest = next, rest[n:]
			}
			next, _, err := stream.Conclude(s, terms, when(maker, later+ms))
			wantFault(t, err, "")
			next.Segments, next.LastSegment = 0, ""
			return next
		}
		whole := judge(len(readings) + 1)
		if diff := cmp.Diff(whole, judge(1+int(cut)%7)); diff != "" {
			t.Fatal(diff)
		}
		sums := map[string]money.Minor{}
		for _, p := range whole.Penalties {
			if sums[p.LimitID] += p.PenaltyMinor; sums[p.LimitID] > 17 {
				t.Fatalf("%s costs %d, its cap is 17", p.LimitID, sums[p.LimitID])
			}
		}
	})
}
