package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// openBill makes a bill, which both sides protect from then on. A request that is
// assigned and accepted again has the bill of its new agreement: nothing is paid
// before work has begun.
func openBill(ctx *Context, b service.Bill) error {
	known, found, err := ledger.Find(ctx.tx, bills, b.BillID)
	if err != nil {
		return err
	}
	if found && known.Payments > 0 {
		return fault.New(fault.CodeInternal, "bill %s has been paid before the work began", b.BillID)
	}
	if err := ledger.Put(ctx.tx, bills, &b, b.BillID); err != nil {
		return err
	}
	return protect(ctx, bills, []string{b.Operator, b.Provider}, b.BillID)
}

// PaySteps pays completed steps of a request before the whole is confirmed (SV7).
func (*Service) PaySteps(ctx *Context, in *api.PaySteps) (*service.Bill, error) {
	r, err := ledger.Get(ctx.tx, serviceRequests, in.RequestID)
	if err != nil {
		return nil, err
	}
	if err := r.Payable(in.Until, ctx.actor()); err != nil {
		return nil, err
	}
	b, err := ledger.Get(ctx.tx, bills, in.RequestID)
	if err != nil {
		return nil, err
	}
	next, p, err := payUntil(ctx, *b, in.Until, ctx.serviceWhen(r.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.RequestChangedEvent, r.RequestID, ledger.NewFact("request-paid", r.RequestID, p))
}

// payRest pays what of a confirmed request is not paid yet.
func payRest(ctx *Context, r service.ServiceRequest, w service.When) error {
	b, err := ledger.Get(ctx.tx, bills, r.RequestID)
	if err != nil || b.Steps == r.Steps {
		return err
	}
	_, _, err = payUntil(ctx, *b, r.Steps, w)
	return err
}

func payUntil(ctx *Context, b service.Bill, until uint64, w service.When) (service.Bill, service.ServicePayment, error) {
	steps, err := stepsOf(ctx, b.BillID, b.Steps, until)
	if err != nil {
		return b, service.ServicePayment{}, err
	}
	next, p, err := b.PaySteps(steps, w)
	if err != nil {
		return next, p, err
	}
	return next, p, pay(ctx, next, p)
}

// stepsOf reads the steps from one number on until before another.
func stepsOf(ctx *Context, id string, from, until uint64) ([]service.ServiceStep, error) {
	var keys [][]string
	for n := from; n < until; n++ {
		keys = append(keys, []string{id, ledger.Seq(n)})
	}
	found, err := ledger.GetAll(ctx.tx, serviceSteps, keys)
	if err != nil {
		return nil, err
	}
	out := make([]service.ServiceStep, len(found))
	for i, s := range found {
		if s == nil {
			return nil, fault.New(fault.CodeInternal, "step %d of request %s is missing", from+uint64(i), id)
		}
		out[i] = *s
	}
	return out, nil
}

// pay stores a bill that has been read, and moves what its payment is about from
// the operator's account to the provider. The payment is a record that both
// protect, so the provider's own word stands behind its credit.
func pay(ctx *Context, b service.Bill, p service.ServicePayment) error {
	if err := ledger.Put(ctx.tx, bills, &b, b.BillID); err != nil {
		return err
	}
	if p.AmountMinor == 0 {
		return nil
	}
	y := money.Why{Reason: money.ReasonService, Reference: p.BillID, Number: p.Number, At: p.At, TransactionID: p.TransactionID}
	if err := debit(ctx, p.Operator, p.Currency, p.AmountMinor, y); err != nil {
		return err
	}
	at := []string{p.BillID, ledger.Seq(p.Number)}
	if err := ledger.Append(ctx.tx, servicePayments, &p, at...); err != nil {
		return err
	}
	if err := protect(ctx, servicePayments, []string{p.Operator, p.Provider}, at...); err != nil {
		return err
	}
	return credit(ctx, p.Provider, p.Currency, p.AmountMinor, y)
}

// owedByService holds credits against the payments of their bills.
func owedByService(ctx *Context, rows []money.Credit, proven []bool) error {
	of := positions(rows, money.ReasonService)
	var heads, records [][]string
	for _, i := range of {
		heads = append(heads, []string{rows[i].Reference})
		records = append(records, []string{rows[i].Reference, ledger.Seq(rows[i].Number)})
	}
	bs, err := ledger.GetAll(ctx.tx, bills, heads)
	if err != nil {
		return err
	}
	ps, err := ledger.GetAll(ctx.tx, servicePayments, records)
	if err != nil {
		return err
	}
	for n, i := range of {
		proven[i] = bs[n] != nil && ps[n] != nil && rows[i].Number < bs[n].Payments && ps[n].Owes(rows[i])
	}
	return nil
}

// ChargeUsage pays for a component's use since the last charge, at the rates of the
// agreement that it is under (SV12); either side asks for it.
func (*Service) ChargeUsage(ctx *Context, in *api.UsageBillRef) (*service.Bill, error) {
	a, err := ledger.Get(ctx.tx, agreements, in.AgreementID)
	if err != nil {
		return nil, err
	}
	b, err := ledger.Get(ctx.tx, bills, service.UsageBillID(in.AgreementID, in.ComponentID))
	if err != nil {
		return nil, err
	}
	total, err := chargeable(ctx, *a, in.ComponentID)
	if err != nil {
		return nil, err
	}
	next, p, err := b.Charge(*a, total, ctx.serviceWhen(b.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := pay(ctx, next, p); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.UsageChargedEvent, in.ComponentID, ledger.NewFact("usage-charged", in.ComponentID, p))
}

// chargeable refuses to charge the use of what is not under the agreement any more.
func chargeable(ctx *Context, a service.Agreement, id string) (service.Total, error) {
	_, place, total, err := planned(ctx, id)
	if err != nil {
		return nil, err
	}
	c, err := careOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.AgreementID != a.AgreementID || place.Owner != a.Operator {
		return nil, fault.New(fault.CodeChargeNone, "%s is not under agreement %s", id, a.AgreementID)
	}
	return total, nil
}

// GetBill gives what has been paid for a request.
func (*Service) GetBill(ctx *Context, in *api.RequestRef) (*service.Bill, error) {
	return ledger.Get(ctx.tx, bills, in.RequestID)
}

// GetUsageBill gives what has been charged for a component's use under an agreement.
func (*Service) GetUsageBill(ctx *Context, in *api.UsageBillRef) (*service.Bill, error) {
	return ledger.Get(ctx.tx, bills, service.UsageBillID(in.AgreementID, in.ComponentID))
}

// ListPayments gives a page of the payments for a request, oldest first.
func (*Service) ListPayments(ctx *Context, in *api.ListRequest) (*api.ServicePaymentPage, error) {
	return paymentsOf(ctx, in.Of, in.Limit, in.Cursor)
}

// ListUsageCharges gives a page of the payments for a component's use, oldest first.
func (*Service) ListUsageCharges(ctx *Context, in *api.ChargeListRequest) (*api.ServicePaymentPage, error) {
	return paymentsOf(ctx, service.UsageBillID(in.AgreementID, in.ComponentID), in.Limit, in.Cursor)
}

func paymentsOf(ctx *Context, bill string, limit int, cursor string) (*api.ServicePaymentPage, error) {
	if _, err := ledger.Get(ctx.tx, bills, bill); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, servicePayments, limit, cursor, bill)
	if err != nil {
		return nil, err
	}
	return &api.ServicePaymentPage{Items: values(p.Items), Next: p.Next}, nil
}
