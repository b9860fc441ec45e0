package service_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	rulesmoney "github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

type minor = rulesmoney.Minor

func TestStepsArePaidInOrderEachOnce(t *testing.T) {
	r := request(t, inspection(), service.Started)
	b := service.OpenBill(r, served(t), at("Provider", 0))
	steps := []service.ServiceStep{{RequestID: r.RequestID, Number: 0, Step: "a", PriceMinor: 5}, {RequestID: r.RequestID, Number: 1, Step: "b"}, {RequestID: r.RequestID, Number: 2, Step: "c", PriceMinor: 7}}
	b, p, err := b.PaySteps(steps[:2], at("Operator", 1))
	if err != nil || p.AmountMinor != 5 || p.Number != 0 || len(p.Lines) != 1 || b.Steps != 2 || b.Payments != 1 {
		t.Fatal(b, p, err)
	}
	for name, s := range map[string][]service.ServiceStep{"again": steps[1:], "with a gap": {{RequestID: r.RequestID, Number: 3}}, "of another request": {{RequestID: "x", Number: 2}}, "none": nil} {
		if _, _, err := b.PaySteps(s, at("Operator", 1)); !is(err, fault.CodeStepPaid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	free, p, err := b.PaySteps([]service.ServiceStep{{RequestID: r.RequestID, Number: 2, Step: "d"}}, at("Operator", 2))
	if err != nil || p.AmountMinor != 0 || free.Payments != 1 || free.Steps != 3 {
		t.Error("a step that costs nothing is no payment", free, p, err)
	}
	b, p, err = b.PaySteps(steps[2:], at("Operator", 2))
	if err != nil || p.Number != 1 || b.PaidMinor != 12 {
		t.Error(b, p, err)
	}
	credit := rulesmoney.Credit{CreditID: p.TransactionID, Organisation: "Provider", Currency: "USD", AmountMinor: 7, Reference: r.RequestID, Number: 1}
	if !p.Owes(credit) {
		t.Error("the payment does not stand behind its credit")
	}
	for name, change := range map[string]func(*rulesmoney.Credit){
		"amount": func(c *rulesmoney.Credit) { c.AmountMinor++ }, "number": func(c *rulesmoney.Credit) { c.Number = 0 }, "payee": func(c *rulesmoney.Credit) { c.Organisation = "Other" },
		"currency": func(c *rulesmoney.Credit) { c.Currency = "EUR" }, "bill": func(c *rulesmoney.Credit) { c.Reference = "x" }, "transaction": func(c *rulesmoney.Credit) { c.CreditID = "x" },
	} {
		c := credit
		if change(&c); p.Owes(c) {
			t.Errorf("it stands behind one of another %s", name)
		}
	}
}

func TestWhoPaysForSteps(t *testing.T) {
	for name, c := range map[string]struct {
		status service.RequestStatus
		until  uint64
		by     string
		code   fault.Code
	}{
		"the operator":             {service.Done, 1, "Operator", ""},
		"the provider":             {service.Done, 1, "Provider", fault.CodeServiceNotParty},
		"more than there are":      {service.Done, 2, "Operator", fault.CodeInvalid},
		"none":                     {service.Done, 0, "Operator", fault.CodeInvalid},
		"before the work is begun": {service.Scheduled, 1, "Operator", fault.CodeRequestStatus},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, request(t, inspection(), c.status).Payable(c.until, c.by), c.code)
		})
	}
}

// However often use is charged, it comes to what all of it costs, rounded down once.
func TestChargesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := served(t)
		a.Rates = []service.UsageRate{{Measure: "hours", AmountMinor: minor(rapid.Int64Range(1, 1_000_000).Draw(t, "rate")), Per: rapid.Int64Range(1, 1_000_000).Draw(t, "per")}}
		total := rapid.Int64Range(0, 1_000_000).Draw(t, "start")
		start := total
		b := service.OpenUsageBill(a, "c", counted(total), at("Operator", 0))
		var sum minor
		for i := range rapid.IntRange(1, 20).Draw(t, "charges") {
			total += rapid.Int64Range(0, 5000).Draw(t, "use")
			next, p, err := b.Charge(a, counted(total), at("Provider", int64(i)))
			if is(err, fault.CodeChargeNone) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Number != b.Payments || next.Payments != b.Payments+1 || p.Lines[0].From != b.Meters[0].To || p.Lines[0].To != total {
				t.Fatalf("%+v after %+v", p, b)
			}
			b, sum = next, sum+p.AmountMinor
		}
		cost := func(use int64) int64 {
			x := new(big.Int).Mul(big.NewInt(use), big.NewInt(int64(a.Rates[0].AmountMinor)))
			return x.Div(x, big.NewInt(a.Rates[0].Per)).Int64()
		}
		if want := cost(total - start); int64(sum) != want || int64(b.PaidMinor) != want {
			t.Fatalf("charged %d for %d, want %d", sum, total-start, want)
		}
	})
}

func TestWhatIsNotCharged(t *testing.T) {
	a := served(t)
	b := service.OpenUsageBill(a, "c", counted(100), at("Operator", 0))
	for name, c := range map[string]struct {
		total int64
		by    string
		code  fault.Code
	}{
		"no use":                          {100, "Operator", fault.CodeChargeNone},
		"use that rounds down to nothing": {103, "Operator", fault.CodeChargeNone},
		"use that costs one":              {104, "Provider", ""},
		"by somebody else":                {200, "Other", fault.CodeServiceNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := b.Charge(a, counted(c.total), at(c.by, 1))
			wantFault(t, err, c.code)
		})
	}
	free := a
	free.Rates = nil
	_, _, err := service.OpenUsageBill(free, "c", counted(0), at("Operator", 0)).Charge(free, counted(9), at("Operator", 1))
	wantFault(t, err, fault.CodeChargeNone)
	dear := a
	dear.Rates = []service.UsageRate{{Measure: "hours", AmountMinor: rulesmoney.Max, Per: 1}}
	_, _, err = service.OpenUsageBill(dear, "c", counted(0), at("Operator", 0)).Charge(dear, counted(1_000_000), at("Operator", 1))
	wantFault(t, err, fault.CodeAmountInvalid)
}

// What was used while the component was elsewhere is not charged, and what was used
// before it went is charged before.
func TestUseIsChargedBeforeAComponentGoes(t *testing.T) {
	a := served(t) // 3 for every 10 hours
	b := service.OpenUsageBill(a, "c", counted(100), at("Operator", 0))
	wantFault(t, b.Settled(a, counted(200), at("Operator", 1)), fault.CodeChargeOutstanding)
	wantFault(t, b.Settled(a, counted(103), at("Operator", 1)), "")
	b, p, err := b.Charge(a, counted(205), at("Provider", 1))
	if err != nil || p.AmountMinor != 31 {
		t.Fatal(p, err)
	}
	wantFault(t, b.Settled(a, counted(205), at("Operator", 1)), "")
	b = b.Resume(counted(10_000), at("Operator", 2))
	wantFault(t, b.Settled(a, counted(10_000), at("Operator", 2)), "")
	if b, p, err = b.Charge(a, counted(10_005), at("Provider", 3)); err != nil || p.AmountMinor != 2 || p.Lines[0].From != 10_000 || b.PaidMinor != 33 {
		t.Error(b, p, err) // 110 hours in all cost 33
	}
}
