package contract

import (
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Component is the contract about components.
type Component struct{ contractapi.Contract }

func newComponent() *Component {
	return &Component{contractapi.Contract{Name: api.Component, TransactionContextHandler: new(Context)}}
}

// Register announces a component with its key and its location (CM1).
func (*Component) Register(ctx *Context, in *api.RegisterComponent) (*component.Component, error) {
	if err := ctx.permit(party.RegisterComponent); err != nil {
		return nil, err
	}
	key, err := dsse.ParsePublicKey(in.Algorithm, in.PublicKey)
	if err != nil {
		return nil, err
	}
	w := ctx.componentWhen("")
	c, e, err := component.Register(component.Component{
		ComponentID: in.ComponentID, PartNumber: in.PartNumber, Algorithm: string(in.Algorithm), PublicKey: in.PublicKey, KeyID: key.ID(), Location: in.Location,
	}, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, components, fault.CodeComponentExists, &c, c.ComponentID); err != nil {
		return nil, err
	}
	return &c, recordComponent(ctx, api.ComponentRegisteredEvent, c, e)
}

// OfferOwnership is the owner's half of a transfer (CM8).
func (*Component) OfferOwnership(ctx *Context, in *api.OfferOwnership) (*component.Component, error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.To); err != nil {
		return nil, err
	}
	return changeOwnership(ctx, in.ComponentID, func(c component.Component, w component.When) (component.Component, component.LifeEvent, error) {
		if in.PriceMinor == 0 && in.Currency == "" {
			return c.OfferOwnership(in.To, w)
		}
		return c.OfferForSale(in.To, component.Price{AmountMinor: in.PriceMinor, Currency: in.Currency}, w)
	})
}

// AcceptOwnership is the receiver's half; from then on nothing happens to the
// component that the receiver's peer has not endorsed. A price that is asked for
// is paid at once, or nothing happens (SH18).
func (*Component) AcceptOwnership(ctx *Context, in *api.AcceptOwnership) (*component.Component, error) {
	if err := ctx.permit(party.OwnComponent); err != nil {
		return nil, err
	}
	return changeOwnership(ctx, in.ComponentID, func(c component.Component, w component.When) (component.Component, component.LifeEvent, error) {
		if in.PriceMinor == 0 && in.Currency == "" {
			return c.AcceptOwnership(in.Location, w)
		}
		next, sale, e, err := c.Buy(in.Location, component.Price{AmountMinor: in.PriceMinor, Currency: in.Currency}, w)
		if err == nil {
			err = paySale(ctx, sale)
		}
		return next, e, err
	})
}

// DeclineOwnership ends a pending offer, from either side.
func (*Component) DeclineOwnership(ctx *Context, in *api.ComponentRef) (*component.Component, error) {
	return changeOwnership(ctx, in.ComponentID, component.Component.DeclineOwnership)
}

// Get gives one component as it is now.
func (*Component) Get(ctx *Context, in *api.ComponentRef) (*component.Component, error) {
	return ledger.Get(ctx.tx, components, in.ComponentID)
}

// History gives a page of a component's events, oldest first (CM7).
func (*Component) History(ctx *Context, in *api.ListRequest) (*api.ComponentEventPage, error) {
	if _, err := ledger.Get(ctx.tx, components, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, componentEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ComponentEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// paySale moves the price from the buyer's account to the seller. The sale is a
// record that both protect, so the seller's own word stands behind its credit.
func paySale(ctx *Context, s component.Sale) error {
	y := money.Why{Reason: money.ReasonSale, Reference: s.ComponentID, Number: s.Number, At: s.At, TransactionID: s.TransactionID}
	if err := debit(ctx, s.Buyer, s.Currency, s.PriceMinor, y); err != nil {
		return err
	}
	at := []string{s.ComponentID, ledger.Seq(s.Number)}
	if err := ledger.Append(ctx.tx, sales, &s, at...); err != nil {
		return err
	}
	if err := protect(ctx, sales, []string{s.Seller, s.Buyer}, at...); err != nil {
		return err
	}
	return credit(ctx, s.Seller, s.Currency, s.PriceMinor, y)
}

type componentStep func(component.Component, component.When) (component.Component, component.LifeEvent, error)

// changeOwnership loads a component, takes one step, and stores it.
func changeOwnership(ctx *Context, id string, step componentStep) (*component.Component, error) {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil {
		return nil, err
	}
	w := ctx.componentWhen(c.ChangedAt)
	next, e, err := step(*c, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, components, &next, id); err != nil {
		return nil, err
	}
	return &next, recordComponent(ctx, api.OwnershipChangedEvent, next, e)
}

// recordComponent appends the event, demands the owner's endorsement from now
// on, and announces it.
func recordComponent(ctx *Context, event string, c component.Component, e component.LifeEvent) error {
	if e.Step == component.Commissioning || e.Step == component.OwnershipAccepted {
		if err := protect(ctx, components, []string{c.Owner}, c.ComponentID); err != nil {
			return err
		}
	}
	if err := ledger.Append(ctx.tx, componentEvents, &e, c.ComponentID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	return ctx.tx.Announce(event, c.ComponentID, ledger.NewFact(string(e.Step), c.ComponentID, e))
}
