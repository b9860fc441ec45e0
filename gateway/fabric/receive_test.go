package fabric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
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
	in.claim(held)
	in.free(in.claim(done))
	in.free(in.claim(done)) // nothing: it is nowhere any more
	again, other := receive(1), receive(1)
	if &again.Data.Data[0][0] != at || &other.Data.Data[0][0] == at {
		t.Error("a block does not lie where the one was that was done with, or two do")
	}
	expect(0, held)
	expect(1, again)
	expect(1, other)
	if len(in.came) != 2 || len(in.left) != 0 {
		t.Errorf("%d blocks that nobody has claimed and room for %d, not 2 and 0", len(in.came), len(in.left))
	}
}

// receiving is a source whose blocks are received as a peer's are.
type receiving struct {
	*chain
	mu sync.Mutex
	in []*room // guarded by mu
}

func (r *receiving) open(ctx context.Context, from uint64, in *room) (<-chan *common.Block, error) {
	blocks, err := r.chain.open(ctx, from, in)
	if err != nil {
		return nil, err
	}
	if in != nil {
		r.mu.Lock()
		r.in = append(r.in, in)
		r.mu.Unlock()
	}
	out := make(chan *common.Block)
	go func() {
		defer close(out)
		codec := newSharing(in)
		for b := range blocks {
			sent := &common.Block{Header: b.GetHeader(), Data: b.GetData(), Metadata: &common.BlockMetadata{Metadata: [][]byte{nil, nil, {0}}}}
			raw, err := proto.Marshal(&peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: sent}})
			var got peer.DeliverResponse
			if err == nil {
				err = codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, &got)
			}
			if err != nil {
				panic(err)
			}
			out <- got.GetBlock()
		}
	}()
	return out, nil
}

// long is a chain that is past, of blocks of all sizes, and a stream that has seen none of it.
func long(t *testing.T, blocks int) (*receiving, *stream) {
	t.Helper()
	random := rand.New(rand.NewPCG(4, 9))
	ch := newChain(0)
	for i := range blocks {
		var all []entry
		for k := range random.IntN(30) {
			all = append(all, entry{fmt.Sprintf("tx-%d-%d-%s", i, k, strings.Repeat("x", random.IntN(200))), valid})
		}
		ch.add(all...)
	}
	source := &receiving{chain: ch}
	s := newStream(source, Config{Log: slog.New(slog.DiscardHandler)})
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	running.Go(func() { s.run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	for s.height() < uint64(blocks) {
		time.Sleep(time.Millisecond)
	}
	return source, s
}

// Whoever follows says of blocks that they are done with, or does not, in any order:
// nobody's block is overwritten while it is read.
func TestManyFollowersReadTheirOwn(t *testing.T) {
	const past = 600
	source, s := long(t, past)
	var all sync.WaitGroup
	for follower := range 4 {
		all.Go(func() {
			enough := errors.New("enough")
			random := rand.New(rand.NewPCG(uint64(follower), 1))
			var held []received
			let := func() {
				at := random.IntN(len(held))
				r := held[at]
				held = slices.Delete(held, at, at+1)
				if number := r.GetHeader().GetNumber(); !proto.Equal(r.GetData(), source.blocks[number].GetData()) {
					t.Errorf("follower %d: block %d is another's", follower, number)
				}
				if r.done != nil && random.IntN(4) > 0 {
					r.done()
				}
			}
			err := s.follow(t.Context(), 0, func(r received) error {
				if held = append(held, r); len(held) > 20 {
					let()
				}
				if r.GetHeader().GetNumber() == past-1 {
					return enough
				}
				return nil
			})
			for len(held) > 0 {
				let()
			}
			if !errors.Is(err, enough) {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Blocks of which nobody says that they are done with are not kept for that.
func TestWhatNobodyIsDoneWithIsNotHeld(t *testing.T) {
	const past = 600
	source, s := long(t, past)
	n := &Network{stream: s}
	enough, most := errors.New("enough"), 0
	err := n.Blocks(t.Context(), 0, func(b *Block) error {
		source.mu.Lock()
		defer source.mu.Unlock()
		for _, in := range source.in {
			in.mu.Lock()
			most = max(most, len(in.came)+len(in.left))
			in.mu.Unlock()
		}
		if b.Number == past-1 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || len(source.in) == 0 || most > 4 {
		t.Errorf("%v; %d streams of what is past, and %d blocks are held that nobody has any more", err, len(source.in), most)
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
