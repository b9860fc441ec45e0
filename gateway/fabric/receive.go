package fabric

import (
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// sharing receives blocks whose parts are parts of the message that they came in:
// the library's own codec copies each of them once more. Whatever is not a block as
// the peer writes it is left to that one.
type sharing struct {
	encoding.CodecV2
	*room
}

// newSharing: without room each block has memory of its own.
func newSharing(r *room) sharing { return sharing{encoding.GetCodecV2(proto.Name), r} }

// Unmarshal reads one message of a stream of blocks.
func (c sharing) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*peer.DeliverResponse)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	in := c.take(data.Len())
	data.CopyTo(in)
	b, err := shared(in)
	if err != nil {
		c.free(in)
		return c.CodecV2.Unmarshal(data, v)
	}
	c.hold(b, in)
	r.Type = &peer.DeliverResponse_Block{Block: b}
	return nil
}

// room is what the blocks of one stream are received in. Who is done with a block
// says so, and the next ones lie where it was: a replay would otherwise take as much
// fresh memory as the chain is long. It holds nothing that was claimed and not freed.
type room struct {
	mu   sync.Mutex
	came map[*common.Block][]byte // guarded by mu; where those are that nobody has claimed yet
	left [][]byte                 // guarded by mu
}

func newRoom() *room { return &room{came: make(map[*common.Block][]byte)} }

// take gives n bytes.
func (r *room) take(n int) []byte {
	if r == nil {
		return make([]byte, n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.left) - 1; last >= 0 {
		in := r.left[last]
		if r.left = r.left[:last]; n <= cap(in) {
			return in[:n]
		} // too small: blocks have become larger
	}
	return make([]byte, n, n+n/4)
}

// hold notes where a block is.
func (r *room) hold(b *common.Block, in []byte) {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.came[b] = in
	}
}

// claim tells where a block is, once.
func (r *room) claim(b *common.Block) (in []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in = r.came[b]
	delete(r.came, b)
	return in
}

// free says that nothing is read any more of what lies there.
func (r *room) free(in []byte) {
	if r != nil && cap(in) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left = append(r.left, in)
	}
}

// shared reads a response of the deliver service that is a block as the peer writes it.
func shared(raw []byte) (*common.Block, error) {
	b := new(common.Block)
	err := each(raw, func(m *message) { // DeliverResponse
		if !m.is(2) {
			m.err = errForm
			return
		}
		m.inside(func(m *message) { // Block
			switch {
			case m.is(1) && b.Header == nil:
				b.Header = new(common.BlockHeader)
				m.inside(func(m *message) { // BlockHeader
					switch {
					case m.counts(1):
						b.Header.Number = m.number
					case m.is(2):
						b.Header.PreviousHash = m.part()
					case m.is(3):
						b.Header.DataHash = m.part()
					default:
						m.err = errForm
					}
				})
			case m.is(2) && b.Data == nil:
				b.Data = new(common.BlockData)
				m.inside(func(m *message) { // BlockData
					b.Data.Data = parts(m, b.Data.Data)
				})
			case m.is(3) && b.Metadata == nil:
				b.Metadata = new(common.BlockMetadata)
				m.inside(func(m *message) { // BlockMetadata
					b.Metadata.Metadata = parts(m, b.Metadata.Metadata)
				})
			default:
				m.err = errForm
			}
		})
	})
	if err == nil && (b.Header == nil || b.Data == nil || b.Metadata == nil) {
		err = errForm
	}
	return b, err
}

// parts takes one more part of a list up.
func parts(m *message, all [][]byte) [][]byte {
	if !m.is(1) {
		m.err = errForm
	}
	return append(all, m.part())
}
