package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Shipment is the contract about shipments: terms, custody, readings, settlement.
type Shipment struct{ base }

func newShipment() product { return &Shipment{newBase(api.Shipment)} }

// Propose begins a shipment with terms that one party proposes (SH1).
func (*Shipment) Propose(ctx *Context, in *api.ProposeShipment) (*shipment.Shipment, error) {
	if err := ctx.permit(party.ProposeShipment); err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen()
	s, e, err := shipment.Propose(in.ShipmentID, in.Terms, w)
	if err != nil {
		return nil, err
	}
	if err := checkNamed(ctx, in.Terms); err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, shipments, fault.CodeShipmentExists, &s, s.ShipmentID); err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, terms, fault.CodeShipmentExists, &in.Terms, s.ShipmentID); err != nil {
		return nil, err
	}
	if err := protect(ctx, terms, in.Terms.Parties(), s.ShipmentID); err != nil {
		return nil, err
	}
	return &s, recordShipment(ctx, api.TermsChangedEvent, s, e)
}

// AcceptTerms is one party's consent. With the payer's, the fees go into
// escrow; with the last one the shipment is agreed (SH1, SH13).
func (*Shipment) AcceptTerms(ctx *Context, in *api.AcceptTerms) (*shipment.Shipment, error) {
	if err := ctx.permit(party.ProposeShipment); err != nil {
		return nil, err
	}
	return change(ctx, in.ShipmentID, api.TermsChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		next, e, err := s.Accept(t, in.TermsHash, w)
		if err == nil { // a carrier's role may have gone since it was named
			err = mayCarry(ctx, t)
		}
		if err == nil && t.Confidential { // nobody could seal readings to a party without one
			_, err = ledger.Get(ctx.tx, encryptionKeys, ctx.actor())
		}
		if err == nil {
			err = fund(ctx, s.ShipmentID, t, w)
		}
		if err == nil && next.Status == shipment.Agreed {
			err = agree(ctx, s.ShipmentID, t, w)
		}
		return next, e, err
	})
}

// WithdrawTerms ends a proposal that is not agreed; what is in escrow goes back.
func (*Shipment) WithdrawTerms(ctx *Context, in *api.ShipmentRef) (*shipment.Shipment, error) {
	return change(ctx, in.ShipmentID, api.TermsChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		next, e, err := s.Withdraw(t, w)
		if err == nil {
			err = refund(ctx, s.ShipmentID, t, w)
		}
		return next, e, err
	})
}

// Settle pays the carriers their fees less penalties and gives the payer the rest
// back. What is in dispute stays in escrow until it is asked again; then, or when
// nothing is, it closes the shipment (SH12).
func (*Shipment) Settle(ctx *Context, in *api.ShipmentRef) (*shipment.Statement, error) {
	l, err := loadClosing(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	w := after(ctx.shipmentWhen(l.shipment.ChangedAt, l.review.ChangedAt), l.streams)
	concluded, verdicts, err := conclude(l.shipment, l.terms, l.streams, w)
	if err != nil {
		return nil, err
	}
	next, r, st, e, err := l.shipment.Settle(l.terms, l.review, l.statement, concluded, w)
	if err != nil {
		return nil, err
	}
	if err := storeConcluded(ctx, l.streams, concluded, verdicts); err != nil {
		return nil, err
	}
	if err := payOut(ctx, st, l.terms, w); err != nil {
		return nil, err
	}
	l.streams = concluded
	if err := rateCarriers(ctx, l.shipment, l.terms, r, st, l.streams); err != nil {
		return nil, err
	}
	if err := issueInvoices(ctx, l, r, st); err != nil {
		return nil, err
	}
	if len(r.Disputes) > 0 {
		if err := ledger.Put(ctx.tx, reviews, &r, in.ShipmentID); err != nil {
			return nil, err
		}
	}
	if err := ledger.Put(ctx.tx, shipments, &next, in.ShipmentID); err != nil {
		return nil, err
	}
	event := api.ShipmentSettledEvent
	if !st.Final {
		event = api.PartlyReleasedEvent
	}
	told := st
	told.Charges = nil // an event is small, and they are on the ledger
	facts := append([]ledger.Fact{ledger.NewFact("settled", in.ShipmentID, told)}, disputesChanged(l.review, r)...)
	return &st, recordShipment(ctx, event, next, e, facts...)
}

type shipmentStep func(shipment.Shipment, shipment.Terms, shipment.When) (shipment.Shipment, shipment.JourneyEvent, error)

// change loads a shipment with its terms, takes one step, and stores the head.
func change(ctx *Context, id, event string, step shipmentStep) (*shipment.Shipment, error) {
	s, t, err := loadShipment(ctx, id)
	if err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen(s.ChangedAt)
	next, e, err := step(*s, *t, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, shipments, &next, id); err != nil {
		return nil, err
	}
	return &next, recordShipment(ctx, event, next, e)
}

func loadShipment(ctx *Context, id string) (*shipment.Shipment, *shipment.Terms, error) {
	s, err := ledger.Get(ctx.tx, shipments, id)
	if err != nil {
		return nil, nil, err
	}
	t, err := ledger.Get(ctx.tx, terms, id)
	return s, t, err
}

// loadStream gives one device's stream; a device that the terms do not name has none.
func loadStream(ctx *Context, shipmentID, deviceID string, t shipment.Terms) (shipment.Stream, error) {
	if !slices.Contains(t.Devices, deviceID) {
		return shipment.Stream{}, fault.New(fault.CodeSegmentDevice, "the terms of %s do not name device %q", shipmentID, printable(deviceID))
	}
	t.Devices = []string{deviceID}
	ss, err := loadStreams(ctx, shipmentID, t)
	if err != nil {
		return shipment.Stream{}, err
	}
	return ss[0], nil
}

// loadStreams gives the stream of every agreed device; one that has recorded
// nothing has an empty one.
func loadStreams(ctx *Context, id string, t shipment.Terms) ([]shipment.Stream, error) {
	keys := make([][]string, len(t.Devices))
	for i, d := range t.Devices {
		keys[i] = []string{id, d}
	}
	found, err := ledger.GetAll(ctx.tx, streams, keys)
	if err != nil {
		return nil, err
	}
	out := make([]shipment.Stream, len(found))
	for i, s := range found {
		if out[i] = shipment.NewStream(id, t.Devices[i], t); s != nil {
			out[i] = *s
		}
	}
	return out, nil
}

// after moves a step's time behind what the devices' streams have recorded.
func after(w shipment.When, ss []shipment.Stream) shipment.When {
	for _, s := range ss {
		w.Now = max(w.Now, s.ChangedAt)
	}
	return w
}

// recordShipment appends the event and announces it.
func recordShipment(ctx *Context, event string, s shipment.Shipment, e shipment.JourneyEvent, more ...ledger.Fact) error {
	if err := ledger.Append(ctx.tx, shipmentEvents, &e, s.ShipmentID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	return ctx.tx.Announce(event, s.ShipmentID, append([]ledger.Fact{ledger.NewFact(string(e.Step), s.ShipmentID, e)}, more...)...)
}

// checkNamed holds the terms to what is on the ledger: announced parties,
// carriers that may carry, devices that may sign, goods that the consignor owns.
func checkNamed(ctx *Context, t shipment.Terms) error {
	for _, p := range t.Parties() {
		if _, err := ledger.Get(ctx.tx, organisations, p); err != nil {
			return err
		}
	}
	if err := mayCarry(ctx, t); err != nil {
		return err
	}
	for _, id := range t.Devices {
		d, err := ledger.Get(ctx.tx, devices, id)
		if err != nil {
			return err
		}
		if err := d.Signs(); err != nil {
			return err
		}
	}
	if t.Arbiter != "" {
		if _, err := ledger.Get(ctx.tx, organisations, t.Arbiter); err != nil {
			return err
		}
	}
	return checkGoods(ctx, t)
}

// checkGoods holds the goods to be the consignor's and fit to be shipped, when the
// terms are proposed and again when the last party agrees: in between they can be
// sold or recalled.
func checkGoods(ctx *Context, t shipment.Terms) error {
	cs, err := loadGoods(ctx, t.Goods)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.Owner != t.Consignor {
			return fault.New(fault.CodeGoodsNotOwned, "component %s is owned by %s, not by the consignor", c.ComponentID, c.Owner).With("componentId", c.ComponentID).With("owner", c.Owner)
		}
	}
	return usable(ctx, component.Ship, cs...)
}

// loadGoods gives the components of the terms, in their order.
func loadGoods(ctx *Context, ids []string) ([]component.Component, error) {
	keys := make([][]string, len(ids))
	for i, id := range ids {
		keys[i] = []string{id}
	}
	found, err := ledger.GetAll(ctx.tx, components, keys)
	if err != nil {
		return nil, err
	}
	cs := make([]component.Component, len(found))
	for i, c := range found {
		if c == nil {
			return nil, fault.New(fault.CodeComponentUnknown, "no component %q", ids[i]).With("id", ids[i])
		}
		cs[i] = *c
	}
	return cs, nil
}

// agree is what the last acceptance does besides: the goods are the shipment's
// from now on, and its statement waits for the settlement.
func agree(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	if err := checkGoods(ctx, t); err != nil {
		return err
	}
	if err := moveGoods(ctx, t.Goods, func(g shipment.Goods) (shipment.Goods, error) { return g.Load(id, w) }); err != nil {
		return err
	}
	if err := openReview(ctx, id, t, w); err != nil {
		return err
	}
	return openReckoning(ctx, id, t, w)
}

// moveGoods loads or unloads components, at most fifty.
func moveGoods(ctx *Context, ids []string, move func(shipment.Goods) (shipment.Goods, error)) error {
	for _, id := range ids {
		g, err := ledger.FindOr(ctx.tx, goods, shipment.Goods{ComponentID: id}, id)
		if err != nil {
			return err
		}
		if g, err = move(g); err != nil {
			return err
		}
		if err := ledger.Put(ctx.tx, goods, &g, id); err != nil {
			return err
		}
	}
	return nil
}

// unload takes components out of the shipment.
func unload(ctx *Context, id string, ids []string, w shipment.When) error {
	return moveGoods(ctx, ids, func(g shipment.Goods) (shipment.Goods, error) { return g.Unload(id, w), nil })
}

// mayCarry refuses terms that name a carrier without a role that carries.
func mayCarry(ctx *Context, t shipment.Terms) error {
	known := make(map[string]bool) // never iterated
	for _, l := range t.Legs {
		if known[l.Carrier] {
			continue
		}
		if err := permitOf(ctx, l.Carrier, party.CarryShipment); err != nil {
			return err
		}
		known[l.Carrier] = true
	}
	return nil
}
