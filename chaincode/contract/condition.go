package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// ReportCondition brings what a machine or a device has measured of a component;
// a control that it breaks raises the request in the same transaction (SV9).
func (*Service) ReportCondition(ctx *Context, in *api.ReportCondition) (*api.ConditionReported, error) {
	s, err := openStatement[service.ConditionReport](ctx, &in.Statement, service.ConditionStatement, in.ComponentID, machine, telemeter)
	if err != nil {
		return nil, err
	}
	c, place, _, err := planned(ctx, in.ComponentID)
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
		p = &service.Plan{ComponentID: in.ComponentID}
	}
	if err := mayReport(g, s.Signer, place); err != nil {
		return nil, err
	}
	next, hits, err := judgeCondition(ctx, *p, s.Body)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		if _, err := g.raise(h.TaskID, service.Occasion{Place: place, Cause: service.ByCondition, Trigger: &h.Trigger, DueAt: next.ChangedAt}); err != nil {
			return nil, err
		}
	}
	return reportedCondition(ctx, g, next)
}

// reportedCondition stores the measure and, where something was raised, what that changed.
func reportedCondition(ctx *Context, g *raising, next service.MonitoredCondition) (*api.ConditionReported, error) {
	if err := ledger.Put(ctx.tx, conditions, &next, next.ComponentID, next.Measure); err != nil {
		return nil, err
	}
	if len(g.raised) > 0 {
		if err := g.store(); err != nil {
			return nil, err
		}
	}
	facts := append([]ledger.Fact{ledger.NewFact("condition-reported", next.ComponentID, next)}, g.facts...)
	return &api.ConditionReported{Condition: next, Raised: g.raised}, ctx.tx.Announce(api.ConditionReportedEvent, next.ComponentID, facts...)
}

func judgeCondition(ctx *Context, p service.Plan, report service.ConditionReport) (service.MonitoredCondition, []service.Hit, error) {
	c := service.NewCondition(p.ComponentID, report.Measure)
	if err := service.CheckMeasure(report.Measure); err != nil {
		return c, nil, err
	}
	c, err := ledger.FindOr(ctx.tx, conditions, c, p.ComponentID, report.Measure)
	if err != nil {
		return c, nil, err
	}
	return c.Judge(p, report, ctx.now(c.ChangedAt))
}

// mayReport: a component is watched by itself, by its machine, or by a device of
// its owner or of the company that serves it.
func mayReport(g *raising, who signer, place service.Place) error {
	switch who.kind {
	case machine:
		if who.id == place.ComponentID || who.id == place.MachineID {
			return nil
		}
	case telemeter:
		if who.organisation == place.Owner {
			return nil
		}
		a, err := servingAgreement(g, place, g.ctx.serviceWhen())
		if err != nil {
			return err
		}
		if a != nil && a.Provider == who.organisation {
			return nil
		}
	}
	return fault.New(fault.CodeConditionSigner, "%s does not report the condition of %s", who.id, place.ComponentID).With("signer", who.id)
}

// GetCondition gives where one measure of a component stands.
func (*Service) GetCondition(ctx *Context, in *api.ConditionRef) (*service.MonitoredCondition, error) {
	return ledger.Get(ctx.tx, conditions, in.ComponentID, in.Measure)
}
