package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// AttachPlan loads the plan of a component that its maker owns (SV1).
func (*Service) AttachPlan(ctx *Context, in *api.AttachPlan) (*service.Plan, error) {
	c, place, total, err := planned(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, component.Keep, *c); err != nil {
		return nil, err
	}
	p, err := service.Attach(in.ComponentID, in.Tasks, in.Since, concerned(c, place), total, ctx.serviceWhen(c.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, plans, fault.CodePlanExists, &p, p.ComponentID); err != nil {
		return nil, err
	}
	return &p, changedPlan(ctx, p, "plan-attached")
}

// preload loads the plan of a component that is being announced: its maker owns it,
// and it has counted nothing.
func preload(ctx *Context, id string, tasks []service.Task) ([]ledger.Fact, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	w := ctx.serviceWhen()
	p, err := service.Attach(id, tasks, "", service.Concerned{Manufacturer: w.Actor, Owner: w.Actor}, func(string) int64 { return 0 }, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, plans, fault.CodePlanExists, &p, id); err != nil {
		return nil, err
	}
	return []ledger.Fact{ledger.NewFact("plan-attached", id, p)}, setLimits(ctx, p)
}

// ChangePlan puts other tasks in the place of those until now, or proposes to (SV8).
func (*Service) ChangePlan(ctx *Context, in *api.ChangePlan) (*service.Plan, error) {
	c, place, total, err := planned(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, component.Keep, *c); err != nil {
		return nil, err
	}
	known, err := ledger.Get(ctx.tx, plans, in.ComponentID)
	if err != nil {
		return nil, err
	}
	p, err := known.Change(in.Tasks, concerned(c, place), total, ctx.serviceWhen(known.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, plans, &p, p.ComponentID); err != nil {
		return nil, err
	}
	step := "plan-changed"
	if p.Proposed != nil {
		step = "plan-proposed"
	}
	return &p, changedPlan(ctx, p, step)
}

// RaiseDue raises the requests that the calendar or use has made due; anybody may
// ask, and the ledger decides (SV2).
func (*Service) RaiseDue(ctx *Context, in *api.ComponentRef) (*api.RaisedRequests, error) {
	c, place, total, err := planned(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, component.Keep, *c); err != nil {
		return nil, err
	}
	g := newRaising(ctx)
	p, found, err := g.plan(in.ComponentID)
	if err != nil {
		return nil, err
	}
	if !found {
		_, err := ledger.Get(ctx.tx, plans, in.ComponentID)
		return nil, err
	}
	ids, why := p.Occasions(place, total, ctx.now(p.ChangedAt))
	for i, id := range ids {
		if _, err := g.raise(id, why[i]); err != nil {
			return nil, err
		}
	}
	if err := g.raiseRest(in.ComponentID); err != nil {
		return nil, err
	}
	if len(g.raised) == 0 {
		return nil, fault.New(fault.CodeNotDue, "nothing of %s is due that has no request", in.ComponentID)
	}
	if err := g.store(); err != nil {
		return nil, err
	}
	return &api.RaisedRequests{ComponentID: in.ComponentID, Raised: g.raised}, ctx.tx.Announce(api.RequestsRaisedEvent, in.ComponentID, g.facts...)
}

// raiseRest raises what use has made due in the parts of a machine and one report
// had no room for.
func (g *raising) raiseRest(id string) error {
	crossed, err := raiseReached(g.ctx, id)
	if err != nil {
		return err
	}
	return g.crossed(crossed)
}

// GetPlan gives a component's plan and how far each task is.
func (*Service) GetPlan(ctx *Context, in *api.ComponentRef) (*service.Plan, error) {
	return ledger.Get(ctx.tx, plans, in.ComponentID)
}

// GetPlanDue says what of a plan is due now, and when the calendar makes something due next.
func (*Service) GetPlanDue(ctx *Context, in *api.ComponentRef) (*service.PlanDue, error) {
	_, place, total, err := planned(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	p, found, err := ledger.Find(ctx.tx, plans, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if !found {
		p = &service.Plan{ComponentID: in.ComponentID} // without a plan nothing is due
	}
	d := p.Due(place, total, ctx.now())
	return &d, nil
}

// planned is what there is to know about a component before its plan is looked at.
func planned(ctx *Context, id string) (*component.Component, service.Place, service.Total, error) {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil {
		return nil, service.Place{}, nil, err
	}
	place, err := placeOf(ctx, *c)
	if err != nil {
		return nil, place, nil, err
	}
	total, err := useOf(ctx, id)
	return c, place, total, err
}

func concerned(c *component.Component, p service.Place) service.Concerned {
	return service.Concerned{Manufacturer: c.Manufacturer, Owner: p.Owner, WarrantyUntil: c.WarrantyUntil}
}

// changedPlan lets use find the plan's limits, and announces it.
func changedPlan(ctx *Context, p service.Plan, step string) error {
	if err := setLimits(ctx, p); err != nil {
		return err
	}
	return ctx.tx.Announce(api.PlanChangedEvent, p.ComponentID, ledger.NewFact(step, p.ComponentID, p))
}
