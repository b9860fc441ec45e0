package operation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// Service carries operations out. It is safe for concurrent use.
type Service struct {
	config Config
	ledger Ledger
	outbox *outbox
	lanes  *lanes
	pace   *pace

	ctx     context.Context // ends when carriers have to give up
	cancel  context.CancelFunc
	running sync.WaitGroup // carriers

	mu      sync.Mutex
	closing bool            // guarded by mu
	byKey   map[string]*job // guarded by mu; by ledger key; from admission until the outcome is on the disk
	byID    map[string]*job // guarded by mu; the same jobs
}

// Open opens the outbox and takes up what an earlier process left in it: signed
// transactions without a known outcome are asked for and sent again, as the same
// bytes; operations that were answered "pending" and never signed are endorsed.
// A request that was neither signed nor answered left no trace and is not carried
// out: its caller was told nothing and may send it again.
func Open(config Config, ledger Ledger) (*Service, error) {
	config = config.withDefaults()
	o, err := openOutbox(config.Path, config.Observer)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	left, err := o.pending(context.Background())
	if err != nil {
		return nil, errors.Join(err, o.close(false))
	}
	s := &Service{
		config: config, ledger: ledger, outbox: o, lanes: newLanes(config.QueueLength), pace: newPace(config.Resubmit),
		byKey: make(map[string]*job), byID: make(map[string]*job),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, r := range left {
		s.resume(r)
	}
	if config.Observer.Recovered != nil {
		config.Observer.Recovered(len(left))
	}
	if len(left) > 0 {
		config.Log.Info("operations recovered from the outbox", "count", len(left))
	}
	return s, nil
}

// resume takes a pending row up.
func (s *Service) resume(r *row) *job {
	j := jobOf(r)
	t, _ := s.lanes.enter(j.entities, true)
	s.mu.Lock()
	s.byKey[j.ledgerKey], s.byID[j.id] = j, j
	s.mu.Unlock()
	s.running.Go(func() { s.carry(j, t) })
	return j
}

// Do carries a request out and waits for its outcome. A failed operation comes
// with its error, an [*fabric.Error]; one whose outcome is not known when the wait
// is over is pending, without an error, and goes on. Errors without an operation:
// a [*fault.Fault] for a request that cannot be taken on, Busy, [ErrClosed], the
// context's.
func (s *Service) Do(ctx context.Context, r Request) (Operation, error) {
	j, joined, err := s.admit(r)
	if err != nil {
		return Operation{}, err
	}
	op, err := s.await(ctx, j)
	op.Replayed = op.Replayed || joined
	return op, err
}

// await waits for a job's outcome, as Do does.
func (s *Service) await(ctx context.Context, j *job) (Operation, error) {
	timer := time.NewTimer(s.config.Wait)
	defer timer.Stop()
	select {
	case <-j.done:
		return s.answer(j)
	case <-timer.C:
		return s.promise(ctx, j)
	case <-ctx.Done():
		return Operation{}, ctx.Err()
	}
}

// Start takes a request on durably and answers at once, as a rule with a pending
// operation. What it answered will be carried out.
func (s *Service) Start(ctx context.Context, r Request) (Operation, error) {
	j, joined, err := s.admit(r)
	if err != nil {
		return Operation{}, err
	}
	op, err := s.promise(ctx, j)
	op.Replayed = op.Replayed || joined
	return op, err
}

// Get looks an operation up by its id. Whether the caller may see it is for the
// caller of Get to judge, by Operation.Principal.
func (s *Service) Get(ctx context.Context, id string) (Operation, error) {
	s.mu.Lock()
	j := s.byID[id]
	s.mu.Unlock()
	if j != nil {
		return j.snapshot(), nil
	}
	r, err := s.outbox.byID(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	if r == nil {
		return Operation{}, ErrUnknown
	}
	if r.State == Pending {
		r.Result = nil // it is the answer only once it is committed
	}
	return r.Operation, nil
}

// admit gives the job of a request: a new one, or the one that has its key, which
// it then has joined.
func (s *Service) admit(r Request) (j *job, joined bool, err error) {
	if len(r.Argument) > api.MaxArgument {
		return nil, false, fault.New(fault.CodeTooLarge, "the request is larger than a transaction may be")
	}
	key := ledgerKey(r.Principal, r.Key)
	if r.Key == "" {
		key = freshKey()
	}
	j = newJob(r, key)
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil, false, ErrClosed
	}
	if other := s.byKey[key]; other != nil {
		s.mu.Unlock()
		return other, true, matches(other.snapshot(), other.fingerprint, j.fingerprint)
	}
	s.byKey[key], s.byID[j.id] = j, j
	s.running.Add(1) // under mu, so that Close, which sets closing first, waits for it
	s.mu.Unlock()
	defer s.running.Done()
	j, err = s.begin(j, r.Key != "")
	return j, false, err
}

// begin starts a new job, unless an earlier process or an earlier hour knows its key.
func (s *Service) begin(j *job, look bool) (*job, error) {
	if look {
		known, err := s.outbox.byKey(context.Background(), j.ledgerKey)
		if err != nil {
			return nil, s.withdraw(j, err)
		}
		if known != nil {
			return s.again(j, known)
		}
	}
	t, ok := s.lanes.enter(j.entities, false)
	if !ok {
		return nil, s.withdraw(j, fabric.NewError(fabric.Busy, fabric.Endorse, nil))
	}
	s.running.Go(func() { s.carry(j, t) })
	return j, nil
}

// again answers a job from the row that has its key. Others may have joined the
// job meanwhile, so it becomes that row's job.
func (s *Service) again(j *job, known *row) (*job, error) {
	if err := matches(known.Operation, known.fingerprint, j.fingerprint); err != nil {
		return nil, s.withdraw(j, err)
	}
	if known.State == Pending {
		// Its outcome could not be written down (the disk was full): find it out again.
		s.forget(j)
		resumed := s.resume(known)
		go func() {
			<-resumed.done
			s.settleAs(j, resumed.snapshot())
		}()
		return resumed, nil
	}
	known.Replayed = true
	s.forget(j)
	s.settleAs(j, known.Operation)
	return j, nil
}

// settleAs gives a job that was never carried the outcome of another.
func (s *Service) settleAs(j *job, op Operation) {
	j.mu.Lock()
	j.op = op
	if op.State == Pending {
		j.async, j.durable, j.err = true, true, ErrClosed
	}
	j.mu.Unlock()
	close(j.done)
}

// withdraw ends a job that was not begun; whoever joined it gets the same error.
func (s *Service) withdraw(j *job, err error) error {
	s.forget(j)
	j.mu.Lock()
	j.err = err
	j.mu.Unlock()
	close(j.done)
	return err
}

// forget removes a job from memory: from now on the outbox answers for it.
func (s *Service) forget(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[j.ledgerKey] == j {
		delete(s.byKey, j.ledgerKey)
	}
	delete(s.byID, j.id)
}

// answer is what is told about a job that is done.
func (s *Service) answer(j *job) (Operation, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.err != nil && j.durable:
		return j.op, nil // left in the outbox for the next process
	case j.err != nil:
		return Operation{}, j.err
	case j.op.Err != nil:
		return j.op, j.op.Err
	default:
		return j.op, nil
	}
}

// promise answers "pending", after making sure that it is true.
func (s *Service) promise(ctx context.Context, j *job) (Operation, error) {
	select {
	case <-j.done:
		return s.answer(j)
	default:
	}
	if err := s.reserve(ctx, j); err != nil {
		return Operation{}, fmt.Errorf("operation not taken on: %w", err)
	}
	select {
	case <-j.done:
		return s.answer(j)
	default:
		return j.snapshot(), nil
	}
}

// Run prunes until ctx ends, then closes the service.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.Close(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := s.prune(ctx); err != nil && ctx.Err() == nil {
				s.config.Log.Warn("outbox not pruned", "error", err)
			}
		}
	}
}

func (s *Service) prune(ctx context.Context) error {
	for {
		more, err := s.outbox.prune(ctx, time.Now().Add(-s.config.Retention))
		if err != nil || !more {
			return err
		}
	}
}

// Close takes nothing more on, waits for what is under way, but no longer than
// CloseWait or ctx, and leaves the rest in the outbox. It may be called again.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		s.running.Wait()
		close(idle)
	}()
	ctx, cancel := context.WithTimeout(ctx, s.config.CloseWait)
	defer cancel()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	s.cancel()
	<-idle
	return s.outbox.close(true)
}
