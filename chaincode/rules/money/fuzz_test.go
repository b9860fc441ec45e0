package money_test

import (
	"encoding/binary"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// FuzzAmounts moves any amounts between two accounts: what is refused has changed
// nothing, nobody is overdrawn, and both together hold what was issued.
func FuzzAmounts(f *testing.F) {
	step := func(op byte, amount int64) []byte {
		return binary.LittleEndian.AppendUint64([]byte{op}, uint64(amount))
	}
	f.Add(append(append(step(0, 1000), step(2, 400)...), step(1, 600)...))
	f.Add(append(step(0, int64(money.Max)), step(3, -1)...))
	f.Add(append(step(0, -1<<63), step(2, 1<<63-1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := money.OpenShard("A", "USD", 0), money.OpenShard("B", "USD", 0)
		for ; len(data) >= 9; data = data[9:] {
			amount := money.Minor(binary.LittleEndian.Uint64(data[1:]))
			beforeA, beforeB := a, b
			var p money.Posting
			var err error
			switch data[0] % 4 {
			case 0:
				a, p, err = a.Issue(amount, why)
			case 1:
				a, p, err = a.Redeem(amount, why)
			case 2:
				if a, p, err = a.Debit(amount, why); err == nil {
					b, p, err = b.Credit(amount, why)
				}
			default:
				if b, p, err = b.Debit(amount, why); err == nil {
					a, p, err = a.Credit(amount, why)
				}
			}
			if err != nil {
				if f := fault.From(err); f.Kind == fault.Internal {
					t.Fatal(err)
				}
				a, b = beforeA, beforeB // a transaction is all or nothing
				continue
			}
			if p.CreditMinor < 0 || p.DebitMinor < 0 || p.BalanceMinor < 0 || a.BalanceMinor < 0 || b.BalanceMinor < 0 || a.BalanceMinor+b.BalanceMinor != a.IssuedMinor+b.IssuedMinor {
				t.Fatalf("%d: %+v and %+v became %+v and %+v", amount, beforeA, beforeB, a, b)
			}
		}
	})
}
