package shipment_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func clone(t testing.TB, s shipment.Stream) shipment.Stream {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var c shipment.Stream
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// SH7, to the letter.
func TestSH7Above40DegreesCostsThePartyResponsibleTenTokens(t *testing.T) {
	const tenTokens money.Minor = 1_000
	terms := agree(sh7())
	for name, c := range map[string]struct {
		milliCelsius int64
		atMs         int64 // the hand-over from north to south is at 10 s
		north, south money.Minor
	}{
		"40.000 °C costs nothing":                     {40_000, 5_000, 0, 0},
		"40.001 °C costs the custodian":               {40_001, 5_000, tenTokens, 0},
		"400 °C costs the same":                       {400_000, 5_000, tenTokens, 0},
		"the moment before the hand-over is north's":  {40_001, 9_999, tenTokens, 0},
		"the moment of the hand-over is south's":      {40_001, 10_000, 0, tenTokens},
		"after the hand-over south answers":           {40_001, 15_000, 0, tenTokens},
		"the moment before the delivery is south's":   {40_001, 19_999, 0, tenTokens},
		"from the delivery on nobody answers":         {40_001, 20_000, 0, 0},
		"long after the delivery nobody answers":      {90_000, 30_000, 0, 0},
		"below freezing is no matter of this limit":   {-50_000, 5_000, 0, 0},
		"the moment of the pick-up is the carrier's ": {40_001, 0, tenTokens, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder(t, terms)
			s := custody(terms, pickedUp, pickedUp+10*second, pickedUp+20*second)
			r.record(s, false, at(c.atMs, c.milliCelsius))
			r.record(s, true)
			_, n := r.owes(north)
			_, so := r.owes(south)
			if _, b := r.owes(buyer); n != c.north || so != c.south || b != 0 {
				t.Errorf("north owes %d, south %d, the consignee %d; want %d, %d, 0", n, so, b, c.north, c.south)
			}
			st, err := shipment.Reckon("S-1", terms, []shipment.Stream{r.stream}, when(maker, later))
			wantFault(t, err, "")
			if st.RefundMinor != c.north+c.south || st.PaidMinor != 8_000-c.north-c.south {
				t.Errorf("refund %d, paid %d", st.RefundMinor, st.PaidMinor)
			}
		})
	}
}

func TestEveryRuleJudgesItsOwnMetricInItsOwnDirection(t *testing.T) {
	reading := func(m measure.Metric, v int64) func(*measure.Reading) {
		return func(r *measure.Reading) { r.Set(m, v) }
	}
	axes := func(x, y, z int64) func(*measure.Reading) {
		return func(r *measure.Reading) {
			r.Set(measure.AccelerationX, x)
			r.Set(measure.AccelerationY, y)
			r.Set(measure.AccelerationZ, z)
		}
	}
	position := func(latitude, longitude int64) func(*measure.Reading) {
		return func(r *measure.Reading) {
			r.Set(measure.Latitude, latitude)
			r.Set(measure.Longitude, longitude)
		}
	}
	rows := []struct {
		rule   shipment.Rule
		milli  int64
		within []func(*measure.Reading)
		beyond []func(*measure.Reading)
	}{
		{shipment.TemperatureHigh, 8_000, []func(*measure.Reading){reading(measure.Temperature, 8_000), reading(measure.Temperature, -99_000), reading(measure.Humidity, 9_000)}, []func(*measure.Reading){reading(measure.Temperature, 8_001)}},
		{shipment.TemperatureLow, 2_000, []func(*measure.Reading){reading(measure.Temperature, 2_000), reading(measure.Temperature, 99_000), reading(measure.Humidity, 1_000)}, []func(*measure.Reading){reading(measure.Temperature, 1_999), reading(measure.Temperature, -40_000)}},
		{shipment.HumidityHigh, 60_000, []func(*measure.Reading){reading(measure.Humidity, 60_000), reading(measure.Temperature, 99_000)}, []func(*measure.Reading){reading(measure.Humidity, 60_001)}},
		{shipment.HumidityLow, 20_000, []func(*measure.Reading){reading(measure.Humidity, 20_000), reading(measure.Temperature, 1_000)}, []func(*measure.Reading){reading(measure.Humidity, 19_999), reading(measure.Humidity, 0)}},
		{shipment.IlluminanceHigh, 100_000, []func(*measure.Reading){reading(measure.Illuminance, 100_000), reading(measure.Temperature, 999_000)}, []func(*measure.Reading){reading(measure.Illuminance, 100_001)}},
		{shipment.Shock, 2_500, []func(*measure.Reading){axes(0, 0, 2_500), axes(-1_500, 2_000, 0), axes(0, 0, 0), reading(measure.AccelerationX, 9_000)}, []func(*measure.Reading){axes(0, 0, -2_501), axes(-1_500, -2_000, 100)}},
		{shipment.PressureHigh, 1_050_000, []func(*measure.Reading){reading(measure.Pressure, 1_050_000), reading(measure.Temperature, 1_999_000)}, []func(*measure.Reading){reading(measure.Pressure, 1_050_001)}},
		{shipment.PressureLow, 700_000, []func(*measure.Reading){reading(measure.Pressure, 700_000), reading(measure.Humidity, 0)}, []func(*measure.Reading){reading(measure.Pressure, 699_999), reading(measure.Pressure, 0)}},
		{shipment.Tilt, 45_000, []func(*measure.Reading){
			axes(0, 0, 1_000), axes(700, 0, 700), axes(0, -700, 700), axes(0, 899, 0), axes(0, 0, -1_101), axes(3_000, 0, 0), axes(0, 0, 0), reading(measure.AccelerationX, 1_000),
		}, []func(*measure.Reading){axes(701, 0, 700), axes(0, -1_000, 0), axes(0, 0, -1_000), axes(600, 600, 600), axes(-1_100, 0, 0)}},
		{shipment.OutsideGeofence, 0, []func(*measure.Reading){position(5, 5), position(0, 0), position(10, 3), position(5, 0), reading(measure.Latitude, 99), reading(measure.Longitude, 99)}, []func(*measure.Reading){position(11, 5), position(5, -1), position(-324_000_000, 648_000_000), position(10, 11)}},
		{shipment.Tampering, 0, []func(*measure.Reading){reading(measure.Tamper, 0), reading(measure.Illuminance, 9_000)}, []func(*measure.Reading){reading(measure.Tamper, 1_000), reading(measure.Tamper, 1)}},
		{shipment.DeviceError, 0, []func(*measure.Reading){reading(measure.DeviceError, 0), reading(measure.Tamper, 1_000)}, []func(*measure.Reading){reading(measure.DeviceError, 17_000)}},
	}
	alone := len(shipment.Rules()) - len(slices.DeleteFunc(shipment.Rules(), func(r shipment.Rule) bool { return r.Method == "" }))
	if len(rows) != alone {
		t.Errorf("%d rules are tested, there are %d that judge by one reading", len(rows), alone)
	}
	for _, row := range rows {
		l := shipment.Limit{LimitID: "L", Rule: row.rule.ID, Milli: row.milli, PenaltyMinor: 1}
		if row.rule.Finding {
			l.PenaltyMinor = 0
		}
		if row.rule.ID == shipment.OutsideGeofence.ID {
			l.GeofenceID = "yard"
		}
		terms := agree(l)
		terms.Geofences = []shipment.Geofence{{GeofenceID: "yard", Corners: []shipment.Corner{{0, 0}, {0, 10}, {10, 10}, {10, 0}}}}
		wantFault(t, terms.Check(), "")
		judge := func(set func(*measure.Reading)) []shipment.Excursion {
			r := newRecorder(t, terms)
			x := nothing(0)
			set(&x)
			r.record(custody(terms, pickedUp), false, x)
			return r.records
		}
		for i, set := range row.within {
			if got := judge(set); len(got) != 0 {
				t.Errorf("%s: within %d: %+v", row.rule.ID, i, got)
			}
		}
		for i, set := range row.beyond {
			if got := judge(set); len(got) != 1 || got[0].Rule != row.rule.ID || got[0].LimitMilli != row.milli {
				t.Errorf("%s: beyond %d: %+v", row.rule.ID, i, got)
			}
		}
	}
}

func TestRulesHaveIDsSentencesAndUnits(t *testing.T) {
	seen := map[shipment.RuleID]bool{}
	for _, r := range shipment.Rules() {
		if !strings.HasPrefix(string(r.ID), "shipment.violation.") || seen[r.ID] || r.Says == "" || r.Unit == "" || (r.Measured == nil) != (r.Method == shipment.BySilence || r.Method == shipment.ByJourney || r.ID == shipment.OutsideGeofence.ID) {
			t.Errorf("rule %+v", r.ID)
		}
		seen[r.ID] = true
		if got, ok := shipment.RuleByID(r.ID); !ok || got.ID != r.ID || got.Says != r.Says {
			t.Errorf("RuleByID(%q) = %v, %v", r.ID, got.ID, ok)
		}
	}
	if _, ok := shipment.RuleByID("shipment.violation"); ok {
		t.Error("a rule without name is known")
	}
}

// brief is an excursion in short, for tables: "north 1..4 peak 43000@2 within-limit at 3s/5 (3)":
// opened by reading 1, closed at 3 s as reading 5 showed, three readings beyond.
func brief(e shipment.Excursion) string {
	who := strings.ToLower(strings.TrimSuffix(e.Custodian, "MSP"))
	rel := func(t measure.Time) string { return fmt.Sprintf("%gs", float64(t.UnixMs()-pickedUp)/1000) }
	s := fmt.Sprintf("%s: #%d %s", who, e.OpenedSequence, rel(e.OpenedAt))
	if e.BeyondSince != e.OpenedAt {
		s += " (since " + rel(e.BeyondSince) + ")"
	}
	s += fmt.Sprintf(", %d beyond, peak %d at #%d %s, ", e.ReadingsBeyond, e.PeakMilli, e.PeakSequence, rel(e.PeakAt))
	if e.Open {
		return s + fmt.Sprintf("open for %gs", float64(e.DurationMs)/1000)
	}
	return s + fmt.Sprintf("%s at %s, shown by #%d, %gs", e.Ending, rel(e.ClosedAt), e.ClosedSequence, float64(e.DurationMs)/1000)
}

func TestExcursions(t *testing.T) {
	const hot, hotter, cold = 41_000, 43_000, 20_000
	// A row of readings, one each second from the pick-up; none means no value.
	const none = -1
	for name, c := range map[string]struct {
		onDelay, offDelay int64
		handOver          int64 // at this millisecond, if not 0
		delivery          int64
		readings          []int64
		final             bool
		want              []string
		north, south      int64 // excursions for which they pay
	}{
		"nothing beyond is nothing": {
			readings: []int64{cold, 40_000, cold}, final: true,
		},
		"one reading beyond opens and the next one within closes": {
			readings: []int64{cold, hot, cold}, north: 1,
			want: []string{"north: #2 1s, 1 beyond, peak 41000 at #2 1s, within-limit at 2s, shown by #3, 1s"},
		},
		"many readings beyond are one excursion; the peak is the first furthest": {
			readings: []int64{hot, hotter, hotter, hot, cold}, north: 1,
			want: []string{"north: #1 0s, 4 beyond, peak 43000 at #2 1s, within-limit at 4s, shown by #5, 4s"},
		},
		"each return within begins anew": {
			readings: []int64{hot, cold, hotter, cold}, north: 2,
			want: []string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s",
				"north: #3 2s, 1 beyond, peak 43000 at #3 2s, within-limit at 3s, shown by #4, 1s",
			},
		},
		"what is not yet over stays open": {
			readings: []int64{cold, hot, hot}, north: 1,
			want: []string{"north: #2 1s, 2 beyond, peak 41000 at #2 1s, open for 1s"},
		},
		"a missing value neither opens nor closes": {
			readings: []int64{none, hot, none, none, hot, none, cold}, north: 1,
			want: []string{"north: #2 1s, 2 beyond, peak 41000 at #2 1s, within-limit at 6s, shown by #7, 5s"},
		},
		"the end of the recording closes at the last reading": {
			readings: []int64{cold, hot, none}, final: true, north: 1,
			want: []string{"north: #2 1s, 1 beyond, peak 41000 at #2 1s, recording-ended at 2s, shown by #3, 1s"},
		},

		"exactly the tolerance is tolerated": {
			onDelay: 3000, readings: []int64{hot, hot, hot, hot, cold}, final: true,
		},
		"longer than the tolerance is an excursion from its first reading on": {
			onDelay: 3000, readings: []int64{cold, hot, hot, hotter, hot, hot, cold}, north: 1,
			want: []string{"north: #2 1s, 5 beyond, peak 43000 at #4 3s, within-limit at 6s, shown by #7, 5s"},
		},
		"a tolerated stay that the recording's end cuts off costs nothing": {
			onDelay: 3000, readings: []int64{cold, hot, hot}, final: true,
		},
		"one reading within ends the tolerance, which begins anew": {
			onDelay: 2000, readings: []int64{hot, hot, cold, hot, hot, cold}, final: true,
		},
		"an off delay does not lengthen what is still tolerated": {
			onDelay: 2000, offDelay: 5000, readings: []int64{hot, cold, cold, hot, cold, cold, hot}, final: true,
		},
		"missing values do not end the tolerance": {
			onDelay: 2000, readings: []int64{hot, none, none, hot, cold}, north: 1,
			want: []string{"north: #1 0s, 2 beyond, peak 41000 at #1 0s, within-limit at 4s, shown by #5, 4s"},
		},

		"the off delay waits, and then the excursion ended with the first reading within": {
			offDelay: 2000, readings: []int64{hot, cold, cold, cold, cold}, north: 1,
			want: []string{"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s"},
		},
		"while the off delay runs the excursion is open": {
			offDelay: 2000, readings: []int64{hot, cold, cold}, north: 1,
			want: []string{"north: #1 0s, 1 beyond, peak 41000 at #1 0s, open for 0s"},
		},
		"beyond again while the off delay runs is the same excursion": {
			offDelay: 2000, readings: []int64{hot, cold, cold, hotter, cold, cold, cold}, north: 1,
			want: []string{"north: #1 0s, 2 beyond, peak 43000 at #4 3s, within-limit at 4s, shown by #5, 4s"},
		},
		"beyond again after the off delay is another": {
			offDelay: 1000, readings: []int64{hot, cold, cold, hot, cold, cold}, north: 2,
			want: []string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s",
				"north: #4 3s, 1 beyond, peak 41000 at #4 3s, within-limit at 4s, shown by #5, 1s",
			},
		},
		"missing values do not stop the off delay's clock": {
			offDelay: 2000, readings: []int64{hot, cold, none, cold}, north: 1,
			want: []string{"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s"},
		},
		"at the recording's end a running off delay counts as over": {
			offDelay: 9000, readings: []int64{hot, cold, cold}, final: true, north: 1,
			want: []string{"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s"},
		},

		"beyond through a hand-over is one excursion for each": {
			handOver: 1500, readings: []int64{hotter, hot, hot, cold}, north: 1, south: 1,
			want: []string{
				"north: #1 0s, 2 beyond, peak 43000 at #1 0s, custody-changed at 1.5s, shown by #3, 1.5s",
				"south: #3 2s (since 0s), 1 beyond, peak 41000 at #3 2s, within-limit at 3s, shown by #4, 1s",
			},
		},
		"beyond until the hand-over and then within is the former custodian's alone": {
			handOver: 1500, readings: []int64{hot, hot, cold, hot}, north: 1, south: 1,
			want: []string{
				"north: #1 0s, 2 beyond, peak 41000 at #1 0s, custody-changed at 1.5s, shown by #3, 1.5s",
				"south: #4 3s, 1 beyond, peak 41000 at #4 3s, open for 0s",
			},
		},
		"the tolerance goes on through a hand-over": {
			onDelay: 3000, handOver: 2500, readings: []int64{hot, hot, hot, hot, hot, cold}, south: 1,
			want: []string{"south: #4 3s (since 0s), 2 beyond, peak 41000 at #4 3s, within-limit at 5s, shown by #6, 2s"},
		},
		"the tolerance that ends just within the next custody costs nobody": {
			onDelay: 3000, handOver: 2500, readings: []int64{hot, hot, hot, hot, cold}, final: true,
		},
		"a reading within after the hand-over gives the next custodian the whole tolerance": {
			onDelay: 3000, handOver: 1500, readings: []int64{hot, hot, cold, hot, hot, hot, hot, cold}, final: true,
		},
		"an off delay that runs at the hand-over is over with it": {
			offDelay: 9000, handOver: 1500, readings: []int64{hot, cold, cold, hot}, north: 1, south: 1,
			want: []string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, within-limit at 1s, shown by #2, 1s",
				"south: #4 3s, 1 beyond, peak 41000 at #4 3s, open for 0s",
			},
		},
		"an off delay does not carry a former custodian's excursion over to the next": {
			offDelay: 9000, handOver: 500, readings: []int64{hot, cold, hot}, north: 1, south: 1,
			want: []string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, custody-changed at 0.5s, shown by #2, 0.5s",
				"south: #3 2s, 1 beyond, peak 41000 at #3 2s, open for 0s",
			},
		},
		"a reading without value shows the hand-over as well": {
			handOver: 500, readings: []int64{hot, none, hot, cold}, north: 1, south: 1,
			want: []string{
				"north: #1 0s, 1 beyond, peak 41000 at #1 0s, custody-changed at 0.5s, shown by #2, 0.5s",
				"south: #3 2s (since 0s), 1 beyond, peak 41000 at #3 2s, within-limit at 3s, shown by #4, 1s",
			},
		},
		"delivery ends it, and what comes then is nobody's": {
			handOver: 500, delivery: 1500, readings: []int64{cold, hot, hot, hotter, cold, hot}, final: true, south: 1,
			want: []string{"south: #2 1s, 1 beyond, peak 41000 at #2 1s, delivered at 1.5s, shown by #3, 0.5s"},
		},
		"a custody without readings is passed over": {
			handOver: 500, delivery: 600, readings: []int64{hot, hot, hot}, final: true, north: 1,
			want: []string{"north: #1 0s, 1 beyond, peak 41000 at #1 0s, custody-changed at 0.5s, shown by #2, 0.5s"},
		},
		"a tolerated stay ends with the delivery": {
			onDelay: 3000, handOver: 500, delivery: 2500, readings: []int64{cold, hot, hot, hot, hot, hot, hot}, final: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := sh7()
			l.OnDelayMs, l.OffDelayMs = c.onDelay, c.offDelay
			terms := agree(l)
			changes := []int64{pickedUp}
			if c.handOver > 0 {
				changes = append(changes, pickedUp+c.handOver)
			}
			if c.delivery > 0 {
				changes = append(changes, pickedUp+c.delivery)
			}
			var readings []measure.Reading
			for i, v := range c.readings {
				if v == none {
					readings = append(readings, nothing(int64(i)*second))
				} else {
					readings = append(readings, at(int64(i)*second, v))
				}
			}
			whole, single := newRecorder(t, terms), newRecorder(t, terms)
			whole.record(custody(terms, changes...), c.final, readings...)
			for i := range readings { // one reading in each transaction comes to the same
				single.record(custody(terms, changes...), c.final && i == len(readings)-1, readings[i])
			}
			for _, r := range []*recorder{whole, single} {
				var got []string
				for _, e := range r.records {
					got = append(got, brief(e))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
				n, paid := r.owes(north)
				if n != c.north || paid != money.Minor(1_000*n) {
					t.Errorf("north owes %d for %d excursions, want %d", paid, n, c.north)
				}
				if n, paid = r.owes(south); n != c.south || paid != money.Minor(1_000*n) {
					t.Errorf("south owes %d for %d excursions, want %d", paid, n, c.south)
				}
			}
		})
	}
}

func TestAnExcursionSaysWhatOneMustKnow(t *testing.T) {
	terms := agree(sh7())
	r := newRecorder(t, terms)
	r.record(custody(terms, pickedUp), false, at(0, 20_000), at(1_000, 41_000), at(2_000, 40_500), at(3_000, 40_000))
	want := []shipment.Excursion{{
		ShipmentID: "S-1", ExcursionID: "package-17.SH7.2", DeviceID: device, LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, LimitMilli: 40_000,
		Custodian: north, Exception: shipment.Alarm, OpenedAt: measure.At(pickedUp + 1_000), OpenedSequence: 2, PeakMilli: 41_000, PeakAt: measure.At(pickedUp + 1_000), PeakSequence: 2,
		ReadingsBeyond: 2, ClosedAt: measure.At(pickedUp + 3_000), ClosedSequence: 4, Ending: shipment.WithinLimit, DurationMs: 2_000,
		BeyondSince: measure.At(pickedUp + 1_000), PenaltyMinor: 1_000,
		Reckoning: shipment.Reckoning{Quantity: 1, UnitPriceMinor: 1_000, AmountMinor: 1_000, BookedMinor: 1_000},
	}}
	if diff := cmp.Diff(want, r.records); diff != "" {
		t.Error(diff)
	}
}

func TestAVerdictNamesEachExcursionOnceInOrderOfOpeningAndThenOfTheTerms(t *testing.T) {
	warm, hot := sh7(), sh7()
	warm.LimitID, warm.Milli, warm.OffDelayMs = "warm", 30_000, 60_000
	hot.LimitID = "hot"
	terms := agree(hot, warm)
	s := shipment.NewStream("S-1", device, terms)
	_, _, verdict, err := s.Record(custody(terms, pickedUp), terms, []shipment.Batch{batch(s, false, at(0, 35_000), at(1_000, 41_000), at(2_000, 20_000), at(3_000, 41_000))}, when(north, later))
	wantFault(t, err, "")
	var got []string
	for _, e := range verdict.Excursions {
		got = append(got, e.ExcursionID)
	}
	if diff := cmp.Diff([]string{"package-17.warm.1", "package-17.hot.2", "package-17.hot.4"}, got); diff != "" {
		t.Error(diff)
	}
	s, _, verdict, err = s.Record(custody(terms, pickedUp), terms, []shipment.Batch{batch(s, false, at(0, 41_000))}, when(north, later))
	wantFault(t, err, "")
	if len(verdict.Excursions) != 2 || verdict.Excursions[0].LimitID != "hot" || verdict.Excursions[1].LimitID != "warm" {
		t.Errorf("two that one reading opened: %+v", verdict.Excursions)
	}
	// What was opened before comes again only as it stands now.
	_, _, verdict, err = s.Record(custody(terms, pickedUp), terms, []shipment.Batch{batch(s, false, at(1_000, 42_000), at(2_000, 39_000))}, when(north, later))
	wantFault(t, err, "")
	if i := slices.IndexFunc(verdict.Excursions, func(e shipment.Excursion) bool { return e.LimitID == "hot" }); len(verdict.Excursions) != 2 || verdict.Excursions[i].Open || verdict.Excursions[i].PeakMilli != 42_000 {
		t.Errorf("%+v", verdict.Excursions)
	}
}

func TestPenaltiesStopAtTheGreatestAmount(t *testing.T) {
	l := sh7()
	l.PenaltyMinor = money.Max
	terms := agree(l)
	r := newRecorder(t, terms)
	r.record(custody(terms, pickedUp), true, at(0, 41_000), at(1_000, 0), at(2_000, 41_000))
	if n, owed := r.owes(north); n != 2 || owed != money.Max {
		t.Errorf("%d excursions, %d owed", n, owed)
	}
}
