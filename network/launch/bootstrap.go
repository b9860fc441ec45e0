package launch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/parallel"
	"github.com/lifeledger/lifeledger/network/topology"
)

// configureCAs writes the CA servers' configuration, each with a new registrar's secret.
func (s *starter) configureCAs() (secrets map[string]string, err error) {
	secrets = map[string]string{}
	for _, o := range s.t.Organisations {
		server := s.server(o)
		server.Secret = crypto.Secret()
		secrets[o.Name] = server.Secret
		if err := server.WriteConfig(); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// member is what the channel's configuration says of an organisation.
func (s *starter) member(o topology.Organisation) (lifecycle.Member, error) {
	root, tlsRoot, err := s.server(o).Roots()
	if err != nil {
		return lifecycle.Member{}, err
	}
	ordererTLS, err := crypto.ReadCert(s.org(o.Name, "orderer", "tls", crypto.TLSCert))
	return lifecycle.Member{
		MSPID: o.MSPID, Root: root, TLSRoot: tlsRoot, OrdererTLS: ordererTLS,
		Host: s.t.Host, Orderer: o.Ports.Orderer, Peer: o.Ports.Peer,
	}, err
}

func (s *starter) writeGenesis() error {
	var members []lifecycle.Member
	for _, o := range s.t.Organisations {
		m, err := s.member(o)
		if err != nil {
			return err
		}
		members = append(members, m)
	}
	block, err := lifecycle.Genesis(s.t.Channel, members)
	if err != nil {
		return err
	}
	b, err := proto.Marshal(block)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.genesis()), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.genesis(), b, 0o644)
}

// join puts every orderer and peer on the channel; those that are on it stay as they are.
func (s *starter) join(ctx context.Context) error {
	block, err := s.readGenesis()
	if err != nil {
		return err
	}
	name := s.t.Channel.Name
	if err := parallel.Each(s.admins, func(a *lifecycle.Admin) error { return a.JoinOrderer(ctx, name, block) }); err != nil {
		return err
	}
	if err := parallel.Each(s.admins, func(a *lifecycle.Admin) error { return a.JoinPeer(ctx, name, block) }); err != nil {
		return err
	}
	s.progress("channel %s joined", name)
	return nil
}

func (s *starter) readGenesis() (*common.Block, error) {
	b, err := os.ReadFile(s.genesis())
	if err != nil {
		return nil, err
	}
	block := new(common.Block)
	if err := proto.Unmarshal(b, block); err != nil {
		return nil, fmt.Errorf("%s: %w", s.genesis(), err)
	}
	return block, nil
}

func (s *starter) connect() error {
	admins, err := s.Network.connectAdmins()
	s.admins = admins
	return err
}

func (s *starter) disconnect() { closeAdmins(s.admins) }

// connectAdmins acts as the administrator of every organisation, in the topology's order.
func (n *Network) connectAdmins() ([]*lifecycle.Admin, error) {
	var all []*lifecycle.Admin
	for _, o := range n.Topology.Organisations {
		a, err := n.connectAdmin(o)
		if err != nil {
			closeAdmins(all)
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func (n *Network) connectAdmin(o topology.Organisation) (*lifecycle.Admin, error) {
	id := n.Org(o.MSPID).Admin
	sign, err := crypto.ReadPair(id.Certificate, id.PrivateKey)
	if err != nil {
		return nil, err
	}
	tls := n.layout.org(o.Name, "admin", "tls")
	tlsPair, err := crypto.ReadPair(filepath.Join(tls, crypto.TLSCert), filepath.Join(tls, crypto.TLSKey))
	if err != nil {
		return nil, err
	}
	root, err := crypto.ReadCert(n.layout.tlsRoot(o.Name))
	if err != nil {
		return nil, err
	}
	return lifecycle.NewAdmin(lifecycle.Endpoints{
		MSPID: o.MSPID, Peer: n.Topology.Address(o.Ports.Peer),
		OrdererAdmin: n.Topology.Address(o.Ports.OrdererAdmin), TLSRoot: root,
	}, sign, tlsPair)
}

func closeAdmins(all []*lifecycle.Admin) {
	for _, a := range all {
		_ = a.Close()
	}
}

// gatewayConfig is the gateway's configuration file; its own documentation says what the fields mean.
type gatewayConfig struct {
	Listen       string   `yaml:"listen"`
	Organisation string   `yaml:"organisation"`
	Channel      string   `yaml:"channel"`
	Chaincode    string   `yaml:"chaincode"`
	Identity     keyFiles `yaml:"identity"`
	Peer         peerTLS  `yaml:"peer"`
	Endorsers    []string `yaml:"endorsers"`
	Auth         auth     `yaml:"auth"`
	Data         string   `yaml:"data"`
	Log          logLevel `yaml:"log"`
	Limits       limits   `yaml:"limits,omitempty"`
}

type limits struct {
	PerSecond int `yaml:"perSecond,omitempty"`
	Burst     int `yaml:"burst,omitempty"`
}

type keyFiles struct {
	Certificate string `yaml:"certificate"`
	PrivateKey  string `yaml:"privateKey"`
}

type peerTLS struct {
	Address  string `yaml:"address"`
	TLSRoots string `yaml:"tlsRoots"`
}

type auth struct {
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
	Keys     string `yaml:"keys"`
}

type logLevel struct {
	Level string `yaml:"level"`
}

// writeGateways mints the development tokens and writes each gateway's configuration.
func (s *starter) writeGateways() error {
	var endorsers []string
	for _, o := range s.t.Organisations {
		endorsers = append(endorsers, o.MSPID)
	}
	for _, o := range s.Orgs() {
		if err := o.tokens.Mint(time.Now()); err != nil {
			return err
		}
		data := s.data(o.Name, "gateway")
		if err := os.MkdirAll(data, 0o700); err != nil {
			return err
		}
		b, err := yaml.Marshal(gatewayConfig{
			Listen: s.t.Address(o.Ports.Gateway), Organisation: o.MSPID,
			Channel: s.t.Channel.Name, Chaincode: s.t.Chaincode.Name,
			Identity:  keyFiles{Certificate: o.Gateway.Certificate, PrivateKey: o.Gateway.PrivateKey},
			Peer:      peerTLS{Address: o.PeerAddress, TLSRoots: o.TLSRoots},
			Endorsers: endorsers,
			Auth:      auth{Issuer: s.t.Tokens.Issuer, Audience: s.t.Tokens.Audience, Keys: o.tokens.KeySet()},
			Data:      data, Log: logLevel{Level: s.t.Gateway.LogLevel},
			Limits: limits{PerSecond: s.t.Gateway.PerSecond, Burst: 2 * s.t.Gateway.PerSecond},
		})
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(o.GatewayConfig), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(o.GatewayConfig, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
