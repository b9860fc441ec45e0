package service_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

const t0 = "2026-03-01T12:00:00.000Z"

func when(actor string) service.When {
	return service.When{Actor: actor, Now: t0, TransactionID: "tx"}
}

func agreed(t rapid.TB) service.Agreement {
	t.Helper()
	a, err := service.Propose(service.Agreement{
		AgreementID: "A1", Operator: "Operator", Provider: "Provider", Currency: "USD", ValidFrom: t0, ValidUntil: "2027-03-01T12:00:00.000Z",
		Prices: []service.StepPrice{{Step: "inspect", AmountMinor: 500}, {TaskID: "seal", Step: "inspect", AmountMinor: 700}, {TaskID: "seal", Step: "exchange", AmountMinor: 900}},
		Rates:  []service.UsageRate{{Measure: "hours", AmountMinor: 3, Per: 10}},
	}, when("Operator"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err = a.Accept(when("Provider")); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheTasksOwnPriceGoesBeforeTheGeneralOne(t *testing.T) {
	a := agreed(t)
	for _, c := range []struct {
		task, step string
		want       money.Minor
	}{{"seal", "inspect", 700}, {"seal", "exchange", 900}, {"oil", "inspect", 500}, {"", "inspect", 500}, {"oil", "exchange", 0}, {"", "exchange", 0}, {"seal", "paint", 0}} {
		if got := a.Price(c.task, c.step); got != c.want {
			t.Errorf("step %q of task %q costs %d, want %d", c.step, c.task, got, c.want)
		}
	}
}

func TestWhomAnAgreementServes(t *testing.T) {
	a := agreed(t)
	ended, err := a.End(when("Provider"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		a     service.Agreement
		owner string
		now   string
		want  bool
	}{
		"its operator, from the first moment":   {a, "Operator", t0, true},
		"not before":                            {a, "Operator", "2026-03-01T11:59:59.999Z", false},
		"not from its last moment on":           {a, "Operator", "2027-03-01T12:00:00.000Z", false},
		"not who bought the component":          {a, "Buyer", t0, false},
		"nobody after its end":                  {ended, "Operator", t0, false},
		"the provider's own components neither": {a, "Provider", t0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.a.Serves(c.owner, measureTime(c.now)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
