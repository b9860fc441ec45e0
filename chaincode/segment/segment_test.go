package segment_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

var update = flag.Bool("update", false, "write testdata anew")

const start = 1_553_419_136_437 // 2019-03-24T09:18:56.437Z

// example has a metric with a value in every reading, one with gaps, and one
// that appears late.
func example() *segment.Segment {
	s := &segment.Segment{Ledger: "trade/lifeledger", ShipmentID: "SHP-1", DeviceID: "smart-package-7", FirstSequence: 1}
	for i, at := range []int64{0, 500, 1001, 1500} {
		r := measure.Reading{Sequence: s.FirstSequence + uint64(i), At: start + at}
		r.Set(measure.AccelerationZ, []int64{1003, 1001, -250, 1004}[i])
		if i != 1 {
			r.Set(measure.Temperature, []int64{16_241, 0, 16_231, -5_000}[i])
		}
		if i == 3 {
			r.Set(measure.Illuminance, 320_000)
		}
		s.Readings = append(s.Readings, r)
	}
	return s
}

func encode(t testing.TB, s *segment.Segment) []byte {
	t.Helper()
	payload, err := segment.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// segments draws any segment that a device may sign.
func segments() *rapid.Generator[*segment.Segment] {
	id := rapid.StringMatching(`[!-~]{1,12}`)
	return rapid.Custom(func(t *rapid.T) *segment.Segment {
		s := &segment.Segment{
			Ledger:        rapid.StringMatching(`[a-z][a-z0-9.-]{0,9}/[a-z][a-z0-9_-]{0,9}`).Draw(t, "ledger"),
			ShipmentID:    id.Draw(t, "shipment"),
			DeviceID:      id.Draw(t, "device"),
			FirstSequence: rapid.Uint64Range(1, segment.MaxSequence-segment.MaxReadings).Draw(t, "first"),
			Final:         rapid.Bool().Draw(t, "final"),
		}
		copy(s.Previous[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "previous"))
		least := 1
		if s.Final {
			least = 0
		}
		n := rapid.IntRange(least, 40).Draw(t, "n")
		at := rapid.Int64Range(measure.MinUnixMs, measure.MaxUnixMs-int64(n)*100_000).Draw(t, "start")
		mask := rapid.Uint16Range(0, 1<<measure.MetricCount-1).Draw(t, "metrics")
		for i := range n {
			r := measure.Reading{Sequence: s.FirstSequence + uint64(i), At: at}
			at += rapid.Int64Range(1, 100_000).Draw(t, "delay")
			present := mask
			if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
				present &= rapid.Uint16Range(0, 1<<measure.MetricCount-1).Draw(t, "present")
			}
			for _, m := range measure.Metrics() {
				if present&(1<<(m-1)) != 0 {
					low, high := m.Bounds()
					r.Set(m, rapid.Int64Range(low, high).Draw(t, "value"))
				}
			}
			s.Readings = append(s.Readings, r)
		}
		return s
	})
}

func TestWhatIsEncodedIsDecodedUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := segments().Draw(t, "segment")
		payload, err := segment.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := segment.Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestNoByteCanBeChangedUnseenByItsEncoding(t *testing.T) {
	payload := encode(t, example())
	for i := range payload {
		for _, flip := range []byte{0x01, 0x80, 0x40, 0xff} {
			changed := bytes.Clone(payload)
			changed[i] ^= flip
			checkIdentity(t, changed)
		}
		checkIdentity(t, payload[:i])
		checkIdentity(t, append(bytes.Clone(payload[:i]), payload[i+1:]...))
	}
}

// checkIdentity holds the invariant of the package for any bytes.
func checkIdentity(t testing.TB, payload []byte) {
	t.Helper()
	s, err := segment.Decode(payload)
	if err != nil {
		if !fault.Is(err, fault.CodeSegmentMalformed) || s != nil {
			t.Fatalf("%x: %v, %v", payload, s, err)
		}
		return
	}
	again, err := segment.Encode(s)
	if err != nil {
		t.Fatalf("%x was accepted, but cannot be encoded: %v", payload, err)
	}
	if !bytes.Equal(again, payload) {
		t.Fatalf("%x is a second encoding of %x", payload, again)
	}
}

func TestLastSequence(t *testing.T) {
	s := example()
	if s.LastSequence() != 4 {
		t.Errorf("four readings from 1 end with %d", s.LastSequence())
	}
	empty := &segment.Segment{FirstSequence: 1, Final: true}
	if empty.LastSequence() != 0 {
		t.Errorf("no readings from 1 end with %d", empty.LastSequence())
	}
}

// message builds a payload field by field, right or wrong.
type message []byte

func (m message) bytes(field protowire.Number, value string) message {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), value)
}

func (m message) varint(field protowire.Number, value uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), value)
}

func (m message) raw(b ...byte) message { return append(m, b...) }

func head() message {
	return message{}.bytes(1, "c/l").bytes(2, "s").bytes(3, "d").varint(4, 1).bytes(5, string(make([]byte, 32)))
}

// body has two readings and as yet no channel.
func body() message { return head().varint(6, start).bytes(8, "\x00\x05") }

func channel(metric uint64, positions, deltas string) string {
	m := message{}.varint(1, metric)
	if positions != "" {
		m = m.bytes(2, positions)
	}
	return string(m.bytes(3, deltas))
}

func TestDecodeAccepts(t *testing.T) {
	for name, payload := range map[string]message{
		"two readings without a value":        body(),
		"a metric with a value everywhere":    body().bytes(9, channel(1, "", "\x02\x01")),
		"a metric in the second reading only": body().bytes(9, channel(6, "\x01", "\x02")),
		"a final segment without readings":    head().varint(7, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := segment.Decode(payload); err != nil {
				t.Fatal(err)
			}
			checkIdentity(t, payload)
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	zeros, h := string(make([]byte, 32)), message{}.bytes(1, "c/l").bytes(2, "s").bytes(3, "d")
	for name, payload := range map[string]message{
		"nothing":                                  {},
		"no ledger":                                message(head()[5:]),
		"a ledger without a chaincode":             message{}.bytes(1, "c").bytes(2, "s").bytes(3, "d").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"a ledger with two slashes":                message{}.bytes(1, "c/l/x").bytes(2, "s").bytes(3, "d").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"an empty string written out":              message{}.bytes(1, "c/l").bytes(2, "").bytes(3, "d").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"an id with a blank":                       message{}.bytes(1, "c/l").bytes(2, "s s").bytes(3, "d").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"an id beyond ASCII":                       message{}.bytes(1, "c/l").bytes(2, "s").bytes(3, "é").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"an id that is too long":                   message{}.bytes(1, "c/l").bytes(2, "s").bytes(3, string(bytes.Repeat([]byte("d"), 129))).varint(4, 1).bytes(5, zeros).varint(7, 1),
		"fields out of order":                      message{}.bytes(2, "s").bytes(1, "c/l").bytes(3, "d").varint(4, 1).bytes(5, zeros).varint(7, 1),
		"a field twice":                            head().varint(7, 1).varint(7, 1),
		"no first sequence":                        h.bytes(5, zeros).varint(7, 1),
		"first sequence zero written out":          h.varint(4, 0).bytes(5, zeros).varint(7, 1),
		"a first sequence beyond JSON's numbers":   h.varint(4, 1<<53).bytes(5, zeros).varint(7, 1),
		"no previous":                              h.varint(4, 1).varint(7, 1),
		"a previous of 31 bytes":                   h.varint(4, 1).bytes(5, zeros[1:]).varint(7, 1),
		"no readings, and not final":               head(),
		"final written out as false":               body().raw()[:len(head())].varint(6, start).varint(7, 0).bytes(8, "\x00"),
		"final 2":                                  head().varint(7, 2),
		"final as a long varint":                   head().raw(0x38, 0x81, 0x00),
		"a start without readings":                 head().varint(6, start).varint(7, 1),
		"readings without a start":                 head().bytes(8, "\x00"),
		"a start before the year 2000":             head().varint(6, uint64(measure.MinUnixMs-1)).bytes(8, "\x00"),
		"a negative start":                         head().varint(6, math.MaxUint64).bytes(8, "\x00"),
		"a time after the year 2199":               head().varint(6, uint64(measure.MaxUnixMs)).bytes(8, "\x00\x01"),
		"a delay that overflows":                   head().varint(6, start).bytes(8, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		"a first delay":                            head().varint(6, start).bytes(8, "\x01"),
		"two readings at one time":                 head().varint(6, start).bytes(8, "\x00\x00"),
		"a delay in a long varint":                 head().varint(6, start).bytes(8, "\x00\x85\x00"),
		"an unfinished delay":                      head().varint(6, start).bytes(8, "\x00\x85"),
		"delays not packed":                        head().varint(6, start).varint(8, 0),
		"empty delays written out":                 head().bytes(8, "").varint(7, 1),
		"too many readings":                        head().varint(6, start).bytes(8, "\x00"+string(bytes.Repeat([]byte{1}, segment.MaxReadings))),
		"a length beyond the end":                  body().raw(0x4a, 0x7f),
		"a length in a long varint":                body().raw(0x4a, 0x86, 0x00, 0x08, 0x01, 0x1a, 0x02, 0x02, 0x01),
		"a tag in a long varint":                   body().raw(0xca, 0x00, 0x06, 0x08, 0x01, 0x1a, 0x02, 0x02, 0x01),
		"an unknown field":                         body().bytes(10, "x"),
		"a group":                                  body().raw(0x53, 0x54),
		"a byte at the end":                        body().raw(0),
		"an empty channel":                         body().bytes(9, ""),
		"metric 0":                                 body().bytes(9, string(message{}.bytes(3, "\x02\x01"))),
		"metric 12":                                body().bytes(9, channel(12, "", "\x02\x01")),
		"a metric that is 1 in its lowest byte":    body().bytes(9, channel(257, "", "\x02\x01")),
		"a metric twice":                           body().bytes(9, channel(1, "", "\x02\x01")).bytes(9, channel(1, "", "\x02\x01")),
		"metrics descending":                       body().bytes(9, channel(2, "", "\x02\x02")).bytes(9, channel(1, "", "\x02\x01")),
		"a channel without values":                 body().bytes(9, string(message{}.varint(1, 1))),
		"a channel with too few values":            body().bytes(9, channel(1, "", "\x02")),
		"a channel with too many values":           body().bytes(9, channel(1, "", "\x02\x01\x01")),
		"a channel of a segment without readings":  head().varint(7, 1).bytes(9, channel(1, "", "\x02")),
		"positions although every reading has one": body().bytes(9, channel(1, "\x00\x00", "\x02\x01")),
		"more positions than values":               body().bytes(9, channel(1, "\x00\x00", "\x02")),
		"a position beyond the last reading":       body().bytes(9, channel(1, "\x02", "\x02")),
		"a position that overflows":                body().bytes(9, channel(1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x02")),
		"a position in a long varint":              body().bytes(9, channel(1, "\x81\x00", "\x02")),
		"a value in a long varint":                 body().bytes(9, channel(1, "", "\x82\x00\x01")),
		"a sparse value in a long varint":          body().bytes(9, channel(1, "\x01", "\x82\x00")),
		"an unfinished value":                      body().bytes(9, channel(1, "", "\x02\x81")),
		"a temperature below absolute zero":        body().bytes(9, channel(1, "", string(protowire.AppendVarint(nil, protowire.EncodeZigZag(-273_151)))+"\x00")),
		"a sparse humidity beyond its bounds":      body().bytes(9, channel(2, "\x01", string(protowire.AppendVarint(nil, protowire.EncodeZigZag(110_001))))),
		"values whose difference overflows":        body().bytes(9, channel(1, "", "\x02"+string(protowire.AppendVarint(nil, math.MaxUint64)))),
		"a varint of eleven bytes":                 body().bytes(9, channel(1, "\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
		"an unknown field in a channel":            body().bytes(9, channel(1, "", "\x02\x01")+"\x20\x01"),
		"a channel's fields out of order":          body().bytes(9, string(message{}.bytes(3, "\x02\x01").varint(1, 1))),
		"more bytes than a payload may have":       body().bytes(9, string(make([]byte, segment.MaxPayload))),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := segment.Decode(payload)
			if !fault.Is(err, fault.CodeSegmentMalformed) || s != nil {
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
}

func TestEncodeRefusesWhatTheLedgerWould(t *testing.T) {
	for name, change := range map[string]func(s *segment.Segment){
		"no shipment":                  func(s *segment.Segment) { s.ShipmentID = "" },
		"no readings, and not final":   func(s *segment.Segment) { s.Readings = nil },
		"too many readings":            func(s *segment.Segment) { s.Readings = make([]measure.Reading, segment.MaxReadings+1) },
		"a wrong number":               func(s *segment.Segment) { s.Readings[2].Sequence++ },
		"a time that stands still":     func(s *segment.Segment) { s.Readings[2].At = s.Readings[1].At },
		"a time before 2000":           func(s *segment.Segment) { s.Readings[0].At = 0 },
		"an implausible value":         func(s *segment.Segment) { s.Readings[0].Set(measure.Humidity, -1) },
		"a value not marked present":   func(s *segment.Segment) { s.Readings[1].Values[0] = 5 },
		"a metric that does not exist": func(s *segment.Segment) { s.Readings[1].Present |= 1 << measure.MetricCount },
	} {
		s := example()
		change(s)
		if payload, err := segment.Encode(s); !fault.Is(err, fault.CodeSegmentMalformed) || payload != nil {
			t.Errorf("%s: got %x, %v", name, payload, err)
		}
	}
}

// vector is one line of testdata/vectors.json.
type vector struct {
	Name    string           `json:"name"`
	Segment *segment.Segment `json:"segment"`
	Payload string           `json:"payload"` // hexadecimal
	Hash    string           `json:"sha256"`
}

func TestTheGoldenVectorsStay(t *testing.T) {
	second := example()
	second.FirstSequence, second.Previous = 5, segment.Hash(encode(t, example()))
	for i := range second.Readings {
		second.Readings[i].Sequence += 4
		second.Readings[i].At += 2000
	}
	last := &segment.Segment{Ledger: second.Ledger, ShipmentID: second.ShipmentID, DeviceID: second.DeviceID, FirstSequence: 9, Previous: segment.Hash(encode(t, second)), Final: true}
	extremes := &segment.Segment{Ledger: "c/l", ShipmentID: "~", DeviceID: "!", FirstSequence: segment.MaxSequence - segment.MaxReadings, Final: true}
	further := *extremes // metrics that came later than the first six have a vector of their own: old ones do not change
	for i, at := range []int64{measure.MinUnixMs, measure.MaxUnixMs} {
		r := measure.Reading{Sequence: extremes.FirstSequence + uint64(i), At: at}
		later := r
		for _, m := range measure.Metrics() {
			least, greatest := m.Bounds()
			if value := []int64{least, greatest}[i]; m <= measure.AccelerationZ {
				r.Set(m, value)
			} else {
				later.Set(m, value)
			}
		}
		extremes.Readings, further.Readings = append(extremes.Readings, r), append(further.Readings, later)
	}
	var vectors []vector
	for _, v := range []vector{
		{Name: "the first segment", Segment: example()}, {Name: "the second, which follows it", Segment: second},
		{Name: "the last, without readings", Segment: last}, {Name: "every bound", Segment: extremes},
		{Name: "every bound of pressure, position, tamper and device error", Segment: &further},
	} {
		payload := encode(t, v.Segment)
		hash := segment.Hash(payload)
		v.Payload, v.Hash = hex.EncodeToString(payload), hex.EncodeToString(hash[:])
		checkIdentity(t, payload)
		vectors = append(vectors, v)
	}
	got, err := json.MarshalIndent(vectors, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "vectors.json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("signed bytes that are on ledgers would change their meaning: %s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, example()))
	f.Add([]byte(body().bytes(9, channel(6, "\x01", "\x02"))))
	f.Add([]byte(head().varint(7, 1)))
	f.Add([]byte(head().varint(6, start).bytes(8, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")))
	f.Fuzz(func(t *testing.T, payload []byte) { checkIdentity(t, payload) })
}
