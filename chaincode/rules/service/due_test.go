package service_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

const day = 24 * 60 * 60 * 1000

// after is t0 and so many days.
func after(days int64) measure.Time { return measure.Time(t0).Add(days * day) }

func at(actor string, days int64) service.When {
	return service.When{Actor: actor, Now: after(days), TransactionID: fmt.Sprint("tx", days)}
}

func counted(v int64) service.Total { return func(string) int64 { return v } }

var maker = service.Concerned{Manufacturer: "Maker", Owner: "Maker"}

func inspection() service.Task {
	return service.Task{TaskID: "look", Title: "Look", Action: service.Inspect, IntervalDays: 30, LeadDays: 2, ToleranceDays: 5, Skill: "eyes", Usage: []service.UsageLimit{{Measure: "hours", Every: 100}}}
}

func exchange() service.Task {
	return service.Task{TaskID: "seal", Title: "Exchange", Action: service.Replace, IntervalDays: 60, Skill: "hands", OrderPart: true, ApprovedParts: []string{"S-1", "S-2"}}
}

func attached(t rapid.TB, tasks ...service.Task) service.Plan {
	t.Helper()
	p, err := service.Attach("c", tasks, "", maker, counted(50), at("Maker", 0))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The calendar or use, whichever comes first, and the calendar a lead time ahead.
func TestWhicheverComesFirst(t *testing.T) {
	p := attached(t, inspection(), exchange())
	free, built := service.Place{ComponentID: "c", MachineID: "c", Owner: "Maker"}, service.Place{ComponentID: "c", MachineID: "m", SlotID: "s", Owner: "Maker"}
	for name, c := range map[string]struct {
		place               service.Place
		total, days         int64
		byCalendar, byUsage []string
		next                measure.Time
	}{
		"nothing at first":                           {built, 50, 0, nil, nil, after(28)},
		"a moment before the lead time":              {built, 50, 27, nil, nil, after(28)},
		"a lead time before it is due":               {built, 50, 28, []string{"look"}, nil, after(28)},
		"one hour of use too few":                    {built, 149, 0, nil, nil, after(28)},
		"as much use as agreed":                      {built, 150, 0, nil, []string{"look"}, after(28)},
		"both: the calendar is named":                {built, 999, 28, []string{"look"}, nil, after(28)},
		"what is installed is exchanged in time":     {built, 50, 60, []string{"look", "seal"}, nil, after(28)},
		"what lies on the shelf need not be changed": {free, 50, 60, []string{"look"}, nil, after(28)},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Due(c.place, counted(c.total), after(c.days))
			if !slices.Equal(d.ByCalendar, c.byCalendar) || !slices.Equal(d.ByUsage, c.byUsage) || d.RaiseAt != c.next {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// What lies on the shelf is not exchanged by use either; it is due when it is installed.
func TestUseOnTheShelf(t *testing.T) {
	x := exchange()
	x.Usage = []service.UsageLimit{{Measure: "hours", Every: 10}}
	p := attached(t, x)
	for slot, want := range map[string]int{"": 0, "s": 1} {
		d := p.Due(service.Place{ComponentID: "c", MachineID: "m", SlotID: slot, Owner: "Maker"}, counted(60), after(1))
		if len(d.ByUsage) != want {
			t.Errorf("in slot %q: %v", slot, d.ByUsage)
		}
	}
}

func TestARequestSaysWhyAndByWhenItIsDue(t *testing.T) {
	p := attached(t, inspection(), exchange())
	a := agreed(t)
	place := service.Place{ComponentID: "c", PartNumber: "P", MachineID: "m", SlotID: "s", Owner: "Maker"}
	ids, why := p.Occasions(place, counted(150), after(58))
	if !slices.Equal(ids, []string{"look"}) || why[0].Cause != service.ByCalendar || why[0].DueAt != after(30) {
		t.Fatalf("%v %+v", ids, why)
	}
	why[0].Agreement = &a
	p, r, e, err := p.Raise("look", why[0], at("Anyone", 58))
	if err != nil {
		t.Fatal(err)
	}
	if r.RequestID != "c:look:1" || r.OverdueAt != after(35) || r.Provider != "Provider" || r.Operator != "Maker" || r.RaisedBy != "Anyone" || r.Status != service.Raised || e.Number != 0 {
		t.Errorf("%+v, %+v", r, e)
	}
	if _, _, _, err := p.Raise("look", why[0], at("Anyone", 58)); !is(err, fault.CodeTaskOpen) {
		t.Errorf("a second request about one task: %v", err)
	}
	if d := p.Due(place, counted(999), after(59)); len(d.ByCalendar)+len(d.ByUsage) != 0 || d.RaiseAt != after(60) {
		t.Errorf("a task with a request is due again: %+v", d)
	}
	r.DoneAt = after(61)
	p = p.Done(r, counted(170), at("x", 62))
	look, _ := p.TaskOf("look")
	if look.Open != "" || look.Since != after(61) || look.DueAt != after(91) || look.UsageDue[0].At != 270 || look.Occurrence != 1 {
		t.Errorf("%+v", look)
	}
	if _, _, _, err := p.Raise("none", why[0], at("x", 62)); !is(err, fault.CodeTaskUnknown) {
		t.Errorf("%v", err)
	}
	_, r, _, err = p.Raise("seal", service.Occasion{Place: place, Cause: service.ByCalendar, DueAt: after(60)}, at("x", 62))
	if err != nil || !r.OrderPart || r.Provider != "" {
		t.Errorf("%+v, %v", r, err)
	}
	o := r.Order("Maker", at("x", 62))
	if o.Buyer != "Maker" || !slices.Equal(o.PartNumbers, []string{"S-1", "S-2"}) || o.Status != service.Ordered {
		t.Errorf("%+v", o)
	}
}

func is(err error, code fault.Code) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Code == code
}

func TestWhoChangesAPlan(t *testing.T) {
	task := func(days int64) []service.Task {
		x := inspection()
		x.IntervalDays = days
		return []service.Task{x}
	}
	sold := service.Concerned{Manufacturer: "Maker", Owner: "Owner"}
	warranted, over := sold, sold
	warranted.WarrantyUntil, over.WarrantyUntil = after(100), after(10)
	for name, c := range map[string]struct {
		who   service.Concerned
		by    []string // who asks for the same change, one after the other
		takes bool
		code  fault.Code
	}{
		"the maker, while it owns it":              {maker, []string{"Maker"}, true, ""},
		"the owner alone, under warranty":          {warranted, []string{"Owner"}, false, ""},
		"the maker alone, after the sale":          {warranted, []string{"Maker"}, false, ""},
		"the owner, and the maker agrees":          {warranted, []string{"Owner", "Maker"}, true, ""},
		"the maker, and the owner agrees":          {warranted, []string{"Maker", "Owner"}, true, ""},
		"the owner twice":                          {warranted, []string{"Owner", "Owner"}, false, ""},
		"the owner alone, after the warranty":      {over, []string{"Owner"}, true, ""},
		"the maker alone, after the warranty":      {over, []string{"Maker"}, false, ""},
		"without an end on record, as if it lasts": {sold, []string{"Owner"}, false, ""},
		"somebody else":                            {sold, []string{"Other"}, false, fault.CodeServiceNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			p := attached(t, inspection())
			var err error
			for _, by := range c.by {
				p, err = p.Change(task(45), c.who, counted(70), at(by, 20))
			}
			wantFault(t, err, c.code)
			if takes := p.Revision == 2; takes != c.takes || (p.Proposed != nil) == takes && c.code == "" {
				t.Errorf("revision %d, proposed %v", p.Revision, p.Proposed)
			}
			if c.takes && (p.Tasks[0].DueAt != after(45) || p.Tasks[0].UsageDue[0].At != 150) {
				t.Errorf("a changed task forgets when it was done last: %+v", p.Tasks[0])
			}
		})
	}
	t.Run("the other side agrees to something else", func(t *testing.T) {
		p := attached(t, inspection())
		p, _ = p.Change(task(45), warranted, counted(0), at("Owner", 20))
		p, err := p.Change(task(46), warranted, counted(0), at("Maker", 21))
		if err != nil || p.Revision != 1 || p.Proposed.By != "Maker" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("a task with an open request stays", func(t *testing.T) {
		p := attached(t, inspection(), exchange())
		p, _, _, err := p.Raise("seal", service.Occasion{DueAt: after(1)}, at("x", 1))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Change(task(45), maker, counted(0), at("Maker", 2))
		wantFault(t, err, fault.CodeTaskOpen)
	})
}

func TestWhatIsNoPlan(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*service.Task)
		code   fault.Code
	}{
		"a task as it should be":              {func(*service.Task) {}, ""},
		"one that never falls due":            {func(x *service.Task) { x.IntervalDays, x.LeadDays, x.Usage = 0, 0, nil }, fault.CodeInvalid},
		"one that is raised before it begins": {func(x *service.Task) { x.LeadDays = 30 }, fault.CodeInvalid},
		"negative days":                       {func(x *service.Task) { x.ToleranceDays = -1 }, fault.CodeInvalid},
		"more days than a hundred years":      {func(x *service.Task) { x.IntervalDays = 36_501 }, fault.CodeInvalid},
		"an action that there is not":         {func(x *service.Task) { x.Action = "pray" }, fault.CodeInvalid},
		"no skill":                            {func(x *service.Task) { x.Skill = "" }, fault.CodeIDInvalid},
		"an id with a colon":                  {func(x *service.Task) { x.TaskID = "a:b" }, fault.CodeIDInvalid},
		"an id that is too long":              {func(x *service.Task) { x.TaskID = "abcdefghijklmnopqrstuvwxyz0123456" }, fault.CodeIDInvalid},
		"no title":                            {func(x *service.Task) { x.Title = "" }, fault.CodeInvalid},
		"a limit of nothing":                  {func(x *service.Task) { x.Usage[0].Every = 0 }, fault.CodeInvalid},
		"a measure limited twice":             {func(x *service.Task) { x.Usage = append(x.Usage, x.Usage[0]) }, fault.CodeInvalid},
		"too many limits":                     {func(x *service.Task) { x.Usage = make([]service.UsageLimit, 5) }, fault.CodeInvalid},
		"a part approved twice":               {func(x *service.Task) { x.ApprovedParts = []string{"a", "a"} }, fault.CodeInvalid},
		"a part of no name":                   {func(x *service.Task) { x.ApprovedParts = []string{""} }, fault.CodeIDInvalid},
		"a part ordered for an inspection":    {func(x *service.Task) { x.OrderPart = true }, fault.CodeInvalid},
		"an exchange that fails":              {func(x *service.Task) { x.Action, x.OnFailure = service.Replace, service.Repair }, fault.CodeInvalid},
		"a failure that asks for no action":   {func(x *service.Task) { x.OnFailure = "pray" }, fault.CodeInvalid},
		"a control rule that there is not":    {func(x *service.Task) { x.Controls = []service.Control{{Measure: "m", RuleID: "x"}} }, fault.CodeInvalid},
		"a run of no readings": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.run-above"}}
		}, fault.CodeInvalid},
		"more of the last than there are": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.most-above", Count: 4, Of: 3}}
		}, fault.CodeInvalid},
		"a rate without a window": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.rise"}}
		}, fault.CodeInvalid},
		"a negative rate": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.rise", WindowSeconds: 1, Limit: -1}}
		}, fault.CodeInvalid},
		"a limit with the figures of a run": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.above", Count: 1}}
		}, fault.CodeInvalid},
		"a limit with the figures of a sum": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.above", Slack: 1}}
		}, fault.CodeInvalid},
		"a figure beyond what is reckoned with": {func(x *service.Task) {
			x.Controls = []service.Control{{Measure: "m", RuleID: "service.condition.above", Limit: 10_000_000_001}}
		}, fault.CodeInvalid},
		"a control of nothing": {func(x *service.Task) { x.Controls = []service.Control{{RuleID: "service.condition.above"}} }, fault.CodeIDInvalid},
		"too many controls":    {func(x *service.Task) { x.Controls = make([]service.Control, 9) }, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			x := inspection()
			c.change(&x)
			_, err := service.Attach("c", []service.Task{x}, "", maker, counted(0), at("Maker", 0))
			wantFault(t, err, c.code)
		})
	}
	for name, c := range map[string]struct {
		tasks []service.Task
		since measure.Time
		by    string
		code  fault.Code
	}{
		"no tasks":             {nil, "", "Maker", fault.CodeInvalid},
		"one task twice":       {[]service.Task{inspection(), inspection()}, "", "Maker", fault.CodeInvalid},
		"too many tasks":       {make([]service.Task, 17), "", "Maker", fault.CodeInvalid},
		"of somebody else":     {[]service.Task{inspection()}, "", "Owner", fault.CodeServiceNotParty},
		"since tomorrow":       {[]service.Task{inspection()}, after(1), "Maker", fault.CodeInvalid},
		"since no time at all": {[]service.Task{inspection()}, "then", "Maker", fault.CodeTimeInvalid},
		"since it was made":    {[]service.Task{inspection()}, after(-100), "Maker", ""},
		"33 limits in 9 tasks": {manyLimits(), "", "Maker", fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := service.Attach("c", c.tasks, c.since, maker, counted(0), at(c.by, 0))
			wantFault(t, err, c.code)
		})
	}
}

func manyLimits() (tasks []service.Task) {
	for i := range 9 {
		x := inspection()
		x.TaskID, x.Usage = fmt.Sprint("t", i), nil
		for m := range 4 {
			x.Usage = append(x.Usage, service.UsageLimit{Measure: fmt.Sprint("m", m), Every: 1})
		}
		tasks = append(tasks, x)
	}
	return tasks
}

// Whatever falls due, is done, skipped or planned anew, and in whichever order: a
// task has one open request at most, and its requests are numbered without gaps.
func TestOccurrencesHaveNoGaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := attached(t, inspection(), exchange())
		place := service.Place{ComponentID: "c", MachineID: "m", SlotID: "s", Owner: "Maker"}
		open, last := map[string]service.ServiceRequest{}, map[string]uint64{}
		total, days := int64(50), int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			days += rapid.Int64Range(0, 20).Draw(t, "days")
			total += rapid.Int64Range(0, 60).Draw(t, "use")
			id := rapid.SampledFrom([]string{"look", "seal"}).Draw(t, "task")
			r, isOpen := open[id]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				ids, why := p.Occasions(place, counted(total), after(days))
				for i, due := range ids {
					next, raised, _, err := p.Raise(due, why[i], at("x", days))
					if err != nil {
						t.Fatal(err)
					}
					if _, was := open[due]; was || raised.Occurrence != last[due]+1 || raised.RequestID != service.RequestIDOf("c", due, last[due]+1) {
						t.Fatalf("%s after occurrence %d, open %v", raised.RequestID, last[due], was)
					}
					p, open[due], last[due] = next, raised, raised.Occurrence
				}
			case 2:
				how := rapid.SampledFrom([]service.Settling{service.Plan.Done, service.Plan.Skip, service.Plan.Leave}).Draw(t, "how")
				if isOpen {
					r.DoneAt = after(days)
					p = how(p, r, counted(total), at("x", days))
					delete(open, id)
				}
			case 3:
				x := []service.Task{inspection(), exchange()}
				x[0].IntervalDays = rapid.Int64Range(3, 90).Draw(t, "interval")
				next, err := p.Change(x, maker, counted(total), at("Maker", days))
				if err != nil {
					t.Fatal(err)
				}
				p = next
			}
			for _, task := range p.Tasks {
				r, is := open[task.Task.TaskID]
				if is && task.Open != r.RequestID || !is && task.Open != "" || task.Occurrence != last[task.Task.TaskID] {
					t.Fatalf("%+v, %v", task, r.RequestID)
				}
			}
		}
	})
}
