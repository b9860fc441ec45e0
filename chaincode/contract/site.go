package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// site is a machine at which something is done.
type site struct {
	ctx     *Context
	machine component.Component
	above   []assembly.Placement // of the machine, innermost first
	owner   string               // of the outermost machine
	newest  measure.Time         // of the records that what is done follows
}

// site loads a machine and who owns it, for an organisation that may keep machines.
func (c *Context) site(machineID string) (*site, error) {
	if err := permitMachines(c); err != nil {
		return nil, err
	}
	return c.siteFor(machineID, component.Maintain)
}

// siteFor is [Context.site] for a use that somebody else has allowed.
func (c *Context) siteFor(machineID string, use component.Use) (*site, error) {
	m, err := ledger.Get(c.tx, components, machineID)
	if err != nil {
		return nil, err
	}
	if err := usable(c, use, *m); err != nil {
		return nil, err
	}
	s := &site{ctx: c, machine: *m, owner: m.Owner, newest: m.ChangedAt}
	if s.above, err = c.workshop().Above(machineID); err != nil {
		return nil, err
	}
	if n := len(s.above); n > 0 {
		root, err := ledger.Get(c.tx, components, s.above[n-1].MachineID)
		if err != nil {
			return nil, err
		}
		s.owner = root.Owner
	}
	a, err := c.workshop().Find(machineID)
	if err != nil {
		return nil, err
	}
	if a != nil {
		s.newest = max(s.newest, a.ChangedAt)
	}
	return s, nil
}

// ownerOf is who owns a component: of a part that is installed, the owner of the outermost machine.
func ownerOf(ctx *Context, c component.Component) (string, error) {
	if c.InstalledIn == "" {
		return c.Owner, nil
	}
	root, err := ctx.workshop().Root(c.ComponentID)
	if err != nil {
		return "", err
	}
	r, err := ledger.Get(ctx.tx, components, root)
	if err != nil {
		return "", err
	}
	return r.Owner, nil
}

// workAt is [Context.site] for whoever may change what is in the machine: its
// owner, or the service company, for an open request about it or a machine above it.
func (c *Context) workAt(machineID, requestID string) (*site, error) {
	s, err := c.site(machineID)
	if err != nil {
		return nil, err
	}
	if requestID == "" {
		if c.actor() != s.owner {
			return nil, fault.New(fault.CodeAssemblyAuthority, "%s is owned by %s", machineID, s.owner).With("owner", s.owner)
		}
		return s, nil
	}
	provider, err := s.provider(requestID)
	if err != nil {
		return nil, err
	}
	if actor := c.actor(); actor != s.owner && actor != provider {
		return nil, fault.New(fault.CodeAssemblyAuthority, "%s is owned by %s, and %s has no open request %s about it", machineID, s.owner, actor, requestID).With("owner", s.owner)
	}
	return s, nil
}

// within are the machine and those above it, innermost first.
func (s *site) within() []string {
	ids := []string{s.machine.ComponentID}
	for _, p := range s.above {
		ids = append(ids, p.MachineID)
	}
	return ids
}

// provider is who serves the machine, or one above it, with the open request.
func (s *site) provider(requestID string) (string, error) {
	for _, id := range s.within() {
		care, err := careOf(s.ctx, id)
		if err != nil {
			return "", err
		}
		if !care.Has(requestID) || care.AgreementID == "" {
			continue
		}
		a, err := ledger.Get(s.ctx.tx, agreements, care.AgreementID)
		if err != nil {
			return "", err
		}
		return a.Provider, nil
	}
	return "", fault.New(fault.CodeAssemblyAuthority, "no request %s about %s is open", requestID, s.machine.ComponentID).With("requestId", requestID)
}

func (s *site) when(requestID, reason string) assembly.When {
	return assembly.When{Actor: s.ctx.actor(), Now: s.ctx.now(s.newest), TransactionID: s.ctx.tx.ID(), RequestID: requestID, Reason: reason}
}

// install puts components into slots: they become parts of the machine.
func (s *site) install(parts []assembly.Fill, w assembly.When) (assembly.Assembly, error) {
	slotIDs, ids := make([]string, len(parts)), make([]string, len(parts))
	for i, p := range parts {
		slotIDs[i], ids[i] = p.SlotID, p.ComponentID
	}
	cs, err := s.parts(slotIDs, ids, &w)
	if err != nil {
		return assembly.Assembly{}, err
	}
	if err := s.installable(cs); err != nil {
		return assembly.Assembly{}, err
	}
	fill := make([]assembly.Part, len(parts))
	for i, c := range cs {
		fill[i] = partOf(slotIDs[i], c)
	}
	a, err := s.ctx.workshop().Install(s.machine.ComponentID, fill, w)
	if err != nil {
		return a, err
	}
	return a, s.fit(slotIDs, cs, w)
}

// remove takes components out of slots.
func (s *site) remove(parts []assembly.Removal, w assembly.When) (assembly.Assembly, error) {
	slotIDs, ids := make([]string, len(parts)), make([]string, len(parts))
	for i, p := range parts {
		slotIDs[i], ids[i] = p.SlotID, p.ComponentID
	}
	cs, err := s.parts(slotIDs, ids, &w)
	if err != nil {
		return assembly.Assembly{}, err
	}
	if err := usable(s.ctx, component.Maintain, cs...); err != nil {
		return assembly.Assembly{}, err
	}
	fittings, err := s.fittings(slotIDs, ids)
	if err != nil {
		return assembly.Assembly{}, err
	}
	a, err := s.ctx.workshop().Remove(s.machine.ComponentID, parts, w)
	if err != nil {
		return a, err
	}
	return a, s.unfit(fittings, cs, w)
}

// replace takes one component out of a slot and puts another in.
func (s *site) replace(slotID, removed, installed string, w assembly.When) (assembly.Assembly, error) {
	cs, err := s.parts([]string{slotID}, []string{removed, installed}, &w)
	if err != nil {
		return assembly.Assembly{}, err
	}
	if err := usable(s.ctx, component.Maintain, cs[:1]...); err != nil {
		return assembly.Assembly{}, err
	}
	if err := s.installable(cs[1:]); err != nil {
		return assembly.Assembly{}, err
	}
	fittings, err := s.fittings([]string{slotID}, []string{removed})
	if err != nil {
		return assembly.Assembly{}, err
	}
	a, err := s.ctx.workshop().Replace(s.machine.ComponentID, removed, partOf(slotID, cs[1]), w)
	if err != nil {
		return a, err
	}
	if err := s.unfit(fittings, cs[:1], w); err != nil {
		return a, err
	}
	return a, s.fit([]string{slotID}, cs[1:], w)
}

func partOf(slotID string, c component.Component) assembly.Part {
	return assembly.Part{SlotID: slotID, ComponentID: c.ComponentID, PartNumber: c.PartNumber, Manufacturer: c.Manufacturer, Lot: c.Lot}
}

// parts loads components and what else changing slots needs, in few messages. What
// is done to them is not before their own newest events.
func (s *site) parts(slotIDs, ids []string, w *assembly.When) ([]component.Component, error) {
	if n := len(ids); n > assembly.MaxBatch || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != n {
		return nil, fault.New(fault.CodeInvalid, "parts names at most %d components, each once", assembly.MaxBatch).With("field", "parts")
	}
	keys := make([][]string, len(ids))
	for i, id := range ids {
		keys[i] = []string{id}
	}
	found, err := ledger.GetAll(s.ctx.tx, components, keys)
	if err != nil {
		return nil, err
	}
	cs := make([]component.Component, len(ids))
	for i, c := range found {
		if c == nil {
			return nil, fault.New(fault.CodeComponentUnknown, "no component %q", ids[i]).With("id", ids[i])
		}
		cs[i] = *c
		w.Now = max(w.Now, c.ChangedAt)
	}
	return cs, s.ctx.workshop().expectParts(s.machine.ComponentID, slotIDs, ids)
}

// installable refuses components that must not be used, are on their way, or must
// not become the property of who owns the machine.
func (s *site) installable(cs []component.Component) error {
	if err := usable(s.ctx, component.Install, cs...); err != nil {
		return err
	}
	for _, c := range cs {
		if c.Owner == s.owner {
			continue
		}
		if err := transferable(s.ctx, c, s.owner); err != nil {
			return err
		}
	}
	keys := make([][]string, len(cs))
	for i, c := range cs {
		keys[i] = []string{c.ComponentID}
	}
	travelling, err := ledger.GetAll(s.ctx.tx, goods, keys)
	if err != nil {
		return err
	}
	for i, g := range travelling {
		if g != nil && g.ShipmentID != "" {
			return fault.New(fault.CodeGoodsInShipment, "%s travels in shipment %s", cs[i].ComponentID, g.ShipmentID).With("componentId", cs[i].ComponentID).With("shipmentId", g.ShipmentID)
		}
	}
	return nil
}

// fit makes components parts of the machine. They go where it goes, so nobody's
// endorsement in particular is asked for until they come out again.
func (s *site) fit(slotIDs []string, cs []component.Component, w assembly.When) error {
	for i, c := range cs {
		next, e, err := c.Fit(component.Fitting{MachineID: s.machine.ComponentID, SlotID: slotIDs[i], Owner: s.owner}, s.lifeWhen(w))
		if err != nil {
			return err
		}
		if err := keepPart(s.ctx, next, e); err != nil {
			return err
		}
	}
	return nil
}

// fittings are where components are before they are taken out.
func (s *site) fittings(slotIDs, ids []string) ([]component.Fitting, error) {
	out := make([]component.Fitting, len(ids))
	for i, id := range ids {
		at, err := s.ctx.workshop().Placement(id)
		if err != nil {
			return nil, err
		}
		out[i] = component.Fitting{MachineID: s.machine.ComponentID, SlotID: slotIDs[i], Owner: s.owner, Since: at.Since}
	}
	return out, nil
}

// unfit makes components the machine's owner's own again.
func (s *site) unfit(fittings []component.Fitting, cs []component.Component, w assembly.When) error {
	for i, c := range cs {
		next, e := c.Unfit(fittings[i], s.lifeWhen(w))
		if err := keepPart(s.ctx, next, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) lifeWhen(w assembly.When) component.When {
	return component.When{Actor: w.Actor, Now: w.Now, TransactionID: w.TransactionID}
}

// keepPart stores a part and its event, and says who has to endorse its next change.
func keepPart(ctx *Context, c component.Component, e component.LifeEvent) error {
	if err := keepComponent(ctx, c, e); err != nil {
		return err
	}
	return guardComponent(ctx, c)
}

// keepComponent stores a component and its event.
func keepComponent(ctx *Context, c component.Component, e component.LifeEvent) error {
	if err := ledger.Put(ctx.tx, components, &c, c.ComponentID); err != nil {
		return err
	}
	return ledger.Append(ctx.tx, componentEvents, &e, c.ComponentID, ledger.Seq(e.Number))
}

// done announces what was done at the site.
func (s *site) done(a assembly.Assembly, err error) (*assembly.Assembly, error) {
	if err != nil {
		return nil, err
	}
	return &a, announceAssembly(s.ctx, a)
}
