package notary

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// answer is a question and its answer, taken out of Fabric's encoding. Its parts
// fit one another; whether the signatures are good is not said.
type answer struct {
	channel, chaincode, version string
	transaction                 string
	argument                    []byte
	transactionID               string
	askedAt                     time.Time
	asker                       *msp.SerializedIdentity
	result                      []byte
	height                      uint64
	signed                      []byte // what the peers signed, each followed by its identity
	to                          []byte // hash of the question that it says it answers
	endorsements                []endorsement
}

// endorsement is one peer's word.
type endorsement struct {
	endorser  []byte // the identity as the peer encoded and signed it
	identity  *msp.SerializedIdentity
	signature []byte
}

// maxEndorsements is more than any network has peers for one answer.
const maxEndorsements = 256

// open takes the payload of a prepared transaction apart.
func open(payload []byte) (*answer, error) {
	var p common.Payload
	var tx peer.Transaction
	var did peer.ChaincodeActionPayload
	if err := parse(part{"payload", payload, &p}); err != nil {
		return nil, err
	}
	if err := parse(part{"transaction", p.GetData(), &tx}); err != nil {
		return nil, err
	}
	if n := len(tx.GetActions()); n != 1 {
		return nil, fmt.Errorf("it holds %d answers, want one", n)
	}
	if err := parse(part{"action", tx.GetActions()[0].GetPayload(), &did}); err != nil {
		return nil, err
	}
	a := &answer{signed: did.GetAction().GetProposalResponsePayload()}
	if err := a.question(p.GetHeader(), did.GetChaincodeProposalPayload()); err != nil {
		return nil, err
	}
	if err := a.response(); err != nil {
		return nil, err
	}
	if deep(a.argument) || deep(a.result) {
		return nil, fmt.Errorf("its question or answer is nested deeper than %d", maxDepth)
	}
	if err := a.fits(p.GetHeader(), did.GetChaincodeProposalPayload()); err != nil {
		return nil, err
	}
	return a, a.endorsed(did.GetAction().GetEndorsements())
}

type part struct {
	name string
	from []byte
	into proto.Message
}

func parse(parts ...part) error {
	for _, p := range parts {
		if err := proto.Unmarshal(p.from, p.into); err != nil {
			return fmt.Errorf("the %s is not in Fabric's encoding", p.name)
		}
	}
	return nil
}

// question reads who asked what, where and when.
func (a *answer) question(h *common.Header, proposal []byte) error {
	var channel common.ChannelHeader
	var signed common.SignatureHeader
	var asked peer.ChaincodeProposalPayload
	var call peer.ChaincodeInvocationSpec
	var extension peer.ChaincodeHeaderExtension
	a.asker = new(msp.SerializedIdentity)
	if err := parse(part{"channel header", h.GetChannelHeader(), &channel}, part{"signature header", h.GetSignatureHeader(), &signed},
		part{"question", proposal, &asked}); err != nil {
		return err
	}
	if err := parse(part{"asker's identity", signed.GetCreator(), a.asker}, part{"call", asked.GetInput(), &call}, part{"header extension", channel.GetExtension(), &extension}); err != nil {
		return err
	}
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return errors.New("it is not a call of a chaincode")
	}
	id := sha256.Sum256(append(slices.Clone(signed.GetNonce()), signed.GetCreator()...))
	if a.transactionID = channel.GetTxId(); a.transactionID != hex.EncodeToString(id[:]) {
		return errors.New("the question's id is not the one that follows from who asked")
	}
	if err := channel.GetTimestamp().CheckValid(); err != nil {
		return errors.New("the question has no time")
	}
	spec := call.GetChaincodeSpec()
	args := spec.GetInput().GetArgs()
	if len(args) != 2 || !json.Valid(args[1]) {
		return errors.New("a question is a name and one JSON argument")
	}
	a.channel, a.chaincode, a.askedAt = channel.GetChannelId(), spec.GetChaincodeId().GetName(), channel.GetTimestamp().AsTime().UTC()
	a.transaction, a.argument = string(args[0]), args[1]
	if extension.GetChaincodeId().GetName() != a.chaincode {
		return errors.New("the question names two chaincodes")
	}
	if !slices.Contains(Notarised(), api.Transaction(a.transaction)) {
		return fmt.Errorf("%s is no question whose answer can be notarised", a.transaction)
	}
	return nil
}

// response reads what the peers signed.
func (a *answer) response() error {
	var response peer.ProposalResponsePayload
	var did peer.ChaincodeAction
	var read rwset.TxReadWriteSet
	if err := parse(part{"response", a.signed, &response}); err != nil {
		return err
	}
	if err := parse(part{"response's action", response.GetExtension(), &did}); err != nil {
		return err
	}
	if err := parse(part{"read set", did.GetResults(), &read}); err != nil {
		return err
	}
	if got := did.GetChaincodeId().GetName(); got != a.chaincode {
		return fmt.Errorf("chaincode %s was asked, and %s answered", a.chaincode, got)
	}
	if got := did.GetResponse().GetStatus(); got != 200 {
		return fmt.Errorf("the answer is a refusal with status %d", got)
	}
	if len(did.GetEvents()) > 0 {
		return errWrites
	}
	a.to, a.version, a.result = response.GetProposalHash(), did.GetChaincodeId().GetVersion(), did.GetResponse().GetPayload()
	if !json.Valid(a.result) {
		return errors.New("the result is not JSON")
	}
	return a.reads(&read)
}

var errWrites = errors.New("it is a transaction that writes, which says nothing about what is on the ledger")

// reads looks through what was read for the newest block, and for writes.
func (a *answer) reads(all *rwset.TxReadWriteSet) error {
	see := func(reads []*kvrwset.KVRead) {
		for _, r := range reads {
			if r.GetVersion() != nil {
				a.height = max(a.height, r.GetVersion().GetBlockNum()+1)
			}
		}
	}
	for _, ns := range all.GetNsRwset() {
		var set kvrwset.KVRWSet
		if err := parse(part{"read set", ns.GetRwset(), &set}); err != nil {
			return err
		}
		if len(set.GetWrites()) > 0 || len(set.GetMetadataWrites()) > 0 || len(ns.GetCollectionHashedRwset()) > 0 {
			return errWrites
		}
		see(set.GetReads())
		for _, q := range set.GetRangeQueriesInfo() {
			see(q.GetRawReads().GetKvReads())
		}
	}
	return nil
}

// fits holds the answer to the question: the peers signed the question's hash.
func (a *answer) fits(h *common.Header, proposal []byte) error {
	sum := sha256.Sum256(slices.Concat(h.GetChannelHeader(), h.GetSignatureHeader(), proposal))
	if !bytes.Equal(sum[:], a.to) {
		return errors.New("the answer is to another question")
	}
	return nil
}

func (a *answer) endorsed(by []*peer.Endorsement) error {
	if len(by) == 0 || len(by) > maxEndorsements {
		return fmt.Errorf("it has %d endorsements, want 1 to %d", len(by), maxEndorsements)
	}
	for _, e := range by {
		id := new(msp.SerializedIdentity)
		if err := parse(part{"endorser's identity", e.GetEndorser(), id}); err != nil {
			return err
		}
		a.endorsements = append(a.endorsements, endorsement{e.GetEndorser(), id, e.GetSignature()})
	}
	return nil
}

// maxDepth is deeper than any answer is nested. A file sets the answer out in lines, which
// takes room for each element by its depth.
const maxDepth = 64

// deep reports whether valid JSON is nested deeper than [maxDepth].
func deep(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // which none is too large for
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return false // it has ended
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return true
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}
