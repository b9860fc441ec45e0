package service_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

var (
	ann = service.Signature{CredentialID: "ann", Issuer: "Provider", Hash: strings.Repeat("a", 64), SignedAt: t0}
	bob = service.Signature{CredentialID: "bob", Issuer: "Provider", Hash: strings.Repeat("b", 64), SignedAt: t0}
	eve = service.Signature{CredentialID: "eve", Issuer: "Other", Hash: strings.Repeat("e", 64), SignedAt: t0}
)

// request is one that stands at a status.
func request(t rapid.TB, task service.Task, status service.RequestStatus) service.ServiceRequest {
	t.Helper()
	p := attached(t, task)
	a := served(t)
	place := service.Place{ComponentID: "c", PartNumber: "P", MachineID: "m", SlotID: "s", Owner: "Operator"}
	_, r, _, err := p.Raise(task.TaskID, service.Occasion{Place: place, Cause: service.ByCalendar, DueAt: after(1), Agreement: &a}, at("x", 0))
	must := func(next service.ServiceRequest, _ service.RequestEvent, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		r = next
	}
	must(r, service.RequestEvent{}, err)
	if status == service.Raised {
		return r
	}
	must(r.Accept(&a, at("Provider", 0)))
	if status == service.Accepted {
		return r
	}
	must(r.Schedule("ann", after(1), at("Provider", 0)))
	if status == service.Scheduled {
		return r
	}
	must(r.Start(inPlace(), at("Provider", 1)))
	if status == service.Started {
		return r
	}
	next, _, err := r.Record(service.ServiceStep{Step: "look", Activity: "inspect"}, 100, inPlace(), at("Provider", 1))
	must(next, service.RequestEvent{}, err)
	must(r.Complete(workOn(r), ann, nil, service.Signature{}, at("x", 2)))
	return r
}

func served(t rapid.TB) service.Agreement {
	a, err := service.Propose(service.Agreement{AgreementID: "A1", Operator: "Operator", Provider: "Provider", Currency: "USD", ValidFrom: t0, AcceptDays: 14, Prices: []service.StepPrice{}, Rates: []service.UsageRate{{Measure: "hours", AmountMinor: 3, Per: 10}}}, when("Operator"))
	if err == nil {
		a, err = a.Accept(when("Provider"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func workOn(r service.ServiceRequest) service.Work {
	w := service.Work{Outcome: service.Passed, Steps: r.Steps, StepsHash: r.StepsHash}
	if r.Action == service.Replace {
		w.Removed, w.Installed = r.ComponentID, "new"
	}
	return w
}

// What the engineer signs has to be what is on record and what was asked for.
func TestWhatClosesARequest(t *testing.T) {
	critical := inspection()
	critical.SafetyCritical = true
	seen := service.Inspection{Outcome: service.Passed}
	for name, c := range map[string]struct {
		task   service.Task
		work   func(*service.Work)
		by     service.Signature
		second func(*service.Inspection) *service.Inspection
		with   service.Signature
		code   fault.Code
	}{
		"an inspection that passed":                  {task: inspection(), by: ann},
		"by somebody whom nobody contracted":         {task: inspection(), by: eve, code: fault.CodeEngineerForeign},
		"about one step too few":                     {task: inspection(), by: ann, work: func(w *service.Work) { w.Steps = 0 }, code: fault.CodeWorkDiffers},
		"about other steps":                          {task: inspection(), by: ann, work: func(w *service.Work) { w.StepsHash = service.NoSteps }, code: fault.CodeWorkDiffers},
		"with an outcome that there is not":          {task: inspection(), by: ann, work: func(w *service.Work) { w.Outcome = "fine" }, code: fault.CodeInvalid},
		"failed, and nobody says how":                {task: inspection(), by: ann, work: func(w *service.Work) { w.Outcome = service.Failed }, code: fault.CodeFaultCoding},
		"failed, and coded":                          {task: inspection(), by: ann, work: func(w *service.Work) { w.Outcome, w.Mode, w.Mechanism, w.Cause = service.Failed, "ELP", "2.4", "3.4" }},
		"coded with a mechanism for a mode":          {task: inspection(), by: ann, work: func(w *service.Work) { w.Mode, w.Mechanism, w.Cause = "2.4", "2.4", "3.4" }, code: fault.CodeFaultCoding},
		"an inspection that exchanges":               {task: inspection(), by: ann, work: func(w *service.Work) { w.Installed = "new" }, code: fault.CodeWorkDiffers},
		"an exchange":                                {task: exchange(), by: ann},
		"an exchange that fails":                     {task: exchange(), by: ann, work: func(w *service.Work) { w.Outcome, w.Mode, w.Mechanism, w.Cause = service.Failed, "ELP", "2.4", "3.4" }, code: fault.CodeWorkDiffers},
		"an exchange of something else":              {task: exchange(), by: ann, work: func(w *service.Work) { w.Removed = "other" }, code: fault.CodeWorkDiffers},
		"an exchange of a part for itself":           {task: exchange(), by: ann, work: func(w *service.Work) { w.Installed = "c" }, code: fault.CodeWorkDiffers},
		"an exchange that puts nothing in":           {task: exchange(), by: ann, work: func(w *service.Work) { w.Installed = "" }, code: fault.CodeWorkDiffers},
		"remarks that are no text":                   {task: inspection(), by: ann, work: func(w *service.Work) { w.Remarks = "\x07" }, code: fault.CodeInvalid},
		"safety-critical, and seen by nobody else":   {task: critical, by: ann, code: fault.CodeSafetyCritical},
		"safety-critical, and seen by a second one":  {task: critical, by: ann, second: same, with: bob},
		"safety-critical, and seen by the same one":  {task: critical, by: ann, second: same, with: ann, code: fault.CodeSafetyCritical},
		"safety-critical, and seen by a stranger":    {task: critical, by: ann, second: same, with: eve, code: fault.CodeEngineerForeign},
		"safety-critical, and the second disagrees":  {task: critical, by: ann, second: failed, with: bob, code: fault.CodeWorkDiffers},
		"safety-critical, and they saw other steps":  {task: critical, by: ann, second: other, with: bob, code: fault.CodeWorkDiffers},
		"not safety-critical, and looked at for fun": {task: inspection(), by: ann, second: same, with: bob, code: fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, c.task, service.Started)
			r, _, err := r.Record(service.ServiceStep{Step: "look", Activity: "inspect"}, 0, inPlace(), at("Provider", 1))
			if err != nil {
				t.Fatal(err)
			}
			w := workOn(r)
			if c.work != nil {
				c.work(&w)
			}
			var second *service.Inspection
			if c.second != nil {
				x := seen
				x.StepsHash = r.StepsHash
				second = c.second(&x)
			}
			next, e, err := r.Complete(w, c.by, second, c.with, at("x", 2))
			wantFault(t, err, c.code)
			if c.code == "" && (next.Status != service.Done || next.DoneAt != after(2) || next.Result.EngineerID != c.by.CredentialID || e.Status != service.Done || next.Result.InspectorID != c.with.CredentialID) {
				t.Errorf("%+v", next)
			}
			if c.code != "" && r.Status != service.Started {
				t.Error("a refusal changed something")
			}
		})
	}
}

func same(i *service.Inspection) *service.Inspection   { return i }
func failed(i *service.Inspection) *service.Inspection { i.Outcome = service.Failed; return i }
func other(i *service.Inspection) *service.Inspection  { i.StepsHash = service.NoSteps; return i }

// The machine's own scan and the engineer have to agree, where it scans itself;
// else the owner's word is needed, or its silence.
func TestWhoConfirms(t *testing.T) {
	done := after(2)
	for name, c := range map[string]struct {
		m    service.Machine
		by   string
		days int64
		code fault.Code
	}{
		"the owner, of a machine that is silent":         {service.Machine{}, "Operator", 2, ""},
		"the provider of such a one":                     {service.Machine{}, "Provider", 2, fault.CodeServiceNotParty},
		"the provider, a moment before silence is word":  {service.Machine{}, "Provider", 15, fault.CodeServiceNotParty},
		"the provider, after the owner's silence":        {service.Machine{}, "Provider", 16, ""},
		"somebody else, whatever":                        {service.Machine{Connected: true, ScannedAt: after(3), Agrees: true}, "Other", 3, fault.CodeServiceNotParty},
		"the provider, and the machine agrees":           {service.Machine{Connected: true, ScannedAt: after(3), Agrees: true}, "Provider", 3, ""},
		"the owner, and the machine agrees":              {service.Machine{Connected: true, ScannedAt: after(3), Agrees: true}, "Operator", 3, ""},
		"the owner, and the machine has not scanned yet": {service.Machine{Connected: true}, "Operator", 3, fault.CodeMachineSilent},
		"the owner, on the scan from before the work":    {service.Machine{Connected: true, ScannedAt: done, Agrees: true}, "Operator", 3, fault.CodeMachineSilent},
		"the owner, and the machine disagrees":           {service.Machine{Connected: true, ScannedAt: after(3)}, "Operator", 3, fault.CodeMachineDisagrees},
		"silence, and the machine disagrees":             {service.Machine{Connected: true, ScannedAt: after(3)}, "Provider", 30, fault.CodeMachineDisagrees},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, inspection(), service.Done)
			next, _, err := r.Confirm("Operator", c.m, at(c.by, c.days))
			wantFault(t, err, c.code)
			if c.code == "" && (next.Status != service.Confirmed || next.ConfirmedBy != c.by) {
				t.Errorf("%+v", next)
			}
		})
	}
	if r := request(t, inspection(), service.Done); r.SilenceEnds() != after(16) {
		t.Error(r.SilenceEnds())
	}
}

// Every step at every status: what is allowed, and by whom.
func TestStepsOfARequest(t *testing.T) {
	type step func(service.ServiceRequest, service.When) (service.ServiceRequest, service.RequestEvent, error)
	a := served(t)
	for name, c := range map[string]struct {
		do   step
		by   string
		from []service.RequestStatus
		to   service.RequestStatus
	}{
		"accept": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Accept(&a, w)
		}, "Provider", []service.RequestStatus{service.Raised}, service.Accepted},
		"reject": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Reject("no", w)
		}, "Provider", []service.RequestStatus{service.Raised, service.Accepted, service.Scheduled}, service.Rejected},
		"assign": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Assign("Operator", nil, w)
		}, "Operator", []service.RequestStatus{service.Raised}, service.Raised},
		"schedule": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Schedule("bob", after(9), w)
		}, "Provider", []service.RequestStatus{service.Accepted, service.Scheduled}, service.Scheduled},
		"start": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Start(inPlace(), w)
		}, "Provider", []service.RequestStatus{service.Scheduled}, service.Started},
		"return": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return r.Return("no", w)
		}, "Operator", []service.RequestStatus{service.Done}, service.Started},
		"cancel": {func(r service.ServiceRequest, w service.When) (service.ServiceRequest, service.RequestEvent, error) {
			return cancel(r, inPlace(), w)
		}, "Operator", []service.RequestStatus{service.Raised, service.Accepted, service.Scheduled, service.Started}, service.Cancelled},
		"overdue": {service.ServiceRequest.MarkOverdue, "Anyone", []service.RequestStatus{service.Raised, service.Accepted, service.Scheduled, service.Started}, ""},
	} {
		for _, from := range []service.RequestStatus{service.Raised, service.Accepted, service.Scheduled, service.Started, service.Done} {
			for _, by := range []string{"Operator", "Provider", "Anyone"} {
				r := request(t, inspection(), from)
				next, e, err := c.do(r, at(by, 30))
				may := (by == c.by || c.by == "Anyone" || by == "Provider" && name == "cancel" && from == service.Started) && contains(c.from, from)
				if (err == nil) != may {
					t.Errorf("%s of a request that is %s by %s: %v", name, from, by, err)
				}
				if err == nil && (c.to != "" && next.Status != c.to || e.Number != r.Events || next.Events != r.Events+1 || e.Status != next.Status) {
					t.Errorf("%s of a request that is %s: %+v %+v", name, from, next, e)
				}
			}
		}
	}
}

func contains(all []service.RequestStatus, s service.RequestStatus) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func TestOverdueIsAfterTheTolerance(t *testing.T) {
	r := request(t, inspection(), service.Raised) // due at day 1, five days' tolerance
	_, _, err := r.MarkOverdue(at("x", 6))
	wantFault(t, err, fault.CodeNotDue)
	w := at("x", 6)
	w.Now = w.Now.Add(1)
	r, _, err = r.MarkOverdue(w)
	if err != nil || r.OverdueSince != after(6) {
		t.Fatal(r.OverdueSince, err)
	}
	_, _, err = r.MarkOverdue(w)
	wantFault(t, err, fault.CodeRequestStatus)
}

func TestWithoutAnAgreementTheOwnerServesItself(t *testing.T) {
	r := request(t, inspection(), service.Raised)
	r, _, err := r.Assign("Operator", nil, at("Operator", 1))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = r.Accept(nil, at("Provider", 1))
	wantFault(t, err, fault.CodeServiceNotParty)
	r, _, err = r.Accept(nil, at("Operator", 1))
	if err != nil || r.Provider != "Operator" || r.AcceptDays != 0 {
		t.Error(r, err)
	}
	ended := served(t)
	ended.Status = service.AgreementEnded
	_, _, err = request(t, inspection(), service.Raised).Accept(&ended, at("Provider", 1))
	wantFault(t, err, fault.CodeAgreementStatus)
	_, _, err = request(t, inspection(), service.Raised).Assign("Operator", &ended, at("Operator", 1))
	wantFault(t, err, fault.CodeAgreementStatus)
}

func TestAFaultIsReported(t *testing.T) {
	a := served(t)
	place := service.Place{ComponentID: "c", PartNumber: "P", MachineID: "m", Owner: "Operator"}
	ok := func() service.ServiceRequest {
		return service.ServiceRequest{RequestID: "F-1", Title: "Leak", Action: service.Repair, Skill: "hands", DueAt: after(3), Report: &service.FaultReport{Description: "drips", Priority: 2, StartOfFault: after(-1), ErrorCode: "E-7"}}
	}
	for name, c := range map[string]struct {
		change func(*service.ServiceRequest)
		by     string
		code   fault.Code
	}{
		"by the owner":                  {nil, "Operator", ""},
		"by who serves it":              {nil, "Provider", ""},
		"by somebody else":              {nil, "Other", fault.CodeServiceNotParty},
		"under an id with a colon":      {func(r *service.ServiceRequest) { r.RequestID = "c:seal:1" }, "Operator", fault.CodeIDInvalid},
		"under no id":                   {func(r *service.ServiceRequest) { r.RequestID = "" }, "Operator", fault.CodeIDInvalid},
		"without a description":         {func(r *service.ServiceRequest) { r.Report = nil }, "Operator", fault.CodeInvalid},
		"with an empty description":     {func(r *service.ServiceRequest) { r.Report.Description = "" }, "Operator", fault.CodeInvalid},
		"with a priority there is not":  {func(r *service.ServiceRequest) { r.Report.Priority = 5 }, "Operator", fault.CodeInvalid},
		"that begins tomorrow":          {func(r *service.ServiceRequest) { r.Report.StartOfFault = after(1) }, "Operator", fault.CodeInvalid},
		"that began at no time":         {func(r *service.ServiceRequest) { r.Report.StartOfFault = "x" }, "Operator", fault.CodeTimeInvalid},
		"with a code that is none":      {func(r *service.ServiceRequest) { r.Report.ErrorCode = "?" }, "Operator", fault.CodeIDInvalid},
		"due at no time":                {func(r *service.ServiceRequest) { r.DueAt = "" }, "Operator", fault.CodeTimeInvalid},
		"with an action there is not":   {func(r *service.ServiceRequest) { r.Action = "pray" }, "Operator", fault.CodeInvalid},
		"without a title":               {func(r *service.ServiceRequest) { r.Title = "" }, "Operator", fault.CodeInvalid},
		"without a skill":               {func(r *service.ServiceRequest) { r.Skill = "" }, "Operator", fault.CodeIDInvalid},
		"with a part that is no number": {func(r *service.ServiceRequest) { r.ApprovedParts = []string{"?"} }, "Operator", fault.CodeIDInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r := ok()
			if c.change != nil {
				c.change(&r)
			}
			next, _, err := service.RaiseFault(r, place, &a, at(c.by, 0))
			wantFault(t, err, c.code)
			if c.code == "" && (next.Cause != service.ByFault || next.Provider != "Provider" || next.Status != service.Raised || next.OverdueAt != after(3)) {
				t.Errorf("%+v", next)
			}
		})
	}
}

func TestStepsOfTheWork(t *testing.T) {
	hash := strings.Repeat("0", 63) + "1"
	gauge := func() service.Measurement {
		return service.Measurement{Quantity: "torque", ValueMilli: 50_000, Unit: "NU", Low: &service.Bound{Milli: 40_000}, High: &service.Bound{Milli: 50_000}, Instrument: "wrench", CalibrationHash: hash, CalibratedUntil: after(2)}
	}
	step := func(ms ...service.Measurement) service.ServiceStep {
		return service.ServiceStep{Step: "tighten", Activity: "adjust", Measurements: ms}
	}
	with := func(change func(*service.Measurement)) service.ServiceStep {
		m := gauge()
		change(&m)
		return step(m)
	}
	for name, c := range map[string]struct {
		step   service.ServiceStep
		code   fault.Code
		within bool
	}{
		"nothing measured":            {step(), "", true},
		"on the limit":                {step(gauge()), "", true},
		"beyond it":                   {with(func(m *service.Measurement) { m.ValueMilli++ }), "", false},
		"below the lowest":            {with(func(m *service.Measurement) { m.ValueMilli = 39_999 }), "", false},
		"without limits":              {with(func(m *service.Measurement) { m.Low, m.High, m.ValueMilli = nil, nil, -5 }), "", true},
		"one of two beyond":           {step(gauge(), with(func(m *service.Measurement) { m.ValueMilli = 0 }).Measurements[0]), "", false},
		"limits the wrong way round":  {with(func(m *service.Measurement) { m.Low = &service.Bound{Milli: 60_000} }), fault.CodeInvalid, false},
		"a calibration that ends now": {with(func(m *service.Measurement) { m.CalibratedUntil = after(1) }), fault.CodeCalibrationExpired, false},
		"a calibration of no time":    {with(func(m *service.Measurement) { m.CalibratedUntil = "" }), fault.CodeTimeInvalid, false},
		"a calibration of no hash":    {with(func(m *service.Measurement) { m.CalibrationHash = "x" }), fault.CodeInvalid, false},
		"an instrument of no name":    {with(func(m *service.Measurement) { m.Instrument = "" }), fault.CodeIDInvalid, false},
		"a value beyond any":          {with(func(m *service.Measurement) { m.ValueMilli = 1_000_000_000_001 }), fault.CodeInvalid, false},
		"an activity that is none":    {service.ServiceStep{Step: "x", Activity: "pray"}, fault.CodeInvalid, false},
		"a step of no name":           {service.ServiceStep{Activity: "check"}, fault.CodeIDInvalid, false},
		"a photograph of no hash":     {service.ServiceStep{Step: "x", Activity: "check", AfterHash: "x"}, fault.CodeInvalid, false},
		"a part that is approved":     {service.ServiceStep{Step: "x", Activity: "replace", Parts: []service.ConsumedPart{{PartNumber: "S-1", Quantity: 1}}}, "", true},
		"a part that is not":          {service.ServiceStep{Step: "x", Activity: "replace", Parts: []service.ConsumedPart{{PartNumber: "P", Quantity: 1}}}, fault.CodeServicePart, false},
		"none of a part":              {service.ServiceStep{Step: "x", Activity: "replace", Parts: []service.ConsumedPart{{PartNumber: "S-1"}}}, fault.CodeInvalid, false},
		"a lot that is none":          {service.ServiceStep{Step: "x", Activity: "replace", Parts: []service.ConsumedPart{{PartNumber: "S-1", Quantity: 1, Lot: "?"}}}, fault.CodeIDInvalid, false},
		"too many measurements":       {step(make([]service.Measurement, 17)...), fault.CodeStepInvalid, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, exchange(), service.Started)
			next, s, err := r.Record(c.step, 7, inPlace(), at("Provider", 1))
			wantFault(t, err, c.code)
			if err != nil {
				return
			}
			if s.Within != c.within || s.Number != 0 || s.PriceMinor != 7 || next.Steps != 1 || next.StepsHash == r.StepsHash || s.StepsHash != next.StepsHash || (len(next.Failing) == 0) != c.within {
				t.Errorf("%+v, %+v", s, next)
			}
		})
	}
	r := request(t, exchange(), service.Started)
	_, _, err := r.Record(step(), 0, inPlace(), at("Operator", 1))
	wantFault(t, err, fault.CodeServiceNotParty)
	r.Steps = service.MaxSteps
	_, _, err = r.Record(step(), 0, inPlace(), at("Provider", 1))
	wantFault(t, err, fault.CodeStepInvalid)
}

// A step that was not within its limits may be done again until it is.
func TestAFailingStepIsDoneAgain(t *testing.T) {
	r := request(t, inspection(), service.Started)
	measured := func(v int64) service.ServiceStep {
		return service.ServiceStep{Step: "gap", Activity: "check", Measurements: []service.Measurement{{Quantity: "gap", ValueMilli: v, Unit: "MMT", High: &service.Bound{Milli: 5}, Instrument: "gauge", CalibrationHash: strings.Repeat("1", 64), CalibratedUntil: after(9)}}}
	}
	for _, c := range []struct {
		value int64
		code  fault.Code
	}{{6, fault.CodeWorkDiffers}, {7, fault.CodeWorkDiffers}, {5, ""}} {
		var err error
		if r, _, err = r.Record(measured(c.value), 0, inPlace(), at("Provider", 1)); err != nil {
			t.Fatal(err)
		}
		_, _, err = r.Complete(workOn(r), ann, nil, service.Signature{}, at("x", 2))
		wantFault(t, err, c.code)
	}
}

// Any two records of work that differ in anything have different hashes.
func TestTheStepsHashCoversEverything(t *testing.T) {
	base := func() service.ServiceStep {
		return service.ServiceStep{Step: "ab", Activity: "check", BeforeHash: strings.Repeat("1", 64), Measurements: []service.Measurement{{Quantity: "q", ValueMilli: 1, Unit: "u", Low: &service.Bound{Milli: 0}, Instrument: "i", CalibrationHash: strings.Repeat("2", 64), CalibratedUntil: after(9)}}, Parts: []service.ConsumedPart{{PartNumber: "S-1", Lot: "L", Quantity: 1}}}
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*service.ServiceStep){
		"nothing": func(*service.ServiceStep) {}, "step": func(s *service.ServiceStep) { s.Step = "a" }, "activity": func(s *service.ServiceStep) { s.Activity = "test" },
		"before": func(s *service.ServiceStep) { s.BeforeHash, s.AfterHash = "", s.BeforeHash }, "value": func(s *service.ServiceStep) { s.Measurements[0].ValueMilli = 11 },
		"low": func(s *service.ServiceStep) { s.Measurements[0].Low = nil }, "high": func(s *service.ServiceStep) {
			s.Measurements[0].Low, s.Measurements[0].High = nil, &service.Bound{Milli: 1}
		},
		"low and high": func(s *service.ServiceStep) { s.Measurements[0].High = &service.Bound{Milli: 1} }, "unit": func(s *service.ServiceStep) { s.Measurements[0].Unit = "v" },
		"instrument": func(s *service.ServiceStep) { s.Measurements[0].Instrument = "j" }, "calibration": func(s *service.ServiceStep) { s.Measurements[0].CalibratedUntil = after(8) },
		"no measurement": func(s *service.ServiceStep) { s.Measurements = nil }, "part": func(s *service.ServiceStep) { s.Parts[0].PartNumber = "S-2" },
		"lot": func(s *service.ServiceStep) { s.Parts[0].Lot = "" }, "quantity": func(s *service.ServiceStep) { s.Parts[0].Quantity = 2 }, "no part": func(s *service.ServiceStep) { s.Parts = nil },
	} {
		s := base()
		change(&s)
		r := request(t, exchange(), service.Started)
		r, _, err := r.Record(s, 0, inPlace(), at("Provider", 1))
		if err != nil {
			t.Fatal(name, err)
		}
		if other, taken := seen[r.StepsHash]; taken {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[r.StepsHash] = name
	}
}

// onward is what takes a request on its way, and by whom: without a nudge, a random
// sequence hardly ever comes to the end.
var onward = map[service.RequestStatus]struct {
	what int
	by   string
}{service.Raised: {0, "Provider"}, service.Accepted: {3, "Provider"}, service.Scheduled: {4, "Provider"}, service.Started: {7, "Provider"}, service.Done: {10, "Operator"}, service.Rejected: {2, "Operator"}, service.Cancelled: {12, "Provider"}}

// Whatever is called, in whichever order and by whomever: nobody but an engineer of
// the provider's closes a request, it is closed once, its events are numbered
// without gaps, no step is paid twice, and none on its provider's word alone.
func TestNoSequenceClosesARequestWrongly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := served(t)
		r := request(t, rapid.SampledFrom([]service.Task{inspection(), exchange()}).Draw(t, "task"), service.Raised)
		bill := service.OpenBill(r, a, at("Provider", 0))
		var steps []service.ServiceStep
		var paid minor
		days, events, doneBy, endedBy, closings := int64(0), r.Events, "", "", 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			days += rapid.Int64Range(0, 3).Draw(t, "days")
			w := at(rapid.SampledFrom([]string{"Operator", "Provider", "Provider", "Other"}).Draw(t, "by"), days)
			next, e, err := r, service.RequestEvent{}, error(nil)
			counted := true
			what := rapid.IntRange(0, 12).Draw(t, "what")
			if way, ok := onward[r.Status]; ok && rapid.Bool().Draw(t, "onward") {
				what, w = way.what, at(way.by, days)
			}
			switch what {
			case 0:
				next, e, err = r.Accept(&a, w)
			case 1:
				next, e, err = r.Reject("no", w)
			case 2:
				next, e, err = r.Assign("Operator", &a, w)
			case 3:
				next, e, err = r.Schedule("ann", after(days), w)
			case 4:
				next, e, err = r.Start(inPlace(), w)
			case 5, 6:
				var s service.ServiceStep
				next, s, err = r.Record(service.ServiceStep{Step: "look", Activity: "inspect"}, rapid.SampledFrom([]minor{0, 5, 7}).Draw(t, "price"), inPlace(), w)
				if counted = false; err == nil {
					steps = append(steps, s)
				}
			case 7, 8:
				by := rapid.SampledFrom([]service.Signature{ann, bob, eve}).Draw(t, "signer")
				if next, e, err = r.Complete(workOn(r), by, nil, service.Signature{}, w); err == nil {
					doneBy = by.Issuer
				}
			case 9:
				next, e, err = r.Return("again", w)
			case 10:
				m := rapid.SampledFrom([]service.Machine{{}, {Connected: true}, {Connected: true, ScannedAt: after(days), Agrees: true}, {Connected: true, ScannedAt: after(days)}}).Draw(t, "machine")
				if next, e, err = r.Confirm("Operator", m, w); err == nil {
					closings++
					if m.Connected && !m.Agrees || w.Actor == "Other" {
						t.Fatalf("confirmed by %s with %+v", w.Actor, m)
					}
				}
			case 11:
				x := inPlace()
				x.Ended, x.Unpaid = rapid.Bool().Draw(t, "decommissioned"), bill.Steps < r.Steps
				if next, e, err = cancel(r, x, w); err == nil {
					endedBy = w.Actor
				}
			case 12:
				until := rapid.Uint64Range(0, 9).Draw(t, "until")
				if err = r.Payable(until, w.Actor); err == nil && w.Actor != "Operator" && (w.Actor != "Provider" || endedBy != "Operator") {
					t.Fatalf("%s moves money, ended by %q", w.Actor, endedBy)
				}
				if err == nil && until > bill.Steps {
					b, p, err := bill.PaySteps(steps[bill.Steps:until], w)
					if err != nil {
						t.Fatal(err)
					}
					bill, paid = b, paid+p.AmountMinor
				}
				counted = false
			}
			if err != nil {
				continue
			}
			if counted {
				if e.Number != events || next.Events != events+1 {
					t.Fatalf("event %d after %d", e.Number, events)
				}
				events++
			}
			if r.Status == service.Confirmed && counted || r.Status == service.Cancelled && counted || next.Status == service.Confirmed && r.Status != service.Done && counted {
				t.Fatalf("%s became %s", r.Status, next.Status)
			}
			r = next
		}
		if closings > 1 || r.Status == service.Confirmed && (doneBy != "Provider" || r.Steps == 0) {
			t.Fatalf("closed %d times, by an engineer of %q", closings, doneBy)
		}
		var owed minor
		for _, s := range steps[:bill.Steps] {
			owed += s.PriceMinor
		}
		if paid != owed || bill.PaidMinor != owed || bill.Steps > uint64(len(steps)) {
			t.Fatalf("%d paid, %d owed for %d steps", paid, owed, bill.Steps)
		}
	})
}

func FuzzRaiseFault(f *testing.F) {
	f.Add("F-1", "Leak", "repair", "hands", "drips", "E1", "2026-03-01T12:00:00.000Z", int64(1))
	f.Fuzz(func(t *testing.T, id, title, action, skill, says, code, due string, priority int64) {
		r, _, err := service.RaiseFault(service.ServiceRequest{RequestID: id, Title: title, Action: service.Action(action), Skill: skill, DueAt: measure.Time(due), Report: &service.FaultReport{Description: says, ErrorCode: code, Priority: priority}},
			service.Place{ComponentID: "c", MachineID: "c", Owner: "O"}, nil, at("O", 0))
		if err == nil && (strings.Contains(r.RequestID, ":") || r.DueAt == "" || r.Status != service.Raised || priority < 1 || priority > 4) {
			t.Error(fmt.Sprint(r))
		}
	})
}
