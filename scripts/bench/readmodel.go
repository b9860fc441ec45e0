package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/network/consortium"
)

// benchReadModel measures a read model on the real chain: how late rows are under
// load, and how fast the chain is replayed, against the rate at which it was made
// and against reading its blocks and doing nothing.
func benchReadModel(ctx context.Context, r *rig, o options) ([]string, error) {
	dir, err := os.MkdirTemp("", "lifeledger-readmodel-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	public, err := newPublicKey()
	if err != nil {
		return nil, err
	}
	var made atomic.Int64
	register := func(ctx context.Context, _ int) (int, error) {
		made.Add(1)
		return 1, r.post(ctx, "/components", component(public), nil)
	}
	rate, err := lateRows(ctx, r, o, dir, register)
	for err == nil && made.Load() < int64(o.chain) { // of a short chain most is what begins and ends a replay
		_, err = load(ctx, o.workers, time.Second, register)
	}
	if err != nil {
		return nil, err
	}
	live := &ratio{name: "(readmodel) replay ÷ live commits", goal: "≥ 20", unit: "tx/s", ok: func(s spread) bool { return s.mid >= 20 }}
	drain := drainRatio("")
	if err := eachReplay(ctx, r.in, r.org, o, dir, func(replayed, drained float64) {
		live.add(replayed, rate)
		drain.add(replayed, drained)
	}); err != nil {
		return nil, err
	}
	return []string{live.row(), drain.row()}, nil
}

// benchChain replays and drains the chain of a network that runs, such as one on
// which recordings were played.
func benchChain(ctx context.Context, o options) (*ratio, error) {
	c, err := consortium.Load(o.dir)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lifeledger-chain-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := drainRatio(", of a chain that is there")
	return out, eachReplay(ctx, c, &c.Members[0], o, dir, out.add)
}

func drainRatio(of string) *ratio {
	return &ratio{name: "(readmodel) replay ÷ reading the blocks" + of, goal: "≥ 0.5", unit: "tx/s", ok: func(s spread) bool { return s.mid >= 0.5 }}
}

// eachReplay replays and drains a chain by turns. The first two pairs are not counted.
func eachReplay(ctx context.Context, c *consortium.Consortium, m *consortium.Member, o options, dir string, add func(replayed, drained float64)) error {
	const warm = 2
	for i := range o.pairs + warm {
		// Each has a place of its own, which is gone after it: a large file is also as much memory.
		place := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(place, 0o700); err != nil {
			return err
		}
		replayed, err := replay(ctx, c, m, o, filepath.Join(place, "replay.db"))
		if err = errors.Join(err, os.RemoveAll(place)); err != nil {
			return err
		}
		drained, err := drained(ctx, c, m)
		if err != nil {
			return err
		}
		progress("readmodel: pair %d: replay %.0f, drain %.0f tx/s", i, replayed, drained)
		if i >= warm {
			add(replayed, drained)
		}
	}
	return nil
}

// dialPeer is a way to the peer that has seen no block yet: one that has keeps the last ones.
func dialPeer(c *consortium.Consortium, m *consortium.Member) (*fabric.Network, error) {
	return fabric.Dial(fabric.Config{
		Address: m.Peer.Address, ServerName: m.Peer.ServerName, TLSRoots: m.Peer.TLSRoots, MSPID: m.MSPID, Certificate: m.Client.Certificate, Key: m.Client.PrivateKey,
		Channel: c.Channel, Chaincode: c.Chaincode, Log: slog.New(slog.DiscardHandler),
	})
}

// lateRows runs a model under seven tenths of the load that the network takes, and
// says how long rows took from the arrival of their block. It gives the full rate.
func lateRows(ctx context.Context, r *rig, o options, dir string, register func(context.Context, int) (int, error)) (rate float64, err error) {
	network, err := dialPeer(r.in, r.org)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	if rate, err = load(ctx, o.workers, 2*o.slice, register); err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var took []float64
	conf := modelAt(o, filepath.Join(dir, "live.db"))
	conf.Observer.Applied = func(blocks, _ int, t time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if blocks == 1 { // not what was replayed
			took = append(took, float64(t.Microseconds())/1000)
		}
	}
	model, err := projection.Open(ctx, conf)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { model.Run(running, network) })
	defer func() {
		stop()
		all.Wait()
	}()
	height, err := network.ChainHeight(ctx)
	if err != nil {
		return 0, err
	}
	for model.Height() < height && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	mu.Lock()
	took = nil
	mu.Unlock()
	if err := steady(ctx, 0.7*rate, 4*o.slice, register); err != nil {
		return 0, err
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(took)
	if len(took) == 0 {
		return 0, errors.New("no block came")
	}
	progress("readmodel: rows after the arrival of their block, at 70 %% of %.0f tx/s: p50 %.1f ms (goal 20), p99 %.1f ms (goal 150), %d blocks",
		rate, took[len(took)/2], took[len(took)*99/100], len(took))
	return rate, nil
}

// steady makes calls at a rate, whether or not those before have ended.
func steady(ctx context.Context, rate float64, d time.Duration, call func(context.Context, int) (int, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	var all sync.WaitGroup
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
		<-tick.C
		all.Go(func() {
			if _, err := call(ctx, 0); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func modelAt(o options, file string) projection.Config {
	if o.postgres != "" {
		return projection.Config{Postgres: o.postgres, Schema: "bench", Log: slog.New(slog.DiscardHandler)}
	}
	return projection.Config{SQLite: file, Log: slog.New(slog.DiscardHandler)}
}

// replay makes a read model of the whole chain, indexes included, and gives transactions per second.
func replay(ctx context.Context, c *consortium.Consortium, m *consortium.Member, o options, file string) (float64, error) {
	network, err := dialPeer(c, m)
	if err != nil {
		return 0, err
	}
	defer func() { _ = network.Close() }()
	model, err := projection.Open(ctx, modelAt(o, file))
	if err != nil {
		return 0, err
	}
	defer func() { _ = model.Close() }()
	runtime.GC() // what was read before is not this one's to clear away
	began := time.Now()
	if err := model.Rebuild(ctx, network, func(projection.Progress) {}); err != nil {
		return 0, err
	}
	took := time.Since(began)
	var n float64
	err = model.DB().QueryRowContext(ctx, `SELECT count(*) FROM ledger_transactions`).Scan(&n)
	return n / took.Seconds(), err
}

// drained reads every block of the chain with the baseline client and does nothing with it.
func drained(ctx context.Context, c *consortium.Consortium, m *consortium.Member) (float64, error) {
	conn, network, err := dial(c, m)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	raw, err := network.GetContract("qscc").EvaluateWithContext(ctx, "GetChainInfo", client.WithArguments(c.Channel))
	if err != nil {
		return 0, err
	}
	var info common.BlockchainInfo
	if err := proto.Unmarshal(raw, &info); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	runtime.GC()
	n, began := 0, time.Now()
	blocks, err := network.BlockEvents(ctx, client.WithStartBlock(0))
	if err != nil {
		cancel()
		return 0, err
	}
	defer func() { // the library's reader blocks on a channel that nobody reads
		cancel()
		for range blocks { //nolint:revive // drained on purpose
		}
	}()
	for b := range blocks {
		n += len(b.GetData().GetData())
		if b.GetHeader().GetNumber()+1 == info.GetHeight() {
			return float64(n) / time.Since(began).Seconds(), nil
		}
	}
	return 0, errors.New("the stream of blocks was cut")
}
