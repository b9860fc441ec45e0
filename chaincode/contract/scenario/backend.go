package scenario

import (
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

// Backend is a ledger with the chaincode on it. An error that is a refusal has
// the fault in its text, as a peer gives it.
type Backend interface {
	// Submit sends the arguments as the organisation and waits for the commit.
	Submit(org string, args ...string) (*Outcome, error)
	// Evaluate asks without changing anything.
	Evaluate(org string, args ...string) ([]byte, error)
	// Now is a time that the ledger's peers accept as the present.
	Now() time.Time
	// Ledger is the ledger's name in signed material.
	Ledger() string
}

// Outcome is what a committed transaction did.
type Outcome struct {
	Result []byte
	Event  *peer.ChaincodeEvent // nil when there is none
	RWSet  *kvrwset.KVRWSet
}

// Fake is the in-memory ledger as a backend. Every block moves its clock on.
type Fake struct{ Memory *ledgertest.Ledger }

// NewFake is an empty ledger with the chaincode on it.
func NewFake(cc shim.Chaincode) Fake { return NewFakeOf(cc, DefaultCast()) }

// NewFakeOf is one whose peers belong to a cast.
func NewFakeOf(cc shim.Chaincode, c Cast) Fake {
	return Fake{ledgertest.New(cc, ledgertest.Options{Step: time.Second, Orgs: c.Organisations()})}
}

// Submit endorses at every organisation and commits one block.
func (f Fake) Submit(org string, args ...string) (*Outcome, error) {
	r, err := f.Memory.Submit(Client(org), args[0], args[1:]...)
	if err != nil {
		return nil, err
	}
	return &Outcome{Result: r.Tx.Response.GetPayload(), Event: r.Tx.Event, RWSet: r.Tx.RWSet}, nil
}

// Evaluate runs a call and commits nothing.
func (f Fake) Evaluate(org string, args ...string) ([]byte, error) {
	return f.Memory.Evaluate(Client(org), args[0], args[1:]...)
}

// Wait moves the ledger's clock on.
func (f Fake) Wait(d time.Duration) { f.Memory.Advance(d) }

// Now is the ledger's clock.
func (f Fake) Now() time.Time { return f.Memory.Now() }

// Ledger is the name that ledgertest has by default.
func (Fake) Ledger() string { return "lifeledger/lifeledger" }

// Client is the identity that calls for an organisation on the fake.
func Client(org string) ledgertest.Identity { return ledgertest.Identity{MSPID: org, Name: "gateway"} }
