package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
)

// start brings up a network with gateways and its consortium.
func start(t *testing.T) (*launch.Network, *client) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real network")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	n, err := launch.Start(ctx, launch.Options{Dir: t.TempDir(), AutoPorts: true, Gateways: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	c := newClient(t, n, manufacturer)
	for _, m := range []string{
		`{"mspId":"ManufacturerMSP","name":"Manufacturer","roles":["manufacturer"]}`,
		`{"mspId":"ServiceMSP","name":"Service company","roles":["service","shipper"]}`,
		`{"mspId":"ShipperMSP","name":"Shipper","roles":["shipper"]}`,
	} {
		if _, err := c.write(ctx, "/organisations", "found-"+m[10:20], m); err != nil {
			t.Fatal(err)
		}
	}
	return n, c
}

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

// write lets writers work until stop is closed: components, which are
// independent, and issues of one token each on one account, whose balance
// counts them.
func write(ctx context.Context, c *client, writers int, stop <-chan struct{}) *written {
	w := &written{}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("part-%d-%d", i, k)
				if i == 0 {
					as, err := c.write(ctx, "/tokens/issues", "issue-"+name, `{"currency":"USD","amountMinor":1,"reserve":"test"}`)
					w.note(as, err, func() { w.issues++ })
				} else {
					as, err := c.write(ctx, "/components", "register-"+name, component(name, c.key))
					w.note(as, err, func() { w.components = append(w.components, name) })
				}
			}
		})
	}
	wg.Wait()
	return w
}

// check holds the ledger to what was acknowledged: everything once.
func check(ctx context.Context, t *testing.T, c *client, w *written) {
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
	c.get(ctx, t, "/accounts/ManufacturerMSP/USD", &account)
	if account.BalanceMinor != w.issues || account.Postings != w.issues {
		t.Errorf("%d issues were acknowledged, the account has %d tokens in %d postings", w.issues, account.BalanceMinor, account.Postings)
	}
	t.Logf("%d components and %d issues acknowledged in %d answers", len(w.components), w.issues, len(w.answers))
}

func TestKillingTheGatewayLosesNothingAcknowledgedAndRepeatsNothing(t *testing.T) {
	n, c := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	gateway := n.Org(manufacturer).Process(launch.Gateway)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		// The moments are chance: over some kills they fall before and after
		// every step of a write.
		for range 8 {
			c.awaitAnswer(ctx)
			if !pause(ctx, time.Duration(300+rand.IntN(1200))*time.Millisecond) {
				return
			}
			if err := n.Kill(gateway); err != nil {
				t.Error(err)
			}
		}
	}()
	check(ctx, t, c, write(ctx, c, 12, stop))
}

func TestKillingTheGatewayWhileNobodyOrdersLosesNothing(t *testing.T) {
	n, c := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// Without orderers a write is endorsed and kept, and cannot be submitted.
	for _, o := range n.Orgs() {
		if err := n.Hold(o.Process(launch.Orderer)); err != nil {
			t.Fatal(err)
		}
	}
	id := "part-between"
	first := make(chan answer, 1)
	go func() {
		first <- c.do(ctx, http.MethodPost, "/components", "between", component(id, c.key))
	}()
	waitPending(ctx, t, c)
	if err := n.Kill(n.Org(manufacturer).Process(launch.Gateway)); err != nil {
		t.Fatal(err)
	}
	if a := <-first; a.err == nil && a.status < 300 && a.status != http.StatusAccepted {
		t.Fatalf("a write was acknowledged that nobody ordered: %d %s", a.status, a.body)
	}
	for _, o := range n.Orgs() {
		if err := n.Release(o.Process(launch.Orderer)); err != nil {
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
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the gateway never said that a write waits")
}

func TestKillingOrderersUnderLoadEndsEveryRequestClearly(t *testing.T) {
	n, c := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for _, o := range n.Orgs() { // one of them leads
			if !pause(ctx, 2*time.Second) {
				return
			}
			if err := n.Kill(o.Process(launch.Orderer)); err != nil {
				t.Error(err)
			}
			pause(ctx, 4*time.Second)
		}
	}()
	w := write(ctx, c, 12, stop)
	check(ctx, t, c, w)
	var slowest time.Duration
	for _, a := range w.answers {
		slowest = max(slowest, a.took)
		if a.err != nil && !errors.Is(a.err, context.Canceled) {
			t.Errorf("a request got no answer after %s: %v", a.took, a.err)
		}
	}
	t.Logf("the slowest answer took %s", slowest.Round(time.Millisecond))
	if slowest > 30*time.Second {
		t.Errorf("a request was answered only after %s", slowest)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
