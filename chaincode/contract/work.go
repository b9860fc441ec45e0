package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// RecordStep puts one completed step of the work on record, with what was measured
// and which parts were used (SV14).
func (*Service) RecordStep(ctx *Context, in *api.RecordStep) (*service.ServiceStep, error) {
	r, err := ledger.Get(ctx.tx, serviceRequests, in.RequestID)
	if err != nil {
		return nil, err
	}
	if err := workable(ctx, r.ComponentID, component.Maintain); err != nil {
		return nil, err
	}
	x, err := whose(ctx, *r)
	if err != nil {
		return nil, err
	}
	a := new(service.Agreement)
	if r.AgreementID != "" {
		if a, err = ledger.Get(ctx.tx, agreements, r.AgreementID); err != nil {
			return nil, err
		}
	}
	next, s, err := r.Record(service.ServiceStep{
		Step: in.Step, Activity: in.Activity, Measurements: in.Measurements, Parts: in.Parts, BeforeHash: in.BeforeHash, AfterHash: in.AfterHash,
	}, a.Price(r.TaskID, in.Step), x, ctx.serviceWhen(r.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, serviceSteps, &s, s.RequestID, ledger.Seq(s.Number)); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, serviceRequests, &next, next.RequestID); err != nil {
		return nil, err
	}
	return &s, ctx.tx.Announce(api.RequestChangedEvent, s.RequestID, ledger.NewFact("request-step", s.RequestID, s))
}

// CompleteWork says that the work is done, on the word of a certified engineer; a
// replacement happens in the same transaction, and a failed inspection raises the
// next request (SV4, SV5).
func (*Service) CompleteWork(ctx *Context, in *api.CompleteWork) (*service.ServiceRequest, error) {
	return endRequest(ctx, in.RequestID, func(t ending, r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		if err := usable(ctx, component.Keep, t.asset); err != nil {
			return r, service.RequestEvent{}, err
		}
		next, e, err := complete(ctx, in, r, w)
		if err != nil {
			return next, e, err
		}
		if next.Result.Installed != "" {
			if err := replaced(ctx, next, t.place); err != nil {
				return next, e, err
			}
		}
		next, err = followUp(t, next, w)
		return next, e, err
	})
}

// complete opens the statements and lets the rule decide.
func complete(ctx *Context, in *api.CompleteWork, r service.ServiceRequest, w service.When) (next service.ServiceRequest, e service.RequestEvent, err error) {
	work, by, err := openWork[service.Work](ctx, &in.Statement, service.WorkStatement, r)
	if err != nil {
		return next, e, err
	}
	if in.Inspection == nil {
		return r.Complete(work, by, nil, service.Signature{}, w)
	}
	second, bySecond, err := openWork[service.Inspection](ctx, in.Inspection, service.InspectionStatement, r)
	if err != nil {
		return next, e, err
	}
	return r.Complete(work, by, &second, bySecond, w)
}

// openWork opens an engineer's statement about a request, whose credential has to
// grant the skill for the part.
func openWork[B any](ctx *Context, e *dsse.Envelope, kind string, r service.ServiceRequest) (body B, by service.Signature, err error) {
	s, err := openStatement[B](ctx, e, kind, r.RequestID, engineer)
	if err != nil {
		return body, by, err
	}
	return s.Body, signatureOf(s), s.Signer.credential.Covers(r.Skill, r.PartNumber)
}

func signatureOf[B any](s signed[B]) service.Signature {
	return service.Signature{CredentialID: s.Signer.id, Issuer: s.Signer.organisation, Hash: s.Hash, SignedAt: s.SignedAt}
}

// dispatchable refuses to send an engineer who could not close the request now.
func dispatchable(ctx *Context, r service.ServiceRequest, engineerID string, w service.When) error {
	c, err := ledger.Get(ctx.tx, credentials, engineerID)
	if err != nil {
		return err
	}
	if err := c.IssuedBy(r.Provider); err != nil {
		return err
	}
	if err := c.Signs(c.Key.Number, w.Now); err != nil {
		return err
	}
	return c.Covers(r.Skill, r.PartNumber)
}

// replaced puts the new part in the place of the old one, as one record. Somebody
// may have taken the old one out since the work began.
func replaced(ctx *Context, r service.ServiceRequest, place service.Place) error {
	if place.ParentID == "" {
		return fault.New(fault.CodeWorkDiffers, "%s is in no machine any more", r.ComponentID).With("componentId", r.ComponentID)
	}
	c, err := ledger.Get(ctx.tx, components, r.Result.Installed)
	if err != nil {
		return err
	}
	if err := r.ApprovesPart(c.PartNumber); err != nil {
		return err
	}
	return exchange(ctx, place.ParentID, place.SlotID, r.Result.Removed, r.Result.Installed, r.RequestID, r.Result.StatementHash)
}

// followUp raises the request that a failed inspection asks for, in the same
// transaction; the inspection itself is done.
func followUp(t ending, r service.ServiceRequest, w service.When) (service.ServiceRequest, error) {
	p, found, err := t.plan(r.ComponentID)
	if err != nil || !found || r.TaskID == "" {
		return r, err
	}
	of, err := p.TaskOf(r.TaskID)
	if err != nil {
		return r, nil //nolint:nilerr // the task has gone from the plan
	}
	action, failed := r.Fails(of.Task.OnFailure)
	if !failed || of.Open != r.RequestID {
		return r, nil
	}
	*p = p.Done(r, t.total, w)
	if _, err := t.raise(r.TaskID, service.Occasion{Place: t.place, Cause: service.ByFailure, DueAt: w.Now, Follows: r.RequestID, Action: action}); err != nil {
		return r, err
	}
	if len(t.raised) == 1 {
		r = r.Follow(t.raised[0].RequestID)
	}
	return r, setLimits(t.ctx, *p)
}

// ConfirmWork closes a request: the machine's own scan agrees, where it reports by
// itself, or else the owner says so; what has not been paid is paid (SV4, SV7).
func (*Service) ConfirmWork(ctx *Context, in *api.RequestRef) (*service.ServiceRequest, error) {
	return endRequest(ctx, in.RequestID, func(t ending, r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
		m, err := machineOf(ctx, r.MachineID)
		if err != nil {
			return r, service.RequestEvent{}, err
		}
		next, e, err := r.Confirm(t.place.Owner, m, w)
		if err == nil {
			err = t.settle(next, t.total, service.Plan.Done, w)
		}
		if err == nil && next.AgreementID != "" {
			err = payRest(ctx, next, w)
		}
		if err == nil && next.Action == service.Decommission && w.Actor == t.asset.Owner {
			err = t.retire(next)
		}
		return next, e, err
	})
}

// retire asks for the end of the life of what was taken out of service, as the
// owner's word, unless its life has ended or its end has been asked for meanwhile;
// its maker witnesses it as always (SV2, CM9). Where somebody else confirms the work,
// it is left to the owner.
func (t ending) retire(r service.ServiceRequest) error {
	g, c := t.raising, t.asset
	if c.Status == component.Decommissioning || c.Status == component.Decommissioned {
		return nil
	}
	if err := atRest(g.ctx, r.ComponentID); err != nil {
		return err
	}
	if err := usable(g.ctx, component.Decommission, c); err != nil {
		return err
	}
	next, end, e, err := c.AskEnd(component.Retirement{Disposition: component.Inactive, Reason: "service request " + r.RequestID}, g.ctx.componentWhen(c.ChangedAt))
	if err != nil {
		return err
	}
	if _, _, err := ledger.Find(g.ctx.tx, retirements, r.ComponentID); err != nil {
		return err
	}
	if err := ledger.Put(g.ctx.tx, retirements, &end, r.ComponentID); err != nil {
		return err
	}
	if err := protect(g.ctx, retirements, []string{c.Owner}, r.ComponentID); err != nil {
		return err
	}
	g.facts = append(g.facts, ledger.NewFact("retirement", r.ComponentID, end))
	if err := ledger.Put(g.ctx.tx, components, &next, r.ComponentID); err != nil {
		return err
	}
	return ledger.Append(g.ctx.tx, componentEvents, &e, r.ComponentID, ledger.Seq(e.Number))
}

// ListSteps gives a page of the steps of a request, in their order.
func (*Service) ListSteps(ctx *Context, in *api.ListRequest) (*api.ServiceStepPage, error) {
	if _, err := ledger.Get(ctx.tx, serviceRequests, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, serviceSteps, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ServiceStepPage{Items: values(p.Items), Next: p.Next}, nil
}
