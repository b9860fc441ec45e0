package operation

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// State is how far an operation has come.
type State string

// The states. Committed and Failed are for ever.
const (
	Pending   State = "pending"
	Committed State = "committed"
	Failed    State = "failed"
)

// Request is one transaction to be carried out exactly once.
type Request struct {
	Transaction api.Transaction
	Argument    []byte // the one JSON argument
	// Entities are queue keys such as "shipment/S1"; the first is the head that is
	// written. Operations that share an entity are endorsed one after the other.
	Entities []string
	// Key is the caller's Idempotency-Key; "" means the caller has none, and the
	// request is like no other.
	Key string
	// Principal is who asks. Keys of different principals never meet.
	Principal string
}

// Operation is a request and what became of it.
type Operation struct {
	ID            string
	Principal     string
	Key           string // as the caller gave it
	Transaction   api.Transaction
	State         State
	TransactionID string // of the last try
	Block         uint64 // 0 while not committed, or where the ledger did not say
	Result        json.RawMessage
	Err           *fabric.Error // set if and only if State is Failed
	Attempts      int           // endorsements that were submitted
	// Replayed: this answer is that of an earlier request with the same key.
	Replayed bool
	Created  time.Time
	Finished time.Time // zero while pending
}

// ErrUnknown: no operation of this id, or it finished so long ago that it was pruned.
var ErrUnknown = errors.New("no such operation")

// ErrClosed: the gateway is shutting down and takes nothing on.
var ErrClosed = errors.New("shutting down")
