package ledgertest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/cid"
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	. "github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

const (
	valid   = peer.TxValidationCode_VALID
	mvcc    = peer.TxValidationCode_MVCC_READ_CONFLICT
	phantom = peer.TxValidationCode_PHANTOM_READ_CONFLICT
	policy  = peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE
	twice   = peer.TxValidationCode_DUPLICATE_TXID
)

var alice = Identity{MSPID: "ManufacturerMSP", Name: "alice"}

// script is a chaincode of raw stub calls: the arguments are commands such as
// "put k v", carried out in order; the answers are joined by commas.
func script(stub shim.ChaincodeStubInterface) *peer.Response {
	_, lines := stub.GetFunctionAndParameters()
	var out []string
	for _, line := range lines {
		answer, err := step(stub, strings.Split(line, " "))
		if err != nil {
			return shim.Error(err.Error())
		}
		if answer != "" {
			out = append(out, answer)
		}
	}
	return shim.Success([]byte(strings.Join(out, ",")))
}

func step(stub shim.ChaincodeStubInterface, w []string) (string, error) {
	switch w[0] {
	case "get":
		v, err := stub.GetState(w[1])
		return w[1] + "=" + string(v), err
	case "many":
		vs, err := stub.GetMultipleStates(w[1:]...)
		out := make([]string, len(vs))
		for i, v := range vs {
			if out[i] = string(v); v == nil {
				out[i] = "nil"
			}
		}
		return strings.Join(out, "+"), err
	case "put":
		return "", stub.PutState(w[1], []byte(strings.Join(w[2:], " ")))
	case "del":
		return "", stub.DelState(w[1])
	case "protect":
		ep, err := statebased.NewStateEP(nil)
		if err != nil {
			return "", err
		}
		if err := ep.AddOrgs(statebased.RoleTypePeer, w[2:]...); err != nil {
			return "", err
		}
		raw, err := ep.Policy()
		if err != nil {
			return "", err
		}
		return "", stub.SetStateValidationParameter(w[1], raw)
	case "range":
		it, err := stub.GetStateByRange(w[1], w[2])
		return keysOf(it, err)
	case "first": // opens a range and reads one item
		it, err := stub.GetStateByRange(w[1], w[2])
		if err != nil {
			return "", err
		}
		kv, err := it.Next()
		return kv.GetKey(), errors.Join(err, it.Close())
	case "page":
		it, meta, err := stub.GetStateByRangeWithPagination(w[1], w[2], 2, w[3])
		keys, err := keysOf(it, err)
		return keys + ">" + meta.GetBookmark(), err
	case "batch":
		stub.StartWriteBatch()
	case "flush":
		return "", stub.FinishWriteBatch()
	case "event":
		return "", stub.SetEvent(w[1], []byte(w[2]))
	case "query":
		_, err := stub.GetQueryResult("{}")
		return "", err
	case "history":
		_, err := stub.GetHistoryForKey("a")
		return "", err
	case "private":
		_, err := stub.GetPrivateData("c", "a")
		return "", err
	case "call":
		if r := stub.InvokeChaincode("other", nil, ""); r.GetStatus() != 200 {
			return "", errors.New(r.GetMessage())
		}
	case "fail":
		return "", errors.New("refused")
	case "who":
		id, err := cid.New(stub)
		if err != nil {
			return "", err
		}
		ou, err := id.HasOUValue("client")
		if err != nil {
			return "", err
		}
		m, err := id.GetMSPID()
		return fmt.Sprint(m, " ", ou), err
	}
	return "", nil
}

func keysOf(it shim.StateQueryIteratorInterface, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer it.Close()
	var keys []string
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return "", err
		}
		keys = append(keys, kv.GetKey())
	}
	return strings.Join(keys, "+"), nil
}

func newLedger(t TB) *Ledger { return New(Func(script), Options{TB: t}) }

func do(t TB, l *Ledger, lines ...string) string {
	t.Helper()
	r, err := l.Submit(alice, "do", lines...)
	if err != nil {
		t.Fatalf("%v: %v", lines, err)
	}
	return string(r.Tx.Response.GetPayload())
}

func endorse(t TB, l *Ledger, orgs []string, lines ...string) *Tx {
	t.Helper()
	tx, err := l.Endorse(alice, "do", lines, orgs...)
	if err != nil {
		t.Fatalf("%v: %v", lines, err)
	}
	return tx
}

func TestWhatATransactionSees(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string // the answer, or part of the error after "!"
	}{
		{"a read sees what is committed", []string{"get a"}, "a=1"},
		{"an absent key is empty", []string{"get z"}, "z="},
		{"several reads keep their order", []string{"many b z a"}, "2+nil+1"},
		{"a read does not see the transaction's own write", []string{"put a 9", "get a"}, "a=1"},
		{"a read does not see the transaction's own deletion", []string{"del a", "get a"}, "a=1"},
		{"a range does not see the transaction's own writes", []string{"put bb 9", "del a", "range a c"}, "a+b"},
		{"a range begins at its start and stops before its end", []string{"range b d"}, "b+c"},
		{"an open range has all simple keys", []string{"range  "}, "a+b+c+d+e"},
		{"a range of simple keys does not reach composite ones", []string{"range \x00 z"}, "!null character"},
		{"a page has a bookmark of the next key", []string{"page a e "}, "a+b>c"},
		{"a bookmark is where the next page begins", []string{"page a e c"}, "c+d>"},
		{"a page that is exactly full and the last has no bookmark", []string{"page d z "}, "d+e>"},
		{"writes after a page are refused", []string{"page a e ", "put a 1"}, "!Writes are not allowed"},
		{"a page after a write is refused", []string{"put a 1", "page a e "}, "!only in a read-only transaction"},
		{"a policy after a page is refused", []string{"page a e ", "protect a ServiceMSP"}, "!Writes are not allowed"},
		{"a page while a batch is still open is not refused at once", []string{"page a e ", "batch", "put a 1"}, "!failed send batch"},
		{"a batch is sent when it is finished", []string{"batch", "put a 1", "flush"}, ""},
		{"finishing without a batch does nothing", []string{"flush"}, ""},
		{"an empty key is not written", []string{"put  1"}, "!must not be an empty string"},
		{"a key that is not UTF-8 is not written", []string{"put a\xff 1"}, "!invalid UTF-8"},
		{"a key that is not UTF-8 is not read", []string{"get a\xff"}, "!invalid UTF-8"},
		{"an event needs a name", []string{"event  x"}, "!event name can not be empty string"},
		{"rich queries need CouchDB", []string{"query"}, "!ExecuteQuery not supported for leveldb"},
		{"history needs its database", []string{"history"}, "!history database is not enabled"},
		{"private data is refused", []string{"private"}, "!private data"},
		{"calls to another chaincode are refused", []string{"call"}, "!calls between chaincodes"},
		{"the caller is a client of its organisation", []string{"who"}, "ManufacturerMSP true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t)
			do(t, l, "put a 1", "put b 2", "put c 3", "put d 4", "put e 5", "put \x00x\x00 6")
			r, err := l.Submit(alice, "do", tt.lines...)
			if want, bad := strings.CutPrefix(tt.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v", err)
				}
			} else if err != nil || string(r.Tx.Response.GetPayload()) != tt.want {
				t.Errorf("got %v, %v", r, err)
			}
		})
	}
}

// a, b and so on exist; each transaction of the block was endorsed before it.
func TestWhatBecomesOfABlock(t *testing.T) {
	all := []string{"ManufacturerMSP", "ServiceMSP", "ShipperMSP"}
	type tx struct {
		orgs  []string
		lines []string
	}
	tests := []struct {
		name   string
		before [][]string // blocks after the endorsement and before the block
		block  []tx
		want   []peer.TxValidationCode
	}{
		{"independent writes", nil, []tx{{nil, []string{"get a", "put a 2"}}, {nil, []string{"get b", "put b 2"}}}, []peer.TxValidationCode{valid, valid}},
		{"the second write of a key that was read", nil, []tx{{nil, []string{"get a", "put a 2"}}, {nil, []string{"get a", "put a 3"}}}, []peer.TxValidationCode{valid, mvcc}},
		{"blind writes never conflict", nil, []tx{{nil, []string{"put a 2"}}, {nil, []string{"put a 3"}}}, []peer.TxValidationCode{valid, valid}},
		{"a read of what the block wrote", nil, []tx{{nil, []string{"put a 2"}}, {nil, []string{"get a", "put b 3"}}}, []peer.TxValidationCode{valid, mvcc}},
		{"a read of what the block will write", nil, []tx{{nil, []string{"get a", "put b 3"}}, {nil, []string{"put a 2"}}}, []peer.TxValidationCode{valid, valid}},
		{"two creations of one key", nil, []tx{{nil, []string{"get z", "put z 1"}}, {nil, []string{"get z", "put z 2"}}}, []peer.TxValidationCode{valid, mvcc}},
		{"an invalid transaction's writes do not count", [][]string{{"put a 7"}}, []tx{{nil, []string{"get a", "put b 2"}}, {nil, []string{"get b", "put b 3"}}}, []peer.TxValidationCode{mvcc, valid}},
		{"a stale read", [][]string{{"put a 7"}}, []tx{{nil, []string{"get a", "put a 2"}}}, []peer.TxValidationCode{mvcc}},
		{"a stale read of the same value", [][]string{{"put a 1"}}, []tx{{nil, []string{"get a", "put a 2"}}}, []peer.TxValidationCode{mvcc}},
		{"a stale absence", [][]string{{"put z 1"}}, []tx{{nil, []string{"get z", "put z 2"}}}, []peer.TxValidationCode{mvcc}},
		{"a key deleted and written again has another version", [][]string{{"del a"}, {"put a 1"}}, []tx{{nil, []string{"get a", "put a 2"}}}, []peer.TxValidationCode{mvcc}},
		{"an empty value deletes", [][]string{{"put a"}}, []tx{{nil, []string{"get z", "put z 2"}}, {nil, []string{"get a"}}}, []peer.TxValidationCode{valid, mvcc}},
		{"deleting an absent key still conflicts within the block", nil, []tx{{nil, []string{"del z"}}, {nil, []string{"get z", "put z 1"}}}, []peer.TxValidationCode{valid, mvcc}},
		{"a phantom inside the range", [][]string{{"put bb 1"}}, []tx{{nil, []string{"range a d", "put z 1"}}}, []peer.TxValidationCode{phantom}},
		{"a phantom inside the range, of the same block", nil, []tx{{nil, []string{"put bb 1"}}, {nil, []string{"range a d", "put z 1"}}}, []peer.TxValidationCode{valid, phantom}},
		{"a change inside the range", [][]string{{"put b 9"}}, []tx{{nil, []string{"range a d", "put z 1"}}}, []peer.TxValidationCode{phantom}},
		{"a deletion inside the range", [][]string{{"del b"}}, []tx{{nil, []string{"range a d", "put z 1"}}}, []peer.TxValidationCode{phantom}},
		{"a key at the excluded end of the range", [][]string{{"put d 9"}}, []tx{{nil, []string{"range a d", "put z 1"}}}, []peer.TxValidationCode{valid}},
		{"a phantom in an empty range", [][]string{{"put x 9"}}, []tx{{nil, []string{"range w y", "put z 1"}}}, []peer.TxValidationCode{phantom}},
		{"a peer reads ahead of a scan that is broken off", [][]string{{"put cc 9"}}, []tx{{nil, []string{"first a d", "put z 1"}}}, []peer.TxValidationCode{phantom}},
		{"no majority endorsed", nil, []tx{{all[:1], []string{"get a", "put a 2"}}}, []peer.TxValidationCode{policy}},
		{"a majority endorsed", nil, []tx{{all[1:], []string{"get a", "put a 2"}}}, []peer.TxValidationCode{valid}},
		{"one endorser named twice is one", nil, []tx{{[]string{"ServiceMSP", "ServiceMSP"}, []string{"get a", "put a 2"}}}, []peer.TxValidationCode{policy}},
		{"a transaction that writes nothing needs a majority, too", nil, []tx{{all[:1], []string{"get a"}}}, []peer.TxValidationCode{policy}},
		{"a refused transaction has no endorsements", nil, []tx{{all, []string{"put a 2", "fail"}}}, []peer.TxValidationCode{policy}},
		{"a protected key needs its organisation", nil, []tx{{all[:2], []string{"put p 2"}}}, []peer.TxValidationCode{policy}},
		{"a protected key needs nobody else", nil, []tx{{all[2:], []string{"put p 2"}}}, []peer.TxValidationCode{valid}},
		{"a protected key and another need both policies", nil, []tx{{all[2:], []string{"put p 2", "put a 2"}}, {all[1:], []string{"put p 3", "put a 3"}}}, []peer.TxValidationCode{policy, valid}},
		{"changing a protection needs the protectors", nil, []tx{{all[:2], []string{"protect p ServiceMSP"}}, {all[2:], []string{"protect p ServiceMSP"}}}, []peer.TxValidationCode{policy, valid}},
		{"a write after a change of protection in the block", nil, []tx{{all, []string{"protect a ServiceMSP"}}, {all, []string{"put a 2"}}}, []peer.TxValidationCode{valid, policy}},
		{"a write before a change of protection in the block", nil, []tx{{all, []string{"put a 2"}}, {all, []string{"protect a ServiceMSP"}}}, []peer.TxValidationCode{valid, valid}},
		{"a change of protection that was not endorsed does not count", nil, []tx{{all[:1], []string{"protect a ServiceMSP"}}, {all, []string{"put a 2"}}}, []peer.TxValidationCode{policy, valid}},
		{"a change of protection that conflicts still counts", [][]string{{"put b 9"}}, []tx{{all, []string{"get b", "protect a ServiceMSP"}}, {all, []string{"put a 2"}}}, []peer.TxValidationCode{mvcc, policy}},
		{"a change of protection is a change of version", [][]string{{"protect a ManufacturerMSP"}}, []tx{{all, []string{"get a", "put b 2"}}}, []peer.TxValidationCode{mvcc}},
		{"a protection holds from the next block", [][]string{{"protect a ShipperMSP"}}, []tx{{all[:2], []string{"put a 2"}}}, []peer.TxValidationCode{policy}},
		{"a deletion takes the protection along", [][]string{{"del p"}, {"put p 5"}}, []tx{{all[:2], []string{"put p 2"}}}, []peer.TxValidationCode{valid}},
		{"a value keeps the protection", [][]string{{"put p 5"}}, []tx{{all[:2], []string{"put p 2"}}}, []peer.TxValidationCode{policy}},
		{"a protection of an absent key is dropped", [][]string{{"protect y ShipperMSP"}, {"put y 1"}}, []tx{{all[:2], []string{"put y 2"}}}, []peer.TxValidationCode{valid}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t)
			do(t, l, "put a 1", "put b 1", "put c 1", "put d 1", "put p 1", "protect p ShipperMSP")
			var txs []*Tx
			for _, x := range tt.block {
				txs = append(txs, endorse(t, l, x.orgs, x.lines...))
			}
			for _, lines := range tt.before {
				do(t, l, lines...)
			}
			var got []peer.TxValidationCode
			for _, r := range l.Commit(txs...) {
				got = append(got, r.Code)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnIDCountsOnce(t *testing.T) {
	l := newLedger(t)
	tx := endorse(t, l, nil, "put a 1")
	r := l.Commit(tx, tx)
	if r[0].Code != valid || r[1].Code != twice {
		t.Errorf("in one block: %v %v", r[0].Code, r[1].Code)
	}
	if r := l.Commit(tx); r[0].Code != twice {
		t.Errorf("in the next block: %v", r[0].Code)
	}
	if _, err := l.Propose(Call{As: alice, Fn: "do", Nonce: tx.Call.Nonce}); err == nil || !strings.Contains(err.Error(), "duplicate transaction") {
		t.Errorf("at endorsement: %v", err)
	}
	if other, err := l.Propose(Call{As: Identity{MSPID: "ShipperMSP", Name: "alice"}, Fn: "do", Nonce: tx.Call.Nonce}); err != nil || other.ID == tx.ID {
		t.Errorf("the id does not depend on the caller: %v", err)
	}
}

func TestAProposalOutsideTheWindowIsRefused(t *testing.T) {
	l := newLedger(t)
	for off, ok := range map[time.Duration]bool{
		15 * time.Minute: true, -15 * time.Minute: true, 15*time.Minute + 1: false, -15*time.Minute - 1: false,
	} {
		if _, err := l.Propose(Call{As: alice, Fn: "do", Time: l.Now().Add(off)}); (err == nil) != ok {
			t.Errorf("%v: %v", off, err)
		}
	}
	tx := endorse(t, l, nil, "put a 1")
	l.Advance(24 * time.Hour)
	if r := l.Commit(tx); !r[0].Valid() {
		t.Errorf("an endorsed transaction does not expire: %v", r[0].Code)
	}
}

func TestTheLastEventWinsAndOnlyValidOnesAreSeen(t *testing.T) {
	l := newLedger(t)
	a := endorse(t, l, nil, "get a", "put a 1", "event one x", "event two y")
	b := endorse(t, l, nil, "get a", "put a 2", "event three z")
	l.Commit(a, b)
	events := l.Events()
	if len(events) != 1 || events[0].GetEventName() != "two" || string(events[0].GetPayload()) != "y" || events[0].GetTxId() != a.ID {
		t.Errorf("got %v", events)
	}
}

type recorder struct{ failure string }

func (r *recorder) Helper()                        {}
func (r *recorder) Fatalf(format string, a ...any) { r.failure = fmt.Sprintf(format, a...) }

func TestAChaincodeThatDiffersBetweenPeersIsCaught(t *testing.T) {
	for _, what := range []string{"response", "read/write set", "event", ""} {
		n := 0
		var tb recorder
		l := New(Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
			n++
			v := fmt.Append(nil, n)
			switch what {
			case "response":
				return shim.Success(v)
			case "read/write set":
				_ = stub.PutState("a", v)
			case "event":
				_ = stub.SetEvent("e", v)
			}
			return shim.Success(nil)
		}), Options{TB: &tb})
		_, err := l.Endorse(alice, "do", nil, "ManufacturerMSP")
		if errors.Is(err, ErrDiffers) != (what != "") || strings.Contains(tb.failure, what) != (err != nil) && what != "" {
			t.Errorf("%s: %v, %q", what, err, tb.failure)
		}
	}
}
