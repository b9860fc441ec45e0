package fabric

import "context"

// ChaincodeEvent is what a valid transaction announced.
type ChaincodeEvent struct {
	Block   uint64
	Name    string
	Payload []byte
}

// Events gives the chaincode's events from a block on, that block's included, out
// of the same stream as [Network.Blocks]. The channel is closed when ctx ends.
func (n *Network) Events(ctx context.Context, from uint64) (<-chan ChaincodeEvent, error) {
	out := make(chan ChaincodeEvent)
	go func() {
		defer close(out)
		_ = n.Blocks(ctx, from, func(b *Block) error { // which ends with ctx alone
			for _, t := range b.Transactions {
				if t.EventName == "" {
					continue
				}
				select {
				case out <- ChaincodeEvent{b.Number, t.EventName, t.Event}:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}()
	return out, nil
}
