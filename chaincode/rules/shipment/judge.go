package shipment

import (
	"cmp"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
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
	follow  []follower // parallel to terms.Limits
	quiet   quiet
	changed []Excursion
	changes int // how many there are; changed holds at most MaxChanges of them
}

// span is a custody with its beginning as a number, to be compared with readings.
type span struct {
	custodian string
	fromMs    int64
	delivered bool
	feeMinor  money.Minor // of its leg
}

func spans(custody []Custody, t Terms) []span {
	out := make([]span, len(custody))
	for i, c := range custody {
		out[i] = span{custodian: c.Custodian, fromMs: c.From.UnixMs(), delivered: c.Delivered}
		if c.Leg >= 1 && c.Leg <= len(t.Legs) {
			out[i].feeMinor = t.Legs[c.Leg-1].FeeMinor
		}
	}
	return out
}

// follower is one limit on its way along the readings.
type follower struct {
	limit    *Limit
	rule     Rule
	watch    *Watch
	measured func(*measure.Reading) (int64, bool)
	idle     bool // it is not judged by the readings of this device
	windowed bool // it has a total or a mean over a window
	byTime   bool // its penalty grows with time
	kinetic  struct {
		value  int64
		weight uint64 // of the value before, since values stay for a while; 0: not known
	}
}

// newJudge judges a copy of what is watched and owed, so that a refusal leaves
// everything as it was.
func newJudge(s *Stream, t Terms, custody []Custody) *judge {
	s.Watches, s.Penalties = slices.Clone(s.Watches), slices.Clone(s.Penalties)
	j := &judge{stream: s, terms: t, custody: spans(custody, t), follow: make([]follower, len(t.Limits))}
	for i := range t.Limits {
		l := &t.Limits[i]
		rule, _ := RuleByID(l.Rule) // terms with an unknown rule are never agreed
		f := follower{limit: l, rule: rule, watch: &s.Watches[i], measured: rule.Measured}
		f.idle = rule.Method == BySilence || rule.Method == ByJourney || !l.judges(s.DeviceID)
		f.windowed = l.Cumulative || rule.Method == ByDose || rule.Method == ByMean
		f.byTime = l.PenaltyBy == ByMinute || l.PenaltyBy == ByUnitMinute
		if rule.ID == OutsideGeofence.ID {
			f.measured = t.geofence(l.GeofenceID).outside
		}
		j.follow[i] = f
	}
	j.quiet = j.listen()
	return j
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
		j.hear(r.At, r.Sequence)
		for k := range j.follow {
			switch f := &j.follow[k]; {
			case f.idle:
			case f.windowed:
				j.total(f, at, r)
			default:
				j.step(f, at, r)
			}
		}
	}
}

// step follows one limit, by each reading's own value, over one reading.
func (j *judge) step(f *follower, at int, r *measure.Reading) {
	w := f.watch
	if w.Beyond && w.Custody != at {
		j.changeCustody(f, at, r.Sequence)
	}
	if j.custody[at].delivered {
		return
	}
	v, present := f.measured(r)
	if present && f.rule.Method == ByRate {
		v, present = f.rate(r.At, v, j.custody[at].fromMs)
	}
	if !present {
		return
	}
	if f.rule.violates(v, f.limit.Milli) {
		j.beyond(f, at, r, v)
		return
	}
	if !w.Beyond {
		return
	}
	if !w.Excursion { // within the tolerance: it has come to nothing, and the next tolerance begins anew
		w.forget()
		return
	}
	if w.WithinSequence == 0 {
		f.lasted(r.At)
		j.price(f, w, 0)
		w.WithinMs, w.WithinSequence = r.At, r.Sequence
	}
	if r.At-w.WithinMs >= f.limit.OffDelayMs {
		j.end(f, w.WithinMs, w.WithinSequence, WithinLimit)
	}
}

func (j *judge) beyond(f *follower, at int, r *measure.Reading, v int64) {
	w := f.watch
	switch {
	case !w.Beyond:
		w.forget()
		w.Beyond, w.Custody, w.SinceMs = true, at, r.At
		w.OpenedMs, w.OpenedSequence, w.PeakMilli, w.PeakMs, w.PeakSequence = r.At, r.Sequence, v, r.At, r.Sequence
	case w.OpenedSequence == 0: // the first reading after a hand-over, still beyond
		w.OpenedMs, w.OpenedSequence, w.PeakMilli, w.PeakMs, w.PeakSequence = r.At, r.Sequence, v, r.At, r.Sequence
	case f.rule.worse(v, w.PeakMilli):
		w.PeakMilli, w.PeakMs, w.PeakSequence = v, r.At, r.Sequence
	}
	if f.byTime {
		f.lasted(r.At)
		w.HeldMs, w.HeldMilli, w.HeldSequence = r.At, v, r.Sequence
	}
	w.ReadingsBeyond++
	w.LastMs, w.WithinMs, w.WithinSequence = r.At, 0, 0
	switch {
	case w.Excursion && f.byTime:
		j.price(f, w, 0)
	case !w.Excursion && (f.limit.OnDelayMs == 0 || r.At-w.SinceMs > f.limit.OnDelayMs):
		w.Excursion = true
		j.price(f, w, 1)
	}
}

// lasted counts, for a penalty by time, how long the episode has lasted, and how
// far beyond the bound the last value was until now.
func (f *follower) lasted(untilMs int64) {
	w := f.watch
	switch {
	case f.limit.PenaltyBy == ByMinute:
		w.MeasuredHigh, w.MeasuredLow = 0, untilMs-w.OpenedMs
	case f.limit.PenaltyBy == ByUnitMinute && w.HeldSequence > 0 && w.WithinSequence == 0:
		w.addMeasured(product(f.distance(w.HeldMilli), uint64(untilMs-w.HeldMs)))
		w.HeldMs = untilMs
	}
}

// distance is how far a value is beyond the bound.
func (f *follower) distance(v int64) uint64 {
	if f.rule.High {
		return uint64(v - f.limit.Milli)
	}
	return uint64(f.limit.Milli - v)
}

// rate is how much the value changed in a minute since the reading with which
// the rate begins, in whole thousandths; the reading is then where the next one
// begins. Each custodian's own begins with a reading of its own.
func (f *follower) rate(at, v, custodyMs int64) (int64, bool) {
	w := f.watch
	from, was := w.FromMs, w.FromMilli
	begins := from == 0 || f.limit.Scope == EachCustody && from < custodyMs
	if !begins && at-from < f.limit.WindowMs {
		return 0, false
	}
	w.FromMs, w.FromMilli = at, v
	return max(v-was, was-v) * minuteMs / max(at-from, 1), !begins
}

// changeCustody ends the part of an episode that fell into the former custody.
// What goes on beyond the limit begins anew for the next custodian, whose
// tolerance does not begin anew, unless each has its own: the goods have been
// out of bounds all along.
func (j *judge) changeCustody(f *follower, at int, sequence uint64) {
	w := f.watch
	since, within, withinSequence := w.SinceMs, w.WithinMs, w.WithinSequence
	next := j.custody[w.Custody+1]
	closedMs, why := next.fromMs, next.beginning()
	if withinSequence > 0 { // it was within the limit again before the hand-over
		closedMs, sequence, why = within, withinSequence, WithinLimit
	}
	goesOn := withinSequence == 0 && !j.custody[at].delivered && f.limit.Scope == WholeJourney
	j.end(f, closedMs, sequence, why)
	if goesOn {
		w.Beyond, w.Custody, w.SinceMs = true, at, since
	}
}

// beginning is how an excursion of the former custody ends when this one begins.
func (s span) beginning() Ending {
	if s.delivered {
		return Delivered
	}
	return CustodyChanged
}

// end closes the running episode; if it had become an excursion, so is that.
func (j *judge) end(f *follower, atMs int64, sequence uint64, why Ending) {
	if w := f.watch; w.Excursion {
		f.lasted(atMs)
		j.price(f, w, 0)
		j.change(func() Excursion { return j.record(f, w).close(atMs, sequence, why) })
	}
	f.watch.forget()
}

// price books what the excursion has come to cost since it was priced last;
// begun is 1 the first time. So what is owed does not depend on how the readings
// were cut into batches.
func (j *judge) price(f *follower, w *Watch, begun int64) {
	c := j.custody[w.Custody]
	amount := f.limit.reckon(w.measured(), c.feeMinor).AmountMinor
	add := min(amount-w.AmountMinor, f.limit.left(j.stream.Penalties, w.Custody))
	w.AmountMinor, w.BookedMinor = amount, w.BookedMinor+add
	if begun > 0 || add > 0 {
		j.stream.Penalties = book(j.stream.Penalties, Penalty{Custody: w.Custody, Custodian: c.custodian, LimitID: f.limit.LimitID, Excursions: begun, PenaltyMinor: add})
	}
}

// finish closes what is still open when the device has ended its recording.
func (j *judge) finish(lastMs int64, lastSequence uint64) {
	for k := range j.follow {
		f := &j.follow[k]
		switch w := f.watch; {
		case f.windowed:
			j.closeWindow(f, lastMs, lastSequence, RecordingEnded)
		case w.Beyond && w.WithinSequence > 0:
			j.end(f, w.WithinMs, w.WithinSequence, WithinLimit)
		case w.Beyond:
			j.end(f, lastMs, lastSequence, RecordingEnded)
		}
		*f.watch = Watch{Limit: f.watch.Limit}
	}
}

// result adds what is still open to what was closed, in order of opening.
func (j *judge) result() (Judgement, error) {
	for k := range j.follow {
		if f := &j.follow[k]; f.watch.Beyond && f.watch.Excursion {
			j.change(func() Excursion { return j.record(f, f.watch) })
		}
	}
	if j.changes > MaxChanges {
		return Judgement{}, fault.New(fault.CodeSegmentExcursions, "these readings change %d excursions, a transaction may change %d", j.changes, MaxChanges).
			With("excursions", j.changes).With("most", MaxChanges)
	}
	j.quiet.keep(j.stream, j.terms)
	slices.SortStableFunc(j.changed, func(a, b Excursion) int {
		return cmp.Or(cmp.Compare(a.OpenedSequence, b.OpenedSequence), cmp.Compare(j.index(a.LimitID), j.index(b.LimitID)))
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

func (j *judge) record(f *follower, w *Watch) Excursion {
	return f.excursion(j.stream, w, j.custody[w.Custody])
}

func (j *judge) index(limitID string) int {
	return slices.IndexFunc(j.terms.Limits, func(l Limit) bool { return l.LimitID == limitID })
}
