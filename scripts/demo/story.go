package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

const currency = "USD"

// journey is one shipment as the demo plays it.
type journey struct {
	consortium                     *consortium.Consortium
	manufacturer, service, shipper rest.Gateway
	readings                       []measure.Reading // shifted, so that they end now
	half                           int               // the first reading after the hand-over
	state                          string            // the smart package's memory
	recorder                       *smartpackage.Recorder
	key                            *smartpackage.Key

	run                                       string // ends the names of this run
	shipmentID, deviceID, componentID, ledger string
	terms                                     shipment.Terms
	simulated                                 shipment.Simulation // what was said beforehand
	tracked                                   shipment.Tracking   // what was seen on the way
	ratings                                   []shipment.Rating   // as they were told
	out                                       io.Writer           // of the story
	result                                    io.Writer           // of the outcome as JSON
	json                                      bool
}

// newJourney shifts the recording so that it has just ended: hand-overs may be
// recorded only for a limited time after they happened.
func newJourney(s setting, readings []measure.Reading) (*journey, error) {
	if len(readings) < 10 {
		return nil, errors.New("a recording needs at least 10 readings")
	}
	end := time.Now().Add(-2 * time.Second).UnixMilli()
	shift := end - readings[len(readings)-1].At
	for i := range readings {
		readings[i].At += shift
	}
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp("", "lifeledger-demo-")
	if err != nil {
		return nil, err
	}
	run := cmp.Or(s.run, strings.ToLower(rand.Text()[:8]))
	j := &journey{
		consortium: s.consortium, manufacturer: s.manufacturer, service: s.service, shipper: s.shipper,
		readings: readings, half: len(readings) / 2, state: state, key: key,
		run: run, shipmentID: "shipment-" + run, deviceID: "package-" + run, componentID: "pump-" + run,
		out: s.out, result: s.out, json: s.json,
	}
	if s.json {
		j.out = io.Discard
	}
	return j, nil
}

func (j *journey) close() {
	if j.recorder != nil {
		_ = j.recorder.Close()
	}
	_ = os.RemoveAll(j.state)
}

func (j *journey) say(format string, args ...any) { fmt.Fprintf(j.out, format, args...) }

func (j *journey) at(i int) measure.Time { return measure.At(j.readings[i].At) }

func (j *journey) length() time.Duration {
	return time.Duration(j.readings[len(j.readings)-1].At-j.readings[0].At) * time.Millisecond
}

// load reads a recording, or invents one.
func load(path string) ([]measure.Reading, string, error) {
	if path == "" {
		start := time.Now().Add(-smartpackage.SyntheticReadings * time.Second).Truncate(time.Second)
		return smartpackage.Synthetic(start, time.Second, smartpackage.SyntheticReadings), "an invented journey", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	r, err := smartpackage.NewCSVReader(bufio.NewReader(f))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	var out []measure.Reading
	for {
		reading, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, filepath.Base(path), nil
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, reading)
	}
}

// introduce announces the organisations, a component, and the smart package.
func (j *journey) introduce(ctx context.Context) error {
	j.say("\n1. Who takes part\n")
	err := j.consortium.Announce(ctx, func(m consortium.Member, _ string) { j.say("   %-16s %v\n", m.MSPID, m.Roles) })
	if err != nil {
		return err
	}
	var pong api.Pong
	if err := j.manufacturer.Get(ctx, "/ledger", &pong); err != nil {
		return err
	}
	j.ledger = pong.Ledger
	if err := j.announceComponent(ctx); err != nil {
		return err
	}
	reg, err := smartpackage.NewRegistration(j.ledger, j.deviceID, j.manufacturer.MSPID, j.key)
	if err != nil {
		return err
	}
	if err := j.manufacturer.Device().Register(ctx, reg); err != nil {
		return err
	}
	rec := smartpackage.Recording{Ledger: j.ledger, ShipmentID: j.shipmentID, DeviceID: j.deviceID}
	if j.recorder, err = smartpackage.OpenRecorder(rec.Dir(j.state), rec, j.key, 0); err != nil {
		return err
	}
	j.say("   %-16s the smart package, signs with key %s…\n", j.deviceID, j.key.Public().ID()[:12])
	return nil
}

func (j *journey) announceComponent(ctx context.Context) error {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	c := api.RegisterComponent{
		ComponentID: j.componentID, PartNumber: "PUMP-200", Algorithm: dsse.Ed25519, PublicKey: base64.StdEncoding.EncodeToString(der), Location: "4012345000009",
	}
	if err := j.manufacturer.Post(ctx, "/components", c, nil); err != nil {
		return err
	}
	j.say("   %-16s a pump, announced by the manufacturer with its key and location\n", j.componentID)
	return nil
}

// agree fills the payer's account, proposes the terms, and lets everybody accept.
func (j *journey) agree(ctx context.Context) error {
	fees, err := j.terms.Fees()
	if err != nil {
		return err
	}
	tokens := api.IssueTokens{Currency: currency, AmountMinor: fees, Reserve: "account at the manufacturer's bank"}
	if err := j.manufacturer.Post(ctx, "/tokens/issues", tokens, nil); err != nil {
		return err
	}
	var s shipment.Shipment
	if err := j.manufacturer.Post(ctx, "/shipments", api.ProposeShipment{ShipmentID: j.shipmentID, Terms: j.terms}, &s); err != nil {
		return err
	}
	j.say("   proposed by the manufacturer as %s (hash %s…)\n", j.shipmentID, s.TermsHash[:12])
	for _, g := range []rest.Gateway{j.manufacturer, j.shipper, j.service} {
		if err := g.Post(ctx, "/shipments/"+j.shipmentID+"/acceptance", map[string]string{"termsHash": s.TermsHash}, &s); err != nil {
			return err
		}
		j.say("   accepted by the %s\n", g.Name)
	}
	j.say("   %s are in escrow; the shipment is %s\n", tokensText(fees), s.Status)
	return nil
}

func (j *journey) pickUp(ctx context.Context) error {
	j.say("\n3. Packing and pick-up\n")
	packed := map[string]string{"occurredAt": string(j.packing())}
	if err := j.manufacturer.Post(ctx, "/shipments/"+j.shipmentID+"/packing", packed, nil); err != nil {
		return err
	}
	j.say("   packed by the manufacturer at %s: what happens from now on is its own, until somebody takes over\n", clock(j.packing()))
	return j.change(ctx, j.manufacturer, j.shipper, j.at(0))
}

// firstLeg records most of the first half through the shipper's gateway. The
// van then loses its signal: the last tenth of this half stays in the package.
func (j *journey) firstLeg(ctx context.Context) error {
	j.say("\n4. On the road with the shipper\n")
	sent := j.half - j.half/10
	if err := j.record(0, sent); err != nil {
		return err
	}
	if err := j.send(ctx, j.shipper); err != nil {
		return err
	}
	if err := j.record(sent, j.half); err != nil {
		return err
	}
	j.say("   no signal: %d readings wait in the package\n", j.half-sent)
	return nil
}

// look is what the consignee sees while the goods are on the way; it says that it
// has seen the worst of it.
func (j *journey) look(ctx context.Context) error {
	path := "/shipments/" + j.shipmentID
	if err := j.service.Get(ctx, path+"/tracking", &j.tracked); err != nil {
		return err
	}
	d := j.tracked.Devices[0]
	j.say("   the service company looks: %d readings up to %s, %d excursions go on\n", d.Readings, clock(d.LastReadingAt), len(j.tracked.OpenExcursions))
	var page api.ExcursionPage
	if err := j.service.Get(ctx, path+"/excursions?limit=1", &page); err != nil {
		return err
	}
	for _, e := range page.Items {
		var a shipment.Acknowledgement
		comment := map[string]string{"comment": "seen; we shall look at the goods when they arrive"}
		if err := j.service.Post(ctx, path+"/excursions/"+e.ExcursionID+"/acknowledgements", comment, &a); err != nil {
			return err
		}
		j.say("   and acknowledges %s: %q\n", e.LimitID, a.Comment)
	}
	return nil
}

func (j *journey) handOver(ctx context.Context) error {
	j.say("\n5. Hand-over in the middle of the recording\n")
	return j.change(ctx, j.shipper, j.service, j.at(j.half))
}

// secondLeg delivers what was late and the rest through the service company's gateway.
func (j *journey) secondLeg(ctx context.Context) error {
	j.say("\n6. On the road with the service company\n")
	if err := j.record(j.half, len(j.readings)); err != nil {
		return err
	}
	if err := j.recorder.End(); err != nil {
		return err
	}
	return j.send(ctx, j.service)
}

func (j *journey) deliver(ctx context.Context) error {
	j.say("\n7. Delivery\n")
	if err := j.change(ctx, j.service, j.service, j.delivery()); err != nil {
		return err
	}
	accept := map[string]string{"accepted": string(shipment.AcceptedAll)}
	if err := j.service.Post(ctx, "/shipments/"+j.shipmentID+"/delivery-acceptance", accept, nil); err != nil {
		return err
	}
	j.say("   the service company accepts all of it; nothing is disputed\n")
	return nil
}

// change is a hand-over in its two steps: one offers, the other accepts.
func (j *journey) change(ctx context.Context, from, to rest.Gateway, at measure.Time) error {
	path := "/shipments/" + j.shipmentID
	var s shipment.Shipment
	if err := from.Post(ctx, path+"/handover-offers", map[string]string{"to": to.MSPID, "occurredAt": string(at)}, nil); err != nil {
		return err
	}
	if err := to.Post(ctx, path+"/handover-acceptance", nil, &s); err != nil {
		return err
	}
	c := s.Custody[len(s.Custody)-1]
	j.say("   offered by the %s, accepted by the %s: %s has custody from %s on; the shipment is %s\n", from.Name, to.Name, c.Custodian, clock(c.From), s.Status)
	return nil
}

// record signs readings; send posts what was signed.
func (j *journey) record(from, until int) error {
	for _, r := range j.readings[from:until] {
		if err := j.recorder.Add(r); err != nil {
			return err
		}
	}
	return j.recorder.Flush()
}

func (j *journey) send(ctx context.Context, g rest.Gateway) error {
	d, err := j.recorder.Deliver(ctx, g.Device(), nil)
	if err != nil {
		return err
	}
	j.say("   %d readings in %d signed segments recorded through the %s's gateway\n", d.Readings, d.Segments, g.Name)
	return nil
}
