package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// loadCredits reads the caller's credits of these ids.
func loadCredits(ctx *Context, c money.Currency, ids []string) ([]money.Credit, error) {
	if len(ids) < 1 || len(ids) > money.MaxCollect {
		return nil, fault.New(fault.CodeInvalid, "one transaction collects 1 to %d credits", money.MaxCollect).With("field", "credits")
	}
	sorted := slices.Sorted(slices.Values(ids))
	if len(slices.Compact(sorted)) != len(ids) {
		return nil, fault.New(fault.CodeInvalid, "credits must name each credit only once").With("field", "credits")
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	keys := make([][]string, len(ids))
	for i, id := range ids {
		keys[i] = []string{ctx.actor(), string(c), id}
	}
	found, err := ledger.GetAll(ctx.tx, credits, keys)
	if err != nil {
		return nil, err
	}
	out := make([]money.Credit, len(ids))
	for i, x := range found {
		if x == nil {
			return nil, fault.New(fault.CodeCreditUnknown, "no credit %q of %s in %s", printable(ids[i]), ctx.actor(), c).With("creditId", ids[i])
		}
		if x.CreditID != ids[i] || x.Organisation != ctx.actor() || x.Currency != c {
			return nil, x.Unproven() // not what is stored under such a key
		}
		out[i] = *x
	}
	return out, nil
}

// collect marks credits that have been read and are owed.
func collect(ctx *Context, rows []money.Credit, why money.Why) (sum money.Minor, err error) {
	proven, err := owed(ctx, rows)
	if err != nil {
		return 0, err
	}
	for i, c := range rows {
		next, err := c.Collect(why)
		if err != nil {
			return 0, err
		}
		if !proven[i] {
			return 0, c.Unproven()
		}
		at := []string{c.Organisation, string(c.Currency), c.CreditID}
		if err := ledger.Put(ctx.tx, credits, &next, at...); err != nil {
			return 0, err
		}
		if err := ledger.Remove(ctx.tx, waiting, at...); err != nil {
			return 0, err
		}
		if sum, err = money.Add(sum, c.AmountMinor); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// owed says of every credit whether the record that it names as its origin says
// the same. Each of these records is protected by the credit's organisation, and
// its number is below the count of a head that is protected likewise: so neither
// a credit nor a payment out of something that exists can be forged without that
// organisation. A majority could still make the whole of something new (ADR 17).
func owed(ctx *Context, rows []money.Credit) ([]bool, error) {
	proven := make([]bool, len(rows))
	for _, check := range []func(*Context, []money.Credit, []bool) error{owedByEscrows, owedByChannels, owedBySales, owedByRedemptions, owedByService} {
		if err := check(ctx, rows, proven); err != nil {
			return nil, err
		}
	}
	return proven, nil
}

// owedByEscrows holds credits against the payouts of their escrows.
func owedByEscrows(ctx *Context, rows []money.Credit, proven []bool) error {
	of := positions(rows, money.ReasonRefund, money.ReasonSettlement)
	var heads, records [][]string
	for _, i := range of {
		heads = append(heads, []string{rows[i].Reference})
		records = append(records, []string{rows[i].Reference, ledger.Seq(rows[i].Number)})
	}
	es, err := ledger.GetAll(ctx.tx, escrows, heads)
	if err != nil {
		return err
	}
	ps, err := ledger.GetAll(ctx.tx, payouts, records)
	if err != nil {
		return err
	}
	for n, i := range of {
		proven[i] = es[n] != nil && ps[n] != nil && rows[i].Number < es[n].Payouts && ps[n].Owes(rows[i])
	}
	return nil
}

// owedByChannels holds credits against the payment channels that were paid out.
func owedByChannels(ctx *Context, rows []money.Credit, proven []bool) error {
	of := positions(rows, money.ReasonChannelPayout)
	var heads [][]string
	for _, i := range of {
		heads = append(heads, []string{rows[i].Reference})
	}
	cs, err := ledger.GetAll(ctx.tx, channels, heads)
	for n, c := range cs {
		proven[of[n]] = c != nil && c.Owes(rows[of[n]])
	}
	return err
}

// owedByRedemptions holds credits against the redemptions that paid nothing out.
func owedByRedemptions(ctx *Context, rows []money.Credit, proven []bool) error {
	of := positions(rows, money.ReasonRedemption)
	var heads [][]string
	for _, i := range of {
		heads = append(heads, []string{rows[i].Reference})
	}
	rs, err := ledger.GetAll(ctx.tx, redemptions, heads)
	for n, r := range rs {
		proven[of[n]] = r != nil && r.Owes(rows[of[n]])
	}
	return err
}

// owedBySales holds credits against the sales of their components.
func owedBySales(ctx *Context, rows []money.Credit, proven []bool) error {
	of := positions(rows, money.ReasonSale)
	var heads, records [][]string
	for _, i := range of {
		heads = append(heads, []string{rows[i].Reference})
		records = append(records, []string{rows[i].Reference, ledger.Seq(rows[i].Number)})
	}
	cs, err := ledger.GetAll(ctx.tx, components, heads)
	if err != nil {
		return err
	}
	ss, err := ledger.GetAll(ctx.tx, sales, records)
	for n, s := range ss {
		proven[of[n]] = s != nil && cs[n] != nil && rows[of[n]].Number < cs[n].Sales && s.Owes(rows[of[n]])
	}
	return err
}

// positions are those of the credits that have one of the reasons.
func positions(rows []money.Credit, reasons ...string) []int {
	var at []int
	for i, c := range rows {
		if slices.Contains(reasons, c.Reason) {
			at = append(at, i)
		}
	}
	return at
}
