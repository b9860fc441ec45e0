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
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
)

const manufacturer = "ManufacturerMSP"

// client writes through one organisation's gateway and does not give up while
// the gateway is away: it repeats the request under the same idempotency key.
type client struct {
	base, auth, key string // key is a public key for components
	http            *http.Client
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
		base: org.GatewayURL + "/v1", auth: "Bearer " + strings.TrimSpace(string(token)), key: base64.StdEncoding.EncodeToString(der),
		http: &http.Client{Timeout: time.Minute},
	}
}

// answer is one HTTP answer, or what kept it from coming.
type answer struct {
	status int
	body   []byte
	took   time.Duration
	err    error
}

func (c *client) do(ctx context.Context, method, path, key, body string) answer {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Authorization", c.auth)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
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

// write repeats a request until it is committed. It fails on an answer that is
// neither a commit nor a clear "not now".
func (c *client) write(ctx context.Context, path, key, body string) ([]answer, error) {
	var all []answer
	for {
		a := c.do(ctx, http.MethodPost, path, key, body)
		all = append(all, a)
		switch {
		case a.err == nil && (a.status == http.StatusOK || a.status == http.StatusCreated):
			return all, nil
		case ctx.Err() != nil:
			return all, fmt.Errorf("%s: last answer %d %s %v: %w", path, a.status, a.body, a.err, ctx.Err())
		case a.err != nil, a.status == http.StatusAccepted, a.status == http.StatusServiceUnavailable, a.status == http.StatusTooManyRequests,
			a.status == http.StatusGatewayTimeout, a.status == http.StatusConflict && retryable(a.body):
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		default:
			return all, fmt.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// awaitAnswer waits until the gateway answers at all.
func (c *client) awaitAnswer(ctx context.Context) {
	for ctx.Err() == nil {
		if a := c.do(ctx, http.MethodGet, "/ledger", "", ""); a.err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// retryable reads a problem document.
func retryable(body []byte) bool {
	var p struct {
		Retryable bool `json:"retryable"`
	}
	return json.Unmarshal(body, &p) == nil && p.Retryable
}

func (c *client) get(ctx context.Context, t *testing.T, path string, out any) {
	t.Helper()
	for {
		a := c.do(ctx, http.MethodGet, path, "", "")
		if a.err == nil && a.status == http.StatusOK {
			if err := json.Unmarshal(a.body, out); err != nil {
				t.Fatal(err)
			}
			return
		}
		if ctx.Err() != nil || a.err == nil && a.status < 500 && a.status != http.StatusTooManyRequests {
			t.Fatalf("GET %s: %d %s %v", path, a.status, a.body, a.err)
		}
		time.Sleep(100 * time.Millisecond) // the gateway is being restarted
	}
}

func component(id, key string) string {
	return fmt.Sprintf(`{"componentId":%q,"partNumber":"PUMP-200","algorithm":"Ed25519","publicKey":%q,"location":"4012345000009"}`, id, key)
}
