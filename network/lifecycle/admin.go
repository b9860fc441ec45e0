package lifecycle

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/network/crypto"
)

// maxBlock is more than a block may have, and as much as a peer sends at once.
const maxBlock = 100 << 20

// Admin acts for one organisation on its own peer and orderer.
type Admin struct {
	MSPID  string
	id     identity.SigningIdentity
	pair   *crypto.Pair // of id
	conn   *grpc.ClientConn
	pool   *x509.CertPool
	client tls.Certificate
	// ordererURL is the administration endpoint of its orderer.
	ordererURL string
}

// Endpoints are where an [Admin] reaches its organisation's nodes.
type Endpoints struct {
	MSPID        string
	Peer         string // host:port
	OrdererAdmin string // host:port
	TLSRoot      *x509.Certificate
}

// NewAdmin uses the administrator's signing identity, and its TLS identity for the orderer;
// without that (nil) it can do nothing at an orderer.
func NewAdmin(e Endpoints, sign, tlsPair *crypto.Pair) (*Admin, error) {
	id, err := identity.NewPrivateKeySigningIdentity(e.MSPID, sign.Cert, sign.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(e.TLSRoot)
	conn, err := grpc.NewClient(e.Peer,
		grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, "")),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(maxBlock)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.2, MaxDelay: 500 * time.Millisecond}}))
	if err != nil {
		return nil, err
	}
	a := &Admin{MSPID: e.MSPID, id: id, pair: sign, conn: conn, pool: pool, ordererURL: "https://" + e.OrdererAdmin}
	if tlsPair != nil {
		a.client = tls.Certificate{Certificate: [][]byte{tlsPair.Cert.Raw}, PrivateKey: tlsPair.Key}
	}
	return a, nil
}

// Close ends the connection to the peer.
func (a *Admin) Close() error { return a.conn.Close() }

// JoinOrderer gives the genesis block to the organisation's orderer.
func (a *Admin) JoinOrderer(ctx context.Context, name string, block *common.Block) error {
	// The orderer calls itself healthy before its administration endpoint listens.
	return retry(ctx, "the orderer of "+a.MSPID+" did not join", func(context.Context) error {
		if has, err := a.ordererHas(name); err != nil || has {
			return err
		}
		resp, err := channel.CreateChannel(a.ordererURL, block, a.pool, a.client)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusCreated {
			return nil
		}
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(b)))
	})
}

func (a *Admin) ordererHas(name string) (bool, error) {
	list, err := channel.ListChannel(a.ordererURL, a.pool, a.client)
	if err != nil {
		return false, err
	}
	for _, ch := range list.Channels {
		if ch.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// JoinPeer gives the genesis block to the organisation's peer.
func (a *Admin) JoinPeer(ctx context.Context, name string, block *common.Block) error {
	return retry(ctx, "the peer of "+a.MSPID+" did not join", func(ctx context.Context) error {
		joined, err := channel.ListChannelOnPeer(ctx, a.conn, a.id)
		if err != nil {
			return err
		}
		for _, ch := range joined {
			if ch.ChannelId == name {
				return nil
			}
		}
		return channel.JoinChannel(ctx, a.conn, a.id, block)
	})
}

// Height is the number of blocks that the peer has committed.
func (a *Admin) Height(ctx context.Context, name string) (uint64, error) {
	info, err := channel.GetBlockChainInfo(ctx, a.conn, a.id, name)
	if err != nil {
		return 0, err
	}
	return info.Height, nil
}

// retry calls try until it succeeds or the context ends; then the last error is told.
func retry(ctx context.Context, what string, try func(context.Context) error) error {
	var last error
	for {
		attempt, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := try(attempt)
		cancel()
		if err == nil {
			return nil
		}
		var final permanent
		if errors.As(err, &final) {
			return fmt.Errorf("%s: %w", what, final.error)
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, last)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// permanent marks an error that no further try can mend.
type permanent struct{ error }

// Block is a block as the peer has committed it.
func (a *Admin) Block(ctx context.Context, name string, number uint64) (*common.Block, error) {
	b, err := a.Evaluate(ctx, name, "qscc", "GetBlockByNumber", name, strconv.FormatUint(number, 10))
	if err != nil {
		return nil, err
	}
	block := new(common.Block)
	return block, proto.Unmarshal(b, block)
}

// LastBlockTime is the time that the client of the peer's newest block wrote into it.
func (a *Admin) LastBlockTime(ctx context.Context, name string, height uint64) (time.Time, error) {
	if height == 0 {
		return time.Time{}, errors.New("the peer has no block")
	}
	block, err := a.Block(ctx, name, height-1)
	if err != nil {
		return time.Time{}, err
	}
	var envelope common.Envelope
	var payload common.Payload
	var header common.ChannelHeader
	if len(block.GetData().GetData()) == 0 {
		return time.Time{}, errors.New("the newest block is empty")
	}
	if err := proto.Unmarshal(block.Data.Data[0], &envelope); err != nil {
		return time.Time{}, err
	}
	if err := proto.Unmarshal(envelope.Payload, &payload); err != nil {
		return time.Time{}, err
	}
	if err := proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &header); err != nil {
		return time.Time{}, err
	}
	return header.GetTimestamp().AsTime(), nil
}
