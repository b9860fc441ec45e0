package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// AcknowledgeExcursion says that a party has seen an excursion, with its
// comment; the excursion stays what it is. What a party says is its own: the
// majority cannot change it without that party.
func (*Shipment) AcknowledgeExcursion(ctx *Context, in *api.AcknowledgeExcursion) (*shipment.Acknowledgement, error) {
	t, err := ledger.Get(ctx.tx, terms, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	e, err := loadExcursion(ctx, in.ShipmentID, in.ExcursionID)
	if err != nil {
		return nil, err
	}
	said, last, err := saidBefore(ctx, *e)
	if err != nil {
		return nil, err
	}
	a, err := e.Acknowledge(*t, said, in.Comment, ctx.shipmentWhen(last))
	if err != nil {
		return nil, err
	}
	key := acknowledgementKey(*e, ctx.actor(), a.Number)
	if err := ledger.Create(ctx.tx, acknowledgements, fault.CodeInternal, &a, key...); err != nil {
		return nil, err
	}
	if err := protect(ctx, acknowledgements, []string{a.Organisation}, key...); err != nil {
		return nil, err
	}
	return &a, ctx.tx.Announce(api.ExcursionAcknowledgedEvent, a.ShipmentID, ledger.NewFact("excursion-acknowledged", a.ExcursionID, a))
}

// ListAcknowledgements gives a page of what the parties said about an excursion, by organisation.
func (*Shipment) ListAcknowledgements(ctx *Context, in *api.AcknowledgementListRequest) (*api.AcknowledgementPage, error) {
	if _, err := loadExcursion(ctx, in.ShipmentID, in.ExcursionID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, acknowledgements, in.Limit, in.Cursor, in.ShipmentID, in.ExcursionID)
	if err != nil {
		return nil, err
	}
	return &api.AcknowledgementPage{Items: values(p.Items), Next: p.Next}, nil
}

// loadExcursion finds an excursion by its id, whose parts are those of its key.
func loadExcursion(ctx *Context, shipmentID, excursionID string) (*shipment.Excursion, error) {
	device, limit, sequence, err := shipment.ParseExcursionID(excursionID)
	if err != nil {
		return nil, err
	}
	return ledger.Get(ctx.tx, excursions, shipmentID, device, ledger.Seq(sequence), limit)
}

// saidBefore counts what the caller has said about an excursion, and when last.
// The keys are few and known, so no head has to count them.
func saidBefore(ctx *Context, e shipment.Excursion) (said int, last measure.Time, err error) {
	keys := make([][]string, shipment.MaxAcknowledgements)
	for i := range keys {
		keys[i] = acknowledgementKey(e, ctx.actor(), uint64(i)+1)
	}
	found, err := ledger.GetAll(ctx.tx, acknowledgements, keys)
	if err != nil {
		return 0, "", err
	}
	for said < len(found) && found[said] != nil {
		last = found[said].At
		said++
	}
	return said, last, nil
}

func acknowledgementKey(e shipment.Excursion, organisation string, number uint64) []string {
	return []string{e.ShipmentID, e.ExcursionID, organisation, ledger.Seq(number)}
}
