package service

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// RequestStatus is how far a request is.
type RequestStatus string

// The statuses. Confirmed and cancelled are final.
const (
	Raised    RequestStatus = "raised"
	Accepted  RequestStatus = "accepted"
	Scheduled RequestStatus = "scheduled"
	Started   RequestStatus = "started"
	Done      RequestStatus = "done"
	Confirmed RequestStatus = "confirmed"
	Rejected  RequestStatus = "rejected"
	Cancelled RequestStatus = "cancelled"
)

// Statuses lists every status.
func Statuses() []RequestStatus {
	return []RequestStatus{Raised, Accepted, Scheduled, Started, Done, Confirmed, Rejected, Cancelled}
}

// ServiceRequest asks for something to be done to a component, and says how far
// that is (SV2, SV3).
type ServiceRequest struct {
	RequestID   string `json:"requestId"`
	ComponentID string `json:"componentId"`
	PartNumber  string `json:"partNumber"`                                // of the component
	MachineID   string `json:"machineId"`                                 // of which it was a part as this was raised, or itself
	SlotID      string `json:"slotId,omitempty" metadata:",optional"`     // where it was installed
	TaskID      string `json:"taskId,omitempty" metadata:",optional"`     // of the component's plan; none: corrective
	Occurrence  uint64 `json:"occurrence,omitempty" metadata:",optional"` // of the task, from 1
	Title       string `json:"title"`
	Action      Action `json:"action"`
	Cause       Cause  `json:"cause"`
	// Trigger is the value that raised it.
	Trigger        *Trigger      `json:"trigger,omitempty" metadata:",optional"`
	Report         *FaultReport  `json:"report,omitempty" metadata:",optional"`
	Skill          string        `json:"skill"`
	ApprovedParts  []string      `json:"approvedParts,omitempty" metadata:",optional"`
	SafetyCritical bool          `json:"safetyCritical,omitempty" metadata:",optional"`
	OrderPart      bool          `json:"orderPart,omitempty" metadata:",optional"`
	Operator       string        `json:"operator"`                                // MSP id of the owner
	Provider       string        `json:"provider,omitempty" metadata:",optional"` // MSP id of who is to do it
	AgreementID    string        `json:"agreementId,omitempty" metadata:",optional"`
	Status         RequestStatus `json:"status"`
	RaisedAt       measure.Time  `json:"raisedAt"`
	RaisedBy       string        `json:"raisedBy"`
	DueAt          measure.Time  `json:"dueAt"`
	OverdueAt      measure.Time  `json:"overdueAt"` // due, and the tolerance
	// OverdueSince is set when it was found not done by then.
	OverdueSince measure.Time `json:"overdueSince,omitempty" metadata:",optional"`
	EngineerID   string       `json:"engineerId,omitempty" metadata:",optional"` // credential of who is sent
	ScheduledFor measure.Time `json:"scheduledFor,omitempty" metadata:",optional"`
	// AcceptDays of the agreement under which it was accepted.
	AcceptDays int64  `json:"acceptDays,omitempty" metadata:",optional"`
	Steps      uint64 `json:"steps"` // recorded; the next one has this number
	// Failing are the steps whose last record is not within its limits.
	Failing      []string     `json:"failing,omitempty" metadata:",optional"`
	StepsHash    string       `json:"stepsHash"` // chained over the steps; the engineer signs it
	Result       *WorkResult  `json:"result,omitempty" metadata:",optional"`
	DoneAt       measure.Time `json:"doneAt,omitempty" metadata:",optional"`
	ConfirmedAt  measure.Time `json:"confirmedAt,omitempty" metadata:",optional"`
	ConfirmedBy  string       `json:"confirmedBy,omitempty" metadata:",optional"`
	CancelledBy  string       `json:"cancelledBy,omitempty" metadata:",optional"`
	Reason       string       `json:"reason,omitempty" metadata:",optional"`       // of the last refusal, return or cancellation
	Follows      string       `json:"follows,omitempty" metadata:",optional"`      // the request whose inspection failed
	FollowedBy   string       `json:"followedBy,omitempty" metadata:",optional"`   // the request that its failed inspection raised
	Certificates uint64       `json:"certificates,omitempty" metadata:",optional"` // release certificates about it
	Events       uint64       `json:"events"`                                      // number of events; the next one has this number
	ChangedAt    measure.Time `json:"changedAt"`
}

// RequestOf says of which component a request is. It never changes.
type RequestOf struct {
	ComponentID string `json:"componentId"`
	RequestID   string `json:"requestId"`
}

// FaultReport is what somebody found wrong.
type FaultReport struct {
	Description  string       `json:"description"`
	ErrorCode    string       `json:"errorCode,omitempty" metadata:",optional"` // the machine's own
	StartOfFault measure.Time `json:"startOfFault,omitempty" metadata:",optional"`
	Priority     int64        `json:"priority"` // 1 the highest, to 4
}

// RequestEvent is one entry of a request's history; it never changes.
type RequestEvent struct {
	RequestID     string        `json:"requestId"`
	Number        uint64        `json:"number"`
	Step          string        `json:"step"`   // what happened
	Status        RequestStatus `json:"status"` // after it
	At            measure.Time  `json:"at"`
	Actor         string        `json:"actor"`
	Detail        string        `json:"detail,omitempty" metadata:",optional"` // such as the reason or who is sent
	TransactionID string        `json:"transactionId"`
}

func (r ServiceRequest) record(step, detail string, w When) (ServiceRequest, RequestEvent) {
	e := RequestEvent{RequestID: r.RequestID, Number: r.Events, Step: step, Status: r.Status, At: w.Now, Actor: w.Actor, Detail: detail, TransactionID: w.TransactionID}
	r.Events++
	r.ChangedAt = w.Now
	return r, e
}

func (r ServiceRequest) raise(p Place, a *Agreement, w When) (ServiceRequest, RequestEvent) {
	r.ComponentID, r.PartNumber, r.MachineID, r.SlotID, r.Operator = p.ComponentID, p.PartNumber, p.MachineID, p.SlotID, p.Owner
	r.Status, r.RaisedAt, r.RaisedBy, r.StepsHash = Raised, w.Now, w.Actor, NoSteps
	if a != nil {
		r.AgreementID, r.Provider = a.AgreementID, a.Provider
	}
	return r.record("raised", string(r.Cause), w)
}

// RaiseFault asks for corrective work. The owner does, or who serves the component.
// Its id has no colon, so it is never that of a planned one.
func RaiseFault(r ServiceRequest, p Place, a *Agreement, w When) (ServiceRequest, RequestEvent, error) {
	fail := func(err error) (ServiceRequest, RequestEvent, error) { return r, RequestEvent{}, err }
	if w.Actor != p.Owner && (a == nil || w.Actor != a.Provider) {
		return fail(fault.New(fault.CodeServiceNotParty, "a fault of %s is reported by its owner or by who serves it", p.ComponentID))
	}
	if err := party.CheckID("requestId", r.RequestID); err != nil {
		return fail(err)
	}
	if strings.Contains(r.RequestID, ":") {
		return fail(fault.New(fault.CodeIDInvalid, "the id of a fault's request has no colon").With("field", "requestId"))
	}
	if err := r.Action.check(); err != nil {
		return fail(err)
	}
	if err := party.CheckText("title", r.Title, 1, 100); err != nil {
		return fail(err)
	}
	if err := party.CheckID("skill", r.Skill); err != nil {
		return fail(err)
	}
	if err := (Task{ApprovedParts: r.ApprovedParts}).checkParts(); err != nil {
		return fail(err)
	}
	report, err := r.Report.checked(w.Now)
	if err != nil {
		return fail(err)
	}
	due, err := measure.ParseTime("dueAt", string(r.DueAt))
	if err != nil {
		return fail(err)
	}
	r.Report, r.DueAt, r.OverdueAt, r.Cause = report, due, due, ByFault
	next, e := r.raise(p, a, w)
	return next, e, nil
}

func (f *FaultReport) checked(now measure.Time) (*FaultReport, error) {
	if f == nil {
		return nil, invalid("report", "a fault is described")
	}
	if err := party.CheckText("description", f.Description, 1, 500); err != nil {
		return nil, err
	}
	if f.ErrorCode != "" {
		if err := party.CheckID("errorCode", f.ErrorCode); err != nil {
			return nil, err
		}
	}
	if f.Priority < 1 || f.Priority > 4 {
		return nil, invalid("priority", "must be 1 to 4")
	}
	out := *f
	if f.StartOfFault != "" {
		at, err := measure.ParseTime("startOfFault", string(f.StartOfFault))
		if err != nil {
			return nil, err
		}
		if at.UnixMs() > now.UnixMs()+measure.MaxSkewMs {
			return nil, invalid("startOfFault", "is in the future")
		}
		out.StartOfFault = at
	}
	return &out, nil
}

// in refuses what the request's status does not allow.
func (r ServiceRequest) in(statuses ...RequestStatus) error {
	if slices.Contains(statuses, r.Status) {
		return nil
	}
	return fault.New(fault.CodeRequestStatus, "request %s is %s", r.RequestID, r.Status).With("status", string(r.Status))
}

func (r ServiceRequest) by(who, what string, w When) error {
	if w.Actor == who && who != "" {
		return nil
	}
	return fault.New(fault.CodeServiceNotParty, "this takes the word of the %s of request %s", what, r.RequestID).With(what, who)
}

// Accept is the service company's word that it will do it: the one whom the
// agreement names, while that holds, or the owner itself without one.
func (r ServiceRequest) Accept(a *Agreement, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.in(Raised); err != nil {
		return r, RequestEvent{}, err
	}
	if r.Provider == "" && w.Actor == r.Operator {
		r.Provider = r.Operator // with its own people, and for nothing
	}
	if err := r.by(r.Provider, "provider", w); err != nil {
		return r, RequestEvent{}, err
	}
	if r.AgreementID != "" {
		if a == nil || a.AgreementID != r.AgreementID || !a.Serves(r.Operator, w.Now) {
			return r, RequestEvent{}, fault.New(fault.CodeAgreementStatus, "agreement %s does not hold any more", r.AgreementID).With("agreementId", r.AgreementID)
		}
		r.AcceptDays = a.AcceptDays
	}
	r.Status = Accepted
	next, e := r.record("accepted", "", w)
	return next, e, nil
}

// Reject is the service company's word that it will not do it. It stays due: the
// owner assigns it to another.
func (r ServiceRequest) Reject(reason string, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.by(r.Provider, "provider", w); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.in(Raised, Accepted, Scheduled); err != nil {
		return r, RequestEvent{}, err
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return r, RequestEvent{}, err
	}
	r.Status, r.Reason = Rejected, reason
	next, e := r.record("rejected", reason, w)
	return next, e, nil
}

// Assign gives a request that nobody has accepted to whom an agreement of the
// owner names, or to the owner itself.
func (r ServiceRequest) Assign(owner string, a *Agreement, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.by(owner, "operator", w); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.in(Raised, Rejected); err != nil {
		return r, RequestEvent{}, err
	}
	r.Operator, r.AgreementID, r.Provider, r.EngineerID, r.ScheduledFor = owner, "", "", "", ""
	if a != nil {
		if !a.Serves(owner, w.Now) {
			return r, RequestEvent{}, a.wrongStatus()
		}
		r.AgreementID, r.Provider = a.AgreementID, a.Provider
	}
	r.Status = Raised
	next, e := r.record("assigned", r.AgreementID, w)
	return next, e, nil
}

// Schedule says when an engineer comes, and who: the contract has seen that the
// credential is of the provider's and grants the work then.
func (r ServiceRequest) Schedule(engineerID string, at measure.Time, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.by(r.Provider, "provider", w); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.in(Accepted, Scheduled); err != nil {
		return r, RequestEvent{}, err
	}
	at, err := measure.ParseTime("scheduledFor", string(at))
	if err != nil {
		return r, RequestEvent{}, err
	}
	r.Status, r.EngineerID, r.ScheduledFor = Scheduled, engineerID, at
	next, e := r.record("scheduled", engineerID, w)
	return next, e, nil
}

// Start says that the work has begun, while everything belongs to who asked for it.
func (r ServiceRequest) Start(x Remains, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.by(r.Provider, "provider", w); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.in(Scheduled); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.going(x); err != nil {
		return r, RequestEvent{}, err
	}
	r.Status = Started
	next, e := r.record("started", r.EngineerID, w)
	return next, e, nil
}

// Return says that the work is not what was asked for: it goes on.
func (r ServiceRequest) Return(reason string, w When) (ServiceRequest, RequestEvent, error) {
	if err := r.by(r.Operator, "operator", w); err != nil {
		return r, RequestEvent{}, err
	}
	if err := r.in(Done); err != nil {
		return r, RequestEvent{}, err
	}
	if r.FollowedBy != "" || r.Result != nil && r.Result.Installed != "" {
		return r, RequestEvent{}, fault.New(fault.CodeRequestStatus, "what request %s changed is on record: ask for more by another request", r.RequestID).With("status", string(r.Status))
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return r, RequestEvent{}, err
	}
	r.Status, r.Reason, r.Result, r.DoneAt = Started, reason, nil, ""
	next, e := r.record("returned", reason, w)
	return next, e, nil
}

// MarkOverdue puts on record that it was not done in time. Anybody may ask; the
// time decides.
func (r ServiceRequest) MarkOverdue(w When) (ServiceRequest, RequestEvent, error) {
	if err := r.in(Raised, Accepted, Scheduled, Started, Rejected); err != nil {
		return r, RequestEvent{}, err
	}
	if r.OverdueSince != "" {
		return r, RequestEvent{}, fault.New(fault.CodeRequestStatus, "request %s is overdue since %s", r.RequestID, r.OverdueSince).With("status", string(r.Status))
	}
	if w.Now <= r.OverdueAt {
		return r, RequestEvent{}, fault.New(fault.CodeNotDue, "request %s is overdue after %s", r.RequestID, r.OverdueAt).With("at", string(r.OverdueAt))
	}
	r.OverdueSince = r.OverdueAt
	next, e := r.record("overdue", "", w)
	return next, e, nil
}

// Listed reports whether the request stands in the list of what is being done to
// its machine: only then it excuses what a scan finds.
func (r ServiceRequest) Listed() bool {
	return slices.Contains([]RequestStatus{Raised, Accepted, Scheduled, Started, Done}, r.Status)
}

// Open is the request's line in that list.
func (r ServiceRequest) Open() OpenRequest {
	return OpenRequest{RequestID: r.RequestID, ComponentID: r.ComponentID, SlotID: r.SlotID, Action: r.Action}
}
