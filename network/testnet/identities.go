package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/lifecycle"
)

// issuer is the tokens' issuer and audience; gateway.yaml says the same.
const (
	issuer   = "https://lifeledger.invalid/dev"
	audience = "lifeledger"
)

// chaincodeHost is what every peer calls its organisation's chaincode.
const chaincodeHost = "lifeledger-chaincode"

// identities enrols what an organisation's containers need and lacks: the gateway's
// signing identity, and the TLS certificates of the gateway and of the chaincode.
func (n *Network) identities(ctx context.Context, o Organisation) error {
	root, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
	if err != nil {
		return fmt.Errorf("the CA of %s: %w; the network must be brought up with -ca", o.Name, err)
	}
	ca := crypto.NewCA(o.CA.URL, root)
	defer ca.Close()
	var registrar *crypto.Pair
	for _, w := range n.wanted(o) {
		if exists(w.certificate()) {
			continue
		}
		if registrar == nil {
			if registrar, err = n.registrar(ctx, ca, o); err != nil {
				return err
			}
		}
		e := w.enrolment(o)
		if w.tls {
			e.Profile, e.Hosts = "tls", w.hosts
		}
		pair, err := ca.Issue(ctx, registrar, "client", e)
		if err != nil {
			return err
		}
		if err := w.write(pair, root); err != nil {
			return err
		}
	}
	if err := n.minter(o).Mint(time.Now()); err != nil {
		return err
	}
	return n.configure(o)
}

// wanted is one certificate of an organisation's containers.
type wanted struct {
	name  string
	tls   bool
	dir   string
	hosts []string
}

func (n *Network) wanted(o Organisation) []wanted {
	all := []wanted{
		{name: "gateway", dir: n.org(o, "gateway", "msp")},
		{name: "gateway-tls", tls: true, dir: n.org(o, "gateway", "tls"), hosts: []string{"gateway." + o.Domain, "localhost", "127.0.0.1"}},
		{name: "chaincode-tls", tls: true, dir: n.org(o, "chaincode", "tls"), hosts: []string{chaincodeHost, "chaincode." + o.Domain, "localhost"}},
	}
	if o.Postgres == ownPostgres {
		all = append(all, wanted{name: "postgres-tls", tls: true, dir: n.org(o, "postgres", "tls"), hosts: []string{"postgres", "postgres." + o.Domain}})
	}
	return all
}

func (w wanted) certificate() string {
	if w.tls {
		return filepath.Join(w.dir, crypto.TLSCert)
	}
	return filepath.Join(w.dir, crypto.SignCert)
}

func (w wanted) key() string {
	if w.tls {
		return filepath.Join(w.dir, crypto.TLSKey)
	}
	return filepath.Join(w.dir, crypto.SignKey)
}

// enrolment gives the identity a name of its own, since a CA registers each name once.
func (w wanted) enrolment(o Organisation) crypto.Enrolment {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return crypto.Enrolment{CA: o.CA.Name, ID: "lifeledger-" + w.name + "-" + hex.EncodeToString(b), Domain: o.Domain}
}

func (w wanted) write(pair *crypto.Pair, root *x509.Certificate) error {
	var err error
	if w.tls {
		err = crypto.WriteTLS(w.dir, root, pair)
	} else {
		err = crypto.WriteMSP(w.dir, root, root, pair)
	}
	return errors.Join(err, own(w.dir))
}

// registrar enrols who may register others. Its key is not kept.
func (n *Network) registrar(ctx context.Context, ca *crypto.CA, o Organisation) (*crypto.Pair, error) {
	r := n.Settings.Registrar
	if o.Registrar != "" {
		r.Secret = o.Registrar
	}
	return ca.Enrol(ctx, crypto.Enrolment{CA: o.CA.Name, ID: r.ID, Secret: r.Secret, Domain: o.Domain})
}

func (n *Network) minter(o Organisation) crypto.Minter {
	return crypto.Minter{Dir: filepath.Join(n.Dir, "tokens"), Org: o.Name, MSPID: o.MSPID, Issuer: issuer, Audience: audience}
}

// configure writes the gateway's configuration and the keys of its tokens.
func (n *Network) configure(o Organisation) error {
	template, err := os.ReadFile(n.config("gateway.yaml"))
	if err != nil {
		return err
	}
	values := map[string]string{
		"MSP_ID": o.MSPID, "CHANNEL": n.Settings.Channel, "CHAINCODE": n.Settings.Chaincode.Name,
		"PEER_ADDRESS": fmt.Sprintf("%s:%d", o.Peer.Container, o.Peer.Port), "ENDORSERS": n.endorsers(),
	}
	if values["POSTGRES"], err = n.database(o); err != nil {
		return err
	}
	// The first line's "${...}" is an example, and stays.
	text := os.Expand(string(template), func(name string) string {
		if v, ok := values[name]; ok {
			return v
		}
		return "${" + name + "}"
	})
	keys, err := os.ReadFile(n.minter(o).KeySet())
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{n.org(o, "gateway", "gateway.yaml"): []byte(text), n.org(o, "gateway", "jwks.json"): keys} {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(n.org(o, "data"), 0o700); err != nil {
		return err
	}
	return errors.Join(own(n.org(o, "gateway")), own(n.org(o, "chaincode")), own(n.org(o, "data")))
}

// own gives files to the user that the containers run as: nobody when this is root's
// doing, and otherwise whoever runs this program.
func own(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, Nobody, Nobody)
	})
}

// user is who the containers run as; never root.
func user() string {
	if os.Getuid() == 0 {
		return fmt.Sprintf("%d:%d", Nobody, Nobody)
	}
	return fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// makePackage makes the chaincode package, the same in every organisation: from the TLS
// roots of those that founded the network, in the order of their MSP ids, and the indexes
// of the state database. It is kept for its sequence, so that who joins later installs the
// very same.
func (n *Network) makePackage() (*lifecycle.Package, error) {
	c := n.Settings.Chaincode
	path := filepath.Join(n.Dir, "package", fmt.Sprintf("%s-%d.tar.gz", c.Name, c.Sequence))
	made, err := os.ReadFile(path)
	if err == nil {
		return lifecycle.ReadPackage(made)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	indexes, err := lifecycle.ReadIndexes(filepath.Join(n.Root, "chaincode"))
	if err != nil {
		return nil, err
	}
	roots, err := n.founders()
	if err != nil {
		return nil, err
	}
	pkg, err := lifecycle.NewPackageAt(c.Name, chaincodeHost+":9999", roots, indexes...)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return pkg, os.WriteFile(path, pkg.Bytes, 0o644)
}

// founders are the TLS roots of those that did not join later.
func (n *Network) founders() ([]byte, error) {
	var roots []byte
	all := slices.Clone(n.Settings.Organisations)
	slices.SortFunc(all, func(a, b Organisation) int { return strings.Compare(a.MSPID, b.MSPID) })
	for _, o := range all {
		if o.Home != "" {
			continue
		}
		cert, err := crypto.ReadCert(n.path(o.CA.TLSRoots))
		if err != nil {
			return nil, err
		}
		roots = append(roots, crypto.CertPEM(cert)...)
	}
	return roots, nil
}
