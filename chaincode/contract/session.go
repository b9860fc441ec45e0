package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// AnnounceSessionKey gives a device the key that signs its segments for one
// shipment from now on, until the next one, or until the device's own key changes
// (ADR 25). Anyone may carry the statement; the device's key has signed it.
func (*Shipment) AnnounceSessionKey(ctx *Context, in *api.AnnounceSessionKey) (*shipment.Stream, error) {
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
	key, err := announcedSession(ctx, in, *d)
	if err != nil {
		return nil, err
	}
	after, record, err := before.Announce(*s, *d, key, ctx.shipmentWhen(s.ChangedAt, before.ChangedAt, d.ChangedAt))
	if err != nil {
		return nil, err
	}
	use := party.KeyUse{KeyID: key.KeyID, DeviceID: d.DeviceID, Number: d.Key.Number, ShipmentID: s.ShipmentID, Session: key.Number, At: record.Session.Since}
	if err := ledger.Create(ctx.tx, keyUses, fault.CodeKeyInUse, &use, use.KeyID); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, streams, &after, s.ShipmentID, d.DeviceID); err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, sessions, &record, s.ShipmentID, d.DeviceID, ledger.Seq(key.Number)); err != nil {
		return nil, err
	}
	return &after, ctx.tx.Announce(api.SessionKeyAnnouncedEvent, s.ShipmentID, ledger.NewFact("session-key-announced", d.DeviceID, record))
}

// ListSessions gives a page of a device's session keys for a shipment, oldest first.
func (*Shipment) ListSessions(ctx *Context, in *api.StreamListRequest) (*api.SessionPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.ShipmentID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, sessions, in.Limit, in.Cursor, in.ShipmentID, in.DeviceID)
	if err != nil {
		return nil, err
	}
	return &api.SessionPage{Items: values(p.Items), Next: p.Next}, nil
}

// announcedSession verifies a session statement: a proof is good for one session
// of one device in one shipment on one ledger.
func announcedSession(ctx *Context, in *api.AnnounceSessionKey, d party.Device) (shipment.Session, error) {
	if err := d.Signs(); err != nil {
		return shipment.Session{}, err
	}
	device, err := presentKey(d)
	if err != nil {
		return shipment.Session{}, err
	}
	got, key, err := dsse.OpenSessionStatement(&in.Proof, device)
	if err != nil {
		return shipment.Session{}, err
	}
	if got.Ledger != ctx.tx.LedgerID() || got.DeviceID != in.DeviceID || got.ShipmentID != in.ShipmentID {
		return shipment.Session{}, fault.New(fault.CodeKeyProofInvalid, "the session statement is for another ledger, device or shipment")
	}
	return shipment.Session{Number: got.SessionNumber, KeyID: key.ID(), Algorithm: string(got.Algorithm), PublicKey: got.PublicKey}, nil
}

// signingKey is the key that signs a device's segments now: its session's, or its
// own. What is on the ledger was parsed before it was stored.
func signingKey(d party.Device, s shipment.Stream) (*dsse.PublicKey, error) {
	live := s.Live(d)
	if live == nil {
		return presentKey(d)
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(live.Algorithm), live.PublicKey)
	if err != nil {
		return nil, fault.Wrap(err, "session key of device %s", d.DeviceID)
	}
	return key, nil
}
