package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// AmendTerms answers proposed terms with others: what is in escrow goes back,
// and everybody accepts anew (SH1).
func (*Shipment) AmendTerms(ctx *Context, in *api.AmendTerms) (*shipment.Shipment, error) {
	if err := ctx.permit(party.ProposeShipment); err != nil {
		return nil, err
	}
	s, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen(s.ChangedAt)
	next, old, e, err := s.Amend(*t, in.Terms, in.TermsHash, w)
	if err != nil {
		return nil, err
	}
	if err := checkNamed(ctx, in.Terms); err != nil {
		return nil, err
	}
	_, funded, err := ledger.Find(ctx.tx, escrows, s.ShipmentID)
	if err != nil {
		return nil, err
	}
	if err := refund(ctx, s.ShipmentID, *t, w); err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, replacedTerms, &old, s.ShipmentID, ledger.Seq(old.Number)); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, terms, &in.Terms, s.ShipmentID); err != nil {
		return nil, err
	}
	// The terms and the escrow pass into the hands of the new parties; the old ones endorse that.
	if err := protect(ctx, terms, in.Terms.Parties(), s.ShipmentID); err != nil {
		return nil, err
	}
	if funded {
		if err := protectForParties(ctx, escrows, in.Terms, s.ShipmentID); err != nil {
			return nil, err
		}
	}
	if err := ledger.Put(ctx.tx, shipments, &next, s.ShipmentID); err != nil {
		return nil, err
	}
	return &next, recordShipment(ctx, api.TermsChangedEvent, next, e)
}

// ListOffers gives a page of the terms that counter-offers have replaced, oldest first.
func (*Shipment) ListOffers(ctx *Context, in *api.ListRequest) (*api.ReplacedTermsPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, replacedTerms, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ReplacedTermsPage{Items: values(p.Items), Next: p.Next}, nil
}
