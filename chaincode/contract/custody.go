package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Pack begins the record at the consignor, when the goods are packed (SH4).
func (*Shipment) Pack(ctx *Context, in *api.PackShipment) (*shipment.Shipment, error) {
	at, err := measure.ParseTime("occurredAt", in.OccurredAt)
	if err != nil {
		return nil, err
	}
	return change(ctx, in.ShipmentID, api.CustodyChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		cs, err := loadGoods(ctx, t.Goods)
		if err == nil {
			err = usable(ctx, component.Ship, cs...) // since the agreement it may have been held or recalled
		}
		if err != nil {
			return s, shipment.JourneyEvent{}, err
		}
		return s.Pack(t, at, in.Condition, w)
	})
}

// OfferHandover offers the goods to the next party of the route (SH5).
func (*Shipment) OfferHandover(ctx *Context, in *api.OfferHandover) (*shipment.Shipment, error) {
	at, err := measure.ParseTime("occurredAt", in.OccurredAt)
	if err != nil {
		return nil, err
	}
	return change(ctx, in.ShipmentID, api.CustodyChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		return s.OfferHandover(t, shipment.Transfer{PartID: in.PartID, To: in.To, OccurredAt: at, Condition: in.Condition}, w)
	})
}

// AcceptHandover takes the goods over: pick-up, hand-over or delivery (SH5).
func (*Shipment) AcceptHandover(ctx *Context, in *api.AcceptHandover) (*shipment.Shipment, error) {
	return observe(ctx, in.ShipmentID, api.CustodyChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, []shipment.Excursion, shipment.JourneyEvent, error) {
		w, last, err := travelled(ctx, s, t, in.PartID, w)
		if err != nil {
			return s, nil, shipment.JourneyEvent{}, err
		}
		next, found, e, err := s.AcceptHandover(t, shipment.Transfer{PartID: in.PartID, Condition: in.Condition}, last, w)
		if err == nil && e.Step == shipment.DeliveredStep {
			err = unload(ctx, s.ShipmentID, s.GoodsOf(t, in.PartID), w)
		}
		return next, found, e, err
	})
}

// DeclineHandover ends a pending offer, from either side.
func (*Shipment) DeclineHandover(ctx *Context, in *api.DeclineHandover) (*shipment.Shipment, error) {
	return change(ctx, in.ShipmentID, api.CustodyChangedEvent, func(s shipment.Shipment, _ shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		return s.DeclineHandover(in.PartID, in.Reason, w)
	})
}

// RecordCheckpoint says that the goods have passed a checkpoint, in the order of the terms (SH9).
func (*Shipment) RecordCheckpoint(ctx *Context, in *api.RecordCheckpoint) (*shipment.Shipment, error) {
	at, err := measure.ParseTime("occurredAt", in.OccurredAt)
	if err != nil {
		return nil, err
	}
	return observe(ctx, in.ShipmentID, api.CheckpointPassedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, []shipment.Excursion, shipment.JourneyEvent, error) {
		return s.RecordCheckpoint(t, in.CheckpointID, at, in.Condition, w)
	})
}

// Split puts some of the goods on a way of their own (SH5).
func (*Shipment) Split(ctx *Context, in *api.SplitShipment) (*shipment.Shipment, error) {
	return change(ctx, in.ShipmentID, api.PartsChangedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		return s.Split(t, shipment.Part{PartID: in.PartID, Goods: in.Goods, LogisticUnits: in.LogisticUnits, Devices: in.Devices}, w)
	})
}

// Join puts a part together with the rest again, where both are with one custodian (SH5).
func (*Shipment) Join(ctx *Context, in *api.PartRef) (*shipment.Shipment, error) {
	return change(ctx, in.ShipmentID, api.PartsChangedEvent, func(s shipment.Shipment, _ shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		return s.Join(in.PartID, w)
	})
}

// observed is a step that may show something besides what devices measure.
type observed func(shipment.Shipment, shipment.Terms, shipment.When) (shipment.Shipment, []shipment.Excursion, shipment.JourneyEvent, error)

// observe is [change] for a step that may show something.
func observe(ctx *Context, id, event string, step observed) (*shipment.Shipment, error) {
	s, t, err := loadShipment(ctx, id)
	if err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen(s.ChangedAt)
	next, found, e, err := step(*s, *t, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, shipments, &next, id); err != nil {
		return nil, err
	}
	facts, err := storeFound(ctx, found)
	if err != nil {
		return nil, err
	}
	return &next, recordShipment(ctx, event, next, e, facts...)
}

// storeFound writes what a step has shown; the shipment's head, which is written
// along with it, numbers it.
func storeFound(ctx *Context, found []shipment.Excursion) ([]ledger.Fact, error) {
	var facts []ledger.Fact
	for i := range found {
		e := &found[i]
		if err := ledger.Append(ctx.tx, excursions, e, e.ShipmentID, e.DeviceID, ledger.Seq(e.OpenedSequence), e.LimitID); err != nil {
			return nil, err
		}
		if i < maxShown/2 { // an event is bounded; all of them are on the ledger
			facts = append(facts, ledger.NewFact("excursion-changed", e.ExcursionID, *e))
		}
	}
	return facts, nil
}

// travelled gives the newest reading of the devices that travel along, and moves
// the step's time behind what they have recorded.
func travelled(ctx *Context, s shipment.Shipment, t shipment.Terms, partID string, w shipment.When) (shipment.When, measure.Time, error) {
	t.Devices = s.DevicesOf(t, partID)
	ss, err := loadStreams(ctx, s.ShipmentID, t)
	if err != nil {
		return w, "", err
	}
	var last measure.Time
	for _, x := range ss {
		last = max(last, x.LastReadingAt)
	}
	return after(w, ss), last, nil
}
