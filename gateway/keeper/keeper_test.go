package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// fake is a ledger with one shipment, which settles when it is due and not before.
type fake struct {
	mu      sync.Mutex
	clock   time.Time
	due     time.Time // zero: nothing is due
	parties string
	down    bool
	asked   []string // keys with which a settlement was asked for
	settled int
	events  []Event
}

func (f *fake) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

func (f *fake) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

func (f *fake) Evaluate(_ context.Context, tx api.Transaction, _ []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.down:
		return nil, errors.New("the peer is down")
	case tx == api.GetTermsTx:
		return json.Marshal(shipment.Terms{Consignor: f.parties, Consignee: f.parties, Payer: f.parties})
	case f.due.IsZero():
		return json.Marshal(shipment.Due{ShipmentID: "s"})
	}
	return []byte(`{"shipmentId":"s","status":"delivered","settleAt":"` + f.due.UTC().Format("2006-01-02T15:04:05.000Z") + `"}`), nil
}

func (f *fake) Events(ctx context.Context, from uint64) (<-chan Event, error) {
	out := make(chan Event)
	go func() {
		defer close(out)
		f.mu.Lock()
		events := slices.Clone(f.events)
		f.mu.Unlock()
		for _, e := range events {
			if e.Block >= from {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
		}
		<-ctx.Done()
	}()
	return out, nil
}

func (f *fake) settle(_ context.Context, _ api.Transaction, _ []byte, _, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, key)
	if f.down || f.due.IsZero() || f.clock.Before(f.due) {
		return errors.New("refused")
	}
	f.due, f.settled = time.Time{}, f.settled+1
	return nil
}

func open(t *testing.T, f *fake, path string) *Keeper {
	t.Helper()
	k, err := Open(Config{Path: path, Duties: []Duty{Settlements("ShipperMSP", f.settle)}, Now: f.now, Backoff: time.Second, Tick: time.Millisecond}, f)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *Keeper) hear(t *testing.T, name string, block uint64) {
	t.Helper()
	if err := k.memory.note(t.Context(), k.concerned(Event{block, name, []byte(`{"subject":"s"}`)}), block); err != nil {
		t.Fatal(err)
	}
}

func (k *Keeper) step(t *testing.T) error {
	t.Helper()
	return k.Step(t.Context())
}

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestItAsksWhenTheTimeIsOver: once, not before, and under a key that any other
// gateway would use, too.
func TestItAsksWhenTheTimeIsOver(t *testing.T) {
	f := &fake{clock: began, due: began.Add(time.Hour), parties: "ShipperMSP"}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	k.hear(t, "shipment.custody-changed.v1", 7)
	for range 3 {
		if err := k.step(t); err != nil || len(f.asked) > 0 {
			t.Fatal(err, f.asked)
		}
		f.advance(time.Hour/2 - time.Millisecond)
	}
	for range 3 {
		f.advance(time.Minute)
		if err := k.step(t); err != nil {
			t.Fatal(err)
		}
	}
	if f.settled != 1 || !slices.Equal(f.asked, []string{keyOf(row{subject: subject{settlement, "s"}, at: "2026-03-01T13:00:00.000Z"})}) {
		t.Errorf("settled %d times, asked %v", f.settled, f.asked)
	}
}

// TestItLeavesOthersAlone: shipments of others, and events about something else.
func TestItLeavesOthersAlone(t *testing.T) {
	f := &fake{clock: began, due: began, parties: "ServiceMSP"}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	k.hear(t, "shipment.custody-changed.v1", 1)
	k.hear(t, "component.registered.v1", 2)
	for range 3 {
		f.advance(time.Hour)
		if err := k.step(t); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.asked) != 0 {
		t.Errorf("asked %v", f.asked)
	}
}

// TestItBacksOff: a ledger that does not answer is asked less and less often, and
// in the end it is done.
func TestItBacksOff(t *testing.T) {
	f := &fake{clock: began, due: began, parties: "ShipperMSP"}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	k.hear(t, "shipment.custody-changed.v1", 1)
	if err := k.step(t); err != nil {
		t.Fatal(err)
	}
	f.down = true
	for range 3600 {
		_ = k.step(t)
		f.advance(time.Second)
	}
	if n := len(f.asked); n < 5 || n > 20 {
		t.Errorf("asked %d times in an hour", n)
	}
	f.down = false
	f.advance(longestBackoff)
	if err := k.step(t); err != nil || f.settled != 1 {
		t.Errorf("settled %d times: %v", f.settled, err)
	}
}

// TestADisputeMovesTheDate: what was due is not when an event says that something changed.
func TestADisputeMovesTheDate(t *testing.T) {
	f := &fake{clock: began, due: began.Add(time.Hour), parties: "ShipperMSP"}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	k.hear(t, "shipment.custody-changed.v1", 1)
	if err := k.step(t); err != nil {
		t.Fatal(err)
	}
	f.due = began.Add(3 * time.Hour)
	k.hear(t, "shipment.dispute-changed.v1", 2)
	f.advance(2 * time.Hour)
	if err := k.step(t); err != nil || len(f.asked) > 0 {
		t.Fatal(err, f.asked)
	}
	f.advance(2 * time.Hour)
	if err := k.step(t); err != nil || f.settled != 1 {
		t.Error(err, f.settled)
	}
}

// TestItGoesOnAfterACrash: what was noted is remembered, and events are read from
// the block on that was seen last.
func TestItGoesOnAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keeper.db")
	f := &fake{clock: began, due: began.Add(time.Hour), parties: "ShipperMSP"}
	k := open(t, f, path)
	k.hear(t, "shipment.custody-changed.v1", 7)
	if err := k.memory.close(); err != nil {
		t.Fatal(err)
	}
	k = open(t, f, path)
	if from, err := k.memory.seen(t.Context()); err != nil || from != 7 {
		t.Errorf("from %d, %v", from, err)
	}
	for range 2 {
		if err := k.step(t); err != nil {
			t.Fatal(err)
		}
		f.advance(time.Hour)
	}
	if f.settled != 1 {
		t.Errorf("settled %d times", f.settled)
	}
}

// TestAnEventMeanwhileIsNotLost: it comes while the shipment is looked at.
func TestAnEventMeanwhileIsNotLost(t *testing.T) {
	f := &fake{clock: began, parties: "ShipperMSP"}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	k.hear(t, "shipment.custody-changed.v1", 1)
	rows, err := k.memory.due(t.Context(), began, 10)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	k.hear(t, "shipment.delivery-accepted.v1", 2)
	f.due = began
	if err := k.memory.drop(t.Context(), rows[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := k.step(t); err != nil {
			t.Fatal(err)
		}
	}
	if f.settled != 1 {
		t.Errorf("settled %d times", f.settled)
	}
}

// TestRun: from the events to the settlement, and a clean end.
func TestRun(t *testing.T) {
	f := &fake{clock: began, due: began, parties: "ShipperMSP", events: []Event{{3, "shipment.custody-changed.v1", []byte(`{"subject":"s"}`)}}}
	k := open(t, f, filepath.Join(t.TempDir(), "keeper.db"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	for done := false; !done; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		done = f.settled == 1
		f.mu.Unlock()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
