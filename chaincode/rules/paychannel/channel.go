// Package paychannel owns payment channels: what two organisations put in, which
// signed proofs of payment count, and who gets what when the channel ends. It
// verifies no signature and moves no money. Invariant: what the sides get is what
// they put in, and nobody who presents its newest proof in time gets less than
// that proof says, as far as the payer's deposit covers it (SH14, ADR 19).
package paychannel

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// MaxChallengeS bounds the time for which a closing channel can hold money.
const MaxChallengeS = 366 * 24 * 3600

// ChannelStatus is how far a channel is.
type ChannelStatus string

// The statuses, in order; a channel is withdrawn only before it is open.
const (
	Offered   ChannelStatus = "offered"
	Open      ChannelStatus = "open"
	Closing   ChannelStatus = "closing"
	Finished  ChannelStatus = "finished"
	Withdrawn ChannelStatus = "withdrawn"
)

// PaymentChannel is the head of a channel's record: what is true now.
type PaymentChannel struct {
	ChannelID string         `json:"channelId"`
	Status    ChannelStatus  `json:"status"`
	Currency  money.Currency `json:"currency"`
	// ChallengeSeconds is how long either side may present a newer proof after the channel was closed, and how long a replaced key's proofs still count.
	ChallengeSeconds int64        `json:"challengeSeconds"`
	Opener           ChannelSide  `json:"opener"`
	Counterparty     ChannelSide  `json:"counterparty"`
	ClosedBy         string       `json:"closedBy,omitempty" metadata:",optional"`
	PresentUntil     measure.Time `json:"presentUntil,omitempty" metadata:",optional"` // of a closing channel
	PaidBy           string       `json:"paidBy,omitempty" metadata:",optional"`       // the transaction that paid it out
	Events           uint64       `json:"events"`                                      // number of events; the next one has this number
	OpenedAt         measure.Time `json:"openedAt"`
	ChangedAt        measure.Time `json:"changedAt"`
}

// ChannelSide is one organisation's side of a channel.
type ChannelSide struct {
	Organisation string       `json:"organisation"`
	DepositMinor money.Minor  `json:"depositMinor"`
	Key          *ChannelKey  `json:"key,omitempty" metadata:",optional"`         // signs this side's payments; none before it takes part
	FormerKey    *ChannelKey  `json:"formerKey,omitempty" metadata:",optional"`   // the key before it
	FormerUntil  measure.Time `json:"formerUntil,omitempty" metadata:",optional"` // until when a proof by the former key may be presented
	// Paid is the newest proof of this side's payments that the other side has presented.
	Paid *ChannelClaim `json:"paid,omitempty" metadata:",optional"`
	// Contradicted: this side has signed two proofs that cannot both be true, and they are on record.
	Contradicted bool `json:"contradicted,omitempty" metadata:",optional"`
	// PayoutMinor is what the side got at the end, ShortMinor what it had promised beyond what it could cover.
	PayoutMinor money.Minor `json:"payoutMinor,omitempty" metadata:",optional"`
	ShortMinor  money.Minor `json:"shortMinor,omitempty" metadata:",optional"`
	Itemised    bool        `json:"itemised,omitempty" metadata:",optional"` // what its payments were for is on record
}

// ChannelKey is a key that signs one side's payments, numbered from 1.
type ChannelKey struct {
	Number    uint64       `json:"number"`
	KeyID     string       `json:"keyId"`
	Algorithm string       `json:"algorithm"`
	PublicKey string       `json:"publicKey"`
	Since     measure.Time `json:"since"`
}

// ChannelClaim is what a presented proof says. The signed envelope is on record
// under the number of the event.
type ChannelClaim struct {
	Sequence        uint64      `json:"sequence"` // 0: both sides have signed the final balance
	CumulativeMinor money.Minor `json:"cumulativeMinor"`
	Reference       string      `json:"reference"` // hex SHA-256 of the list of what is paid, or ""
	KeyID           string      `json:"keyId"`
	Event           uint64      `json:"event"`
}

// ChannelEvent is one entry of a channel's history; it never changes.
type ChannelEvent struct {
	ChannelID     string       `json:"channelId"`
	Number        uint64       `json:"number"`
	Step          ChannelStep  `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	AmountMinor   money.Minor  `json:"amountMinor,omitempty" metadata:",optional"` // put in, or proved in sum
	Payer         string       `json:"payer,omitempty" metadata:",optional"`       // whose proof it is
	Sequence      uint64       `json:"sequence,omitempty" metadata:",optional"`
	KeyID         string       `json:"keyId,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"`
}

// ChannelStep is what happened to a channel.
type ChannelStep string

// The steps.
const (
	StepOffered      ChannelStep = "offered"
	StepAccepted     ChannelStep = "accepted"
	StepWithdrawn    ChannelStep = "withdrawn"
	StepToppedUp     ChannelStep = "topped-up"
	StepKeyReplaced  ChannelStep = "key-replaced"
	StepPresented    ChannelStep = "proof-presented"
	StepClosed       ChannelStep = "closed"
	StepContradicted ChannelStep = "contradiction-reported"
	StepFinished     ChannelStep = "finished"
	StepItemised     ChannelStep = "itemised"
)

// When says by whom, when, and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Offer is what the opener of a channel offers the counterparty.
type Offer struct {
	ChannelID        string
	Counterparty     string
	Currency         money.Currency
	DepositMinor     money.Minor
	ChallengeSeconds int64
	Key              ChannelKey
}

// Begin offers a channel. Its deposit is put in by the same transaction.
func Begin(o Offer, w When) (PaymentChannel, ChannelEvent, error) {
	fail := func(err error) (PaymentChannel, ChannelEvent, error) { return PaymentChannel{}, ChannelEvent{}, err }
	if err := party.CheckID("channelId", o.ChannelID); err != nil {
		return fail(err)
	}
	if err := party.CheckID("counterparty", o.Counterparty); err != nil {
		return fail(err)
	}
	if o.Counterparty == w.Actor {
		return fail(invalid("counterparty", "a channel is between two organisations"))
	}
	if o.ChallengeSeconds < 1 || o.ChallengeSeconds > MaxChallengeS {
		return fail(invalid("challengeSeconds", "challengeSeconds must be 1 to %d", MaxChallengeS))
	}
	if err := o.Currency.Check(); err != nil {
		return fail(err)
	}
	if err := o.DepositMinor.Check("depositMinor"); err != nil {
		return fail(err)
	}
	o.Key.Number, o.Key.Since = 1, w.Now
	c := PaymentChannel{
		ChannelID: o.ChannelID, Status: Offered, Currency: o.Currency, ChallengeSeconds: o.ChallengeSeconds, OpenedAt: w.Now,
		Opener:       ChannelSide{Organisation: w.Actor, DepositMinor: o.DepositMinor, Key: &o.Key},
		Counterparty: ChannelSide{Organisation: o.Counterparty},
	}
	next, e := c.record(ChannelEvent{Step: StepOffered, AmountMinor: o.DepositMinor, KeyID: o.Key.KeyID}, w)
	return next, e, nil
}

// Accept opens the channel: the counterparty names its key, and may put in
// something of its own.
func (c PaymentChannel) Accept(deposit money.Minor, key ChannelKey, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Offered); err != nil {
		return c, ChannelEvent{}, err
	}
	if w.Actor != c.Counterparty.Organisation {
		return c, ChannelEvent{}, notParty(c, w.Actor, "only the organisation to which it is offered accepts a channel")
	}
	if key.KeyID == c.Opener.Key.KeyID {
		return c, ChannelEvent{}, fault.New(fault.CodeKeyInvalid, "the two sides of a channel have keys of their own")
	}
	if err := deposit.Check("depositMinor"); err != nil {
		return c, ChannelEvent{}, err
	}
	if _, err := money.Add(c.Opener.DepositMinor, deposit); err != nil {
		return c, ChannelEvent{}, err
	}
	key.Number, key.Since = 1, w.Now
	c.Status, c.Counterparty.DepositMinor, c.Counterparty.Key = Open, deposit, &key
	next, e := c.record(ChannelEvent{Step: StepAccepted, AmountMinor: deposit, KeyID: key.KeyID}, w)
	return next, e, nil
}

// Withdraw ends an offer, from either side; the opener gets its deposit back.
func (c PaymentChannel) Withdraw(w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Offered); err != nil {
		return c, ChannelEvent{}, err
	}
	if _, _, err := c.sides(w.Actor); err != nil {
		return c, ChannelEvent{}, err
	}
	c.Status, c.Opener.PayoutMinor, c.PaidBy = Withdrawn, c.Opener.DepositMinor, w.TransactionID
	next, e := c.record(ChannelEvent{Step: StepWithdrawn, AmountMinor: c.Opener.DepositMinor}, w)
	return next, e, nil
}

// TopUp adds to what the caller has put in, so that it can go on paying.
func (c PaymentChannel) TopUp(amount money.Minor, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open); err != nil {
		return c, ChannelEvent{}, err
	}
	own, other, err := c.sides(w.Actor)
	if err != nil {
		return c, ChannelEvent{}, err
	}
	if err := amount.CheckPositive("amountMinor"); err != nil {
		return c, ChannelEvent{}, err
	}
	sum, err := money.Add(own.DepositMinor, amount)
	if err != nil {
		return c, ChannelEvent{}, err
	}
	if _, err := money.Add(sum, other.DepositMinor); err != nil {
		return c, ChannelEvent{}, err
	}
	own.DepositMinor = sum
	next, e := c.with(own).record(ChannelEvent{Step: StepToppedUp, AmountMinor: amount}, w)
	return next, e, nil
}

// ReplaceKey gives the caller's side a new key. Proofs by the old one count for
// as long as a challenge takes: so long the other side has time to present the
// newest, and after that a stolen key signs nothing any more. A second
// replacement waits for that, or two in a row would make proofs worthless at once.
func (c PaymentChannel) ReplaceKey(key ChannelKey, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open); err != nil {
		return c, ChannelEvent{}, err
	}
	own, other, err := c.sides(w.Actor)
	if err != nil {
		return c, ChannelEvent{}, err
	}
	if key.KeyID == own.Key.KeyID || key.KeyID == other.Key.KeyID {
		return c, ChannelEvent{}, fault.New(fault.CodeKeyInvalid, "the new key is a present key of this channel")
	}
	if own.FormerKey != nil && w.Now <= own.FormerUntil {
		return c, ChannelEvent{}, fault.New(fault.CodeChannelKeyPending, "proofs by the former key may be presented until %s", own.FormerUntil).With("until", string(own.FormerUntil))
	}
	key.Number, key.Since = own.Key.Number+1, w.Now
	own.FormerKey, own.FormerUntil, own.Key = own.Key, w.Now.Add(c.ChallengeSeconds*1000), &key
	next, e := c.with(own).record(ChannelEvent{Step: StepKeyReplaced, KeyID: key.KeyID}, w)
	return next, e, nil
}

// Side gives an organisation's side and the other one.
func (c PaymentChannel) Side(organisation string) (own, other ChannelSide, err error) {
	return c.sides(organisation)
}

// Keys are the keys whose proofs of the side's payments count at a time.
func (s ChannelSide) Keys(now measure.Time) []ChannelKey {
	var keys []ChannelKey
	if s.Key != nil {
		keys = append(keys, *s.Key)
	}
	if s.FormerKey != nil && now <= s.FormerUntil {
		keys = append(keys, *s.FormerKey)
	}
	return keys
}

func (c PaymentChannel) sides(organisation string) (own, other ChannelSide, err error) {
	switch organisation {
	case c.Opener.Organisation:
		return c.Opener, c.Counterparty, nil
	case c.Counterparty.Organisation:
		return c.Counterparty, c.Opener, nil
	}
	return own, other, notParty(c, organisation, "only its two sides act on a channel")
}

// with puts a changed side in its place.
func (c PaymentChannel) with(s ChannelSide) PaymentChannel {
	if s.Organisation == c.Opener.Organisation {
		c.Opener = s
	} else {
		c.Counterparty = s
	}
	return c
}

func (c PaymentChannel) expect(statuses ...ChannelStatus) error {
	for _, s := range statuses {
		if c.Status == s {
			return nil
		}
	}
	return fault.New(fault.CodeChannelStatus, "channel %s is %s", c.ChannelID, c.Status).With("status", string(c.Status))
}

func (c PaymentChannel) record(e ChannelEvent, w When) (PaymentChannel, ChannelEvent) {
	e.ChannelID, e.Number, e.At, e.Actor, e.TransactionID = c.ChannelID, c.Events, w.Now, w.Actor, w.TransactionID
	c.Events++
	c.ChangedAt = w.Now
	return c, e
}

func notParty(c PaymentChannel, actor, says string) error {
	return fault.New(fault.CodeChannelNotParty, "%s", says).With("channelId", c.ChannelID).With("organisation", actor)
}

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeChannelInvalid, format, args...).With("field", field)
}

// Owes reports whether the channel was paid out by the credit.
func (c PaymentChannel) Owes(x money.Credit) bool {
	if c.PaidBy == "" || c.PaidBy != x.CreditID || c.ChannelID != x.Reference || c.Currency != x.Currency {
		return false
	}
	own, _, err := c.sides(x.Organisation)
	return err == nil && own.PayoutMinor == x.AmountMinor
}
