package fabric

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// chain stands in for a peer: blocks, and streams of them that can be cut or die.
type chain struct {
	mu      sync.Mutex
	blocks  []*common.Block
	down    bool
	dead    bool // streams stay open and say nothing
	cut     chan struct{}
	grew    chan struct{}
	streams int // opened
	asked   int // calls of Status
}

func newChain(height int) *chain {
	c := &chain{cut: make(chan struct{}), grew: make(chan struct{})}
	for range height {
		c.add()
	}
	return c
}

type entry struct {
	txid string
	code peer.TxValidationCode
}

// blockOf is a block of transactions that hold their ids and nothing else.
func blockOf(number uint64, entries ...entry) *common.Block {
	marshal := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			panic(err)
		}
		return b
	}
	b := &common.Block{Header: &common.BlockHeader{Number: number}, Data: &common.BlockData{}}
	var codes []byte
	for _, e := range entries {
		header := &common.Header{ChannelHeader: marshal(&common.ChannelHeader{TxId: e.txid})}
		b.Data.Data = append(b.Data.Data, marshal(&common.Envelope{Payload: marshal(&common.Payload{Header: header})}))
		codes = append(codes, byte(e.code))
	}
	b.Metadata = &common.BlockMetadata{Metadata: [][]byte{nil, nil, codes}}
	return b
}

func (c *chain) add(entries ...entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, blockOf(uint64(len(c.blocks)), entries...))
	close(c.grew)
	c.grew = make(chan struct{})
}

func (c *chain) set(down, dead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down, c.dead = down, dead
	close(c.cut)
	c.cut = make(chan struct{})
}

// die makes the open streams silent without ending them; new ones work.
func (c *chain) die() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
}

var errDown = NewError(Unreachable, CommitStatus, nil)

func (c *chain) open(ctx context.Context, from uint64, _ *room) (<-chan *common.Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return nil, errDown
	}
	c.streams++
	c.dead = false
	out := make(chan *common.Block)
	go c.stream(ctx, c.streams, from, c.cut, out)
	return out, nil
}

func (c *chain) stream(ctx context.Context, id int, from uint64, cut <-chan struct{}, out chan<- *common.Block) {
	defer close(out)
	for {
		c.mu.Lock()
		var next *common.Block
		if from < uint64(len(c.blocks)) && !(c.dead && id == c.streams) {
			next = c.blocks[from]
			from++
		}
		grew := c.grew
		c.mu.Unlock()
		if next != nil {
			out <- next // blocks, as the library does, until somebody reads
			continue
		}
		select {
		case <-grew:
		case <-cut:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (c *chain) chainHeight(context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return 0, errDown
	}
	return uint64(len(c.blocks)), nil
}

func (c *chain) Status(_ context.Context, txid string) (Committed, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.down {
		return Committed{}, false, errDown
	}
	for _, b := range c.blocks { // a peer answers with the first
		for _, t := range outcomes(b) {
			if t.txid == txid {
				return committed(txid, b.GetHeader().GetNumber(), t.code), true, nil
			}
		}
	}
	return Committed{}, false, nil
}

// follow starts commits on a chain, in a bubble, and stops them when the test ends.
func follow(t *testing.T, c *chain) *commits { return streaming(t, c).waits }

// streaming starts the stream itself.
func streaming(t *testing.T, c *chain) *stream {
	t.Helper()
	s := newStream(c, Config{Log: slog.New(slog.DiscardHandler)})
	all := s.waits
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		all.mu.Lock()
		defer all.mu.Unlock()
		if len(all.waiting) != 0 {
			t.Errorf("%d still waited for", len(all.waiting))
		}
	})
	return s
}

const (
	valid     = peer.TxValidationCode_VALID
	mvcc      = peer.TxValidationCode_MVCC_READ_CONFLICT
	duplicate = peer.TxValidationCode_DUPLICATE_TXID
)

func TestCommits(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(c *chain)
		block  uint64
		code   peer.TxValidationCode
		within time.Duration
	}{
		{"a transaction in the next block", func(c *chain) { c.add(entry{"tx1", valid}) }, 5, valid, 0},
		{"an invalid one", func(c *chain) { c.add(entry{"tx0", valid}, entry{"tx1", mvcc}) }, 5, mvcc, 0},
		{"blocks of others in between", func(c *chain) { c.add(); c.add(entry{"tx0", valid}); c.add(entry{"tx1", valid}) }, 7, valid, 0},
		{"sent twice and valid the first time", func(c *chain) { c.add(entry{"tx1", valid}); c.add(entry{"tx1", duplicate}) }, 5, valid, 0},
		{"sent twice and in conflict the first time", func(c *chain) { c.add(entry{"tx1", mvcc}); c.add(entry{"tx1", duplicate}) }, 5, mvcc, 0},
		{"sent twice, both in one block", func(c *chain) { c.add(entry{"tx1", valid}, entry{"tx1", duplicate}) }, 5, valid, 0},
		{"a stream that is cut", func(c *chain) { c.set(false, false); c.add(entry{"tx1", valid}) }, 5, valid, time.Second},
		{"a peer that restarts, and commits before the stream is up again", func(c *chain) {
			c.set(true, false)
			time.Sleep(20 * time.Second)
			c.add(entry{"tx1", valid})
			c.add()
			c.set(false, false)
		}, 5, valid, 25 * time.Second},
		{"a stream that dies without a word", func(c *chain) { c.die(); c.add(entry{"tx1", valid}) }, 5, valid, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := newChain(5)
				all := follow(t, ch)
				synctest.Wait()
				began := time.Now()
				go c.do(ch)
				got, err := all.wait(t.Context(), "tx1")
				if err != nil || got.Block != c.block || got.Code != c.code.String() {
					t.Fatalf("got %+v, %v", got, err)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Minute)
				again, err := all.wait(t.Context(), "tx1") // a little late, from memory
				if err != nil || again.Block != got.Block || again.Code != got.Code {
					t.Errorf("late: %+v, %v", again, err)
				}
			})
		})
	}
}

func TestCommitsBeforeTheStream(t *testing.T) {
	t.Run("a transaction committed before the gateway began to listen is asked for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ch := newChain(3)
			ch.add(entry{"tx1", valid})
			ch.set(true, false)
			all := follow(t, ch)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if got, err := all.wait(t.Context(), "tx1"); err != nil || got.Block != 3 {
						t.Errorf("got %+v, %v", got, err)
					}
				})
			}
			time.Sleep(time.Minute)
			ch.set(false, false)
			wg.Wait()
		})
	})

	t.Run("a duplicate of one committed before the gateway began to listen tells the first outcome", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ch := newChain(3)
			ch.add(entry{"tx1", mvcc})
			all := follow(t, ch)
			synctest.Wait()
			go ch.add(entry{"tx1", duplicate})
			if got, err := all.wait(t.Context(), "tx1"); err != nil || got.Block != 3 || got.Failure == nil || got.Failure.Condition != Contended {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	})

	t.Run("a wait that is given up leaves nothing behind", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			all := follow(t, newChain(1))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := all.wait(ctx, "tx1"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	})

	t.Run("a network made anew, with a shorter chain, is followed from its own height", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ch := newChain(9)
			all := follow(t, ch)
			synctest.Wait()
			ch.mu.Lock()
			ch.blocks = ch.blocks[:2]
			ch.mu.Unlock()
			ch.set(false, false)
			go func() {
				time.Sleep(10 * time.Second)
				ch.add(entry{"tx1", valid})
			}()
			if got, err := all.wait(t.Context(), "tx1"); err != nil || got.Block != 2 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	})

	t.Run("a quiet channel costs nothing: the peer is not asked while nobody waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ch := newChain(2)
			follow(t, ch)
			time.Sleep(time.Hour)
			ch.mu.Lock()
			defer ch.mu.Unlock()
			if ch.streams != 1 || ch.asked != 0 {
				t.Errorf("%d streams, asked %d times", ch.streams, ch.asked)
			}
		})
	})
}

func TestOutcomesAreForgottenInTheirOrder(t *testing.T) {
	all := newCommits(newChain(0))
	var many []outcome
	for i := range remembered + 10 {
		many = append(many, outcome{string(rune('A'+i%26)) + time.Duration(i).String(), valid})
	}
	all.take(1, many)
	if len(all.recent) != remembered {
		t.Errorf("%d remembered", len(all.recent))
	}
	if _, ok := all.recent[many[0].txid]; ok {
		t.Error("the first is remembered")
	}
	if _, ok := all.recent[many[len(many)-1].txid]; !ok {
		t.Error("the last is forgotten")
	}
}
