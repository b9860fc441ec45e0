package fabric

import (
	"context"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/kept"
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

// Ask is [Network.Evaluate] with an answer that says how new it is, and that may
// have been given before: to the same question, since the last block that the
// shared stream brought. An answer is never older than the height it states, nor
// than any commit or height that this Network has told of. fresh asks the peer in
// any case. The result MUST NOT be changed: others may have it, too.
func (n *Network) Ask(ctx context.Context, tx api.Transaction, argument []byte, fresh bool) (Answer, error) {
	at, sure := n.Moment()
	question := string(tx) + "\x00" + string(argument)
	keep := sure && tx.Timeless()
	if keep && !fresh {
		if result, ok := n.answers.Find(at, question); ok {
			n.asked(true)
			return Answer{result, at.Height, true}, nil
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
	if keep && at.Caller == n.session.Load() {
		n.answers.Keep(at, question, result)
	}
	return Answer{Result: result, Height: at.Height}, nil
}

// Moment is the ledger as the shared stream has seen it; false: no answer may be kept now.
func (n *Network) Moment() (at kept.Moment, sure bool) {
	at, sure = n.stream.state(time.Now())
	at.Caller = n.session.Load()
	return at, sure
}

func (n *Network) asked(kept bool) {
	if n.config.Observer.Asked != nil {
		n.config.Observer.Asked(kept)
	}
}

// state is how far the stream is, and whether that is as far as this process has
// told anybody, and not long ago. The stream may be behind the peer for a moment;
// it is behind what was told when an outcome was asked for beside it.
func (s *stream) state(now time.Time) (at kept.Moment, sure bool) {
	told := s.waits.told.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relied = now
	return kept.Moment{Height: s.next, Epoch: s.epoch}, s.up && s.next > 0 && s.next >= told && now.Sub(s.seen) < 2*quiet
}
