package contract

import (
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Settlement is the contract about tokens and accounts.
type Settlement struct{ contractapi.Contract }

func newSettlement() *Settlement {
	return &Settlement{contractapi.Contract{Name: api.Settlement, TransactionContextHandler: new(Context)}}
}

// Issue creates tokens in the caller's account against a stated reserve (SH13).
func (*Settlement) Issue(ctx *Context, in *api.IssueTokens) (*money.Account, error) {
	if err := party.CheckText("reserve", in.Reserve, 1, 200); err != nil {
		return nil, err
	}
	return changeTokens(ctx, in.Currency, in.AmountMinor, money.Account.Issue, money.ReasonIssue, in.Reserve)
}

// Redeem destroys tokens that the caller issued and holds (SH13).
func (*Settlement) Redeem(ctx *Context, in *api.RedeemTokens) (*money.Account, error) {
	if err := party.CheckText("reference", in.Reference, 1, 200); err != nil {
		return nil, err
	}
	return changeTokens(ctx, in.Currency, in.AmountMinor, money.Account.Redeem, money.ReasonRedeem, in.Reference)
}

// GetAccount gives an account.
func (*Settlement) GetAccount(ctx *Context, in *api.AccountRef) (*money.Account, error) {
	return ledger.Get(ctx.tx, accounts, in.Organisation, string(in.Currency))
}

// ListPostings gives a page of an account's postings, oldest first.
func (*Settlement) ListPostings(ctx *Context, in *api.AccountListRequest) (*api.PostingPage, error) {
	if _, err := ledger.Get(ctx.tx, accounts, in.Organisation, string(in.Currency)); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, postings, in.Limit, in.Cursor, in.Organisation, string(in.Currency))
	if err != nil {
		return nil, err
	}
	return &api.PostingPage{Items: values(p.Items), Next: p.Next}, nil
}

type movement func(money.Account, money.Minor, money.Why) (money.Account, money.Posting, error)

// changeTokens issues or redeems on the caller's own account.
func changeTokens(ctx *Context, c money.Currency, amount money.Minor, move movement, reason, reference string) (*money.Account, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	if err := amount.CheckPositive("amountMinor"); err != nil {
		return nil, err
	}
	now := ctx.now()
	a, err := post(ctx, ctx.actor(), c, amount, move, money.Why{Reason: reason, Reference: reference, At: now, TransactionID: ctx.tx.ID()})
	if err != nil {
		return nil, err
	}
	return a, ctx.tx.Announce(api.TokensChangedEvent, a.Organisation, ledger.NewFact(reason, a.Organisation, *a))
}

func credit(ctx *Context, organisation string, c money.Currency, amount money.Minor, why money.Why) error {
	_, err := post(ctx, organisation, c, amount, money.Account.Credit, why)
	return err
}

func debit(ctx *Context, organisation string, c money.Currency, amount money.Minor, why money.Why) error {
	_, err := post(ctx, organisation, c, amount, money.Account.Debit, why)
	return err
}

// post changes one account and appends the posting. A balance changes only
// when a peer of the account's organisation has endorsed that, and with it a
// majority: neither alone can create or take tokens.
func post(ctx *Context, organisation string, c money.Currency, amount money.Minor, move movement, why money.Why) (*money.Account, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a, found, err := ledger.Find(ctx.tx, accounts, organisation, string(c))
	if err != nil {
		return nil, err
	}
	if !found {
		opened := money.Open(organisation, c)
		a = &opened
	}
	why.At = max(why.At, a.UpdatedAt)
	next, p, err := move(*a, amount, why)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, accounts, &next, organisation, string(c)); err != nil {
		return nil, err
	}
	if !found {
		if err := protect(ctx, accounts, []string{organisation}, organisation, string(c)); err != nil {
			return nil, err
		}
	}
	return &next, ledger.Append(ctx.tx, postings, &p, organisation, string(c), ledger.Seq(p.Number))
}
