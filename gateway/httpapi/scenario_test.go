package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// scenario is one request and what its answer must and must not say.
type scenario struct {
	name    string
	setup   func(*world)
	method  string
	target  string
	body    string
	headers []string
	status  int
	must    []string // in the body
	mustNot []string
	header  string // "Name: value", "Name:" for absence
}

const (
	offer      = `{"to":"ServiceMSP"}`
	offerURL   = "/v1/components/C1/ownership-offer"
	secretText = "secret-of-the-peer"
)

func refuses(err error) func(*world) {
	return func(w *world) { w.operations.err = err; w.ledger.err = err }
}

func condition(c problem.Condition) func(*world) {
	return refuses(&problem.Error{Condition: c, TransactionID: "tx-9", Cause: errors.New(secretText)})
}

func nested(depth int) string {
	return `{"to":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
}

func scenarios() []scenario {
	f := func(code fault.Code, detail string) func(*world) {
		return refuses(fmt.Errorf("endorse: %w", fault.New(code, "%s", detail).Because(errors.New(secretText))))
	}
	long := strings.Repeat("x", 300<<10)
	return []scenario{
		// The ledger says no.
		{name: "unknown shipment", setup: f(fault.CodeShipmentUnknown, "shipment S9 is unknown"), method: "GET", target: "/v1/shipments/S9", status: 404,
			must: []string{`"code":"shipment.unknown"`, "S9", `"retryable":false`, `"type":"/docs/problems#shipment.unknown"`}, mustNot: []string{secretText}},
		{name: "foreign organisation", setup: f(fault.CodeOwnershipNotOwner, "C1 is owned by ManufacturerMSP"), method: "POST", target: offerURL, body: offer, status: 403,
			must: []string{`"code":"component.ownership.not-owner"`}, mustNot: []string{secretText}},
		{name: "wrong state", setup: f(fault.CodeShipmentStatus, "shipment S1 is settled"), method: "POST", target: "/v1/shipments/S1/settlement", status: 409, must: []string{`"code":"shipment.status"`}},
		{name: "business rule", setup: f(fault.CodeSettleEarly, "wait"), method: "POST", target: "/v1/shipments/S1/settlement", status: 422, must: []string{`"code":"shipment.settlement.readings-outstanding"`}},
		{name: "replayed segment", setup: refuses(fault.New(fault.CodeSegmentReplayed, "again").With("nextSequence", 601)), method: "POST", target: offerURL, body: offer, status: 409,
			must: []string{`"params":{"nextSequence":"601"}`}},
		{name: "key reused", setup: f(fault.CodeKeyReused, "used"), method: "POST", target: offerURL, body: offer, headers: []string{"Idempotency-Key", "k"}, status: 422, must: []string{"request.idempotency-key-reused"}},
		{name: "internal fault of the chaincode", setup: refuses(fault.Wrap(errors.New(secretText), "state %s", secretText)), method: "GET", target: "/v1/ledger", status: 500,
			must: []string{`"code":"internal"`, `"instance":"req-`}, mustNot: []string{secretText}},

		// The network fails.
		{name: "busy", setup: condition(problem.Busy), method: "POST", target: offerURL, body: offer, status: 503, must: []string{"ledger.busy", `"retryable":true`}, mustNot: []string{secretText}, header: "Retry-After: 1"},
		{name: "unreachable", setup: condition(problem.Unreachable), method: "GET", target: "/v1/shipments/S1", status: 503, must: []string{"ledger.unreachable"}, mustNot: []string{secretText}, header: "Retry-After: 2"},
		{name: "contended", setup: condition(problem.Contended), method: "POST", target: offerURL, body: offer, status: 409, must: []string{"ledger.contended", `"retryable":true`, `"transactionId":"tx-9"`}, header: "Retry-After: 1"},
		{name: "deadline", setup: condition(problem.Deadline), method: "POST", target: offerURL, body: offer, status: 504, must: []string{"ledger.deadline", `"retryable":true`}},
		{name: "deadline of the context", setup: refuses(fmt.Errorf("evaluate: %w", context.DeadlineExceeded)), method: "GET", target: "/v1/ledger", status: 504, must: []string{"ledger.deadline"}},
		{name: "policy failure", setup: condition(problem.PolicyFailure), method: "POST", target: offerURL, body: offer, status: 500, must: []string{"ledger.policy-failure"}, mustNot: []string{secretText}},
		{name: "results do not match", setup: condition(problem.Mismatch), method: "POST", target: offerURL, body: offer, status: 500, must: []string{"ledger.mismatch"}, mustNot: []string{secretText}},
		{name: "denied", setup: condition(problem.Denied), method: "GET", target: "/v1/ledger", status: 403, must: []string{"ledger.denied"}},
		{name: "untyped error", setup: refuses(errors.New(secretText)), method: "GET", target: "/v1/ledger", status: 500, must: []string{`"code":"internal"`}, mustNot: []string{secretText}},
		{name: "empty answer", setup: func(w *world) { w.ledger.answers[ledgerapi.PingTx] = "" }, method: "GET", target: "/v1/ledger", status: 500, must: []string{`"code":"internal"`}},
		{name: "answer is no record", setup: func(w *world) { w.ledger.answers[ledgerapi.PingTx] = "[" + secretText }, method: "GET", target: "/v1/ledger", status: 500, mustNot: []string{secretText}},
		{name: "panic", setup: func(w *world) { w.ledger.panics = true }, method: "GET", target: "/v1/ledger", status: 500, must: []string{`"code":"internal"`}, mustNot: []string{"secret-of-the-panic", "goroutine"}},

		// Outcomes.
		{name: "outcome unknown", setup: func(w *world) { w.operations.change = func(o *Outcome) { o.State = api.Pending } }, method: "POST", target: offerURL, body: offer, status: 202,
			must: []string{`"operationId":"op-1"`, `"state":"pending"`, `"transactionId":"tx-1"`}, mustNot: []string{"problem", "answer"}, header: "Location: /v1/operations/op-1"},
		{name: "respond-async", method: "POST", target: offerURL, body: offer, headers: []string{"Prefer", "wait=5, Respond-Async"}, status: 202, must: []string{`"state":"pending"`}, header: "Preference-Applied: respond-async"},
		{name: "another preference", method: "POST", target: offerURL, body: offer, headers: []string{"Prefer", "return=minimal"}, status: 200, header: "Preference-Applied:"},
		{name: "replayed", setup: func(w *world) { w.operations.change = func(o *Outcome) { o.Replayed = true } }, method: "POST", target: offerURL, body: offer, status: 200, header: "Idempotency-Replayed: true"},
		{name: "failed operation", setup: func(w *world) {
			w.operations.change = func(o *Outcome) {
				o.State, o.Err = api.Failed, fault.New(fault.CodeOwnershipOffered, "offered")
			}
		}, method: "POST", target: offerURL, body: offer, status: 409, must: []string{"component.ownership.offer-pending"}},
		{name: "operation committed", setup: operations, method: "GET", target: "/v1/operations/op-2", status: 200, must: []string{`"state":"committed"`, `"answer":{"a":1}`, `"block":7`}, mustNot: []string{"problem"}},
		{name: "operation failed", setup: operations, method: "GET", target: "/v1/operations/op-3", status: 200, must: []string{`"state":"failed"`, `"code":"shipment.status"`}, mustNot: []string{"answer"}},
		{name: "operation unknown", setup: operations, method: "GET", target: "/v1/operations/op-9", status: 404, must: []string{"operation.unknown"}},
		{name: "another's operation, to a device", setup: operations, method: "GET", target: "/v1/operations/op-2", headers: []string{"Authorization", "Bearer device"}, status: 404, must: []string{"operation.unknown"}, mustNot: []string{"committed"}},
		{name: "its own operation, to a device", setup: operations, method: "GET", target: "/v1/operations/op-4", headers: []string{"Authorization", "Bearer device"}, status: 200, must: []string{"pending"}},

		// Bodies that are not JSON as the ledger takes it.
		{name: "malformed JSON", method: "POST", target: offerURL, body: `{"to":`, status: 400, must: []string{"request.not-json"}},
		{name: "no object", method: "POST", target: offerURL, body: `["to"]`, status: 400, must: []string{"request.not-json"}},
		{name: "null", method: "POST", target: offerURL, body: `null`, status: 400, must: []string{"request.not-json"}},
		{name: "trailing data", method: "POST", target: offerURL, body: offer + `{}`, status: 400, must: []string{"request.not-json"}},
		{name: "byte order mark", method: "POST", target: offerURL, body: "\xef\xbb\xbf" + offer, status: 400, must: []string{"request.not-json", "byte order mark"}},
		{name: "invalid UTF-8", method: "POST", target: offerURL, body: "{\"to\":\"\xff\"}", status: 400, must: []string{"request.not-json"}},
		{name: "overlong UTF-8", method: "POST", target: offerURL, body: "{\"to\":\"\xc0\xaf\"}", status: 400, must: []string{"request.not-json"}},
		{name: "duplicate key", method: "POST", target: offerURL, body: `{"to":"A","to":"B"}`, status: 400, must: []string{"request.duplicate-key", `"pointer":"/to"`}},
		{name: "duplicate key in another case", method: "POST", target: offerURL, body: `{"to":"A","To":"B"}`, status: 400, must: []string{"request.duplicate-key", `"pointer":"/To"`}},
		{name: "duplicate key deep inside", method: "POST", target: "/v1/shipments", body: `{"shipmentId":"S","terms":{"legs":[{"carrier":"A","feeMinor":1},{"carrier":"A","carrier":"B","feeMinor":1}]}}`, status: 400, must: []string{"request.duplicate-key", `"pointer":"/terms/legs/1/carrier"`}},
		{name: "too deep", method: "POST", target: offerURL, body: nested(20), status: 400, must: []string{"request.not-json", "nests deeper"}},
		{name: "deep as a well", method: "POST", target: offerURL, body: nested(100_000), status: 400, must: []string{"request.not-json"}},
		{name: "fraction", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":1.5,"reserve":"x"}`, status: 400, must: []string{"request.invalid", "/amountMinor"}},
		{name: "exponent", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":1e3,"reserve":"x"}`, status: 400, must: []string{"request.invalid"}},
		{name: "endless number", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":1e309,"reserve":"x"}`, status: 400, must: []string{"request.invalid"}},
		{name: "minus zero", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":-0,"reserve":"x"}`, status: 400, must: []string{"request.invalid"}},
		{name: "beyond 53 bits", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":9007199254740993,"reserve":"x"}`, status: 400, must: []string{"request.invalid"}},
		{name: "leading zero", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":01,"reserve":"x"}`, status: 400, must: []string{"request.not-json"}},
		{name: "NaN", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":NaN,"reserve":"x"}`, status: 400, must: []string{"request.not-json"}},

		// Bodies that do not fit the schema.
		{name: "no body", method: "POST", target: offerURL, status: 400, must: []string{"request.schema", "required"}},
		{name: "missing field", method: "POST", target: offerURL, body: `{}`, status: 400, must: []string{"request.schema", `"pointer":"/to"`}},
		{name: "unknown field", method: "POST", target: offerURL, body: `{"to":"A","from":"B"}`, status: 400, must: []string{"request.schema", "from"}},
		{name: "field in another case", method: "POST", target: offerURL, body: `{"To":"A"}`, status: 400, must: []string{"request.schema", "To"}},
		{name: "wrong type", method: "POST", target: offerURL, body: `{"to":17}`, status: 400, must: []string{"request.schema", `"pointer":"/to"`}},
		{name: "null field", method: "POST", target: offerURL, body: `{"to":null}`, status: 400, must: []string{"request.schema", `"pointer":"/to"`}},
		{name: "bad id", method: "POST", target: offerURL, body: `{"to":"a b"}`, status: 400, must: []string{`"pointer":"/to"`}},
		{name: "id of invisible characters", method: "POST", target: offerURL, body: "{\"to\":\"A\u200bB\"}", status: 400, must: []string{`"pointer":"/to"`}},
		{name: "id with NUL", method: "POST", target: offerURL, body: `{"to":"A\u0000B"}`, status: 400, must: []string{`"pointer":"/to"`}},
		{name: "id is too long", method: "POST", target: offerURL, body: `{"to":"` + strings.Repeat("a", 97) + `"}`, status: 400, must: []string{`"pointer":"/to"`}},
		{name: "unknown role", method: "POST", target: "/v1/organisations", body: `{"mspId":"X","name":"x","roles":["king"]}`, status: 400, must: []string{`"pointer":"/roles/0"`}},
		{name: "negative amount", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"USD","amountMinor":-1,"reserve":"x"}`, status: 400, must: []string{`"pointer":"/amountMinor"`}},
		{name: "currency in lower case", method: "POST", target: "/v1/tokens/issues", body: `{"currency":"usd","amountMinor":1,"reserve":"x"}`, status: 400, must: []string{`"pointer":"/currency"`}},
		{name: "body where there is none", method: "POST", target: "/v1/shipments/S1/settlement", body: `{"force":true}`, status: 400, must: []string{"request.schema", "force"}},
		{name: "body of a question", method: "GET", target: "/v1/ledger", body: `{}`, status: 400, must: []string{"request.schema"}},
		{name: "17 envelopes", method: "POST", target: "/v1/shipments/S1/segments", body: `{"deviceId":"D1","envelopes":[` + strings.TrimSuffix(strings.Repeat(`{"payloadType":"t","payload":"","signatures":[{"keyid":"`+strings.Repeat("0", 64)+`","sig":""}]},`, 17), ",") + `]}`, status: 400, must: []string{`"pointer":"/envelopes"`}},

		// Addresses and headers.
		{name: "bad id in the path", method: "GET", target: "/v1/shipments/a%20b", status: 400, must: []string{"request.id-invalid", `"parameter":"shipmentId"`}},
		{name: "path that climbs", method: "GET", target: "/v1/shipments/..%2f..%2fetc", status: 404},
		{name: "bad currency in the path", method: "GET", target: "/v1/accounts/X/usd", status: 400, must: []string{`"parameter":"currency"`}},
		{name: "limit 0", method: "GET", target: "/v1/organisations?limit=0", status: 400, must: []string{`"parameter":"limit"`}},
		{name: "limit 201", method: "GET", target: "/v1/organisations?limit=201", status: 400, must: []string{`"parameter":"limit"`}},
		{name: "limit is text", method: "GET", target: "/v1/organisations?limit=ten", status: 400, must: []string{`"parameter":"limit"`}},
		{name: "a semicolon in the query", method: "GET", target: "/v1/organisations?limit=1;cursor=x", status: 400, must: []string{"the query cannot be read"}},
		{name: "a broken escape in the query", method: "GET", target: "/v1/organisations?limit=%zz", status: 400, must: []string{"the query cannot be read"}},
		{name: "limit twice", method: "GET", target: "/v1/organisations?limit=1&limit=2", status: 400, must: []string{"more than once"}},
		{name: "cursor of another form", method: "GET", target: "/v1/organisations?cursor=a%00b", status: 400, must: []string{`"parameter":"cursor"`}},
		{name: "empty cursor", method: "GET", target: "/v1/organisations?limit=2&cursor=", status: 200},
		{name: "misspelt parameter", method: "GET", target: "/v1/organisations?limt=1", status: 400, must: []string{`"parameter":"limt"`}},
		{name: "idempotency key too long", method: "POST", target: offerURL, body: offer, headers: []string{"Idempotency-Key", strings.Repeat("k", 65)}, status: 400, must: []string{"request.idempotency-key-invalid"}},
		{name: "idempotency key with a blank", method: "POST", target: offerURL, body: offer, headers: []string{"Idempotency-Key", "a b"}, status: 400, must: []string{"request.idempotency-key-invalid"}},
		{name: "oversized body", method: "POST", target: offerURL, body: `{"to":"` + long + `"}`, status: 413, must: []string{"request.too-large"}, mustNot: []string{"xxxxxxxx"}},
		{name: "wrong content type", method: "POST", target: offerURL, body: offer, headers: []string{"Content-Type", "text/plain"}, status: 415, must: []string{"request.media-type"}},
		{name: "no content type", method: "POST", target: offerURL, body: offer, headers: []string{"Content-Type", ""}, status: 415},
		{name: "form", method: "POST", target: offerURL, body: "to=A", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415},
		{name: "another charset", method: "POST", target: offerURL, body: offer, headers: []string{"Content-Type", "application/json; charset=utf-16"}, status: 415},
		{name: "UTF-8 said", method: "POST", target: offerURL, body: offer, headers: []string{"Content-Type", "application/json; charset=UTF-8"}, status: 200},
		{name: "compressed", method: "POST", target: offerURL, body: offer, headers: []string{"Content-Encoding", "gzip"}, status: 415},
		{name: "takes XML only", method: "GET", target: "/v1/ledger", headers: []string{"Accept", "application/xml"}, status: 406, must: []string{"request.not-acceptable"}},
		{name: "takes no JSON", method: "GET", target: "/v1/ledger", headers: []string{"Accept", "text/html, application/json;q=0"}, status: 406},
		{name: "takes everything", method: "GET", target: "/v1/ledger", headers: []string{"Accept", "text/html, */*;q=0.1"}, status: 200},
		{name: "unknown route", method: "GET", target: "/v1/nothing", status: 404, must: []string{"request.route-unknown"}},
		{name: "outside", method: "GET", target: "/", status: 404, must: []string{"request.route-unknown"}},
		{name: "trailing slash", method: "GET", target: "/v1/ledger/", status: 404},
		{name: "wrong method", method: "DELETE", target: "/v1/shipments/S1", status: 405, must: []string{"request.method-not-allowed"}, header: "Allow: GET"},
		{name: "patch", method: "PATCH", target: "/v1/organisations", body: "{}", status: 405, must: []string{"request.method-not-allowed"}},

		// Who may.
		{name: "no token", method: "GET", target: "/v1/ledger", headers: []string{"Authorization", ""}, status: 401, must: []string{"request.unauthenticated"}, header: `WWW-Authenticate: Bearer realm="lifeledger", error="invalid_token"`},
		{name: "bad token", method: "GET", target: "/v1/ledger", headers: []string{"Authorization", "Bearer expired-7f3a"}, status: 401, must: []string{"request.unauthenticated"}, mustNot: []string{"expired-7f3a"}},
		{name: "token of another organisation", method: "GET", target: "/v1/ledger", headers: []string{"Authorization", "Bearer foreign"}, status: 403, must: []string{"request.role-missing", "ShipperMSP"}},
		{name: "token without roles", method: "GET", target: "/v1/ledger", headers: []string{"Authorization", "Bearer nobody"}, status: 403, must: []string{"request.role-missing"}},
		{name: "auditor reads", method: "GET", target: "/v1/shipments/S1/excursions", headers: []string{"Authorization", "Bearer auditor"}, status: 200},
		{name: "auditor writes", method: "POST", target: offerURL, body: offer, headers: []string{"Authorization", "Bearer auditor"}, status: 403, must: []string{"request.role-missing", "OfferOwnership", `"roles":"operator, admin"`}},
		{name: "device settles", method: "POST", target: "/v1/shipments/S1/settlement", headers: []string{"Authorization", "Bearer device"}, status: 403},
		{name: "device reads an account", method: "GET", target: "/v1/accounts/X/USD", headers: []string{"Authorization", "Bearer device"}, status: 403},
		{name: "the body is not looked at before the token", method: "POST", target: offerURL, body: long, headers: []string{"Authorization", ""}, status: 401},
	}
}

func operations(w *world) {
	w.operations.found = map[string]Outcome{
		"op-2": {ID: "op-2", Principal: "operator@shipper", State: api.Committed, TransactionID: "tx-2", Block: 7, Result: []byte(`{"a":1}`)},
		"op-3": {ID: "op-3", Principal: "operator@shipper", State: api.Failed, Err: fault.New(fault.CodeShipmentStatus, "settled")},
		"op-4": {ID: "op-4", Principal: "device@shipper", State: api.Pending},
	}
}

func TestScenarios(t *testing.T) {
	for _, c := range scenarios() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.setup != nil {
				c.setup(w)
			}
			res := w.send(t, c.method, c.target, c.body, c.headers...)
			body := text(t, res)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", res.StatusCode, c.status, body)
			}
			for _, m := range c.must {
				if !strings.Contains(body, m) {
					t.Errorf("no %s in %s", m, body)
				}
			}
			for _, m := range c.mustNot {
				if strings.Contains(body, m) {
					t.Errorf("%s in %s", m, body)
				}
			}
			if name, value, ok := strings.Cut(c.header, ":"); ok && res.Header.Get(name) != strings.TrimSpace(value) {
				t.Errorf("%s: %q, want %q", name, res.Header.Get(name), value)
			}
			if c.status >= 400 && c.setup == nil && len(w.operations.writes)+len(w.ledger.asked) > 0 {
				t.Error("the ledger was asked")
			}
			if strings.Contains(w.log.String(), "Bearer") || strings.Contains(w.log.String(), "expired-7f3a") {
				t.Error("the token is in the log")
			}
			if res.StatusCode != http.StatusAccepted && len(body) > 4<<10 && c.status >= 400 {
				t.Errorf("a problem of %d bytes", len(body))
			}
		})
	}
}
