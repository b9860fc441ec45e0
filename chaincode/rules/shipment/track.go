package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// track is one way that goods of a shipment take: that of a part, or that of
// what has not been split off.
type track struct {
	at      int // index of the part; -1: what has not been split off
	partID  string
	custody []Custody
	offer   *Handover
	seals   []string     // last seen, sorted
	since   measure.Time // when the present custody began, for every device on the way
}

// track finds the way of a part that is on one of its own.
func (s Shipment) track(partID string) (track, error) {
	if partID == "" {
		return s.mainTrack(), nil
	}
	i := slices.IndexFunc(s.Parts, func(p Part) bool { return p.PartID == partID && p.JoinedAt == "" })
	if i < 0 {
		return track{}, fault.New(fault.CodePartUnknown, "shipment %s has no such part on a way of its own", s.ShipmentID).With("shipmentId", s.ShipmentID)
	}
	return s.partTrack(i), nil
}

func (s Shipment) partTrack(i int) track {
	p := s.Parts[i]
	return track{at: i, partID: p.PartID, custody: p.Custody, offer: p.Offer, seals: p.Seals, since: p.Custody[len(p.Custody)-1].From}
}

// mainTrack is the way of what has not been split off, or was joined again.
func (s Shipment) mainTrack() track {
	tr := track{at: -1, custody: s.Custody, offer: s.Offer, seals: s.Seals}
	if n := len(s.Custody); n > 0 {
		tr.since = s.Custody[n-1].From
		for _, p := range s.Parts {
			if p.JoinedAt != "" && len(p.Custody) == n {
				tr.since = max(tr.since, p.Custody[n-1].From)
			}
		}
	}
	return tr
}

// tracks are all ways on which goods are.
func (s Shipment) tracks() []track {
	out := []track{s.mainTrack()}
	for i, p := range s.Parts {
		if p.JoinedAt == "" {
			out = append(out, s.partTrack(i))
		}
	}
	return out
}

// trackOf is the way on which a device is now.
func (s Shipment) trackOf(deviceID string) track {
	for i, p := range s.Parts {
		if p.JoinedAt == "" && slices.Contains(p.Devices, deviceID) {
			return s.partTrack(i)
		}
	}
	return s.mainTrack()
}

// with is the shipment with a way as it is after a step. The receiver is not touched.
func (s Shipment) with(tr track) Shipment {
	if tr.at < 0 {
		s.Custody, s.Offer, s.Seals = tr.custody, tr.offer, tr.seals
		return s
	}
	s.Parts = slices.Clone(s.Parts)
	p := &s.Parts[tr.at]
	p.Custody, p.Offer, p.Seals = tr.custody, tr.offer, tr.seals
	return s
}

// leg is the present custodian's place on the route; 0 as well when nobody has custody yet.
func (tr track) leg() int {
	if n := len(tr.custody); n > 0 {
		return tr.custody[n-1].Leg
	}
	return 0
}

func (tr track) delivered() bool {
	n := len(tr.custody)
	return n > 0 && tr.custody[n-1].Delivered
}

// route says who hands over to whom next: consignor, carriers in order, consignee.
func (tr track) route(t Terms) (by, to string) {
	leg := tr.leg()
	by, to = t.Consignor, t.Consignee
	if leg > 0 {
		by = t.Legs[leg-1].Carrier
	}
	if leg < len(t.Legs) {
		to = t.Legs[leg].Carrier
	}
	return by, to
}

// held refuses whoever does not have the goods on the way, or no more.
func (tr track) held(actor string) error {
	n := len(tr.custody)
	if n == 0 || tr.custody[n-1].Delivered || tr.custody[n-1].Custodian != actor {
		return fault.New(fault.CodeCustodyNot, "%s does not have the goods", actor)
	}
	return nil
}

// unoffered refuses while a hand-over waits for its answer.
func (tr track) unoffered() error {
	if tr.offer == nil {
		return nil
	}
	return fault.New(fault.CodeHandoverPending, "a hand-over to %s is offered", tr.offer.To).With("to", tr.offer.To)
}

// checkTime bounds the claimed time of a hand-over: later than the last one,
// not in the future, and not longer ago than the terms allow.
func (tr track) checkTime(t Terms, at, now measure.Time) error {
	if err := t.checkClaimed("hand-over", fault.CodeHandoverTime, at, now); err != nil {
		return err
	}
	if tr.since != "" && at <= tr.since {
		return fault.New(fault.CodeHandoverTime, "the hand-over is not later than the last one").With("last", string(tr.since))
	}
	return nil
}

// checkClaimed bounds the time at which somebody says that something happened.
func (t Terms) checkClaimed(what string, code fault.Code, at, now measure.Time) error {
	switch {
	case at > now.Add(measure.MaxSkewMs):
		return fault.New(code, "the %s lies in the future", what).With("now", string(now))
	case at < now.Add(-t.LateRecordingSeconds*1000-measure.MaxSkewMs):
		return fault.New(code, "the %s was longer ago than the %d seconds that the terms allow", what, t.LateRecordingSeconds).With("now", string(now))
	}
	return nil
}

// CustodyOf is who answers for what a device measures, from when on: the
// custody of the goods with which it travels. Where a part was joined again, its
// device has the part's custody up to then and the shipment's from there on: the
// places in the list are the same, since a part is joined where both are. When
// goods are declared lost nobody has custody any more.
func (s Shipment) CustodyOf(deviceID string) []Custody {
	out := s.Custody
	for _, p := range s.Parts {
		switch {
		case !slices.Contains(p.Devices, deviceID):
		case p.JoinedAt == "":
			out = p.Custody
		default:
			out = slices.Concat(p.Custody, s.Custody[len(p.Custody):])
		}
	}
	if n := len(out); s.LostAt != "" && n > 0 && !out[n-1].Delivered {
		last := out[n-1]
		last.From, last.Delivered = max(s.LostAt, last.From.Add(1)), true
		out = append(slices.Clone(out), last)
	}
	return out
}

// DevicesOf are the devices whose readings fall to a way's custodians: those of
// the part, or those that are in no part on a way of its own.
func (s Shipment) DevicesOf(t Terms, partID string) []string {
	var out []string
	for _, d := range t.Devices {
		if s.trackOf(d).partID == partID {
			out = append(out, d)
		}
	}
	return out
}

// arrived reports whether all goods are delivered.
func (s Shipment) arrived() bool {
	return !slices.ContainsFunc(s.tracks(), func(tr track) bool { return !tr.delivered() })
}

// deliveredAt is when the delivery of the last goods was recorded, or their
// loss: the agreed waits count from here.
func (s Shipment) deliveredAt() measure.Time {
	at := s.LostAt
	for _, tr := range s.tracks() {
		if tr.delivered() {
			at = max(at, tr.custody[len(tr.custody)-1].RecordedAt)
		}
	}
	return at
}
