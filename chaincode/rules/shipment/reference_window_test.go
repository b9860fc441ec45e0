package shipment_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// The reference for totals, means, silence and money: window by window, from
// the whole history, in floating point.

// priced are the excursions of a limit with what they cost.
func (h *history) priced(l shipment.Limit) []shipment.Excursion {
	var es []shipment.Excursion
	switch {
	case l.Rule == "shipment.violation.missing-data":
		es = h.silences(l)
	case l.Cumulative, l.Rule == "shipment.violation.light-exposure", l.Rule == "shipment.violation.mean-kinetic-temperature":
		es = h.windows(l)
	default:
		es = h.judge(l)
		for i := range es {
			es[i].Reckoning.Measured = h.measured(l, es[i])
		}
	}
	slices.SortStableFunc(es, func(a, b shipment.Excursion) int { return int(a.OpenedAt.UnixMs() - b.OpenedAt.UnixMs()) })
	spent := map[int]float64{}
	for i := range es {
		e := &es[i]
		e.Exception = "ALARM_CONDITION"
		if l.Rule == "shipment.violation.missing-data" || l.Rule == "shipment.violation.device-error" {
			e.Exception = "ERROR_CONDITION"
		}
		fee := 0.0
		if leg := h.custody[e.Custody].Leg; leg >= 1 {
			fee = float64(h.terms.Legs[leg-1].FeeMinor)
		}
		quantity, price, amount := 1.0, float64(l.PenaltyMinor), float64(l.PenaltyMinor)
		switch l.PenaltyBy {
		case "minute":
			quantity = max(1, math.Ceil(float64(e.Reckoning.Measured)/60_000))
			amount = quantity * price
		case "unit-minute":
			quantity = max(1, math.Ceil(float64(e.Reckoning.Measured)/60_000_000))
			amount = quantity * price
		case "percentage":
			quantity, price = float64(l.PenaltyBasisPoints), fee
			amount = math.Floor(fee * quantity / 10_000)
		}
		booked, purse := amount, 0
		if l.Scope == "custody" {
			purse = e.Custody
		}
		if l.CapMinor > 0 {
			booked = min(amount, float64(l.CapMinor)-spent[purse])
		}
		spent[purse] += booked
		e.PenaltyMinor = money.Minor(booked)
		e.Reckoning = shipment.Reckoning{
			CountedBy: l.PenaltyBy, Measured: e.Reckoning.Measured, Quantity: int64(quantity), UnitPriceMinor: money.Minor(price),
			AmountMinor: money.Minor(amount), BookedMinor: money.Minor(booked),
		}
	}
	return es
}

// measured is what the penalty of a stay beyond is counted by.
func (h *history) measured(l shipment.Limit, e shipment.Excursion) int64 {
	var mine []point
	for _, p := range h.points(l) {
		if at := p.reading.At; h.holder(at) == e.Custody && at >= e.OpenedAt.UnixMs() && (e.Open || at < e.ClosedAt.UnixMs() || e.Ending == "recording-ended") {
			mine = append(mine, p)
		}
	}
	until := e.OpenedAt.UnixMs() + e.DurationMs
	if e.Open { // what is within again may yet be over
		for i := len(mine) - 1; i > 0 && !past(l, mine[i].value); i-- {
			until = mine[i].reading.At
		}
	}
	sum := 0.0
	for i, p := range mine {
		end := until
		if i+1 < len(mine) {
			end = min(end, mine[i+1].reading.At)
		}
		if past(l, p.value) {
			sum += math.Abs(math.Round(p.value*1000)-float64(l.Milli)) * float64(end-p.reading.At)
		}
	}
	switch l.PenaltyBy {
	case "minute":
		return until - e.OpenedAt.UnixMs()
	case "unit-minute":
		return int64(sum)
	}
	return 0
}

// stretch is a time for which a reading's value held, in one custody.
type stretch struct {
	from, to int64
	custody  int
	p        point
}

// frame is one window.
type frame struct {
	from, to   int64 // to: when it is over, whatever is known of it
	ending     shipment.Ending
	stretches  []stretch
	points     []point
	overNumber uint64 // of the first reading from the end on
	over       bool
}

// frames cuts the journey into windows and holds each value until the next
// reading with one, the last of all readings, or the window's end.
func (h *history) frames(l shipment.Limit) []*frame {
	byStart := map[int64]*frame{}
	var out []*frame
	for _, p := range h.points(l) {
		at := p.reading.At
		k := h.holder(at)
		start, end, ending := h.custody[0].From.UnixMs(), int64(math.MaxInt64), shipment.Ending("delivered")
		for i, c := range h.custody {
			if from := c.From.UnixMs(); from > at && end == math.MaxInt64 && (c.Delivered || l.Scope == "custody") {
				end = from
				if !c.Delivered {
					ending = "custody-changed"
				}
			}
			if l.Scope == "custody" && i == k {
				start = c.From.UnixMs()
			}
		}
		if l.WindowMs > 0 {
			start += int64(math.Floor(float64(at-start)/float64(l.WindowMs))) * l.WindowMs
			if start+l.WindowMs <= end {
				end, ending = start+l.WindowMs, "window-ended"
			}
		}
		f := byStart[start]
		if f == nil {
			f = &frame{from: start, to: end, ending: ending}
			byStart[start], out = f, append(out, f)
		}
		f.points = append(f.points, p)
	}
	last := h.readings[max(len(h.readings)-1, 0):]
	for _, f := range out {
		known := last[0].At
		if i := slices.IndexFunc(h.readings, func(r measure.Reading) bool { return r.At >= f.to }); i >= 0 {
			f.over, f.overNumber, known = true, h.readings[i].Sequence, f.to
		} else if h.over() {
			f.over, f.overNumber, f.to, f.ending = true, last[0].Sequence, last[0].At, "recording-ended"
		}
		for i, p := range f.points {
			end := known
			if i+1 < len(f.points) {
				end = f.points[i+1].reading.At
			}
			from := p.reading.At
			for from < end { // in parts, where custody changes
				k := h.holder(from)
				part := end
				if k+1 < len(h.custody) {
					part = min(part, h.custody[k+1].From.UnixMs())
				}
				f.stretches = append(f.stretches, stretch{from, part, k, p})
				from = part
			}
		}
	}
	return out
}

// windows finds in which windows a limit was broken, and by whom.
func (h *history) windows(l shipment.Limit) []shipment.Excursion {
	var out []shipment.Excursion
	for _, f := range h.frames(l) {
		var e shipment.Excursion
		found := false
		switch l.Rule {
		case "shipment.violation.mean-kinetic-temperature":
			e, found = h.mean(l, f)
		case "shipment.violation.light-exposure":
			e, found = h.sum(l, f, func(s stretch) float64 { return s.p.value }, float64(l.Milli))
		default:
			e, found = h.sum(l, f, func(s stretch) float64 {
				if past(l, s.p.value) {
					return 1
				}
				return 0
			}, float64(l.OnDelayMs))
		}
		if found {
			e.WindowFrom = measure.At(f.from)
			out = append(out, e)
		}
	}
	return out
}

// sum finds when the sum of weight times time passes the bound: for a dose, in
// thousandths of the unit, with times in seconds; for a time, in milliseconds.
func (h *history) sum(l shipment.Limit, f *frame, weight func(stretch) float64, bound float64) (shipment.Excursion, bool) {
	dose := l.Rule == "shipment.violation.light-exposure"
	total := 0.0 // milliseconds times weight
	for i, s := range f.stretches {
		w := math.Round(weight(s) * 1000)
		if !dose {
			w = weight(s)
		}
		limit := bound
		if dose {
			limit = bound * 1000
		}
		length := float64(s.to - s.from)
		if total+w*length <= limit {
			total += w * length
			continue
		}
		moment := s.from + int64(limit-total)
		if dose {
			moment = s.from + int64(math.Floor((limit-total)/w)) + 1
		}
		return h.brokenSum(l, f, i, s, moment, total), true
	}
	return shipment.Excursion{}, false
}

// brokenSum describes what follows from the moment on, in the same custody.
func (h *history) brokenSum(l shipment.Limit, f *frame, i int, s stretch, moment int64, total float64) shipment.Excursion {
	dose := l.Rule == "shipment.violation.light-exposure"
	e := h.begin(l, s.custody, moment, s.p.reading.Sequence)
	e.PeakMilli, e.PeakAt, e.PeakSequence = int64(math.Round(s.p.value*1000)), measure.At(moment), s.p.reading.Sequence
	e.ReadingsBeyond = 1
	var custodyEnd int64 = math.MaxInt64
	if s.custody+1 < len(h.custody) {
		custodyEnd = h.custody[s.custody+1].From.UnixMs()
	}
	lastBeyond, area, time := moment, 0.0, 0.0
	for _, x := range f.stretches[i:] {
		if x.custody != s.custody {
			break
		}
		from := max(x.from, moment)
		if dose {
			total += math.Round(x.p.value*1000) * float64(x.to-x.from)
			e.PeakMilli, e.PeakAt, e.PeakSequence = int64(math.Floor(total/1000)), measure.At(x.to), x.p.reading.Sequence
			lastBeyond = x.to
			continue
		}
		if past(l, x.p.value) {
			lastBeyond = x.to
			time += float64(x.to - from)
			area += float64(x.to-from) * math.Abs(math.Round(x.p.value*1000)-float64(l.Milli))
		}
	}
	for _, p := range f.points {
		if p.reading.Sequence <= s.p.reading.Sequence || p.reading.At >= custodyEnd {
			continue
		}
		if dose {
			e.ReadingsBeyond++
		} else if past(l, p.value) {
			e.ReadingsBeyond++
			if v := int64(math.Round(p.value * 1000)); further(l, p.value, float64(e.PeakMilli)/1000) {
				e.PeakMilli, e.PeakAt, e.PeakSequence = v, measure.At(p.reading.At), p.reading.Sequence
			}
		}
	}
	switch l.PenaltyBy {
	case "minute":
		e.Reckoning.Measured = int64(time)
	case "unit-minute":
		e.Reckoning.Measured = int64(area)
	}
	e.DurationMs = lastBeyond - moment
	later := slices.IndexFunc(h.readings, func(r measure.Reading) bool { return r.At >= custodyEnd })
	switch {
	case later >= 0 && (custodyEnd < f.to || custodyEnd == f.to && f.ending == "recording-ended"):
		closed(&e, measure.Reading{At: custodyEnd, Sequence: h.readings[later].Sequence}, 0, h.beginning(s.custody+1))
	case f.over:
		closed(&e, measure.Reading{At: f.to, Sequence: f.overNumber}, 0, f.ending)
	}
	return e
}

func (h *history) beginning(k int) shipment.Ending {
	if h.custody[k].Delivered {
		return "delivered"
	}
	return "custody-changed"
}

func (h *history) begin(l shipment.Limit, k int, ms int64, sequence uint64) shipment.Excursion {
	return shipment.Excursion{
		ShipmentID: "S-1", ExcursionID: fmt.Sprintf("%s.%s.%d", device, l.LimitID, sequence), DeviceID: device, LimitID: l.LimitID, Rule: l.Rule, LimitMilli: l.Milli,
		Custodian: h.custody[k].Custodian, Custody: k, Open: true, OpenedAt: measure.At(ms), OpenedSequence: sequence, BeyondSince: measure.At(ms),
	}
}

// mean is judged when the window is over.
func (h *history) mean(l shipment.Limit, f *frame) (shipment.Excursion, bool) {
	const activation = 83_144.72 / 8.314472 // joules per mole over joules per mole and kelvin
	sum, weights, excess := 0.0, 0.0, 0.0
	bound := float64(l.Milli)/1000 + 273.15
	var last stretch
	for _, s := range f.stretches {
		w := float64(s.to-s.from) / 1000
		sum += w * math.Exp(-activation/(s.p.value+273.15))
		excess += w * math.Expm1(activation/bound-activation/(s.p.value+273.15))
		weights += w
		last = s
	}
	if !f.over || weights == 0 {
		return shipment.Excursion{}, false
	}
	if math.Abs(excess/weights) < 1e-9 && excess != 0 {
		h.tooClose = true
	}
	if excess <= 0 {
		return shipment.Excursion{}, false
	}
	first := f.points[0].reading
	k := h.holder(f.to) // who has the goods when the window is over answers
	if f.ending != "recording-ended" {
		k = h.holder(f.to - 1)
	}
	e := h.begin(l, k, first.At, first.Sequence)
	e.PeakMilli = int64(math.Floor(1000 * (activation/-math.Log(sum/weights) - 273.15)))
	e.PeakAt, e.PeakSequence = measure.At(last.to), f.points[len(f.points)-1].reading.Sequence
	e.ReadingsBeyond = int64(len(f.points))
	closed(&e, measure.Reading{At: f.to, Sequence: f.overNumber}, 0, f.ending)
	return e, true
}

// silences are the times without a reading in each custody.
func (h *history) silences(l shipment.Limit) []shipment.Excursion {
	var out []shipment.Excursion
	for k, c := range h.custody {
		if c.Delivered {
			break
		}
		from, end := c.From.UnixMs(), int64(math.MaxInt64)
		if k+1 < len(h.custody) {
			end = h.custody[k+1].From.UnixMs()
		}
		since, before := h.custody[0].From.UnixMs(), uint64(0) // of the silence, whoever has custody
		for _, r := range h.readings {
			if r.At < from {
				since, before = r.At, r.Sequence
			}
		}
		if k == 0 {
			since = from
		}
		note := func(until int64, number uint64, why shipment.Ending) {
			if until-from <= l.Milli {
				return
			}
			e := h.begin(l, k, from, before)
			e.BeyondSince = measure.At(since)
			if since != from {
				e.ExcursionID = fmt.Sprintf("%s.%s~%d.%d", device, l.LimitID, k, before)
			}
			e.PeakMilli, e.PeakAt, e.PeakSequence = until-from, measure.At(until), number
			if l.PenaltyBy == "minute" {
				e.Reckoning.Measured = until - from
			}
			closed(&e, measure.Reading{At: until, Sequence: number}, 0, why)
			out = append(out, e)
		}
		ended := false
		for _, r := range h.readings {
			if r.At < from {
				continue
			}
			if r.At >= end {
				note(end, r.Sequence, h.beginning(k+1))
				ended = true
				break
			}
			note(r.At, r.Sequence, "within-limit")
			from, since, before = r.At, r.At, r.Sequence
		}
		switch {
		case ended || h.endMs == 0:
		case end <= h.endMs:
			note(end, 0, h.beginning(k+1))
		case from < h.endMs:
			note(h.endMs, 0, "recording-ended")
		}
	}
	return out
}

// longest is the longest silence on record, the first of equals; nil for none.
func (h *history) longest() *shipment.Silence {
	end := int64(math.MaxInt64)
	for _, c := range h.custody {
		if c.Delivered {
			end = c.From.UnixMs()
		}
	}
	var best *shipment.Silence
	from, after := h.custody[0].From.UnixMs(), uint64(0)
	note := func(at int64) {
		if until := min(at, end); until > from && (best == nil || until-from > best.DurationMs) {
			best = &shipment.Silence{From: measure.At(from), Until: measure.At(until), DurationMs: until - from, AfterSequence: after}
		}
	}
	for _, r := range h.readings {
		note(r.At)
		from, after = r.At, r.Sequence
	}
	if h.endMs > 0 {
		note(h.endMs)
	}
	return best
}

// winds says by its winding angle whether a position is in an area, or on its edge.
func (h *history) winds(geofence string, latitude, longitude float64) bool {
	i := slices.IndexFunc(h.terms.Geofences, func(g shipment.Geofence) bool { return g.GeofenceID == geofence })
	corners := h.terms.Geofences[i].Corners
	turned := 0.0
	for i, c := range corners {
		d := corners[(i+1)%len(corners)]
		ax, ay := float64(c.LongitudeMilli)/1000-longitude, float64(c.LatitudeMilli)/1000-latitude
		bx, by := float64(d.LongitudeMilli)/1000-longitude, float64(d.LatitudeMilli)/1000-latitude
		if math.Abs(math.Hypot(ax, ay)+math.Hypot(bx, by)-math.Hypot(bx-ax, by-ay)) < 1e-9 {
			return true // on the edge
		}
		turned += math.Atan2(ax*by-ay*bx, ax*bx+ay*by)
	}
	return math.Abs(turned) > math.Pi
}
