package smartpackage

import (
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// SyntheticReadings is the length of a [Synthetic] journey that suits a demo:
// ten minutes at one reading a second.
const SyntheticReadings = 600

// pulse is a slow warming: the temperature rises, stays and falls again. Times
// are in thousandths of the journey, height is in thousandths of a degree.
type pulse struct{ from, top, fall, until, height int64 }

// Synthetic is an invented journey of n readings, the same every time. It is
// made to be judged: the cargo warms above 40 °C twice, once in the first half
// and once around the middle, so that a hand-over at n/2 splits that excursion;
// at four fifths it is dropped, a single reading above 3 g; and near the end
// the box is opened to the light for a while.
func Synthetic(start time.Time, step time.Duration, n int) []measure.Reading {
	warmings := [...]pulse{
		{from: 80, top: 180, fall: 240, until: 320, height: 24_000},
		{from: 360, top: 450, fall: 550, until: 660, height: 26_000},
	}
	noise := noise(1)
	readings := make([]measure.Reading, n)
	for i := range readings {
		r := &readings[i]
		r.At = start.Add(time.Duration(i) * step).UnixMilli()
		p := int64(i) * 1000 / int64(n)
		celsius := int64(21_500)
		for _, w := range warmings {
			celsius += w.at(p)
		}
		r.Set(measure.Temperature, celsius+noise.within(40))
		// Warm air at the same water content is drier.
		r.Set(measure.Humidity, (48_000-(celsius-21_500)/2)/100*100)
		r.Set(measure.Illuminance, 0)
		if p >= 860 && p < 900 {
			r.Set(measure.Illuminance, 320_000+noise.within(9_000))
		}
		r.Set(measure.AccelerationX, 12+noise.within(25))
		r.Set(measure.AccelerationY, -8+noise.within(25))
		r.Set(measure.AccelerationZ, 1_003+noise.within(25))
		if i == n*4/5 {
			r.Set(measure.AccelerationX, 2_410)
			r.Set(measure.AccelerationY, -1_530)
			r.Set(measure.AccelerationZ, 2_660)
		}
	}
	return readings
}

func (w pulse) at(p int64) int64 {
	switch {
	case p < w.from || p >= w.until:
		return 0
	case p < w.top:
		return w.height * (p - w.from) / (w.top - w.from)
	case p < w.fall:
		return w.height
	default:
		return w.height * (w.until - p) / (w.until - w.fall)
	}
}

// noise is a xorshift generator: it looks like a sensor's jitter and repeats.
type noise uint64

// within gives a number from -limit to limit.
func (s *noise) within(limit int64) int64 {
	*s ^= *s << 13
	*s ^= *s >> 7
	*s ^= *s << 17
	return int64(uint64(*s)%uint64(2*limit+1)) - limit
}
