package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// conclude makes the last judgement of every device. It writes nothing yet:
// whether the time for it has come is for the settlement to say.
func conclude(s shipment.Shipment, t shipment.Terms, ss []shipment.Stream, w shipment.When) ([]shipment.Stream, []shipment.Excursion, error) {
	out := make([]shipment.Stream, len(ss))
	var changed []shipment.Excursion
	for i := range ss {
		next, verdict, err := ss[i].Conclude(s, t, w)
		if err != nil {
			return nil, nil, err
		}
		out[i], changed = next, append(changed, verdict.Excursions...)
	}
	return out, changed, nil
}

// storeConcluded writes the streams, at most eight, and what their last judgement
// changed: what each limit had open, and its silences, at most one in each custody.
func storeConcluded(ctx *Context, before, ss []shipment.Stream, changed []shipment.Excursion) error {
	for i := range ss {
		if before[i].Closed() {
			continue
		}
		if err := ledger.Put(ctx.tx, streams, &ss[i], ss[i].ShipmentID, ss[i].DeviceID); err != nil {
			return err
		}
	}
	return storeExcursions(ctx, changed)
}
