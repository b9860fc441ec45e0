package testnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/parallel"
)

// Network is a test-network with lifeledger on it, or one that is to be.
type Network struct {
	Root     string // of the product's module
	Dir      string // run directory: identities, configuration, tokens
	Samples  string // checkout of fabric-samples
	Settings *Settings
	Progress func(format string, args ...any)

	tools *fabricbin.Tools
}

// Open finds out what is to be done where. A network that was brought up in dir goes on
// with the settings that it was brought up with.
func Open(root, dir, samples string, progress func(string, ...any)) (*Network, error) {
	n := &Network{Root: root, Dir: dir, Samples: samples, Progress: progress}
	text, err := os.ReadFile(n.saved())
	if err == nil {
		var s saved
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", n.saved(), err)
		}
		if n.Settings = s.Settings; samples == "" {
			n.Samples = s.Samples
		}
		return n, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	n.Settings, err = LoadSettings(n.config("test-network.yaml"))
	return n, err
}

// saved is what the run directory remembers.
type saved struct {
	Samples  string
	Settings *Settings
}

func (n *Network) save() error {
	text, err := json.MarshalIndent(saved{n.Samples, n.Settings}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(n.saved(), text, 0o600)
}

func (n *Network) saved() string { return filepath.Join(n.Dir, "testnet.json") }
func (n *Network) config(name string) string {
	return filepath.Join(n.Root, "test-network-config", name)
}
func (n *Network) testNetwork() string { return filepath.Join(n.Samples, "test-network") }
func (n *Network) org(o Organisation, e ...string) string {
	return filepath.Join(append([]string{n.Dir, "orgs", o.Name}, e...)...)
}

// upLimit is how long everything but the builds may take.
const upLimit = 6 * time.Minute

// Up brings the network up, or what is missing of it, and returns when every gateway is
// ready. args are flags of network.sh.
func (n *Network) Up(ctx context.Context, args []string) error {
	f, err := parseFlags(args)
	if err != nil {
		return err
	}
	if err := n.Missing(ctx, f.database); err != nil {
		return err
	}
	if f.channel != "" {
		n.Settings.Channel = f.channel
	}
	if err := os.MkdirAll(filepath.Join(n.Dir, "logs"), 0o755); err != nil {
		return err
	}
	if n.tools, err = fabricbin.AllTools(ctx, n.Root, n.Progress); err != nil {
		return err
	}
	made, err := Images{Root: n.Root, Dir: filepath.Join(n.Dir, "images"), Progress: n.Progress}.Product(ctx)
	if err != nil {
		return err
	}
	if err := Load(ctx, made); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, upLimit)
	defer cancel()
	if err := n.fabricUp(ctx, f); err != nil {
		return err
	}
	if err := n.save(); err != nil {
		return err
	}
	return n.productUp(ctx)
}

// productUp puts lifeledger on a network that runs.
func (n *Network) productUp(ctx context.Context) error {
	if err := parallel.Each(n.Settings.Organisations, func(o Organisation) error { return n.identities(ctx, o) }); err != nil {
		return err
	}
	n.Progress("identities of the gateways and chaincodes enrolled at the organisations' CAs")
	pkg, err := n.makePackage()
	if err != nil {
		return err
	}
	n.Progress("chaincode package %s, the same for every organisation", pkg.ID)
	for _, o := range n.Settings.Organisations {
		if err := n.composeUp(ctx, o, pkg.ID, "chaincode"); err != nil {
			return err
		}
	}
	if err := n.deploy(ctx, pkg); err != nil {
		return err
	}
	for _, o := range n.Settings.Organisations {
		if err := n.databaseUp(ctx, o, pkg.ID); err != nil {
			return err
		}
		if err := n.composeUp(ctx, o, pkg.ID, "gateway"); err != nil {
			return err
		}
	}
	if err := parallel.Each(n.Settings.Organisations, func(o Organisation) error { return n.ready(ctx, o) }); err != nil {
		return err
	}
	n.Progress("gateways ready")
	return n.Consortium().Save(n.Dir)
}

// deploy installs, approves for every organisation, and commits; what is done stays.
func (n *Network) deploy(ctx context.Context, pkg *lifecycle.Package) error {
	admins, err := n.admins()
	if err != nil {
		return err
	}
	defer closeAll(admins)
	c := n.Settings.Chaincode
	upgraded, err := lifecycle.Deploy(ctx, admins, lifecycle.Definition{
		Channel: n.Settings.Channel, Name: c.Name, Version: c.Version, Sequence: c.Sequence, Package: pkg, Policy: c.Policy,
	}, n.Progress)
	if err != nil {
		return err
	}
	if upgraded {
		n.Progress("chaincode %s version %s committed, endorsed by %s", c.Name, c.Version, c.Policy)
	}
	if err := parallel.Each(admins, func(a *lifecycle.Admin) error {
		return a.Ready(ctx, n.Settings.Channel, c.Name, "participant:Ping", "{}")
	}); err != nil {
		return err
	}
	n.Progress("chaincode answers on every peer")
	return nil
}

// admins act as the administrator of every organisation.
func (n *Network) admins() ([]*lifecycle.Admin, error) {
	var all []*lifecycle.Admin
	for _, o := range n.Settings.Organisations {
		a, err := n.admin(o)
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func (n *Network) admin(o Organisation) (*lifecycle.Admin, error) {
	id, err := n.administrator(o)
	if err != nil {
		return nil, err
	}
	pair, err := crypto.ReadPair(id.Certificate, id.PrivateKey)
	if err != nil {
		return nil, err
	}
	root, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
	if err != nil {
		return nil, err
	}
	return lifecycle.NewAdmin(lifecycle.Endpoints{MSPID: o.MSPID, Peer: fmt.Sprintf("localhost:%d", o.Peer.Port), TLSRoot: root}, pair, nil)
}

func closeAll(all []*lifecycle.Admin) {
	for _, a := range all {
		_ = a.Close()
	}
}

// administrator is the identity with which test-network administers an organisation.
func (n *Network) administrator(o Organisation) (consortium.Identity, error) {
	return identityIn(filepath.Join(n.home(o), "users", "Admin@"+o.Domain, "msp"))
}

// identityIn finds the two files of an MSP folder, whatever they are called.
func identityIn(msp string) (consortium.Identity, error) {
	id := consortium.Identity{MSP: msp}
	for dir, file := range map[string]*string{"signcerts": &id.Certificate, "keystore": &id.PrivateKey} {
		entries, err := os.ReadDir(filepath.Join(msp, dir))
		if err != nil {
			return id, fmt.Errorf("%w; a network that was brought up without -ca has other folders", err)
		}
		if len(entries) != 1 {
			return id, fmt.Errorf("%s holds %d files, want one", filepath.Join(msp, dir), len(entries))
		}
		*file = filepath.Join(msp, dir, entries[0].Name())
	}
	return id, nil
}

// Consortium describes the network to its clients.
func (n *Network) Consortium() *consortium.Consortium {
	c := &consortium.Consortium{Channel: n.Settings.Channel, Chaincode: n.Settings.Chaincode.Name}
	for _, o := range n.Settings.Organisations {
		admin, _ := n.administrator(o) // only tests and administrators' commands miss it
		client, _ := identityIn(n.org(o, "gateway", "msp"))
		roots := n.path(o.CA.TLSRoots)
		m := consortium.Member{
			Name: o.Name, MSPID: o.MSPID, DisplayName: o.DisplayName, Roles: o.Roles,
			Peer:    consortium.Node{Address: fmt.Sprintf("localhost:%d", o.Peer.Port), TLSRoots: roots},
			Orderer: consortium.Node{Address: n.Settings.Orderer.Address, TLSRoots: n.path(n.Settings.Orderer.TLSRoots)},
			Gateway: consortium.Gateway{URL: fmt.Sprintf("https://localhost:%d", o.Gateway), TLSRoots: roots},
			Client:  client, Admin: admin, Tokens: map[string]string{},
		}
		for _, role := range crypto.Roles {
			m.Tokens[role] = n.minter(o).TokenFile(role)
		}
		c.Members = append(c.Members, m)
	}
	return c
}

// endorsers are all organisations, as a list in YAML.
func (n *Network) endorsers() string {
	var all []string
	for _, o := range n.Settings.Organisations {
		all = append(all, o.MSPID)
	}
	return strings.Join(all, ", ")
}
