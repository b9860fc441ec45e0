package contract_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/balanceproof"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// market is a world in which money goes every way that there is, and the model of
// it: what is issued and not redeemed, by organisation.
type market struct {
	*world
	issued map[string]money.Minor
	asked  map[string]money.Redemption
	goods  component.Component
	opened int // channels that were offered
	done   map[api.Transaction]int
}

func (m *market) pay(as ledgertest.Identity, tx api.Transaction, in, out any) bool {
	ok := m.call(as, tx, in, out)
	if ok {
		m.done[tx]++
	}
	return ok
}

func (m *market) amount() money.Minor {
	return draw[money.Minor](m.t, "amount", 1, 7, 60, 400, 1_000)
}

func (m *market) create(*rapid.T) {
	as, amount := m.actor(), m.amount()
	if m.pay(as, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: amount, Reserve: "Bank"}, nil) {
		m.issued[as.MSPID] += amount
	}
}

func (m *market) destroy(*rapid.T) {
	as, amount := m.actor(), m.amount()
	if m.pay(as, api.RedeemTokensTx, api.RedeemTokens{Currency: "USD", AmountMinor: amount, Reference: "paid"}, nil) {
		m.issued[as.MSPID] -= amount
	}
}

func (m *market) spread(t *rapid.T) {
	as := m.actor()
	m.pay(as, api.SpreadAccountTx, api.SpreadAccount{Organisation: as.MSPID, Currency: "USD", Shards: rapid.IntRange(1, 4).Draw(t, "shards")}, nil)
}

// sell changes the owner of one component against payment, or tries to.
func (m *market) sell(*rapid.T) {
	c, price := m.goods, m.amount()
	seller, buyer := scenario.Client(c.Owner), m.actor()
	if !m.pay(seller, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: c.ComponentID, To: buyer.MSPID, PriceMinor: price, Currency: "USD"}, &c) {
		return
	}
	if !m.pay(buyer, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: c.ComponentID, PriceMinor: price, Currency: "USD"}, &c) {
		m.pay(buyer, api.DeclineOwnershipTx, api.ComponentRef{ComponentID: c.ComponentID}, &c)
	}
	m.goods = c
}

func (m *market) ask(*rapid.T) {
	id := fmt.Sprint("r-", len(m.asked))
	var r money.Redemption
	in := api.RequestRedemption{RedemptionID: id, Issuer: m.actor().MSPID, Currency: "USD", AmountMinor: m.amount(), PayTo: "account 12"}
	if m.pay(m.actor(), api.RequestRedemptionTx, in, &r) {
		m.asked[id] = r
	}
}

// answer ends a redemption in one of three ways, by whomever; what the model says
// must not be, must be refused.
func (m *market) answer(t *rapid.T) {
	if len(m.asked) == 0 {
		return
	}
	id := fmt.Sprint("r-", rapid.IntRange(0, len(m.asked)-1).Draw(t, "redemption"))
	r, as := m.asked[id], m.actor()
	open, issuer := r.Status == money.RedemptionRequested, as.MSPID == r.Issuer
	var next money.Redemption
	var ok, may bool
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		may = open && issuer
		ok = m.pay(as, api.DeclineRedemptionTx, api.DeclineRedemption{RedemptionID: id, Reason: "no"}, &next)
	case 1:
		may = open && as.MSPID == r.Holder
		ok = m.pay(as, api.WithdrawRedemptionTx, api.RedemptionRef{RedemptionID: id}, &next)
	default:
		may = open && issuer && m.issued[r.Issuer] >= r.AmountMinor
		ok = m.pay(as, api.ConfirmRedemptionTx, api.ConfirmRedemption{RedemptionID: id, Reference: "transfer"}, &next)
		if ok {
			m.issued[r.Issuer] -= r.AmountMinor
		}
	}
	if ok != may {
		t.Fatalf("%s changed %+v to %+v: %v, should be %v; issued are %v", as.MSPID, r, next, ok, may, m.issued)
	}
	if ok {
		m.asked[id] = next
	}
}

// channel opens a payment channel, and ends it at once or leaves it open.
func (m *market) channel(t *rapid.T) {
	opener, other, deposit := m.actor(), m.actor(), m.amount()
	id := fmt.Sprint("ch-", m.opened)
	keys := []*scenario.Key{m.keys["box-1"], m.keys["box-2"]}
	statement := func(of string, key *scenario.Key) dsse.Envelope {
		return m.sign(balanceproof.KeyType, balanceproof.Key{Ledger: "lifeledger/lifeledger", ChannelID: id, Organisation: of, KeyNumber: 1, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64()}, key)
	}
	in := api.OpenChannel{ChannelID: id, Counterparty: other.MSPID, Currency: "USD", DepositMinor: deposit, ChallengeSeconds: 60, Algorithm: dsse.Ed25519, PublicKey: keys[0].Public.Base64(), Proof: statement(opener.MSPID, keys[0])}
	if !m.pay(opener, api.OpenChannelTx, in, nil) {
		return
	}
	m.opened++
	if rapid.IntRange(0, 3).Draw(t, "withdrawn") == 0 {
		m.pay(draw(t, "by", opener, other), api.WithdrawChannelTx, api.ChannelRef{ChannelID: id}, nil)
		return
	}
	second := draw[money.Minor](t, "deposit", 0, 60)
	if !m.pay(other, api.AcceptChannelTx, api.AcceptChannel{ChannelID: id, DepositMinor: second, Algorithm: dsse.Ed25519, PublicKey: keys[1].Public.Base64(), Proof: statement(other.MSPID, keys[1])}, nil) {
		return
	}
	m.pay(opener, api.TopUpChannelTx, api.TopUpChannel{ChannelID: id, AmountMinor: 7}, nil)
	final := balanceproof.Final{Ledger: "lifeledger/lifeledger", ChannelID: id, OpenerPaidMinor: draw[money.Minor](t, "paid", 0, 1, deposit, 2*deposit), CounterpartyPaidMinor: draw(t, "paid back", 0, second)}
	m.pay(draw(t, "ended by", opener, other, m.actor()), api.FinishChannelJointlyTx, api.FinishChannelJointly{ChannelID: id, Final: m.sign(balanceproof.FinalType, final, keys...)}, nil)
}

func (m *market) sign(typ string, of interface{ Encode() ([]byte, error) }, keys ...*scenario.Key) dsse.Envelope {
	b, err := of.Encode()
	if err != nil {
		m.t.Fatal(err)
	}
	e, err := scenario.Sign(typ, b, keys...)
	if err != nil {
		m.t.Fatal(err)
	}
	return e
}

// deliver moves agreed shipments on until they are settled.
func (m *market) deliver(t *rapid.T) {
	for _, c := range m.shipments {
		if c.head.Status == shipment.Proposed {
			return // moving those on issues tokens, of which the model knows nothing
		}
	}
	for range 4 {
		m.move(t)
	}
}

// check holds the ledger to the model: nobody has issued anything else, and all
// that is issued is there.
func (m *market) check(t *rapid.T) {
	var sum money.Minor
	for org, n := range m.issued {
		if sum += n; n < 0 {
			t.Fatalf("%s has issued %d", org, n)
		}
	}
	if got := m.auditor.Held("USD"); got != int64(sum) {
		t.Fatalf("%d are there, %d are issued: %v", got, sum, m.issued)
	}
}

// TestWhateverIsPaid: whatever way money goes - issued, spread, held in escrow,
// paid for a component, set aside for redemption, put into a channel, given back,
// collected - it is conserved after every transaction, nothing is below zero, and
// what is issued is what the model says.
func TestWhateverIsPaid(t *testing.T) {
	checks(t, "40") // a few seconds
	done := map[api.Transaction]int{}
	play := func(rt *rapid.T) {
		m := &market{world: newWorld(t, rt), issued: map[string]money.Minor{}, asked: map[string]money.Redemption{}, done: done}
		in := api.RegisterComponent{ComponentID: "c-9", PartNumber: "P", Algorithm: dsse.Ed25519, PublicKey: m.keys["box-3"].Public.Base64(), Location: "DEHAM"}
		if !m.call(maker, api.RegisterComponentTx, in, &m.goods) {
			rt.Fatal("no component")
		}
		for _, as := range actors {
			m.issued[as.MSPID] = 500
			m.pay(as, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 500, Reserve: "Bank"}, nil)
		}
		escrow := func(t *rapid.T) {
			m.propose(t)
			id, c := m.pick()
			if c == nil {
				return
			}
			for _, as := range actors {
				m.change(as, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: id, TermsHash: c.head.TermsHash}, id)
			}
			if c.head.Status == shipment.Agreed {
				m.done[api.AcceptTermsTx]++
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":       m.check,
			"issue":  m.create,
			"redeem": m.destroy,
			"spread": m.spread,
			"collect": func(t *rapid.T) {
				before := m.Height()
				if m.collect(t); m.Height() > before {
					m.done[api.CollectCreditsTx]++
				}
			},
			"escrow":   escrow,
			"deliver":  m.deliver,
			"record":   m.record,
			"wait":     m.wait,
			"withdraw": m.step(api.WithdrawTermsTx),
			"sell":     m.sell,
			"ask":      m.ask,
			"answer":   m.answer,
			"channel":  m.channel,
		})
	}
	rapid.Check(t, play)
	t.Logf("carried out: %v", done)
	if testing.Short() {
		return // too little is done to be sure of
	}
	for _, tx := range []api.Transaction{
		api.RedeemTokensTx, api.SpreadAccountTx, api.CollectCreditsTx, api.AcceptTermsTx, api.AcceptOwnershipTx, api.RequestRedemptionTx, api.ConfirmRedemptionTx, api.DeclineRedemptionTx,
		api.WithdrawRedemptionTx, api.WithdrawChannelTx, api.FinishChannelJointlyTx,
	} {
		for range 5 { // some are rare: by chance there may be none among so few
			if done[tx] == 0 {
				rapid.Check(t, play)
			}
		}
		if done[tx] == 0 {
			t.Errorf("%s was never carried out: this test shows little", tx)
		}
	}
}
