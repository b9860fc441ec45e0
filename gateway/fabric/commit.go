package fabric

import (
	"context"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
)

// Committed is the outcome of a transaction on the own peer.
type Committed struct {
	TransactionID string
	Block         uint64
	Code          string // name of the validation code
	Failure       *Error // nil if the transaction is valid
}

const (
	deadlineExceeded = codes.DeadlineExceeded
	statusWait       = 300 * time.Millisecond
	remembered       = 1 << 14 // outcomes kept for those who ask a little late
	silence          = time.Second
)

// source is what the commits need of a network; tests put their own in its place.
type source interface {
	// open starts a stream of filtered blocks from a block on. The channel is
	// closed, without a word, when the stream is cut or ctx ends.
	open(ctx context.Context, from uint64) (<-chan *peer.FilteredBlock, error)
	chainHeight(ctx context.Context) (uint64, error)
	Status(ctx context.Context, transactionID string) (Committed, bool, error)
}

// commits shares one stream of blocks among all who wait for an outcome, which
// costs the peer nothing for each transaction. A transaction that was sent twice
// may appear twice: the second time as DUPLICATE_TXID. The first code that is not
// that one counts.
type commits struct {
	source source
	config Config

	mu      sync.Mutex
	waiting map[string]*waiter   // guarded by mu; by transaction id
	recent  map[string]Committed // guarded by mu; the last outcomes
	ring    []string             // guarded by mu; keys of recent, oldest at next
	oldest  int                  // guarded by mu
	next    uint64               // guarded by mu; first block not seen; 0: never connected
	seen    time.Time            // guarded by mu; when the last block came
	up      bool                 // guarded by mu
}

// waiter is one transaction that somebody waits for.
type waiter struct {
	count   int           // guarded by commits.mu; how many wait
	done    chan struct{} // closed once outcome is set
	outcome Committed     // written before done is closed
	doubt   chan struct{} // holds a token when the stream alone may not tell
}

func newCommits(s source, config Config) *commits {
	return &commits{
		source: s, config: config,
		waiting: make(map[string]*waiter), recent: make(map[string]Committed), ring: make([]string, remembered),
	}
}

func (n *Network) open(ctx context.Context, from uint64) (<-chan *peer.FilteredBlock, error) {
	return n.session.Load().network.FilteredBlockEvents(ctx, client.WithStartBlock(from))
}

// Wait waits for the outcome of a transaction. It also finds one that was
// committed a short while ago, so it may be called after Submit.
func (n *Network) Wait(ctx context.Context, transactionID string) (Committed, error) {
	return n.commits.wait(ctx, transactionID)
}

func (c *commits) wait(ctx context.Context, txid string) (Committed, error) {
	c.mu.Lock()
	if known, ok := c.recent[txid]; ok {
		c.mu.Unlock()
		return known, nil
	}
	w := c.waiting[txid]
	if w == nil {
		w = &waiter{done: make(chan struct{}), doubt: make(chan struct{}, 1)}
		c.waiting[txid] = w
	}
	w.count++
	c.mu.Unlock()
	defer c.forget(txid, w)
	for {
		select {
		case <-w.done:
			return w.outcome, nil
		case <-ctx.Done():
			return Committed{}, ctx.Err()
		case <-w.doubt:
			if known, ok, err := c.source.Status(ctx, txid); err == nil && ok {
				c.mu.Lock()
				c.settle(known)
				c.mu.Unlock()
			} else if err != nil && pause(ctx, statusWait) {
				w.wonder()
			}
		}
	}
}

func (c *commits) forget(txid string, w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.count--; w.count == 0 && c.waiting[txid] == w {
		delete(c.waiting, txid)
	}
}

// wonder makes one of those who wait ask the peer.
func (w *waiter) wonder() {
	select {
	case w.doubt <- struct{}{}:
	default:
	}
}

// settle records an outcome and tells who waits for it. c.mu is held.
func (c *commits) settle(known Committed) {
	if _, ok := c.recent[known.TransactionID]; ok {
		return
	}
	delete(c.recent, c.ring[c.oldest])
	c.ring[c.oldest] = known.TransactionID
	c.oldest = (c.oldest + 1) % len(c.ring)
	c.recent[known.TransactionID] = known
	if w := c.waiting[known.TransactionID]; w != nil {
		w.outcome = known
		close(w.done)
		delete(c.waiting, known.TransactionID)
	}
}

// take reads one block.
func (c *commits) take(b *peer.FilteredBlock, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.GetNumber() < c.next {
		return
	}
	for _, t := range b.GetFilteredTransactions() {
		txid := t.GetTxid()
		switch {
		case txid == "": // a configuration transaction
		case t.GetTxValidationCode() == peer.TxValidationCode_DUPLICATE_TXID:
			// Its real outcome is in an earlier block, which this stream saw or began after.
			if w := c.waiting[txid]; w != nil {
				w.wonder()
			}
		default:
			c.settle(committed(txid, b.GetNumber(), t.GetTxValidationCode()))
		}
	}
	c.next, c.seen = b.GetNumber()+1, now
	if c.config.Observer.Block != nil {
		c.config.Observer.Block(b.GetNumber(), len(b.GetFilteredTransactions()))
	}
}

func (c *commits) height() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

func (c *commits) live() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up
}

// run keeps the stream up until ctx ends. It is the only goroutine that reads blocks.
func (c *commits) run(ctx context.Context) {
	delay := time.Duration(0)
	for pause(ctx, delay) {
		began := time.Now()
		err := c.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > 5*time.Second {
			delay = 0
		}
		delay = min(max(2*delay, 100*time.Millisecond), 2*time.Second)
		c.config.Log.Warn("block events cut", "next", c.height(), "again", delay, "error", err)
	}
}

// follow reads one stream until it is cut or falls behind the peer.
func (c *commits) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, err := c.start(ctx)
	if err != nil {
		return err
	}
	blocks, err := c.source.open(ctx, from)
	if err != nil {
		return classify(ctx, CommitStatus, "", err)
	}
	// The library's reader blocks on a channel that nobody reads.
	defer func() {
		cancel()
		for range blocks { //nolint:revive // drained on purpose
		}
	}()
	c.raise(true)
	defer c.raise(false)
	return c.read(ctx, blocks)
}

func (c *commits) read(ctx context.Context, blocks <-chan *peer.FilteredBlock) error {
	watchdog := time.NewTicker(silence)
	defer watchdog.Stop()
	behind := false
	for {
		select {
		case b, ok := <-blocks:
			if !ok {
				return NewError(Unreachable, CommitStatus, nil)
			}
			c.take(b, time.Now())
			behind = false
		case <-watchdog.C:
			// A stream can die without an end. While somebody waits and no block comes,
			// the peer's own height tells: behind at two looks, the stream is dead.
			if !c.overdue(time.Now()) {
				behind = false
				continue
			}
			height, err := c.source.chainHeight(ctx)
			next := c.height()
			switch {
			case err != nil || height == next:
				behind = false
			case height < next:
				c.reset(height)
				return NewError(Internal, CommitStatus, nil)
			case behind:
				return NewError(Deadline, CommitStatus, nil)
			default:
				behind = true
			}
		}
	}
}

// start is the block to read from: the one after the last that was seen. The
// first time it is the peer's height, and whoever waits already has to ask.
func (c *commits) start(ctx context.Context) (uint64, error) {
	if next := c.height(); next > 0 {
		return next, nil
	}
	height, err := c.source.chainHeight(ctx)
	if err != nil {
		return 0, err
	}
	c.reset(height)
	return height, nil
}

// reset begins anew at a height: at the start, or when the peer's chain is
// shorter than it was, because its network was made anew.
func (c *commits) reset(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next, c.seen = height, time.Now()
	for _, w := range c.waiting {
		w.wonder()
	}
}

func (c *commits) raise(up bool) {
	c.mu.Lock()
	c.up = up
	if up {
		c.seen = time.Now()
	}
	c.mu.Unlock()
	if c.config.Observer.Stream != nil {
		c.config.Observer.Stream(up)
	}
}

// overdue reports whether somebody waits and no block came for a while.
func (c *commits) overdue(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0 && now.Sub(c.seen) > silence
}
