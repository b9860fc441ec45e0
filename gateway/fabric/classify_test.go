package fabric

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// captured is one file of testdata/peer-errors: what a peer said, and what it means.
type captured struct {
	stage   Stage
	code    codes.Code
	message string
	details []*gateway.ErrorDetail
	want    []string // condition, code of the fault, "in-doubt"
}

func read(t *testing.T, path string) captured {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c captured
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "stage":
			c.stage = Stage(value)
		case "code":
			c.code = codeNamed(t, value)
		case "message":
			c.message = value
		case "detail":
			part := strings.SplitN(value, " ", 3)
			c.details = append(c.details, &gateway.ErrorDetail{MspId: part[0], Address: part[1], Message: part[2]})
		case "want":
			c.want = strings.Fields(value)
		default:
			t.Fatalf("%s: what is %q?", path, line)
		}
	}
	return c
}

func codeNamed(t *testing.T, name string) codes.Code {
	t.Helper()
	for c := codes.OK; c <= codes.Unauthenticated; c++ {
		if c.String() == name {
			return c
		}
	}
	t.Fatalf("no code %q", name)
	return 0
}

func (c captured) err(t *testing.T) error {
	t.Helper()
	st := status.New(c.code, c.message)
	for _, d := range c.details {
		var err error
		if st, err = st.WithDetails(protoadapt.MessageV1Of(d)); err != nil {
			t.Fatal(err)
		}
	}
	return st.Err()
}

func TestWhatAPeerSaysMeans(t *testing.T) {
	files, err := filepath.Glob("testdata/peer-errors/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			c := read(t, path)
			var e *Error
			if !errors.As(classify(t.Context(), c.stage, "tx1", c.err(t)), &e) {
				t.Fatal("not an *Error")
			}
			got := []string{string(e.Condition)}
			if e.Fault != nil {
				got = append(got, string(e.Fault.Code))
			}
			if inDoubt(e, 2) {
				got = append(got, "in-doubt")
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if (e.Condition == Refused) != (e.Fault != nil) || e.TransactionID != "tx1" || e.Stage != c.stage || len(e.Peers) != len(c.details) {
				t.Errorf("inconsistent: %+v", e)
			}
			if e.Fault != nil && !fault.Is(e, e.Fault.Code) {
				t.Error("errors.As does not find the fault")
			}
		})
	}
}

func TestClassifyLeavesAlone(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := classify(cancelled, Endorse, "", status.Error(codes.Canceled, "context canceled")); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone: %v", err)
	}
	busy := &Error{Condition: Busy}
	if err := classify(t.Context(), Endorse, "", busy); err != error(busy) {
		t.Errorf("an error that is classified: %v", err)
	}
	if err := classify(t.Context(), Endorse, "", nil); err != nil {
		t.Errorf("no error: %v", err)
	}
}

func TestValidationCodes(t *testing.T) {
	want := map[peer.TxValidationCode]Condition{
		peer.TxValidationCode_MVCC_READ_CONFLICT:         Contended,
		peer.TxValidationCode_PHANTOM_READ_CONFLICT:      Contended,
		peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE: PolicyFailure,
	}
	for n, name := range peer.TxValidationCode_name {
		code := peer.TxValidationCode(n)
		c := committed("tx1", 3, code)
		if code == peer.TxValidationCode_VALID {
			if c.Failure != nil {
				t.Errorf("%s: %v", name, c.Failure)
			}
			continue
		}
		condition, ok := want[code]
		if !ok {
			condition = Rejected
		}
		if c.Failure == nil || c.Failure.Condition != condition || c.Failure.Code != name || c.Block != 3 {
			t.Errorf("%s: got %+v, want %s", name, c, condition)
		}
	}
}

func TestOnlyWhatChangedNothingIsRetryable(t *testing.T) {
	want := []Condition{Contended, Busy, Unreachable, Deadline, Apart}
	for _, c := range Conditions() {
		if got := (&Error{Condition: c}).Retryable(); got != slices.Contains(want, c) {
			t.Errorf("%s: %v", c, got)
		}
	}
}
