package lifecycle

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	"github.com/hyperledger/fabric-config/configtx"
	"github.com/hyperledger/fabric-config/configtx/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	ab "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

// Orderer is where a channel update is sent.
type Orderer struct {
	Address string // host:port
	Roots   *x509.CertPool
}

// AddMember puts an organisation into the channel's configuration, with its anchor peer
// and, if it has one, its orderer among the Raft consenters. All admins sign, since a
// majority must. An organisation that is there already stays as it is.
func AddMember(ctx context.Context, admins []*Admin, to Orderer, name string, m Member) error {
	return retry(ctx, "adding "+m.MSPID+" to the channel", func(ctx context.Context) error {
		block, err := admins[0].ConfigBlock(ctx, name)
		if err != nil {
			return err
		}
		config, err := configOf(block)
		if err != nil {
			return err
		}
		if _, ok := config.ChannelGroup.Groups["Application"].Groups[m.MSPID]; ok {
			return nil
		}
		update, err := memberUpdate(config, name, m)
		if err != nil {
			return permanent{err}
		}
		if err := submit(ctx, admins, to, update); err != nil {
			return err
		}
		return fmt.Errorf("the peers have not seen it yet")
	})
}

func memberUpdate(config *common.Config, name string, m Member) ([]byte, error) {
	tx := configtx.New(config)
	app := tx.Application()
	if err := app.SetOrganization(applicationOrganisation(m)); err != nil {
		return nil, err
	}
	if err := app.Organization(m.MSPID).AddAnchorPeer(configtx.Address{Host: m.Host, Port: m.Peer}); err != nil {
		return nil, err
	}
	if m.OrdererTLS != nil {
		if err := tx.Orderer().SetOrganization(orderingOrganisation(m)); err != nil {
			return nil, err
		}
		if err := tx.Orderer().AddConsenter(consenter(m)); err != nil {
			return nil, err
		}
	}
	return tx.ComputeMarshaledUpdate(name)
}

func consenter(m Member) orderer.Consenter {
	return orderer.Consenter{Address: orderer.EtcdAddress{Host: m.Host, Port: m.Orderer}, ClientTLSCert: m.OrdererTLS, ServerTLSCert: m.OrdererTLS}
}

// submit has every administrator sign a channel update, and sends it to be ordered.
func submit(ctx context.Context, admins []*Admin, to Orderer, update []byte) error {
	var signatures []*common.ConfigSignature
	for _, a := range admins {
		s, err := a.configIdentity().CreateConfigSignature(update)
		if err != nil {
			return permanent{err}
		}
		signatures = append(signatures, s)
	}
	envelope, err := configtx.NewEnvelope(update, signatures...)
	if err != nil {
		return permanent{err}
	}
	if err := admins[0].configIdentity().SignEnvelope(envelope); err != nil {
		return permanent{err}
	}
	conn, err := grpc.NewClient(to.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(to.Roots, "")))
	if err != nil {
		return permanent{err}
	}
	defer conn.Close()
	stream, err := ab.NewAtomicBroadcastClient(conn).Broadcast(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(envelope); err != nil {
		return err
	}
	answer, err := stream.Recv()
	if err != nil {
		return err
	}
	if answer.GetStatus() != common.Status_SUCCESS {
		return fmt.Errorf("the orderer answers %s: %s", answer.GetStatus(), answer.GetInfo())
	}
	return stream.CloseSend()
}

func (a *Admin) configIdentity() *configtx.SigningIdentity {
	return &configtx.SigningIdentity{Certificate: a.pair.Cert, PrivateKey: a.pair.Key, MSPID: a.MSPID}
}

// ConfigBlock is the newest configuration block that the organisation's peer has.
func (a *Admin) ConfigBlock(ctx context.Context, name string) (*common.Block, error) {
	return channel.GetConfigBlock(ctx, a.conn, a.id, name)
}

func configOf(block *common.Block) (*common.Config, error) {
	var envelope common.Envelope
	var payload common.Payload
	var config common.ConfigEnvelope
	if len(block.GetData().GetData()) != 1 {
		return nil, fmt.Errorf("block %d is no configuration block", block.GetHeader().GetNumber())
	}
	if err := proto.Unmarshal(block.Data.Data[0], &envelope); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(envelope.Payload, &payload); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(payload.Data, &config); err != nil {
		return nil, err
	}
	return config.GetConfig(), nil
}

// Adopt installs the package at the organisation's peer and approves the definition that
// is committed, as who joins a channel does.
func (a *Admin) Adopt(ctx context.Context, d Definition) error {
	if err := a.install(ctx, d.Package); err != nil {
		return err
	}
	err := retry(ctx, "finding the committed chaincode", func(ctx context.Context) error {
		found, err := chaincode.NewGateway(a.conn, a.id).QueryCommittedWithName(ctx, d.Channel, d.Name)
		if err == nil {
			d.Sequence, d.Version = found.GetSequence(), found.GetVersion()
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.approve(ctx, d)
}

// Level waits until the organisation's peer has as many blocks as another one has now.
func (a *Admin) Level(ctx context.Context, other *Admin, name string) error {
	want, err := other.Height(ctx, name)
	if err != nil {
		return err
	}
	return retry(ctx, "waiting for the ledger of "+a.MSPID, func(ctx context.Context) error {
		have, err := a.Height(ctx, name)
		if err == nil && have < want {
			err = fmt.Errorf("%d of %d blocks", have, want)
		}
		return err
	})
}
