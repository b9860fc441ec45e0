package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
)

// usable refuses what must not be done with one of the components, as a hold, a
// recall, a pledge or the end of its life stands now. What it reads is in the read
// set, absent records too: a hold or recall that comes at the same time wins, and
// this transaction is judged again. It costs two reads of the peer's, however many
// components there are.
func usable(ctx *Context, use component.Use, cs ...component.Component) error {
	return usableBy(ctx, use, "", cs)
}

// transferable is [usable] for a transfer to one organisation.
func transferable(ctx *Context, c component.Component, to string) error {
	return usableBy(ctx, component.Transfer, to, []component.Component{c})
}

func usableBy(ctx *Context, use component.Use, to string, cs []component.Component) error {
	var bearings []component.Bearing
	if use == component.Keep { // nothing but its end bears on it
		bearings = make([]component.Bearing, len(cs))
	} else {
		var err error
		if bearings, err = bearing(ctx, cs); err != nil {
			return err
		}
	}
	for i, c := range cs {
		bearings[i].To = to
		if err := c.Usable(use, bearings[i]); err != nil {
			return err
		}
	}
	return nil
}

// bearing gives what bears on the use of each component.
func bearing(ctx *Context, cs []component.Component) ([]component.Bearing, error) {
	held, err := holdsOf(ctx, cs)
	if err != nil {
		return nil, err
	}
	recalled, err := recallsOf(ctx, cs)
	if err != nil {
		return nil, err
	}
	out := make([]component.Bearing, len(cs))
	for i, c := range cs {
		out[i] = component.Bearing{Holds: held[i], Recalls: recalled[i], Now: ctx.now(c.ChangedAt)}
		if len(recalled[i]) == 0 {
			continue
		}
		cleared, found, err := ledger.Find(ctx.tx, clearances, c.ComponentID)
		if err != nil {
			return nil, err
		}
		if found {
			out[i].Recalls = cleared.Bears(recalled[i])
		}
	}
	return out, nil
}

// holdsOf gives the holds of each component that are in force.
func holdsOf(ctx *Context, cs []component.Component) ([][]component.Hold, error) {
	holders := component.Holders()
	var keys [][]string
	for _, c := range cs {
		for _, h := range holders {
			keys = append(keys, []string{c.ComponentID, string(h)})
		}
	}
	found, err := ledger.GetAll(ctx.tx, holds, keys)
	if err != nil {
		return nil, err
	}
	out := make([][]component.Hold, len(cs))
	for i, h := range found {
		if h != nil && h.Active {
			out[i/len(holders)] = append(out[i/len(holders)], *h)
		}
	}
	return out, nil
}

// recallsOf gives the recalls in force of each component's part number and lot.
// Components of one lot share them.
func recallsOf(ctx *Context, cs []component.Component) ([][]component.Recall, error) {
	type lot struct{ maker, partNumber, lot string }
	at := make(map[lot]int) // never iterated
	var keys [][]string
	of := make([][]lot, len(cs))
	for i, c := range cs {
		of[i] = []lot{{c.Manufacturer, c.PartNumber, component.AllLots}}
		if c.Lot != "" {
			of[i] = append(of[i], lot{c.Manufacturer, c.PartNumber, c.Lot})
		}
		for _, l := range of[i] {
			if _, known := at[l]; !known {
				at[l] = len(keys)
				keys = append(keys, []string{l.maker, l.partNumber, l.lot})
			}
		}
	}
	found, err := ledger.GetAll(ctx.tx, recalls, keys)
	if err != nil {
		return nil, err
	}
	out := make([][]component.Recall, len(cs))
	for i := range cs {
		for _, l := range of[i] {
			if r := found[at[l]]; r != nil && r.Active {
				out[i] = append(out[i], *r)
			}
		}
	}
	return out, nil
}
