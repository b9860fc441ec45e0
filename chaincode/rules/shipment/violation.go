package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// RuleID names a rule for ever; it is the error code, the docs anchor and the
// metric label as well.
type RuleID string

// Method is how a rule comes from readings to a value that is held to the bound (ADR 14).
type Method string

// The methods.
const (
	ByReading Method = "reading" // each reading has a value, which holds until the next one
	ByRate    Method = "rate"    // how much two readings differ, for each minute between them
	ByDose    Method = "dose"    // the value times the seconds that it held, summed over the window
	ByMean    Method = "mean"    // a mean over the window, judged when that is over
	BySilence Method = "silence" // the time without any reading
	ByJourney Method = "journey" // not measured: what the parties recorded of the journey
)

// Rule says what counts as a violation: what is measured, in which direction
// the agreed bound may not be passed, and the sentence for it. A value equal to
// the bound is within it.
type Rule struct {
	ID     RuleID
	Says   string
	Unit   string // UN/CEFACT Recommendation 20; limits and peaks are thousandths of it
	High   bool   // true: above the bound is a violation; false: below it
	Method Method // "": by reading
	// YesNo: there is no amount, the bound is 0 and every other value is a violation.
	YesNo bool
	// Finding: it is put on record and never has a price: nobody answers for it.
	Finding bool
	// Error: the record cannot be relied on, rather than the goods being in danger (EPCIS 2.0 ERROR_CONDITION).
	Error    bool
	Measured func(*measure.Reading) (milli int64, present bool) // nil: by terms or by the journey
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

// PressureHigh: the air was denser than agreed.
var PressureHigh = Rule{
	ID: "shipment.violation.pressure-high", Unit: measure.Pressure.Unit(), High: true,
	Says:     "the measured air pressure was above the agreed maximum for longer than the agreed tolerance",
	Measured: value(measure.Pressure),
}

// PressureLow: the air was thinner than agreed, as in an unpressurised hold.
var PressureLow = Rule{
	ID: "shipment.violation.pressure-low", Unit: measure.Pressure.Unit(),
	Says:     "the measured air pressure was below the agreed minimum for longer than the agreed tolerance",
	Measured: value(measure.Pressure),
}

// LightExposure: what light does to goods adds up.
var LightExposure = Rule{
	ID: "shipment.violation.light-exposure", Unit: "B64", High: true, Method: ByDose,
	Says:     "the measured illuminance, summed over the time that it lasted, was above the agreed maximum",
	Measured: value(measure.Illuminance),
}

// Tilt: the angle between the device's own z axis and up. Only a reading within
// 0.9 to 1.1 g in all has one: while the package is shaken or falls there is no up.
var Tilt = Rule{
	ID: "shipment.violation.tilt", Unit: "DD", High: true,
	Says:     "the package leaned over further than the agreed angle for longer than the agreed tolerance",
	Measured: tilt,
}

// TemperatureRate: warmer or colder faster than agreed. Two readings are compared
// that lie at least the agreed window apart, and one begins where another ended.
var TemperatureRate = Rule{
	ID: "shipment.violation.temperature-rate", Unit: "F11", High: true, Method: ByRate,
	Says:     "the measured temperature rose or fell faster than agreed for longer than the agreed tolerance",
	Measured: value(measure.Temperature),
}

// MeanKineticTemperature: the one temperature that would have done to the goods
// what all measured ones did, by Arrhenius (USP <1160>; heat of activation over
// gas constant 10,000 K).
var MeanKineticTemperature = Rule{
	ID: "shipment.violation.mean-kinetic-temperature", Unit: measure.Temperature.Unit(), High: true, Method: ByMean,
	Says:     "the mean kinetic temperature, at the end of the window, was above the agreed maximum",
	Measured: value(measure.Temperature),
}

// OutsideGeofence: on the edge is inside.
var OutsideGeofence = Rule{
	ID: "shipment.violation.outside-geofence", Unit: "C62", High: true, YesNo: true,
	Says: "the measured position was outside the agreed area for longer than the agreed tolerance",
}

// MissingData: silence within one custody, from its beginning or from a reading
// on until the next reading or its end. Who has the goods sees to it that the
// device can record.
var MissingData = Rule{
	ID: "shipment.violation.missing-data", Unit: "SEC", High: true, Method: BySilence, Error: true,
	Says: "there was no reading for longer than agreed while the custodian had the goods",
}

// Tampering: the package's own indicator, such as a broken loop or a switch.
var Tampering = Rule{
	ID: "shipment.violation.tampering", Unit: measure.Tamper.Unit(), High: true, YesNo: true,
	Says:     "the package's tamper indicator showed that it was opened, for longer than the agreed tolerance",
	Measured: value(measure.Tamper),
}

// DeviceError is a finding: the device itself said that it could not be relied on.
var DeviceError = Rule{
	ID: "shipment.violation.device-error", Unit: measure.DeviceError.Unit(), High: true, YesNo: true, Finding: true, Error: true,
	Says:     "the device reported an error of its own for longer than the agreed tolerance",
	Measured: value(measure.DeviceError),
}

// Late is about the journey itself: a checkpoint, the pick-up or the delivery
// came later than agreed. The limit names which, and its bound is how much later
// than the latest time of the terms is tolerated. A late pick-up is the first
// carrier's, whatever else is that of who has the goods.
var Late = Rule{
	ID: "shipment.violation.late", Unit: "SEC", High: true, Method: ByJourney,
	Says: "a checkpoint, the pick-up or the delivery was later than the latest agreed time by more than the agreed tolerance, or was left out",
}

// SealBroken: the seals at a hand-over are not those that were agreed for the
// leg, or else those that were last seen. It is the giver's.
var SealBroken = Rule{
	ID: "shipment.violation.seal-broken", Unit: "C62", High: true, Method: ByJourney, YesNo: true,
	Says: "the seals named at a hand-over are not those agreed or last seen",
}

// Lost: the goods did not arrive. It is the last custodian's.
var Lost = Rule{
	ID: "shipment.violation.lost", Unit: "C62", High: true, Method: ByJourney, YesNo: true,
	Says: "the goods were declared lost",
}

// JourneyRules are those that no reading breaks: the journey itself does.
func JourneyRules() []Rule { return []Rule{Late, SealBroken, Lost} }

// Rules is the complete list of what counts as a shipment violation.
func Rules() []Rule {
	return []Rule{
		TemperatureHigh, TemperatureLow, HumidityHigh, HumidityLow, IlluminanceHigh, Shock,
		PressureHigh, PressureLow, LightExposure, Tilt, TemperatureRate, MeanKineticTemperature, OutsideGeofence,
		MissingData, Tampering, DeviceError, Late, SealBroken, Lost,
	}
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
