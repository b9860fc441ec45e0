package operation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/operation"
)

// hang never comes back while the process lives.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// steps are the places at which a process can die, each as a ledger that stops there.
var steps = []struct {
	name   string
	stop   func(l *ledger)
	signed bool // the outbox holds signed bytes, so even an unanswered request goes on
}{
	{"while it is endorsed", func(l *ledger) {
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return hang(ctx) }
	}, false},
	{"while no peer can be reached", func(l *ledger) {
		l.onEndorse = func(context.Context, int, string) error {
			return fabric.NewError(fabric.Unreachable, fabric.Endorse, nil)
		}
	}, false},
	{"after the signed bytes were written, before they were sent", func(l *ledger) {
		l.onSubmit = func(ctx context.Context, _ int, _ string) error { return hang(ctx) }
	}, true},
	{"after an orderer acknowledged them and lost them", func(l *ledger) {
		l.lost = func(int) bool { return true }
	}, true},
	{"while no orderer takes them", func(l *ledger) {
		l.onSubmit = func(context.Context, int, string) error {
			return fabric.NewError(fabric.Unreachable, fabric.Submit, nil)
		}
	}, true},
	{"after they were ordered, before the answer to submit", func(l *ledger) {
		l.onOrdered = func(ctx context.Context, _ int) error { return hang(ctx) }
	}, true},
	{"after a conflict, while it is endorsed anew", func(l *ledger) {
		l.invalid = func(n int, txid string) *fabric.Error { return conflict(txid) }
		l.onEndorse = func(ctx context.Context, n int, _ string) error {
			if n > 1 {
				return hang(ctx)
			}
			return nil
		}
	}, true},
	{"after a conflict, before the new bytes were sent", func(l *ledger) {
		l.invalid = func(n int, txid string) *fabric.Error { return conflict(txid) }
		l.onSubmit = func(ctx context.Context, n int, _ string) error {
			if n > 1 {
				return hang(ctx)
			}
			return nil
		}
	}, true},
}

func (l *ledger) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onEndorse, l.onSubmit, l.onOrdered, l.invalid, l.lost = nil, nil, nil, nil, nil
}

func TestKilled(t *testing.T) {
	for _, step := range steps {
		run(t, "an operation that was answered pending is done by the next process, killed "+step.name, func(t *testing.T) {
			l, path := newLedger(), file(t)
			step.stop(l)
			s := open(t, path, l)
			promised, err := s.Start(t.Context(), request("a", "k", "shipment/S1"))
			if err != nil || promised.State != operation.Pending {
				t.Fatalf("got %+v, %v", promised, err)
			}
			time.Sleep(time.Second)
			s.Abandon()
			l.heal()
			s = open(t, path, l)
			defer shut(t, s)
			time.Sleep(12 * time.Second)
			op, err := s.Get(t.Context(), promised.ID)
			if err != nil || op.State != operation.Committed || string(op.Result) != result(op.TransactionID) {
				t.Errorf("got %+v, %v", op, err)
			}
			again, err := s.Do(t.Context(), request("a", "k", "shipment/S1"))
			if err != nil || again.ID != op.ID || again.TransactionID != op.TransactionID || !again.Replayed {
				t.Errorf("again %+v, %v", again, err)
			}
			once(t, l)
		})

		run(t, "a request that is sent again to the next process has one effect, killed "+step.name, func(t *testing.T) {
			l, path := newLedger(), file(t)
			step.stop(l)
			s := open(t, path, l)
			var wg sync.WaitGroup
			wg.Go(func() {
				if op, err := s.Do(t.Context(), request("a", "k", "shipment/S1")); err == nil && op.State != operation.Pending {
					t.Errorf("answered %+v", op)
				}
			})
			time.Sleep(time.Second)
			s.Abandon()
			wg.Wait()
			l.heal()
			s = open(t, path, l)
			defer shut(t, s)
			if step.signed {
				time.Sleep(12 * time.Second)
				if effects, _, _ := l.took(); len(effects) != 1 {
					t.Errorf("effects before it is sent again %q", effects)
				}
			}
			op, err := s.Do(t.Context(), request("a", "k", "shipment/S1"))
			if err != nil || op.State != operation.Committed || string(op.Result) != result(op.TransactionID) {
				t.Errorf("got %+v, %v", op, err)
			}
			once(t, l)
		})
	}

	run(t, "what was answered committed stays so when the process dies before it has written it down", func(t *testing.T) {
		l, path := newLedger(), file(t)
		s := open(t, path, l)
		first, err := s.Do(t.Context(), request("a", "k"))
		if err != nil {
			t.Fatal(err)
		}
		s.Abandon() // within the time that an outcome waits for company
		s = open(t, path, l)
		defer shut(t, s)
		again, err := s.Do(t.Context(), request("a", "k"))
		if err != nil || again.ID != first.ID || again.TransactionID != first.TransactionID || again.Block != first.Block || string(again.Result) != string(first.Result) {
			t.Errorf("first %+v, again %+v, %v", first, again, err)
		}
		once(t, l)
	})

	run(t, "what was answered failed stays so, though its signed bytes are in the outbox", func(t *testing.T) {
		l, path := newLedger(), file(t)
		l.invalid = func(_ int, txid string) *fabric.Error { return conflict(txid) }
		s := open(t, path, l)
		op, err := s.Do(t.Context(), request("a", "k"))
		if condition(err) != fabric.Contended {
			t.Fatal(err)
		}
		s.Abandon()
		l.heal()
		s = open(t, path, l)
		defer shut(t, s)
		time.Sleep(time.Minute)
		if effects, _, _ := l.took(); len(effects) != 0 {
			t.Errorf("effects %q", effects)
		}
		if op, err = s.Get(t.Context(), op.ID); err != nil || op.State != operation.Failed || op.Err.Condition != fabric.Contended || op.Err.Attempts != 10 {
			t.Errorf("got %+v, %v", op, err)
		}
	})

	run(t, "the same bytes are sent again after a crash, and only after asking for the outcome", func(t *testing.T) {
		l, path := newLedger(), file(t)
		l.lost = func(int) bool { return true }
		s := open(t, path, l)
		if _, err := s.Start(t.Context(), request("a", "k")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		s.Abandon()
		l.heal()
		asked := false
		l.onStatus = func(context.Context) error { asked = true; return nil }
		l.onSubmit = func(context.Context, int, string) error {
			if !asked {
				t.Error("sent before asking")
			}
			return nil
		}
		s = open(t, path, l)
		time.Sleep(time.Second)
		shut(t, s)
		_, endorsing, envelopes := l.took()
		if len(endorsing) != 1 || len(envelopes) != 2 || envelopes[0] != envelopes[1] {
			t.Errorf("endorsed %q, sent %q", endorsing, envelopes)
		}
		once(t, l)
	})

	run(t, "recovered operations keep their order and go before new ones", func(t *testing.T) {
		l, path := newLedger(), file(t)
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return hang(ctx) }
		s := open(t, path, l)
		for i := range 5 {
			if _, err := s.Start(t.Context(), request(fmt.Sprint(i), fmt.Sprint(i), "shipment/S1")); err != nil {
				t.Fatal(err)
			}
		}
		s.Abandon()
		l.heal()
		s = open(t, path, l)
		defer shut(t, s)
		if _, err := s.Do(t.Context(), request("new", "", "shipment/S1")); err != nil {
			t.Error(err)
		}
		effects, _, _ := l.took()
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "new"}, effects); diff != "" {
			t.Error(diff)
		}
	})

	run(t, "a process killed again and again under load loses nothing and does nothing twice", func(t *testing.T) {
		l, path := newLedger(), file(t)
		flaky(l)
		promised := make(map[string]string) // key → operation id
		for life := range 12 {
			s := open(t, path, l)
			for i := range 20 {
				key := fmt.Sprint(life, "-", i)
				op, err := s.Start(t.Context(), request("argument "+key, key, fmt.Sprint("shipment/", i%4)))
				if err != nil {
					t.Fatal(err)
				}
				promised[key] = op.ID
			}
			time.Sleep(time.Duration(life*37) * time.Millisecond)
			s.Abandon()
		}
		l.heal()
		s := open(t, path, l)
		defer shut(t, s)
		time.Sleep(5 * time.Minute)
		for key, id := range promised {
			if op, err := s.Get(t.Context(), id); err != nil || op.State != operation.Committed {
				t.Errorf("%s: %+v, %v", key, op, err)
			}
		}
		effects, _, _ := l.took()
		slices.Sort(effects)
		if n := len(slices.Compact(slices.Clone(effects))); n != len(promised) || len(effects) != n {
			t.Errorf("%d promised, %d effects, %d different", len(promised), len(effects), n)
		}
	})
}

// flaky makes every step slow, and some fail.
func flaky(l *ledger) {
	l.onEndorse = func(ctx context.Context, n int, _ string) error {
		if n%7 == 0 {
			return fabric.NewError(fabric.Unreachable, fabric.Endorse, nil)
		}
		return sleep(ctx, time.Duration(n%5)*time.Millisecond)
	}
	l.onSubmit = func(ctx context.Context, n int, _ string) error {
		if n%5 == 0 {
			return fabric.NewError(fabric.OutcomeUnknown, fabric.Submit, nil)
		}
		return sleep(ctx, time.Duration(n%9)*time.Millisecond)
	}
	l.onOrdered = func(ctx context.Context, n int) error { return sleep(ctx, time.Duration(n%3)*time.Millisecond) }
	l.lost = func(n int) bool { return n%6 == 0 }
	l.invalid = func(n int, txid string) *fabric.Error {
		if n%11 == 0 {
			return conflict(txid)
		}
		return nil
	}
}

func once(t *testing.T, l *ledger) {
	t.Helper()
	if effects, _, _ := l.took(); len(effects) != 1 {
		t.Errorf("effects %q, want one", effects)
	}
}

func TestClose(t *testing.T) {
	run(t, "closing waits for what is under way and takes nothing more on", func(t *testing.T) {
		l := newLedger()
		l.onSubmit = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, 5*time.Second) }
		s := open(t, file(t), l)
		var wg sync.WaitGroup
		wg.Go(func() {
			if op, err := s.Do(t.Context(), request("a", "k")); err != nil || op.State != operation.Committed {
				t.Errorf("got %+v, %v", op, err)
			}
		})
		synctest.Wait()
		wg.Go(func() { shut(t, s) })
		synctest.Wait()
		if _, err := s.Do(t.Context(), request("b", "")); !errors.Is(err, operation.ErrClosed) {
			t.Errorf("got %v", err)
		}
		wg.Wait()
	})

	run(t, "closing leaves in the outbox what takes too long, and says that it is pending", func(t *testing.T) {
		l, path := newLedger(), file(t)
		l.lost = func(int) bool { return true }
		s := open(t, path, l)
		var wg sync.WaitGroup
		wg.Go(func() {
			if op, err := s.Do(t.Context(), request("a", "k")); err != nil || op.State != operation.Pending {
				t.Errorf("got %+v, %v", op, err)
			}
		})
		synctest.Wait()
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		l.heal()
		s = open(t, path, l)
		defer shut(t, s)
		time.Sleep(3 * time.Second)
		once(t, l)
	})

	run(t, "a request that was neither signed nor answered is dropped, and its caller told", func(t *testing.T) {
		l, path := newLedger(), file(t)
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return hang(ctx) }
		s := open(t, path, l)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Do(t.Context(), request("a", "k")); !errors.Is(err, operation.ErrClosed) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		l.heal()
		s = open(t, path, l)
		defer shut(t, s)
		time.Sleep(time.Minute)
		if effects, _, _ := l.took(); len(effects) != 0 {
			t.Errorf("effects %q", effects)
		}
	})

	run(t, "Run closes when its context ends", func(t *testing.T) {
		s := open(t, file(t), newLedger())
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(3 * time.Minute)
		cancel()
		wg.Wait()
	})
}

func TestRetention(t *testing.T) {
	run(t, "a finished operation is remembered for a day and then forgotten, a pending one never", func(t *testing.T) {
		l, path := newLedger(), file(t)
		s := open(t, path, l)
		var ids []string
		for i := range 1200 {
			op, err := s.Start(t.Context(), request(fmt.Sprint(i), ""))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, op.ID)
		}
		time.Sleep(time.Minute)
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return hang(ctx) }
		pending, err := s.Start(t.Context(), request("p", ""))
		if err != nil {
			t.Fatal(err)
		}
		count := func() (n int) {
			for _, id := range ids {
				if _, err := s.Get(t.Context(), id); err == nil {
					n++
				}
			}
			return n
		}
		time.Sleep(23*time.Hour + 58*time.Minute)
		if err := operation.Prune(s, t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != len(ids) {
			t.Errorf("%d of %d left before the day is over", n, len(ids))
		}
		time.Sleep(2 * time.Hour)
		if err := operation.Prune(s, t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 0 {
			t.Errorf("%d left after a day", n)
		}
		if op, err := s.Get(t.Context(), pending.ID); err != nil || op.State != operation.Pending {
			t.Errorf("got %+v, %v", op, err)
		}
		s.Abandon()
		s = open(t, path, newLedger())
		time.Sleep(time.Second)
		if op, err := s.Get(t.Context(), pending.ID); err != nil || op.State != operation.Committed {
			t.Errorf("got %+v, %v", op, err)
		}
		shut(t, s)
	})
}
