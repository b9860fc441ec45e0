package fabric

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

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
)

// commits tells all who wait for an outcome what the one [stream] of blocks says,
// which costs the peer nothing for each transaction. A transaction that was sent twice
// may appear twice: the second time as DUPLICATE_TXID. The first code that is not
// that one counts.
type commits struct {
	source source
	told   atomic.Uint64 // the height that includes all that anybody has heard of

	mu      sync.Mutex
	waiting map[string]*waiter   // guarded by mu; by transaction id
	recent  map[string]Committed // guarded by mu; the last outcomes
	ring    []string             // guarded by mu; keys of recent, oldest at next
	oldest  int                  // guarded by mu
}

// waiter is one transaction that somebody waits for.
type waiter struct {
	count   int           // guarded by commits.mu; how many wait
	done    chan struct{} // closed once outcome is set
	outcome Committed     // written before done is closed
	doubt   chan struct{} // holds a token when the stream alone may not tell
}

func newCommits(s source) *commits {
	return &commits{
		source: s, waiting: make(map[string]*waiter), recent: make(map[string]Committed), ring: make([]string, remembered),
	}
}

// Wait waits for the outcome of a transaction. It also finds one that was
// committed a short while ago, so it may be called after Submit.
func (n *Network) Wait(ctx context.Context, transactionID string) (Committed, error) {
	return n.stream.waits.wait(ctx, transactionID)
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
	c.tell(known.Block + 1) // before anybody hears of it
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

// tell notes a height that somebody is about to hear of.
func (c *commits) tell(height uint64) {
	for {
		told := c.told.Load()
		if told >= height || c.told.CompareAndSwap(told, height) {
			return
		}
	}
}

// outcome is what became of one transaction of a block.
type outcome struct {
	txid string
	code peer.TxValidationCode
}

// take learns from the outcomes of one block.
func (c *commits) take(block uint64, outcomes []outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range outcomes {
		if t.code != peer.TxValidationCode_DUPLICATE_TXID {
			c.settle(committed(t.txid, block, t.code))
		} else if w := c.waiting[t.txid]; w != nil {
			// Its real outcome is in an earlier block, which the stream saw or began after.
			w.wonder()
		}
	}
}

// doubt makes all who wait ask the peer: there are blocks that the stream does not tell.
func (c *commits) doubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiting {
		w.wonder()
	}
}

func (c *commits) waited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0
}
