// Package measure owns what a device can measure: the metrics and their units,
// one reading, and fixed-point decimal text. It refuses to own what a
// measurement means for a shipment (rules/shipment) and how it travels
// (chaincode/segment). Invariant: every value is an int64 in thousandths of its
// metric's unit; no floating-point number exists between the sensor's text and
// the verdict, so every peer computes the same answer.
package measure

// Metric is one kind of measurement. The number is its number on the wire: it
// is stable for ever, and a new metric takes the next one.
type Metric uint8

// The metrics. Acceleration is along the device's own axes and contains
// gravity, so that a resting device shows about 1,000 milli-g in all.
const (
	Temperature   Metric = 1
	Humidity      Metric = 2 // relative humidity
	Illuminance   Metric = 3
	AccelerationX Metric = 4
	AccelerationY Metric = 5
	AccelerationZ Metric = 6
	Pressure      Metric = 7 // of the air
	Latitude      Metric = 8 // WGS 84, north is positive
	Longitude     Metric = 9 // WGS 84, east is positive
	// Tamper is the package's own indicator: 0 closed, anything else opened.
	Tamper Metric = 10
	// DeviceError is the device's own error code, 0 for none.
	DeviceError Metric = 11
)

// MetricCount is how many metrics there are; the metrics are 1 to MetricCount.
const MetricCount = 11

// MaxMilli is the greatest magnitude that a value of any metric can have, so a
// limit beyond it could never be met.
const MaxMilli = 2_000_000_000

type description struct {
	name     string
	unit     string
	min, max int64
}

// descriptions is indexed by metric; entry 0 is no metric.
var descriptions = [MetricCount + 1]description{
	Temperature:   {"temperature", "CEL", -273_150, 2_000_000},
	Humidity:      {"humidity", "P1", 0, 110_000},
	Illuminance:   {"illuminance", "LUX", 0, MaxMilli},
	AccelerationX: {"acceleration-x", "K40", -2_000_000, 2_000_000},
	AccelerationY: {"acceleration-y", "K40", -2_000_000, 2_000_000},
	AccelerationZ: {"acceleration-z", "K40", -2_000_000, 2_000_000},
	Pressure:      {"pressure", "A97", 0, 10_000_000},
	Latitude:      {"latitude", "D62", -324_000_000, 324_000_000},
	Longitude:     {"longitude", "D62", -648_000_000, 648_000_000},
	Tamper:        {"tamper", "C62", 0, 1_000_000},
	DeviceError:   {"device-error", "C62", 0, MaxMilli},
}

// Metrics lists every metric in the order of their numbers.
func Metrics() []Metric {
	return []Metric{Temperature, Humidity, Illuminance, AccelerationX, AccelerationY, AccelerationZ, Pressure, Latitude, Longitude, Tamper, DeviceError}
}

// Valid reports whether m is a metric.
func (m Metric) Valid() bool { return m >= 1 && m <= MetricCount }

// String is the metric's name in JSON and documents, or "unknown".
func (m Metric) String() string {
	if !m.Valid() {
		return "unknown"
	}
	return descriptions[m].name
}

// ParseMetric finds the metric of a name.
func ParseMetric(name string) (Metric, bool) {
	for _, m := range Metrics() {
		if descriptions[m].name == name {
			return m, true
		}
	}
	return 0, false
}

// Unit is the metric's unit as a common code of UN/CEFACT Recommendation 20:
// CEL degree Celsius, P1 per cent, LUX lux, K40 standard acceleration of free
// fall, A97 hectopascal, D62 second of arc, C62 one. Values are thousandths of it.
func (m Metric) Unit() string {
	if !m.Valid() {
		return ""
	}
	return descriptions[m].unit
}

// Bounds are the least and the greatest plausible value, both allowed. They
// keep nonsense off the ledger and sums far from overflow; they judge nothing.
// Temperature begins at absolute zero. Humidity may exceed 100 % because real
// sensors read a little above it when wet.
func (m Metric) Bounds() (least, greatest int64) {
	if !m.Valid() {
		return 0, 0
	}
	return descriptions[m].min, descriptions[m].max
}

// Plausible reports whether v lies within the metric's bounds.
func (m Metric) Plausible(v int64) bool {
	return m.Valid() && v >= descriptions[m].min && v <= descriptions[m].max
}
