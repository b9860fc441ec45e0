package httpapi

import (
	"context"
	"encoding/json"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/kept"
)

// Ledger answers questions. Its errors are [*fault.Fault], [*problem.Error] or
// the context's; anything else is shown as an internal error.
type Ledger interface {
	// Ask asks the organisation's own peer, or answers what that peer said before to
	// the same question since its last block; fresh: only the peer will do.
	Ask(ctx context.Context, tx ledgerapi.Transaction, argument []byte, fresh bool) (LedgerAnswer, error)
	// Notarise has a question answered and signed by a peer of each of the organisations,
	// of all for none; the answer is a file of package notary. tx MUST be one of notary.Notarised.
	Notarise(ctx context.Context, tx ledgerapi.Transaction, argument []byte, organisations []string) ([]byte, error)
	// Moment is the state of the ledger that timeless answers may be kept for: the same
	// question has the same answer for as long as it is the same. false: nothing may be kept now.
	Moment() (kept.Moment, bool)
	// Ready proves that each configured organisation's endorsement can be had;
	// nil stands for yes.
	Ready(ctx context.Context) map[string]error
}

// LedgerAnswer is what the ledger said; it MUST NOT be changed.
type LedgerAnswer struct {
	Result []byte
	Height uint64 // the answer is as new as that at least; 0: not known
}

// Operations carries writes out, each exactly once. Errors are as [Ledger]'s.
type Operations interface {
	// Do waits for the outcome; a write whose outcome is not known when the wait is
	// over is pending, which is no error. A refusal is an error.
	Do(ctx context.Context, w Write) (Outcome, error)
	// Start takes the write on durably and answers at once.
	Start(ctx context.Context, w Write) (Outcome, error)
	// Get finds an operation; it MUST answer with problem.OperationUnknown when there is none.
	Get(ctx context.Context, id string) (Outcome, error)
}

// Authenticator says who is asking, from the value of the Authorization header.
// Its errors are shown and MUST NOT hold anything of the token.
type Authenticator interface {
	Verify(ctx context.Context, authorization string) (authn.Principal, error)
}

// Write is one transaction to be carried out.
type Write struct {
	Transaction ledgerapi.Transaction
	Argument    []byte   // the one JSON argument
	Entities    []string // queue keys; the first is the head that is written
	Key         string   // the client's Idempotency-Key, or ""
	Principal   string
}

// Outcome is how far a write has come.
type Outcome struct {
	ID            string
	Principal     string
	Transaction   ledgerapi.Transaction
	State         api.OperationState
	TransactionID string
	Block         uint64
	Result        json.RawMessage // once committed
	Err           error           // once failed
	Replayed      bool            // it is the answer to an earlier request with the same key
}
