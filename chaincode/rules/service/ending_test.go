package service_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// inPlace: the component is where it was, and everything is paid.
func inPlace() service.Remains {
	return service.Remains{Owner: "Operator", MachineOwner: "Operator", Within: true}
}

func cancel(r service.ServiceRequest, x service.Remains, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
	next, e, _, err := r.Cancel(x, r.Steps, "no", w)
	return next, e, err
}

// Who ends a request without a result, when, and whether its task is due as before.
func TestWhoEndsWhatComesToNothing(t *testing.T) {
	gone, scrapped, sold, unpaid := inPlace(), inPlace(), inPlace(), inPlace()
	gone.Within, gone.Owner = false, "Buyer" // taken out, and sold
	scrapped.Ended = true
	sold.Owner, sold.MachineOwner = "Buyer", "Buyer"
	unpaid.Unpaid = true
	loose := func(r service.ServiceRequest) service.ServiceRequest { r.SlotID = ""; return r }
	for name, c := range map[string]struct {
		task     service.Task
		critical bool
		status   service.RequestStatus
		change   func(service.ServiceRequest) service.ServiceRequest
		remains  service.Remains
		by       string
		days     int64
		code     fault.Code
		due      bool // as before
	}{
		"the owner, before it is begun":                     {task: inspection(), status: service.Scheduled, remains: inPlace(), by: "Operator"},
		"the provider, before it is begun":                  {task: inspection(), status: service.Scheduled, remains: inPlace(), by: "Provider", code: fault.CodeServiceNotParty},
		"a new owner, before it is begun":                   {task: inspection(), status: service.Accepted, remains: sold, by: "Buyer"},
		"the former owner, before it is begun":              {task: inspection(), status: service.Accepted, remains: sold, by: "Operator", code: fault.CodeServiceNotParty},
		"the provider gives up what it has begun":           {task: inspection(), status: service.Started, remains: unpaid, by: "Provider", due: true},
		"the owner stops it, and has paid":                  {task: inspection(), status: service.Started, remains: inPlace(), by: "Operator", due: true},
		"the owner stops it, and has not paid":              {task: inspection(), status: service.Started, remains: unpaid, by: "Operator", code: fault.CodeStepsUnpaid},
		"a new owner stops it, who owes nothing":            {task: inspection(), status: service.Started, remains: service.Remains{Owner: "Buyer", MachineOwner: "Buyer", Within: true, Unpaid: true}, by: "Buyer", due: true},
		"somebody else":                                     {task: inspection(), status: service.Started, remains: gone, by: "Other", code: fault.CodeServiceNotParty},
		"what is done":                                      {task: inspection(), status: service.Done, remains: scrapped, by: "Operator", code: fault.CodeRequestStatus},
		"safety-critical, by the owner":                     {task: inspection(), critical: true, status: service.Raised, remains: inPlace(), by: "Operator", code: fault.CodeSafetyCritical},
		"safety-critical and overdue, with nobody at it":    {task: inspection(), critical: true, status: service.Raised, remains: inPlace(), by: "Operator", days: 7, code: fault.CodeSafetyCritical},
		"safety-critical and accepted, in time":             {task: inspection(), critical: true, status: service.Accepted, remains: inPlace(), by: "Operator", days: 6, code: fault.CodeSafetyCritical},
		"safety-critical and accepted, and its time passed": {task: inspection(), critical: true, status: service.Accepted, remains: inPlace(), by: "Operator", days: 7, due: true},
		"safety-critical and begun, and given up":           {task: inspection(), critical: true, status: service.Started, remains: inPlace(), by: "Provider", due: true},
		"safety-critical, of what was scrapped":             {task: inspection(), critical: true, status: service.Raised, remains: scrapped, by: "Operator", due: true},
		"of what was scrapped, by the provider":             {task: inspection(), status: service.Accepted, remains: scrapped, by: "Provider", due: true},
		"of what was taken out, by who owns the machine":    {task: exchange(), status: service.Started, remains: gone, by: "Operator", due: true},
		"of what was taken out, by the provider":            {task: exchange(), status: service.Started, remains: gone, by: "Provider", due: true},
		"of what was taken out, by who has bought it":       {task: exchange(), status: service.Raised, remains: gone, by: "Buyer"},
		"an exchange of what was installed nowhere":         {task: exchange(), critical: true, status: service.Raised, change: loose, remains: inPlace(), by: "Operator", due: true},
	} {
		t.Run(name, func(t *testing.T) {
			c.task.SafetyCritical = c.critical
			r := request(t, c.task, c.status)
			if c.change != nil {
				r = c.change(r)
			}
			next, e, settling, err := r.Cancel(c.remains, r.Steps, "no", at(c.by, max(c.days, 2)))
			wantFault(t, err, c.code)
			if c.code != "" {
				return
			}
			if next.Status != service.Cancelled || next.Reason != "no" || e.Detail != "no" || e.Status != service.Cancelled {
				t.Errorf("%+v, %+v", next, e)
			}
			p := attached(t, c.task)
			p.Tasks[0].Open = r.RequestID
			was := p.Tasks[0].DueAt
			p = settling(p, next, counted(0), at(c.by, 3))
			if p.Tasks[0].Open != "" || (p.Tasks[0].DueAt == was) != c.due {
				t.Errorf("%+v was due at %s", p.Tasks[0], was)
			}
		})
	}
	_, _, _, err := request(t, exchange(), service.Started).Cancel(gone, 0, "", at("Operator", 1))
	wantFault(t, err, fault.CodeInvalid)
}

// What was done before a request came to nothing stays owed. The operator pays it as
// ever, and the provider collects it, but not what nobody else has put an end to.
func TestWhatWasDoneStaysOwed(t *testing.T) {
	gone, sold := inPlace(), inPlace()
	gone.Within, gone.Unpaid = false, true // by the operator, which owns it
	sold.Owner, sold.MachineOwner, sold.Unpaid = "Buyer", "Buyer", true
	for name, c := range map[string]struct {
		by      string // who calls it off; nobody: it goes on
		remains service.Remains
		until   uint64
		payer   string
		want    fault.Code
	}{
		"the operator pays what it has called off":            {by: "Operator", remains: gone, until: 1, payer: "Operator"},
		"and what the provider has given up":                  {by: "Provider", remains: inPlace(), until: 1, payer: "Operator"},
		"of what was done, and no more":                       {by: "Operator", remains: gone, until: 2, payer: "Operator", want: fault.CodeInvalid},
		"the provider collects when the operator took it out": {by: "Operator", remains: gone, until: 1, payer: "Provider"},
		"and when a new owner stops it":                       {by: "Buyer", remains: sold, until: 1, payer: "Provider"},
		"of what was done, and no more either":                {by: "Buyer", remains: sold, until: 2, payer: "Provider", want: fault.CodeInvalid},
		"it does not collect what it has given up":            {by: "Provider", remains: inPlace(), until: 1, payer: "Provider", want: fault.CodeServiceNotParty},
		"nor what it ends because nothing can come of it":     {by: "Provider", remains: gone, until: 1, payer: "Provider", want: fault.CodeServiceNotParty},
		"nor what goes on, which is paid as it is confirmed":  {until: 1, payer: "Provider", want: fault.CodeServiceNotParty},
		"nobody else has anything to do with it":              {by: "Buyer", remains: sold, until: 1, payer: "Buyer", want: fault.CodeServiceNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, err := request(t, inspection(), service.Started).Record(service.ServiceStep{Step: "look", Activity: "inspect"}, 5, inPlace(), at("Provider", 1))
			wantFault(t, err, "")
			if c.by != "" {
				r, _, err = cancel(r, c.remains, at(c.by, 1))
				wantFault(t, err, "")
			}
			wantFault(t, r.Payable(c.until, c.payer), c.want)
		})
	}
}

// The operator pays on the word of whoever owns the thing, or its machine, as the work
// ends: so nothing is added to it once that is somebody else, and it can be ended.
func TestNothingIsAddedToWorkOnWhatWasSold(t *testing.T) {
	out, sold, machineSold, partSold := inPlace(), inPlace(), inPlace(), inPlace()
	out.Within = false // on the bench
	sold.Owner, sold.MachineOwner = "Buyer", "Buyer"
	machineSold.Within, machineSold.MachineOwner = false, "Buyer"
	partSold.Within, partSold.Owner = false, "Buyer"
	for name, c := range map[string]struct {
		remains service.Remains
		by      string
		want    fault.Code
	}{
		"where it was":                        {inPlace(), "Provider", ""},
		"taken out, and still the operator's": {out, "Provider", ""},
		"sold":                                {sold, "Provider", fault.CodeRequestSold},
		"taken out, and its machine sold":     {machineSold, "Provider", fault.CodeRequestSold},
		"taken out and sold":                  {partSold, "Provider", fault.CodeRequestSold},
		"who is not to do it is told that before anything": {sold, "Buyer", fault.CodeServiceNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := request(t, inspection(), service.Scheduled).Start(c.remains, at(c.by, 1))
			wantFault(t, err, c.want)
			r := request(t, inspection(), service.Started)
			next, _, err := r.Record(service.ServiceStep{Step: "look", Activity: "inspect"}, 5, c.remains, at(c.by, 1))
			wantFault(t, err, c.want)
			if c.want != "" && next.Steps != r.Steps {
				t.Error("it was recorded all the same")
			}
			_, _, err = cancel(next, c.remains, at(c.remains.Owner, 1))
			wantFault(t, err, "")
		})
	}
}

// Whoever calls work off says what it has seen of it, so that the provider records nothing
// more while that is being said. The provider itself collects nothing by it.
func TestWhoEndsWorkHasSeenItsSteps(t *testing.T) {
	gone := inPlace()
	gone.Within, gone.Unpaid = false, true
	for name, c := range map[string]struct {
		by   string
		seen uint64
		want fault.Code
	}{
		"the operator has seen both":                      {"Operator", 2, ""},
		"one was added while it said so":                  {"Operator", 1, fault.CodeWorkDiffers},
		"it has looked at none":                           {"Operator", 0, fault.CodeWorkDiffers},
		"nor does it agree to what is yet to come":        {"Operator", 3, fault.CodeWorkDiffers},
		"the provider knows them":                         {"Provider", 0, ""},
		"who may not end it is told that before anything": {"Other", 0, fault.CodeServiceNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, inspection(), service.Started)
			for range 2 {
				var err error
				r, _, err = r.Record(service.ServiceStep{Step: "look", Activity: "inspect"}, 5, inPlace(), at("Provider", 1))
				wantFault(t, err, "")
			}
			_, _, _, err := r.Cancel(gone, c.seen, "no", at(c.by, 1))
			wantFault(t, err, c.want)
			r.AgreementID = "" // nobody was promised anything
			_, _, _, err = r.Cancel(gone, 0, "no", at("Operator", 1))
			wantFault(t, err, "")
		})
	}
}

// Whatever happened to a request and to what it is about: somebody concerned can end
// it with a word, or, where it is safety-critical, have it done by another.
func TestARequestIsNeverStuck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task := rapid.SampledFrom([]service.Task{inspection(), exchange()}).Draw(t, "task")
		task.SafetyCritical = rapid.Bool().Draw(t, "critical")
		statuses := []service.RequestStatus{service.Raised, service.Accepted, service.Scheduled, service.Started, service.Done}
		r := request(t, withoutSecond(task), rapid.SampledFrom(statuses).Draw(t, "status"))
		r.SafetyCritical = task.SafetyCritical
		if rapid.Bool().Draw(t, "loose") {
			r.SlotID = ""
		}
		if r.Status == service.Accepted && rapid.Bool().Draw(t, "rejected") {
			r, _, _ = r.Reject("no", at("Provider", 2))
		}
		x := service.Remains{
			Owner: rapid.SampledFrom([]string{"Operator", "Buyer"}).Draw(t, "owner"), MachineOwner: rapid.SampledFrom([]string{"Operator", "Buyer"}).Draw(t, "owner of the machine"),
			Ended: rapid.Bool().Draw(t, "ended"), Within: rapid.Bool().Draw(t, "within"), Unpaid: rapid.Bool().Draw(t, "unpaid") && r.Steps > 0,
		}
		days := rapid.Int64Range(2, 40).Draw(t, "days")
		w := func(by string) service.When { return at(by, days) }
		ways := map[string]error{} // what each way out is refused with
		for _, by := range []string{x.Owner, x.MachineOwner, r.Operator, r.Provider} {
			_, _, ways["cancelled by "+by] = cancel(r, x, w(by))
		}
		_, _, ways["confirmed"] = r.Confirm(x.Owner, service.Machine{}, w(x.Owner))
		if r.SafetyCritical && !r.Vain(x) { // it is done, and by another where that has to be
			_, _, ways["taken over"] = r.Assign(x.Owner, nil, w(x.Owner))
			_, _, ways["given back"] = r.Reject("no", w(r.Provider))
		}
		for _, refused := range ways {
			if refused == nil {
				return
			}
		}
		t.Fatalf("%+v with %+v: %v", r, x, ways)
	})
}

// withoutSecond is the task as far as it goes without a second engineer.
func withoutSecond(t service.Task) service.Task { t.SafetyCritical = false; return t }

// What a failed inspection or a condition has asked for is due though the calendar is not.
func TestALeftTaskStaysDue(t *testing.T) {
	const soon, later = "2026-03-01T00:00:00.000Z", "2027-03-01T00:00:00.000Z"
	for name, c := range map[string]struct {
		cause service.Cause
		due   measure.Time
		want  measure.Time
	}{
		"a failure, and the calendar is far away": {service.ByFailure, later, soon},
		"a condition, of a task without calendar": {service.ByCondition, "", soon},
		"the calendar, which is as it was":        {service.ByCalendar, later, later},
		"use, which counts on":                    {service.ByUsage, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := service.Plan{Tasks: []service.PlannedTask{{Task: inspection(), DueAt: c.due, Open: "r"}}}
			r := service.ServiceRequest{RequestID: "r", TaskID: p.Tasks[0].Task.TaskID, Cause: c.cause, DueAt: soon}
			left := p.Leave(r, nil, service.When{})
			if got := left.Tasks[0]; got.DueAt != c.want || got.Open != "" {
				t.Errorf("due at %q, open %q", got.DueAt, got.Open)
			}
		})
	}
}
