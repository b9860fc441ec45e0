package shipment_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Recordings are judged twice: by the product, from integers, in segments of
// signed readings; and by arithmetic that shares nothing with it, from the text
// of the CSV, in floating point, all at once. Both must find the same excursions.

const columns = "time,temperature_c,humidity_pct,illuminance_mlx,accel_x_mg,accel_y_mg,accel_z_mg"

// recording reads a real recording in ../shared/data/transport beside the
// repository. It is not part of the project: without it the test is skipped.
func recording(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("there is no go.mod above this test")
		}
		dir = parent
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", "transport", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the recording %s is not there", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func rowsOf(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != columns {
		t.Fatalf("the columns are %s", got)
	}
	return rows[1:]
}

// signed is what a device would have signed for the rows.
func signed(t *testing.T, rows [][]string) []measure.Reading {
	t.Helper()
	var out []measure.Reading
	for _, row := range rows {
		at, err := measure.ParseTime("time", row[0])
		if err != nil {
			t.Fatal(err)
		}
		r := measure.Reading{At: at.UnixMs()}
		for i, m := range measure.Metrics()[:6] {
			if row[i+1] == "" {
				continue
			}
			v, err := measure.ParseMilli(row[i+1])
			if err != nil {
				t.Fatal(err)
			}
			if m >= measure.Illuminance { // these columns are in thousandths already
				v /= 1000
			}
			r.Set(m, v)
		}
		out = append(out, r)
	}
	return out
}

// stay is an excursion in a single custody as the independent calculation sees it.
type stay struct {
	Opened, Closed int // row from 1; Closed is the row that was within again, or 0
	Peak           float64
	Beyond         int
}

// sample is one row's value of one quantity.
type sample struct {
	row     int
	at, val float64 // seconds, unit
}

// column reads one column, or for shock the length of the vector of the last three.
func column(t *testing.T, rows [][]string, name string) []sample {
	t.Helper()
	number := func(row []string, i int) (float64, bool) {
		if row[i] == "" {
			return 0, false
		}
		v, err := strconv.ParseFloat(row[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v, true
	}
	var out []sample
	for i, row := range rows {
		at, err := time.Parse(time.RFC3339Nano, row[0])
		if err != nil {
			t.Fatal(err)
		}
		s, ok := sample{row: i + 1, at: float64(at.UnixMilli()) / 1000}, false
		switch name {
		case "temperature":
			s.val, ok = number(row, 1)
		case "humidity":
			s.val, ok = number(row, 2)
		case "illuminance":
			s.val, ok = number(row, 3)
			s.val /= 1000
		case "shock":
			x, okX := number(row, 4)
			y, okY := number(row, 5)
			z, okZ := number(row, 6)
			// The ledger keeps whole thousandths of g.
			s.val, ok = math.Floor(math.Sqrt(x*x+y*y+z*z))/1000, okX && okY && okZ
		}
		if ok {
			out = append(out, s)
		}
	}
	return out
}

// stays finds the excursions above (or below) a bound: first the rows beyond,
// then those that are not parted by a stay within of at least off seconds are
// taken together.
func stays(all []sample, above bool, bound, off float64) []stay {
	sign := 1.0
	if !above {
		sign = -1
	}
	beyond := func(s sample) bool { return sign*s.val > sign*bound }
	var out []stay
	lastBeyond := -1
	for i, s := range all {
		if !beyond(s) {
			continue
		}
		// Between the last row beyond and this one, from the first within to the last within.
		parted := lastBeyond < 0 || i-lastBeyond > 1 && all[i-1].at-all[lastBeyond+1].at >= off-1e-6
		if parted {
			if len(out) > 0 {
				out[len(out)-1].Closed = all[lastBeyond+1].row
			}
			out = append(out, stay{Opened: s.row, Peak: s.val})
		}
		o := &out[len(out)-1]
		o.Peak = sign * max(sign*o.Peak, sign*s.val)
		o.Beyond++
		lastBeyond = i
	}
	if n := len(all) - 1; lastBeyond >= 0 && lastBeyond < n && all[n].at-all[lastBeyond+1].at >= off-1e-6 {
		out[len(out)-1].Closed = all[lastBeyond+1].row
	}
	return out
}

// judged is what the product says of the same rows, in segments of 256 readings.
func judged(t *testing.T, rs []measure.Reading, l shipment.Limit) []stay {
	t.Helper()
	terms := agree(l)
	s := shipment.NewStream("S-1", device, terms)
	sh := custody(terms, rs[0].At)
	last := measure.At(rs[len(rs)-1].At)
	var ids []string
	records := map[string]shipment.Excursion{}
	for len(rs) > 0 {
		n := min(256, len(rs))
		next, _, verdict, err := s.Record(sh, terms, []shipment.Batch{batch(s, false, rs[:n]...)}, shipment.When{Actor: north, Now: last, TransactionID: "tx"})
		if err != nil {
			t.Fatal(err)
		}
		s, rs = next, rs[n:]
		for _, e := range verdict.Excursions {
			if _, ok := records[e.ExcursionID]; !ok {
				ids = append(ids, e.ExcursionID)
			}
			records[e.ExcursionID] = e
		}
	}
	var out []stay
	for _, id := range ids {
		e := records[id]
		if e.Custodian != north || e.Open == (e.ClosedSequence > 0) {
			t.Errorf("%+v", e)
		}
		out = append(out, stay{Opened: int(e.OpenedSequence), Closed: int(e.ClosedSequence), Peak: float64(e.PeakMilli) / 1000, Beyond: int(e.ReadingsBeyond)})
	}
	var owed int64
	for _, p := range s.Penalties {
		owed += p.Excursions
	}
	if int(owed) != len(out) {
		t.Errorf("%d excursions are booked, %d are on record", owed, len(out))
	}
	return out
}

// trial is a limit that a recording is judged by, and how many excursions it finds.
type trial struct {
	quantity string
	rule     shipment.RuleID
	milli    int64
	offMs    int64
	count    int
	worst    float64 // the furthest peak
}

func try(t *testing.T, text string, trials []trial) {
	t.Helper()
	rows := rowsOf(t, text)
	rs := signed(t, rows)
	for _, c := range trials {
		l := shipment.Limit{LimitID: "L", Rule: c.rule, Milli: c.milli, OffDelayMs: c.offMs, PenaltyMinor: 1_000}
		above := c.rule != shipment.TemperatureLow.ID && c.rule != shipment.HumidityLow.ID
		want := stays(column(t, rows, c.quantity), above, float64(c.milli)/1000, float64(c.offMs)/1000)
		got := judged(t, rs, l)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %d, off delay %d ms: independent calculation (-), product (+):\n%s", c.rule, c.milli, c.offMs, diff)
		}
		worst, open := 0.0, 0
		for i, s := range got {
			if i == 0 || above == (s.Peak > worst) {
				worst = s.Peak
			}
			if s.Closed == 0 {
				open++
			}
		}
		t.Logf("%-38s %9.3f  off delay %5d ms: %3d excursions (%d open at the end), furthest %.3f", c.rule, float64(c.milli)/1000, c.offMs, len(got), open, worst)
		if len(got) != c.count || worst != c.worst {
			t.Errorf("%s %d, off delay %d ms: %d excursions, the furthest %g; want %d, %g", c.rule, c.milli, c.offMs, len(got), worst, c.count, c.worst)
		}
	}
}

// A box in the boot of a car; at the end, when the boot is open and light falls
// in, the standing box is dropped ten times from about 20 cm. Two samples a
// second miss most of a drop: nothing comes near 2.5 g, and bumps and drops
// cannot be told apart by a bound.
func TestCarBootRecording(t *testing.T) {
	try(t, recording(t, "car-boot-0918.csv"), []trial{
		{"shock", shipment.Shock.ID, 2_500, 1_000, 0, 0},
		{"shock", shipment.Shock.ID, 1_500, 0, 6, 1.704},
		{"shock", shipment.Shock.ID, 1_500, 5_000, 5, 1.704},
		{"shock", shipment.Shock.ID, 1_300, 0, 26, 1.704},
		{"shock", shipment.Shock.ID, 1_300, 2_000, 23, 1.704},
		{"illuminance", shipment.IlluminanceHigh.ID, 100_000, 0, 2, 1031.04},
		{"illuminance", shipment.IlluminanceHigh.ID, 100_000, 10_000, 2, 1031.04},
		{"temperature", shipment.TemperatureHigh.ID, 40_000, 0, 0, 0},
		{"temperature", shipment.TemperatureHigh.ID, 16_000, 0, 2, 16.241},
		{"temperature", shipment.TemperatureHigh.ID, 16_000, 10_000, 1, 16.241},
		{"temperature", shipment.TemperatureLow.ID, 15_000, 0, 3, 14.631},
		{"temperature", shipment.TemperatureLow.ID, 15_000, 10_000, 1, 14.631},
		{"humidity", shipment.HumidityHigh.ID, 35_000, 0, 1, 36},
		{"humidity", shipment.HumidityLow.ID, 33_000, 10_000, 2, 32},
	})
}

// A box of about 3 kg, dropped ten times from about 1 m and ten times from
// about 20 cm; acceleration 100 times a second. Above 2.5 g are the hardest
// seven of the drops from 1 m, each one excursion with an off delay of half a
// second to two seconds. Above 2 g there are 17 with an off delay of 2 s: all ten
// drops from 1 m, one knock between them (12:17:55), and six in the minute of the
// drops from 20 cm, of which some are too soft for any bound above handling.
func TestDroppedBoxRecording(t *testing.T) {
	try(t, recording(t, "dropped-box-1216.csv"), []trial{
		{"shock", shipment.Shock.ID, 2_500, 0, 12, 3.387},
		{"shock", shipment.Shock.ID, 2_500, 500, 7, 3.387},
		{"shock", shipment.Shock.ID, 2_500, 1_000, 7, 3.387},
		{"shock", shipment.Shock.ID, 2_500, 2_000, 7, 3.387},
		{"shock", shipment.Shock.ID, 2_500, 5_000, 3, 3.387},
		{"shock", shipment.Shock.ID, 2_000, 0, 44, 3.387},
		{"shock", shipment.Shock.ID, 2_000, 500, 24, 3.387},
		{"shock", shipment.Shock.ID, 2_000, 1_000, 22, 3.387},
		{"shock", shipment.Shock.ID, 2_000, 2_000, 17, 3.387},
		{"shock", shipment.Shock.ID, 1_500, 0, 123, 3.387},
		{"shock", shipment.Shock.ID, 1_500, 1_000, 28, 3.387},
		{"temperature", shipment.TemperatureHigh.ID, 16_000, 1_000, 1, 16.261},
		{"temperature", shipment.TemperatureLow.ID, 16_000, 1_000, 0, 0},
		{"humidity", shipment.HumidityHigh.ID, 35_000, 1_000, 1, 59},
		{"illuminance", shipment.IlluminanceHigh.ID, 100_000, 1_000, 0, 0},
	})
}

// What needs no recording: a warm hour, two bumps, an opened lid, samples without values.
func TestSyntheticRecording(t *testing.T) {
	try(t, columns+`
2026-03-01T08:00:00.000Z,20,40,0,0,0,1000
2026-03-01T08:00:01.000Z,40,40,0,0,0,-2500
2026-03-01T08:00:02.000Z,40.001,40,0,1500,-2000,100
2026-03-01T08:00:02.250Z,,,,0,0,3000
2026-03-01T08:00:02.500Z,41.5,,,0,0,900
2026-03-01T08:00:03.000Z,41.5,35.5,150000,0,0,2600
2026-03-01T08:00:04.000Z,39.9,35,100001,10,0,1000
2026-03-01T08:00:05.000Z,40.2,,100000,,,9000
2026-03-01T08:00:06.000Z,-3.25,34,0,0,0,1000
`, []trial{
		{"shock", shipment.Shock.ID, 2_500, 0, 2, 3},
		{"shock", shipment.Shock.ID, 2_500, 1_000, 1, 3},
		{"illuminance", shipment.IlluminanceHigh.ID, 100_000, 0, 1, 150},
		{"temperature", shipment.TemperatureHigh.ID, 40_000, 0, 2, 41.5},
		{"temperature", shipment.TemperatureHigh.ID, 40_000, 2_000, 1, 41.5},
		{"temperature", shipment.TemperatureLow.ID, 0, 0, 1, -3.25},
		{"humidity", shipment.HumidityLow.ID, 35_000, 0, 1, 34},
		{"humidity", shipment.HumidityHigh.ID, 35_000, 0, 1, 40},
	})
}
