package fabric

import (
	"context"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

const (
	silence   = time.Second     // after it, the peer's height tells whether the stream is dead
	quiet     = 5 * time.Second // the same, while nobody waits for an outcome
	keptMost  = 256             // blocks kept for those who follow
	keptBytes = 32 << 20
)

// source is what the stream needs of a network; tests put their own in its place.
type source interface {
	// open starts a stream of blocks from a block on, received in some room, or nil.
	// The channel is closed, without a word, when the stream is cut or ctx ends.
	open(ctx context.Context, from uint64, in *room) (<-chan *common.Block, error)
	chainHeight(ctx context.Context) (uint64, error)
	Status(ctx context.Context, transactionID string) (Committed, bool, error)
}

// stream keeps one stream of blocks of the own peer up, for all who want to know
// what was committed: those who wait for an outcome hear of it first, and the
// last blocks are kept for a while for those who follow the chain. Nobody who
// follows can hold it up: who falls behind what is kept reads a stream of its own
// until it has caught up.
type stream struct {
	source source
	config Config
	waits  *commits

	mu    sync.Mutex
	next  uint64          // guarded by mu; first block not seen; 0: never connected
	seen  time.Time       // guarded by mu; when the last block came
	up    bool            // guarded by mu
	kept  []*common.Block // guarded by mu; the last blocks before next, in order, without a gap
	bytes int             // guarded by mu; size of kept
	grew  chan struct{}   // guarded by mu; closed when a block comes or the stream begins anew
	tails int             // guarded by mu; how many follow

	epoch  int       // guarded by mu; how often the stream began anew
	relied time.Time // guarded by mu; when somebody last asked for the state
}

func newStream(s source, config Config) *stream {
	return &stream{source: s, config: config, waits: newCommits(s), grew: make(chan struct{})}
}

func (n *Network) open(ctx context.Context, from uint64, in *room) (<-chan *common.Block, error) {
	request, err := n.session.Load().network.NewBlockEventsRequest(client.WithStartBlock(from))
	if err != nil {
		return nil, err
	}
	return request.Events(ctx, grpc.ForceCodecV2(newSharing(in)))
}

// take reads one block.
func (s *stream) take(b *common.Block, now time.Time) {
	number := b.GetHeader().GetNumber()
	if number < s.height() {
		return
	}
	codes := outcomes(b)
	s.waits.take(number, codes)
	s.mu.Lock()
	if number != s.next {
		s.kept, s.bytes = nil, 0
	}
	s.next, s.seen = number+1, now
	s.kept, s.bytes = append(s.kept, b), s.bytes+proto.Size(b)
	for len(s.kept) > keptMost || s.bytes > keptBytes && len(s.kept) > 1 {
		s.bytes -= proto.Size(s.kept[0])
		s.kept = s.kept[1:]
	}
	s.wake()
	s.mu.Unlock()
	if s.config.Observer.Block != nil {
		s.config.Observer.Block(number, len(codes))
	}
}

// wake tells those who follow to look again. s.mu is held.
func (s *stream) wake() {
	close(s.grew)
	s.grew = make(chan struct{})
}

func (s *stream) height() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (s *stream) live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

// run keeps the stream up until ctx ends. It is the only goroutine that reads it.
func (s *stream) run(ctx context.Context) {
	again := retry{}
	for pause(ctx, again.delay) {
		began := time.Now()
		err := s.once(ctx)
		if ctx.Err() != nil {
			return
		}
		again.after(time.Since(began))
		s.config.Log.Warn("block events cut", "next", s.height(), "again", again.delay, "error", err)
	}
}

// retry spaces the attempts at a stream that is cut.
type retry struct{ delay time.Duration }

func (r *retry) after(lasted time.Duration) {
	if lasted > 5*time.Second {
		r.delay = 0
	}
	r.delay = min(max(2*r.delay, 100*time.Millisecond), 2*time.Second)
}

// once reads one stream until it is cut or falls behind the peer.
func (s *stream) once(ctx context.Context) error {
	from, err := s.start(ctx)
	if err != nil {
		return err
	}
	up := false
	defer func() {
		if up {
			s.raise(false)
		}
	}()
	return s.read(ctx, from, reader{
		opened:  func() { up = true; s.raise(true) },
		take:    func(b *common.Block) (bool, error) { s.take(b, time.Now()); return true, nil },
		overdue: func() bool { return s.overdue(time.Now()) },
		next:    s.height,
		calm:    s.calm,
		shorter: func(height uint64) { s.waits.told.Store(0); s.reset(height) },
	})
}

// reader is what is done with the blocks of one stream.
type reader struct {
	in      *room // where they are received; nil: each by itself
	opened  func()
	take    func(b *common.Block) (more bool, err error)
	overdue func() bool   // whether the peer is to be asked how far it is
	next    func() uint64 // the block that comes next
	calm    func()        // the peer has no more than what was read
	shorter func(height uint64)
}

// read gives the blocks of one stream until take wants no more.
func (s *stream) read(ctx context.Context, from uint64, r reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	blocks, err := s.source.open(ctx, from, r.in)
	if err != nil {
		return classify(ctx, CommitStatus, "", err)
	}
	// The library's reader blocks on a channel that nobody reads.
	defer func() {
		cancel()
		for range blocks { //nolint:revive // drained on purpose
		}
	}()
	r.opened()
	watchdog := time.NewTicker(silence)
	defer watchdog.Stop()
	behind := false
	for {
		select {
		case b, ok := <-blocks:
			if !ok {
				return NewError(Unreachable, CommitStatus, nil)
			}
			if more, err := r.take(b); err != nil || !more {
				return err
			}
			behind = false
		case <-watchdog.C:
			if behind, err = s.look(ctx, r, behind); err != nil {
				return err
			}
		}
	}
}

// look finds a stream that died without an end. While no block comes the peer's
// own height tells: behind at two looks, the stream is dead.
func (s *stream) look(ctx context.Context, r reader, behind bool) (bool, error) {
	if !r.overdue() {
		return false, nil
	}
	height, err := s.source.chainHeight(ctx)
	next := r.next()
	switch {
	case err != nil || height == next:
		r.calm()
		return false, nil
	case height < next:
		r.shorter(height)
		return false, NewError(Internal, CommitStatus, nil)
	case behind:
		return false, NewError(Deadline, CommitStatus, nil)
	}
	return true, nil
}

// start is the block to read from: the one after the last that was seen. The
// first time it is the peer's height, and whoever waits already has to ask.
func (s *stream) start(ctx context.Context) (uint64, error) {
	if next := s.height(); next > 0 {
		return next, nil
	}
	height, err := s.source.chainHeight(ctx)
	if err != nil {
		return 0, err
	}
	s.reset(height)
	return height, nil
}

// reset begins anew at a height: at the start, or when the peer's chain is
// shorter than it was, because its network was made anew.
func (s *stream) reset(height uint64) {
	s.mu.Lock()
	s.next, s.seen, s.kept, s.bytes = height, time.Now(), nil, 0
	s.epoch++
	s.wake()
	s.mu.Unlock()
	s.waits.doubt()
}

func (s *stream) raise(up bool) {
	s.mu.Lock()
	s.up = up
	if up {
		s.seen = time.Now()
	}
	s.mu.Unlock()
	if s.config.Observer.Stream != nil {
		s.config.Observer.Stream(up)
	}
}

// overdue reports whether somebody waits, follows or relies on the state, and no block came for a while.
func (s *stream) overdue(now time.Time) bool {
	waited := s.waits.waited()
	s.mu.Lock()
	defer s.mu.Unlock()
	since := now.Sub(s.seen)
	return waited && since > silence || (s.tails > 0 || now.Sub(s.relied) < 2*quiet) && since > quiet
}

// calm puts the next question off: the peer has just said that there is no more.
func (s *stream) calm() {
	s.mu.Lock()
	s.seen = time.Now()
	s.mu.Unlock()
}
