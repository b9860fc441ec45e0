// Package block owns what stands in a block of the channel: which transactions,
// what became of them, with which arguments they were called and what they wrote.
// It knows Fabric's forms and nothing of any chaincode.
package block

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Transaction is one endorsed transaction of a block, valid or not.
type Transaction struct {
	ID        string
	Code      peer.TxValidationCode
	Submitter string // MSP id
	Chaincode string
	Args      [][]byte // the first is the function
	Writes    []*kvrwset.KVWrite
	Event     *peer.ChaincodeEvent // nil when there is none
}

// Valid reports whether the transaction changed the state.
func (t Transaction) Valid() bool { return t.Code == peer.TxValidationCode_VALID }

// Transactions takes a block apart. Configuration is left out; Writes are those
// to the transaction's own chaincode.
func Transactions(b *common.Block) ([]Transaction, error) {
	metadata := b.GetMetadata().GetMetadata()
	if len(metadata) <= int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		return nil, fmt.Errorf("block %d has no validation codes", b.GetHeader().GetNumber())
	}
	codes := metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	var all []Transaction
	for i, raw := range b.GetData().GetData() {
		if i >= len(codes) {
			return nil, fmt.Errorf("block %d has %d transactions and %d codes", b.GetHeader().GetNumber(), len(b.GetData().GetData()), len(codes))
		}
		t, ok, err := read(raw)
		if err != nil {
			return nil, fmt.Errorf("block %d, transaction %d: %w", b.GetHeader().GetNumber(), i, err)
		}
		if ok {
			t.Code = peer.TxValidationCode(codes[i])
			all = append(all, t)
		}
	}
	return all, nil
}

func read(raw []byte) (t Transaction, ok bool, err error) {
	var (
		envelope common.Envelope
		payload  common.Payload
		channel  common.ChannelHeader
		signed   common.SignatureHeader
		creator  msp.SerializedIdentity
		tx       peer.Transaction
	)
	if err := errors.Join(proto.Unmarshal(raw, &envelope), proto.Unmarshal(envelope.GetPayload(), &payload),
		proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &channel)); err != nil {
		return t, false, err
	}
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return t, false, nil
	}
	if err := errors.Join(proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &signed), proto.Unmarshal(signed.GetCreator(), &creator),
		proto.Unmarshal(payload.GetData(), &tx)); err != nil {
		return t, false, err
	}
	t.ID, t.Submitter = channel.GetTxId(), creator.GetMspid()
	if len(tx.GetActions()) != 1 {
		return t, false, fmt.Errorf("it has %d actions", len(tx.GetActions()))
	}
	return t, true, t.action(tx.GetActions()[0].GetPayload())
}

func (t *Transaction) action(raw []byte) error {
	var (
		action   peer.ChaincodeActionPayload
		proposal peer.ChaincodeProposalPayload
		call     peer.ChaincodeInvocationSpec
		response peer.ProposalResponsePayload
		did      peer.ChaincodeAction
		results  rwset.TxReadWriteSet
		event    peer.ChaincodeEvent
	)
	if err := errors.Join(proto.Unmarshal(raw, &action), proto.Unmarshal(action.GetChaincodeProposalPayload(), &proposal),
		proto.Unmarshal(proposal.GetInput(), &call), proto.Unmarshal(action.GetAction().GetProposalResponsePayload(), &response),
		proto.Unmarshal(response.GetExtension(), &did), proto.Unmarshal(did.GetResults(), &results), proto.Unmarshal(did.GetEvents(), &event)); err != nil {
		return err
	}
	t.Chaincode, t.Args = did.GetChaincodeId().GetName(), call.GetChaincodeSpec().GetInput().GetArgs()
	if event.GetEventName() != "" {
		t.Event = &event
	}
	for _, ns := range results.GetNsRwset() {
		if ns.GetNamespace() != t.Chaincode {
			continue
		}
		var set kvrwset.KVRWSet
		if err := proto.Unmarshal(ns.GetRwset(), &set); err != nil {
			return err
		}
		t.Writes = append(t.Writes, set.GetWrites()...)
	}
	return nil
}
