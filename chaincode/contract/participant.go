package contract

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Version of the contracts; it goes into the metadata and into Ping's answer.
const Version = "1"

// Participant is the contract about who takes part.
type Participant struct{ base }

func newParticipant() product { return &Participant{newBase(api.Participant)} }

// Ping says which ledger answers.
func (*Participant) Ping(ctx *Context, _ *api.PingRequest) (*api.Pong, error) {
	return &api.Pong{Ledger: ctx.tx.LedgerID(), Version: Version}, nil
}

// GetRecords gives records as they are stored, so that an answer of a read model can be held against the ledger.
func (*Participant) GetRecords(ctx *Context, in *api.GetRecords) (*api.StoredRecords, error) {
	names, attrs, err := storedKeys(in.Keys)
	if err != nil {
		return nil, err
	}
	documents, err := ledger.Stored(ctx.tx, names, attrs)
	if err != nil {
		return nil, err
	}
	out := &api.StoredRecords{Records: []api.StoredRecord{}}
	for i, d := range documents {
		r := api.StoredRecord{Key: in.Keys[i], Found: len(d) > 0}
		if r.Found {
			sum := sha256.Sum256(d)
			r.SHA256, r.Document = hex.EncodeToString(sum[:]), string(d)
		}
		out.Records = append(out.Records, r)
	}
	return out, nil
}

// storedKeys reads keys of kinds that the catalogue shows.
func storedKeys(keys []string) (names []string, attrs [][]string, err error) {
	if len(keys) == 0 || len(keys) > api.MaxRecords {
		return nil, nil, fault.New(fault.CodeInvalid, "one asks for 1 to %d records", api.MaxRecords).With("field", "keys")
	}
	for _, key := range keys {
		kind, a, ok := catalogue.ParseKeyText(key)
		if !ok || len(a) == 0 || len(catalogue.OfKind(kind)) == 0 {
			return nil, nil, fault.New(fault.CodeInvalid, "a key names no record that can be asked for").With("field", "keys")
		}
		names, attrs = append(names, kind), append(attrs, a)
	}
	return names, attrs, nil
}

// AnnounceOrganisation makes an organisation a member (ID1, ID2, ID7).
func (*Participant) AnnounceOrganisation(ctx *Context, in *api.AnnounceOrganisation) (*party.Organisation, error) {
	known, founded, err := ledger.Find(ctx.tx, consortiums, founder)
	if err != nil {
		return nil, err
	}
	if founded {
		if err := ctx.permit(party.AnnounceOrganisation); err != nil {
			return nil, err
		}
	}
	c := party.Consortium{}
	if founded {
		c = *known
	}
	now := ctx.now(c.ChangedAt)
	o, err := party.Announce(ctx.actor(), c, party.Organisation{MSPID: in.MSPID, Name: in.Name, Roles: in.Roles}, now)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, organisations, fault.CodeOrgExists, &o, o.MSPID); err != nil {
		return nil, err
	}
	if c.Founding(ctx.actor()) {
		if c, err = c.Join(o.MSPID, now); err != nil {
			return nil, err
		}
		if err := ledger.Put(ctx.tx, consortiums, &c, founder); err != nil {
			return nil, err
		}
	}
	return &o, ctx.tx.Announce(api.OrganisationAnnouncedEvent, o.MSPID, ledger.NewFact("organisation-announced", o.MSPID, o))
}

// RegisterDevice registers a device of the caller's organisation with its
// first key, which has signed its own announcement (ID4, GW3).
func (*Participant) RegisterDevice(ctx *Context, in *api.RegisterDevice) (*party.Device, error) {
	if err := ctx.permit(party.RegisterDevice); err != nil {
		return nil, err
	}
	now := ctx.now()
	key, halves, err := announcedKey(ctx, &in.Proof, nil, dsse.KeyStatement{DeviceID: in.DeviceID, KeyNumber: 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
	if err != nil {
		return nil, err
	}
	d, err := party.NewDevice(ctx.actor(), in.DeviceID, key, now)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, devices, fault.CodeDeviceExists, &d, d.DeviceID); err != nil {
		return nil, err
	}
	if err := protect(ctx, devices, []string{d.Organisation}, d.DeviceID); err != nil {
		return nil, err
	}
	if err := claimKeys(ctx, d.Uses(halves)); err != nil {
		return nil, err
	}
	return &d, recordKey(ctx, d, api.DeviceRegisteredEvent, now)
}

// RotateDeviceKey gives a device its next key; the old and the new one have
// signed the announcement.
func (*Participant) RotateDeviceKey(ctx *Context, in *api.RotateDeviceKey) (*party.Device, error) {
	return changeDevice(ctx, in.DeviceID, api.DeviceKeyRotatedEvent, func(d party.Device, now measure.Time) (party.Device, error) {
		present, err := presentKey(d)
		if err != nil {
			return d, err
		}
		key, halves, err := announcedKey(ctx, &in.Proof, present, dsse.KeyStatement{DeviceID: in.DeviceID, KeyNumber: d.Key.Number + 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
		if err != nil {
			return d, err
		}
		next, err := d.Rotate(ctx.actor(), key, now)
		if err != nil {
			return d, err
		}
		return next, claimKeys(ctx, next.Uses(halves))
	})
}

// RevokeDevice ends a device's right to sign; what it signed and what was
// recorded before stays valid (ID6).
func (*Participant) RevokeDevice(ctx *Context, in *api.RevokeDevice) (*party.Device, error) {
	return changeDevice(ctx, in.DeviceID, api.DeviceRevokedEvent, func(d party.Device, now measure.Time) (party.Device, error) {
		return d.Revoke(ctx.actor(), in.Reason, now)
	})
}

// changeDevice loads a device, takes one step, and stores it.
func changeDevice(ctx *Context, id, event string, step func(party.Device, measure.Time) (party.Device, error)) (*party.Device, error) {
	d, err := ledger.Get(ctx.tx, devices, id)
	if err != nil {
		return nil, err
	}
	now := ctx.now(d.ChangedAt)
	next, err := step(*d, now)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, devices, &next, id); err != nil {
		return nil, err
	}
	return &next, recordKey(ctx, next, event, now)
}

// GetOrganisation gives one member, and by whom it is verified.
func (*Participant) GetOrganisation(ctx *Context, in *api.OrganisationRef) (*party.Organisation, error) {
	o, err := ledger.Get(ctx.tx, organisations, in.MSPID)
	if err != nil {
		return nil, err
	}
	s, err := standingOf(ctx, o.MSPID)
	if err != nil {
		return nil, err
	}
	with := o.With(s)
	return &with, nil
}

// ListOrganisations gives a page of the members, by MSP id, and by whom they are verified.
func (*Participant) ListOrganisations(ctx *Context, in *api.ListRequest) (*api.OrganisationPage, error) {
	p, err := ledger.List(ctx.tx, organisations, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	items := values(p.Items)
	var keys [][]string
	for _, o := range items {
		keys = append(keys, []string{o.MSPID})
	}
	found, err := ledger.GetAll(ctx.tx, standings, keys)
	if err != nil {
		return nil, err
	}
	for i, s := range found {
		if s != nil {
			items[i] = items[i].With(*s)
		}
	}
	return &api.OrganisationPage{Items: items, Next: p.Next}, nil
}

// GetDevice gives one device, and what is noted of its present key.
func (*Participant) GetDevice(ctx *Context, in *api.DeviceRef) (*party.Device, error) {
	d, err := ledger.Get(ctx.tx, devices, in.DeviceID)
	if err != nil {
		return nil, err
	}
	noted, found, err := ledger.Find(ctx.tx, suspicions, in.DeviceID)
	if err != nil || !found {
		return d, err
	}
	with := d.With(*noted)
	return &with, nil
}

// DeviceHistory gives a page of what happened to a device's keys, oldest first.
func (*Participant) DeviceHistory(ctx *Context, in *api.ListRequest) (*api.DeviceKeyPage, error) {
	if _, err := ledger.Get(ctx.tx, devices, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, deviceKeys, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.DeviceKeyPage{Items: values(p.Items), Next: p.Next}, nil
}

// presentKey is the key that a device signs with now. What is on the ledger was
// parsed before it was stored.
func presentKey(d party.Device) (*dsse.PublicKey, error) {
	key, err := dsse.ParsePublicKey(dsse.Algorithm(d.Key.Algorithm), d.Key.PublicKey)
	if err != nil {
		return nil, fault.Wrap(err, "key of device %s", d.DeviceID)
	}
	return key, nil
}

// announcedKey verifies a key statement and compares it with what the request
// says, so that a proof is good for one key of one device on one ledger. With the
// key it gives the ids of its halves, if it is a pair.
func announcedKey(ctx *Context, proof *dsse.Envelope, present *dsse.PublicKey, want dsse.KeyStatement) (party.DeviceKey, []string, error) {
	got, key, err := dsse.OpenKeyStatement(proof, present)
	if err != nil {
		return party.DeviceKey{}, nil, err
	}
	want.Ledger, want.Organisation = ctx.tx.LedgerID(), ctx.actor()
	if *got != want {
		return party.DeviceKey{}, nil, fault.New(fault.CodeKeyProofInvalid, "the key statement is for another ledger, device, organisation or key")
	}
	return party.DeviceKey{KeyID: key.ID(), Algorithm: string(want.Algorithm), PublicKey: want.PublicKey}, key.HalfIDs(), nil
}

// claimKeys takes a new key, and its halves, for one device or engineer alone.
func claimKeys(ctx *Context, uses []party.KeyUse) error {
	for _, use := range uses {
		if err := ledger.Create(ctx.tx, keyUses, fault.CodeKeyInUse, &use, use.KeyID); err != nil {
			return err
		}
	}
	return nil
}

// recordKey appends the key's event and announces the device as it is now.
func recordKey(ctx *Context, d party.Device, event string, now measure.Time) error {
	e := party.KeyEvent{
		DeviceID: d.DeviceID, Number: d.Key.Number, Status: d.Status, KeyID: d.Key.KeyID, Algorithm: d.Key.Algorithm,
		PublicKey: d.Key.PublicKey, Reason: d.RevokedFor, At: now, Actor: ctx.actor(), TransactionID: ctx.tx.ID(),
	}
	if err := ledger.Append(ctx.tx, deviceKeys, &e, d.DeviceID, ledger.Seq(d.Key.Number), string(d.Status)); err != nil {
		return err
	}
	return ctx.tx.Announce(event, d.DeviceID, ledger.NewFact("device-key-"+string(d.Status), d.DeviceID, e))
}

// values gives the items themselves: an answer is never null.
func values[T any](items []*T) []T {
	out := make([]T, 0, len(items))
	for _, i := range items {
		out = append(out, *i)
	}
	return out
}
