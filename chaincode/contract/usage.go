package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// usageReport is the kind of statement that says what meters show.
const usageReport = "usage-report"

// ReportUsage takes a signed report of what a component's own meters show. All that
// counts through it has been used as much more, and is not touched, but for what
// falls due by it (SV2).
func (*Component) ReportUsage(ctx *Context, in *api.ReportUsage) (*api.UsageReported, error) {
	if err := ctx.permit(party.RecordReadings); err != nil {
		return nil, err
	}
	c, err := ledger.Get(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, component.Keep, *c); err != nil {
		return nil, err
	}
	said, err := openStatement[api.UsageReport](ctx, &in.Envelope, usageReport, in.ComponentID, machine, telemeter)
	if err != nil {
		return nil, err
	}
	if err := reports(ctx, *c, said.Signer); err != nil {
		return nil, err
	}
	return changeCounters(ctx, *c, func(n usage.Counters) ([]usage.Crossed, error) {
		return ctx.workshop().Report(in.ComponentID, said.Body.Readings, ctx.now(n.ChangedAt, said.At))
	})
}

// reports refuses a report by anybody but the component itself, or a device of
// who owns it.
func reports(ctx *Context, c component.Component, by signer) error {
	owner, err := ownerOf(ctx, c)
	if err != nil {
		return err
	}
	if by.kind == machine && by.id == c.ComponentID && c.TagClass != component.Passive || by.kind == telemeter && by.organisation == owner {
		return nil
	}
	return fault.New(fault.CodeUsageSigner, "%s %s reports no usage of %s", by.kind, by.id, c.ComponentID).With("owner", owner)
}

// changeCounters changes a component's counters, lets fall due what does, and announces it.
func changeCounters(ctx *Context, c component.Component, step func(usage.Counters) ([]usage.Crossed, error)) (*api.UsageReported, error) {
	w := ctx.workshop()
	n, err := w.Counters(c.ComponentID)
	if err != nil {
		return nil, err
	}
	crossed, err := step(n)
	if err != nil {
		return nil, err
	}
	out := &api.UsageReported{ComponentID: c.ComponentID, Crossed: append([]usage.Crossed{}, crossed...)}
	if out.Usage, err = w.Usage(c.ComponentID); err != nil {
		return nil, err
	}
	g, err := raiseCrossed(ctx, crossed)
	if err != nil {
		return nil, err
	}
	for _, r := range g.raised {
		out.Requests = append(out.Requests, r.RequestID)
	}
	facts := append([]ledger.Fact{ledger.NewFact("usage-reported", c.ComponentID, *out)}, g.facts...)
	return out, ctx.tx.Announce(api.UsageReportedEvent, c.ComponentID, facts...)
}

// ReplaceMeter records another device in the place of a component's meter; what is
// counted goes on.
func (*Component) ReplaceMeter(ctx *Context, in *api.ReplaceMeter) (*api.UsageReported, error) {
	s, err := ctx.workAt(in.ComponentID, in.RequestID)
	if err != nil {
		return nil, err
	}
	return changeCounters(ctx, s.machine, func(n usage.Counters) ([]usage.Crossed, error) {
		w := s.when(in.RequestID, "")
		w.Now = max(w.Now, n.ChangedAt)
		next, e := s.machine.NoteMeter(component.MeterChange{Measure: in.Measure, Final: in.Final, Start: in.Start}, s.lifeWhen(w))
		if err := keepComponent(ctx, next, e); err != nil {
			return nil, err
		}
		return ctx.workshop().ReplaceMeter(in.ComponentID, in.Measure, in.Final, in.Start, w.Now)
	})
}

// GetUsage says how much a component has been used, since new, since its overhaul
// and since its installation, and at which totals something falls due.
func (*Component) GetUsage(ctx *Context, in *api.ComponentRef) (*api.ComponentUsage, error) {
	if _, err := ledger.Get(ctx.tx, components, in.ComponentID); err != nil {
		return nil, err
	}
	w := ctx.workshop()
	c, err := w.Counters(in.ComponentID)
	if err != nil {
		return nil, err
	}
	out := &api.ComponentUsage{
		ComponentID: in.ComponentID, Through: c.Through, Meters: append([]usage.Meter{}, c.Meters...), Thresholds: append([]usage.Threshold{}, c.Thresholds...),
		InstalledAt: string(c.InstalledAt), OverhauledAt: string(c.OverhauledAt),
	}
	out.Usage, err = w.Usage(in.ComponentID)
	return out, err
}
