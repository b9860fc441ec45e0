package fabric

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
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

	Release func() // what Done does; nil: nothing
}

// Done says that the values and events of the block are not read any more: where they
// are another block comes to lie. Who never says so keeps them for as long as they like.
func (b *Block) Done() {
	if b.Release != nil {
		b.Release()
		b.Release = nil
	}
}

// Transaction is one valid transaction of the chaincode. Its values and its event
// are parts of the peer's block: who keeps them for long copies them.
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
		Number: h.GetNumber(), Hash: headerHash(h), Previous: bytes.Clone(h.GetPreviousHash()), CommitHash: commitHash(b),
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
		e, err := open(raw)
		if i < len(codes) && err == nil && e.id != "" {
			all = append(all, outcome{e.id, peer.TxValidationCode(codes[i])})
		}
	}
	return all
}
