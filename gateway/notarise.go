package main

import (
	"context"
	"log/slog"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/notary"
)

// Notarise asks a peer of each organisation and makes a file of what they signed.
func (l ledger) Notarise(ctx context.Context, tx api.Transaction, argument []byte, organisations []string) ([]byte, error) {
	found, err := l.network.Notarise(ctx, tx, argument, organisations)
	if err != nil {
		return nil, shown(err)
	}
	places, err := l.places(ctx, found.Payload)
	if err != nil {
		return nil, err
	}
	return notary.Write(found.Payload, places, found.Sign)
}

// mostAsked bounds the transactions that the peer is asked for one by one.
const mostAsked = 32

// places says in which blocks the transactions are that an answer names, as far as
// that is known: by the read model, and for the newest by the own peer.
func (l ledger) places(ctx context.Context, payload []byte) ([]notary.Place, error) {
	named, err := notary.Named(payload)
	if err != nil {
		return nil, err
	}
	blocks, err := l.blocksOf(ctx, named)
	if err != nil {
		slog.Warn("a notarised answer goes without the blocks of its transactions", "error", err)
		blocks = nil
	}
	var places []notary.Place
	asked := 0
	for _, id := range named {
		block, known := blocks[id]
		if !known && asked < mostAsked {
			asked++
			c, committed, err := l.network.Status(ctx, id)
			block, known = c.Block, err == nil && committed
		}
		if known {
			places = append(places, notary.Place{TransactionID: id, Block: block})
		}
	}
	return places, nil
}
