package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	ruling "github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// engineer works for one organisation, and through its gateway.
type engineer struct {
	id  string
	c   *client
	key *scenario.Key
}

// certify has an engineer's organisation answer for it.
func (w *world) certify(ctx context.Context, id, org string) (*engineer, error) {
	key, err := scenario.NewKey(dsse.Ed25519, id)
	if err != nil {
		return nil, err
	}
	proof, err := scenario.CredentialStatement(channel, id, org, 1, key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(api.IssueCredential{CredentialID: id, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof, Grant: credential.Grant{
		Skills: []string{"presses"}, PartNumbers: []string{"PUMP-200"}, ValidFrom: now(-time.Hour), ValidUntil: now(24 * time.Hour),
	}})
	if err != nil {
		return nil, err
	}
	e := &engineer{id, w.party(org), key}
	_, err = e.c.write(ctx, "/credentials", "certify-"+id, string(body))
	return e, err
}

func now(later time.Duration) measure.Time { return measure.TimeOf(time.Now().Add(later).UTC()) }

// repair is one engineer's work on one part of a machine.
type repair struct {
	*engineer
	id, part, spare string // of the request, of what is in the machine, and of what is to be
	own             bool   // the machine's owner does it with its own people
	hash            string // of the steps
}

// stages are what happens to a repair; at each both engineers are at it at once.
func (w *world) stages() []func(context.Context, *testing.T, *repair) error {
	owner := w.party(manufacturer)
	say := func(c func(*repair) *client, path, body string) func(context.Context, *testing.T, *repair) error {
		return func(ctx context.Context, t *testing.T, r *repair) error {
			_, err := c(r).alike(ctx, t, "/service-requests/"+r.id+path, path[1:]+"-"+r.id, body)
			return err
		}
	}
	its := func(r *repair) *client { return r.c }
	return []func(context.Context, *testing.T, *repair) error{
		func(ctx context.Context, t *testing.T, r *repair) error {
			_, err := r.c.alike(ctx, t, "/service-requests", "raise-"+r.id, fmt.Sprintf(
				`{"requestId":%q,"componentId":%q,"title":"Exchange it","action":"replace","skill":"presses","report":{"description":"it leaks","priority":2},"dueAt":%q}`, r.id, r.part, now(time.Hour)))
			if err == nil && r.own {
				_, err = owner.alike(ctx, t, "/service-requests/"+r.id+"/assignment", "assign-"+r.id, `{}`)
			}
			return err
		},
		say(its, "/acceptance", ""),
		func(ctx context.Context, t *testing.T, r *repair) error {
			return say(its, "/schedule", fmt.Sprintf(`{"engineerId":%q,"scheduledFor":%q}`, r.engineer.id, now(0)))(ctx, t, r)
		},
		say(its, "/start", ""),
		func(ctx context.Context, t *testing.T, r *repair) error {
			a, err := r.c.alike(ctx, t, "/service-requests/"+r.id+"/steps", "step-"+r.id, `{"step":"exchange","activity":"replace"}`)
			if err != nil {
				return err
			}
			var s struct{ StepsHash string }
			err = json.Unmarshal(a.body, &s)
			r.hash = s.StepsHash
			return err
		},
	}
}

// word is what the engineer signs at the end.
func (r *repair) word() (string, error) {
	s := dsse.Statement[ruling.Work]{
		Ledger: channel, Kind: ruling.WorkStatement, Subject: r.id, Signer: "credential:" + r.engineer.id, Sequence: 1, Previous: dsse.NoStatement, SignedAt: now(0),
		Body: ruling.Work{Outcome: ruling.Passed, Steps: 1, StepsHash: r.hash, Removed: r.part, Installed: r.spare, Mode: "ELP", Mechanism: "1.1", Cause: "3.4"},
	}
	payload, err := s.Encode()
	if err != nil {
		return "", err
	}
	e, err := scenario.Sign(dsse.StatementType, payload, r.key)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"statement": e})
	return string(body), err
}

// alike is step, and no answer on the way shows how the ledger sorts out what collides.
func (c *client) alike(ctx context.Context, t *testing.T, path, key, body string) (answer, error) {
	for began := time.Now(); ; rest(ctx, 200*time.Millisecond) {
		all := c.settled(ctx, path, key, body)
		for _, a := range all {
			expectNoConflict(t, a)
		}
		a := all[len(all)-1]
		if a.ok() {
			return a, nil
		}
		if time.Since(began) > patience/8 || ctx.Err() != nil {
			return a, fmt.Errorf("%s at %s: %v", path, c.org, a)
		}
	}
}

// press is a machine of two parts, and their spares.
func (w *world) press(ctx context.Context, id string) error {
	c := w.party(manufacturer)
	for _, part := range []string{id, id + "-left", id + "-right", id + "-left-new", id + "-right-new"} {
		if _, err := c.write(ctx, "/components", "register-"+part, component(part, c.key)); err != nil {
			return err
		}
	}
	for _, s := range []struct{ path, body string }{
		{"/machines/" + id + "/slots", `{"slots":[{"slotId":"left","partNumbers":["PUMP-200"]},{"slotId":"right","partNumbers":["PUMP-200"]}]}`},
		{"/machines/" + id + "/installations", fmt.Sprintf(`{"parts":[{"slotId":"left","componentId":%q},{"slotId":"right","componentId":%q}]}`, id+"-left", id+"-right")},
		{"/service-agreements/presses/components", fmt.Sprintf(`{"components":[%q]}`, id)},
	} {
		if _, err := c.step(ctx, s.path, "press-"+id+s.path, s.body); err != nil {
			return err
		}
	}
	return nil
}

// TestTwoEngineersOnOneMachine: two engineers of two organisations raise, do and sign
// work on the same machine at the same moment through two gateways. On two parts both
// succeed. On one part one does, and the other is told so in a word of business.
func TestTwoEngineersOnOneMachine(t *testing.T) {
	w, ctx := enter(t)
	const rounds = 4
	agreement := fmt.Sprintf(`{"agreementId":"presses","operator":"ManufacturerMSP","provider":"ServiceMSP","currency":"XPR","prices":[],"rates":[],"validFrom":%q}`, now(-time.Hour))
	_, err := w.party(manufacturer).write(ctx, "/service-agreements", "presses", agreement)
	if err == nil {
		_, err = w.party(service).step(ctx, "/service-agreements/presses/acceptance", "accept-presses", "")
	}
	var ann, bob *engineer
	if err == nil {
		ann, err = w.certify(ctx, "press-ann", service)
	}
	if err == nil {
		bob, err = w.certify(ctx, "press-bob", manufacturer)
	}
	for k := range rounds {
		if err == nil {
			err = w.press(ctx, fmt.Sprint("press-", k))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.heal(ctx, t)
	w.audit(ctx, t)
	before, again := w.works(), w.reendorsed(ctx, t)
	for k := range rounds {
		machine := fmt.Sprint("press-", k)
		one := &repair{engineer: ann, id: machine + "-a", part: machine + "-left", spare: machine + "-left-new"}
		two := &repair{engineer: bob, id: machine + "-b", part: machine + "-right", spare: machine + "-right-new", own: true}
		same := k == rounds-1
		if same {
			two.part = one.part
		}
		for _, stage := range w.stages() {
			together(t, one, two, func(r *repair) error { return stage(ctx, t, r) })
		}
		if t.Failed() {
			return
		}
		var mu sync.Mutex
		var done []*repair
		together(t, one, two, func(r *repair) error {
			body, err := r.word()
			if err != nil {
				return err
			}
			path, key := "/service-requests/"+r.id+"/completion", "complete-"+r.id
			a, err := r.c.alike(ctx, t, path, key, body)
			if same && err != nil && a.refused() {
				t.Logf("the other is told: %v", a)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			done = append(done, r)
			return err
		})
		w.expectParts(ctx, t, machine, done)
		if want := 2; !same && len(done) != want || same && len(done) != 1 {
			t.Errorf("%s: %d of two have done their work", machine, len(done))
		}
	}
	w.heal(ctx, t)
	w.audit(ctx, t)
	after := w.works()
	t.Logf("of the work on machines %d transactions are valid and %d are not; %d were endorsed anew, and nobody was told", after[0]-before[0], after[1]-before[1], w.reendorsed(ctx, t)-again)
	if after[0]-before[0] < rounds*2*6 {
		t.Error("there was too little work")
	}
}

// together has both at it at the same moment.
func together(t *testing.T, one, two *repair, do func(*repair) error) {
	t.Helper()
	var wg sync.WaitGroup
	for _, r := range []*repair{one, two} {
		wg.Go(func() {
			if err := do(r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// expectParts: what was done is what every organisation finds in the machine.
func (w *world) expectParts(ctx context.Context, t *testing.T, machine string, done []*repair) {
	t.Helper()
	want := map[string]string{"left": machine + "-left", "right": machine + "-right"}
	for _, r := range done {
		want[r.part[len(machine)+1:]] = r.spare
	}
	for _, c := range w.parties {
		for {
			var list struct {
				Items []struct{ SlotID, ComponentID string }
			}
			c.get(ctx, t, "/machines/"+machine+"/slots?limit=9", &list)
			found := map[string]string{}
			for _, s := range list.Items {
				found[s.SlotID] = s.ComponentID
			}
			if fmt.Sprint(found) == fmt.Sprint(want) {
				break
			}
			if !rest(ctx, 100*time.Millisecond) {
				t.Fatalf("%s has %v in it at %s, not %v", machine, found, c.org, want)
			}
		}
	}
}

// works is how many transactions of the work on requests the audited blocks hold,
// valid and not.
func (w *world) works() (t [2]int) {
	for _, name := range []api.Transaction{
		api.ReportFaultTx, api.AssignRequestTx, api.AcceptRequestTx, api.ScheduleRequestTx, api.StartWorkTx, api.RecordStepTx, api.CompleteWorkTx,
	} {
		for code, n := range w.codes[string(name)] {
			switch code {
			case peer.TxValidationCode_VALID:
				t[0] += n
			case peer.TxValidationCode_DUPLICATE_TXID:
			default:
				t[1] += n
			}
		}
	}
	return t
}
