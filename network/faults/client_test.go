package faults

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
)

// client writes through one organisation's gateway and does not give up while
// the gateway is away: it repeats the request under the same idempotency key.
type client struct {
	org, base, auth, key string // key is a public key for components
	http                 *http.Client
}

func newClient(t *testing.T, n *launch.Network, mspID string) *client {
	t.Helper()
	org := n.Org(mspID)
	token, err := os.ReadFile(org.TokenFile("operator"))
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return &client{
		org: mspID, base: org.GatewayURL + "/v1", auth: "Bearer " + strings.TrimSpace(string(token)), key: base64.StdEncoding.EncodeToString(der),
		http: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 128}},
	}
}

// answer is one HTTP answer, or what kept it from coming.
type answer struct {
	status int
	body   []byte
	took   time.Duration
	err    error
}

func (a answer) String() string { return fmt.Sprintf("%d %.500s %v", a.status, a.body, a.err) }

// ok: it is committed, or read.
func (a answer) ok() bool {
	return a.err == nil && (a.status == http.StatusOK || a.status == http.StatusCreated)
}

// code is the problem's code.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal(a.body, &p)
	return p.Code
}

// open: nobody has said yet what became of the request, or whether it will be done.
func (a answer) open() bool {
	if a.err != nil {
		return true
	}
	switch a.status {
	case http.StatusAccepted, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusGatewayTimeout:
		return true
	}
	var p struct{ Retryable bool }
	return a.status >= 400 && json.Unmarshal(a.body, &p) == nil && p.Retryable
}

// refused: the ledger's rules, or records as they are, say no. Nothing was done.
func (a answer) refused() bool { return a.err == nil && !a.open() && a.status >= 400 && a.status < 500 }

func (c *client) do(ctx context.Context, method, path, key, body string) answer {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Authorization", c.auth)
	if method == http.MethodPost {
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{err: err, took: time.Since(start)}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, body: b, took: time.Since(start), err: err}
}

// settled repeats a request until it is answered for good, and gives all answers.
// The last one is open only if the context ended.
func (c *client) settled(ctx context.Context, path, key, body string) []answer {
	var all []answer
	for {
		a := c.do(ctx, http.MethodPost, path, key, body)
		all = append(all, a)
		if !a.open() || !rest(ctx, 100*time.Millisecond) {
			return all
		}
	}
}

// write repeats a request until it is committed. Any other answer for good is an error.
func (c *client) write(ctx context.Context, path, key, body string) ([]answer, error) {
	all := c.settled(ctx, path, key, body)
	if a := all[len(all)-1]; !a.ok() {
		return all, fmt.Errorf("%s at %s: %v", path, c.org, a)
	}
	return all, nil
}

// step is write for one who follows another organisation's step: its own peer, or
// those that endorse, may not have seen that yet, and then refuse.
func (c *client) step(ctx context.Context, path, key, body string) (answer, error) {
	for began := time.Now(); ; {
		all := c.settled(ctx, path, key, body)
		a := all[len(all)-1]
		if a.ok() {
			return a, nil
		}
		late := slices.Contains([]int{http.StatusNotFound, http.StatusConflict, http.StatusForbidden, http.StatusUnprocessableEntity}, a.status) || a.code() == "ledger.mismatch"
		if !late || time.Since(began) > patience/4 || !rest(ctx, 200*time.Millisecond) {
			return a, fmt.Errorf("%s at %s: %v", path, c.org, a)
		}
	}
}

// awaitAnswer waits until the gateway answers at all.
func (c *client) awaitAnswer(ctx context.Context) {
	for ctx.Err() == nil {
		if a := c.do(ctx, http.MethodGet, "/ledger", "", ""); a.err == nil {
			return
		}
		rest(ctx, 50*time.Millisecond)
	}
}

// get reads, again while the gateway is away or behind.
func (c *client) get(ctx context.Context, t *testing.T, path string, out any) {
	t.Helper()
	for {
		a := c.do(ctx, http.MethodGet, path, "", "")
		if a.ok() {
			if err := json.Unmarshal(a.body, out); err != nil {
				t.Fatal(err)
			}
			return
		}
		if ctx.Err() != nil || a.refused() && a.status != http.StatusNotFound {
			t.Fatalf("GET %s: %v", path, a)
		}
		rest(ctx, 100*time.Millisecond)
	}
}

func component(id, key string) string {
	return fmt.Sprintf(`{"componentId":%q,"partNumber":"PUMP-200","algorithm":"Ed25519","publicKey":%q,"location":"4012345000009"}`, id, key)
}

func issue(currency string, minor int) string {
	return fmt.Sprintf(`{"currency":%q,"amountMinor":%d,"reserve":"test"}`, currency, minor)
}
