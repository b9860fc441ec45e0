package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// device is a smart package that signs one reading each second, or as often as a test says.
type device struct {
	id       string
	key      *smartpackage.Key
	next     uint64
	previous [32]byte
	at       int64 // of the next reading, Unix ms
	every    int64 // ms
}

func newDevice(ctx context.Context, c *client, id string, start time.Time) (*device, error) {
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return nil, err
	}
	reg, err := smartpackage.NewRegistration(channel, id, c.org, key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(reg)
	if err != nil {
		return nil, err
	}
	_, err = c.write(ctx, "/devices", "register-"+id, string(body))
	return &device{id: id, key: key, next: 1, at: start.UnixMilli(), every: 1000}, err
}

// segment signs the next readings, given as thousandths of a degree.
func (d *device) segment(shipmentID string, final bool, milli ...int64) (*dsse.Envelope, error) {
	s := segment.Segment{Ledger: channel, ShipmentID: shipmentID, DeviceID: d.id, FirstSequence: d.next, Previous: d.previous, Final: final}
	for _, m := range milli {
		r := measure.Reading{Sequence: d.next, At: d.at}
		r.Set(measure.Temperature, m)
		s.Readings = append(s.Readings, r)
		d.next++
		d.at += d.every
	}
	payload, err := segment.Encode(&s)
	if err != nil {
		return nil, err
	}
	d.previous = segment.Hash(payload)
	return smartpackage.Sign(segment.PayloadType, payload, d.key)
}

// post is the body that brings one envelope.
func (d *device) post(e *dsse.Envelope) string {
	b, err := json.Marshal(struct {
		DeviceID  string           `json:"deviceId"`
		Envelopes []*dsse.Envelope `json:"envelopes"`
	}{d.id, []*dsse.Envelope{e}})
	if err != nil {
		panic(err) // plain strings always encode
	}
	return string(b)
}

// start is when every journey of these tests was picked up.
func start() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

// terms of a shipment from the manufacturer to the service company, by the shipper
// for a fee of 100, 40 of which one excursion costs.
func terms(currency string, devices ...string) string {
	names, err := json.Marshal(devices)
	if err != nil {
		panic(err) // plain strings always encode
	}
	return fmt.Sprintf(`{"ruleSet":"shipment-1","consignor":"ManufacturerMSP","consignee":"ServiceMSP","payer":"ManufacturerMSP","currency":%q,`+
		`"legs":[{"carrier":"ShipperMSP","feeMinor":100}],"goods":[],"devices":%s,`+
		`"limits":[{"limitId":"warm","rule":%q,"milli":40000,"onDelayMs":0,"offDelayMs":0,"penaltyMinor":40}],`+
		`"lateRecordingSeconds":86400,"settleAfterSeconds":0}`, currency, names, shipment.TemperatureHigh.ID)
}

// journey is one shipment from the proposal on.
type journey struct {
	w        *world
	id       string
	currency string
	devices  []*device
	began    time.Time
	accept   int // acceptWithinSeconds of the terms; 0: none
}

func (w *world) journey(ctx context.Context, id, currency string, devices int) (*journey, error) {
	j := &journey{w: w, id: id, currency: currency, began: start()}
	for i := range devices {
		d, err := newDevice(ctx, w.parties[0], fmt.Sprint("box-", id, "-", i), j.began)
		if err != nil {
			return nil, err
		}
		j.devices = append(j.devices, d)
	}
	return j, nil
}

// fund gives the payer what journeys cost.
func (w *world) fund(ctx context.Context, currency string, journeys int) error {
	_, err := w.party(manufacturer).write(ctx, "/tokens/issues", "fund-"+currency, issue(currency, 100*journeys))
	return err
}

func (j *journey) path(step string) string { return "/shipments/" + j.id + step }

func (j *journey) step(ctx context.Context, org, step, key, body string) (answer, error) {
	return j.w.party(org).step(ctx, j.path(step), key+"-"+j.id, body)
}

// propose gives the hash of the terms.
func (j *journey) propose(ctx context.Context) (string, error) {
	var names []string
	for _, d := range j.devices {
		names = append(names, d.id)
	}
	agreed := terms(j.currency, names...)
	if j.accept > 0 {
		agreed = strings.TrimSuffix(agreed, "}") + fmt.Sprintf(`,"acceptWithinSeconds":%d}`, j.accept)
	}
	a, err := j.w.party(manufacturer).step(ctx, "/shipments", "propose-"+j.id, fmt.Sprintf(`{"shipmentId":%q,"terms":%s}`, j.id, agreed))
	if err != nil {
		return "", err
	}
	var s struct{ TermsHash string }
	return s.TermsHash, json.Unmarshal(a.body, &s)
}

// agree has everybody accept.
func (j *journey) agree(ctx context.Context) error {
	hash, err := j.propose(ctx)
	for _, c := range j.w.parties {
		if err == nil {
			_, err = j.step(ctx, c.org, "/acceptance", "accept-"+c.org, fmt.Sprintf(`{"termsHash":%q}`, hash))
		}
	}
	return err
}

// pickUp is agree, and the carrier has the goods.
func (j *journey) pickUp(ctx context.Context) error {
	err := j.agree(ctx)
	if err == nil {
		err = j.handOver(ctx, manufacturer, carrier, j.began)
	}
	return err
}

func (j *journey) handOver(ctx context.Context, from, to string, at time.Time) error {
	_, err := j.step(ctx, from, "/handover-offers", "offer-"+from, fmt.Sprintf(`{"to":%q,"occurredAt":%q}`, to, measure.TimeOf(at)))
	if err == nil {
		_, err = j.step(ctx, to, "/handover-acceptance", "take-"+to, "")
	}
	return err
}

// record brings a segment of each device through a gateway of its own.
func (j *journey) record(ctx context.Context, n int, final bool, milli ...int64) error {
	for i, d := range j.devices {
		e, err := d.segment(j.id, final, milli...)
		if err != nil {
			return err
		}
		c := j.w.parties[(i+n)%len(j.w.parties)]
		if _, err := c.step(ctx, j.path("/segments"), fmt.Sprint("record-", j.id, i, "-", n), d.post(e)); err != nil {
			return err
		}
	}
	return nil
}

// deliver brings what was picked up to its settlement's door: readings with one
// excursion, hand-over to the consignee, and the end of the recording.
func (j *journey) deliver(ctx context.Context) error {
	if err := j.record(ctx, 0, false, 20_000, 41_000, 42_000, 20_000); err != nil {
		return err
	}
	if err := j.handOver(ctx, carrier, service, j.began.Add(10*time.Minute)); err != nil {
		return err
	}
	return j.record(ctx, 1, true)
}

// whole is all of it.
func (j *journey) whole(ctx context.Context) error {
	err := j.pickUp(ctx)
	if err == nil {
		err = j.deliver(ctx)
	}
	if err == nil {
		_, err = j.step(ctx, j.w.parties[len(j.id)%3].org, "/settlement", "settle", "")
	}
	return err
}
