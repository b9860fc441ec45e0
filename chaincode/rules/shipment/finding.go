package shipment

import (
	"fmt"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Journey stands in the place of the device in what no device has measured. It
// cannot be a device's id, and neither can it with the id of a part behind it.
const Journey = "-"

// Found is how that ends which no reading shows: it is known when it has come about.
const Found Ending = "found"

// findings collects what one step of a journey shows besides readings.
type findings struct {
	shipment  Shipment
	terms     Terms
	track     track
	at        measure.Time // of recording
	found     []Excursion
	penalties []Penalty
}

func (s Shipment) findings(t Terms, tr track, w When) *findings {
	return &findings{shipment: s, terms: t, track: tr, at: w.Now, penalties: slices.Clone(s.Penalties)}
}

// late finds what happened later than its limit allows. custody is whose it is.
func (f *findings) late(checkpointID string, happened measure.Time, custody int) {
	latest := f.terms.Latest(checkpointID)
	for _, l := range f.limits(Late.ID) {
		if l.CheckpointID == checkpointID && latest != "" && happened > latest.Add(l.Milli) {
			f.add(l, custody, latest.Add(l.Milli), happened, happened.UnixMs()-latest.UnixMs())
		}
	}
}

// missed finds the checkpoints that were never passed, when what has not been
// split off is delivered: they are late then, however early the delivery is.
func (f *findings) missed(delivered measure.Time, custody int) {
	if f.track.at >= 0 {
		return
	}
	for _, l := range f.limits(Late.ID) {
		latest := f.terms.Latest(l.CheckpointID)
		if f.terms.checkpoint(l.CheckpointID) < 0 || latest == "" || f.shipment.passed(l.CheckpointID) {
			continue
		}
		f.add(l, custody, min(latest.Add(l.Milli), delivered), delivered, max(delivered.UnixMs()-latest.UnixMs(), 0))
	}
}

func (f *findings) sealBroken(happened measure.Time, custody int) {
	for _, l := range f.limits(SealBroken.ID) {
		f.add(l, custody, happened, happened, 0)
	}
}

func (f *findings) lost(custody int) {
	for _, l := range f.limits(Lost.ID) {
		f.add(l, custody, f.at, f.at, 0)
	}
}

func (f *findings) limits(rule RuleID) []Limit {
	return slices.DeleteFunc(slices.Clone(f.terms.Limits), func(l Limit) bool { return l.Rule != rule })
}

// add records one finding and books its penalty on the journey.
func (f *findings) add(l Limit, custody int, opened, closed measure.Time, milli int64) {
	device := Journey + f.track.partID
	number := f.shipment.Events // of the event that goes with it
	custodian := f.track.custody[custody]
	e := Excursion{
		ShipmentID: f.shipment.ShipmentID, ExcursionID: fmt.Sprintf("%s.%s.%d", device, l.LimitID, number),
		DeviceID: device, LimitID: l.LimitID, Rule: l.Rule, LimitMilli: l.Milli, Custodian: custodian.Custodian, Custody: custody, Exception: Alarm,
		OpenedAt: opened, OpenedSequence: number, PeakMilli: milli, PeakAt: closed, PeakSequence: number,
		ClosedAt: closed, ClosedSequence: number, Ending: Found, DurationMs: closed.UnixMs() - opened.UnixMs(), BeyondSince: opened,
	}
	var fee money.Minor
	if custodian.Leg > 0 && custodian.Leg <= len(f.terms.Legs) {
		fee = f.terms.Legs[custodian.Leg-1].FeeMinor
	}
	var measured total
	if l.PenaltyBy == ByMinute {
		measured.low = uint64(max(e.DurationMs, 0))
	}
	e.Reckoning = l.reckon(measured, fee)
	e.Reckoning.BookedMinor = min(e.Reckoning.AmountMinor, l.left(f.penalties, custody))
	e.PenaltyMinor = e.Reckoning.BookedMinor
	f.found = append(f.found, e)
	f.penalties = book(f.penalties, Penalty{Custody: custody, Custodian: e.Custodian, LimitID: l.LimitID, Excursions: 1, PenaltyMinor: e.PenaltyMinor})
}
