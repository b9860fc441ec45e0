package operation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/operation"
)

func open(t *testing.T, path string, l operation.Ledger, change ...func(*operation.Config)) *operation.Service {
	t.Helper()
	config := operation.Config{Path: path, Resubmit: 2 * time.Second, Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&config)
	}
	s, err := operation.Open(config, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox.db") }

func shut(t *testing.T, s *operation.Service) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := s.InMemory(); n != 0 {
		t.Errorf("%d operations left in memory", n)
	}
	if n := s.Lanes(); n != 0 {
		t.Errorf("%d lanes left", n)
	}
}

func request(argument, key string, entities ...string) operation.Request {
	return operation.Request{
		Transaction: api.RecordReadingsTx, Argument: []byte(argument), Key: key, Principal: "ann", Entities: entities,
	}
}

func condition(err error) fabric.Condition {
	var e *fabric.Error
	if errors.As(err, &e) {
		return e.Condition
	}
	return ""
}

// run runs a test in a bubble, where time passes only when everybody waits.
func run(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestDo(t *testing.T) {
	run(t, "a request is committed and its result answered", func(t *testing.T) {
		l := newLedger()
		s := open(t, file(t), l)
		defer shut(t, s)
		op, err := s.Do(t.Context(), request("a", "k"))
		if err != nil || op.State != operation.Committed || op.Block != 1 || op.TransactionID != "tx1" || string(op.Result) != `{"by":"tx1"}` || op.Attempts != 1 {
			t.Fatalf("got %+v, %v", op, err)
		}
	})

	run(t, "the same request under the same key is answered again, also by the next process", func(t *testing.T) {
		l, path := newLedger(), file(t)
		s := open(t, path, l)
		first, err := s.Do(t.Context(), request("a", "k"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for range 2 {
			again, err := s.Do(t.Context(), request("a", "k"))
			if !again.Replayed || err != nil {
				t.Errorf("got %+v, %v", again, err)
			}
			again.Replayed = false
			if diff := cmp.Diff(first, again); diff != "" {
				t.Error(diff)
			}
			shut(t, s)
			s = open(t, path, l)
		}
		shut(t, s)
		if effects, _, _ := l.took(); len(effects) != 1 {
			t.Errorf("effects %q", effects)
		}
	})

	run(t, "another request under the same key is refused, in flight and afterwards", func(t *testing.T) {
		l := newLedger()
		l.onEndorse = func(ctx context.Context, n int, _ string) error { return sleep(ctx, time.Second) }
		s := open(t, file(t), l)
		defer shut(t, s)
		if _, err := s.Start(t.Context(), request("a", "k")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.Do(t.Context(), request("b", "k")); !fault.Is(err, fault.CodeKeyReused) {
				t.Errorf("got %v", err)
			}
			time.Sleep(5 * time.Second)
		}
	})

	run(t, "two principals may use the same key, and a request without a key is like no other", func(t *testing.T) {
		l := newLedger()
		s := open(t, file(t), l)
		defer shut(t, s)
		bob := request("a", "k")
		bob.Principal = "bob"
		for _, r := range []operation.Request{request("a", "k"), bob, request("a", ""), request("a", "")} {
			if op, err := s.Do(t.Context(), r); err != nil || op.Replayed {
				t.Errorf("got %+v, %v", op, err)
			}
		}
		if effects, _, _ := l.took(); len(effects) != 4 {
			t.Errorf("effects %q", effects)
		}
	})

	run(t, "64 callers with the same key have one effect and equal answers", func(t *testing.T) {
		l := newLedger()
		l.onSubmit = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, 100*time.Millisecond) }
		s := open(t, file(t), l)
		defer shut(t, s)
		answers := make([]operation.Operation, 64)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				op, err := s.Do(t.Context(), request("a", "k", "shipment/S1"))
				if err != nil {
					t.Error(err)
				}
				answers[i] = op
			})
		}
		wg.Wait()
		first := 0 // exactly one of them carried it out; the others are told its answer
		for i := range answers {
			if !answers[i].Replayed {
				first++
			}
			answers[i].Replayed = false
		}
		if first != 1 {
			t.Errorf("%d callers were first", first)
		}
		for _, op := range answers[1:] {
			if diff := cmp.Diff(answers[0], op); diff != "" {
				t.Fatal(diff)
			}
		}
		if effects, endorsing, _ := l.took(); len(effects) != 1 || len(endorsing) != 1 {
			t.Errorf("effects %q, endorsements %q", effects, endorsing)
		}
	})

	run(t, "an answer that is long in coming is pending, and the operation goes on", func(t *testing.T) {
		l := newLedger()
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, time.Minute) }
		s := open(t, file(t), l)
		defer shut(t, s)
		began := time.Now()
		op, err := s.Do(t.Context(), request("a", "k"))
		if err != nil || op.State != operation.Pending || time.Since(began) != 20*time.Second {
			t.Fatalf("got %+v, %v after %v", op, err, time.Since(began))
		}
		time.Sleep(time.Minute)
		if op, err = s.Get(t.Context(), op.ID); err != nil || op.State != operation.Committed {
			t.Errorf("got %+v, %v", op, err)
		}
	})

	run(t, "what the chaincode did before under this key is committed, not refused", func(t *testing.T) {
		l := newLedger()
		l.markers[operation.LedgerKey("ann", "k")] = "tx0"
		l.outcome["tx0"] = fabric.Committed{TransactionID: "tx0", Block: 7, Code: "VALID"}
		s := open(t, file(t), l)
		defer shut(t, s)
		op, err := s.Do(t.Context(), request("a", "k"))
		if err != nil || op.State != operation.Committed || !op.Replayed || op.Block != 7 || op.TransactionID != "tx0" || string(op.Result) != `{"by":"tx0"}` {
			t.Errorf("got %+v, %v", op, err)
		}
	})

	run(t, "an id that nobody gave is unknown", func(t *testing.T) {
		s := open(t, file(t), newLedger())
		defer shut(t, s)
		if _, err := s.Get(t.Context(), "x"); !errors.Is(err, operation.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})

	run(t, "an argument larger than a transaction may be is refused", func(t *testing.T) {
		s := open(t, file(t), newLedger())
		defer shut(t, s)
		if _, err := s.Do(t.Context(), request(string(make([]byte, api.MaxArgument+1)), "")); !fault.Is(err, fault.CodeTooLarge) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFailures(t *testing.T) {
	refusal := fabric.RefusedBy(fault.New(fault.CodeSettleEarly, "wait").With("until", "noon"))
	for _, c := range []struct {
		name      string
		endorse   error // always
		submit    error // always
		invalid   *fabric.Error
		want      fabric.Condition
		endorsed  int  // 0: more than one
		submitted int  // 0: not checked
		again     bool // the same key is carried out anew
	}{
		{name: "a refusal is not tried again, and uses no key up", endorse: refusal, want: fabric.Refused, endorsed: 1, again: true},
		{name: "peers that cannot be reached are tried for a while, then the key is free", endorse: fabric.NewError(fabric.Unreachable, fabric.Endorse, nil), want: fabric.Unreachable, again: true},
		{name: "a busy peer is tried for a while, then the key is free", endorse: fabric.NewError(fabric.Busy, fabric.Endorse, nil), want: fabric.Busy, again: true},
		{name: "a mismatch is not tried again", endorse: fabric.NewError(fabric.Mismatch, fabric.Endorse, nil), want: fabric.Mismatch, endorsed: 1, again: true},
		{name: "a peer that refuses the gateway's identity is not asked again", endorse: fabric.NewError(fabric.Denied, fabric.Endorse, nil), want: fabric.Denied, endorsed: 1, again: true},
		{name: "an error of no known kind is internal", endorse: errors.New("?"), want: fabric.Internal, endorsed: 1, again: true},
		{name: "conflicts are tried ten times", invalid: conflict(""), want: fabric.Contended, endorsed: 10, submitted: 10, again: true},
		{name: "a policy failure is tried again, since who must endorse may have changed, but not for ever", invalid: &fabric.Error{Condition: fabric.PolicyFailure, Stage: fabric.Commit}, want: fabric.PolicyFailure, endorsed: 3, submitted: 3, again: true},
		{name: "bytes that an orderer calls malformed are not sent again", submit: fabric.NewError(fabric.Rejected, fabric.Submit, nil), want: fabric.Rejected, endorsed: 1, submitted: 1, again: true},
	} {
		run(t, c.name, func(t *testing.T) {
			l := newLedger()
			l.onEndorse = func(context.Context, int, string) error { return c.endorse }
			l.onSubmit = func(context.Context, int, string) error { return c.submit }
			l.invalid = func(int, string) *fabric.Error { return c.invalid }
			s := open(t, file(t), l)
			defer shut(t, s)
			began := time.Now()
			first, err := s.Do(t.Context(), request("a", "k"))
			if condition(err) != c.want || first.State != operation.Failed || first.Err.Condition != c.want {
				t.Fatalf("got %+v, %v", first, err)
			}
			if took := time.Since(began); took > 12*time.Second {
				t.Errorf("took %v", took)
			}
			effects, endorsing, envelopes := l.took()
			if len(effects) != 0 || c.endorsed != 0 && len(endorsing) != c.endorsed || c.endorsed == 0 && len(endorsing) < 2 || c.submitted != 0 && len(envelopes) != c.submitted {
				t.Errorf("effects %q, endorsed %d times, submitted %d times", effects, len(endorsing), len(envelopes))
			}
			time.Sleep(time.Second)
			c.endorse, c.submit, c.invalid = nil, nil, nil
			again, err := s.Do(t.Context(), request("a", "k"))
			if c.again {
				if err != nil || again.State != operation.Committed || again.Replayed {
					t.Errorf("again: %+v, %v", again, err)
				}
				return
			}
			if condition(err) != c.want || !again.Replayed || again.ID != first.ID {
				t.Fatalf("again: %+v, %v", again, err)
			}
			if diff := cmp.Diff(refusal.Fault.Wire(), again.Err.Fault.Wire()); diff != "" {
				t.Error(diff)
			}
		})
	}

	run(t, "a conflict is endorsed anew under another transaction id", func(t *testing.T) {
		l := newLedger()
		l.invalid = func(n int, txid string) *fabric.Error {
			if n <= 4 {
				return conflict(txid)
			}
			return nil
		}
		s := open(t, file(t), l)
		defer shut(t, s)
		op, err := s.Do(t.Context(), request("a", "k"))
		if err != nil || op.Attempts != 5 || op.TransactionID != "tx5" {
			t.Errorf("got %+v, %v", op, err)
		}
	})

	run(t, "an operation that was answered pending outlasts a long failure of the network", func(t *testing.T) {
		l := newLedger()
		healed := time.Now().Add(10 * time.Minute)
		l.onEndorse = func(context.Context, int, string) error {
			if time.Now().Before(healed) {
				return fabric.NewError(fabric.Unreachable, fabric.Endorse, nil)
			}
			return nil
		}
		s := open(t, file(t), l)
		defer shut(t, s)
		op, err := s.Start(t.Context(), request("a", "k"))
		if err != nil || op.State != operation.Pending {
			t.Fatalf("got %+v, %v", op, err)
		}
		time.Sleep(11 * time.Minute)
		if op, err = s.Get(t.Context(), op.ID); err != nil || op.State != operation.Committed {
			t.Errorf("got %+v, %v", op, err)
		}
	})
}

func TestOrderers(t *testing.T) {
	unavailable := fabric.NewError(fabric.Unreachable, fabric.Submit, nil)
	for _, c := range []struct {
		name    string
		lost    int // submits that are acknowledged and lost
		refused int // submits that fail
		err     error
		within  time.Duration
	}{
		{name: "what an orderer acknowledged and lost is sent again", lost: 1, within: 3 * time.Second},
		{name: "and again, until it is committed", lost: 3, within: 16 * time.Second},
		{name: "no leader: the same bytes are sent again", refused: 8, err: unavailable, within: 20 * time.Second},
		{name: "a connection lost while submitting: the same bytes are sent again", refused: 1, err: fabric.NewError(fabric.OutcomeUnknown, fabric.Submit, nil), within: 5 * time.Second},
	} {
		run(t, c.name, func(t *testing.T) {
			l := newLedger()
			l.lost = func(n int) bool { return n <= c.lost }
			l.onSubmit = func(_ context.Context, n int, _ string) error {
				if n <= c.refused {
					return c.err
				}
				return nil
			}
			s := open(t, file(t), l)
			defer shut(t, s)
			began := time.Now()
			op, err := s.Do(t.Context(), request("a", "k"))
			if err != nil || op.State != operation.Committed || op.Attempts != 1 || time.Since(began) > c.within {
				t.Errorf("after %v: %+v, %v", time.Since(began), op, err)
			}
			effects, _, envelopes := l.took()
			if len(effects) != 1 || len(envelopes) != 1+c.lost+c.refused || len(slices.Compact(envelopes)) != 1 {
				t.Errorf("effects %q, envelopes %q", effects, envelopes)
			}
		})
	}

	run(t, "nothing follows on a record, in the same block, what was sent twice", func(t *testing.T) {
		l := newLedger()
		l.lost = func(n int) bool { return n == 1 }
		s := open(t, file(t), l, func(c *operation.Config) { c.Settle = 7 * time.Second })
		defer shut(t, s)
		var answered [3]time.Time
		var wg sync.WaitGroup
		for i, entity := range []string{"shipment/A", "shipment/A", "shipment/B"} {
			wg.Go(func() {
				if _, err := s.Do(t.Context(), request(fmt.Sprint("a", i), fmt.Sprint("k", i), entity)); err != nil {
					t.Error(err)
				}
				answered[i] = time.Now()
			})
			synctest.Wait() // so that the order is known
		}
		wg.Wait()
		if gap := answered[1].Sub(answered[0]); gap < 7*time.Second {
			t.Errorf("the next change of the record came %v after it", gap)
		}
		if !answered[2].Before(answered[0]) {
			t.Error("another record waits, too")
		}
	})

	run(t, "bytes that may have been taken are never given up for a later refusal", func(t *testing.T) {
		l := newLedger()
		l.onSubmit = func(_ context.Context, n int, _ string) error {
			switch {
			case n == 1:
				return fabric.NewError(fabric.OutcomeUnknown, fabric.Submit, nil)
			case n < 4:
				return fabric.NewError(fabric.Rejected, fabric.Submit, nil)
			}
			return nil
		}
		s := open(t, file(t), l)
		defer shut(t, s)
		if op, err := s.Do(t.Context(), request("a", "k")); err != nil || op.State != operation.Committed {
			t.Errorf("got %+v, %v", op, err)
		}
	})
}

func TestLanes(t *testing.T) {
	run(t, "operations on one entity go one after the other in their order, others in parallel", func(t *testing.T) {
		l := newLedger()
		l.onSubmit = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, time.Second) }
		s := open(t, file(t), l)
		defer shut(t, s)
		began := time.Now()
		var wg sync.WaitGroup
		do := func(argument string, entities ...string) {
			wg.Go(func() {
				if _, err := s.Do(t.Context(), request(argument, "", entities...)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // so that the order is known
		}
		for i := range 5 {
			do(fmt.Sprint("a", i), "shipment/A")
			do(fmt.Sprint("b", i), "shipment/B")
		}
		do("ab", "shipment/B", "shipment/A")
		do("ba", "shipment/A", "shipment/B", "shipment/A")
		wg.Wait()
		effects, _, _ := l.took()
		want := []string{"a0", "a1", "a2", "a3", "a4", "ab", "ba"}
		got := slices.DeleteFunc(effects, func(e string) bool { return len(e) == 2 && e[0] == 'b' && e != "ba" })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("took %v", took)
		}
	})

	run(t, "a full lane is busy at once, and its key stays free", func(t *testing.T) {
		l := newLedger()
		l.onEndorse = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, time.Second) }
		s := open(t, file(t), l, func(c *operation.Config) { c.QueueLength = 2 })
		defer shut(t, s)
		for _, a := range []string{"a", "b"} {
			if _, err := s.Start(t.Context(), request(a, a, "shipment/A")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Do(t.Context(), request("c", "c", "shipment/B", "shipment/A")); condition(err) != fabric.Busy {
			t.Errorf("got %v", err)
		}
		time.Sleep(5 * time.Second)
		if _, err := s.Do(t.Context(), request("c", "c", "shipment/A")); err != nil {
			t.Error(err)
		}
	})

	run(t, "many operations on overlapping entities never deadlock", func(t *testing.T) {
		l := newLedger()
		l.onSubmit = func(ctx context.Context, _ int, _ string) error { return sleep(ctx, time.Millisecond) }
		s := open(t, file(t), l)
		defer shut(t, s)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				a, b, c := fmt.Sprint(i%3), fmt.Sprint(i*7%5), fmt.Sprint(i*3%4)
				if op, err := s.Do(t.Context(), request(fmt.Sprint(i), "", a, b, c)); err != nil || op.State != operation.Committed {
					t.Errorf("got %+v, %v", op, err)
				}
			})
		}
		wg.Wait()
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
