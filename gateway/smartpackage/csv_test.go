package smartpackage_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

const header = "time,temperature_c,humidity_pct,illuminance_mlx,accel_x_mg,accel_y_mg,accel_z_mg\n"

func readAll(r io.Reader) ([]measure.Reading, error) {
	c, err := smartpackage.NewCSVReader(r)
	if err != nil {
		return nil, err
	}
	var out []measure.Reading
	for {
		reading, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, reading)
	}
}

func TestARecordingIsReadAsItWasMeasured(t *testing.T) {
	got, err := readAll(strings.NewReader(header +
		"2019-03-24T09:18:56.437Z,16.241,33,0,800,-319,519\n" +
		"2019-03-24T09:18:57Z,-0.5,,,,,\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	var first, second measure.Reading
	first.At, second.At = 1_553_419_136_437, 1_553_419_137_000
	for i, v := range []int64{16_241, 33_000, 0, 800, -319, 519} {
		first.Set(measure.Metric(i+1), v)
	}
	second.Set(measure.Temperature, -500)
	if diff := cmp.Diff([]measure.Reading{first, second}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := readAll(strings.NewReader(header)); err != nil || len(got) != 0 {
		t.Errorf("a recording without readings: %v, %v", got, err)
	}
}

func TestAFaultyRecordingIsRefusedWithItsLine(t *testing.T) {
	const good = "2019-03-24T09:18:56.437Z,16.241,33,0,800,-319,519\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                         {"", "line 1: the header"},
		"no header":                       {good, "line 1: the header"},
		"further columns out of order":    {strings.TrimSuffix(header, "\n") + ",tamper,pressure_hpa\n", "line 1: the header"},
		"a further column twice":          {strings.TrimSuffix(header, "\n") + ",tamper,tamper\n", "line 1: the header"},
		"a column of no metric":           {strings.TrimSuffix(header, "\n") + ",weight\n", "line 1: the header"},
		"a latitude beyond the pole":      {strings.TrimSuffix(header, "\n") + ",latitude_mas\n2019-03-24T09:18:57.437Z,,,,,,,324000001\n", "line 2: latitude_mas"},
		"another header":                  {strings.ToUpper(header), "line 1: the header"},
		"a field too few":                 {header + good + "2019-03-24T09:18:57.437Z,1,2,3,4,5\n", "line 3"},
		"a field too many":                {header + "2019-03-24T09:18:57.437Z,1,2,3,4,5,6,7\n", "line 2"},
		"a time with an offset":           {header + "2019-03-24T09:18:57.437+01:00,,,,,,\n", "line 2: time"},
		"a time with microseconds":        {header + "2019-03-24T09:18:57.437001Z,,,,,,\n", "line 2: time"},
		"a time before 2000":              {header + "1970-01-01T00:00:00Z,,,,,,\n", "line 2: time"},
		"no time":                         {header + ",1,,,,,\n", "line 2: time"},
		"a time that stands still":        {header + good + good, "line 3: time"},
		"an exponent":                     {header + "2019-03-24T09:18:57.437Z,1e1,,,,,\n", `line 2: temperature_c: "1e1"`},
		"four decimals":                   {header + "2019-03-24T09:18:57.437Z,1.2345,,,,,\n", "line 2: temperature_c"},
		"not a number":                    {header + "2019-03-24T09:18:57.437Z,NaN,,,,,\n", "line 2: temperature_c"},
		"a temperature that cannot be":    {header + "2019-03-24T09:18:57.437Z,-273.151,,,,,\n", "outside the plausible -273.15 to 2000 CEL"},
		"a blank":                         {header + "2019-03-24T09:18:57.437Z, 1,,,,,\n", "line 2: temperature_c"},
		"milli-g with decimals":           {header + "2019-03-24T09:18:57.437Z,,,,1.5,,\n", `line 2: accel_x_mg: "1.5": not a whole number`},
		"milli-g with a plus sign":        {header + "2019-03-24T09:18:57.437Z,,,,,+1,\n", "line 2: accel_y_mg"},
		"a quotation mark left open":      {header + "\"2019-03-24T09:18:57.437Z,,,,,,\n", "line 2"},
		"a line number after a quotation": {header + good + "\n\n\"2019-03-24T09:18:57.437Z\",x,,,,,\n", "line 5: temperature_c"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := readAll(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestAWrittenRecordingIsReadBackUnchanged(t *testing.T) {
	want := smartpackage.Synthetic(start(), 250*time.Millisecond, 300)
	want[7].Present, want[7].Values = 0, [measure.MetricCount]int64{}
	var b bytes.Buffer
	check(t, smartpackage.WriteCSV(&b, want))
	got, err := readAll(&b)
	check(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	want = numbered(want[:4]) // as many columns as there is anything to write in
	for i, m := range []measure.Metric{measure.Pressure, measure.Longitude, measure.Tamper, measure.DeviceError} {
		want[i].Set(m, int64(1000*(i+1)))
		want[i].Sequence = 0
	}
	b.Reset()
	check(t, smartpackage.WriteCSV(&b, want))
	if line, _, _ := strings.Cut(b.String(), "\n"); line+"\n" != strings.TrimSuffix(header, "\n")+",pressure_hpa,longitude_mas,tamper,device_error\n" {
		t.Errorf("the header is %s", line)
	}
	if got, err = readAll(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// shared finds the recordings beside the repository; they need not be there.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	check(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("not inside a module")
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", "transport", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the recording is not here")
	}
	check(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRealRecordingsGoThroughSegmentsWithoutLoss(t *testing.T) {
	for name, want := range map[string]int{"car-boot-0918.csv": 2866, "dropped-box-1216.csv": 19_716} {
		t.Run(name, func(t *testing.T) {
			readings, err := readAll(shared(t, name))
			if err != nil || len(readings) != want {
				t.Fatalf("%d readings, %v", len(readings), err)
			}
			readings = numbered(readings)
			for _, n := range []int{64, 256, segment.MaxReadings} {
				var got []measure.Reading
				size := 0
				for i := 0; i < len(readings); i += n {
					part := readings[i:min(i+n, len(readings))]
					payload, err := segment.Encode(&segment.Segment{Ledger: ledger, ShipmentID: shipment, DeviceID: device, FirstSequence: part[0].Sequence, Readings: part})
					check(t, err)
					s, err := segment.Decode(payload)
					check(t, err)
					size += len(payload)
					got = append(got, s.Readings...)
				}
				if diff := cmp.Diff(readings, got); diff != "" {
					t.Fatal(diff)
				}
				t.Logf("segments of %d: %d.%02d bytes a reading", n, size/want, size*100/want%100)
			}
		})
	}
}

func FuzzCSV(f *testing.F) {
	f.Add(header + "2019-03-24T09:18:56.437Z,16.241,33,0,800,-319,519\n")
	f.Add(header + "2019-03-24T09:18:57Z,-0.5,,,,,\r\n\"2019-03-24T09:18:58Z\",,,,,,\n")
	f.Fuzz(func(t *testing.T, text string) {
		readings, err := readAll(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		check(t, smartpackage.WriteCSV(&b, readings))
		again, err := readAll(&b)
		if diff := cmp.Diff(readings, again); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
}

func TestTheSyntheticJourneyHasWhatADemoNeeds(t *testing.T) {
	readings := smartpackage.Synthetic(start(), time.Second, smartpackage.SyntheticReadings)
	if diff := cmp.Diff(readings, smartpackage.Synthetic(start(), time.Second, smartpackage.SyntheticReadings)); diff != "" {
		t.Error("it is another one each time")
	}
	type span struct{ From, Until int }
	var warm, shocks, light []span
	extend := func(spans []span, i int, yes bool) []span {
		switch n := len(spans); {
		case !yes:
			return spans
		case n > 0 && spans[n-1].Until == i:
			spans[n-1].Until++
			return spans
		default:
			return append(spans, span{i, i + 1})
		}
	}
	for i := range readings {
		celsius, _ := readings[i].Value(measure.Temperature)
		lux, _ := readings[i].Value(measure.Illuminance)
		shock, _ := readings[i].Shock()
		warm, shocks, light = extend(warm, i, celsius > 40_000), extend(shocks, i, shock > 3_000), extend(light, i, lux > 0)
		if i > 0 && celsius > 45_000+5_000 {
			t.Errorf("reading %d: %d", i, celsius)
		}
	}
	half := len(readings) / 2
	if len(warm) != 2 || warm[0].Until >= half || warm[1].From >= half-30 || warm[1].Until <= half+30 {
		t.Errorf("above 40 °C at %v", warm)
	}
	if diff := cmp.Diff([]span{{480, 481}}, shocks); diff != "" {
		t.Error(diff)
	}
	if len(light) != 1 || light[0].Until-light[0].From != 24 {
		t.Errorf("light at %v", light)
	}
}
