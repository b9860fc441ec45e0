package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Remains is what is left of the occasion of a request as somebody works on it, or
// wants it called off.
type Remains struct {
	Owner        string // of the component, or of the machine that it is in now
	MachineOwner string // of the machine that the request is about
	Ended        bool   // the component was decommissioned
	Within       bool   // the component is that machine, or is still in it
	Unpaid       bool   // steps are on record that the operator has not paid
}

// Vain reports whether nothing can come of the request any more: what it is about
// was decommissioned or has left the machine, or it asks to exchange what was
// installed nowhere.
func (r ServiceRequest) Vain(x Remains) bool {
	return x.Ended || !x.Within || r.Action == Replace && r.SlotID == ""
}

// going refuses work on what does not belong, with the machine that it was to be done in,
// to who asked for it any more. It is the operator who pays, on the word of whoever owns
// the one or the other as the work ends: whoever that is by then could let the provider
// record what it likes. The part may be out of the machine, on a bench.
func (r ServiceRequest) going(x Remains) error {
	for _, owner := range []string{x.Owner, x.MachineOwner} {
		if owner != r.Operator {
			return fault.New(fault.CodeRequestSold, "%s has asked for it, and what request %s is about belongs to %s: end it, and ask anew", r.Operator, r.RequestID, owner).
				With("operator", r.Operator).With("owner", owner)
		}
	}
	return nil
}

// Cancel ends a request without a result. Before work has begun its owner calls it
// off, and its task counts anew. Otherwise the request is over and its task stays
// due, so that no one gets around it: the provider gives up work that it has begun;
// the owner stops it, and as the operator it has paid what was done. Safety-critical
// work is not called off, unless a provider that has accepted it lets its time pass.
// Where nothing can come of it any more each of those concerned may end it. What was
// done stays owed ([ServiceRequest.Payable]); seen is how many steps the one who ends it
// has seen. The function says how the task goes on.
func (r ServiceRequest) Cancel(x Remains, seen uint64, reason string, w When) (ServiceRequest, RequestEvent, Settling, error) {
	fail := func(err error) (ServiceRequest, RequestEvent, Settling, error) { return r, RequestEvent{}, nil, err }
	vain := r.Vain(x)
	if err := r.mayCancel(x, vain, w); err != nil {
		return fail(err)
	}
	if err := r.in(Raised, Accepted, Scheduled, Started, Rejected); err != nil {
		return fail(err)
	}
	if !vain && w.Actor != r.gives() {
		if err := r.stoppable(x, w); err != nil {
			return fail(err)
		}
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return fail(err)
	}
	if err := r.witnessed(seen, w); err != nil {
		return fail(err)
	}
	settling := Plan.Leave
	if w.Actor == x.Owner && r.Status != Started && !r.SafetyCritical {
		settling = Plan.Skip
	}
	r.Status, r.Reason, r.CancelledBy = Cancelled, reason, w.Actor
	next, e := r.record("cancelled", reason, w)
	return next, e, settling, nil
}

// mayCancel: the owner; who has begun the work; and in vain, everybody concerned.
func (r ServiceRequest) mayCancel(x Remains, vain bool, w When) error {
	may := []string{x.Owner, r.gives()}
	if r.Status == Started {
		may = append(may, r.Operator)
	}
	if vain {
		may = append(may, r.Operator, r.Provider, x.MachineOwner)
	}
	if slices.Contains(may, w.Actor) {
		return nil
	}
	return r.by(x.Owner, "operator", w)
}

// gives is who may give the work up, having begun it; before that it rejects it.
func (r ServiceRequest) gives() string {
	if r.Status == Started {
		return r.Provider
	}
	return ""
}

// stoppable refuses to let work be called off that is waited for, or has not been paid.
// Only the operator owes it: a new owner cannot pay for it, and is not kept waiting
// until somebody else does, since the provider collects what it is owed all the same.
func (r ServiceRequest) stoppable(x Remains, w When) error {
	late := w.Now > r.OverdueAt && slices.Contains([]RequestStatus{Accepted, Scheduled, Started}, r.Status)
	if r.SafetyCritical && !late {
		return fault.New(fault.CodeSafetyCritical, "request %s is safety-critical", r.RequestID)
	}
	if x.Unpaid && w.Actor == r.Operator {
		return fault.New(fault.CodeStepsUnpaid, "steps of request %s have not been paid", r.RequestID).With("requestId", r.RequestID)
	}
	return nil
}

// witnessed refuses to end work of which there are other steps on record than whoever ends
// it has seen. The provider collects them on that word alone: it could add some as it sees
// that the end is near, and a gateway that is overtaken tries again by itself.
func (r ServiceRequest) witnessed(seen uint64, w When) error {
	if r.AgreementID == "" || w.Actor == r.Provider || seen == r.Steps {
		return nil
	}
	return fault.New(fault.CodeWorkDiffers, "request %s has %d steps on record: look at them, and say so", r.RequestID, r.Steps).With("steps", int64(r.Steps))
}

// Settling is how a task goes on after the request about it is over.
type Settling func(Plan, ServiceRequest, Total, When) Plan

// Leave ends the request of a task that was not done: it is due as it was before, and
// what a failure or a condition has asked for stays due though the calendar did not.
func (p Plan) Leave(r ServiceRequest, _ Total, w When) Plan {
	return p.settle(r, w, func(t PlannedTask) PlannedTask {
		asked := r.Cause == ByFailure || r.Cause == ByCondition
		if asked && (t.DueAt == "" || r.DueAt < t.DueAt) {
			t.DueAt = r.DueAt
		}
		return t
	})
}
