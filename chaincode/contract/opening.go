package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// AnnounceEncryptionKey says with which key an organisation wants readings sealed
// to it (ADR 26). The next one replaces it.
func (*Participant) AnnounceEncryptionKey(ctx *Context, in *api.AnnounceEncryptionKey) (*party.EncryptionKey, error) {
	if err := ctx.permit(party.ProposeShipment); err != nil {
		return nil, err
	}
	before, _, err := ledger.Find(ctx.tx, encryptionKeys, ctx.actor())
	if err != nil {
		return nil, err
	}
	id, err := dsse.CheckX25519(in.PublicKey)
	if err != nil {
		return nil, err
	}
	next := party.EncryptionKey{Organisation: ctx.actor(), Number: 1, KeyID: id, PublicKey: in.PublicKey}
	if before != nil {
		next.Number, next.Since = before.Number+1, before.Since
	}
	next.Since = ctx.now(next.Since)
	if err := ledger.Put(ctx.tx, encryptionKeys, &next, next.Organisation); err != nil {
		return nil, err
	}
	if err := protect(ctx, encryptionKeys, []string{next.Organisation}, next.Organisation); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.EncryptionKeyAnnouncedEvent, next.Organisation, ledger.NewFact("encryption-key-announced", next.Organisation, next))
}

// GetEncryptionKey gives the key to which readings are sealed for an organisation.
func (*Participant) GetEncryptionKey(ctx *Context, in *api.OrganisationRef) (*party.EncryptionKey, error) {
	return ledger.Get(ctx.tx, encryptionKeys, in.MSPID)
}

// OpenSegments reveals sealed segments of one device, in order, and judges their
// readings as if they had come open (SH3, SH19). Any party may.
func (*Shipment) OpenSegments(ctx *Context, in *api.OpenSegments) (*api.Opened, error) {
	if n := len(in.Openings); n < 1 || n > api.MaxEnvelopes {
		return nil, fault.New(fault.CodeInvalid, "openings must have 1 to %d entries", api.MaxEnvelopes).With("field", "openings")
	}
	s, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	before, err := loadStream(ctx, in.ShipmentID, in.DeviceID, *t)
	if err != nil {
		return nil, err
	}
	revealed, err := reveal(ctx, in, before)
	if err != nil {
		return nil, err
	}
	after, opened, verdict, err := before.Open(*s, *t, revealed, ctx.shipmentWhen(s.ChangedAt, before.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := storeReadings(ctx, after, nil, verdict.Excursions); err != nil {
		return nil, err
	}
	facts := make([]ledger.Fact, 0, len(opened)+maxShown)
	for i := range opened {
		o := &opened[i]
		if err := ledger.Append(ctx.tx, openings, o, o.ShipmentID, o.DeviceID, ledger.Seq(o.FirstSequence)); err != nil {
			return nil, err
		}
		facts = append(facts, ledger.NewFact("segment-opened", o.DeviceID, *o))
	}
	facts = append(facts, excursionFacts(verdict.Excursions)...)
	shown := verdict.Excursions[:min(len(verdict.Excursions), maxShown)]
	return &api.Opened{
		ShipmentID: in.ShipmentID, DeviceID: in.DeviceID, Segments: len(opened), NextSequence: after.Position().NextSequence,
		Excursions: append([]shipment.Excursion{}, shown...), Changed: len(verdict.Excursions),
	}, ctx.tx.Announce(api.SegmentsOpenedEvent, in.ShipmentID, facts...)
}

// reveal holds every opening to the segment on the ledger that it opens.
func reveal(ctx *Context, in *api.OpenSegments, before shipment.Stream) ([]shipment.Revealed, error) {
	var keys [][]string
	for _, o := range in.Openings {
		keys = append(keys, []string{in.ShipmentID, in.DeviceID, ledger.Seq(o.FirstSequence)})
	}
	known, err := ledger.GetAll(ctx.tx, segments, keys)
	if err != nil {
		return nil, err
	}
	previous := before.Position().LastHash
	var out []shipment.Revealed
	for i, o := range in.Openings {
		if known[i] == nil {
			return nil, fault.New(fault.CodeOpeningOrder, "no segment on the ledger begins with reading %d", o.FirstSequence).With("nextSequence", before.Position().NextSequence)
		}
		salt, ok := canonicalBase64(o.Salt)
		payload, good := canonicalBase64(o.Payload)
		if !ok || !good || len(salt) != segment.SaltSize {
			return nil, fault.New(fault.CodeInvalid, "salt is not %d bytes in base64, or payload is not base64", segment.SaltSize).With("field", "openings")
		}
		commitment := segment.Commit([segment.SaltSize]byte(salt), payload)
		r := shipment.Revealed{Segment: *known[i], Commitment: hex.EncodeToString(commitment[:])}
		seg, err := segment.Decode(payload)
		if r.Spoilt = err != nil || !isAsSealed(ctx, seg, *known[i], previous); !r.Spoilt {
			r.Readings = seg.Readings
		}
		previous = known[i].Hash
		out = append(out, r)
	}
	return out, nil
}

// isAsSealed says whether a revealed segment is the one that its seal describes.
func isAsSealed(ctx *Context, seg *segment.Segment, sealed shipment.Segment, previous string) bool {
	var first, last measure.Time
	if n := len(seg.Readings); n > 0 {
		first, last = measure.At(seg.Readings[0].At), measure.At(seg.Readings[n-1].At)
	}
	return signedFor(ctx, seg.Ledger, seg.ShipmentID, seg.DeviceID, sealed.ShipmentID, sealed.DeviceID) == nil &&
		seg.FirstSequence == sealed.FirstSequence && uint64(len(seg.Readings)) == sealed.Readings && seg.Final == sealed.Final &&
		first == sealed.FirstAt && last == sealed.LastAt && hex.EncodeToString(seg.Previous[:]) == previous
}

func canonicalBase64(text string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return b, err == nil && base64.StdEncoding.EncodeToString(b) == text
}

// openEnvelope verifies an open or a sealed segment and says what it holds.
func openEnvelope(ctx *Context, e *dsse.Envelope, key *dsse.PublicKey, shipmentID, deviceID string) (shipment.Batch, error) {
	if e.PayloadType != segment.SealedPayloadType {
		payload, err := dsse.Open(e, segment.PayloadType, key)
		if err != nil {
			return shipment.Batch{}, err
		}
		seg, err := segment.Decode(payload)
		if err != nil {
			return shipment.Batch{}, err
		}
		if err := signedFor(ctx, seg.Ledger, seg.ShipmentID, seg.DeviceID, shipmentID, deviceID); err != nil {
			return shipment.Batch{}, err
		}
		return shipment.Batch{
			FirstSequence: seg.FirstSequence, Previous: hex.EncodeToString(seg.Previous[:]), Hash: hashOf(payload),
			KeyID: key.ID(), Final: seg.Final, Readings: seg.Readings,
		}, nil
	}
	payload, err := dsse.Open(e, segment.SealedPayloadType, key)
	if err != nil {
		return shipment.Batch{}, err
	}
	seg, err := segment.DecodeSealed(payload)
	if err != nil {
		return shipment.Batch{}, err
	}
	if err := signedFor(ctx, seg.Ledger, seg.ShipmentID, seg.DeviceID, shipmentID, deviceID); err != nil {
		return shipment.Batch{}, err
	}
	sealing := &shipment.Sealing{Readings: seg.Count, FirstMs: seg.StartMs, LastMs: seg.EndMs, Commitment: hex.EncodeToString(seg.Commitment[:])}
	for _, r := range seg.Recipients {
		sealing.Recipients = append(sealing.Recipients, r.Organisation)
	}
	return shipment.Batch{
		FirstSequence: seg.FirstSequence, Previous: hex.EncodeToString(seg.Previous[:]), Hash: hashOf(payload),
		KeyID: key.ID(), Final: seg.Final, Sealing: sealing,
	}, nil
}

func hashOf(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}
