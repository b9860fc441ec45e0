// Package launch brings a whole network up and down: Fabric CAs, Raft orderers, peers,
// chaincode and gateways of every organisation. The command `network` and the live
// tests use it alike. It decides the order of things; the processes themselves belong
// to the supervisor, and what an identity or a channel is, to crypto and lifecycle.
// Invariant: a run directory without the file `complete` holds nothing that anybody was
// told is safe, and is wiped by the next start.
package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// Options say what to start, and where.
type Options struct {
	// Dir is the run directory; it holds everything that is not a shared binary.
	Dir string
	// Root of the product's module; empty means found from the working directory.
	Root string
	// Topology to start; nil means that of an existing network in Dir, else the default.
	Topology *topology.Topology
	// AutoPorts gives a new network ports that are free. An existing one keeps its own.
	AutoPorts bool
	// Gateways says whether to start the gateways too.
	Gateways bool
	// Detached leaves the network running when this process ends. Otherwise it stops
	// with the process, even if that is killed.
	Detached bool
	// Program is the binary of the command `network`, which becomes the supervisor;
	// empty means that it is built.
	Program string
	// Progress is told what is being done; nil is silence.
	Progress func(format string, args ...any)
}

// Network is a network that runs, or ran, in a directory.
type Network struct {
	Dir      string
	Topology *topology.Topology
	// Gateways says whether the network was started with gateways.
	Gateways bool

	layout layout
	client *supervise.Client
	keep   io.Closer // of an attached supervisor
}

// declaration is what network.json holds.
type declaration struct {
	Topology *topology.Topology `json:"topology"`
	// Custom says that somebody gave a topology; otherwise the chaincode and the
	// gateway follow the product's default.
	Custom   bool `json:"custom"`
	Gateways bool `json:"gateways"`
}

// ErrNoNetwork says that a directory has no network.
var ErrNoNetwork = errors.New("there is no network here; start one with `make up`")

// Open finds the network of a directory, running or not.
func Open(dir string) (*Network, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	d, err := readDeclaration(layout(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoNetwork)
	}
	if err != nil {
		return nil, err
	}
	return &Network{Dir: dir, Topology: d.Topology, Gateways: d.Gateways, layout: layout(dir), client: supervise.Connect(dir)}, nil
}

func readDeclaration(l layout) (*declaration, error) {
	b, err := os.ReadFile(l.declared())
	if err != nil {
		return nil, err
	}
	var d declaration
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", l.declared(), err)
	}
	return &d, nil
}

func (d *declaration) write(l layout) error {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.declared()+".new", append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(l.declared()+".new", l.declared())
}

// Declared is the topology that a start in dir would use if none were given.
func Declared(dir string) (*topology.Topology, error) {
	d, err := readDeclaration(layout(dir))
	if errors.Is(err, os.ErrNotExist) {
		return topology.Default(), nil
	}
	if err != nil {
		return nil, err
	}
	if d.Custom {
		return d.Topology, nil
	}
	t := topology.Default()
	t.Channel, t.Host, t.Organisations = d.Topology.Channel, d.Topology.Host, d.Topology.Organisations
	return t, nil
}

// stopLimit is how long a stop may take: five stages, each with its grace.
const stopLimit = 4 * time.Minute

// Stop ends every process of the network and keeps its ledger. A stopped network is no error.
func (n *Network) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	err := n.client.Shutdown(ctx)
	if n.keep != nil {
		_ = n.keep.Close()
		n.keep = nil
	}
	return err
}

// Down stops the network of a directory and, when clean is set, removes it. It works
// without a topology file too: what runs is in the supervisor's state.
func Down(ctx context.Context, dir string, clean bool) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := supervise.Connect(dir).Shutdown(ctx); err != nil {
		return err
	}
	if !clean {
		return nil
	}
	left := dropDatabases(ctx, layout(dir))
	if err := layout(dir).wipe(true); err != nil {
		return errors.Join(left, err)
	}
	_ = os.Remove(dir) // stays if somebody keeps other files in it
	return left
}

// lockDir lets only one start or stop work on a directory at a time.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another start or stop is at work in %s; wait for it to end", dir)
	}
	return func() { f.Close() }, nil
}

// Kill ends a process with SIGKILL; the supervisor starts it again.
func (n *Network) Kill(name string) error { return n.do("kill", name) }

// Hold ends a process with SIGKILL and keeps it down until Release.
func (n *Network) Hold(name string) error { return n.do("hold", name) }

// Release starts a held process again.
func (n *Network) Release(name string) error { return n.do("release", name) }

// Pause freezes a process with SIGSTOP.
func (n *Network) Pause(name string) error { return n.do("pause", name) }

// Resume lets a frozen process go on.
func (n *Network) Resume(name string) error { return n.do("resume", name) }

func (n *Network) do(verb, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return n.client.Do(ctx, verb, name)
}

// State is what the supervisor knows of the processes now.
func (n *Network) State(ctx context.Context) (*supervise.State, error) { return n.client.State(ctx) }

// LogFile is where the output of a process goes.
func (n *Network) LogFile(name string) string { return supervise.LogPath(n.Dir, name) }

// Identity is a signing identity on the channel, as files.
type Identity struct {
	MSPID       string
	Certificate string
	PrivateKey  string
}

// Org is what a client of one organisation needs.
type Org struct {
	topology.Organisation
	// PeerAddress is host:port of the peer, OrdererAddress of the orderer.
	PeerAddress, OrdererAddress string
	// TLSRoots is the file with the root of all the organisation's TLS certificates.
	TLSRoots string
	// Gateway is the service identity of the gateway, Admin the organisation's administrator.
	Gateway, Admin Identity
	GatewayURL     string
	// GatewayConfig is the file that the gateway was started with.
	GatewayConfig string

	tokens crypto.Minter
}

// TokenFile holds the development token of a role: admin, operator, device or auditor.
func (o *Org) TokenFile(role string) string { return o.tokens.TokenFile(role) }

// Process is the name of the organisation's process of a kind, for Kill and LogFile.
func (o *Org) Process(kind string) string { return kind + "." + o.Name }

// Org describes an organisation by MSP id or name. It panics when there is none, since
// the names are the caller's own.
func (n *Network) Org(id string) *Org {
	o, ok := n.Topology.Org(id)
	if !ok {
		panic("network: no organisation " + id)
	}
	identity := func(dir string) Identity {
		msp := n.layout.org(o.Name, dir, "msp")
		return Identity{MSPID: o.MSPID, Certificate: filepath.Join(msp, crypto.SignCert), PrivateKey: filepath.Join(msp, crypto.SignKey)}
	}
	return &Org{
		Organisation: *o,
		PeerAddress:  n.Topology.Address(o.Ports.Peer), OrdererAddress: n.Topology.Address(o.Ports.Orderer),
		TLSRoots: n.layout.tlsRoot(o.Name), Gateway: identity("gateway"), Admin: identity("admin"),
		GatewayURL: "http://" + n.Topology.Address(o.Ports.Gateway), GatewayConfig: n.layout.gatewayConfig(o.Name),
		tokens: minter(n.layout, n.Topology, *o),
	}
}

// Orgs describes all organisations, in the topology's order.
func (n *Network) Orgs() []*Org {
	var all []*Org
	for _, o := range n.Topology.Organisations {
		all = append(all, n.Org(o.MSPID))
	}
	return all
}

func minter(l layout, t *topology.Topology, o topology.Organisation) crypto.Minter {
	return crypto.Minter{Dir: l.tokens(), Org: o.Name, MSPID: o.MSPID, Issuer: t.Tokens.Issuer, Audience: t.Tokens.Audience}
}

// LogDir is where all logs are.
func (n *Network) LogDir() string { return n.layout.logs() }
