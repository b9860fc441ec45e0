package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

//go:embed fleet.txtar
var fleetText []byte

// fleetStory is the story of two pumps, that docs/queries.md asks about.
func fleetStory() (*scenario.Scenario, error) { return scenario.Parse("fleet", fleetText) }

// fleet plays that story.
func (j *journey) fleet(ctx context.Context) error {
	story, err := fleetStory()
	if err != nil {
		return err
	}
	j.say("\n10. A fleet\n   two pumps, their parts and services, and three more shipments, for questions: docs/queries.md\n")
	cast := scenario.Cast{Manufacturer: j.manufacturer.MSPID, Service: j.service.MSPID, Shipper: j.shipper.MSPID}
	began, r := time.Now(), &network{ctx: ctx, ledger: j.ledger, at: map[string]rest.Gateway{}}
	for _, g := range []rest.Gateway{j.manufacturer, j.service, j.shipper} {
		r.at[g.MSPID] = g
	}
	steps, err := scenario.Run(story.With(cast), r, j.run, currency)
	if err != nil {
		return err
	}
	for org := range r.at {
		if err := r.wait(org); err != nil {
			return err
		}
	}
	j.say("   %d transactions in %s; names end in -%s\n", len(steps), time.Since(began).Round(time.Second), j.run)
	return nil
}

// network is the consortium as a story plays on it: through each organisation's own gateway.
type network struct {
	ctx    context.Context
	ledger string
	at     map[string]rest.Gateway
	last   string // whose gateway wrote last
	block  uint64 // what it wrote is there
}

// Submit posts a transaction's request. What another organisation wrote before has
// reached this one's peer by then.
func (r *network) Submit(org string, args ...string) (*scenario.Outcome, error) {
	if r.last != "" && r.last != org {
		if err := r.wait(org); err != nil {
			return nil, err
		}
	}
	if len(args) != 2 {
		return nil, fmt.Errorf("the demo's story says %d things to %s", len(args)-1, args[0])
	}
	var w rest.Written
	if err := r.at[org].Submit(r.ctx, api.Transaction(args[0]), json.RawMessage(args[1]), &w); err != nil {
		return nil, asFault(err)
	}
	r.last, r.block = org, w.Block
	return &scenario.Outcome{Result: w.Body}, nil
}

// wait is over when an organisation's gateway knows all that was written.
func (r *network) wait(org string) error {
	return r.at[org].Get(r.ctx, fmt.Sprintf("/queries/organisations?limit=1&minHeight=%d", r.block+1), nil)
}

// asFault is a refusal as the story knows it.
func asFault(err error) error {
	var p *rest.Problem
	if !errors.As(err, &p) || p.Code == "" {
		return err
	}
	return fault.New(fault.Code(p.Code), "%s", p.Detail)
}

// Evaluate is not needed by a story that asks nothing.
func (r *network) Evaluate(_ string, args ...string) ([]byte, error) {
	return nil, fmt.Errorf("the demo's story asks %s", args[0])
}

// Now is this machine's clock, which the peers share.
func (r *network) Now() time.Time { return time.Now() }

// Ledger is the name that devices sign.
func (r *network) Ledger() string { return r.ledger }
