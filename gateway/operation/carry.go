package operation

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

const (
	longest = 15 * time.Second // between two submits of the same bytes
	// givenUp is how long after the last submit that may have been taken an orderer's
	// refusal of the same bytes is believed. What it took before is in a block by
	// then, or was lost with a leader.
	givenUp = time.Minute
)

// carry moves one job from its turn in the lanes to its outcome. It ends early,
// without an outcome, only when the service's context does.
func (s *Service) carry(j *job, t *ticket) {
	defer t.leave()
	s.count(1)
	defer s.count(-1)
	began := time.Now()
	err := t.wait(s.ctx)
	if err == nil {
		if s.config.Observer.Queued != nil {
			s.config.Observer.Queued(time.Since(began))
		}
		err = s.work(j)
	}
	if err != nil {
		j.mu.Lock()
		j.err = ErrClosed
		j.mu.Unlock()
		close(j.done)
	}
}

func (s *Service) count(delta int) {
	if s.config.Observer.Pending != nil {
		s.config.Observer.Pending(delta)
	}
}

// tries is how often a transaction is endorsed that ends invalid so. Endorsements
// that do not suffice may be a conflict, too: another transaction changed in the
// same block who must endorse. If so, once more is enough; if not, it never is.
func (s *Service) tries(c fabric.Condition) int {
	switch c {
	case fabric.Contended:
		return s.config.MaxAttempts
	case fabric.PolicyFailure:
		return min(3, s.config.MaxAttempts)
	}
	return 1
}

// work repeats endorse, seal, order until an outcome is known. Only a transaction
// that the ledger has found invalid, for a conflict, is endorsed anew: nothing
// else makes sure that the last try has no effect.
func (s *Service) work(j *job) error {
	for {
		e := j.endorsed // the carrier is its only writer
		if e == nil {
			var failed *fabric.Error
			var err error
			j.recovered = false // nobody has sent what is only now endorsed
			if e, failed, err = s.endorse(j); err != nil {
				return err
			}
			if failed != nil {
				return s.refused(j, failed)
			}
			if err := s.seal(s.ctx, j, e); err != nil {
				if s.ctx.Err() != nil {
					return s.ctx.Err()
				}
				return s.fail(j, fabric.NewError(fabric.Internal, fabric.Endorse, err))
			}
		}
		c, rejected, err := s.order(j, e)
		switch {
		case err != nil:
			return err
		case rejected != nil:
			return s.fail(j, rejected)
		case c.Failure == nil:
			s.succeed(j, c, e.Result, false)
			_ = s.settle(j) // the caller has its answer
			return nil
		case j.snapshot().Attempts >= s.tries(c.Failure.Condition):
			err := s.fail(j, c.Failure)
			_ = s.settle(j)
			return err
		}
		if err := s.settle(j); err != nil {
			return err
		}
		if s.config.Observer.Reendorsed != nil {
			s.config.Observer.Reendorsed()
		}
		j.mu.Lock()
		j.endorsed = nil
		attempts := j.op.Attempts
		j.mu.Unlock()
		if err := pause(s.ctx, jitter(time.Duration(attempts)*25*time.Millisecond)); err != nil {
			return err
		}
	}
}

// endorse tries until peers answer or patience is over. Trying again is safe: an
// endorsement changes nothing. The error is the service's context's.
func (s *Service) endorse(j *job) (*fabric.Endorsed, *fabric.Error, error) {
	began := time.Now()
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		e, err := s.ledger.Endorse(s.ctx, j.transaction, j.argument, j.ledgerKey)
		if err == nil {
			return e, nil, nil
		}
		if s.ctx.Err() != nil {
			return nil, nil, s.ctx.Err()
		}
		failed := asError(err, fabric.Endorse)
		if !passing(failed) || time.Since(began) >= s.patience(j) {
			return nil, failed, nil
		}
		if err := pause(s.ctx, jitter(delay)); err != nil {
			return nil, nil, err
		}
	}
}

// passing reports whether an endorsement may succeed a little later.
func passing(e *fabric.Error) bool {
	return e.Condition == fabric.Busy || e.Condition == fabric.Unreachable || e.Condition == fabric.Deadline
}

// patience is short while the caller waits, and long once it was told "pending".
func (s *Service) patience(j *job) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.async {
		return s.config.AsyncPatience
	}
	return s.config.Patience
}

// order submits the same bytes until the outcome is known. An orderer may forget
// what it has acknowledged, so its word is not the outcome; and any error may
// come after the bytes were taken, so no error is one either. The one exception
// is a refusal of bytes that nobody can have taken: rejected.
func (s *Service) order(j *job, e *fabric.Endorsed) (c fabric.Committed, rejected *fabric.Error, err error) {
	var taken time.Time // when a submit last may have been taken
	if j.recovered {
		j.recovered, j.resent = false, true
		taken = time.Now()
		if c, known, err := s.arrived(e, s.pace.resubmit(0)); known || err != nil {
			return c, nil, err
		}
	}
	began := time.Now()
	for n := 0; ; n++ {
		if n > 0 {
			j.resent = true
			if c, ok, err := s.ledger.Status(s.ctx, e.TransactionID); err == nil && ok {
				return c, nil, nil
			}
		}
		sent := s.ledger.Submit(s.ctx, e.Envelope)
		if s.ctx.Err() != nil {
			return c, nil, s.ctx.Err()
		}
		wait := s.pace.resubmit(n)
		if sent == nil {
			taken = time.Now()
		} else {
			failed := asError(sent, fabric.Submit)
			switch failed.Condition {
			case fabric.Rejected, fabric.Denied:
				if taken.IsZero() || time.Since(taken) > givenUp {
					return c, failed, nil
				}
			case fabric.Busy, fabric.Unreachable:
				wait = min(wait, jitter(200*time.Millisecond<<min(n, 4)))
			default:
				taken = time.Now()
			}
		}
		waiting, cancel := context.WithTimeout(s.ctx, wait)
		c, err = s.ledger.Wait(waiting, e.TransactionID)
		cancel()
		if err == nil {
			s.pace.took(time.Since(began))
			return c, nil, nil
		}
		if !errors.Is(err, context.DeadlineExceeded) { // never resubmit without a pause
			if err := pause(s.ctx, jitter(200*time.Millisecond)); err != nil {
				return c, nil, err
			}
		}
		if s.ctx.Err() != nil {
			return c, nil, s.ctx.Err()
		}
		if s.config.Observer.Resubmitted != nil {
			s.config.Observer.Resubmitted()
		}
	}
}

// arrived gives what was sent before this process started the time to come out of the
// orderers, before it is sent again.
func (s *Service) arrived(e *fabric.Endorsed, limit time.Duration) (c fabric.Committed, known bool, err error) {
	waiting, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	if c, known, err = s.ledger.Status(waiting, e.TransactionID); err == nil && known {
		return c, true, nil
	}
	c, err = s.ledger.Wait(waiting, e.TransactionID)
	return c, err == nil, s.ctx.Err()
}

// settle keeps the lanes of a transaction that was sent more than once, until a second
// copy of it must be in a block. Peers judge such a copy a duplicate, and do not tell
// those behind it in the block. If it says who must endorse a record, a later change
// of that record in the same block waits for its judgement, on every peer, for ever
// (Fabric 3.1: the key-level validation of core/common/validation/statebased).
func (s *Service) settle(j *job) error {
	if !j.resent {
		return nil
	}
	j.resent = false
	return pause(s.ctx, s.config.Settle)
}

// refused handles an operation that could not be endorsed. One answer of the
// chaincode is a success: it has done this request before, under this very key.
func (s *Service) refused(j *job, e *fabric.Error) error {
	if e.Fault == nil || e.Fault.Code != fault.CodeReplayed {
		return s.fail(j, e)
	}
	c := fabric.Committed{TransactionID: e.Fault.Param("transactionId")}
	if known, ok, err := s.ledger.Status(s.ctx, c.TransactionID); err == nil && ok && known.Failure == nil {
		c.Block = known.Block
	}
	s.succeed(j, c, []byte(e.Fault.Param("result")), true)
	return nil
}

// succeed answers first and writes afterwards: the signed transaction and its
// result are on the disk already, and the ledger has the outcome. A process that
// dies in between finds it there again.
func (s *Service) succeed(j *job, c fabric.Committed, result []byte, replayed bool) {
	op := j.snapshot()
	op.State, op.Block, op.TransactionID = Committed, c.Block, c.TransactionID
	op.Replayed, op.Finished = replayed, now()
	if len(result) > 0 {
		op.Result = json.RawMessage(result)
	}
	j.conclude(op)
	s.tell(op)
	s.finish(j.rowOf(op), false, func(err error) {
		if err != nil {
			s.config.Log.Error("outcome not written; it will be found out again", "operation", op.ID, "error", err)
		}
		s.forget(j)
	})
}

// fail writes first where there may be a row: a process that died in between
// would carry the operation on after its caller was told that it failed. Where
// there is none, nothing was ever signed that could take effect, and a lost note of
// the failure only means that the same key is judged anew.
func (s *Service) fail(j *job, e *fabric.Error) error {
	op := j.snapshot()
	e.Attempts = op.Attempts
	op.State, op.Err, op.Finished = Failed, e, now()
	if e.TransactionID != "" {
		op.TransactionID = e.TransactionID
	}
	r := j.rowOf(op)
	// What failed used no key up, as on the ledger: the same request may go better
	// the next time, and the ledger's own marker sees to it that there is one effect.
	r.ledgerKey = ""
	defer s.tell(op)
	if j.unwritten(op) {
		s.forget(j)
		return nil
	}
	written := make(chan error, 1)
	s.finish(r, true, func(err error) { written <- err })
	if err := <-written; err != nil {
		s.config.Log.Error("failure not written", "operation", op.ID, "error", err)
	}
	s.forget(j)
	j.conclude(op)
	return nil
}

func (s *Service) tell(op Operation) {
	if s.config.Observer.Finished == nil {
		return
	}
	var condition fabric.Condition
	if op.Err != nil {
		condition = op.Err.Condition
	}
	s.config.Observer.Finished(op.Transaction, condition, op.Attempts, op.Finished.Sub(op.Created))
}

// finish writes an outcome down; done is called when it is on the disk or failed.
func (s *Service) finish(r *row, urgent bool, done func(error)) {
	values, err := r.values()
	if err != nil {
		done(err)
		return
	}
	s.outbox.writer.later(urgent, func(ctx context.Context, st *statements) error {
		_, err := st.finish.ExecContext(ctx, values...)
		return err
	}, done)
}

// pace decides when the same bytes are sent again: not before the time that
// commits take at present, since under load a resubmit is load.
type pace struct {
	least time.Duration

	mu    sync.Mutex
	usual time.Duration // guarded by mu; moving average of submit to commit
}

func newPace(least time.Duration) *pace { return &pace{least: least} }

func (p *pace) took(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.usual += (min(d, p.least*2) - p.usual) / 16
}

// resubmit is how long to wait after the submit of number n.
func (p *pace) resubmit(n int) time.Duration {
	p.mu.Lock()
	wait := max(p.least, 4*p.usual)
	p.mu.Unlock()
	for range n {
		if wait += wait / 2; wait >= longest {
			return longest
		}
	}
	return wait
}

// asError takes anything else for an internal error, so that a mistake in a
// Ledger is not mistaken for a state of the network.
func asError(err error, stage fabric.Stage) *fabric.Error {
	var e *fabric.Error
	if errors.As(err, &e) {
		copied := *e // Attempts is ours to set
		return &copied
	}
	return fabric.NewError(fabric.Internal, stage, err)
}

func jitter(d time.Duration) time.Duration {
	return d/2 + mathrand.N(d+1)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// now is the time as the outbox can keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// freshKey is the key of a request that has none: no other request meets it.
func freshKey() string { return rand.Text() + rand.Text() }
