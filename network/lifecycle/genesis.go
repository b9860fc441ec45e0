// Package lifecycle makes the channel and deploys the chaincode on it, as administrators
// of the organisations would: genesis block, joining, install, approve, commit. It
// starts no process. Invariant: each function may be called again after any failure,
// and leaves alone what is already as it should be.
package lifecycle

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"

	"github.com/hyperledger/fabric-config/configtx"
	"github.com/hyperledger/fabric-config/configtx/membership"
	"github.com/hyperledger/fabric-config/configtx/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/network/topology"
)

// Member is what the genesis block tells of one organisation.
type Member struct {
	MSPID         string
	Root, TLSRoot *x509.Certificate
	// OrdererTLS is the certificate that its orderer shows to the other orderers.
	OrdererTLS *x509.Certificate
	Host       string
	Orderer    int
	Peer       int
}

// Genesis makes the first block of the channel. Every member is an application
// organisation and runs one Raft orderer.
func Genesis(ch topology.Channel, members []Member) (*common.Block, error) {
	var apps, orderers []configtx.Organization
	var consenters []orderer.Consenter
	for _, m := range members {
		apps = append(apps, applicationOrganisation(m))
		orderers = append(orderers, orderingOrganisation(m))
		consenters = append(consenters, consenter(m))
	}
	block, err := configtx.NewApplicationChannelGenesisBlock(configtx.Channel{
		Capabilities: []string{"V3_0"},
		Policies:     channelPolicies(nil),
		Application: configtx.Application{
			Organizations: apps, Capabilities: []string{"V2_5"},
			Policies: channelPolicies(map[string]string{"Endorsement": "MAJORITY Endorsement", "LifecycleEndorsement": "MAJORITY Endorsement"}),
		},
		Orderer: ordering(ch, orderers, consenters),
	}, ch.Name)
	if err != nil {
		return nil, fmt.Errorf("genesis block: %w", err)
	}
	return block, addAnchors(block, members)
}

func applicationOrganisation(m Member) configtx.Organization {
	return configtx.Organization{Name: m.MSPID, MSP: mspOf(m), Policies: policies(map[string]string{
		"Readers":     "OR('" + m.MSPID + ".member')",
		"Writers":     "OR('" + m.MSPID + ".admin','" + m.MSPID + ".client')",
		"Admins":      "OR('" + m.MSPID + ".admin')",
		"Endorsement": "OR('" + m.MSPID + ".peer')",
	})}
}

func orderingOrganisation(m Member) configtx.Organization {
	return configtx.Organization{
		Name: m.MSPID, MSP: mspOf(m),
		OrdererEndpoints: []string{net.JoinHostPort(m.Host, strconv.Itoa(m.Orderer))},
		Policies: policies(map[string]string{
			"Readers": "OR('" + m.MSPID + ".member')",
			// BlockValidation counts these: only an orderer may sign blocks, and not,
			// as in Fabric's samples, any member, since here that includes the gateway.
			"Writers": "OR('" + m.MSPID + ".orderer')",
			"Admins":  "OR('" + m.MSPID + ".admin')",
		})}
}

func ordering(ch topology.Channel, organisations []configtx.Organization, consenters []orderer.Consenter) configtx.Orderer {
	return configtx.Orderer{
		OrdererType:  orderer.ConsensusTypeEtcdRaft,
		BatchTimeout: ch.BatchTimeout,
		BatchSize: orderer.BatchSize{
			MaxMessageCount: ch.MaxMessageCount, AbsoluteMaxBytes: ch.AbsoluteMaxBytes, PreferredMaxBytes: ch.PreferredMaxBytes,
		},
		EtcdRaft: orderer.EtcdRaft{Consenters: consenters, Options: orderer.EtcdRaftOptions{
			TickInterval: ch.TickInterval.String(), ElectionTick: ch.ElectionTicks, HeartbeatTick: 1,
			MaxInflightBlocks: 5, SnapshotIntervalSize: 16 << 20,
		}},
		Organizations: organisations, Capabilities: []string{"V2_0"},
		Policies: channelPolicies(map[string]string{"BlockValidation": "ANY Writers"}),
		State:    orderer.ConsensusStateNormal,
	}
}

func mspOf(m Member) configtx.MSP {
	// fabric-config dereferences the certificate of every unit, so each must have one.
	ou := func(name string) membership.OUIdentifier {
		return membership.OUIdentifier{Certificate: m.Root, OrganizationalUnitIdentifier: name}
	}
	return configtx.MSP{
		Name: m.MSPID, RootCerts: []*x509.Certificate{m.Root}, TLSRootCerts: []*x509.Certificate{m.TLSRoot},
		CryptoConfig: membership.CryptoConfig{SignatureHashFamily: "SHA2", IdentityIdentifierHashFunction: "SHA256"},
		NodeOUs: membership.NodeOUs{
			Enable:             true,
			ClientOUIdentifier: ou("client"), PeerOUIdentifier: ou("peer"),
			AdminOUIdentifier: ou("admin"), OrdererOUIdentifier: ou("orderer"),
		},
	}
}

// policies turns rules of one organisation into signature policies.
func policies(rules map[string]string) map[string]configtx.Policy {
	return policiesOf("Signature", rules)
}

// channelPolicies are the implicit ones that count organisations, and more of the kind.
func channelPolicies(more map[string]string) map[string]configtx.Policy {
	all := policiesOf("ImplicitMeta", map[string]string{"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"})
	for name, p := range policiesOf("ImplicitMeta", more) {
		all[name] = p
	}
	return all
}

func policiesOf(kind string, rules map[string]string) map[string]configtx.Policy {
	all := map[string]configtx.Policy{}
	for name, rule := range rules {
		all[name] = configtx.Policy{Type: kind, Rule: rule}
	}
	return all
}

// addAnchors puts the anchor peers into the block: fabric-config v0.3.0 drops those of
// configtx.Organization when it makes a genesis block.
func addAnchors(block *common.Block, members []Member) error {
	var envelope common.Envelope
	var payload common.Payload
	var config common.ConfigEnvelope
	if err := proto.Unmarshal(block.Data.Data[0], &envelope); err != nil {
		return err
	}
	if err := proto.Unmarshal(envelope.Payload, &payload); err != nil {
		return err
	}
	if err := proto.Unmarshal(payload.Data, &config); err != nil {
		return err
	}
	tx := configtx.New(config.Config)
	for _, m := range members {
		if err := tx.Application().Organization(m.MSPID).AddAnchorPeer(configtx.Address{Host: m.Host, Port: m.Peer}); err != nil {
			return fmt.Errorf("anchor peer of %s: %w", m.MSPID, err)
		}
	}
	config.Config = tx.UpdatedConfig()
	var err error
	if payload.Data, err = proto.Marshal(&config); err != nil {
		return err
	}
	if envelope.Payload, err = proto.Marshal(&payload); err != nil {
		return err
	}
	if block.Data.Data[0], err = proto.Marshal(&envelope); err != nil {
		return err
	}
	digest := sha256.Sum256(block.Data.Data[0])
	block.Header.DataHash = digest[:]
	return nil
}
