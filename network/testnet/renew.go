package testnet

import (
	"context"
	"fmt"

	"github.com/lifeledger/lifeledger/network/crypto"
)

// Renew has the certificates of every gateway and chaincode issued anew by the network's
// own CAs, each proven with the key that it replaces. Gateways take theirs up while they
// run; chaincodes restart, one organisation after the other.
func (n *Network) Renew(ctx context.Context) error {
	if !exists(n.saved()) {
		return fmt.Errorf("no test-network runs in %s: make test-network-up", n.Dir)
	}
	ctx, cancel := context.WithTimeout(ctx, upLimit)
	defer cancel()
	for _, o := range n.Settings.Organisations {
		if err := n.renew(ctx, o); err != nil {
			return fmt.Errorf("renewing the certificates of %s: %w", o.Name, err)
		}
	}
	return nil
}

func (n *Network) renew(ctx context.Context, o Organisation) error {
	root, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
	if err != nil {
		return err
	}
	ca := crypto.NewCA(o.CA.URL, root)
	defer ca.Close()
	for _, w := range n.wanted(o) {
		if err := crypto.Recover(w.dir); err != nil {
			return err
		}
		current, err := crypto.ReadPair(w.certificate(), w.key())
		if err != nil {
			return err
		}
		e := crypto.Enrolment{CA: o.CA.Name, Domain: o.Domain}
		if w.tls {
			e.Profile, e.Hosts = "tls", w.hosts
		}
		next, err := ca.Reenrol(ctx, current, e, false)
		if err != nil {
			return err
		}
		if err := crypto.Replace(w.dir, func(dir string) error {
			fresh := w
			fresh.dir = dir
			return fresh.write(next, root)
		}); err != nil {
			return err
		}
	}
	if o.Postgres == ownPostgres { // it reads its certificate again
		if _, err := docker(ctx, "kill", "--signal", "HUP", "postgres."+o.Domain); err != nil {
			return err
		}
	}
	if _, err := docker(ctx, "restart", "chaincode."+o.Domain); err != nil {
		return err
	}
	admin, err := n.admin(o)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := admin.Ready(ctx, n.Settings.Channel, n.Settings.Chaincode.Name, "participant:Ping", "{}"); err != nil {
		return err
	}
	n.Progress("certificates of %s's gateway and chaincode renewed by %s", o.Name, o.CA.Name)
	return nil
}
