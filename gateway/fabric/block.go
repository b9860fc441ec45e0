package fabric

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Block is a block of the own peer's chain, as far as the one chaincode is
// concerned: what its valid transactions wrote.
type Block struct {
	Number       uint64
	Hash         []byte // of the header, which names the block before and the data
	Previous     []byte // hash of the block before
	CommitHash   []byte // the peer's own, over validity and writes of all blocks so far; none from peers that keep none
	Transactions []Transaction
	// Altered says that the data are not those that the header names.
	Altered bool
}

// Transaction is one valid transaction of the chaincode.
type Transaction struct {
	Number    uint64 // place in the block, from 0 on
	ID        string
	Time      time.Time // the client's claim, bounded by the endorsing peers
	Submitter string    // MSP id
	Function  string    // "contract:Transaction"
	Writes    []Write
	EventName string // "" when it announced nothing
	Event     []byte
	// Broken says why the transaction could not be read; then its writes are unknown.
	Broken error
}

// Write is one key that a transaction wrote, or removed.
type Write struct {
	Key     string
	Value   []byte
	Removed bool
}

// DecodeBlock takes a block of the peer apart, for one chaincode. What cannot be read is said where it stands:
// one broken transaction must not hide the others.
func DecodeBlock(b *common.Block, chaincode string) *Block {
	h := b.GetHeader()
	out := &Block{
		Number: h.GetNumber(), Hash: headerHash(h), Previous: h.GetPreviousHash(), CommitHash: commitHash(b),
		Altered: !bytes.Equal(dataHash(b), h.GetDataHash()),
	}
	codes := validityOf(b)
	for i, raw := range b.GetData().GetData() {
		if i >= len(codes) || peer.TxValidationCode(codes[i]) != peer.TxValidationCode_VALID {
			continue
		}
		t := Transaction{Number: uint64(i)}
		ours, err := t.decode(raw, chaincode)
		if ours || err != nil {
			t.Broken = err
			out.Transactions = append(out.Transactions, t)
		}
	}
	return out
}

func validityOf(b *common.Block) []byte {
	return metadataOf(b, common.BlockMetadataIndex_TRANSACTIONS_FILTER)
}

func metadataOf(b *common.Block, at common.BlockMetadataIndex) []byte {
	all := b.GetMetadata().GetMetadata()
	if int(at) >= len(all) {
		return nil
	}
	return all[at]
}

func commitHash(b *common.Block) []byte {
	var m common.Metadata
	if proto.Unmarshal(metadataOf(b, common.BlockMetadataIndex_COMMIT_HASH), &m) != nil {
		return nil
	}
	return m.GetValue()
}

// headerHash is what the next block names as the hash of the one before.
func headerHash(h *common.BlockHeader) []byte {
	der, err := asn1.Marshal(struct {
		Number         *big.Int
		Previous, Data []byte
	}{new(big.Int).SetUint64(h.GetNumber()), h.GetPreviousHash(), h.GetDataHash()})
	if err != nil {
		return nil // the three always have an encoding
	}
	sum := sha256.Sum256(der)
	return sum[:]
}

func dataHash(b *common.Block) []byte {
	h := sha256.New()
	for _, d := range b.GetData().GetData() {
		h.Write(d)
	}
	return h.Sum(nil)
}

// outcomes lists what became of each transaction of a block, of any chaincode.
func outcomes(b *common.Block) []outcome {
	codes := validityOf(b)
	all := make([]outcome, 0, len(b.GetData().GetData()))
	for i, raw := range b.GetData().GetData() {
		_, channel, err := open(raw)
		if i < len(codes) && err == nil && channel.GetTxId() != "" {
			all = append(all, outcome{channel.GetTxId(), peer.TxValidationCode(codes[i])})
		}
	}
	return all
}

func open(raw []byte) (*common.Payload, *common.ChannelHeader, error) {
	var envelope common.Envelope
	payload, channel := new(common.Payload), new(common.ChannelHeader)
	err := errors.Join(proto.Unmarshal(raw, &envelope), proto.Unmarshal(envelope.GetPayload(), payload),
		proto.Unmarshal(payload.GetHeader().GetChannelHeader(), channel))
	return payload, channel, err
}

// decode reads one transaction; ours is false for configuration and for other
// chaincodes' transactions.
func (t *Transaction) decode(raw []byte, chaincode string) (ours bool, err error) {
	payload, channel, err := open(raw)
	if err != nil {
		return false, err
	}
	t.ID, t.Time = channel.GetTxId(), channel.GetTimestamp().AsTime().UTC().Truncate(time.Millisecond)
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return false, nil
	}
	var signed common.SignatureHeader
	var creator msp.SerializedIdentity
	var tx peer.Transaction
	if err := errors.Join(proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &signed), proto.Unmarshal(signed.GetCreator(), &creator),
		proto.Unmarshal(payload.GetData(), &tx)); err != nil {
		return false, err
	}
	t.Submitter = creator.GetMspid()
	for _, a := range tx.GetActions() {
		its, err := t.action(a.GetPayload(), chaincode)
		if err != nil {
			return true, err
		}
		ours = ours || its
	}
	return ours, nil
}

// action reads one action: a call of a chaincode and what came of it.
func (t *Transaction) action(raw []byte, chaincode string) (ours bool, err error) {
	var (
		action   peer.ChaincodeActionPayload
		proposal peer.ChaincodeProposalPayload
		call     peer.ChaincodeInvocationSpec
		response peer.ProposalResponsePayload
		did      peer.ChaincodeAction
		results  rwset.TxReadWriteSet
		event    peer.ChaincodeEvent
	)
	if err := errors.Join(proto.Unmarshal(raw, &action), proto.Unmarshal(action.GetAction().GetProposalResponsePayload(), &response),
		proto.Unmarshal(response.GetExtension(), &did)); err != nil {
		return false, err
	}
	if did.GetChaincodeId().GetName() != chaincode {
		return false, nil
	}
	if err := errors.Join(proto.Unmarshal(action.GetChaincodeProposalPayload(), &proposal), proto.Unmarshal(proposal.GetInput(), &call),
		proto.Unmarshal(did.GetResults(), &results), proto.Unmarshal(did.GetEvents(), &event)); err != nil {
		return true, err
	}
	if args := call.GetChaincodeSpec().GetInput().GetArgs(); len(args) > 0 {
		t.Function = string(args[0])
	}
	t.EventName, t.Event = event.GetEventName(), event.GetPayload()
	for _, ns := range results.GetNsRwset() {
		if ns.GetNamespace() != chaincode {
			continue
		}
		var set kvrwset.KVRWSet
		if err := proto.Unmarshal(ns.GetRwset(), &set); err != nil {
			return true, fmt.Errorf("write set: %w", err)
		}
		for _, w := range set.GetWrites() {
			t.Writes = append(t.Writes, Write{w.GetKey(), w.GetValue(), w.GetIsDelete()})
		}
	}
	return true, nil
}
