package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// PlaceHold takes one component out of use (CM16).
type PlaceHold struct {
	ComponentID string             `json:"componentId"`
	Kind        component.HoldKind `json:"kind"`
	Reason      string             `json:"reason"`
}

// ReleaseHold lifts the hold that is in force in this capacity.
type ReleaseHold struct {
	ComponentID string           `json:"componentId"`
	Holder      component.Holder `json:"holder"`
	Reason      string           `json:"reason"`
}

// HoldList is the last hold in each capacity.
type HoldList struct {
	Items []component.Hold `json:"items"`
}

// IssueRecall recalls a part number of the caller's, or one lot of it.
type IssueRecall struct {
	PartNumber string `json:"partNumber"`
	Lot        string `json:"lot"` // "*": all lots
	Reason     string `json:"reason"`
	NoticeHash string `json:"noticeHash,omitempty" metadata:",optional"` // hex SHA-256 of the notice
}

// ReleaseRecall ends a recall for all components.
type ReleaseRecall struct {
	PartNumber string `json:"partNumber"`
	Lot        string `json:"lot"`
	Reason     string `json:"reason"`
}

// ClearRecall takes one component out of the recall of this lot.
type ClearRecall struct {
	ComponentID  string `json:"componentId"`
	Lot          string `json:"lot"`
	Reason       string `json:"reason"`
	EvidenceHash string `json:"evidenceHash,omitempty" metadata:",optional"` // hex SHA-256
}

// RecallPage is a page of a maker's recalls.
type RecallPage struct {
	Items []component.Recall `json:"items"`
	Next  string             `json:"next"`
}

// AttachDocument keeps the hash of a paper about a component.
type AttachDocument struct {
	ComponentID string `json:"componentId"`
	Kind        string `json:"kind"`
	Hash        string `json:"hash"` // hex SHA-256
	URI         string `json:"uri,omitempty" metadata:",optional"`
}

// DocumentPage is a page of a component's papers.
type DocumentPage struct {
	Items []component.AttachedDocument `json:"items"`
	Next  string                       `json:"next"`
}

// OfferPledge offers a component to a lender as security (CM17).
type OfferPledge struct {
	ComponentID   string         `json:"componentId"`
	Lender        string         `json:"lender"` // MSP id
	AmountMinor   money.Minor    `json:"amountMinor"`
	Currency      money.Currency `json:"currency"`
	Till          string         `json:"till"`                                         // RFC 3339 UTC
	AgreementHash string         `json:"agreementHash,omitempty" metadata:",optional"` // hex SHA-256
}

// PledgeRef names a pledge of a component.
type PledgeRef struct {
	ComponentID string `json:"componentId"`
	Number      uint64 `json:"number"`
}

// PledgePage is a page of a component's pledges.
type PledgePage struct {
	Items []component.PledgeRecord `json:"items"`
	Next  string                   `json:"next"`
}

// DecommissionComponent asks for the end of a component's life (CM9).
type DecommissionComponent struct {
	ComponentID     string               `json:"componentId"`
	Disposition     string               `json:"disposition"` // inactive, destroyed, disposed or recycled
	Reason          string               `json:"reason"`
	CertificateID   string               `json:"certificateId,omitempty" metadata:",optional"`   // GDTI
	CertificateHash string               `json:"certificateHash,omitempty" metadata:",optional"` // hex SHA-256
	Materials       []component.Material `json:"materials,omitempty" metadata:",optional"`       // what recycling has recovered (PV7)
}

// ConfirmDecommission witnesses the end of a component's life.
type ConfirmDecommission struct {
	ComponentID string `json:"componentId"`
	WitnessHash string `json:"witnessHash,omitempty" metadata:",optional"` // hex SHA-256 of what the maker adds
}

// ReturnCore takes a used unit back as a core (PV8).
type ReturnCore struct {
	ComponentID string `json:"componentId"`
	Reason      string `json:"reason"`
}

// RecordTest says what a test has shown (PV10).
type RecordTest struct {
	ComponentID       string             `json:"componentId"`
	SpecificationHash string             `json:"specificationHash"`
	Passed            bool               `json:"passed"`
	Method            string             `json:"method"`
	ReportHash        string             `json:"reportHash"`
	Instruments       []TestInstrument   `json:"instruments"`
	PerformedAt       string             `json:"performedAt"`                             // RFC 3339 UTC
	Standard          *party.StandardRef `json:"standard,omitempty" metadata:",optional"` // by which it was tested
}

// TestInstrument is what a test was measured with.
type TestInstrument struct {
	InstrumentID    string `json:"instrumentId"`
	CalibrationHash string `json:"calibrationHash"`
	CalibratedTill  string `json:"calibratedTill"` // RFC 3339 UTC
}

// TestPage is a page of a component's tests.
type TestPage struct {
	Items []component.TestReport `json:"items"`
	Next  string                 `json:"next"`
}

// AskConcession asks the maker to accept a deviation of one serial number (SV14).
type AskConcession struct {
	ComponentID       string `json:"componentId"`
	Characteristic    string `json:"characteristic"`
	Required          string `json:"required"`
	Found             string `json:"found"`
	SpecificationHash string `json:"specificationHash,omitempty" metadata:",optional"` // of what it meets instead
	DocumentHash      string `json:"documentHash,omitempty" metadata:",optional"`
}

// DecideConcession is the maker's answer.
type DecideConcession struct {
	ComponentID string `json:"componentId"`
	Number      uint64 `json:"number"`
	Grant       bool   `json:"grant"`
	Reason      string `json:"reason"`
}

// ConcessionPage is a page of a component's concessions.
type ConcessionPage struct {
	Items []component.ConcessionRecord `json:"items"`
	Next  string                       `json:"next"`
}

// RecordProcess says that a unit was remanufactured, reconditioned or repaired.
type RecordProcess struct {
	ComponentID       string            `json:"componentId"`
	Process           component.Process `json:"process"`
	SpecificationHash string            `json:"specificationHash,omitempty" metadata:",optional"`
	WarrantyMonths    int64             `json:"warrantyMonths"`
	Covers            []string          `json:"covers,omitempty" metadata:",optional"` // of a repair's warranty
	Faults            []string          `json:"faults,omitempty" metadata:",optional"` // that a repair has corrected
	Test              uint64            `json:"test,omitempty" metadata:",optional"`
	Concession        uint64            `json:"concession,omitempty" metadata:",optional"`
	ReportHash        string            `json:"reportHash"`
	Certificate       string            `json:"certificate,omitempty" metadata:",optional"`
}

// DecideProcess is the owner's answer to what another says was done.
type DecideProcess struct {
	ComponentID string `json:"componentId"`
	Number      uint64 `json:"number"`
	Accept      bool   `json:"accept"`
}

// ProcessPage is a page of what was done to a unit as a whole.
type ProcessPage struct {
	Items []component.ProcessRecord `json:"items"`
	Next  string                    `json:"next"`
}

// ActivateComponent shows that a component is what its maker has announced (CM14).
type ActivateComponent struct {
	ComponentID string         `json:"componentId"`
	Place       string         `json:"place"`                                   // GLN or UN/LOCODE
	Response    *dsse.Envelope `json:"response,omitempty" metadata:",optional"` // the tag's answer to the challenge
	Code        string         `json:"code,omitempty" metadata:",optional"`     // under the seal of a passive tag
}

// RecordTagScan says where a tag was read.
type RecordTagScan struct {
	ComponentID string                  `json:"componentId"`
	Place       string                  `json:"place"`                                   // GLN or UN/LOCODE
	Position    *component.ScanPosition `json:"position,omitempty" metadata:",optional"` // of the scanner
	Purpose     component.ScanPurpose   `json:"purpose"`
	OccurredAt  string                  `json:"occurredAt"`                              // RFC 3339 UTC
	TagCount    uint64                  `json:"tagCount,omitempty" metadata:",optional"` // how often the tag says that it was read
	Response    *dsse.Envelope          `json:"response,omitempty" metadata:",optional"` // the tag's answer to the challenge
}

// TagScanPage is a page of a component's scans.
type TagScanPage struct {
	Items []component.TagScan `json:"items"`
	Next  string              `json:"next"`
}

// ContestRegistration says that a component is of another maker (CM14).
type ContestRegistration struct {
	ComponentID  string `json:"componentId"`
	Reason       string `json:"reason"`
	EvidenceHash string `json:"evidenceHash,omitempty" metadata:",optional"` // hex SHA-256
}

// CloseFinding says why a finding needs no more attention.
type CloseFinding struct {
	ComponentID string `json:"componentId"`
	Number      uint64 `json:"number"`
	Reason      string `json:"reason"`
}

// FindingPage is a page of what does not fit with a component.
type FindingPage struct {
	Items []component.Finding `json:"items"`
	Next  string              `json:"next"`
}
