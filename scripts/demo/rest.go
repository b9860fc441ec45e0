package main

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
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/network/consortium"
)

// gateway is one organisation's REST API, used with one token.
type gateway struct {
	name  string // as a person would say it
	mspID string // of the organisation whose gateway it is
	base  string // http://host:port/v1
	file  string // of the bearer token
	http  *http.Client
}

func newGateway(name string, m *consortium.Member) (gateway, error) {
	client, err := m.Gateway.Client(time.Minute)
	return gateway{name: name, mspID: m.MSPID, base: strings.TrimRight(m.Gateway.URL, "/") + "/v1", file: m.Tokens["operator"], http: client}, err
}

// device is the client that a smart package uses at this gateway.
func (g gateway) device() *smartpackage.Client {
	return &smartpackage.Client{Base: strings.TrimSuffix(g.base, "/v1"), Token: smartpackage.FileToken(g.file), HTTP: g.http}
}

// problem is a gateway's refusal.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Retryable: the gateway itself says that the same request may succeed later.
	Retryable bool `json:"retryable"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

func refused(err error, code string) bool {
	var p *problem
	return errors.As(err, &p) && p.Code == code
}

// reachable says at once whether anybody listens.
func (g gateway) reachable(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(g.base, "/v1")+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := g.http.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (g gateway) get(ctx context.Context, path string, out any) error {
	return g.call(ctx, http.MethodGet, path, nil, out)
}

// post sends a write under an idempotency key, so that sending it again after a
// lost answer is safe.
func (g gateway) post(ctx context.Context, path string, in, out any) error {
	return g.call(ctx, http.MethodPost, path, in, out)
}

func (g gateway) call(ctx context.Context, method, path string, in, out any) error {
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
		if !mayPass(err) || time.Since(began) > patience {
			return fmt.Errorf("%s: %s %s: %w", g.name, method, path, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %s %s: %w (%w)", g.name, method, path, err, ctx.Err())
		case <-time.After(min(time.Duration(attempt)*100*time.Millisecond, time.Second)):
		}
	}
}

// patience is how long a request is repeated that may pass yet.
const patience = 2 * time.Minute

// mayPass says whether the same request may succeed a little later: the gateway
// is busy or still at it, or its peer has not seen what another organisation
// wrote a moment ago.
func mayPass(err error) bool {
	var p *problem
	if !errors.As(err, &p) {
		return false
	}
	switch p.Status {
	case http.StatusAccepted, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusGatewayTimeout, http.StatusNotFound:
		return true
	case http.StatusConflict:
		return p.Retryable || strings.HasPrefix(p.Code, "shipment.") && !strings.HasSuffix(p.Code, "-exists")
	}
	return false
}

func (g gateway) once(ctx context.Context, method, path, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, g.base+path, bytes.NewReader(body))
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
		p := &problem{Status: res.StatusCode, Detail: strings.TrimSpace(string(answer))}
		_ = json.Unmarshal(answer, p) // what is not a problem document is shown as it is
		return p
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
