package testnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/launch"
)

// runs names the run directory of a test-network that runs already; it is left running.
const runs = "LIFELEDGER_TESTNET"

// open gives the tests a test-network: the one that is named, or one of their own.
func open(t *testing.T) *Network {
	t.Helper()
	if testing.Short() {
		t.Skip("left out: the Docker test-network; run without -short")
	}
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir, own := os.Getenv(runs), false
	samples := os.Getenv("FABRIC_SAMPLES")
	if dir == "" {
		if samples == "" {
			t.Skip("left out: the Docker test-network; name a checkout of fabric-samples in FABRIC_SAMPLES")
		}
		dir, own = t.TempDir(), true
	}
	n, err := Open(root, dir, samples, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if own {
		if err := n.Missing(t.Context(), "leveldb"); err != nil {
			t.Skipf("left out: the Docker test-network; %v", err)
		}
		if state(t.Context(), ordererContainer) != "" {
			t.Skipf("left out: a test-network of its own, since one is there already; name its run directory in %s", runs)
		}
		t.Cleanup(func() {
			if err := n.Down(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	if err := n.Up(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTestNetwork is one network, since it takes longer to bring up than what is shown on it.
func TestTestNetwork(t *testing.T) {
	n := open(t)
	c := n.Consortium()
	if err := c.Announce(t.Context(), func(m consortium.Member, what string) { t.Log(m.MSPID, what) }); err != nil {
		t.Fatal(err)
	}
	t.Run("no container has what it should not", func(t *testing.T) { bare(t, n) })
	t.Run("nothing acknowledged is lost", func(t *testing.T) { faults(t, n) })
	t.Run("certificates are renewed in use", func(t *testing.T) { renewed(t, n) })
	t.Run("a read model in PostgreSQL", func(t *testing.T) { inPostgres(t, n) })
	t.Run("a fourth organisation joins", func(t *testing.T) { joins(t, n) })
}

// bare looks into the containers: nobody is root, no administrator's key is there, and
// metrics are not on the published port.
func bare(t *testing.T, n *Network) {
	for _, o := range n.Settings.Organisations {
		for _, name := range []string{"gateway." + o.Domain, "chaincode." + o.Domain} {
			out, err := docker(t.Context(), "inspect", "--format", "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}} {{json .Mounts}}", name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out, user()+" true false") || strings.HasPrefix(out, "0") {
				t.Errorf("%s: %s", name, out)
			}
			if strings.Contains(out, "Admin") || strings.Contains(out, "users") || strings.Contains(out, "docker.sock") {
				t.Errorf("%s has an administrator's files: %s", name, out)
			}
		}
		cert, err := crypto.ReadCert(filepath.Join(n.org(o, "gateway", "msp"), crypto.SignCert))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(cert.Subject.OrganizationalUnit) != "[client]" {
			t.Errorf("%s: the gateway's identity is of %v", o.Name, cert.Subject.OrganizationalUnit)
		}
		m, err := n.Consortium().Member(o.Name)
		if err != nil {
			t.Fatal(err)
		}
		client, err := m.Gateway.Client(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{"/healthz": 200, "/metrics": 404, "/readyz": 404, "/v1/ledger": 401} {
			resp, err := client.Get(m.Gateway.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Body.Close(); resp.StatusCode != want {
				t.Errorf("%s of %s: %d, want %d", path, o.Name, resp.StatusCode, want)
			}
		}
	}
}

// fault is what is done to the network, and how it is undone.
type fault struct {
	name      string
	do, undo  []string
	container string // that must be running afterwards
}

func everyFault(n *Network) []fault {
	orgs, fabric := n.Settings.Organisations, "fabric_test"
	kill := func(c string) fault {
		return fault{"docker kill " + c, []string{"kill", c}, []string{"start", c}, c}
	}
	cut := func(network, c string, connect ...string) fault {
		again := append(append([]string{"network", "connect"}, connect...), network, c)
		return fault{c + " without its network", []string{"network", "disconnect", network, c}, again, c}
	}
	peer, cc, gateway := orgs[0].Peer.Container, "chaincode."+orgs[1].Domain, "gateway."+orgs[2].Domain
	return []fault{
		kill(peer), kill(ordererContainer), kill(cc), kill(gateway),
		cut(fabric, peer), cut(fabric, ordererContainer), cut(network(orgs[1]), cc, "--alias", chaincodeHost), cut(fabric, gateway),
	}
}

// faults has every organisation write through its gateway while containers are killed and
// cut off. Each write has a key of its own and is sent again under it until it is
// answered: then the ledger of every organisation has each exactly once.
func faults(t *testing.T, n *Network) {
	c := n.Consortium()
	for _, f := range everyFault(n) {
		t.Run(f.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			stop := make(chan struct{})
			var all []*writer
			var writing sync.WaitGroup
			for _, m := range c.Members[:3] {
				for range 2 {
					w := newWriter(t, m)
					all = append(all, w)
					writing.Go(func() { w.write(ctx, stop) })
				}
			}
			time.Sleep(3 * time.Second)
			if _, err := docker(ctx, f.do...); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
			if _, err := docker(ctx, f.undo...); err != nil {
				t.Fatal(err)
			}
			healed := time.Now()
			for _, w := range all { // until everybody has written again
				for w.since(healed) == 0 && ctx.Err() == nil {
					time.Sleep(100 * time.Millisecond)
				}
			}
			back := time.Since(healed)
			close(stop)
			writing.Wait()
			acknowledged, repeated := 0, 0
			for _, w := range all {
				w.check(ctx, t, c)
				acknowledged, repeated = acknowledged+len(w.at), repeated+w.repeated
			}
			if got := state(ctx, f.container); got != "running" {
				t.Errorf("%s is %s", f.container, got)
			}
			t.Logf("%d acknowledged, %d requests sent again; everybody writes again %s after the repair", acknowledged, repeated, back.Round(time.Second/10))
		})
	}
}

// writer issues tokens, one at a time, in a currency of its own.
type writer struct {
	m        consortium.Member
	client   *http.Client
	token    string
	currency string

	mu       sync.Mutex
	at       []time.Time // of each acknowledgement
	repeated int
	failed   error
}

func newWriter(t *testing.T, m consortium.Member) *writer {
	t.Helper()
	client, err := m.Gateway.Client(15 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	token, err := os.ReadFile(m.Tokens["operator"])
	if err != nil {
		t.Fatal(err)
	}
	letter := func() byte { return byte('A' + rand.IntN(26)) }
	w := &writer{m: m, client: client, token: strings.TrimSpace(string(token)), currency: string([]byte{letter(), letter(), letter()})}
	if have, err := w.balance(t.Context(), m, w.currency); err == nil && have != 0 {
		return newWriter(t, m) // somebody uses that currency
	}
	return w
}

func (w *writer) since(at time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.at {
		if a.After(at) {
			n++
		}
	}
	return n
}

func (w *writer) write(ctx context.Context, stop <-chan struct{}) {
	for k := 0; ; k++ {
		select {
		case <-stop:
			return
		default:
		}
		key := fmt.Sprintf("%s-%d-%d", w.currency, time.Now().UnixNano(), k)
		if err := w.issue(ctx, key); err != nil {
			w.failed = fmt.Errorf("write %d: %w", k, err)
			return
		}
		w.mu.Lock()
		w.at = append(w.at, time.Now())
		w.mu.Unlock()
	}
}

// issue sends a write under its key until it is acknowledged.
func (w *writer) issue(ctx context.Context, key string) error {
	body := fmt.Sprintf(`{"currency":%q,"amountMinor":1,"reserve":"Bank"}`, w.currency)
	for last := error(nil); ; {
		status, text, err := w.call(ctx, http.MethodPost, "/v1/tokens/issues", key, body)
		if err == nil && (status == http.StatusOK || status == http.StatusCreated) {
			return nil
		}
		var p struct{ Retryable bool }
		_ = json.Unmarshal([]byte(text), &p)
		switch {
		case err != nil:
			last = err
		case status == http.StatusAccepted, status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests, status == http.StatusGatewayTimeout, p.Retryable:
			last = fmt.Errorf("%d", status)
		default:
			return fmt.Errorf("%d %s", status, text)
		}
		w.repeated++
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer was %w", ctx.Err(), last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (w *writer) call(ctx context.Context, method, path, key, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.m.Gateway.URL+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", key)
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, string(text), err
}

// balance is what an organisation's own peer has for an account.
func (w *writer) balance(ctx context.Context, at consortium.Member, currency string) (int64, error) {
	client, err := at.Gateway.Client(15 * time.Second)
	if err != nil {
		return 0, err
	}
	defer client.CloseIdleConnections()
	token, err := os.ReadFile(at.Tokens["operator"])
	if err != nil {
		return 0, err
	}
	asker := &writer{m: at, client: client, token: strings.TrimSpace(string(token))}
	status, text, err := asker.call(ctx, http.MethodGet, "/v1/accounts/"+w.m.MSPID+"/"+currency, "", "")
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("%d %s %w", status, text, err)
	}
	var account struct{ BalanceMinor int64 }
	return account.BalanceMinor, json.Unmarshal([]byte(text), &account)
}

// check holds every organisation's ledger to what was acknowledged: each write once.
func (w *writer) check(ctx context.Context, t *testing.T, c *consortium.Consortium) {
	t.Helper()
	if w.failed != nil {
		t.Errorf("%s: %v", w.m.MSPID, w.failed)
		return
	}
	for _, m := range c.Members {
		var have int64
		var err error
		for range 300 { // a peer that was away catches up
			if have, err = w.balance(ctx, m, w.currency); err == nil && have == int64(len(w.at)) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err != nil || have != int64(len(w.at)) {
			t.Errorf("%s was acknowledged %d writes, the ledger of %s has %d (%v)", w.m.MSPID, len(w.at), m.MSPID, have, err)
		}
	}
}

// renewed renews while everybody writes.
func renewed(t *testing.T, n *Network) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	before := map[string]string{}
	serials := func(into map[string]string) {
		for _, o := range n.Settings.Organisations {
			for _, w := range n.wanted(o) {
				cert, err := crypto.ReadCert(w.certificate())
				if err != nil {
					t.Fatal(err)
				}
				into[o.Name+" "+w.name] = cert.SerialNumber.String()
			}
		}
	}
	serials(before)
	c, stop := n.Consortium(), make(chan struct{})
	var all []*writer
	var writing sync.WaitGroup
	for _, m := range c.Members[:3] {
		w := newWriter(t, m)
		all = append(all, w)
		writing.Go(func() { w.write(ctx, stop) })
	}
	if err := n.Renew(ctx); err != nil {
		t.Error(err)
	}
	after := map[string]string{}
	serials(after)
	for name, serial := range after {
		if serial == before[name] {
			t.Errorf("%s is not renewed", name)
		}
	}
	time.Sleep(40 * time.Second) // a gateway looks at its identity's files twice a minute
	close(stop)
	writing.Wait()
	for _, w := range all {
		w.check(ctx, t, c)
	}
	for _, o := range n.Settings.Organisations {
		logs, err := exec.CommandContext(ctx, "docker", "logs", "gateway."+o.Domain).CombinedOutput()
		if err != nil || !bytes.Contains(logs, []byte("renewed identity taken up")) {
			t.Errorf("the gateway of %s has not taken up its identity (%v)", o.Name, err)
		}
	}
}

// joins has a fourth organisation join, which then writes as the others do.
func joins(t *testing.T, n *Network) {
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	o := n.Next("org4")
	for range 2 { // the second time there is nothing to do
		if err := n.AddOrganisation(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	c, err := consortium.Load(n.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Members) != 4 {
		t.Fatalf("%d members", len(c.Members))
	}
	w := newWriter(t, c.Members[3])
	if err := w.issue(ctx, "first-"+w.currency); err != nil {
		t.Fatal(err)
	}
	w.at = append(w.at, time.Now())
	w.check(ctx, t, c)
}
