// Package rest is one organisation's REST API as a script uses it: with one token,
// each write under an idempotency key of its own, and again while the gateway says
// that it may succeed a little later. It knows no business.
package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/network/consortium"
)

// Gateway is one organisation's REST API, used with one token.
type Gateway struct {
	Name  string // as a person would say it
	MSPID string // of the organisation whose gateway it is
	// Behind says of a code with which a request was refused that the gateway's peer
	// may not have seen yet what another organisation wrote a moment ago.
	Behind func(code string) bool

	Base string // http://host:port/v1
	file string // of the bearer token
	http *http.Client
}

// New is the gateway of a member of the consortium.
func New(name string, m *consortium.Member, behind func(code string) bool) (Gateway, error) {
	client, err := m.Gateway.Client(time.Minute)
	return Gateway{Name: name, MSPID: m.MSPID, Behind: behind, Base: strings.TrimRight(m.Gateway.URL, "/") + "/v1", file: m.Tokens["operator"], http: client}, err
}

// Device is the client that a smart package uses at this gateway.
func (g Gateway) Device() *smartpackage.Client {
	return &smartpackage.Client{Base: strings.TrimSuffix(g.Base, "/v1"), Token: smartpackage.FileToken(g.file), HTTP: g.http}
}

// Problem is a gateway's refusal.
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Retryable: the gateway itself says that the same request may succeed later.
	Retryable bool `json:"retryable"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// Refused says whether a request was refused with this code.
func Refused(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// Reachable says at once whether anybody listens.
func (g Gateway) Reachable(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(g.Base, "/v1")+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := g.http.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Get reads a resource.
func (g Gateway) Get(ctx context.Context, path string, out any) error {
	return g.call(ctx, http.MethodGet, path, nil, out)
}

// Written is a write's answer, and the block that it is in.
type Written struct {
	Body  []byte
	Block uint64
}

// Post sends a write under an idempotency key, so that sending it again after a
// lost answer is safe.
func (g Gateway) Post(ctx context.Context, path string, in, out any) error {
	return g.call(ctx, http.MethodPost, path, in, out)
}

func (g Gateway) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	key, began := rand.Text(), time.Now()
	for attempt := 1; ; attempt++ {
		err := g.once(ctx, method, path, key, body, out)
		if err == nil {
			return nil
		}
		if !g.mayPass(err) || time.Since(began) > patience {
			return fmt.Errorf("%s: %s %s: %w", g.Name, method, path, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %s %s: %w (%w)", g.Name, method, path, err, ctx.Err())
		case <-time.After(min(time.Duration(attempt)*100*time.Millisecond, time.Second)):
		}
	}
}

// patience is how long a request is repeated that may pass yet.
const patience = 2 * time.Minute

// mayPass says whether the same request may succeed a little later: the gateway
// is busy or still at it, or its peer has not seen what another organisation
// wrote a moment ago.
func (g Gateway) mayPass(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return false
	}
	switch p.Status {
	case http.StatusAccepted, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusGatewayTimeout, http.StatusNotFound:
		return true
	case http.StatusConflict:
		return p.Retryable || g.Behind != nil && g.Behind(p.Code)
	}
	return false
}

func (g Gateway) once(ctx context.Context, method, path, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, g.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	token, err := os.ReadFile(g.file)
	if err != nil {
		return fmt.Errorf("no token; is the network up? %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
	}
	res, err := g.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 || res.StatusCode == http.StatusAccepted {
		p := &Problem{Status: res.StatusCode, Detail: strings.TrimSpace(string(answer))}
		_ = json.Unmarshal(answer, p) // what is not a problem document is shown as it is
		return p
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *Written:
		out.Body = bytes.TrimSpace(answer)
		out.Block, err = strconv.ParseUint(res.Header.Get("X-Block"), 10, 64)
		return err
	}
	return json.Unmarshal(answer, out)
}
