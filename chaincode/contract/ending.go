package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Cancel ends a shipment that nobody picked up in time, or consents to its end;
// with the last party's consent everything in escrow goes back.
func (*Shipment) Cancel(ctx *Context, in *api.CancelShipment) (*shipment.Shipment, error) {
	return change(ctx, in.ShipmentID, api.ShipmentEndedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, shipment.JourneyEvent, error) {
		next, e, err := s.Cancel(t, in.Reason, w)
		if err != nil || next.Status != shipment.Cancelled {
			return next, e, err
		}
		st, err := next.Reckon(t, nil, w)
		if err != nil {
			return next, e, err
		}
		st.Final = true
		if _, err := ledger.Get(ctx.tx, statements, s.ShipmentID); err != nil {
			return next, e, err
		}
		if err := payOut(ctx, st, t, w); err != nil {
			return next, e, err
		}
		return next, e, unload(ctx, s.ShipmentID, s.GoodsUnderWay(t), w)
	})
}

// DeclareLost ends the custody of goods that did not arrive in the agreed time.
func (*Shipment) DeclareLost(ctx *Context, in *api.ShipmentRef) (*shipment.Shipment, error) {
	return observe(ctx, in.ShipmentID, api.ShipmentEndedEvent, func(s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Shipment, []shipment.Excursion, shipment.JourneyEvent, error) {
		next, found, e, err := s.DeclareLost(t, w)
		if err == nil {
			err = unload(ctx, s.ShipmentID, s.GoodsUnderWay(t), w)
		}
		return next, found, e, err
	})
}
