package contract

import (
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// ListSlots gives a page of a machine's slots, in the order in which they were
// defined: as maintained, or as they were in a baseline (SV8).
func (*Component) ListSlots(ctx *Context, in *api.ListSlots) (*api.SlotList, error) {
	a, err := ctx.workshop().Assembly(in.MachineID)
	if err != nil {
		return nil, err
	}
	at, err := readPlace(in.Limit, in.Cursor, 1)
	if err != nil {
		return nil, err
	}
	last, page := a.Slots, ctx.workshop().Page
	if in.Baseline != 0 {
		b, err := a.Baseline(in.Baseline)
		if err != nil {
			return nil, err
		}
		last, page = b.Slots, func(id string, n uint64) (assembly.SlotPage, error) { return pageAsOf(ctx, b, id, n) }
	}
	out := &api.SlotList{Items: []assembly.Slot{}}
	n := at[0]
	for ; n < last && len(out.Items) < in.Limit; n++ {
		p, err := page(in.MachineID, n/assembly.PageSlots)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, p.Positions[n%assembly.PageSlots])
	}
	if n < last {
		out.Next = writePlace([]uint64{n})
	}
	return out, nil
}

// pageAsOf is a page of slots as it was in a baseline.
func pageAsOf(ctx *Context, b assembly.Baseline, machineID string, n uint64) (assembly.SlotPage, error) {
	now, err := ctx.workshop().Page(machineID, n)
	if err != nil {
		return now, err
	}
	p, err := ledger.List(ctx.tx, slotAsides, assembly.MaxBaselines, "", machineID, ledger.Seq(n))
	if err != nil {
		return now, err
	}
	return b.AsOf(now, values(p.Items)), nil
}

// WhereUsed says in which machine a component is, in which that is, and so on (CM2).
func (*Component) WhereUsed(ctx *Context, in *api.ComponentRef) (*api.WhereUsed, error) {
	c, err := ledger.Get(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	up, err := ctx.workshop().Above(in.ComponentID)
	if err != nil {
		return nil, err
	}
	out := &api.WhereUsed{ComponentID: in.ComponentID, In: append([]assembly.Placement{}, up...), Root: in.ComponentID}
	if len(up) > 0 {
		out.Root = up[len(up)-1].MachineID
	}
	out.Owner, err = ownerOf(ctx, *c)
	return out, err
}

// Uses gives a page of all parts in a machine, at whatever depth (CM2).
func (*Component) Uses(ctx *Context, in *api.ListRequest) (*api.UsedPartPage, error) {
	if _, err := ctx.workshop().Assembly(in.Of); err != nil {
		return nil, err
	}
	at, err := readPlace(in.Limit, in.Cursor, assembly.MaxDepth)
	if err != nil {
		return nil, err
	}
	d := descent{bench: ctx.workshop(), limit: in.Limit, page: &api.UsedPartPage{Items: []api.UsedPart{}}}
	return d.page, d.into(in.Of, nil, at)
}

// descent goes through a machine and the machines in it, from one place on.
type descent struct {
	*bench
	limit int
	page  *api.UsedPartPage
}

// into goes through a machine's slots. path is the way to it; from is where to
// begin: a slot of this machine, then of the machine in that slot, and so on.
func (d *descent) into(machineID string, path, from []uint64) error {
	a, err := d.Find(machineID)
	if err != nil || a == nil {
		return err
	}
	for n := from[0]; n < a.Slots && d.page.Next == ""; n++ {
		p, err := d.Page(machineID, n/assembly.PageSlots)
		if err != nil {
			return err
		}
		x, here := p.Positions[n%assembly.PageSlots], append(path[:len(path):len(path)], n)
		if x.ComponentID == "" {
			continue
		}
		inside := []uint64{0}
		if n == from[0] && len(from) > 1 {
			inside = from[1:]
		} else if len(d.page.Items) == d.limit {
			d.page.Next = writePlace(here)
			break
		} else {
			d.page.Items = append(d.page.Items, usedPart(uint64(len(here)), machineID, x))
		}
		if x.Levels > 0 {
			if err := d.into(x.ComponentID, here, inside); err != nil {
				return err
			}
		}
	}
	return nil
}

func usedPart(level uint64, machineID string, x assembly.Slot) api.UsedPart {
	return api.UsedPart{
		Level: level, MachineID: machineID, SlotID: x.SlotID, ComponentID: x.ComponentID, PartNumber: x.PartNumber, Manufacturer: x.Manufacturer,
		Lot: x.Lot, InstalledAt: string(x.InstalledAt), Machine: x.Levels > 0,
	}
}

// A place is a cursor made of numbers of slots: "17" is a machine's eighteenth
// slot, "17-2" the third one of the machine that is in it.
func writePlace(at []uint64) string {
	words := make([]string, len(at))
	for i, n := range at {
		words[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(words, "-")
}

func readPlace(limit int, cursor string, depth int) ([]uint64, error) {
	if limit < 1 || limit > ledger.MaxPage {
		return nil, fault.New(fault.CodeInvalid, "a page has 1 to %d items", ledger.MaxPage).With("field", "limit")
	}
	if cursor == "" {
		return []uint64{0}, nil
	}
	var at []uint64
	for _, word := range strings.Split(cursor, "-") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n >= assembly.MaxSlots || len(at) == depth {
			return nil, fault.New(fault.CodeInvalid, "the cursor is not one of this listing").With("field", "cursor")
		}
		at = append(at, n)
	}
	return at, nil
}
