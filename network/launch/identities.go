package launch

import (
	"context"
	"os"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/parallel"
	"github.com/lifeledger/lifeledger/network/topology"
)

// wanted is one certificate: for signing on the channel, or for TLS.
type wanted struct {
	tls  bool
	kind string // organisational unit
	id   string
	dir  string // below the organisation's directory
}

func certificates(o topology.Organisation) []wanted {
	return []wanted{
		{false, "peer", "peer0." + o.Domain, "peer/msp"},
		{false, "orderer", "orderer0." + o.Domain, "orderer/msp"},
		{false, "admin", "admin@" + o.Domain, "admin/msp"},
		{false, "client", "gateway", "gateway/msp"},
		{true, "peer", "peer0." + o.Domain, "peer/tls"},
		{true, "orderer", "orderer0." + o.Domain, "orderer/tls"},
		{true, "client", "chaincode." + o.Domain, "chaincode/tls"},
		{true, "client", "admin@" + o.Domain, "admin/tls"},
	}
}

// issue gets every certificate of an organisation from its running CA server.
func (b *builder) issue(ctx context.Context, o topology.Organisation, secret string) error {
	server := b.server(o)
	root, tlsRoot, err := server.Roots()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.org(o.Name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(b.tlsRoot(o.Name), crypto.CertPEM(tlsRoot), 0o644); err != nil {
		return err
	}
	ca := crypto.NewCA(server.URL(), tlsRoot)
	defer ca.Close()
	// A registrar of each CA signs the registrations; its keys are not kept.
	registrars := map[bool]*crypto.Pair{}
	names := map[bool]string{false: server.IdentityCA(), true: server.TLSCA()}
	for tls, name := range names {
		registrars[tls], err = ca.Enrol(ctx, crypto.Enrolment{CA: name, ID: crypto.Registrar, Secret: secret, Domain: o.Domain})
		if err != nil {
			return err
		}
	}
	return parallel.Each(certificates(o), func(w wanted) error {
		e := crypto.Enrolment{CA: names[w.tls], ID: w.id, Domain: o.Domain}
		if w.tls {
			e.Profile, e.Hosts = "tls", b.hosts(w)
		}
		pair, err := ca.Issue(ctx, registrars[w.tls], w.kind, e)
		if err != nil {
			return err
		}
		if w.tls {
			return crypto.WriteTLS(b.org(o.Name, w.dir), tlsRoot, pair)
		}
		return crypto.WriteMSP(b.org(o.Name, w.dir), root, tlsRoot, pair)
	})
}

// hosts are the names that a TLS certificate is good for.
func (b *builder) hosts(w wanted) []string { return []string{w.id, "localhost", b.t.Host} }

// bundleRoots writes the TLS roots of all organisations into one file.
func (b *builder) bundleRoots() error {
	var all []byte
	for _, o := range b.t.Organisations {
		pem, err := os.ReadFile(b.tlsRoot(o.Name))
		if err != nil {
			return err
		}
		all = append(all, pem...)
	}
	return os.WriteFile(b.tlsRoots(), all, 0o644)
}
