package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

func TestRequestID(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		sent string
		kept bool
	}{{"abc-1.2_3", true}, {"", false}, {"a b", false}, {"a\"b", false}, {strings.Repeat("a", 65), false}, {"größe", false}} {
		got := w.send(t, "GET", "/v1/ledger", "", "X-Request-Id", c.sent).Header.Get("X-Request-Id")
		if (got == c.sent) != c.kept || !sane(got) {
			t.Errorf("%q: %q", c.sent, got)
		}
	}
}

func TestLog(t *testing.T) {
	w := newWorld(t)
	w.send(t, "POST", offerURL, offer, "X-Request-Id", "req-17")
	var line map[string]any
	if err := json.Unmarshal(w.log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	delete(line, "took")
	delete(line, "bytes")
	want := map[string]any{
		"level": "INFO", "msg": "request", "requestId": "req-17", "method": "POST", "route": "/v1/components/:componentId/ownership-offer",
		"status": 200.0, "principal": "operator@shipper", "transactionId": "tx-1", "operationId": "op-1",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
	w.log.Reset()
	w.ledger.err = errors.New("cause-for-operators")
	w.send(t, "GET", "/v1/ledger", "")
	if text := w.log.String(); !strings.Contains(text, "cause-for-operators") || !strings.Contains(text, `"level":"ERROR"`) {
		t.Errorf("the cause is not in the log: %s", text)
	}
}

func TestRateLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.PerSecond, c.Limits.Burst = 0.5, 2 })
	statuses := func(token string) (all []int) {
		for range 3 {
			all = append(all, w.send(t, "GET", "/v1/ledger", "", "Authorization", "Bearer "+token).StatusCode)
		}
		return all
	}
	if diff := cmp.Diff([]int{200, 200, 429}, statuses("operator")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{200, 200, 429}, statuses("auditor")); diff != "" {
		t.Errorf("another principal: %s", diff)
	}
	res := w.send(t, "GET", "/v1/ledger", "")
	if after := res.Header.Get("Retry-After"); after != "2" {
		t.Errorf("Retry-After %q", after)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b, now := newBuckets(2, rate.Limit(1), 1), time.Unix(1, 0)
	if b.take("a", now) != 0 || b.take("a", now) == 0 {
		t.Error("a bucket of one")
	}
	b.take("b", now)
	b.take("a", now) // a is now the latest
	b.take("c", now) // b leaves
	_, hasA := b.all.Get("a")
	if _, hasB := b.all.Get("b"); b.all.Len() != 2 || hasB || !hasA {
		t.Errorf("%d names, a %v, b %v", b.all.Len(), hasA, hasB)
	}
	if b.take("a", now) == 0 {
		t.Error("a was forgotten")
	}
}

func TestConcurrencyIsCapped(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Concurrency = 1 })
	inside, leave := make(chan struct{}), make(chan struct{})
	w.operations.wait = func() { close(inside); <-leave }
	done := make(chan int)
	go func() { done <- w.send(t, "POST", offerURL, offer).StatusCode }()
	<-inside
	res := w.send(t, "GET", "/v1/ledger", "")
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d", res.StatusCode)
	}
	if res := w.send(t, "GET", "/healthz", ""); res.StatusCode != http.StatusOK {
		t.Errorf("health is capped: %d", res.StatusCode)
	}
	close(leave)
	if status := <-done; status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if res := w.send(t, "GET", "/v1/ledger", ""); res.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}

// A body without a length is cut off at the limit as well.
func TestChunkedBodyIsBounded(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", offerURL, io.MultiReader(strings.NewReader(`{"to":"`), strings.NewReader(strings.Repeat("x", 300<<10)), strings.NewReader(`"}`)))
	r.ContentLength = -1
	r.Header.Set("Authorization", "Bearer operator")
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// What the path adds to a body may make the argument too large for the chaincode.
func TestArgumentIsBounded(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.BodyBytes = 1 << 20 })
	envelope := `{"payloadType":"t","payload":"` + strings.Repeat("A", 200<<10) + `","signatures":[{"keyid":"` + strings.Repeat("0", 64) + `","sig":""}]}`
	res := w.send(t, "POST", "/v1/shipments/S1/segments", `{"deviceId":"D1","envelopes":[`+envelope+","+envelope+`]}`)
	if res.StatusCode != http.StatusRequestEntityTooLarge || len(w.operations.writes) > 0 {
		t.Errorf("%d", res.StatusCode)
	}
}

// Without the terms the ledger sorts out what collides.
func TestTermsThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.ledger.errs["shipment:GetTerms"] = fault.New(fault.CodeShipmentUnknown, "unknown")
	if res := w.send(t, "POST", "/v1/shipments/S1/settlement", ""); res.StatusCode != http.StatusOK {
		t.Fatalf("%d", res.StatusCode)
	}
	if diff := cmp.Diff([]string{"shipment/S1"}, w.operations.writes[0].Entities); diff != "" {
		t.Error(diff)
	}
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	if res := w.send(t, "GET", "/readyz", "", "Authorization", ""); res.StatusCode != http.StatusOK || !strings.Contains(text(t, res), `"ShipperMSP":"ready"`) {
		t.Errorf("%d", res.StatusCode)
	}
	w.send(t, "GET", "/readyz", "")
	if w.ledger.readies != 1 {
		t.Errorf("the network was asked %d times within a second", w.ledger.readies)
	}

	w = newWorld(t)
	w.ledger.ready = map[string]error{"ShipperMSP": nil, "ServiceMSP": errors.New(secretText)}
	res := w.send(t, "GET", "/readyz", "")
	body := text(t, res)
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"ServiceMSP":"unreachable"`) || strings.Contains(body, secretText) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if !strings.Contains(w.log.String(), secretText) {
		t.Error("the log does not say why")
	}
	w = newWorld(t)
	w.ledger.ready = nil
	if res := w.send(t, "GET", "/readyz", ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("no organisation: %d", res.StatusCode)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		target, contentType string
		must                []string
	}{
		{"/healthz", "application/json", []string{`"status":"ok"`, "ShipperMSP"}},
		{"/docs", "text/html", []string{`id="RecordReadings"`, `id="schema-Excursion"`, "/v1/shipments/{shipmentId}/segments", "package-17", `href="/docs/problems"`}},
		{"/docs/problems", "text/html", []string{`id="shipment.segment.out-of-order"`, `id="ledger.contended"`, `id="internal"`}},
		{"/openapi.yaml", "application/yaml", []string{"openapi: 3.0.3"}},
		{"/metrics", "text/plain", []string{"lifeledger_gateway_requests_in_flight"}},
	} {
		res := w.send(t, "GET", c.target, "", "Authorization", "")
		body := text(t, res)
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), c.contentType) {
			t.Errorf("%s: %d %s", c.target, res.StatusCode, res.Header.Get("Content-Type"))
		}
		for _, m := range c.must {
			if !strings.Contains(body, m) {
				t.Errorf("%s: no %s", c.target, m)
			}
		}
		if c.contentType == "text/html" {
			for _, bad := range []string{"<script", "http://", "cdn", "ZgotmplZ", "onclick"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s holds %q", c.target, bad)
				}
			}
			if !strings.Contains(body, "<style>"+styleSheet+"</style>") {
				t.Errorf("%s: the style is not the one that the policy allows", c.target)
			}
		}
	}
}

// Every code of the catalogue and of the table is explained.
func TestEveryCodeIsExplained(t *testing.T) {
	w := newWorld(t)
	body := text(t, w.send(t, "GET", problem.Page, ""))
	for _, e := range fault.Catalogue() {
		if !strings.Contains(body, `id="`+string(e.Code)+`"`) {
			t.Errorf("%s is not explained", e.Code)
		}
	}
	for _, r := range problem.Table() {
		if !strings.Contains(body, `id="`+string(r.Code)+`"`) {
			t.Errorf("%s is not explained", r.Code)
		}
	}
}

func TestMetricNames(t *testing.T) {
	m := NewMetrics()
	m.Certificate(func() time.Time { return time.Unix(1_800_000_000, 0) })
	m.OperationFinished("", 1, time.Second)
	m.OperationFinished("contended", 4, time.Second)
	m.OperationsPending(2)
	m.Queued(time.Millisecond)
	m.Reendorsed()
	m.Resubmitted()
	m.PeerCall("endorse", "", time.Millisecond)
	m.PeerInFlight(1)
	m.Block(7)
	m.Stream(true)
	m.Fallback()
	m.Asked(true)
	m.answered("GET", "/v1/ledger", 200, time.Millisecond)
	m.answered("BREW", "none", 405, time.Millisecond)
	m.readiness("ShipperMSP", true)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		if name, ours := strings.CutPrefix(f.GetName(), "lifeledger_gateway_"); ours {
			names = append(names, name)
		}
		if strings.Contains(f.String(), "BREW") {
			t.Error("a client's word is a label")
		}
	}
	want := []string{
		"block_number", "block_stream_up", "certificate_expiry_timestamp_seconds", "endorser_fallbacks_total", "ledger_questions_total", "operation_attempts_total",
		"operation_duration_seconds", "operation_queue_seconds", "operations_pending", "operations_total", "organisation_ready",
		"peer_call_duration_seconds", "peer_calls_in_flight",
		"read_model_differences_total", "read_model_differs", "read_model_height", "read_model_lag_seconds", "read_model_parked",
		"read_model_sampled_rows_total", "read_model_stuck", "read_model_unknown_writes_total",
		"reendorsements_total", "request_duration_seconds", "requests_in_flight",
		"requests_total", "resubmissions_total",
	}
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesAnIncompleteGateway(t *testing.T) {
	w := newWorld(t)
	good := Config{Organisation: "ShipperMSP", LedgerName: "lifeledger/lifeledger", Spec: w.contract.spec, Ledger: w.ledger, Operations: w.operations, ReadModel: w.model, Questions: w.questions, Passports: w.questions, SavedQueries: w.saved, Authenticator: fakeTokens{}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no organisation": func(c *Config) { c.Organisation = "" }, "no name of the ledger": func(c *Config) { c.LedgerName = "" }, "no ledger": func(c *Config) { c.Ledger = nil },
		"no operations": func(c *Config) { c.Operations = nil }, "no read model": func(c *Config) { c.ReadModel = nil }, "no questions": func(c *Config) { c.Questions = nil }, "no passports": func(c *Config) { c.Passports = nil }, "no saved queries": func(c *Config) { c.SavedQueries = nil }, "no authenticator": func(c *Config) { c.Authenticator = nil },
		"no contract": func(c *Config) { c.Spec = []byte("openapi: 1") },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A handler has a deadline, and a client that is gone ends it.
func TestDeadline(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.ledger.err = context.Canceled
	r := httptest.NewRequestWithContext(ctx, "GET", "/v1/ledger", nil)
	r.Header.Set("Authorization", "Bearer operator")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", rec.Code)
	}
}

// TestALongNameIsNotRepeated: what a body costs does not grow with its square,
// and what an error quotes of it stays short.
func TestALongNameIsNotRepeated(t *testing.T) {
	const half = 128 << 10
	name := strings.Repeat("a", half)
	numbers := strings.Repeat("1,", half/2-8)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := checkJSON([]byte(`{"` + name + `":[` + numbers + `1]}`))
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Error(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("a body of 256 KB took %d MB of memory", n>>20)
	}
	if err := checkJSON([]byte(`{"` + name + `":[1,1.5]}`)); err == nil || len(err.Error()) > 1<<10 {
		t.Errorf("the pointer to a fraction: %.2000v", err)
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"a":{"a":[1,{"b":null}]}}`, `{"a":1,"A":2}`, `{"a":1.5}`, "{\"a\":\"\xff\"}", nested(20), `{"a":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkJSON(body) != nil {
			return
		}
		var v map[string]any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Errorf("taken, but Go does not: %v", err)
		}
	})
}
