package shipment

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Pack begins the record at the consignor, when the goods are in their package
// (SH4): from then on readings are judged, and what they show is the
// consignor's. It may be left out; then custody begins at the pick-up.
func (s Shipment) Pack(t Terms, occurredAt measure.Time, c *Condition, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	if err := s.expect(Agreed); err != nil {
		return fail(err)
	}
	if w.Actor != t.Consignor {
		return fail(fault.New(fault.CodeCustodyNot, "only %s packs", t.Consignor).With("consignor", t.Consignor))
	}
	tr := s.mainTrack()
	if err := tr.unoffered(); err != nil {
		return fail(err)
	}
	if err := tr.checkTime(t, occurredAt, w.Now); err != nil {
		return fail(err)
	}
	if err := c.check(t); err != nil {
		return fail(err)
	}
	s.Custody = []Custody{{Custodian: w.Actor, From: occurredAt, OccurredAt: occurredAt, RecordedAt: w.Now}}
	s.Status, s.Seals, s.Consents = Packed, c.seals(), nil
	next, e := s.record(PackedStep, "", occurredAt, w)
	e.Condition = c
	return next, e, nil
}
