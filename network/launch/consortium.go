package launch

import (
	"path/filepath"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/crypto"
)

// Consortium describes the network to its clients.
func (n *Network) Consortium() *consortium.Consortium {
	c := &consortium.Consortium{Channel: n.Topology.Channel.Name, Chaincode: n.Topology.Chaincode.Name}
	for _, o := range n.Orgs() {
		m := consortium.Member{
			Name: o.Name, MSPID: o.MSPID, DisplayName: o.DisplayName, Roles: o.Roles,
			Peer:    consortium.Node{Address: o.PeerAddress, TLSRoots: o.TLSRoots},
			Orderer: consortium.Node{Address: o.OrdererAddress, TLSRoots: o.TLSRoots},
			Gateway: consortium.Gateway{URL: o.GatewayURL},
			Client:  filesOf(o.Gateway), Admin: filesOf(o.Admin), Tokens: map[string]string{},
		}
		for _, role := range crypto.Roles {
			m.Tokens[role] = o.TokenFile(role)
		}
		c.Members = append(c.Members, m)
	}
	return c
}

func filesOf(id Identity) consortium.Identity {
	return consortium.Identity{MSP: filepath.Dir(filepath.Dir(id.Certificate)), Certificate: id.Certificate, PrivateKey: id.PrivateKey}
}
