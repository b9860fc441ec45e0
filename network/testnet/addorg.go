package testnet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/parallel"
)

// Next is an organisation that the network lacks, with ports after those of the last.
func (n *Network) Next(name string) Organisation {
	last := n.Settings.Organisations[len(n.Settings.Organisations)-1]
	o := Organisation{Name: name, MSPID: strings.ToUpper(name[:1]) + name[1:] + "MSP", Roles: []string{"owner"}, Domain: name + ".example.com", Gateway: last.Gateway + 1}
	o.Peer.Container, o.Peer.Port = "peer0."+o.Domain, last.Peer.Port+2000
	o.CA.Name, o.CA.TLSRoots = "ca-"+name, n.org(o, "ca", "ca-cert.pem")
	o.CA.URL = fmt.Sprintf("https://localhost:%d", caPort(last)+2000)
	o.Home = n.org(o, "fabric")
	return o
}

func caPort(o Organisation) int {
	u, err := url.Parse(o.CA.URL)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}

// AddOrganisation has an organisation join the network that runs, with a CA, a peer, the
// chaincode and a gateway of its own. The administrators of the others sign it into the
// channel. Called again after a failure it goes on where it stopped.
func (n *Network) AddOrganisation(ctx context.Context, o Organisation) error {
	if state(ctx, ordererContainer) != "running" || !exists(n.saved()) {
		return fmt.Errorf("no test-network runs in %s: make test-network-up", n.Dir)
	}
	var err error
	if n.tools, err = fabricbin.AllTools(ctx, n.Root, n.Progress); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, upLimit)
	defer cancel()
	others, err := n.others(&o)
	if err != nil {
		return err
	}
	defer closeAll(others)
	if err := n.ownCA(ctx, o); err != nil {
		return err
	}
	if err := n.admit(ctx, o, others); err != nil {
		return err
	}
	if err := n.save(); err != nil { // the channel has it from now on
		return err
	}
	if err := n.ownPeer(ctx, o, others[0]); err != nil {
		return err
	}
	return n.endorse(ctx, o)
}

// others are the administrators of those who are there. An organisation that a call
// before this one has put down keeps what it was given then.
func (n *Network) others(o *Organisation) ([]*lifecycle.Admin, error) {
	all := n.Settings.Organisations
	for i, known := range all {
		if known.Name == o.Name {
			*o, all = known, all[:i:i]
			break
		}
	}
	admins, err := (&Network{Dir: n.Dir, Samples: n.Samples, Settings: &Settings{Organisations: all}}).admins()
	if err != nil {
		return nil, err
	}
	if o.DisplayName == "" {
		o.DisplayName = o.MSPID
	}
	if o.Registrar == "" {
		o.Registrar = crypto.Secret()
	}
	n.Settings.Organisations = append(all[:len(all):len(all)], *o)
	return admins, n.Settings.check()
}

// ownCA starts the organisation's CA, and has it certify the peer and the administrator.
func (n *Network) ownCA(ctx context.Context, o Organisation) error {
	dir := n.org(o, "ca")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := own(dir); err != nil {
		return err
	}
	registrar := "REGISTRAR=" + n.Settings.Registrar.ID + ":" + o.Registrar + "\n"
	if err := os.WriteFile(n.org(o, "registrar.env"), []byte(registrar), 0o600); err != nil {
		return err
	}
	if err := n.composeJoin(ctx, o, "", "ca"); err != nil {
		return err
	}
	root, err := n.answering(ctx, o)
	if err != nil {
		return err
	}
	ca := crypto.NewCA(o.CA.URL, root.Cert)
	defer ca.Close()
	return n.certifyNodes(ctx, ca, o, root)
}

// answering waits until the CA has made its root and answers.
func (n *Network) answering(ctx context.Context, o Organisation) (*crypto.Pair, error) {
	for {
		root, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
		if err == nil {
			ca := crypto.NewCA(o.CA.URL, root)
			err = ca.Info(ctx, o.CA.Name)
			ca.Close()
		}
		if err == nil {
			return &crypto.Pair{Cert: root}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the CA of %s does not answer: %w", o.Name, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (n *Network) certifyNodes(ctx context.Context, ca *crypto.CA, o Organisation, root *crypto.Pair) error {
	peer := filepath.Join(n.home(o), "peers", o.Peer.Container)
	var registrar *crypto.Pair
	for _, w := range []struct {
		kind, id string
		to       wanted
	}{
		{"peer", "peer0", wanted{dir: filepath.Join(peer, "msp")}},
		{"peer", "peer0-tls", wanted{tls: true, dir: filepath.Join(peer, "tls"), hosts: []string{o.Peer.Container, "localhost"}}},
		{"admin", o.Name + "admin", wanted{dir: filepath.Join(n.home(o), "users", "Admin@"+o.Domain, "msp")}},
	} {
		if exists(w.to.certificate()) {
			continue
		}
		var err error
		if registrar == nil {
			if registrar, err = n.registrar(ctx, ca, o); err != nil {
				return err
			}
		}
		e := crypto.Enrolment{CA: o.CA.Name, ID: w.id, Domain: o.Domain}
		if w.to.tls {
			e.Profile, e.Hosts = "tls", w.to.hosts
		}
		pair, err := ca.Issue(ctx, registrar, w.kind, e)
		if err != nil {
			return err
		}
		if w.to.tls {
			err = crypto.WriteTLS(w.to.dir, root.Cert, pair)
		} else {
			err = crypto.WriteMSP(w.to.dir, root.Cert, root.Cert, pair)
		}
		if err != nil {
			return err
		}
	}
	n.Progress("peer and administrator of %s certified by its own CA", o.MSPID)
	return n.writeProfile(o, root)
}

// writeProfile writes the connection profile as test-network's scripts do.
func (n *Network) writeProfile(o Organisation, root *crypto.Pair) error {
	text, err := json.MarshalIndent(map[string]any{
		"name": "test-network-" + o.Name, "version": "1.0.0", "client": map[string]any{"organization": o.Name},
		"organizations": map[string]any{o.Name: map[string]any{"mspid": o.MSPID, "peers": []string{o.Peer.Container}}},
		"peers": map[string]any{o.Peer.Container: map[string]any{
			"url": fmt.Sprintf("grpcs://localhost:%d", o.Peer.Port), "tlsCACerts": map[string]any{"pem": string(crypto.CertPEM(root.Cert))},
			"grpcOptions": map[string]any{"ssl-target-name-override": o.Peer.Container, "hostnameOverride": o.Peer.Container},
		}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(n.home(o), "connection-"+o.Name+".json"), text, 0o644)
}

// admit puts the organisation into the channel; it has no orderer.
func (n *Network) admit(ctx context.Context, o Organisation, others []*lifecycle.Admin) error {
	root, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
	if err != nil {
		return err
	}
	roots, err := consortium.Roots(n.path(n.Settings.Orderer.TLSRoots))
	if err != nil {
		return err
	}
	to := lifecycle.Orderer{Address: n.Settings.Orderer.Address, Roots: roots}
	m := lifecycle.Member{MSPID: o.MSPID, Root: root, TLSRoot: root, Host: o.Peer.Container, Peer: o.Peer.Port}
	if err := lifecycle.AddMember(ctx, others, to, n.Settings.Channel, m); err != nil {
		return err
	}
	n.Progress("%d organisations have signed %s into channel %s", len(others), o.MSPID, n.Settings.Channel)
	return nil
}

// ownPeer starts the organisation's peer and waits until it has the whole ledger.
func (n *Network) ownPeer(ctx context.Context, o Organisation, other *lifecycle.Admin) error {
	root, err := os.ReadFile(n.path(o.CA.TLSRoots))
	if err != nil {
		return err
	}
	builder, err := json.Marshal(map[string]string{"peername": "peer0" + o.Name, "rootCert": string(root)})
	if err != nil {
		return err
	}
	if err := n.composeJoin(ctx, o, string(builder), "peer"); err != nil {
		return err
	}
	admin, err := n.admin(o)
	if err != nil {
		return err
	}
	defer admin.Close()
	genesis, err := other.Block(ctx, n.Settings.Channel, 0)
	if err != nil {
		return err
	}
	if err := admin.JoinPeer(ctx, n.Settings.Channel, genesis); err != nil {
		return err
	}
	if err := admin.Level(ctx, other, n.Settings.Channel); err != nil {
		return err
	}
	n.Progress("peer of %s is on the channel, with the whole ledger", o.MSPID)
	return nil
}

// endorse deploys the organisation's chaincode and gateway, tells the other gateways of
// it, and announces it.
func (n *Network) endorse(ctx context.Context, o Organisation) error {
	if err := n.identities(ctx, o); err != nil {
		return err
	}
	pkg, err := n.makePackage()
	if err != nil {
		return err
	}
	if err := n.composeUp(ctx, o, pkg.ID, "chaincode"); err != nil {
		return err
	}
	admin, err := n.admin(o)
	if err != nil {
		return err
	}
	defer admin.Close()
	c := n.Settings.Chaincode
	if err := admin.Adopt(ctx, lifecycle.Definition{Channel: n.Settings.Channel, Name: c.Name, Package: pkg, Policy: c.Policy}); err != nil {
		return err
	}
	if err := admin.Ready(ctx, n.Settings.Channel, c.Name, "participant:Ping", "{}"); err != nil {
		return err
	}
	n.Progress("%s has approved the chaincode, package %s, and endorses", o.MSPID, pkg.ID)
	for _, each := range n.Settings.Organisations { // one after the other, so that most go on
		if err := n.configure(each); err != nil {
			return err
		}
		if err := n.composeUp(ctx, each, pkg.ID, "gateway"); err != nil {
			return err
		}
		if err := n.ready(ctx, each); err != nil {
			return err
		}
	}
	all := n.Consortium()
	if err := all.Save(n.Dir); err != nil {
		return err
	}
	n.Progress("gateways ready, with %d endorsers", len(all.Members))
	return all.Announce(ctx, func(m consortium.Member, what string) {
		if m.Name == o.Name {
			n.Progress("%s %v: %s on the ledger by %s", m.MSPID, m.Roles, what, all.Members[0].MSPID)
		}
	})
}

// composeJoin starts the CA or the peer of an organisation that joins.
func (n *Network) composeJoin(ctx context.Context, o Organisation, builder, service string) error {
	env := []string{
		"ORG=" + o.Name, "ORG_DOMAIN=" + o.Domain, "ORG_DIR=" + n.org(o), "ORG_HOME=" + n.home(o), "ORG_USER=" + user(), "MSP_ID=" + o.MSPID,
		"CA_NAME=" + o.CA.Name, fmt.Sprintf("CA_PORT=%d", caPort(o)), "PEER_CONTAINER=" + o.Peer.Container, fmt.Sprintf("PEER_PORT=%d", o.Peer.Port),
		"TEST_NETWORK=" + n.testNetwork(), "BUILDER_CONFIG=" + builder,
	}
	return compose(ctx, n.Dir, env, "--project-name", joinProject(o), "--file", n.config("compose.join.yaml"), "up", "--detach", "--no-deps", service)
}

func joinProject(o Organisation) string { return "lifeledger-fabric-" + o.Name }

// removeJoined removes the CAs and peers of those that joined later, with their ledgers.
func (n *Network) removeJoined(ctx context.Context) error {
	return parallel.Each(n.Settings.Organisations, func(o Organisation) error {
		if o.Home == "" {
			return nil
		}
		for _, c := range []string{o.Peer.Container, "ca_" + o.Name} {
			if state(ctx, c) == "" {
				continue
			}
			if _, err := docker(ctx, "rm", "--force", "--volumes", c); err != nil {
				return err
			}
		}
		volume := joinProject(o) + "_ledger"
		if _, err := docker(ctx, "volume", "inspect", volume); err != nil {
			return nil
		}
		_, err := docker(ctx, "volume", "rm", volume)
		return err
	})
}
