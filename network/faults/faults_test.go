package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
)

// written is what the writers were told.
type written struct {
	mu         sync.Mutex
	components []string
	issues     int
	answers    []answer
	errs       []error
}

func (w *written) note(as []answer, err error, done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, as...)
	if err != nil {
		w.errs = append(w.errs, err)
		return
	}
	done()
}

// enough is when a writer ends even if its test goes on, so that a fast machine
// does not make work for the check afterwards.
const enough = 60

// write lets writers work until stop is closed: components, which are
// independent, and issues of one token each on one account, whose balance
// counts them.
func write(ctx context.Context, c *client, prefix, currency string, writers int, stop <-chan struct{}) *written {
	w := &written{}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := range enough {
				name := fmt.Sprintf("%s-%d-%d", prefix, i, k)
				if i == 0 {
					as, err := c.write(ctx, "/tokens/issues", "issue-"+name, issue(currency, 1))
					w.note(as, err, func() { w.issues++ })
				} else {
					as, err := c.write(ctx, "/components", "register-"+name, component(name, c.key))
					w.note(as, err, func() { w.components = append(w.components, name) })
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	<-stop
	return w
}

// check holds the ledger to what was acknowledged: everything once.
func check(ctx context.Context, t *testing.T, c *client, currency string, w *written) {
	t.Helper()
	for _, err := range w.errs {
		t.Error(err)
	}
	if len(w.components) == 0 || w.issues == 0 {
		t.Fatalf("nothing was acknowledged: %d components, %d issues", len(w.components), w.issues)
	}
	for _, id := range w.components {
		var history struct {
			Items []struct {
				Step string `json:"step"`
			} `json:"items"`
		}
		c.get(ctx, t, "/components/"+id+"/history?limit=10", &history)
		if len(history.Items) != 1 || history.Items[0].Step != "commissioning" {
			t.Errorf("%s has the history %v", id, history.Items)
		}
	}
	var account struct {
		BalanceMinor int `json:"balanceMinor"`
		Postings     int `json:"postings"`
	}
	c.get(ctx, t, "/accounts/ManufacturerMSP/"+currency, &account)
	if account.BalanceMinor != w.issues || account.Postings != w.issues {
		t.Errorf("%d issues were acknowledged, the account has %d tokens in %d postings", w.issues, account.BalanceMinor, account.Postings)
	}
	t.Logf("%d components and %d issues acknowledged in %d answers", len(w.components), w.issues, len(w.answers))
}

func TestKillingTheGatewayLosesNothingAcknowledgedAndRepeatsNothing(t *testing.T) {
	w, ctx := enter(t)
	c := w.party(manufacturer)
	gateway := w.net.Org(manufacturer).Process(launch.Gateway)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		// The moments are chance: over some kills they fall before and after
		// every step of a write.
		for range 8 {
			c.awaitAnswer(ctx)
			if !rest(ctx, time.Duration(300+rand.IntN(1200))*time.Millisecond) {
				return
			}
			if err := w.net.Kill(gateway); err != nil {
				t.Error(err)
			}
		}
	}()
	check(ctx, t, c, "XKG", write(ctx, c, "kill", "XKG", 12, stop))
}

func TestKillingTheGatewayWhileNobodyOrdersLosesNothing(t *testing.T) {
	w, ctx := enter(t)
	c := w.party(manufacturer)
	// Without orderers a write is endorsed and kept, and cannot be submitted.
	for _, o := range w.net.Orgs() {
		if err := w.net.Hold(o.Process(launch.Orderer)); err != nil {
			t.Fatal(err)
		}
	}
	id := "part-between"
	first := make(chan answer, 1)
	go func() {
		first <- c.do(ctx, http.MethodPost, "/components", "between", component(id, c.key))
	}()
	waitPending(ctx, t, c)
	if err := w.net.Kill(w.net.Org(manufacturer).Process(launch.Gateway)); err != nil {
		t.Fatal(err)
	}
	if a := <-first; a.ok() {
		t.Fatalf("a write was acknowledged that nobody ordered: %v", a)
	}
	for _, o := range w.net.Orgs() {
		if err := w.net.Release(o.Process(launch.Orderer)); err != nil {
			t.Fatal(err)
		}
	}
	// The gateway that comes back submits what it finds in its outbox; the
	// client's repetition meets the same write.
	if _, err := c.write(ctx, "/components", "between", component(id, c.key)); err != nil {
		t.Fatal(err)
	}
	var history struct {
		Items []struct{} `json:"items"`
	}
	c.get(ctx, t, "/components/"+id+"/history?limit=10", &history)
	if len(history.Items) != 1 {
		t.Errorf("%s has %d events", id, len(history.Items))
	}
}

// waitPending waits until the gateway says that a write is on its way.
func waitPending(ctx context.Context, t *testing.T, c *client) {
	t.Helper()
	for ctx.Err() == nil {
		a := c.do(ctx, http.MethodPost, "/components", "probe", component("part-probe", c.key))
		if a.err == nil && (a.status == http.StatusAccepted || a.status == http.StatusServiceUnavailable) {
			return
		}
		rest(ctx, 50*time.Millisecond)
	}
	t.Fatal("the gateway never said that a write waits")
}

func TestKillingOrderersUnderLoadEndsEveryRequestClearly(t *testing.T) {
	w, ctx := enter(t)
	c := w.party(manufacturer)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for _, o := range w.net.Orgs() { // one of them leads
			rest(ctx, 2*time.Second)
			if err := w.net.Kill(o.Process(launch.Orderer)); err != nil {
				t.Error(err)
			}
			rest(ctx, 4*time.Second)
		}
	}()
	done := write(ctx, c, "order", "XKO", 12, stop)
	check(ctx, t, c, "XKO", done)
	// The gateway was well all the time: every request has an answer of its, and
	// each but the last of a write says that it is not over.
	var slowest time.Duration
	for _, a := range done.answers {
		slowest = max(slowest, a.took)
		if a.err != nil {
			t.Errorf("a request got no answer after %s: %v", a.took, a.err)
		}
	}
	t.Logf("the slowest answer took %s", slowest.Round(time.Millisecond))
}

// TestWholeJourneysSurviveWhateverIsKilled: parties play journeys from the
// proposal to the settlement through their gateways while gateways, orderers and
// peers are killed and frozen. Each ends settled, with the one penalty there is.
func TestWholeJourneysSurviveWhateverIsKilled(t *testing.T) {
	w, ctx := enter(t)
	const lanes, rounds, currency = 6, 2, "XJY"
	if err := w.fund(ctx, currency, lanes*rounds); err != nil {
		t.Fatal(err)
	}
	chaos, calm := context.WithCancel(ctx)
	var trouble sync.WaitGroup
	trouble.Go(func() { w.trouble(chaos, t) })
	var wg sync.WaitGroup
	for i := range lanes {
		wg.Go(func() {
			for k := range rounds {
				j, err := w.journey(ctx, fmt.Sprintf("through-%d-%d", i, k), currency, 1)
				if err == nil {
					err = j.whole(ctx)
				}
				if err != nil {
					t.Errorf("journey %d of lane %d: %v", k, i, err)
				}
			}
		})
	}
	wg.Wait()
	calm()
	trouble.Wait()
	w.heal(ctx, t)
	for _, want := range []struct {
		org     string
		balance int
	}{{manufacturer, 40}, {carrier, 60}} {
		w.expectBalance(ctx, t, want.org, currency, want.balance*lanes*rounds)
	}
}

// trouble kills and freezes one process after the other until the context ends.
func (w *world) trouble(ctx context.Context, t *testing.T) {
	orgs := w.net.Orgs()
	for n := 0; rest(ctx, 500*time.Millisecond); n++ {
		process := orgs[n/3%len(orgs)].Process([]string{launch.Gateway, launch.Orderer, launch.Peer}[n%3])
		if n%2 == 0 {
			if err := w.net.Kill(process); err != nil {
				t.Logf("kill %s: %v", process, err) // it has just ended, or not yet begun again
			}
			rest(ctx, time.Second)
			continue
		}
		if err := w.net.Pause(process); err != nil {
			t.Logf("freeze %s: %v", process, err)
			continue
		}
		rest(ctx, time.Duration(1+rand.IntN(3))*time.Second)
		if err := w.net.Resume(process); err != nil {
			t.Errorf("%s cannot go on: %v", process, err)
		}
	}
}

// expectBalance compares what an account holds, with the credits that wait for it.
func (w *world) expectBalance(ctx context.Context, t *testing.T, org, currency string, want int) {
	t.Helper()
	var account struct{ TotalMinor int }
	w.party(org).get(ctx, t, "/accounts/"+org+"/"+currency, &account)
	if account.TotalMinor != want {
		t.Errorf("%s has %d of %s, want %d", org, account.TotalMinor, currency, want)
	}
}
