package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Consolidate puts shipments together that the caller has, to be moved as one (SH5).
func (*Shipment) Consolidate(ctx *Context, in *api.ConsolidateShipments) (*shipment.Consolidation, error) {
	if err := shipment.CheckConsolidation(in.ConsolidationID, in.ShipmentIDs); err != nil {
		return nil, err
	}
	all, w, err := loadConsigned(ctx, in.ShipmentIDs, ctx.shipmentWhen())
	if err != nil {
		return nil, err
	}
	c, all, err := shipment.Consolidate(in.ConsolidationID, all, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, consolidations, fault.CodeConsolidationExists, &c, c.ConsolidationID); err != nil {
		return nil, err
	}
	return &c, storeConsigned(ctx, c, all)
}

// OfferConsolidation offers all shipments of a consolidation to the next party of their routes.
func (*Shipment) OfferConsolidation(ctx *Context, in *api.OfferConsolidation) (*shipment.Consolidation, error) {
	at, err := measure.ParseTime("occurredAt", in.OccurredAt)
	if err != nil {
		return nil, err
	}
	return changeConsolidation(ctx, in.ConsolidationID, func(c shipment.Consolidation, all []shipment.Consigned, w shipment.When) (shipment.Consolidation, []shipment.Consigned, error) {
		return c.OfferHandover(all, shipment.Transfer{To: in.To, OccurredAt: at, Condition: in.Condition}, w)
	})
}

// AcceptConsolidation takes all shipments of a consolidation over.
func (*Shipment) AcceptConsolidation(ctx *Context, in *api.AcceptConsolidation) (*shipment.Consolidation, error) {
	return changeConsolidation(ctx, in.ConsolidationID, func(c shipment.Consolidation, all []shipment.Consigned, w shipment.When) (shipment.Consolidation, []shipment.Consigned, error) {
		for i, x := range all {
			var err error
			if w, all[i].LastReading, err = travelled(ctx, x.Shipment, x.Terms, "", w); err != nil {
				return c, nil, err
			}
		}
		next, out, err := c.AcceptHandover(all, in.Condition, w)
		if err != nil {
			return c, nil, err
		}
		for _, x := range out {
			if x.Event.Step == shipment.DeliveredStep {
				if err := unload(ctx, x.Shipment.ShipmentID, x.Shipment.GoodsOf(x.Terms, ""), w); err != nil {
					return c, nil, err
				}
			}
		}
		return next, out, nil
	})
}

// DeclineConsolidation ends a pending offer of a consolidation, from either side.
func (*Shipment) DeclineConsolidation(ctx *Context, in *api.DeclineConsolidation) (*shipment.Consolidation, error) {
	return changeConsolidation(ctx, in.ConsolidationID, func(c shipment.Consolidation, all []shipment.Consigned, w shipment.When) (shipment.Consolidation, []shipment.Consigned, error) {
		return c.DeclineHandover(all, in.Reason, w)
	})
}

// Deconsolidate takes a consolidation apart.
func (*Shipment) Deconsolidate(ctx *Context, in *api.ConsolidationRef) (*shipment.Consolidation, error) {
	return changeConsolidation(ctx, in.ConsolidationID, shipment.Consolidation.Deconsolidate)
}

// GetConsolidation gives a consolidation as it is now.
func (*Shipment) GetConsolidation(ctx *Context, in *api.ConsolidationRef) (*shipment.Consolidation, error) {
	return ledger.Get(ctx.tx, consolidations, in.ConsolidationID)
}

type consolidationStep func(shipment.Consolidation, []shipment.Consigned, shipment.When) (shipment.Consolidation, []shipment.Consigned, error)

// changeConsolidation is [change] for all shipments of a consolidation, at most sixteen.
func changeConsolidation(ctx *Context, id string, step consolidationStep) (*shipment.Consolidation, error) {
	c, err := ledger.Get(ctx.tx, consolidations, id)
	if err != nil {
		return nil, err
	}
	all, w, err := loadConsigned(ctx, c.Shipments, ctx.shipmentWhen(c.ChangedAt))
	if err != nil {
		return nil, err
	}
	next, all, err := step(*c, all, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, consolidations, &next, id); err != nil {
		return nil, err
	}
	return &next, storeConsigned(ctx, next, all)
}

func loadConsigned(ctx *Context, ids []string, w shipment.When) ([]shipment.Consigned, shipment.When, error) {
	all := make([]shipment.Consigned, len(ids))
	for i, id := range ids {
		s, t, err := loadShipment(ctx, id)
		if err != nil {
			return nil, w, err
		}
		all[i] = shipment.Consigned{Shipment: *s, Terms: *t}
		w.Now = max(w.Now, s.ChangedAt)
	}
	return all, w, nil
}

// storeConsigned writes every shipment with its event and what was found, and
// announces the consolidation; an event is bounded, so it names the steps only.
func storeConsigned(ctx *Context, c shipment.Consolidation, all []shipment.Consigned) error {
	facts := []ledger.Fact{ledger.NewFact("consolidation-changed", c.ConsolidationID, c)}
	for i := range all {
		x := &all[i]
		if err := ledger.Put(ctx.tx, shipments, &x.Shipment, x.Shipment.ShipmentID); err != nil {
			return err
		}
		if err := ledger.Append(ctx.tx, shipmentEvents, &x.Event, x.Shipment.ShipmentID, ledger.Seq(x.Event.Number)); err != nil {
			return err
		}
		if _, err := storeFound(ctx, x.Found); err != nil {
			return err
		}
		e := x.Event
		e.Condition, e.Reason = nil, ""
		facts = append(facts, ledger.NewFact(string(e.Step), e.ShipmentID, e))
	}
	return ctx.tx.Announce(api.ConsolidationChangedEvent, c.ConsolidationID, facts...)
}
