package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// metadataTx is contract-api's own transaction that describes the others.
const metadataTx = contractapi.SystemContractName + ":GetMetadata"

// Guard is the chaincode that peers talk to: it stands before contract-api,
// which looks a function up by its name in any case of the first letter, skips
// its schema for the wrong case, ignores surplus arguments, and lets a panic
// end the process. The guard takes exact names, one argument, strict JSON, and
// turns every failure into a fault.
type Guard struct {
	names []string               // in the order in which they are listed
	known map[string]transaction // by exact name; written once, as the contracts are assembled
	log   *slog.Logger
}

// Init has nothing to do: the ledger begins empty.
func (g *Guard) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs one transaction, or answers several questions. It never panics and never
// answers with anything but a result or a fault.
func (g *Guard) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	if args := stub.GetArgs(); len(args) > 0 && string(args[0]) == string(api.AskTx) {
		return g.askSeveral(stub, args[1:])
	}
	return g.carryOut(stub)
}

func (g *Guard) carryOut(stub shim.ChaincodeStubInterface) (response *peer.Response) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("transaction panicked", slog.String("tx", stub.GetTxID()), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			response = refuse(fault.New(fault.CodeInternal, "panic"))
		}
	}()
	result, err := g.invoke(stub)
	if err != nil {
		f := fault.From(err)
		if f.Kind == fault.Internal {
			g.log.Error("transaction failed", slog.String("tx", stub.GetTxID()), slog.String("detail", f.Detail), slog.Any("cause", f.Unwrap()))
		}
		return refuse(f)
	}
	return shim.Success(result)
}

func (g *Guard) invoke(stub shim.ChaincodeStubInterface) ([]byte, error) {
	req, err := g.read(stub.GetArgs())
	if err != nil {
		return nil, err
	}
	if req.name == metadataTx {
		return g.describe(&invocation{ChaincodeStubInterface: stub, request: req})
	}
	tx, err := begin(stub)
	if err != nil {
		return nil, err
	}
	inv := &invocation{ChaincodeStubInterface: stub, request: req, tx: tx}
	if !req.writes {
		tx.ReadOnly()
		return g.call(inv)
	}
	if err := inv.expectNew(); err != nil {
		return nil, err
	}
	if err := inv.permitted(); err != nil {
		return nil, err
	}
	if err := inv.mandated(); err != nil {
		return nil, err
	}
	result, err := g.call(inv)
	if err != nil {
		return nil, err
	}
	if err := inv.remember(result); err != nil {
		return nil, err
	}
	return result, tx.Close()
}

// permitted refuses a caller whose organisation has no role that the table of
// permissions asks for. What the table says of relations and states is in the rules,
// each with its own refusal; a test holds all of them against the table.
func (i *invocation) permitted() error {
	r, _ := authority.RowOf(i.name)
	if r.Needs == "" || r.Later {
		return nil
	}
	i.allowed = r.Needs
	ctx := &Context{tx: i.tx}
	if r.Finishes {
		return ctx.holds(r.Needs, party.PermitToFinish)
	}
	return ctx.permit(r.Needs)
}

// call lets contract-api run the function. What it answers of its own accord is
// about the form of the argument, or is our mistake.
func (g *Guard) call(inv *invocation) ([]byte, error) {
	cc, err := g.known[inv.name].chaincode()
	if err != nil {
		return nil, fault.Wrap(err, "assemble")
	}
	return answer(cc, inv)
}

func answer(cc *contractapi.ContractChaincode, inv *invocation) ([]byte, error) {
	r := cc.Invoke(inv)
	if r.GetStatus() == shim.OK {
		if len(r.GetPayload()) == 0 {
			return nil, fault.New(fault.CodeInternal, "%s answered nothing", inv.name)
		}
		return r.GetPayload(), nil
	}
	// Only what begins as a fault is one of ours: contract-api quotes the caller
	// in its own messages, and the caller may quote a fault.
	if f, ok := fault.Parse(r.GetMessage()); ok && strings.HasPrefix(r.GetMessage(), "{") {
		return nil, f // of an internal one the detail is for the log
	}
	if detail, ok := strings.CutPrefix(r.GetMessage(), "error managing parameter"); ok {
		return nil, fault.New(fault.CodeSchema, "%s", oneLine(detail))
	}
	return nil, fault.New(fault.CodeInternal, "contract-api: %s", r.GetMessage())
}

// request is a call whose form has been checked.
type request struct {
	name     string
	argument []byte
	key      string // idempotency key, or ""
	writes   bool
}

func (g *Guard) read(args [][]byte) (request, error) {
	if len(args) == 0 {
		return request{}, fault.New(fault.CodeTransactionUnknown, "no transaction is named")
	}
	r := request{name: string(args[0])}
	if r.name == metadataTx {
		if len(args) != 1 {
			return r, fault.New(fault.CodeArgumentCount, "%s takes no argument", metadataTx)
		}
		return r, nil
	}
	tx, known := g.known[r.name]
	if !known {
		return r, fault.New(fault.CodeTransactionUnknown, "no transaction is called %q", printable(r.name))
	}
	r.writes = tx.writes
	if n := len(args) - 1; n != 1 && (!tx.writes || n != 2) {
		return r, fault.New(fault.CodeArgumentCount, "%s takes one JSON argument and, if it writes, an idempotency key; it got %d arguments", r.name, n)
	}
	r.argument = args[1]
	if len(r.argument) > api.MaxArgument {
		return r, fault.New(fault.CodeTooLarge, "the argument has %d bytes, at most %d are taken", len(r.argument), api.MaxArgument).With("most", api.MaxArgument)
	}
	if len(args) == 3 {
		r.key = string(args[2])
		if !visible(r.key) {
			return r, fault.New(fault.CodeIdempotencyKey, "an idempotency key is 1 to %d visible ASCII characters", api.MaxIdempotencyKey)
		}
	}
	return r, checkJSON(r.argument, tx.shape)
}

// invocation is the stub that contract-api gets: the peer's, with the one
// argument that the guard has let through and the open transaction.
type invocation struct {
	shim.ChaincodeStubInterface
	request
	tx      *ledger.Tx
	allowed party.Action // what the caller's roles have been found to allow; "" before
}

// GetFunctionAndParameters is what contract-api asks for.
func (i *invocation) GetFunctionAndParameters() (string, []string) {
	if i.name == metadataTx {
		return i.name, nil
	}
	return i.name, []string{string(i.argument)}
}

// GetCreator keeps contract-api from parsing the caller's certificate for every call: the
// ledger has read it, and is asked in its place.
func (*invocation) GetCreator() ([]byte, error) { return nil, errRead }

var errRead = errors.New("the open transaction knows the caller")

// Idempotency remembers what a request under an idempotency key did, so that
// the same request never does it again.
type Idempotency struct {
	Transaction   string       `json:"transaction"`
	Fingerprint   string       `json:"fingerprint"` // hex SHA-256 of name and argument
	TransactionID string       `json:"transactionId"`
	Result        string       `json:"result"` // the first answer
	At            measure.Time `json:"at"`
}

// expectNew refuses a request that has been carried out, and gives its first
// answer. That the marker was absent enters the read set: of two copies in
// flight only one becomes valid.
func (i *invocation) expectNew() error {
	if i.key == "" {
		return nil
	}
	done, found, err := ledger.Find(i.tx, idempotencies, i.tx.Caller().MSPID, i.key)
	if err != nil || !found {
		return err
	}
	if done.Fingerprint != i.fingerprint() {
		return fault.New(fault.CodeKeyReused, "the key was used for another request").With("firstAt", string(done.At))
	}
	return fault.New(fault.CodeReplayed, "carried out by transaction %s", done.TransactionID).
		With("transactionId", done.TransactionID).With("result", done.Result)
}

func (i *invocation) remember(result []byte) error {
	if i.key == "" {
		return nil
	}
	m := Idempotency{Transaction: i.name, Fingerprint: i.fingerprint(), TransactionID: i.tx.ID(), Result: string(result), At: measure.TimeOf(i.tx.Now())}
	return ledger.Put(i.tx, idempotencies, &m, i.tx.Caller().MSPID, i.key)
}

func (i *invocation) fingerprint() string {
	h := sha256.New()
	h.Write([]byte(i.name))
	h.Write([]byte{0})
	h.Write(i.argument)
	return hex.EncodeToString(h.Sum(nil))
}

func refuse(f *fault.Fault) *peer.Response { return shim.Error(f.Wire()) }

func visible(key string) bool {
	if len(key) == 0 || len(key) > api.MaxIdempotencyKey {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// printable cuts a name that a stranger chose to what may stand in a message.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

func oneLine(s string) string {
	return printable(strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " ")), " "))
}
