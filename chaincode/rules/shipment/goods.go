package shipment

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Goods says in which shipment a component travels. A component is in one
// place at a time, so in one shipment from its agreement to its delivery.
type Goods struct {
	ComponentID string       `json:"componentId"`
	ShipmentID  string       `json:"shipmentId"` // "" when it is in none
	ChangedAt   measure.Time `json:"changedAt"`
}

// Load puts a component into an agreed shipment.
func (g Goods) Load(shipmentID string, w When) (Goods, error) {
	if g.ShipmentID != "" {
		return g, fault.New(fault.CodeGoodsInShipment, "component %s is in shipment %s", g.ComponentID, g.ShipmentID).
			With("componentId", g.ComponentID).With("shipmentId", g.ShipmentID)
	}
	g.ShipmentID, g.ChangedAt = shipmentID, w.Now
	return g, nil
}

// Unload takes a component out of its shipment, when that is delivered or
// ended. One that is in another shipment stays there.
func (g Goods) Unload(shipmentID string, w When) Goods {
	if g.ShipmentID == shipmentID {
		g.ShipmentID, g.ChangedAt = "", w.Now
	}
	return g
}
