package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// PromisePart is the supplier's word when an ordered part will be there (SV6).
func (*Service) PromisePart(ctx *Context, in *api.PromisePart) (*service.PartOrder, error) {
	return changePartOrder(ctx, in.RequestID, func(o service.PartOrder, w service.When) (service.PartOrder, error) {
		return o.Promise(in.PromisedFor, w)
	})
}

// DeclinePartOrder is the supplier's word that it does not deliver.
func (*Service) DeclinePartOrder(ctx *Context, in *api.RequestReason) (*service.PartOrder, error) {
	return changePartOrder(ctx, in.RequestID, func(o service.PartOrder, w service.When) (service.PartOrder, error) {
		return o.Decline(in.Reason, w)
	})
}

// DeliverPart names the component that the supplier hands over for an order.
func (*Service) DeliverPart(ctx *Context, in *api.DeliverPart) (*service.PartOrder, error) {
	c, err := living(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	return changePartOrder(ctx, in.RequestID, func(o service.PartOrder, w service.When) (service.PartOrder, error) {
		return o.Deliver(c.ComponentID, c.PartNumber, c.Owner, c.OfferedTo, w)
	})
}

// WithdrawPartOrder takes an order back, as the buyer.
func (*Service) WithdrawPartOrder(ctx *Context, in *api.RequestRef) (*service.PartOrder, error) {
	return changePartOrder(ctx, in.RequestID, service.PartOrder.Withdraw)
}

// GetPartOrder gives where the order of a request's part stands.
func (*Service) GetPartOrder(ctx *Context, in *api.RequestRef) (*service.PartOrder, error) {
	return ledger.Get(ctx.tx, partOrders, in.RequestID)
}

func changePartOrder(ctx *Context, id string, step func(service.PartOrder, service.When) (service.PartOrder, error)) (*service.PartOrder, error) {
	o, err := ledger.Get(ctx.tx, partOrders, id)
	if err != nil {
		return nil, err
	}
	next, err := step(*o, ctx.serviceWhen(o.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, partOrders, &next, id); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.PartOrderChangedEvent, id, ledger.NewFact("part-"+string(next.Status), id, next))
}
