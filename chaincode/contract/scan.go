package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// machineScan is the kind of statement that says which tags were seen in a machine.
const machineScan = "machine-scan"

// RecordMachineScan takes a signed scan of all tags in a machine and holds it
// against what is on record: what is missing, unexpected, claimed by another
// machine, not approved or recalled. What no open service request explains is found
// to be so (CM5, SV4).
func (*Component) RecordMachineScan(ctx *Context, in *api.RecordMachineScan) (*api.ScanOutcome, error) {
	if err := ctx.permit(party.RecordReadings); err != nil {
		return nil, err
	}
	s, err := ctx.siteFor(in.MachineID, component.Keep)
	if err != nil {
		return nil, err
	}
	said, err := openStatement[api.MachineScan](ctx, &in.Envelope, machineScan, in.MachineID, machine, telemeter, engineer)
	if err != nil {
		return nil, err
	}
	cares, err := s.mayScan(said.Signer)
	if err != nil {
		return nil, err
	}
	c, err := s.compare(said.Body.Tags)
	if err != nil {
		return nil, err
	}
	c.Explain(func(d assembly.Difference) string { return explanation(cares, d) })
	s.newest = max(s.newest, said.At)
	return s.scanned(c, said)
}

// mayScan refuses a scan by anybody but the machine itself, a device or an engineer
// of its owner, or of a service company that has an open request about it. It gives
// who serves the machine and those above it.
func (s *site) mayScan(by signer) ([]service.Care, error) {
	may := []string{s.owner}
	var cares []service.Care
	for _, id := range s.within() {
		care, err := careOf(s.ctx, id)
		if err != nil {
			return nil, err
		}
		cares = append(cares, care)
		if care.AgreementID == "" || len(care.Open) == 0 {
			continue
		}
		a, err := ledger.Get(s.ctx.tx, agreements, care.AgreementID)
		if err != nil {
			return nil, err
		}
		may = append(may, a.Provider)
	}
	if by.kind == machine && by.id == s.machine.ComponentID && by.component.TagClass != component.Passive || by.kind != machine && slices.Contains(may, by.organisation) {
		return cares, nil
	}
	return nil, fault.New(fault.CodeScanSigner, "%s %s does not scan %s", by.kind, by.id, s.machine.ComponentID).With("owner", s.owner)
}

// explanation is the open request under which a part was to be exchanged, if there is one.
func explanation(cares []service.Care, d assembly.Difference) string {
	for _, care := range cares {
		for _, o := range care.Open {
			one := service.Care{Open: []service.OpenRequest{o}}
			if one.Covers(d.SlotID, d.ComponentID) || d.Instead != "" && one.Covers("", d.Instead) {
				return o.RequestID
			}
		}
	}
	return ""
}

// compare holds tags against all slots of the machine and of the machines in it.
func (s *site) compare(tags []assembly.ScanTag) (*assembly.Comparison, error) {
	if err := assembly.CheckTags(tags); err != nil {
		return nil, err
	}
	slots, err := s.expected()
	if err != nil {
		return nil, err
	}
	c := assembly.Compare(s.machine.ComponentID, slots, tags)
	known, err := s.strangers(c)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		seen[t.ComponentID] = true
	}
	for _, x := range slots {
		if seen[x.ComponentID] {
			known = append(known, sighting{x.MachineID, x.SlotID, component.Component{ComponentID: x.ComponentID, Manufacturer: x.Manufacturer, PartNumber: x.PartNumber, Lot: x.Lot}})
		}
	}
	return c, s.recalled(c, known)
}

// sighting is a component that was seen, and where.
type sighting struct {
	machineID, slotID string
	component.Component
}

// expected are all slots of the machine, and of the machines in it: level by level,
// each in two messages.
func (s *site) expected() ([]assembly.Expected, error) {
	w := s.ctx.workshop()
	var all []assembly.Expected
	level, machines := []string{s.machine.ComponentID}, 0
	for len(level) > 0 {
		if machines += len(level); machines > assembly.MaxScanTrees || len(all) > assembly.MaxSlots {
			return nil, fault.New(fault.CodeAssemblyTooLarge, "%s has too many machines or slots for one scan: scan those in it one by one", s.machine.ComponentID)
		}
		if err := w.expectAssemblies(level); err != nil {
			return nil, err
		}
		var below []string
		for _, id := range level {
			slots, err := w.slotsOf(id)
			if err != nil {
				return nil, err
			}
			for _, x := range slots {
				if all = append(all, assembly.Expected{MachineID: id, Slot: x}); x.Levels > 0 {
					below = append(below, x.ComponentID)
				}
			}
		}
		level = below
	}
	return all, nil
}

// maxStrangers bounds how many components that are not on record in a machine are looked up.
const maxStrangers = 256

// strangers looks up what was seen and is not on record in the machine.
func (s *site) strangers(c *assembly.Comparison) ([]sighting, error) {
	n := min(len(c.Strangers), maxStrangers)
	keys := make([][]string, n)
	for i := range keys {
		keys[i] = []string{c.Strangers[i].ComponentID}
	}
	cs, err := ledger.GetAll(s.ctx.tx, components, keys)
	if err != nil {
		return nil, err
	}
	at, err := ledger.GetAll(s.ctx.tx, placements, keys)
	if err != nil {
		return nil, err
	}
	var known []sighting
	for i, t := range c.Strangers {
		x := assembly.Stranger{}
		if i < n && cs[i] != nil {
			x.PartNumber = cs[i].PartNumber
			known = append(known, sighting{s.machine.ComponentID, t.SlotID, *cs[i]})
		}
		if i < n && at[i] != nil {
			x.PlacedIn = at[i].MachineID
		}
		c.Know(t, x)
	}
	return known, nil
}

// recalled adds what was seen and is recalled. Parts of one lot cost one read.
func (s *site) recalled(c *assembly.Comparison, seen []sighting) error {
	cs := make([]component.Component, len(seen))
	for i, f := range seen {
		cs[i] = f.Component
	}
	in, err := recallsOf(s.ctx, cs)
	if err != nil {
		return err
	}
	for i, f := range seen {
		if len(in[i]) == 0 {
			continue
		}
		cleared, some, err := ledger.Find(s.ctx.tx, clearances, f.ComponentID)
		if err != nil {
			return err
		}
		if some && len(cleared.Bears(in[i])) == 0 {
			continue
		}
		c.Recall(f.ComponentID, f.machineID, f.slotID, f.PartNumber)
	}
	return nil
}

// scanned keeps what a scan has shown, in the machine's head and as findings.
func (s *site) scanned(c *assembly.Comparison, said signed[api.MachineScan]) (*api.ScanOutcome, error) {
	id := s.machine.ComponentID
	before, err := s.ctx.workshop().Assembly(id)
	if err != nil {
		return nil, err
	}
	log, err := findingLog(s.ctx, id)
	if err != nil {
		return nil, err
	}
	s.newest = max(s.newest, log.ChangedAt)
	w := s.when("", "")
	w.Statement = said.Hash
	sum := c.Summary()
	sum.Statement, sum.Signer, sum.SignedAt = said.Hash, said.Name, said.SignedAt
	marks, found := c.Findings(before.Scan)
	sum.Found = marks
	a, err := s.ctx.workshop().Scanned(id, sum, w)
	if err != nil {
		return nil, err
	}
	out := &api.ScanOutcome{MachineID: id, Summary: *a.Scan, Differences: append([]assembly.Difference{}, c.Differences...)}
	out.Differences = out.Differences[:min(len(out.Differences), assembly.MaxScanFindings)]
	facts, err := raise(s.ctx, log, found, said.Hash, s.lifeWhen(w))
	if err != nil {
		return nil, err
	}
	return out, s.ctx.tx.Announce(api.MachineScannedEvent, id, append([]ledger.Fact{ledger.NewFact("machine-scanned", id, *out)}, facts...)...)
}
