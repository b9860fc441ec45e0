package projection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// Chain is where blocks come from; [*fabric.Network] is one.
type Chain interface {
	// Blocks gives every block from one on, in order, until ctx ends or give fails.
	Blocks(ctx context.Context, from uint64, give func(*fabric.Block) error) error
	// ChainHeight is the number of blocks that the peer has now.
	ChainHeight(ctx context.Context) (uint64, error)
}

// arrived is a block and when it came.
type arrived struct {
	block *fabric.Block
	at    time.Time
}

const (
	ahead   = 64              // blocks that may wait for the database
	history = 200             // blocks: with more to replay, indexes are made afterwards
	patient = 5 * time.Second // how long a batch may gather while there is much to replay
	roomy   = 32 << 20        // bytes of records: how large it may become
)

// Run follows the chain until ctx ends. It survives a database that fails and a
// stream that is cut; it does not go on over a block that does not continue the
// chain, which is for a person to look at, and says so again and again.
func (m *Model) Run(ctx context.Context, chain Chain) {
	var tidying sync.WaitGroup
	if m.store.dialect == SQLite {
		tidying.Go(func() { m.store.tidy(ctx) })
	}
	defer tidying.Wait()
	wait := m.config.Pause
	for ctx.Err() == nil {
		before := m.Height()
		err := m.follow(ctx, chain)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, errMoved) { // another gateway was faster: go on from where it is
			continue
		}
		if m.Height() != before {
			wait = m.config.Pause
		}
		m.stuck(true)
		m.config.Log.Error("the read model stands still", "height", m.Height(), "again", wait, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*m.config.Pause)
	}
}

// follow replays and follows from the height that the database has.
func (m *Model) follow(ctx context.Context, chain Chain) error {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	h, err := m.store.head(ctx, m.store.reader)
	if err != nil {
		return err
	}
	m.reached(h.height)
	target, err := chain.ChainHeight(ctx)
	if err != nil {
		target = h.height // the peer is away; whatever comes is applied as it comes
	}
	if target < h.height {
		return fmt.Errorf("%w: the peer has %d blocks, the read model %d", ErrChain, target, h.height)
	}
	if target-h.height < history {
		if err := m.store.index(ctx); err != nil {
			return err
		}
	}
	return m.pipe(ctx, chain, h.height, target)
}

// pipe lets blocks be fetched, read and applied at the same time, until the stream
// ends or something fails. What had come before is applied first.
func (m *Model) pipe(ctx context.Context, chain Chain, from, target uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ended error // read once blocks is closed
	blocks := make(chan arrived, ahead)
	go func() {
		defer close(blocks)
		ended = chain.Blocks(ctx, from, func(b *fabric.Block) error {
			select {
			case blocks <- arrived{b, time.Now()}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	batches := make(chan ready, 1)
	go func() {
		defer close(batches)
		m.gather(ctx, blocks, target, batches)
	}()
	err := m.applyAll(ctx, batches, target)
	cancel()
	for range batches { //nolint:revive // until gather has ended
	}
	for range blocks { //nolint:revive // and the stream
	}
	if err == nil {
		err = ended
	}
	return err
}

// ready is a batch whose rows are made.
type ready struct {
	*batch
	at  time.Time // when its newest block came
	err error
}

// gather makes batches of blocks: of one block as it comes; below target, which is
// how far there is to replay, of many.
func (m *Model) gather(ctx context.Context, blocks <-chan arrived, target uint64, out chan<- ready) {
	for a := range blocks {
		b := newBatch()
		err := b.add(a.block)
		a.block.Done()
		began, last := time.Now(), a.at
		b.cold = m.store.dialect == SQLite && b.from == 0 && target >= coldBlocks
		for err == nil && b.next < target && m.takesMore(b, began) {
			next, ok := <-blocks
			if !ok {
				break
			}
			err, last = b.add(next.block), next.at
			next.block.Done()
		}
		b.read()
		select {
		case out <- ready{b, last, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// takesMore says that there is room for another block in a batch that is gathered since a moment.
func (m *Model) takesMore(b *batch, since time.Time) bool {
	if b.cold && b.size < m.store.coldBytes {
		return true
	}
	return b.writes < m.config.Batch && b.size < roomy && time.Since(since) < patient
}

func (m *Model) applyAll(ctx context.Context, ready <-chan ready, target uint64) error {
	for r := range ready {
		if r.err != nil {
			return r.err
		}
		if err := m.apply(ctx, r.batch, r.next >= target); err != nil {
			return err
		}
		if r.from < target && r.next >= target {
			if err := m.store.index(ctx); err != nil {
				return err
			}
			m.config.Log.Info("the read model has caught up", "height", r.next)
		}
		m.stuck(false)
		if m.config.Observer.Applied != nil {
			m.config.Observer.Applied(len(r.blocks), r.writes, time.Since(r.at))
		}
	}
	return nil
}

// apply puts a batch into the database. last: there is no more to replay.
func (m *Model) apply(ctx context.Context, b *batch, last bool) error {
	if err := m.put(ctx, b, last); err != nil {
		return err
	}
	m.reached(b.next)
	return m.tell(ctx, b)
}

func (m *Model) put(ctx context.Context, b *batch, last bool) error {
	if b.cold {
		err := m.store.build(ctx, b, last)
		if err == nil || ctx.Err() != nil {
			return err
		}
		m.config.Log.Warn("the first blocks are applied the slower way", "error", err)
		b.cold = false
		b.read()
	}
	return m.store.write(ctx, func(ctx context.Context) error { return m.store.apply(ctx, b) })
}

// tell says what of a batch could not be turned into rows.
func (m *Model) tell(ctx context.Context, b *batch) error {
	news := len(b.parked) > 0
	for _, p := range b.parked {
		m.config.Log.Error("parked", "id", p.id, "block", p.Block, "transactionId", p.Transaction, "reason", p.reason)
	}
	for _, c := range b.changes {
		if c.problem != "" {
			news = true
			m.config.Log.Error("parked", "id", c.record.ID, "block", c.Block, "transactionId", c.Transaction, "reason", c.problem)
		}
	}
	for kind, u := range b.unknown {
		m.config.Log.Warn("records of a kind that the catalogue does not have", "kind", kind, "writes", u.writes, "block", u.block)
		if m.config.Observer.Unknown != nil {
			m.config.Observer.Unknown(u.writes)
		}
	}
	m.mu.Lock()
	news = news || m.waiting != 0
	m.mu.Unlock()
	if !news {
		return nil
	}
	return m.countParked(ctx)
}

// Apply puts blocks into the database as [Model.Run] does, in one transaction.
func (m *Model) Apply(ctx context.Context, blocks ...*fabric.Block) error {
	b := newBatch()
	for _, k := range blocks {
		if err := b.add(k); err != nil {
			return err
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	b.read()
	return m.apply(ctx, b, false)
}

// Index makes the indexes, which Run does when the first replay is over.
func (m *Model) Index(ctx context.Context) error { return m.store.index(ctx) }

func (m *Model) stuck(is bool) {
	if m.config.Observer.Stuck != nil {
		m.config.Observer.Stuck(is)
	}
}
