package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// ProposeAgreement offers an agreement about serving components, from either side.
type ProposeAgreement struct {
	AgreementID string              `json:"agreementId"`
	Operator    string              `json:"operator"` // MSP id
	Provider    string              `json:"provider"` // MSP id
	Currency    money.Currency      `json:"currency"`
	Prices      []service.StepPrice `json:"prices"`
	Rates       []service.UsageRate `json:"rates"`
	AcceptDays  int64               `json:"acceptDays,omitempty" metadata:",optional"`
	ValidFrom   measure.Time        `json:"validFrom"`
	ValidUntil  measure.Time        `json:"validUntil,omitempty" metadata:",optional"`
	TermsHash   string              `json:"termsHash,omitempty" metadata:",optional"` // hex SHA-256
}

// AgreementRef names an agreement.
type AgreementRef struct {
	AgreementID string `json:"agreementId"`
}

// CoverComponents puts components of the operator under an agreement.
type CoverComponents struct {
	AgreementID string   `json:"agreementId"`
	Components  []string `json:"components"` // ids
}

// CoveredComponents says what an agreement holds for from now on.
type CoveredComponents struct {
	AgreementID string         `json:"agreementId"`
	Covered     []service.Care `json:"covered"`
}

// AttachPlan loads the plan of a component (SV1).
type AttachPlan struct {
	ComponentID string         `json:"componentId"`
	Tasks       []service.Task `json:"tasks"`
	// Since is when the calendar begins to count, not later than now; none: now.
	Since measure.Time `json:"since,omitempty" metadata:",optional"`
}

// ChangePlan wants other tasks for a component.
type ChangePlan struct {
	ComponentID string         `json:"componentId"`
	Tasks       []service.Task `json:"tasks"`
}

// ReportFault asks for corrective work on a component.
type ReportFault struct {
	RequestID     string              `json:"requestId"` // chosen by the caller, without a colon
	ComponentID   string              `json:"componentId"`
	Title         string              `json:"title"`
	Action        service.Action      `json:"action"`
	Skill         string              `json:"skill"`
	ApprovedParts []string            `json:"approvedParts,omitempty" metadata:",optional"`
	Report        service.FaultReport `json:"report"`
	DueAt         measure.Time        `json:"dueAt"`
}

// RaisedRequests are the requests that one transaction raised.
type RaisedRequests struct {
	ComponentID string                   `json:"componentId"`
	Raised      []service.ServiceRequest `json:"raised"`
}

// RequestRef names a service request.
type RequestRef struct {
	RequestID string `json:"requestId"`
}

// RequestReason names a service request and says why.
type RequestReason struct {
	RequestID string `json:"requestId"`
	Reason    string `json:"reason"`
}

// CancelRequest calls a service request off. Steps is how many steps whoever does so has
// seen on record: the provider collects those, and adds none while it is being said.
type CancelRequest struct {
	RequestID string `json:"requestId"`
	Reason    string `json:"reason"`
	Steps     uint64 `json:"steps,omitempty" metadata:",optional"`
}

// AssignRequest gives a request to whom an agreement names; without one, to its owner.
type AssignRequest struct {
	RequestID   string `json:"requestId"`
	AgreementID string `json:"agreementId,omitempty" metadata:",optional"`
}

// ScheduleRequest says when an engineer comes, and who.
type ScheduleRequest struct {
	RequestID    string       `json:"requestId"`
	EngineerID   string       `json:"engineerId"` // a credential
	ScheduledFor measure.Time `json:"scheduledFor"`
}

// RecordStep puts one completed step of the work on record.
type RecordStep struct {
	RequestID    string                 `json:"requestId"`
	Step         string                 `json:"step"` // its name
	Activity     service.Activity       `json:"activity"`
	Measurements []service.Measurement  `json:"measurements,omitempty" metadata:",optional"`
	Parts        []service.ConsumedPart `json:"parts,omitempty" metadata:",optional"`
	BeforeHash   string                 `json:"beforeHash,omitempty" metadata:",optional"`
	AfterHash    string                 `json:"afterHash,omitempty" metadata:",optional"`
}

// CompleteWork says that the work is done: Statement is the engineer's, a
// service-work statement about the request. Inspection is the second engineer's,
// where the work is safety-critical.
type CompleteWork struct {
	RequestID  string         `json:"requestId"`
	Statement  dsse.Envelope  `json:"statement"`
	Inspection *dsse.Envelope `json:"inspection,omitempty" metadata:",optional"`
}

// PaySteps pays the steps of a request that follow those already paid.
type PaySteps struct {
	RequestID string `json:"requestId"`
	Until     uint64 `json:"until"` // number of the first step that is not paid yet
}

// UsageBillRef names what is charged for a component's use under an agreement.
type UsageBillRef struct {
	AgreementID string `json:"agreementId"`
	ComponentID string `json:"componentId"`
}

// ChargeListRequest is a page of the payments for a component's use.
type ChargeListRequest struct {
	AgreementID string `json:"agreementId"`
	ComponentID string `json:"componentId"`
	Limit       int    `json:"limit"`
	Cursor      string `json:"cursor,omitempty" metadata:",optional"`
}

// ReportCondition brings a signed report of what was measured.
type ReportCondition struct {
	ComponentID string        `json:"componentId"`
	Statement   dsse.Envelope `json:"statement"` // a condition-report statement about the component
}

// ConditionReported is a measure after a report, and what that has raised.
type ConditionReported struct {
	Condition service.MonitoredCondition `json:"condition"`
	Raised    []service.ServiceRequest   `json:"raised"`
}

// ConditionRef names one measure of a component.
type ConditionRef struct {
	ComponentID string `json:"componentId"`
	Measure     string `json:"measure"`
}

// PromisePart says when an ordered part will be there.
type PromisePart struct {
	RequestID   string       `json:"requestId"`
	PromisedFor measure.Time `json:"promisedFor"`
}

// DeliverPart names the component that is handed over for an order.
type DeliverPart struct {
	RequestID   string `json:"requestId"`
	ComponentID string `json:"componentId"`
}

// IssueCertificate brings a release certificate that certifying staff signed about
// a request: a release-certificate statement.
type IssueCertificate struct {
	RequestID string        `json:"requestId"`
	Statement dsse.Envelope `json:"statement"`
}

// CertificateRef names a release certificate.
type CertificateRef struct {
	TrackingNumber string `json:"trackingNumber"`
}

// CertificateForm is a release certificate, and the blocks of its form filled in.
type CertificateForm struct {
	Certificate service.ReleaseCertificate `json:"certificate"`
	Blocks      []service.Block            `json:"blocks"`
}

// RequestEventPage is a page of what happened to a request.
type RequestEventPage struct {
	Items []service.RequestEvent `json:"items"`
	Next  string                 `json:"next"`
}

// ServiceStepPage is a page of the steps of a request.
type ServiceStepPage struct {
	Items []service.ServiceStep `json:"items"`
	Next  string                `json:"next"`
}

// ServicePaymentPage is a page of payments.
type ServicePaymentPage struct {
	Items []service.ServicePayment `json:"items"`
	Next  string                   `json:"next"`
}
