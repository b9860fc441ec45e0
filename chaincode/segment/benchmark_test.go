package segment_test

import (
	"fmt"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// journey is n readings of every metric, as a box in a car gives them.
func journey(n int) *segment.Segment {
	s := &segment.Segment{Ledger: "trade/lifeledger", ShipmentID: "SHP-1", DeviceID: "smart-package-7", FirstSequence: 1, Readings: make([]measure.Reading, n)}
	for i := range s.Readings {
		r, jitter := &s.Readings[i], int64(i*7919%101-50)
		r.Sequence, r.At = uint64(i+1), start+int64(i)*500
		r.Set(measure.Temperature, 16_241+int64(i/10*10))
		r.Set(measure.Humidity, 33_000)
		r.Set(measure.Illuminance, 0)
		r.Set(measure.AccelerationX, 800+jitter)
		r.Set(measure.AccelerationY, -319-jitter)
		r.Set(measure.AccelerationZ, 519+jitter/2)
	}
	return s
}

func TestDecodingTakesMemoryOnceForAllReadings(t *testing.T) {
	payload := encode(t, journey(1000))
	allocations := testing.AllocsPerRun(20, func() {
		if _, err := segment.Decode(payload); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 5 { // the segment, its three names, its readings
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{64, 256, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			payload := encode(b, journey(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := segment.Decode(payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
			b.ReportMetric(float64(len(payload))/float64(n), "bytes/reading")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	s := journey(256)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := segment.Encode(s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(256*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
