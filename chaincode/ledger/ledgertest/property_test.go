package ledgertest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"pgregory.net/rapid"

	. "github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

func TestTwoLedgersWithTheSameHistoryAreTheSame(t *testing.T) {
	run := func() ([]string, string) {
		l := newLedger(t)
		do(t, l, "put a 1", "put b 2")
		tx := endorse(t, l, nil, "get a", "range a c", "put c 3", "protect c ServiceMSP", "event e x")
		l.Commit(tx)
		return l.Keys(), tx.ID + tx.RWSet.String()
	}
	k1, s1 := run()
	k2, s2 := run()
	if cmp.Diff(k1, k2) != "" || strings.ReplaceAll(s1, " ", "") != strings.ReplaceAll(s2, " ", "") {
		t.Error("differ")
	}
}

func TestALongScanIsReadInBatches(t *testing.T) {
	l := newLedger(t)
	var lines, keys []string
	for i := range 250 {
		k := fmt.Sprintf("k%03d", i)
		lines, keys = append(lines, "put "+k+" 1"), append(keys, k)
	}
	do(t, l, lines...)
	tx := endorse(t, l, nil, "range k l", "first k l")
	if got := string(tx.Response.GetPayload()); got != strings.Join(keys, "+")+",k000" {
		t.Errorf("got %s", got)
	}
	q := tx.RWSet.GetRangeQueriesInfo()
	if n := len(q[0].GetRawReads().GetKvReads()); n != 250 || !q[0].GetItrExhausted() {
		t.Errorf("the whole scan read %d", n)
	}
	if n := len(q[1].GetRawReads().GetKvReads()); n != 101 || q[1].GetItrExhausted() || q[1].GetEndKey() != "k100" {
		t.Errorf("the broken scan read %d", n)
	}
}

// The state against a sorted list of all pairs, for scans of composite keys.
func TestPartialKeysAreScannedAsANaiveModelSays(t *testing.T) {
	attr := rapid.StringMatching(`[a-c\x01~\x{e9}\x{10fffe}]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		type key struct {
			kind  string
			attrs []string
		}
		keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) key {
			return key{
				rapid.SampledFrom([]string{"k", "k.l", "kk"}).Draw(t, "kind"),
				rapid.SliceOfN(attr, 1, 3).Draw(t, "attrs"),
			}
		}), 0, 20).Draw(t, "keys")
		query := key{"k", rapid.SliceOfN(attr, 0, 2).Draw(t, "query")}

		var want []string
		for _, k := range keys {
			if k.kind == query.kind && len(k.attrs) >= len(query.attrs) && slices.Equal(k.attrs[:len(query.attrs)], query.attrs) {
				want = append(want, Key(k.kind, k.attrs...))
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)

		var got []string
		l := New(Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
			if fn, _ := stub.GetFunctionAndParameters(); fn == "fill" {
				for _, k := range keys {
					if err := stub.PutState(Key(k.kind, k.attrs...), []byte("1")); err != nil {
						return shim.Error(err.Error())
					}
				}
				return shim.Success(nil)
			}
			got = nil
			for bookmark := ""; ; {
				it, meta, err := stub.GetStateByPartialCompositeKeyWithPagination(query.kind, query.attrs, 3, bookmark)
				if err != nil {
					return shim.Error(err.Error())
				}
				for it.HasNext() {
					kv, err := it.Next()
					if err != nil {
						return shim.Error(err.Error())
					}
					got = append(got, kv.GetKey())
				}
				if bookmark = meta.GetBookmark(); bookmark == "" {
					return shim.Success(nil)
				}
			}
		}), Options{TB: t})
		for _, fn := range []string{"fill", "scan"} {
			if _, err := l.Submit(alice, fn); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// Whatever the blocks, the state is what the valid transactions give when they
// are run one after the other.
func TestValidTransactionsAreSerialisable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger(t)
		model := map[string]string{}
		keys := []string{"a", "b", "c", "d"}
		value := 0
		for range rapid.IntRange(1, 5).Draw(t, "blocks") {
			var txs []*Tx
			for range rapid.IntRange(1, 5).Draw(t, "txs") {
				value++
				txs = append(txs, endorse(t, l, nil,
					"get "+rapid.SampledFrom(keys).Draw(t, "read"), "range b d",
					fmt.Sprintf("put %s %d", rapid.SampledFrom(keys).Draw(t, "write"), value)))
			}
			for _, r := range l.Commit(txs...) {
				if !r.Valid() {
					continue
				}
				read := strings.Fields(r.Tx.Call.Args[0])[1]
				var in []string
				for _, k := range []string{"b", "c"} {
					if _, ok := model[k]; ok {
						in = append(in, k)
					}
				}
				saw := read + "=" + model[read]
				if len(in) > 0 {
					saw += "," + strings.Join(in, "+")
				}
				if got := string(r.Tx.Response.GetPayload()); got != saw {
					t.Fatalf("a valid transaction saw %q, in order it would see %q", got, saw)
				}
				w := strings.Fields(r.Tx.Call.Args[2])
				model[w[1]] = w[2]
			}
		}
		for _, k := range keys {
			if got := string(l.State(k)); got != model[k] {
				t.Fatalf("%s is %q, want %q", k, got, model[k])
			}
		}
	})
}

func TestManyClientsMayUseOneLedger(t *testing.T) {
	l := newLedger(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := Identity{MSPID: "ShipperMSP", Name: fmt.Sprint("client", i)}
			for done := 0; done < 5; {
				_, err := l.Submit(id, "do", "get n", fmt.Sprintf("put n %d.%d", i, done))
				var invalid *CommitError
				switch {
				case err == nil:
					done++
				case !errors.As(err, &invalid) || invalid.Code != mvcc:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, b := range l.Blocks() {
		for _, r := range b {
			if r.Valid() {
				n++
			}
		}
	}
	if n != 40 || l.Height() != uint64(len(l.Blocks()))+1 {
		t.Errorf("%d valid transactions, height %d", n, l.Height())
	}
}

func TestTheStubTellsWhatTheProposalSays(t *testing.T) {
	l := New(Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
		args, err1 := stub.GetArgsSlice()
		transient, err2 := stub.GetTransient()
		binding, err3 := stub.GetBinding()
		at, err4 := stub.GetTxTimestamp()
		_, err5 := stub.GetSignedProposal()
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(fmt.Appendf(nil, "%s %s %s %s %d %d", args, stub.GetChannelID(), transient["t"],
			at.AsTime().Format(time.RFC3339), len(binding), len(stub.GetTxID())))
	}), Options{Channel: "ch", TB: t})
	tx, err := l.Propose(Call{As: alice, Fn: "f", Args: []string{"x", "y"}, Transient: map[string][]byte{"t": []byte("secret")}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(tx.Response.GetPayload()), "fxy ch secret 2026-01-01T00:00:00Z 32 64"; got != want {
		t.Errorf("got %s", got)
	}
	if _, err := l.Endorse(alice, "f", nil, "StrangerMSP"); err == nil {
		t.Error("a stranger's peer endorsed")
	}
}

func TestReadingAProtectionIsARead(t *testing.T) {
	l := New(Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
		fn, args := stub.GetFunctionAndParameters()
		if fn == "do" {
			return script(stub)
		}
		ep, err := stub.GetStateValidationParameter(args[0])
		if err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(fmt.Append(nil, len(ep) > 0))
	}), Options{TB: t})
	do(t, l, "put a 1", "put b 1", "protect a ShipperMSP")
	for key, want := range map[string]string{"a": "true", "b": "false", "z": "false"} {
		tx, err := l.Endorse(alice, "policy", []string{key})
		if err != nil || string(tx.Response.GetPayload()) != want || tx.Size().Reads != 1 {
			t.Errorf("%s: %s, %v", key, tx.Response.GetPayload(), err)
		}
	}
	if got := l.Protectors("a"); !slices.Equal(got, []string{"ShipperMSP"}) {
		t.Errorf("got %v", got)
	}
}

// FuzzCompositeKey: what the shim joins, the stub takes apart again, and what
// cannot be taken apart is an error, never a panic.
func FuzzCompositeKey(f *testing.F) {
	f.Add("k", "a", "b", "\x00k\x00a\x00")
	f.Add("", "", "", "")
	f.Add("k", "a\x00", "\U0010FFFF", "\x00")
	f.Fuzz(func(t *testing.T, kind, a, b, raw string) {
		l := New(Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
			key, err := stub.CreateCompositeKey(kind, []string{a, b})
			if err == nil {
				k, attrs, err := stub.SplitCompositeKey(key)
				if err != nil || k != kind || !slices.Equal(attrs, []string{a, b}) {
					t.Errorf("%q: %q %q %v", key, k, attrs, err)
				}
			}
			if k, attrs, err := stub.SplitCompositeKey(raw); err == nil {
				if again, err := stub.CreateCompositeKey(k, attrs); err == nil && again != raw {
					t.Errorf("%q became %q", raw, again)
				}
			}
			return shim.Success(nil)
		}), Options{TB: t})
		if _, err := l.Evaluate(alice, "do"); err != nil {
			t.Error(err)
		}
	})
}
