// Package topology declares a network: its organisations, ports, channel and chaincode.
// It owns the YAML file and its rules; it starts nothing and reads no other file.
// Invariant: a [Topology] that Load returned is valid and complete.
package topology

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed default.yaml
var defaultYAML []byte

// Topology is one declared network. default.yaml says what each field means.
type Topology struct {
	Channel       Channel        `yaml:"channel" json:"channel"`
	Chaincode     Chaincode      `yaml:"chaincode" json:"chaincode"`
	Gateway       Gateway        `yaml:"gateway" json:"gateway"`
	Tokens        Tokens         `yaml:"tokens" json:"tokens"`
	Peer          Peer           `yaml:"peer" json:"peer"`
	Host          string         `yaml:"host" json:"host"`
	Organisations []Organisation `yaml:"organisations" json:"organisations"`
}

// Channel is written into the genesis block and cannot change afterwards.
type Channel struct {
	Name              string        `yaml:"name" json:"name"`
	BatchTimeout      time.Duration `yaml:"batchTimeout" json:"batchTimeout"`
	MaxMessageCount   uint32        `yaml:"maxMessageCount" json:"maxMessageCount"`
	PreferredMaxBytes uint32        `yaml:"preferredMaxBytes" json:"preferredMaxBytes"`
	AbsoluteMaxBytes  uint32        `yaml:"absoluteMaxBytes" json:"absoluteMaxBytes"`
	TickInterval      time.Duration `yaml:"tickInterval" json:"tickInterval"`
	ElectionTicks     uint32        `yaml:"electionTicks" json:"electionTicks"`
}

// Chaincode is the definition that the organisations approve, and where its binary is from.
type Chaincode struct {
	Name     string `yaml:"name" json:"name"`
	Version  string `yaml:"version" json:"version"`
	Sequence int64  `yaml:"sequence" json:"sequence"`
	Source   string `yaml:"source" json:"source"`
	Binary   string `yaml:"binary" json:"binary"`
}

// Gateway says where the gateway binary is from and how much it logs.
type Gateway struct {
	Source   string `yaml:"source" json:"source"`
	Binary   string `yaml:"binary" json:"binary"`
	LogLevel string `yaml:"logLevel" json:"logLevel"`
	// PerSecond is how many requests one principal may make; 0: what the gateway allows by itself.
	PerSecond int `yaml:"perSecond,omitempty" json:"perSecond,omitempty"`
}

// Tokens are the issuer and audience of the development tokens.
type Tokens struct {
	Issuer   string `yaml:"issuer" json:"issuer"`
	Audience string `yaml:"audience" json:"audience"`
}

// Peer holds the settings that all peers share.
type Peer struct {
	GatewayConcurrency int    `yaml:"gatewayConcurrency" json:"gatewayConcurrency"`
	LogSpec            string `yaml:"logSpec" json:"logSpec"`
}

// The state databases that a peer can keep its state in.
const (
	LevelDB = "leveldb"
	CouchDB = "couchdb"
	// CouchStandIn is no CouchDB but something that answers like one, for tests only.
	CouchStandIn = "couchdb-stand-in"
)

// Organisation is one member: it runs a CA, an orderer, a peer, a chaincode process and a gateway.
type Organisation struct {
	Name          string   `yaml:"name" json:"name"`
	MSPID         string   `yaml:"mspId" json:"mspId"`
	DisplayName   string   `yaml:"displayName" json:"displayName"`
	Roles         []string `yaml:"roles" json:"roles"`
	Domain        string   `yaml:"domain" json:"domain"`
	StateDatabase string   `yaml:"stateDatabase" json:"stateDatabase"`
	Ports         Ports    `yaml:"ports" json:"ports"`
}

// Ports are all listeners of one organisation.
type Ports struct {
	Gateway           int `yaml:"gateway" json:"gateway"`
	Peer              int `yaml:"peer" json:"peer"`
	PeerChaincode     int `yaml:"peerChaincode" json:"peerChaincode"`
	PeerOperations    int `yaml:"peerOperations" json:"peerOperations"`
	Orderer           int `yaml:"orderer" json:"orderer"`
	OrdererAdmin      int `yaml:"ordererAdmin" json:"ordererAdmin"`
	OrdererOperations int `yaml:"ordererOperations" json:"ordererOperations"`
	CA                int `yaml:"ca" json:"ca"`
	CAOperations      int `yaml:"caOperations" json:"caOperations"`
	Chaincode         int `yaml:"chaincode" json:"chaincode"`
	// CouchDB is where the peer finds its state database, if that is CouchDB.
	CouchDB int `yaml:"couchdb" json:"couchdb,omitempty"`
}

// Port is one listener with the name it has in the file.
type Port struct {
	Name   string
	Number *int
}

// Listeners lists what the organisation listens on, in the order of the file; the
// pointers reach into o.
func (o *Organisation) Listeners() []Port {
	p := &o.Ports
	all := []Port{
		{"gateway", &p.Gateway}, {"peer", &p.Peer}, {"peerChaincode", &p.PeerChaincode},
		{"peerOperations", &p.PeerOperations}, {"orderer", &p.Orderer}, {"ordererAdmin", &p.OrdererAdmin},
		{"ordererOperations", &p.OrdererOperations}, {"ca", &p.CA}, {"caOperations", &p.CAOperations},
		{"chaincode", &p.Chaincode},
	}
	if o.OnCouchDB() {
		all = append(all, Port{"couchdb", &p.CouchDB})
	}
	return all
}

// OnCouchDB says whether the peer speaks to CouchDB, or to what stands in for it.
func (o *Organisation) OnCouchDB() bool { return o.StateDatabase != LevelDB }

// Default is the network declared by default.yaml.
func Default() *Topology {
	var t Topology
	if err := yaml.UnmarshalWithOptions(defaultYAML, &t, yaml.Strict()); err != nil {
		panic("topology/default.yaml: " + err.Error())
	}
	return &t
}

// Load reads the file over the default; an empty path is the default itself.
func Load(path string) (*Topology, error) {
	if path == "" {
		return Default(), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("topology file: %w", err)
	}
	t, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Parse reads YAML over the default. An unknown field is an error with its line and column.
func Parse(b []byte) (*Topology, error) {
	t := Default()
	err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(t)
	if errors.Is(err, io.EOF) { // an empty file changes nothing
		return Default(), nil
	}
	if err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false))
	}
	return t, t.Validate()
}

// nameForm keeps names usable in file names, host names and process names.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Validate says what is wrong with the declaration and what to write instead.
func (t *Topology) Validate() error {
	if !nameForm.MatchString(t.Channel.Name) || !nameForm.MatchString(t.Chaincode.Name) {
		return errors.New("channel.name and chaincode.name: use lower-case letters, digits and hyphens")
	}
	if t.Chaincode.Sequence < 1 || t.Chaincode.Version == "" {
		return errors.New("chaincode: sequence starts at 1 and version may not be empty")
	}
	if t.Channel.BatchTimeout <= 0 || t.Channel.TickInterval <= 0 || t.Channel.ElectionTicks < 2 || t.Channel.MaxMessageCount < 1 {
		return errors.New("channel: batchTimeout, tickInterval and maxMessageCount must be positive and electionTicks at least 2")
	}
	if net.ParseIP(t.Host) == nil {
		return fmt.Errorf("host: %q is not an IP address", t.Host)
	}
	if len(t.Organisations) == 0 {
		return errors.New("organisations: at least one is needed")
	}
	seen := map[string]bool{}
	ports := map[int]string{}
	for i := range t.Organisations {
		if err := t.Organisations[i].validate(seen, ports); err != nil {
			return err
		}
	}
	return nil
}

func (o *Organisation) validate(seen map[string]bool, ports map[int]string) error {
	if !nameForm.MatchString(o.Name) || o.MSPID == "" || o.Domain == "" {
		return fmt.Errorf("organisation %q: name (lower case), mspId and domain are needed", o.Name)
	}
	if o.DisplayName == "" {
		o.DisplayName = o.MSPID
	}
	for _, key := range []string{"name " + o.Name, "mspId " + o.MSPID, "domain " + o.Domain} {
		if seen[key] {
			return fmt.Errorf("organisations: %s is used twice", key)
		}
		seen[key] = true
	}
	if !slices.Contains([]string{LevelDB, CouchDB, CouchStandIn}, o.StateDatabase) {
		return fmt.Errorf("organisation %s: stateDatabase %q is unknown; use %s or %s", o.Name, o.StateDatabase, LevelDB, CouchDB)
	}
	for _, p := range o.Listeners() {
		where := o.Name + " " + p.Name
		if *p.Number < 1 || *p.Number > 65535 {
			return fmt.Errorf("organisation %s: ports.%s is %d; use 1 to 65535", o.Name, p.Name, *p.Number)
		}
		if other := ports[*p.Number]; other != "" {
			return fmt.Errorf("port %d is given to both %s and %s", *p.Number, other, where)
		}
		ports[*p.Number] = where
	}
	return nil
}

// Address is host:port of a listener of the network.
func (t *Topology) Address(port int) string {
	return net.JoinHostPort(t.Host, strconv.Itoa(port))
}

// Org finds an organisation by MSP id or by name.
func (t *Topology) Org(id string) (*Organisation, bool) {
	for i := range t.Organisations {
		if o := &t.Organisations[i]; o.MSPID == id || o.Name == id {
			return o, true
		}
	}
	return nil, false
}

// Remove takes an organisation out of the declaration.
func (t *Topology) Remove(name string) {
	t.Organisations = slices.DeleteFunc(t.Organisations, func(o Organisation) bool { return o.Name == name })
}

// Clone copies the declaration, so that changing its ports leaves the original alone.
func (t *Topology) Clone() *Topology {
	c := *t
	c.Organisations = slices.Clone(t.Organisations)
	return &c
}

// Offset moves every port by n.
func (t *Topology) Offset(n int) error {
	for i := range t.Organisations {
		for _, p := range t.Organisations[i].Listeners() {
			*p.Number += n
		}
	}
	return t.Validate()
}

// TakePorts copies the ports of another declaration with the same organisations.
func (t *Topology) TakePorts(from *Topology) {
	for i := range t.Organisations {
		if o, ok := from.Org(t.Organisations[i].MSPID); ok {
			t.Organisations[i].Ports = o.Ports
		}
	}
}

// SameLedger says why a ledger made with was cannot be run with t: the parts that the
// genesis block and the certificates hold may not differ. Empty means that it can.
func (t *Topology) SameLedger(was *Topology) string {
	switch {
	case t.Channel != was.Channel:
		return "the channel's settings differ"
	case t.Chaincode.Name != was.Chaincode.Name:
		return "the chaincode's name differs"
	case t.Host != was.Host:
		return "the host differs"
	case len(t.Organisations) != len(was.Organisations):
		return "the number of organisations differs"
	}
	for i := range t.Organisations {
		now, then := t.Organisations[i], was.Organisations[i]
		if now.StateDatabase != then.StateDatabase {
			return fmt.Sprintf("the state database of %s is %s, not %s", then.Name, then.StateDatabase, now.StateDatabase)
		}
		now.Ports.Gateway, then.Ports.Gateway = 0, 0
		now.Roles, then.Roles = nil, nil // announced on the ledger, which alone decides
		now.DisplayName, then.DisplayName = "", ""
		if !then.OnCouchDB() {
			now.Ports.CouchDB, then.Ports.CouchDB = 0, 0
		}
		if now.Ports != then.Ports {
			return "the ports of " + then.Name + " differ"
		}
		if !reflect.DeepEqual(now, then) {
			return "organisation " + then.Name + " differs"
		}
	}
	return ""
}
