package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// placeOf says where a component is, and who owns the outermost machine.
func placeOf(ctx *Context, c component.Component) (service.Place, error) {
	p := service.Place{ComponentID: c.ComponentID, PartNumber: c.PartNumber, MachineID: c.ComponentID, Owner: c.Owner}
	up, err := ctx.workshop().Above(c.ComponentID)
	if err != nil || len(up) == 0 {
		return p, err
	}
	p.ParentID, p.SlotID, p.MachineID = up[0].MachineID, up[0].SlotID, up[len(up)-1].MachineID
	for _, above := range up {
		p.Within = append(p.Within, above.MachineID)
	}
	root, err := ledger.Get(ctx.tx, components, p.MachineID)
	if err != nil {
		return p, err
	}
	p.Owner = root.Owner
	return p, nil
}

// useOf gives what a component has counted.
func useOf(ctx *Context, id string) (service.Total, error) {
	counts, err := totalsOf(ctx, id)
	return func(m string) int64 { return usage.Of(counts, m) }, err
}

// setLimits lets use find what of a plan it makes due. A task with a request is
// not looked for: its limits are set anew when that is over.
func setLimits(ctx *Context, p service.Plan) error {
	var ts []usage.Threshold
	for _, l := range p.Limits() {
		ts = append(ts, usage.Threshold{TaskID: l.TaskID, Measure: l.Measure, At: l.At, Raised: l.Raised})
	}
	if len(ts) == 0 {
		known, err := ctx.workshop().Counters(p.ComponentID)
		if err != nil || len(known.Thresholds) == 0 {
			return err
		}
	}
	return setThresholds(ctx, p.ComponentID, ts)
}

// machineOf is what a machine itself says. One whose tag is connected reports by
// itself what is in its slots; where it has none, or its life has ended, there is
// nothing to scan.
func machineOf(ctx *Context, id string) (service.Machine, error) {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil || c.TagClass != component.Connected || c.Status == component.Decommissioned {
		return service.Machine{}, err
	}
	a, found, err := ledger.Find(ctx.tx, assemblies, id)
	if err != nil || !found {
		return service.Machine{}, err
	}
	m := service.Machine{Connected: true}
	if a.Scan != nil {
		m.ScannedAt, m.Agrees = a.Scan.RecordedAt, a.Scan.Agrees
	}
	return m, nil
}

// raiseCrossed raises the requests of what use has made due.
func raiseCrossed(ctx *Context, crossed []usage.Crossed) (*raising, error) {
	g := newRaising(ctx)
	if err := g.crossed(crossed); err != nil {
		return nil, err
	}
	return g, g.storeIfRaised()
}

// crossed raises the requests of limits that have been reached. What finds no room
// in its machine's list is looked for again by the next report.
func (g *raising) crossed(all []usage.Crossed) error {
	for _, x := range all {
		p, found, err := g.plan(x.ComponentID)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		_, place, _, err := planned(g.ctx, x.ComponentID)
		if err != nil {
			return err
		}
		now := g.ctx.now(p.ChangedAt)
		trigger := service.Trigger{Measure: x.Measure, Limit: x.At, Value: x.Total, At: now}
		raised, err := g.raise(x.TaskID, service.Occasion{Place: place, Cause: service.ByUsage, Trigger: &trigger, DueAt: now})
		if err == nil && !raised {
			err = setLimits(g.ctx, g.planOf(x.ComponentID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
