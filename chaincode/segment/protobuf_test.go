package segment_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// schema is segment.proto itself, compiled, so that the document and the codec
// cannot drift apart.
func schema(t testing.TB) protoreflect.MessageDescriptor {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(context.Background(), "segment.proto")
	if err != nil {
		t.Fatal(err)
	}
	d := files[0].Messages().ByName("Segment")
	if d == nil {
		t.Fatal("segment.proto has no message Segment")
	}
	return d
}

// toMessage says in the plainest way what the columns mean.
func toMessage(d protoreflect.MessageDescriptor, s *segment.Segment) *dynamicpb.Message {
	m := dynamicpb.NewMessage(d)
	set := func(name string, v any) { m.Set(d.Fields().ByName(protoreflect.Name(name)), protoreflect.ValueOf(v)) }
	set("ledger", s.Ledger)
	set("shipment_id", s.ShipmentID)
	set("device_id", s.DeviceID)
	set("first_sequence", s.FirstSequence)
	set("previous", s.Previous[:])
	set("final", s.Final)
	times := m.Mutable(d.Fields().ByName("time_deltas")).List()
	for i, r := range s.Readings {
		if i == 0 {
			set("start_unix_ms", r.At)
			times.Append(protoreflect.ValueOfUint64(0))
			continue
		}
		times.Append(protoreflect.ValueOfUint64(uint64(r.At - s.Readings[i-1].At)))
	}
	channels := m.Mutable(d.Fields().ByName("channels")).List()
	for _, metric := range measure.Metrics() {
		c := channels.NewElement()
		fields := c.Message().Descriptor().Fields()
		positions, deltas := c.Message().Mutable(fields.ByName("positions")).List(), c.Message().Mutable(fields.ByName("deltas")).List()
		next, before := 0, int64(0)
		for i, r := range s.Readings {
			v, ok := r.Value(metric)
			if !ok {
				continue
			}
			positions.Append(protoreflect.ValueOfUint32(uint32(i - next)))
			deltas.Append(protoreflect.ValueOfInt64(v - before))
			next, before = i+1, v
		}
		if deltas.Len() == len(s.Readings) {
			c.Message().Clear(fields.ByName("positions"))
		}
		if deltas.Len() > 0 {
			c.Message().Set(fields.ByName("metric"), protoreflect.ValueOfEnum(protoreflect.EnumNumber(metric)))
			channels.Append(c)
		}
	}
	return m
}

func TestTheCodecAgreesWithTheProtobufLibrary(t *testing.T) {
	d := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		s := segments().Draw(t, "segment")
		ours, err := segment.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := proto.MarshalOptions{Deterministic: true}.Marshal(toMessage(d, s))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("we encode %x, the library %x", ours, theirs)
		}
		decoded := dynamicpb.NewMessage(d)
		if err := proto.Unmarshal(ours, decoded); err != nil {
			t.Fatal(err)
		}
		if len(decoded.GetUnknown()) > 0 || !proto.Equal(decoded, toMessage(d, s)) {
			t.Fatal("the library reads something else in our bytes")
		}
		again, err := segment.Decode(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheSchemaNamesEveryMetricByItsNumber(t *testing.T) {
	values := schema(t).ParentFile().Enums().ByName("Metric").Values()
	if values.Len() != measure.MetricCount+1 {
		t.Errorf("%d values for %d metrics", values.Len(), measure.MetricCount)
	}
	for i := range values.Len() {
		if int(values.Get(i).Number()) != i {
			t.Errorf("%s is %d", values.Get(i).Name(), values.Get(i).Number())
		}
	}
}

// FuzzAgainstProtobuf: whatever we accept, the library reads too, and writes
// back the same.
func FuzzAgainstProtobuf(f *testing.F) {
	d := schema(f)
	f.Add(encode(f, example()))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := segment.Decode(payload)
		if err != nil {
			return
		}
		m := dynamicpb.NewMessage(d)
		if err := proto.Unmarshal(payload, m); err != nil {
			t.Fatalf("%x: %v", payload, err)
		}
		if len(m.GetUnknown()) > 0 || !proto.Equal(m, toMessage(d, s)) {
			t.Fatalf("%x means something else to the library", payload)
		}
	})
}
