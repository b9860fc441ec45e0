package component

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

func TestSinesAreNeverTooLarge(t *testing.T) {
	for micro := int64(0); micro <= 90_000_000; micro += 12_347 {
		want := math.Sin(float64(micro) / 1e6 * math.Pi / 180)
		got := float64(sine(micro)) / one
		if got > want+1e-9 || got < want*0.9999-2e-9 {
			t.Fatalf("sine of %d is %v, not %v", micro, got, want)
		}
	}
}

func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		r := root(n)
		if r*r > n || r < 3_037_000_499 && (r+1)*(r+1) <= n {
			t.Fatalf("root of %d is %d", n, r)
		}
	})
}

// haversine is the way along a sphere of the earth's mean radius, in metres.
func haversine(a, b ScanPosition) float64 {
	rad := func(micro int64) float64 { return float64(micro) / 1e6 * math.Pi / 180 }
	h := math.Pow(math.Sin(rad(a.LatitudeMicro-b.LatitudeMicro)/2), 2) +
		math.Cos(rad(a.LatitudeMicro))*math.Cos(rad(b.LatitudeMicro))*math.Pow(math.Sin(rad(a.LongitudeMicro-b.LongitudeMicro)/2), 2)
	return 2 * 6_371_009 * math.Asin(math.Min(1, math.Sqrt(h)))
}

// What is said to be the least distance is one, and not far below the way: cut off
// by some hundred metres, and across the earth rather than along it.
func TestMetresAreNoMoreThanTheWay(t *testing.T) {
	position := rapid.Custom(func(t *rapid.T) ScanPosition {
		return ScanPosition{rapid.Int64Range(-90_000_000, 90_000_000).Draw(t, "latitude"), rapid.Int64Range(-180_000_000, 180_000_000).Draw(t, "longitude")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := position.Draw(t, "a"), position.Draw(t, "b")
		way, least := haversine(a, b), float64(metres(a, b))
		if least > way+1 || least < way*0.62-600 || metres(b, a) != metres(a, b) {
			t.Fatalf("%v to %v: %v metres at least, the way is %v", a, b, least, way)
		}
		ms := int64(math.Ceil(way / MaxSpeed * 1000))
		if impossible(a, b, measure.At(1_700_000_000_000), measure.At(1_700_000_000_000+ms)) {
			t.Fatalf("%v to %v in %d ms is called impossible", a, b, ms)
		}
	})
}

func TestTravel(t *testing.T) {
	const noon measure.Time = "2026-03-01T12:00:00.000Z"
	hamburg, rotterdam, singapore := ScanPosition{53_550_000, 9_990_000}, ScanPosition{51_920_000, 4_480_000}, ScanPosition{1_290_000, 103_850_000}
	for name, c := range map[string]struct {
		a, b  ScanPosition
		later int64 // seconds
		want  bool
	}{
		"next door at once":                  {hamburg, ScanPosition{53_551_000, 9_991_000}, 0, false},
		"Rotterdam in a quarter of an hour":  {hamburg, rotterdam, 900, true},
		"Rotterdam in an hour":               {hamburg, rotterdam, 3600, false},
		"Singapore within the morning":       {hamburg, singapore, 4 * 3600, true},
		"Singapore over night":               {hamburg, singapore, 13 * 3600, false},
		"over the date line":                 {ScanPosition{0, 179_999_000}, ScanPosition{0, -179_999_000}, 0, false},
		"from pole to pole at once":          {ScanPosition{90_000_000, 0}, ScanPosition{-90_000_000, 0}, 0, true},
		"the pole has all longitudes":        {ScanPosition{90_000_000, 0}, ScanPosition{90_000_000, 180_000_000}, 0, false},
		"what comes earlier is just as far":  {hamburg, singapore, -4 * 3600, true},
		"what comes much earlier is no news": {hamburg, singapore, -24 * 3600, false},
	} {
		if got := impossible(c.a, c.b, noon.Add(c.later*1000), noon); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
