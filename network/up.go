package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

type upCmd struct {
	File             string `short:"f" help:"Topology file; names only what differs from the default." type:"path"`
	Ports            string `help:"'auto' for free ports, or a number that is added to every port." placeholder:"auto|N"`
	State            string `help:"Where the peers keep their state: leveldb, or couchdb (needs COUCHDB_URL). For tests only: couchdb-stand-in." enum:"leveldb,couchdb,couchdb-stand-in," default:""`
	NoGateways       bool   `help:"Start no gateways."`
	Sequence         int64  `help:"Chaincode sequence to approve and commit: one more than the committed one."`
	ChaincodeVersion string `help:"Chaincode version that goes with the sequence."`
	ChaincodeBinary  string `help:"Run this chaincode binary instead of building one." type:"existingfile"`
}

func (u *upCmd) Run(ctx context.Context, c *cli) error {
	t, err := u.topology(c.Dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n, err := launch.Start(ctx, launch.Options{
		Dir: c.Dir, Topology: t, AutoPorts: u.Ports == "auto", Gateways: !u.NoGateways,
		Detached: true, Program: self, Progress: progress(os.Stdout),
	})
	if err != nil {
		return err
	}
	table(os.Stdout, n)
	return nil
}

// topology is what the flags ask for; nil leaves the choice to the run directory.
func (u *upCmd) topology(dir string) (*topology.Topology, error) {
	offset := 0
	if u.Ports != "" && u.Ports != "auto" {
		var err error
		if offset, err = strconv.Atoi(u.Ports); err != nil {
			return nil, errors.New("--ports takes 'auto' or a number")
		}
	}
	if u.File == "" && offset == 0 && u.Sequence == 0 && u.ChaincodeVersion == "" && u.ChaincodeBinary == "" && u.State == "" {
		return nil, nil
	}
	t, err := u.base(dir, offset)
	if err != nil {
		return nil, err
	}
	if u.Sequence != 0 {
		t.Chaincode.Sequence = u.Sequence
	}
	if u.ChaincodeVersion != "" {
		t.Chaincode.Version = u.ChaincodeVersion
	}
	if u.ChaincodeBinary != "" {
		t.Chaincode.Binary = u.ChaincodeBinary
	}
	if u.State != "" {
		for i := range t.Organisations {
			t.Organisations[i].StateDatabase = u.State
		}
	}
	return t, t.Validate()
}

// base is the topology that the other flags change. An offset counts from the file's,
// or the default's, ports, so that the same command means the same ports every time.
func (u *upCmd) base(dir string, offset int) (*topology.Topology, error) {
	if u.File == "" && offset == 0 {
		return launch.Declared(dir)
	}
	t, err := topology.Load(u.File)
	if err != nil {
		return nil, err
	}
	return t, t.Offset(offset)
}

// progress prints lines with the time since the start; several steps may report at once.
func progress(w io.Writer) func(string, ...any) {
	var mu sync.Mutex
	start := time.Now()
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(w, "[%5.1fs] %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}
}

// table tells a newcomer where everything is.
func table(w io.Writer, n *launch.Network) {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if n.Gateways {
		fmt.Fprintln(tw, "ORGANISATION\tGATEWAY\tAPI DOCS\tOPERATOR TOKEN")
		for _, o := range n.Orgs() {
			fmt.Fprintf(tw, "%s\t%s\t%s/docs\t%s\n", o.MSPID, o.GatewayURL, o.GatewayURL, o.TokenFile("operator"))
		}
	} else {
		fmt.Fprintln(tw, "ORGANISATION\tPEER\tORDERER")
		for _, o := range n.Orgs() {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", o.MSPID, o.PeerAddress, o.OrdererAddress)
		}
	}
	tw.Flush()
	if n.Gateways {
		o := n.Orgs()[0]
		fmt.Fprintf(w, "\nDevelopment tokens, good for 30 days, for the roles admin, operator, device and auditor: use one as\n  curl -H \"Authorization: Bearer $(cat %s)\" %s/…\n", o.TokenFile("operator"), o.GatewayURL)
	}
	fmt.Fprintf(w, "Logs: %s\n", n.LogDir())
}
