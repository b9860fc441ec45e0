package fabric

import (
	"context"

	"github.com/hyperledger/fabric-gateway/pkg/client"
)

// ChaincodeEvent is what a valid transaction announced.
type ChaincodeEvent struct {
	Block   uint64
	Name    string
	Payload []byte
}

// Events gives the chaincode's events from a block on, that block's included.
// The channel is closed when the stream is cut or ctx ends, and MUST be read until then.
func (n *Network) Events(ctx context.Context, from uint64) (<-chan ChaincodeEvent, error) {
	events, err := n.session.Load().network.ChaincodeEvents(ctx, n.config.Chaincode, client.WithStartBlock(from))
	if err != nil {
		return nil, classify(ctx, CommitStatus, "", err)
	}
	out := make(chan ChaincodeEvent)
	go func() {
		defer close(out)
		for e := range events {
			select {
			case out <- ChaincodeEvent{e.BlockNumber, e.EventName, e.Payload}:
			case <-ctx.Done(): // the library's reader blocks on a channel that nobody reads
			}
		}
	}()
	return out, nil
}
