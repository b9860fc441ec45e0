package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// OrderStatus is how far the order of a part is.
type OrderStatus string

// The statuses. All but ordered and promised are final.
const (
	Ordered       OrderStatus = "ordered"
	Promised      OrderStatus = "promised"
	Delivered     OrderStatus = "delivered"
	OrderDeclined OrderStatus = "declined"
	OrderOver     OrderStatus = "cancelled"
)

// PartOrder is a replacement that was ordered from the manufacturer as its request
// was raised (SV6).
type PartOrder struct {
	RequestID   string       `json:"requestId"`
	ComponentID string       `json:"componentId"` // what is to be replaced
	PartNumbers []string     `json:"partNumbers"` // any of these will do
	Buyer       string       `json:"buyer"`       // MSP id
	Supplier    string       `json:"supplier"`    // MSP id
	Status      OrderStatus  `json:"status"`
	NeededBy    measure.Time `json:"neededBy"`
	PromisedFor measure.Time `json:"promisedFor,omitempty" metadata:",optional"`
	// DeliveredID is the component that the supplier hands over for it.
	DeliveredID   string       `json:"deliveredId,omitempty" metadata:",optional"`
	Reason        string       `json:"reason,omitempty" metadata:",optional"`
	OrderedAt     measure.Time `json:"orderedAt"`
	ChangedAt     measure.Time `json:"changedAt"`
	TransactionID string       `json:"transactionId"`
}

// Order orders the part of a request that asks for it.
func (r ServiceRequest) Order(supplier string, w When) PartOrder {
	numbers := r.ApprovedParts
	if len(numbers) == 0 {
		numbers = []string{r.PartNumber}
	}
	return PartOrder{
		RequestID: r.RequestID, ComponentID: r.ComponentID, PartNumbers: numbers, Buyer: r.Operator, Supplier: supplier, Status: Ordered,
		NeededBy: r.OverdueAt, OrderedAt: w.Now, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}
}

// Promise is the supplier's word when the part will be there.
func (o PartOrder) Promise(at measure.Time, w When) (PartOrder, error) {
	if err := o.answered(o.Supplier, w); err != nil {
		return o, err
	}
	at, err := measure.ParseTime("promisedFor", string(at))
	if err != nil {
		return o, err
	}
	o.PromisedFor = at
	return o.to(Promised, w), nil
}

// Decline is the supplier's word that it does not deliver.
func (o PartOrder) Decline(reason string, w When) (PartOrder, error) {
	if err := o.answered(o.Supplier, w); err != nil {
		return o, err
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return o, err
	}
	o.Reason = reason
	return o.to(OrderDeclined, w), nil
}

// Withdraw takes the order back, as the buyer.
func (o PartOrder) Withdraw(w When) (PartOrder, error) {
	if err := o.answered(o.Buyer, w); err != nil {
		return o, err
	}
	return o.to(OrderOver, w), nil
}

// Deliver names the component that the supplier hands over: one of a part number
// that was ordered, which the buyer owns by now or is offered.
func (o PartOrder) Deliver(componentID, partNumber, owner, offeredTo string, w When) (PartOrder, error) {
	if err := o.answered(o.Supplier, w); err != nil {
		return o, err
	}
	if !slices.Contains(o.PartNumbers, partNumber) {
		return o, fault.New(fault.CodeServicePart, "part number %s was not ordered", partNumber).With("partNumber", partNumber)
	}
	if owner != o.Buyer && (owner != o.Supplier || offeredTo != o.Buyer) {
		return o, fault.New(fault.CodeOrderNotHanded, "%s is neither owned by %s nor offered to it", componentID, o.Buyer).With("componentId", componentID)
	}
	o.DeliveredID = componentID
	return o.to(Delivered, w), nil
}

func (o PartOrder) answered(who string, w When) error {
	if w.Actor != who {
		return fault.New(fault.CodeServiceNotParty, "this takes the word of %s", who)
	}
	if o.Status != Ordered && o.Status != Promised {
		return fault.New(fault.CodeOrderOver, "the order is %s", o.Status).With("status", string(o.Status))
	}
	return nil
}

func (o PartOrder) to(s OrderStatus, w When) PartOrder {
	o.Status, o.ChangedAt, o.TransactionID = s, w.Now, w.TransactionID
	return o
}
