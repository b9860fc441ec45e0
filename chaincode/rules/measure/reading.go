package measure

import (
	"math"
	"math/bits"
)

// MinUnixMs and MaxUnixMs are the first and the last time of a reading: the
// years 2000 to 2199, as in [ParseTime]. A device whose clock was never set does
// not record evidence.
const (
	MinUnixMs int64 = 946_684_800_000
	MaxUnixMs int64 = 7_258_118_399_999
)

// Reading is what a device measured at one instant. The device numbers its
// readings from 1 for each shipment; a gap in the numbers is missing evidence.
type Reading struct {
	Sequence uint64
	At       int64              // the device's clock, milliseconds since 1970-01-01 UTC: a claim
	Present  uint16             // bit m-1 is set when the device gave a value for metric m
	Values   [MetricCount]int64 // value of metric m at m-1, in thousandths of its unit; 0 when not present
}

// Value is the value of a metric, if the device gave one.
func (r Reading) Value(m Metric) (int64, bool) {
	if !m.Valid() || r.Present&(1<<(m-1)) == 0 {
		return 0, false
	}
	return r.Values[m-1], true
}

// Set gives the reading a value. A number that is no metric is ignored.
func (r *Reading) Set(m Metric, v int64) {
	if !m.Valid() {
		return
	}
	r.Present |= 1 << (m - 1)
	r.Values[m-1] = v
}

const axes = 1<<(AccelerationX-1) | 1<<(AccelerationY-1) | 1<<(AccelerationZ-1)

// Shock is the length of the acceleration vector in milli-g, rounded down. It
// contains gravity: about 1,000 at rest, about 0 in free fall. It exists only
// when the device gave all three axes.
func (r Reading) Shock() (int64, bool) {
	if r.Present&axes != axes {
		return 0, false
	}
	return Magnitude(r.Values[AccelerationX-1], r.Values[AccelerationY-1], r.Values[AccelerationZ-1]), true
}

// Magnitude is the square root of x²+y²+z² rounded down, exact for every input;
// a result beyond int64 is the greatest int64.
func Magnitude(x, y, z int64) int64 {
	// Three squares of at most 2^126 fit in 128 bits.
	hi, lo := square(x)
	for _, v := range [2]int64{y, z} {
		h, l := square(v)
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi, _ = bits.Add64(hi, h, carry)
	}
	root := sqrt128(hi, lo)
	if root > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(root)
}

func square(v int64) (hi, lo uint64) {
	a := magnitude(v)
	return bits.Mul64(a, a)
}

// magnitude is |v|; the least int64 has one too.
func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// sqrt64 finds the same of a number that fits 64 bits, by Newton's method from
// above: the first step that does not come down has found it.
func sqrt64(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	root := uint64(1) << ((bits.Len64(n) + 1) / 2)
	for {
		next := (root + n/root) / 2
		if next >= root {
			return root
		}
		root = next
	}
}

// sqrt128 finds the greatest root whose square is at most hi:lo, bit by bit.
func sqrt128(hi, lo uint64) uint64 {
	if hi == 0 {
		return sqrt64(lo)
	}
	n := 64 + bits.Len64(hi)
	var root uint64
	for bit := (n+1)/2 - 1; bit >= 0; bit-- {
		try := root | 1<<bit
		h, l := bits.Mul64(try, try)
		if h < hi || h == hi && l <= lo {
			root = try
		}
	}
	return root
}
