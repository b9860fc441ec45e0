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

// Late is about the journey itself: a checkpoint, the pick-up or the delivery
// came later than agreed. The limit names which, and its bound is how much later
// than the latest time of the terms is tolerated. A late pick-up is the first
// carrier's, whatever else is that of who has the goods.
var Late = Rule{
	ID: "shipment.violation.late", Unit: "SEC", High: true,
	Says:     "a checkpoint, the pick-up or the delivery was later than the latest agreed time by more than the agreed tolerance, or was left out",
	Measured: never,
}

// SealBroken: the seals at a hand-over are not those that were agreed for the
// leg, or else those that were last seen. It is the giver's.
var SealBroken = Rule{
	ID: "shipment.violation.seal-broken", Unit: "C62", High: true,
	Says:     "the seals named at a hand-over are not those agreed or last seen",
	Measured: never,
}

// Lost: the goods did not arrive. It is the last custodian's.
var Lost = Rule{
	ID: "shipment.violation.lost", Unit: "C62", High: true,
	Says:     "the goods were declared lost",
	Measured: never,
}

// never is the reading of what no device measures.
func never(*measure.Reading) (int64, bool) { return 0, false }

// JourneyRules are those that no reading breaks: the journey itself does.
func JourneyRules() []Rule { return []Rule{Late, SealBroken, Lost} }

// Rules is the complete list of what counts as a shipment violation.
func Rules() []Rule {
	return append([]Rule{TemperatureHigh, TemperatureLow, HumidityHigh, HumidityLow, IlluminanceHigh, Shock}, JourneyRules()...)
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
