package money_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

var why = money.Why{Reason: money.ReasonIssue, Reference: "bank", At: measure.Time("2026-03-01T08:00:00.000Z"), TransactionID: "tx"}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func TestAmounts(t *testing.T) {
	for amount, code := range map[money.Minor]fault.Code{
		0: "", 1: "", money.Max: "", money.Max + 1: fault.CodeAmountInvalid, -1: fault.CodeAmountInvalid,
		math.MaxInt64: fault.CodeAmountInvalid, math.MinInt64: fault.CodeAmountInvalid,
	} {
		wantFault(t, amount.Check("amount"), code)
		if amount == 0 {
			code = fault.CodeAmountInvalid
		}
		wantFault(t, amount.CheckPositive("amount"), code)
	}
	if money.Max >= 1<<53 {
		t.Error("a JSON reader with floating point would not keep every amount")
	}
	for _, c := range []struct {
		a, b money.Minor
		code fault.Code
	}{
		{0, 0, ""}, {1, 2, ""}, {money.Max, 0, ""}, {money.Max, 1, fault.CodeAmountInvalid}, {-1, 2, fault.CodeAmountInvalid},
		{2, -1, fault.CodeAmountInvalid}, {math.MaxInt64, math.MaxInt64, fault.CodeAmountInvalid},
	} {
		sum, err := money.Add(c.a, c.b)
		wantFault(t, err, c.code)
		if err == nil && sum != c.a+c.b {
			t.Errorf("%d + %d = %d", c.a, c.b, sum)
		}
	}
}

func TestCurrencies(t *testing.T) {
	for _, c := range []money.Currency{"USD", "EUR", "XTS"} {
		wantFault(t, c.Check(), "")
	}
	for _, c := range []money.Currency{"", "US", "USDT", "usd", "US1", "€", "Ü$", "U D", "\x00\x00\x00"} {
		wantFault(t, c.Check(), fault.CodeAmountInvalid)
	}
}

func TestAnAccount(t *testing.T) {
	a := money.OpenShard("AlphaMSP", "USD", 0)
	a, p, err := a.Issue(1_000, why)
	wantFault(t, err, "")
	wantShard := money.Shard{Organisation: "AlphaMSP", Currency: "USD", BalanceMinor: 1_000, IssuedMinor: 1_000, Postings: 1, UpdatedAt: why.At}
	wantPosting := money.Posting{Organisation: "AlphaMSP", Currency: "USD", CreditMinor: 1_000, BalanceMinor: 1_000, Reason: "issue", Reference: "bank", CounterAccount: "issue/bank", At: why.At, TransactionID: "tx"}
	if diff := cmp.Diff(wantShard, a) + cmp.Diff(wantPosting, p); diff != "" {
		t.Error(diff)
	}
	a, p, err = a.Debit(400, why)
	wantFault(t, err, "")
	if a.BalanceMinor != 600 || a.IssuedMinor != 1_000 || p.DebitMinor != 400 || p.CreditMinor != 0 || p.BalanceMinor != 600 || p.Number != 1 {
		t.Errorf("%+v %+v", a, p)
	}
	full := money.Shard{Organisation: "AlphaMSP", Currency: "USD", BalanceMinor: money.Max}
	holder := money.Shard{Organisation: "AlphaMSP", Currency: "USD", BalanceMinor: 500, IssuedMinor: 100}
	type movement func(money.Minor, money.Why) (money.Shard, money.Posting, error)
	for name, c := range map[string]struct {
		account money.Shard
		move    movement
		amount  money.Minor
		want    fault.Code
	}{
		"the whole balance is spent":                     {a, a.Debit, 600, ""},
		"an account is not overdrawn":                    {a, a.Debit, 601, fault.CodeInsufficientFunds},
		"a negative debit":                               {a, a.Debit, -1, fault.CodeAmountInvalid},
		"a negative credit":                              {a, a.Credit, -1, fault.CodeAmountInvalid},
		"a balance has an end":                           {full, full.Credit, 1, fault.CodeAmountInvalid},
		"what does not fit is not issued":                {full, full.Issue, 1, fault.CodeAmountInvalid},
		"a negative issue":                               {a, a.Issue, -1, fault.CodeAmountInvalid},
		"what was issued is redeemed":                    {holder, holder.Redeem, 100, ""},
		"what others issued is not redeemed here":        {holder, holder.Redeem, 101, fault.CodeInsufficientFunds},
		"what was issued and spent is not redeemed":      {a, a.Redeem, 601, fault.CodeInsufficientFunds},
		"a negative redemption":                          {a, a.Redeem, -1, fault.CodeAmountInvalid},
		"the lowest integer is no redemption either":     {a, a.Redeem, math.MinInt64, fault.CodeAmountInvalid},
		"a redemption beyond all amounts is not an over": {a, a.Redeem, math.MaxInt64, fault.CodeAmountInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			next, p, err := c.move(c.amount, why)
			wantFault(t, err, c.want)
			if err != nil && (next != c.account || p != money.Posting{}) {
				t.Errorf("refused, but %+v became %+v with %+v", c.account, next, p)
			}
		})
	}
}

// Nothing is created or lost except by issue and redemption, and the postings
// alone tell every balance.
func TestMoneyIsConserved(t *testing.T) {
	amount := rapid.OneOf(rapid.Int64Range(-2, 100), rapid.Int64Range(0, int64(money.Max)+1))
	rapid.Check(t, func(t *rapid.T) {
		accounts := []money.Shard{money.OpenShard("A", "USD", 0), money.OpenShard("B", "USD", 0), money.OpenShard("C", "USD", 0)}
		told := make([]money.Minor, len(accounts))
		var outside money.Minor // issued less redeemed
		take := func(i int, move func(money.Shard, money.Minor, money.Why) (money.Shard, money.Posting, error), m money.Minor) bool {
			before := accounts[i]
			next, p, err := move(before, m, why)
			if err != nil {
				if next != before || (p != money.Posting{}) {
					t.Fatalf("refused, but %+v became %+v", before, next)
				}
				return false
			}
			told[i] += p.CreditMinor - p.DebitMinor
			if p.Number != before.Postings || next.Postings != before.Postings+1 || p.BalanceMinor != next.BalanceMinor || told[i] != next.BalanceMinor || p.CreditMinor < 0 || p.DebitMinor < 0 {
				t.Fatalf("%+v with %+v became %+v", before, p, next)
			}
			accounts[i] = next
			return true
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			i, m := rapid.IntRange(0, 2).Draw(t, "account"), money.Minor(amount.Draw(t, "amount"))
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				if take(i, money.Shard.Issue, m) {
					outside += m
				}
			case 1:
				if take(i, money.Shard.Redeem, m) {
					outside -= m
				}
			default: // a payment is a debit and a credit, or neither
				to := rapid.IntRange(0, 2).Draw(t, "to")
				if take(i, money.Shard.Debit, m) && !take(to, money.Shard.Credit, m) && !take(i, money.Shard.Credit, m) {
					t.Fatal("what was taken cannot be given back")
				}
			}
			var balances, issued money.Minor
			for _, a := range accounts {
				if a.BalanceMinor < 0 || a.BalanceMinor > money.Max || a.IssuedMinor < 0 || a.IssuedMinor > money.Max {
					t.Fatalf("out of bounds: %+v", a)
				}
				balances += a.BalanceMinor
				issued += a.IssuedMinor
			}
			if balances != outside || issued != outside {
				t.Fatalf("accounts hold %d, issued is %d, should be %d", balances, issued, outside)
			}
		}
	})
}

func TestAnAccountCannotIssueSoMuchThatCreditsToOthersWouldFail(t *testing.T) {
	a := money.OpenShard("AlphaMSP", "USD", 0)
	a, _, err := a.Issue(money.MaxIssued, why)
	if err != nil {
		t.Fatal(err)
	}
	if b, _, err := a.Issue(1, why); !fault.Is(err, fault.CodeAmountInvalid) || b != a {
		t.Errorf("issued beyond the bound: %+v, %v", b, err)
	}
	if _, _, err := a.Credit(999*money.MaxIssued, why); err != nil {
		t.Errorf("all the tokens of a thousand issuers do not fit: %v", err)
	}
}
