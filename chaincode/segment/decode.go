package segment

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Field numbers of segment.proto.
const (
	fieldLedger        = 1
	fieldShipmentID    = 2
	fieldDeviceID      = 3
	fieldFirstSequence = 4
	fieldPrevious      = 5
	fieldStart         = 6
	fieldFinal         = 7
	fieldTimeDeltas    = 8
	fieldChannels      = 9

	fieldMetric    = 1
	fieldPositions = 2
	fieldDeltas    = 3
)

// Decode reads a payload and fills in the sequence numbers. Its fault is
// [fault.CodeSegmentMalformed]. It takes memory for the readings only after
// counting them, so a short payload cannot ask for much.
func Decode(payload []byte) (*Segment, error) {
	if len(payload) > MaxPayload {
		return nil, malformed("the payload is larger than %d bytes", MaxPayload)
	}
	r := reader{rest: payload}
	s := new(Segment)
	s.Ledger = string(r.bytes(fieldLedger, "ledger"))
	s.ShipmentID = string(r.bytes(fieldShipmentID, "shipment_id"))
	s.DeviceID = string(r.bytes(fieldDeviceID, "device_id"))
	s.FirstSequence = r.number(fieldFirstSequence, "first_sequence")
	previous := r.bytes(fieldPrevious, "previous")
	start := r.number(fieldStart, "start_unix_ms")
	final := r.number(fieldFinal, "final")
	times := r.bytes(fieldTimeDeltas, "time_deltas")
	if r.err != nil {
		return nil, r.err
	}
	if len(previous) != len(s.Previous) {
		return nil, malformed("previous is not %d bytes", len(s.Previous))
	}
	copy(s.Previous[:], previous)
	if final > 1 {
		return nil, malformed("final is neither true nor left out")
	}
	s.Final = final == 1
	n := countVarints(times)
	if err := s.checkHeader(n); err != nil {
		return nil, err
	}
	if n > 0 {
		s.Readings = make([]measure.Reading, n)
	}
	if err := s.readTimes(start, times); err != nil {
		return nil, err
	}
	last := measure.Metric(0)
	for len(r.rest) > 0 {
		message := r.bytes(fieldChannels, "channels")
		if r.err != nil {
			return nil, r.err
		}
		if message == nil {
			return nil, malformed("unknown, repeated or misplaced field after time_deltas")
		}
		metric, err := s.readChannel(message, last)
		if err != nil {
			return nil, err
		}
		last = metric
	}
	return s, nil
}

// readTimes fills in the time and number of every reading.
func (s *Segment) readTimes(start uint64, column []byte) error {
	if len(s.Readings) == 0 {
		if start != 0 {
			return malformed("start_unix_ms without readings")
		}
		return nil
	}
	if start < uint64(measure.MinUnixMs) || start > uint64(measure.MaxUnixMs) {
		return malformed("start_unix_ms is not between %d and %d", measure.MinUnixMs, measure.MaxUnixMs)
	}
	at := start
	for i := range s.Readings {
		delta, size := varint(column)
		if size == 0 {
			return malformed("time_deltas: entry %d is not a minimal varint", i)
		}
		column = column[size:]
		if (delta == 0) != (i == 0) {
			return malformed("time_deltas: entry %d is %d; the first is 0, every other at least 1", i, delta)
		}
		if delta > uint64(measure.MaxUnixMs)-at {
			return malformed("time_deltas: reading %d is later than the year 2199", i)
		}
		at += delta
		s.Readings[i].At = int64(at)
		s.Readings[i].Sequence = s.FirstSequence + uint64(i)
	}
	return nil // countVarints saw exactly these entries, so the column is used up
}

// readChannel fills in one metric's values.
func (s *Segment) readChannel(message []byte, last measure.Metric) (measure.Metric, error) {
	r := reader{rest: message}
	number := r.number(fieldMetric, "metric")
	positions := r.bytes(fieldPositions, "positions")
	deltas := r.bytes(fieldDeltas, "deltas")
	if r.err != nil {
		return 0, r.err
	}
	if len(r.rest) > 0 {
		return 0, malformed("channels: unknown, repeated or misplaced field")
	}
	if number > measure.MetricCount || !measure.Metric(number).Valid() {
		return 0, malformed("channels: %d is not a metric", number)
	}
	metric := measure.Metric(number)
	if metric <= last {
		return 0, malformed("channels: %s is repeated or out of order", metric)
	}
	n := countVarints(deltas)
	if n == 0 {
		return 0, malformed("channels: %s has no values", metric)
	}
	if positions == nil {
		if n != len(s.Readings) {
			return 0, malformed("channels: %s has %d values for %d readings", metric, n, len(s.Readings))
		}
		return metric, s.readDense(metric, deltas)
	}
	if n >= len(s.Readings) {
		return 0, malformed("channels: %s has positions, but a value for every reading", metric)
	}
	if countVarints(positions) != n {
		return 0, malformed("channels: %s has %d values at %d positions", metric, n, countVarints(positions))
	}
	return metric, s.readSparse(metric, positions, deltas)
}

func (s *Segment) readDense(metric measure.Metric, deltas []byte) error {
	least, greatest := metric.Bounds()
	bit, column := uint16(1)<<(metric-1), metric-1
	var value int64
	for i := range s.Readings {
		var raw uint64
		if len(deltas) > 0 && deltas[0] < 0x80 { // nearly every delta is one byte
			raw, deltas = uint64(deltas[0]), deltas[1:]
		} else {
			v, size := varint(deltas)
			if size == 0 {
				return malformed("channels: %s: entry %d is not a minimal varint", metric, i)
			}
			raw, deltas = v, deltas[size:]
		}
		// No overflow goes unseen: value is within bounds far below 2^62, so a sum
		// that wraps around lands far outside them.
		value += protowire.DecodeZigZag(raw)
		if value < least || value > greatest {
			return malformed("channels: %s: value %d is outside %d to %d", metric, i, least, greatest)
		}
		s.Readings[i].Present |= bit
		s.Readings[i].Values[column] = value
	}
	return nil
}

func (s *Segment) readSparse(metric measure.Metric, positions, deltas []byte) error {
	least, greatest := metric.Bounds()
	var value int64
	next := uint64(0) // the least index that may follow
	for i := 0; len(deltas) > 0; i++ {
		skip, size := varint(positions)
		if size == 0 {
			return malformed("channels: %s: position %d is not a minimal varint", metric, i)
		}
		positions = positions[size:]
		if skip >= uint64(len(s.Readings))-next {
			return malformed("channels: %s: position %d is beyond the last reading", metric, i)
		}
		at := next + skip
		next = at + 1
		raw, size := varint(deltas)
		if size == 0 {
			return malformed("channels: %s: entry %d is not a minimal varint", metric, i)
		}
		deltas = deltas[size:]
		value += protowire.DecodeZigZag(raw) // as in readDense
		if value < least || value > greatest {
			return malformed("channels: %s: value %d is outside %d to %d", metric, i, least, greatest)
		}
		s.Readings[at].Set(metric, value)
	}
	return nil
}

// reader takes fields off the front of a message in the order of their numbers.
// The first error stays.
type reader struct {
	rest []byte
	err  error
}

// bytes takes the length-delimited field if it comes next; nil if it does not.
// A field that is there but empty should have been left out.
func (r *reader) bytes(field protowire.Number, name string) []byte {
	if !r.take(field, protowire.BytesType) {
		return nil
	}
	length, size := varint(r.rest)
	if size == 0 || length > uint64(len(r.rest)-size) {
		r.err = malformed("%s has no proper length", name)
		return nil
	}
	if length == 0 {
		r.err = malformed("%s is empty, and should be left out", name)
		return nil
	}
	value := r.rest[size : size+int(length)]
	r.rest = r.rest[size+int(length):]
	return value
}

// number takes the varint field if it comes next; 0 if it does not.
func (r *reader) number(field protowire.Number, name string) uint64 {
	if !r.take(field, protowire.VarintType) {
		return 0
	}
	value, size := varint(r.rest)
	if size == 0 {
		r.err = malformed("%s is not a minimal varint", name)
		return 0
	}
	if value == 0 {
		r.err = malformed("%s is zero, and should be left out", name)
		return 0
	}
	r.rest = r.rest[size:]
	return value
}

// take takes a field's tag, which is one byte for every field there is.
func (r *reader) take(field protowire.Number, kind protowire.Type) bool {
	if r.err != nil || len(r.rest) == 0 || uint64(r.rest[0]) != protowire.EncodeTag(field, kind) {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// varint reads a varint in its shortest form; size 0 means there is none.
func varint(b []byte) (value uint64, size int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	value, size = protowire.ConsumeVarint(b)
	if size < 2 || b[size-1] == 0 {
		return 0, 0
	}
	return value, size
}

// countVarints counts the last bytes of varints. An unfinished varint at the
// end counts as well, so that reading it will fail.
func countVarints(b []byte) int {
	n := 0
	for _, c := range b {
		n += int(^c >> 7)
	}
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		n++
	}
	return n
}
