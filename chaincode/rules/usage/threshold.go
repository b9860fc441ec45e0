package usage

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Threshold says that a task falls due when the component's total of a measure
// reaches At. It is raised once; whoever sets the component's thresholds anew,
// when the task is done, sets the next one.
type Threshold struct {
	TaskID  string `json:"taskId"`
	Measure string `json:"measure"`
	At      int64  `json:"at"` // the component's own total since new
	Raised  bool   `json:"raised,omitempty" metadata:",optional"`
}

// Crossed is a threshold that a total has reached.
type Crossed struct {
	ComponentID string `json:"componentId"`
	TaskID      string `json:"taskId"`
	Measure     string `json:"measure"`
	At          int64  `json:"at"`
	Total       int64  `json:"total"`
}

// SetThresholds puts the thresholds in the place of those until now.
func (c Counters) SetThresholds(thresholds []Threshold, now measure.Time) (Counters, error) {
	if len(thresholds) > MaxThresholds {
		return c, fault.New(fault.CodeInvalid, "a component has at most %d thresholds", MaxThresholds).With("field", "thresholds")
	}
	var measures []Count
	for i, t := range thresholds {
		if err := party.CheckID("taskId", t.TaskID); err != nil {
			return c, err
		}
		if err := checkCount("thresholds", Count{t.Measure, t.At}); err != nil {
			return c, err
		}
		if t.At == 0 {
			return c, fault.New(fault.CodeInvalid, "a threshold is at least 1").With("field", "thresholds")
		}
		if slices.ContainsFunc(thresholds[:i], func(x Threshold) bool { return x.TaskID == t.TaskID && x.Measure == t.Measure }) {
			return c, fault.New(fault.CodeInvalid, "task %s has two thresholds of %s", t.TaskID, t.Measure).With("field", "thresholds")
		}
		measures = With(measures, t.Measure, 0)
	}
	if len(measures) > MaxMeasures {
		return c, tooManyMeasures(c.ComponentID)
	}
	c.Thresholds, c.ChangedAt = slices.Clone(thresholds), now
	return c, nil
}

// Cross raises the first thresholds of a measure that the total has reached, at
// most limit of them.
func (c Counters) Cross(m string, total int64, limit int, now measure.Time) (Counters, []Crossed) {
	var crossed []Crossed
	next := slices.Clone(c.Thresholds)
	for i, t := range next {
		if t.Measure != m || t.Raised || t.At > total || len(crossed) == limit {
			continue
		}
		next[i].Raised = true
		crossed = append(crossed, Crossed{c.ComponentID, t.TaskID, t.Measure, t.At, total})
	}
	if len(crossed) > 0 {
		c.Thresholds, c.ChangedAt = next, now
	}
	return c, crossed
}

// Dues are the lowest totals, by measure, at which something that is not raised
// yet falls due: of the component's own thresholds, and of below, which is the same
// of all that is installed in it.
func (c Counters) Dues(below []Count) []Count {
	dues := slices.Clone(below)
	for _, t := range c.Thresholds {
		if !t.Raised {
			dues = Least(dues, Count{t.Measure, t.At})
		}
	}
	return dues
}

// Lift translates the component's dues into the totals of the machine through
// which it counts. That stays true while it is installed, however much the machine
// counts, so it is reckoned once and stored. What the component meters itself does
// not fall due through the machine.
func (c Counters) Lift(dues []Count) []Count {
	var out []Count
	for _, d := range dues {
		if !c.Metered(d.Measure) {
			out = append(out, Count{d.Measure, d.Value - Of(c.Base, d.Measure) + Of(c.Joined, d.Measure)})
		}
	}
	return out
}

// Least is the list with the lower of its and the given count of the measure.
func Least(list []Count, c Count) []Count {
	if i, ok := find(list, c.Measure); ok && list[i].Value <= c.Value {
		return list
	}
	return With(list, c.Measure, c.Value)
}
