package contract

import (
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// rateCarriers appends what a final statement says of each carrier. No head
// counts these records, since a shipment is settled once: settlements of one
// carrier's shipments have no key in common here, however many there are.
func rateCarriers(ctx *Context, s shipment.Shipment, t shipment.Terms, r shipment.Review, st shipment.Statement, ss []shipment.Stream) error {
	if !st.Final {
		return nil
	}
	for _, o := range shipment.Outcomes(t, r, st, s.Charges(t, st, ss), s.LostBy()...) {
		key := []string{o.Carrier, ledger.NewestFirst(time.UnixMilli(o.SettledAt.UnixMs())), o.ShipmentID}
		if err := ledger.Append(ctx.tx, outcomes, &o, key...); err != nil {
			return err
		}
		if err := protect(ctx, outcomes, t.Parties(), key...); err != nil {
			return err
		}
	}
	return nil
}

// GetRating says how an organisation has done as a carrier, from its latest
// outcomes (SH11).
func (*Shipment) GetRating(ctx *Context, in *api.OrganisationRef) (*shipment.Rating, error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.MSPID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, outcomes, shipment.RatedOutcomes, "", in.MSPID)
	if err != nil {
		return nil, err
	}
	r := shipment.Rate(in.MSPID, values(p.Items))
	return &r, nil
}
