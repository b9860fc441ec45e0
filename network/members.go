package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

type addOrgCmd struct {
	Name        string   `arg:"" help:"Name of the organisation, such as supplier; lower case."`
	MSPID       string   `name:"msp-id" help:"MSP id; by default the name, such as SupplierMSP."`
	DisplayName string   `help:"Name that is announced on the ledger."`
	Roles       []string `help:"Roles that are announced: manufacturer, service, shipper, owner, ..." default:"owner"`
	Ports       string   `help:"'auto' for free ports, or a number that is added to the first organisation's; by default the next free row." placeholder:"auto|N"`
}

// Run has an organisation join a running native network.
func (a *addOrgCmd) Run(ctx context.Context, c *cli) error {
	n, err := launch.Open(c.Dir)
	if err != nil {
		return err
	}
	o, err := a.organisation(n.Topology)
	if err != nil {
		return err
	}
	opt := launch.Options{Dir: c.Dir, AutoPorts: a.Ports == "auto", Progress: progress(os.Stdout)}
	if opt.Program, err = os.Executable(); err != nil {
		return err
	}
	n, err = launch.AddOrganisation(ctx, opt, o)
	if err != nil {
		return err
	}
	table(os.Stdout, n)
	return nil
}

func (a *addOrgCmd) organisation(t *topology.Topology) (o topology.Organisation, err error) {
	o = topology.Organisation{
		Name: a.Name, MSPID: a.MSPID, DisplayName: a.DisplayName, Roles: a.Roles,
		Domain: a.Name + ".example.com", StateDatabase: "leveldb",
	}
	if o.MSPID == "" && a.Name != "" {
		o.MSPID = string(a.Name[0]-'a'+'A') + a.Name[1:] + "MSP"
	}
	if a.Ports == "auto" {
		return o, nil
	}
	by := 0
	if a.Ports != "" {
		if by, err = strconv.Atoi(a.Ports); err != nil {
			return o, fmt.Errorf("--ports takes 'auto' or a number")
		}
	}
	for i, p := range o.Listeners() {
		*p.Number = *t.Organisations[0].Listeners()[i].Number + by
		for _, other := range t.Organisations {
			if by == 0 { // the row after the last one
				*p.Number = max(*p.Number, *other.Listeners()[i].Number+1)
			}
		}
	}
	return o, nil
}

type renewCmd struct {
	Org string `help:"Only this organisation's certificates."`
}

// Run renews every certificate of a running native network.
func (r *renewCmd) Run(ctx context.Context, c *cli) error {
	opt := launch.Options{Dir: c.Dir, Progress: progress(os.Stdout)}
	var err error
	if opt.Program, err = os.Executable(); err != nil {
		return err
	}
	return launch.Renew(ctx, opt, r.Org)
}
