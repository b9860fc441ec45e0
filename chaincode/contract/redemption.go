package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// RequestRedemption asks an issuer to pay out tokens that the caller holds (SH13);
// they are set aside until it answers.
func (*Settlement) RequestRedemption(ctx *Context, in *api.RequestRedemption) (*money.Redemption, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	r, err := money.RequestRedemption(money.Redemption{
		RedemptionID: in.RedemptionID, Issuer: in.Issuer, Currency: in.Currency, AmountMinor: in.AmountMinor, PayTo: in.PayTo,
	}, ctx.moneyWhen(money.Redemption{}))
	if err != nil {
		return nil, err
	}
	asked, err := ledger.Get(ctx.tx, organisations, in.Issuer)
	if err != nil {
		return nil, err
	}
	if err := party.PermitToFinish(*asked, party.HoldAccount); err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, redemptions, fault.CodeRedemptionExists, &r, r.RedemptionID); err != nil {
		return nil, err
	}
	if err := debit(ctx, r.Holder, r.Currency, r.AmountMinor, whyRedemption(r)); err != nil {
		return nil, err
	}
	if err := protect(ctx, redemptions, []string{r.Holder, r.Issuer}, r.RedemptionID); err != nil {
		return nil, err
	}
	return &r, announceRedemption(ctx, r)
}

// ConfirmRedemption says that the issuer has paid: the tokens are no more.
func (*Settlement) ConfirmRedemption(ctx *Context, in *api.ConfirmRedemption) (*money.Redemption, error) {
	r, err := endRedemption(ctx, in.RedemptionID, func(r money.Redemption, w money.When) (money.Redemption, error) { return r.Confirm(in.Reference, w) })
	if err != nil {
		return nil, err
	}
	if err := retire(ctx, *r); err != nil {
		return nil, err
	}
	return r, announceRedemption(ctx, *r)
}

// DeclineRedemption says that the issuer will not pay: the tokens go back.
func (*Settlement) DeclineRedemption(ctx *Context, in *api.DeclineRedemption) (*money.Redemption, error) {
	return giveBack(ctx, in.RedemptionID, func(r money.Redemption, w money.When) (money.Redemption, error) { return r.Decline(in.Reason, w) })
}

// WithdrawRedemption takes back a request that the issuer has not answered.
func (*Settlement) WithdrawRedemption(ctx *Context, in *api.RedemptionRef) (*money.Redemption, error) {
	return giveBack(ctx, in.RedemptionID, money.Redemption.Withdraw)
}

// GetRedemption gives a redemption as it stands.
func (*Settlement) GetRedemption(ctx *Context, in *api.RedemptionRef) (*money.Redemption, error) {
	return ledger.Get(ctx.tx, redemptions, in.RedemptionID)
}

type redemptionStep func(money.Redemption, money.When) (money.Redemption, error)

func endRedemption(ctx *Context, id string, step redemptionStep) (*money.Redemption, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	r, err := ledger.Get(ctx.tx, redemptions, id)
	if err != nil {
		return nil, err
	}
	next, err := step(*r, ctx.moneyWhen(*r))
	if err != nil {
		return nil, err
	}
	return &next, ledger.Put(ctx.tx, redemptions, &next, id)
}

// giveBack ends a redemption with a credit to its holder.
func giveBack(ctx *Context, id string, step redemptionStep) (*money.Redemption, error) {
	r, err := endRedemption(ctx, id, step)
	if err != nil {
		return nil, err
	}
	if err := credit(ctx, r.Holder, r.Currency, r.AmountMinor, whyRedemption(*r)); err != nil {
		return nil, err
	}
	return r, announceRedemption(ctx, *r)
}

// retire takes what was paid out off what the issuer answers for, which is
// counted in its shard 0. No balance changes: the tokens were another's.
func retire(ctx *Context, r money.Redemption) error {
	own := money.OpenShard(r.Issuer, r.Currency, 0)
	_, found, err := ledger.Find(ctx.tx, spreads, r.Issuer, string(r.Currency))
	if err != nil {
		return err
	}
	if !found { // and has issued nothing
		_, err := own.Retire(r.AmountMinor)
		return refused(err)
	}
	known, err := ledger.Get(ctx.tx, shards, r.Issuer, string(r.Currency), shardKey(0))
	if err != nil {
		return err
	}
	if own, err = known.Retire(r.AmountMinor); err != nil {
		return err
	}
	return store(ctx, money.Movements{Shards: []money.Shard{own}})
}

func announceRedemption(ctx *Context, r money.Redemption) error {
	return ctx.tx.Announce(api.RedemptionChangedEvent, r.RedemptionID, ledger.NewFact("redemption-"+string(r.Status), r.RedemptionID, r))
}

func whyRedemption(r money.Redemption) money.Why {
	return money.Why{Reason: money.ReasonRedemption, Reference: r.RedemptionID, At: r.ChangedAt, TransactionID: r.TransactionID}
}

func (c *Context) moneyWhen(last money.Redemption) money.When {
	return money.When{Actor: c.actor(), Now: c.now(last.ChangedAt), TransactionID: c.tx.ID()}
}
