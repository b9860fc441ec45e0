package launch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/parallel"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// AddOrganisation has an organisation join a network that runs: its CA, an orderer that
// joins Raft, a peer, the chaincode and a gateway, and its place in the channel's
// configuration, which the organisations that are there sign. The other organisations'
// peers, orderers and chaincodes go on; their gateways restart, since the endorsers are
// others. Called again after a failure it goes on where it stopped.
func AddOrganisation(ctx context.Context, opt Options, o topology.Organisation) (*Network, error) {
	s, err := prepare(opt)
	if err != nil {
		return nil, err
	}
	unlock, err := lockDir(s.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	j := &joiner{starter: s}
	if err := j.declare(ctx, opt, o); err != nil {
		return nil, err
	}
	if err := j.buildAll(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return s.Network, j.join(ctx)
}

// joiner is a network while an organisation joins it.
type joiner struct {
	*starter
	org    topology.Organisation
	before *topology.Topology // without the organisation
}

// declare takes the network as it is, and adds the organisation to its topology.
func (j *joiner) declare(ctx context.Context, opt Options, o topology.Organisation) error {
	saved, err := readDeclaration(j.Network.layout)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", j.Dir, ErrNoNetwork)
	}
	if err != nil {
		return err
	}
	if _, err := j.client.State(ctx); err != nil {
		return fmt.Errorf("the network in %s does not run (%w); start it with `make up`", j.Dir, err)
	}
	j.Gateways, j.custom, j.running = saved.Gateways, saved.Custom, true
	j.before = saved.Topology.Clone()
	t := saved.Topology.Clone()
	if known, ok := t.Org(o.Name); ok { // an earlier call stopped half-way, or was for the same
		if known.MSPID != o.MSPID {
			return fmt.Errorf("organisation %s is there already, as %s", o.Name, known.MSPID)
		}
		j.before.Remove(o.Name)
		o = *known
	} else {
		t.Organisations = append(t.Organisations, o)
		if opt.AutoPorts {
			if err := t.AutoPortsOf(o.Name); err != nil {
				return err
			}
		}
		if err := t.Validate(); err != nil {
			return err
		}
		added, _ := t.Org(o.Name)
		o = *added
		only := &topology.Topology{Host: t.Host, Organisations: []topology.Organisation{o}}
		if err := portsFree(ctx, only, true); err != nil {
			return err
		}
	}
	j.org, j.Network.Topology, j.t = o, t, t
	return nil
}

// join does everything that a running network needs, in the order in which each step can
// rely on the one before.
func (j *joiner) join(ctx context.Context) error {
	d := &declaration{Topology: j.t, Custom: j.custom, Gateways: j.Gateways}
	if err := j.identitiesOf(ctx); err != nil {
		return err
	}
	admins, err := j.admit(ctx)
	if err != nil {
		return err
	}
	defer closeAdmins(admins)
	if err := d.write(j.builder.layout); err != nil { // the channel has the organisation from now on
		return err
	}
	if err := j.nodes(ctx, admins); err != nil {
		return err
	}
	if !j.Gateways {
		return j.Consortium().Save(j.Dir)
	}
	return j.gateways(ctx)
}

// identitiesOf starts the organisation's CA and has its certificates issued.
func (j *joiner) identitiesOf(ctx context.Context) error {
	server := j.server(j.org)
	issued := exists(j.builder.layout.org(j.org.Name, "admin", "tls", crypto.TLSKey))
	if !issued {
		server.Secret = crypto.Secret()
		if err := os.RemoveAll(server.Home); err != nil { // a CA whose registrar's secret is lost
			return err
		}
		if err := server.WriteConfig(); err != nil {
			return err
		}
	}
	if err := j.start(ctx, CA); err != nil {
		return err
	}
	if issued {
		return nil
	}
	if err := j.issue(ctx, j.org, server.Secret); err != nil {
		return err
	}
	j.progress("identities of %s issued by its own CA", j.org.MSPID)
	return j.bundleRoots()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// admit puts the organisation into the channel, signed by those who are in it.
func (j *joiner) admit(ctx context.Context) ([]*lifecycle.Admin, error) {
	was := &Network{Dir: j.Dir, Topology: j.before, layout: j.Network.layout}
	admins, err := was.connectAdmins()
	if err != nil {
		return nil, err
	}
	m, err := j.member(j.org)
	if err == nil {
		var root *x509.Certificate
		first := j.before.Organisations[0]
		if root, err = crypto.ReadCert(j.tlsRoot(first.Name)); err == nil {
			pool := x509.NewCertPool()
			pool.AddCert(root)
			err = lifecycle.AddMember(ctx, admins, lifecycle.Orderer{Address: j.t.Address(first.Ports.Orderer), Roots: pool}, j.t.Channel.Name, m)
		}
	}
	if err != nil {
		closeAdmins(admins)
		return nil, err
	}
	j.progress("%d organisations have signed %s into channel %s", len(admins), j.org.MSPID, j.t.Channel.Name)
	return admins, nil
}

// nodes starts the organisation's orderer, peer and chaincode, and puts them to work.
func (j *joiner) nodes(ctx context.Context, others []*lifecycle.Admin) error {
	if err := j.start(ctx, Orderer, Peer, Chaincode); err != nil {
		return err
	}
	admin, err := j.connectAdmin(j.org)
	if err != nil {
		return err
	}
	defer admin.Close()
	name := j.t.Channel.Name
	newest, err := others[0].ConfigBlock(ctx, name)
	if err != nil {
		return err
	}
	if err := admin.JoinOrderer(ctx, name, newest); err != nil {
		return err
	}
	genesis, err := j.readGenesis()
	if err != nil {
		return err
	}
	if err := admin.JoinPeer(ctx, name, genesis); err != nil {
		return err
	}
	if err := admin.Level(ctx, others[0], name); err != nil {
		return err
	}
	j.progress("orderer and peer of %s are on the channel, with the whole ledger", j.org.MSPID)
	cc := j.t.Chaincode
	if err := admin.Adopt(ctx, lifecycle.Definition{Channel: name, Name: cc.Name, Package: j.pkg}); err != nil {
		return err
	}
	if err := admin.Ready(ctx, name, cc.Name, Ping...); err != nil {
		return err
	}
	j.progress("%s has approved the chaincode and endorses", j.org.MSPID)
	return j.waitLed(ctx)
}

// gateways gives every gateway the new list of endorsers, and announces the organisation.
func (j *joiner) gateways(ctx context.Context) error {
	if err := j.writeGateways(); err != nil {
		return err
	}
	for _, o := range j.before.Organisations {
		spec, err := j.gateway(o)
		if err != nil {
			return err
		}
		if err := j.client.Replace(ctx, spec); err != nil {
			return err
		}
		if err := j.waitHealthy(ctx, spec); err != nil {
			return err
		}
	}
	if err := j.start(ctx, Gateway); err != nil {
		return err
	}
	all := j.Consortium()
	if err := all.Save(j.Dir); err != nil {
		return err
	}
	j.progress("gateways ready, with %d endorsers", len(all.Members))
	return all.Announce(ctx, func(m consortium.Member, what string) {
		if m.Name == j.org.Name {
			j.progress("%s %v: %s on the ledger by %s", m.MSPID, m.Roles, what, all.Members[0].MSPID)
		}
	})
}

// start runs the organisation's processes of some kinds and waits until they are healthy.
func (j *joiner) start(ctx context.Context, kinds ...string) error {
	var specs []supervise.Spec
	for _, kind := range kinds {
		spec, err := j.one(kind, j.org)
		if err != nil {
			return err
		}
		specs = append(specs, spec)
	}
	if err := j.client.Start(ctx, specs...); err != nil {
		return err
	}
	return parallel.Each(specs, func(spec supervise.Spec) error { return j.waitHealthy(ctx, spec) })
}
