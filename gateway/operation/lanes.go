package operation

import (
	"context"
	"slices"
	"sync"
)

// lanes keeps the operations on one entity in the order in which they came. An
// operation joins the lanes of all its entities in one step, and its turn comes
// when it is first in each. So the oldest operation of all is never blocked:
// there is no deadlock, whatever the entities.
type lanes struct {
	limit int

	mu     sync.Mutex
	byName map[string][]*ticket // guarded by mu; never holds an empty lane
}

// ticket is one operation's place in its lanes.
type ticket struct {
	lanes    *lanes
	entities []string
	behind   int           // guarded by lanes.mu; lanes in which others come first
	turn     chan struct{} // closed when behind is 0
}

func newLanes(limit int) *lanes {
	return &lanes{limit: limit, byName: make(map[string][]*ticket)}
}

// enter joins the lanes of the entities; false means that one is full. Recovered
// operations enter by force: they were taken on before.
func (l *lanes) enter(entities []string, force bool) (*ticket, bool) {
	names := slices.Compact(slices.Sorted(slices.Values(entities)))
	t := &ticket{lanes: l, entities: names, turn: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if !force && len(l.byName[name]) >= l.limit {
			return nil, false
		}
	}
	for _, name := range names {
		if len(l.byName[name]) > 0 {
			t.behind++
		}
		l.byName[name] = append(l.byName[name], t)
	}
	if t.behind == 0 {
		close(t.turn)
	}
	return t, true
}

// wait waits for the turn.
func (t *ticket) wait(ctx context.Context) error {
	select {
	case <-t.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives the place up and lets the next ones go. It is called once.
func (t *ticket) leave() {
	l := t.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range t.entities {
		lane := l.byName[name]
		at := slices.Index(lane, t)
		lane = slices.Delete(lane, at, at+1)
		if len(lane) == 0 {
			delete(l.byName, name)
			continue
		}
		l.byName[name] = lane
		if next := lane[0]; at == 0 {
			if next.behind--; next.behind == 0 {
				close(next.turn)
			}
		}
	}
}
