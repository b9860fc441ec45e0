package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// credit pays an organisation: a record of its own that nothing else contends
// for, until the organisation collects it. There is one for each organisation
// and currency in a transaction. why names the record that the organisation
// protects and that says the same; [entitled] reads it again.
func credit(ctx *Context, organisation string, c money.Currency, amount money.Minor, why money.Why) error {
	if amount == 0 {
		return nil
	}
	row, err := money.NewCredit(organisation, c, amount, why)
	if err != nil {
		return err
	}
	at := []string{organisation, string(c), row.CreditID}
	if err := ledger.Append(ctx.tx, credits, &row, at...); err != nil {
		return err
	}
	if err := protect(ctx, credits, []string{organisation}, at...); err != nil {
		return err
	}
	return ledger.Append(ctx.tx, waiting, &money.Waiting{CreditID: row.CreditID}, at...)
}

// debit takes amount out of the organisation's account, from the shard that the
// reference chooses; only if that does not hold enough, others are read.
func debit(ctx *Context, organisation string, c money.Currency, amount money.Minor, why money.Why) error {
	if amount == 0 {
		return nil
	}
	_, err := spend(ctx, organisation, c, amount, byReference, money.Shard.Debit, why)
	return err
}

type movement func(money.Shard, money.Minor, money.Why) (money.Shard, money.Posting, error)

// byReference and inShard0 say which shard a movement is on.
func byReference(why money.Why, shards int) int { return money.ShardOf(why.Reference, shards) }
func inShard0(money.Why, int) int               { return 0 }

// spend takes amount out of an account. Whatever is missing in the one shard is
// moved there from the others, so that what is spent is one posting.
func spend(ctx *Context, organisation string, c money.Currency, amount money.Minor, which func(money.Why, int) int, move movement, why money.Why) (*money.Shard, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	s, found, err := ledger.Find(ctx.tx, spreads, organisation, string(c))
	if err != nil {
		return nil, err
	}
	if !found {
		_, _, err := move(money.OpenShard(organisation, c, 0), amount, why)
		return nil, refused(err)
	}
	n := which(why, s.Shards)
	own, err := ledger.Get(ctx.tx, shards, organisation, string(c), shardKey(n))
	if err != nil {
		return nil, err
	}
	ready := *own
	if own.BalanceMinor < amount && s.Shards > 1 {
		others, err := loadShards(ctx, *s, n+1, s.Shards-1)
		if err != nil {
			return nil, err
		}
		next, m, err := own.Gather(others, amount, why)
		if err != nil {
			return nil, err
		}
		if err := store(ctx, m); err != nil {
			return nil, err
		}
		ready = next
	}
	next, p, err := move(ready, amount, why)
	if err != nil {
		return nil, err
	}
	return &next, store(ctx, money.Movements{Shards: []money.Shard{next}, Postings: []money.Posting{p}})
}

// refused is err, and never nil: an account that does not exist has nothing.
func refused(err error) error {
	if err == nil {
		return fault.New(fault.CodeInternal, "something was taken out of an account that does not exist")
	}
	return err
}

// receive adds amount to one shard of an account, which is opened if need be. A
// balance changes only when a peer of the account's organisation has endorsed
// that, and with it a majority: neither alone can create or take tokens.
func receive(ctx *Context, organisation string, c money.Currency, amount money.Minor, which func(money.Why, int) int, move movement, why money.Why) (*money.Shard, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	s, found, err := ledger.Find(ctx.tx, spreads, organisation, string(c))
	if err != nil {
		return nil, err
	}
	var own money.Shard
	if found {
		known, err := ledger.Get(ctx.tx, shards, organisation, string(c), shardKey(which(why, s.Shards)))
		if err != nil {
			return nil, err
		}
		own = *known
	} else if own, err = open(ctx, organisation, c, why.At); err != nil {
		return nil, err
	}
	next, p, err := move(own, amount, why)
	if err != nil {
		return nil, err
	}
	if err := store(ctx, money.Movements{Shards: []money.Shard{next}, Postings: []money.Posting{p}}); err != nil {
		return nil, err
	}
	if !found {
		return &next, protect(ctx, shards, []string{organisation}, organisation, string(c), shardKey(0))
	}
	return &next, nil
}

// open makes an account of one shard. What a majority may have put under the
// shard's key beforehand is read, and counts for nothing.
func open(ctx *Context, organisation string, c money.Currency, at measure.Time) (money.Shard, error) {
	if _, _, err := ledger.Find(ctx.tx, shards, organisation, string(c), shardKey(0)); err != nil {
		return money.Shard{}, err
	}
	s := money.Open(organisation, c, at)
	if err := ledger.Put(ctx.tx, spreads, &s, organisation, string(c)); err != nil {
		return money.Shard{}, err
	}
	return money.OpenShard(organisation, c, 0), protect(ctx, spreads, []string{organisation}, organisation, string(c))
}

// loadShards gives n shards of an account from the first one on, round the end.
func loadShards(ctx *Context, s money.Spread, first, n int) ([]money.Shard, error) {
	keys := make([][]string, n)
	for i := range keys {
		keys[i] = []string{s.Organisation, string(s.Currency), shardKey((first + i) % max(s.Shards, n))}
	}
	found, err := ledger.GetAll(ctx.tx, shards, keys)
	if err != nil {
		return nil, err
	}
	out := make([]money.Shard, n)
	for i, x := range found {
		if x == nil {
			return nil, fault.New(fault.CodeInternal, "shard %s of the account of %s is missing", keys[i][2], s.Organisation)
		}
		out[i] = *x
	}
	return out, nil
}

// store writes shards that have been read, and appends their postings.
func store(ctx *Context, m money.Movements) error {
	for _, s := range m.Shards {
		if err := ledger.Put(ctx.tx, shards, &s, s.Organisation, string(s.Currency), shardKey(s.Shard)); err != nil {
			return err
		}
	}
	for _, p := range m.Postings {
		if err := ledger.Append(ctx.tx, postings, &p, p.Organisation, string(p.Currency), shardKey(p.Shard), ledger.Seq(p.Number)); err != nil {
			return err
		}
	}
	return nil
}

func shardKey(n int) string { return ledger.Seq(uint64(n))[18:] }
