package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Process is what is done to a whole unit to give it another life (BS 8887-2).
type Process string

// The processes. Recycling ends a life: see [Recycled].
const (
	Remanufacture Process = "remanufacture" // at least as new, warranty as for new (PV4)
	Recondition   Process = "recondition"   // satisfactory condition, perhaps below the specification (PV5)
	Repair        Process = "repair"        // of specified faults (PV6)
)

// ProcessStatus is where the record of a process stands.
type ProcessStatus string

// The statuses of a process: who did it says so, and the owner confirms it.
const (
	ProcessOpen  ProcessStatus = "proposed"
	ProcessDone  ProcessStatus = "confirmed"
	ProcessEnded ProcessStatus = "declined"
)

// ProcessRecord is the certificate of one process. The component keeps its
// serial number: what was true of the core stays on its record (PV8).
type ProcessRecord struct {
	ComponentID       string        `json:"componentId"`
	Number            uint64        `json:"number"`
	Process           Process       `json:"process"`
	Status            ProcessStatus `json:"status"`
	By                string        `json:"by"`                                               // MSP id of who did it
	SpecificationHash string        `json:"specificationHash,omitempty" metadata:",optional"` // of what the unit meets now
	WarrantyMonths    int64         `json:"warrantyMonths"`                                   // from the confirmation on
	WarrantyUntil     measure.Time  `json:"warrantyUntil,omitempty" metadata:",optional"`     // once it is confirmed
	Covers            []string      `json:"covers"`                                           // what the warranty of a repair covers
	Faults            []string      `json:"faults"`                                           // that a repair has corrected
	Test              uint64        `json:"test,omitempty" metadata:",optional"`              // number of the third party's test
	Concession        uint64        `json:"concession,omitempty" metadata:",optional"`        // number of the maker's concession
	ReportHash        string        `json:"reportHash"`                                       // hex SHA-256
	ReplacedLife      uint64        `json:"replacedLife"`                                     // which of the unit's lives it followed
	Certificate       string        `json:"certificate,omitempty" metadata:",optional"`       // number of the issuer's certificate
	ProposedAt        measure.Time  `json:"proposedAt"`
	DecidedBy         string        `json:"decidedBy,omitempty" metadata:",optional"`
	DecidedAt         measure.Time  `json:"decidedAt,omitempty" metadata:",optional"`
	TransactionID     string        `json:"transactionId"` // that changed it last
}

// MaxFaults bounds what a repair lists.
const MaxFaults = 16

// ReturnCore takes a used unit back as a core: it is not installed before it has
// been remanufactured, reconditioned or repaired, and may be sold as it is (PV8).
func (c Component) ReturnCore(reason string, w When) (Component, LifeEvent, error) {
	if c.Owner != w.Actor {
		return c, LifeEvent{}, notOwner(c)
	}
	if c.Core {
		return c, LifeEvent{}, fault.New(fault.CodeComponentCore, "%s is a core already", c.ComponentID).With("componentId", c.ComponentID)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return c, LifeEvent{}, err
	}
	c.Core = true
	next, e := c.record(CoreReturned, "", w)
	e.Reason = reason
	return next, e, nil
}

// Evidence is what a process rests on: the test and the concession that it names.
type Evidence struct {
	Test       *TestReport
	Concession *ConcessionRecord
}

// ProposeProcess says what was done. Where the owner did it itself, it is
// confirmed at once.
func (c Component) ProposeProcess(p ProcessRecord, v Evidence, w When) (Component, ProcessRecord, LifeEvent, error) {
	p.By = w.Actor
	if err := c.judge(p, v); err != nil {
		return c, p, LifeEvent{}, err
	}
	c.Processes++
	p.ComponentID, p.Number, p.Status, p.ReplacedLife, p.ProposedAt, p.TransactionID = c.ComponentID, c.Processes, ProcessOpen, c.Life, w.Now, w.TransactionID
	p.Covers, p.Faults = append([]string{}, p.Covers...), append([]string{}, p.Faults...)
	p.DecidedBy, p.DecidedAt, p.WarrantyUntil = "", "", ""
	if c.Owner == w.Actor {
		return c.confirm(p, w)
	}
	next, e := c.record(ProcessProposed, c.Owner, w)
	return next, p, e.about(p.Number), nil
}

// DecideProcess is the owner's answer to what somebody else says was done.
func (c Component) DecideProcess(p ProcessRecord, v Evidence, accept bool, w When) (Component, ProcessRecord, LifeEvent, error) {
	fail := func(err error) (Component, ProcessRecord, LifeEvent, error) { return c, p, LifeEvent{}, err }
	if c.Owner != w.Actor {
		return fail(notOwner(c))
	}
	if p.Status != ProcessOpen || p.ReplacedLife != c.Life {
		return fail(fault.New(fault.CodeProcessOver, "process %d of %s is decided, or another life of the unit has begun", p.Number, p.ComponentID))
	}
	if accept {
		if err := c.judge(p, v); err != nil { // a test or a concession serves once
			return fail(err)
		}
		return c.confirm(p, w)
	}
	p.Status, p.DecidedBy, p.DecidedAt, p.TransactionID = ProcessEnded, w.Actor, w.Now, w.TransactionID
	next, e := c.record(ProcessDeclined, p.By, w)
	return next, p, e.about(p.Number), nil
}

func (c Component) confirm(p ProcessRecord, w When) (Component, ProcessRecord, LifeEvent, error) {
	p.Status, p.DecidedBy, p.DecidedAt, p.TransactionID = ProcessDone, w.Actor, w.Now, w.TransactionID
	if p.WarrantyMonths > 0 {
		p.WarrantyUntil = w.Now.AddMonths(p.WarrantyMonths)
	}
	c.Process, c.Core = p.Process, false
	switch p.Process {
	case Remanufacture:
		c.Life++
		c.WarrantyUntil, c.PresentSpecification = p.WarrantyUntil, p.SpecificationHash
	case Recondition:
		c.WarrantyUntil, c.PresentSpecification = p.WarrantyUntil, p.SpecificationHash
	}
	if c.PresentSpecification == c.SpecificationHash {
		c.PresentSpecification = ""
	}
	c.TestsUsed = max(c.TestsUsed, p.Test)
	next, e := c.record(ProcessConfirmed, p.By, w)
	return next, p, e.about(p.Number), nil
}

// judge holds a process to what its name promises (BS 8887-2): a remanufactured
// unit meets the specification of the new one, which a third party has shown, and
// carries at least its warranty; a reconditioned or repaired one carries less.
func (c Component) judge(p ProcessRecord, v Evidence) error {
	if err := p.check(); err != nil {
		return err
	}
	if v.Concession != nil && v.Concession.Status != ConcessionGranted {
		return fault.New(fault.CodeProcessSpecification, "concession %d is not granted", v.Concession.Number)
	}
	if p.Process != Remanufacture {
		if p.WarrantyMonths > 0 && p.WarrantyMonths >= c.WarrantyMonths {
			return warranty("less than the %d months of a new one, or none", c.WarrantyMonths)
		}
		return c.proven(p, v, false)
	}
	if c.SpecificationHash == "" || p.SpecificationHash != c.SpecificationHash && (v.Concession == nil || v.Concession.SpecificationHash != p.SpecificationHash) {
		return fault.New(fault.CodeProcessSpecification, "a remanufactured unit meets the specification that it was made to, or one that its maker has conceded")
	}
	if p.WarrantyMonths < c.WarrantyMonths || p.WarrantyMonths == 0 {
		return warranty("at least the %d months of a new one", c.WarrantyMonths)
	}
	return c.proven(p, v, true)
}

// proven looks at the test (PV10): it was passed, against this specification, by
// somebody who has neither done the work nor owns the unit, after the last process.
func (c Component) proven(p ProcessRecord, v Evidence, needed bool) error {
	t := v.Test
	if t == nil && !needed {
		return nil
	}
	if t == nil || !t.Passed || t.SpecificationHash != p.SpecificationHash || t.Tester == p.By || t.Tester == c.Owner || t.Number <= c.TestsUsed {
		return fault.New(fault.CodeProcessTest, "it takes a third party's test against this specification, passed, which has served no other process")
	}
	return nil
}

func (p ProcessRecord) check() error {
	if !slices.Contains([]Process{Remanufacture, Recondition, Repair}, p.Process) {
		return invalid("process", "process must be remanufacture, recondition or repair; recycling is a decommissioning")
	}
	if err := checkHash("reportHash", p.ReportHash, false); err != nil {
		return err
	}
	if err := checkHash("specificationHash", p.SpecificationHash, p.Process == Repair); err != nil {
		return err
	}
	if p.WarrantyMonths < 0 || p.WarrantyMonths > MaxWarrantyMonths {
		return invalid("warrantyMonths", "warrantyMonths must be 0 to %d", MaxWarrantyMonths)
	}
	if p.Certificate != "" {
		if err := party.CheckID("certificate", p.Certificate); err != nil {
			return err
		}
	}
	for field, texts := range [][]string{p.Faults, p.Covers} {
		name := []string{"faults", "covers"}[field]
		if len(texts) > MaxFaults {
			return invalid(name, "%s has at most %d entries", name, MaxFaults)
		}
		for _, t := range texts {
			if err := party.CheckText(name, t, 1, 200); err != nil {
				return err
			}
		}
	}
	if p.Process != Repair {
		if len(p.Faults)+len(p.Covers) > 0 {
			return invalid("faults", "only a repair names faults and what its warranty covers")
		}
		return nil
	}
	if len(p.Faults) == 0 {
		return invalid("faults", "a repair corrects specified faults")
	}
	if (len(p.Covers) > 0) != (p.WarrantyMonths > 0) {
		return invalid("covers", "the warranty of a repair says what it covers")
	}
	return nil
}

func warranty(format string, args ...any) error {
	return fault.New(fault.CodeProcessWarranty, "the warranty must be "+format, args...)
}
