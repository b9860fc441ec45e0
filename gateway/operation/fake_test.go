package operation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// ledger is a fake with the semantics that the service relies on: endorsing
// changes nothing, a transaction id takes effect once however often it is
// submitted, and a key has one effect, which later endorsements are told.
type ledger struct {
	// Hooks, called without mu; nil does nothing. An error is what the call answers.
	onEndorse func(ctx context.Context, n int, argument string) error
	onSubmit  func(ctx context.Context, n int, txid string) error
	onStatus  func(ctx context.Context) error
	onOrdered func(ctx context.Context, n int) error // after the outcome is known to the ledger
	// invalid says with what code the n-th submit of all, counted from 1, is found invalid.
	invalid func(n int, txid string) *fabric.Error
	// lost says that the n-th submit is acknowledged and then forgotten.
	lost func(n int) bool

	mu        sync.Mutex
	endorsed  int
	submitted int
	envelopes []string          // every submit, in order
	endorsing []string          // every endorsement's argument, in order
	key       map[string]string // transaction id → key
	outcome   map[string]fabric.Committed
	markers   map[string]string // key → transaction id
	effects   []string          // arguments that took effect, in order
	block     uint64
	changed   chan struct{} // closed and replaced at each outcome
}

func newLedger() *ledger {
	return &ledger{
		key: make(map[string]string), outcome: make(map[string]fabric.Committed),
		markers: make(map[string]string), changed: make(chan struct{}),
	}
}

func (l *ledger) Endorse(ctx context.Context, tx api.Transaction, argument []byte, key string) (*fabric.Endorsed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.endorsed++
	n := l.endorsed
	l.endorsing = append(l.endorsing, string(argument))
	l.mu.Unlock()
	if l.onEndorse != nil {
		if err := l.onEndorse(ctx, n, string(argument)); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if txid, ok := l.markers[key]; ok {
		return nil, fabric.RefusedBy(fault.New(fault.CodeReplayed, "done before").
			With("transactionId", txid).With("result", result(txid)))
	}
	txid := fmt.Sprintf("tx%d", n)
	l.key[txid] = key
	return &fabric.Endorsed{TransactionID: txid, Envelope: []byte(txid + "|" + key + "|" + string(argument)), Result: []byte(result(txid))}, nil
}

func result(txid string) string { return `{"by":"` + txid + `"}` }

func (l *ledger) Submit(ctx context.Context, envelope []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	part := strings.SplitN(string(envelope), "|", 3)
	txid, key, argument := part[0], part[1], part[2]
	l.mu.Lock()
	l.submitted++
	n := l.submitted
	l.envelopes = append(l.envelopes, string(envelope))
	l.mu.Unlock()
	if l.onSubmit != nil {
		if err := l.onSubmit(ctx, n, txid); err != nil {
			return err
		}
	}
	if l.lost != nil && l.lost(n) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.outcome[txid]; ok {
		return nil // DUPLICATE_TXID in a later block; the first outcome stands
	}
	l.block++
	c := fabric.Committed{TransactionID: txid, Block: l.block, Code: "VALID"}
	if l.invalid != nil {
		c.Failure = l.invalid(n, txid)
	}
	if _, ok := l.markers[key]; ok && c.Failure == nil {
		c.Failure = conflict(txid)
	}
	if c.Failure == nil {
		l.markers[key] = txid
		l.effects = append(l.effects, argument)
	}
	l.outcome[txid] = c
	close(l.changed)
	l.changed = make(chan struct{})
	if l.onOrdered != nil {
		l.mu.Unlock()
		defer l.mu.Lock()
		return l.onOrdered(ctx, n)
	}
	return nil
}

func (l *ledger) Wait(ctx context.Context, txid string) (fabric.Committed, error) {
	for {
		l.mu.Lock()
		c, ok := l.outcome[txid]
		changed := l.changed
		l.mu.Unlock()
		if ok {
			return c, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fabric.Committed{}, ctx.Err()
		}
	}
}

func (l *ledger) Status(ctx context.Context, txid string) (fabric.Committed, bool, error) {
	if l.onStatus != nil {
		if err := l.onStatus(ctx); err != nil {
			return fabric.Committed{}, false, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.outcome[txid]
	return c, ok, nil
}

func (l *ledger) took() (effects, endorsing, envelopes []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.effects), slices.Clone(l.endorsing), slices.Clone(l.envelopes)
}

func conflict(txid string) *fabric.Error {
	return &fabric.Error{Condition: fabric.Contended, Stage: fabric.Commit, TransactionID: txid, Code: "MVCC_READ_CONFLICT"}
}
