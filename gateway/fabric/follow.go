package fabric

import (
	"context"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// Blocks gives every block from one on to give, in order, none left out and none
// twice, until ctx ends or give fails; that error is what it returns. It reads the
// stream that it shares with all who wait for an outcome, and one of its own only
// for what that one has passed. A cut stream is taken up again.
func (n *Network) Blocks(ctx context.Context, from uint64, give func(*Block) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	raw, ended := make(chan received, 4), make(chan struct{})
	var failed error // read once ended is closed
	go func() {      // so that the next blocks are received while one is taken apart
		defer close(ended)
		defer cancel() // who waits for a block that does not come hears of it, too
		for r := range raw {
			b := DecodeBlock(r.Block, n.config.Chaincode)
			b.Release = r.done
			if failed = give(b); failed != nil {
				return
			}
		}
	}()
	err := n.stream.follow(ctx, from, func(r received) error {
		select {
		case raw <- r:
			return nil
		case <-ended:
			return failed
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(raw)
	<-ended
	if failed != nil {
		return failed
	}
	return err
}

// ChainHeight asks the own peer for the number of blocks of its chain.
func (n *Network) ChainHeight(ctx context.Context) (uint64, error) {
	height, err := n.chainHeight(ctx)
	n.stream.waits.tell(height)
	return height, err
}

// received is a block as the peer sent it. done says that it is not read any more;
// nil: others have it, too.
type received struct {
	*common.Block
	done func()
}

func (s *stream) follow(ctx context.Context, from uint64, give func(received) error) error {
	s.tail(1)
	defer s.tail(-1)
	again := retry{}
	for {
		b, passed, grew := s.get(from)
		switch {
		case b != nil:
			if err := give(received{b, nil}); err != nil {
				return err
			}
			from++
		case passed:
			began := time.Now()
			next, failed, err := s.catchUp(ctx, from, give)
			if failed != nil {
				return failed
			}
			if from = next; err != nil && ctx.Err() == nil {
				again.after(time.Since(began))
				s.config.Log.Warn("earlier blocks cut", "next", from, "again", again.delay, "error", err)
				pause(ctx, again.delay)
			}
		default:
			select {
			case <-grew:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *stream) tail(by int) {
	s.mu.Lock()
	s.tails += by
	s.mu.Unlock()
}

// get finds a kept block. passed: the shared stream is beyond it. Otherwise grew
// is closed when it is worth looking again.
func (s *stream) get(number uint64) (b *common.Block, passed bool, grew <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := s.next - uint64(len(s.kept))
	if number >= oldest && number < s.next {
		return s.kept[number-oldest], false, nil
	}
	return nil, number < oldest, s.grew
}

// catchUp reads a stream of its own from a block on until the shared one has the
// next block too. failed is give's error, err the stream's.
func (s *stream) catchUp(ctx context.Context, from uint64, give func(received) error) (next uint64, failed, err error) {
	next = from
	last := time.Now()
	in := newRoom()
	err = s.read(ctx, from, reader{
		in:     in,
		opened: func() {},
		take: func(b *common.Block) (bool, error) {
			if b.GetHeader().GetNumber() != next {
				return false, NewError(Internal, CommitStatus, nil)
			}
			at := in.claim(b)
			if failed = give(received{b, func() { in.free(at) }}); failed != nil {
				return false, nil
			}
			next, last = next+1, time.Now()
			_, passed, _ := s.get(next)
			return passed, nil
		},
		overdue: func() bool { return time.Since(last) > quiet },
		next:    func() uint64 { return next },
		calm:    func() { last = time.Now() },
		shorter: func(uint64) {}, // the shared stream finds that, too
	})
	return next, failed, err
}
