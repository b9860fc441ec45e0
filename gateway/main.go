// Command gateway serves one organisation's REST API of lifeledger. It owns
// flags, wiring and shutdown, and no logic; each package beside it says what it owns.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	// An image that holds this program alone has no authorities of the public web.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/keeper"
	"github.com/lifeledger/lifeledger/gateway/listener"
	"github.com/lifeledger/lifeledger/gateway/loglines"
	"github.com/lifeledger/lifeledger/gateway/operation"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

// usage is how the program is called.
const usage = `usage: gateway -c gateway.yaml [-check | -health]
       gateway rebuild -c gateway.yaml              make the read model anew from block 0
       gateway parked -c gateway.yaml [-accept ID]  list what could not be turned into rows, or go on without one of it
       gateway verify FILE -roots DIR               check a notarised answer`

func run() error {
	if len(os.Args) > 1 && os.Args[1] == "verify" {
		return verifyFile(os.Args[2:], os.Stdout)
	}
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
		defer stop()
		return runCommand(ctx, os.Args[1], os.Args[2:])
	}
	path := flag.String("c", os.Getenv("GATEWAY_CONFIG"), "configuration `file`; or GATEWAY_CONFIG")
	check := flag.Bool("check", false, "check the configuration and end")
	health := flag.Bool("health", false, "ask the gateway that runs with this configuration for its health and end")
	showVersion := flag.Bool("version", false, "print the version and end")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if *showVersion {
		fmt.Println("gateway", version())
		return nil
	}
	if *path == "" || flag.NArg() > 0 {
		return errors.New(usage)
	}
	c, err := config.Load(*path)
	if err != nil {
		return err
	}
	if *health {
		return listener.Probe(context.Background(), c.Listen, files(c.TLS))
	}
	if err := c.CheckFiles(); err != nil {
		return err
	}
	if *check {
		fmt.Println("the configuration is good")
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return serve(ctx, c)
}

// serve runs the gateway until ctx ends. What was opened first is closed last.
func serve(ctx context.Context, c *config.Config) (err error) {
	lines := loglines.New(os.Stderr)
	defer func() { err = errors.Join(err, lines.Close()) }()
	log := slog.New(slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: c.Log.Slog()}))
	slog.SetDefault(log)
	metrics := httpapi.NewMetrics()
	network, err := fabric.Dial(networkConfig(c, metrics, log))
	if err != nil {
		return err
	}
	metrics.Certificate(network.NotAfter)
	defer func() { err = errors.Join(err, network.Close()) }()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	service, err := operation.Open(operationConfig(c, metrics, log), network)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.Background()) // ends after the last request, not with ctx
	ended := make(chan error, 1)
	go func() {
		ended <- service.Run(running) // which closes the service
		close(ended)
	}()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	model, stopModel, err := openModel(running, c, network, metrics, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopModel()) }()
	asked := ledger{network, model.BlocksOf}
	asking, saved, stopQueries, err := openQueries(ctx, c, model, asked, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopQueries()) }()
	if c.Keeper.Enabled {
		k, err := keeper.Open(keeperConfig(c, service, log), keeperLedger{network})
		if err != nil {
			return err
		}
		keeping, stopKeeping := context.WithCancel(running)
		kept := make(chan error, 1)
		go func() { kept <- k.Run(keeping) }()
		defer func() {
			stopKeeping()
			err = errors.Join(err, <-kept)
		}()
	}
	tokens, err := authn.New(ctx, authn.Config{Issuer: c.Auth.Issuer, Audience: c.Auth.Audience, Keys: c.Auth.Keys, Organisation: c.Organisation})
	if err != nil {
		return err
	}
	spec, err := openAPI()
	if err != nil {
		return err
	}
	handlers, err := httpapi.New(httpapi.Config{
		Organisation: c.Organisation, LedgerName: c.Channel + "/" + c.Chaincode, Version: version(), Spec: spec,
		Ledger: asked, Operations: operations{service}, ReadModel: readModel{model, network}, Questions: asking, Passports: asking, SavedQueries: saved, Authenticator: tokens,
		Limits: httpapi.Limits{
			BodyBytes: c.Limits.BodyBytes, Concurrency: c.Limits.Concurrency, PerSecond: c.Limits.PerSecond, Burst: c.Limits.Burst,
			WriteTime: c.Limits.Wait + writeMargin,
		},
		Metrics: metrics, Log: log, OperationsApart: c.Operations.Listen != "",
	})
	if err != nil {
		return err
	}
	return listen(ctx, c, handlers, ended, log)
}

// writeMargin is how much longer than for its outcome a write's answer is waited for.
const writeMargin = 5 * time.Second

func networkConfig(c *config.Config, m *httpapi.Metrics, log *slog.Logger) fabric.Config {
	return fabric.Config{
		Address: c.Peer.Address, ServerName: c.Peer.ServerName, TLSRoots: c.Peer.TLSRoots, RootsPEM: c.Peer.RootsPEM,
		MSPID: c.Organisation, Certificate: c.Identity.Certificate, Key: c.Identity.PrivateKey,
		Channel: c.Channel, Chaincode: c.Chaincode, Endorsers: c.Endorsers, InFlight: c.Limits.PeerCalls,
		Observer: observeNetwork(m), Log: log,
	}
}

func operationConfig(c *config.Config, m *httpapi.Metrics, log *slog.Logger) operation.Config {
	return operation.Config{
		Path: filepath.Join(c.Data, "outbox.db"), Wait: c.Limits.Wait, QueueLength: c.Limits.Queue, CloseWait: c.Limits.Shutdown,
		Observer: observeOperations(m), Log: log,
	}
}

func keeperConfig(c *config.Config, service *operation.Service, log *slog.Logger) keeper.Config {
	submit := asKeeper(service)
	return keeper.Config{
		Path: filepath.Join(c.Data, "keeper.db"), Log: log,
		Duties: []keeper.Duty{
			keeper.Settlements(c.Organisation, submit), keeper.Maintenance(c.Organisation, submit), keeper.Overdue(c.Organisation, submit), keeper.Silence(c.Organisation, submit),
		},
	}
}

// release is what the linker was told; empty in a plain `go build`.
var release string

// version is the release, or else the module's version as the build recorded it.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
