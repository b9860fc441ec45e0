package faults

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/network/block"
)

// TestEveryReadingIsRecoverableFromTheLedger sends readings, reads the blocks of
// another organisation's peer, and finds every signed payload in them, byte for
// byte, without any help of a gateway or of the state. Then it compares what the
// ledger grows by for a reading in a batch and for one in a transaction of its own.
func TestEveryReadingIsRecoverableFromTheLedger(t *testing.T) {
	w, ctx := enter(t)
	const batches, segments, readings, singles, currency = 3, 16, 2048, 48, "XRR"
	if err := w.fund(ctx, currency, 1); err != nil {
		t.Fatal(err)
	}
	j, err := w.journey(ctx, "recovered", currency, 8)
	if err == nil {
		err = j.pickUp(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	j.devices[0].every = 10 // nearly 100,000 readings, all of which have been by now
	w.heal(ctx, t)
	first, err := w.blocks.Height(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string][][]byte{} // by device, in order
	var mu sync.Mutex
	post := func(d *device, key string, segments, readings int) {
		milli := make([]int64, readings)
		for i := range milli {
			milli[i] = 20_000 + int64(i*7919%200)
		}
		body := struct {
			DeviceID  string           `json:"deviceId"`
			Envelopes []*dsse.Envelope `json:"envelopes"`
		}{DeviceID: d.id}
		for range segments {
			e, err := d.segment(j.id, false, milli...)
			if err != nil {
				t.Error(err)
				return
			}
			payload, err := base64.StdEncoding.DecodeString(e.Payload)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			sent[d.id] = append(sent[d.id], payload)
			mu.Unlock()
			body.Envelopes = append(body.Envelopes, e)
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := w.party(manufacturer).step(ctx, j.path("/segments"), key, string(text)); err != nil {
			t.Error(err)
		}
	}
	size := w.stored(ctx, t)
	for i := range batches {
		post(j.devices[0], fmt.Sprint("batch-", i), segments, readings)
	}
	w.heal(ctx, t)
	batched := float64(w.stored(ctx, t)-size) / (batches * segments * readings)
	size = w.stored(ctx, t)
	var wg sync.WaitGroup
	for i, d := range j.devices[1:] { // at the same time, so that blocks have company in them
		wg.Go(func() {
			for k := range singles {
				post(d, fmt.Sprint("single-", i, "-", k), 1, 1)
			}
		})
	}
	wg.Wait()
	w.heal(ctx, t)
	single := float64(w.stored(ctx, t)-size) / float64(singles*len(j.devices[1:]))
	t.Logf("a reading takes %.2f bytes of the block store in a batch and %.0f alone: 1 to %.0f", batched, single, single/batched)
	if single < 300*batched {
		t.Errorf("a batched reading takes %.2f bytes, more than 1/300 of the %.0f of one alone", batched, single)
	}
	w.expectRecovered(ctx, t, j.id, first, sent)
}

// stored is how many bytes the block store of the manufacturer's peer has.
func (w *world) stored(ctx context.Context, t *testing.T) (sum int64) {
	t.Helper()
	if ctx.Err() != nil {
		t.Fatal(ctx.Err())
	}
	files, err := filepath.Glob(filepath.Join(w.net.Dir, "data", "manufacturer", "peer", "ledgersData", "chains", "chains", w.net.Topology.Channel.Name, "blockfile_*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no block store: %v", err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	return sum
}

// expectRecovered takes the envelopes out of the transactions' arguments.
func (w *world) expectRecovered(ctx context.Context, t *testing.T, shipmentID string, first uint64, sent map[string][][]byte) {
	t.Helper()
	peer, err := w.net.Blocks(service)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	height, err := peer.Height(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found, readings := map[string]int{}, 0
	for n := first; n < height; n++ {
		b, err := peer.Get(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		all, err := block.Transactions(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range all {
			if !tx.Valid() || string(tx.Args[0]) != string(api.RecordReadingsTx) {
				continue
			}
			var in api.RecordReadings
			if err := json.Unmarshal(tx.Args[1], &in); err != nil {
				t.Fatal(err)
			}
			for _, e := range in.Envelopes {
				payload, err := base64.StdEncoding.DecodeString(e.Payload)
				if err != nil {
					t.Fatal(err)
				}
				s, err := segment.Decode(payload)
				if err != nil {
					t.Fatal(err)
				}
				i := found[s.DeviceID]
				if s.ShipmentID != shipmentID || i >= len(sent[s.DeviceID]) || !bytes.Equal(payload, sent[s.DeviceID][i]) {
					t.Fatalf("segment %d of %s on the ledger is not what was sent", i, s.DeviceID)
				}
				found[s.DeviceID]++
				readings += len(s.Readings)
			}
		}
	}
	for id, payloads := range sent {
		if found[id] != len(payloads) {
			t.Errorf("%d of %d segments of %s are on the ledger", found[id], len(payloads), id)
		}
	}
	t.Logf("%d readings recovered from blocks %d to %d", readings, first, height-1)
}
