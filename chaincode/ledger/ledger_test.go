package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

type component struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Count uint64 `json:"count"`
}

type entry struct {
	N    uint64 `json:"n"`
	Note string `json:"note,omitempty"`
}

var (
	components = ledger.Kind[component]{Name: ledger.KeyComponent, Unknown: fault.CodeComponentUnknown}
	entries    = ledger.Kind[entry]{Name: ledger.KeyComponentEvent, Unknown: fault.CodeInternal}
	alice      = ledgertest.Identity{MSPID: "ManufacturerMSP", Name: "alice"}
)

// action is what a test transaction does between Open and Close.
type action func(t *ledger.Tx, args []string) (string, error)

// chaincode runs the action named by the function, as package contract will.
func chaincode(actions map[string]action) ledgertest.Func {
	return func(stub shim.ChaincodeStubInterface) *peer.Response {
		fn, args := stub.GetFunctionAndParameters()
		out, err := func() (string, error) {
			t, err := ledger.Open(stub)
			if err != nil {
				return "", err
			}
			out, err := actions[fn](t, args)
			if err != nil {
				return "", err
			}
			return out, t.Close()
		}()
		if err != nil {
			f := fault.From(err) // the detail, which the wire form of an internal fault hides
			return shim.Error(string(f.Code) + ": " + f.Detail)
		}
		return shim.Success([]byte(out))
	}
}

// create, bump and list are the shapes of every transaction of the product.
func standard() map[string]action {
	return map[string]action{
		"create": func(t *ledger.Tx, a []string) (string, error) {
			return "", ledger.Create(t, components, fault.CodeComponentExists, &component{ID: a[0], Owner: t.Caller().MSPID}, a[0])
		},
		"bump": func(t *ledger.Tx, a []string) (string, error) {
			c, err := ledger.Get(t, components, a[0])
			if err != nil {
				return "", err
			}
			c.Count++
			if err := ledger.Append(t, entries, &entry{N: c.Count}, a[0], ledger.Seq(c.Count)); err != nil {
				return "", err
			}
			if err := ledger.Put(t, components, c, a[0]); err != nil {
				return "", err
			}
			return fmt.Sprint(c.Count), t.Announce("component.bumped.v1", a[0], ledger.NewFact("bumped", a[0], entry{N: c.Count}))
		},
		"list": func(t *ledger.Tx, a []string) (string, error) {
			t.ReadOnly()
			var limit int
			if _, err := fmt.Sscan(a[1], &limit); err != nil {
				return "", err
			}
			p, err := ledger.List(t, entries, limit, a[2], a[0])
			if err != nil {
				return "", err
			}
			out, err := json.Marshal(p)
			return string(out), err
		},
	}
}

func newLedger(tb ledgertest.TB, actions map[string]action) *ledgertest.Ledger {
	return ledgertest.New(chaincode(actions), ledgertest.Options{TB: tb})
}

// run runs one action after the standard ones have created component "c".
func run(t *testing.T, a action) (*ledgertest.Ledger, *ledgertest.Result, error) {
	t.Helper()
	actions := standard()
	actions["test"] = a
	l := newLedger(t, actions)
	if _, err := l.Submit(alice, "create", "c"); err != nil {
		t.Fatal(err)
	}
	r, err := l.Submit(alice, "test")
	return l, r, err
}

func TestStore(t *testing.T) {
	get := func(t *ledger.Tx) *component {
		c, err := ledger.Get(t, components, "c")
		if err != nil {
			panic(err)
		}
		return c
	}
	tests := []struct {
		name string
		do   action
		want string // part of the error, "" for none
	}{
		{"a record that exists is read", func(t *ledger.Tx, _ []string) (string, error) {
			c := get(t)
			if c.Owner != "ManufacturerMSP" || c.ID != "c" {
				return "", fmt.Errorf("got %+v", c)
			}
			return "", nil
		}, ""},
		{"an absent record is a fault of its kind", func(t *ledger.Tx, _ []string) (string, error) {
			_, err := ledger.Get(t, components, "d")
			return "", err
		}, string(fault.CodeComponentUnknown)},
		{"an absent record is found absent", func(t *ledger.Tx, _ []string) (string, error) {
			c, ok, err := ledger.Find(t, components, "d")
			if c != nil || ok {
				return "", errors.New("found")
			}
			return "", err
		}, ""},
		{"several records come in the order of their keys, nil where absent", func(t *ledger.Tx, _ []string) (string, error) {
			all, err := ledger.GetAll(t, components, [][]string{{"d"}, {"c"}})
			if err == nil && (len(all) != 2 || all[0] != nil || all[1] == nil || all[1].ID != "c") {
				err = fmt.Errorf("got %v", all)
			}
			return "", err
		}, ""},
		{"no keys give no records", func(t *ledger.Tx, _ []string) (string, error) {
			all, err := ledger.GetAll(t, components, nil)
			if len(all) != 0 {
				err = errors.New("some")
			}
			return "", err
		}, ""},
		{"creating what exists is the given fault", func(t *ledger.Tx, _ []string) (string, error) {
			return "", ledger.Create(t, components, fault.CodeComponentExists, &component{}, "c")
		}, string(fault.CodeComponentExists)},
		{"a head is overwritten after it was read", func(t *ledger.Tx, _ []string) (string, error) {
			return "", ledger.Put(t, components, get(t), "c")
		}, ""},
		{"a head that was not read is not overwritten", func(t *ledger.Tx, _ []string) (string, error) {
			return "", ledger.Put(t, components, &component{}, "c")
		}, "without having been read"},
		{"a second write of a key is refused", func(t *ledger.Tx, _ []string) (string, error) {
			c := get(t)
			if err := ledger.Put(t, components, c, "c"); err != nil {
				return "", err
			}
			return "", ledger.Put(t, components, c, "c")
		}, "written twice"},
		{"a second append of a key is refused", func(t *ledger.Tx, _ []string) (string, error) {
			get(t)
			if err := ledger.Append(t, entries, &entry{}, "c", ledger.Seq(1)); err != nil {
				return "", err
			}
			return "", ledger.Append(t, entries, &entry{}, "c", ledger.Seq(1))
		}, "written twice"},
		{"a read after a write of the key is refused", func(t *ledger.Tx, _ []string) (string, error) {
			if err := ledger.Put(t, components, get(t), "c"); err != nil {
				return "", err
			}
			_, err := ledger.Get(t, components, "c")
			return "", err
		}, "does not see its own writes"},
		{"a mistake whose error is ignored still fails the transaction", func(t *ledger.Tx, _ []string) (string, error) {
			_ = ledger.Put(t, components, &component{}, "c")
			return "", nil
		}, "without having been read"},
		{"a write without any read is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", ledger.Append(t, entries, &entry{}, "c", ledger.Seq(1))
		}, "without having read a head"},
		{"an undeclared prefix is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, ledger.Kind[entry]{Name: "stray"}, "c")
			return "", err
		}, "not declared"},
		{"an empty identifier is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, components, "")
			return "", err
		}, string(fault.CodeIDInvalid)},
		{"an identifier with the key delimiter is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, components, "c\x00d")
			return "", err
		}, string(fault.CodeIDInvalid)},
		{"an identifier with the range end is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, components, "c\U0010FFFF")
			return "", err
		}, string(fault.CodeIDInvalid)},
		{"an identifier that is not UTF-8 is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, components, "c\xff")
			return "", err
		}, string(fault.CodeIDInvalid)},
		{"an identifier that is too long is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_, _, err := ledger.Find(t, components, strings.Repeat("c", 257))
			return "", err
		}, string(fault.CodeIDInvalid)},
		{"a read-only transaction does not write", func(t *ledger.Tx, _ []string) (string, error) {
			t.ReadOnly()
			return "", ledger.Create(t, components, fault.CodeComponentExists, &component{}, "d")
		}, "read-only"},
		{"a read-only transaction does not append", func(t *ledger.Tx, _ []string) (string, error) {
			t.ReadOnly()
			return "", ledger.Append(t, entries, &entry{}, "d", ledger.Seq(1))
		}, "read-only"},
		{"a read-only transaction does not protect", func(t *ledger.Tx, _ []string) (string, error) {
			t.ReadOnly()
			get(t)
			return "", ledger.Protect(t, components, []string{"ManufacturerMSP"}, "c")
		}, "read-only"},
		{"a read-only transaction does not announce", func(t *ledger.Tx, _ []string) (string, error) {
			t.ReadOnly()
			return "", t.Announce("component.bumped.v1", "c")
		}, "read-only"},
		{"a transaction that has written does not become read-only", func(t *ledger.Tx, _ []string) (string, error) {
			err := ledger.Put(t, components, get(t), "c")
			t.ReadOnly()
			return "", err
		}, "cannot become read-only"},
		{"a writing transaction does not list", func(t *ledger.Tx, _ []string) (string, error) {
			_, err := ledger.List(t, entries, 1, "", "c")
			return "", err
		}, "may write"},
		{"nothing follows the close", func(t *ledger.Tx, _ []string) (string, error) {
			if err := t.Close(); err != nil {
				return "", err
			}
			return "", ledger.Append(t, entries, &entry{}, "c", ledger.Seq(1))
		}, "closed"},
		{"no record is written from nil", func(t *ledger.Tx, _ []string) (string, error) {
			get(t)
			return "", ledger.Put(t, components, nil, "c")
		}, "no record"},
		{"protecting what was not touched is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", ledger.Protect(t, components, []string{"ManufacturerMSP"}, "c")
		}, "without having been read"},
		{"protecting twice is refused", func(t *ledger.Tx, _ []string) (string, error) {
			get(t)
			if err := ledger.Protect(t, components, []string{"ManufacturerMSP"}, "c"); err != nil {
				return "", err
			}
			return "", ledger.Protect(t, components, []string{"ServiceMSP"}, "c")
		}, "protected twice"},
		{"protection by nobody is refused", func(t *ledger.Tx, _ []string) (string, error) {
			get(t)
			return "", ledger.Protect(t, components, nil, "c")
		}, "no organisation"},
		{"protection by a stranger on top of a majority is refused", func(t *ledger.Tx, _ []string) (string, error) {
			get(t)
			return "", ledger.ProtectWithMajority(t, components, []string{"X"}, []string{"A", "B"}, "c")
		}, "not one of all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := run(t, tt.do)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAFailedTransactionWritesNothing(t *testing.T) {
	l, r, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
		if err := ledger.Create(t, components, fault.CodeComponentExists, &component{}, "d"); err != nil {
			return "", err
		}
		return "", fault.New(fault.CodeInvalid, "no")
	})
	if err == nil || r.Tx.Size().Writes != 0 || len(r.Tx.Endorsers) != 0 || l.Height() != 2 {
		t.Errorf("%v, %+v", err, r.Tx.Size())
	}
}

// TestWhatIsLeftToTheEndIsStoredOrRefused: what is to be stored as the transaction is
// closed is stored once, and when it cannot be, nothing is.
func TestWhatIsLeftToTheEndIsStoredOrRefused(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		l, _, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
			c, err := ledger.Get(t, components, "c")
			if err != nil {
				return "", err
			}
			t.AtEnd(func() error { return ledger.Put(t, components, c, "c") })
			t.AtEnd(func() error {
				if refuse {
					return fault.New(fault.CodeInvalid, "no")
				}
				return nil
			})
			c.Count = 7 // after it was said that it will be stored
			return "", nil
		})
		stored := strings.Contains(string(l.State(ledgertest.Key(ledger.KeyComponent, "c"))), `"count":7`)
		if (err != nil) != refuse || stored == refuse {
			t.Errorf("refuse %v: %v, stored %v", refuse, err, stored)
		}
	}
}

func TestDocumentsNameTheirKindFirst(t *testing.T) {
	l, _, err := run(t, func(*ledger.Tx, []string) (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	want := `{"docType":"component","id":"c","owner":"ManufacturerMSP","count":0}`
	if got := string(l.State(ledgertest.Key(ledger.KeyComponent, "c"))); got != want {
		t.Errorf("got %s", got)
	}
}

func TestProtectedKeysNeedTheirOrganisations(t *testing.T) {
	all := []string{"ManufacturerMSP", "ServiceMSP", "ShipperMSP"}
	tests := []struct {
		name      string
		protect   func(t *ledger.Tx) error
		endorsers []string
		valid     bool
	}{
		{"both parties suffice", func(t *ledger.Tx) error {
			return ledger.Protect(t, components, []string{"ShipperMSP", "ManufacturerMSP"}, "c")
		}, []string{"ManufacturerMSP", "ShipperMSP"}, true},
		{"a majority without a party does not", func(t *ledger.Tx) error {
			return ledger.Protect(t, components, []string{"ShipperMSP", "ManufacturerMSP"}, "c")
		}, []string{"ManufacturerMSP", "ServiceMSP"}, false},
		{"an owner alone suffices without the majority", func(t *ledger.Tx) error {
			return ledger.Protect(t, components, []string{"ManufacturerMSP"}, "c")
		}, []string{"ManufacturerMSP"}, true},
		{"an owner alone does not suffice with the majority", func(t *ledger.Tx) error {
			return ledger.ProtectWithMajority(t, components, []string{"ManufacturerMSP"}, all, "c")
		}, []string{"ManufacturerMSP"}, false},
		{"an owner and another suffice with the majority", func(t *ledger.Tx) error {
			return ledger.ProtectWithMajority(t, components, []string{"ManufacturerMSP"}, all, "c")
		}, []string{"ManufacturerMSP", "ShipperMSP"}, true},
		{"a majority without the owner does not suffice", func(t *ledger.Tx) error {
			return ledger.ProtectWithMajority(t, components, []string{"ManufacturerMSP"}, all, "c")
		}, []string{"ServiceMSP", "ShipperMSP"}, false},
		{"any majority suffices where nobody is named", func(t *ledger.Tx) error {
			return ledger.ProtectByMajority(t, components, all, "c")
		}, []string{"ServiceMSP", "ShipperMSP"}, true},
		{"one alone does not where nobody is named", func(t *ledger.Tx) error {
			return ledger.ProtectByMajority(t, components, all, "c")
		}, []string{"ManufacturerMSP"}, false},
		{"two named of three are a majority already", func(t *ledger.Tx) error {
			return ledger.ProtectWithMajority(t, components, []string{"ServiceMSP", "ManufacturerMSP"}, all, "c")
		}, []string{"ManufacturerMSP", "ServiceMSP"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			actions := standard()
			actions["protect"] = func(t *ledger.Tx, _ []string) (string, error) {
				if _, err := ledger.Get(t, components, "c"); err != nil {
					return "", err
				}
				return "", tt.protect(t)
			}
			actions["touch"] = func(t *ledger.Tx, _ []string) (string, error) {
				c, err := ledger.Get(t, components, "c")
				if err != nil {
					return "", err
				}
				c.Count++
				return "", ledger.Put(t, components, c, "c")
			}
			l := newLedger(t, actions)
			for _, fn := range []string{"create", "protect"} {
				if _, err := l.Submit(alice, fn, "c"); err != nil {
					t.Fatal(err)
				}
			}
			if len(l.Protectors(ledgertest.Key(ledger.KeyComponent, "c"))) == 0 {
				t.Error("no policy on the key")
			}
			tx, err := l.Endorse(alice, "touch", nil, tt.endorsers...)
			if err != nil {
				t.Fatal(err)
			}
			if r := l.Commit(tx)[0]; r.Valid() != tt.valid {
				t.Errorf("got %v", r.Code)
			}
		})
	}
}
