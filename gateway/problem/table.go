package problem

import (
	"net/http"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Condition is an error that is not the chaincode's: the gateway's own, or the
// network's. Those of the network have the names of package gateway/fabric.
type Condition string

// The conditions.
const (
	// The gateway's own.
	Malformed        Condition = "malformed"
	Unauthenticated  Condition = "unauthenticated"
	NotPermitted     Condition = "not-permitted"
	RouteUnknown     Condition = "route-unknown"
	OperationUnknown Condition = "operation-unknown"
	MethodNotAllowed Condition = "method-not-allowed"
	NotAcceptable    Condition = "not-acceptable"
	KeyInFlight      Condition = "key-in-flight"
	TooLarge         Condition = "too-large"
	MediaType        Condition = "media-type"
	KeyReused        Condition = "key-reused"
	RateLimited      Condition = "rate-limited"
	Cancelled        Condition = "cancelled"
	ParkedUnknown    Condition = "parked-unknown"
	ModelBehind      Condition = "model-behind"
	ModelAway        Condition = "model-away"

	// The network's.
	Denied         Condition = "denied"
	Contended      Condition = "contended"
	Busy           Condition = "busy"
	Unreachable    Condition = "unreachable"
	Deadline       Condition = "deadline"
	OutcomeUnknown Condition = "outcome-unknown"
	PolicyFailure  Condition = "policy-failure"
	Mismatch       Condition = "mismatch"
	Apart          Condition = "apart"
	Rejected       Condition = "rejected"
	Internal       Condition = "internal"
)

// Row says what a condition is to a client.
type Row struct {
	Condition  Condition
	Code       fault.Code
	Status     int
	Retryable  bool // the same request may succeed later, and sending it again is safe
	RetryAfter time.Duration
	Says       string
}

// Table is the table of conditions. An outcome that is not known is no error:
// its row is what package httpapi answers with an operation.
func Table() []Row {
	const s = time.Second
	return []Row{
		{Malformed, fault.CodeSchema, http.StatusBadRequest, false, 0, "a field is missing, unknown, or of the wrong type"},
		{Unauthenticated, "request.unauthenticated", http.StatusUnauthorized, false, 0, "there is no valid access token"},
		{NotPermitted, "request.role-missing", http.StatusForbidden, false, 0, "the access token's roles do not allow this"},
		{RouteUnknown, "request.route-unknown", http.StatusNotFound, false, 0, "nothing is found at this address"},
		{OperationUnknown, "operation.unknown", http.StatusNotFound, false, 0, "no operation of this id is known; finished ones are forgotten after a while"},
		{MethodNotAllowed, "request.method-not-allowed", http.StatusMethodNotAllowed, false, 0, "this address does not take this method"},
		{NotAcceptable, "request.not-acceptable", http.StatusNotAcceptable, false, 0, "the client does not take what this address gives"},
		{KeyInFlight, "request.idempotency-key-in-flight", http.StatusConflict, true, s, "a request with this idempotency key is being carried out"},
		{TooLarge, fault.CodeTooLarge, http.StatusRequestEntityTooLarge, false, 0, "the request is larger than a transaction may be"},
		{MediaType, "request.media-type", http.StatusUnsupportedMediaType, false, 0, "the body is not application/json"},
		{KeyReused, fault.CodeKeyReused, http.StatusUnprocessableEntity, false, 0, "this idempotency key has been used for another request"},
		{RateLimited, "request.rate-limited", http.StatusTooManyRequests, true, s, "this principal asks more often than it may"},
		{Cancelled, "request.cancelled", http.StatusServiceUnavailable, true, s, "the request was cut off before it was carried out"},
		{ParkedUnknown, "read-model.parked-unknown", http.StatusNotFound, false, 0, "nothing of this id is parked"},
		{ModelBehind, "read-model.behind", http.StatusServiceUnavailable, true, s, "the read model has not reached the height that was asked for"},
		{ModelAway, "read-model.unavailable", http.StatusServiceUnavailable, true, 2 * s, "the read model's database cannot be reached"},

		{Denied, "ledger.denied", http.StatusForbidden, false, 0, "the ledger does not take this gateway's identity"},
		{Contended, "ledger.contended", http.StatusConflict, true, s, "others changed the same records at the same time; nothing was changed"},
		{Busy, "ledger.busy", http.StatusServiceUnavailable, true, s, "there is too much to do at this moment; nothing was changed"},
		{Unreachable, "ledger.unreachable", http.StatusServiceUnavailable, true, 2 * s, "an organisation that is needed cannot be reached; nothing was changed"},
		{Deadline, "ledger.deadline", http.StatusGatewayTimeout, true, 0, "the ledger did not answer in time; nothing was changed"},
		{OutcomeUnknown, "ledger.outcome-unknown", http.StatusAccepted, false, s, "the outcome is not yet known; the operation will say"},
		{PolicyFailure, "ledger.policy-failure", http.StatusInternalServerError, false, 0, "the transaction lacked an endorsement and changed nothing"},
		{Mismatch, "ledger.mismatch", http.StatusInternalServerError, false, 0, "the organisations' peers came to different results; nothing was changed"},
		{Apart, "ledger.peers-apart", http.StatusServiceUnavailable, true, 2 * s, "the organisations' peers give different answers, as when one of them is behind; ask again"},
		{Rejected, "ledger.rejected", http.StatusInternalServerError, false, 0, "the ledger did not take the transaction; nothing was changed"},
		{Internal, fault.CodeInternal, http.StatusInternalServerError, false, 0, "something went wrong on our side"},
	}
}

// RowOf gives a condition's row; an unknown condition is an internal error.
func RowOf(c Condition) Row {
	if r, ok := rows[c]; ok {
		return r
	}
	return rows[Internal]
}

var rows = func() map[Condition]Row {
	m := make(map[Condition]Row)
	for _, r := range Table() {
		m[r.Condition] = r
	}
	return m
}()

// StatusOf gives the status of a chaincode's fault: its kind decides, except
// that what is too large has a status of its own.
func StatusOf(f *fault.Fault) int {
	if f.Code == fault.CodeTooLarge {
		return http.StatusRequestEntityTooLarge
	}
	switch f.Kind {
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Refused:
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}
