package money_test

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

const (
	holder = "ShipperMSP"
	issuer = "ServiceMSP"
	third  = "ManufacturerMSP"
)

func by(org string) money.When {
	return money.When{Actor: org, Now: "2026-03-01T08:00:00.000Z", TransactionID: "tx-" + org}
}

func request() money.Redemption {
	return money.Redemption{RedemptionID: "rd-1", Issuer: issuer, Currency: "USD", AmountMinor: 700, PayTo: "account 12"}
}

func TestWhatMayBeRequested(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*money.Redemption)
		code   fault.Code
	}{
		"tokens that another issued":  {func(*money.Redemption) {}, ""},
		"tokens of one's own":         {func(r *money.Redemption) { r.Issuer = holder }, fault.CodeInvalid},
		"nothing":                     {func(r *money.Redemption) { r.AmountMinor = 0 }, fault.CodeAmountInvalid},
		"less than nothing":           {func(r *money.Redemption) { r.AmountMinor = -1 }, fault.CodeAmountInvalid},
		"more than there can be":      {func(r *money.Redemption) { r.AmountMinor = money.Max + 1 }, fault.CodeAmountInvalid},
		"a currency that is not one":  {func(r *money.Redemption) { r.Currency = "usd" }, fault.CodeAmountInvalid},
		"money that goes nowhere":     {func(r *money.Redemption) { r.PayTo = "" }, fault.CodeInvalid},
		"a destination without end":   {func(r *money.Redemption) { r.PayTo = strings.Repeat("x", money.MaxPaymentText+1) }, fault.CodeInvalid},
		"an id that cannot be one":    {func(r *money.Redemption) { r.RedemptionID = "a b" }, fault.CodeIDInvalid},
		"one that says it is settled": {func(r *money.Redemption) { r.Status, r.Reference, r.Holder = "confirmed", "x", third }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			c.change(&r)
			got, err := money.RequestRedemption(r, by(holder))
			wantFault(t, err, c.code)
			if err == nil && (got.Status != money.RedemptionRequested || got.Holder != holder || got.Reference != "") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestARedemptionEndsOnceByWhomItConcerns, and its tokens go back only where they
// were not paid out.
func TestARedemptionEndsOnceByWhomItConcerns(t *testing.T) {
	type step = func(money.Redemption, money.When) (money.Redemption, error)
	steps := map[string]struct {
		take step
		by   string
		back bool
	}{
		"confirmed": {func(r money.Redemption, w money.When) (money.Redemption, error) { return r.Confirm("transfer 5", w) }, issuer, false},
		"declined":  {func(r money.Redemption, w money.When) (money.Redemption, error) { return r.Decline("too little", w) }, issuer, true},
		"withdrawn": {money.Redemption.Withdraw, holder, true},
	}
	open, err := money.RequestRedemption(request(), by(holder))
	wantFault(t, err, "")
	for name, s := range steps {
		t.Run(name, func(t *testing.T) {
			for _, org := range []string{holder, issuer, third} {
				next, err := s.take(open, by(org))
				if org != s.by {
					wantFault(t, err, fault.CodeRedemptionNotParty)
					continue
				}
				wantFault(t, err, "")
				if string(next.Status) != name || next.TransactionID != "tx-"+org {
					t.Errorf("got %+v", next)
				}
				owed := money.Credit{CreditID: next.TransactionID, Organisation: holder, Currency: "USD", AmountMinor: 700, Reference: "rd-1"}
				if next.Owes(owed) != s.back || open.Owes(owed) {
					t.Errorf("%s owes: %v", name, next.Owes(owed))
				}
				for what, other := range map[string]func(*money.Credit){
					"another amount":      func(c *money.Credit) { c.AmountMinor++ },
					"another currency":    func(c *money.Credit) { c.Currency = "EUR" },
					"another payee":       func(c *money.Credit) { c.Organisation = issuer },
					"another transaction": func(c *money.Credit) { c.CreditID = "x" },
					"another redemption":  func(c *money.Credit) { c.Reference = "rd-2" },
					"another number":      func(c *money.Credit) { c.Number = 1 },
				} {
					c := owed
					if other(&c); next.Owes(c) {
						t.Errorf("%s is owed too", what)
					}
				}
				for _, again := range steps {
					_, err := again.take(next, by(again.by))
					wantFault(t, err, fault.CodeRedemptionOver)
				}
			}
		})
	}
	_, err = open.Confirm("", by(issuer))
	wantFault(t, err, fault.CodeInvalid)
	_, err = open.Decline(strings.Repeat("x", money.MaxPaymentText+1), by(issuer))
	wantFault(t, err, fault.CodeInvalid)
}

// TestWhatIsPaidOutIsIssuedNoMore, and no issuer answers for another's tokens.
func TestWhatIsPaidOutIsIssuedNoMore(t *testing.T) {
	s := money.Shard{Organisation: issuer, Currency: "USD", BalanceMinor: 5, IssuedMinor: 700}
	got, err := s.Retire(700)
	if wantFault(t, err, ""); got.IssuedMinor != 0 || got.BalanceMinor != 5 {
		t.Errorf("got %+v", got)
	}
	_, err = got.Retire(1)
	wantFault(t, err, fault.CodeInsufficientFunds)
	_, err = s.Retire(-1)
	wantFault(t, err, fault.CodeAmountInvalid)
}
