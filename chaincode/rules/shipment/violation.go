package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// RuleID names a rule for ever; it is the error code, the docs anchor and the
// metric label as well.
type RuleID string

// Rule says what counts as a violation: what is measured, in which direction
// the agreed bound may not be passed, and the sentence for it. A value equal to
// the bound is within it.
type Rule struct {
	ID       RuleID
	Says     string
	Unit     string // UN/CEFACT Recommendation 20; limits and peaks are thousandths of it
	High     bool   // true: above the bound is a violation; false: below it
	Measured func(*measure.Reading) (milli int64, present bool)
}

// TemperatureHigh is SH7: above the agreed maximum (40 °C in the standard
// example) the party that has custody at that time pays the agreed penalty.
var TemperatureHigh = Rule{
	ID: "shipment.violation.temperature-high", Unit: measure.Temperature.Unit(), High: true,
	Says:     "the measured temperature was above the agreed maximum for longer than the agreed tolerance",
	Measured: value(measure.Temperature),
}

// TemperatureLow: colder than agreed.
var TemperatureLow = Rule{
	ID: "shipment.violation.temperature-low", Unit: measure.Temperature.Unit(),
	Says:     "the measured temperature was below the agreed minimum for longer than the agreed tolerance",
	Measured: value(measure.Temperature),
}

// HumidityHigh: damper than agreed.
var HumidityHigh = Rule{
	ID: "shipment.violation.humidity-high", Unit: measure.Humidity.Unit(), High: true,
	Says:     "the measured relative humidity was above the agreed maximum for longer than the agreed tolerance",
	Measured: value(measure.Humidity),
}

// HumidityLow: dryer than agreed.
var HumidityLow = Rule{
	ID: "shipment.violation.humidity-low", Unit: measure.Humidity.Unit(),
	Says:     "the measured relative humidity was below the agreed minimum for longer than the agreed tolerance",
	Measured: value(measure.Humidity),
}

// IlluminanceHigh: light inside a closed package means that it was opened.
var IlluminanceHigh = Rule{
	ID: "shipment.violation.illuminance-high", Unit: measure.Illuminance.Unit(), High: true,
	Says:     "the measured illuminance was above the agreed maximum for longer than the agreed tolerance",
	Measured: value(measure.Illuminance),
}

// Shock: the length of the acceleration vector, gravity included: about 1 g at
// rest, 0 in free fall.
var Shock = Rule{
	ID: "shipment.violation.shock", Unit: measure.AccelerationX.Unit(), High: true,
	Says:     "the measured acceleration was above the agreed maximum for longer than the agreed tolerance",
	Measured: (*measure.Reading).Shock,
}

// Rules is the complete list of what counts as a shipment violation.
func Rules() []Rule {
	return []Rule{TemperatureHigh, TemperatureLow, HumidityHigh, HumidityLow, IlluminanceHigh, Shock}
}

// RuleByID finds a rule.
func RuleByID(id RuleID) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// violates reports whether v passes the bound.
func (r Rule) violates(v, bound int64) bool {
	if r.High {
		return v > bound
	}
	return v < bound
}

// worse reports whether v is further past the bound than peak is.
func (r Rule) worse(v, peak int64) bool {
	if r.High {
		return v > peak
	}
	return v < peak
}

func value(m measure.Metric) func(*measure.Reading) (int64, bool) {
	return func(r *measure.Reading) (int64, bool) { return r.Value(m) }
}
