package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// told is what the ledger says of one machine when all is over.
type told struct {
	Machine   int               `json:"machine"`
	Hours     int64             `json:"hours"` // since new
	Tree      map[string]string `json:"tree"`  // position → part
	Since     map[string]int64  `json:"since"` // position → hours since the part was installed
	Exchanges []work            `json:"exchanges"`
	Repairs   []work            `json:"repairs"`
	Errors    map[string]uint64 `json:"errors"` // code → how many
	Findings  int               `json:"findings"`
	Open      int               `json:"open"` // requests that are not finished
}

// work is one finished request.
type work struct {
	At        time.Time `json:"at"` // what was claimed
	Position  string    `json:"position"`
	Removed   string    `json:"removed"`
	Installed string    `json:"installed"`
	Failure   bool      `json:"failure"`
	ErrorCode string    `json:"errorCode"`
}

// page is how many records are asked for at once.
const page = 50

// look asks the ledger about a machine.
func (r *replay) look(ctx context.Context, m *machine) (*told, error) {
	t := &told{Machine: m.number, Tree: map[string]string{}, Since: map[string]int64{}, Errors: map[string]uint64{}}
	if err := r.lookAtTree(ctx, m, t); err != nil {
		return nil, err
	}
	if err := r.lookAtHistory(ctx, m, t); err != nil {
		return nil, err
	}
	for _, id := range m.repaired {
		w, err := r.lookAtRequest(ctx, id)
		if err != nil {
			return nil, err
		}
		t.Repairs = append(t.Repairs, *w)
	}
	for _, e := range m.events {
		for _, code := range e.errors {
			if t.Errors[code] > 0 {
				continue
			}
			var c service.MonitoredCondition
			if err := r.ledger.ask(ctx, owner, api.GetConditionTx, api.ConditionRef{ComponentID: m.id, Measure: code}, &c); err != nil {
				return nil, err
			}
			t.Errors[code] = c.Readings
		}
	}
	var findings api.FindingPage
	if err := r.ledger.ask(ctx, owner, api.ListFindingsTx, api.ListRequest{Of: m.id, Limit: page}, &findings); err != nil {
		return nil, err
	}
	t.Findings = len(findings.Items)
	return t, nil
}

func (r *replay) lookAtTree(ctx context.Context, m *machine, t *told) error {
	var u api.ComponentUsage
	if err := r.ledger.ask(ctx, owner, api.GetUsageTx, api.ComponentRef{ComponentID: m.id}, &u); err != nil {
		return err
	}
	t.Hours = u.Usage[0].SinceNew
	var slots api.SlotList
	if err := r.ledger.ask(ctx, owner, api.ListSlotsTx, api.ListSlots{MachineID: m.id, Limit: page}, &slots); err != nil {
		return err
	}
	for _, s := range slots.Items {
		t.Tree[s.SlotID] = s.ComponentID
		if err := r.ledger.ask(ctx, owner, api.GetUsageTx, api.ComponentRef{ComponentID: s.ComponentID}, &u); err != nil {
			return err
		}
		t.Since[s.SlotID] = u.Usage[0].SinceInstall
	}
	var c service.Care
	err := r.ledger.ask(ctx, owner, api.GetCareTx, api.ComponentRef{ComponentID: m.id}, &c)
	for _, o := range c.Open {
		if o.ComponentID != t.Tree[o.SlotID] { // what is in place may well be due by now
			t.Open++
		}
	}
	return err
}

func (r *replay) lookAtHistory(ctx context.Context, m *machine, t *told) error {
	for cursor := ""; ; {
		var p api.AssemblyEventPage
		if err := r.ledger.ask(ctx, owner, api.AssemblyHistoryTx, api.ListRequest{Of: m.id, Limit: page, Cursor: cursor}, &p); err != nil {
			return err
		}
		for _, e := range p.Items {
			if e.Step != assembly.Replacing {
				continue
			}
			w, err := r.lookAtRequest(ctx, e.RequestID)
			if err != nil {
				return err
			}
			if c := e.Changes[0]; c.SlotID != w.Position || c.Removed != w.Removed || c.Installed != w.Installed {
				return fmt.Errorf("request %s and event %d of %s do not say the same", e.RequestID, e.Number, m.id)
			}
			t.Exchanges = append(t.Exchanges, *w)
		}
		if cursor = p.Next; cursor == "" {
			return nil
		}
	}
}

// lookAtRequest holds that a request was confirmed, and says what it was about.
func (r *replay) lookAtRequest(ctx context.Context, id string) (*work, error) {
	var q service.ServiceRequest
	if err := r.ledger.ask(ctx, owner, api.GetRequestTx, api.RequestRef{RequestID: id}, &q); err != nil {
		return nil, err
	}
	if q.Status != service.Confirmed || q.Result == nil {
		return nil, fmt.Errorf("request %s is %s", id, q.Status)
	}
	at, err := time.Parse(time.RFC3339Nano, string(q.ScheduledFor))
	if err != nil {
		return nil, err
	}
	w := &work{At: at, Position: q.SlotID, Removed: q.Result.Removed, Installed: q.Result.Installed, Failure: q.Cause == service.ByFault}
	if w.Failure {
		if q.Report.StartOfFault != q.ScheduledFor || q.Result.Mode == "" || !strings.Contains(id, "-fault-") {
			return nil, fmt.Errorf("request %s is not coded as a failure at %s", id, q.ScheduledFor)
		}
		w.ErrorCode = q.Report.ErrorCode
	}
	return w, nil
}

// total is the sum over machines.
type total struct {
	Machines  int `json:"machines"`
	Parts     int `json:"parts"` // registered
	Exchanges int `json:"exchanges"`
	Failures  int `json:"failures"`
	Repairs   int `json:"repairs"`
	Errors    int `json:"errors"`
}

func sum(all []*told) total {
	var s total
	for _, t := range all {
		s.Machines++
		s.Exchanges += len(t.Exchanges)
		s.Repairs += len(t.Repairs)
		for _, w := range append(t.Exchanges, t.Repairs...) {
			if w.Failure {
				s.Failures++
			}
		}
		for _, n := range t.Errors {
			s.Errors += int(n)
		}
		s.Parts += len(t.Tree) + len(t.Exchanges)
	}
	return s
}
