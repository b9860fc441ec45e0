package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

func TestEvents(t *testing.T) {
	fact := func(n int) ledger.Fact {
		return ledger.NewFact("noted", "c", entry{Note: strings.Repeat("x", n)})
	}
	tests := []struct {
		name string
		do   action
		want string
	}{
		{"a good event", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped-twice.v12", "c", fact(10))
		}, ""},
		{"a second event is refused", func(t *ledger.Tx, _ []string) (string, error) {
			_ = t.Announce("component.bumped.v1", "c")
			return "", t.Announce("component.bumped.v1", "c")
		}, "in one transaction"},
		{"a name without a version is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped", "c")
		}, "is not like"},
		{"a name with capitals is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.Bumped.v1", "c")
		}, "is not like"},
		{"a version of nought is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped.v0", "c")
		}, "is not like"},
		{"an event whose data is too large is no reason to refuse", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped.v1", "c", fact(16<<10))
		}, ""},
		{"nor is one of many facts", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped.v1", "c", slices.Repeat([]ledger.Fact{fact(1)}, 1000)...)
		}, ""},
		{"a fact with a float is refused", func(t *ledger.Tx, _ []string) (string, error) {
			return "", t.Announce("component.bumped.v1", "c", ledger.NewFact("noted", "c", struct{ F float64 }{1}))
		}, "no single encoding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, _, err := run(t, tt.do)
			if tt.want == "" {
				if err != nil || len(l.Events()) != 1 {
					t.Errorf("got %v, %d events", err, len(l.Events()))
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestALargeEventKeepsWhatFits: the largest data goes first, and its record has it.
func TestALargeEventKeepsWhatFits(t *testing.T) {
	fact := func(subject string, n int) ledger.Fact {
		return ledger.NewFact("noted", subject, entry{Note: strings.Repeat("x", n)})
	}
	l, _, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
		return "", t.Announce("component.bumped.v1", "c", fact("a", 6<<10), fact("b", 9<<10), fact("c", 8<<10))
	})
	if err != nil {
		t.Fatal(err)
	}
	var e ledger.Envelope
	if err := json.Unmarshal(l.Events()[0].GetPayload(), &e); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Facts {
		got = append(got, fmt.Sprintf("%s %t", f.Subject, len(f.Data) > 0))
	}
	if d := cmp.Diff([]string{"a true", "b false", "c true"}, got); d != "" || len(l.Events()[0].GetPayload()) > 16<<10 {
		t.Error(len(l.Events()[0].GetPayload()), d)
	}
}

func TestTheEnvelopeSaysWhoWhatWhen(t *testing.T) {
	l, r, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
		return "", t.Announce("component.bumped.v1", "c", ledger.NewFact("bumped", "c", entry{N: 7, Note: "<&>"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	e := l.Events()[0]
	want := `{"v":1,"type":"component.bumped.v1","time":"2026-01-01T00:00:00.000Z","tx":"` + r.Tx.ID +
		`","actor":{"mspId":"ManufacturerMSP","name":"alice"},"subject":"c",` +
		`"facts":[{"type":"bumped","subject":"c","data":{"n":7,"note":"<&>"}}]}`
	if d := cmp.Diff(want, string(e.GetPayload())); d != "" || e.GetEventName() != "component.bumped.v1" {
		t.Error(e.GetEventName(), d)
	}
}

func TestAnEventWithoutFactsHasAnEmptyList(t *testing.T) {
	l, _, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
		return "", t.Announce("component.bumped.v1", "c")
	})
	if err != nil || !strings.Contains(string(l.Events()[0].GetPayload()), `"facts":[]`) {
		t.Error(err)
	}
}

func TestTheTransactionKnowsItself(t *testing.T) {
	_, r, err := run(t, func(t *ledger.Tx, _ []string) (string, error) {
		return strings.Join([]string{t.ID(), t.LedgerID(), t.Caller().MSPID, t.Caller().Name, t.Now().Format(time.RFC3339Nano)}, " "), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := r.Tx.ID + " lifeledger/lifeledger ManufacturerMSP alice 2026-01-01T00:00:00Z"
	if got := string(r.Tx.Response.GetPayload()); got != want {
		t.Errorf("got %s", got)
	}
}

func TestTheClockIsCutToMilliseconds(t *testing.T) {
	l := newLedger(t, map[string]action{"now": func(t *ledger.Tx, _ []string) (string, error) {
		t.ReadOnly()
		return t.Now().Format(time.RFC3339Nano), nil
	}})
	tx, err := l.Propose(ledgertest.Call{As: alice, Fn: "now", Time: l.Now().Add(1_234_567 * time.Nanosecond)})
	if err != nil || string(tx.Response.GetPayload()) != "2026-01-01T00:00:00.001Z" {
		t.Errorf("%v %s", err, tx.Response.GetPayload())
	}
}

func TestACertificateThatNamesNobodyIsRefused(t *testing.T) {
	l := newLedger(t, standard())
	_, err := l.Submit(ledgertest.Identity{MSPID: "ManufacturerMSP"}, "create", "c")
	if err == nil || !strings.Contains(err.Error(), string(fault.CodeCallerUnknown)) {
		t.Errorf("got %v", err)
	}
}

type badStub struct {
	shim.ChaincodeStubInterface
	creator []byte
	err     error
}

func (s badStub) GetCreator() ([]byte, error) { return s.creator, s.err }

func TestAnIdentityThatCannotBeReadIsAnError(t *testing.T) {
	for _, s := range []badStub{{err: errors.New("no")}, {}, {creator: []byte("junk")}} {
		if tx, err := ledger.Open(s); !fault.Is(err, fault.CodeCallerUnknown) || tx != nil {
			t.Errorf("got %v", err)
		}
	}
}

// forged is a stub whose proposal or clock was tampered with.
type forged struct {
	shim.ChaincodeStubInterface
	time   func() (*timestamppb.Timestamp, error)
	signed func() (*peer.SignedProposal, error)
}

func (f forged) GetTxTimestamp() (*timestamppb.Timestamp, error) {
	if f.time != nil {
		return f.time()
	}
	return f.ChaincodeStubInterface.GetTxTimestamp()
}

func (f forged) GetSignedProposal() (*peer.SignedProposal, error) {
	if f.signed != nil {
		return f.signed()
	}
	return f.ChaincodeStubInterface.GetSignedProposal()
}

func TestATransactionThatDoesNotKnowItsTimeOrLedgerIsNotOpened(t *testing.T) {
	at := func(ts *timestamppb.Timestamp) func() (*timestamppb.Timestamp, error) {
		return func() (*timestamppb.Timestamp, error) { return ts, nil }
	}
	raw := func(b []byte) func() (*peer.SignedProposal, error) {
		return func() (*peer.SignedProposal, error) { return &peer.SignedProposal{ProposalBytes: b}, nil }
	}
	tests := []struct {
		name string
		stub forged
		want fault.Code
	}{
		{"no time", forged{time: at(nil)}, fault.CodeTimeInvalid},
		{"a time that cannot be", forged{time: at(&timestamppb.Timestamp{Nanos: -1})}, fault.CodeTimeInvalid},
		{"a time before 1970", forged{time: at(&timestamppb.Timestamp{Seconds: -1})}, fault.CodeTimeInvalid},
		{"a clock that fails", forged{time: func() (*timestamppb.Timestamp, error) { return nil, errors.New("no") }}, fault.CodeInternal},
		{"no proposal", forged{signed: func() (*peer.SignedProposal, error) { return nil, nil }}, fault.CodeInternal},
		{"a proposal that fails", forged{signed: func() (*peer.SignedProposal, error) { return nil, errors.New("no") }}, fault.CodeInternal},
		{"a proposal that is not one", forged{signed: raw([]byte("junk"))}, fault.CodeInternal},
		{"a header that is not one", forged{signed: raw([]byte{0x0a, 1, 0xff})}, fault.CodeInternal},
		{"nothing amiss", forged{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			l := ledgertest.New(ledgertest.Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
				tt.stub.ChaincodeStubInterface = stub
				_, err = ledger.Open(tt.stub)
				return shim.Success(nil)
			}), ledgertest.Options{TB: t})
			if _, e := l.Evaluate(alice, "open"); e != nil {
				t.Fatal(e)
			}
			if (tt.want == "" && err != nil) || (tt.want != "" && !fault.Is(err, tt.want)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
