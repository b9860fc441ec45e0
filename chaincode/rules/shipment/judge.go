package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// MaxChanges bounds how many excursion records one transaction writes.
const MaxChanges = 1024

// Judgement is what a batch of readings changed: excursions that opened, went
// on, or closed, each once and as it stands now, in the order in which they opened.
type Judgement struct {
	Excursions []Excursion
}

// judge is one run over one batch. Custodies are contiguous, so a cursor that
// only moves forward finds the one a reading falls into.
type judge struct {
	stream  *Stream
	terms   Terms
	custody []span
	rules   []Rule // parallel to terms.Limits
	changed []Excursion
	changes int // how many there are; changed holds at most MaxChanges of them
}

// span is a custody with its beginning as a number, to be compared with readings.
type span struct {
	custodian string
	fromMs    int64
	delivered bool
}

func spans(custody []Custody) []span {
	out := make([]span, len(custody))
	for i, c := range custody {
		out[i] = span{c.Custodian, c.From.UnixMs(), c.Delivered}
	}
	return out
}

// run judges readings in order. It is incremental: judging two batches one
// after the other gives exactly what judging them at once gives.
func (j *judge) run(readings []measure.Reading) {
	at := 0
	for i := range readings {
		r := &readings[i]
		for at+1 < len(j.custody) && j.custody[at+1].fromMs <= r.At {
			at++
		}
		for k := range j.stream.Watches {
			j.step(&j.stream.Watches[k], j.rules[k], at, r)
		}
	}
}

// step follows one limit over one reading.
func (j *judge) step(w *Watch, rule Rule, at int, r *measure.Reading) {
	if w.Beyond && w.Custody != at {
		j.changeCustody(w, at, r.Sequence)
	}
	v, present := rule.Measured(r)
	if !present || j.custody[at].delivered {
		return
	}
	limit := j.terms.Limits[w.Limit]
	if rule.violates(v, limit.Milli) {
		j.beyond(w, rule, limit, at, r, v)
		return
	}
	if !w.Beyond {
		return
	}
	if !w.Excursion { // within the tolerance: it has come to nothing, and the next tolerance begins anew
		*w = Watch{Limit: w.Limit}
		return
	}
	if w.WithinSequence == 0 {
		w.WithinMs, w.WithinSequence = r.At, r.Sequence
	}
	if r.At-w.WithinMs >= limit.OffDelayMs {
		j.end(w, w.WithinMs, w.WithinSequence, WithinLimit)
	}
}

func (j *judge) beyond(w *Watch, rule Rule, limit Limit, at int, r *measure.Reading, v int64) {
	switch {
	case !w.Beyond:
		*w = Watch{Limit: w.Limit, Beyond: true, Custody: at, SinceMs: r.At, OpenedMs: r.At, OpenedSequence: r.Sequence, PeakMilli: v, PeakMs: r.At, PeakSequence: r.Sequence}
	case w.OpenedSequence == 0: // the first reading after a hand-over, still beyond
		w.OpenedMs, w.OpenedSequence, w.PeakMilli, w.PeakMs, w.PeakSequence = r.At, r.Sequence, v, r.At, r.Sequence
	case rule.worse(v, w.PeakMilli):
		w.PeakMilli, w.PeakMs, w.PeakSequence = v, r.At, r.Sequence
	}
	w.ReadingsBeyond++
	w.LastMs, w.WithinMs, w.WithinSequence = r.At, 0, 0
	if w.Excursion || limit.OnDelayMs > 0 && r.At-w.SinceMs <= limit.OnDelayMs {
		return
	}
	w.Excursion = true
	j.stream.Penalties = book(j.stream.Penalties, Penalty{Custody: at, Custodian: j.custody[at].custodian, LimitID: limit.LimitID, Excursions: 1, PenaltyMinor: limit.PenaltyMinor})
}

// changeCustody ends the part of an episode that fell into the former custody.
// What goes on beyond the limit begins anew for the next custodian, whose
// tolerance does not begin anew: the goods have been out of bounds all along.
func (j *judge) changeCustody(w *Watch, at int, sequence uint64) {
	since, within, withinSequence := w.SinceMs, w.WithinMs, w.WithinSequence
	next := j.custody[w.Custody+1]
	why := CustodyChanged
	if next.delivered {
		why = Delivered
	}
	closedMs := next.fromMs
	if withinSequence > 0 { // it was within the limit again before the hand-over
		closedMs, sequence, why = within, withinSequence, WithinLimit
	}
	goesOn := withinSequence == 0 && !j.custody[at].delivered
	j.end(w, closedMs, sequence, why)
	if goesOn {
		*w = Watch{Limit: w.Limit, Beyond: true, Custody: at, SinceMs: since}
	}
}

// end closes the running episode; if it had become an excursion, so is that.
func (j *judge) end(w *Watch, atMs int64, sequence uint64, why Ending) {
	if w.Excursion {
		j.change(func() Excursion { return j.record(*w).close(atMs, sequence, why) })
	}
	*w = Watch{Limit: w.Limit}
}

// finish closes what is still open when the device has ended its recording.
func (j *judge) finish(lastMs int64, lastSequence uint64) {
	for k := range j.stream.Watches {
		w := &j.stream.Watches[k]
		switch {
		case w.Beyond && w.WithinSequence > 0:
			j.end(w, w.WithinMs, w.WithinSequence, WithinLimit)
		case w.Beyond:
			j.end(w, lastMs, lastSequence, RecordingEnded)
		}
	}
}

// result adds what is still open to what was closed, in order of opening.
func (j *judge) result() (Judgement, error) {
	for _, w := range j.stream.Watches {
		if w.Beyond && w.Excursion {
			j.change(func() Excursion { return j.record(w) })
		}
	}
	if j.changes > MaxChanges {
		return Judgement{}, fault.New(fault.CodeSegmentExcursions, "these readings change %d excursions, a transaction may change %d", j.changes, MaxChanges).
			With("excursions", j.changes).With("most", MaxChanges)
	}
	slices.SortStableFunc(j.changed, func(a, b Excursion) int {
		if a.OpenedSequence != b.OpenedSequence {
			return int(min(max(int64(a.OpenedSequence)-int64(b.OpenedSequence), -1), 1))
		}
		return j.index(a.LimitID) - j.index(b.LimitID)
	})
	return Judgement{Excursions: j.changed}, nil
}

// change counts an excursion that changed. It makes the records only of as many
// as can be written: a few kilobytes of readings can pass sixteen limits half a
// million times, and would otherwise take a gigabyte before they are refused.
func (j *judge) change(e func() Excursion) {
	if j.changes++; j.changes <= MaxChanges {
		j.changed = append(j.changed, e())
	}
}

func (j *judge) record(w Watch) Excursion {
	return w.excursion(*j.stream, j.terms.Limits[w.Limit], j.custody[w.Custody].custodian)
}

func (j *judge) index(limitID string) int {
	return slices.IndexFunc(j.terms.Limits, func(l Limit) bool { return l.LimitID == limitID })
}
