package shipment_test

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// FuzzJudge lets the fuzzer choose the journey that the product and the reference judge.
func FuzzJudge(f *testing.F) {
	for seed := range byte(6) {
		b := make([]byte, 4096)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // what is drawn of bytes needs some to draw from
		f.Add(b)
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		j := drawJourney(t)
		want, penalties := j.verdict()
		if diff := cmp.Diff(want, j.excursions(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the reference (-) and the product (+) differ on %+v with custody %+v:\n%s", j.terms.Limits, j.custody, diff)
		}
		if diff := cmp.Diff(penalties, j.stream.Penalties); diff != "" {
			t.Fatal(diff)
		}
	}))
}

// source gives numbers out of fuzzed bytes, zeros when they are used up.
type source []byte

func (s *source) byte() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

func (s *source) long() int64 {
	var b [8]byte
	*s = (*s)[copy(b[:], *s):]
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// FuzzRecord brings any batches to a stream: numbers, hashes, times and values are
// whatever they are. Nothing breaks; what is refused is refused for a reason that
// its sender can understand, and has changed nothing; what is taken continues
// the stream, and taken again it is refused.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{3, 0, 0, 4, 1, 2, 3, 4, 1, 0, 0, 2, 9, 9})
	f.Add([]byte{8, 0, 7, 1, 0x80, 2, 1, 0, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Add([]byte{1, 16, 1, 1})
	terms := agree(sh7(), shipment.Limit{LimitID: "cold", Rule: shipment.TemperatureLow.ID, Milli: 2_000, OnDelayMs: 2, OffDelayMs: 3, PenaltyMinor: 7})
	sh := custody(terms, pickedUp, pickedUp+200)
	f.Fuzz(func(t *testing.T, data []byte) {
		src := source(data)
		stream := shipment.NewStream("S-1", device, terms)
		now := pickedUp
		for range src.byte()%8 + 1 {
			var batches []shipment.Batch
			next := stream
			for range src.byte()%3 + 1 {
				var rs []measure.Reading
				for range src.byte() % 8 {
					now += int64(src.byte() % 64)
					r := measure.Reading{At: now}
					r.Set(measure.Temperature, int64(src.byte())*200)
					rs = append(rs, r)
				}
				what := src.byte()
				b := batch(next, what&128 != 0, rs...)
				next.NextSequence, next.LastSegment, next.Segments = next.NextSequence+uint64(len(rs)), b.Hash, next.Segments+1
				switch what & 15 { // something is not as it should be
				case 1:
					b.FirstSequence = uint64(src.long())
				case 2:
					b.Previous = shipment.NoSegment
				case 3:
					b.Recorded = b.Hash
				case 4:
					b.Hash = stream.LastSegment
				case 5:
					for i := range b.Readings {
						b.Readings[i].At = src.long()
					}
				case 6:
					for i := range b.Readings {
						b.Readings[i].Set(measure.Temperature, src.long())
					}
				}
				batches = append(batches, b)
			}
			before := stream
			taken, segments, verdict, err := stream.Record(sh, terms, batches, when(north, later))
			if err != nil {
				if f := fault.From(err); f.Kind == fault.Internal || len(segments) != 0 || !reflect.DeepEqual(before, stream) {
					t.Fatalf("refused with %s, %d segments", f.Wire(), len(segments))
				}
				continue
			}
			var readings uint64
			for _, b := range batches {
				readings += uint64(len(b.Readings))
			}
			if taken.Readings != stream.Readings+readings || taken.NextSequence != stream.NextSequence+readings || len(segments) != len(batches) || taken.LastSegment != batches[len(batches)-1].Hash {
				t.Fatalf("%+v after %+v with %d readings", taken, stream, readings)
			}
			for _, e := range verdict.Excursions {
				if e.ReadingsBeyond < 1 || e.OpenedSequence < 1 || e.OpenedSequence >= taken.NextSequence || e.DurationMs < 0 || e.PenaltyMinor < 0 {
					t.Fatalf("an excursion that cannot be: %+v", e)
				}
			}
			if _, _, _, err := taken.Record(sh, terms, batches, when(north, later)); err == nil {
				t.Fatal("the same segments are taken twice")
			}
			stream = taken
		}
	})
}

// TestAnEscrowOfNothingIsGivenBack: a shipment that costs nothing is funded with
// nothing, and can be withdrawn and funded again.
func TestAnEscrowOfNothingIsGivenBack(t *testing.T) {
	free := agree()
	for i := range free.Legs {
		free.Legs[i].FeeMinor = 0
	}
	e := shipment.NewEscrow("S-1", free)
	for range 2 {
		var err error
		if e, err = e.PutIn(maker, 0, free, when(maker, later)); err != nil {
			t.Fatal(err)
		}
		if ps := e.GiveBack(); len(ps) != 0 || e.HeldMinor != 0 {
			t.Errorf("%v is given back of %+v", ps, e)
		}
	}
}
