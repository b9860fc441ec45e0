package shipment_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func TestRecordRefusesAndThenNothingHasChanged(t *testing.T) {
	terms := agree(sh7())
	moving := custody(terms, pickedUp)
	empty := shipment.NewStream("S-1", device, terms)
	cold := func(n int, from int64) []measure.Reading {
		var rs []measure.Reading
		for i := range n {
			rs = append(rs, at(from+int64(i)*second, 20_000))
		}
		return rs
	}
	first := batch(empty, false, cold(3, 0)...)
	one, _, _, err := empty.Record(moving, terms, []shipment.Batch{first}, when(north, later))
	wantFault(t, err, "")
	closing := batch(one, true)
	ended, _, _, err := one.Record(moving, terms, []shipment.Batch{closing}, when(north, later))
	wantFault(t, err, "")
	replayed := first
	replayed.Recorded = first.Hash
	forged := batch(empty, false, cold(3, 0)...)
	forged.Hash, forged.Recorded = "f0", first.Hash
	inside := forged
	inside.FirstSequence, inside.Recorded = 2, ""
	gap := batch(one, false, cold(1, 10*second)...)
	gap.FirstSequence++
	orphan := batch(one, false, cold(1, 10*second)...)
	orphan.Previous, orphan.Hash = "f0", "f1"
	skipped := batch(empty, false, cold(1, 0)...)
	skipped.FirstSequence = 2
	next := func(ms ...int64) shipment.Batch {
		var rs []measure.Reading
		for _, m := range ms {
			rs = append(rs, at(m, 20_000))
		}
		return batch(one, false, rs...)
	}
	status := func(s shipment.Status) shipment.Shipment {
		sh := moving
		sh.Status = s
		if s == shipment.Proposed || s == shipment.Agreed || s == shipment.Withdrawn {
			sh.Custody = nil
		}
		return sh
	}
	const lastMoment = later - pickedUp + measure.MaxSkewMs
	for name, c := range map[string]struct {
		stream   shipment.Stream
		shipment shipment.Shipment
		batches  []shipment.Batch
		want     fault.Code
	}{
		"the next segment is taken":                  {one, moving, []shipment.Batch{next(10_000, 11_000)}, ""},
		"the same segment again":                     {one, moving, []shipment.Batch{replayed}, fault.CodeSegmentReplayed},
		"the same segment twice in one go":           {empty, moving, []shipment.Batch{first, first}, fault.CodeSegmentOutOfOrder},
		"an old segment after the recording's end":   {ended, moving, []shipment.Batch{replayed}, fault.CodeSegmentReplayed},
		"the closing segment again":                  {ended, moving, []shipment.Batch{closing}, fault.CodeSegmentReplayed},
		"other bytes for readings on the ledger":     {one, moving, []shipment.Batch{forged}, fault.CodeSegmentForked},
		"a segment that begins within another":       {one, moving, []shipment.Batch{inside}, fault.CodeSegmentForked},
		"another history":                            {one, moving, []shipment.Batch{orphan}, fault.CodeSegmentForked},
		"a gap":                                      {one, moving, []shipment.Batch{gap}, fault.CodeSegmentOutOfOrder},
		"a first segment that is not the first":      {empty, moving, []shipment.Batch{skipped}, fault.CodeSegmentOutOfOrder},
		"a segment after the recording's end":        {ended, moving, []shipment.Batch{batch(ended, false, cold(1, 10*second)...)}, fault.CodeSegmentClosed},
		"a reading at the pick-up is taken":          {empty, moving, []shipment.Batch{batch(empty, false, at(0, 0))}, ""},
		"a reading before the pick-up":               {empty, moving, []shipment.Batch{batch(empty, false, at(-1, 0))}, fault.CodeReadingsEarly},
		"readings of a shipment not picked up":       {empty, status(shipment.Agreed), []shipment.Batch{first}, fault.CodeReadingsEarly},
		"readings of a proposal":                     {empty, status(shipment.Proposed), []shipment.Batch{first}, fault.CodeShipmentStatus},
		"readings of a withdrawn proposal":           {empty, status(shipment.Withdrawn), []shipment.Batch{first}, fault.CodeShipmentStatus},
		"readings after the delivery are taken":      {empty, status(shipment.Arrived), []shipment.Batch{first}, ""},
		"readings after the settlement":              {empty, status(shipment.Settled), []shipment.Batch{first}, fault.CodeShipmentStatus},
		"a reading a little in the future is taken":  {one, moving, []shipment.Batch{next(lastMoment)}, ""},
		"a reading in the future":                    {one, moving, []shipment.Batch{next(lastMoment + 1)}, fault.CodeReadingsTime},
		"two readings at one moment":                 {one, moving, []shipment.Batch{next(10_000, 10_000)}, fault.CodeReadingsTime},
		"a reading that goes back in time":           {one, moving, []shipment.Batch{next(10_000, 9_999)}, fault.CodeReadingsTime},
		"a reading at the last segment's last":       {one, moving, []shipment.Batch{next(2_000)}, fault.CodeReadingsTime},
		"the second segment of two is a fork":        {one, moving, []shipment.Batch{next(10_000), orphan}, fault.CodeSegmentForked},
		"the second segment of two goes back":        {empty, moving, []shipment.Batch{first, next(1_000)}, fault.CodeReadingsTime},
		"anything after a final segment in one go":   {one, moving, []shipment.Batch{closing, batch(ended, true)}, fault.CodeSegmentClosed},
		"a final segment without readings is taken":  {empty, moving, []shipment.Batch{batch(empty, true)}, ""},
		"no segment at all changes nothing, in form": {empty, moving, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := clone(t, c.stream)
			after, segs, verdict, err := c.stream.Record(c.shipment, terms, c.batches, when(north, later))
			wantFault(t, err, c.want)
			if diff := cmp.Diff(before, c.stream); diff != "" {
				t.Errorf("the receiver was changed: %s", diff)
			}
			if err == nil {
				return
			}
			if diff := cmp.Diff(before, after); diff != "" || len(segs) > 0 || len(verdict.Excursions) > 0 {
				t.Errorf("refused, but: %s %v %v", diff, segs, verdict)
			}
			f := fault.From(err)
			// A device forgets what the ledger has: nothing of this request may count as that.
			if f.Param("deviceId") != "" && (f.Param("nextSequence") != fmt.Sprint(before.NextSequence) || f.Param("lastSegment") != before.LastSegment) {
				t.Errorf("the fault does not say where the stream stands on the ledger: %s", f.Wire())
			}
		})
	}
}

func TestRecordKeepsAnAccountOfSegments(t *testing.T) {
	terms := agree(sh7())
	s := shipment.NewStream("S-1", device, terms)
	a := batch(s, false, at(0, 0), at(1_000, 0))
	b := shipment.Batch{FirstSequence: 3, Previous: a.Hash, Hash: "b0", KeyID: "key-2", Readings: []measure.Reading{{Sequence: 3, At: pickedUp + 5_000}}}
	c := shipment.Batch{FirstSequence: 4, Previous: "b0", Hash: "c0", KeyID: "key-2", Final: true}
	got, segs, _, err := s.Record(custody(terms, pickedUp), terms, []shipment.Batch{a, b, c}, shipment.When{Actor: south, Now: measure.At(later), TransactionID: "tx-9"})
	wantFault(t, err, "")
	row := func(n, first, count uint64, firstAt, lastAt measure.Time, hash, key string, final bool) shipment.Segment {
		return shipment.Segment{ShipmentID: "S-1", DeviceID: device, Number: n, FirstSequence: first, Readings: count, FirstAt: firstAt, LastAt: lastAt, Hash: hash, KeyID: key, Final: final, RecordedAt: measure.At(later), RecordedBy: south, TransactionID: "tx-9"}
	}
	want := []shipment.Segment{
		row(0, 1, 2, measure.At(pickedUp), measure.At(pickedUp+1_000), a.Hash, "key", false),
		row(1, 3, 1, measure.At(pickedUp+5_000), measure.At(pickedUp+5_000), "b0", "key-2", false),
		row(2, 4, 0, "", "", "c0", "key-2", true),
	}
	if diff := cmp.Diff(want, segs); diff != "" {
		t.Error(diff)
	}
	wantStream := shipment.Stream{
		ShipmentID: "S-1", DeviceID: device, NextSequence: 4, LastSegment: "c0", LastReadingAt: measure.At(pickedUp + 5_000), Segments: 3, Readings: 3, Ended: true,
		Watches: []shipment.Watch{{}}, Penalties: []shipment.Penalty{}, ChangedAt: measure.At(later),
		LongestSilence: &shipment.Silence{From: measure.At(pickedUp + 1_000), Until: measure.At(pickedUp + 5_000), DurationMs: 4_000, AfterSequence: 2},
	}
	if diff := cmp.Diff(wantStream, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneTransactionChangesABoundedNumberOfExcursions(t *testing.T) {
	terms := agree(sh7())
	s := shipment.NewStream("S-1", device, terms)
	zigzag := func(n int) []measure.Reading {
		var rs []measure.Reading
		for i := range n {
			rs = append(rs, at(int64(2*i)*second, 40_001), at(int64(2*i+1)*second, 40_000))
		}
		return rs
	}
	_, _, verdict, err := s.Record(custody(terms, pickedUp), terms, []shipment.Batch{batch(s, false, zigzag(shipment.MaxChanges)...)}, when(north, later))
	wantFault(t, err, "")
	if len(verdict.Excursions) != shipment.MaxChanges {
		t.Errorf("%d excursions", len(verdict.Excursions))
	}
	_, _, _, err = s.Record(custody(terms, pickedUp), terms, []shipment.Batch{batch(s, false, zigzag(shipment.MaxChanges+1)...)}, when(north, later))
	wantFault(t, err, fault.CodeSegmentExcursions)
	if f := fault.From(err); f.Param("excursions") != "1025" || f.Param("most") != "1024" {
		t.Error(f.Wire())
	}
}

func TestASegmentOfOneReadingIsNeverTooMuch(t *testing.T) {
	terms := agree()
	for i := range shipment.MaxLimits {
		l := sh7()
		l.LimitID += string(rune('a' + i))
		terms.Limits = append(terms.Limits, l)
	}
	r := newRecorder(t, terms)
	r.record(custody(terms, pickedUp), false, at(0, 41_000))
	// After a hand-over each limit closes one excursion and opens another.
	r.record(custody(terms, pickedUp, pickedUp+500), false, at(1_000, 41_000))
	if len(r.records) != 2*shipment.MaxLimits || len(r.records) > shipment.MaxChanges {
		t.Errorf("%d excursions", len(r.records))
	}
}

func TestRecordingMoreDoesNotChangeTheStreamBefore(t *testing.T) {
	terms := agree(sh7())
	r := newRecorder(t, terms)
	r.record(custody(terms, pickedUp), false, at(0, 41_000), at(1_000, 20_000))
	before, copied := r.stream, clone(t, r.stream)
	r.record(custody(terms, pickedUp), false, at(2_000, 42_000))
	if n, _ := r.owes(north); n != 2 {
		t.Errorf("north owes for %d excursions", n)
	}
	if diff := cmp.Diff(copied, before); diff != "" {
		t.Error(diff)
	}
}
