package contract_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

// lateReader asks every timeless question twice: now, and years after.
type lateReader struct {
	scenario.Fake
	t     *testing.T
	asked map[api.Transaction]int
}

const years = 30 * 365 * 24 * time.Hour

func (r lateReader) Evaluate(org string, args ...string) ([]byte, error) {
	now, err := r.Fake.Evaluate(org, args...)
	tx := api.Transaction(args[0])
	if !tx.Timeless() {
		return now, err
	}
	r.asked[tx]++
	r.Memory.Advance(years)
	late, lateErr := r.Fake.Evaluate(org, args...)
	r.Memory.Advance(-years)
	if (err == nil) != (lateErr == nil) || !bytes.Equal(now, late) {
		r.t.Errorf("%s %v: now %s (%v), years after %s (%v)", tx, args[1:], now, err, late, lateErr)
	}
	return now, err
}

// What is called timeless is kept by gateways for as long as no block comes: the
// answer to it must not change by itself.
func TestTimelessAnswersDoNotChangeByThemselves(t *testing.T) {
	asked := make(map[api.Transaction]int)
	for _, s := range scenarios(t) {
		b := lateReader{scenario.NewFake(newGuard(t)), t, asked}
		if _, err := scenario.Run(s, b, "r1", "USD"); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	for _, tx := range api.Transactions() {
		if tx.Name.Timeless() && asked[tx.Name] == 0 {
			t.Errorf("no story asks %s; so nobody knows whether it is timeless", tx.Name)
		}
		if tx.Writes && tx.Name.Timeless() {
			t.Errorf("%s writes", tx.Name)
		}
	}
}
