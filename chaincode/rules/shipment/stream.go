package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Stream is the head of what one device has recorded for one shipment: where
// its chain of segments stands and how far the judgement is. Its size does not
// depend on how much was recorded.
type Stream struct {
	ShipmentID    string       `json:"shipmentId"`
	DeviceID      string       `json:"deviceId"`
	NextSequence  uint64       `json:"nextSequence"`  // of the next reading, from 1
	LastSegment   string       `json:"lastSegment"`   // hex SHA-256 of the last payload; 64 zeros before the first
	LastReadingAt measure.Time `json:"lastReadingAt"` // "" before the first
	Segments      uint64       `json:"segments"`
	Readings      uint64       `json:"readings"`
	Ended         bool         `json:"ended"`                                       // the device declared that it records no more
	Watches       []Watch      `json:"watches"`                                     // one for each limit of the terms
	Penalties     []Penalty    `json:"penalties"`                                   // sorted by custody and limit; those of zero excursions are left out
	LastPosition  *Position    `json:"lastPosition,omitempty" metadata:",optional"` // the last one that was measured
	Session       *Session     `json:"session,omitempty" metadata:",optional"`      // the last one announced
	Unopened      *Unopened    `json:"unopened,omitempty" metadata:",optional"`     // how far sealed segments are opened; nothing before the first
	Forks         uint64       `json:"forks,omitempty" metadata:",optional"`        // how many contradictions of the device are on record
	// LongestSilence is the longest time without any reading, from the first custody on.
	LongestSilence *Silence `json:"longestSilence,omitempty" metadata:",optional"`
	// HeardAt and HeardSequence are of the last reading that is judged, where readings come sealed and are opened later.
	HeardAt       measure.Time `json:"heardAt,omitempty" metadata:",optional"`
	HeardSequence uint64       `json:"heardSequence,omitempty" metadata:",optional"`
	// Concluded: the last judgement is made, and nothing is recorded any more.
	Concluded bool         `json:"concluded,omitempty" metadata:",optional"`
	ChangedAt measure.Time `json:"changedAt"`
}

// Segment is what the ledger keeps of one signed segment; its bytes are in the
// transaction that brought it. It never changes.
type Segment struct {
	ShipmentID    string       `json:"shipmentId"`
	DeviceID      string       `json:"deviceId"`
	Number        uint64       `json:"number"` // from 0
	FirstSequence uint64       `json:"firstSequence"`
	Readings      uint64       `json:"readings"`
	FirstAt       measure.Time `json:"firstAt,omitempty" metadata:",optional"`
	LastAt        measure.Time `json:"lastAt,omitempty" metadata:",optional"`
	Hash          string       `json:"hash"` // hex SHA-256 of the signed payload
	KeyID         string       `json:"keyId"`
	Final         bool         `json:"final"`
	Commitment    string       `json:"commitment,omitempty" metadata:",optional"` // hex; of a sealed segment, to its readings
	RecordedAt    measure.Time `json:"recordedAt"`
	RecordedBy    string       `json:"recordedBy"` // who carried it to the ledger
	TransactionID string       `json:"transactionId"`
}

// Batch is one verified segment, ready to be judged.
type Batch struct {
	FirstSequence uint64
	Previous      string // hex; the segment that this one follows
	Hash          string // hex
	KeyID         string
	Recorded      string // hex; the ledger's segment that begins with the same reading, or ""
	Final         bool
	Readings      []measure.Reading
	Sealing       *Sealing // instead of readings, when they are sealed
}

// NoSegment is what the first segment names as the one before it.
const NoSegment = "0000000000000000000000000000000000000000000000000000000000000000"

// NewStream is a device's stream before its first segment.
func NewStream(shipmentID, deviceID string, t Terms) Stream {
	s := Stream{ShipmentID: shipmentID, DeviceID: deviceID, NextSequence: 1, LastSegment: NoSegment, Watches: make([]Watch, len(t.Limits)), Penalties: []Penalty{}}
	for i := range s.Watches {
		s.Watches[i].Limit = i
	}
	return s
}

// Record takes segments in order and judges their readings. It refuses what
// does not continue the stream, and then nothing has changed: all of them or
// none. The receiver is not touched.
func (s Stream) Record(sh Shipment, t Terms, batches []Batch, w When) (Stream, []Segment, Judgement, error) {
	fail := func(err error) (Stream, []Segment, Judgement, error) { return s, nil, Judgement{}, err }
	custody := sh.CustodyOf(s.DeviceID)
	if len(custody) == 0 {
		if err := sh.expect(Agreed); err != nil {
			return fail(err)
		}
		return fail(fault.New(fault.CodeReadingsEarly, "shipment %s has neither been packed nor picked up", sh.ShipmentID).With("shipmentId", sh.ShipmentID))
	}
	if err := sh.expect(Packed, InTransit, Arrived, LostStatus); err != nil {
		return fail(err)
	}
	next := s
	j := newJudge(&next, t, custody)
	var out []Segment
	for i, b := range batches {
		if err := next.follows(b, batches[:i], s); err != nil {
			return fail(err)
		}
		if err := b.check(t); err != nil {
			return fail(err)
		}
		if err := checkTimes(next.LastReadingAt, custody[0].From, w.Now, b.ends()); err != nil {
			return fail(err)
		}
		if err := sh.answered(s.DeviceID, b.ends()); err != nil {
			return fail(err)
		}
		j.run(b.Readings)
		out = append(out, next.advance(b, w))
		if b.Final && b.Sealing == nil { // what is sealed is judged when it is opened
			last := max(next.LastReadingAt.UnixMs(), 0)
			j.finish(last, next.NextSequence-1)
		}
	}
	verdict, err := j.result()
	if err != nil {
		return fail(err)
	}
	return next, out, verdict, nil
}

// follows refuses a segment that is not the next one of this stream, and says
// which case it is: sent again, a gap, or another history (a cloned device).
// earlier are those before b in the same request, and onLedger is the stream
// without them: a device forgets what it is told that the ledger has, and of
// those the ledger has none.
func (s Stream) follows(b Batch, earlier []Batch, onLedger Stream) error {
	twice := slices.ContainsFunc(earlier, func(e Batch) bool { return e.Hash == b.Hash })
	var f *fault.Fault
	switch {
	case b.FirstSequence < onLedger.NextSequence && b.Recorded == b.Hash, b.Hash == onLedger.LastSegment:
		f = fault.New(fault.CodeSegmentReplayed, "the segment that begins with reading %d is on the ledger", b.FirstSequence)
	case twice:
		f = fault.New(fault.CodeSegmentOutOfOrder, "the segment that begins with reading %d stands twice in the request", b.FirstSequence)
	case b.FirstSequence < s.NextSequence:
		f = fault.New(fault.CodeSegmentForked, "the ledger has other bytes for reading %d", b.FirstSequence)
	case s.Ended, s.Concluded:
		f = fault.New(fault.CodeSegmentClosed, "device %s has ended its recording", s.DeviceID)
	case b.FirstSequence > s.NextSequence:
		f = fault.New(fault.CodeSegmentOutOfOrder, "the segment begins with reading %d, the next one is %d", b.FirstSequence, s.NextSequence)
	case b.Previous != s.LastSegment:
		f = fault.New(fault.CodeSegmentForked, "the segment follows %s, the last one on the ledger is %s", b.Previous, s.LastSegment)
	default:
		return nil
	}
	return f.With("deviceId", s.DeviceID).With("nextSequence", onLedger.NextSequence).With("lastSegment", onLedger.LastSegment)
}

// advance moves the head past b and gives the segment's summary.
func (s *Stream) advance(b Batch, w When) Segment {
	seg := Segment{
		ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, Number: s.Segments, FirstSequence: b.FirstSequence, Readings: b.count(),
		Hash: b.Hash, KeyID: b.KeyID, Final: b.Final, RecordedAt: w.Now, RecordedBy: w.Actor, TransactionID: w.TransactionID,
	}
	if b.Sealing != nil {
		seg.Commitment = b.Sealing.Commitment
	}
	if ends := b.ends(); len(ends) > 0 {
		seg.FirstAt, seg.LastAt = measure.At(ends[0].At), measure.At(ends[len(ends)-1].At)
		s.LastReadingAt, s.LastPosition = seg.LastAt, lastPosition(s.LastPosition, b.Readings)
	}
	s.NextSequence += seg.Readings
	s.Readings += seg.Readings
	s.Segments++
	s.LastSegment, s.Ended, s.ChangedAt = b.Hash, b.Final, w.Now
	return seg
}

// checkTimes holds what a judgement needs: readings go forward in time, begin
// after the pick-up, and do not lie in the future.
func checkTimes(last, pickUp, now measure.Time, readings []measure.Reading) error {
	before := int64(-1 << 62)
	if last != "" {
		before = last.UnixMs()
	}
	from, until := pickUp.UnixMs(), now.UnixMs()+measure.MaxSkewMs
	for i := range readings {
		at := readings[i].At
		switch {
		case at < from:
			return fault.New(fault.CodeReadingsEarly, "reading %d was taken before the pick-up", readings[i].Sequence).With("sequence", readings[i].Sequence).With("pickUp", string(pickUp))
		case at <= before || at > until:
			return fault.New(fault.CodeReadingsTime, "reading %d is not later than the one before it, or lies in the future", readings[i].Sequence).With("sequence", readings[i].Sequence).With("now", string(now))
		}
		before = at
	}
	return nil
}
