package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// GetMemory gives all that the ledger says about a component in one document (CM10,
// CM12). It depends on nothing but the records, so that every peer gives the same bytes.
func (*Component) GetMemory(ctx *Context, in *api.ComponentRef) (*api.ProductMemory, error) {
	c, err := ledger.Get(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	m := &api.ProductMemory{Ledger: ctx.tx.LedgerID(), Component: *c}
	if m.Owner, err = ownerOf(ctx, *c); err != nil {
		return nil, err
	}
	for _, fill := range []func(*Context, *api.ProductMemory) error{rememberLife, rememberEvidence, rememberRights, rememberUse, rememberServices} {
		if err := fill(ctx, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// CheckMemory says whether the hash of somebody's copy of a component's memory is on record (CM12).
func (*Component) CheckMemory(ctx *Context, in *api.CheckMemory) (*api.MemoryChecked, error) {
	c, err := ledger.Get(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := party.CheckHash("hash", in.Hash); err != nil {
		return nil, err
	}
	out := &api.MemoryChecked{ComponentID: in.ComponentID, Hash: in.Hash}
	out.Anchor, err = first(ctx, documents, in.ComponentID, func(d component.AttachedDocument) bool {
		return d.Kind == component.MemoryDocument && d.Hash == in.Hash
	})
	if err != nil || out.Anchor == nil {
		return out, err
	}
	put, err := first(ctx, componentEvents, in.ComponentID, func(e component.LifeEvent) bool { return e.TransactionID == out.Anchor.TransactionID })
	if err == nil && put != nil {
		out.Anchored, out.Since = true, c.Events-put.Number-1
	}
	return out, err
}

// first looks through the records about a component for one, in their order.
func first[T any](ctx *Context, k ledger.Kind[T], id string, is func(T) bool) (*T, error) {
	for cursor := ""; ; {
		p, err := ledger.List(ctx.tx, k, ledger.MaxPage, cursor, id)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(p.Items, func(v *T) bool { return is(*v) }); i >= 0 {
			return p.Items[i], nil
		}
		if p.Next == "" {
			return nil, nil
		}
		cursor = p.Next
	}
}

// remember adds the records whose keys begin with attrs to those that a memory
// holds of their kind, as many as it holds.
func remember[T any](ctx *Context, m *api.ProductMemory, into *[]T, k ledger.Kind[T], attrs ...string) error {
	if *into == nil {
		*into = []T{}
	}
	for cursor := ""; ; {
		room := min(api.MaxMemory-len(*into), ledger.MaxPage)
		if room == 0 {
			m.Truncated = true
			return nil
		}
		p, err := ledger.List(ctx.tx, k, room, cursor, attrs...)
		if err != nil {
			return err
		}
		*into = append(*into, values(p.Items)...)
		if cursor = p.Next; cursor == "" {
			return nil
		}
	}
}

// rememberLife fills in where it was, whose, and how it ended.
func rememberLife(ctx *Context, m *api.ProductMemory) error {
	id := m.Component.ComponentID
	g, found, err := ledger.Find(ctx.tx, goods, id)
	if err != nil {
		return err
	}
	if found {
		m.CarriedIn = g.ShipmentID
	}
	if m.End, _, err = ledger.Find(ctx.tx, retirements, id); err != nil {
		return err
	}
	if err := remember(ctx, m, &m.Events, componentEvents, id); err != nil {
		return err
	}
	return remember(ctx, m, &m.Scans, scans, id)
}

// rememberEvidence fills in what shows what it is, and what speaks against it.
func rememberEvidence(ctx *Context, m *api.ProductMemory) error {
	id := m.Component.ComponentID
	held, err := (*Component).ListHolds(nil, ctx, &api.ComponentRef{ComponentID: id})
	if err != nil {
		return err
	}
	m.Holds = held.Items
	for _, fill := range []func() error{
		func() error { return remember(ctx, m, &m.Documents, documents, id) },
		func() error { return remember(ctx, m, &m.Tests, tests, id) },
		func() error { return remember(ctx, m, &m.Concessions, concessions, id) },
		func() error { return remember(ctx, m, &m.Processes, processes, id) },
		func() error { return remember(ctx, m, &m.Validations, validations, id) },
		func() error { return remember(ctx, m, &m.Findings, findings, id) },
	} {
		if err := fill(); err != nil {
			return err
		}
	}
	return nil
}

// rememberRights fills in who may do what with it.
func rememberRights(ctx *Context, m *api.ProductMemory) error {
	id := m.Component.ComponentID
	if err := remember(ctx, m, &m.Pledges, pledges, id); err != nil {
		return err
	}
	if err := remember(ctx, m, &m.Delegations, delegations, id); err != nil {
		return err
	}
	return remember(ctx, m, &m.Mandates, mandates, id)
}

// rememberUse fills in how much it was used, and what was in it.
func rememberUse(ctx *Context, m *api.ProductMemory) error {
	id := m.Component.ComponentID
	used, err := (*Component).GetUsage(nil, ctx, &api.ComponentRef{ComponentID: id})
	if err != nil {
		return err
	}
	m.Usage = *used
	return remember(ctx, m, &m.Parts, assemblyEvents, id)
}

// rememberServices fills in what was done to it.
func rememberServices(ctx *Context, m *api.ProductMemory) error {
	var of []service.RequestOf
	if err := remember(ctx, m, &of, requestsOf, m.Component.ComponentID); err != nil {
		return err
	}
	m.Services, m.Steps = []service.ServiceRequest{}, []service.ServiceStep{}
	for _, o := range of {
		r, err := ledger.Get(ctx.tx, serviceRequests, o.RequestID)
		if err != nil {
			return err
		}
		m.Services = append(m.Services, *r)
		if err := remember(ctx, m, &m.Steps, serviceSteps, o.RequestID); err != nil {
			return err
		}
	}
	return nil
}
