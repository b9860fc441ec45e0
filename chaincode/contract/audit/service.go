package audit

import "encoding/json"

// checkBill: a bill only grows, never loses a payment, and pays each step once.
func checkBill(a *Auditor, _ string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	for _, m := range []string{"payments", "steps", "paidMinor"} {
		if after.number(m) < before.number(m) {
			complain("a bill was cut: %s, then %s", before.raw, after.raw)
			return
		}
	}
	grown, paid := after.number("payments")-before.number("payments"), after.number("paidMinor")-before.number("paidMinor")
	if grown > 1 || (grown == 1) != (paid > 0) {
		complain("%d payments of %d in all: %s, then %s", grown, paid, before.raw, after.raw)
	}
	a.checkPaidSteps(before, after, complain)
}

// checkServicePayment: a payment is of something, and adds up.
func checkServicePayment(_ *Auditor, _ string, _, after record, _ map[string]int64, complain func(string, ...any)) {
	var lines []struct{ AmountMinor int64 }
	if err := json.Unmarshal(after.members["lines"], &lines); err != nil {
		complain("%w", err)
	}
	sum := int64(0)
	for _, l := range lines {
		sum += l.AmountMinor
	}
	if amount := after.number("amountMinor"); amount <= 0 || amount != sum {
		complain("a payment does not add up: %s", after.raw)
	}
}
