package fabric

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Condition says what an error of the network means for the caller. The set is
// closed: gateway/problem has one row for each.
type Condition string

// The conditions, one for each row of the error table.
const (
	// Refused: the chaincode answered with a fault; Error.Fault holds it.
	Refused Condition = "refused"
	// Contended: another transaction was faster (MVCC or phantom conflict).
	// Nothing was written; endorsing anew may succeed.
	Contended Condition = "contended"
	// Busy: the peer, or this gateway, has too much to do. Nothing was sent on.
	Busy Condition = "busy"
	// Unreachable: too few peers or orderers answer. Nothing was written.
	Unreachable Condition = "unreachable"
	// Deadline: no answer in time, before anything was sent to be ordered.
	Deadline Condition = "deadline"
	// OutcomeUnknown: the transaction was sent, and may or may not be committed.
	OutcomeUnknown Condition = "outcome-unknown"
	// Denied: a peer or orderer refuses this gateway's own identity.
	Denied Condition = "denied"
	// PolicyFailure: committed as invalid for want of endorsements; the endorsers
	// that endorsers.go names and the ledger's policies have drifted apart.
	PolicyFailure Condition = "policy-failure"
	// Mismatch: peers endorsed different results; the chaincode is not deterministic.
	Mismatch Condition = "mismatch"
	// Apart: peers that were asked the same went on giving different answers, as when
	// one of them is behind.
	Apart Condition = "apart"
	// Rejected: the transaction can never be committed as it stands (an orderer
	// calls it malformed, or peers found it invalid for a reason of their own).
	Rejected Condition = "rejected"
	// Internal: anything else. Nobody outside is shown more than an id.
	Internal Condition = "internal"
)

// Conditions lists every condition.
func Conditions() []Condition {
	return []Condition{
		Refused, Contended, Busy, Unreachable, Deadline, OutcomeUnknown,
		Denied, PolicyFailure, Mismatch, Apart, Rejected, Internal,
	}
}

// Stage is the step of a transaction at which an error came up.
type Stage string

// The stages in the order in which a transaction passes them; Evaluate stands alone.
const (
	Evaluate     Stage = "evaluate"
	Endorse      Stage = "endorse"
	Submit       Stage = "submit"
	CommitStatus Stage = "commit-status"
	Commit       Stage = "commit"
)

// PeerMessage is what one peer or orderer said. It is for operators only.
type PeerMessage struct {
	Organisation string `json:"organisation"`
	Address      string `json:"address"`
	Message      string `json:"message"`
}

// Error is the one error type of the package.
type Error struct {
	Condition     Condition
	Stage         Stage
	Fault         *fault.Fault // set if and only if Condition is Refused
	TransactionID string       // "" where there is none yet
	Code          string       // the validation code's name, at stage Commit
	Peers         []PeerMessage
	Attempts      int // how often the gateway tried; 0 if that was not counted
	cause         error
}

// NewError makes an error of a condition, for package operation and for fakes.
func NewError(c Condition, s Stage, cause error) *Error {
	return &Error{Condition: c, Stage: s, cause: cause}
}

// RefusedBy makes the error of a chaincode's fault.
func RefusedBy(f *fault.Fault) *Error {
	return &Error{Condition: Refused, Stage: Endorse, Fault: f}
}

// Error is for logs; it may hold what peers said.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Stage))
	b.WriteString(": ")
	b.WriteString(string(e.Condition))
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.TransactionID != "" {
		b.WriteString(" (transaction " + e.TransactionID + ")")
	}
	switch {
	case e.Fault != nil:
		b.WriteString(": " + e.Fault.Error())
	case e.cause != nil:
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the fault, so that errors.As finds it, and the cause for logs.
func (e *Error) Unwrap() []error {
	var all []error
	if e.Fault != nil {
		all = append(all, e.Fault)
	}
	if e.cause != nil {
		all = append(all, e.cause)
	}
	return all
}

// Retryable reports whether the same request may succeed when it is sent again
// unchanged, and whether that is safe: nothing of it can have been committed.
func (e *Error) Retryable() bool {
	switch e.Condition {
	case Contended, Busy, Unreachable, Deadline, Apart:
		return true
	default:
		return false
	}
}
