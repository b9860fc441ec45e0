package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ConditionReport is what a machine or a device signs about a component: the body
// of a condition-report statement. Readings are in the order of their times.
type ConditionReport struct {
	Measure  string             `json:"measure"`
	Readings []ConditionReading `json:"readings"`
}

// ConditionReading is one value, in thousandths of the measure's unit.
type ConditionReading struct {
	At    measure.Time `json:"at"`
	Value int64        `json:"value"`
}

// MonitoredCondition is one measure of one component: the last reading, and the memory of
// the controls that follow it (SV9).
type MonitoredCondition struct {
	ComponentID string         `json:"componentId"`
	Measure     string         `json:"measure"`
	Readings    uint64         `json:"readings"` // how many have been judged
	Hits        uint64         `json:"hits"`     // how often a control was broken
	LastAt      measure.Time   `json:"lastAt,omitempty" metadata:",optional"`
	LastValue   int64          `json:"lastValue"`
	Revision    uint64         `json:"revision"` // of the plan that the controls are from
	States      []ControlState `json:"states"`
	ChangedAt   measure.Time   `json:"changedAt"`
}

// NewCondition is a measure of which nothing is known.
func NewCondition(componentID, m string) MonitoredCondition {
	return MonitoredCondition{ComponentID: componentID, Measure: m, States: []ControlState{}}
}

// Hit is a control that was broken: its task is due.
type Hit struct {
	TaskID  string
	Trigger Trigger
}

// Judge follows the controls of a plan through a report. The readings go on where
// the last report ended, so none is judged twice, left out or put elsewhere. A
// task with an open request is not judged: it is being done. Its controls begin
// anew when that is over. A task is hit once in a report.
func (c MonitoredCondition) Judge(p Plan, report ConditionReport, now measure.Time) (MonitoredCondition, []Hit, error) {
	if err := c.checkReport(report, now); err != nil {
		return c, nil, err
	}
	states := c.States
	if c.Revision != p.Revision {
		states = nil
	}
	var hits []Hit
	next := []ControlState{}
	for _, t := range p.Tasks {
		if t.Open != "" {
			continue
		}
		after, hit := t.follow(c.Measure, states, report.Readings)
		if hit != nil {
			hits = append(hits, *hit)
			continue
		}
		next = append(next, after...)
	}
	last := report.Readings[len(report.Readings)-1]
	c.Readings, c.Hits = c.Readings+uint64(len(report.Readings)), c.Hits+uint64(len(hits))
	c.LastAt, c.LastValue, c.Revision, c.States, c.ChangedAt = last.At, last.Value, p.Revision, next, max(c.ChangedAt, now)
	return c, hits, nil
}

// follow takes the task's controls through the readings until one is broken.
func (t PlannedTask) follow(m string, states []ControlState, readings []ConditionReading) ([]ControlState, *Hit) {
	var rules []ControlRule
	var mine []ControlState
	for i, c := range t.Task.Controls {
		if c.Measure != m {
			continue
		}
		s := ControlState{TaskID: t.Task.TaskID, Control: i, Occurrence: t.Occurrence}
		known := slices.IndexFunc(states, func(x ControlState) bool {
			return x.TaskID == s.TaskID && x.Control == i && x.Occurrence == s.Occurrence
		})
		if known >= 0 {
			s = states[known]
		}
		r, _ := ControlRuleByID(c.RuleID) // the plan has no other
		rules, mine = append(rules, r), append(mine, s)
	}
	for _, reading := range readings {
		for i, r := range rules {
			c := t.Task.Controls[mine[i].Control]
			s, value, broken := r.step(c, r.High, mine[i], reading)
			mine[i] = s
			if broken {
				return nil, &Hit{t.Task.TaskID, Trigger{Measure: m, RuleID: r.ID, Limit: c.Limit, Value: value, At: reading.At}}
			}
		}
	}
	return mine, nil
}

func (c MonitoredCondition) checkReport(report ConditionReport, now measure.Time) error {
	if err := party.CheckID("measure", report.Measure); err != nil {
		return err
	}
	if report.Measure != c.Measure {
		return invalid("measure", "is %q, not %q", report.Measure, c.Measure)
	}
	if n := len(report.Readings); n < 1 || n > MaxReadings {
		return invalid("readings", "a report has 1 to %d readings", MaxReadings)
	}
	last := c.LastAt
	for _, r := range report.Readings {
		at, err := measure.ParseTime("at", string(r.At))
		if err != nil {
			return err
		}
		if at != r.At {
			return fault.New(fault.CodeTimeInvalid, "at is not written as 2006-01-02T15:04:05.000Z").With("field", "at")
		}
		if !within(r.Value, MaxValue) {
			return invalid("value", "is not between %d and %d", int64(-MaxValue), int64(MaxValue))
		}
		if at <= last {
			return fault.New(fault.CodeConditionOrder, "a reading of %s is not after the last one, of %s", at, last).With("lastAt", string(last))
		}
		last = at
	}
	if last.UnixMs() > now.UnixMs()+measure.MaxSkewMs {
		return fault.New(fault.CodeConditionOrder, "a reading of %s is in the future", last).With("lastAt", string(last))
	}
	return nil
}

// CheckMeasure refuses what cannot be the name of a measure.
func CheckMeasure(m string) error { return party.CheckID("measure", m) }
