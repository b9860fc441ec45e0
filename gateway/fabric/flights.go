package fabric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// fewCalls is how many calls with questions are under way before others wait for one
// of them to end: below it nobody waits, and a question goes alone.
const fewCalls = 4

// grounded is how long questions go alone after a chaincode that does not take several.
const grounded = time.Minute

// flights gather the brief questions that come while others are under way into one call,
// which spares each of them a signature, its verification and the way through the peer.
// A question never joins a call that has begun, so that no answer is older than its
// question; and of equal questions that wait, one is asked for all.
type flights struct {
	send func(ctx context.Context, f *flight)

	mu      sync.Mutex
	aloft   int       // guarded by mu; calls under way
	waiting *flight   // guarded by mu; that is not full; nil: nobody waits
	alone   time.Time // guarded by mu; until then no call takes several questions
}

// flight is one call with several questions. Who takes a seat changes it under the lock of
// [flights]; once it leaves, its goroutine alone does.
type flight struct {
	seats  map[string]int // by question
	asked  []seat
	landed chan struct{} // closed once the answers are there
}

type seat struct {
	tx       api.Transaction
	argument []byte
	result   []byte
	err      error
}

// take lets a question go: alone, when it gets no flight, or with others in the flight
// that it gets.
func (f *flights) take(tx api.Transaction, argument []byte, question string, now time.Time) (with *flight, at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.aloft < fewCalls || now.Before(f.alone) {
		f.aloft++
		return nil, 0
	}
	if f.waiting == nil {
		f.waiting = &flight{seats: make(map[string]int), landed: make(chan struct{})}
	}
	with = f.waiting
	at, same := with.seats[question]
	if !same {
		at = len(with.asked)
		with.seats[question], with.asked = at, append(with.asked, seat{tx: tx, argument: argument})
	}
	if len(with.asked) == api.MaxQuestions { // a full one waits for nobody
		f.waiting = nil
		f.aloft++
		go f.fly(with)
	}
	return with, at
}

// land ends a call, in whose place those go who wait.
func (f *flights) land() {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := f.waiting
	if next == nil {
		f.aloft--
		return
	}
	f.waiting = nil
	go f.fly(next)
}

// fly is not one asker's: whoever goes away does not take the others' answers along.
func (f *flights) fly(one *flight) {
	defer f.land()
	defer close(one.landed)
	f.send(context.Background(), one)
}

func (f *flights) ground(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alone = until
}

// askTogether is [Network.Evaluate] for a brief question.
func (n *Network) askTogether(ctx context.Context, tx api.Transaction, argument []byte, question string) ([]byte, error) {
	with, at := n.flights.take(tx, argument, question, time.Now())
	if with == nil {
		defer n.flights.land()
		return n.Evaluate(ctx, tx, argument)
	}
	select {
	case <-with.landed:
		return with.asked[at].result, with.asked[at].err
	case <-ctx.Done():
		return nil, classify(ctx, Evaluate, "", ctx.Err())
	}
}

// carry asks the questions of a flight, together where the chaincode takes that.
func (n *Network) carry(ctx context.Context, f *flight) {
	if len(f.asked) > 1 {
		err := n.carryTogether(ctx, f)
		var e *Error
		if !errors.As(err, &e) || e.Fault == nil || e.Fault.Code != fault.CodeTransactionUnknown {
			return
		}
		n.config.Log.Warn("the chaincode does not take these questions in one call: all are asked one by one", "for", grounded)
		n.flights.ground(time.Now().Add(grounded))
	}
	var all sync.WaitGroup
	for i := range f.asked {
		all.Go(func() { f.asked[i].result, f.asked[i].err = n.Evaluate(ctx, f.asked[i].tx, f.asked[i].argument) })
	}
	all.Wait()
}

// carryTogether fills the seats; what it returns is what all of them met.
func (n *Network) carryTogether(ctx context.Context, f *flight) error {
	args := make([][]byte, 0, 2*len(f.asked))
	for _, s := range f.asked {
		args = append(args, []byte(s.tx), s.argument)
	}
	proposal, err := n.session.Load().contract.NewProposal(string(api.AskTx), client.WithBytesArguments(args...), client.WithEndorsingOrganizations(n.config.MSPID))
	if err != nil {
		err = NewError(Internal, Evaluate, err)
	} else {
		err = n.call(ctx, Evaluate, proposal.TransactionID(), n.config.EvaluateTimeout, func(ctx context.Context) error {
			result, err := proposal.EvaluateWithContext(ctx)
			if err == nil {
				err = f.disembark(ctx, proposal.TransactionID(), result)
			}
			return err
		})
	}
	if err != nil {
		for i := range f.asked {
			f.asked[i].err = err
		}
	}
	return err
}

// disembark gives each question its answer. A refusal is read as if the peer had passed
// it on by itself.
func (f *flight) disembark(ctx context.Context, txid string, result []byte) error {
	from := bytes.NewReader(result)
	for i := range f.asked {
		var r peer.Response
		if err := (protodelim.UnmarshalOptions{MaxSize: -1}).UnmarshalFrom(from, &r); err != nil {
			return NewError(Internal, Evaluate, fmt.Errorf("answer %d of %d: %w", i+1, len(f.asked), err))
		}
		if r.GetStatus() < statusError {
			f.asked[i].result = r.GetPayload()
			continue
		}
		f.asked[i].err = classify(ctx, Evaluate, txid, status.Errorf(codes.Unknown, "chaincode response %d, %s", r.GetStatus(), r.GetMessage()))
	}
	return nil
}

// statusError is the first status of a chaincode's response that is a refusal (shim.ERRORTHRESHOLD).
const statusError = 400
