package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/disclosure"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// AttestParticipation puts on record that whoever is behind a pseudonym took
// part in settled shipments, without naming it or them (PV11, ADR 24). Members see
// who called and with which shipments; the record is for third parties.
func (*Shipment) AttestParticipation(ctx *Context, in *api.AttestParticipation) (*disclosure.Attestation, error) {
	if err := ctx.permit(party.ProposeShipment); err != nil {
		return nil, err
	}
	if err := disclosure.CheckSalted(in.Role, in.Shipments); err != nil {
		return nil, err
	}
	name, err := disclosure.NameOf(ctx.tx.LedgerID(), ctx.actor(), in.Secret)
	if err != nil {
		return nil, err
	}
	p, err := ledger.FindOr(ctx.tx, pseudonyms, disclosure.Pseudonym{Pseudonym: name}, name)
	if err != nil {
		return nil, err
	}
	journeys, err := loadJourneys(ctx, in.Shipments)
	if err != nil {
		return nil, err
	}
	next, a, err := p.Attest(ctx.tx.LedgerID(), ctx.actor(), in.Role, in.Shipments, journeys, ctx.now(p.ChangedAt))
	if err != nil {
		return nil, err
	}
	for _, s := range in.Shipments {
		once := disclosure.Counted{Pseudonym: name, Number: a.Number}
		if err := ledger.Create(ctx.tx, counted, fault.CodeParticipationCounted, &once, name, disclosure.CountedAs(ctx.tx.LedgerID(), name, s.ShipmentID, in.Secret)); err != nil {
			return nil, err
		}
	}
	if err := ledger.Put(ctx.tx, pseudonyms, &next, name); err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, attestations, &a, name, ledger.Seq(a.Number)); err != nil {
		return nil, err
	}
	return &a, ctx.tx.Announce(api.ParticipationAttestedEvent, name, ledger.NewFact("participation-attested", name, a))
}

// GetAttestation gives one attestation.
func (*Shipment) GetAttestation(ctx *Context, in *api.AttestationRef) (*disclosure.Attestation, error) {
	return ledger.Get(ctx.tx, attestations, in.Pseudonym, ledger.Seq(in.Number))
}

// ListAttestations gives a page of the attestations under a pseudonym, oldest first.
func (*Shipment) ListAttestations(ctx *Context, in *api.ListRequest) (*api.AttestationPage, error) {
	if _, err := ledger.Get(ctx.tx, pseudonyms, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, attestations, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.AttestationPage{Items: values(p.Items), Next: p.Next}, nil
}

// CheckDisclosure says whether what somebody was shown opens an attestation: the
// organisation with its secret, or shipments with their salts, or both.
func (*Shipment) CheckDisclosure(ctx *Context, in *api.CheckDisclosure) (*api.Disclosure, error) {
	a, err := ledger.Get(ctx.tx, attestations, in.Pseudonym, ledger.Seq(in.Number))
	if err != nil {
		return nil, err
	}
	out := &api.Disclosure{Attestation: *a, Shipments: []string{}}
	if in.Organisation != "" || in.Secret != "" {
		if err := a.Names(ctx.tx.LedgerID(), in.Organisation, in.Secret); err != nil {
			return nil, err
		}
		out.Organisation = in.Organisation
	}
	if len(in.Shipments) > disclosure.MaxShipments {
		return nil, fault.New(fault.CodeParticipationInvalid, "an attestation is of at most %d shipments", disclosure.MaxShipments).With("field", "shipments")
	}
	for _, s := range in.Shipments {
		if err := a.Holds(ctx.tx.LedgerID(), s); err != nil {
			return nil, err
		}
		out.Shipments = append(out.Shipments, s.ShipmentID)
	}
	return out, nil
}

// loadJourneys reads the heads, terms and statements of shipments, three round
// trips however many there are.
func loadJourneys(ctx *Context, salted []disclosure.Salted) ([]disclosure.Journey, error) {
	keys := make([][]string, len(salted))
	for i, s := range salted {
		keys[i] = []string{s.ShipmentID}
	}
	heads, err := ledger.GetAll(ctx.tx, shipments, keys)
	if err != nil {
		return nil, err
	}
	ts, err := ledger.GetAll(ctx.tx, terms, keys)
	if err != nil {
		return nil, err
	}
	sts, err := ledger.GetAll(ctx.tx, statements, keys)
	if err != nil {
		return nil, err
	}
	out := make([]disclosure.Journey, len(salted))
	for i, s := range salted {
		if heads[i] == nil || ts[i] == nil {
			return nil, fault.New(fault.CodeShipmentUnknown, "no shipment %q", s.ShipmentID).With("id", s.ShipmentID)
		}
		out[i] = disclosure.Journey{Shipment: *heads[i], Terms: *ts[i]}
		if sts[i] != nil {
			out[i].Statement = *sts[i]
		}
	}
	return out, nil
}
