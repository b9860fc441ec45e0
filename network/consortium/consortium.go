// Package consortium describes a running network to those who use it: which
// organisation plays which part, where its peer, orderer and gateway are, and the files
// of the identities and tokens that a client needs. The native network and the Docker
// test-network each write such a description; the demo and the conformance suite read
// it, and so run on either, and on any other network for which somebody writes one.
// It starts nothing, and holds no secret, only paths.
// Invariant: no organisation's name is known to this package.
package consortium

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// File is the description's name in a run directory.
const File = "consortium.yaml"

// Consortium is one running network. The first member founds it: it announces itself
// and all others on the ledger.
type Consortium struct {
	Channel   string   `yaml:"channel"`
	Chaincode string   `yaml:"chaincode"`
	Members   []Member `yaml:"members"`
}

// Member is one organisation.
type Member struct {
	Name        string   `yaml:"name"`
	MSPID       string   `yaml:"mspId"`
	DisplayName string   `yaml:"displayName"`
	Roles       []string `yaml:"roles"` // announced on the ledger: manufacturer, service, shipper, ...
	Peer        Node     `yaml:"peer"`
	Orderer     Node     `yaml:"orderer"` // one that takes its transactions; it may be another organisation's
	Gateway     Gateway  `yaml:"gateway"`
	// Client signs transactions, Admin approves chaincode. Only tests and the commands
	// of an administrator use the second; no gateway has it.
	Client Identity `yaml:"client"`
	Admin  Identity `yaml:"admin"`
	// Tokens are the files of access tokens, by role of the gateway's API.
	Tokens map[string]string `yaml:"tokens"`
}

// Node is a peer or an orderer.
type Node struct {
	Address    string `yaml:"address"`              // host:port
	ServerName string `yaml:"serverName,omitempty"` // in its certificate; empty: the address's host
	TLSRoots   string `yaml:"tlsRoots"`             // PEM file
}

// Gateway is an organisation's REST API.
type Gateway struct {
	URL      string `yaml:"url"`                // without a path
	TLSRoots string `yaml:"tlsRoots,omitempty"` // PEM file; empty for http, or for the system's roots
}

// Identity is a certificate with its key, as files of a Fabric MSP folder.
type Identity struct {
	MSP         string `yaml:"msp"` // the folder
	Certificate string `yaml:"certificate"`
	PrivateKey  string `yaml:"privateKey"`
}

// Load reads a description: a file, or a run directory that holds one.
func Load(path string) (*Consortium, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, File)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c Consortium
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, false))
	}
	if c.Channel == "" || c.Chaincode == "" || len(c.Members) == 0 {
		return nil, fmt.Errorf("%s: channel, chaincode and members are needed", path)
	}
	return &c, nil
}

// Save writes the description into a run directory, whole or not at all.
func (c *Consortium) Save(dir string) error {
	text, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, File)
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Member finds one by MSP id or by name.
func (c *Consortium) Member(id string) (*Member, error) {
	for i := range c.Members {
		if m := &c.Members[i]; m.MSPID == id || m.Name == id {
			return m, nil
		}
	}
	return nil, fmt.Errorf("the network has no organisation %q", id)
}

// Parts are the three organisations that the demo and the scenarios need.
type Parts struct{ Manufacturer, Service, Shipper *Member }

// Parts finds who plays which part: the first that makes things, the first that services
// them, and the first other one that ships.
func (c *Consortium) Parts() (p Parts, err error) {
	p.Manufacturer = c.with("manufacturer")
	p.Service = c.with("service", p.Manufacturer)
	p.Shipper = c.with("shipper", p.Manufacturer, p.Service)
	for role, m := range map[string]*Member{"manufacturer": p.Manufacturer, "service": p.Service, "shipper": p.Shipper} {
		if m == nil {
			err = errors.Join(err, fmt.Errorf("no organisation of its own has the role %s", role))
		}
	}
	return p, err
}

func (c *Consortium) with(role string, but ...*Member) *Member {
	for i := range c.Members {
		if m := &c.Members[i]; slices.Contains(m.Roles, role) && !slices.Contains(but, m) {
			return m
		}
	}
	return nil
}

// Client makes a client that trusts the gateway's certificate and no other.
func (g Gateway) Client(timeout time.Duration) (*http.Client, error) {
	if g.TLSRoots == "" {
		return &http.Client{Timeout: timeout}, nil
	}
	pool, err := Roots(g.TLSRoots)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	return &http.Client{Timeout: timeout, Transport: transport}, nil
}

// Roots reads the certificates of a PEM file.
func Roots(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return pool, nil
}
