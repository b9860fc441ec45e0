package ledger

import (
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Tx is one transaction's view of the ledger. It lives for one invocation and
// is used by one goroutine.
//
// A read sees the state as committed before the transaction: Fabric has no
// read-your-own-writes. So reading a key after writing it, or writing it twice,
// is refused as a mistake in our program. Every such mistake also makes [Tx.Close]
// fail, so that an ignored error cannot commit half a transaction.
type Tx struct {
	stub     shim.ChaincodeStubInterface
	caller   Caller
	now      time.Time
	ledgerID string

	readOnly bool
	closed   bool
	err      error // the first programming mistake; sticky

	read      map[string]bool // keys in the read set; never iterated
	written   map[string]bool // keys in writes; never iterated
	protected map[string]bool // keys in policies; never iterated
	writes    []write
	policies  []write
	event     *Envelope
	atEnd     []func() error
}

// write is one pending change: a value (nil removes the record), or a key's endorsement policy.
type write struct {
	key   string
	value []byte
}

// Open reads who calls, when, and which ledger this is. An identity that cannot
// be read is an error, never an empty caller.
func Open(stub shim.ChaincodeStubInterface) (*Tx, error) {
	caller, err := readCaller(stub)
	if err != nil {
		return nil, err
	}
	now, err := readClock(stub)
	if err != nil {
		return nil, err
	}
	id, err := readLedgerID(stub)
	if err != nil {
		return nil, err
	}
	return (&Tx{stub: stub, caller: caller, now: now, ledgerID: id}).Again(), nil
}

// Again is the transaction's view as it was when it was opened, for the next of several
// questions.
func (t *Tx) Again() *Tx {
	return &Tx{
		stub: t.stub, caller: t.caller, now: t.now, ledgerID: t.ledgerID,
		read: make(map[string]bool), written: make(map[string]bool), protected: make(map[string]bool),
	}
}

// ID is the transaction's id.
func (t *Tx) ID() string { return t.stub.GetTxID() }

// Caller is who signed the proposal.
func (t *Tx) Caller() Caller { return t.caller }

// LedgerID names this ledger in signed material: "<channel>/<chaincode name>".
//
// The name is the one that the client's signed proposal asks for. When another
// chaincode calls this one it is that chaincode's name, so material signed for
// this ledger is then refused: the mistake is on the safe side.
func (t *Tx) LedgerID() string { return t.ledgerID }

// ReadOnly marks the transaction as one that changes nothing: from here on every
// write and the event are refused, and [List] is allowed.
func (t *Tx) ReadOnly() {
	if len(t.writes) > 0 || len(t.policies) > 0 || t.event != nil {
		_ = t.mistake("a transaction that has written cannot become read-only")
	}
	t.readOnly = true
}

// AtEnd has something stored as the transaction is closed: records that several
// parts of it change, each of which knows nothing of the others, are written once.
func (t *Tx) AtEnd(store func() error) { t.atEnd = append(t.atEnd, store) }

// Close hands the collected writes and the event to the peer. It is called once,
// after the last write; without it nothing is written.
func (t *Tx) Close() error {
	if t.err != nil {
		return t.err
	}
	if t.closed {
		return t.mistake("transaction closed twice")
	}
	for _, store := range t.atEnd {
		if err := store(); err != nil {
			return err
		}
	}
	if t.err != nil {
		return t.err
	}
	if len(t.writes) > 0 && len(t.read) == 0 {
		// A transaction with an empty read set never conflicts: an old envelope,
		// endorsed long ago, could be submitted at any time and would be valid.
		return t.mistake("transaction writes without having read a head")
	}
	t.closed = true
	if t.readOnly {
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.emit()
}

// flush sends all writes in one message where the peer can take a batch, and
// one by one where it cannot: the shim knows which. The peer sorts the write
// set by key, so the order of sending is not part of the result.
func (t *Tx) flush() error {
	if len(t.writes) == 0 && len(t.policies) == 0 {
		return nil
	}
	t.stub.StartWriteBatch()
	for _, w := range t.writes {
		var err error
		if w.value == nil {
			err = t.stub.DelState(w.key)
		} else {
			err = t.stub.PutState(w.key, w.value)
		}
		if err != nil {
			return fault.Wrap(err, "write state")
		}
	}
	for _, p := range t.policies {
		if err := t.stub.SetStateValidationParameter(p.key, p.value); err != nil {
			return fault.Wrap(err, "write endorsement policy")
		}
	}
	if err := t.stub.FinishWriteBatch(); err != nil {
		return fault.Wrap(err, "write state")
	}
	return nil
}

// mistake records a mistake of our program; the first one wins.
func (t *Tx) mistake(format string, args ...any) error {
	f := fault.New(fault.CodeInternal, format, args...)
	if t.err == nil {
		t.err = f
	}
	return f
}

// mayWrite refuses any change in a transaction that cannot change anything.
func (t *Tx) mayWrite() error {
	switch {
	case t.closed:
		return t.mistake("write after the transaction was closed")
	case t.readOnly:
		return t.mistake("write in a read-only transaction")
	}
	return nil
}
