package shipment

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// MaxForks bounds the evidence that is kept of one device in one shipment: the
// first piece proves everything, the others only how much there is.
const MaxForks = 16

// Claim is what a signed segment says of itself, whoever shows it.
type Claim struct {
	FirstSequence uint64
	Readings      uint64
	FirstAt       measure.Time // "" without readings
	LastAt        measure.Time
	Previous      string // hex
	Hash          string // hex
	KeyID         string // the key that signed it
	Final         bool
}

// Fork is the evidence that one device has signed two histories: it was cloned,
// it lost its memory, or it lies. It never changes.
type Fork struct {
	ShipmentID       string       `json:"shipmentId"`
	DeviceID         string       `json:"deviceId"`
	Number           uint64       `json:"number"` // from 1
	Hash             string       `json:"hash"`   // of the segment that is not on the ledger; its bytes are in the transaction
	Previous         string       `json:"previous"`
	FirstSequence    uint64       `json:"firstSequence"`
	Readings         uint64       `json:"readings"`
	FirstAt          measure.Time `json:"firstAt,omitempty" metadata:",optional"`
	LastAt           measure.Time `json:"lastAt,omitempty" metadata:",optional"`
	Final            bool         `json:"final"`
	KeyID            string       `json:"keyId"`            // the device's key that signed it
	RecordedHash     string       `json:"recordedHash"`     // of the segment on the ledger that it contradicts
	RecordedSequence uint64       `json:"recordedSequence"` // of that segment's first reading
	ReportedAt       measure.Time `json:"reportedAt"`
	ReportedBy       string       `json:"reportedBy"`
	TransactionID    string       `json:"transactionId"`
}

// Contradict holds a signed segment against one on the ledger. They contradict
// each other when they have different bytes for the same reading, or when the one
// says of the other's place that another segment stood there. The same bytes once
// more are a replay and no fork.
func (s Stream) Contradict(c Claim, recorded Segment, w When) (Stream, Fork, error) {
	if !contradicts(c, recorded) {
		return s, Fork{}, fault.New(fault.CodeForkNone, "the segment and the one that begins with reading %d can stand in one history", recorded.FirstSequence).
			With("deviceId", s.DeviceID).With("recordedHash", recorded.Hash)
	}
	if s.Forks >= MaxForks {
		return s, Fork{}, fault.New(fault.CodeForkEnough, "%d forks of device %s are on record for this shipment", s.Forks, s.DeviceID).With("deviceId", s.DeviceID)
	}
	s.Forks++
	return s, Fork{
		ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, Number: s.Forks, Hash: c.Hash, Previous: c.Previous, FirstSequence: c.FirstSequence, Readings: c.Readings,
		FirstAt: c.FirstAt, LastAt: c.LastAt, Final: c.Final, KeyID: c.KeyID, RecordedHash: recorded.Hash, RecordedSequence: recorded.FirstSequence,
		ReportedAt: w.Now, ReportedBy: w.Actor, TransactionID: w.TransactionID,
	}, nil
}

func contradicts(c Claim, recorded Segment) bool {
	after := recorded.FirstSequence + recorded.Readings
	switch {
	case c.Hash == recorded.Hash:
		return false
	case c.FirstSequence == recorded.FirstSequence: // also where one of them has no readings
		return true
	case c.FirstSequence == after: // it would be the next one, after another segment than this
		return c.Previous != recorded.Hash
	}
	return c.FirstSequence < after && recorded.FirstSequence < c.FirstSequence+c.Readings
}

// Claim is what the batch says of itself.
func (b Batch) Claim() Claim {
	c := Claim{FirstSequence: b.FirstSequence, Readings: b.count(), Previous: b.Previous, Hash: b.Hash, KeyID: b.KeyID, Final: b.Final}
	if ends := b.ends(); len(ends) > 0 {
		c.FirstAt, c.LastAt = measure.At(ends[0].At), measure.At(ends[len(ends)-1].At)
	}
	return c
}
