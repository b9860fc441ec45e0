// Package segment owns the bytes that a device signs: a run of readings, packed
// in protobuf as segment.proto describes. It refuses to own signatures
// (chaincode/dsse), whether a segment follows the one before it, and what the
// readings mean (the shipment rules). Invariant: a segment has exactly one
// encoding; what [Decode] accepts, [Encode] gives back byte for byte, so that
// the hash of a payload names its readings.
package segment

import (
	"crypto/sha256"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// PayloadType is the DSSE payload type of a segment.
const PayloadType = "application/vnd.lifeledger.segment.v1+protobuf"

// What a segment may hold.
const (
	MaxReadings = 4096
	MaxPayload  = 128 << 10 // bytes; in base64 still below the limit of a request
	MaxID       = 128       // bytes of a shipment's or device's id
	MaxLedger   = 256       // bytes

	// MaxSequence keeps every sequence number exact in JSON's number.
	MaxSequence uint64 = 1<<53 - 1
)

// Segment is one run of a device's readings. Sequence numbers ascend by one
// from FirstSequence; times ascend strictly.
type Segment struct {
	Ledger        string // "<channel>/<chaincode>"
	ShipmentID    string
	DeviceID      string
	FirstSequence uint64
	Previous      [32]byte // Hash of the segment before; zero in the first
	Final         bool     // the device declares its recording ended
	Readings      []measure.Reading
}

// Hash is what the next segment names as its Previous.
func Hash(payload []byte) [32]byte { return sha256.Sum256(payload) }

// LastSequence is the number of the last reading. In a final segment without
// readings it is the one before FirstSequence, so that the next number is
// LastSequence()+1 in every case.
func (s *Segment) LastSequence() uint64 {
	return s.FirstSequence + uint64(len(s.Readings)) - 1
}

// checkHeader holds every rule that does not depend on the encoding, for
// Decode and Encode alike. n is the number of readings.
func (s *Segment) checkHeader(n int) error {
	switch {
	case !visible(s.Ledger, MaxLedger) || !isLedger(s.Ledger):
		return malformed("ledger is not <channel>/<chaincode> in at most %d visible ASCII characters", MaxLedger)
	case !visible(s.ShipmentID, MaxID):
		return malformed("shipment_id is not 1 to %d visible ASCII characters", MaxID)
	case !visible(s.DeviceID, MaxID):
		return malformed("device_id is not 1 to %d visible ASCII characters", MaxID)
	case n > MaxReadings:
		return malformed("a segment has at most %d readings, not %d", MaxReadings, n)
	case n == 0 && !s.Final:
		return malformed("only a final segment may be without readings")
	case s.FirstSequence == 0 || s.FirstSequence > MaxSequence-MaxReadings:
		return malformed("first_sequence is not between 1 and %d", MaxSequence-MaxReadings)
	}
	return nil
}

func isLedger(s string) bool {
	channel, chaincode, found := strings.Cut(s, "/")
	return found && channel != "" && chaincode != "" && !strings.Contains(chaincode, "/")
}

func visible(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func malformed(format string, args ...any) error {
	return fault.New(fault.CodeSegmentMalformed, format, args...)
}
