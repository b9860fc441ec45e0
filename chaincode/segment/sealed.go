package segment

import (
	"crypto/sha256"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// SealedPayloadType is the DSSE payload type of a [Sealed] segment.
const SealedPayloadType = "application/vnd.lifeledger.sealed-segment.v1+protobuf"

// What a sealed segment may hold.
const (
	MaxRecipients = 24
	SaltSize      = 32
	EncSize       = 32 // of HPKE's encapsulated X25519 key
	WrapSize      = 48 // of a content key of 32 bytes, wrapped
)

const (
	fieldEnd        = 7
	fieldSealFinal  = 8
	fieldCount      = 9
	fieldCommitment = 10
	fieldRecipients = 11
	fieldCiphertext = 12

	fieldOrganisation = 1
	fieldKey          = 2
	fieldEnc          = 3
	fieldWrap         = 4
)

// Sealed is a segment whose readings only its recipients can read. The ledger has
// its place in the chain, its times and a commitment to the readings.
type Sealed struct {
	Ledger        string
	ShipmentID    string
	DeviceID      string
	FirstSequence uint64
	Previous      [32]byte // Hash of the sealed segment before
	StartMs       int64    // 0 without readings
	EndMs         int64
	Final         bool
	Count         uint64
	Commitment    [32]byte // [Commit] of the segment that is sealed
	Recipients    []SealedKey
	Ciphertext    []byte
}

// SealedKey is the content key, wrapped to one organisation.
type SealedKey struct {
	Organisation string
	Key          [32]byte // SHA-256 of the recipient's public key
	Enc          [EncSize]byte
	Wrap         [WrapSize]byte
}

// Commit is the commitment to a segment's payload. The salt keeps those who can
// guess readings from testing their guess.
func Commit(salt [SaltSize]byte, payload []byte) [32]byte {
	return sha256.Sum256(append(salt[:], payload...))
}

// EncodeSealed gives the payload that a device signs. It refuses whatever
// [DecodeSealed] would refuse.
func EncodeSealed(s *Sealed) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	b := s.Header()
	for i := range s.Recipients {
		r := &s.Recipients[i]
		m := appendBytes(nil, fieldOrganisation, []byte(r.Organisation))
		m = appendBytes(m, fieldKey, r.Key[:])
		m = appendBytes(m, fieldEnc, r.Enc[:])
		m = appendBytes(m, fieldWrap, r.Wrap[:])
		b = appendBytes(b, fieldRecipients, m)
	}
	b = appendBytes(b, fieldCiphertext, s.Ciphertext)
	if len(b) > MaxPayload {
		return nil, malformed("the payload would be %d bytes, and may be %d", len(b), MaxPayload)
	}
	return b, nil
}

// Header is the encoding up to the recipients: what the ciphertext and every
// wrapped key are bound to.
func (s *Sealed) Header() []byte {
	b := appendBytes(nil, fieldLedger, []byte(s.Ledger))
	b = appendBytes(b, fieldShipmentID, []byte(s.ShipmentID))
	b = appendBytes(b, fieldDeviceID, []byte(s.DeviceID))
	b = appendNumber(b, fieldFirstSequence, s.FirstSequence)
	b = appendBytes(b, fieldPrevious, s.Previous[:])
	if s.Count > 0 {
		b = appendNumber(b, fieldStart, uint64(s.StartMs))
		b = appendNumber(b, fieldEnd, uint64(s.EndMs))
	}
	if s.Final {
		b = appendNumber(b, fieldSealFinal, 1)
	}
	if s.Count > 0 {
		b = appendNumber(b, fieldCount, s.Count)
	}
	return appendBytes(b, fieldCommitment, s.Commitment[:])
}

// DecodeSealed reads a payload: its one encoding and nothing else. Its fault is
// [fault.CodeSegmentMalformed].
func DecodeSealed(payload []byte) (*Sealed, error) {
	if len(payload) > MaxPayload {
		return nil, malformed("the payload is larger than %d bytes", MaxPayload)
	}
	r := reader{rest: payload}
	s := new(Sealed)
	s.Ledger = string(r.bytes(fieldLedger, "ledger"))
	s.ShipmentID = string(r.bytes(fieldShipmentID, "shipment_id"))
	s.DeviceID = string(r.bytes(fieldDeviceID, "device_id"))
	s.FirstSequence = r.number(fieldFirstSequence, "first_sequence")
	r.exactly(fieldPrevious, "previous", s.Previous[:])
	start, end := r.number(fieldStart, "start_unix_ms"), r.number(fieldEnd, "end_unix_ms")
	final := r.number(fieldSealFinal, "final")
	s.Count = r.number(fieldCount, "count")
	r.exactly(fieldCommitment, "commitment", s.Commitment[:])
	if r.err != nil {
		return nil, r.err
	}
	if final > 1 || start > uint64(measure.MaxUnixMs) || end > uint64(measure.MaxUnixMs) {
		return nil, malformed("final, start_unix_ms or end_unix_ms has a value that it cannot have")
	}
	s.Final, s.StartMs, s.EndMs = final == 1, int64(start), int64(end)
	for {
		message := r.bytes(fieldRecipients, "recipients")
		if r.err != nil {
			return nil, r.err
		}
		if message == nil {
			break
		}
		if len(s.Recipients) == MaxRecipients {
			return nil, malformed("a sealed segment has at most %d recipients", MaxRecipients)
		}
		m := reader{rest: message}
		k := SealedKey{Organisation: string(m.bytes(fieldOrganisation, "organisation"))}
		m.exactly(fieldKey, "key", k.Key[:])
		m.exactly(fieldEnc, "enc", k.Enc[:])
		m.exactly(fieldWrap, "wrap", k.Wrap[:])
		if m.err != nil || len(m.rest) > 0 {
			return nil, malformed("recipients: unknown, repeated, missing or misplaced field")
		}
		s.Recipients = append(s.Recipients, k)
	}
	s.Ciphertext = r.bytes(fieldCiphertext, "ciphertext")
	if r.err != nil {
		return nil, r.err
	}
	if len(r.rest) > 0 {
		return nil, malformed("unknown, repeated or misplaced field")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// exactly takes a field of bytes that has one length and is always there.
func (r *reader) exactly(field protowire.Number, name string, into []byte) {
	value := r.bytes(field, name)
	if r.err == nil && len(value) != len(into) {
		r.err = malformed("%s is not %d bytes", name, len(into))
	}
	copy(into, value)
}

func (s *Sealed) check() error {
	plain := Segment{Ledger: s.Ledger, ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, FirstSequence: s.FirstSequence, Final: s.Final}
	if s.Count > MaxReadings {
		return malformed("a segment has at most %d readings", MaxReadings)
	}
	if err := plain.checkHeader(int(s.Count)); err != nil {
		return err
	}
	switch {
	case s.Count == 0 && (s.StartMs != 0 || s.EndMs != 0):
		return malformed("times without readings")
	case s.Count > 0 && (s.StartMs < measure.MinUnixMs || s.EndMs > measure.MaxUnixMs || s.EndMs-s.StartMs < int64(s.Count)-1 || s.Count == 1 && s.EndMs != s.StartMs):
		return malformed("start_unix_ms and end_unix_ms cannot be the times of %d readings", s.Count)
	case len(s.Recipients) == 0 || len(s.Recipients) > MaxRecipients:
		return malformed("a sealed segment has 1 to %d recipients", MaxRecipients)
	case len(s.Ciphertext) == 0:
		return malformed("ciphertext is missing")
	}
	for i, r := range s.Recipients {
		if !visible(r.Organisation, MaxID) {
			return malformed("the organisation of recipient %d is not 1 to %d visible ASCII characters", i+1, MaxID)
		}
		if i > 0 && r.Organisation <= s.Recipients[i-1].Organisation {
			return malformed("recipients are not in ascending order of organisation, each once")
		}
	}
	return nil
}
