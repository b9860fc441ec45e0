package fabric

import (
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// sharing receives blocks whose parts are parts of the message that they came in:
// the library's own codec copies each of them once more. Whatever is not a block as
// the peer writes it is left to that one.
type sharing struct{ encoding.CodecV2 }

func newSharing() sharing { return sharing{encoding.GetCodecV2(proto.Name)} }

// Unmarshal reads one message of a stream of blocks.
func (c sharing) Unmarshal(data mem.BufferSlice, v any) error {
	if r, ok := v.(*peer.DeliverResponse); ok {
		if b, err := shared(data.Materialize()); err == nil {
			r.Type = &peer.DeliverResponse_Block{Block: b}
			return nil
		}
	}
	return c.CodecV2.Unmarshal(data, v)
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
