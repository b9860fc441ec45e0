package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Bounds of what an answer and an event show of the excursions; all of them are
// on the ledger. Identifiers may be long, and an event that is too large would
// stop the device for ever: so its facts are bounded in bytes too.
const (
	maxShown      = 16
	maxShownBytes = 10 << 10
)

// RecordReadings takes signed segments of one device in order, all of them or
// none, and judges their readings against the terms (SH3, SH6, SH7). It writes
// the device's stream and reads the shipment, so devices do not contend and a
// hand-over in between makes the peer refuse a judgement on the old custody.
// The parameter is text, decoded here: contract-api's schema would cost more
// than the judgement.
func (*Shipment) RecordReadings(ctx *Context, request string) (*api.Recorded, error) {
	in, err := decodeReadings(request)
	if err != nil {
		return nil, err
	}
	if err := ctx.permit(party.RecordReadings); err != nil {
		return nil, err
	}
	s, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	before, err := loadStream(ctx, in.ShipmentID, in.DeviceID, *t)
	if err != nil {
		return nil, fault.From(err).With("shipmentId", in.ShipmentID)
	}
	w := ctx.shipmentWhen(s.ChangedAt, before.ChangedAt)
	batches, err := openSegments(ctx, in, before)
	if err != nil {
		return nil, err
	}
	after, segs, verdict, err := before.Record(*s, *t, batches, w)
	if err != nil {
		return nil, err
	}
	if err := storeReadings(ctx, after, segs, verdict.Excursions); err != nil {
		return nil, err
	}
	return recorded(in, before, after, segs, verdict.Excursions), announceReadings(ctx, after, segs, verdict.Excursions)
}

// openSegments verifies every envelope with the key that signs now, decodes
// it, and looks up what the ledger has where a segment is not the next one.
func openSegments(ctx *Context, in *api.RecordReadings, s shipment.Stream) ([]shipment.Batch, error) {
	d, err := ledger.Get(ctx.tx, devices, in.DeviceID)
	if err != nil {
		return nil, err
	}
	if err := d.Signs(); err != nil {
		return nil, err
	}
	key, err := signingKey(*d, s)
	if err != nil {
		return nil, err
	}
	var out []shipment.Batch
	for i := range in.Envelopes {
		b, err := openEnvelope(ctx, &in.Envelopes[i], key, in.ShipmentID, in.DeviceID)
		if err != nil {
			return nil, err
		}
		if b.FirstSequence < s.NextSequence { // sent again, or forged: the record decides which
			known, found, err := ledger.Find(ctx.tx, segments, s.ShipmentID, s.DeviceID, ledger.Seq(b.FirstSequence))
			if err != nil {
				return nil, err
			}
			if found {
				b.Recorded = known.Hash
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// storeReadings writes the stream, the new segments, and every excursion that
// changed: a new one under a new key, one that was open before over its record.
func storeReadings(ctx *Context, after shipment.Stream, segs []shipment.Segment, changed []shipment.Excursion) error {
	if err := ledger.Put(ctx.tx, streams, &after, after.ShipmentID, after.DeviceID); err != nil {
		return err
	}
	for i := range segs {
		if err := ledger.Append(ctx.tx, segments, &segs[i], after.ShipmentID, after.DeviceID, ledger.Seq(segs[i].FirstSequence)); err != nil {
			return err
		}
	}
	return storeExcursions(ctx, changed)
}

// storeExcursions writes what a judgement changed. The stream, which is read and
// written along with them, orders all writes of its excursions: neither a new
// nor an old one needs to be read for it.
func storeExcursions(ctx *Context, changed []shipment.Excursion) error {
	for i := range changed {
		e := &changed[i]
		if err := ledger.Append(ctx.tx, excursions, e, e.ShipmentID, e.DeviceID, ledger.Seq(e.OpenedSequence), e.Place()); err != nil {
			return err
		}
	}
	return nil
}

func recorded(in *api.RecordReadings, before, after shipment.Stream, segs []shipment.Segment, changed []shipment.Excursion) *api.Recorded {
	return &api.Recorded{
		ShipmentID: in.ShipmentID, DeviceID: in.DeviceID, Segments: len(segs), Readings: int(after.Readings - before.Readings),
		NextSequence: after.NextSequence, Excursions: append([]shipment.Excursion{}, changed[:min(len(changed), maxShown)]...), Changed: len(changed),
	}
}

func announceReadings(ctx *Context, after shipment.Stream, segs []shipment.Segment, changed []shipment.Excursion) error {
	facts := []ledger.Fact{ledger.NewFact("readings-recorded", after.ShipmentID, segs[len(segs)-1])}
	facts = append(facts, excursionFacts(changed)...)
	return ctx.tx.Announce(api.ReadingsRecordedEvent, after.ShipmentID, facts...)
}

// excursionFacts are as many of the changed excursions as an event may hold.
func excursionFacts(changed []shipment.Excursion) []ledger.Fact {
	var facts []ledger.Fact
	room := maxShownBytes
	for _, e := range changed[:min(len(changed), maxShown)] {
		f := ledger.NewFact("excursion-changed", e.ExcursionID, e)
		if room -= len(f.Data) + len(f.Subject); room < 0 {
			break
		}
		facts = append(facts, f)
	}
	return facts
}
