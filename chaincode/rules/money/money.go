// Package money owns amounts in minor units, accounts, and the arithmetic on
// them. It does not know why money moves. Invariant: no amount is negative and
// nothing is created or lost except by issue and redemption (LG10, SH13).
package money

import "github.com/lifeledger/lifeledger/chaincode/rules/fault"

// Minor is an amount in the currency's minor unit: 1,000 is ten dollars. One
// token is one unit of the currency, so ten tokens are 1,000 minor units.
type Minor int64

// Max bounds every single amount and balance, far below overflow and below
// 2^53, so that every JSON reader keeps it exactly.
const Max Minor = 1_000_000_000_000_000

// MaxIssued bounds what one account issues: all the tokens of a thousand issuers
// together fit into one account, so that no credit of a settlement can fail.
const MaxIssued = Max / 1_000

// Currency is an ISO 4217 code such as "USD".
type Currency string

// Check refuses what does not look like an ISO 4217 code.
func (c Currency) Check() error {
	if len(c) != 3 {
		return fault.New(fault.CodeAmountInvalid, "currency %q is not three capital letters", string(c)).With("field", "currency")
	}
	for _, r := range c {
		if r < 'A' || r > 'Z' {
			return fault.New(fault.CodeAmountInvalid, "currency %q is not three capital letters", string(c)).With("field", "currency")
		}
	}
	return nil
}

// Check refuses an amount that is negative or larger than [Max].
func (m Minor) Check(field string) error {
	if m < 0 || m > Max {
		return fault.New(fault.CodeAmountInvalid, "%s must be between 0 and %d minor units", field, int64(Max)).With("field", field)
	}
	return nil
}

// Add is a+b, refused when the sum is out of bounds.
func Add(a, b Minor) (Minor, error) {
	if err := a.Check("amount"); err != nil {
		return 0, err
	}
	if err := b.Check("amount"); err != nil {
		return 0, err
	}
	sum := a + b // two amounts up to Max cannot overflow 63 bits
	return sum, sum.Check("sum")
}

// CheckPositive refuses what [Minor.Check] refuses, and zero.
func (m Minor) CheckPositive(field string) error {
	if m == 0 {
		return fault.New(fault.CodeAmountInvalid, "%s must be more than 0", field).With("field", field)
	}
	return m.Check(field)
}
