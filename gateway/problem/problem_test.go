package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// The error table, one row for each line.
func TestTable(t *testing.T) {
	const retry, final = true, false
	for _, c := range []struct {
		name      string
		err       error
		status    int
		code      fault.Code
		retryable bool
		after     time.Duration
	}{
		{"malformed", fault.New(fault.CodeIDInvalid, "x"), 400, "request.id-invalid", final, 0},
		{"malformed at the edge", New(Malformed, "x"), 400, "request.schema", final, 0},
		{"unauthenticated", New(Unauthenticated, "x"), 401, "request.unauthenticated", final, 0},
		{"forbidden", fault.New(fault.CodeNotPermitted, "x"), 403, "participant.not-permitted", final, 0},
		{"forbidden by role", New(NotPermitted, "x"), 403, "request.role-missing", final, 0},
		{"denied by a peer", New(Denied, "x"), 403, "ledger.denied", final, 0},
		{"not found", fault.New(fault.CodeShipmentUnknown, "x"), 404, "shipment.unknown", final, 0},
		{"conflict", fault.New(fault.CodeShipmentStatus, "x"), 409, "shipment.status", final, 0},
		{"refused", fault.New(fault.CodeInsufficientFunds, "x"), 422, "settlement.insufficient-funds", final, 0},
		{"idempotency key reused", New(KeyReused, "x"), 422, "request.idempotency-key-reused", final, 0},
		{"idempotency key reused, says the ledger", fault.New(fault.CodeKeyReused, "x"), 422, "request.idempotency-key-reused", final, 0},
		{"same key in flight", New(KeyInFlight, "x"), 409, "request.idempotency-key-in-flight", retry, time.Second},
		{"rate limit", New(RateLimited, "x"), 429, "request.rate-limited", retry, time.Second},
		{"contended", New(Contended, "x"), 409, "ledger.contended", retry, time.Second},
		{"busy", New(Busy, "x"), 503, "ledger.busy", retry, time.Second},
		{"unreachable", New(Unreachable, "x"), 503, "ledger.unreachable", retry, 2 * time.Second},
		{"deadline before anything was sent", New(Deadline, "x"), 504, "ledger.deadline", retry, 0},
		{"deadline of the context", fmt.Errorf("x: %w", context.DeadlineExceeded), 504, "ledger.deadline", retry, 0},
		{"outcome unknown", New(OutcomeUnknown, "x"), 202, "ledger.outcome-unknown", final, time.Second},
		{"endorsement policy failure", New(PolicyFailure, "x"), 500, "ledger.policy-failure", final, 0},
		{"results do not match", New(Mismatch, "x"), 500, "ledger.mismatch", final, 0},
		{"peers are apart", New(Apart, "x"), 503, "ledger.peers-apart", retry, 2 * time.Second},
		{"rejected", New(Rejected, "x"), 500, "ledger.rejected", final, 0},
		{"internal", New(Internal, "x"), 500, "internal", final, 0},
		{"internal fault", fault.Wrap(errors.New("x"), "x"), 500, "internal", final, 0},
		{"untyped", errors.New("x"), 500, "internal", final, 0},
		{"unknown condition", New("new-one", "x"), 500, "internal", final, 0},

		{"route unknown", New(RouteUnknown, "x"), 404, "request.route-unknown", final, 0},
		{"operation unknown", New(OperationUnknown, "x"), 404, "operation.unknown", final, 0},
		{"method not allowed", New(MethodNotAllowed, "x"), 405, "request.method-not-allowed", final, 0},
		{"not acceptable", New(NotAcceptable, "x"), 406, "request.not-acceptable", final, 0},
		{"too large", New(TooLarge, "x"), 413, "request.too-large", final, 0},
		{"too large, says the chaincode", fault.New(fault.CodeTooLarge, "x"), 413, "request.too-large", final, 0},
		{"media type", New(MediaType, "x"), 415, "request.media-type", final, 0},
		{"cancelled", context.Canceled, 503, "request.cancelled", retry, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Of(fmt.Errorf("wrapped: %w", c.err), "req-1")
			if p.Status != c.status || p.Code != c.code || p.Retryable != c.retryable || p.RetryAfter != c.after {
				t.Errorf("got %d %s retryable=%v after=%v", p.Status, p.Code, p.Retryable, p.RetryAfter)
			}
			if p.Type != "/docs/problems#"+string(c.code) || p.Instance != "req-1" || p.Title == "" {
				t.Errorf("got type %q, instance %q, title %q", p.Type, p.Instance, p.Title)
			}
		})
	}
}

func TestAllFaultKindsHaveAStatus(t *testing.T) {
	want := map[fault.Kind]int{fault.Malformed: 400, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Refused: 422, fault.Internal: 500}
	for _, k := range fault.Kinds() {
		if got := StatusOf(&fault.Fault{Kind: k}); got != want[k] {
			t.Errorf("%s: %d, want %d", k, got, want[k])
		}
	}
}

func TestOurMistakesAreOpaque(t *testing.T) {
	secret := "cause-7f3a"
	for _, err := range []error{
		errors.New(secret),
		fault.Wrap(errors.New(secret), "at %s", secret),
		&fault.Fault{Kind: "new-kind", Code: "new.code", Detail: secret},
		&Error{Condition: Internal, Detail: secret, Params: []fault.Param{{Name: "a", Value: secret}}, Cause: errors.New(secret)},
		&Error{Condition: Mismatch, Detail: secret, Fields: []FieldError{{Detail: secret}}},
	} {
		b, _ := json.Marshal(Of(err, "req-1"))
		if strings.Contains(string(b), secret) {
			t.Errorf("%T shows its cause: %s", err, b)
		}
	}
}

func TestDocument(t *testing.T) {
	f := fault.New(fault.CodeInvalid, "reason must be 1 to 200 printable characters").With("field", "reason")
	b, err := json.Marshal(Of(f, "req-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"/docs/problems#request.invalid","title":"a field has a value that it cannot have","status":400,` +
		`"detail":"reason must be 1 to 200 printable characters","instance":"req-1","code":"request.invalid",` +
		`"params":{"field":"reason"},"errors":[{"parameter":"reason","detail":"reason must be 1 to 200 printable characters"}],"retryable":false}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
}

func TestCodesOfTheGatewayAreItsOwn(t *testing.T) {
	seen := map[fault.Code]bool{}
	for _, r := range Table() {
		if seen[r.Code] {
			t.Errorf("%s stands twice", r.Code)
		}
		seen[r.Code] = true
		if e, ok := catalogue[r.Code]; ok && StatusOf(&fault.Fault{Kind: e.Kind, Code: e.Code}) != r.Status {
			t.Errorf("%s is %d here and of kind %s on the ledger", r.Code, r.Status, e.Kind)
		}
	}
}
