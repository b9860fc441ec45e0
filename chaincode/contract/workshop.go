package contract

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// benchRecords gives a workshop the records of the ledger. What is known to be
// needed is fetched ahead, many records in one message.
type benchRecords struct {
	tx         *ledger.Tx
	assemblies map[string]*assembly.Assembly // fetched ahead; never iterated, as the others
	pages      map[string]*assembly.SlotPage
	slots      map[string]*assembly.SlotIndex
	placements map[string]*assembly.Placement
	counters   map[string]*usage.Counters
}

// bench is the workshop of one transaction. Whatever parts of the transaction
// change in it is stored once, as the transaction is closed.
type bench struct {
	*assembly.Workshop
	records *benchRecords
}

// workshop gives this transaction's workshop.
func (c *Context) workshop() *bench {
	if c.shop == nil {
		r := &benchRecords{
			tx: c.tx, assemblies: make(map[string]*assembly.Assembly), pages: make(map[string]*assembly.SlotPage), slots: make(map[string]*assembly.SlotIndex),
			placements: make(map[string]*assembly.Placement), counters: make(map[string]*usage.Counters),
		}
		c.shop = &bench{assembly.NewWorkshop(r), r}
		c.tx.AtEnd(func() error { return c.shop.store(c.tx) })
	}
	return c.shop
}

func (r *benchRecords) Assembly(machineID string) (*assembly.Assembly, error) {
	return ahead(r.tx, r.assemblies, assemblies, machineID)
}

func (r *benchRecords) Page(machineID string, page uint64) (*assembly.SlotPage, error) {
	return ahead(r.tx, r.pages, slotPages, machineID, ledger.Seq(page))
}

func (r *benchRecords) Slot(machineID, slotID string) (*assembly.SlotIndex, error) {
	return ahead(r.tx, r.slots, slotIndex, machineID, slotID)
}

func (r *benchRecords) Placement(componentID string) (*assembly.Placement, error) {
	return ahead(r.tx, r.placements, placements, componentID)
}

func (r *benchRecords) Counters(componentID string) (*usage.Counters, error) {
	return ahead(r.tx, r.counters, counters, componentID)
}

// ahead gives a record that was fetched ahead, or fetches it now; nil when there is none.
func ahead[T any](tx *ledger.Tx, fetched map[string]*T, k ledger.Kind[T], attrs ...string) (*T, error) {
	if v, ok := fetched[strings.Join(attrs, "\x00")]; ok {
		return v, nil
	}
	v, _, err := ledger.Find(tx, k, attrs...)
	return v, err
}

func fetch[T any](tx *ledger.Tx, into map[string]*T, k ledger.Kind[T], keys [][]string) error {
	found, err := ledger.GetAll(tx, k, keys)
	if err != nil {
		return err
	}
	for i, v := range found {
		into[strings.Join(keys[i], "\x00")] = v
	}
	return nil
}

// expectParts fetches what putting parts into slots, or taking them out, needs.
func (b *bench) expectParts(machineID string, slotIDs, componentIDs []string) error {
	at, of := make([][]string, len(slotIDs)), make([][]string, len(componentIDs))
	for i, id := range slotIDs {
		at[i] = []string{machineID, id}
	}
	for i, id := range componentIDs {
		of[i] = []string{id}
	}
	if err := fetch(b.records.tx, b.records.slots, slotIndex, at); err != nil {
		return err
	}
	if err := fetch(b.records.tx, b.records.placements, placements, of); err != nil {
		return err
	}
	if err := fetch(b.records.tx, b.records.assemblies, assemblies, of); err != nil {
		return err
	}
	return fetch(b.records.tx, b.records.counters, counters, of)
}

// expectAssemblies fetches the heads of machines.
func (b *bench) expectAssemblies(machineIDs []string) error {
	var keys [][]string
	for _, id := range machineIDs {
		keys = append(keys, []string{id})
	}
	return fetch(b.records.tx, b.records.assemblies, assemblies, keys)
}

// slotsOf gives all slots of a machine, in order, fetched in one message.
func (b *bench) slotsOf(machineID string) ([]assembly.Slot, error) {
	a, err := b.Assembly(machineID)
	if err != nil {
		return nil, err
	}
	keys := make([][]string, a.Pages())
	for n := range keys {
		keys[n] = []string{machineID, ledger.Seq(uint64(n))}
	}
	if err := fetch(b.records.tx, b.records.pages, slotPages, keys); err != nil {
		return nil, err
	}
	all := make([]assembly.Slot, 0, a.Slots)
	for n := range a.Pages() {
		p, err := b.Page(machineID, n)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Positions...)
	}
	return all, nil
}

// store writes every record that the workshop has changed.
func (b *bench) store(tx *ledger.Tx) error {
	c := b.Changes()
	for _, a := range c.Assemblies {
		if err := ledger.Put(tx, assemblies, &a, a.MachineID); err != nil {
			return err
		}
	}
	for _, p := range c.Pages {
		if err := ledger.Put(tx, slotPages, &p, p.MachineID, ledger.Seq(p.Page)); err != nil {
			return err
		}
	}
	for _, s := range c.Slots {
		if err := ledger.Put(tx, slotIndex, &s, s.MachineID, s.SlotID); err != nil {
			return err
		}
	}
	for _, p := range c.Placements {
		if err := ledger.Put(tx, placements, &p, p.ComponentID); err != nil {
			return err
		}
	}
	for _, n := range c.Counters {
		if err := ledger.Put(tx, counters, &n, n.ComponentID); err != nil {
			return err
		}
	}
	for _, a := range c.Asides {
		if err := ledger.Append(tx, slotAsides, &a, a.Page.MachineID, ledger.Seq(a.Page.Page), ledger.Seq(a.Baseline)); err != nil {
			return err
		}
	}
	for _, e := range c.Events {
		if err := ledger.Append(tx, assemblyEvents, &e, e.MachineID, ledger.Seq(e.Number)); err != nil {
			return err
		}
	}
	return nil
}
