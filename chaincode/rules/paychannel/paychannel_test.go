package paychannel_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
)

const (
	alpha = "AlphaMSP"
	beta  = "BetaMSP"
	start = measure.Time("2026-03-01T08:00:00.000Z")
	wait  = int64(3600)
)

func at(actor string, seconds int64) paychannel.When {
	return paychannel.When{Actor: actor, Now: start.Add(seconds * 1000), TransactionID: fmt.Sprintf("tx-%d", seconds)}
}

func pay(payer string, sequence uint64, sum money.Minor) paychannel.Payment {
	return paychannel.Payment{Payer: payer, Sequence: sequence, CumulativeMinor: sum, KeyID: payer + "-1"}
}

func opened(t interface{ Fatal(...any) }, a, b money.Minor) paychannel.PaymentChannel {
	c, _, err := paychannel.Begin(paychannel.Offer{
		ChannelID: "ch", Counterparty: beta, Currency: "USD", DepositMinor: a, ChallengeSeconds: wait, Key: paychannel.ChannelKey{KeyID: alpha + "-1"},
	}, at(alpha, 0))
	if err != nil {
		t.Fatal(err)
	}
	if c, _, err = c.Accept(b, paychannel.ChannelKey{KeyID: beta + "-1"}, at(beta, 1)); err != nil {
		t.Fatal(err)
	}
	return c
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func TestWhatASideGets(t *testing.T) {
	for name, c := range map[string]struct {
		alphaIn, betaIn     money.Minor
		alphaPaid, betaPaid money.Minor
		alphaOut, betaOut   money.Minor
		short               money.Minor // of alpha's promises
	}{
		"nobody has paid anything":                       {1000, 200, 0, 0, 1000, 200, 0},
		"one has paid":                                   {1000, 0, 400, 0, 600, 400, 0},
		"both have paid":                                 {1000, 200, 400, 150, 750, 450, 0},
		"what was received is paid on":                   {100, 200, 250, 180, 30, 270, 0},
		"everything is paid":                             {1000, 0, 1000, 0, 0, 1000, 0},
		"more is promised than there is":                 {1000, 50, 1200, 0, 0, 1050, 200},
		"the payee's own payments are deducted first":    {1000, 50, 1100, 50, 0, 1050, 50},
		"a payee does not lose its deposit by another's": {0, 500, 10, 0, 0, 500, 10},
	} {
		t.Run(name, func(t *testing.T) {
			ch := opened(t, c.alphaIn, c.betaIn)
			var err error
			if c.alphaPaid > 0 {
				if ch, _, err = ch.Present(pay(alpha, 1, c.alphaPaid), at(beta, 2)); err != nil {
					t.Fatal(err)
				}
			}
			var p *paychannel.Payment
			if c.betaPaid > 0 {
				p = new(pay(beta, 1, c.betaPaid))
			}
			if ch, _, err = ch.Close(p, at(alpha, 3)); err != nil {
				t.Fatal(err)
			}
			_, _, err = ch.Finish(at(beta, 3+wait))
			wantFault(t, err, fault.CodeChallengeRunning)
			if ch, _, err = ch.Finish(at(beta, 4+wait)); err != nil {
				t.Fatal(err)
			}
			got := [3]money.Minor{ch.Opener.PayoutMinor, ch.Counterparty.PayoutMinor, ch.Opener.ShortMinor}
			if diff := cmp.Diff([3]money.Minor{c.alphaOut, c.betaOut, c.short}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhichProofCounts(t *testing.T) {
	for name, c := range map[string]struct {
		known, next paychannel.Payment
		code        fault.Code
	}{
		"a newer one over more":                 {pay(alpha, 5, 100), pay(alpha, 6, 101), ""},
		"the same again":                        {pay(alpha, 5, 100), pay(alpha, 5, 100), fault.CodeProofNotNewer},
		"an older one":                          {pay(alpha, 5, 100), pay(alpha, 4, 99), fault.CodeProofNotNewer},
		"the same sequence over more":           {pay(alpha, 5, 100), pay(alpha, 5, 101), fault.CodeProofContradicts},
		"a newer one over less":                 {pay(alpha, 5, 100), pay(alpha, 6, 99), fault.CodeProofContradicts},
		"a newer one over the same":             {pay(alpha, 5, 100), pay(alpha, 6, 100), fault.CodeProofContradicts},
		"an older one over more":                {pay(alpha, 5, 100), pay(alpha, 4, 101), fault.CodeProofContradicts},
		"one of the presenting side's payments": {pay(alpha, 5, 100), pay(beta, 1, 1), fault.CodeProofWrong},
	} {
		t.Run(name, func(t *testing.T) {
			ch, _, err := opened(t, 1000, 0).Present(c.known, at(beta, 2))
			if err != nil {
				t.Fatal(err)
			}
			next, _, err := ch.Present(c.next, at(beta, 3))
			wantFault(t, err, c.code)
			if err != nil {
				if diff := cmp.Diff(ch, next); diff != "" {
					t.Errorf("refused, and changed:\n%s", diff)
				}
			}
			if c.code == fault.CodeProofContradicts {
				next, _, err := ch.Contradict(c.known, c.next, at(beta, 4))
				if err != nil || !next.Opener.Contradicted || next.Opener.Paid.CumulativeMinor != max(c.known.CumulativeMinor, c.next.CumulativeMinor) {
					t.Errorf("reported: %+v, %v", next.Opener.Paid, err)
				}
				return
			}
			if c.next.Payer == alpha {
				_, _, err := ch.Contradict(c.known, c.next, at(beta, 4))
				wantFault(t, err, fault.CodeContradictionNone)
			}
		})
	}
}

// TestAFinalBalanceIsNotOlderThanWhatIsOnRecord: a final balance that was signed
// and put aside does not undo what was paid and presented since. Who agrees to pay
// something back says so in the other direction.
func TestAFinalBalanceIsNotOlderThanWhatIsOnRecord(t *testing.T) {
	c := opened(t, 1000, 0)
	c, _, err := c.Present(pay(alpha, 5, 900), at(beta, 2))
	wantFault(t, err, "")
	_, _, err = c.FinishJointly(paychannel.Final{OpenerPaidMinor: 899}, at(alpha, 3))
	wantFault(t, err, fault.CodeProofNotNewer)
	for back, want := range map[money.Minor]money.Minor{0: 900, 800: 100} {
		done, _, err := c.FinishJointly(paychannel.Final{OpenerPaidMinor: 900, CounterpartyPaidMinor: back}, at(alpha, 3))
		wantFault(t, err, "")
		if done.Counterparty.PayoutMinor != want {
			t.Errorf("%+v", done)
		}
	}
}

func TestAReplacedKeyCountsForOneChallenge(t *testing.T) {
	ch, _, err := opened(t, 1000, 0).ReplaceKey(paychannel.ChannelKey{KeyID: alpha + "-2"}, at(alpha, 10))
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[int64]int{10: 2, 10 + wait: 2, 11 + wait: 1} {
		if keys := ch.Opener.Keys(at(beta, seconds).Now); len(keys) != want || keys[0].KeyID != alpha+"-2" {
			t.Errorf("after %d s: %+v", seconds, keys)
		}
	}
	_, _, err = ch.ReplaceKey(paychannel.ChannelKey{KeyID: alpha + "-3"}, at(alpha, 10+wait))
	wantFault(t, err, fault.CodeChannelKeyPending)
	if ch, _, err = ch.ReplaceKey(paychannel.ChannelKey{KeyID: alpha + "-3"}, at(alpha, 11+wait)); err != nil || ch.Opener.Key.Number != 3 || ch.Opener.FormerKey.Number != 2 {
		t.Errorf("%+v, %v", ch.Opener, err)
	}
}

// trader is one side off the ledger: what it signed and what it was given.
type trader struct {
	name     string
	in       money.Minor
	sequence uint64
	paid     money.Minor          // in sum, as signed last
	given    []paychannel.Payment // every proof it got, oldest first

}

// TestNobodyLosesWhatItPresentsInTime: whatever two sides do to one another, with
// old proofs, replays, late calls and clocks that jump: what goes out is what went
// in, once; and who presented its newest proof in time gets at least its deposit,
// less what it signed away, plus what that proof says.
func TestNobodyLosesWhatItPresentsInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Map(rapid.Int64Range(0, 1000), func(n int64) money.Minor { return money.Minor(n) })
		sides := [2]*trader{{name: alpha, in: amount.Draw(t, "alpha")}, {name: beta, in: amount.Draw(t, "beta")}}
		ch := opened(t, sides[0].in, sides[1].in)
		newest := map[string]bool{} // who has presented its newest proof in time
		finished, seconds := 0, int64(2)
		took := func(next paychannel.PaymentChannel, e paychannel.ChannelEvent, err error) bool {
			if err != nil {
				if diff := cmp.Diff(ch, next); diff != "" {
					t.Fatalf("refused (%v), and changed:\n%s", err, diff)
				}
				return false
			}
			if e.Number != ch.Events || next.Events != ch.Events+1 || next.ChangedAt < ch.ChangedAt {
				t.Fatalf("event %+v of %+v", e, next)
			}
			ch = next
			return true
		}
		note := func() {
			for i, s := range []paychannel.ChannelSide{ch.Opener, ch.Counterparty} {
				payee := sides[1-i]
				if n := len(payee.given); n == 0 || s.Paid != nil && s.Paid.Sequence == payee.given[n-1].Sequence {
					newest[payee.name] = true
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "side")
			me, other := sides[i], sides[1-i]
			seconds += rapid.SampledFrom([]int64{0, 0, 1, 60, wait / 4, wait + 1}).Draw(t, "later")
			w := at(me.name, seconds)
			switch rapid.SampledFrom([]string{"pay", "pay", "pay", "present", "present", "close", "finish", "topUp", "contradict", "stranger"}).Draw(t, "step") {
			case "pay": // off the ledger; the other side takes what is covered
				sum := me.paid + 1 + amount.Draw(t, "payment")
				if sum > me.in+other.paid || ch.Status == paychannel.Finished {
					continue
				}
				me.sequence += 1 + uint64(rapid.IntRange(0, 3).Draw(t, "gap"))
				me.paid = sum
				other.given = append(other.given, pay(me.name, me.sequence, sum))
				delete(newest, other.name)
			case "present":
				if len(me.given) > 0 {
					n := rapid.IntRange(0, len(me.given)-1).Draw(t, "which")
					took(ch.Present(me.given[n], w))
				}
			case "close":
				var p *paychannel.Payment
				if len(me.given) > 0 && rapid.Bool().Draw(t, "with a proof") {
					p = &me.given[rapid.IntRange(0, len(me.given)-1).Draw(t, "which")]
				}
				took(ch.Close(p, w))
			case "finish":
				if took(ch.Finish(w)) {
					finished++
				}
			case "topUp":
				more := amount.Draw(t, "more")
				if took(ch.TopUp(more, w)) {
					me.in += more
				}
			case "contradict": // of two proofs that are both in order there is nothing to report
				if n := len(me.given); n > 1 {
					if took(ch.Contradict(me.given[n-1], me.given[0], w)) {
						t.Fatal("honest proofs were taken for a contradiction")
					}
				}
			case "stranger":
				for _, step := range []func(paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error){
					ch.Finish, ch.Withdraw,
					func(w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
						return ch.Close(nil, w)
					},
					func(w paychannel.When) (paychannel.PaymentChannel, paychannel.ChannelEvent, error) {
						return ch.TopUp(1, w)
					},
				} {
					if took(step(at("GammaMSP", seconds))) {
						t.Fatal("a stranger changed the channel")
					}
				}
			}
			note()
		}
		// The end, if it has not come yet: whoever closes, both may still present.
		ender := rapid.IntRange(0, 1).Draw(t, "ender")
		took(ch.Close(nil, at(sides[ender].name, seconds)))
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 1), 0, 6).Draw(t, "present") {
			if me := sides[i]; len(me.given) > 0 {
				took(ch.Present(rapid.SampledFrom(me.given).Draw(t, "proof"), at(me.name, seconds)))
				note()
			}
		}
		seconds += wait + 1
		for range 2 {
			if took(ch.Finish(at(sides[ender].name, seconds))) {
				finished++
			}
		}
		if finished != 1 || ch.Status != paychannel.Finished {
			t.Fatalf("finished %d times, %s", finished, ch.Status)
		}
		outs := [2]money.Minor{ch.Opener.PayoutMinor, ch.Counterparty.PayoutMinor}
		if outs[0]+outs[1] != sides[0].in+sides[1].in || outs[0] < 0 || outs[1] < 0 {
			t.Fatalf("%d and %d went in, %v came out", sides[0].in, sides[1].in, outs)
		}
		for i, me := range sides {
			if !newest[me.name] {
				continue
			}
			if entitled := me.in - me.paid + sides[1-i].paid; outs[i] < entitled {
				t.Fatalf("%s presented its newest proof and got %d instead of %d: %+v", me.name, outs[i], entitled, ch)
			}
		}
	})
}

func TestAListIsTheOneThatWasSigned(t *testing.T) {
	items := []paychannel.PaidItem{{ShipmentID: "S1", AmountMinor: 40}, {ShipmentID: "S2", AmountMinor: 60}}
	hash, sum, err := paychannel.ReferenceOf(items)
	if err != nil || sum != 100 {
		t.Fatal(hash, sum, err)
	}
	p := pay(alpha, 1, 100)
	p.Reference = hash
	ch := opened(t, 1000, 0)
	_, _, err = ch.Itemise(alpha, items, at(beta, 2))
	wantFault(t, err, fault.CodeChannelStatus)
	ch, _, _ = ch.Close(&p, at(beta, 2))
	ch, _, err = ch.Finish(at(beta, 3+wait))
	wantFault(t, err, "")
	for name, c := range map[string]struct {
		actor, payer string
		items        []paychannel.PaidItem
		code         fault.Code
	}{
		"another split of the sum": {beta, alpha, []paychannel.PaidItem{{"S1", 60}, {"S2", 40}}, fault.CodeItemsMismatch},
		"another order":            {beta, alpha, []paychannel.PaidItem{{"S2", 60}, {"S1", 40}}, fault.CodeChannelInvalid},
		"a shipment twice":         {beta, alpha, []paychannel.PaidItem{{"S1", 40}, {"S1", 60}}, fault.CodeChannelInvalid},
		"nothing":                  {beta, alpha, nil, fault.CodeChannelInvalid},
		"too many":                 {beta, alpha, make([]paychannel.PaidItem, paychannel.MaxItems+1), fault.CodeChannelInvalid},
		"an amount of 0":           {beta, alpha, []paychannel.PaidItem{{"S1", 0}, {"S2", 100}}, fault.CodeAmountInvalid},
		"the payee's list":         {beta, beta, items, fault.CodeItemsMismatch},
		"of a stranger":            {beta, "GammaMSP", items, fault.CodeChannelInvalid},
		"by a stranger":            {"GammaMSP", alpha, items, fault.CodeChannelNotParty},
	} {
		_, _, err := ch.Itemise(c.payer, c.items, at(c.actor, 4+wait))
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	ch, list, err := ch.Itemise(alpha, items, at(alpha, 4+wait))
	if err != nil || list.Payee != beta || len(list.Payments()) != 2 || list.Payments()[1].AmountMinor != 60 {
		t.Fatalf("%+v, %v", list, err)
	}
	_, _, err = ch.Itemise(alpha, items, at(beta, 5+wait))
	wantFault(t, err, fault.CodeItemsRecorded)
}
