package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

// change is what the parties make of a template's limit.
type change struct {
	template, limit string
	name            string // theirs
	milli           int64
	onDelay, off    time.Duration
	penalty         money.Minor
}

// changes make two templates into this journey's limits. The box is small, its
// sensor slow and mounted at an angle, so the bounds are others than for a rack
// of electronics; SH7 has no tolerance.
func changes() []change {
	electronics, room := shipment.Electronics.TemplateID, shipment.RoomTemperature.TemplateID
	return []change{
		{electronics, "hot", "SH7", 40_000, 0, 0, 1_000},
		{electronics, "shock", "shock", 1_500, 0, 2 * time.Second, 500},
		{electronics, "opened", "opened", 100_000, 0, 5 * time.Second, 2_000},
		{electronics, "damp", "damp", 80_000, time.Minute, 0, 500},
		{electronics, "tilted", "tilt", 120_000, 2 * time.Second, 5 * time.Second, 1_000},
		{electronics, "stress", "rate", 5_000, 0, 0, 200},
		{electronics, "silent", "silent", 60_000, 0, 0, 500},
		{room, "mean", "mean", 25_000, 0, 0, 3_000},
	}
}

// draft writes the terms, beginning with a template from the ledger.
func (j *journey) draft(ctx context.Context) error {
	j.say("\n2. The terms\n")
	for _, carrier := range []string{j.shipper.MSPID, j.service.MSPID} {
		if err := j.tellRating(ctx, carrier); err != nil {
			return err
		}
	}
	limits, err := j.handling(ctx)
	if err != nil {
		return err
	}
	j.terms = shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: j.manufacturer.MSPID, Consignee: j.service.MSPID, Payer: j.manufacturer.MSPID, Currency: currency,
		Legs:  []shipment.Leg{{Carrier: j.shipper.MSPID, FeeMinor: 40_000}, {Carrier: j.service.MSPID, FeeMinor: 25_000}},
		Goods: []string{j.componentID}, Devices: []string{j.deviceID}, Limits: limits,
		LateRecordingSeconds: int64(j.length()/time.Second) + 3600, SettleAfterSeconds: 24 * 3600, AcceptWithinSeconds: 24 * 3600, DisputeSeconds: 24 * 3600,
	}
	for _, l := range j.terms.Legs {
		j.say("   %-16s carries for %s\n", l.Carrier, tokensText(l.FeeMinor))
	}
	for _, l := range j.terms.Limits {
		j.say("   %-16s %s, else %s\n", l.LimitID, limitText(l), tokensText(l.PenaltyMinor))
	}
	return nil
}

// handling takes limits from templates and puts bounds and prices in.
func (j *journey) handling(ctx context.Context) ([]shipment.Limit, error) {
	var list api.TemplateList
	if err := j.manufacturer.Get(ctx, "/terms-templates", &list); err != nil {
		return nil, err
	}
	var out []shipment.Limit
	for _, c := range changes() {
		l, err := limitOf(list, c.template, c.limit)
		if err != nil {
			return nil, err
		}
		l.LimitID, l.Milli, l.OnDelayMs, l.OffDelayMs, l.PenaltyMinor = c.name, c.milli, c.onDelay.Milliseconds(), c.off.Milliseconds(), c.penalty
		out = append(out, l)
	}
	j.say("   limits           from the templates %s and %s, with the parties' own bounds and prices\n", shipment.Electronics.TemplateID, shipment.RoomTemperature.TemplateID)
	return out, nil
}

func limitOf(list api.TemplateList, template, limit string) (shipment.Limit, error) {
	for _, t := range list.Items {
		for _, l := range t.Limits {
			if t.TemplateID == template && l.LimitID == limit {
				return l, nil
			}
		}
	}
	return shipment.Limit{}, fmt.Errorf("the ledger has no template %s with a limit %s", template, limit)
}

// custody is who is to have the goods when: the consignor that packs them, two
// carriers, each for half of the readings, and then the consignee.
func (j *journey) custody() []shipment.PlannedCustody {
	return []shipment.PlannedCustody{
		{Custodian: j.manufacturer.MSPID, From: j.packing()}, {Custodian: j.shipper.MSPID, From: j.at(0)}, {Custodian: j.service.MSPID, From: j.at(j.half)}, {Custodian: j.service.MSPID, From: j.delivery()},
	}
}

// packing is ten seconds before the first reading.
func (j *journey) packing() measure.Time { return measure.At(j.readings[0].At - 10_000) }

// delivery is a moment after the last reading.
func (j *journey) delivery() measure.Time { return measure.At(j.readings[len(j.readings)-1].At + 1) }

// askBefore asks the ledger what a journey like this one would cost under these
// terms, before anybody has agreed to them.
func (j *journey) askBefore(ctx context.Context) error {
	question := api.SimulateShipment{ShipmentID: j.shipmentID, Terms: j.terms, Custody: j.custody(), Recordings: []api.UnsignedRecording{{DeviceID: j.deviceID}}}
	s := segment.Segment{Ledger: j.ledger, ShipmentID: j.shipmentID, DeviceID: j.deviceID, FirstSequence: 1}
	for part := range slices.Chunk(j.readings, 1024) {
		s.Readings = slices.Clone(part)
		for i := range s.Readings {
			s.Readings[i].Sequence = s.FirstSequence + uint64(i)
		}
		s.Final = s.LastSequence() == uint64(len(j.readings))
		payload, err := segment.Encode(&s)
		if err != nil {
			return err
		}
		r := &question.Recordings[0]
		r.Segments = append(r.Segments, base64.StdEncoding.EncodeToString(payload))
		s.FirstSequence, s.Previous = s.LastSequence()+1, segment.Hash(payload)
	}
	err := j.shipper.Post(ctx, "/simulations", question, &j.simulated)
	if rest.Refused(err, tooLarge) {
		j.say("   asked beforehand  the recording is too long for one question; lifeledger-device simulate judges it\n")
		return nil
	}
	if err != nil {
		return err
	}
	j.say("   asked beforehand  a journey like this has %s; payable would be", countText(int64(j.simulated.Found)))
	for i, l := range j.simulated.Statement.Lines {
		if i > 0 {
			j.say(",")
		}
		j.say(" %s %s", l.Carrier, tokensText(l.PayableMinor))
	}
	j.say("\n")
	return nil
}

// tooLarge is the gateway's word for a body that does not fit.
const tooLarge = "request.too-large"

// tellRating says how a carrier has done so far.
func (j *journey) tellRating(ctx context.Context, carrier string) error {
	var r shipment.Rating
	if err := j.manufacturer.Get(ctx, "/organisations/"+carrier+"/rating", &r); err != nil {
		return err
	}
	if !r.Rated {
		j.say("   %-16s has carried nothing yet\n", carrier)
		return nil
	}
	j.say("   %-16s is rated %d of 1000: in its last %d shipments %s, late %d times\n", carrier, r.PerMille, len(r.Outcomes), countText(r.Excursions), r.Late)
	j.ratings = append(j.ratings, r)
	return nil
}
