package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// Between these lengths, in thousandths of g, the acceleration is gravity, and so has a direction to lean from.
const leastGravity, greatestGravity = 900, 1100

// arctangents of 2^-i, in thousandths of a degree with 40 binary places.
var arctangents = [...]int64{
	49_478_023_249_920_000, 29_208_582_661_661_765, 15_433_012_903_280_090, 7_834_038_323_711_628, 3_932_221_230_124_601, 1_968_027_526_446_166,
	984_253_903_256_460, 492_156_985_618_491, 246_082_247_573_572, 123_041_593_148_441, 61_520_855_244_931, 30_760_434_956_320,
	15_380_218_394_892, 7_690_109_312_038, 3_845_054_670_343, 1_922_527_336_962, 961_263_668_705, 480_631_834_380,
	240_315_917_194, 120_157_958_597, 60_078_979_299, 30_039_489_649, 15_019_744_825, 7_509_872_412,
	3_754_936_206, 1_877_468_103, 938_734_052, 469_367_026, 234_683_513, 117_341_756,
	58_670_878, 29_335_439, 14_667_720, 7_333_860, 3_666_930, 1_833_465,
}

// tilt is the angle between the acceleration and the device's z axis in
// thousandths of a degree, rounded to the nearest: 0 upright, 90,000 on its
// side, 180,000 on its head. CORDIC turns the vector onto the axis by ever
// smaller known angles, with additions and shifts alone.
func tilt(r *measure.Reading) (int64, bool) {
	ax, okX := r.Value(measure.AccelerationX)
	ay, okY := r.Value(measure.AccelerationY)
	z, okZ := r.Value(measure.AccelerationZ)
	if !okX || !okY || !okZ || max(ax, -ax, ay, -ay, z, -z) > greatestGravity {
		return 0, false
	}
	if g := ax*ax + ay*ay + z*z; g < leastGravity*leastGravity || g > greatestGravity*greatestGravity {
		return 0, false
	}
	const places = 21 // what leaves the sum of two squares in 64 bits
	y := measure.Magnitude(ax<<places, ay<<places, 0)
	x := z << places
	const more = 19 // places for the turning
	if z < 0 {
		return 180_000 - angle(-x<<more, y<<more), true
	}
	return angle(x<<more, y<<more), true
}

// angle of the vector x, y, neither negative, against the x axis.
func angle(x, y int64) int64 {
	var sum int64
	for i, a := range arctangents {
		// Towards the axis: where y is negative, minus is all ones, and turns the three signs without a branch.
		minus := y >> 63
		x, y, sum = x+(y>>i^minus)-minus, y-(x>>i^minus)+minus, sum+(a^minus)-minus
	}
	return (sum + 1<<39) >> 40
}
