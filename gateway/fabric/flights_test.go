package fabric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// crew tells of the flights that leave.
func crew() (*flights, chan *flight) {
	left := make(chan *flight, 10)
	return &flights{send: func(_ context.Context, f *flight) { left <- f }}, left
}

// board asks for a component.
func (f *flights) board(id string) (*flight, int) {
	return f.take(api.GetComponentTx, []byte(id), id, time.Now())
}

// busy has as many calls under way as may be before others wait.
func busy(t *testing.T) (*flights, chan *flight) {
	t.Helper()
	f, left := crew()
	for i := range fewCalls {
		if with, _ := f.board("a"); with != nil {
			t.Fatalf("question %d waits, and nothing is under way that it could wait for", i)
		}
	}
	return f, left
}

func TestEqualQuestionsThatWaitAreOne(t *testing.T) {
	f, left := busy(t)
	one, at := f.board("a")
	same, there := f.board("a")
	other, elsewhere := f.board("b")
	if one == nil || same != one || other != one || there != at || elsewhere == at {
		t.Errorf("seats %d, %d and %d of %p, %p and %p", at, there, elsewhere, one, same, other)
	}
	f.land()
	if gone := <-left; gone != one || len(gone.asked) != 2 {
		t.Errorf("%d questions left", len(gone.asked))
	}
}

// An answer that somebody waits for already may be older than a question that is asked now.
func TestNoQuestionJoinsACallThatHasBegun(t *testing.T) {
	f, left := busy(t)
	early, _ := f.board("a")
	f.land()
	<-left
	if late, _ := f.board("a"); late == early {
		t.Error("asked after it left, it has a seat all the same")
	}
}

func TestAFullFlightWaitsForNoCallToEnd(t *testing.T) {
	f, left := busy(t)
	for i := range api.MaxQuestions {
		f.board(fmt.Sprint(i))
	}
	select {
	case gone := <-left:
		if len(gone.asked) != api.MaxQuestions {
			t.Errorf("%d questions left", len(gone.asked))
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
}

func TestQuestionsGoAloneOnceAllCallsHaveEnded(t *testing.T) {
	f, left := busy(t)
	with, _ := f.board("a")
	for range fewCalls {
		f.land()
	}
	<-left
	<-with.landed
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		aloft := f.aloft
		f.mu.Unlock()
		if aloft == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d calls are still counted", aloft)
		}
	}
}

// together is what a peer answers to several questions: the argument of each, or a
// refusal of "none".
func together(t *testing.T, args [][]byte) []byte {
	var answers bytes.Buffer
	for i := 1; i < len(args); i += 2 {
		r := &peer.Response{Status: 200, Payload: args[i]}
		if string(args[i]) == "none" {
			r = &peer.Response{Status: 500, Message: fault.New(fault.CodeComponentUnknown, "there is none").Wire()}
		}
		if _, err := protodelim.MarshalTo(&answers, r); err != nil {
			t.Error(err)
		}
	}
	return answers.Bytes()
}

func refused(code fault.Code) error {
	return status.Error(codes.Unknown, "evaluate call to endorser returned error: chaincode response 500, "+fault.New(code, "so").Wire())
}

func TestWhatTheQuestionsOfOneCallAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(t *testing.T, tx string, args [][]byte) ([]byte, error)
		want [3]string
	}{
		"each its own, a refusal among them": {func(t *testing.T, _ string, args [][]byte) ([]byte, error) {
			return together(t, args), nil
		}, [3]string{"x", "refused component.unknown", "y"}},
		"the peer cannot be reached": {func(*testing.T, string, [][]byte) ([]byte, error) {
			return nil, status.Error(codes.Unavailable, "it is away")
		}, [3]string{"unreachable", "unreachable", "unreachable"}},
		"the caller is refused": {func(*testing.T, string, [][]byte) ([]byte, error) {
			return nil, refused(fault.CodeCallerUnknown)
		}, [3]string{"refused participant.caller-unknown", "refused participant.caller-unknown", "refused participant.caller-unknown"}},
		"an answer is missing": {func(t *testing.T, _ string, args [][]byte) ([]byte, error) {
			return together(t, args[:4]), nil
		}, [3]string{"internal", "internal", "internal"}},
		"a chaincode that takes one question alone": {func(_ *testing.T, tx string, args [][]byte) ([]byte, error) {
			if tx == string(api.AskTx) {
				return nil, refused(fault.CodeTransactionUnknown)
			}
			if string(args[0]) == "none" {
				return nil, refused(fault.CodeComponentUnknown)
			}
			return args[0], nil
		}, [3]string{"x", "refused component.unknown", "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := new(fakePeer)
			p.question = func(tx string, args [][]byte) ([]byte, error) { return c.peer(t, tx, args) }
			n := dial(t, p.start(t))
			f := &flight{}
			for _, id := range []string{"x", "none", "y"} {
				f.asked = append(f.asked, seat{tx: api.GetComponentTx, argument: []byte(id)})
			}
			n.carry(t.Context(), f)
			var got [3]string
			for i, s := range f.asked {
				got[i] = told(s.result, s.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// told is an answer in short.
func told(result []byte, err error) string {
	var e *Error
	switch {
	case err == nil:
		return string(result)
	case errors.As(err, &e) && e.Fault != nil:
		return string(e.Condition) + " " + string(e.Fault.Code)
	case errors.As(err, &e):
		return string(e.Condition)
	}
	return err.Error()
}

func TestAChaincodeThatTakesOneQuestionIsNotAskedSeveralAgainAtOnce(t *testing.T) {
	f, _ := crew()
	f.ground(time.Now().Add(grounded))
	for range 2 * fewCalls {
		if with, _ := f.board("a"); with != nil {
			t.Fatal("a question waits for others")
		}
	}
}

func TestAHerdIsAnsweredInFewCalls(t *testing.T) {
	var calls atomic.Int64
	p := new(fakePeer)
	p.question = func(tx string, args [][]byte) ([]byte, error) {
		calls.Add(1)
		time.Sleep(20 * time.Millisecond)
		if tx == string(api.AskTx) {
			return together(t, args), nil
		}
		return args[0], nil
	}
	n := dial(t, p.start(t))
	const askers = 200
	var all sync.WaitGroup
	for i := range askers {
		all.Go(func() {
			want := fmt.Sprint(i / 2) // two ask for each
			if a, err := n.Ask(t.Context(), api.GetComponentTx, []byte(want), true); err != nil || string(a.Result) != want {
				t.Errorf("%s: got %s, %v", want, a.Result, err)
			}
		})
	}
	all.Wait()
	if got := calls.Load(); got > askers/4 {
		t.Errorf("%d calls for %d questions", got, askers)
	}
}

func TestWhoGoesAwayTakesNobodysAnswerAlong(t *testing.T) {
	n := dial(t, new(fakePeer).start(t))
	n.flights.send = func(ctx context.Context, f *flight) {
		for i := range f.asked {
			f.asked[i].result, f.asked[i].err = []byte("x"), ctx.Err()
		}
	}
	n.flights.aloft = fewCalls
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := n.Ask(gone, api.GetComponentTx, []byte("a"), true); !errors.Is(err, context.Canceled) {
		t.Errorf("who goes away got %v", err)
	}
	late, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := n.Ask(late, api.GetComponentTx, []byte("a"), true); told(nil, err) != string(Deadline) {
		t.Errorf("whose time was over got %v", err)
	}
	with, at := n.flights.board("a")
	n.flights.land()
	<-with.landed
	if got := told(with.asked[at].result, with.asked[at].err); got != "x" {
		t.Errorf("who stayed got %s", got)
	}
}
