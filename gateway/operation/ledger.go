package operation

import (
	"context"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// Ledger is what operation needs of the network; [*fabric.Network] is one.
// Errors are [*fabric.Error] or the context's.
type Ledger interface {
	// Endorse collects endorsements and signs. It MUST NOT send anything to be
	// ordered: whatever its error, the ledger is unchanged.
	Endorse(ctx context.Context, tx api.Transaction, argument []byte, key string) (*fabric.Endorsed, error)
	// Submit sends a signed envelope to be ordered. Sending the same bytes again
	// MUST be harmless. Success says nothing about the outcome.
	Submit(ctx context.Context, envelope []byte) error
	// Wait waits for the transaction's first validation code other than
	// DUPLICATE_TXID. It MUST also find one that was committed shortly before the call.
	Wait(ctx context.Context, transactionID string) (fabric.Committed, error)
	// Status asks the peer whether the transaction is committed by now; false
	// without an error means that the peer does not know it.
	Status(ctx context.Context, transactionID string) (fabric.Committed, bool, error)
}
