package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// Readings in a full request: as many as its 256 KB take.
const (
	batchSegments = 16
	batchReadings = 2048
)

// benchReadings is (b): readings per second on the ledger when segments are
// batched, divided by one reading in each transaction, through the same gateway
// with as many streams.
func benchReadings(ctx context.Context, r *rig, o options) (*ratio, error) {
	out := &ratio{name: "(b) readings in batches ÷ one transaction per reading", goal: "≥ 1,000", unit: "readings/s", ok: func(s spread) bool { return s.mid >= 1000 }}
	streams, err := newStreams(ctx, r, o.workers)
	if err != nil {
		return nil, err
	}
	post := func(segments, readings int) func(context.Context, int) (int, error) {
		return func(ctx context.Context, w int) (int, error) {
			return segments * readings, streams[w].post(ctx, r, segments, readings)
		}
	}
	for i := range o.pairs + 1 {
		a, err := load(ctx, o.workers, o.slice, post(batchSegments, batchReadings))
		if err != nil {
			return nil, err
		}
		b, err := load(ctx, o.workers, o.slice, post(1, 1))
		if err != nil {
			return nil, err
		}
		progress("readings: pair %d: %.0f and %.0f readings/s", i, a, b)
		if i > 0 {
			out.add(a, b)
		}
	}
	return out, nil
}

// stream is one device on one shipment, as the device sees it.
type stream struct {
	shipmentID, deviceID string
	key                  *smartpackage.Key
	next                 uint64
	previous             [32]byte
	at                   int64 // of the next reading, Unix ms
}

// newStreams makes n devices, eight to a shipment, all picked up long ago.
func newStreams(ctx context.Context, r *rig, n int) ([]*stream, error) {
	var out []*stream
	if err := r.post(ctx, "/tokens/issues", []byte(`{"currency":"USD","amountMinor":1000000,"reserve":"benchmark"}`), nil); err != nil {
		return nil, err
	}
	for len(out) < n {
		group, err := newShipment(ctx, r, min(shipment.MaxDevices, n-len(out)))
		if err != nil {
			return nil, err
		}
		out = append(out, group...)
	}
	return out, nil
}

func newShipment(ctx context.Context, r *rig, devices int) ([]*stream, error) {
	start := time.Now().Add(-300 * 24 * time.Hour).Truncate(time.Second)
	out := make([]*stream, devices)
	errs := make([]error, devices)
	shipmentID := "bench-" + rand.Text()
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() { out[i], errs[i] = newDevice(ctx, r, shipmentID, start.UnixMilli()) })
	}
	wg.Wait()
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: orgID, Consignee: orgID, Payer: orgID, Currency: "USD", Goods: []string{},
		Legs: []shipment.Leg{{Carrier: orgID, FeeMinor: 1_000}}, LateRecordingSeconds: shipment.MaxWaitS,
		Limits: []shipment.Limit{
			{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1_000},
			{LimitID: "cold", Rule: shipment.TemperatureLow.ID, Milli: 2_000, OnDelayMs: 60_000, PenaltyMinor: 1_000},
			{LimitID: "shock", Rule: shipment.Shock.ID, Milli: 2_500, OffDelayMs: 2_000, PenaltyMinor: money.Minor(500)},
		},
	}
	for i, s := range out {
		if errs[i] != nil {
			return nil, errs[i]
		}
		terms.Devices = append(terms.Devices, s.deviceID)
	}
	return out, begin(ctx, r, shipmentID, terms, measure.TimeOf(start))
}

// begin proposes, accepts and picks up; the organisation is every party.
func begin(ctx context.Context, r *rig, id string, t shipment.Terms, pickUp measure.Time) error {
	proposal, err := json.Marshal(api.ProposeShipment{ShipmentID: id, Terms: t})
	if err != nil {
		return err
	}
	var s shipment.Shipment
	if err := r.post(ctx, "/shipments", proposal, &s); err != nil {
		return err
	}
	path := "/shipments/" + id
	if err := r.post(ctx, path+"/acceptance", fmt.Appendf(nil, `{"termsHash":%q}`, s.TermsHash), nil); err != nil {
		return err
	}
	if err := r.post(ctx, path+"/handover-offers", fmt.Appendf(nil, `{"to":%q,"occurredAt":%q}`, orgID, pickUp), nil); err != nil {
		return err
	}
	return r.post(ctx, path+"/handover-acceptance", nil, nil)
}

func newDevice(ctx context.Context, r *rig, shipmentID string, start int64) (*stream, error) {
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return nil, err
	}
	s := &stream{shipmentID: shipmentID, deviceID: "bench-" + rand.Text(), key: key, next: 1, at: start}
	reg, err := smartpackage.NewRegistration("lifeledger/lifeledger", s.deviceID, orgID, key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(reg)
	if err != nil {
		return nil, err
	}
	return s, r.post(ctx, "/devices", body, nil)
}

// post signs the next segments and brings them to the ledger in one request.
func (s *stream) post(ctx context.Context, r *rig, segments, readings int) error {
	in := api.RecordReadings{DeviceID: s.deviceID}
	for range segments {
		e, err := s.sign(readings)
		if err != nil {
			return err
		}
		in.Envelopes = append(in.Envelopes, *e)
	}
	body, err := json.Marshal(struct {
		DeviceID  string          `json:"deviceId"`
		Envelopes []dsse.Envelope `json:"envelopes"`
	}{in.DeviceID, in.Envelopes})
	if err != nil {
		return err
	}
	return r.post(ctx, "/shipments/"+s.shipmentID+"/segments", body, nil)
}

// sign makes a segment of one temperature each ten milliseconds, around 20 °C.
func (s *stream) sign(readings int) (*dsse.Envelope, error) {
	seg := segment.Segment{Ledger: "lifeledger/lifeledger", ShipmentID: s.shipmentID, DeviceID: s.deviceID, FirstSequence: s.next, Previous: s.previous, Readings: make([]measure.Reading, readings)}
	for i := range seg.Readings {
		rd := &seg.Readings[i]
		rd.Sequence, rd.At = s.next, s.at
		rd.Set(measure.Temperature, 20_000+int64(s.next*7919%200))
		s.next++
		s.at += 10
	}
	payload, err := segment.Encode(&seg)
	if err != nil {
		return nil, err
	}
	s.previous = segment.Hash(payload)
	return smartpackage.Sign(segment.PayloadType, payload, s.key)
}
