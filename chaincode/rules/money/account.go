package money

import (
	"hash/fnv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Account is what an organisation has in one currency, added up from the shards
// that it spends from and the credits that wait to be collected (ADR 17).
type Account struct {
	Organisation   string   `json:"organisation"` // MSP id
	Currency       Currency `json:"currency"`
	BalanceMinor   Minor    `json:"balanceMinor"`   // what can be spent: the sum of the shards
	PendingMinor   Minor    `json:"pendingMinor"`   // the sum of the credits that wait
	PendingCredits int      `json:"pendingCredits"` // how many wait
	// PendingMore: more credits wait than were counted here.
	PendingMore bool         `json:"pendingMore,omitempty" metadata:",optional"`
	TotalMinor  Minor        `json:"totalMinor"`  // balance and pending
	IssuedMinor Minor        `json:"issuedMinor"` // tokens issued here less tokens redeemed here
	Shards      int          `json:"shards"`      // how many a debit chooses among
	Postings    uint64       `json:"postings"`    // in all shards
	UpdatedAt   measure.Time `json:"updatedAt"`   // of the newest posting
}

// Sum adds up an account. What does not fit an amount cannot be: all tokens of a
// thousand issuers fit.
func Sum(s Spread, shards []Shard, waiting []Credit) (Account, error) {
	a := Account{Organisation: s.Organisation, Currency: s.Currency, Shards: s.Shards, UpdatedAt: s.ChangedAt}
	var err error
	for _, x := range shards {
		if a.BalanceMinor, err = Add(a.BalanceMinor, x.BalanceMinor); err != nil {
			return a, err
		}
		a.IssuedMinor += x.IssuedMinor
		a.Postings += x.Postings
		a.UpdatedAt = max(a.UpdatedAt, x.UpdatedAt)
	}
	for _, c := range waiting {
		if a.PendingMinor, err = Add(a.PendingMinor, c.AmountMinor); err != nil {
			return a, err
		}
		a.PendingCredits++
	}
	a.TotalMinor, err = Add(a.BalanceMinor, a.PendingMinor)
	return a, err
}

// MaxShards is the most shards that an account is spread over.
const MaxShards = 16

// Spread says over how many shards an account is spread. Every debit reads it,
// and it changes only when its owner spreads the account anew.
type Spread struct {
	Organisation string       `json:"organisation"`
	Currency     Currency     `json:"currency"`
	Shards       int          `json:"shards"` // 1 to 16
	Opened       int          `json:"opened"` // shards that there have ever been; one beyond it is nobody's word
	ChangedAt    measure.Time `json:"changedAt"`
}

// Open is the spread of a new account: one shard.
func Open(organisation string, c Currency, at measure.Time) Spread {
	return Spread{Organisation: organisation, Currency: c, Shards: 1, Opened: 1, ChangedAt: at}
}

// ShardOf is the shard from which a debit with this reference takes first.
func ShardOf(reference string, shards int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(reference)) // never fails
	return int(h.Sum32() % uint32(max(shards, 1)))
}

// Shard is a part of an account's balance. Only the account's organisation
// spends from it, so that debits that take from different shards do not contend.
type Shard struct {
	Organisation string       `json:"organisation"` // MSP id
	Currency     Currency     `json:"currency"`
	Shard        int          `json:"shard"`        // from 0
	BalanceMinor Minor        `json:"balanceMinor"` // never negative
	IssuedMinor  Minor        `json:"issuedMinor"`  // tokens issued here less tokens redeemed here; of shard 0 only
	Postings     uint64       `json:"postings"`     // number of postings; the next one has this number
	UpdatedAt    measure.Time `json:"updatedAt"`
}

// OpenShard is an empty shard.
func OpenShard(organisation string, c Currency, shard int) Shard {
	return Shard{Organisation: organisation, Currency: c, Shard: shard}
}

// Posting is one movement on a shard: a credit or a debit with its reason and
// the account on its other side. A shard's postings are numbered from 0 without
// gaps and never change.
type Posting struct {
	Organisation   string       `json:"organisation"`
	Currency       Currency     `json:"currency"`
	Shard          int          `json:"shard"`
	Number         uint64       `json:"number"`
	CreditMinor    Minor        `json:"creditMinor"`
	DebitMinor     Minor        `json:"debitMinor"`
	BalanceMinor   Minor        `json:"balanceMinor"`   // of the shard, after this posting
	Reason         string       `json:"reason"`         // one of the reasons below
	Reference      string       `json:"reference"`      // the reserve, the shipment, the component ...
	CounterAccount string       `json:"counterAccount"` // what has the equal movement the other way
	At             measure.Time `json:"at"`
	TransactionID  string       `json:"transactionId"`
}

// Reasons of postings and credits.
const (
	ReasonIssue      = "issue"
	ReasonRedeem     = "redeem"
	ReasonEscrow     = "escrow"
	ReasonRefund     = "refund"
	ReasonSettlement = "settlement"
	ReasonSale       = "sale"
	ReasonCollect    = "collect"    // credits that waited
	ReasonSpread     = "spread"     // between shards of one account
	ReasonRedemption = "redemption" // set aside for the issuer to pay out, or given back
	ReasonService    = "service"    // completed steps of a service request, or use

	ReasonChannelDeposit = "channel-deposit"
	ReasonChannelPayout  = "channel-payout"
)

// Counter-accounts.
const (
	CounterReserve = "reserve" // the issuer's reserve, outside the ledger
	CounterCredits = "credits" // the credits that were collected
	CounterShards  = "shards"  // other shards of the same account
)

// Why says why money moves, and in which transaction.
type Why struct {
	Reason, Reference string
	Counter           string // the account on the other side; "": the reason and the reference
	Number            uint64 // of the payment among those of what Reference names
	At                measure.Time
	TransactionID     string
}

func (w Why) counter() string {
	if w.Counter != "" {
		return w.Counter
	}
	return w.Reason + "/" + w.Reference
}

// Credit adds amount.
func (s Shard) Credit(amount Minor, w Why) (Shard, Posting, error) {
	sum, err := Add(s.BalanceMinor, amount)
	if err != nil {
		return s, Posting{}, err
	}
	s.BalanceMinor = sum
	next, p := s.post(w)
	p.CreditMinor = amount
	return next, p, nil
}

// Debit takes amount away; a shard is never overdrawn.
func (s Shard) Debit(amount Minor, w Why) (Shard, Posting, error) {
	if err := amount.Check("amount"); err != nil {
		return s, Posting{}, err
	}
	if amount > s.BalanceMinor {
		return s, Posting{}, s.insufficient(s.BalanceMinor, amount)
	}
	s.BalanceMinor -= amount
	next, p := s.post(w)
	p.DebitMinor = amount
	return next, p, nil
}

// insufficient says what the account holds in all. What waits uncollected is not
// in it: that is known only by looking through all credits, which a write does not.
func (s Shard) insufficient(balance, needed Minor) error {
	return fault.New(fault.CodeInsufficientFunds,
		"the account of %s holds %d, %d is needed (minor units of %s); credits that wait count once they are collected (settlement:Collect)",
		s.Organisation, balance, needed, s.Currency).
		With("balanceMinor", int64(balance)).With("neededMinor", int64(needed)).With("currency", string(s.Currency))
}

// Issue creates tokens against a stated reserve, one token for one unit of the
// currency (SH13).
func (s Shard) Issue(amount Minor, w Why) (Shard, Posting, error) {
	issued, err := Add(s.IssuedMinor, amount)
	if err == nil && issued > MaxIssued {
		err = fault.New(fault.CodeAmountInvalid, "an account issues at most %d minor units", int64(MaxIssued)).With("issuedMinor", int64(s.IssuedMinor))
	}
	if err != nil {
		return s, Posting{}, err
	}
	next, p, err := s.Credit(amount, w)
	if err != nil {
		return s, Posting{}, err
	}
	next.IssuedMinor = issued
	return next, p, nil
}

// Redeem destroys tokens that the organisation holds and issued, against
// payment from its reserve.
func (s Shard) Redeem(amount Minor, w Why) (Shard, Posting, error) {
	retired, err := s.Retire(amount)
	if err != nil {
		return s, Posting{}, err
	}
	next, p, err := retired.Debit(amount, w)
	if err != nil {
		return s, Posting{}, err
	}
	return next, p, nil
}

// Retire takes back tokens that somebody else held: they are issued no more.
func (s Shard) Retire(amount Minor) (Shard, error) {
	if err := amount.Check("amount"); err != nil {
		return s, err
	}
	if amount > s.IssuedMinor {
		return s, fault.New(fault.CodeInsufficientFunds, "%s has issued %d minor units of %s, not %d",
			s.Organisation, s.IssuedMinor, s.Currency, amount).
			With("issuedMinor", int64(s.IssuedMinor)).With("neededMinor", int64(amount)).With("currency", string(s.Currency))
	}
	s.IssuedMinor -= amount
	return s, nil
}

// Movements are shards as they become, each with its postings.
type Movements struct {
	Shards   []Shard
	Postings []Posting
}

func (m *Movements) add(s Shard, p Posting) {
	m.Shards, m.Postings = append(m.Shards, s), append(m.Postings, p)
}

// Gather moves into s what it lacks of amount, from the other shards in their
// order. Together they hold what the account holds: no debit can be more.
func (s Shard) Gather(others []Shard, amount Minor, w Why) (Shard, Movements, error) {
	var m Movements
	missing := amount - s.BalanceMinor
	total := s.BalanceMinor
	for _, o := range others {
		total += o.BalanceMinor // at most 16 amounts: cannot overflow
	}
	if missing <= 0 || amount.Check("amount") != nil {
		return s, m, nil // nothing to do, or for the debit to refuse
	}
	if total < amount {
		return s, m, s.insufficient(total, amount)
	}
	w.Reason, w.Counter = ReasonSpread, CounterShards
	lacked := missing
	for _, o := range others {
		take := min(missing, o.BalanceMinor)
		if take == 0 {
			continue
		}
		next, p, err := o.Debit(take, w)
		if err != nil {
			return s, Movements{}, err
		}
		m.add(next, p)
		missing -= take
	}
	next, p, err := s.Credit(lacked, w)
	if err != nil {
		return s, Movements{}, err
	}
	m.Postings = append(m.Postings, p)
	return next, m, nil
}

// Share gives each of the first n shards an equal part of what all hold, the
// first ones the odd minor units, and the others nothing.
func Share(shards []Shard, n int, w Why) (Movements, error) {
	var m Movements
	if n < 1 || n > MaxShards || len(shards) < n {
		return m, fault.New(fault.CodeInvalid, "an account is spread over 1 to %d shards", MaxShards).With("field", "shards")
	}
	w.Reason, w.Counter = ReasonSpread, CounterShards
	var total Minor
	for _, s := range shards {
		total += s.BalanceMinor
	}
	each, odd := total/Minor(n), total%Minor(n)
	for i, s := range shards {
		part := Minor(0)
		if i < n {
			part = each
		}
		if Minor(i) < odd {
			part++
		}
		next, p, err := s, Posting{}, error(nil)
		switch {
		case part > s.BalanceMinor:
			next, p, err = s.Credit(part-s.BalanceMinor, w)
		case part < s.BalanceMinor:
			next, p, err = s.Debit(s.BalanceMinor-part, w)
		}
		if err != nil {
			return Movements{}, err
		}
		m.Shards = append(m.Shards, next)
		if next != s {
			m.Postings = append(m.Postings, p)
		}
	}
	return m, nil
}

func (s Shard) post(w Why) (Shard, Posting) {
	w.At = max(w.At, s.UpdatedAt)
	p := Posting{
		Organisation: s.Organisation, Currency: s.Currency, Shard: s.Shard, Number: s.Postings, BalanceMinor: s.BalanceMinor,
		Reason: w.Reason, Reference: w.Reference, CounterAccount: w.counter(), At: w.At, TransactionID: w.TransactionID,
	}
	s.Postings++
	s.UpdatedAt = w.At
	return s, p
}
