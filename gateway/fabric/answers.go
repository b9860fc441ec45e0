package fabric

import (
	"context"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Answer is what the own peer said, and how new it is at least.
type Answer struct {
	Result []byte
	// Height: every block below it was on the peer when it answered. 0: not known,
	// since the event stream is not up.
	Height uint64
	Kept   bool // it was asked for before, at that height
}

// The bounds of what is kept.
const (
	keptAnswers     = 4096
	keptAnswerBytes = 32 << 20
)

// answers keeps what the own peer answered to timeless questions since the last
// block. The next block ends all of it, so that nothing has to be found out about
// which write changes which answer. Errors are never kept: some pass by themselves.
type answers struct {
	mu    sync.Mutex
	at    state             // guarded by mu; of all that is kept
	kept  map[string][]byte // guarded by mu; by question
	bytes int               // guarded by mu
}

// state is the ledger as the shared stream has seen it.
type state struct {
	height uint64
	epoch  int      // of the stream; another one may be another chain
	caller *session // whose question it is
}

func (a *answers) find(at state, question string) ([]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at != at {
		return nil, false
	}
	result, ok := a.kept[question]
	return result, ok
}

// keep takes an answer up, unless it is of a state before the one that others are
// of already, or there is no room left until the next block.
func (a *answers) keep(at state, question string, result []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.epoch < a.at.epoch || at.epoch == a.at.epoch && at.height < a.at.height {
		return
	}
	if a.at != at {
		a.at, a.kept, a.bytes = at, make(map[string][]byte), 0
	}
	size := len(question) + len(result)
	if _, ok := a.kept[question]; ok || len(a.kept) >= keptAnswers || a.bytes+size > keptAnswerBytes {
		return
	}
	a.kept[question] = result
	a.bytes += size
}

// Ask is [Network.Evaluate] with an answer that says how new it is, and that may
// have been given before: to the same question, since the last block that the
// shared stream brought. An answer is never older than the height it states, nor
// than any commit or height that this Network has told of. fresh asks the peer in
// any case. The result MUST NOT be changed: others may have it, too.
func (n *Network) Ask(ctx context.Context, tx api.Transaction, argument []byte, fresh bool) (Answer, error) {
	at, sure := n.stream.state(time.Now())
	at.caller = n.session.Load()
	question := string(tx) + "\x00" + string(argument)
	keep := sure && tx.Timeless()
	if keep && !fresh {
		if result, ok := n.answers.find(at, question); ok {
			n.asked(true)
			return Answer{result, at.height, true}, nil
		}
	}
	n.asked(false)
	var result []byte
	var err error
	if tx.Brief() {
		result, err = n.askTogether(ctx, tx, argument, question)
	} else {
		result, err = n.Evaluate(ctx, tx, argument)
	}
	if err != nil {
		return Answer{}, err
	}
	if keep && at.caller == n.session.Load() {
		n.answers.keep(at, question, result)
	}
	return Answer{Result: result, Height: at.height}, nil
}

// Moment tells the states of the ledger apart for which answers may be kept, and whose
// questions they are; false: none may be kept now.
func (n *Network) Moment() (height uint64, epoch int, caller any, sure bool) {
	at, sure := n.stream.state(time.Now())
	return at.height, at.epoch, n.session.Load(), sure
}

func (n *Network) asked(kept bool) {
	if n.config.Observer.Asked != nil {
		n.config.Observer.Asked(kept)
	}
}

// state is how far the stream is, and whether that is as far as this process has
// told anybody, and not long ago. The stream may be behind the peer for a moment;
// it is behind what was told when an outcome was asked for beside it.
func (s *stream) state(now time.Time) (at state, sure bool) {
	told := s.waits.told.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relied = now
	return state{height: s.next, epoch: s.epoch}, s.up && s.next > 0 && s.next >= told && now.Sub(s.seen) < 2*quiet
}
