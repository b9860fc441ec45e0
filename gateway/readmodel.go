package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

func modelConfig(c *config.Config, o projection.Observer, log *slog.Logger) (projection.Config, error) {
	url, err := c.ReadModel.URL()
	return projection.Config{SQLite: c.ReadModel.SQLite, Postgres: url, Schema: c.ReadModel.Schema, Observer: o, Log: log}, err
}

func observeModel(m *httpapi.Metrics) projection.Observer {
	return projection.Observer{
		Height: m.ModelHeight, Applied: func(_, _ int, took time.Duration) { m.ModelApplied(took) },
		Parked: m.ModelParked, Unknown: m.ModelUnknown, Stuck: m.ModelStuck, Sampled: m.ModelSampled,
	}
}

// openModel opens the read model and keeps it up with the ledger until stop is called.
func openModel(ctx context.Context, c *config.Config, network *fabric.Network, m *httpapi.Metrics, log *slog.Logger) (model *projection.Model, stop func() error, err error) {
	conf, err := modelConfig(c, observeModel(m), log)
	if err != nil {
		return nil, nil, err
	}
	if model, err = projection.Open(ctx, conf); err != nil {
		return nil, nil, err
	}
	running, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { model.Run(running, network) })
	if c.ReadModel.Sample > 0 {
		all.Go(func() { model.Sample(running, network, c.ReadModel.Sample) })
	}
	return model, func() error {
		cancel()
		all.Wait()
		return model.Close()
	}, nil
}

// command is one that does its work and ends: gateway rebuild, gateway parked.
type command func(ctx context.Context, c *config.Config, out io.Writer) error

// commands are named by the first argument.
var commands = map[string]func(*flag.FlagSet) command{
	"rebuild": func(*flag.FlagSet) command { return rebuild },
	"parked": func(f *flag.FlagSet) command {
		accept := f.String("accept", "", "`id` of what a person has looked at and goes on without")
		return func(ctx context.Context, c *config.Config, out io.Writer) error { return parked(ctx, c, out, *accept) }
	},
}

// runCommand reads the flags of a command and its configuration.
func runCommand(ctx context.Context, name string, args []string) error {
	f := flag.NewFlagSet("gateway "+name, flag.ContinueOnError)
	path := f.String("c", os.Getenv("GATEWAY_CONFIG"), "configuration `file`; or GATEWAY_CONFIG")
	do := commands[name](f)
	if err := f.Parse(args); err != nil {
		return err
	}
	if *path == "" || f.NArg() > 0 {
		return fmt.Errorf("usage: gateway %s -c gateway.yaml", name)
	}
	c, err := config.Load(*path)
	if err != nil {
		return err
	}
	return do(ctx, c, os.Stdout)
}

// rebuild empties the read model and fills it from block 0 up to the peer's
// height. A gateway that runs goes on answering, from what is there again so far.
func rebuild(ctx context.Context, c *config.Config, out io.Writer) (err error) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	network, err := fabric.Dial(fabric.Config{
		Address: c.Peer.Address, ServerName: c.Peer.ServerName, TLSRoots: c.Peer.TLSRoots, MSPID: c.Organisation,
		Certificate: c.Identity.Certificate, Key: c.Identity.PrivateKey, Channel: c.Channel, Chaincode: c.Chaincode, Endorsers: c.Endorsers, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	conf, err := modelConfig(c, projection.Observer{}, log)
	if err != nil {
		return err
	}
	model, err := projection.Open(ctx, conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	return model.Rebuild(ctx, network, func(p projection.Progress) {
		fmt.Fprintf(out, "%d of %d blocks, %.0f a second\n", p.Height, p.Target, p.PerSecond)
	})
}

// parked lists what could not be turned into rows, or accepts one of it.
func parked(ctx context.Context, c *config.Config, out io.Writer, accept string) (err error) {
	conf, err := modelConfig(c, projection.Observer{}, slog.Default())
	if err != nil {
		return err
	}
	conf.Made = true // to look is not to empty what a gateway of another release answers from
	model, err := projection.Open(ctx, conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	if accept != "" {
		return model.Accept(ctx, accept, "gateway parked")
	}
	const page = 500
	none := true
	for after := ""; ; {
		some, err := model.Parked(ctx, after, page)
		if err != nil {
			return err
		}
		for _, p := range some {
			accepted := ""
			if p.AcceptedBy != "" {
				accepted = " (accepted " + p.AcceptedAt + ")"
			}
			fmt.Fprintf(out, "%s\tblock %d, transaction %d\t%s%s\n", p.ID, p.Block, p.Number, p.Reason, accepted)
			after, none = p.ID, false
		}
		if len(some) < page {
			if none {
				fmt.Fprintln(out, "nothing is parked")
			}
			return nil
		}
	}
}
