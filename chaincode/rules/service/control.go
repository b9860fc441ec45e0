package service

import (
	"math/bits"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// RuleID names a control rule for ever; it is the docs anchor as well.
type RuleID string

// Bounds of condition controls. Values are thousandths of the measure's unit.
const (
	MaxControls = 8
	MaxReadings = 500 // in one report
	MaxValue    = 10_000_000_000
	maxOf       = 32
	maxWindowS  = 24 * 60 * 60
	maxSum      = 1_000_000_000_000_000
)

// Control is one rule with its figures, of one task and one measure. Which figures
// it has, the rule says; the others are 0.
type Control struct {
	Measure string `json:"measure"`
	RuleID  RuleID `json:"ruleId"`
	Limit   int64  `json:"limit"`
	Count   int64  `json:"count,omitempty" metadata:",optional"`
	Of      int64  `json:"of,omitempty" metadata:",optional"`
	// WindowSeconds is how far apart two readings are at least whose rate is taken.
	WindowSeconds int64 `json:"windowSeconds,omitempty" metadata:",optional"`
	Target        int64 `json:"target,omitempty" metadata:",optional"`
	Slack         int64 `json:"slack,omitempty" metadata:",optional"`
}

// ControlRule says when a condition makes a task due: the sentence for it, the
// figures that it needs, and how it follows the readings.
type ControlRule struct {
	ID   RuleID
	Says string
	High bool // above is worse; false: below
	// The figures besides the limit.
	Counts, Proportion, Rate, Sums bool
	step                           func(Control, bool, ControlState, ConditionReading) (ControlState, int64, bool)
}

// ConditionAbove: one reading is enough.
var ConditionAbove = ControlRule{
	ID: "service.condition.above", High: true, step: byReading,
	Says: "a reading was above the limit",
}

// ConditionBelow: one reading is enough.
var ConditionBelow = ControlRule{
	ID: "service.condition.below", step: byReading,
	Says: "a reading was below the limit",
}

// ConditionRunAbove: as many readings one after the other as are agreed; a single
// one within the limit begins the count anew.
var ConditionRunAbove = ControlRule{
	ID: "service.condition.run-above", High: true, Counts: true, step: byRun,
	Says: "as many consecutive readings as agreed were above the limit",
}

// ConditionRunBelow is the same below.
var ConditionRunBelow = ControlRule{
	ID: "service.condition.run-below", Counts: true, step: byRun,
	Says: "as many consecutive readings as agreed were below the limit",
}

// ConditionMostAbove: n of the last m readings.
var ConditionMostAbove = ControlRule{
	ID: "service.condition.most-above", High: true, Counts: true, Proportion: true, step: byMost,
	Says: "of the last readings, as many as agreed were above the limit",
}

// ConditionMostBelow is the same below.
var ConditionMostBelow = ControlRule{
	ID: "service.condition.most-below", Counts: true, Proportion: true, step: byMost,
	Says: "of the last readings, as many as agreed were below the limit",
}

// ConditionRise: two readings are compared that lie at least the window apart, and
// one begins where another ended; after a day without readings nothing is compared.
var ConditionRise = ControlRule{
	ID: "service.condition.rise", High: true, Rate: true, step: byRate,
	Says: "the value rose faster than the limit for each minute, over at least the window",
}

// ConditionFall is the same downwards.
var ConditionFall = ControlRule{
	ID: "service.condition.fall", Rate: true, step: byRate,
	Says: "the value fell faster than the limit for each minute, over at least the window",
}

// ConditionDriftUp is a one-sided CUSUM: what each reading is above the target and
// the slack adds up, what it is below is taken away, and the sum is never negative.
var ConditionDriftUp = ControlRule{
	ID: "service.condition.drift-up", High: true, Sums: true, step: bySum,
	Says: "the sum of the deviations above the target, less the slack for each reading, was above the limit",
}

// ConditionDriftDown is the same downwards.
var ConditionDriftDown = ControlRule{
	ID: "service.condition.drift-down", Sums: true, step: bySum,
	Says: "the sum of the deviations below the target, less the slack for each reading, was above the limit",
}

// ControlRules is the complete list.
func ControlRules() []ControlRule {
	return []ControlRule{
		ConditionAbove, ConditionBelow, ConditionRunAbove, ConditionRunBelow, ConditionMostAbove, ConditionMostBelow,
		ConditionRise, ConditionFall, ConditionDriftUp, ConditionDriftDown,
	}
}

// ControlRuleByID finds a rule.
func ControlRuleByID(id RuleID) (ControlRule, bool) {
	for _, r := range ControlRules() {
		if r.ID == id {
			return r, true
		}
	}
	return ControlRule{}, false
}

// ControlState is the whole memory of one control, so judging a report costs the
// same whatever came before, and any cut into reports gives the same requests.
type ControlState struct {
	TaskID     string `json:"taskId"`
	Control    int    `json:"control"`    // its place in the task
	Occurrence uint64 `json:"occurrence"` // of the task; another begins anew
	Run        int64  `json:"run,omitempty" metadata:",optional"`
	Recent     uint32 `json:"recent,omitempty" metadata:",optional"` // the last readings, the newest lowest: 1 is beyond the limit
	Sum        int64  `json:"sum,omitempty" metadata:",optional"`
	// MarkAt and MarkValue are the reading from which the next rate is taken.
	MarkAt    measure.Time `json:"markAt,omitempty" metadata:",optional"`
	MarkValue int64        `json:"markValue,omitempty" metadata:",optional"`
}

func beyond(c Control, high bool, v int64) bool {
	if high {
		return v > c.Limit
	}
	return v < c.Limit
}

func byReading(c Control, high bool, s ControlState, r ConditionReading) (ControlState, int64, bool) {
	return s, r.Value, beyond(c, high, r.Value)
}

func byRun(c Control, high bool, s ControlState, r ConditionReading) (ControlState, int64, bool) {
	if !beyond(c, high, r.Value) {
		s.Run = 0
		return s, r.Value, false
	}
	s.Run++
	return s, r.Value, s.Run >= c.Count
}

func byMost(c Control, high bool, s ControlState, r ConditionReading) (ControlState, int64, bool) {
	s.Recent <<= 1
	if beyond(c, high, r.Value) {
		s.Recent |= 1
	}
	if c.Of < maxOf {
		s.Recent &= 1<<c.Of - 1
	}
	return s, r.Value, int64(bits.OnesCount32(s.Recent)) >= c.Count
}

func byRate(c Control, high bool, s ControlState, r ConditionReading) (ControlState, int64, bool) {
	if s.MarkAt == "" {
		s.MarkAt, s.MarkValue = r.At, r.Value
		return s, 0, false
	}
	ms := r.At.UnixMs() - s.MarkAt.UnixMs()
	if ms < c.WindowSeconds*1000 {
		return s, 0, false
	}
	change := r.Value - s.MarkValue
	if !high {
		change = -change
	}
	s.MarkAt, s.MarkValue = r.At, r.Value
	if ms > dayMs {
		return s, 0, false
	}
	// Both sides are below 2^63: values are at most 10^10, a day has 8.64 * 10^7 ms.
	return s, change * 60_000 / ms, change*60_000 > c.Limit*ms
}

func bySum(c Control, high bool, s ControlState, r ConditionReading) (ControlState, int64, bool) {
	deviation := r.Value - c.Target
	if !high {
		deviation = -deviation
	}
	s.Sum = min(max(s.Sum+deviation-c.Slack, 0), maxSum)
	return s, s.Sum, s.Sum > c.Limit
}

func checkControls(controls []Control) error {
	if len(controls) > MaxControls {
		return invalid("controls", "has at most %d entries", MaxControls)
	}
	for _, c := range controls {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Control) check() error {
	if err := party.CheckID("measure", c.Measure); err != nil {
		return err
	}
	r, ok := ControlRuleByID(c.RuleID)
	if !ok {
		return invalid("ruleId", "no control rule is called %q", string(c.RuleID))
	}
	if !within(c.Limit, MaxValue) || !within(c.Target, MaxValue) || c.Slack < 0 || c.Slack > MaxValue {
		return invalid("limit", "figures are at most %d", int64(MaxValue))
	}
	if (r.Rate || r.Sums) && c.Limit < 0 {
		return invalid("limit", "a rate or a sum is not negative")
	}
	switch {
	case r.Proportion && (c.Of < 2 || c.Of > maxOf || c.Count < 1 || c.Count > c.Of), !r.Proportion && c.Of != 0:
		return invalid("of", "must be 2 to %d and at least count for a rule that counts readings of the last ones, and 0 for others", maxOf)
	case r.Counts && (c.Count < 1 || c.Count > 10_000), !r.Counts && c.Count != 0:
		return invalid("count", "must be 1 to 10000 for a rule that counts, and 0 for others")
	case r.Rate && (c.WindowSeconds < 1 || c.WindowSeconds > maxWindowS), !r.Rate && c.WindowSeconds != 0:
		return invalid("windowSeconds", "must be 1 to %d for a rate, and 0 for others", maxWindowS)
	case !r.Sums && (c.Target != 0 || c.Slack != 0):
		return invalid("target", "only a sum of deviations has a target and a slack")
	}
	return nil
}

func within(v, most int64) bool { return v >= -most && v <= most }
