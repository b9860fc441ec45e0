package money

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Account is what an organisation holds in one currency. Only that
// organisation spends from it; anybody's settlement may credit it.
type Account struct {
	Organisation string       `json:"organisation"` // MSP id
	Currency     Currency     `json:"currency"`
	BalanceMinor Minor        `json:"balanceMinor"` // never negative
	IssuedMinor  Minor        `json:"issuedMinor"`  // tokens issued here less tokens redeemed here
	Postings     uint64       `json:"postings"`     // number of postings; the next one has this number
	UpdatedAt    measure.Time `json:"updatedAt"`
}

// Posting is one movement on an account: a credit or a debit with its reason.
// Postings are numbered from 0 without gaps and never change.
type Posting struct {
	Organisation  string       `json:"organisation"`
	Currency      Currency     `json:"currency"`
	Number        uint64       `json:"number"`
	CreditMinor   Minor        `json:"creditMinor"`
	DebitMinor    Minor        `json:"debitMinor"`
	BalanceMinor  Minor        `json:"balanceMinor"` // after this posting
	Reason        string       `json:"reason"`       // one of the reasons below
	Reference     string       `json:"reference"`    // the reserve, or the shipment
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// Reasons of postings.
const (
	ReasonIssue      = "issue"
	ReasonRedeem     = "redeem"
	ReasonEscrow     = "escrow"
	ReasonRefund     = "refund"
	ReasonSettlement = "settlement"

	ReasonChannelDeposit = "channel-deposit"
	ReasonChannelPayout  = "channel-payout"
)

// Why says why money moves, and in which transaction.
type Why struct {
	Reason, Reference string
	At                measure.Time
	TransactionID     string
}

// Open is an empty account.
func Open(organisation string, c Currency) Account {
	return Account{Organisation: organisation, Currency: c}
}

// Credit adds amount.
func (a Account) Credit(amount Minor, w Why) (Account, Posting, error) {
	sum, err := Add(a.BalanceMinor, amount)
	if err != nil {
		return a, Posting{}, err
	}
	a.BalanceMinor = sum
	next, p := a.post(w)
	p.CreditMinor = amount
	return next, p, nil
}

// Debit takes amount away; an account is never overdrawn.
func (a Account) Debit(amount Minor, w Why) (Account, Posting, error) {
	if err := amount.Check("amount"); err != nil {
		return a, Posting{}, err
	}
	if amount > a.BalanceMinor {
		return a, Posting{}, fault.New(fault.CodeInsufficientFunds, "the account of %s holds %d, %d is needed (minor units of %s)",
			a.Organisation, a.BalanceMinor, amount, a.Currency).
			With("balanceMinor", int64(a.BalanceMinor)).With("neededMinor", int64(amount)).With("currency", string(a.Currency))
	}
	a.BalanceMinor -= amount
	next, p := a.post(w)
	p.DebitMinor = amount
	return next, p, nil
}

// Issue creates tokens against a stated reserve, one token for one unit of the
// currency (SH13).
func (a Account) Issue(amount Minor, w Why) (Account, Posting, error) {
	issued, err := Add(a.IssuedMinor, amount)
	if err == nil && issued > MaxIssued {
		err = fault.New(fault.CodeAmountInvalid, "an account issues at most %d minor units", int64(MaxIssued)).With("issuedMinor", int64(a.IssuedMinor))
	}
	if err != nil {
		return a, Posting{}, err
	}
	next, p, err := a.Credit(amount, w)
	if err != nil {
		return a, Posting{}, err
	}
	next.IssuedMinor = issued
	return next, p, nil
}

// Redeem destroys tokens that the organisation holds and issued, against
// payment from its reserve.
func (a Account) Redeem(amount Minor, w Why) (Account, Posting, error) {
	if err := amount.Check("amount"); err != nil {
		return a, Posting{}, err
	}
	if amount > a.IssuedMinor {
		return a, Posting{}, fault.New(fault.CodeInsufficientFunds, "%s has issued %d minor units of %s, not %d",
			a.Organisation, a.IssuedMinor, a.Currency, amount).
			With("issuedMinor", int64(a.IssuedMinor)).With("neededMinor", int64(amount)).With("currency", string(a.Currency))
	}
	next, p, err := a.Debit(amount, w)
	if err != nil {
		return a, Posting{}, err
	}
	next.IssuedMinor -= amount
	return next, p, nil
}

func (a Account) post(w Why) (Account, Posting) {
	p := Posting{
		Organisation: a.Organisation, Currency: a.Currency, Number: a.Postings, BalanceMinor: a.BalanceMinor,
		Reason: w.Reason, Reference: w.Reference, At: w.At, TransactionID: w.TransactionID,
	}
	a.Postings++
	a.UpdatedAt = w.At
	return a, p
}
