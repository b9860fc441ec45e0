package paychannel

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Payment is what a verified balance proof says: so much has its payer paid by
// now, in sum.
type Payment struct {
	Payer           string
	Sequence        uint64
	CumulativeMinor money.Minor
	Reference       string
	KeyID           string // of the payer's key that signed it
}

// order is how two proofs of one payer stand to one another.
type order int

const (
	same order = iota
	older
	newer
	// contradictory: they cannot both be true, since each next proof has a
	// higher sequence and a higher sum.
	contradictory
)

func (p Payment) against(c ChannelClaim) order {
	switch {
	case p.Sequence == c.Sequence && p.CumulativeMinor == c.CumulativeMinor && p.Reference == c.Reference:
		return same
	case p.Sequence > c.Sequence && p.CumulativeMinor > c.CumulativeMinor:
		return newer
	case p.Sequence < c.Sequence && p.CumulativeMinor < c.CumulativeMinor:
		return older
	}
	return contradictory
}

// Present puts a proof of the other side's payments on record: in an open
// channel as a precaution, in a closing one as the answer to an older proof, until
// the agreed time is over. Only the payee presents: a payer's word that it paid
// less proves nothing.
func (c PaymentChannel) Present(p Payment, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open, Closing); err != nil {
		return c, ChannelEvent{}, err
	}
	if err := c.inTime(w); err != nil {
		return c, ChannelEvent{}, err
	}
	payer, err := c.claim(p, w)
	if err != nil {
		return c, ChannelEvent{}, err
	}
	next, e := c.with(payer).record(proved(StepPresented, p), w)
	return next, e, nil
}

// Close begins the end of a channel, with the newest proof that the caller has
// of the other side's payments, if there is any that is not on record. From now
// on nothing but newer proofs changes it, until PresentUntil.
func (c PaymentChannel) Close(p *Payment, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open); err != nil {
		return c, ChannelEvent{}, err
	}
	if _, _, err := c.sides(w.Actor); err != nil {
		return c, ChannelEvent{}, err
	}
	e := ChannelEvent{Step: StepClosed}
	if p != nil {
		payer, err := c.claim(*p, w)
		if err != nil {
			return c, ChannelEvent{}, err
		}
		c, e = c.with(payer), proved(StepClosed, *p)
	}
	c.Status, c.ClosedBy, c.PresentUntil = Closing, w.Actor, w.Now.Add(c.ChallengeSeconds*1000)
	next, e := c.record(e, w)
	return next, e, nil
}

// Contradict puts on record that the other side has signed two proofs that
// cannot both be true. While proofs may be presented the greater sum counts: what
// somebody signed it owes.
func (c PaymentChannel) Contradict(a, b Payment, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open, Closing, Finished); err != nil {
		return c, ChannelEvent{}, err
	}
	_, payer, err := c.sides(w.Actor)
	if err != nil {
		return c, ChannelEvent{}, err
	}
	for _, p := range []Payment{a, b} {
		if p.Payer != payer.Organisation {
			return c, ChannelEvent{}, wrongProof("the proof is of payments by %s", p.Payer)
		}
	}
	if a.against(ChannelClaim{Sequence: b.Sequence, CumulativeMinor: b.CumulativeMinor, Reference: b.Reference}) != contradictory {
		return c, ChannelEvent{}, fault.New(fault.CodeContradictionNone, "the two proofs can both be true")
	}
	greater := a
	if b.CumulativeMinor > a.CumulativeMinor {
		greater = b
	}
	payer.Contradicted = true
	counts := c.Status != Finished && c.inTime(w) == nil
	if counts && (payer.Paid == nil || greater.CumulativeMinor > payer.Paid.CumulativeMinor) {
		payer.Paid = c.claimed(greater)
	}
	next, e := c.with(payer).record(proved(StepContradicted, greater), w)
	return next, e, nil
}

// Finish pays the channel out once the time to present proofs is over. Anybody's
// transaction may be the one that does it: what it does is decided.
func (c PaymentChannel) Finish(w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Closing); err != nil {
		return c, ChannelEvent{}, err
	}
	if _, _, err := c.sides(w.Actor); err != nil {
		return c, ChannelEvent{}, err
	}
	if w.Now <= c.PresentUntil {
		return c, ChannelEvent{}, fault.New(fault.CodeChallengeRunning, "proofs may be presented until %s", c.PresentUntil).With("until", string(c.PresentUntil))
	}
	next, e := c.payOut(w).record(ChannelEvent{Step: StepFinished}, w)
	return next, e, nil
}

// Final is the balance that both sides have signed.
type Final struct {
	OpenerPaidMinor       money.Minor
	OpenerReference       string
	OpenerKeyID           string
	CounterpartyPaidMinor money.Minor
	CounterpartyReference string
	CounterpartyKeyID     string
}

// FinishJointly pays the channel out at once, as both sides have signed; nobody
// has to wait for what nobody disputes. A final balance has no number: one over
// less than is on record was signed before, and the payee has been paid since.
func (c PaymentChannel) FinishJointly(f Final, w When) (PaymentChannel, ChannelEvent, error) {
	if err := c.expect(Open, Closing); err != nil {
		return c, ChannelEvent{}, err
	}
	if _, _, err := c.sides(w.Actor); err != nil {
		return c, ChannelEvent{}, err
	}
	net := f.OpenerPaidMinor - f.CounterpartyPaidMinor
	if net > c.Opener.DepositMinor || -net > c.Counterparty.DepositMinor {
		return c, ChannelEvent{}, fault.New(fault.CodeFinalNotCovered, "the final balance takes more from a side than it has put in").
			With("openerDepositMinor", int64(c.Opener.DepositMinor)).With("counterpartyDepositMinor", int64(c.Counterparty.DepositMinor))
	}
	for _, x := range []struct {
		payer ChannelSide
		says  money.Minor
	}{{c.Opener, f.OpenerPaidMinor}, {c.Counterparty, f.CounterpartyPaidMinor}} {
		if known := x.payer.Paid; known != nil && x.says < known.CumulativeMinor {
			return c, ChannelEvent{}, fault.New(fault.CodeProofNotNewer, "the final balance is older than what is on record: %s has signed %d", x.payer.Organisation, known.CumulativeMinor).
				With("sequence", known.Sequence).With("cumulativeMinor", int64(known.CumulativeMinor))
		}
	}
	c.Opener.Paid = &ChannelClaim{CumulativeMinor: f.OpenerPaidMinor, Reference: f.OpenerReference, KeyID: f.OpenerKeyID, Event: c.Events}
	c.Counterparty.Paid = &ChannelClaim{CumulativeMinor: f.CounterpartyPaidMinor, Reference: f.CounterpartyReference, KeyID: f.CounterpartyKeyID, Event: c.Events}
	next, e := c.payOut(w).record(ChannelEvent{Step: StepFinished}, w)
	return next, e, nil
}

// payOut divides what was put in: each side gets its deposit less what it has
// paid plus what it has received. A side that promised more than it put in and
// received is short of the rest; the other side's deposit does not pay for that.
func (c PaymentChannel) payOut(w When) PaymentChannel {
	net := c.Opener.paid() - c.Counterparty.paid() // two amounts up to Max cannot overflow
	covered := max(min(net, c.Opener.DepositMinor), -c.Counterparty.DepositMinor)
	c.Opener.ShortMinor, c.Counterparty.ShortMinor = max(net-covered, 0), max(covered-net, 0)
	c.Opener.PayoutMinor, c.Counterparty.PayoutMinor = c.Opener.DepositMinor-covered, c.Counterparty.DepositMinor+covered
	c.Status, c.PaidBy = Finished, w.TransactionID
	return c
}

func (s ChannelSide) paid() money.Minor {
	if s.Paid == nil {
		return 0
	}
	return s.Paid.CumulativeMinor
}

// claim holds a proof that the caller presents against what is on record, and
// gives the payer's side with it.
func (c PaymentChannel) claim(p Payment, w When) (ChannelSide, error) {
	_, payer, err := c.sides(w.Actor)
	if err != nil {
		return payer, err
	}
	if p.Payer != payer.Organisation {
		return payer, wrongProof("the proof is of payments by %s: only the payee presents it", p.Payer)
	}
	if known := payer.Paid; known != nil {
		switch o := p.against(*known); {
		case o == newer, payer.Contradicted && p.CumulativeMinor > known.CumulativeMinor:
		case o == contradictory && !payer.Contradicted:
			return payer, fault.New(fault.CodeProofContradicts, "%s has signed sequence %d over %d and sequence %d over %d", p.Payer, known.Sequence, known.CumulativeMinor, p.Sequence, p.CumulativeMinor).
				With("sequence", known.Sequence).With("cumulativeMinor", int64(known.CumulativeMinor))
		default:
			return payer, fault.New(fault.CodeProofNotNewer, "sequence %d is on record", known.Sequence).
				With("sequence", known.Sequence).With("cumulativeMinor", int64(known.CumulativeMinor))
		}
	}
	payer.Paid = c.claimed(p)
	return payer, nil
}

// claimed is the claim that the next event records.
func (c PaymentChannel) claimed(p Payment) *ChannelClaim {
	return &ChannelClaim{Sequence: p.Sequence, CumulativeMinor: p.CumulativeMinor, Reference: p.Reference, KeyID: p.KeyID, Event: c.Events}
}

func (c PaymentChannel) inTime(w When) error {
	if c.Status == Closing && w.Now > c.PresentUntil {
		return fault.New(fault.CodeChallengeLate, "proofs could be presented until %s", c.PresentUntil).With("until", string(c.PresentUntil))
	}
	return nil
}

func proved(step ChannelStep, p Payment) ChannelEvent {
	return ChannelEvent{Step: step, Payer: p.Payer, Sequence: p.Sequence, AmountMinor: p.CumulativeMinor, KeyID: p.KeyID}
}

func wrongProof(format string, args ...any) error {
	return fault.New(fault.CodeProofWrong, format, args...)
}
