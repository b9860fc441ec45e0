// Package keeper owns the raising of what has fallen due: settlements of the own
// organisation's shipments whose agreed waits are over. It refuses to decide
// anything: the chaincode says when something is due and whether it is done.
// Invariant: what it remembers can be lost or be wrong without harm, since it
// only ever asks for what every party may ask for at any time.
package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
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
	Path         string // SQLite file; one process at a time may use it
	Organisation string // MSP id
	// Settle asks for a settlement, once for each key.
	Settle func(ctx context.Context, shipmentID, key string) error

	Tick    time.Duration // 1 s: how often it looks what is due
	Backoff time.Duration // 2 s: after a first refusal, doubled to an hour
	AtOnce  int           // 16: shipments looked at in one go
	Now     func() time.Time
	Log     *slog.Logger
}

const longestBackoff = time.Hour

// Keeper remembers when shipments fall due, and asks then.
type Keeper struct {
	config Config
	ledger Ledger
	memory *memory
	wake   chan struct{}
}

// Open opens the memory.
func Open(c Config, l Ledger) (*Keeper, error) {
	if c.Path == "" || c.Organisation == "" || c.Settle == nil {
		return nil, errors.New("keeper: path, organisation and settle must be given")
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
		if err := k.memory.note(ctx, subjectOf(e), e.Block); err != nil {
			return err
		}
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	return errors.New("the stream ended")
}

// subjectOf is the shipment that an event is about, or "".
func subjectOf(e Event) string {
	var about struct {
		Subject string `json:"subject"`
	}
	if !strings.HasPrefix(e.Name, api.Shipment+".") || json.Unmarshal(e.Payload, &about) != nil {
		return ""
	}
	return about.Subject
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

// attend asks for one shipment's settlement if it is known to be due, and learns
// from the ledger how it stands.
func (k *Keeper) attend(ctx context.Context, r row, now time.Time) error {
	var asked error
	if r.at != "" {
		// The same for every gateway of the organisation and after a crash.
		asked = k.config.Settle(ctx, r.shipment, "keeper/"+r.shipment+"/"+r.at)
	}
	at, err := k.learn(ctx, r.shipment)
	later := k.config.Backoff << min(r.tries, 20)
	next := now.Add(min(later, longestBackoff))
	switch {
	case err != nil:
		return errors.Join(asked, err, k.memory.keep(ctx, row{r.shipment, r.at, next, r.tries + 1, r.version}))
	case at == "":
		return k.memory.drop(ctx, r) // settled, or not due as things stand: an event will tell
	case at != r.at:
		return k.memory.keep(ctx, row{r.shipment, at, timeOf(at), 0, r.version})
	}
	return errors.Join(asked, k.memory.keep(ctx, row{r.shipment, at, next, r.tries + 1, r.version}))
}

// learn asks when a shipment falls due; "" if it does not, or is none of the
// organisation's.
func (k *Keeper) learn(ctx context.Context, id string) (string, error) {
	argument, err := json.Marshal(api.ShipmentRef{ShipmentID: id})
	if err != nil {
		return "", err
	}
	var terms shipment.Terms
	if err := k.ask(ctx, api.GetTermsTx, argument, &terms); err != nil {
		return "", err
	}
	if !slices.Contains(terms.Parties(), k.config.Organisation) {
		return "", nil
	}
	var due shipment.Due
	if err := k.ask(ctx, api.GetDueTx, argument, &due); err != nil {
		return "", err
	}
	return string(due.SettleAt), nil
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
