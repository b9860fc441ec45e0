package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Decommission is the owner's wish to end a component's life; its maker witnesses
// it (CM9, PV7).
func (*Component) Decommission(ctx *Context, in *api.DecommissionComponent) (*component.Retirement, error) {
	return endLife(ctx, in.ComponentID, component.Decommission, func(c component.Component, _ component.Retirement, w component.When) (component.Component, component.Retirement, component.LifeEvent, error) {
		if err := atRest(ctx, in.ComponentID); err != nil {
			return c, component.Retirement{}, component.LifeEvent{}, err
		}
		return c.AskEnd(component.Retirement{
			Disposition: in.Disposition, Reason: in.Reason, CertificateID: in.CertificateID, CertificateHash: in.CertificateHash, Materials: in.Materials,
		}, w)
	})
}

// ConfirmDecommission is the maker's witness; when its time is over, the owner's own word.
func (*Component) ConfirmDecommission(ctx *Context, in *api.ConfirmDecommission) (*component.Retirement, error) {
	return endLife(ctx, in.ComponentID, component.Decommission, func(c component.Component, r component.Retirement, w component.When) (component.Component, component.Retirement, component.LifeEvent, error) {
		if err := atRest(ctx, in.ComponentID); err != nil {
			return c, r, component.LifeEvent{}, err
		}
		return c.EndLife(r, in.WitnessHash, w)
	})
}

// WithdrawDecommission lets a component live on that nobody has witnessed the end of.
func (*Component) WithdrawDecommission(ctx *Context, in *api.ComponentRef) (*component.Retirement, error) {
	return endLife(ctx, in.ComponentID, component.Keep, component.Component.WithdrawEnd)
}

// GetRetirement gives the certificate of the end of a component's life.
func (*Component) GetRetirement(ctx *Context, in *api.ComponentRef) (*component.Retirement, error) {
	if _, err := ledger.Get(ctx.tx, components, in.ComponentID); err != nil {
		return nil, err
	}
	return ledger.Get(ctx.tx, retirements, in.ComponentID)
}

type retirementStep func(component.Component, component.Retirement, component.When) (component.Component, component.Retirement, component.LifeEvent, error)

// endLife loads a component with the record of its end, takes one step, and stores both.
func endLife(ctx *Context, id string, use component.Use, step retirementStep) (*component.Retirement, error) {
	c, err := componentNow(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, use, *c); err != nil {
		return nil, err
	}
	known, err := ledger.FindOr(ctx.tx, retirements, component.Retirement{}, id)
	if err != nil {
		return nil, err
	}
	w, err := ctx.inRight(*c)
	if err != nil {
		return nil, err
	}
	next, r, e, err := step(*c, known, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, components, &next, id); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, retirements, &r, id); err != nil {
		return nil, err
	}
	if err := protectWhile(ctx, r.Status != component.EndDropped, retirements, c.Owner, id); err != nil {
		return nil, err
	}
	return &r, recordComponent(ctx, api.RetirementChangedEvent, next, e, ledger.NewFact("retirement", id, r))
}

// atRest refuses to end the life of a machine that still holds parts, which would
// be in it for ever, and of what travels.
func atRest(ctx *Context, id string) error {
	machine, found, err := ledger.Find(ctx.tx, assemblies, id)
	if err != nil {
		return err
	}
	if found && machine.Filled > 0 {
		return fault.New(fault.CodeRetirementFilled, "%d slots of %s are filled", machine.Filled, id).With("componentId", id)
	}
	g, found, err := ledger.Find(ctx.tx, goods, id)
	if err != nil || !found || g.ShipmentID == "" {
		return err
	}
	return fault.New(fault.CodeGoodsInShipment, "component %s is in shipment %s", id, g.ShipmentID).With("componentId", id).With("shipmentId", g.ShipmentID)
}

// ReturnCore takes a used unit back as a core (PV8).
func (*Component) ReturnCore(ctx *Context, in *api.ReturnCore) (*component.Component, error) {
	return changeComponent(ctx, in.ComponentID, component.Maintain, api.ComponentChangedEvent, func(c component.Component, w component.When) (component.Component, component.LifeEvent, error) {
		return c.ReturnCore(in.Reason, w)
	})
}

// RecordProcess says that a unit was remanufactured, reconditioned or repaired
// (PV4, PV5, PV6). Its owner confirms what another did.
func (*Component) RecordProcess(ctx *Context, in *api.RecordProcess) (*component.ProcessRecord, error) {
	if err := ctx.permit(party.ReworkComponent); err != nil {
		return nil, err
	}
	p := component.ProcessRecord{
		Process: in.Process, SpecificationHash: in.SpecificationHash, WarrantyMonths: in.WarrantyMonths, Covers: in.Covers, Faults: in.Faults,
		Test: in.Test, Concession: in.Concession, ReportHash: in.ReportHash, Certificate: in.Certificate,
	}
	v, err := evidenceOf(ctx, in.ComponentID, p)
	if err != nil {
		return nil, err
	}
	return processOf.change(ctx, in.ComponentID, component.Rework, func(c component.Component, _ component.ProcessRecord, w component.When) (component.Component, component.ProcessRecord, component.LifeEvent, error) {
		next, done, e, err := c.ProposeProcess(p, v, w)
		if err == nil {
			err = renewed(ctx, done)
		}
		return next, done, e, err
	})
}

// DecideProcess is the owner's answer to what another says was done.
func (*Component) DecideProcess(ctx *Context, in *api.DecideProcess) (*component.ProcessRecord, error) {
	return processOf.at(in.Number).change(ctx, in.ComponentID, component.Rework, func(c component.Component, p component.ProcessRecord, w component.When) (component.Component, component.ProcessRecord, component.LifeEvent, error) {
		v, err := evidenceOf(ctx, in.ComponentID, p)
		if err != nil {
			return c, p, component.LifeEvent{}, err
		}
		next, done, e, err := c.DecideProcess(p, v, in.Accept, w)
		if err == nil {
			err = renewed(ctx, done)
		}
		return next, done, e, err
	})
}

// renewed lets the counters since overhaul begin anew with another life of the unit.
func renewed(ctx *Context, p component.ProcessRecord) error {
	if p.Process != component.Remanufacture || p.Status != component.ProcessDone {
		return nil
	}
	return overhauled(ctx, p.ComponentID)
}

// ListProcesses gives a page of what was done to a unit as a whole, oldest first.
func (*Component) ListProcesses(ctx *Context, in *api.ListRequest) (*api.ProcessPage, error) {
	p, err := listOf(ctx, processes, in)
	if err != nil {
		return nil, err
	}
	return &api.ProcessPage{Items: values(p.Items), Next: p.Next}, nil
}

// evidenceOf gives the test and the concession that a process names.
func evidenceOf(ctx *Context, id string, p component.ProcessRecord) (v component.Evidence, err error) {
	if p.Test > 0 {
		if v.Test, err = ledger.Get(ctx.tx, tests, id, ledger.Seq(p.Test)); err != nil {
			return v, err
		}
	}
	if p.Concession > 0 {
		v.Concession, err = ledger.Get(ctx.tx, concessions, id, ledger.Seq(p.Concession))
	}
	return v, err
}

var processOf = aside[component.ProcessRecord]{kind: processes, fact: "process", guards: func(p component.ProcessRecord) []string { return []string{p.By} }}
