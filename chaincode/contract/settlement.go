package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Settlement is the contract about tokens and accounts.
type Settlement struct{ base }

func newSettlement() product { return &Settlement{newBase(api.Settlement)} }

// Issue creates tokens in the caller's account against a stated reserve (SH13).
func (*Settlement) Issue(ctx *Context, in *api.IssueTokens) (*money.Shard, error) {
	if err := party.CheckText("reserve", in.Reserve, 1, 200); err != nil {
		return nil, err
	}
	if err := mayMove(ctx, in.AmountMinor); err != nil {
		return nil, err
	}
	s, err := receive(ctx, ctx.actor(), in.Currency, in.AmountMinor, inShard0, money.Shard.Issue, ctx.outside(money.ReasonIssue, in.Reserve))
	if err != nil {
		return nil, err
	}
	return s, ctx.tx.Announce(api.TokensChangedEvent, s.Organisation, ledger.NewFact(money.ReasonIssue, s.Organisation, *s))
}

// Redeem destroys tokens that the caller issued and holds (SH13).
func (*Settlement) Redeem(ctx *Context, in *api.RedeemTokens) (*money.Shard, error) {
	if err := party.CheckText("reference", in.Reference, 1, 200); err != nil {
		return nil, err
	}
	if err := mayMove(ctx, in.AmountMinor); err != nil {
		return nil, err
	}
	s, err := spend(ctx, ctx.actor(), in.Currency, in.AmountMinor, inShard0, money.Shard.Redeem, ctx.outside(money.ReasonRedeem, in.Reference))
	if err != nil {
		return nil, err
	}
	return s, ctx.tx.Announce(api.TokensChangedEvent, s.Organisation, ledger.NewFact(money.ReasonRedeem, s.Organisation, *s))
}

// Collect puts credits that wait to the caller's balance, each of them once and
// none that is not owed (ADR 17).
func (*Settlement) Collect(ctx *Context, in *api.CollectCredits) (*money.Collection, error) {
	if err := ownAccount(ctx, in.Organisation); err != nil {
		return nil, err
	}
	rows, err := loadCredits(ctx, in.Currency, in.Credits)
	if err != nil {
		return nil, err
	}
	why := money.Why{Reason: money.ReasonCollect, Reference: ctx.tx.ID(), Counter: money.CounterCredits, At: ctx.now(), TransactionID: ctx.tx.ID()}
	got := money.Collection{Organisation: ctx.actor(), Currency: in.Currency, Credits: len(rows)}
	if got.AmountMinor, err = collect(ctx, rows, why); err != nil {
		return nil, err
	}
	if _, err := receive(ctx, got.Organisation, got.Currency, got.AmountMinor, byReference, money.Shard.Credit, why); err != nil {
		return nil, err
	}
	return &got, ctx.tx.Announce(api.CreditsCollectedEvent, got.Organisation, ledger.NewFact(money.ReasonCollect, got.Organisation, got))
}

// Spread divides the caller's balance among so many shards: debits that take
// from different ones do not wait for one another (ADR 17).
func (*Settlement) Spread(ctx *Context, in *api.SpreadAccount) (*money.Spread, error) {
	if err := ownAccount(ctx, in.Organisation); err != nil {
		return nil, err
	}
	if in.Shards < 1 || in.Shards > money.MaxShards {
		return nil, fault.New(fault.CodeInvalid, "an account is spread over 1 to %d shards", money.MaxShards).With("field", "shards")
	}
	org, c := ctx.actor(), string(in.Currency)
	s, err := ledger.Get(ctx.tx, spreads, org, c)
	if err != nil {
		return nil, err
	}
	all, err := loadShards(ctx, *s, 0, s.Opened)
	if err != nil {
		return nil, err
	}
	for n := s.Opened; n < in.Shards; n++ { // what is there already is nobody's word
		if _, _, err := ledger.Find(ctx.tx, shards, org, c, shardKey(n)); err != nil {
			return nil, err
		}
		all = append(all, money.OpenShard(org, in.Currency, n))
	}
	why := money.Why{Reference: ctx.tx.ID(), At: ctx.now(s.ChangedAt), TransactionID: ctx.tx.ID()}
	m, err := money.Share(all, in.Shards, why)
	if err != nil {
		return nil, err
	}
	if err := store(ctx, m); err != nil {
		return nil, err
	}
	for n := s.Opened; n < in.Shards; n++ {
		if err := protect(ctx, shards, []string{org}, org, c, shardKey(n)); err != nil {
			return nil, err
		}
	}
	next := *s
	next.Shards, next.Opened, next.ChangedAt = in.Shards, len(all), why.At
	if err := ledger.Put(ctx.tx, spreads, &next, org, c); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.AccountSpreadEvent, org, ledger.NewFact(money.ReasonSpread, org, next))
}

// GetAccount adds an account up; of the credits that wait, the first thousand.
func (*Settlement) GetAccount(ctx *Context, in *api.AccountRef) (*money.Account, error) {
	s, found, err := ledger.Find(ctx.tx, spreads, in.Organisation, string(in.Currency))
	if err != nil {
		return nil, err
	}
	var own []money.Shard
	if !found {
		s = &money.Spread{Organisation: in.Organisation, Currency: in.Currency}
	} else if own, err = loadShards(ctx, *s, 0, s.Opened); err != nil {
		return nil, err
	}
	var all []money.Credit
	cursor := ""
	for page := range 5 {
		if page > 0 && cursor == "" {
			break
		}
		var items []money.Credit
		if items, cursor, err = waitingCredits(ctx, *in, ledger.MaxPage, cursor); err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	if !found && len(all) == 0 {
		return nil, noAccount(*in)
	}
	a, err := money.Sum(*s, own, all)
	a.PendingMore = cursor != ""
	return &a, err
}

// ListPostings gives a page of an account's postings, each shard's oldest first.
func (*Settlement) ListPostings(ctx *Context, in *api.AccountListRequest) (*api.PostingPage, error) {
	if _, err := ledger.Get(ctx.tx, spreads, in.Organisation, string(in.Currency)); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, postings, in.Limit, in.Cursor, in.Organisation, string(in.Currency))
	if err != nil {
		return nil, err
	}
	return &api.PostingPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListCredits gives a page of the credits of an account that wait.
func (*Settlement) ListCredits(ctx *Context, in *api.AccountListRequest) (*api.CreditPage, error) {
	items, next, err := waitingCredits(ctx, api.AccountRef{Organisation: in.Organisation, Currency: in.Currency}, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	return &api.CreditPage{Items: items, Next: next}, nil
}

// mayMove refuses who holds no account, and what is no amount.
func mayMove(ctx *Context, amount money.Minor) error {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return err
	}
	return amount.CheckPositive("amountMinor")
}

// ownAccount refuses who holds no account, and an account of another.
func ownAccount(ctx *Context, organisation string) error {
	if organisation != ctx.actor() {
		return fault.New(fault.CodeNotPermitted, "the account of %q is not the caller's", printable(organisation)).With("organisation", ctx.actor())
	}
	return ctx.permit(party.HoldAccount)
}

// outside says why tokens come into being or go out of it.
func (c *Context) outside(reason, reference string) money.Why {
	return money.Why{Reason: reason, Reference: reference, Counter: money.CounterReserve, At: c.now(), TransactionID: c.tx.ID()}
}

func noAccount(in api.AccountRef) error {
	id := in.Organisation + "/" + string(in.Currency)
	return fault.New(fault.CodeAccountUnknown, "no account %q", id).With("id", id)
}

// waitingCredits gives a page of credits by the list of those that wait. What
// the list names and is not waiting, or not owed, is left out: nothing protects
// the list, and a forged credit must not keep the others from being collected.
func waitingCredits(ctx *Context, of api.AccountRef, limit int, cursor string) ([]money.Credit, string, error) {
	p, err := ledger.List(ctx.tx, waiting, limit, cursor, of.Organisation, string(of.Currency))
	if err != nil {
		return nil, "", err
	}
	keys := make([][]string, len(p.Items))
	for i, x := range p.Items {
		keys[i] = []string{of.Organisation, string(of.Currency), x.CreditID}
	}
	found, err := ledger.GetAll(ctx.tx, credits, keys)
	if err != nil {
		return nil, "", err
	}
	rows := values(slices.DeleteFunc(found, func(c *money.Credit) bool { return c == nil || c.CollectedBy != "" }))
	proven, err := owed(ctx, rows)
	if err != nil {
		return nil, "", err
	}
	out := make([]money.Credit, 0, len(rows))
	for i, c := range rows {
		if proven[i] && c.Organisation == of.Organisation && c.Currency == of.Currency {
			out = append(out, c)
		}
	}
	return out, p.Next, nil
}
