package lifecycle

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Evaluate calls a transaction on this organisation's own peer, and on no other; nothing is submitted.
func (a *Admin) Evaluate(ctx context.Context, channel, chaincode string, args ...string) ([]byte, error) {
	signed, _, err := a.proposal(channel, chaincode, args)
	if err != nil {
		return nil, err
	}
	resp, err := peer.NewEndorserClient(a.conn).ProcessProposal(ctx, signed)
	if err != nil {
		return nil, fmt.Errorf("%s", reason(err))
	}
	if resp.Response.GetStatus() != 200 {
		return nil, fmt.Errorf("the chaincode answered %d: %s", resp.Response.GetStatus(), resp.Response.GetMessage())
	}
	return resp.Response.Payload, nil
}

// Ready waits until the peer's gateway can gather a majority's endorsements for a
// transaction of the chaincode: the peers know of each other and every chaincode asked
// answers. Nothing is submitted.
func (a *Admin) Ready(ctx context.Context, channel, chaincode string, args ...string) error {
	return retry(ctx, "the peers are not ready to endorse together", func(ctx context.Context) error {
		signed, id, err := a.proposal(channel, chaincode, args)
		if err != nil {
			return err
		}
		_, err = gateway.NewGatewayClient(a.conn).Endorse(ctx, &gateway.EndorseRequest{TransactionId: id, ChannelId: channel, ProposedTransaction: signed})
		if err != nil {
			return fmt.Errorf("%s", reason(err))
		}
		return nil
	})
}

// proposal builds and signs what a client sends to a peer.
func (a *Admin) proposal(channel, chaincode string, args []string) (*peer.SignedProposal, string, error) {
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: a.id.MspID(), IdBytes: a.id.Credentials()})
	if err != nil {
		return nil, "", err
	}
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails
	digest := sha256.Sum256(append(nonce[:len(nonce):len(nonce)], creator...))
	id := hex.EncodeToString(digest[:])
	var failed error
	encode := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			failed = err
		}
		return b
	}
	input := &peer.ChaincodeInput{}
	for _, arg := range args {
		input.Args = append(input.Args, []byte(arg))
	}
	header := encode(&common.Header{
		ChannelHeader: encode(&common.ChannelHeader{
			Type: int32(common.HeaderType_ENDORSER_TRANSACTION), TxId: id, Timestamp: timestamppb.Now(), ChannelId: channel,
			Extension: encode(&peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: chaincode}}),
		}),
		SignatureHeader: encode(&common.SignatureHeader{Creator: creator, Nonce: nonce}),
	})
	bytes := encode(&peer.Proposal{Header: header, Payload: encode(&peer.ChaincodeProposalPayload{
		Input: encode(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
			Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: &peer.ChaincodeID{Name: chaincode}, Input: input,
		}}),
	})})
	if failed != nil {
		return nil, "", failed
	}
	signature, err := a.id.Sign(bytes)
	return &peer.SignedProposal{ProposalBytes: bytes, Signature: signature}, id, err
}

// reason is an RPC's message with what each peer said, on one line.
func reason(err error) string {
	s := status.Convert(err)
	parts := []string{s.Message()}
	for _, d := range s.Details() {
		if e, ok := d.(*gateway.ErrorDetail); ok {
			parts = append(parts, e.MspId+": "+e.Message)
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, "; ")), " ")
}
