package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Sale is the record of a transfer of ownership that was paid for in the same
// transaction (SH18). It never changes.
type Sale struct {
	ComponentID   string         `json:"componentId"`
	Number        uint64         `json:"number"`
	Seller        string         `json:"seller"`
	Buyer         string         `json:"buyer"`
	Currency      money.Currency `json:"currency"`
	PriceMinor    money.Minor    `json:"priceMinor"`
	At            measure.Time   `json:"at"`
	TransactionID string         `json:"transactionId"`
}

// Price is what ownership is offered and taken for.
type Price struct {
	AmountMinor money.Minor
	Currency    money.Currency
}

func (p Price) check() error {
	if err := p.AmountMinor.CheckPositive("priceMinor"); err != nil {
		return err
	}
	return p.Currency.Check()
}

// OfferForSale is [Component.OfferOwnership] for a price.
func (c Component) OfferForSale(to string, p Price, w When) (Component, LifeEvent, error) {
	if err := p.check(); err != nil {
		return c, LifeEvent{}, err
	}
	next, e, err := c.OfferOwnership(to, w)
	if err != nil {
		return c, LifeEvent{}, err
	}
	next.PriceMinor, next.Currency = p.AmountMinor, p.Currency
	return next, e, nil
}

// Buy is [Component.AcceptOwnership] for exactly the price that is asked for: an
// offer that was changed meanwhile is not taken by mistake.
func (c Component) Buy(location string, p Price, w When) (Component, Sale, LifeEvent, error) {
	fail := func(err error) (Component, Sale, LifeEvent, error) { return c, Sale{}, LifeEvent{}, err }
	if err := p.check(); err != nil {
		return fail(err)
	}
	offer := c
	if offer.OfferedTo == w.Actor && (offer.PriceMinor != p.AmountMinor || offer.Currency != p.Currency) {
		return fail(c.asks())
	}
	offer.PriceMinor, offer.Currency = 0, ""
	next, e, err := offer.AcceptOwnership(location, w)
	if err != nil {
		return fail(err)
	}
	s := Sale{
		ComponentID: c.ComponentID, Number: c.Sales, Seller: c.Owner, Buyer: next.Owner,
		Currency: p.Currency, PriceMinor: p.AmountMinor, At: e.At, TransactionID: w.TransactionID,
	}
	next.Sales++
	return next, s, e, nil
}

// Owes reports whether the sale is what the credit comes from.
func (s Sale) Owes(c money.Credit) bool {
	return s.ComponentID == c.Reference && s.Number == c.Number && s.Seller == c.Organisation &&
		s.Currency == c.Currency && s.PriceMinor == c.AmountMinor && s.TransactionID == c.CreditID
}

func (c Component) asks() error {
	return fault.New(fault.CodeOwnershipPrice, "ownership of %s is offered for %d (minor units of %q)", c.ComponentID, c.PriceMinor, string(c.Currency)).
		With("priceMinor", int64(c.PriceMinor)).With("currency", string(c.Currency))
}
