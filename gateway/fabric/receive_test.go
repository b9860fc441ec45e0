package fabric

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// Whatever the bytes are, and in how many pieces they come: a message is received as
// the library receives it, or refused as the library refuses it.
func FuzzABlockIsReceivedAsTheLibraryReceivesIt(f *testing.F) {
	for _, raw := range responses(f) {
		f.Add(raw, 7)
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut int) { receivedAlike(t, raw, cut) })
}

func TestBrokenMessagesAreReceivedAsTheLibraryReceivesThem(t *testing.T) {
	eachBroken(t, responses(t), func(t *testing.T, raw []byte) bool { return receivedAlike(t, raw, len(raw)/2) })
}

// A peer's block is not left to the library.
func TestBlocksAreShared(t *testing.T) {
	for _, b := range chainOf(t) {
		raw, err := proto.Marshal(&peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: b}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := shared(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	}
}

// responses are messages of the deliver service: blocks, and what it says besides.
func responses(t testing.TB) (all [][]byte) {
	t.Helper()
	said := []*peer.DeliverResponse{
		{}, {Type: &peer.DeliverResponse_Status{Status: common.Status_FORBIDDEN}}, {Type: &peer.DeliverResponse_Block{Block: &common.Block{}}},
		{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: &peer.FilteredBlock{ChannelId: "lifeledger", Number: 3}}},
	}
	for _, b := range chainOf(t) {
		said = append(said, &peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: b}})
	}
	for _, r := range said {
		raw, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return append(all, append(append([]byte{}, all[len(all)-1]...), all[len(all)-2]...)) // two blocks in one
}

// receivedAlike holds what is received against the library's codec; false: both refuse it.
func receivedAlike(t *testing.T, raw []byte, cut int) bool {
	t.Helper()
	cut = min(max(cut, 0), len(raw))
	pieces := mem.BufferSlice{mem.SliceBuffer(raw[:cut]), mem.SliceBuffer(raw[cut:])}
	codec := newSharing(nil)
	var got, want peer.DeliverResponse
	err, wantErr := codec.Unmarshal(pieces, &got), codec.CodecV2.Unmarshal(pieces, &want)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%x: %v, not %v", raw, err, wantErr)
	}
	if err == nil && !proto.Equal(&got, &want) {
		t.Fatalf("%x: %s", raw, cmp.Diff(&want, &got, protocmp.Transform()))
	}
	return err == nil
}

// A block comes to lie where one was that somebody is done with, and nowhere else.
func TestWhatIsDoneWithIsUsedAgain(t *testing.T) {
	in := newRoom()
	codec := newSharing(in)
	chain := chainOf(t)
	receive := func(number int) *common.Block {
		raw, err := proto.Marshal(&peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: chain[number]}})
		if err != nil {
			t.Fatal(err)
		}
		var r peer.DeliverResponse
		if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, &r); err != nil {
			t.Fatal(err)
		}
		return r.GetBlock()
	}
	expect := func(number int, got *common.Block) {
		t.Helper()
		if diff := cmp.Diff(chain[number], got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	}
	held, done := receive(0), receive(1)
	at := &done.Data.Data[0][0]
	in.done(done)
	in.done(done) // what is said twice is said once
	again, other := receive(1), receive(1)
	if &again.Data.Data[0][0] != at || &other.Data.Data[0][0] == at {
		t.Error("a block does not lie where the one was that was done with, or two do")
	}
	expect(0, held)
	expect(1, again)
	expect(1, other)
	if in.done(held); len(in.used) != 2 || len(in.left) != 1 {
		t.Errorf("%d blocks in use and room for %d, not 2 and 1", len(in.used), len(in.left))
	}
}

// Who gives up over the last block that there is does not wait for another.
func TestWhoGivesUpIsHeard(t *testing.T) {
	ch := newChain(5)
	n := &Network{stream: streaming(t, ch)}
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := n.Blocks(ctx, 0, func(b *Block) error {
		if b.Number == 4 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}
