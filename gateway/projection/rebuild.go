package projection

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// Progress is how far a replay is.
type Progress struct {
	Height, Target uint64
	PerSecond      float64 // blocks
}

// rebuildMemory is how much a rebuild may take before it collects garbage more often, in bytes.
const rebuildMemory = 1 << 30

// Rebuild empties the read model, fills it up to the height that the peer has at
// the beginning, and ends. It says how far it is once a second, and at the end.
func (m *Model) Rebuild(ctx context.Context, chain Chain, tell func(Progress)) error {
	// Whoever rebuilds does little else, and as much memory again is a tenth of the time.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(rebuildMemory, debug.SetMemoryLimit(-1))))
	defer debug.SetGCPercent(debug.SetGCPercent(1000))
	target, err := chain.ChainHeight(ctx)
	if err != nil {
		return err
	}
	if err := m.Reset(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for running.Err() == nil {
			err := m.follow(running, chain)
			if running.Err() == nil && !errors.Is(err, errMoved) { // another gateway fills it, too
				failed <- err
				return
			}
		}
	}()
	defer func() {
		stop()
		<-ended
	}()
	began, tick := time.Now(), time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		height, moved := m.Changed()
		p := Progress{height, target, float64(height) / max(time.Since(began).Seconds(), 1e-3)}
		if height >= target {
			tell(p)
			return m.store.index(ctx)
		}
		select {
		case <-moved:
		case <-tick.C:
			tell(p)
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
