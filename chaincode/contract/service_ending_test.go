package contract_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	ruling "github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// fleet is the pump with its parts, about which requests are raised and things happen.
type fleet struct {
	*servicing
	things []string
	ids    []string // of requests
	seen   map[string]int
}

var slots = []string{"s0", "s1"}

func newFleet(t *testing.T, rt *rapid.T) *fleet {
	f := &fleet{servicing: newServicing(t, rt), things: []string{pump, "c0", "c1", "c2", "c3"}, seen: map[string]int{}}
	since := f.now().Add(-20 * 24 * 3_600_000)
	for _, id := range f.things[1:] {
		f.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "SEAL", Algorithm: dsse.Ed25519, PublicKey: f.key(id, 1).Public.Base64(), Location: "DEHAM"})
	}
	for _, id := range f.things { // one task is safety-critical, and both have been due for days
		f.must(maker, api.AttachPlanTx, api.AttachPlan{ComponentID: id, Since: since, Tasks: []ruling.Task{
			{TaskID: "look", Title: "Look", Action: ruling.Inspect, IntervalDays: 10, Skill: "hydraulics", SafetyCritical: true},
			{TaskID: "seal", Title: "Exchange", Action: ruling.Replace, IntervalDays: 10, Skill: "hydraulics"},
		}})
	}
	f.must(maker, api.DefineSlotsTx, api.DefineSlots{MachineID: pump, Slots: []assembly.SlotDefinition{{SlotID: "s0", PartNumbers: []string{"SEAL"}}, {SlotID: "s1", PartNumbers: []string{"SEAL"}}}})
	f.must(maker, api.InstallPartsTx, api.InstallParts{MachineID: pump, Parts: []assembly.Fill{{SlotID: "s0", ComponentID: "c0"}, {SlotID: "s1", ComponentID: "c1"}}})
	for who, org := range map[string]ledgertest.Identity{"ann": service, "bob": maker} {
		proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, org.MSPID, 1, f.key(who, 1))
		if err != nil {
			t.Fatal(err)
		}
		f.must(org, api.IssueCredentialTx, api.IssueCredential{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: f.key(who, 1).Public.Base64(), Proof: proof, Grant: credential.Grant{
			Skills: []string{"hydraulics"}, PartNumbers: []string{"*"}, ValidFrom: f.now(), ValidUntil: f.now().Add(365 * 24 * 3_600_000),
		}})
	}
	return f
}

// does submits, and says whether it was taken; no answer is a failure of the ledger itself.
func (f *fleet) does(as ledgertest.Identity, tx api.Transaction, in any) bool {
	_, err := f.Submit(as, string(tx), argument(f.t, in))
	if refused, ok := fault.Parse(fmt.Sprint(err)); err != nil && (!ok || refused.Kind == fault.Internal) {
		f.rt.Fatalf("%s: %v", tx, err)
	}
	return err == nil
}

func (f *fleet) request(id string) (r ruling.ServiceRequest) {
	f.read(api.GetRequestTx, api.RequestRef{RequestID: id}, &r)
	return r
}

func identityOf(mspID string) ledgertest.Identity {
	return actors[slices.IndexFunc(actors, func(a ledgertest.Identity) bool { return a.MSPID == mspID })]
}

// happen has something become of the things, whoever wants it.
func (f *fleet) happen() {
	id, as, to := draw(f.rt, "thing", f.things...), draw(f.rt, "as", maker, maker, carrier), draw(f.rt, "to", maker, carrier)
	slot := draw(f.rt, "slot", slots...)
	switch draw(f.rt, "what happens", "remove", "remove", "install", "sell", "sell", "scrap", "end", "revoke", "recall", "hold") {
	case "remove":
		f.does(as, api.RemovePartsTx, api.RemoveParts{MachineID: pump, Parts: []assembly.Removal{{SlotID: slot, ComponentID: id}}})
	case "install":
		f.does(as, api.InstallPartsTx, api.InstallParts{MachineID: pump, Parts: []assembly.Fill{{SlotID: slot, ComponentID: id}}})
	case "sell":
		if f.does(as, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: id, To: to.MSPID}) && rapid.Bool().Draw(f.rt, "taken") {
			f.does(to, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: id})
		}
	case "scrap":
		if f.does(as, api.DecommissionTx, api.DecommissionComponent{ComponentID: id, Disposition: component.Disposed, Reason: "worn"}) && rapid.Bool().Draw(f.rt, "witnessed") {
			f.does(maker, api.ConfirmDecommissionTx, api.ConfirmDecommission{ComponentID: id})
		}
	case "end":
		f.does(service, api.EndAgreementTx, api.AgreementRef{AgreementID: "a"})
	case "revoke":
		f.does(service, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: "ann", Reason: "left"})
	case "recall":
		f.does(maker, api.IssueRecallTx, api.IssueRecall{PartNumber: "SEAL", Reason: "brittle"})
	case "hold":
		f.does(maker, api.PlaceHoldTx, api.PlaceHold{ComponentID: id, Kind: component.QualityHold, Reason: "a crack"})
	}
}

// raise has a request raised, because somebody found something or it is due.
func (f *fleet) raise() {
	id := draw(f.rt, "of", f.things...)
	if rapid.Bool().Draw(f.rt, "due") {
		r, err := f.Submit(carrier, string(api.RaiseDueTx), argument(f.t, api.ComponentRef{ComponentID: id}))
		var raised api.RaisedRequests
		if err == nil && json.Unmarshal(r.Tx.Response.GetPayload(), &raised) == nil {
			for _, r := range raised.Raised {
				f.ids = append(f.ids, r.RequestID)
			}
		}
		return
	}
	in := faultOf(fmt.Sprint("f", len(f.ids)))
	in.ComponentID, in.Action = id, draw(f.rt, "action", ruling.Replace, ruling.Replace, ruling.Repair, ruling.Decommission)
	if f.does(draw(f.rt, "by", maker, service, carrier), api.ReportFaultTx, in) {
		f.ids = append(f.ids, in.RequestID)
	}
}

// goOn takes a request a step further, or to another company.
func (f *fleet) goOn(id string) {
	r, ref := f.request(id), api.RequestRef{RequestID: id}
	as := draw(f.rt, "company", service, service, maker)
	if r.Provider != "" {
		as = identityOf(r.Provider)
	}
	switch {
	case rapid.IntRange(0, 9).Draw(f.rt, "to another") == 0:
		f.does(as, api.RejectRequestTx, api.RequestReason{RequestID: id, Reason: "no"})
		f.does(draw(f.rt, "owner", maker, carrier), api.AssignRequestTx, api.AssignRequest{RequestID: id})
	case r.Status == ruling.Raised:
		f.does(as, api.AcceptRequestTx, ref)
	case r.Status == ruling.Accepted:
		f.does(as, api.ScheduleRequestTx, api.ScheduleRequest{RequestID: id, EngineerID: draw(f.rt, "engineer", "ann", "bob"), ScheduledFor: f.now()})
	case r.Status == ruling.Scheduled:
		f.does(as, api.StartWorkTx, ref)
	case r.Status == ruling.Started && r.Steps == 0:
		f.does(as, api.RecordStepTx, api.RecordStep{RequestID: id, Step: "look", Activity: "check"})
	case r.Status == ruling.Started:
		f.complete(r)
	}
}

// complete has an engineer of whoever does the work sign that it is done.
func (f *fleet) complete(r ruling.ServiceRequest) {
	work := ruling.Work{Outcome: ruling.Passed, Steps: r.Steps, StepsHash: r.StepsHash, Mode: "VIB", Mechanism: "2.4", Cause: "3.4"}
	if r.Action == ruling.Replace {
		work.Removed, work.Installed = r.ComponentID, draw(f.rt, "put in", "c2", "c3", "c3", "c1")
	}
	who := map[string]string{service.MSPID: "ann", maker.MSPID: "bob"}[r.Provider]
	if who == "" {
		return
	}
	said := dsse.Statement[ruling.Work]{
		Ledger: "lifeledger/lifeledger", Kind: ruling.WorkStatement, Subject: r.RequestID, Signer: "credential:" + who, Sequence: 1, Previous: dsse.NoStatement, SignedAt: f.now(), Body: work,
	}
	payload, err := said.Encode()
	if err != nil {
		f.rt.Fatal(err)
	}
	e, err := scenario.Sign(dsse.StatementType, payload, f.key(who, 1))
	if err != nil {
		f.rt.Fatal(err)
	}
	if f.does(carrier, api.CompleteWorkTx, api.CompleteWork{RequestID: r.RequestID, Statement: e}) {
		f.seen["done"]++
	}
}

// over: nobody has to do anything about it any more.
func over(r ruling.ServiceRequest) bool {
	return r.Status == ruling.Confirmed || r.Status == ruling.Cancelled
}

// end is what those who own what a request is about do to be rid of it, while whoever
// was to do the work says nothing.
func (f *fleet) end(id string) bool {
	r := f.request(id)
	if r.Steps > 0 && r.Operator == carrier.MSPID {
		f.does(carrier, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 1000, Reserve: "Bank"})
	}
	owners := []ledgertest.Identity{maker, carrier}
	ways := []func(ledgertest.Identity) bool{
		func(as ledgertest.Identity) bool {
			return f.does(as, api.CancelRequestTx, api.CancelRequest{RequestID: id, Reason: "over", Steps: r.Steps})
		},
		func(as ledgertest.Identity) bool { return f.does(as, api.ConfirmWorkTx, api.RequestRef{RequestID: id}) },
		func(as ledgertest.Identity) bool { // it stops what has begun
			return f.does(as, api.PayStepsTx, api.PaySteps{RequestID: id, Until: r.Steps}) && f.does(as, api.CancelRequestTx, api.CancelRequest{RequestID: id, Reason: "over", Steps: r.Steps})
		},
		func(as ledgertest.Identity) bool { // it takes the work over, and does not come to it in time
			return f.does(as, api.AssignRequestTx, api.AssignRequest{RequestID: id}) && f.does(as, api.AcceptRequestTx, api.RequestRef{RequestID: id}) &&
				f.does(as, api.CancelRequestTx, api.CancelRequest{RequestID: id, Reason: "over", Steps: r.Steps})
		},
		func(as ledgertest.Identity) bool { // it takes it out of the machine, which it was to be taken out of service from
			for _, s := range slots {
				for _, part := range f.things {
					f.does(as, api.RemovePartsTx, api.RemoveParts{MachineID: pump, Parts: []assembly.Removal{{SlotID: s, ComponentID: part}}})
				}
			}
			f.does(as, api.DeclineOwnershipTx, api.ComponentRef{ComponentID: r.ComponentID})
			return f.does(as, api.ConfirmWorkTx, api.RequestRef{RequestID: id})
		},
	}
	for _, way := range ways {
		if slices.ContainsFunc(owners, way) {
			return true
		}
	}
	return false
}

// TestEveryRequestCanBeEnded: whatever was raised and done, taken out and put in, sold,
// scrapped, recalled and held, whatever agreement ended and whose credential was revoked:
// those who own what a request is about can be rid of it, though nobody else says a word,
// and then it is in no machine's list and its task is free, and who has done something
// before it was called off is paid without them.
func TestEveryRequestCanBeEnded(t *testing.T) {
	checks(t, "150")
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		f := newFleet(t, rt)
		for range rapid.IntRange(10, 60).Draw(rt, "moves") {
			f.Advance(time.Minute)
			switch n := rapid.IntRange(0, 9).Draw(rt, "move"); {
			case n < 2 || len(f.ids) == 0:
				f.raise()
			case n < 4:
				f.happen()
			default:
				id := draw(rt, "request", f.ids...)
				for range rapid.IntRange(1, 5).Draw(rt, "steps") {
					f.goOn(id)
				}
			}
		}
		f.Advance(time.Minute)
		for _, id := range f.ids {
			r := f.request(id)
			if over(r) {
				continue
			}
			f.seen[string(r.Status)]++
			f.seen[string(r.Status)+" "+string(r.Action)]++
			if !f.end(id) {
				rt.Fatalf("nobody can end %+v", r)
			}
			f.expectOver(id)
			f.expectOwed(id)
		}
		recount(t, f.Ledger)
		for what, n := range f.seen {
			seen[what] += n
		}
	})
	t.Log(seen)
	for _, status := range []ruling.RequestStatus{ruling.Raised, ruling.Rejected, ruling.Accepted, ruling.Scheduled, ruling.Started, ruling.Done} {
		if seen[string(status)] == 0 {
			t.Errorf("nothing was %s: this test shows little", status)
		}
	}
	if seen["collected"] == 0 {
		t.Error("nothing was collected: this test shows little")
	}
}

func (f *fleet) expectOver(id string) {
	f.t.Helper()
	r := f.request(id)
	var c ruling.Care
	f.read(api.GetCareTx, api.ComponentRef{ComponentID: r.MachineID}, &c)
	var p ruling.Plan
	f.read(api.GetPlanTx, api.ComponentRef{ComponentID: r.ComponentID}, &p)
	if !over(r) || c.Has(id) || slices.ContainsFunc(p.Tasks, func(t ruling.PlannedTask) bool { return t.Open == id }) {
		f.rt.Fatalf("%+v, of %+v with %+v", r, c, p)
	}
}

// expectOwed: what was done under an agreement is paid, or the provider collects it.
func (f *fleet) expectOwed(id string) {
	f.t.Helper()
	r := f.request(id)
	if r.AgreementID == "" || r.Status != ruling.Cancelled || r.Steps == 0 {
		return
	}
	var b ruling.Bill
	f.read(api.GetBillTx, api.RequestRef{RequestID: id}, &b)
	if b.Steps == r.Steps {
		return
	}
	f.seen["collected"]++
	f.must(identityOf(r.Provider), api.PayStepsTx, api.PaySteps{RequestID: id, Until: r.Steps})
}
