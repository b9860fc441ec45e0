package contract

import (
	"encoding/base64"
	"encoding/hex"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// maxSimulated is how many excursions the answer of a simulation shows; the
// penalties and the statement count all of them.
const maxSimulated = 100

// Simulate says what a recording would have cost under terms, judged by the code
// that judges for real. Nothing is looked up and nothing is kept.
func (*Shipment) Simulate(_ *Context, in *api.SimulateShipment) (*shipment.Simulation, error) {
	var recordings []shipment.Recording
	for _, r := range in.Recordings {
		batches, err := unsigned(r)
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, shipment.Recording{DeviceID: r.DeviceID, Batches: batches})
	}
	out, err := shipment.Simulate(in.ShipmentID, in.Terms, in.Custody, recordings)
	if err != nil {
		return nil, err
	}
	out.Excursions = out.Excursions[:min(len(out.Excursions), maxSimulated)]
	return &out, nil
}

// unsigned decodes payloads that nobody has signed; that they follow one another
// is seen when they are judged.
func unsigned(r api.UnsignedRecording) ([]shipment.Batch, error) {
	var out []shipment.Batch
	for _, text := range r.Segments {
		payload, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, fault.New(fault.CodeSegmentMalformed, "a segment is not standard base64")
		}
		seg, err := segment.Decode(payload)
		if err != nil {
			return nil, err
		}
		if seg.DeviceID != r.DeviceID {
			return nil, fault.New(fault.CodeSegmentWrong, "the segment is of device %q", printable(seg.DeviceID))
		}
		hash := segment.Hash(payload)
		out = append(out, shipment.Batch{
			FirstSequence: seg.FirstSequence, Previous: hex.EncodeToString(seg.Previous[:]), Hash: hex.EncodeToString(hash[:]),
			Final: seg.Final, Readings: seg.Readings,
		})
	}
	return out, nil
}
