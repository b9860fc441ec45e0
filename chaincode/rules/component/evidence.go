package component

import (
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// AttachedDocument is a paper about a component, by its hash. It never changes.
type AttachedDocument struct {
	ComponentID   string       `json:"componentId"`
	Number        uint64       `json:"number"`
	Kind          string       `json:"kind"` // such as drawing, certificate, manual
	Hash          string       `json:"hash"` // hex SHA-256
	URI           string       `json:"uri,omitempty" metadata:",optional"`
	By            string       `json:"by"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// MemoryDocument is the kind of document that anchors a copy of the component's
// memory: its hash is that of the copy, its uri says where one lies.
const MemoryDocument = "product-memory"

// AttachDocument adds a paper; its maker and its owner do.
func (c Component) AttachDocument(d AttachedDocument, w When) (Component, AttachedDocument, LifeEvent, error) {
	fail := func(err error) (Component, AttachedDocument, LifeEvent, error) { return c, d, LifeEvent{}, err }
	if w.Actor != c.Owner && w.Actor != c.Manufacturer {
		return fail(notOwner(c))
	}
	if err := party.CheckID("kind", d.Kind); err != nil {
		return fail(err)
	}
	if err := checkHash("hash", d.Hash, false); err != nil {
		return fail(err)
	}
	if err := party.CheckText("uri", d.URI, 0, 200); err != nil {
		return fail(err)
	}
	c.Documents++
	d.ComponentID, d.Number, d.By, d.At, d.TransactionID = c.ComponentID, c.Documents, w.Actor, w.Now, w.TransactionID
	next, e := c.record(DocumentAdded, "", w)
	return next, d, e.about(d.Number), nil
}

// Instrument is what a test was measured with (SV14).
type Instrument struct {
	InstrumentID    string       `json:"instrumentId"`
	CalibrationHash string       `json:"calibrationHash"` // hex SHA-256 of its calibration certificate
	CalibratedTill  measure.Time `json:"calibratedTill"`
}

// MaxInstruments bounds what a test names.
const MaxInstruments = 16

// TestReport is what a test of a component has shown (PV10, SV14). It never changes.
type TestReport struct {
	ComponentID       string             `json:"componentId"`
	Number            uint64             `json:"number"`
	Tester            string             `json:"tester"` // MSP id
	SpecificationHash string             `json:"specificationHash"`
	Standard          *party.StandardRef `json:"standard,omitempty" metadata:",optional"` // by which it was tested, if by one that is published
	Passed            bool               `json:"passed"`
	Method            string             `json:"method"`
	ReportHash        string             `json:"reportHash"`
	Instruments       []Instrument       `json:"instruments"`
	PerformedAt       measure.Time       `json:"performedAt"` // the tester's word
	At                measure.Time       `json:"at"`
	TransactionID     string             `json:"transactionId"`
}

// RecordTest keeps a test for good, passed or not.
func (c Component) RecordTest(t TestReport, w When) (Component, TestReport, LifeEvent, error) {
	fail := func(err error) (Component, TestReport, LifeEvent, error) { return c, t, LifeEvent{}, err }
	for _, h := range [][2]string{{"specificationHash", t.SpecificationHash}, {"reportHash", t.ReportHash}} {
		if err := checkHash(h[0], h[1], false); err != nil {
			return fail(err)
		}
	}
	if err := party.CheckText("method", t.Method, 1, 200); err != nil {
		return fail(err)
	}
	if t.PerformedAt > w.Now.Add(measure.MaxSkewMs) {
		return fail(invalid("performedAt", "performedAt is in the future"))
	}
	if len(t.Instruments) < 1 || len(t.Instruments) > MaxInstruments {
		return fail(invalid("instruments", "a test names 1 to %d instruments", MaxInstruments))
	}
	for _, i := range t.Instruments {
		if err := i.check(t.PerformedAt); err != nil {
			return fail(err)
		}
	}
	c.Tests++
	t.ComponentID, t.Number, t.Tester, t.At, t.TransactionID = c.ComponentID, c.Tests, w.Actor, w.Now, w.TransactionID
	next, e := c.record(Tested, c.Owner, w)
	if e.Counterparty == w.Actor {
		e.Counterparty = ""
	}
	return next, t, e.about(t.Number), nil
}

// check: what was measured with an instrument out of calibration shows nothing.
func (i Instrument) check(at measure.Time) error {
	if err := party.CheckID("instrumentId", i.InstrumentID); err != nil {
		return err
	}
	if err := checkHash("calibrationHash", i.CalibrationHash, false); err != nil {
		return err
	}
	if i.CalibratedTill < at {
		return fault.New(fault.CodeTestCalibration, "%s was calibrated until %s", i.InstrumentID, i.CalibratedTill).With("instrumentId", i.InstrumentID)
	}
	return nil
}

// ConcessionStatus is where a concession stands.
type ConcessionStatus string

// The statuses of a concession.
const (
	ConcessionOpen    ConcessionStatus = "asked"
	ConcessionGranted ConcessionStatus = "granted"
	ConcessionRefused ConcessionStatus = "refused"
)

// ConcessionRecord is a deviation of one serial number from its specification,
// which its maker accepts or not (SV14).
type ConcessionRecord struct {
	ComponentID       string           `json:"componentId"`
	Number            uint64           `json:"number"`
	Status            ConcessionStatus `json:"status"`
	Characteristic    string           `json:"characteristic"`                                   // such as bore diameter
	Required          string           `json:"required"`                                         // with unit
	Found             string           `json:"found"`                                            // with unit
	SpecificationHash string           `json:"specificationHash,omitempty" metadata:",optional"` // of what it meets instead
	DocumentHash      string           `json:"documentHash,omitempty" metadata:",optional"`
	AskedBy           string           `json:"askedBy"`
	AskedAt           measure.Time     `json:"askedAt"`
	DecidedBy         string           `json:"decidedBy,omitempty" metadata:",optional"`
	DecidedAt         measure.Time     `json:"decidedAt,omitempty" metadata:",optional"`
	Reason            string           `json:"reason,omitempty" metadata:",optional"` // of the decision, and its conditions
	TransactionID     string           `json:"transactionId"`                         // that changed it last
}

// AskConcession is the owner's question, or the maker's own note.
func (c Component) AskConcession(k ConcessionRecord, w When) (Component, ConcessionRecord, LifeEvent, error) {
	fail := func(err error) (Component, ConcessionRecord, LifeEvent, error) { return c, k, LifeEvent{}, err }
	if w.Actor != c.Owner && w.Actor != c.Manufacturer {
		return fail(notOwner(c))
	}
	for _, t := range [][2]string{{"characteristic", k.Characteristic}, {"required", k.Required}, {"found", k.Found}} {
		if err := party.CheckText(t[0], t[1], 1, 200); err != nil {
			return fail(err)
		}
	}
	for _, h := range [][2]string{{"specificationHash", k.SpecificationHash}, {"documentHash", k.DocumentHash}} {
		if err := checkHash(h[0], h[1], true); err != nil {
			return fail(err)
		}
	}
	c.Concessions++
	k = ConcessionRecord{
		ComponentID: c.ComponentID, Number: c.Concessions, Status: ConcessionOpen, Characteristic: k.Characteristic, Required: k.Required, Found: k.Found,
		SpecificationHash: k.SpecificationHash, DocumentHash: k.DocumentHash, AskedBy: w.Actor, AskedAt: w.Now, TransactionID: w.TransactionID,
	}
	next, e := c.record(ConcessionAsked, "", w)
	return next, k, e.about(k.Number), nil
}

// DecideConcession is the maker's answer.
func (c Component) DecideConcession(k ConcessionRecord, grant bool, reason string, w When) (Component, ConcessionRecord, LifeEvent, error) {
	fail := func(err error) (Component, ConcessionRecord, LifeEvent, error) { return c, k, LifeEvent{}, err }
	if w.Actor != c.Manufacturer {
		return fail(notMaker(c))
	}
	if k.Status != ConcessionOpen {
		return fail(fault.New(fault.CodeConcessionDecided, "concession %d of %s is %s", k.Number, k.ComponentID, k.Status))
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return fail(err)
	}
	k.Status, k.DecidedBy, k.DecidedAt, k.Reason, k.TransactionID = ConcessionRefused, w.Actor, w.Now, reason, w.TransactionID
	if grant {
		k.Status = ConcessionGranted
	}
	next, e := c.record(ConcessionDecided, "", w)
	e.Reason = reason
	return next, k, e.about(k.Number), nil
}

// about names the record that says more.
func (e LifeEvent) about(number uint64) LifeEvent {
	e.Reference = strconv.FormatUint(number, 10)
	return e
}
