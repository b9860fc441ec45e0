package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/gs1"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Bounds of a consolidation: what one hand-over of all of it can write.
const (
	MinConsolidated = 2
	MaxConsolidated = 16
)

// Consolidation is several shipments that are moved as one (SH5): a pallet or a
// container with an SSCC of its own. Each keeps its terms, its route and its
// custody; they are handed over together as long as they have the same way.
type Consolidation struct {
	ConsolidationID string       `json:"consolidationId"` // SSCC
	Custodian       string       `json:"custodian"`
	Shipments       []string     `json:"shipments"` // sorted; none when it has been taken apart
	Offer           *Handover    `json:"offer,omitempty" metadata:",optional"`
	ChangedAt       measure.Time `json:"changedAt"`
}

// Consigned is a shipment in a consolidation, with what a step of it needs and
// what came of it.
type Consigned struct {
	Shipment    Shipment
	Terms       Terms
	LastReading measure.Time // of any device that travels along, or ""
	Event       JourneyEvent
	Found       []Excursion
}

// CheckConsolidation holds a consolidation to its form: an SSCC, and shipments
// that are each named once.
func CheckConsolidation(id string, shipmentIDs []string) error {
	if !gs1.ChecksOut(id, 18) {
		return consolidationInvalid("consolidationId", "consolidationId must be an SSCC: 18 digits, the last of which is the GS1 check digit")
	}
	sorted := slices.Sorted(slices.Values(shipmentIDs))
	if n := len(sorted); n < MinConsolidated || n > MaxConsolidated || len(slices.Compact(sorted)) != n {
		return consolidationInvalid("shipmentIds", "a consolidation has %d to %d shipments, each named once", MinConsolidated, MaxConsolidated)
	}
	return nil
}

func consolidationInvalid(field, format string, args ...any) error {
	return fault.New(fault.CodeConsolidationInvalid, format, args...).With("field", field)
}

// Consolidate puts shipments together that the actor has, none of which is in
// parts or being handed over.
func Consolidate(id string, all []Consigned, w When) (Consolidation, []Consigned, error) {
	c := Consolidation{ConsolidationID: id, Custodian: w.Actor, Shipments: []string{}, ChangedAt: w.Now}
	out, err := each(all, func(x *Consigned) error {
		if err := x.Shipment.movable(w.Actor); err != nil {
			return err
		}
		if len(x.Shipment.tracks()) > 1 {
			return fault.New(fault.CodeConsolidationParts, "shipment %s is in parts", x.Shipment.ShipmentID).With("shipmentId", x.Shipment.ShipmentID)
		}
		c.Shipments = append(c.Shipments, x.Shipment.ShipmentID)
		x.Shipment.ConsolidationID = id
		x.Shipment, x.Event = x.Shipment.record(Consolidated, "", "", w)
		x.Event.ConsolidationID = id
		return nil
	})
	slices.Sort(c.Shipments)
	return c, out, err
}

// OfferHandover offers all shipments to the next party of their routes, which
// must be the same for all.
func (c Consolidation) OfferHandover(all []Consigned, h Transfer, w When) (Consolidation, []Consigned, error) {
	if c.Offer != nil {
		return c, nil, fault.New(fault.CodeHandoverPending, "a hand-over to %s is offered", c.Offer.To).With("to", c.Offer.To)
	}
	if err := c.checkCondition(h.Condition); err != nil {
		return c, nil, err
	}
	out, err := c.move(all, func(s Shipment, x *Consigned) (Shipment, error) {
		next, e, err := s.OfferHandover(x.Terms, h, w)
		x.Event = e
		return next, err
	})
	if err != nil {
		return c, nil, err
	}
	c.Offer = &Handover{By: w.Actor, To: h.To, OccurredAt: h.OccurredAt, OfferedAt: w.Now, Condition: h.Condition}
	c.ChangedAt = w.Now
	return c, out, nil
}

// AcceptHandover takes all shipments over. Those that are delivered by it leave
// the consolidation.
func (c Consolidation) AcceptHandover(all []Consigned, condition *Condition, w When) (Consolidation, []Consigned, error) {
	if c.Offer == nil || c.Offer.To != w.Actor {
		return c, nil, fault.New(fault.CodeHandoverNoOffer, "no hand-over to %s is offered", w.Actor)
	}
	if err := c.checkCondition(condition); err != nil {
		return c, nil, err
	}
	left := []string{}
	out, err := c.move(all, func(s Shipment, x *Consigned) (Shipment, error) {
		next, found, e, err := s.AcceptHandover(x.Terms, Transfer{Condition: condition}, x.LastReading, w)
		x.Event, x.Found = e, found
		if err == nil && next.Status == InTransit {
			left = append(left, s.ShipmentID)
		}
		return next, err
	})
	if err != nil {
		return c, nil, err
	}
	for i := range out {
		if out[i].Shipment.Status != InTransit {
			out[i].Shipment.ConsolidationID = ""
		}
	}
	slices.Sort(left)
	c.Custodian, c.Shipments, c.Offer, c.ChangedAt = w.Actor, left, nil, w.Now
	return c, out, nil
}

// DeclineHandover ends a pending offer of all shipments, from either side.
func (c Consolidation) DeclineHandover(all []Consigned, reason string, w When) (Consolidation, []Consigned, error) {
	if c.Offer == nil || c.Offer.By != w.Actor && c.Offer.To != w.Actor {
		return c, nil, fault.New(fault.CodeHandoverNoOffer, "no hand-over from or to %s is offered", w.Actor)
	}
	out, err := c.move(all, func(s Shipment, x *Consigned) (Shipment, error) {
		if s.Offer == nil { // declared lost meanwhile
			next, e := s.record(HandoverDeclined, "", "", w)
			x.Event = e
			return next, nil
		}
		next, e, err := s.DeclineHandover("", reason, w)
		x.Event = e
		return next, err
	})
	if err != nil {
		return c, nil, err
	}
	c.Offer, c.ChangedAt = nil, w.Now
	return c, out, nil
}

// Deconsolidate takes a consolidation apart: who has it does, and no hand-over
// of it may be pending.
func (c Consolidation) Deconsolidate(all []Consigned, w When) (Consolidation, []Consigned, error) {
	switch {
	case len(c.Shipments) == 0:
		return c, nil, fault.New(fault.CodeConsolidationOver, "%s has been taken apart", c.ConsolidationID)
	case c.Custodian != w.Actor:
		return c, nil, fault.New(fault.CodeCustodyNot, "%s does not have the goods", w.Actor)
	case c.Offer != nil:
		return c, nil, fault.New(fault.CodeHandoverPending, "a hand-over to %s is offered", c.Offer.To).With("to", c.Offer.To)
	}
	out, err := each(all, func(x *Consigned) error {
		x.Shipment.ConsolidationID = ""
		x.Shipment, x.Event = x.Shipment.record(Deconsolidated, "", "", w)
		x.Event.ConsolidationID = c.ConsolidationID
		return nil
	})
	c.Shipments, c.ChangedAt = []string{}, w.Now
	return c, out, err
}

// move takes a step of every shipment, each as if it travelled by itself.
func (c Consolidation) move(all []Consigned, step func(Shipment, *Consigned) (Shipment, error)) ([]Consigned, error) {
	if len(c.Shipments) == 0 {
		return nil, fault.New(fault.CodeConsolidationOver, "%s has been taken apart", c.ConsolidationID)
	}
	return each(all, func(x *Consigned) error {
		s := x.Shipment
		s.ConsolidationID = ""
		next, err := step(s, x)
		if err != nil {
			return fault.From(err).With("shipmentId", s.ShipmentID)
		}
		next.ConsolidationID, x.Event.ConsolidationID = c.ConsolidationID, c.ConsolidationID
		x.Shipment = next
		return nil
	})
}

func each(all []Consigned, step func(*Consigned) error) ([]Consigned, error) {
	out := slices.Clone(all)
	for i := range out {
		if err := step(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkCondition: seals and units are those of a shipment; what is scanned of a
// consolidation is its own number.
func (c Consolidation) checkCondition(condition *Condition) error {
	if condition != nil && len(condition.Seals)+len(condition.Scanned) > 0 {
		return fault.New(fault.CodeConditionInvalid, "of a consolidation neither seals nor logistic units are named").With("field", "condition")
	}
	return nil
}
