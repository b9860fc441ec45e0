package ledgertest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Options configures a ledger; the zero value of a field is its default.
type Options struct {
	Channel   string        // "lifeledger"
	Chaincode string        // "lifeledger"
	Orgs      []string      // whose peers endorse; ManufacturerMSP, ServiceMSP, ShipperMSP
	Start     time.Time     // the clock's first reading; 2026-01-01T00:00:00Z
	Step      time.Duration // how far the clock moves with each block; 0
	Window    time.Duration // how far a proposal's time may be from the clock; 15 minutes
	TB        TB            // fails at once when two simulations differ; nil: an error only
	Rich      Rich          // answers rich queries as CouchDB would; nil: there are none, as on LevelDB
}

// Rich answers a rich query over the committed state: keys in order, and the bookmark
// of the next page.
type Rich interface {
	Find(documents map[string][]byte, query string, limit int32, bookmark string) (keys []string, next string, err error)
}

// TB is the part of testing.TB that the ledger uses; rapid.T has it too.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Func is a chaincode made of one function.
type Func func(stub shim.ChaincodeStubInterface) *peer.Response

// Init accepts; the product needs no initialisation.
func (f Func) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke calls the function.
func (f Func) Invoke(stub shim.ChaincodeStubInterface) *peer.Response { return f(stub) }

// Ledger is one channel with one chaincode. Its methods may be called from
// several goroutines; mu guards every field below it.
type Ledger struct {
	cc   shim.Chaincode
	opts Options

	mu     sync.RWMutex
	now    time.Time
	nonce  uint64
	ids    map[Identity]*credentials
	world  state
	height uint64
	txIDs  map[string]bool
	blocks [][]Result
}

// New is an empty ledger whose only block is the genesis block.
func New(cc shim.Chaincode, opts Options) *Ledger {
	if opts.Channel == "" {
		opts.Channel = "lifeledger"
	}
	if opts.Chaincode == "" {
		opts.Chaincode = "lifeledger"
	}
	if len(opts.Orgs) == 0 {
		opts.Orgs = []string{"ManufacturerMSP", "ServiceMSP", "ShipperMSP"}
	}
	if opts.Start.IsZero() {
		opts.Start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if opts.Window == 0 {
		opts.Window = 15 * time.Minute
	}
	return &Ledger{
		cc: cc, opts: opts, now: opts.Start, height: 1,
		ids: make(map[Identity]*credentials), world: newState(), txIDs: make(map[string]bool),
	}
}

// Call is one proposal. Zero Time is the ledger's clock; no Endorsers are all
// organisations; no Nonce is a fresh one.
type Call struct {
	As        Identity
	Fn        string
	Args      []string
	Endorsers []string
	Time      time.Time
	Nonce     []byte
	Transient map[string][]byte
}

// Tx is a simulated transaction. Only one with a response below 400 carries
// endorsements; any other is answered to the client and cannot become valid.
type Tx struct {
	ID        string
	Call      Call
	Time      time.Time
	Response  *peer.Response
	Event     *peer.ChaincodeEvent // nil when there is none
	RWSet     *kvrwset.KVRWSet     // sorted by key, as a peer's
	Endorsers []string
}

// Result is a transaction in a block.
type Result struct {
	Tx    *Tx
	Code  peer.TxValidationCode
	Block uint64
	Index uint64
}

// Valid reports whether the transaction changed the state.
func (r Result) Valid() bool { return r.Code == peer.TxValidationCode_VALID }

// ErrDiffers says that two simulations of one proposal gave different bytes: on a
// network, "ProposalResponsePayloads do not match".
var ErrDiffers = errors.New("simulations of one proposal differ")

// ChaincodeError is a response of 400 or more, worded as a peer words it.
type ChaincodeError struct {
	Status  int32
	Message string
}

func (e *ChaincodeError) Error() string {
	return fmt.Sprintf("chaincode response %d, %s", e.Status, e.Message)
}

// CommitError is a transaction that was ordered and found invalid.
type CommitError struct {
	TxID string
	Code peer.TxValidationCode
}

func (e *CommitError) Error() string {
	return fmt.Sprintf("transaction %s failed to commit with status code %d (%s)", e.TxID, int32(e.Code), e.Code)
}

// Propose simulates a call at every endorser, and at least twice. The error is
// about the proposal (time, duplicate id, determinism); what the chaincode thinks
// of it is in [Tx.Response] and [Tx.Err].
func (l *Ledger) Propose(c Call) (*Tx, error) {
	p, err := l.proposal(&c)
	if err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.admit(p); err != nil {
		return nil, err
	}
	var first *simulation
	for range max(2, len(c.Endorsers)) {
		s, err := l.simulate(p)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = s
			continue
		}
		if what := first.differs(s); what != "" {
			if l.opts.TB != nil {
				l.opts.TB.Helper()
				l.opts.TB.Fatalf("%s(%q): %v in their %s", c.Fn, c.Args, ErrDiffers, what)
			}
			return nil, fmt.Errorf("%s: %w in their %s", c.Fn, ErrDiffers, what)
		}
	}
	tx := &Tx{ID: p.txID, Call: c, Time: p.time, Response: first.response, Event: first.event, RWSet: first.rwset}
	if tx.Response.GetStatus() < shim.ERRORTHRESHOLD {
		tx.Endorsers = slices.Clone(c.Endorsers)
	}
	return tx, nil
}

// Endorse is [Ledger.Propose] at the named organisations, or at all.
func (l *Ledger) Endorse(as Identity, fn string, args []string, endorsers ...string) (*Tx, error) {
	return l.Propose(Call{As: as, Fn: fn, Args: args, Endorsers: endorsers})
}

// Submit endorses at every organisation and commits a block of this transaction
// alone. The error is the proposal's, the chaincode's or the commit's; the result
// is there whenever the chaincode has answered.
func (l *Ledger) Submit(as Identity, fn string, args ...string) (*Result, error) {
	tx, err := l.Endorse(as, fn, args)
	if err != nil {
		return nil, err
	}
	if err := tx.Err(); err != nil {
		return &Result{Tx: tx, Code: peer.TxValidationCode_NOT_VALIDATED}, err
	}
	r := l.Commit(tx)[0]
	if !r.Valid() {
		return &r, &CommitError{TxID: tx.ID, Code: r.Code}
	}
	return &r, nil
}

// Evaluate runs a call and commits nothing.
func (l *Ledger) Evaluate(as Identity, fn string, args ...string) ([]byte, error) {
	tx, err := l.Endorse(as, fn, args)
	if err != nil {
		return nil, err
	}
	return tx.Response.GetPayload(), tx.Err()
}

// Err is the chaincode's refusal, if it refused.
func (tx *Tx) Err() error {
	if tx.Response.GetStatus() < shim.ERRORTHRESHOLD {
		return nil
	}
	return &ChaincodeError{Status: tx.Response.GetStatus(), Message: tx.Response.GetMessage()}
}

// Size is what a transaction costs the peers: it must not grow with history.
type Size struct {
	Reads, RangeReads, Writes, Policies int
	Bytes                               int // the encoded read/write set
}

// Size measures the read/write set.
func (tx *Tx) Size() Size {
	s := Size{
		Reads: len(tx.RWSet.GetReads()), Writes: len(tx.RWSet.GetWrites()),
		Policies: len(tx.RWSet.GetMetadataWrites()), Bytes: proto.Size(tx.RWSet),
	}
	for _, q := range tx.RWSet.GetRangeQueriesInfo() {
		s.RangeReads += len(q.GetRawReads().GetKvReads())
	}
	return s
}

// Now is the ledger's clock, which every peer shares.
func (l *Ledger) Now() time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.now
}

// Advance moves the clock.
func (l *Ledger) Advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

// Height is the number of blocks, the genesis block included.
func (l *Ledger) Height() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.height
}

// State is the committed value of a raw key, nil when absent. See [Key].
func (l *Ledger) State(key string) []byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, _ := l.world.get(key)
	return bytes.Clone(e.value)
}

// Keys lists every committed key in key order.
func (l *Ledger) Keys() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.world.keys)
}

// Protectors lists the organisations that a key's own endorsement policy names,
// sorted; none when the key has no policy of its own.
func (l *Ledger) Protectors(key string) []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, _ := l.world.get(key)
	return policyOrgs(e.policy)
}

// Blocks lists the results of every block after genesis.
func (l *Ledger) Blocks() [][]Result {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.blocks)
}

// Events lists the events of all valid transactions in ledger order.
func (l *Ledger) Events() []*peer.ChaincodeEvent {
	var out []*peer.ChaincodeEvent
	for _, b := range l.Blocks() {
		for _, r := range b {
			if r.Valid() && r.Tx.Event != nil {
				out = append(out, r.Tx.Event)
			}
		}
	}
	return out
}

// Key is the raw key of a record; it panics on attributes no key can have.
func Key(objectType string, attrs ...string) string {
	key, err := shim.CreateCompositeKey(objectType, attrs)
	if err != nil {
		panic(err)
	}
	return key
}

// proposal fills the call's defaults and builds what the client would sign.
func (l *Ledger) proposal(c *Call) (*proposal, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(c.Endorsers) == 0 {
		c.Endorsers = slices.Clone(l.opts.Orgs)
	}
	for _, e := range c.Endorsers {
		if !slices.Contains(l.opts.Orgs, e) {
			return nil, fmt.Errorf("no peer of organisation %q", e)
		}
	}
	if c.Time.IsZero() {
		c.Time = l.now
	}
	if len(c.Nonce) == 0 {
		l.nonce++
		c.Nonce = binary.BigEndian.AppendUint64(make([]byte, 16), l.nonce)
	}
	cred, err := l.credentials(c.As)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(slices.Clone(c.Nonce), cred.creator...))
	return newProposal(l.opts, c, cred, hex.EncodeToString(sum[:]))
}

// admit is what a peer checks before it runs a proposal.
func (l *Ledger) admit(p *proposal) error {
	if off := p.time.Sub(l.now).Abs(); off > l.opts.Window {
		return fmt.Errorf("request unauthorized due to incorrect timestamp %s, peer time %s",
			p.time.UTC().Format(time.RFC3339), l.now.UTC().Format(time.RFC3339))
	}
	if l.txIDs[p.txID] {
		return fmt.Errorf("duplicate transaction found [%s]", p.txID)
	}
	return nil
}
