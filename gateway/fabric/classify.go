package fabric

import (
	"context"
	"errors"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// What Fabric says only in words. Each is quoted from the source of Fabric v3.1
// and stands in testdata/peer-errors.
const (
	saysConcurrency = "exceeding concurrency limit"              // grpc_limiters.go; code Unknown
	saysMismatch    = "ProposalResponsePayloads do not match"    // gateway/endorsement.go
	saysNoPeers     = "no combination of peers can be derived"   // discovery/endorsement
	saysUnavailable = "due to unavailability of peers"           // gateway/registry.go
	saysNoEndorsers = "failed to find any endorsing peers"       // gateway/registry.go
	saysNoEvaluator = "no peers available to evaluate"           // gateway/registry.go
	saysDenied      = "access denied"                            // core/endorser/msgvalidation.go
	saysExpired     = "identity expired"                         // core/handlers/auth/filter
	saysClock       = "unauthorized due to incorrect timestamp"  // core/handlers/auth/filter
	saysForbidden   = "status=FORBIDDEN"                         // gateway/submit.go
	saysTimeout     = "timeout expired while executing"          // core/chaincode/handler.go
	saysStarting    = "timeout expired while starting chaincode" // core/chaincode/runtime_launcher.go
	saysLaunch      = "could not launch chaincode"               // core/chaincode/chaincode_support.go
	saysUnconnected = "connection error"                         // grpc, inside a peer's message
	saysRefusedConn = "connection refused"
	saysNoLeader    = "no Raft leader"
	saysRPC         = "rpc error: code = " // grpc's words for a status inside a message
	saysDeadline    = "context deadline exceeded"
)

// classify turns any error of a call into an [*Error]. The caller's own
// cancelled context is passed through: nobody is there to be told.
func classify(ctx context.Context, stage Stage, txid string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	st := statusOf(err)
	e := &Error{Stage: stage, TransactionID: txid, Peers: peersOf(st), cause: err}
	if f, ok := faultOf(stage, st, e.Peers); ok {
		e.Condition, e.Fault = Refused, f
		return e
	}
	e.Condition = conditionOf(stage, st, e.Peers)
	return e
}

func statusOf(err error) *status.Status {
	if st, ok := status.FromError(err); ok {
		return st
	}
	return status.FromContextError(err)
}

func peersOf(st *status.Status) []PeerMessage {
	var all []PeerMessage
	for _, d := range st.Details() {
		if d, ok := d.(*gateway.ErrorDetail); ok {
			all = append(all, PeerMessage{d.GetMspId(), d.GetAddress(), d.GetMessage()})
		}
	}
	return all
}

// faultOf finds the chaincode's fault: in the status of an evaluation, in the
// details of an endorsement. The words of an orderer are never one.
func faultOf(stage Stage, st *status.Status, peers []PeerMessage) (*fault.Fault, bool) {
	if stage != Evaluate && stage != Endorse {
		return nil, false
	}
	for _, p := range peers {
		if f, ok := fault.Parse(p.Message); ok {
			return f, true
		}
	}
	return fault.Parse(st.Message())
}

func conditionOf(stage Stage, st *status.Status, peers []PeerMessage) Condition {
	text := st.Message()
	switch st.Code() {
	case codes.Unknown:
		if strings.Contains(text, saysConcurrency) {
			return Busy
		}
	case codes.ResourceExhausted:
		if stage == Submit || stage == Endorse {
			return Rejected // a message larger than gRPC takes: the same bytes will never pass
		}
	case codes.PermissionDenied, codes.Unauthenticated:
		return Denied
	case codes.DeadlineExceeded, codes.Canceled:
		if stage == Submit || stage == CommitStatus {
			return OutcomeUnknown
		}
		return Deadline
	case codes.Unavailable:
		if stage == Submit && !strings.Contains(text, "orderer") {
			return OutcomeUnknown // the connection broke, perhaps after the peer had sent it on
		}
		return ofPeers(peers, Unreachable) // a peer's own refusal of a client also comes as Unavailable
	case codes.FailedPrecondition:
		return ofWords(text, Unreachable)
	case codes.InvalidArgument:
		return Internal
	case codes.Aborted:
		return ofAborted(stage, text, peers)
	}
	return ofWords(text, Internal)
}

// ofAborted reads the code with which a peer's gateway says that others failed.
func ofAborted(stage Stage, text string, peers []PeerMessage) Condition {
	if stage == Submit {
		if strings.Contains(text, saysForbidden) {
			return Denied
		}
		return Rejected // "received unsuccessful response from orderer: status=4xx"
	}
	if stage == CommitStatus {
		return OutcomeUnknown
	}
	if len(peers) == 0 {
		return ofWords(text, Internal)
	}
	return ofPeers(peers, Internal)
}

// ofPeers reads what single peers said: the gravest decides. otherwise stands for
// what is not recognised, and for no peers at all.
func ofPeers(peers []PeerMessage, otherwise Condition) Condition {
	found := make(map[Condition]bool, len(peers))
	for _, p := range peers {
		found[ofWords(p.Message, otherwise)] = true
	}
	for _, c := range []Condition{Mismatch, Denied, Internal, Deadline, Busy, Unreachable} {
		if found[c] {
			return c
		}
	}
	return otherwise
}

// ofWords reads one message; otherwise is the answer when nothing is recognised.
func ofWords(text string, otherwise Condition) Condition {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has(saysMismatch):
		return Mismatch
	case has(saysConcurrency):
		return Busy
	case has(saysDenied, saysExpired, saysClock):
		return Denied
	case has(saysNoPeers, saysUnavailable, saysNoEndorsers, saysNoEvaluator, saysLaunch, saysStarting, saysNoLeader):
		return Unreachable
	case has(saysRPC+"Unavailable", saysRPC+"Canceled", saysUnconnected, saysRefusedConn):
		return Unreachable
	case has(saysTimeout, saysRPC+"DeadlineExceeded", saysDeadline):
		return Deadline
	default:
		return otherwise
	}
}

// ofCode turns a validation code other than VALID into an error.
func ofCode(txid string, code peer.TxValidationCode) *Error {
	e := &Error{Stage: Commit, TransactionID: txid, Code: code.String()}
	switch code {
	case peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_PHANTOM_READ_CONFLICT:
		e.Condition = Contended
	case peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:
		e.Condition = PolicyFailure
	default:
		e.Condition = Rejected
	}
	return e
}

// inDoubt reports whether the error may come from one peer being a block behind
// the others rather than from what was asked: peers disagree about the result, or
// only some of those asked refuse. asked is 0 when the peer chose the endorsers.
func inDoubt(e *Error, asked int) bool {
	switch e.Condition {
	case Mismatch:
		return true
	case Refused:
		if asked == 0 || e.Stage != Endorse {
			return false
		}
		if len(e.Peers) < asked {
			return true
		}
		for _, p := range e.Peers {
			if f, ok := fault.Parse(p.Message); ok && f.Code != e.Fault.Code {
				return true
			}
		}
	}
	return false
}
