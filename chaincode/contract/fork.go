package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// ReportFork keeps the evidence that a device has signed two histories (ADR 27).
// The stream counts it, and the device's present key is suspected; readings go on
// being judged, since whoever has a copy of the key could otherwise end the
// monitoring by showing one segment.
func (*Shipment) ReportFork(ctx *Context, in *api.ReportFork) (*shipment.Fork, error) {
	if err := ctx.permit(party.RecordReadings); err != nil {
		return nil, err
	}
	s, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	before, err := loadStream(ctx, in.ShipmentID, in.DeviceID, *t)
	if err != nil {
		return nil, err
	}
	d, err := ledger.Get(ctx.tx, devices, in.DeviceID)
	if err != nil {
		return nil, err
	}
	claim, keyNumber, err := claimed(ctx, in, *d, before)
	if err != nil {
		return nil, err
	}
	at := in.RecordedSequence
	if at == 0 {
		at = claim.FirstSequence
	}
	recorded, found, err := ledger.Find(ctx.tx, segments, s.ShipmentID, d.DeviceID, ledger.Seq(at))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.CodeForkNone, "no segment on the ledger begins with reading %d", at).With("deviceId", d.DeviceID).With("recordedHash", "")
	}
	noted, _, err := ledger.Find(ctx.tx, suspicions, d.DeviceID)
	if err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen(s.ChangedAt, before.ChangedAt)
	after, fork, err := before.Contradict(claim, *recorded, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, forks, fault.CodeForkReported, &fork, s.ShipmentID, d.DeviceID, fork.Hash); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, streams, &after, s.ShipmentID, d.DeviceID); err != nil {
		return nil, err
	}
	facts := []ledger.Fact{ledger.NewFact("fork-reported", d.DeviceID, fork)}
	if noted == nil {
		noted = new(party.Suspicion)
	}
	if next, suspected := d.Suspect(*noted, keyNumber, s.ShipmentID, w.Now); suspected {
		if err := ledger.Put(ctx.tx, suspicions, &next, d.DeviceID); err != nil {
			return nil, err
		}
		facts = append(facts, ledger.NewFact("device-suspected", d.DeviceID, next))
	}
	return &fork, ctx.tx.Announce(api.ForkReportedEvent, s.ShipmentID, facts...)
}

// ListForks gives a page of the contradictions of a device in a shipment, by the hash of the segment.
func (*Shipment) ListForks(ctx *Context, in *api.StreamListRequest) (*api.ForkPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.ShipmentID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, forks, in.Limit, in.Cursor, in.ShipmentID, in.DeviceID)
	if err != nil {
		return nil, err
	}
	return &api.ForkPage{Items: values(p.Items), Next: p.Next}, nil
}

// claimed verifies the envelope with the key of the device, present or past, that
// it names, and says what it claims and which number the device's key has.
func claimed(ctx *Context, in *api.ReportFork, d party.Device, s shipment.Stream) (shipment.Claim, uint64, error) {
	key, number, err := anyKey(ctx, &in.Envelope, d, s)
	if err != nil {
		return shipment.Claim{}, 0, err
	}
	b, err := openEnvelope(ctx, &in.Envelope, key, in.ShipmentID, in.DeviceID)
	if err != nil {
		return shipment.Claim{}, 0, err
	}
	return b.Claim(), number, nil
}

// anyKey is the key of the device that an envelope says has signed it, and the
// number of the device's key: its own, or the one that vouched for the session.
func anyKey(ctx *Context, e *dsse.Envelope, d party.Device, s shipment.Stream) (*dsse.PublicKey, uint64, error) {
	present, err := signingKey(d, s)
	if err != nil {
		return nil, 0, err
	}
	if len(e.Signatures) != 1 || e.Signatures[0].KeyID == present.ID() {
		return present, d.Key.Number, nil
	}
	unknown := fault.New(fault.CodeEnvelopeKey, "no key of device %s has signed the envelope", d.DeviceID).With("keyid", present.ID())
	use, found, err := ledger.Find(ctx.tx, keyUses, e.Signatures[0].KeyID)
	switch {
	case err != nil:
		return nil, 0, err
	case !found || use.DeviceID != d.DeviceID || use.PairKeyID != "" || use.Session > 0 && use.ShipmentID != s.ShipmentID:
		return nil, 0, unknown
	}
	var alg, public string
	if use.Session > 0 {
		past, err := ledger.Get(ctx.tx, sessions, s.ShipmentID, d.DeviceID, ledger.Seq(use.Session))
		if err != nil {
			return nil, 0, err
		}
		alg, public = past.Session.Algorithm, past.Session.PublicKey
	} else {
		past, err := ledger.Get(ctx.tx, deviceKeys, d.DeviceID, ledger.Seq(use.Number), string(party.Active))
		if err != nil {
			return nil, 0, err
		}
		alg, public = past.Algorithm, past.PublicKey
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(alg), public)
	if err != nil {
		return nil, 0, fault.Wrap(err, "a former key of device %s", d.DeviceID)
	}
	return key, use.Number, nil
}

// signedFor refuses a segment of another ledger, shipment or device.
func signedFor(ctx *Context, ledgerID, shipmentID, deviceID, wantShipment, wantDevice string) error {
	if ledgerID != ctx.tx.LedgerID() {
		return fault.New(fault.CodeSegmentWrongLedger, "the segment was signed for ledger %q", printable(ledgerID))
	}
	if shipmentID != wantShipment || deviceID != wantDevice {
		return fault.New(fault.CodeSegmentWrong, "the segment was signed for shipment %q and device %q", printable(shipmentID), printable(deviceID))
	}
	return nil
}
