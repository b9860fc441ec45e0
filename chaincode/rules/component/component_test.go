package component_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

const now measure.Time = "2026-03-01T08:00:00.000Z"

const (
	maker = "MakerMSP"
	buyer = "BuyerMSP"
)

func by(actor string) component.When {
	return component.When{Actor: actor, Now: now, TransactionID: "tx"}
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func registered(t *testing.T) component.Component {
	t.Helper()
	c, _, err := component.Register(component.Component{ComponentID: "c-1", PartNumber: "p-1", Algorithm: "Ed25519", PublicKey: "pk", KeyID: "k", Location: "4012345000009"}, by(maker))
	wantFault(t, err, "")
	return c
}

func TestTheMakerIsTheFirstOwner(t *testing.T) {
	forged := component.Component{
		ComponentID: "c-1", PartNumber: "p-1", Algorithm: "Ed25519", PublicKey: "pk", KeyID: "k", Location: "4012345000009",
		Manufacturer: "forged", Owner: "forged", OfferedTo: "forged", Disposition: "forged", Events: 7, ChangedAt: "forged",
	}
	c, e, err := component.Register(forged, by(maker))
	wantFault(t, err, "")
	want := component.Component{
		ComponentID: "c-1", PartNumber: "p-1", Algorithm: "Ed25519", PublicKey: "pk", KeyID: "k", Location: "4012345000009",
		Manufacturer: maker, Owner: maker, Disposition: "active", Events: 1, ChangedAt: now,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	wantEvent := component.LifeEvent{ComponentID: "c-1", Step: component.Commissioning, At: now, Actor: maker, Owner: maker, Location: "4012345000009", TransactionID: "tx"}
	if diff := cmp.Diff(wantEvent, e); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []component.Component{
		{ComponentID: "", PartNumber: "p", Location: "l"}, {ComponentID: "c", PartNumber: "p q", Location: "l"}, {ComponentID: "c", PartNumber: "p", Location: ""},
	} {
		_, _, err := component.Register(bad, by(maker))
		wantFault(t, err, fault.CodeIDInvalid)
	}
}

func TestOwnershipChangesInTwoSteps(t *testing.T) {
	c := registered(t)
	offered, e, err := c.OfferOwnership(buyer, by(maker))
	wantFault(t, err, "")
	if offered.Owner != maker || offered.OfferedTo != buyer || e.Step != component.OwnershipOffered || e.Counterparty != buyer || e.Owner != maker || e.Number != 1 {
		t.Errorf("%+v %+v", offered, e)
	}
	taken, e, err := offered.AcceptOwnership("DEHAM", by(buyer))
	wantFault(t, err, "")
	if taken.Owner != buyer || taken.OfferedTo != "" || taken.Location != "DEHAM" || taken.Manufacturer != maker || e.Step != component.OwnershipAccepted || e.Counterparty != maker || e.Owner != buyer || e.Location != "DEHAM" || e.Number != 2 {
		t.Errorf("%+v %+v", taken, e)
	}
	stayed, _, err := offered.AcceptOwnership("", by(buyer))
	wantFault(t, err, "")
	if stayed.Location != c.Location {
		t.Errorf("location %q", stayed.Location)
	}
	for name, c := range map[string]struct {
		got  func() error
		want fault.Code
	}{
		"a stranger offers":          {func() error { _, _, err := c.OfferOwnership(buyer, by(buyer)); return err }, fault.CodeOwnershipNotOwner},
		"the former owner offers":    {func() error { _, _, err := taken.OfferOwnership(maker, by(maker)); return err }, fault.CodeOwnershipNotOwner},
		"a second offer":             {func() error { _, _, err := offered.OfferOwnership("X", by(maker)); return err }, fault.CodeOwnershipOffered},
		"an offer to oneself":        {func() error { _, _, err := c.OfferOwnership(maker, by(maker)); return err }, fault.CodeInvalid},
		"accepting what is not":      {func() error { _, _, err := c.AcceptOwnership("", by(buyer)); return err }, fault.CodeOwnershipNoOffer},
		"accepting another's":        {func() error { _, _, err := offered.AcceptOwnership("", by("X")); return err }, fault.CodeOwnershipNoOffer},
		"accepting one's own":        {func() error { _, _, err := offered.AcceptOwnership("", by(maker)); return err }, fault.CodeOwnershipNoOffer},
		"accepting as nobody":        {func() error { _, _, err := c.AcceptOwnership("", by("")); return err }, fault.CodeOwnershipNoOffer},
		"a place that is none":       {func() error { _, _, err := offered.AcceptOwnership("a b", by(buyer)); return err }, fault.CodeIDInvalid},
		"declining what is not":      {func() error { _, _, err := c.DeclineOwnership(by(maker)); return err }, fault.CodeOwnershipNoOffer},
		"a stranger declines for it": {func() error { _, _, err := offered.DeclineOwnership(by("X")); return err }, fault.CodeOwnershipNotOwner},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, c.got(), c.want) })
	}
}

func TestEitherSideEndsAnOfferAndTheEventNamesTheOther(t *testing.T) {
	offered, _, err := registered(t).OfferOwnership(buyer, by(maker))
	wantFault(t, err, "")
	for actor, other := range map[string]string{maker: buyer, buyer: maker} {
		c, e, err := offered.DeclineOwnership(by(actor))
		wantFault(t, err, "")
		if c.Owner != maker || c.OfferedTo != "" || e.Step != component.OwnershipDeclined || e.Actor != actor || e.Counterparty != other {
			t.Errorf("%s declined: %+v", actor, e)
		}
	}
}

func TestAComponentHasOneOwnerAndEventsWithoutGaps(t *testing.T) {
	org := rapid.SampledFrom([]string{maker, buyer, "X"})
	start := registered(t)
	rapid.Check(t, func(t *rapid.T) {
		c := start
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before, actor := c, org.Draw(t, "actor")
			var e component.LifeEvent
			var err error
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				c, e, err = c.OfferOwnership(org.Draw(t, "to"), by(actor))
			case 1:
				c, e, err = c.AcceptOwnership("", by(actor))
			default:
				c, e, err = c.DeclineOwnership(by(actor))
			}
			switch {
			case err != nil && c != before:
				t.Fatalf("refused, but changed: %+v to %+v", before, c)
			case err == nil && (e.Number != before.Events || c.Events != before.Events+1 || e.Owner != c.Owner || e.Counterparty == actor):
				t.Fatalf("%+v after %+v", e, before)
			case c.Owner != before.Owner && (before.OfferedTo != c.Owner || actor != c.Owner), c.OfferedTo == c.Owner, c.Manufacturer != maker:
				t.Fatalf("%+v became %+v by %s", before, c, actor)
			}
		}
	})
}

func TestASale(t *testing.T) {
	const buyer = "BuyerMSP"
	price := component.Price{AmountMinor: 700, Currency: "USD"}
	c := registered(t)
	offered, _, err := c.OfferForSale(buyer, price, by(maker))
	if err != nil || offered.PriceMinor != 700 || offered.Currency != "USD" {
		t.Fatalf("%+v, %v", offered, err)
	}
	sold, sale, e, err := offered.Buy("DEHAM", price, by(buyer))
	if err != nil {
		t.Fatal(err)
	}
	if sold.Owner != buyer || sold.PriceMinor != 0 || sold.Currency != "" || sold.Sales != 1 || e.Step != component.OwnershipAccepted {
		t.Errorf("%+v %+v", sold, e)
	}
	if sale.Seller != maker || sale.Buyer != buyer || sale.Number != 0 || sale.PriceMinor != 700 || sale.Currency != "USD" {
		t.Errorf("%+v", sale)
	}
	free, _, err := c.OfferOwnership(buyer, by(maker))
	if err != nil {
		t.Fatal(err)
	}
	declined, _, err := offered.DeclineOwnership(by(buyer))
	if err != nil || declined.PriceMinor != 0 || declined.Currency != "" {
		t.Errorf("%+v, %v", declined, err)
	}
	buy := func(c component.Component, amount money.Minor, currency money.Currency, as string) error {
		_, _, _, err := c.Buy("", component.Price{AmountMinor: amount, Currency: currency}, by(as))
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want fault.Code
	}{
		"for less":                    {buy(offered, 699, "USD", buyer), fault.CodeOwnershipPrice},
		"for more":                    {buy(offered, 701, "USD", buyer), fault.CodeOwnershipPrice},
		"in another currency":         {buy(offered, 700, "EUR", buyer), fault.CodeOwnershipPrice},
		"what is offered for nothing": {buy(free, 700, "USD", buyer), fault.CodeOwnershipPrice},
		"what is offered to another":  {buy(offered, 700, "USD", "X"), fault.CodeOwnershipNoOffer},
		"for a negative price":        {buy(offered, -700, "USD", buyer), fault.CodeAmountInvalid},
		"for nothing in no currency":  {buy(free, 0, "", buyer), fault.CodeAmountInvalid},
		"taking it without paying":    {func() error { _, _, err := offered.AcceptOwnership("", by(buyer)); return err }(), fault.CodeOwnershipPrice},
		"offered by a stranger":       {func() error { _, _, err := c.OfferForSale(buyer, price, by("X")); return err }(), fault.CodeOwnershipNotOwner},
		"offered in a currency of no kind": {func() error {
			_, _, err := c.OfferForSale(buyer, component.Price{AmountMinor: 1, Currency: "dollars"}, by(maker))
			return err
		}(), fault.CodeAmountInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if !fault.Is(c.err, c.want) {
				t.Errorf("got %v, want %s", c.err, c.want)
			}
		})
	}
}
