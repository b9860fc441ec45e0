package shipment

import (
	"math"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// A total or a mean is taken over a window: one follows the other, from the
// beginning of the scope on. Without a window it is taken over the whole scope.
// A value holds until the next reading, but not beyond the end of its window: of
// what comes then nothing is known, and that is for the rule about missing data
// to judge. In each window a limit is broken at most once (ADR 14).

// total follows a limit that has a window over one reading.
func (j *judge) total(f *follower, at int, r *measure.Reading) {
	w := f.watch
	switch delivered := j.custody[at].delivered; {
	case delivered && w.WindowMs == 0:
		return
	case w.WindowMs == 0:
		j.openWindow(f, at, r.At)
	default:
		j.pass(f, at, r)
	}
	if j.custody[at].delivered {
		return
	}
	v, present := f.measured(r)
	if !present {
		return
	}
	w.HeldMs, w.HeldMilli, w.HeldSequence = r.At, v, r.Sequence
	switch {
	case f.rule.Method == ByMean:
		if w.OpenedSequence == 0 {
			w.SinceMs, w.OpenedMs, w.OpenedSequence = r.At, r.At, r.Sequence
		}
		w.ReadingsBeyond++
	case w.Excursion && f.rule.Method == ByDose:
		w.ReadingsBeyond++
	case w.Excursion && f.rule.violates(v, f.limit.Milli):
		w.ReadingsBeyond++
		if f.rule.worse(v, w.PeakMilli) {
			w.PeakMilli, w.PeakMs, w.PeakSequence = v, r.At, r.Sequence
		}
	}
}

// openWindow begins the window into which a moment falls.
func (j *judge) openWindow(f *follower, at int, ms int64) {
	*f.watch = Watch{Limit: f.watch.Limit}
	if j.custody[at].delivered {
		return
	}
	from := j.custody[0].fromMs
	if f.limit.Scope == EachCustody {
		from = j.custody[at].fromMs
	}
	if f.limit.WindowMs > 0 {
		from += (ms - from) / f.limit.WindowMs * f.limit.WindowMs
	}
	f.watch.Custody, f.watch.WindowMs = at, from
}

// pass counts the time up to a reading: up to the end of the window, and across
// hand-overs when the total goes on over them.
func (j *judge) pass(f *follower, at int, r *measure.Reading) {
	w := f.watch
	for {
		windowEnds, custodyEnds := int64(math.MaxInt64), int64(math.MaxInt64)
		if f.limit.WindowMs > 0 {
			windowEnds = w.WindowMs + f.limit.WindowMs
		}
		if w.Custody+1 < len(j.custody) {
			custodyEnds = j.custody[w.Custody+1].fromMs
		}
		if r.At < min(windowEnds, custodyEnds) {
			j.count(f, r.At)
			return
		}
		if windowEnds <= custodyEnds {
			j.closeWindow(f, windowEnds, r.Sequence, WindowEnded)
			j.openWindow(f, at, r.At)
			return
		}
		next := j.custody[w.Custody+1]
		if f.limit.Scope == EachCustody || next.delivered {
			j.closeWindow(f, custodyEnds, r.Sequence, next.beginning())
			j.openWindow(f, at, r.At)
			return
		}
		j.count(f, custodyEnds)
		if w.Excursion {
			j.change(func() Excursion { return j.record(f, w).close(custodyEnds, r.Sequence, CustodyChanged) })
			*w = Watch{
				Limit: w.Limit, WindowMs: w.WindowMs, Spent: true, TotalHigh: w.TotalHigh, TotalLow: w.TotalLow,
				HeldMs: w.HeldMs, HeldMilli: w.HeldMilli, HeldSequence: w.HeldSequence, Custody: w.Custody,
			}
		}
		w.Custody++
	}
}

// count adds the time that the last value held until now.
func (j *judge) count(f *follower, untilMs int64) {
	w := f.watch
	lasted, v := untilMs-w.HeldMs, w.HeldMilli
	if w.HeldSequence == 0 || lasted <= 0 {
		return
	}
	w.HeldMs = untilMs
	switch f.rule.Method {
	case ByMean:
		w.setTotal(w.total().add(product(f.weight(v), uint64(lasted))))
		w.WeightMs, w.LastMs = w.WeightMs+lasted, untilMs
	case ByDose:
		before := w.total()
		after := before.add(product(uint64(v), uint64(lasted)))
		w.setTotal(after)
		bound := product(uint64(f.limit.Milli), 1000) // thousandths of a lux times milliseconds
		if after.compare(bound) > 0 && !w.Excursion && !w.Spent {
			j.broken(f, untilMs-lasted+bound.minus(before).over(uint64(v))+1)
		}
		if w.Excursion {
			w.PeakMilli, w.PeakMs, w.PeakSequence, w.LastMs = after.over(1000), untilMs, w.HeldSequence, untilMs
		}
	default:
		if f.rule.violates(v, f.limit.Milli) {
			j.addBeyond(f, untilMs, lasted)
		}
	}
}

// addBeyond adds time beyond the bound, of which counts for the penalty what
// comes after the total passed the tolerance.
func (j *judge) addBeyond(f *follower, untilMs, lasted int64) {
	w := f.watch
	w.TotalLow += lasted
	counts := min(lasted, w.TotalLow-f.limit.OnDelayMs)
	if counts <= 0 || w.Spent {
		return
	}
	if !w.Excursion {
		j.broken(f, untilMs-counts)
	}
	w.LastMs = untilMs
	switch f.limit.PenaltyBy {
	case ByMinute:
		w.addMeasured(total{0, uint64(counts)})
	case ByUnitMinute:
		w.addMeasured(product(f.distance(w.HeldMilli), uint64(counts)))
	}
	if f.byTime {
		j.price(f, w, 0)
	}
}

// broken opens the excursion of a total, at the moment when that passed what was agreed.
func (j *judge) broken(f *follower, ms int64) {
	w := f.watch
	w.Beyond, w.Excursion, w.ReadingsBeyond = true, true, 1
	w.SinceMs, w.OpenedMs, w.OpenedSequence, w.LastMs = ms, ms, w.HeldSequence, ms
	w.PeakMilli, w.PeakMs, w.PeakSequence = w.HeldMilli, ms, w.HeldSequence
	j.price(f, w, 1)
}

// closeWindow counts up to the window's end and closes what is open. A mean is
// judged only now: before, it would be one over less time than agreed.
func (j *judge) closeWindow(f *follower, atMs int64, sequence uint64, why Ending) {
	w := f.watch
	j.count(f, atMs)
	if f.rule.Method == ByMean && w.total().compare(product(one, uint64(w.WeightMs))) > 0 {
		w.PeakMilli, w.PeakMs, w.PeakSequence = meanKinetic(f.limit.Milli, w.total(), w.WeightMs), w.LastMs, w.HeldSequence
		w.Excursion = true
		j.price(f, w, 1)
	}
	if w.Excursion {
		j.change(func() Excursion { return j.record(f, w).close(atMs, sequence, why) })
	}
	*w = Watch{Limit: w.Limit}
}

// weight of a value in a mean. Values of a sensor stay for a while, so the last one is kept.
func (f *follower) weight(v int64) uint64 {
	if k := &f.kinetic; k.weight == 0 || k.value != v {
		k.value, k.weight = v, kineticWeight(f.limit.Milli, v)
	}
	return f.kinetic.weight
}
