package shipment

import "math/bits"

// The mean kinetic temperature of a time is T = D / -ln(mean of exp(-D/Ti)),
// each Ti weighted with how long it held. Dividing every term by the one of the
// bound, T is above the bound exactly when the mean of exp(D/bound - D/Ti) is
// above 1: so the verdict needs only sums of integers, and no logarithm.
const (
	activation   = 10_000 // D: heat of activation over gas constant, kelvin (USP <1160>)
	zeroCelsius  = 273_150
	leastKelvin  = 1_000
	kineticPlace = 32 // binary places of a weight: 1 is the weight of the bound
	one          = 1 << kineticPlace
	ln2          = 762_123_384_786 // with 40 binary places
)

// inverse is D/T with 40 binary places; T in thousandths of a kelvin, above 0.
func inverse(milliKelvin int64) int64 {
	return int64((activation * 1000 << 40) / uint64(milliKelvin))
}

// kineticWeight is exp(D/bound - D/T) with 32 binary places, for temperatures in
// thousandths of a degree Celsius. It is exactly 1 at the bound, off by less than
// a billionth near it, and ends at 2^31: a reading that counts two thousand
// million times as much as the bound decides by itself.
func kineticWeight(bound, value int64) uint64 {
	b, v := bound+zeroCelsius, value+zeroCelsius
	if v < leastKelvin { // near absolute zero nothing happens to anything
		return 0
	}
	x := bits40(inverse(b) - inverse(v))
	n := x.floor()
	if n > 30 {
		return 1 << 63
	}
	if n < -kineticPlace {
		return 0
	}
	return exponential(uint64(int64(x)-n*ln2)<<22) >> (30 - n)
}

// bits40 is a number with 40 binary places.
type bits40 int64

// floor is how many times ln 2 goes into it.
func (x bits40) floor() int64 {
	n := int64(x) / ln2
	if int64(x)%ln2 < 0 {
		n--
	}
	return n
}

// exponential is e^f for f from 0 to ln 2, both with 62 binary places: the first
// fourteen terms of the series, by Horner's rule.
func exponential(f uint64) uint64 {
	const unit = 1 << 62
	r := uint64(unit / 6_227_020_800)
	for _, c := range [...]uint64{
		unit / 479_001_600, unit / 39_916_800, unit / 3_628_800, unit / 362_880, unit / 40_320, unit / 5_040,
		unit / 720, unit / 120, unit / 24, unit / 6, unit / 2, unit, unit,
	} {
		high, low := bits.Mul64(f, r)
		r = c + (high<<2 | low>>62)
	}
	return r
}

// meanKinetic is the temperature of a mean weight, in thousandths of a degree
// Celsius rounded down: the greatest at which the weight is not above it.
func meanKinetic(bound int64, sum total, overMs int64) int64 {
	low, high := -int64(zeroCelsius), int64(2_000_000) // what a sensor can show
	for low < high {
		middle := (low + high + 1) >> 1
		if product(kineticWeight(bound, middle), uint64(overMs)).compare(sum) > 0 {
			high = middle - 1
		} else {
			low = middle
		}
	}
	return low
}
