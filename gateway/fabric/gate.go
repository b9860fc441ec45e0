package fabric

import (
	"context"
	"time"
)

// gate bounds the calls under way. The peer has a limit of its own, beyond which
// it answers at once with an error of code Unknown; staying below it turns that
// into a short wait here.
type gate struct {
	slots chan struct{}
	wait  time.Duration
	moved func(delta int)
}

func newGate(size int, wait time.Duration, o Observer) *gate {
	return &gate{slots: make(chan struct{}, size), wait: wait, moved: o.InFlight}
}

// enter takes a slot, or says Busy when none came free in time.
func (g *gate) enter(ctx context.Context, stage Stage) error {
	select {
	case g.slots <- struct{}{}:
		g.tell(1)
		return nil
	default:
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		g.tell(1)
		return nil
	case <-timer.C:
		return &Error{Condition: Busy, Stage: stage}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() {
	<-g.slots
	g.tell(-1)
}

func (g *gate) tell(delta int) {
	if g.moved != nil {
		g.moved(delta)
	}
}
