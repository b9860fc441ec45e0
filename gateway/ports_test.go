package main

import (
	"errors"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	gatewayapi "github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/operation"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// Every condition of the network has its row in the table of problems.
func TestConditionsAreKnown(t *testing.T) {
	for _, c := range fabric.Conditions() {
		if c == fabric.Refused {
			continue // it has a fault of its own
		}
		if row := problem.RowOf(problem.Condition(c)); string(row.Condition) != string(c) {
			t.Errorf("%s has no row", c)
		}
		e := fabric.NewError(c, fabric.Endorse, errors.New("secret"))
		p := problem.Of(shown(e), "req-1")
		if p.Retryable != e.Retryable() {
			t.Errorf("%s: retryable %v here and %v there", c, p.Retryable, e.Retryable())
		}
	}
}

func TestShown(t *testing.T) {
	e := fabric.NewError(fabric.Unreachable, fabric.Endorse, nil)
	e.Attempts, e.TransactionID = 3, "tx-1"
	e.Peers = []fabric.PeerMessage{{Organisation: "B"}, {Organisation: "A", Message: "secret"}, {Organisation: "B"}}
	p := problem.Of(shown(e), "req-1")
	if p.Status != 503 || p.TransactionID != "tx-1" || p.Params["attempts"] != "3" || p.Params["organisations"] != "A B" {
		t.Errorf("%+v", p)
	}
	for _, c := range []struct {
		err    error
		status int
	}{
		{fabric.RefusedBy(fault.New(fault.CodeShipmentUnknown, "x")), 404}, {operation.ErrUnknown, 404}, {operation.ErrClosed, 503},
		{fault.New(fault.CodeKeyReused, "x"), 422}, {errors.New("x"), 500},
	} {
		if p := problem.Of(shown(c.err), ""); p.Status != c.status {
			t.Errorf("%v: %d, want %d", c.err, p.Status, c.status)
		}
	}
	if shown(nil) != nil {
		t.Error("nil is an error")
	}
}

// The states of operations are those of the API.
func TestStates(t *testing.T) {
	for have, want := range map[operation.State]gatewayapi.OperationState{
		operation.Pending: gatewayapi.Pending, operation.Committed: gatewayapi.Committed, operation.Failed: gatewayapi.Failed,
	} {
		if string(have) != string(want) {
			t.Errorf("%s is %s", have, want)
		}
	}
	out, err := outcomeOf(operation.Operation{State: operation.Failed, Err: fabric.NewError(fabric.Contended, fabric.Commit, nil)}, nil)
	if err != nil || problem.Of(out.Err, "").Status != 409 {
		t.Errorf("%+v, %v", out, err)
	}
}
