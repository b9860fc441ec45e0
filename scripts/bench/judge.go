package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

const (
	judgedReadings = 1_000_000
	judgedSegment  = 2048
)

// benchJudge is (e): the time to judge a million readings by twelve limits, in
// integers, segment after segment as the ledger does, divided by the time of the
// plainest program in floating point that has the same readings in memory and
// comes to the same verdicts. It needs no network.
func benchJudge(_ context.Context, o options) (*ratio, error) {
	out := &ratio{name: "(e) judging a million readings ÷ floating point", goal: "≤ 2", unit: "s", ok: func(s spread) bool { return s.mid <= 2 }}
	terms, readings := judgedTerms(), judgedJourney()
	for i := range o.pairs + 1 {
		var ours, plain []finding
		var a, b time.Duration
		runs := []func() error{
			func() (err error) {
				begun := time.Now()
				ours, err = judgeInSegments(terms, readings)
				a = time.Since(begun)
				return err
			},
			func() error {
				begun := time.Now()
				plain = judgePlainly(terms, readings)
				b = time.Since(begun)
				return nil
			},
		}
		if i%2 == 1 {
			slices.Reverse(runs)
		}
		for _, run := range runs {
			if err := run(); err != nil {
				return nil, err
			}
		}
		if !slices.Equal(ours, plain) {
			return nil, fmt.Errorf("the verdicts differ: %d excursions in integers, %d in floating point", len(ours), len(plain))
		}
		progress("judge: pair %d: %.3f and %.3f s, %d excursions", i, a.Seconds(), b.Seconds(), len(ours))
		if i > 0 {
			out.add(a.Seconds(), b.Seconds())
		}
	}
	return out, nil
}

// finding is one excursion, as far as both programs must agree on it.
type finding struct {
	limit          int
	opened, closed uint64 // readings
	owed           int64  // minor units
}

func compareFindings(a, b finding) int {
	return cmp.Or(cmp.Compare(a.limit, b.limit), cmp.Compare(a.opened, b.opened))
}

func judgedTerms() shipment.Terms {
	const minute, day = int64(60_000), int64(24 * 3_600_000)
	return shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: "ManufacturerMSP", Consignee: "ServiceMSP", Payer: "ManufacturerMSP", Currency: "USD",
		Legs: []shipment.Leg{{Carrier: "ShipperMSP", FeeMinor: 1_000_000}}, Goods: []string{}, Devices: []string{"package-17"},
		Geofences: []shipment.Geofence{{GeofenceID: "corridor", Corners: []shipment.Corner{{LatitudeMilli: 0, LongitudeMilli: 0}, {LatitudeMilli: 0, LongitudeMilli: 10_000_000}, {LatitudeMilli: 6_000_000, LongitudeMilli: 12_000_000}, {LatitudeMilli: 10_000_000, LongitudeMilli: 10_000_000}, {LatitudeMilli: 10_000_000, LongitudeMilli: 0}}}},
		Limits: []shipment.Limit{
			{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1_000},
			{LimitID: "cold", Rule: shipment.TemperatureLow.ID, Milli: 2_000, OnDelayMs: minute, OffDelayMs: minute, PenaltyMinor: 1_000},
			{LimitID: "warm", Rule: shipment.TemperatureHigh.ID, Milli: 30_000, Cumulative: true, OnDelayMs: 30 * minute, WindowMs: day, PenaltyMinor: 7, PenaltyBy: shipment.ByMinute},
			{LimitID: "damp", Rule: shipment.HumidityHigh.ID, Milli: 60_000, OnDelayMs: 5_000, PenaltyMinor: 3, PenaltyBy: shipment.ByMinute},
			{LimitID: "open", Rule: shipment.IlluminanceHigh.ID, Milli: 100_000, OffDelayMs: 5_000, PenaltyMinor: 500},
			{LimitID: "faded", Rule: shipment.LightExposure.ID, Milli: 200_000_000, WindowMs: day, PenaltyMinor: 500},
			{LimitID: "shock", Rule: shipment.Shock.ID, Milli: 2_500, OffDelayMs: 2_000, PenaltyMinor: 500},
			{LimitID: "leaning", Rule: shipment.Tilt.ID, Milli: 45_000, OnDelayMs: 5_000, PenaltyMinor: 500},
			{LimitID: "swing", Rule: shipment.TemperatureRate.ID, Milli: 900, WindowMs: 10 * minute, PenaltyMinor: 500},
			{LimitID: "mean", Rule: shipment.MeanKineticTemperature.ID, Milli: 24_000, WindowMs: day, PenaltyMinor: 500},
			{LimitID: "route", Rule: shipment.OutsideGeofence.ID, GeofenceID: "corridor", PenaltyMinor: 500},
			{LimitID: "silent", Rule: shipment.MissingData.ID, Milli: minute, PenaltyMinor: 500},
		},
	}
}

// judgedJourney is a journey of eleven days, a reading each second, in which
// every limit is passed now and then.
func judgedJourney() []measure.Reading {
	rnd := rand.New(rand.NewPCG(7, 11))
	out := make([]measure.Reading, judgedReadings)
	at := int64(1_767_225_600_000)
	for i := range out {
		r := &out[i]
		at += 1000
		if rnd.IntN(50_000) == 0 {
			at += 90_000
		}
		r.Sequence, r.At = uint64(i+1), at
		hours := float64(i) / 3600
		r.Set(measure.Temperature, int64(22_000+14_000*math.Sin(hours/4)+5_000*math.Sin(hours*3))/62*62)
		r.Set(measure.Humidity, int64(50_000+11_000*math.Sin(hours/3))/500*500)
		if rnd.IntN(20_000) < 5 {
			r.Set(measure.Illuminance, 320_000)
		} else {
			r.Set(measure.Illuminance, 2_000)
		}
		lean := int64(0)
		if i/3000%9 == 0 {
			lean = 720
		}
		r.Set(measure.AccelerationX, lean+rnd.Int64N(60)-30)
		r.Set(measure.AccelerationY, rnd.Int64N(60)-30)
		r.Set(measure.AccelerationZ, 1_000-lean/3+rnd.Int64N(60)-30)
		if rnd.IntN(5_000) == 0 {
			r.Set(measure.AccelerationZ, 2_700)
		}
		r.Set(measure.Latitude, int64(5_000_000+4_990_000*math.Sin(hours/5))+rnd.Int64N(20_000))
		r.Set(measure.Longitude, int64(5_000_000+5_500_000*math.Sin(hours/7)))
	}
	return out
}

// judgeInSegments is what the chaincode does with them, apart from signatures and storage.
func judgeInSegments(t shipment.Terms, readings []measure.Reading) ([]finding, error) {
	s := shipment.NewStream("S-1", "package-17", t)
	from, until := measure.At(readings[0].At), measure.At(readings[len(readings)-1].At)
	sh := shipment.Shipment{ShipmentID: "S-1", Status: shipment.InTransit, Custody: []shipment.Custody{{Custodian: "ShipperMSP", From: from, OccurredAt: from, RecordedAt: from, Leg: 1}}}
	var found []finding
	for n := uint64(1); len(readings) > 0; n++ {
		size := min(judgedSegment, len(readings))
		b := shipment.Batch{FirstSequence: s.NextSequence, Previous: s.LastSegment, Hash: fmt.Sprintf("%064x", n), Readings: readings[:size], Final: size == len(readings)}
		next, _, verdict, err := s.Record(sh, t, []shipment.Batch{b}, shipment.When{Actor: "ShipperMSP", Now: until})
		if err != nil {
			return nil, err
		}
		s, readings = next, readings[size:]
		for _, e := range verdict.Excursions {
			if !e.Open {
				limit := slices.IndexFunc(t.Limits, func(l shipment.Limit) bool { return l.LimitID == e.LimitID })
				found = append(found, finding{limit, e.OpenedSequence, e.ClosedSequence, int64(e.PenaltyMinor)})
			}
		}
	}
	slices.SortFunc(found, compareFindings)
	return found, nil
}

// judgePlainly goes once over all readings for each limit.
func judgePlainly(t shipment.Terms, readings []measure.Reading) []finding {
	var found []finding
	for i := range t.Limits {
		p := plain{limit: &t.Limits[i], index: i, terms: &t, readings: readings}
		switch l := p.limit; {
		case l.Rule == shipment.MissingData.ID:
			p.silence()
		case l.Cumulative || l.Rule == shipment.LightExposure.ID:
			p.total()
		case l.Rule == shipment.MeanKineticTemperature.ID:
			p.mean()
		default:
			p.level()
		}
		found = append(found, p.found...)
	}
	slices.SortFunc(found, compareFindings)
	return found
}

// plain judges one limit in floating point, in units and seconds.
type plain struct {
	limit    *shipment.Limit
	index    int
	terms    *shipment.Terms
	readings []measure.Reading
	found    []finding
}

func (p *plain) note(opened, closed uint64, seconds float64) {
	owed := float64(p.limit.PenaltyMinor)
	if p.limit.PenaltyBy == shipment.ByMinute {
		owed *= max(1, math.Ceil(seconds/60))
	}
	p.found = append(p.found, finding{p.index, opened, closed, int64(owed)})
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

func unit(r *measure.Reading, m measure.Metric) float64 {
	v, _ := r.Value(m)
	return float64(v) / 1000
}

func (p *plain) value(r *measure.Reading) (float64, bool) {
	switch p.limit.Rule {
	case shipment.HumidityHigh.ID:
		return unit(r, measure.Humidity), true
	case shipment.IlluminanceHigh.ID, shipment.LightExposure.ID:
		return unit(r, measure.Illuminance), true
	case shipment.Shock.ID:
		x, y, z := unit(r, measure.AccelerationX), unit(r, measure.AccelerationY), unit(r, measure.AccelerationZ)
		return math.Sqrt(x*x + y*y + z*z), true
	case shipment.Tilt.ID:
		x, y, z := unit(r, measure.AccelerationX), unit(r, measure.AccelerationY), unit(r, measure.AccelerationZ)
		g := math.Sqrt(x*x + y*y + z*z)
		return math.Acos(z/g) * 180 / math.Pi, g >= 0.9 && g <= 1.1
	case shipment.OutsideGeofence.ID:
		return p.outside(unit(r, measure.Latitude), unit(r, measure.Longitude)), true
	}
	return unit(r, measure.Temperature), true
}

func (p *plain) outside(latitude, longitude float64) float64 {
	corners := p.terms.Geofences[0].Corners
	out := 1.0
	for i, j := 0, len(corners)-1; i < len(corners); j, i = i, i+1 {
		ay, ax := float64(corners[i].LatitudeMilli)/1000, float64(corners[i].LongitudeMilli)/1000
		by, bx := float64(corners[j].LatitudeMilli)/1000, float64(corners[j].LongitudeMilli)/1000
		if (ay > latitude) != (by > latitude) && longitude <= (bx-ax)*(latitude-ay)/(by-ay)+ax {
			out = 1 - out
		}
	}
	return out
}

func (p *plain) past(v float64) bool {
	bound := float64(p.limit.Milli) / 1000
	switch p.limit.Rule {
	case shipment.TemperatureLow.ID:
		return v < bound
	case shipment.Shock.ID: // what is judged are whole thousandths of g
		return v >= bound+0.001
	case shipment.Tilt.ID: // the nearest thousandth of a degree
		return v >= bound+0.0005
	case shipment.TemperatureRate.ID:
		return v >= bound+0.001
	}
	return v > bound
}

func (p *plain) level() {
	on, off, window := seconds(p.limit.OnDelayMs), seconds(p.limit.OffDelayMs), seconds(p.limit.WindowMs)
	rate := p.limit.Rule == shipment.TemperatureRate.ID
	var beyond, excursion bool
	var since, within, from, was float64
	var opened, closed uint64
	for i := range p.readings {
		r := &p.readings[i]
		v, ok := p.value(r)
		at := seconds(r.At)
		if rate {
			first := from == 0
			if !first && at-from < window {
				continue
			}
			change := math.Abs(v - was)
			v, from, was = change*60/(at-from), at, v
			ok = !first
		}
		switch {
		case !ok:
		case p.past(v):
			if !beyond {
				beyond, excursion, since, opened = true, false, at, r.Sequence
			}
			closed = 0
			if on == 0 || at-since > on {
				excursion = true
			}
		case beyond && !excursion:
			beyond = false
		case beyond:
			if closed == 0 {
				within, closed = at, r.Sequence
			}
			if at-within >= off {
				p.note(opened, closed, within-since)
				beyond = false
			}
		}
	}
	last := &p.readings[len(p.readings)-1]
	if beyond && excursion {
		if closed == 0 {
			closed, within = last.Sequence, seconds(last.At)
		}
		p.note(opened, closed, within-since)
	}
}

// total is of the time beyond, or of the value times its time.
func (p *plain) total() {
	dose := p.limit.Rule == shipment.LightExposure.ID
	bound, window := seconds(p.limit.OnDelayMs), seconds(p.limit.WindowMs)
	if dose {
		bound = float64(p.limit.Milli) / 1000
	}
	start := seconds(p.readings[0].At)
	var sum, held, before float64
	var holder, opened uint64
	for i := range p.readings {
		r := &p.readings[i]
		at := seconds(r.At)
		end := min(at, start+window)
		if holder > 0 {
			if dose {
				sum += held * (end - before)
			} else if p.past(held) {
				sum += end - before
			}
			if opened == 0 && sum > bound {
				opened = holder
			}
		}
		if at >= start+window || i == len(p.readings)-1 {
			if opened > 0 {
				p.note(opened, r.Sequence, sum-bound)
			}
			start += math.Floor((at-start)/window) * window
			sum, opened = 0, 0
		}
		held, _ = p.value(r)
		holder, before = r.Sequence, at
	}
}

func (p *plain) mean() {
	const kelvin, activation = 273.15, 10_000
	window, start := seconds(p.limit.WindowMs), seconds(p.readings[0].At)
	bound := float64(p.limit.Milli)/1000 + kelvin
	var sum, weight, held, before float64
	var first uint64
	for i := range p.readings {
		r := &p.readings[i]
		at := seconds(r.At)
		if first > 0 {
			lasted := min(at, start+window) - before
			sum += lasted * math.Exp(-activation/(held+kelvin))
			weight += lasted
		}
		if at >= start+window || i == len(p.readings)-1 {
			if activation/-math.Log(sum/weight) > bound {
				p.note(first, r.Sequence, 0)
			}
			start += math.Floor((at-start)/window) * window
			sum, weight, first = 0, 0, 0
		}
		if first == 0 {
			first = r.Sequence
		}
		held, before = unit(r, measure.Temperature), at
	}
}

func (p *plain) silence() {
	last := seconds(p.readings[0].At)
	for i := range p.readings {
		at := seconds(p.readings[i].At)
		if at-last > float64(p.limit.Milli)/1000 {
			p.note(uint64(i), p.readings[i].Sequence, 0)
		}
		last = at
	}
}
