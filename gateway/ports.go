package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	gatewayapi "github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/keeper"
	"github.com/lifeledger/lifeledger/gateway/kept"
	"github.com/lifeledger/lifeledger/gateway/operation"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// ledger is the network as httpapi asks for it.
type ledger struct {
	network  *fabric.Network
	blocksOf func(ctx context.Context, transactions []string) (map[string]uint64, error) // of the read model
}

func (l ledger) Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error) {
	result, err := l.network.Evaluate(ctx, tx, argument)
	return result, shown(err)
}

func (l ledger) Ask(ctx context.Context, tx api.Transaction, argument []byte, fresh bool) (httpapi.LedgerAnswer, error) {
	a, err := l.network.Ask(ctx, tx, argument, fresh)
	return httpapi.LedgerAnswer{Result: a.Result, Height: a.Height}, shown(err)
}

// Moment is the ledger as the shared stream has seen it.
func (l ledger) Moment() (kept.Moment, bool) {
	return l.network.Moment()
}

// ChainHeight asks the own peer for the number of its blocks.
func (l ledger) ChainHeight(ctx context.Context) (uint64, error) {
	height, err := l.network.ChainHeight(ctx)
	return height, shown(err)
}

// Ready asks each organisation's peer for the one transaction that needs nothing.
func (l ledger) Ready(ctx context.Context) map[string]error {
	var mu sync.Mutex // guards found
	found := make(map[string]error)
	var all sync.WaitGroup
	for _, organisation := range l.network.Organisations() {
		all.Go(func() {
			_, err := l.network.EvaluateAt(ctx, organisation, api.PingTx, []byte("{}"))
			mu.Lock()
			defer mu.Unlock()
			found[organisation] = err
		})
	}
	all.Wait()
	return found
}

// operations is the service as httpapi asks for it.
type operations struct{ service *operation.Service }

func (o operations) Do(ctx context.Context, w httpapi.Write) (httpapi.Outcome, error) {
	return outcomeOf(o.service.Do(ctx, requestOf(w)))
}

func (o operations) Start(ctx context.Context, w httpapi.Write) (httpapi.Outcome, error) {
	return outcomeOf(o.service.Start(ctx, requestOf(w)))
}

func (o operations) Get(ctx context.Context, id string) (httpapi.Outcome, error) {
	return outcomeOf(o.service.Get(ctx, id))
}

func requestOf(w httpapi.Write) operation.Request {
	return operation.Request{Transaction: w.Transaction, Argument: w.Argument, Entities: w.Entities, Key: w.Key, Principal: w.Principal}
}

func outcomeOf(op operation.Operation, err error) (httpapi.Outcome, error) {
	out := httpapi.Outcome{
		ID: op.ID, Principal: op.Principal, Transaction: op.Transaction, State: gatewayapi.OperationState(op.State),
		TransactionID: op.TransactionID, Block: op.Block, Result: op.Result, Replayed: op.Replayed,
	}
	if op.Err != nil {
		out.Err = shown(op.Err)
	}
	return out, shown(err)
}

// shown translates the network's errors into those that problem shows. Faults
// and what is nobody's stay as they are.
func shown(err error) error {
	var e *fabric.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, operation.ErrUnknown):
		return problem.New(problem.OperationUnknown, err.Error())
	case errors.Is(err, operation.ErrClosed):
		return problem.New(problem.Busy, err.Error())
	case !errors.As(err, &e), e.Condition == fabric.Refused:
		return err
	}
	p := &problem.Error{Condition: problem.Condition(e.Condition), TransactionID: e.TransactionID, Cause: err}
	if e.Attempts > 0 {
		p.Params = append(p.Params, fault.Param{Name: "attempts", Value: strconv.Itoa(e.Attempts)})
	}
	if orgs := organisationsOf(e.Peers); orgs != "" && e.Condition == fabric.Unreachable {
		p.Params = append(p.Params, fault.Param{Name: "organisations", Value: orgs})
	}
	return p
}

// organisationsOf names who is concerned; what their peers said is for the log.
func organisationsOf(peers []fabric.PeerMessage) string {
	var orgs []string
	for _, p := range peers {
		if p.Organisation != "" {
			orgs = append(orgs, p.Organisation)
		}
	}
	slices.Sort(orgs)
	return strings.Join(slices.Compact(orgs), " ")
}

// keeperLedger is the network as the keeper asks for it.
type keeperLedger struct{ *fabric.Network }

func (l keeperLedger) Events(ctx context.Context, from uint64) (<-chan keeper.Event, error) {
	events, err := l.Network.Events(ctx, from)
	if err != nil {
		return nil, err
	}
	out := make(chan keeper.Event)
	go func() {
		defer close(out)
		for e := range events {
			select {
			case out <- keeper.Event(e):
			case <-ctx.Done():
			}
		}
	}()
	return out, nil
}

// asKeeper has transactions carried out for the keeper, under its own name.
func asKeeper(service *operation.Service) keeper.Submit {
	return func(ctx context.Context, tx api.Transaction, argument []byte, entity, key string) error {
		op, err := service.Do(ctx, operation.Request{Transaction: tx, Argument: argument, Entities: []string{entity}, Key: key, Principal: "keeper"})
		if err == nil && op.Err != nil {
			return op.Err
		}
		return err
	}
}

func observeNetwork(m *httpapi.Metrics) fabric.Observer {
	return fabric.Observer{
		Call: func(stage fabric.Stage, condition fabric.Condition, took time.Duration) {
			m.PeerCall(string(stage), string(condition), took)
		},
		InFlight: m.PeerInFlight,
		Block:    func(number uint64, _ int) { m.Block(number) },
		Stream:   m.Stream,
		Asked:    m.Asked,
		Fallback: func(api.Transaction) { m.Fallback() },
	}
}

func observeOperations(m *httpapi.Metrics) operation.Observer {
	return operation.Observer{
		Finished: func(_ api.Transaction, condition fabric.Condition, attempts int, took time.Duration) {
			m.OperationFinished(string(condition), attempts, took)
		},
		Pending: m.OperationsPending, Queued: m.Queued, Resubmitted: m.Resubmitted, Reendorsed: m.Reendorsed,
	}
}
