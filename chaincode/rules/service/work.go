package service

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// The kinds of the statements that servicing rests on.
const (
	WorkStatement        = "service-work"           // the engineer: this is what I did
	InspectionStatement  = "independent-inspection" // a second engineer: I looked at it
	ConditionStatement   = "condition-report"       // a machine or device: this is what I measured
	CertificateStatement = "release-certificate"    // certifying staff: it may be used again
)

// Outcome is how work ended.
type Outcome string

// The outcomes. Only an inspection fails: other work goes on until it is right.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
)

// Work is what an engineer signs about a request: the body of a service-work
// statement. What does not apply is empty.
type Work struct {
	Outcome   Outcome `json:"outcome"`
	Steps     uint64  `json:"steps"`     // how many there are
	StepsHash string  `json:"stepsHash"` // of all of them
	Removed   string  `json:"removed"`   // component id of what was taken out
	Installed string  `json:"installed"` // component id of what was put in its place
	Mode      string  `json:"mode"`      // ISO 14224 failure mode
	Mechanism string  `json:"mechanism"`
	Cause     string  `json:"cause"`
	Remarks   string  `json:"remarks"`
}

// Inspection is what a second engineer signs about safety-critical work: the body
// of an independent-inspection statement.
type Inspection struct {
	Outcome   Outcome `json:"outcome"`
	StepsHash string  `json:"stepsHash"`
	Remarks   string  `json:"remarks"`
}

// WorkResult is what came of a request, as it was signed.
type WorkResult struct {
	Outcome        Outcome      `json:"outcome"`
	Removed        string       `json:"removed,omitempty" metadata:",optional"`
	Installed      string       `json:"installed,omitempty" metadata:",optional"`
	Mode           string       `json:"mode,omitempty" metadata:",optional"`      // ISO 14224 failure mode: what was seen
	Mechanism      string       `json:"mechanism,omitempty" metadata:",optional"` // what happened inside
	Cause          string       `json:"cause,omitempty" metadata:",optional"`     // what brought it about
	Remarks        string       `json:"remarks,omitempty" metadata:",optional"`
	EngineerID     string       `json:"engineerId"`    // the credential that signed
	StatementHash  string       `json:"statementHash"` // of what it signed
	SignedAt       measure.Time `json:"signedAt"`      // the engineer's claim
	InspectorID    string       `json:"inspectorId,omitempty" metadata:",optional"`
	InspectionHash string       `json:"inspectionHash,omitempty" metadata:",optional"`
}

// Signature is who signed a statement that has been verified, and which.
type Signature struct {
	CredentialID string
	Issuer       string // who answers for the engineer
	Hash         string
	SignedAt     measure.Time
}

// Complete says that the work is done, on the engineer's word. That the statement
// is valid as of now and that the credential grants the skill for the part has been
// seen before this is called; that it is one of the provider's is seen here.
func (r ServiceRequest) Complete(work Work, by Signature, second *Inspection, bySecond Signature, w When) (ServiceRequest, RequestEvent, error) {
	fail := func(err error) (ServiceRequest, RequestEvent, error) { return r, RequestEvent{}, err }
	if err := r.in(Started); err != nil {
		return fail(err)
	}
	if by.Issuer != r.Provider {
		return fail(r.foreign(by))
	}
	if r.Steps == 0 || work.Steps != r.Steps || work.StepsHash != r.StepsHash {
		return fail(fault.New(fault.CodeWorkDiffers, "the statement is about %d steps with hash %s, on record are %d with %s", work.Steps, work.StepsHash, r.Steps, r.StepsHash))
	}
	if err := r.outcome(work); err != nil {
		return fail(err)
	}
	if err := r.exchanged(work); err != nil {
		return fail(err)
	}
	result := WorkResult{
		Outcome: work.Outcome, Removed: work.Removed, Installed: work.Installed, Mode: work.Mode, Mechanism: work.Mechanism, Cause: work.Cause,
		Remarks: work.Remarks, EngineerID: by.CredentialID, StatementHash: by.Hash, SignedAt: by.SignedAt,
	}
	if r.SafetyCritical {
		if err := r.inspected(work, by, second, bySecond); err != nil {
			return fail(err)
		}
		result.InspectorID, result.InspectionHash = bySecond.CredentialID, bySecond.Hash
	} else if second != nil {
		return fail(invalid("inspection", "only safety-critical work has a second look"))
	}
	r.Status, r.Result, r.DoneAt = Done, &result, w.Now
	next, e := r.record("done", string(work.Outcome), w)
	return next, e, nil
}

func (r ServiceRequest) foreign(by Signature) error {
	return fault.New(fault.CodeEngineerForeign, "credential %s is of %s, request %s is to be done by %s", by.CredentialID, by.Issuer, r.RequestID, r.Provider).With("issuer", by.Issuer)
}

// outcome holds what is said to the measurements, and asks for what failed.
func (r ServiceRequest) outcome(work Work) error {
	switch {
	case work.Outcome != Passed && work.Outcome != Failed:
		return invalid("outcome", "must be passed or failed")
	case work.Outcome == Passed && len(r.Failing) > 0:
		return fault.New(fault.CodeWorkDiffers, "step %s is not within its limits", r.Failing[0]).With("step", r.Failing[0])
	case work.Outcome == Failed && r.Action != Inspect:
		return fault.New(fault.CodeWorkDiffers, "only an inspection fails; other work goes on until it is right")
	}
	if work.Remarks != "" {
		if err := party.CheckText("remarks", work.Remarks, 1, 500); err != nil {
			return err
		}
	}
	if work.Outcome == Failed || r.Cause == ByFault || work.Mode != "" || work.Mechanism != "" || work.Cause != "" {
		return CheckCoding(work.Mode, work.Mechanism, work.Cause)
	}
	return nil
}

// exchanged: a replacement says what came out and what went in, and nothing else does.
func (r ServiceRequest) exchanged(work Work) error {
	if r.Action != Replace {
		if work.Removed != "" || work.Installed != "" {
			return fault.New(fault.CodeWorkDiffers, "request %s is not about an exchange", r.RequestID)
		}
		return nil
	}
	if r.SlotID == "" {
		return fault.New(fault.CodeWorkDiffers, "%s was installed nowhere as request %s was raised: there is nothing to exchange", r.ComponentID, r.RequestID)
	}
	if work.Removed != r.ComponentID || work.Installed == "" || work.Installed == work.Removed {
		return fault.New(fault.CodeWorkDiffers, "a replacement takes out %s and names what it puts in", r.ComponentID)
	}
	return nil
}

// inspected: safety-critical work is seen by somebody else than who did it.
func (r ServiceRequest) inspected(work Work, by Signature, second *Inspection, bySecond Signature) error {
	switch {
	case second == nil:
		return fault.New(fault.CodeSafetyCritical, "request %s is safety-critical: a second engineer signs that it was looked at", r.RequestID)
	case bySecond.Issuer != r.Provider:
		return r.foreign(bySecond)
	case bySecond.CredentialID == by.CredentialID:
		return fault.New(fault.CodeSafetyCritical, "who did the work does not inspect it")
	case second.StepsHash != work.StepsHash || second.Outcome != work.Outcome:
		return fault.New(fault.CodeWorkDiffers, "the second engineer saw something else than the first")
	}
	return nil
}

// Machine is what a machine itself says after the work.
type Machine struct {
	Connected bool         // it scans what is in it, and reports by itself
	ScannedAt measure.Time // its last scan; "" when there is none
	Agrees    bool         // that scan found what is on record, and nothing else
}

// Confirm closes a request. Where the machine is connected, its own scan since the
// work has to agree with the engineer, and then the provider need not wait for the
// owner's word (SV4). Where it is not, the owner's word is needed, or its silence
// for the days that were agreed.
func (r ServiceRequest) Confirm(owner string, m Machine, w When) (ServiceRequest, RequestEvent, error) {
	fail := func(err error) (ServiceRequest, RequestEvent, error) { return r, RequestEvent{}, err }
	if err := r.in(Done); err != nil {
		return fail(err)
	}
	silent := r.AcceptDays > 0 && w.Now >= r.SilenceEnds()
	switch {
	case w.Actor != owner && w.Actor != r.Operator && w.Actor != r.Provider:
		return fail(r.by(owner, "operator", w))
	case m.Connected && (m.ScannedAt == "" || m.ScannedAt <= r.DoneAt):
		return fail(fault.New(fault.CodeMachineSilent, "machine %s has not scanned itself since the work was done at %s", r.MachineID, r.DoneAt).With("machineId", r.MachineID))
	case m.Connected && !m.Agrees:
		return fail(fault.New(fault.CodeMachineDisagrees, "the scan of machine %s does not agree with what is on record", r.MachineID).With("machineId", r.MachineID))
	case !m.Connected && w.Actor != owner && w.Actor != r.Operator && !silent:
		return fail(fault.New(fault.CodeServiceNotParty, "the owner, %s, confirms the work on a machine that does not report by itself", owner).With("operator", owner))
	}
	r.Status, r.ConfirmedAt, r.ConfirmedBy = Confirmed, w.Now, w.Actor
	next, e := r.record("confirmed", "", w)
	return next, e, nil
}

// SilenceEnds is from when on the owner's silence counts as its word; "" when it
// never does.
func (r ServiceRequest) SilenceEnds() measure.Time {
	if r.DoneAt == "" || r.AcceptDays == 0 {
		return ""
	}
	return r.DoneAt.Add(r.AcceptDays * dayMs)
}

// Follow links a request with the one that its failed inspection raised.
func (r ServiceRequest) Follow(next string) ServiceRequest {
	r.FollowedBy = next
	return r
}

// Fails says whether the request is an inspection that something failed, and what
// is to be done about it.
func (r ServiceRequest) Fails(onFailure Action) (Action, bool) {
	if r.Result == nil || r.Result.Outcome != Failed {
		return "", false
	}
	if onFailure == "" {
		return Replace, true
	}
	return onFailure, true
}

// ApprovesPart refuses a part number that is not approved for the request (SV5).
func (r ServiceRequest) ApprovesPart(partNumber string) error {
	return approves(r.ApprovedParts, partNumber, r.PartNumber)
}
