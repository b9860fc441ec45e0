package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/balanceproof"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
)

// PayChannel is the contract about payment channels: many small payments that
// two organisations sign to one another, and one settlement (SH14, ADR 19).
type PayChannel struct{ base }

func newPayChannel() product { return &PayChannel{newBase(api.PayChannel)} }

// Open offers a channel and moves the opener's deposit into it.
func (*PayChannel) Open(ctx *Context, in *api.OpenChannel) (*paychannel.PaymentChannel, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	w := ctx.channelWhen(paychannel.PaymentChannel{})
	key, err := channelKey(ctx, &in.Proof, balanceproof.Key{ChannelID: in.ChannelID, KeyNumber: 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
	if err != nil {
		return nil, err
	}
	c, e, err := paychannel.Begin(paychannel.Offer{
		ChannelID: in.ChannelID, Counterparty: in.Counterparty, Currency: in.Currency, DepositMinor: in.DepositMinor,
		ChallengeSeconds: in.ChallengeSeconds, Key: key,
	}, w)
	if err != nil {
		return nil, err
	}
	other, err := ledger.Get(ctx.tx, organisations, in.Counterparty)
	if err != nil {
		return nil, err
	}
	if err := party.Permit(*other, party.HoldAccount); err != nil {
		return nil, err
	}
	if err := putIn(ctx, c, in.DepositMinor, w); err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, channels, fault.CodeChannelExists, &c, c.ChannelID); err != nil {
		return nil, err
	}
	if err := protect(ctx, channels, []string{c.Opener.Organisation, c.Counterparty.Organisation}, c.ChannelID); err != nil {
		return nil, err
	}
	return &c, recordChannel(ctx, c, e)
}

// Accept opens an offered channel; the counterparty may put in something too.
func (*PayChannel) Accept(ctx *Context, in *api.AcceptChannel) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		key, err := channelKey(ctx, &in.Proof, balanceproof.Key{ChannelID: in.ChannelID, KeyNumber: 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e, err := c.Accept(in.DepositMinor, key, w)
		if err == nil {
			err = putIn(ctx, next, in.DepositMinor, w)
		}
		return next, e, err
	})
}

// Withdraw ends an offer, from either side; the opener gets its deposit back.
func (*PayChannel) Withdraw(ctx *Context, in *api.ChannelRef) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		next, e, err := c.Withdraw(w)
		if err == nil {
			err = payOutChannel(ctx, next, w)
		}
		return next, e, err
	})
}

// TopUp adds to the caller's deposit.
func (*PayChannel) TopUp(ctx *Context, in *api.TopUpChannel) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		next, e, err := c.TopUp(in.AmountMinor, w)
		if err == nil {
			err = putIn(ctx, next, in.AmountMinor, w)
		}
		return next, e, err
	})
}

// ReplaceKey gives the caller's side a new key. The old one need not agree, for
// it may be lost or stolen; what it signed can be presented for a while.
func (*PayChannel) ReplaceKey(ctx *Context, in *api.ReplaceChannelKey) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		own, _, err := c.Side(ctx.actor())
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		number := uint64(1) // of a side that has no key yet; the rule refuses that
		if own.Key != nil {
			number = own.Key.Number + 1
		}
		key, err := channelKey(ctx, &in.Proof, balanceproof.Key{ChannelID: in.ChannelID, KeyNumber: number, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		return c.ReplaceKey(key, w)
	})
}

// Present puts a balance proof of the other side on record: as a precaution
// while the channel is open, as a challenge while it is closing.
func (*PayChannel) Present(ctx *Context, in *api.PresentProof) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		p, err := openProof(ctx, c, &in.Proof, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e, err := c.Present(p, w)
		if err == nil {
			err = keepProofs(ctx, e, in.Proof)
		}
		return next, e, err
	})
}

// Close begins the end of a channel with the newest proof that the caller has.
func (*PayChannel) Close(ctx *Context, in *api.CloseChannel) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		if in.Proof == nil {
			return c.Close(nil, w)
		}
		p, err := openProof(ctx, c, in.Proof, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e, err := c.Close(&p, w)
		if err == nil {
			err = keepProofs(ctx, e, *in.Proof)
		}
		return next, e, err
	})
}

// ReportContradiction puts two proofs on record that cannot both be true.
func (*PayChannel) ReportContradiction(ctx *Context, in *api.ReportContradiction) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		first, err := openProof(ctx, c, &in.First, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		second, err := openProof(ctx, c, &in.Second, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e, err := c.Contradict(first, second, w)
		if err == nil {
			err = keepProofs(ctx, e, in.First, in.Second)
		}
		return next, e, err
	})
}

// Finish pays a closed channel out when its time is over.
func (*PayChannel) Finish(ctx *Context, in *api.FinishChannel) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		next, e, err := c.Finish(w)
		if err == nil {
			next, err = finishChannel(ctx, next, in.Lists, w)
		}
		return next, e, err
	})
}

// FinishJointly pays a channel out at once, as both sides have signed.
func (*PayChannel) FinishJointly(ctx *Context, in *api.FinishChannelJointly) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		f, err := openFinal(ctx, c, &in.Final, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e, err := c.FinishJointly(f, w)
		if err == nil {
			err = keepProofs(ctx, e, in.Final)
		}
		if err == nil {
			next, err = finishChannel(ctx, next, in.Lists, w)
		}
		return next, e, err
	})
}

// Itemise puts on record what one side's payments were for, when that was not
// done as the channel was finished.
func (*PayChannel) Itemise(ctx *Context, in *api.ItemiseChannel) (*paychannel.PaymentChannel, error) {
	return changeChannel(ctx, in.ChannelID, func(c paychannel.PaymentChannel, w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
		next, err := itemise(ctx, c, []api.PayerList{{Payer: in.Payer, Items: in.Items}}, w)
		if err != nil {
			return c, paychannel.ChannelEvent{}, err
		}
		next, e := next.RecordItemised(w)
		return next, e, nil
	})
}

// Get gives a channel.
func (*PayChannel) Get(ctx *Context, in *api.ChannelRef) (*paychannel.PaymentChannel, error) {
	return ledger.Get(ctx.tx, channels, in.ChannelID)
}

// History gives a page of what happened to a channel, oldest first.
func (*PayChannel) History(ctx *Context, in *api.ListRequest) (*api.ChannelEventPage, error) {
	if _, err := ledger.Get(ctx.tx, channels, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, channelEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ChannelEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListProofs gives a page of the signed envelopes that a channel's events rest on.
func (*PayChannel) ListProofs(ctx *Context, in *api.ListRequest) (*api.ShownProofsPage, error) {
	if _, err := ledger.Get(ctx.tx, channels, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, channelProofs, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ShownProofsPage{Items: values(p.Items), Next: p.Next}, nil
}

// GetItems gives what one side's payments through a finished channel were for.
func (*PayChannel) GetItems(ctx *Context, in *api.ItemListRef) (*paychannel.ItemList, error) {
	return ledger.Get(ctx.tx, channelItems, in.ChannelID, in.Payer)
}

// ListPayments gives a page of what was paid for a shipment through channels.
func (*PayChannel) ListPayments(ctx *Context, in *api.ListRequest) (*api.ShipmentPaymentPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, shipmentPayments, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ShipmentPaymentPage{Items: values(p.Items), Next: p.Next}, nil
}

type channelStep func(paychannel.PaymentChannel, paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error)

// changeChannel loads a channel, takes one step, and stores the head.
func changeChannel(ctx *Context, id string, step channelStep) (*paychannel.PaymentChannel, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	c, err := ledger.Get(ctx.tx, channels, id)
	if err != nil {
		return nil, err
	}
	next, e, err := step(*c, ctx.channelWhen(*c))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, channels, &next, id); err != nil {
		return nil, err
	}
	return &next, recordChannel(ctx, next, e)
}

func (c *Context) channelWhen(last paychannel.PaymentChannel) paychannel.When {
	return paychannel.When{Actor: c.actor(), Now: c.now(last.ChangedAt), TransactionID: c.tx.ID()}
}

func recordChannel(ctx *Context, c paychannel.PaymentChannel, e paychannel.ChannelEvent) error {
	if err := ledger.Append(ctx.tx, channelEvents, &e, c.ChannelID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	return ctx.tx.Announce(api.PayChannelChangedEvent, c.ChannelID, ledger.NewFact("paychannel-"+string(e.Step), c.ChannelID, e))
}

// keepProofs puts the signed envelopes on record under the number of their event.
func keepProofs(ctx *Context, e paychannel.ChannelEvent, envelopes ...dsse.Envelope) error {
	s := api.ShownProofs{ChannelID: e.ChannelID, Number: e.Number, Envelopes: envelopes, At: e.At, TransactionID: e.TransactionID}
	return ledger.Append(ctx.tx, channelProofs, &s, e.ChannelID, ledger.Seq(e.Number))
}

// putIn moves a deposit from the caller's account into the channel.
func putIn(ctx *Context, c paychannel.PaymentChannel, amount money.Minor, w paychannel.When) error {
	if amount == 0 {
		return nil
	}
	return debit(ctx, w.Actor, c.Currency, amount, whyChannel(money.ReasonChannelDeposit, c, w))
}

// payOutChannel credits both sides what the rule has worked out.
func payOutChannel(ctx *Context, c paychannel.PaymentChannel, w paychannel.When) error {
	for _, s := range []paychannel.ChannelSide{c.Opener, c.Counterparty} {
		if s.PayoutMinor == 0 {
			continue
		}
		if err := credit(ctx, s.Organisation, c.Currency, s.PayoutMinor, whyChannel(money.ReasonChannelPayout, c, w)); err != nil {
			return err
		}
	}
	return nil
}

func whyChannel(reason string, c paychannel.PaymentChannel, w paychannel.When) money.Why {
	return money.Why{Reason: reason, Reference: c.ChannelID, Counter: "channel/" + c.ChannelID, At: w.Now, TransactionID: w.TransactionID}
}

// finishChannel pays out, and puts on record what was paid for.
func finishChannel(ctx *Context, c paychannel.PaymentChannel, lists []api.PayerList, w paychannel.When) (paychannel.PaymentChannel, error) {
	if err := payOutChannel(ctx, c, w); err != nil {
		return c, err
	}
	return itemise(ctx, c, lists, w)
}

// itemise stores lists of what was paid for, each for one payer, and each item
// where it is found from its shipment.
func itemise(ctx *Context, c paychannel.PaymentChannel, lists []api.PayerList, w paychannel.When) (paychannel.PaymentChannel, error) {
	for _, l := range lists {
		next, list, err := c.Itemise(l.Payer, l.Items, w)
		if err != nil {
			return c, err
		}
		if err := checkItems(ctx, list); err != nil {
			return c, err
		}
		c = next
		if err := ledger.Append(ctx.tx, channelItems, &list, list.ChannelID, list.Payer); err != nil {
			return c, err
		}
		for _, p := range list.Payments() {
			if err := ledger.Append(ctx.tx, shipmentPayments, &p, p.ShipmentID, p.ChannelID, p.Payer); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// checkItems holds a list to shipments that both sides are parties to: nobody
// else's shipment shows payments that it has nothing to do with. Terms do not
// change any more, so reading them collides with nothing.
func checkItems(ctx *Context, l paychannel.ItemList) error {
	keys := make([][]string, len(l.Items))
	for i, it := range l.Items {
		keys[i] = []string{it.ShipmentID}
	}
	found, err := ledger.GetAll(ctx.tx, terms, keys)
	if err != nil {
		return err
	}
	for i, t := range found {
		id := l.Items[i].ShipmentID
		if t == nil {
			return fault.New(fault.CodeShipmentUnknown, "no shipment %q", id).With("id", id)
		}
		if !t.Names(l.Payer) || !t.Names(l.Payee) {
			return fault.New(fault.CodeItemsNotParty, "%s and %s are not both parties to shipment %s", l.Payer, l.Payee, id).With("shipmentId", id)
		}
	}
	return nil
}

// channelKey verifies the announcement of a key of the caller's side.
func channelKey(ctx *Context, proof *dsse.Envelope, want balanceproof.Key) (paychannel.ChannelKey, error) {
	key, err := dsse.ParsePublicKey(want.Algorithm, want.PublicKey)
	if err != nil {
		return paychannel.ChannelKey{}, err
	}
	payload, err := dsse.Open(proof, balanceproof.KeyType, key)
	if err != nil {
		return paychannel.ChannelKey{}, err
	}
	got, err := balanceproof.DecodeKey(payload)
	if err != nil {
		return paychannel.ChannelKey{}, err
	}
	want.Ledger, want.Organisation = ctx.tx.LedgerID(), ctx.actor()
	if got != want {
		return paychannel.ChannelKey{}, fault.New(fault.CodeKeyProofInvalid, "the key statement is for another ledger, channel, organisation or key")
	}
	return paychannel.ChannelKey{KeyID: key.ID(), Algorithm: string(want.Algorithm), PublicKey: want.PublicKey}, nil
}

// openProof verifies a balance proof of the other side's payments.
func openProof(ctx *Context, c paychannel.PaymentChannel, e *dsse.Envelope, w paychannel.When) (paychannel.Payment, error) {
	_, payer, err := c.Side(w.Actor)
	if err != nil {
		return paychannel.Payment{}, err
	}
	keys, err := keysOf(payer, w)
	if err != nil {
		return paychannel.Payment{}, err
	}
	p, keyID, err := balanceproof.Open(e, keys...)
	if err != nil {
		return paychannel.Payment{}, err
	}
	if p.Ledger != ctx.tx.LedgerID() || p.ChannelID != c.ChannelID {
		return paychannel.Payment{}, fault.New(fault.CodeProofWrong, "the proof was signed for channel %q of ledger %q", printable(p.ChannelID), printable(p.Ledger))
	}
	return paychannel.Payment{Payer: p.Payer, Sequence: p.Sequence, CumulativeMinor: p.CumulativeMinor, Reference: p.Reference, KeyID: keyID}, nil
}

// openFinal verifies a final balance, which both sides have signed.
func openFinal(ctx *Context, c paychannel.PaymentChannel, e *dsse.Envelope, w paychannel.When) (paychannel.Final, error) {
	var payload []byte
	var ids [2]string
	for i, s := range []paychannel.ChannelSide{c.Opener, c.Counterparty} {
		keys, err := keysOf(s, w)
		if err != nil {
			return paychannel.Final{}, err
		}
		if payload, ids[i], err = balanceproof.OpenAny(e, balanceproof.FinalType, keys...); err != nil {
			return paychannel.Final{}, err
		}
	}
	f, err := balanceproof.DecodeFinal(payload)
	if err != nil {
		return paychannel.Final{}, err
	}
	if f.Ledger != ctx.tx.LedgerID() || f.ChannelID != c.ChannelID {
		return paychannel.Final{}, fault.New(fault.CodeProofWrong, "the final balance was signed for channel %q of ledger %q", printable(f.ChannelID), printable(f.Ledger))
	}
	return paychannel.Final{
		OpenerPaidMinor: f.OpenerPaidMinor, OpenerReference: f.OpenerReference, OpenerKeyID: ids[0],
		CounterpartyPaidMinor: f.CounterpartyPaidMinor, CounterpartyReference: f.CounterpartyReference, CounterpartyKeyID: ids[1],
	}, nil
}

// keysOf are the keys whose signatures count for a side now. What is on the
// ledger was parsed before it was stored.
func keysOf(s paychannel.ChannelSide, w paychannel.When) ([]*dsse.PublicKey, error) {
	var keys []*dsse.PublicKey
	for _, k := range s.Keys(w.Now) {
		key, err := dsse.ParsePublicKey(dsse.Algorithm(k.Algorithm), k.PublicKey)
		if err != nil {
			return nil, fault.Wrap(err, "key of %s", s.Organisation)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
