package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// fund moves what the acting party stakes from its account into escrow: the
// payer the fees, a carrier its deposits (SH13).
func fund(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	stake, err := t.Stake(w.Actor)
	if err != nil || stake == 0 && w.Actor != t.Payer {
		return err
	}
	if err := debit(ctx, w.Actor, t.Currency, stake, why(money.ReasonEscrow, id, w)); err != nil {
		return err
	}
	e, err := ledger.FindOr(ctx.tx, escrows, shipment.NewEscrow(id, t), id)
	if err != nil {
		return err
	}
	if e, err = e.PutIn(w.Actor, stake, t, w); err != nil {
		return err
	}
	if err := ledger.Put(ctx.tx, escrows, &e, id); err != nil {
		return err
	}
	return protectForParties(ctx, escrows, t, id)
}

// openReckoning makes the record that the settlement will fill in, so that from
// the agreement on only all parties together can write it.
func openReckoning(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	st, err := shipment.Reckon(id, t, nil, w)
	if err != nil {
		return err
	}
	if err := ledger.Create(ctx.tx, statements, fault.CodeShipmentExists, &st, id); err != nil {
		return err
	}
	return protectForParties(ctx, statements, t, id)
}

// refund gives everything in escrow back to whom it came from.
func refund(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	e, found, err := ledger.Find(ctx.tx, escrows, id)
	if err != nil || !found {
		return err
	}
	return release(ctx, *e, e.GiveBack(), t, money.ReasonRefund, w)
}

// payOut pays out of escrow what the statement says has not been paid before: to
// each carrier what is payable, to the payer what remains, with one credit for
// each even when the payer carries a leg. What disputes hold back stays. The
// statement has been read.
func payOut(ctx *Context, st shipment.Statement, t shipment.Terms, w shipment.When) error {
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
	if err := release(ctx, *e, paid, t, money.ReasonSettlement, w); err != nil {
		return err
	}
	return ledger.Put(ctx.tx, statements, &st, st.ShipmentID)
}

// release pays out of an escrow that has been read. The payout is a record that
// every party protects, so each payee's own word stands behind its credit.
func release(ctx *Context, e shipment.Escrow, ps []shipment.Payment, t shipment.Terms, reason string, w shipment.When) error {
	if len(ps) == 0 {
		return nil
	}
	next, p, err := e.Pay(ps, w)
	if err != nil {
		return err
	}
	if err := ledger.Put(ctx.tx, escrows, &next, e.ShipmentID); err != nil {
		return err
	}
	if err := ledger.Append(ctx.tx, payouts, &p, e.ShipmentID, ledger.Seq(p.Number)); err != nil {
		return err
	}
	if err := protectForParties(ctx, payouts, t, e.ShipmentID, ledger.Seq(p.Number)); err != nil {
		return err
	}
	y := why(reason, e.ShipmentID, w)
	y.Number = p.Number
	for _, x := range p.Payees {
		if err := credit(ctx, x.Organisation, e.Currency, x.AmountMinor, y); err != nil {
			return err
		}
	}
	return nil
}

// why says why a shipment's money moves.
func why(reason, shipmentID string, w shipment.When) money.Why {
	return money.Why{Reason: reason, Reference: shipmentID, Counter: "escrow/" + shipmentID, At: w.Now, TransactionID: w.TransactionID}
}
