package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Component is the contract about components.
type Component struct{ base }

func newComponent() product { return &Component{newBase(api.Component)} }

// Register announces a component with its key and its location (CM1).
func (*Component) Register(ctx *Context, in *api.RegisterComponent) (*component.Component, error) {
	if err := ctx.permit(party.RegisterComponent); err != nil {
		return nil, err
	}
	keyID, err := keyIDOf(in.Algorithm, in.PublicKey, in.TagClass)
	if err != nil {
		return nil, err
	}
	c, e, err := component.Register(component.Component{
		ComponentID: in.ComponentID, PartNumber: in.PartNumber, Algorithm: string(in.Algorithm), PublicKey: in.PublicKey, KeyID: keyID, Location: in.Location,
		Lot: in.Lot, TagClass: in.TagClass, SpecificationHash: in.SpecificationHash, WarrantyMonths: in.WarrantyMonths, Destination: in.Destination,
		Consignee: in.Consignee, ActivationCodeHash: in.ActivationCodeHash, WitnessSeconds: in.WitnessSeconds,
	}, ctx.componentWhen(""))
	if err != nil {
		return nil, err
	}
	if in.Consignee != "" {
		if _, err := ledger.Get(ctx.tx, organisations, in.Consignee); err != nil {
			return nil, err
		}
	}
	if err := ledger.Create(ctx.tx, components, fault.CodeComponentExists, &c, c.ComponentID); err != nil {
		return nil, err
	}
	facts, err := preload(ctx, c.ComponentID, in.Tasks)
	if err != nil {
		return nil, err
	}
	return &c, recordComponent(ctx, api.ComponentRegisteredEvent, c, e, facts...)
}

// OfferOwnership is the owner's half of a transfer (CM8).
func (*Component) OfferOwnership(ctx *Context, in *api.OfferOwnership) (*component.Component, error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.To); err != nil {
		return nil, err
	}
	return changeOwnership(ctx, in.ComponentID, func(c component.Component, w component.When) (component.Component, component.LifeEvent, error) {
		if err := transferable(ctx, c, in.To); err != nil {
			return c, component.LifeEvent{}, err
		}
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
		if err := c.Receives(w); err != nil {
			return c, component.LifeEvent{}, err
		}
		if err := transferable(ctx, c, w.Actor); err != nil {
			return c, component.LifeEvent{}, err
		}
		if err := settlePledge(ctx, c, w); err != nil {
			return c, component.LifeEvent{}, err
		}
		if err := leaveAgreement(ctx, c.ComponentID); err != nil {
			return c, component.LifeEvent{}, err
		}
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

// Relocate says where a component is now (CM7).
func (*Component) Relocate(ctx *Context, in *api.RelocateComponent) (*component.Component, error) {
	return changeComponent(ctx, in.ComponentID, component.Keep, api.ComponentChangedEvent, func(c component.Component, w component.When) (component.Component, component.LifeEvent, error) {
		return c.Relocate(in.Location, w)
	})
}

// Get gives one component as it is now.
func (*Component) Get(ctx *Context, in *api.ComponentRef) (*component.Component, error) {
	return componentNow(ctx, in.ComponentID)
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

// settlePledge ends the pledge of a component that changes hands: the lender takes
// it over, or the pledge was over.
func settlePledge(ctx *Context, c component.Component, w component.When) error {
	if c.PledgedBy == 0 {
		return nil
	}
	at := []string{c.ComponentID, ledger.Seq(c.PledgedBy)}
	p, err := ledger.Get(ctx.tx, pledges, at...)
	if err != nil {
		return err
	}
	ended := p.Settled(w.Actor, w)
	return ledger.Put(ctx.tx, pledges, &ended, at...)
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
	return changeComponent(ctx, id, component.Keep, api.OwnershipChangedEvent, step)
}

// changeComponent is every change of a component's head: what holds and recalls
// allow as this use, one step, one event.
func changeComponent(ctx *Context, id string, use component.Use, event string, step componentStep) (*component.Component, error) {
	c, err := componentNow(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, use, *c); err != nil {
		return nil, err
	}
	w, err := ctx.inRight(*c)
	if err != nil {
		return nil, err
	}
	next, e, err := step(*c, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, components, &next, id); err != nil {
		return nil, err
	}
	return &next, recordComponent(ctx, event, next, e)
}

// componentNow loads a component as it is now: a part that is installed belongs to
// whoever owns the outermost machine, which its own record does not follow.
func componentNow(ctx *Context, id string) (*component.Component, error) {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil {
		return nil, err
	}
	c.Owner, err = ownerOf(ctx, *c)
	return c, err
}

// guardComponent says who has to endorse the component's next change: its owner, and
// who lends on it. A part that is installed changes hands with its machine, so of
// those only the lender, or nobody in particular.
func guardComponent(ctx *Context, c component.Component) error {
	if c.InstalledIn == "" {
		return protect(ctx, components, c.Guardians(), c.ComponentID)
	}
	if c.PledgedTo != "" {
		return protect(ctx, components, []string{c.PledgedTo}, c.ComponentID)
	}
	all, err := ctx.witnesses()
	if err != nil {
		return err
	}
	return ledger.ProtectByMajority(ctx.tx, components, all, c.ComponentID)
}

// recordComponent appends the event, demands the endorsement of those whom the
// component belongs to or is pledged to from now on, and announces it.
func recordComponent(ctx *Context, event string, c component.Component, e component.LifeEvent, more ...ledger.Fact) error {
	switch e.Step {
	case component.Commissioning, component.OwnershipAccepted, component.PledgeAccepted, component.PledgeEnded:
		if err := guardComponent(ctx, c); err != nil {
			return err
		}
	}
	if err := ledger.Append(ctx.tx, componentEvents, &e, c.ComponentID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	return ctx.tx.Announce(event, c.ComponentID, append([]ledger.Fact{ledger.NewFact(string(e.Step), c.ComponentID, e)}, more...)...)
}

// keyIDOf names a component's key; a passive tag may have none.
func keyIDOf(alg dsse.Algorithm, public string, tag component.TagClass) (string, error) {
	if tag == component.Passive && alg == "" && public == "" {
		return "", nil
	}
	key, err := dsse.ParsePublicKey(alg, public)
	if err != nil {
		return "", err
	}
	return key.ID(), nil
}
