package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/parallel"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// startLimit is how long everything after the builds may take.
const startLimit = 8 * time.Minute

// Start brings a network up and returns when it is ready for use. Over an existing
// ledger it restarts that; when everything runs already it changes nothing but
// processes whose binary is new. A first start that fails is undone.
func Start(ctx context.Context, opt Options) (*Network, error) {
	for n := 1; ; n++ {
		network, err := start(ctx, opt)
		if err == nil || n == 3 || !errors.Is(err, errPortTaken) {
			return network, err
		}
		if opt.Progress != nil {
			opt.Progress("%v; beginning anew with other ports", err)
		}
	}
}

// errPortTaken says that somebody else took a port between its choice and its use.
var errPortTaken = errors.New("a port was taken meanwhile")

func start(ctx context.Context, opt Options) (*Network, error) {
	s, err := prepare(opt)
	if err != nil {
		return nil, err
	}
	unlock, err := lockDir(s.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.declare(ctx, opt); err != nil {
		return nil, err
	}
	if err := s.buildAll(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.bringUp(ctx, opt.Detached); err != nil {
		if s.fresh || s.keep != nil {
			_ = s.Stop() // a half-made network is of no use, an attached one has no owner
		}
		if s.fresh && opt.AutoPorts && portsFree(ctx, s.t, s.Gateways) != nil {
			err = fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return nil, err
	}
	return s.Network, nil
}

// starter is a network while it starts.
type starter struct {
	*Network
	builder
	root     string
	program  string
	progress func(string, ...any)
	custom   bool
	fresh    bool // nothing was complete before
	running  bool // a supervisor answers
	admins   []*lifecycle.Admin
	pkg      *lifecycle.Package
}

func prepare(opt Options) (*starter, error) {
	if opt.Dir == "" {
		return nil, errors.New("no run directory given")
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, err
	}
	root := opt.Root
	if root == "" {
		if root, err = FindRoot(); err != nil {
			return nil, err
		}
	}
	l := layout(dir)
	if err := os.MkdirAll(l.logs(), 0o755); err != nil {
		return nil, fmt.Errorf("the run directory cannot be used: %w", err)
	}
	s := &starter{
		Network: &Network{Dir: dir, Gateways: opt.Gateways, layout: l, client: supervise.Connect(dir)},
		builder: builder{layout: l}, root: root, program: opt.Program, progress: opt.Progress,
	}
	if s.progress == nil {
		s.progress = func(string, ...any) {}
	}
	return s, nil
}

// declare settles on a topology, clears away what a broken first start left, and
// refuses what cannot be run over the ledger that exists.
func (s *starter) declare(ctx context.Context, opt Options) error {
	l := s.Network.layout
	saved, err := readDeclaration(l)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(l.complete()); err != nil {
		if saved != nil {
			s.progress("an earlier first start did not finish; beginning anew")
		}
		if err := s.client.Shutdown(ctx); err != nil {
			return err
		}
		if err := dropDatabases(ctx, l); err != nil {
			s.progress("%v", err) // nothing uses them: a new network has another prefix
		}
		if err := l.wipe(false); err != nil {
			return err
		}
		s.fresh = true
	}
	t := opt.Topology
	if t == nil {
		if t, err = Declared(s.Dir); err != nil {
			return err
		}
	}
	t = t.Clone()
	s.custom = opt.Topology != nil || (!s.fresh && saved.Custom)
	if opt.AutoPorts && s.fresh {
		if err := t.AutoPorts(); err != nil {
			return err
		}
	}
	if !s.fresh {
		if opt.AutoPorts {
			t.TakePorts(saved.Topology)
		}
		if reason := t.SameLedger(saved.Topology); reason != "" {
			return fmt.Errorf("the network in %s was made with another topology: %s; use `make down CLEAN=1` first, or another --dir", s.Dir, reason)
		}
	}
	s.Network.Topology, s.t = t, t
	if err := s.settleCouch(ctx); err != nil {
		return err
	}
	_, err = s.client.State(ctx)
	s.running = err == nil
	if s.running {
		return nil
	}
	if err := supervise.Clear(s.Dir); err != nil {
		return err
	}
	return portsFree(ctx, t, s.Gateways)
}

// portsFree refuses to start while somebody listens where the network is to.
func portsFree(ctx context.Context, t *topology.Topology, gateways bool) error {
	taken := t.Taken(gateways)
	for range 20 { // a process that was just killed closes its sockets a little after its end is seen
		if len(taken) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		taken = t.Taken(gateways)
	}
	if len(taken) == 0 {
		return nil
	}
	port := slices.Min(slices.Collect(maps.Keys(taken)))
	return fmt.Errorf("port %d (%s) is taken%s; stop that, or start with --ports auto", port, taken[port], portUser(port))
}

// buildAll makes every binary that the network runs and puts it into the run directory.
func (s *starter) buildAll(ctx context.Context) error {
	var err error
	if s.fabric, err = fabricbin.Fabric(ctx, s.root, s.progress); err != nil {
		return err
	}
	if err := s.buildPackage(); err != nil {
		return err
	}
	products := []product{
		{name: "network", source: "./network", binary: s.program},
		{name: "ccaas", source: "./network/ccaas"},
		{name: "chaincode", source: s.t.Chaincode.Source, binary: s.t.Chaincode.Binary},
	}
	if slices.ContainsFunc(s.t.Organisations, func(o topology.Organisation) bool { return o.StateDatabase == topology.CouchStandIn }) {
		products = append(products, product{name: standIn, source: "./network/couchstandin/serve"})
	}
	if s.Gateways {
		products = append(products, product{name: "gateway", source: s.t.Gateway.Source, binary: s.t.Gateway.Binary})
	}
	if err := parallel.Each(products, func(p product) error { return s.build(ctx, p) }); err != nil {
		return err
	}
	for _, step := range []string{"detect", "build", "release"} {
		if err := fabricbin.Install(s.bin("ccaas"), s.path("bin", "builder", "bin", step)); err != nil {
			return err
		}
	}
	s.progress("binaries built")
	return nil
}

// buildPackage makes the package that the organisations install: it holds the database
// indexes that stand beside the chaincode's source, and no code.
func (s *starter) buildPackage() error {
	source := s.t.Chaincode.Source
	if !filepath.IsAbs(source) {
		source = filepath.Join(s.root, source)
	}
	indexes, err := lifecycle.ReadIndexes(source)
	if err != nil {
		return err
	}
	if s.pkg, err = lifecycle.NewPackage(s.t.Chaincode.Name, indexes...); err != nil {
		return err
	}
	s.packageID = s.pkg.ID
	return lifecycle.WriteIndexes(s.path("bin", "indexes"), indexes)
}

type product struct{ name, source, binary string }

func (s *starter) build(ctx context.Context, p product) error {
	binary := p.binary
	if binary == "" {
		var err error
		if binary, err = fabricbin.Build(ctx, s.root, p.name, p.source, s.progress); err != nil {
			return err
		}
	}
	if err := fabricbin.Install(binary, s.bin(p.name)); err != nil {
		return fmt.Errorf("the %s binary: %w", p.name, err)
	}
	return nil
}

// bringUp starts whatever does not run and waits until all is ready.
func (s *starter) bringUp(ctx context.Context, detached bool) error {
	d := &declaration{Topology: s.t, Custom: s.custom, Gateways: s.Gateways}
	if s.fresh { // shows the next start that this one began
		if err := d.write(s.builder.layout); err != nil {
			return err
		}
	}
	if !s.running {
		command := []string{s.bin("network"), "supervise", "--dir", s.Dir}
		if !detached {
			command = append(command, "--attached")
		}
		keep, err := supervise.Launch(ctx, s.Dir, command, !detached)
		if err != nil {
			return err
		}
		s.keep = keep
	}
	if s.fresh {
		if err := s.identities(ctx); err != nil {
			return err
		}
	}
	if err := s.fabricUp(ctx); err != nil {
		return err
	}
	if err := d.write(s.builder.layout); err != nil { // only now is it known to work
		return err
	}
	if err := s.writeGateways(); err != nil {
		return err
	}
	if err := s.Network.Consortium().Save(s.Dir); err != nil {
		return err
	}
	if err := os.WriteFile(s.complete(), nil, 0o644); err != nil {
		return err
	}
	s.fresh = false
	if !s.Gateways {
		return nil
	}
	return s.gatewaysUp(ctx)
}

// identities starts the CAs, has every certificate issued, and makes the genesis block.
func (s *starter) identities(ctx context.Context) error {
	secrets, err := s.configureCAs()
	if err != nil {
		return err
	}
	if err := s.run(ctx, CA); err != nil {
		return err
	}
	s.progress("certificate authorities up")
	if err := parallel.Each(s.t.Organisations, func(o topology.Organisation) error {
		return s.issue(ctx, o, secrets[o.Name])
	}); err != nil {
		return err
	}
	if err := s.bundleRoots(); err != nil {
		return err
	}
	s.progress("identities issued")
	return s.writeGenesis()
}

// fabricUp starts all Fabric processes and the chaincode, and deploys it.
func (s *starter) fabricUp(ctx context.Context) error {
	if err := s.run(ctx, CouchDB); err != nil {
		return err
	}
	if err := s.run(ctx, CA, Orderer, Peer, Chaincode); err != nil {
		return err
	}
	s.progress("orderers, peers and chaincode up")
	if err := s.connect(); err != nil {
		return err
	}
	defer s.disconnect()
	if err := s.join(ctx); err != nil {
		return err
	}
	cc := s.t.Chaincode
	upgraded, err := lifecycle.Deploy(ctx, s.admins, lifecycle.Definition{
		Channel: s.t.Channel.Name, Name: cc.Name, Version: cc.Version, Sequence: cc.Sequence, Package: s.pkg,
	}, s.progress)
	if err != nil {
		return err
	}
	if upgraded {
		s.progress("chaincode %s version %s committed", cc.Name, cc.Version)
	}
	if err := parallel.Each(s.admins, func(a *lifecycle.Admin) error {
		return a.Ready(ctx, s.t.Channel.Name, cc.Name, Ping...)
	}); err != nil {
		return err
	}
	s.progress("chaincode answers on every peer")
	// A restart submits nothing, so it can be here before the orderers have elected.
	if err := s.waitLed(ctx); err != nil {
		return err
	}
	s.progress("an orderer leads")
	return nil
}

// waitLed waits until the channel has exactly one leading orderer.
func (s *starter) waitLed(ctx context.Context) error {
	n := &Network{layout: s.builder.layout, Topology: s.t}
	for {
		leaders, err := n.Leaders(ctx)
		if leaders == 1 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d orderers lead the channel (%v): %w", leaders, err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ping is the read-only transaction by which a chaincode shows that it works.
var Ping = []string{"participant:Ping", "{}"}

func (s *starter) gatewaysUp(ctx context.Context) error {
	if err := s.run(ctx, Gateway); err != nil {
		return err
	}
	s.progress("gateways ready")
	return nil
}

// run starts the processes of some kinds, restarts those whose binary is new, and
// waits until all are healthy.
func (s *starter) run(ctx context.Context, kinds ...string) error {
	wanted, err := s.specs(kinds...)
	if err != nil {
		return err
	}
	state, err := s.client.State(ctx)
	if err != nil {
		return err
	}
	var changed []supervise.Spec
	for _, spec := range wanted {
		if c, ok := state.Child(spec.Name); ok && c.Digest != spec.Digest {
			changed = append(changed, spec)
		}
	}
	if len(changed) > 0 {
		s.progress("restarting %s with a new binary", cmp.Or(changed[0].Kind, "processes"))
		if err := s.client.Replace(ctx, changed...); err != nil {
			return err
		}
	}
	if err := s.client.Start(ctx, wanted...); err != nil {
		return err
	}
	return parallel.Each(wanted, func(spec supervise.Spec) error { return s.waitHealthy(ctx, spec) })
}

// specs are the processes of some kinds, of every organisation.
func (s *starter) specs(kinds ...string) ([]supervise.Spec, error) {
	var all []supervise.Spec
	for _, kind := range kinds {
		for _, o := range s.t.Organisations {
			if kind == CouchDB && !o.OnCouchDB() {
				continue
			}
			spec, err := s.one(kind, o)
			if err != nil {
				return nil, err
			}
			all = append(all, spec)
		}
	}
	return all, nil
}

func (s *starter) one(kind string, o topology.Organisation) (supervise.Spec, error) {
	switch kind {
	case CA:
		return s.ca(o), nil
	case Orderer:
		return s.orderer(o), nil
	case CouchDB:
		return s.couchdb(o), nil
	case Peer:
		return s.peer(o)
	case Chaincode:
		return s.chaincode(o)
	default:
		return s.gateway(o)
	}
}
