package measure_test

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

func TestMetricsHaveStableNumbersNamesAndUnits(t *testing.T) {
	type row struct {
		Number     int
		Name, Unit string
	}
	want := []row{
		{1, "temperature", "CEL"}, {2, "humidity", "P1"}, {3, "illuminance", "LUX"},
		{4, "acceleration-x", "K40"}, {5, "acceleration-y", "K40"}, {6, "acceleration-z", "K40"},
		{7, "pressure", "A97"}, {8, "latitude", "D62"}, {9, "longitude", "D62"}, {10, "tamper", "C62"}, {11, "device-error", "C62"},
	}
	var got []row
	for _, m := range measure.Metrics() {
		got = append(got, row{int(m), m.String(), m.Unit()})
		least, greatest := m.Bounds()
		if !m.Plausible(least) || !m.Plausible(greatest) || m.Plausible(least-1) || m.Plausible(greatest+1) {
			t.Errorf("%s: bounds %d to %d are not the edge of what is plausible", m, least, greatest)
		}
		if max(-least, greatest) > measure.MaxMilli {
			t.Errorf("%s: bounds exceed MaxMilli", m)
		}
		if back, ok := measure.ParseMetric(m.String()); !ok || back != m {
			t.Errorf("ParseMetric(%q) = %v, %v", m.String(), back, ok)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestANumberThatIsNoMetricHasNothing(t *testing.T) {
	for _, m := range []measure.Metric{0, 12, 255} {
		var r measure.Reading
		r.Set(m, 1)
		_, present := r.Value(m)
		least, greatest := m.Bounds()
		if m.Valid() || m.String() != "unknown" || m.Unit() != "" || m.Plausible(0) || least != 0 || greatest != 0 || present || r != (measure.Reading{}) {
			t.Errorf("metric %d counts as one", m)
		}
	}
	if _, ok := measure.ParseMetric("unknown"); ok {
		t.Error("ParseMetric knows the unknown")
	}
}

func TestAReadingKeepsWhatWasSetAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r measure.Reading
		want := map[measure.Metric]int64{}
		for _, m := range measure.Metrics() {
			if rapid.Bool().Draw(t, "present") {
				want[m] = rapid.Int64().Draw(t, "value")
				r.Set(m, want[m])
			}
		}
		for _, m := range measure.Metrics() {
			v, ok := r.Value(m)
			w, present := want[m]
			if ok != present || v != w {
				t.Fatalf("%s: %d, %v; want %d, %v", m, v, ok, w, present)
			}
		}
	})
}

func TestShock(t *testing.T) {
	const least, greatest = math.MinInt64, math.MaxInt64
	for name, c := range map[string]struct{ x, y, z, want int64 }{
		"at rest the vector is gravity":             {0, 0, 1000, 1000},
		"in free fall there is nothing":             {0, 0, 0, 0},
		"the root is rounded down":                  {1, 1, 0, 1},
		"a Pythagorean box is exact":                {2, 3, 6, 7},
		"signs do not matter":                       {-2, 3, -6, 7},
		"the greatest plausible axes do fit":        {2_000_000, 2_000_000, 2_000_000, 3_464_101},
		"a sum of squares beyond 64 bits is exact":  {greatest, 0, 0, greatest},
		"a result beyond 64 bits is the greatest":   {greatest, greatest, greatest, greatest},
		"the least integer has a magnitude as well": {least, least, least, greatest},
	} {
		t.Run(name, func(t *testing.T) {
			var r measure.Reading
			r.Set(measure.AccelerationX, c.x)
			r.Set(measure.AccelerationY, c.y)
			if _, ok := r.Shock(); ok {
				t.Error("two axes have a shock")
			}
			r.Set(measure.AccelerationZ, c.z)
			if got, ok := r.Shock(); !ok || got != c.want {
				t.Errorf("got %d, %v, want %d", got, ok, c.want)
			}
		})
	}
}

func TestMagnitudeIsTheExactIntegerRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, z := rapid.Int64().Draw(t, "x"), rapid.Int64().Draw(t, "y"), rapid.Int64().Draw(t, "z")
		sum := new(big.Int)
		for _, v := range []int64{x, y, z} {
			b := big.NewInt(v)
			sum.Add(sum, b.Mul(b, b))
		}
		want := new(big.Int).Sqrt(sum)
		if want.Cmp(big.NewInt(math.MaxInt64)) > 0 {
			want.SetInt64(math.MaxInt64)
		}
		if got := measure.Magnitude(x, y, z); got != want.Int64() {
			t.Fatalf("Magnitude(%d, %d, %d) = %d, want %s", x, y, z, got, want)
		}
	})
}

func TestParseMilli(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "33": 33_000, "16.241": 16_241, "-0.5": -500, "0.001": 1, "-273.15": -273_150, "10.50": 10_500,
		"9223372036854775.807": math.MaxInt64, "-9223372036854775.808": math.MinInt64,
	} {
		if got, err := measure.ParseMilli(text); err != nil || got != want {
			t.Errorf("ParseMilli(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "-", ".", ".5", "5.", "-.5", "+1", "1e3", "1E3", "0x10", "1_000", "1,5", " 1", "1 ", "00", "01", "-01.5", "1.2345", "1.2.3", "--1", "NaN", "Inf", "١",
	} {
		if got, err := measure.ParseMilli(text); !errors.Is(err, measure.ErrNotDecimal) {
			t.Errorf("ParseMilli(%q) = %d, %v, want a refusal", text, got, err)
		}
	}
	for _, text := range []string{"9223372036854775.808", "-9223372036854775.809", "9223372036854776", "99999999999999999999"} {
		if got, err := measure.ParseMilli(text); !errors.Is(err, measure.ErrRange) {
			t.Errorf("ParseMilli(%q) = %d, %v, want out of range", text, got, err)
		}
	}
}

func TestEveryMilliIsReadBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		text := measure.FormatMilli(v)
		if got, err := measure.ParseMilli(text); err != nil || got != v {
			t.Fatalf("%d is written %q and read as %d, %v", v, text, got, err)
		}
	})
}

func FuzzParseMilli(f *testing.F) {
	for _, seed := range []string{"16.241", "-0.5", "33", "1e3", "-9223372036854775.808", "0.", "00.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := measure.ParseMilli(text)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q was accepted, but is no number", text)
		}
		if want.Mul(want, big.NewRat(1000, 1)).Cmp(new(big.Rat).SetInt64(v)) != 0 {
			t.Fatalf("%q was read as %s", text, strconv.FormatInt(v, 10))
		}
	})
}
