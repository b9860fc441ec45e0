// The replay plays real files about machines on a ledger: a fleet's maintenance,
// failures and errors through the REST API of a running network. It owns the story
// and its figures; everything it does, any client can do. Invariant: what it tells
// at the end it has asked the ledger, not remembered.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/parallel"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

// setting is what the flags say.
type setting struct {
	service, condition  string
	machines, engineers int
	json                bool
	name                string // begins every id; "": one of its own
	out                 io.Writer
}

func main() { rest.Program("replay", 2*time.Hour, flags(flag.CommandLine).play) }

// flags names what may be said; it stands in the setting once they are parsed.
func flags(f *flag.FlagSet) *setting {
	s := &setting{out: os.Stdout}
	f.StringVar(&s.service, "service", "", "`directory` with machines.csv, maint.csv, failures.csv and errors.csv")
	f.StringVar(&s.condition, "condition", "", "`file` with a machine's temperature, in columns timestamp and value")
	f.IntVar(&s.machines, "machines", 0, "only the first `n` machines; 0: all")
	f.IntVar(&s.engineers, "engineers", 10, "how many engineers work at the same time, each on machines of its own")
	f.BoolVar(&s.json, "json", false, "print what the ledger tells of every machine as one JSON document")
	return s
}

// play is bound before the flags are parsed, so it must not be of a copy.
func (s *setting) play(ctx context.Context, c *consortium.Consortium) error {
	if s.service == "" && s.condition == "" || s.engineers < 1 {
		return errors.New("say what to replay: make replay SERVICE=directory, or CONDITION=path.csv")
	}
	_, err := run(ctx, *s, c)
	return err
}

// run plays the files on a network and says what is on its ledger then.
func run(ctx context.Context, s setting, c *consortium.Consortium) ([]*told, error) {
	f := &fleet{}
	if s.service != "" {
		var err error
		if f, err = readFleet(s.service, s.machines); err != nil {
			return nil, err
		}
	}
	g, err := dial(ctx, c)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if s.name == "" {
		s.name = "fleet-" + strings.ToLower(rand.Text()[:6])
	}
	r, err := newReplay(g, f, s.name, money.Currency("USD"), s.engineers)
	if err != nil {
		return nil, err
	}
	if err := r.found(ctx); err != nil {
		return nil, err
	}
	if s.condition != "" {
		if err := r.tellCondition(ctx, s); err != nil {
			return nil, err
		}
	}
	if s.service == "" {
		return nil, nil
	}
	all, err := r.everybody(ctx, s)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	if s.json {
		return all, json.NewEncoder(s.out).Encode(all)
	}
	t := sum(all)
	fmt.Fprintf(s.out, "%d machines, %d parts, %d exchanges, %d failures of which %d ended with a repair, %d errors\n", t.Machines, t.Parts, t.Exchanges, t.Failures, t.Repairs, t.Errors)
	n := g.calls.Load()
	fmt.Fprintf(s.out, "%d transactions in %s, %.0f a second\n", n, took.Round(time.Second), float64(n)/took.Seconds())
	fmt.Fprintf(s.out, "Look yourself: %s/v1/components/%s/timeline, with a token of that gateway\n", g.look, r.machines[0].id)
	return all, nil
}

// everybody has all engineers at work at the same time, each on one of its machines
// after the other.
func (r *replay) everybody(ctx context.Context, s setting) ([]*told, error) {
	all, firsts := make([]*told, len(r.machines)), make([]int, len(r.engineers))
	for i := range firsts {
		firsts[i] = i
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := parallel.Each(firsts, func(first int) error {
		for i := first; i < len(r.machines); i += len(r.engineers) {
			one, err := r.life(ctx, r.machines[i])
			if err != nil {
				stop(fmt.Errorf("machine %d: %w", r.machines[i].number, err)) // the others need not go on
				return err
			}
			all[i] = one
			if !s.json {
				fmt.Fprintf(s.out, "machine %2d, %s: %2d exchanges, %d repairs\n", one.Machine, r.machines[i].id, len(one.Exchanges), len(one.Repairs))
			}
		}
		return nil
	})
	if first := context.Cause(ctx); first != nil {
		return nil, first
	}
	return all, err
}

// life is all that the files have of one machine, and what the ledger tells then.
func (r *replay) life(ctx context.Context, m *machine) (*told, error) {
	if err := r.build(ctx, m); err != nil {
		return nil, err
	}
	for _, e := range m.events {
		if err := r.play(ctx, m, e); err != nil {
			return nil, err
		}
	}
	if err := r.report(ctx, m, r.fleet.to); err != nil {
		return nil, err
	}
	return r.look(ctx, m)
}
