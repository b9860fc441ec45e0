package shipment

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func (t total) big() *big.Int {
	n := new(big.Int).SetUint64(t.high)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(t.low))
}

// TestATotalIsKeptInIntegersThatEveryReaderKeeps: CouchDB's peers read numbers into
// floating point, which has room for 53 bits.
func TestATotalIsKeptInIntegersThatEveryReaderKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := total{rapid.Uint64Range(0, 1<<30).Draw(t, "high"), rapid.Uint64().Draw(t, "low")} // 94 bits
		high, low := want.parts()
		if high < 0 || low < 0 || high >= 1<<53 || low >= 1<<53 {
			t.Fatalf("%d and %d", high, low)
		}
		if got := totalOf(int64(float64(high)), int64(float64(low))); got != want {
			t.Fatalf("%v became %v", want.big(), got.big())
		}
	})
	// What was written in parts of 63 bits, as far as any shipment can have got.
	if got := totalOf(0, math.MaxInt64); got != (total{0, math.MaxInt64}) {
		t.Error(got)
	}
}
