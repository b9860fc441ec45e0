package component_test

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

const (
	workshop = "WorkshopMSP"
	tester   = "TesterMSP"
)

// What each process promises (PV4, PV5, PV6), and what proves it (PV10).
func TestProcessesKeepWhatTheirNamesPromise(t *testing.T) {
	spec, lower := hash("as new"), hash("lower")
	c := registered(t)
	c.Owner, c.SpecificationHash, c.WarrantyMonths, c.TestsUsed = buyer, spec, 24, 1
	nameless := c
	nameless.SpecificationHash = ""
	test := func(change func(*component.TestReport)) *component.TestReport {
		r := &component.TestReport{Number: 2, Tester: tester, SpecificationHash: spec, Passed: true}
		if change != nil {
			change(r)
		}
		return r
	}
	conceded := &component.ConcessionRecord{Status: component.ConcessionGranted, SpecificationHash: lower}
	reman := component.ProcessRecord{Process: component.Remanufacture, SpecificationHash: spec, WarrantyMonths: 24, ReportHash: hash("r")}
	recon := component.ProcessRecord{Process: component.Recondition, SpecificationHash: lower, WarrantyMonths: 23, ReportHash: hash("r")}
	repair := component.ProcessRecord{Process: component.Repair, WarrantyMonths: 6, Faults: []string{"leak"}, Covers: []string{"seal"}, ReportHash: hash("r")}
	with := func(p component.ProcessRecord, change func(*component.ProcessRecord)) component.ProcessRecord {
		change(&p)
		return p
	}
	for name, x := range map[string]struct {
		c    component.Component
		p    component.ProcessRecord
		v    component.Evidence
		want fault.Code
	}{
		"as new, proven by a third party":         {c, reman, component.Evidence{Test: test(nil)}, ""},
		"with more warranty than a new one":       {c, with(reman, func(p *component.ProcessRecord) { p.WarrantyMonths = 36 }), component.Evidence{Test: test(nil)}, ""},
		"with less":                               {c, with(reman, func(p *component.ProcessRecord) { p.WarrantyMonths = 23 }), component.Evidence{Test: test(nil)}, fault.CodeProcessWarranty},
		"to another specification":                {c, with(reman, func(p *component.ProcessRecord) { p.SpecificationHash = lower }), component.Evidence{Test: test(nil)}, fault.CodeProcessSpecification},
		"to one that the maker concedes":          {c, with(reman, func(p *component.ProcessRecord) { p.SpecificationHash = lower }), component.Evidence{Test: test(func(r *component.TestReport) { r.SpecificationHash = lower }), Concession: conceded}, ""},
		"to one that the maker does not concede":  {c, with(reman, func(p *component.ProcessRecord) { p.SpecificationHash = lower }), component.Evidence{Test: test(nil), Concession: &component.ConcessionRecord{Status: component.ConcessionRefused, SpecificationHash: lower}}, fault.CodeProcessSpecification},
		"to one that is conceded for another":     {c, with(reman, func(p *component.ProcessRecord) { p.SpecificationHash = hash("third") }), component.Evidence{Test: test(nil), Concession: conceded}, fault.CodeProcessSpecification},
		"of a unit whose specification is no one": {nameless, reman, component.Evidence{Test: test(nil)}, fault.CodeProcessSpecification},
		"without a test":                          {c, reman, component.Evidence{}, fault.CodeProcessTest},
		"with a failed test":                      {c, reman, component.Evidence{Test: test(func(r *component.TestReport) { r.Passed = false })}, fault.CodeProcessTest},
		"tested against something else":           {c, reman, component.Evidence{Test: test(func(r *component.TestReport) { r.SpecificationHash = lower })}, fault.CodeProcessTest},
		"tested by the workshop":                  {c, reman, component.Evidence{Test: test(func(r *component.TestReport) { r.Tester = workshop })}, fault.CodeProcessTest},
		"tested by the owner":                     {c, reman, component.Evidence{Test: test(func(r *component.TestReport) { r.Tester = buyer })}, fault.CodeProcessTest},
		"with a test that served before":          {c, reman, component.Evidence{Test: test(func(r *component.TestReport) { r.Number = 1 })}, fault.CodeProcessTest},

		"reconditioned below the specification":      {c, recon, component.Evidence{}, ""},
		"reconditioned, with the warranty of new":    {c, with(recon, func(p *component.ProcessRecord) { p.WarrantyMonths = 24 }), component.Evidence{}, fault.CodeProcessWarranty},
		"reconditioned, without any":                 {c, with(recon, func(p *component.ProcessRecord) { p.WarrantyMonths = 0 }), component.Evidence{}, ""},
		"reconditioned, to what is not said":         {c, with(recon, func(p *component.ProcessRecord) { p.SpecificationHash = "" }), component.Evidence{}, fault.CodeInvalid},
		"reconditioned, naming faults":               {c, with(recon, func(p *component.ProcessRecord) { p.Faults = []string{"x"} }), component.Evidence{}, fault.CodeInvalid},
		"reconditioned, and the test it names":       {c, recon, component.Evidence{Test: test(nil)}, fault.CodeProcessTest},
		"repaired":                                   {c, repair, component.Evidence{}, ""},
		"repaired, with the warranty of new":         {c, with(repair, func(p *component.ProcessRecord) { p.WarrantyMonths = 24 }), component.Evidence{}, fault.CodeProcessWarranty},
		"repaired, of no faults":                     {c, with(repair, func(p *component.ProcessRecord) { p.Faults = nil }), component.Evidence{}, fault.CodeInvalid},
		"repaired, covering what is not said":        {c, with(repair, func(p *component.ProcessRecord) { p.Covers = nil }), component.Evidence{}, fault.CodeInvalid},
		"repaired, covering without a warranty":      {c, with(repair, func(p *component.ProcessRecord) { p.WarrantyMonths = 0 }), component.Evidence{}, fault.CodeInvalid},
		"repaired, of too many faults":               {c, with(repair, func(p *component.ProcessRecord) { p.Faults = strings.Split(strings.Repeat("x", 17), "") }), component.Evidence{}, fault.CodeInvalid},
		"without a report":                           {c, with(repair, func(p *component.ProcessRecord) { p.ReportHash = "" }), component.Evidence{}, fault.CodeInvalid},
		"a process of another name":                  {c, with(repair, func(p *component.ProcessRecord) { p.Process = "polish" }), component.Evidence{}, fault.CodeInvalid},
		"with a warranty that nobody can give":       {c, with(repair, func(p *component.ProcessRecord) { p.WarrantyMonths = 601 }), component.Evidence{}, fault.CodeInvalid},
		"with the number of no certificate":          {c, with(repair, func(p *component.ProcessRecord) { p.Certificate = "a b" }), component.Evidence{}, fault.CodeIDInvalid},
		"resting on a concession nobody has decided": {c, repair, component.Evidence{Concession: &component.ConcessionRecord{Status: component.ConcessionOpen}}, fault.CodeProcessSpecification},
	} {
		t.Run(name, func(t *testing.T) {
			next, p, e, err := x.c.ProposeProcess(x.p, x.v, by(workshop))
			wantFault(t, err, x.want)
			if err == nil && (p.Status != component.ProcessOpen || p.By != workshop || p.Number != 1 || e.Reference != "1" || next.Process != "" || p.Covers == nil || p.Faults == nil) {
				t.Errorf("%+v %+v", p, e)
			}
			if err != nil && next != x.c {
				t.Errorf("refused, but changed: %+v", next)
			}
		})
	}
}

// The unit keeps its serial number and its first specification; what changes is
// what it meets now, its warranty, and how many lives it has had (PV8).
func TestARemanufacturedUnitContinuesTheCoresHistory(t *testing.T) {
	spec := hash("as new")
	c := registered(t)
	c.Owner, c.SpecificationHash, c.WarrantyMonths = buyer, spec, 24
	c, _, err := c.ReturnCore("worn", by(buyer))
	wantFault(t, err, "")
	events := c.Events
	recon := component.ProcessRecord{Process: component.Recondition, SpecificationHash: hash("lower"), WarrantyMonths: 12, ReportHash: hash("r")}
	c, p, _, err := c.ProposeProcess(recon, component.Evidence{}, by(workshop))
	wantFault(t, err, "")
	_, _, _, err = c.DecideProcess(p, component.Evidence{}, true, by(workshop))
	wantFault(t, err, fault.CodeOwnershipNotOwner)
	c, p, _, err = c.DecideProcess(p, component.Evidence{}, true, by(buyer))
	wantFault(t, err, "")
	if c.Core || c.PresentSpecification != hash("lower") || c.SpecificationHash != spec || c.Life != 0 || c.WarrantyUntil != "2027-03-01T08:00:00.000Z" || p.WarrantyUntil != c.WarrantyUntil {
		t.Errorf("%+v %+v", c, p)
	}
	reman := component.ProcessRecord{Process: component.Remanufacture, SpecificationHash: spec, WarrantyMonths: 24, ReportHash: hash("r"), Test: 1}
	v := component.Evidence{Test: &component.TestReport{Number: 1, Tester: tester, SpecificationHash: spec, Passed: true}}
	c, first, _, err := c.ProposeProcess(reman, v, by(workshop))
	wantFault(t, err, "")
	c, second, _, err := c.ProposeProcess(reman, v, by(workshop))
	wantFault(t, err, "")
	c, _, _, err = c.DecideProcess(first, v, true, by(buyer))
	wantFault(t, err, "")
	if c.ComponentID != "c-1" || c.Life != 1 || c.PresentSpecification != "" || c.Process != component.Remanufacture || c.TestsUsed != 1 || c.Events != events+5 {
		t.Errorf("%+v", c)
	}
	_, _, _, err = c.DecideProcess(second, v, true, by(buyer)) // of the life before
	wantFault(t, err, fault.CodeProcessOver)
	_, _, _, err = c.ProposeProcess(reman, v, by(workshop)) // the test has served
	wantFault(t, err, fault.CodeProcessTest)
}

func TestTheEndOfALife(t *testing.T) {
	c := registered(t)
	c.Owner, c.WitnessSeconds = buyer, 60
	good := component.Retirement{Disposition: component.Recycled, Reason: "worn", Materials: []component.Material{{Name: "copper", MassGrams: 5}}}
	with := func(change func(*component.Retirement)) component.Retirement {
		r := good
		change(&r)
		return r
	}
	for name, x := range map[string]struct {
		r    component.Retirement
		want fault.Code
	}{
		"recycled":                         {good, ""},
		"destroyed":                        {component.Retirement{Disposition: component.Destroyed, Reason: "fire"}, ""},
		"nowhere":                          {with(func(r *component.Retirement) { r.Disposition = "lost" }), fault.CodeInvalid},
		"for no reason":                    {with(func(r *component.Retirement) { r.Reason = "" }), fault.CodeInvalid},
		"recycled into nothing":            {with(func(r *component.Retirement) { r.Materials = nil }), fault.CodeInvalid},
		"destroyed, and something is left": {with(func(r *component.Retirement) { r.Disposition = component.Destroyed }), fault.CodeInvalid},
		"a material of no mass":            {with(func(r *component.Retirement) { r.Materials = []component.Material{{Name: "copper"}} }), fault.CodeInvalid},
		"a material of no name":            {with(func(r *component.Retirement) { r.Materials = []component.Material{{MassGrams: 1}} }), fault.CodeInvalid},
		"more materials than anything has": {with(func(r *component.Retirement) { r.Materials = make([]component.Material, component.MaxMaterials+1) }), fault.CodeInvalid},
		"a certificate that is no hash":    {with(func(r *component.Retirement) { r.CertificateHash = "x" }), fault.CodeInvalid},
		"the number of no certificate":     {with(func(r *component.Retirement) { r.CertificateID = "a b" }), fault.CodeIDInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := c.AskEnd(x.r, by(buyer))
			wantFault(t, err, x.want)
		})
	}
	asked, r, e, err := c.AskEnd(good, by(buyer))
	wantFault(t, err, "")
	if asked.Status != component.Decommissioning || r.WitnessTill != now.Add(60_000) || e.Counterparty != maker {
		t.Fatalf("%+v %+v %+v", asked, r, e)
	}
	_, _, _, err = asked.EndLife(r, "", by(buyer))
	wantFault(t, err, fault.CodeRetirementEarly)
	_, _, _, err = asked.EndLife(r, "", by("X"))
	wantFault(t, err, fault.CodeOwnershipNotOwner)
	_, _, _, err = asked.EndLife(r, "paper", by(maker))
	wantFault(t, err, fault.CodeInvalid)
	late := by(buyer)
	late.Now = r.WitnessTill
	gone, byTime, _, err := asked.EndLife(r, "", late)
	wantFault(t, err, "")
	if gone.Status != component.Decommissioned || gone.Disposition != component.Recycled || byTime.Status != component.EndByTime || byTime.Witness != "" {
		t.Errorf("%+v %+v", gone, byTime)
	}
	_, witnessed, _, err := asked.EndLife(r, hash("seen"), by(maker))
	wantFault(t, err, "")
	if witnessed.Status != component.EndWitnessed || witnessed.Witness != maker || witnessed.WitnessHash != hash("seen") {
		t.Errorf("%+v", witnessed)
	}
	_, own, _, err := registered(t).AskEnd(good, by(maker))
	wantFault(t, err, "")
	if own.Status != component.EndWitnessed {
		t.Errorf("of its own products a maker is witness enough: %+v", own)
	}
}
