package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Passage is a checkpoint that the goods have passed (SH9).
type Passage struct {
	CheckpointID string       `json:"checkpointId"`
	Custodian    string       `json:"custodian"`
	OccurredAt   measure.Time `json:"occurredAt"`
	RecordedAt   measure.Time `json:"recordedAt"`
}

// RecordCheckpoint says that the goods, as far as they have not been split off,
// have passed a checkpoint: their present custodian does. Checkpoints are passed
// in the order of the terms; one that was left out cannot be made up for, and is
// late when the goods are delivered.
func (s Shipment) RecordCheckpoint(t Terms, id string, occurredAt measure.Time, c *Condition, w When) (Shipment, []Excursion, JourneyEvent, error) {
	fail := func(err error) (Shipment, []Excursion, JourneyEvent, error) { return s, nil, JourneyEvent{}, err }
	if err := s.expect(InTransit); err != nil {
		return fail(err)
	}
	tr := s.mainTrack()
	if err := tr.held(w.Actor); err != nil {
		return fail(err)
	}
	place := t.checkpoint(id)
	if place < 0 {
		return fail(fault.New(fault.CodeCheckpointUnknown, "the terms of %s name no such checkpoint", s.ShipmentID).With("shipmentId", s.ShipmentID))
	}
	last := measure.Time("")
	if n := len(s.Passed); n > 0 {
		last = s.Passed[n-1].OccurredAt
		if place <= t.checkpoint(s.Passed[n-1].CheckpointID) {
			return fail(fault.New(fault.CodeCheckpointOrder, "checkpoint %s is passed, or comes before %s", id, s.Passed[n-1].CheckpointID).With("last", s.Passed[n-1].CheckpointID))
		}
	}
	if err := t.checkClaimed("checkpoint", fault.CodeCheckpointTime, occurredAt, w.Now); err != nil {
		return fail(err)
	}
	custody := len(tr.custody) - 1
	if since := tr.custody[custody].OccurredAt; occurredAt < since || occurredAt < last || tr.offer != nil && occurredAt > tr.offer.OccurredAt {
		return fail(fault.New(fault.CodeCheckpointTime, "the checkpoint was not passed in this custody, or not after the last one").With("since", string(max(since, last))))
	}
	if err := c.check(t); err != nil {
		return fail(err)
	}
	f := s.findings(t, tr, w)
	f.late(id, occurredAt, custody)
	s.Passed = append(slices.Clone(s.Passed), Passage{CheckpointID: id, Custodian: w.Actor, OccurredAt: occurredAt, RecordedAt: w.Now})
	s.Penalties = f.penalties
	next, e := s.record(CheckpointPassed, "", occurredAt, w)
	e.CheckpointID, e.Condition = id, c
	return next, f.found, e, nil
}

func (s Shipment) passed(id string) bool {
	return slices.ContainsFunc(s.Passed, func(p Passage) bool { return p.CheckpointID == id })
}
