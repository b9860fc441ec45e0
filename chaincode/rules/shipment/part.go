package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// MaxParts bounds how often goods of one shipment are split off.
const MaxParts = 16

// Part is a part of the goods on a way of its own, along the same route (SH5).
// Terms and fees stay with the shipment.
type Part struct {
	PartID        string    `json:"partId"`
	Goods         []string  `json:"goods"`
	LogisticUnits []string  `json:"logisticUnits"`
	Devices       []string  `json:"devices"` // that travel with the part
	Custody       []Custody `json:"custody"` // begins with the shipment's up to the split
	Offer         *Handover `json:"offer,omitempty" metadata:",optional"`
	Seals         []string  `json:"seals,omitempty" metadata:",optional"` // last seen, sorted
	// JoinedAt is when the part was put together with the rest again; its devices have the shipment's custody from the next hand-over on.
	JoinedAt measure.Time `json:"joinedAt,omitempty" metadata:",optional"`
}

// Split puts some of the goods on a way of their own: who has them does. Goods
// and logistic units are each in one part or in what remains, and something
// remains. A device travels with the part that names it; where silence has a
// price, one stays on each way.
func (s Shipment) Split(t Terms, p Part, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	if err := s.movable(w.Actor); err != nil {
		return fail(err)
	}
	if err := party.CheckID("partId", p.PartID); err != nil {
		return fail(err)
	}
	if len(s.Parts) == MaxParts || slices.ContainsFunc(s.Parts, func(q Part) bool { return q.PartID == p.PartID }) {
		return fail(fault.New(fault.CodePartExists, "part %s exists, or there are %d parts", p.PartID, MaxParts).With("most", MaxParts))
	}
	rest := s.rest(t)
	for _, x := range []struct {
		field      string
		part, from []string
	}{{"goods", p.Goods, rest.Goods}, {"logisticUnits", p.LogisticUnits, rest.LogisticUnits}, {"devices", p.Devices, rest.Devices}} {
		for i, id := range x.part {
			if !slices.Contains(x.from, id) || slices.Contains(x.part[:i], id) {
				return fail(fault.New(fault.CodePartInvalid, "entry %d of %s is not among what can be split off, or stands twice", i, x.field).With("field", x.field))
			}
		}
	}
	if n := len(p.Goods) + len(p.LogisticUnits); n == 0 || n == len(rest.Goods)+len(rest.LogisticUnits) {
		return fail(fault.New(fault.CodePartInvalid, "a part has some of the goods or logistic units, and something remains").With("field", "goods"))
	}
	p.Goods, p.LogisticUnits, p.Devices = append([]string{}, p.Goods...), append([]string{}, p.LogisticUnits...), append([]string{}, p.Devices...)
	p.Custody, p.Offer, p.Seals, p.JoinedAt = slices.Clone(s.Custody), nil, s.Seals, ""
	apart := s
	apart.Parts, apart.Consents = append(slices.Clone(s.Parts), p), nil
	for _, way := range []string{p.PartID, ""} {
		if l := apart.unheard(t, way); l != "" {
			return fail(fault.New(fault.CodePartInvalid, "limit %s has a price for silence: both ways need a device that it judges", l).With("field", "devices"))
		}
	}
	next, e := apart.record(SplitStep, "", "", w)
	e.PartID = p.PartID
	return next, e, nil
}

// unheard is the limit about missing data that nothing on a way could ever break,
// although it is about the goods there: "" for none. Or who has the goods would
// put the devices with the one pallet that it keeps cold, and be silent about the rest.
func (s Shipment) unheard(t Terms, partID string) string {
	goods, devices := s.GoodsOf(t, partID), s.DevicesOf(t, partID)
	for i := range t.Limits {
		l := &t.Limits[i]
		about := len(l.Goods) == 0 || slices.ContainsFunc(l.Goods, func(g string) bool { return slices.Contains(goods, g) })
		if l.Rule == MissingData.ID && about && !slices.ContainsFunc(devices, l.judges) {
			return l.LimitID
		}
	}
	return ""
}

// rest is what has not been split off. Devices that once travelled with a part
// are not in it: what they measure is attributed by that part's custody, and a
// device has been in one part at most.
func (s Shipment) rest(t Terms) Part {
	without := func(all []string, of func(Part) []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(id string) bool {
			return slices.ContainsFunc(s.Parts, func(p Part) bool { return slices.Contains(of(p), id) })
		})
	}
	away := func(of func(Part) []string) func(Part) []string {
		return func(p Part) []string {
			if p.JoinedAt != "" {
				return nil
			}
			return of(p)
		}
	}
	return Part{
		Goods:         without(t.Goods, away(func(p Part) []string { return p.Goods })),
		LogisticUnits: without(t.LogisticUnits, away(func(p Part) []string { return p.LogisticUnits })),
		Devices:       without(t.Devices, func(p Part) []string { return p.Devices }),
	}
}

// Join puts a part together with what was not split off, where both are with one
// custodian.
func (s Shipment) Join(partID string, w When) (Shipment, JourneyEvent, error) {
	fail := func(err error) (Shipment, JourneyEvent, error) { return s, JourneyEvent{}, err }
	if err := s.movable(w.Actor); err != nil {
		return fail(err)
	}
	tr, err := s.track(partID)
	if err != nil {
		return fail(err)
	}
	if tr.at < 0 || tr.leg() != s.Custody[len(s.Custody)-1].Leg {
		return fail(fault.New(fault.CodePartElsewhere, "the part and the rest are not on the same leg"))
	}
	if err := tr.unoffered(); err != nil {
		return fail(err)
	}
	s.Parts, s.Consents = slices.Clone(s.Parts), nil
	s.Parts[tr.at].JoinedAt = w.Now
	next, e := s.record(JoinedStep, "", "", w)
	e.PartID = partID
	return next, e, nil
}

// movable refuses to rearrange goods that the actor does not have, that are being
// handed over, or that travel in a consolidation.
func (s Shipment) movable(actor string) error {
	if err := s.expect(InTransit); err != nil {
		return err
	}
	if err := s.alone(); err != nil {
		return err
	}
	tr := s.mainTrack()
	if err := tr.held(actor); err != nil {
		return err
	}
	return tr.unoffered()
}

// GoodsOf are the components on a way: of a part, or of what has not been split off.
func (s Shipment) GoodsOf(t Terms, partID string) []string {
	if partID == "" {
		return s.rest(t).Goods
	}
	for _, p := range s.Parts {
		if p.PartID == partID && p.JoinedAt == "" {
			return p.Goods
		}
	}
	return nil
}

// GoodsUnderWay are the components that are not delivered.
func (s Shipment) GoodsUnderWay(t Terms) []string {
	var out []string
	for _, tr := range s.tracks() {
		if !tr.delivered() {
			out = append(out, s.GoodsOf(t, tr.partID)...)
		}
	}
	return out
}
