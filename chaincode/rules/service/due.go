package service

import (
	"slices"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// begin counts the task anew from a moment and the totals of now.
func (t PlannedTask) begin(since measure.Time, total Total) PlannedTask {
	t.Since, t.DueAt, t.UsageDue = since, "", nil
	if t.Task.IntervalDays > 0 {
		t.DueAt = since.Add(t.Task.IntervalDays * dayMs)
	}
	for _, l := range t.Task.Usage {
		t.UsageDue = append(t.UsageDue, UsageDue{l.Measure, total(l.Measure), total(l.Measure) + l.Every})
	}
	return t
}

// RaiseAt is when the calendar raises the task's next request; "" when it does not.
// What is not installed anywhere need not be replaced.
func (t PlannedTask) RaiseAt(installed bool) measure.Time {
	if t.Open != "" || t.DueAt == "" || !t.Task.applies(installed) {
		return ""
	}
	return t.DueAt.Add(-t.Task.LeadDays * dayMs)
}

// applies: what is installed nowhere need not be replaced.
func (t Task) applies(installed bool) bool { return t.Action != Replace || installed }

// Applies reports whether there is anything to do for a task where the component is
// now. If there is not, it stays due until there is.
func (t Task) Applies(p Place) bool { return t.applies(p.SlotID != "") }

// PlanDue is what a plan makes due, and when the calendar does so next.
type PlanDue struct {
	ComponentID string       `json:"componentId"`
	Operator    string       `json:"operator"`                               // MSP id of who owns it
	RaiseAt     measure.Time `json:"raiseAt,omitempty" metadata:",optional"` // when the calendar raises the next request; none: it does not
	ByCalendar  []string     `json:"byCalendar"`                             // tasks whose request is to be raised now
	ByUsage     []string     `json:"byUsage"`
}

// Due says what is due by now, tasks in the plan's order. Each is named once.
func (p Plan) Due(place Place, total Total, now measure.Time) PlanDue {
	d := PlanDue{ComponentID: p.ComponentID, Operator: place.Owner, ByCalendar: []string{}, ByUsage: []string{}}
	for _, t := range p.Tasks {
		at := t.RaiseAt(place.SlotID != "")
		if at != "" && (d.RaiseAt == "" || at < d.RaiseAt) {
			d.RaiseAt = at
		}
		if at != "" && at <= now {
			d.ByCalendar = append(d.ByCalendar, t.Task.TaskID)
		} else if _, due := t.usedUp(total); due && t.Task.Applies(place) {
			d.ByUsage = append(d.ByUsage, t.Task.TaskID)
		}
	}
	return d
}

// Limit is a total at which a task falls due, or has.
type Limit struct {
	TaskID, Measure string
	At              int64
	Raised          bool // the task has a request
}

// Limits are the totals at which use makes the plan's tasks due.
func (p Plan) Limits() []Limit {
	var all []Limit
	for _, t := range p.Tasks {
		for _, u := range t.UsageDue {
			all = append(all, Limit{t.Task.TaskID, u.Measure, u.At, t.Open != ""})
		}
	}
	return all
}

// usedUp is the limit that a total has reached, of a task without a request.
func (t PlannedTask) usedUp(total Total) (UsageDue, bool) {
	for _, u := range t.UsageDue {
		if t.Open == "" && total(u.Measure) >= u.At {
			return u, true
		}
	}
	return UsageDue{}, false
}

// Occasions are the causes of what is due now, one for each task that [Plan.Due]
// names and in the same order.
func (p Plan) Occasions(place Place, total Total, now measure.Time) (ids []string, why []Occasion) {
	d := p.Due(place, total, now)
	for _, t := range p.Tasks {
		id := t.Task.TaskID
		switch {
		case slices.Contains(d.ByCalendar, id):
			ids, why = append(ids, id), append(why, Occasion{Place: place, Cause: ByCalendar, DueAt: t.DueAt})
		case slices.Contains(d.ByUsage, id):
			u, _ := t.usedUp(total)
			trigger := Trigger{Measure: u.Measure, Limit: u.At, Value: total(u.Measure), At: now}
			ids, why = append(ids, id), append(why, Occasion{Place: place, Cause: ByUsage, Trigger: &trigger, DueAt: now})
		}
	}
	return ids, why
}

// Cause is why a request was raised.
type Cause string

// The causes.
const (
	ByCalendar  Cause = "calendar"
	ByUsage     Cause = "usage"
	ByCondition Cause = "condition"
	ByFailure   Cause = "failed-inspection"
	ByFault     Cause = "fault" // somebody found something wrong (EN 13306: corrective)
)

// Causes lists every cause.
func Causes() []Cause { return []Cause{ByCalendar, ByUsage, ByCondition, ByFailure, ByFault} }

// Trigger is what made a task due, where that was a value.
type Trigger struct {
	Measure string       `json:"measure"`
	RuleID  RuleID       `json:"ruleId,omitempty" metadata:",optional"` // of the control that was broken
	Limit   int64        `json:"limit"`
	Value   int64        `json:"value"`
	At      measure.Time `json:"at"`
}

// Place is a component as a request finds it.
type Place struct {
	ComponentID, PartNumber string
	ParentID                string   // the machine of the slot; "" when it is not installed
	Within                  []string // the machines that it is in, innermost first
	MachineID               string   // the root of what it is installed in, or itself
	SlotID                  string   // "" when it is not installed
	Owner                   string   // of the machine
}

// Occasion is why a task's request is raised now, and for what.
type Occasion struct {
	Place   Place
	Cause   Cause
	Trigger *Trigger
	DueAt   measure.Time
	// Agreement serves the place now; nil: none does.
	Agreement *Agreement
	// Follows is the request whose inspection failed.
	Follows string
	Action  Action // "": the task's
}

// RequestIDOf is the id of a planned request: the task's occurrences are numbered
// without gaps. A task's id has no colon, so no two tasks have a request in common.
func RequestIDOf(componentID, taskID string, occurrence uint64) string {
	return componentID + ":" + taskID + ":" + strconv.FormatUint(occurrence, 10)
}

// Raise raises the next request of a task. A task has one at a time.
func (p Plan) Raise(taskID string, o Occasion, w When) (Plan, ServiceRequest, RequestEvent, error) {
	t, err := p.TaskOf(taskID)
	if err != nil {
		return p, ServiceRequest{}, RequestEvent{}, err
	}
	if t.Open != "" {
		return p, ServiceRequest{}, RequestEvent{}, fault.New(fault.CodeTaskOpen, "request %s about task %s is open", t.Open, taskID).With("requestId", t.Open)
	}
	t.Occurrence++
	t.Open = RequestIDOf(p.ComponentID, taskID, t.Occurrence)
	r := ServiceRequest{
		RequestID: t.Open, TaskID: taskID, Occurrence: t.Occurrence, Title: t.Task.Title, Action: t.Task.Action, Cause: o.Cause, Trigger: o.Trigger,
		Skill: t.Task.Skill, ApprovedParts: t.Task.ApprovedParts, SafetyCritical: t.Task.SafetyCritical,
		DueAt: o.DueAt, OverdueAt: o.DueAt.Add(t.Task.ToleranceDays * dayMs), Follows: o.Follows,
	}
	if o.Action != "" {
		r.Action = o.Action
	}
	r.OrderPart = t.Task.OrderPart && r.Action == Replace
	r, e := r.raise(o.Place, o.Agreement, w)
	p.Tasks = slices.Clone(p.Tasks)
	p.Tasks[p.index(taskID)] = t
	p.ChangedAt, p.TransactionID = w.Now, w.TransactionID
	return p, r, e, nil
}

// Done counts the task of a request anew from when the work was done.
func (p Plan) Done(r ServiceRequest, total Total, w When) Plan {
	return p.settle(r, w, func(t PlannedTask) PlannedTask { return t.begin(r.DoneAt, total) })
}

// Skip counts the task of a request that was called off anew from now.
func (p Plan) Skip(r ServiceRequest, total Total, w When) Plan {
	return p.settle(r, w, func(t PlannedTask) PlannedTask { return t.begin(w.Now, total) })
}

// settle ends the request of a task. A task that has gone from the plan, or has
// another request by now, is left alone.
func (p Plan) settle(r ServiceRequest, w When, step func(PlannedTask) PlannedTask) Plan {
	i := p.index(r.TaskID)
	if i < 0 || p.Tasks[i].Open != r.RequestID {
		return p
	}
	p.Tasks = slices.Clone(p.Tasks)
	t := step(p.Tasks[i])
	t.Open = ""
	p.Tasks[i] = t
	p.ChangedAt, p.TransactionID = w.Now, w.TransactionID
	return p
}
