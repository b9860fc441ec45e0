package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ChallengeTag asks a component's tag to show that it is there (CM4, CM6). Any
// member may: who holds the thing in its hands is often not its owner.
func (*Component) ChallengeTag(ctx *Context, in *api.ComponentRef) (*component.TagChallenge, error) {
	if err := ctx.permit(party.ScanComponent); err != nil {
		return nil, err
	}
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	last, err := lastChallenge(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	next, err := c.Challenge(last, ctx.componentWhen(last.AskedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, challenges, &next, in.ComponentID); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.TagChallengedEvent, in.ComponentID, ledger.NewFact("tag-challenged", in.ComponentID, next))
}

// GetChallenge gives the last challenge to a component's tag.
func (*Component) GetChallenge(ctx *Context, in *api.ComponentRef) (*component.TagChallenge, error) {
	if _, err := ledger.Get(ctx.tx, components, in.ComponentID); err != nil {
		return nil, err
	}
	return ledger.Get(ctx.tx, challenges, in.ComponentID)
}

// Activate makes a component that was announced with a tag one to be used (CM14).
func (*Component) Activate(ctx *Context, in *api.ActivateComponent) (*component.Component, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	log, err := findingLog(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	shown := component.Shown{Code: in.Code, Place: in.Place, Contested: log.Contested > 0}
	if shown.Response, err = tagAnswer(ctx, in.ComponentID, in.Response); err != nil {
		return nil, err
	}
	w := ctx.componentWhen(c.ChangedAt)
	next, found, e, err := c.Activate(shown, w)
	if err != nil {
		return nil, err
	}
	if err := takeTagKey(ctx, *c, shown, w); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, components, &next, in.ComponentID); err != nil {
		return nil, err
	}
	facts, err := raise(ctx, log, found, "", w)
	if err != nil {
		return nil, err
	}
	return &next, recordComponent(ctx, api.ComponentChangedEvent, next, e, facts...)
}

// takeTagKey takes the key that a tag has shown for this component alone.
func takeTagKey(ctx *Context, c component.Component, shown component.Shown, w component.When) error {
	if shown.Response == nil {
		return nil
	}
	key := component.TagKey{KeyID: c.KeyID, ComponentID: c.ComponentID, At: w.Now}
	return ledger.Create(ctx.tx, tagKeys, fault.CodeTagKeyInUse, &key, key.KeyID)
}

// RecordTagScan says where a tag was read, and raises what does not fit (CM3, CM15).
func (*Component) RecordTagScan(ctx *Context, in *api.RecordTagScan) (*component.TagScan, error) {
	if err := ctx.permit(party.ScanComponent); err != nil {
		return nil, err
	}
	at, err := measure.ParseTime("occurredAt", in.OccurredAt)
	if err != nil {
		return nil, err
	}
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	held, err := holdsOf(ctx, []component.Component{*c})
	if err != nil {
		return nil, err
	}
	answer, err := tagAnswer(ctx, in.ComponentID, in.Response)
	if err != nil {
		return nil, err
	}
	s := component.TagScan{Place: in.Place, Position: in.Position, Purpose: in.Purpose, TagCount: in.TagCount, OccurredAt: at}
	return storeScan(ctx, *c, s, answer, held[0])
}

// storeScan follows the trail, and keeps what the scan has shown.
func storeScan(ctx *Context, c component.Component, s component.TagScan, answer *component.TagResponse, held []component.Hold) (*component.TagScan, error) {
	trail, err := ledger.FindOr(ctx.tx, trails, component.ScanTrail{}, c.ComponentID)
	if err != nil {
		return nil, err
	}
	log, err := findingLog(ctx, c.ComponentID)
	if err != nil {
		return nil, err
	}
	w := ctx.componentWhen(max(trail.ChangedAt, log.ChangedAt))
	next, scan, seen, err := trail.Scan(c, s, answer, held, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, trails, &next, c.ComponentID); err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, scans, &scan, c.ComponentID, ledger.Seq(scan.Number)); err != nil {
		return nil, err
	}
	facts, err := raise(ctx, log, seen, ledger.Seq(scan.Number), w)
	if err != nil {
		return nil, err
	}
	return &scan, ctx.tx.Announce(api.TagScannedEvent, c.ComponentID, append([]ledger.Fact{ledger.NewFact("tag-scanned", c.ComponentID, scan)}, facts...)...)
}

// ListTagScans gives a page of a component's scans, oldest first (CM7).
func (*Component) ListTagScans(ctx *Context, in *api.ListRequest) (*api.TagScanPage, error) {
	p, err := listOf(ctx, scans, in)
	if err != nil {
		return nil, err
	}
	return &api.TagScanPage{Items: values(p.Items), Next: p.Next}, nil
}

// Verify says whether a component is genuine, for who has read its code (CM13). A
// code that nobody has registered has an answer too.
func (*Component) Verify(ctx *Context, in *api.ComponentRef) (*component.Authenticity, error) {
	c, known, err := ledger.Find(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if !known {
		a := component.NotRegistered(in.ComponentID)
		return &a, nil
	}
	b, err := bearing(ctx, []component.Component{*c})
	if err != nil {
		return nil, err
	}
	log, err := findingLog(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	a := c.Authentic(b[0], log)
	return &a, nil
}

// tagAnswer opens what a tag has signed, and takes it as the answer to the challenge
// that is open; without an envelope it gives nothing.
func tagAnswer(ctx *Context, id string, envelope *dsse.Envelope) (*component.TagResponse, error) {
	if envelope == nil {
		return nil, nil
	}
	s, err := openStatement[component.TagResponse](ctx, envelope, component.TagResponseKind, id, machine)
	if err != nil {
		return nil, err
	}
	if s.Signer.id != id {
		return nil, fault.New(fault.CodeStatementSigner, "a tag answers for its own component").With("signer", s.Name)
	}
	open, err := lastChallenge(ctx, id)
	if err != nil {
		return nil, err
	}
	answered, err := open.Answer(s.Body, ctx.componentWhen(open.AskedAt))
	if err != nil {
		return nil, err
	}
	return &s.Body, ledger.Put(ctx.tx, challenges, &answered, id)
}

func lastChallenge(ctx *Context, id string) (component.TagChallenge, error) {
	return ledger.FindOr(ctx.tx, challenges, component.TagChallenge{ComponentID: id}, id)
}
