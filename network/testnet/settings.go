// Package testnet puts lifeledger on Hyperledger's Docker test-network: it has
// network.sh and addOrg3.sh of a stock fabric-samples checkout make the network, enrols
// the product's identities at the network's own CAs, deploys the chaincode, and runs one
// chaincode and one gateway container for each organisation. It changes no file of
// fabric-samples, and knows no organisation's name: the settings say who is who.
// Invariant: an administrator's key is read by this program alone; no container gets one.
package testnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// Settings are test-network-config/test-network.yaml; the file says what each field means.
type Settings struct {
	Tested struct {
		FabricSamples string `yaml:"fabricSamples"`
		Fabric        string `yaml:"fabric"`
		FabricCA      string `yaml:"fabricCA"`
		Docker        string `yaml:"docker"`
	} `yaml:"tested"`
	Channel   string `yaml:"channel"`
	Chaincode struct {
		Name        string   `yaml:"name"`
		Version     string   `yaml:"version"`
		Sequence    int64    `yaml:"sequence"`
		Policy      string   `yaml:"policy"`
		Collections []string `yaml:"collections"`
	} `yaml:"chaincode"`
	Orderer struct {
		Address  string `yaml:"address"`
		TLSRoots string `yaml:"tlsRoots"`
	} `yaml:"orderer"`
	Organisations []Organisation `yaml:"organisations"`
	Registrar     struct {
		ID     string `yaml:"id"`
		Secret string `yaml:"secret"`
	} `yaml:"registrar"`
}

// Organisation is one member of the network.
type Organisation struct {
	Name        string   `yaml:"name"`
	MSPID       string   `yaml:"mspId"`
	DisplayName string   `yaml:"displayName"`
	Roles       []string `yaml:"roles"`
	Domain      string   `yaml:"domain"`
	Peer        struct {
		Container string `yaml:"container"` // its name, which is its host name in the container network too
		Port      int    `yaml:"port"`
	} `yaml:"peer"`
	CA struct {
		URL      string `yaml:"url"`
		Name     string `yaml:"name"`
		TLSRoots string `yaml:"tlsRoots"`
	} `yaml:"ca"`
	Gateway int `yaml:"gateway"`
	// Postgres is a file that holds the URL of the PostgreSQL database of the gateway's
	// read model, or `container` for one of its own beside it; empty: SQLite.
	Postgres string `yaml:"postgres,omitempty"`
	// Home is the directory with the organisation's MSP folders; empty: where
	// test-network puts those of the domain.
	Home string `yaml:"home,omitempty"`
	// Registrar is the secret of the registrar at its own CA, where that is not everybody's.
	Registrar string `yaml:"registrar,omitempty"`
}

// LoadSettings reads and checks the file.
func LoadSettings(path string) (*Settings, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s Settings
	if err := yaml.UnmarshalWithOptions(text, &s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, false))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &s, nil
}

func (s *Settings) check() error {
	switch {
	case s.Channel == "" || s.Chaincode.Name == "" || s.Chaincode.Version == "" || s.Chaincode.Sequence < 1:
		return errors.New("channel, and chaincode.name, version and sequence are needed")
	case len(s.Chaincode.Collections) > 0:
		return errors.New("chaincode.collections: the product keeps no private data")
	case len(s.Organisations) < 3:
		return errors.New("organisations: at least three are needed, so that a majority is more than one company")
	}
	seen := map[string]bool{}
	for _, o := range s.Organisations {
		if o.Name == "" || o.MSPID == "" || o.Domain == "" || o.Peer.Container == "" || o.Peer.Port == 0 || o.CA.URL == "" || o.CA.Name == "" || o.Gateway == 0 || len(o.Roles) == 0 {
			return fmt.Errorf("organisation %q: name, mspId, roles, domain, peer, ca and gateway are needed", o.Name)
		}
		for _, key := range []string{o.Name, o.MSPID, o.Domain, fmt.Sprint("port ", o.Gateway), fmt.Sprint("port ", o.Peer.Port)} {
			if seen[key] {
				return fmt.Errorf("organisations: %s is used twice", key)
			}
			seen[key] = true
		}
	}
	return nil
}

// flags are those of network.sh that make sense here.
type flags struct {
	channel, database string
	pass              []string // to network.sh as they are
	third             []string // of these, what addOrg3.sh knows
}

// parseFlags understands what people type behind `network.sh up createChannel`.
func parseFlags(args []string) (flags, error) {
	f := flags{database: "leveldb"}
	for i := 0; i < len(args); i++ {
		value := func() (string, error) {
			if i++; i >= len(args) || strings.HasPrefix(args[i], "-") {
				return "", fmt.Errorf("%s wants a value", args[i-1])
			}
			return args[i], nil
		}
		var err error
		switch flag := args[i]; flag {
		case "-ca": // it always is
		case "-c":
			f.channel, err = value()
		case "-s":
			f.database, err = value()
		case "-r", "-d":
			var v string
			v, err = value()
			f.pass = append(f.pass, flag, v)
			if flag == "-d" {
				f.third = append(f.third, flag, v)
			}
		case "-verbose":
			f.pass, f.third = append(f.pass, flag), append(f.third, flag)
		case "-cfssl", "-bft":
			return f, fmt.Errorf("%s is not supported: the identities come from the network's Fabric CAs, and ordering is Raft", flag)
		default:
			return f, fmt.Errorf("%s is unknown; of network.sh's flags there are -ca, -c CHANNEL, -s leveldb|couchdb, -r RETRIES, -d DELAY and -verbose", flag)
		}
		if err != nil {
			return f, err
		}
	}
	if f.database == "goleveldb" {
		f.database = "leveldb"
	}
	if f.database != "leveldb" && f.database != "couchdb" {
		return f, fmt.Errorf("-s %s is unknown: leveldb or couchdb", f.database)
	}
	return f, nil
}

// home is where the network keeps an organisation's MSP folders.
func (n *Network) home(o Organisation) string {
	if o.Home != "" {
		return o.Home
	}
	return n.path("organizations/peerOrganizations/" + o.Domain)
}

// path is absolute, or below the test-network.
func (n *Network) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(n.testNetwork(), name)
}
