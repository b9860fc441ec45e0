package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ContestRegistration is the word of somebody who knows that a component is not of
// who has announced it (CM14).
// Until that is settled nobody activates it.
func (*Component) ContestRegistration(ctx *Context, in *api.ContestRegistration) (*component.Finding, error) {
	if err := ctx.permit(party.ContestComponent); err != nil {
		return nil, err
	}
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	log, err := findingLog(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	w := ctx.componentWhen(log.ChangedAt)
	f, err := c.Contest(in.Reason, in.EvidenceHash, w)
	if err != nil {
		return nil, err
	}
	next, raised := log.Raise([]component.Found{f}, in.EvidenceHash, w)
	facts, err := storeFindings(ctx, next, raised)
	if err != nil {
		return nil, err
	}
	return &raised[0], ctx.tx.Announce(api.FindingChangedEvent, in.ComponentID, facts...)
}

// CloseFinding says why a finding needs no more attention.
func (*Component) CloseFinding(ctx *Context, in *api.CloseFinding) (*component.Finding, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	o, err := callerOrganisation(ctx)
	if err != nil {
		return nil, err
	}
	f, err := ledger.Get(ctx.tx, findings, in.ComponentID, ledger.Seq(in.Number))
	if err != nil {
		return nil, err
	}
	log, err := findingLog(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	next, closed, err := log.Close(*f, *c, *o, in.Reason, ctx.componentWhen(log.ChangedAt))
	if err != nil {
		return nil, err
	}
	facts, err := storeFindings(ctx, next, []component.Finding{closed})
	if err != nil {
		return nil, err
	}
	return &closed, ctx.tx.Announce(api.FindingChangedEvent, in.ComponentID, facts...)
}

// ListFindings gives a page of what does not fit with a component, oldest first.
func (*Component) ListFindings(ctx *Context, in *api.ListRequest) (*api.FindingPage, error) {
	p, err := listOf(ctx, findings, in)
	if err != nil {
		return nil, err
	}
	return &api.FindingPage{Items: values(p.Items), Next: p.Next}, nil
}

// findingLog is the head of a component's findings.
func findingLog(ctx *Context, id string) (component.FindingLog, error) {
	return ledger.FindOr(ctx.tx, findingLogs, component.FindingLog{ComponentID: id}, id)
}

// raise puts what was found on record; log is the component's, as it was read.
func raise(ctx *Context, log component.FindingLog, found []component.Found, evidence string, w component.When) ([]ledger.Fact, error) {
	if len(found) == 0 {
		return nil, nil
	}
	next, raised := log.Raise(found, evidence, w)
	return storeFindings(ctx, next, raised)
}

// storeFindings writes findings along with the log that numbers them. An event is
// bounded: it names the first of them, and all are on the ledger.
func storeFindings(ctx *Context, log component.FindingLog, raised []component.Finding) ([]ledger.Fact, error) {
	if err := ledger.Put(ctx.tx, findingLogs, &log, log.ComponentID); err != nil {
		return nil, err
	}
	var facts []ledger.Fact
	for i := range raised {
		f := &raised[i]
		if err := ledger.Append(ctx.tx, findings, f, f.ComponentID, ledger.Seq(f.Number)); err != nil {
			return nil, err
		}
		if i < maxShown/2 {
			facts = append(facts, ledger.NewFact("finding", f.ComponentID, *f))
		}
	}
	return facts, nil
}
