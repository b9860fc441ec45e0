package ledgertest

import (
	"crypto/sha256"
	"encoding/asn1"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Chain is every block as a peer's deliver service gives it: headers that name
// the block before and the data, envelopes, validation codes. Signatures and
// endorsements are left out. Block 0 holds a configuration without content.
func (l *Ledger) Chain() ([]*common.Block, error) {
	config, err := envelope(&common.ChannelHeader{Type: int32(common.HeaderType_CONFIG), ChannelId: l.opts.Channel}, nil, nil)
	if err != nil {
		return nil, err
	}
	chain := []*common.Block{nextBlock(nil, [][]byte{config}, []byte{byte(peer.TxValidationCode_VALID)})}
	for _, results := range l.Blocks() {
		var data [][]byte
		var codes []byte
		for _, r := range results {
			raw, err := l.envelope(r.Tx)
			if err != nil {
				return nil, err
			}
			data, codes = append(data, raw), append(codes, byte(r.Code))
		}
		chain = append(chain, nextBlock(chain[len(chain)-1], data, codes))
	}
	return chain, nil
}

func nextBlock(before *common.Block, data [][]byte, codes []byte) *common.Block {
	h := &common.BlockHeader{}
	if before != nil {
		h.Number, h.PreviousHash = before.GetHeader().GetNumber()+1, headerHash(before.GetHeader())
	}
	all := sha256.New()
	for _, d := range data {
		all.Write(d)
	}
	h.DataHash = all.Sum(nil)
	return &common.Block{Header: h, Data: &common.BlockData{Data: data}, Metadata: &common.BlockMetadata{Metadata: [][]byte{nil, nil, codes, nil, nil}}}
}

func headerHash(h *common.BlockHeader) []byte {
	der, err := asn1.Marshal(struct {
		Number         *big.Int
		Previous, Data []byte
	}{new(big.Int).SetUint64(h.GetNumber()), h.GetPreviousHash(), h.GetDataHash()})
	if err != nil {
		panic(err) // the three always have an encoding
	}
	sum := sha256.Sum256(der)
	return sum[:]
}

// envelope is a transaction as it lies in a block.
func (l *Ledger) envelope(tx *Tx) ([]byte, error) {
	l.mu.RLock()
	creator := l.ids[tx.Call.As].creator
	l.mu.RUnlock()
	args := [][]byte{[]byte(tx.Call.Fn)}
	for _, a := range tx.Call.Args {
		args = append(args, []byte(a))
	}
	id := &peer.ChaincodeID{Name: l.opts.Chaincode}
	var wrong error
	raw := func(m proto.Message) []byte {
		b, err := encode(m)
		if err != nil {
			wrong = err
		}
		return b
	}
	input := raw(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{ChaincodeId: id, Input: &peer.ChaincodeInput{Args: args}}})
	did := &peer.ChaincodeAction{
		ChaincodeId: id, Response: tx.Response,
		Results: raw(&rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: l.opts.Chaincode, Rwset: raw(tx.RWSet)}}}),
	}
	if tx.Event != nil {
		did.Events = raw(tx.Event)
	}
	action := raw(&peer.ChaincodeActionPayload{
		ChaincodeProposalPayload: raw(&peer.ChaincodeProposalPayload{Input: input}),
		Action:                   &peer.ChaincodeEndorsedAction{ProposalResponsePayload: raw(&peer.ProposalResponsePayload{Extension: raw(did)})},
	})
	data := raw(&peer.Transaction{Actions: []*peer.TransactionAction{{Payload: action}}})
	if wrong != nil {
		return nil, wrong
	}
	return envelope(&common.ChannelHeader{
		Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: l.opts.Channel, TxId: tx.ID, Timestamp: timestamppb.New(tx.Time),
	}, &common.SignatureHeader{Creator: creator, Nonce: tx.Call.Nonce}, data)
}

func envelope(channel *common.ChannelHeader, signature *common.SignatureHeader, data []byte) ([]byte, error) {
	c, err := encode(channel)
	if err != nil {
		return nil, err
	}
	s, err := encode(signature)
	if err != nil {
		return nil, err
	}
	payload, err := encode(&common.Payload{Header: &common.Header{ChannelHeader: c, SignatureHeader: s}, Data: data})
	if err != nil {
		return nil, err
	}
	return encode(&common.Envelope{Payload: payload})
}
