package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// fund moves the fees from the payer's account into escrow (SH13).
func fund(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	fees, err := t.Fees()
	if err != nil {
		return err
	}
	if err := debit(ctx, t.Payer, t.Currency, fees, why(money.ReasonEscrow, id, w)); err != nil {
		return err
	}
	before, found, err := ledger.Find(ctx.tx, escrows, id)
	if err != nil {
		return err
	}
	if found && before.HeldMinor > 0 { // emptied by a counter-offer, it is filled anew
		return fault.New(fault.CodeInternal, "escrow of %s holds %d before it is funded", id, before.HeldMinor)
	}
	e := shipment.Escrow{ShipmentID: id, Payer: t.Payer, Currency: t.Currency, HeldMinor: fees, ChangedAt: w.Now}
	if err := ledger.Put(ctx.tx, escrows, &e, id); err != nil {
		return err
	}
	return protectForParties(ctx, escrows, t, id)
}

// openStatement makes the record that the settlement will fill in, so that from
// the agreement on only all parties together can write it.
func openStatement(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	st, err := shipment.Reckon(id, t, nil, w)
	if err != nil {
		return err
	}
	if err := ledger.Create(ctx.tx, statements, fault.CodeShipmentExists, &st, id); err != nil {
		return err
	}
	return protectForParties(ctx, statements, t, id)
}

// refund gives back what the payer has put into escrow, if anything.
func refund(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	e, found, err := ledger.Find(ctx.tx, escrows, id)
	if err != nil || !found || e.HeldMinor == 0 {
		return err
	}
	held := e.HeldMinor
	if err := empty(ctx, *e, w); err != nil {
		return err
	}
	return credit(ctx, t.Payer, t.Currency, held, why(money.ReasonRefund, id, w))
}

// payOut pays from the escrow what the statement says has not been paid before:
// to each carrier what is payable, to the payer what remains, with one posting
// for each account even when the payer carries a leg. What disputes hold back
// stays. The statement has been read.
func payOut(ctx *Context, st shipment.Statement, w shipment.When) error {
	e, err := ledger.Get(ctx.tx, escrows, st.ShipmentID)
	if err != nil {
		return err
	}
	paid := st.Payments()
	var sum money.Minor
	for _, p := range paid {
		sum += p.AmountMinor // at most what is held
	}
	if e.HeldMinor != sum+st.HeldMinor {
		return fault.New(fault.CodeInternal, "escrow of %s holds %d, not %d and %d", st.ShipmentID, e.HeldMinor, sum, st.HeldMinor)
	}
	e.HeldMinor, e.ChangedAt = st.HeldMinor, w.Now
	if err := ledger.Put(ctx.tx, escrows, e, st.ShipmentID); err != nil {
		return err
	}
	for _, p := range paid {
		if err := credit(ctx, p.Organisation, st.Currency, p.AmountMinor, why(money.ReasonSettlement, st.ShipmentID, w)); err != nil {
			return err
		}
	}
	return ledger.Put(ctx.tx, statements, &st, st.ShipmentID)
}

// empty stores an escrow that has been read as holding nothing any more.
func empty(ctx *Context, e shipment.Escrow, w shipment.When) error {
	e.HeldMinor, e.ChangedAt = 0, w.Now
	return ledger.Put(ctx.tx, escrows, &e, e.ShipmentID)
}

// why says why a shipment's money moves.
func why(reason, shipmentID string, w shipment.When) money.Why {
	return money.Why{Reason: reason, Reference: shipmentID, At: w.Now, TransactionID: w.TransactionID}
}
