package shipment

import (
	"cmp"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// PlannedCustody says who is to have the goods from when on.
type PlannedCustody struct {
	Custodian string       `json:"custodian"`
	From      measure.Time `json:"from"`
}

// Recording is what one device recorded, segment by segment.
type Recording struct {
	DeviceID string
	Batches  []Batch
}

// Simulation is what a recording costs under terms: what the ledger would have
// found and paid, had these been the terms, the custody and the readings.
type Simulation struct {
	ShipmentID string      `json:"shipmentId"`
	Readings   uint64      `json:"readings"`
	Excursions []Excursion `json:"excursions"` // by device, in order of opening
	Found      int         `json:"found"`      // how many excursions there are; an answer may show fewer
	Penalties  []Penalty   `json:"penalties"`  // what each limit costs each custody
	Statement  Statement   `json:"statement"`
}

// Simulate judges a recording as it would be judged on the ledger, with the same
// code: segment after segment, then the statement. Nothing of it happens, so the
// terms need not be agreed nor their parties be known, and the plan may lie in
// the past or in the future.
func Simulate(id string, t Terms, plan []PlannedCustody, recordings []Recording) (Simulation, error) {
	s, err := follow(id, t, plan)
	if err != nil {
		return Simulation{}, err
	}
	w := When{Now: end(s, recordings)}
	out := Simulation{ShipmentID: id, Excursions: []Excursion{}}
	streams := make([]Stream, len(t.Devices))
	for i, d := range t.Devices {
		streams[i] = NewStream(id, d, t)
	}
	for i, r := range recordings {
		at := slices.Index(t.Devices, r.DeviceID)
		if at < 0 || slices.ContainsFunc(recordings[:i], func(o Recording) bool { return o.DeviceID == r.DeviceID }) {
			return Simulation{}, fault.New(fault.CodeSegmentDevice, "the terms do not name device %q, or it has two recordings", r.DeviceID).With("deviceId", r.DeviceID)
		}
		found, err := streams[at].play(s, t, r.Batches, w)
		if err != nil {
			return Simulation{}, fault.From(err).With("deviceId", r.DeviceID)
		}
		out.Excursions = append(out.Excursions, found...)
		out.Readings += streams[at].Readings
	}
	if s.Status == Arrived { // then the settlement would make the last judgement
		for i := range streams {
			next, verdict, err := streams[i].Conclude(s, t, w)
			if err != nil {
				return Simulation{}, err
			}
			streams[i] = next
			for _, e := range verdict.Excursions {
				out.Excursions = renew(out.Excursions, e)
			}
		}
	}
	out.Found = len(out.Excursions)
	shown := make([][]Penalty, len(streams))
	for i, x := range streams {
		shown[i] = x.Penalties
	}
	out.Penalties = Charges(t, shown...)
	out.Statement, err = Reckon(id, t, streams, w)
	return out, err
}

// play records segments one after the other and gives each excursion as it
// stands at the end.
func (s *Stream) play(sh Shipment, t Terms, batches []Batch, w When) (found []Excursion, err error) {
	for _, b := range batches {
		next, _, verdict, err := s.Record(sh, t, []Batch{b}, w)
		if err != nil {
			return nil, err
		}
		*s = next
		for _, e := range verdict.Excursions {
			found = renew(found, e)
		}
		if len(found) > MaxChanges {
			return nil, fault.New(fault.CodeSegmentExcursions, "there are more than %d excursions", MaxChanges).With("most", MaxChanges)
		}
	}
	slices.SortFunc(found, func(a, b Excursion) int {
		return cmp.Or(cmp.Compare(a.OpenedSequence, b.OpenedSequence), cmp.Compare(a.LimitID, b.LimitID))
	})
	return found, nil
}

// renew puts an excursion in the place of its record as it stood before, or at the end.
func renew(found []Excursion, e Excursion) []Excursion {
	if i := slices.IndexFunc(found, func(o Excursion) bool { return o.ExcursionID == e.ExcursionID }); i >= 0 {
		found[i] = e
		return found
	}
	return append(found, e)
}

// follow makes the shipment as it is once its custody has gone as planned. The
// plan follows the route of the terms: the consignor, if it is monitored from
// packing on, the carriers in order, the consignee; it may end on the way.
func follow(id string, t Terms, plan []PlannedCustody) (Shipment, error) {
	if err := party.CheckID("shipmentId", id); err != nil {
		return Shipment{}, err
	}
	if err := t.Check(); err != nil {
		return Shipment{}, err
	}
	hash, err := t.Hash()
	if err != nil {
		return Shipment{}, err
	}
	s := Shipment{ShipmentID: id, Status: InTransit, TermsHash: hash, AcceptedBy: t.Parties(), Custody: []Custody{}}
	leg := 1
	if len(plan) > 0 && plan[0].Custodian == t.Consignor && t.Legs[0].Carrier != t.Consignor {
		leg = 0
	}
	for i, p := range plan {
		from, err := measure.ParseTime("from", string(p.From))
		if err != nil {
			return Shipment{}, err
		}
		c := Custody{Custodian: t.custodian(leg), From: from, OccurredAt: from, RecordedAt: from, Delivered: leg > len(t.Legs), Leg: leg}
		if leg > len(t.Legs)+1 || p.Custodian != c.Custodian || i > 0 && from <= s.Custody[i-1].From {
			return Shipment{}, fault.New(fault.CodeSimulationCustody, "custody %d is not the next one of the route, later than the one before it", i).
				With("index", i).With("custodian", c.Custodian)
		}
		s.Custody = append(s.Custody, c)
		leg++
	}
	if len(plan) == 0 {
		return Shipment{}, fault.New(fault.CodeSimulationCustody, "nobody has custody")
	}
	if s.Custody[len(s.Custody)-1].Delivered {
		s.Status = Arrived
	}
	return s, nil
}

// custodian is who has the goods on a leg: 0 is before the first carrier.
func (t Terms) custodian(leg int) string {
	switch {
	case leg == 0:
		return t.Consignor
	case leg <= len(t.Legs):
		return t.Legs[leg-1].Carrier
	}
	return t.Consignee
}

// end is when everything has happened: the last hand-over or the last reading.
func end(s Shipment, recordings []Recording) measure.Time {
	last := s.Custody[len(s.Custody)-1].RecordedAt
	for _, r := range recordings {
		for _, b := range r.Batches {
			if n := len(b.Readings); n > 0 {
				last = max(last, measure.At(b.Readings[n-1].At))
			}
		}
	}
	return last
}
