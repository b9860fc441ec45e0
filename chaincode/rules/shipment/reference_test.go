package shipment_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// The reference judge: what an arbitrator with the whole history on paper would
// do. It keeps no state between readings, works in floating point and physical
// units, takes one custody after the other, and looks forward and back as far
// as it likes. It shares nothing with the product but the types of its answer.

// history is everything that is ever known about one device's journey.
type history struct {
	terms    shipment.Terms
	custody  []shipment.Custody
	readings []measure.Reading // numbered from 1
	final    bool
	// endMs is until when silence was judged at the end; 0: it is not concluded.
	endMs int64
	// tooClose is set when floating point cannot tell on which side of its bound a mean is.
	tooClose bool
}

func (h *history) over() bool { return h.final || h.endMs > 0 }

// point is one reading of one metric, in its unit and in seconds.
type point struct {
	reading measure.Reading
	second  float64
	value   float64
}

// quantity gives the physical quantity that a rule is about.
func (h *history) quantity(l shipment.Limit, r measure.Reading) (float64, bool) {
	value := func(m measure.Metric) (float64, bool) {
		v, ok := r.Value(m)
		return float64(v) / 1000, ok
	}
	switch l.Rule {
	case "shipment.violation.temperature-high", "shipment.violation.temperature-low", "shipment.violation.temperature-rate", "shipment.violation.mean-kinetic-temperature":
		return value(measure.Temperature)
	case "shipment.violation.humidity-high", "shipment.violation.humidity-low":
		return value(measure.Humidity)
	case "shipment.violation.pressure-high", "shipment.violation.pressure-low":
		return value(measure.Pressure)
	case "shipment.violation.tampering":
		return value(measure.Tamper)
	case "shipment.violation.device-error":
		return value(measure.DeviceError)
	case "shipment.violation.tilt":
		x, okX := r.Value(measure.AccelerationX)
		y, okY := r.Value(measure.AccelerationY)
		z, okZ := r.Value(measure.AccelerationZ)
		length := math.Sqrt(float64(x*x + y*y + z*z))
		if !okX || !okY || !okZ || length < 900 || length > 1100 {
			return 0, false
		}
		degrees := math.Atan2(math.Hypot(float64(x), float64(y)), float64(z)) * 180 / math.Pi
		return math.Round(degrees*1000) / 1000, true
	case "shipment.violation.outside-geofence":
		latitude, okLatitude := value(measure.Latitude)
		longitude, okLongitude := value(measure.Longitude)
		if h.winds(l.GeofenceID, latitude, longitude) {
			return 0, okLatitude && okLongitude
		}
		return 1, okLatitude && okLongitude
	case "shipment.violation.illuminance-high", "shipment.violation.light-exposure":
		return value(measure.Illuminance)
	case "shipment.violation.shock":
		x, okX := r.Value(measure.AccelerationX)
		y, okY := r.Value(measure.AccelerationY)
		z, okZ := r.Value(measure.AccelerationZ)
		squares := float64(x)*float64(x) + float64(y)*float64(y) + float64(z)*float64(z)
		return math.Floor(math.Sqrt(squares)) / 1000, okX && okY && okZ
	}
	if slices.ContainsFunc(shipment.JourneyRules(), func(r shipment.Rule) bool { return r.ID == l.Rule }) {
		return 0, false // no reading breaks it
	}
	panic("the reference does not know rule " + string(l.Rule))
}

// past says whether a value is beyond the limit, further says whether a is further out than b.
func past(l shipment.Limit, v float64) bool { return further(l, v, float64(l.Milli)/1000) }

func further(l shipment.Limit, a, b float64) bool {
	switch l.Rule {
	case "shipment.violation.temperature-low", "shipment.violation.humidity-low", "shipment.violation.pressure-low":
		return a < b
	}
	return a > b
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

// verdict judges the whole history: every excursion, by reading and then by
// limit, and what each custodian owes.
func (h *history) verdict() ([]shipment.Excursion, []shipment.Penalty) {
	var all []shipment.Excursion
	for _, l := range h.terms.Limits {
		if len(l.Devices) > 0 && !slices.Contains(l.Devices, device) {
			continue
		}
		all = append(all, h.priced(l)...)
	}
	order := func(id string) int {
		return slices.IndexFunc(h.terms.Limits, func(l shipment.Limit) bool { return l.LimitID == id })
	}
	slices.SortFunc(all, func(a, b shipment.Excursion) int {
		return cmp.Or(cmp.Compare(a.OpenedSequence, b.OpenedSequence), cmp.Compare(order(a.LimitID), order(b.LimitID)), cmp.Compare(a.Custody, b.Custody))
	})
	penalties := []shipment.Penalty{}
	for _, e := range all {
		at := e.Custody
		i := slices.IndexFunc(penalties, func(p shipment.Penalty) bool { return p.Custody == at && p.LimitID == e.LimitID })
		if i < 0 {
			i, penalties = len(penalties), append(penalties, shipment.Penalty{Custody: at, Custodian: e.Custodian, LimitID: e.LimitID})
		}
		penalties[i].Excursions++
		penalties[i].PenaltyMinor = min(penalties[i].PenaltyMinor+e.PenaltyMinor, money.Max)
	}
	slices.SortFunc(penalties, func(a, b shipment.Penalty) int {
		return cmp.Or(cmp.Compare(a.Custody, b.Custody), cmp.Compare(a.LimitID, b.LimitID))
	})
	return all, penalties
}

// holder is the index of the custody that a moment falls into.
func (h *history) holder(ms int64) int {
	i := 0
	for k, c := range h.custody {
		if c.From.UnixMs() <= ms {
			i = k
		}
	}
	return i
}

// judge finds the excursions of one limit, custody by custody. An episode that
// was beyond when a custody ended is carried over by the moment it began.
func (h *history) judge(l shipment.Limit) []shipment.Excursion {
	var out []shipment.Excursion
	carried := math.Inf(1) // nothing is carried over
	all := h.points(l)
	for k, c := range h.custody {
		if c.Delivered {
			break
		}
		var ps []point
		for _, p := range all {
			if h.holder(p.reading.At) == k {
				ps = append(ps, p)
			}
		}
		if len(ps) == 0 {
			continue
		}
		if l.Scope == "custody" {
			carried = math.Inf(1)
		}
		var found []shipment.Excursion
		found, carried = h.inCustody(l, k, ps, carried)
		out = append(out, found...)
	}
	return out
}

// points are the readings that have a value while anybody answers.
func (h *history) points(l shipment.Limit) []point {
	var out []point
	for _, r := range h.readings {
		if v, ok := h.quantity(l, r); ok && !h.custody[h.holder(r.At)].Delivered {
			out = append(out, point{r, seconds(r.At), v})
		}
	}
	if l.Rule != "shipment.violation.temperature-rate" {
		return out
	}
	var rates []point
	for i := 0; i < len(out); {
		next := slices.IndexFunc(out[i+1:], func(p point) bool {
			return p.reading.At-out[i].reading.At >= l.WindowMs || l.Scope == "custody" && h.holder(p.reading.At) != h.holder(out[i].reading.At)
		})
		if next < 0 {
			break
		}
		next += i + 1
		if l.Scope != "custody" || h.holder(out[next].reading.At) == h.holder(out[i].reading.At) {
			thousandths := math.Abs(math.Round(1000*out[next].value)-math.Round(1000*out[i].value)) * 60_000 / float64(out[next].reading.At-out[i].reading.At)
			rates = append(rates, point{out[next].reading, out[next].second, math.Floor(thousandths+1e-9) / 1000})
		}
		i = next
	}
	return rates
}

func (h *history) inCustody(l shipment.Limit, k int, ps []point, carried float64) ([]shipment.Excursion, float64) {
	var out []shipment.Excursion
	for i := 0; i < len(ps); {
		if !past(l, ps[i].value) {
			carried = math.Inf(1)
			i++
			continue
		}
		since := min(ps[i].second, carried)
		run := i // the end of the unbroken stay beyond that begins with i
		for run < len(ps) && past(l, ps[run].value) {
			run++
		}
		stays := slices.ContainsFunc(ps[i:run], func(p point) bool {
			return l.OnDelayMs == 0 || p.second-since > seconds(l.OnDelayMs)+1e-6
		})
		if !stays { // tolerated
			if run == len(ps) {
				return out, since
			}
			i = run
			continue
		}
		end := i + 1 // where it is within the bound for long enough, or where the custody's readings end
		for end < len(ps) && !settles(l, ps[end:]) {
			end++
		}
		e := h.describe(l, k, ps[i:end], since)
		if end == len(ps) {
			within := len(ps) // where the last readings within begin, if it ends within
			for within > 0 && !past(l, ps[within-1].value) {
				within--
			}
			h.endOfCustody(&e, k, ps, within)
			if within == len(ps) {
				return append(out, e), since
			}
			return append(out, e), math.Inf(1)
		}
		end = closed(&e, ps[end].reading, end, shipment.WithinLimit)
		out, i = append(out, e), end
	}
	return out, math.Inf(1)
}

// settles says whether the readings begin with a stay within the bound that lasts for the off delay.
func settles(l shipment.Limit, ps []point) bool {
	for _, p := range ps {
		if past(l, p.value) {
			return false
		}
		if p.second-ps[0].second >= seconds(l.OffDelayMs)-1e-6 {
			return true
		}
	}
	return false
}

func closed(e *shipment.Excursion, r measure.Reading, index int, why shipment.Ending) int {
	e.Open, e.ClosedAt, e.ClosedSequence, e.Ending = false, measure.At(r.At), r.Sequence, why
	e.DurationMs = r.At - e.OpenedAt.UnixMs()
	return index
}

// endOfCustody ends an excursion that goes on when the custody's readings end:
// by the next custody, by the end of the recording, or not yet.
func (h *history) endOfCustody(e *shipment.Excursion, k int, ps []point, within int) {
	i := slices.IndexFunc(h.readings, func(r measure.Reading) bool { return h.holder(r.At) > k })
	switch {
	case within < len(ps) && (i >= 0 || h.over()):
		closed(e, ps[within].reading, 0, shipment.WithinLimit)
	case i >= 0:
		next, why := h.custody[k+1], shipment.CustodyChanged
		if next.Delivered {
			why = shipment.Delivered
		}
		closed(e, measure.Reading{At: next.From.UnixMs(), Sequence: h.readings[i].Sequence}, 0, why)
	case h.over():
		closed(e, h.readings[len(h.readings)-1], 0, shipment.RecordingEnded)
	}
}

// describe is an excursion over these points, as long as it is open.
func (h *history) describe(l shipment.Limit, k int, ps []point, since float64) shipment.Excursion {
	peak, last, beyond := ps[0], ps[0], 0
	for _, p := range ps {
		if further(l, p.value, peak.value) {
			peak = p
		}
		if past(l, p.value) {
			last = p
			beyond++
		}
	}
	first := ps[0].reading
	return shipment.Excursion{
		ShipmentID: "S-1", ExcursionID: fmt.Sprintf("%s.%s.%d", device, l.LimitID, first.Sequence), DeviceID: device, LimitID: l.LimitID, Rule: l.Rule, LimitMilli: l.Milli,
		Custodian: h.custody[k].Custodian, Custody: k, Open: true, OpenedAt: measure.At(first.At), OpenedSequence: first.Sequence,
		PeakMilli: int64(math.Round(peak.value * 1000)), PeakAt: measure.At(peak.reading.At), PeakSequence: peak.reading.Sequence,
		ReadingsBeyond: int64(beyond), DurationMs: last.reading.At - first.At, BeyondSince: measure.At(int64(math.Round(since * 1000))),
	}
}
