package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of a plan.
const (
	MaxTasks    = 16
	MaxLimits   = 4 // usage limits of one task
	MaxApproved = 16
)

const dayMs = 24 * 60 * 60 * 1000

// Task is one thing that has to be done to a component again and again. It falls
// due by the calendar, by use or by condition, whichever comes first (SV2).
type Task struct {
	TaskID string `json:"taskId"`
	Title  string `json:"title"`
	Action Action `json:"action"`
	// IntervalDays is how long after it was done last it is due. 0: not by the calendar.
	IntervalDays int64 `json:"intervalDays,omitempty" metadata:",optional"`
	// LeadDays is how long before the calendar makes it due the request is raised.
	LeadDays int64 `json:"leadDays,omitempty" metadata:",optional"`
	// ToleranceDays is how long after it fell due it is overdue.
	ToleranceDays int64        `json:"toleranceDays,omitempty" metadata:",optional"`
	Usage         []UsageLimit `json:"usage,omitempty" metadata:",optional"`
	Controls      []Control    `json:"controls,omitempty" metadata:",optional"`
	Skill         string       `json:"skill"` // that the engineer's credential must have
	// ApprovedParts are the part numbers that may be put in; none: only the component's own (SV5).
	ApprovedParts []string `json:"approvedParts,omitempty" metadata:",optional"`
	// OrderPart has a replacement ordered from the manufacturer with the request (SV6).
	OrderPart bool `json:"orderPart,omitempty" metadata:",optional"`
	// SafetyCritical work is looked at by a second engineer, and is not called off.
	SafetyCritical bool `json:"safetyCritical,omitempty" metadata:",optional"`
	// OnFailure is what a failed inspection asks for next; none: to replace.
	OnFailure Action `json:"onFailure,omitempty" metadata:",optional"`
}

// UsageLimit makes a task due after so much use since it was done last.
type UsageLimit struct {
	Measure string `json:"measure"`
	Every   int64  `json:"every"`
}

// Plan is what has to be done to one component, and how far that is. The maker
// loads it when the component is announced (SV1).
type Plan struct {
	ComponentID   string        `json:"componentId"`
	Manufacturer  string        `json:"manufacturer"`
	Revision      uint64        `json:"revision"` // 1 for the maker's
	Tasks         []PlannedTask `json:"tasks"`
	Proposed      *PlanChange   `json:"proposed,omitempty" metadata:",optional"`
	ChangedAt     measure.Time  `json:"changedAt"`
	TransactionID string        `json:"transactionId"`
}

// PlannedTask is a task and where it stands.
type PlannedTask struct {
	Task Task `json:"task"`
	// Occurrence is the number of the task's last request; the first one is 1.
	Occurrence uint64 `json:"occurrence"`
	// Open is the request that is about it now.
	Open string `json:"open,omitempty" metadata:",optional"`
	// Since is when it was done last, or when it was planned.
	Since measure.Time `json:"since"`
	// DueAt is when the calendar makes it due next.
	DueAt measure.Time `json:"dueAt,omitempty" metadata:",optional"`
	// UsageDue are the totals of the component at which use makes it due next.
	UsageDue []UsageDue `json:"usageDue,omitempty" metadata:",optional"`
}

// UsageDue is a total at which a task falls due.
type UsageDue struct {
	Measure string `json:"measure"`
	From    int64  `json:"from"` // the total as it was done last
	At      int64  `json:"at"`
}

// PlanChange is another plan that one of those concerned wants.
type PlanChange struct {
	Tasks []Task       `json:"tasks"`
	By    string       `json:"by"`
	At    measure.Time `json:"at"`
}

// Concerned says who has a say in a component's plan: its maker for as long as it
// answers for it by warranty, and its owner.
type Concerned struct {
	Manufacturer, Owner string
	WarrantyUntil       measure.Time // "": no end is on record
}

// Total is how much of a measure a component has counted.
type Total func(measure string) int64

// Attach loads a plan for a component that has none. As long as the maker owns it,
// the maker does, and says from when on the calendar counts: since it was made, say.
// After that it takes the word of both, as a change does.
func Attach(componentID string, tasks []Task, since measure.Time, c Concerned, total Total, w When) (Plan, error) {
	if w.Actor != c.Manufacturer || w.Actor != c.Owner {
		return Plan{}, fault.New(fault.CodeServiceNotParty, "a plan is loaded by the manufacturer, %s, while it owns the component", c.Manufacturer)
	}
	if err := checkTasks(tasks); err != nil {
		return Plan{}, err
	}
	begin := w.Now
	if since != "" {
		at, err := measure.ParseTime("since", string(since))
		if err != nil {
			return Plan{}, err
		}
		if begin = at; at > w.Now {
			return Plan{}, invalid("since", "is in the future")
		}
	}
	p := Plan{ComponentID: componentID, Manufacturer: c.Manufacturer, Revision: 1, ChangedAt: w.Now, TransactionID: w.TransactionID}
	for _, t := range tasks {
		p.Tasks = append(p.Tasks, PlannedTask{Task: t}.begin(begin, total))
	}
	return p, nil
}

// Change puts other tasks in the place of those until now. While the maker's
// warranty holds, it takes the maker's word and the owner's: the one proposes, the
// other accepts with the same tasks. After that the owner decides, or whom it has
// let change the plan, and the maker's word is not needed (SV8). A task keeps its
// occurrences and its last date under its id; one with an open request stays.
func (p Plan) Change(tasks []Task, c Concerned, total Total, w When) (Plan, error) {
	if err := checkTasks(tasks); err != nil {
		return p, err
	}
	if w.Actor != c.Owner && w.Actor != c.Manufacturer {
		return p, fault.New(fault.CodeServiceNotParty, "%s is neither the owner nor the manufacturer", w.Actor)
	}
	alone := w.Actor == c.Owner && (c.Owner == c.Manufacturer || c.WarrantyUntil != "" && w.Now >= c.WarrantyUntil)
	agreed := p.Proposed != nil && p.Proposed.By != w.Actor && (p.Proposed.By == c.Owner || p.Proposed.By == c.Manufacturer) && slices.EqualFunc(p.Proposed.Tasks, tasks, sameTask)
	p.ChangedAt, p.TransactionID = w.Now, w.TransactionID
	if !alone && !agreed {
		p.Proposed = &PlanChange{Tasks: tasks, By: w.Actor, At: w.Now}
		return p, nil
	}
	return p.replace(tasks, total, w)
}

func (p Plan) replace(tasks []Task, total Total, w When) (Plan, error) {
	var next []PlannedTask
	for _, t := range tasks {
		was, known := p.task(t.TaskID)
		if !known {
			next = append(next, PlannedTask{Task: t}.begin(w.Now, total))
			continue
		}
		from := func(m string) int64 {
			if i := slices.IndexFunc(was.UsageDue, func(u UsageDue) bool { return u.Measure == m }); i >= 0 {
				return was.UsageDue[i].From
			}
			return total(m)
		}
		x := was
		x.Task = t
		next = append(next, x.begin(was.Since, from))
	}
	for _, was := range p.Tasks {
		if was.Open != "" && !slices.ContainsFunc(tasks, func(t Task) bool { return t.TaskID == was.Task.TaskID }) {
			return p, fault.New(fault.CodeTaskOpen, "request %s is about task %s, which the new plan has not", was.Open, was.Task.TaskID).With("requestId", was.Open)
		}
	}
	p.Tasks, p.Proposed, p.Revision = next, nil, p.Revision+1
	return p, nil
}

func (p Plan) task(id string) (PlannedTask, bool) {
	i := p.index(id)
	if i < 0 {
		return PlannedTask{}, false
	}
	return p.Tasks[i], true
}

func (p Plan) index(id string) int {
	return slices.IndexFunc(p.Tasks, func(t PlannedTask) bool { return t.Task.TaskID == id })
}

// TaskOf finds a task of the plan.
func (p Plan) TaskOf(id string) (PlannedTask, error) {
	t, ok := p.task(id)
	if !ok {
		return t, fault.New(fault.CodeTaskUnknown, "the plan of %s has no task %q", p.ComponentID, id).With("taskId", id)
	}
	return t, nil
}

func checkTasks(tasks []Task) error {
	if len(tasks) < 1 || len(tasks) > MaxTasks {
		return invalid("tasks", "a plan has 1 to %d tasks", MaxTasks)
	}
	limits := 0
	for i, t := range tasks {
		if err := t.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(tasks[:i], func(o Task) bool { return o.TaskID == t.TaskID }) {
			return invalid("tasks", "names task %q twice", t.TaskID)
		}
		limits += len(t.Usage)
	}
	if limits > 32 {
		return invalid("usage", "a plan has at most 32 usage limits")
	}
	return nil
}

func (t Task) check() error {
	if err := checkTaskID(t.TaskID); err != nil {
		return err
	}
	if err := party.CheckText("title", t.Title, 1, 100); err != nil {
		return err
	}
	if err := t.Action.check(); err != nil {
		return err
	}
	if t.OnFailure != "" {
		if err := t.OnFailure.check(); err != nil {
			return err
		}
		if t.Action != Inspect {
			return invalid("onFailure", "only an inspection fails")
		}
	}
	for _, d := range []struct {
		field string
		days  int64
	}{{"intervalDays", t.IntervalDays}, {"leadDays", t.LeadDays}, {"toleranceDays", t.ToleranceDays}} {
		if err := checkDays(d.field, d.days); err != nil {
			return err
		}
	}
	if t.LeadDays >= t.IntervalDays && t.LeadDays > 0 {
		return invalid("leadDays", "must be less than intervalDays")
	}
	if t.IntervalDays == 0 && len(t.Usage) == 0 && len(t.Controls) == 0 {
		return invalid("tasks", "task %q never falls due", t.TaskID)
	}
	if err := party.CheckID("skill", t.Skill); err != nil {
		return err
	}
	if err := t.checkParts(); err != nil {
		return err
	}
	if err := t.checkUsage(); err != nil {
		return err
	}
	return checkControls(t.Controls)
}

func (t Task) checkParts() error {
	if len(t.ApprovedParts) > MaxApproved {
		return invalid("approvedParts", "has at most %d entries", MaxApproved)
	}
	for i, n := range t.ApprovedParts {
		if err := party.CheckID("approvedParts", n); err != nil {
			return err
		}
		if slices.Contains(t.ApprovedParts[:i], n) {
			return invalid("approvedParts", "names %q twice", n)
		}
	}
	if t.OrderPart && t.Action != Replace {
		return invalid("orderPart", "a part is ordered for a replacement")
	}
	return nil
}

func (t Task) checkUsage() error {
	if len(t.Usage) > MaxLimits {
		return invalid("usage", "has at most %d entries", MaxLimits)
	}
	for i, l := range t.Usage {
		if err := party.CheckID("measure", l.Measure); err != nil {
			return err
		}
		if l.Every < 1 || l.Every > MaxAmount {
			return invalid("every", "must be 1 to %d", int64(MaxAmount))
		}
		if slices.ContainsFunc(t.Usage[:i], func(o UsageLimit) bool { return o.Measure == l.Measure }) {
			return invalid("usage", "limits %q twice", l.Measure)
		}
	}
	return nil
}

func sameTask(a, b Task) bool {
	return a.TaskID == b.TaskID && a.Title == b.Title && a.Action == b.Action && a.IntervalDays == b.IntervalDays && a.LeadDays == b.LeadDays &&
		a.ToleranceDays == b.ToleranceDays && slices.Equal(a.Usage, b.Usage) && slices.Equal(a.Controls, b.Controls) && a.Skill == b.Skill &&
		slices.Equal(a.ApprovedParts, b.ApprovedParts) && a.OrderPart == b.OrderPart && a.SafetyCritical == b.SafetyCritical && a.OnFailure == b.OnFailure
}

// Approves refuses a part number that the task does not let be put in, where own
// is that of the component (SV5).
func (t Task) Approves(partNumber, own string) error {
	return approves(t.ApprovedParts, partNumber, own)
}

func approves(approved []string, partNumber, own string) error {
	if len(approved) == 0 && partNumber == own || slices.Contains(approved, partNumber) {
		return nil
	}
	return fault.New(fault.CodeServicePart, "part number %s is not approved for this", partNumber).With("partNumber", partNumber)
}
