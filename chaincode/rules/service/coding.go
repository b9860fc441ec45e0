package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Activity is what kind of work a step is, in the words of ISO 14224.
type Activity string

// Activities lists the words of ISO 14224 for maintenance activities.
func Activities() []Activity {
	return []Activity{"replace", "repair", "modify", "adjust", "refit", "check", "service", "test", "inspect", "overhaul", "combination", "other"}
}

func (a Activity) check() error {
	if !slices.Contains(Activities(), a) {
		return invalid("activity", "must be an activity of ISO 14224, such as replace, check or adjust")
	}
	return nil
}

// Code is one entry of a coding scheme.
type Code struct {
	Code string `json:"code"`
	Says string `json:"says"`
}

// FailureModes are how a failure shows, in the three letters of ISO 14224.
func FailureModes() []Code {
	return []Code{
		{"AIR", "abnormal instrument reading"}, {"BRD", "breakdown"}, {"DOP", "delayed operation"}, {"ELP", "external leakage of process medium"},
		{"ELU", "external leakage of utility medium"}, {"ERO", "erratic output"}, {"FTC", "failure to close on demand"}, {"FTF", "failure to function on demand"},
		{"FTO", "failure to open on demand"}, {"FTR", "failure to regulate"}, {"FTS", "failure to start on demand"}, {"HIO", "high output"},
		{"IHT", "insufficient heat transfer"}, {"INL", "internal leakage"}, {"LCP", "leakage in closed position"}, {"LOO", "low output"}, {"NOI", "noise"},
		{"NOO", "no output"}, {"OHE", "overheating"}, {"OTH", "other"}, {"PDE", "parameter deviation"}, {"PLU", "plugged or choked"},
		{"SER", "minor in-service problem"}, {"SPO", "spurious operation"}, {"STD", "structural deficiency"}, {"STP", "failure to stop on demand"},
		{"UNK", "unknown"}, {"UST", "spurious stop"}, {"VIB", "vibration"},
	}
}

// FailureMechanisms are what happened inside; the figure before the point is the group.
func FailureMechanisms() []Code {
	return []Code{
		{"1.0", "mechanical, in general"}, {"1.1", "leakage"}, {"1.2", "vibration"}, {"1.3", "clearance or alignment"}, {"1.4", "deformation"}, {"1.5", "looseness"}, {"1.6", "sticking"},
		{"2.0", "material, in general"}, {"2.1", "cavitation"}, {"2.2", "corrosion"}, {"2.3", "erosion"}, {"2.4", "wear"}, {"2.5", "breakage"}, {"2.6", "fatigue"}, {"2.7", "overheating"}, {"2.8", "burst"},
		{"3.0", "instrument, in general"}, {"3.1", "control failure"}, {"3.2", "no signal, indication or alarm"}, {"3.3", "faulty signal, indication or alarm"}, {"3.4", "out of adjustment"}, {"3.5", "software"}, {"3.6", "common cause or mode"},
		{"4.0", "electrical, in general"}, {"4.1", "short circuit"}, {"4.2", "open circuit"}, {"4.3", "no power or voltage"}, {"4.4", "faulty power or voltage"}, {"4.5", "earth or isolation fault"},
		{"5.0", "external influence, in general"}, {"5.1", "blockage or plugging"}, {"5.2", "contamination"}, {"5.3", "other external influence"},
		{"6.0", "miscellaneous, in general"}, {"6.1", "no cause found"}, {"6.2", "combined causes"}, {"6.3", "other"}, {"6.4", "unknown"},
	}
}

// FailureCauses are what brought it about.
func FailureCauses() []Code {
	return []Code{
		{"1.0", "design, in general"}, {"1.1", "improper capacity"}, {"1.2", "improper material"},
		{"2.0", "fabrication or installation, in general"}, {"2.1", "fabrication error"}, {"2.2", "installation error"},
		{"3.0", "operation or maintenance, in general"}, {"3.1", "off-design service"}, {"3.2", "operating error"}, {"3.3", "maintenance error"}, {"3.4", "expected wear and tear"},
		{"4.0", "management, in general"}, {"4.1", "documentation error"}, {"4.2", "management error"},
		{"5.0", "miscellaneous, in general"}, {"5.1", "no cause found"}, {"5.2", "common cause"}, {"5.3", "combined causes"}, {"5.4", "other"}, {"5.5", "unknown"},
	}
}

// CheckCoding refuses a failure that is not coded by its mode, its mechanism and its
// cause: what was seen, what happened, and why are three different things.
func CheckCoding(mode, mechanism, cause string) error {
	for _, c := range []struct {
		field, code string
		scheme      []Code
	}{{"mode", mode, FailureModes()}, {"mechanism", mechanism, FailureMechanisms()}, {"cause", cause, FailureCauses()}} {
		if !slices.ContainsFunc(c.scheme, func(x Code) bool { return x.Code == c.code }) {
			return fault.New(fault.CodeFaultCoding, "%s %q is none of ISO 14224", c.field, c.code).With("field", c.field)
		}
	}
	return nil
}
