package projection

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// told is one ledger on which every story of the contracts has been played, with
// its blocks: each kind of record that the product has is in it.
var told = sync.OnceValues(func() (*scenario.Fake, error) {
	g, err := contract.New()
	if err != nil {
		return nil, err
	}
	all, err := scenario.Load("../../chaincode/contract/testdata/scenarios")
	if err != nil {
		return nil, err
	}
	f := scenario.NewFake(g)
	for i, s := range all {
		id, ccy := fmt.Sprintf("p%d", i), fmt.Sprintf("P%c%c", 'A'+i/26, 'A'+i%26)
		if _, err := scenario.Run(s, f, id, ccy); err != nil && !errors.Is(err, scenario.ErrNotFresh) {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return &f, nil
})

// story gives the blocks of that ledger.
func story(t testing.TB) []*fabric.Block {
	t.Helper()
	f, err := told()
	if err != nil {
		t.Fatal(err)
	}
	return blocksOf(t, *f)
}

func blocksOf(t testing.TB, f scenario.Fake) (all []*fabric.Block) {
	t.Helper()
	chain, err := f.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chain {
		all = append(all, fabric.DecodeBlock(b, "lifeledger"))
	}
	return all
}

// onBoth runs a test on both databases; fresh gives the configuration of an empty one.
func onBoth(t *testing.T, do func(t *testing.T, fresh func() Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		n := 0
		do(t, func() Config {
			n++
			return Config{SQLite: filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", n)), Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		do(t, func() Config {
			url, schema := pgtest.Open(t)
			return Config{Postgres: url, Schema: schema, Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond}
		})
	})
}

func open(t testing.TB, c Config) *Model {
	t.Helper()
	m, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	})
	return m
}

// sums are a model's checksums at a height.
func sums(t testing.TB, m *Model, height uint64) map[string]string {
	t.Helper()
	at, all, err := m.Checksums(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if at != height {
		t.Fatalf("the read model has %d blocks, not %d", at, height)
	}
	return all
}

// replayed are the checksums of a fresh model into which all blocks were put at once.
func replayed(t testing.TB, c Config, blocks []*fabric.Block) map[string]string {
	t.Helper()
	m := open(t, c)
	if err := m.Apply(t.Context(), blocks...); err != nil {
		t.Fatal(err)
	}
	return sums(t, m, uint64(len(blocks)))
}

// peer gives blocks that appear one after the other, and cuts its streams at random.
type peer struct {
	mu     sync.Mutex
	blocks []*fabric.Block
	grew   chan struct{}
	random *rand.Rand // nil: streams are never cut
	given  int
}

func newPeer(blocks ...*fabric.Block) *peer { return &peer{blocks: blocks, grew: make(chan struct{})} }

func (p *peer) add(blocks ...*fabric.Block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocks = append(p.blocks, blocks...)
	close(p.grew)
	p.grew = make(chan struct{})
}

var errCut = errors.New("the stream is cut")

func (p *peer) Blocks(ctx context.Context, from uint64, give func(*fabric.Block) error) error {
	for ctx.Err() == nil {
		p.mu.Lock()
		var next *fabric.Block
		if from < uint64(len(p.blocks)) {
			next = p.blocks[from]
			p.given++
		}
		grew, cut := p.grew, p.random != nil && p.random.IntN(20) == 0
		p.mu.Unlock()
		switch {
		case cut:
			return errCut
		case next != nil:
			if err := give(next); err != nil {
				return err
			}
			from++
		default:
			select {
			case <-grew:
			case <-ctx.Done():
			}
		}
	}
	return ctx.Err()
}

func (p *peer) ChainHeight(context.Context) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return uint64(len(p.blocks)), nil
}

// running runs a model on a chain until the test ends or stop is called.
func running(t testing.TB, m *Model, chain Chain) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx, chain)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// await waits until the model has so many blocks.
func await(t testing.TB, m *Model, height uint64) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		now, moved := m.Changed()
		if now >= height {
			return
		}
		select {
		case <-moved:
		case <-deadline:
			t.Fatalf("the read model has %d blocks, not %d", now, height)
		}
	}
}
