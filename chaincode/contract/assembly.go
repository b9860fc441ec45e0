package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// DefineSlots gives a component slots, which makes it a machine, or gives a machine
// more of them (CM2).
func (*Component) DefineSlots(ctx *Context, in *api.DefineSlots) (*assembly.Assembly, error) {
	s, err := ctx.site(in.MachineID)
	if err != nil {
		return nil, err
	}
	return s.done(ctx.workshop().Define(in.MachineID, s.owner, in.Slots, s.when("", "")))
}

// AmendSlots changes which part numbers slots allow (SV5, SV8).
func (*Component) AmendSlots(ctx *Context, in *api.AmendSlots) (*assembly.Assembly, error) {
	s, err := ctx.site(in.MachineID)
	if err != nil {
		return nil, err
	}
	return s.done(ctx.workshop().Amend(in.MachineID, in.Slots, s.when("", in.Reason)))
}

// Install puts parts into empty slots of a machine (CM2).
func (*Component) Install(ctx *Context, in *api.InstallParts) (*assembly.Assembly, error) {
	s, err := ctx.workAt(in.MachineID, in.RequestID)
	if err != nil {
		return nil, err
	}
	return s.done(s.install(in.Parts, s.when(in.RequestID, in.Reason)))
}

// Remove takes parts out of a machine.
func (*Component) Remove(ctx *Context, in *api.RemoveParts) (*assembly.Assembly, error) {
	s, err := ctx.workAt(in.MachineID, in.RequestID)
	if err != nil {
		return nil, err
	}
	return s.done(s.remove(in.Parts, s.when(in.RequestID, in.Reason)))
}

// Replace takes one part out and puts another in, in one record of both (SV4).
func (*Component) Replace(ctx *Context, in *api.ReplacePart) (*assembly.Assembly, error) {
	s, err := ctx.workAt(in.MachineID, in.RequestID)
	if err != nil {
		return nil, err
	}
	return s.done(s.replace(in.SlotID, in.Removed, in.Installed, s.when(in.RequestID, in.Reason)))
}

// CompleteAssembly ends the assembly: what is in the machine is its as-built
// configuration, which never changes any more (CM2).
func (*Component) CompleteAssembly(ctx *Context, in *api.MachineRef) (*assembly.Assembly, error) {
	s, err := ctx.site(in.MachineID)
	if err != nil {
		return nil, err
	}
	return s.done(ctx.workshop().Complete(in.MachineID, s.when("", "")))
}

// HandOverConfiguration puts the present configuration on record and makes the
// machine's owner its keeper: from then on it needs the maker for nothing (SV8).
func (*Component) HandOverConfiguration(ctx *Context, in *api.MachineRef) (*assembly.Assembly, error) {
	s, err := ctx.site(in.MachineID)
	if err != nil {
		return nil, err
	}
	w := s.when("", "")
	return s.done(ctx.workshop().HandOver(in.MachineID, s.owner, s.machine.WarrantyOver(w.Now), w))
}

// GetAssembly gives the head of a machine's configuration.
func (*Component) GetAssembly(ctx *Context, in *api.MachineRef) (*assembly.Assembly, error) {
	return ledger.Get(ctx.tx, assemblies, in.MachineID)
}

// AssemblyHistory gives a page of what happened to a machine's configuration, oldest first.
func (*Component) AssemblyHistory(ctx *Context, in *api.ListRequest) (*api.AssemblyEventPage, error) {
	if _, err := ledger.Get(ctx.tx, assemblies, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, assemblyEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.AssemblyEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// announceAssembly announces what the machine's newest event says.
func announceAssembly(ctx *Context, a assembly.Assembly) error {
	events := ctx.workshop().Changes().Events
	facts := make([]ledger.Fact, 0, len(events))
	for _, e := range events {
		facts = append(facts, ledger.NewFact(string(e.Step), e.MachineID, e))
	}
	return ctx.tx.Announce(api.AssemblyChangedEvent, a.MachineID, facts...)
}

// permitMachines is what changing machines takes, whichever they are.
func permitMachines(ctx *Context) error { return ctx.permit(party.KeepMachine) }
