package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// PlaceHold takes one component out of use: its maker, its owner or a regulator
// does. Nobody else's endorsement is asked for, and nobody else can lift it (CM15, CM16).
func (*Component) PlaceHold(ctx *Context, in *api.PlaceHold) (*component.Hold, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	o, err := callerOrganisation(ctx)
	if err != nil {
		return nil, err
	}
	as, err := c.CapacityOf(*o)
	if err != nil {
		return nil, err
	}
	h, err := ledger.FindOr(ctx.tx, holds, component.Hold{ComponentID: c.ComponentID, Holder: as}, c.ComponentID, string(as))
	if err != nil {
		return nil, err
	}
	next, err := h.Place(in.Kind, in.Reason, ctx.componentWhen(h.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, storeHold(ctx, next, "hold-placed")
}

// ReleaseHold lifts a hold.
func (*Component) ReleaseHold(ctx *Context, in *api.ReleaseHold) (*component.Hold, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	h, err := ledger.Get(ctx.tx, holds, c.ComponentID, string(in.Holder))
	if err != nil {
		return nil, err
	}
	next, err := h.Release(c.Owner, in.Reason, ctx.componentWhen(h.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, storeHold(ctx, next, "hold-released")
}

// ListHolds gives the last hold in each capacity, in force or not.
func (*Component) ListHolds(ctx *Context, in *api.ComponentRef) (*api.HoldList, error) {
	if _, err := ledger.Get(ctx.tx, components, in.ComponentID); err != nil {
		return nil, err
	}
	out := &api.HoldList{Items: []component.Hold{}}
	for _, as := range component.Holders() {
		h, found, err := ledger.Find(ctx.tx, holds, in.ComponentID, string(as))
		if err != nil {
			return nil, err
		}
		if found {
			out.Items = append(out.Items, *h)
		}
	}
	return out, nil
}

// storeHold keeps the hold as who placed it alone may change it, while it is in force.
func storeHold(ctx *Context, h component.Hold, fact string) error {
	at := []string{h.ComponentID, string(h.Holder)}
	if err := ledger.Put(ctx.tx, holds, &h, at...); err != nil {
		return err
	}
	if err := protectWhile(ctx, h.Active, holds, h.By, at...); err != nil {
		return err
	}
	return ctx.tx.Announce(api.HoldChangedEvent, h.ComponentID, ledger.NewFact(fact, h.ComponentID, h))
}

// IssueRecall takes all components of a part number, or of one lot, out of use (CM16).
func (*Component) IssueRecall(ctx *Context, in *api.IssueRecall) (*component.Recall, error) {
	if err := ctx.permit(party.RegisterComponent); err != nil {
		return nil, err
	}
	r := component.Recall{Manufacturer: ctx.actor(), PartNumber: in.PartNumber, Lot: in.Lot}
	r, err := ledger.FindOr(ctx.tx, recalls, r, r.Manufacturer, r.PartNumber, r.Lot)
	if err != nil {
		return nil, err
	}
	next, err := r.Issue(in.Reason, in.NoticeHash, ctx.componentWhen(r.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, storeRecall(ctx, next, "recall-issued")
}

// ReleaseRecall ends a recall of the caller's.
func (*Component) ReleaseRecall(ctx *Context, in *api.ReleaseRecall) (*component.Recall, error) {
	r, err := ledger.Get(ctx.tx, recalls, ctx.actor(), in.PartNumber, in.Lot)
	if err != nil {
		return nil, err
	}
	next, err := r.Release(in.Reason, ctx.componentWhen(r.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, storeRecall(ctx, next, "recall-released")
}

// ClearRecall takes one component out of a recall: its maker has put it in order.
func (*Component) ClearRecall(ctx *Context, in *api.ClearRecall) (*component.Clearance, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	r, err := ledger.Get(ctx.tx, recalls, c.Manufacturer, c.PartNumber, in.Lot)
	if err != nil {
		return nil, err
	}
	l, err := ledger.FindOr(ctx.tx, clearances, component.Clearance{ComponentID: c.ComponentID}, c.ComponentID)
	if err != nil {
		return nil, err
	}
	next, err := l.Clear(*c, *r, in.Reason, in.EvidenceHash, ctx.componentWhen(l.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, clearances, &next, c.ComponentID); err != nil {
		return nil, err
	}
	if err := protect(ctx, clearances, []string{c.Manufacturer}, c.ComponentID); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.RecallChangedEvent, c.ComponentID, ledger.NewFact("recall-cleared", c.ComponentID, next))
}

// ListRecalls gives a page of a maker's recalls, by part number and lot, those that
// were released too.
func (*Component) ListRecalls(ctx *Context, in *api.ListRequest) (*api.RecallPage, error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, recalls, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.RecallPage{Items: values(p.Items), Next: p.Next}, nil
}

// storeRecall keeps the recall as its maker alone may change it.
func storeRecall(ctx *Context, r component.Recall, fact string) error {
	at := []string{r.Manufacturer, r.PartNumber, r.Lot}
	if err := ledger.Put(ctx.tx, recalls, &r, at...); err != nil {
		return err
	}
	if err := protect(ctx, recalls, []string{r.Manufacturer}, at...); err != nil {
		return err
	}
	return ctx.tx.Announce(api.RecallChangedEvent, r.PartNumber, ledger.NewFact(fact, r.PartNumber, r))
}

// living gives a component about which something may still be recorded.
func living(ctx *Context, id string) (*component.Component, error) {
	c, err := componentNow(ctx, id)
	if err != nil {
		return nil, err
	}
	return c, c.Lives(component.Keep)
}

// callerOrganisation is the caller's organisation with its roles.
func callerOrganisation(ctx *Context) (*party.Organisation, error) {
	o, found, err := ledger.Find(ctx.tx, organisations, ctx.actor())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.CodeCallerUnknown, "%s has not been announced", ctx.actor()).With("organisation", ctx.actor())
	}
	return o, nil
}
