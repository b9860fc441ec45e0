package shipment

import (
	"math"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Sealing is what a sealed segment shows of readings that only the parties can
// read: how many, from when to when, and a commitment to them.
type Sealing struct {
	Readings   uint64
	FirstMs    int64
	LastMs     int64
	Commitment string   // hex
	Recipients []string // sorted
}

// Unopened says how far the sealed segments of a stream have been opened, and so
// judged. Recording goes on without it.
type Unopened struct {
	NextSequence uint64 `json:"nextSequence"` // the first reading that is not opened
	Opened       uint64 `json:"opened"`       // segments
	LastHash     string `json:"lastHash"`     // of the last sealed segment that was opened; 64 zeros before the first
}

// Opening is the append-only record that a party has revealed a sealed segment.
type Opening struct {
	ShipmentID    string       `json:"shipmentId"`
	DeviceID      string       `json:"deviceId"`
	FirstSequence uint64       `json:"firstSequence"`
	Hash          string       `json:"hash"`       // of the sealed segment
	Commitment    string       `json:"commitment"` // which the revealed readings fit
	Spoilt        bool         `json:"spoilt"`     // the device sealed something that is not what it said; nothing is judged of it
	OpenedBy      string       `json:"openedBy"`
	OpenedAt      measure.Time `json:"openedAt"`
	TransactionID string       `json:"transactionId"`
}

// Revealed is a sealed segment with what was revealed of it.
type Revealed struct {
	Segment    Segment
	Commitment string            // hex; of what was revealed
	Readings   []measure.Reading // of a segment that is as its seal says
	Spoilt     bool
}

// check holds a sealed batch to the terms: all parties can read it, and nobody else.
func (b Batch) check(t Terms) error {
	if (b.Sealing != nil) != t.Confidential {
		asked, brought := "open", "sealed"
		if t.Confidential {
			asked, brought = brought, asked
		}
		return fault.New(fault.CodeSegmentSealing, "the terms ask for %s segments, this one is %s", asked, brought).With("confidential", t.Confidential)
	}
	if b.Sealing == nil {
		return nil
	}
	parties := t.Parties()
	slices.Sort(parties)
	if !slices.Equal(slices.Compact(parties), b.Sealing.Recipients) {
		return fault.New(fault.CodeSegmentSealing, "the segment is not sealed to the parties, all of them and nobody else").With("confidential", true)
	}
	return nil
}

// count is how many readings the batch holds, open or sealed.
func (b Batch) count() uint64 {
	if b.Sealing != nil {
		return b.Sealing.Readings
	}
	return uint64(len(b.Readings))
}

// ends are the first and the last reading, as far as their times are known. Times
// within a sealed segment increase, or it will turn out spoilt.
func (b Batch) ends() []measure.Reading {
	if b.Sealing == nil {
		return b.Readings
	}
	switch first := (measure.Reading{Sequence: b.FirstSequence, At: b.Sealing.FirstMs}); b.Sealing.Readings {
	case 0:
		return nil
	case 1:
		return []measure.Reading{first}
	default:
		return []measure.Reading{first, {Sequence: b.FirstSequence + b.Sealing.Readings - 1, At: b.Sealing.LastMs}}
	}
}

// Position is how far the stream's sealed segments are opened.
func (s Stream) Position() Unopened {
	if s.Unopened == nil {
		return Unopened{NextSequence: 1, LastHash: NoSegment}
	}
	return *s.Unopened
}

// Open judges sealed segments that a party has revealed, in order, exactly as if
// they had come open: by the custody and the limits, from where the last opening
// ended. Nothing may be left out, or a party could open only what harms another.
// It is possible until the shipment is settled, also while a dispute holds money
// back. The silence of what was not opened by the first payment is judged then,
// and not again.
func (s Stream) Open(sh Shipment, t Terms, revealed []Revealed, w When) (Stream, []Opening, Judgement, error) {
	fail := func(err error) (Stream, []Opening, Judgement, error) { return s, nil, Judgement{}, err }
	if !t.Names(w.Actor) {
		return fail(fault.New(fault.CodeTermsNotParty, "%s is not a party to shipment %s", w.Actor, sh.ShipmentID))
	}
	if err := sh.expect(Packed, InTransit, Arrived, LostStatus, InDispute); err != nil {
		return fail(err)
	}
	next, at := s, s.Position()
	j := newJudge(&next, t, sh.CustodyOf(s.DeviceID))
	if s.Concluded {
		j.quiet.patience = math.MaxInt64
	}
	var out []Opening
	for _, r := range revealed {
		seg := r.Segment
		if seg.FirstSequence != at.NextSequence || seg.Hash == at.LastHash { // the last one may have no reading
			return fail(fault.New(fault.CodeOpeningOrder, "the segment begins with reading %d, the next to open is %d", seg.FirstSequence, at.NextSequence).With("nextSequence", at.NextSequence))
		}
		if r.Commitment != seg.Commitment {
			return fail(fault.New(fault.CodeOpeningCommitment, "what is revealed is not what the device sealed at reading %d", seg.FirstSequence).With("sequence", seg.FirstSequence))
		}
		if !r.Spoilt {
			j.run(r.Readings)
			next.LastPosition = lastPosition(next.LastPosition, r.Readings)
		}
		if seg.Final {
			j.finish(max(next.LastReadingAt.UnixMs(), 0), next.NextSequence-1)
		}
		at = Unopened{NextSequence: seg.FirstSequence + seg.Readings, Opened: at.Opened + 1, LastHash: seg.Hash}
		out = append(out, Opening{
			ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, FirstSequence: seg.FirstSequence, Hash: seg.Hash, Commitment: seg.Commitment, Spoilt: r.Spoilt,
			OpenedBy: w.Actor, OpenedAt: w.Now, TransactionID: w.TransactionID,
		})
	}
	next.Unopened, next.ChangedAt = &at, w.Now
	verdict, err := j.result()
	if err != nil {
		return fail(err)
	}
	return next, out, verdict, nil
}
