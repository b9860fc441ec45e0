package money_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// TestShardsHoldWhatTheAccountHolds: spreading and gathering neither make nor
// lose anything, and what all shards hold together can be spent, and no more.
func TestShardsHoldWhatTheAccountHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, money.MaxShards).Draw(t, "shards")
		shards := make([]money.Shard, n)
		var total money.Minor
		for i := range shards {
			shards[i] = money.OpenShard("A", "USD", i)
			shards[i].BalanceMinor = money.Minor(rapid.Int64Range(0, 1000).Draw(t, "balance"))
			total += shards[i].BalanceMinor
		}
		explain := func(before, after []money.Shard, ps []money.Posting) {
			for i := range after {
				moved := after[i].BalanceMinor - before[i].BalanceMinor
				for _, p := range ps {
					if p.Shard == after[i].Shard {
						moved -= p.CreditMinor - p.DebitMinor
					}
				}
				if moved != 0 || after[i].BalanceMinor < 0 {
					t.Fatalf("%+v became %+v with %+v", before[i], after[i], ps)
				}
			}
		}
		to := rapid.IntRange(1, n).Draw(t, "to")
		m, err := money.Share(shards, to, why)
		if err != nil {
			t.Fatal(err)
		}
		explain(shards, m.Shards, m.Postings)
		var spread money.Minor
		for i, s := range m.Shards {
			spread += s.BalanceMinor
			if i >= to && s.BalanceMinor != 0 || i < to && s.BalanceMinor-m.Shards[to-1].BalanceMinor > 1 {
				t.Fatalf("not equal parts: %+v", m.Shards)
			}
		}
		if spread != total {
			t.Fatalf("%d became %d", total, spread)
		}
		amount := money.Minor(rapid.Int64Range(1, 2000*int64(n)).Draw(t, "amount"))
		own, g, err := shards[0].Gather(shards[1:], amount, why)
		if amount > total {
			if !fault.Is(err, fault.CodeInsufficientFunds) || len(g.Shards) != 0 {
				t.Fatalf("%d of %d: %+v, %v", amount, total, g, err)
			}
			return
		}
		if err != nil || own.BalanceMinor < amount {
			t.Fatalf("%d of %d: %+v, %v", amount, total, own, err)
		}
		after := append([]money.Shard{own}, shards[1:]...)
		var left money.Minor
		for _, s := range g.Shards {
			after[s.Shard] = s
		}
		for _, s := range after {
			left += s.BalanceMinor
		}
		explain(shards, after, g.Postings)
		if left != total {
			t.Fatalf("gathering made %d of %d", left, total)
		}
	})
}

// TestEveryShardIsChosen: references are spread over all shards, and each keeps its own.
func TestEveryShardIsChosen(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, money.MaxShards} {
		chosen := make(map[int]int)
		for i := range 1000 {
			ref := fmt.Sprint("s-", i)
			s := money.ShardOf(ref, n)
			if s < 0 || s >= max(n, 1) || s != money.ShardOf(ref, n) {
				t.Fatalf("%s of %d: %d", ref, n, s)
			}
			chosen[s]++
		}
		for s := range max(n, 1) {
			if chosen[s] < 500/max(n, 1) {
				t.Errorf("of %d shards, %d is chosen %d times in 1000", n, s, chosen[s])
			}
		}
	}
}

func TestACredit(t *testing.T) {
	c, err := money.NewCredit("A", "USD", 5, why)
	if err != nil || c.CreditID != why.TransactionID || c.CollectedBy != "" {
		t.Fatalf("%+v, %v", c, err)
	}
	got, err := c.Collect(money.Why{TransactionID: "tx2"})
	if err != nil || got.CollectedBy != "tx2" || got.CollectedAt != c.At {
		t.Errorf("%+v, %v", got, err)
	}
	if again, err := got.Collect(money.Why{TransactionID: "tx3"}); !fault.Is(err, fault.CodeCreditCollected) || again != got {
		t.Errorf("collected twice: %+v, %v", again, err)
	}
	for _, amount := range []money.Minor{0, -1, money.Max + 1} {
		_, err := money.NewCredit("A", "USD", amount, why)
		wantFault(t, err, fault.CodeAmountInvalid)
	}
	_, err = money.NewCredit("A", "usd", 1, why)
	wantFault(t, err, fault.CodeAmountInvalid)
	p := money.Payout{Source: c.Reference, Number: c.Number, Currency: "USD", Payees: []money.Payee{{Organisation: "B", AmountMinor: 9}, {Organisation: "A", AmountMinor: 5}}, TransactionID: c.CreditID}
	if !p.Owes(c) {
		t.Error("the payout does not owe what it says")
	}
	for name, x := range map[string]func(*money.Credit){
		"another amount":       func(c *money.Credit) { c.AmountMinor++ },
		"another organisation": func(c *money.Credit) { c.Organisation = "B" },
		"a stranger":           func(c *money.Credit) { c.Organisation = "X" },
		"another currency":     func(c *money.Credit) { c.Currency = "EUR" },
		"another transaction":  func(c *money.Credit) { c.CreditID = "x" },
		"another payout":       func(c *money.Credit) { c.Number++ },
		"another shipment":     func(c *money.Credit) { c.Reference = "x" },
	} {
		forged := c
		if x(&forged); p.Owes(forged) {
			t.Errorf("%s is owed too", name)
		}
	}
}
