// Command network runs the native three-organisation network: real Fabric certificate
// authorities, orderers and peers, the chaincode and the gateways, supervised, without
// containers and without root. README.md says how to operate it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lifeledger/lifeledger/network/couchgate"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/supervise"
)

type cli struct {
	Dir string `help:"Run directory; default is .lifeledger in the repository." type:"path"`

	Up        upCmd        `cmd:"" help:"Start the network, or restart it over its ledger."`
	Down      downCmd      `cmd:"" help:"Stop the network; the ledger is kept unless --clean is given."`
	Status    statusCmd    `cmd:"" help:"Show every process and the ledger's height on each peer."`
	Logs      logsCmd      `cmd:"" help:"Show the log of one process, or list the logs."`
	Doctor    doctorCmd    `cmd:"" help:"Check the network and name what is broken, with the remedy."`
	Images    imagesCmd    `cmd:"" help:"Make the container images of chaincode and gateway."`
	AddOrg    addOrgCmd    `cmd:"" help:"Have an organisation join the running network."`
	Renew     renewCmd     `cmd:"" help:"Have the certificates issued anew, without a stop."`
	Announce  announceCmd  `cmd:"" help:"Announce the organisations and their roles on the ledger, as the founder."`
	Testnet   testnetCmd   `cmd:"" help:"lifeledger on Hyperledger's Docker test-network."`
	Supervise superviseCmd `cmd:"" hidden:"" help:"Own the processes of a run directory."`
	CouchGate couchGateCmd `cmd:"" hidden:"" help:"Keep one peer's databases on a shared CouchDB server apart."`
}

// errReported ends the program with a failure that has been shown already.
var errReported = errors.New("reported")

func main() {
	var c cli
	parser := kong.Must(&c, kong.Name("network"), kong.UsageOnError(),
		kong.Description("The native three-organisation network of lifeledger."))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := run(command, &c); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		if !errors.Is(err, errReported) {
			fmt.Fprintln(os.Stderr, "network: "+oneLine(err))
		}
		stop()
		os.Exit(1)
	}
}

func run(command *kong.Context, c *cli) error {
	if c.Dir == "" {
		root, err := launch.FindRoot()
		if err != nil {
			return err
		}
		c.Dir = filepath.Join(root, ".lifeledger")
	}
	return command.Run(c)
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

type downCmd struct {
	Clean bool `help:"Remove the ledger, the identities and the logs too."`
}

func (d *downCmd) Run(ctx context.Context, c *cli) error {
	_, missing := launch.Open(c.Dir)
	if err := launch.Down(ctx, c.Dir, d.Clean); err != nil {
		return err
	}
	if errors.Is(missing, launch.ErrNoNetwork) {
		fmt.Println("there was no network in", c.Dir)
	} else if d.Clean {
		fmt.Println("stopped, and removed from", c.Dir)
	} else {
		fmt.Println("stopped; the ledger is kept in", c.Dir)
	}
	return nil
}

type couchGateCmd struct {
	Listen string `required:"" help:"Address to answer on."`
	To     string `required:"" help:"The server, without a login."`
	Prefix string `required:"" help:"What the names of the databases begin with."`
}

func (g *couchGateCmd) Run(ctx context.Context) error {
	to, err := url.Parse(g.To)
	if err != nil {
		return err
	}
	gate, err := couchgate.New(to, g.Prefix)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: g.Listen, Handler: gate, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type superviseCmd struct {
	Attached bool `help:"Stop when the process that started this one ends."`
}

func (s *superviseCmd) Run(c *cli) error { return supervise.Run(c.Dir, s.Attached) }
