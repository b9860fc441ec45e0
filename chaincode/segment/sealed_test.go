package segment_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

func sealedExample() *segment.Sealed {
	return &segment.Sealed{
		Ledger: "trade/lifeledger", ShipmentID: "SHP-1", DeviceID: "box", FirstSequence: 4, Previous: [32]byte{1},
		StartMs: 1_767_600_000_000, EndMs: 1_767_600_009_000, Count: 10, Commitment: [32]byte{2},
		Recipients: []segment.SealedKey{{Organisation: "ManufacturerMSP"}, {Organisation: "ShipperMSP"}}, Ciphertext: []byte("ciphertext"),
	}
}

func TestASealedSegmentHasOneEncoding(t *testing.T) {
	for _, s := range []*segment.Sealed{sealedExample(), {Ledger: "a/b", ShipmentID: "s", DeviceID: "d", FirstSequence: 1, Final: true, Recipients: []segment.SealedKey{{Organisation: "O"}}, Ciphertext: []byte{1}}} {
		payload, err := segment.EncodeSealed(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := segment.DecodeSealed(payload)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Error(diff)
		}
		if !bytes.HasPrefix(payload, s.Header()) {
			t.Error("the header is not the beginning")
		}
		for n := range payload {
			if _, err := segment.DecodeSealed(payload[:n]); !fault.Is(err, fault.CodeSegmentMalformed) {
				t.Errorf("the first %d bytes: %v", n, err)
			}
		}
		for _, more := range []string{"\x00", "\x62\x01x", "\x68\x01"} {
			if _, err := segment.DecodeSealed(append(bytes.Clone(payload), more...)); !fault.Is(err, fault.CodeSegmentMalformed) {
				t.Errorf("with %q behind it: %v", more, err)
			}
		}
	}
}

func TestEncodeSealedRefuses(t *testing.T) {
	for name, spoil := range map[string]func(s *segment.Sealed){
		"no recipients":              func(s *segment.Sealed) { s.Recipients = nil },
		"a recipient twice":          func(s *segment.Sealed) { s.Recipients[1] = s.Recipients[0] },
		"recipients in disorder":     func(s *segment.Sealed) { s.Recipients[0].Organisation = "Z" },
		"a recipient without a name": func(s *segment.Sealed) { s.Recipients[0].Organisation = "" },
		"too many recipients":        func(s *segment.Sealed) { s.Recipients = make([]segment.SealedKey, 25) },
		"no ciphertext":              func(s *segment.Sealed) { s.Ciphertext = nil },
		"too much ciphertext":        func(s *segment.Sealed) { s.Ciphertext = make([]byte, segment.MaxPayload) },
		"more readings than time":    func(s *segment.Sealed) { s.EndMs = s.StartMs + 8 },
		"one reading at two times":   func(s *segment.Sealed) { s.Count = 1 },
		"an end before the start":    func(s *segment.Sealed) { s.EndMs = s.StartMs - 1 },
		"too many readings":          func(s *segment.Sealed) { s.Count = segment.MaxReadings + 1 },
		"times without readings":     func(s *segment.Sealed) { s.Count, s.Final = 0, true },
		"nothing, not at the end":    func(s *segment.Sealed) { s.Count, s.StartMs, s.EndMs = 0, 0, 0 },
		"reading 0":                  func(s *segment.Sealed) { s.FirstSequence = 0 },
		"no ledger":                  func(s *segment.Sealed) { s.Ledger = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			s := sealedExample()
			spoil(s)
			if b, err := segment.EncodeSealed(s); !fault.Is(err, fault.CodeSegmentMalformed) {
				t.Errorf("%x, %v", b, err)
			}
		})
	}
}

func FuzzDecodeSealed(f *testing.F) {
	payload, err := segment.EncodeSealed(sealedExample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := segment.DecodeSealed(payload)
		if err != nil {
			return
		}
		if again, err := segment.EncodeSealed(s); err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("%x is a second encoding of %x (%v)", payload, again, err)
		}
	})
}
