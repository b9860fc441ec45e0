package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// VerifyOrganisation is a registrar's word that an organisation is who it says (ID7).
func (*Participant) VerifyOrganisation(ctx *Context, in *api.VerifyOrganisation) (*party.Verification, error) {
	until, err := measure.ParseTime("validUntil", in.ValidUntil)
	if err != nil {
		return nil, err
	}
	o, err := ledger.Get(ctx.tx, organisations, in.MSPID)
	if err != nil {
		return nil, err
	}
	s, err := standingOf(ctx, o.MSPID)
	if err != nil {
		return nil, err
	}
	v := party.Verification{Evidence: in.Evidence, Reference: in.Reference, EvidenceHash: in.EvidenceHash, Until: until}
	next, v, err := s.Verify(v, ctx.partyWhen(o.AnnouncedAt, s.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, verifications, &v, v.MSPID, ledger.Seq(v.Number)); err != nil {
		return nil, err
	}
	return verified(ctx, next, v)
}

// WithdrawVerification takes a verification back; what was done meanwhile stays so.
func (*Participant) WithdrawVerification(ctx *Context, in *api.WithdrawVerification) (*party.Verification, error) {
	known, err := ledger.Get(ctx.tx, verifications, in.MSPID, ledger.Seq(in.Number))
	if err != nil {
		return nil, err
	}
	s, err := standingOf(ctx, in.MSPID)
	if err != nil {
		return nil, err
	}
	next, v, err := known.Withdraw(s, in.Reason, ctx.partyWhen(known.ChangedAt, s.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, verifications, &v, v.MSPID, ledger.Seq(v.Number)); err != nil {
		return nil, err
	}
	return verified(ctx, next, v)
}

// ListVerifications gives a page of an organisation's verifications, oldest first,
// those that ended or were withdrawn too.
func (*Participant) ListVerifications(ctx *Context, in *api.ListRequest) (*api.VerificationPage, error) {
	p, err := listOfOrganisation(ctx, verifications, in)
	if err != nil {
		return nil, err
	}
	return &api.VerificationPage{Items: values(p.Items), Next: p.Next}, nil
}

// standingOf is by whom an organisation is verified; by nobody, where none has done so yet.
func standingOf(ctx *Context, mspID string) (party.Standing, error) {
	return ledger.FindOr(ctx.tx, standings, party.Standing{MSPID: mspID}, mspID)
}

func verified(ctx *Context, s party.Standing, v party.Verification) (*party.Verification, error) {
	if err := ledger.Put(ctx.tx, standings, &s, s.MSPID); err != nil {
		return nil, err
	}
	return &v, ctx.tx.Announce(api.VerificationChangedEvent, v.MSPID, ledger.NewFact("verification", v.MSPID, v))
}

// PublishStandard publishes one version of a standard, which may take another's place.
func (*Participant) PublishStandard(ctx *Context, in *api.PublishStandard) (*party.Standard, error) {
	var last measure.Time
	var before *party.Standard
	if in.Supersedes != "" {
		known, err := ledger.Get(ctx.tx, standards, ctx.actor(), in.StandardID, in.Supersedes)
		if err != nil {
			return nil, err
		}
		before, last = known, known.ChangedAt
	}
	w := ctx.partyWhen(last)
	s, err := party.Standard{StandardID: in.StandardID, Version: in.Version, Title: in.Title, DocumentHash: in.DocumentHash, Supersedes: in.Supersedes}.Publish(w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, standards, fault.CodeStandardExists, &s, s.Publisher, s.StandardID, s.Version); err != nil {
		return nil, err
	}
	facts := []ledger.Fact{ledger.NewFact("standard", s.StandardID, s)}
	if before != nil {
		next, err := before.Supersede(s.Version, w)
		if err != nil {
			return nil, err
		}
		if err := ledger.Put(ctx.tx, standards, &next, next.Publisher, next.StandardID, next.Version); err != nil {
			return nil, err
		}
		facts = append(facts, ledger.NewFact("standard-superseded", s.StandardID, next))
	}
	return &s, ctx.tx.Announce(api.StandardChangedEvent, s.StandardID, facts...)
}

// WithdrawStandard says that nothing is to be done by a version any more.
func (*Participant) WithdrawStandard(ctx *Context, in *api.WithdrawStandard) (*party.Standard, error) {
	known, err := ledger.Get(ctx.tx, standards, in.Publisher, in.StandardID, in.Version)
	if err != nil {
		return nil, err
	}
	s, err := known.Withdraw(in.Reason, ctx.partyWhen(known.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, standards, &s, s.Publisher, s.StandardID, s.Version); err != nil {
		return nil, err
	}
	return &s, ctx.tx.Announce(api.StandardChangedEvent, s.StandardID, ledger.NewFact("standard-withdrawn", s.StandardID, s))
}

// GetStandard gives one version of a standard.
func (*Participant) GetStandard(ctx *Context, in *party.StandardRef) (*party.Standard, error) {
	return ledger.Get(ctx.tx, standards, in.Publisher, in.StandardID, in.Version)
}

// ListStandards gives a page of what an organisation has published, by id and version.
func (*Participant) ListStandards(ctx *Context, in *api.ListRequest) (*api.StandardPage, error) {
	p, err := listOfOrganisation(ctx, standards, in)
	if err != nil {
		return nil, err
	}
	return &api.StandardPage{Items: values(p.Items), Next: p.Next}, nil
}
