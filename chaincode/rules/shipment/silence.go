package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// Silence is a time without any reading of a device, while anybody had the goods
// who answers for them.
type Silence struct {
	From          measure.Time `json:"from"`
	Until         measure.Time `json:"until"`
	DurationMs    int64        `json:"durationMs"`
	AfterSequence uint64       `json:"afterSequence"` // the last reading before it, 0 for none
}

// quiet is what is known of a device's silences.
type quiet struct {
	lastMs       int64 // the last reading, or the beginning of the first custody
	lastSequence uint64
	longest      struct {
		fromMs, untilMs int64
		after           uint64
	}
	patience int64 // a silence that is not longer than this is nothing to anybody
}

// listen begins where the stream stands.
func (j *judge) listen() quiet {
	var q quiet
	if len(j.custody) > 0 {
		q.lastMs = j.custody[0].fromMs
	}
	heard, sequence := j.stream.LastReadingAt, j.stream.NextSequence-1
	if j.terms.Confidential { // what is sealed is not heard before it is opened
		heard, sequence = j.stream.HeardAt, j.stream.HeardSequence
	}
	if q.lastSequence = sequence; heard != "" {
		q.lastMs = heard.UnixMs()
	}
	if l := j.stream.LongestSilence; l != nil {
		q.longest.fromMs, q.longest.untilMs, q.longest.after = l.From.UnixMs(), l.Until.UnixMs(), l.AfterSequence
	}
	q.patience = j.bear(q)
	return q
}

// bear is the shortest silence that has to be looked at, less one millisecond.
func (j *judge) bear(q quiet) int64 {
	least := q.longest.untilMs - q.longest.fromMs
	for k := range j.follow {
		if f := &j.follow[k]; f.silence(j.stream.DeviceID) {
			least = min(least, f.limit.Milli)
		}
	}
	return least
}

func (f *follower) silence(device string) bool {
	return f.rule.Method == BySilence && f.limit.judges(device)
}

// hear ends the silence before a reading.
func (j *judge) hear(at int64, sequence uint64) {
	if at-j.quiet.lastMs > j.quiet.patience {
		j.silent(at, sequence, WithinLimit)
	}
	j.quiet.lastMs, j.quiet.lastSequence = at, sequence
}

// silent judges a silence, custody by custody: each custodian answers for its
// own part of it. sequence is the reading that ended it, 0 when none did.
func (j *judge) silent(untilMs int64, sequence uint64, why Ending) {
	q := &j.quiet
	for i, c := range j.custody {
		if c.delivered || c.fromMs >= untilMs {
			break
		}
		from, until, ending := max(q.lastMs, c.fromMs), untilMs, why
		if i+1 < len(j.custody) && j.custody[i+1].fromMs <= untilMs {
			until, ending = j.custody[i+1].fromMs, j.custody[i+1].beginning()
		}
		if until <= from {
			continue
		}
		if until-q.lastMs > q.longest.untilMs-q.longest.fromMs {
			q.longest.fromMs, q.longest.untilMs, q.longest.after = q.lastMs, until, q.lastSequence
		}
		for k := range j.follow {
			f := &j.follow[k]
			if !f.silence(j.stream.DeviceID) || until-from <= f.limit.Milli {
				continue
			}
			w := Watch{
				Limit: k, Excursion: true, Custody: i, SinceMs: q.lastMs, OpenedMs: from, OpenedSequence: q.lastSequence,
				PeakMilli: until - from, PeakMs: until, PeakSequence: sequence, LastMs: until,
			}
			if f.byTime {
				w.MeasuredLow = until - from
			}
			j.price(f, &w, 1)
			j.change(func() Excursion { return j.record(f, &w).close(until, sequence, ending) })
		}
	}
	q.patience = j.bear(*q)
}

// keep puts the longest silence on record.
func (q quiet) keep(s *Stream, t Terms) {
	if t.Confidential && q.lastSequence > 0 {
		s.HeardAt, s.HeardSequence = measure.At(q.lastMs), q.lastSequence
	}
	if l := q.longest; l.untilMs > l.fromMs {
		s.LongestSilence = &Silence{From: measure.At(l.fromMs), Until: measure.At(l.untilMs), DurationMs: l.untilMs - l.fromMs, AfterSequence: l.after}
	}
}
