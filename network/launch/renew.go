package launch

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// Renew has every certificate of one organisation, or of all (an empty name), issued anew
// by its CA, each proven with the key that it replaces. The gateway takes up its new
// identity while it runs; orderer, peer and chaincode restart, one organisation after the
// other, so that a majority always runs. The orderer keeps its TLS key: the channel's
// configuration names it.
func Renew(ctx context.Context, opt Options, name string) error {
	s, err := prepare(opt)
	if err != nil {
		return err
	}
	unlock, err := lockDir(s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	n, err := Open(s.Dir)
	if err != nil {
		return err
	}
	if _, err := n.client.State(ctx); err != nil {
		return fmt.Errorf("the network in %s does not run (%w); start it with `make up`", s.Dir, err)
	}
	if _, ok := n.Topology.Org(name); name != "" && !ok {
		return fmt.Errorf("there is no organisation %s", name)
	}
	s.Network.Topology, s.t, s.Gateways, s.running = n.Topology, n.Topology, n.Gateways, true
	if err := s.buildAll(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for _, o := range n.Topology.Organisations {
		if name != "" && o.Name != name && o.MSPID != name {
			continue
		}
		if err := s.renew(ctx, o); err != nil {
			return fmt.Errorf("renewing the certificates of %s: %w", o.Name, err)
		}
	}
	return nil
}

func (s *starter) renew(ctx context.Context, o topology.Organisation) error {
	root, tlsRoot, err := s.server(o).Roots()
	if err != nil {
		return err
	}
	ca := crypto.NewCA(s.server(o).URL(), tlsRoot)
	defer ca.Close()
	for _, w := range certificates(o) {
		dir := s.org(o.Name, w.dir)
		if err := crypto.Recover(dir); err != nil {
			return err
		}
		e, cert, key := crypto.Enrolment{CA: s.server(o).IdentityCA(), Domain: o.Domain}, crypto.SignCert, crypto.SignKey
		if w.tls {
			e, cert, key = crypto.Enrolment{CA: s.server(o).TLSCA(), Domain: o.Domain, Profile: "tls", Hosts: s.hosts(w)}, crypto.TLSCert, crypto.TLSKey
		}
		current, err := crypto.ReadPair(filepath.Join(dir, cert), filepath.Join(dir, key))
		if err != nil {
			return err
		}
		next, err := ca.Reenrol(ctx, current, e, w.tls && w.kind == "orderer")
		if err != nil {
			return err
		}
		if err := crypto.Replace(dir, func(dir string) error {
			if w.tls {
				return crypto.WriteTLS(dir, tlsRoot, next)
			}
			return crypto.WriteMSP(dir, root, tlsRoot, next)
		}); err != nil {
			return err
		}
	}
	s.progress("%d certificates of %s renewed", len(certificates(o)), o.Name)
	return s.restart(ctx, o)
}

// restart has an organisation's nodes take up their new certificates.
func (s *starter) restart(ctx context.Context, o topology.Organisation) error {
	for _, kind := range []string{Orderer, Peer, Chaincode} {
		spec, err := s.one(kind, o)
		if err != nil {
			return err
		}
		if err := s.client.Replace(ctx, []supervise.Spec{spec}...); err != nil {
			return err
		}
		if err := s.waitHealthy(ctx, spec); err != nil {
			return err
		}
	}
	if err := s.waitLed(ctx); err != nil {
		return err
	}
	admin, err := s.connectAdmin(o)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := admin.Ready(ctx, s.t.Channel.Name, s.t.Chaincode.Name, Ping...); err != nil {
		return err
	}
	s.progress("orderer, peer and chaincode of %s run with them", o.Name)
	return nil
}
