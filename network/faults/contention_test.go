package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/network/launch"
)

// TestPartiesThatAcceptAtOnceAllSucceed: three gateways write the same head at
// the same moment, so that two of three are found invalid at commit. None of
// that reaches a client.
func TestPartiesThatAcceptAtOnceAllSucceed(t *testing.T) {
	w, ctx := enter(t)
	// How many rounds it takes until two fall into one block is the machine's affair.
	const atLeast, atMost, currency = 6, 60, "XAO"
	if err := w.fund(ctx, currency, atMost); err != nil {
		t.Fatal(err)
	}
	j, err := w.journey(ctx, "at-once", currency, 1)
	if err != nil {
		t.Fatal(err)
	}
	before, rounds := w.reendorsed(ctx, t), 0
	again := 0
	for ; rounds < atLeast || again == 0 && rounds < atMost; rounds++ {
		j.id = fmt.Sprint("at-once-", rounds)
		j.acceptAtOnce(ctx, t)
		again = w.reendorsed(ctx, t) - before
	}
	if again == 0 {
		t.Error("nobody met a conflict: this test shows nothing")
	}
	t.Logf("%d conflicts in %d rounds, none shown to a client", again, rounds)
	w.expectBalance(ctx, t, manufacturer, currency, 100*(atMost-rounds))
}

// acceptAtOnce proposes a shipment, lets every party accept at the same moment,
// and expects that each is told of a commit, and never of another's.
func (j *journey) acceptAtOnce(ctx context.Context, t *testing.T) {
	t.Helper()
	hash, err := j.propose(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range j.w.parties { // each gateway's peer has to have seen the proposal
		var s struct{}
		c.get(ctx, t, j.path(""), &s)
	}
	var wg sync.WaitGroup
	for _, c := range j.w.parties {
		wg.Go(func() {
			all, err := c.write(ctx, j.path("/acceptance"), "accept-"+j.id+c.org, fmt.Sprintf(`{"termsHash":%q}`, hash))
			if err != nil {
				t.Error(err)
			}
			for _, a := range all {
				expectNoConflict(t, a)
			}
		})
	}
	wg.Wait()
	for _, c := range j.w.parties { // its own commit is the last or not; all have come to each peer in the end
		for {
			var s struct{ Status string }
			c.get(ctx, t, j.path(""), &s)
			if s.Status == "agreed" {
				break
			}
			if !rest(ctx, 20*time.Millisecond) {
				t.Fatalf("%s is %s at %s", j.id, s.Status, c.org)
			}
		}
	}
}

// expectNoConflict: how the ledger sorts out what collides is not the client's affair.
// The peer's names for it end in _READ_CONFLICT; their beginnings are no evidence,
// since a request's id is random letters and now and then spells MVCC.
func expectNoConflict(t *testing.T, a answer) {
	t.Helper()
	if text := string(a.body); a.code() == "ledger.contended" || strings.Contains(text, "_READ_CONFLICT") {
		t.Errorf("a conflict is shown: %v", a)
	}
	if a.err == nil && a.status == http.StatusInternalServerError {
		t.Errorf("an answer that says nothing: %v", a)
	}
}

// reendorsed is how many transactions the gateways have endorsed anew, from their metrics.
func (w *world) reendorsed(ctx context.Context, t *testing.T) int {
	t.Helper()
	sum := 0
	for _, c := range w.parties {
		sum += c.reendorsed(ctx, t)
	}
	return sum
}

func (c *client) reendorsed(ctx context.Context, t *testing.T) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.base, "/v1")+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		var count int
		if _, err := fmt.Sscanf(lines.Text(), "lifeledger_gateway_reendorsements_total %d", &count); err == nil {
			return count
		}
	}
	t.Fatalf("no such metric (%v)", lines.Err())
	return 0
}

// TestManyWritersOnOneShipment: 64 clients work on one shipment through three
// gateways - devices that bring segments, parties that acknowledge excursions,
// readers. They write different records, so that next to nothing that is ordered
// is found invalid, and nothing of that is shown.
func TestManyWritersOnOneShipment(t *testing.T) {
	w, ctx := enter(t)
	const devices, writers, segments, currency = 8, 64, 12, "XMW"
	if err := w.fund(ctx, currency, 1); err != nil {
		t.Fatal(err)
	}
	j, err := w.journey(ctx, "crowded", currency, devices)
	if err == nil {
		err = j.pickUp(ctx)
	}
	// Two excursions of each device, for the parties to speak of.
	for n := range 2 {
		if err == nil {
			err = j.record(ctx, n, false, 41_000, 20_000)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.heal(ctx, t)
	w.audit(ctx, t)
	before := w.tally()
	var wg sync.WaitGroup
	var carried, refused atomic.Int64
	note := func(all []answer) {
		for _, a := range all {
			expectNoConflict(t, a)
		}
		switch last := all[len(all)-1]; {
		case last.ok():
			carried.Add(1)
		case last.refused():
			refused.Add(1)
		default:
			t.Errorf("a request ended without an answer: %v", last)
		}
	}
	for i, d := range j.devices { // the devices: one segment after the other, each through the next gateway
		wg.Go(func() {
			for k := range segments {
				e, err := d.segment(j.id, false, 20_000, 20_100, 41_000, 20_000)
				if err != nil {
					t.Error(err)
					return
				}
				key, c := fmt.Sprint("crowd-", i, "-", k), w.parties[(i+k)%len(w.parties)]
				for {
					all := c.settled(ctx, j.path("/segments"), key, d.post(e))
					note(all)
					// A gateway whose peer has not seen the segment before asks for that one.
					if !all[len(all)-1].refused() || !rest(ctx, 50*time.Millisecond) {
						break
					}
				}
			}
		})
	}
	for i := range writers - devices - 8 { // the parties: 48 words about 16 excursions
		c, excursion := w.parties[i%3], fmt.Sprintf("%s.warm.%d", j.devices[i/3%devices].id, 1+2*(i/3/devices))
		wg.Go(func() {
			note(c.settled(ctx, j.path("/excursions/"+excursion+"/acknowledgements"), fmt.Sprint("seen-", i), `{"comment":"seen"}`))
		})
	}
	for i := range 8 { // the readers
		wg.Go(func() {
			for range 20 {
				if a := w.parties[i%3].do(ctx, http.MethodGet, j.path("/excursions?limit=100"), "", ""); !a.ok() && !a.open() {
					t.Errorf("a reader was told %v", a)
				}
			}
		})
	}
	wg.Wait()
	for _, d := range j.devices {
		var s struct{ NextSequence uint64 }
		for s.NextSequence != d.next {
			w.parties[0].get(ctx, t, j.path("/devices/"+d.id+"/stream"), &s)
			if !rest(ctx, 20*time.Millisecond) {
				t.Fatalf("%s stands at %d of %d", d.id, s.NextSequence, d.next)
			}
		}
	}
	w.heal(ctx, t)
	w.audit(ctx, t)
	valid, invalid := w.since(before)
	t.Logf("%d requests carried out, %d refused; %d valid and %d invalid transactions", carried.Load(), refused.Load(), valid, invalid)
	if valid < devices*segments || invalid*100 > valid+invalid {
		t.Errorf("%d of %d transactions are invalid, more than 1 %%", invalid, valid+invalid)
	}
}

// tally is how many transactions about shipments' contents the audited blocks
// hold; since is what came after a tally. A repeated transaction is none of
// another's making: orderers keep what a gateway sends again when they are slow.
func (w *world) tally() (t [2]int) {
	for _, name := range []api.Transaction{api.RecordReadingsTx, api.AcknowledgeExcursionTx} {
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

func (w *world) since(before [2]int) (valid, invalid int) {
	now := w.tally()
	return now[0] - before[0], now[1] - before[1]
}

// TestAShipmentIsSettledOnce: 64 calls through three gateways, each of which is
// killed meanwhile. One takes effect; all others get its answer or a refusal.
func TestAShipmentIsSettledOnce(t *testing.T) {
	w, ctx := enter(t)
	const calls, currency = 64, "XSO"
	if err := w.fund(ctx, currency, 1); err != nil {
		t.Fatal(err)
	}
	j, err := w.journey(ctx, "once", currency, 1)
	if err == nil {
		err = j.pickUp(ctx)
	}
	if err == nil {
		err = j.deliver(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.heal(ctx, t)
	var mu sync.Mutex
	var statements []string
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			c := w.parties[i%len(w.parties)]
			// A quarter of the clients repeats the request of another one.
			all := c.settled(ctx, j.path("/settlement"), fmt.Sprint("settle-", i-i/3%4/3*3), "")
			for _, a := range all {
				expectNoConflict(t, a)
			}
			switch last := all[len(all)-1]; {
			case last.ok():
				mu.Lock()
				statements = append(statements, string(last.body))
				mu.Unlock()
			case !last.refused():
				t.Errorf("a request ended without an answer: %v", last)
			}
		})
	}
	for _, o := range w.net.Orgs() {
		rest(ctx, 50*time.Millisecond)
		if err := w.net.Kill(o.Process(launch.Gateway)); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if len(statements) == 0 {
		t.Fatal("nobody was told of the settlement")
	}
	var st struct {
		Final                  bool
		PaidMinor, RefundMinor int
		TransactionID          string
	}
	if err := json.Unmarshal([]byte(statements[0]), &st); err != nil {
		t.Fatal(err)
	}
	if !st.Final || st.PaidMinor != 60 || st.RefundMinor != 40 {
		t.Errorf("settled as %s", statements[0])
	}
	for _, s := range statements[1:] {
		if s != statements[0] {
			t.Errorf("two answers: %s and %s", statements[0], s)
		}
	}
	w.heal(ctx, t)
	w.audit(ctx, t) // which counts how often a shipment is paid out
	w.expectBalance(ctx, t, manufacturer, currency, 40)
	w.expectBalance(ctx, t, carrier, currency, 60)
	t.Logf("%d of %d calls were told of transaction %s", len(statements), calls, st.TransactionID)
}
