// Package keeper owns the raising of what has fallen due with time: settlements
// whose agreed waits are over, maintenance that the calendar asks for, requests
// that are overdue. Each is a [Duty] of its own. The package refuses to decide
// anything: the chaincode says when something is due and whether it is done.
// Invariant: what it remembers can be lost or be wrong without harm, since it
// only ever asks for what anybody concerned may ask for at any time.
package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Event is one chaincode event, of a valid transaction.
type Event struct {
	Block   uint64
	Name    string
	Payload []byte
}

// Ledger is what the keeper learns from.
type Ledger interface {
	Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error)
	// Events gives the events from a block on. The channel is closed when the stream is cut or ctx ends.
	Events(ctx context.Context, from uint64) (<-chan Event, error)
}

// Config says whose keeper it is. A zero value means the default that stands beside it.
type Config struct {
	Path   string // SQLite file; one process at a time may use it
	Duties []Duty // what it sees to; each name once

	Tick    time.Duration // 1 s: how often it looks what is due
	Backoff time.Duration // 2 s: after a first refusal, doubled to an hour
	AtOnce  int           // 16: subjects looked at in one go
	Now     func() time.Time
	Log     *slog.Logger
}

const longestBackoff = time.Hour

// Keeper remembers when something falls due, and asks then.
type Keeper struct {
	config Config
	ledger Ledger
	memory *memory
	wake   chan struct{}
}

// Open opens the memory.
func Open(c Config, l Ledger) (*Keeper, error) {
	if c.Path == "" || len(c.Duties) == 0 {
		return nil, errors.New("keeper: path and duties must be given")
	}
	if c.Tick <= 0 {
		c.Tick = time.Second
	}
	if c.Backoff <= 0 {
		c.Backoff = 2 * time.Second
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 16
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m, err := openMemory(c.Path)
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	return &Keeper{config: c, ledger: l, memory: m, wake: make(chan struct{}, 1)}, nil
}

// Run learns and asks until ctx ends, and closes the memory.
func (k *Keeper) Run(ctx context.Context) error {
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		k.listen(ctx)
	}()
	tick := time.NewTicker(k.config.Tick)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := k.Step(ctx); err != nil && ctx.Err() == nil {
			k.config.Log.Warn("keeper", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-k.wake:
		}
	}
	<-listening
	return k.memory.close()
}

// listen follows the events and notes which shipments changed. What was noted
// and the block up to which is one write, so that a crash loses nothing.
func (k *Keeper) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if err := k.follow(ctx); err != nil && ctx.Err() == nil {
			k.config.Log.Warn("keeper: events cut", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(k.config.Backoff):
		}
	}
}

func (k *Keeper) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, err := k.memory.seen(ctx)
	if err != nil {
		return err
	}
	events, err := k.ledger.Events(ctx, from)
	if err != nil {
		return err
	}
	defer func() {
		cancel()
		for range events { //nolint:revive // drained, or the stream's reader would wait for ever
		}
	}()
	for e := range events {
		// The block is read again from its beginning after a crash: noting twice does no harm.
		if err := k.memory.note(ctx, k.concerned(e), e.Block); err != nil {
			return err
		}
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	return errors.New("the stream ended")
}

// concerned names what an event may have made due, or put off.
func (k *Keeper) concerned(e Event) []subject {
	about := aboutOf(e)
	var all []subject
	for _, d := range k.config.Duties {
		for _, id := range d.Concerns(e.Name, about) {
			all = append(all, subject{d.Name, id})
		}
	}
	return all
}

// Step looks once at what is due.
func (k *Keeper) Step(ctx context.Context) error {
	now := k.config.Now()
	rows, err := k.memory.due(ctx, now, k.config.AtOnce)
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		failed = append(failed, k.attend(ctx, r, now))
	}
	return errors.Join(failed...)
}

// attend asks for what has fallen due, and learns from the ledger when to look next.
func (k *Keeper) attend(ctx context.Context, r row, now time.Time) error {
	i := slices.IndexFunc(k.config.Duties, func(d Duty) bool { return d.Name == r.duty })
	if i < 0 {
		return k.memory.drop(ctx, r) // of a duty that it does not have any more
	}
	d := k.config.Duties[i]
	var asked error
	if r.at != "" {
		asked = d.Do(ctx, r.id, keyOf(r))
	}
	at, err := d.Due(ctx, k.ask, r.id)
	later := k.config.Backoff << min(r.tries, 20)
	next := now.Add(min(later, longestBackoff))
	switch {
	case err != nil:
		return errors.Join(asked, err, k.memory.keep(ctx, row{r.subject, r.at, next, r.tries + 1, r.version}))
	case at == "":
		return k.memory.drop(ctx, r) // done, or not due as things stand: an event will tell
	case at != r.at:
		return k.memory.keep(ctx, row{r.subject, at, timeOf(at), 0, r.version})
	}
	return errors.Join(asked, k.memory.keep(ctx, row{r.subject, at, next, r.tries + 1, r.version}))
}

// keyOf is the idempotency key of one request: the same for every gateway of the
// organisation and after a crash, and within its bounds however long the id is.
func keyOf(r row) string {
	sum := sha256.Sum256([]byte(r.duty + "\x00" + r.id + "\x00" + r.at))
	return "keeper/" + hex.EncodeToString(sum[:24])
}

func (k *Keeper) ask(ctx context.Context, tx api.Transaction, argument []byte, into any) error {
	answer, err := k.ledger.Evaluate(ctx, tx, argument)
	if err != nil {
		return fmt.Errorf("%s: %w", tx, err)
	}
	return json.Unmarshal(answer, into)
}

// timeOf is when to ask; what cannot be read is asked for at once.
func timeOf(at string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return time.Time{}
	}
	return t
}
