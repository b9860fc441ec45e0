package smartpackage

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// column of a recording; the values of some are already thousandths.
type column struct {
	name   string
	metric measure.Metric
	milli  bool
}

func columns() []column {
	return []column{
		{"temperature_c", measure.Temperature, false},
		{"humidity_pct", measure.Humidity, false},
		{"illuminance_mlx", measure.Illuminance, true},
		{"accel_x_mg", measure.AccelerationX, true},
		{"accel_y_mg", measure.AccelerationY, true},
		{"accel_z_mg", measure.AccelerationZ, true},
	}
}

const timeColumn = "time"

// further columns are those that a recording may have besides.
func further() []column {
	return []column{
		{"pressure_hpa", measure.Pressure, false},
		{"latitude_mas", measure.Latitude, true}, // thousandths of a second of arc
		{"longitude_mas", measure.Longitude, true},
		{"tamper", measure.Tamper, false},
		{"device_error", measure.DeviceError, false},
	}
}

func header(columns []column) []string {
	h := []string{timeColumn}
	for _, c := range columns {
		h = append(h, c.name)
	}
	return h
}

// CSVReader reads a recording row by row. Its errors name the line.
type CSVReader struct {
	csv     *csv.Reader
	columns []column
	last    int64
}

// NewCSVReader reads the header, which has to be
// time,temperature_c,humidity_pct,illuminance_mlx,accel_x_mg,accel_y_mg,accel_z_mg
// and after that any of pressure_hpa,latitude_mas,longitude_mas,tamper,device_error in this order.
func NewCSVReader(r io.Reader) (*CSVReader, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	got, err := c.Read()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, csv.ErrFieldCount) {
		return nil, err
	}
	found, ok := parseHeader(got)
	if !ok {
		return nil, fmt.Errorf("line 1: the header has to be %s, and then any of %s in this order", strings.Join(header(columns()), ","), strings.Join(header(further())[1:], ","))
	}
	return &CSVReader{csv: c, columns: found, last: measure.MinUnixMs - 1}, nil
}

func parseHeader(got []string) ([]column, bool) {
	found := columns()
	if want := header(found); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		return nil, false
	}
	left := further()
	for _, name := range got[len(found)+1:] {
		i := slices.IndexFunc(left, func(c column) bool { return c.name == name })
		if i < 0 {
			return nil, false
		}
		found, left = append(found, left[i]), left[i+1:]
	}
	return found, true
}

// Read gives the next reading, without its number, or [io.EOF]. An empty field
// is a value that the sensor did not give.
func (c *CSVReader) Read() (measure.Reading, error) {
	var reading measure.Reading
	row, err := c.csv.Read()
	if err != nil {
		return reading, err // io.EOF, or a csv.ParseError, which names the line
	}
	line, _ := c.csv.FieldPos(0)
	at, err := parseTime(row[0])
	if err != nil {
		return reading, fmt.Errorf("line %d: %s: %w", line, timeColumn, err)
	}
	if at <= c.last {
		return reading, fmt.Errorf("line %d: %s: %s is not later than the line before", line, timeColumn, row[0])
	}
	reading.At, c.last = at, at
	for i, column := range c.columns {
		text := row[i+1]
		if text == "" {
			continue
		}
		value, err := column.parse(text)
		if err != nil {
			return reading, fmt.Errorf("line %d: %s: %q: %w", line, column.name, text, err)
		}
		reading.Set(column.metric, value)
	}
	return reading, nil
}

func (c column) parse(text string) (int64, error) {
	parse := measure.ParseMilli
	if c.milli {
		parse = parseWhole
	}
	value, err := parse(text)
	if err != nil {
		return 0, err
	}
	if !c.metric.Plausible(value) {
		least, greatest := c.metric.Bounds()
		return 0, fmt.Errorf("outside the plausible %s to %s %s", measure.FormatMilli(least), measure.FormatMilli(greatest), c.metric.Unit())
	}
	return value, nil
}

func parseWhole(text string) (int64, error) {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(v, 10) != text {
		return 0, errors.New("not a whole number")
	}
	return v, nil
}

func parseTime(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || t.Nanosecond()%int(time.Millisecond) != 0 {
		return 0, fmt.Errorf("%q is not RFC 3339 in UTC with at most milliseconds", text)
	}
	if ms := t.UnixMilli(); ms >= measure.MinUnixMs && ms <= measure.MaxUnixMs {
		return ms, nil
	}
	return 0, fmt.Errorf("%q is not in the years 2000 to 2199", text)
}

// WriteCSV writes a recording that [CSVReader] reads back unchanged.
func WriteCSV(w io.Writer, readings []measure.Reading) error {
	c := csv.NewWriter(w)
	has := columns()
	for _, f := range further() { // only those that anything was measured of
		if slices.ContainsFunc(readings, func(r measure.Reading) bool { _, ok := r.Value(f.metric); return ok }) {
			has = append(has, f)
		}
	}
	if err := c.Write(header(has)); err != nil {
		return err
	}
	for i := range readings {
		row := []string{string(measure.At(readings[i].At))}
		for _, column := range has {
			text := ""
			if v, ok := readings[i].Value(column.metric); ok {
				text = measure.FormatMilli(v)
				if column.milli {
					text = strconv.FormatInt(v, 10)
				}
			}
			row = append(row, text)
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
