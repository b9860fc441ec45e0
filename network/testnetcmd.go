package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/testnet"
)

// testnetCmd is everything about Hyperledger's Docker test-network. FABRIC_SAMPLES names
// the checkout of fabric-samples.
type testnetCmd struct {
	Up     testnetUpCmd     `cmd:"" passthrough:"" help:"Bring up the test-network and lifeledger on it; takes network.sh's flags, such as -c mychannel."`
	AddOrg testnetAddOrgCmd `cmd:"" help:"Have a further organisation join the running test-network."`
	Renew  testnetRenewCmd  `cmd:"" help:"Have the gateways' and chaincodes' certificates issued anew by the network's CAs."`
	Down   testnetDownCmd   `cmd:"" help:"Remove lifeledger's containers and the test-network."`
}

func openTestnet(c *cli) (*testnet.Network, error) {
	root, err := launch.FindRoot()
	if err != nil {
		return nil, err
	}
	samples := os.Getenv("FABRIC_SAMPLES")
	if samples != "" {
		if samples, err = filepath.Abs(samples); err != nil {
			return nil, err
		}
	}
	dir := c.Dir
	if dir == filepath.Join(root, ".lifeledger") {
		dir = filepath.Join(root, ".lifeledger-testnet")
	}
	return testnet.Open(root, dir, samples, progress(os.Stdout))
}

type testnetUpCmd struct {
	Flags []string `arg:"" optional:"" help:"Flags of network.sh."`
}

func (u *testnetUpCmd) Run(ctx context.Context, c *cli) error {
	n, err := openTestnet(c)
	if err != nil {
		return err
	}
	if err := n.Up(ctx, u.Flags); err != nil {
		return err
	}
	return testnetTable(n)
}

func testnetTable(n *testnet.Network) error {
	all := n.Consortium()
	tw := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, "\nORGANISATION\tROLES\tGATEWAY\tOPERATOR TOKEN")
	for _, m := range all.Members {
		fmt.Fprintf(tw, "%s\t%v\t%s\t%s\n", m.MSPID, m.Roles, m.Gateway.URL, m.Tokens["operator"])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	m := all.Members[0]
	fmt.Printf("\nFor example:\n  curl --cacert %s -H \"Authorization: Bearer $(cat %s)\" %s/v1/ledger\n", m.Gateway.TLSRoots, m.Tokens["operator"], m.Gateway.URL)
	return nil
}

type testnetAddOrgCmd struct {
	Name        string   `arg:"" help:"Name of the organisation, such as org4; lower case."`
	MSPID       string   `name:"msp-id" help:"MSP id; by default the name, such as Org4MSP."`
	DisplayName string   `help:"Name that is announced on the ledger."`
	Roles       []string `help:"Roles that are announced: manufacturer, service, shipper, owner, ..." default:"owner"`
}

func (a *testnetAddOrgCmd) Run(ctx context.Context, c *cli) error {
	n, err := openTestnet(c)
	if err != nil {
		return err
	}
	o := n.Next(a.Name)
	o.Roles, o.DisplayName = a.Roles, a.DisplayName
	if a.MSPID != "" {
		o.MSPID = a.MSPID
	}
	if err := n.AddOrganisation(ctx, o); err != nil {
		return err
	}
	return testnetTable(n)
}

type testnetRenewCmd struct{}

func (*testnetRenewCmd) Run(ctx context.Context, c *cli) error {
	n, err := openTestnet(c)
	if err != nil {
		return err
	}
	return n.Renew(ctx)
}

type testnetDownCmd struct{}

func (*testnetDownCmd) Run(ctx context.Context, c *cli) error {
	n, err := openTestnet(c)
	if err != nil {
		return err
	}
	if err := n.Down(ctx); err != nil {
		return err
	}
	fmt.Println("stopped and removed")
	return nil
}

// announceCmd has the founder announce the organisations, as the description of the
// network has them.
type announceCmd struct{}

func (*announceCmd) Run(ctx context.Context, c *cli) error {
	all, err := consortium.Load(c.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", c.Dir, launch.ErrNoNetwork)
	}
	if err != nil {
		return err
	}
	return all.Announce(ctx, func(m consortium.Member, what string) { fmt.Printf("%-20s %-30v %s\n", m.MSPID, m.Roles, what) })
}
