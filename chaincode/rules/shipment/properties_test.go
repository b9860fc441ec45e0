package shipment_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// journey is one random journey as it happened to the product: batches and
// hand-overs in between, in one of the orders in which the ledger could see them.
type journey struct {
	history
	sh      shipment.Shipment
	stream  shipment.Stream
	records map[string]shipment.Excursion // as the ledger has them at the end
}

// base is the value around which a rule's readings and bounds lie, so that they
// often pass each other, and the metrics that carry it.
func base(id shipment.RuleID) int64 {
	switch id {
	case shipment.LightExposure.ID:
		return 500_000
	case shipment.Tilt.ID:
		return 54_736 // what three equal axes show
	case shipment.TemperatureRate.ID:
		return 240
	case shipment.MissingData.ID:
		return 1_500
	case shipment.OutsideGeofence.ID, shipment.Tampering.ID, shipment.DeviceError.ID:
		return 0
	case shipment.IlluminanceHigh.ID:
		return 100_000
	case shipment.Shock.ID:
		return 1_700
	}
	return 40_000
}

// drawAny are limits of every rule that readings are judged by, in every mode.
func drawAny(t *rapid.T) []shipment.Limit {
	measured := slices.DeleteFunc(shipment.Rules(), func(r shipment.Rule) bool { return r.Method == shipment.ByJourney })
	delay := rapid.SampledFrom([]int64{0, 0, 1, 500, 1_000, 2_000, 3_500, 10_000})
	var ls []shipment.Limit
	for i := range rapid.IntRange(1, 5).Draw(t, "limits") {
		rule := rapid.SampledFrom(measured).Draw(t, "rule")
		l := shipment.Limit{LimitID: fmt.Sprintf("L%d", i), Rule: rule.ID, Milli: base(rule.ID)}
		if !rule.YesNo {
			l.Milli += rapid.Int64Range(-3, 3).Draw(t, "bound")
		}
		window := rapid.SampledFrom([]int64{0, 0, 1_000, 3_000, 7_777, 30_000})
		level := rule.Method == ""
		switch {
		case level && rapid.Bool().Draw(t, "cumulative"):
			l.Cumulative, l.WindowMs, l.OnDelayMs = true, window.Draw(t, "window"), delay.Draw(t, "on delay")
			if l.WindowMs > 0 {
				l.OnDelayMs %= l.WindowMs
			}
		case level, rule.Method == shipment.ByRate:
			l.OnDelayMs, l.OffDelayMs = delay.Draw(t, "on delay"), delay.Draw(t, "off delay")
			if !level {
				l.WindowMs = window.Draw(t, "window")
			}
		case rule.Method != shipment.BySilence:
			l.WindowMs = window.Draw(t, "window")
		}
		l.Scope = rapid.SampledFrom([]shipment.Scope{shipment.WholeJourney, shipment.EachCustody}).Draw(t, "scope")
		if rapid.IntRange(0, 9).Draw(t, "another device's") == 0 {
			l.Devices = []string{"package-18"}
		}
		if rule.ID == shipment.OutsideGeofence.ID {
			l.GeofenceID = "yard"
		}
		if !rule.Finding {
			ways := []shipment.PenaltyBy{shipment.ByExcursion, shipment.ByPercentage}
			if level || rule.Method == shipment.ByRate || rule.Method == shipment.BySilence {
				ways = append(ways, shipment.ByMinute)
			}
			if !rule.YesNo && (level || rule.Method == shipment.ByRate) {
				ways = append(ways, shipment.ByUnitMinute)
			}
			if l.PenaltyBy = rapid.SampledFrom(ways).Draw(t, "by"); l.PenaltyBy == shipment.ByPercentage {
				l.PenaltyBasisPoints = rapid.Int64Range(0, 10_000).Draw(t, "basis points")
			} else {
				l.PenaltyMinor = money.Minor(rapid.Int64Range(0, 1_000).Draw(t, "penalty"))
			}
			if rapid.Bool().Draw(t, "capped") {
				l.CapMinor = money.Minor(rapid.Int64Range(1, 3_000).Draw(t, "cap"))
			}
		}
		ls = append(ls, l)
	}
	return ls
}

// drawLimits are limits of the rules by each reading's own value, one after the other.
func drawLimits(t *rapid.T) []shipment.Limit {
	delay := rapid.SampledFrom([]int64{0, 0, 1, 500, 1_000, 2_000, 3_500, 10_000})
	var ls []shipment.Limit
	for i := range rapid.IntRange(1, 5).Draw(t, "limits") {
		rule := rapid.SampledFrom(shipment.Rules()[:6]).Draw(t, "rule")
		ls = append(ls, shipment.Limit{
			LimitID: fmt.Sprintf("L%d", i), Rule: rule.ID, Milli: base(rule.ID) + rapid.Int64Range(-3, 3).Draw(t, "bound"),
			OnDelayMs: delay.Draw(t, "on delay"), OffDelayMs: delay.Draw(t, "off delay"),
			PenaltyMinor: money.Minor(rapid.Int64Range(0, 1_000).Draw(t, "penalty")),
		})
	}
	return ls
}

func drawTerms(t *rapid.T, limits func(*rapid.T) []shipment.Limit) shipment.Terms {
	terms := agree(limits(t)...)
	terms.Devices = []string{device, "package-18"}
	terms.Geofences = []shipment.Geofence{{GeofenceID: "yard", Corners: []shipment.Corner{{0, 0}, {0, 4}, {4, 4}, {4, 2}, {2, 2}, {2, 4}, {1, 4}, {1, 5}, {0, 5}, {-2, 2}}}}
	terms.Legs = nil
	for range rapid.IntRange(1, 4).Draw(t, "legs") {
		carriers := []string{north, south, "EastMSP"}
		if n := len(terms.Legs); n > 0 {
			carriers = slices.DeleteFunc(carriers, func(c string) bool { return c == terms.Legs[n-1].Carrier })
		}
		terms.Legs = append(terms.Legs, shipment.Leg{Carrier: rapid.SampledFrom(carriers).Draw(t, "carrier"), FeeMinor: 1_000})
	}
	return terms
}

func drawReading(t *rapid.T, at int64) measure.Reading {
	r := measure.Reading{At: at}
	near := rapid.Int64Range(-4, 4)
	// Values stay where they are more often than not, so that stays beyond have a length.
	set := func(m measure.Metric, value int64) {
		if rapid.IntRange(0, 5).Draw(t, "present") > 0 {
			r.Set(m, value+near.Draw(t, "value"))
		}
	}
	set(measure.Temperature, 40_000)
	set(measure.Humidity, 40_000)
	set(measure.Illuminance, 100_000)
	// In all about 1,699, or about 1,000, which has a direction.
	length := rapid.SampledFrom([]int64{981, 577, 577}).Draw(t, "length")
	set(measure.AccelerationX, length)
	set(measure.AccelerationY, -length)
	set(measure.AccelerationZ, length*rapid.SampledFrom([]int64{1, 1, -1}).Draw(t, "up"))
	set(measure.Pressure, 40_000)
	set(measure.Latitude, 2)
	set(measure.Longitude, 2)
	if rapid.Bool().Draw(t, "indicators") {
		r.Set(measure.Tamper, 1000*rapid.Int64Range(0, 1).Draw(t, "tamper"))
		r.Set(measure.DeviceError, 1000*rapid.SampledFrom([]int64{0, 0, 17}).Draw(t, "error"))
	}
	return r
}

// drawJourney plays a journey on the product, in random batches with random hand-overs.
func drawJourney(t *rapid.T) journey { return drawJourneyOf(t, drawLimits) }

func drawJourneyOf(t *rapid.T, limits func(*rapid.T) []shipment.Limit) journey {
	j := journey{records: map[string]shipment.Excursion{}}
	j.terms = drawTerms(t, limits)
	j.sh = agreed(t, j.terms)
	j.sh = handOver(t, j.sh, j.terms, pickedUp, "", later)
	j.stream = shipment.NewStream("S-1", device, j.terms)
	now := pickedUp
	for steps := rapid.IntRange(1, 12).Draw(t, "steps"); steps > 0 && !j.final; steps-- {
		if j.sh.Status == shipment.InTransit && rapid.IntRange(0, 3).Draw(t, "hand over") == 0 {
			last := j.sh.Custody[len(j.sh.Custody)-1].From.UnixMs()
			if occurred := rapid.Int64Range(last+1, max(last+1, now+5_000)).Draw(t, "occurred"); occurred < later {
				j.sh = handOver(t, j.sh, j.terms, occurred, j.stream.LastReadingAt, later)
			}
			continue
		}
		var rs []measure.Reading
		for range rapid.IntRange(1, 12).Draw(t, "readings") {
			now += rapid.SampledFrom([]int64{1, 250, 500, 1_000, 1_000, 1_500, 9_000}).Draw(t, "pass")
			rs = append(rs, drawReading(t, now))
		}
		j.final = rapid.IntRange(0, 9).Draw(t, "final") == 0
		if j.final && rapid.Bool().Draw(t, "empty") && len(j.readings) > 0 {
			rs = nil
		}
		j.take(t, rs)
	}
	j.custody = j.sh.Custody
	return j
}

// take records the readings as one segment.
func (j *journey) take(t *rapid.T, rs []measure.Reading) {
	b := batch(j.stream, j.final, rs...)
	next, _, verdict, err := j.stream.Record(j.sh, j.terms, []shipment.Batch{b}, when(north, later))
	if err != nil {
		t.Fatal(err)
	}
	j.stream, j.readings = next, append(j.readings, b.Readings...)
	j.keep(t, verdict)
}

// conclude makes the last judgement, twice, which is as much as once.
func (j *journey) conclude(t *rapid.T) {
	w := when(maker, later)
	next, verdict, err := j.stream.Conclude(j.sh, j.terms, w)
	if err != nil {
		t.Fatal(err)
	}
	again, nothing, err := next.Conclude(j.sh, j.terms, when(maker, later+1))
	if diff := cmp.Diff(next, again); err != nil || diff != "" || len(nothing.Excursions) > 0 {
		t.Fatalf("concluding twice: %v, %v\n%s", nothing, err, diff)
	}
	j.stream, j.endMs = next, later
	if last := j.sh.Custody[len(j.sh.Custody)-1]; last.Delivered {
		j.endMs = last.From.UnixMs()
	}
	j.keep(t, verdict)
}

func (j *journey) keep(t *rapid.T, verdict shipment.Judgement) {
	for _, e := range verdict.Excursions {
		if old, ok := j.records[e.ExcursionID]; ok && (!old.Open || old.Custodian != e.Custodian || old.OpenedAt != e.OpenedAt) {
			t.Fatalf("a closed or another excursion was written over:\n%+v\n%+v", old, e)
		}
		j.records[e.ExcursionID] = e
	}
}

// excursions are the final records in order of opening and of the terms.
func (j *journey) excursions() []shipment.Excursion {
	var out []shipment.Excursion
	for _, e := range j.records {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b shipment.Excursion) int {
		return cmp2(int(a.OpenedSequence)-int(b.OpenedSequence), int(a.LimitID[1])-int(b.LimitID[1]), a.Custody-b.Custody)
	})
	return out
}

func cmp2(orders ...int) int {
	for _, o := range orders {
		if o != 0 {
			return o
		}
	}
	return 0
}

// rejudge judges the same journey again on other readings, in the given cut.
func (j *journey) rejudge(t *rapid.T, readings []measure.Reading, cut func(left int) int) journey {
	again := journey{history: j.history, sh: j.sh, stream: shipment.NewStream("S-1", device, j.terms), records: map[string]shipment.Excursion{}}
	again.readings = nil
	final := j.final
	for first := true; len(readings) > 0 || first && final; first = false {
		n := cut(len(readings))
		again.final = final && n == len(readings)
		again.take(t, readings[:n])
		readings = readings[n:]
	}
	if again.endMs > 0 {
		again.conclude(t)
	}
	return again
}

func atOnce(left int) int { return left }

// An arbitrator with the whole history on paper comes to every verdict of the product.
func TestTheReferenceJudgeAgreesWithEveryVerdict(t *testing.T) {
	count, kinds := map[shipment.Ending]int{}, map[shipment.RuleID]int{}
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourneyOf(t, rapid.SampledFrom([]func(*rapid.T) []shipment.Limit{drawAny, drawAny, drawLimits}).Draw(t, "limits of which kind"))
		if rapid.Bool().Draw(t, "conclude") {
			j.conclude(t)
		}
		want, penalties := j.verdict()
		if j.tooClose {
			t.Skip("floating point cannot tell")
		}
		got := j.excursions()
		nearest(want, got)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the reference (-) and the product (+) differ on %+v with custody %+v:\n%s", j.terms.Limits, j.custody, diff)
		}
		if diff := cmp.Diff(penalties, j.stream.Penalties); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(j.longest(), j.stream.LongestSilence); diff != "" {
			t.Fatal(diff)
		}
		for _, e := range got {
			count[e.Ending]++
			kinds[e.Rule]++
		}
	})
	for _, e := range []shipment.Ending{"", shipment.WithinLimit, shipment.CustodyChanged, shipment.Delivered, shipment.RecordingEnded} {
		if count[e] == 0 {
			t.Logf("no journey had an excursion that ended %q", e)
		}
	}
	t.Logf("excursions compared, by ending: %v; by rule: %v", count, kinds)
}

// nearest lets a mean differ by a thousandth: its logarithm and the product's
// search may fall on different sides of one.
func nearest(want, got []shipment.Excursion) {
	for i := range min(len(want), len(got)) {
		if d := want[i].PeakMilli - got[i].PeakMilli; got[i].Rule == shipment.MeanKineticTemperature.ID && max(d, -d) == 1 {
			want[i].PeakMilli = got[i].PeakMilli
		}
	}
}

// Judging all readings at once, with the whole custody known, gives the same
// head, the same excursions and the same penalties as any cut into batches with
// the hand-overs recorded in between.
func TestBatchesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourneyOf(t, drawAny)
		if rapid.Bool().Draw(t, "conclude") {
			j.conclude(t)
		}
		ignore := cmpopts.IgnoreFields(shipment.Stream{}, "Segments", "LastSegment", "ChangedAt")
		for name, again := range map[string]journey{
			"at once":    j.rejudge(t, j.readings, atOnce),
			"one by one": j.rejudge(t, j.readings, func(left int) int { return min(1, left) }),
			"other cuts": j.rejudge(t, j.readings, func(left int) int { return rapid.IntRange(min(1, left), left).Draw(t, "cut") }),
		} {
			if diff := cmp.Diff(j.stream, again.stream, ignore); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
			if diff := cmp.Diff(j.excursions(), again.excursions()); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
	})
}

// Further past the bound is never less of a violation. Two forms of it hold:
//
// A reading that is beyond and goes further changes no excursion but its peak,
// and no peak comes nearer to the bound. (Nothing more can be said of the count
// if readings within may go beyond: that may join two excursions into one.)
func TestFurtherBeyondIsNeverALowerPeak(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourney(t)
		j.terms.Limits = slices.DeleteFunc(j.terms.Limits, func(l shipment.Limit) bool { return l.Rule != shipment.TemperatureHigh.ID })
		before := j.rejudge(t, j.readings, atOnce)
		raised := slices.Clone(j.readings)
		least := int64(1 << 40)
		for _, l := range j.terms.Limits {
			least = min(least, l.Milli)
		}
		for i := range raised {
			// Beyond every limit: then it is beyond each of them before and after.
			if v, ok := raised[i].Value(measure.Temperature); ok && allPast(j.terms.Limits, v) && v > least {
				raised[i].Set(measure.Temperature, v+rapid.Int64Range(0, 100).Draw(t, "further"))
			}
		}
		after := j.rejudge(t, raised, atOnce)
		ignore := cmpopts.IgnoreFields(shipment.Excursion{}, "PeakMilli", "PeakAt", "PeakSequence")
		if diff := cmp.Diff(before.excursions(), after.excursions(), ignore); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(before.stream.Penalties, after.stream.Penalties); diff != "" {
			t.Fatal(diff)
		}
		for id, e := range before.records {
			if after.records[id].PeakMilli < e.PeakMilli {
				t.Fatalf("%s: the peak fell from %d to %d", id, e.PeakMilli, after.records[id].PeakMilli)
			}
		}
	})
}

func allPast(ls []shipment.Limit, v int64) bool {
	return !slices.ContainsFunc(ls, func(l shipment.Limit) bool { return v <= l.Milli })
}

// Any reading that gets worse, any bound that gets tighter, any tolerance that
// gets shorter: no reading that was in an excursion is out of it afterwards.
func TestWorseReadingsAndTighterTermsExcuseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourney(t)
		for i := range j.terms.Limits {
			j.terms.Limits[i].Rule, j.terms.Limits[i].Milli = shipment.TemperatureHigh.ID, 40_000+int64(i)
		}
		before := j.rejudge(t, j.readings, atOnce)
		worse := slices.Clone(j.readings)
		if rapid.Bool().Draw(t, "readings get worse") {
			for i := range worse {
				if v, ok := worse[i].Value(measure.Temperature); ok {
					worse[i].Set(measure.Temperature, v+rapid.Int64Range(0, 3).Draw(t, "worse"))
				}
			}
		}
		tight := j
		tight.terms.Limits = slices.Clone(j.terms.Limits)
		for i := range tight.terms.Limits {
			l := &tight.terms.Limits[i]
			l.Milli -= rapid.Int64Range(0, 2).Draw(t, "tighter")
			l.OnDelayMs = rapid.Int64Range(0, l.OnDelayMs).Draw(t, "tolerance")
			l.OffDelayMs += rapid.Int64Range(0, 2_000).Draw(t, "off delay")
		}
		after := tight.rejudge(t, worse, atOnce)
		for _, r := range j.readings {
			v, ok := r.Value(measure.Temperature)
			for _, l := range j.terms.Limits {
				if ok && v > l.Milli && covered(before.records, l, r) && !covered(after.records, l, r) {
					t.Fatalf("reading %d is no longer in an excursion of %s:\n%+v\n%+v", r.Sequence, l.LimitID, before.excursions(), after.excursions())
				}
			}
		}
	})
}

// covered says whether an excursion of the limit holds the reading, which is beyond.
func covered(records map[string]shipment.Excursion, l shipment.Limit, r measure.Reading) bool {
	for _, e := range records {
		if e.LimitID == l.LimitID && holds(e, r) {
			return true
		}
	}
	return false
}

func holds(e shipment.Excursion, r measure.Reading) bool {
	if r.Sequence < e.OpenedSequence {
		return false
	}
	return e.Open || r.Sequence < e.ClosedSequence || e.Ending == shipment.RecordingEnded
}

// Excursions of one limit do not overlap, each lies within one custody, and
// every reading beyond is in one or within a tolerated stay.
func TestExcursionsPartitionWhatIsBeyond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourney(t)
		last := map[string]shipment.Excursion{}
		for _, e := range j.excursions() {
			if before, ok := last[e.LimitID]; ok && (before.Open || before.ClosedAt > e.OpenedAt || before.ClosedSequence > e.OpenedSequence) {
				t.Fatalf("%+v overlaps %+v", e, before)
			}
			last[e.LimitID] = e
			k := j.holder(e.OpenedAt.UnixMs())
			if c := j.custody[k]; c.Custodian != e.Custodian || c.Delivered {
				t.Fatalf("%+v is blamed on another than %+v", e, c)
			}
			end := e.OpenedAt.Add(e.DurationMs)
			if k+1 < len(j.custody) && end > j.custody[k+1].From || e.PeakAt < e.OpenedAt || e.PeakAt > end || e.BeyondSince > e.OpenedAt {
				t.Fatalf("%+v does not lie within its custody, or its peak within it", e)
			}
			if !e.Open && (end != e.ClosedAt || e.Ending == "" || e.ClosedSequence == 0) || e.Open && (e.ClosedAt != "" || e.Ending != "") || e.ReadingsBeyond < 1 {
				t.Fatalf("%+v is inconsistent", e)
			}
		}
		for _, l := range j.terms.Limits {
			since, beyond := int64(0), false // of the unbroken stay beyond, whoever has custody
			for _, r := range j.readings {
				v, ok := j.quantity(l, r)
				if !ok || j.custody[j.holder(r.At)].Delivered {
					continue
				}
				if !past(l, v) {
					beyond = false
					continue
				}
				if !beyond {
					beyond, since = true, r.At
				}
				in := covered(j.records, l, r)
				stay := r.At - since
				if !in && (l.OnDelayMs == 0 || stay > l.OnDelayMs) {
					t.Fatalf("reading %d is beyond %s for %d ms and nowhere on record:\n%+v", r.Sequence, l.LimitID, stay, j.excursions())
				}
			}
		}
		for i, c := range j.custody {
			if i > 0 && c.From <= j.custody[i-1].From {
				t.Fatalf("custody goes back: %+v", j.custody)
			}
		}
	})
}
