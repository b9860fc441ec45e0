package fabric

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Whatever the bytes are: what the whole messages say is what is read, and what
// cannot be read is no whole message either. The other way round, a transaction
// whose broken part is not needed may be read; the peer lets none of those be valid.
func FuzzATransactionIsReadAsItsMessagesSay(f *testing.F) {
	for _, b := range chainOf(f) {
		for _, raw := range b.GetData().GetData() {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sameAsWhole(t, raw)
	})
}

func TestBrokenTransactionsAreReadAsTheirMessagesSay(t *testing.T) {
	var all [][]byte
	for _, b := range chainOf(t)[1:] {
		all = append(all, b.GetData().GetData()...)
	}
	eachBroken(t, all, sameAsWhole)
}

// eachBroken tries messages, and each of them with every byte changed, with it lost,
// and with all from it on lost. Many must be read, many not.
func eachBroken(t *testing.T, all [][]byte, try func(t *testing.T, raw []byte) bool) {
	t.Helper()
	read, broken := 0, 0
	count := func(raw []byte) {
		if try(t, raw) {
			read++
		} else {
			broken++
		}
	}
	for _, raw := range all {
		count(raw)
		for i := range raw {
			count(raw[:i])
			changed := append([]byte{}, raw...)
			changed[i] ^= 1 << (i % 8)
			count(changed)
			count(append(append([]byte{}, raw[:i]...), raw[i+1:]...))
		}
	}
	if read < 100 || broken < 100 {
		t.Errorf("%d were read, %d were broken", read, broken)
	}
}

// sameAsWhole holds what is read against the whole messages; false: it could not be read.
func sameAsWhole(t *testing.T, raw []byte) bool {
	t.Helper()
	var got, want Transaction
	ours, err := got.decode(raw, "lifeledger")
	wantOurs, wantErr := want.decodeWhole(raw, "lifeledger")
	switch {
	case err != nil && wantErr == nil:
		t.Fatalf("%x cannot be read: %v", raw, err)
	case wantErr == nil && ours != wantOurs:
		t.Fatalf("%x: ours %v, not %v", raw, ours, wantOurs)
	case wantErr == nil:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%x: %s", raw, diff)
		}
	}
	return err == nil
}

func openWhole(raw []byte) (*common.Payload, *common.ChannelHeader, error) {
	var envelope common.Envelope
	payload, channel := new(common.Payload), new(common.ChannelHeader)
	err := errors.Join(proto.Unmarshal(raw, &envelope), proto.Unmarshal(envelope.GetPayload(), payload),
		proto.Unmarshal(payload.GetHeader().GetChannelHeader(), channel))
	return payload, channel, err
}

// decodeWhole is decode by way of the messages.
func (t *Transaction) decodeWhole(raw []byte, chaincode string) (ours bool, err error) {
	payload, channel, err := openWhole(raw)
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
		its, err := t.actionWhole(a.GetPayload(), chaincode)
		if err != nil {
			return true, err
		}
		ours = ours || its
	}
	return ours, nil
}

func (t *Transaction) actionWhole(raw []byte, chaincode string) (ours bool, err error) {
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
