package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// attend does what happened in one position: a failure is a request of its own and
// coded, and ends with an exchange where the file has one and with a repair where it
// has none. An exchange without a failure answers the planned request.
func (r *replay) attend(ctx context.Context, m *machine, e event, position string) error {
	failed, exchanged := slices.Contains(e.failed, position), slices.Contains(e.replaced, position)
	if !failed && !exchanged {
		return nil
	}
	j := &job{r: r, m: m, position: position, part: m.parts[position], at: e.at, action: service.Replace, coded: failed}
	if !exchanged {
		j.action = service.Repair
	}
	var planned string
	var err error
	if failed {
		if planned, err = r.planned(ctx, m, j.part); err == nil {
			err = j.reportFault(ctx)
		}
	} else {
		j.request, err = j.due(ctx)
	}
	if err != nil {
		return err
	}
	if exchanged {
		m.serial[position]++
		if j.next, err = r.makePart(ctx, m, position, ""); err != nil {
			return err
		}
		m.parts[position], m.since[position] = j.next, e.at
	} else {
		m.repaired = append(m.repaired, j.request)
	}
	if err := j.do(ctx); err != nil {
		return err
	}
	if !exchanged || planned == "" {
		return nil
	}
	return r.ledger.do(ctx, owner, api.CancelRequestTx, api.CancelRequest{RequestID: planned, Reason: "the part was exchanged under " + j.request}, nil)
}

// planned is the open request of a part's plan, "" when there is none. On a network
// the keeper may have raised one that no report has told.
func (r *replay) planned(ctx context.Context, m *machine, part string) (string, error) {
	if id := m.open[part]; id != "" {
		return id, nil
	}
	var p service.Plan
	if err := r.ledger.ask(ctx, owner, api.GetPlanTx, api.ComponentRef{ComponentID: part}, &p); err != nil {
		return "", err
	}
	return p.Tasks[0].Open, nil
}

// job is the work on one request.
type job struct {
	r              *replay
	m              *machine
	position, part string
	request        string
	next           string // the part that is put in; "" for a repair
	action         service.Action
	coded          bool
	at             time.Time // what the file says
}

// due is the planned request of a part that is exchanged at a visit: raised by use
// already, or else now. What is exchanged before its time has its plan changed first.
func (j *job) due(ctx context.Context) (string, error) {
	id, err := j.r.planned(ctx, j.m, j.part)
	if err != nil || id != "" {
		return id, err
	}
	if days := int64(j.at.Sub(j.m.since[j.position]) / (24 * time.Hour)); days > 0 && days < visitDays {
		if err := j.r.ledger.do(ctx, owner, api.ChangePlanTx, api.ChangePlan{ComponentID: j.part, Tasks: tasks(days)}, nil); err != nil {
			return "", err
		}
	}
	var out api.RaisedRequests
	err = j.r.ledger.do(ctx, owner, api.RaiseDueTx, api.ComponentRef{ComponentID: j.part}, &out)
	if refused(err, fault.CodeNotDue) { // the keeper was faster
		return service.RequestIDOf(j.part, taskID, 1), nil
	}
	if err != nil {
		return "", err
	}
	return out.Raised[0].RequestID, nil
}

// reportFault asks for corrective work. The machine's last error of the day before
// goes with it, as the file has it.
func (j *job) reportFault(ctx context.Context) error {
	j.request = fmt.Sprintf("%s-fault-%d", j.part, j.at.Unix()/3600)
	report := service.FaultReport{Description: j.position + " failed", StartOfFault: measure.TimeOf(j.at), Priority: 1}
	for _, e := range j.m.events {
		if len(e.errors) > 0 && e.at.Before(j.at) && j.at.Sub(e.at) <= 24*time.Hour {
			report.ErrorCode = e.errors[len(e.errors)-1]
		}
	}
	return j.r.ledger.do(ctx, owner, api.ReportFaultTx, api.ReportFault{
		RequestID: j.request, ComponentID: j.part, Title: "Failure of " + j.position, Action: j.action, Skill: skill,
		ApprovedParts: []string{j.position}, Report: report, DueAt: measure.TimeOf(j.r.ledger.now().Add(24 * time.Hour)),
	}, nil)
}

// do takes a request from its acceptance to its confirmation.
func (j *job) do(ctx context.Context) error {
	l, ref := j.r.ledger, api.RequestRef{RequestID: j.request}
	for _, step := range []struct {
		tx      api.Transaction
		request any
	}{
		{api.AcceptRequestTx, ref},
		{api.ScheduleRequestTx, api.ScheduleRequest{RequestID: j.request, EngineerID: j.m.engineer.id, ScheduledFor: measure.TimeOf(j.at)}},
		{api.StartWorkTx, ref},
	} {
		if err := l.do(ctx, provider, step.tx, step.request, nil); err != nil {
			return err
		}
	}
	name := map[service.Action]string{service.Replace: "exchange", service.Repair: "repair", service.Inspect: "inspect"}[j.action]
	activity := service.Activity(j.action)
	var s service.ServiceStep
	if err := l.do(ctx, provider, api.RecordStepTx, api.RecordStep{RequestID: j.request, Step: name, Activity: activity}, &s); err != nil {
		return err
	}
	said, err := j.sign(s)
	if err != nil {
		return err
	}
	if err := l.do(ctx, provider, api.CompleteWorkTx, api.CompleteWork{RequestID: j.request, Statement: *said}, nil); err != nil {
		return err
	}
	if !j.m.connected() {
		return l.do(ctx, owner, api.ConfirmWorkTx, ref, nil)
	}
	if err := j.scan(ctx); err != nil {
		return err
	}
	return l.do(ctx, provider, api.ConfirmWorkTx, ref, nil)
}

// sign is the engineer's word. The file says that a position failed and that the
// machine stood, and no more: the mechanism and the cause are coded as unknown.
func (j *job) sign(s service.ServiceStep) (*dsse.Envelope, error) {
	work := service.Work{Outcome: service.Passed, Steps: s.Number + 1, StepsHash: s.StepsHash}
	if j.next != "" {
		work.Removed, work.Installed = j.part, j.next
	}
	if j.coded {
		work.Mode, work.Mechanism, work.Cause = "BRD", "6.4", "5.5"
	}
	said := dsse.Statement[service.Work]{
		Ledger: j.r.ledger.name(), Kind: service.WorkStatement, Subject: j.request, Signer: "credential:" + j.m.engineer.id,
		Sequence: 1, Previous: dsse.NoStatement, SignedAt: measure.TimeOf(j.at), Body: work,
	}
	payload, err := said.Encode()
	if err != nil {
		return nil, err
	}
	return smartpackage.Sign(dsse.StatementType, payload, j.m.engineer.key)
}

// scan is what the machine itself sees after the work (SV4).
func (j *job) scan(ctx context.Context) error {
	var tags []assembly.ScanTag
	for _, p := range positions() {
		tags = append(tags, assembly.ScanTag{ComponentID: j.m.parts[p], SlotID: p})
	}
	said, err := state(j.r, j.m, "machine-scan", j.at, api.MachineScan{Tags: tags})
	if err != nil {
		return err
	}
	var out api.ScanOutcome
	if err := j.r.ledger.do(ctx, owner, api.RecordMachineScanTx, api.RecordMachineScan{MachineID: j.m.id, Envelope: *said}, &out); err != nil {
		return err
	}
	if len(out.Differences) > 0 {
		return fmt.Errorf("the scan of %s differs: %+v", j.m.id, out.Differences)
	}
	return nil
}
