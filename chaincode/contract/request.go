package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// ReportFault asks for corrective work on a component (EN 13306).
func (*Service) ReportFault(ctx *Context, in *api.ReportFault) (*service.ServiceRequest, error) {
	asset, place, _, err := planned(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, component.Maintain, *asset); err != nil {
		return nil, err
	}
	g := newRaising(ctx)
	c, err := g.care(place.MachineID)
	if err != nil {
		return nil, err
	}
	w := ctx.serviceWhen(c.ChangedAt)
	a, err := servingAgreement(g, place, w)
	if err != nil {
		return nil, err
	}
	r, e, err := service.RaiseFault(service.ServiceRequest{
		RequestID: in.RequestID, Title: in.Title, Action: in.Action, Skill: in.Skill, ApprovedParts: in.ApprovedParts, Report: &in.Report, DueAt: in.DueAt,
	}, place, a, w)
	if err != nil {
		return nil, err
	}
	if _, found, err := ledger.Find(ctx.tx, serviceRequests, r.RequestID); err != nil || found {
		return nil, exists(err, r.RequestID)
	}
	if err := g.open(c, r, e, w); err != nil {
		return nil, err
	}
	if err := g.store(); err != nil {
		return nil, err
	}
	return &r, ctx.tx.Announce(api.RequestsRaisedEvent, r.ComponentID, g.facts...)
}

func exists(err error, id string) error {
	if err != nil {
		return err
	}
	return fault.New(fault.CodeRequestExists, "service request %q exists", id).With("id", id)
}

// AcceptRequest is the service company's word that it will do the work; what it
// will be paid for gets its bill.
func (*Service) AcceptRequest(ctx *Context, in *api.RequestRef) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		if r.AgreementID == "" {
			return r.Accept(nil, w)
		}
		a, err := ledger.Get(ctx.tx, agreements, r.AgreementID)
		if err != nil {
			return r, service.RequestEvent{}, err
		}
		next, e, err := r.Accept(a, w)
		if err == nil {
			err = openBill(ctx, service.OpenBill(next, *a, w))
		}
		return next, e, err
	})
}

// RejectRequest is the service company's word that it will not do it.
func (*Service) RejectRequest(ctx *Context, in *api.RequestReason) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		return r.Reject(in.Reason, w)
	})
}

// AssignRequest gives a request that nobody has accepted to another service company,
// or to the owner itself.
func (*Service) AssignRequest(ctx *Context, in *api.AssignRequest) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		_, place, _, err := planned(ctx, r.ComponentID)
		if err != nil || in.AgreementID == "" {
			return afterwards(err, func() (service.ServiceRequest, service.RequestEvent, error) { return r.Assign(place.Owner, nil, w) })
		}
		a, err := ledger.Get(ctx.tx, agreements, in.AgreementID)
		if err == nil {
			err = permitOf(ctx, a.Provider, party.ProvideService)
		}
		return afterwards(err, func() (service.ServiceRequest, service.RequestEvent, error) { return r.Assign(place.Owner, a, w) })
	})
}

// afterwards does the next step unless the one before it failed.
func afterwards(err error, step func() (service.ServiceRequest, service.RequestEvent, error)) (service.ServiceRequest, service.RequestEvent, error) {
	if err != nil {
		return service.ServiceRequest{}, service.RequestEvent{}, err
	}
	return step()
}

// ScheduleRequest says when an engineer comes, and who: one of the provider's, whose
// credential grants the work now (SV3, SV5).
func (*Service) ScheduleRequest(ctx *Context, in *api.ScheduleRequest) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		next, e, err := r.Schedule(in.EngineerID, in.ScheduledFor, w)
		if err == nil {
			err = dispatchable(ctx, r, in.EngineerID, w)
		}
		return next, e, err
	})
}

// StartWork says that the engineer has begun.
func (*Service) StartWork(ctx *Context, in *api.RequestRef) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		x, err := whose(ctx, r)
		if err != nil {
			return r, service.RequestEvent{}, err
		}
		next, e, err := r.Start(x, w)
		if err == nil {
			err = workable(ctx, r.ComponentID, component.Maintain)
		}
		return next, e, err
	})
}

// ReturnWork says that the work is not what was asked for; it goes on.
func (*Service) ReturnWork(ctx *Context, in *api.RequestReason) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		return r.Return(in.Reason, w)
	})
}

// MarkOverdue puts on record that a request was not done in time; anybody may ask,
// and the ledger decides.
func (*Service) MarkOverdue(ctx *Context, in *api.RequestRef) (*service.ServiceRequest, error) {
	return changeRequest(ctx, in.RequestID, service.ServiceRequest.MarkOverdue)
}

// CancelRequest ends a request that comes to nothing: its task is counted anew from
// now, or stays due.
func (*Service) CancelRequest(ctx *Context, in *api.CancelRequest) (*service.ServiceRequest, error) {
	return endRequest(ctx, in.RequestID, func(t ending, r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		x, err := t.remains(ctx, r)
		if err != nil {
			return r, service.RequestEvent{}, err
		}
		next, e, settling, err := r.Cancel(x, in.Steps, in.Reason, w)
		if err == nil {
			err = t.settle(next, t.total, settling, w)
		}
		return next, e, err
	})
}

// whose looks who owns what a request is about, and its machine.
func whose(ctx *Context, r service.ServiceRequest) (service.Remains, error) {
	c, err := componentNow(ctx, r.ComponentID)
	if err != nil {
		return service.Remains{}, err
	}
	m, err := componentNow(ctx, r.MachineID)
	if err != nil {
		return service.Remains{}, err
	}
	return service.Remains{Owner: c.Owner, MachineOwner: m.Owner}, nil
}

// remains looks what is left of the occasion of a request.
func (t ending) remains(ctx *Context, r service.ServiceRequest) (service.Remains, error) {
	m, err := componentNow(ctx, r.MachineID)
	if err != nil {
		return service.Remains{}, err
	}
	x := service.Remains{
		Owner: t.place.Owner, MachineOwner: m.Owner, Ended: t.asset.Status == component.Decommissioned,
		Within: r.MachineID == r.ComponentID || slices.Contains(t.place.Within, r.MachineID),
	}
	if r.AgreementID == "" || r.Steps == 0 {
		return x, nil
	}
	b, err := ledger.Get(ctx.tx, bills, r.RequestID)
	if err != nil {
		return x, err
	}
	x.Unpaid = b.Steps < r.Steps
	return x, nil
}

// GetRequest gives a service request as it stands.
func (*Service) GetRequest(ctx *Context, in *api.RequestRef) (*service.ServiceRequest, error) {
	return ledger.Get(ctx.tx, serviceRequests, in.RequestID)
}

// RequestHistory gives a page of what happened to a request, oldest first.
func (*Service) RequestHistory(ctx *Context, in *api.ListRequest) (*api.RequestEventPage, error) {
	if _, err := ledger.Get(ctx.tx, serviceRequests, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, requestEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.RequestEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// workable refuses what must not be done to a component any more.
func workable(ctx *Context, id string, use component.Use) error {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil {
		return err
	}
	return usable(ctx, use, *c)
}

type requestStep func(service.ServiceRequest, service.When) (service.ServiceRequest, service.RequestEvent, error)

// changeRequest loads a request, takes one step, and stores it; the machine's list
// follows where the step has changed whether it is in it.
func changeRequest(ctx *Context, id string, step requestStep) (*service.ServiceRequest, error) {
	r, err := ledger.Get(ctx.tx, serviceRequests, id)
	if err != nil {
		return nil, err
	}
	if err := workable(ctx, r.ComponentID, component.Keep); err != nil {
		return nil, err
	}
	w := ctx.serviceWhen(r.ChangedAt)
	next, e, err := step(*r, w)
	if err != nil {
		return nil, err
	}
	if next.Listed() != r.Listed() {
		g := newRaising(ctx)
		if err := g.list(next, w); err != nil {
			return nil, err
		}
		if err := g.store(); err != nil {
			return nil, err
		}
	}
	return &next, storeRequest(ctx, next, e)
}

// list puts a request into its machine's list, or takes it out.
func (g *raising) list(r service.ServiceRequest, w service.When) error {
	c, err := g.care(r.MachineID)
	if err != nil {
		return err
	}
	if !r.Listed() {
		*c = c.Remove(r.RequestID, w.Now)
		return nil
	}
	next, err := c.Add(r.Open(), w.Now)
	*c = next
	return err
}

func storeRequest(ctx *Context, r service.ServiceRequest, e service.RequestEvent, more ...ledger.Fact) error {
	if err := ledger.Put(ctx.tx, serviceRequests, &r, r.RequestID); err != nil {
		return err
	}
	if err := ledger.Append(ctx.tx, requestEvents, &e, e.RequestID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	facts := append([]ledger.Fact{ledger.NewFact("request-"+e.Step, r.RequestID, e)}, more...)
	return ctx.tx.Announce(api.RequestChangedEvent, r.RequestID, facts...)
}

// ending is what a step finds that may end a request.
type ending struct {
	*raising
	asset component.Component
	place service.Place
	total service.Total
}

type endStep func(ending, service.ServiceRequest, service.When) (service.ServiceRequest, service.RequestEvent, error)

// endRequest takes a step that may end a request: its task counts anew, and it
// leaves its machine's list. What it is about may have been decommissioned.
func endRequest(ctx *Context, id string, step endStep) (*service.ServiceRequest, error) {
	r, err := ledger.Get(ctx.tx, serviceRequests, id)
	if err != nil {
		return nil, err
	}
	c, place, total, err := planned(ctx, r.ComponentID)
	if err != nil {
		return nil, err
	}
	g, w := newRaising(ctx), ctx.serviceWhen(r.ChangedAt)
	next, e, err := step(ending{g, *c, place, total}, *r, w)
	if err != nil {
		return nil, err
	}
	if next.Listed() != r.Listed() {
		if err := g.list(next, w); err != nil {
			return nil, err
		}
	}
	if err := g.store(); err != nil {
		return nil, err
	}
	return &next, storeRequest(ctx, next, e, g.facts...)
}

// settle has the task of a request go on.
func (g *raising) settle(r service.ServiceRequest, total service.Total, how service.Settling, w service.When) error {
	if r.TaskID == "" {
		return nil
	}
	p, found, err := g.plan(r.ComponentID)
	if err != nil || !found {
		return err
	}
	*p = how(*p, r, total, w)
	return setLimits(g.ctx, *p)
}
