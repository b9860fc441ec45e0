package segment

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Encode gives the payload that a device signs. It refuses, with
// [fault.CodeSegmentMalformed], whatever [Decode] would refuse, so that a device
// never signs what the ledger cannot take and its chain cannot get stuck.
func Encode(s *Segment) ([]byte, error) {
	if err := s.checkHeader(len(s.Readings)); err != nil {
		return nil, err
	}
	if err := s.checkReadings(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 256+12*len(s.Readings))
	b = appendBytes(b, fieldLedger, []byte(s.Ledger))
	b = appendBytes(b, fieldShipmentID, []byte(s.ShipmentID))
	b = appendBytes(b, fieldDeviceID, []byte(s.DeviceID))
	b = appendNumber(b, fieldFirstSequence, s.FirstSequence)
	b = appendBytes(b, fieldPrevious, s.Previous[:])
	if len(s.Readings) > 0 {
		b = appendNumber(b, fieldStart, uint64(s.Readings[0].At))
	}
	if s.Final {
		b = appendNumber(b, fieldFinal, 1)
	}
	scratch := make([]byte, 0, 4*len(s.Readings))
	for i := range s.Readings {
		scratch = protowire.AppendVarint(scratch, s.delay(i))
	}
	if len(scratch) > 0 {
		b = appendBytes(b, fieldTimeDeltas, scratch)
	}
	for m := measure.Metric(1); m <= measure.MetricCount; m++ {
		if scratch = s.appendChannel(scratch[:0], m); len(scratch) > 0 {
			b = appendBytes(b, fieldChannels, scratch)
		}
	}
	if len(b) > MaxPayload {
		return nil, malformed("the payload would be %d bytes, and may be %d", len(b), MaxPayload)
	}
	return b, nil
}

// delay is the time since the reading before.
func (s *Segment) delay(i int) uint64 {
	if i == 0 {
		return 0
	}
	return uint64(s.Readings[i].At - s.Readings[i-1].At)
}

// appendChannel adds one metric's column, or nothing if no reading has a value.
func (s *Segment) appendChannel(b []byte, m measure.Metric) []byte {
	var positions, deltas []byte
	count, next := 0, 0
	var before int64
	for i := range s.Readings {
		value, ok := s.Readings[i].Value(m)
		if !ok {
			continue
		}
		positions = protowire.AppendVarint(positions, uint64(i-next))
		deltas = protowire.AppendVarint(deltas, protowire.EncodeZigZag(value-before))
		before, next = value, i+1
		count++
	}
	if count == 0 {
		return b
	}
	b = appendNumber(b, fieldMetric, uint64(m))
	if count < len(s.Readings) {
		b = appendBytes(b, fieldPositions, positions)
	}
	return appendBytes(b, fieldDeltas, deltas)
}

// checkReadings holds what Decode checks column by column.
func (s *Segment) checkReadings() error {
	before := measure.MinUnixMs - 1
	for i := range s.Readings {
		r := &s.Readings[i]
		if want := s.FirstSequence + uint64(i); r.Sequence != want {
			return malformed("reading %d has sequence %d, not %d", i, r.Sequence, want)
		}
		if r.At <= before || r.At > measure.MaxUnixMs {
			return malformed("reading %d is not later than the one before it, or not in the years 2000 to 2199", i)
		}
		before = r.At
		for m := measure.Metric(1); m <= measure.MetricCount; m++ {
			value, ok := r.Value(m)
			if !ok && r.Values[m-1] != 0 {
				return malformed("reading %d has a value of %s that is not marked present", i, m)
			}
			if ok && !m.Plausible(value) {
				least, greatest := m.Bounds()
				return malformed("reading %d: %s %d is outside %d to %d", i, m, value, least, greatest)
			}
		}
		if r.Present>>measure.MetricCount != 0 {
			return malformed("reading %d marks a metric present that does not exist", i)
		}
	}
	return nil
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendNumber(b []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}
