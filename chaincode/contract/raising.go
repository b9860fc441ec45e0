package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// raising is what one transaction raises and settles. A transaction does not see
// its own writes, so each plan and each machine's list is loaded once, changed in
// here, and stored once at the end.
type raising struct {
	ctx    *Context
	plans  []service.Plan
	cares  []service.Care
	raised []service.ServiceRequest
	facts  []ledger.Fact
}

func newRaising(ctx *Context) *raising {
	return &raising{ctx: ctx, raised: []service.ServiceRequest{}}
}

// plan is the place of a component's plan, and false where it has none.
func (g *raising) plan(id string) (*service.Plan, bool, error) {
	if i := slices.IndexFunc(g.plans, func(p service.Plan) bool { return p.ComponentID == id }); i >= 0 {
		return &g.plans[i], true, nil
	}
	p, found, err := ledger.Find(g.ctx.tx, plans, id)
	if err != nil || !found {
		return nil, false, err
	}
	g.plans = append(g.plans, *p)
	return &g.plans[len(g.plans)-1], true, nil
}

// care is the place of a machine's list.
func (g *raising) care(id string) (*service.Care, error) {
	if i := slices.IndexFunc(g.cares, func(c service.Care) bool { return c.ComponentID == id }); i >= 0 {
		return &g.cares[i], nil
	}
	c, err := careOf(g.ctx, id)
	if err != nil {
		return nil, err
	}
	g.cares = append(g.cares, c)
	return &g.cares[len(g.cares)-1], nil
}

// raise raises the next request of a task, unless one is open, or the machine has
// as many as it may: then it stays due, and the next report or the keeper raises it.
func (g *raising) raise(taskID string, o service.Occasion) (bool, error) {
	p, found, err := g.plan(o.Place.ComponentID)
	if err != nil || !found {
		return false, err
	}
	t, err := p.TaskOf(taskID)
	if err != nil || t.Open != "" || o.Cause == service.ByUsage && !t.Task.Applies(o.Place) {
		return false, nil //nolint:nilerr // a task that has gone from the plan is due no more
	}
	c, err := g.care(o.Place.MachineID)
	if err != nil || len(c.Open) >= service.MaxOpen {
		return false, err
	}
	w := g.ctx.serviceWhen(p.ChangedAt, c.ChangedAt)
	if o.Agreement, err = servingAgreement(g, o.Place, w); err != nil {
		return false, err
	}
	next, r, e, err := p.Raise(taskID, o, w)
	if err != nil {
		return false, err
	}
	*p = next
	return true, g.open(c, r, e, w)
}

// open lists a new request with its machine and stores it. Its key is numbered by
// the plan, or was found to be free.
func (g *raising) open(c *service.Care, r service.ServiceRequest, e service.RequestEvent, w service.When) error {
	next, err := c.Add(r.Open(), w.Now)
	if err != nil {
		return err
	}
	*c = next
	if err := ledger.Append(g.ctx.tx, serviceRequests, &r, r.RequestID); err != nil {
		return err
	}
	if err := ledger.Append(g.ctx.tx, requestsOf, &service.RequestOf{ComponentID: r.ComponentID, RequestID: r.RequestID}, r.ComponentID, r.RequestID); err != nil {
		return err
	}
	if err := ledger.Append(g.ctx.tx, requestEvents, &e, e.RequestID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	g.raised = append(g.raised, r)
	g.facts = append(g.facts, ledger.NewFact("request-raised", r.RequestID, r))
	if !r.OrderPart {
		return nil
	}
	return g.order(r, w)
}

// order has the manufacturer deliver a replacement (SV6).
func (g *raising) order(r service.ServiceRequest, w service.When) error {
	p, _, err := g.plan(r.ComponentID)
	if err != nil {
		return err
	}
	o := r.Order(p.Manufacturer, w)
	if err := ledger.Append(g.ctx.tx, partOrders, &o, o.RequestID); err != nil {
		return err
	}
	g.facts = append(g.facts, ledger.NewFact("part-ordered", o.RequestID, o))
	return nil
}

// planOf is a plan that has been loaded.
func (g *raising) planOf(id string) service.Plan {
	i := slices.IndexFunc(g.plans, func(p service.Plan) bool { return p.ComponentID == id })
	return g.plans[i]
}

// storeIfRaised writes nothing where nothing has changed.
func (g *raising) storeIfRaised() error {
	if len(g.raised) == 0 {
		return nil
	}
	return g.store()
}

// store writes every plan and list that was loaded.
func (g *raising) store() error {
	for _, p := range g.plans {
		if err := ledger.Put(g.ctx.tx, plans, &p, p.ComponentID); err != nil {
			return err
		}
	}
	for _, c := range g.cares {
		if err := ledger.Put(g.ctx.tx, cares, &c, c.ComponentID); err != nil {
			return err
		}
	}
	return nil
}

// servingAgreement is the one that a component is under, or else its machine, if
// it holds for the owner now.
func servingAgreement(g *raising, p service.Place, w service.When) (*service.Agreement, error) {
	for _, id := range slices.Compact([]string{p.ComponentID, p.MachineID}) {
		c, err := g.look(id)
		if err != nil {
			return nil, err
		}
		if c.AgreementID == "" {
			continue
		}
		a, err := ledger.Get(g.ctx.tx, agreements, c.AgreementID)
		if err != nil {
			return nil, err
		}
		if a.Serves(p.Owner, w.Now) {
			return a, nil
		}
	}
	return nil, nil
}

// look reads a list without the intention of changing it.
func (g *raising) look(id string) (service.Care, error) {
	if i := slices.IndexFunc(g.cares, func(c service.Care) bool { return c.ComponentID == id }); i >= 0 {
		return g.cares[i], nil
	}
	return careOf(g.ctx, id)
}
