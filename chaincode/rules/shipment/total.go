package shipment

import (
	"math"
	"math/bits"
)

// total is a sum that does not overflow: far above any value of any metric times
// the two hundred years of a calendar, which has 83 bits.
type total struct{ high, low uint64 }

// exact is how many bits of an integer every JSON reader keeps, a peer on CouchDB
// among them, which takes numbers through floating point.
const exact = 53

// In a record a total is two integers of 53 bits. A low part beyond that, as it was
// written before, is read as what it says.
func totalOf(high, low int64) total {
	return total{uint64(high) >> (64 - exact), uint64(high) << exact}.add(total{0, uint64(low)})
}

func (t total) parts() (high, low int64) {
	return int64((t.high<<(64-exact) | t.low>>exact) & math.MaxInt64), int64(t.low & (1<<exact - 1))
}

func product(a, b uint64) total {
	high, low := bits.Mul64(a, b)
	return total{high, low}
}

func (t total) add(u total) total {
	low, carry := bits.Add64(t.low, u.low, 0)
	high, _ := bits.Add64(t.high, u.high, carry)
	return total{high, low}
}

// minus takes away what is not more than t.
func (t total) minus(u total) total {
	low, borrow := bits.Sub64(t.low, u.low, 0)
	high, _ := bits.Sub64(t.high, u.high, borrow)
	return total{high, low}
}

func (t total) compare(u total) int {
	switch {
	case t == u:
		return 0
	case t.high < u.high || t.high == u.high && t.low < u.low:
		return -1
	}
	return 1
}

// over is t divided by n, rounded down; what has no room in 63 bits is the greatest number that has.
func (t total) over(n uint64) int64 {
	if t.high >= n {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(t.high, t.low, n)
	return int64(min(quotient, math.MaxInt64))
}

// started is how many of n are begun: t divided by n rounded up, and never less than one.
func (t total) started(n uint64) int64 {
	whole := t.over(n)
	if whole < math.MaxInt64 && product(uint64(whole), n) != t || whole == 0 {
		whole++
	}
	return whole
}
