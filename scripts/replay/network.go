package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

// gateways are a running network, used through the REST API of both sides.
type gateways struct {
	at    map[side]rest.Gateway
	id    string
	look  string // where the owner's gateway is
	calls atomic.Int64
}

// dial finds the gateways and asks which ledger they have.
func dial(ctx context.Context, c *consortium.Consortium) (*gateways, error) {
	parts, err := c.Parts()
	if err != nil {
		return nil, err
	}
	made, err := rest.New("owner", parts.Manufacturer, behind)
	if err != nil {
		return nil, err
	}
	serves, err := rest.New("service company", parts.Service, behind)
	if err != nil {
		return nil, err
	}
	g := &gateways{at: map[side]rest.Gateway{owner: made, provider: serves}, look: parts.Manufacturer.Gateway.URL}
	if err := made.Reachable(ctx); err != nil {
		return nil, fmt.Errorf("the network is down; start it with `make up` (%w)", err)
	}
	var pong api.Pong
	if err := made.Get(ctx, "/ledger", &pong); err != nil {
		return nil, err
	}
	g.id = pong.Ledger
	return g, c.Announce(ctx, func(consortium.Member, string) {})
}

// behind: each side's peer sees a moment later what the other side wrote. What is
// not due now is not due a moment later, and what exists stays.
func behind(code string) bool {
	return code != string(fault.CodeNotDue) && !strings.HasSuffix(code, "exists")
}

func (g *gateways) name() string               { return g.id }
func (g *gateways) now() time.Time             { return time.Now().Add(-2 * time.Second) }
func (g *gateways) until(time.Time)            {}
func (g *gateways) organisation(s side) string { return g.at[s].MSPID }

func (g *gateways) do(ctx context.Context, as side, tx api.Transaction, request, out any) error {
	g.calls.Add(1)
	return no(g.at[as].Submit(ctx, tx, request, out))
}

func (g *gateways) ask(ctx context.Context, as side, tx api.Transaction, request, out any) error {
	return no(g.at[as].Ask(ctx, tx, request, out))
}

// no tells a refusal of the ledger's from other trouble.
func no(err error) error {
	var p *rest.Problem
	if errors.As(err, &p) && p.Code != "" {
		return &refusal{fault.Code(p.Code), err}
	}
	return err
}
