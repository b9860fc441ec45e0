package shipment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// longTerms are those of a journey with everything that may happen on one.
func longTerms() shipment.Terms {
	limit := func(id string, rule shipment.Rule, checkpoint string) shipment.Limit {
		return shipment.Limit{LimitID: id, Rule: rule.ID, PenaltyMinor: 10, CheckpointID: checkpoint}
	}
	t := agree(sh7(), limit("late", shipment.Late, shipment.Delivery), limit("gate", shipment.Late, "gate"), limit("seal", shipment.SealBroken, ""), limit("lost", shipment.Lost, ""))
	t.Goods = []string{"g0", "g1", "g2", "g3"}
	t.Devices = []string{"d0", "d1", "d2"}
	t.Checkpoints = []shipment.Checkpoint{
		{CheckpointID: "gate", Location: "DEHAM", When: shipment.Interval{Latest: measure.At(pickedUp + 10*second)}},
		{CheckpointID: "port", Location: "NLRTM"},
	}
	t.Schedule = &shipment.Schedule{PickUp: shipment.Interval{Latest: measure.At(pickedUp)}, Delivery: shipment.Interval{Latest: measure.At(pickedUp + 20*second)}}
	t.LateRecordingSeconds = 60
	return t
}

// traveller plays a journey against the rules and keeps its own book of where
// everything is, in the simplest way: a place for each component and device.
type traveller struct {
	s       shipment.Shipment
	terms   shipment.Terms
	now     int64
	place   map[string]string             // component or device → part
	legs    map[string]int                // part → how many have had it
	named   map[string]map[string]bool    // part → "giver>receiver" of offers that were accepted
	joined  map[string]bool               // devices that once travelled in a part that was joined
	before  map[string][]shipment.Custody // device → what it was attributed to
	passed  []string
	offered map[string]string // part → to
	rnd     *rand.Rand
}

func newTraveller(t tester, seed uint64) *traveller {
	terms := longTerms()
	v := &traveller{s: agreed(t, terms), terms: terms, now: pickedUp, place: map[string]string{}, legs: map[string]int{}, named: map[string]map[string]bool{"": {}}, joined: map[string]bool{}, before: map[string][]shipment.Custody{}, offered: map[string]string{}, rnd: rand.New(rand.NewPCG(seed, 0))}
	return v
}

func (v *traveller) when(actor string) shipment.When {
	v.now += second
	return when(actor, v.now)
}

func (v *traveller) holder(part string) string {
	return slices.Concat([]string{maker}, []string{north, south, buyer})[v.legs[part]]
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// some draws up to n, with repetition.
func some(r *rand.Rand, from []string, n int) []string {
	var out []string
	for range r.IntN(n + 1) {
		out = append(out, pick(r, from))
	}
	return out
}

var steps = []string{"pack", "offer", "offer", "offer", "accept", "accept", "accept", "decline", "split", "split", "split", "join", "checkpoint", "cancel", "wait", "lost"}

// step draws one call with whatever parameters, and takes it if the rules do.
func (v *traveller) step(t *rapid.T) {
	parties := []string{maker, north, south, buyer, "StrangerMSP"}
	actor := pick(v.rnd, parties)
	part := pick(v.rnd, []string{"", "p0", "p1"})
	step := pick(v.rnd, steps)
	if v.rnd.IntN(6) > 0 {
		if actor = v.holder(part); step == "split" || step == "join" {
			actor = v.holder("")
		}
	}
	happened := measure.At(v.now - (v.rnd.Int64N(5)-1)*second/2)
	next, err := v.s, error(nil)
	switch step {
	case "pack":
		if next, _, err = v.s.Pack(v.terms, happened, nil, v.when(actor)); err == nil {
			v.expect(t, actor == maker && v.legs[""] == 0, "packed")
		}
	case "offer":
		to := pick(v.rnd, parties)
		if v.rnd.IntN(6) > 0 {
			to = []string{north, south, buyer, "NobodyMSP"}[v.legs[part]]
		}
		if next, _, err = v.s.OfferHandover(v.terms, shipment.Transfer{PartID: part, To: to, OccurredAt: happened}, v.when(actor)); err == nil {
			v.expect(t, actor == v.holder(part), "offered by who has it")
			v.offered[part] = to
		}
	case "accept":
		if v.rnd.IntN(6) > 0 {
			actor = v.offered[part]
		}
		last := measure.Time("")
		if v.rnd.IntN(2) == 0 {
			last = measure.At(v.now - v.rnd.Int64N(6)*second)
		}
		if next, _, _, err = v.s.AcceptHandover(v.terms, shipment.Transfer{PartID: part}, last, v.when(actor)); err == nil {
			v.expect(t, v.offered[part] == actor, "accepted by who was asked")
			v.named[part][v.holder(part)+">"+actor] = true
			v.legs[part]++
			delete(v.offered, part)
		}
	case "decline":
		if next, _, err = v.s.DeclineHandover(part, "", v.when(actor)); err == nil {
			delete(v.offered, part)
		}
	case "split":
		p := shipment.Part{PartID: part, Goods: some(v.rnd, v.terms.Goods, 2), Devices: some(v.rnd, v.terms.Devices, 1)}
		if next, _, err = v.s.Split(v.terms, p, v.when(actor)); err == nil {
			for _, id := range slices.Concat(p.Goods, p.Devices) {
				v.expect(t, v.place[id] == "" && !v.joined[id], "split off what was there")
				v.place[id] = part
			}
			v.legs[part], v.named[part] = v.legs[""], map[string]bool{}
			for k := range v.named[""] {
				v.named[part][k] = true
			}
		}
	case "join":
		if next, _, err = v.s.Join(part, v.when(actor)); err == nil {
			v.expect(t, v.legs[part] == v.legs[""] && actor == v.holder(""), "joined where both are")
			for id, at := range v.place {
				if at == part {
					v.place[id], v.joined[id] = "", slices.Contains(v.terms.Devices, id)
				}
			}
			delete(v.legs, part)
			delete(v.offered, part)
		}
	case "checkpoint":
		id := pick(v.rnd, []string{"gate", "port", "none"})
		if next, _, _, err = v.s.RecordCheckpoint(v.terms, id, happened, nil, v.when(actor)); err == nil {
			v.passed = append(v.passed, id)
		}
	case "cancel":
		if v.rnd.IntN(4) > 0 {
			return
		}
		next, _, err = v.s.Cancel(v.terms, "", v.when(actor))
	case "lost":
		if v.rnd.IntN(4) > 0 {
			return
		}
		next, _, _, err = v.s.DeclareLost(v.terms, v.when(pick(v.rnd, []string{buyer, north})))
	case "wait":
		if v.rnd.IntN(4) == 0 {
			v.now += 400 * second
		}
		return
	}
	if err != nil {
		v.expect(t, fault.From(err).Kind != fault.Internal, "refused for a reason")
		return
	}
	v.s = next
}

func (v *traveller) expect(t *rapid.T, ok bool, what string) {
	t.Helper()
	if !ok {
		t.Fatalf("not %s: %+v", what, v.s)
	}
}

// check holds what must be true after every step.
func (v *traveller) check(t *rapid.T) {
	where := map[string]int{}
	ways := []string{""}
	for _, p := range v.s.Parts {
		if p.JoinedAt == "" {
			ways = append(ways, p.PartID)
		}
	}
	for _, way := range ways {
		for _, g := range v.s.GoodsOf(v.terms, way) {
			where[g]++
			v.expect(t, v.place[g] == way, g+" is where it was put")
		}
		for _, d := range v.s.DevicesOf(v.terms, way) {
			where[d]++
			v.expect(t, v.place[d] == way, d+" is where it was put")
		}
	}
	for _, id := range slices.Concat(v.terms.Goods, v.terms.Devices) {
		v.expect(t, where[id] == 1, id+" is in one place")
	}
	for _, d := range v.terms.Devices {
		cs := v.s.CustodyOf(d)
		for i, c := range cs {
			if i == 0 {
				continue
			}
			v.expect(t, cs[i-1].From < c.From && cs[i-1].RecordedAt <= c.RecordedAt, fmt.Sprintf("contiguous for %s: %v", d, cs))
			if v.s.LostAt == "" || i+1 < len(cs) || v.s.CustodyOf(d)[i].Leg != cs[i-1].Leg {
				v.expect(t, v.named[v.place[d]][cs[i-1].Custodian+">"+c.Custodian] || cs[i-1].Leg == 0, "named by both: "+cs[i-1].Custodian+">"+c.Custodian)
				v.expect(t, c.Leg == cs[i-1].Leg+1, "in the order of the route")
			}
		}
		// What was attributed stays so.
		for i, c := range v.before[d] {
			v.expect(t, i < len(cs) && cs[i].Custodian == c.Custodian && cs[i].From == c.From, "attributed as before")
		}
		if v.s.LostAt == "" {
			v.before[d] = slices.Clone(cs)
		}
	}
	gate, port := slices.Index(v.passed, "gate"), slices.Index(v.passed, "port")
	v.expect(t, len(v.passed) == len(v.s.Passed) && len(v.passed) <= 2 && (port < 0 || gate < port), "checkpoints in order, each once")
}

func TestGoodsAreInOnePlaceWhateverIsCalled(t *testing.T) {
	reached := map[shipment.Status]int{} // a walk that never gets anywhere proves nothing
	walk := func(t *rapid.T) {
		v := newTraveller(t, rapid.Uint64().Draw(t, "seed")) // drawn step by step, walks would be short and near the start
		for range 120 {
			over := v.s.Status == shipment.Cancelled || v.s.Status == shipment.LostStatus || v.s.Status == shipment.Arrived
			before := v.s
			v.step(t)
			v.check(t)
			if over {
				v.expect(t, v.s.Events == before.Events && v.s.Status == before.Status, "over for ever")
			}
		}
		reached[v.s.Status]++
		for _, p := range v.s.Parts {
			reached["in parts"]++
			if p.JoinedAt != "" {
				reached["joined"]++
			}
			if n := len(p.Custody); p.Custody[n-1].Delivered {
				reached["a part delivered"]++
			}
		}
		// However it ended, the escrow is what the carriers get and what goes back.
		st, err := v.s.Reckon(v.terms, nil, when(maker, v.now))
		wantFault(t, err, "")
		sum := st.RefundMinor
		for _, l := range st.Lines {
			sum += l.PayableMinor
			if v.s.Status == shipment.Cancelled && (l.FeeMinor != 0 || l.PenaltyMinor != 0) {
				t.Errorf("cancelled, and %+v", l)
			}
		}
		if fees, _ := v.terms.Fees(); sum != fees || st.PaidMinor < 0 || st.RefundMinor < 0 {
			t.Errorf("of %d, %d is accounted for: %+v", fees, sum, st)
		}
	}
	rapid.Check(t, walk)
	if testing.Short() { // too few walks to get everywhere
		return
	}
	for _, s := range []shipment.Status{shipment.InTransit, shipment.Arrived, shipment.Cancelled, shipment.LostStatus, "in parts", "joined", "a part delivered"} {
		for range 4 { // one walk in fifteen is delivered, so a hundred may all not be
			if reached[s] == 0 {
				rapid.Check(t, walk)
			}
		}
		if reached[s] == 0 {
			t.Errorf("no journey was ever %s: %v", s, reached)
		}
	}
}

func TestALostShipmentPaysForTheLegsThatAllGoodsHaveCompleted(t *testing.T) {
	terms := longTerms()
	s := agreed(t, terms)
	s = handOver(t, s, terms, pickedUp, "", pickedUp)
	s, _, err := s.Split(terms, shipment.Part{PartID: "p", Goods: []string{"g0"}}, when(north, pickedUp))
	wantFault(t, err, "")
	s = handOver(t, s, terms, pickedUp+second, "", pickedUp+second)
	gone, found, _, err := s.DeclareLost(terms, when(buyer, pickedUp+hour))
	wantFault(t, err, "")
	if len(found) != 2 || found[0].Custodian != south || found[0].DeviceID != "-" || found[1].Custodian != north || found[1].DeviceID != "-p" {
		t.Errorf("found %+v", found)
	}
	st, err := gone.Reckon(terms, nil, when(maker, pickedUp+hour))
	wantFault(t, err, "")
	if st.PaidMinor != 0 || st.RefundMinor != 8_000 {
		t.Errorf("north still has a part, and south has not delivered: %+v", st)
	}
	whole, _, err := s.OfferHandover(terms, shipment.Transfer{PartID: "p", To: south, OccurredAt: measure.At(pickedUp + 2*second)}, when(north, pickedUp+2*second))
	wantFault(t, err, "")
	whole, _, _, err = whole.AcceptHandover(terms, shipment.Transfer{PartID: "p"}, "", when(south, pickedUp+2*second))
	wantFault(t, err, "")
	whole, _, _, err = whole.DeclareLost(terms, when(buyer, pickedUp+hour))
	wantFault(t, err, "")
	st, err = whole.Reckon(terms, nil, when(maker, pickedUp+hour))
	wantFault(t, err, "")
	if st.PaidMinor != 5_000 || st.Lines[0].FeeMinor != 5_000 || st.Lines[1].FeeMinor != 0 || st.Lines[1].PenaltyMinor != 20 || st.Lines[1].UncoveredMinor != 20 {
		t.Errorf("north has done its part, and both losses are south's: %+v", st)
	}
}

func TestWhatLatenessCosts(t *testing.T) {
	terms := agree()
	terms.Schedule = &shipment.Schedule{Delivery: shipment.Interval{Latest: measure.At(pickedUp + 1000*second)}}
	for name, c := range map[string]struct {
		limit   shipment.Limit
		arrived int64 // ms after the latest time
		want    money.Minor
		found   bool
	}{
		"in time":                           {shipment.Limit{PenaltyMinor: 7}, 0, 0, false},
		"a millisecond":                     {shipment.Limit{PenaltyMinor: 7}, 1, 7, true},
		"within the tolerance":              {shipment.Limit{PenaltyMinor: 7, Milli: 5_000}, 5_000, 0, false},
		"beyond the tolerance":              {shipment.Limit{PenaltyMinor: 7, Milli: 5_000}, 5_001, 7, true},
		"one started minute":                {shipment.Limit{PenaltyMinor: 7, PenaltyBy: shipment.ByMinute}, 1, 7, true},
		"sixty seconds are one minute":      {shipment.Limit{PenaltyMinor: 7, PenaltyBy: shipment.ByMinute}, 60_000, 7, true},
		"the second minute has started":     {shipment.Limit{PenaltyMinor: 7, PenaltyBy: shipment.ByMinute}, 60_001, 14, true},
		"up to the cap":                     {shipment.Limit{PenaltyMinor: 7, PenaltyBy: shipment.ByMinute, CapMinor: 10}, 120_000, 10, true},
		"a tenth of the last carrier's fee": {shipment.Limit{PenaltyBy: shipment.ByPercentage, PenaltyBasisPoints: 1_000}, 1, 300, true},
		"no more than there can be":         {shipment.Limit{PenaltyMinor: money.Max, PenaltyBy: shipment.ByMinute}, 120_000, money.Max, true},
	} {
		t.Run(name, func(t *testing.T) {
			terms := terms
			c.limit.LimitID, c.limit.Rule, c.limit.CheckpointID = "late", shipment.Late.ID, shipment.Delivery
			terms.Limits = []shipment.Limit{c.limit}
			s := agreed(t, terms)
			for i, at := range []int64{pickedUp, pickedUp + second, pickedUp + 1000*second + c.arrived} {
				by, to := route(s, terms)
				s2, _, err := s.OfferHandover(terms, shipment.Transfer{To: to, OccurredAt: measure.At(at)}, when(by, at))
				wantFault(t, err, "")
				var found []shipment.Excursion
				s, found, _, err = s2.AcceptHandover(terms, shipment.Transfer{}, "", when(to, at))
				wantFault(t, err, "")
				if (len(found) == 1) != (c.found && i == 2) {
					t.Fatalf("hand-over %d found %+v", i, found)
				}
				if len(found) == 1 && (found[0].PenaltyMinor != c.want || found[0].Custodian != south || found[0].PeakMilli != c.arrived || found[0].Open) {
					t.Errorf("found %+v", found[0])
				}
			}
		})
	}
}

// TestNoWayIsSilentForNothing: where silence has a price, no carrier puts all
// devices with the few goods that it treats well, on whichever of the ways.
func TestNoWayIsSilentForNothing(t *testing.T) {
	silence := func(devices, goods []string) shipment.Limit {
		return shipment.Limit{LimitID: "quiet", Rule: shipment.MissingData.ID, Milli: hour, PenaltyMinor: 500, Devices: devices, Goods: goods}
	}
	for name, c := range map[string]struct {
		limit shipment.Limit
		part  []string // devices
		want  fault.Code
	}{
		"one on each way":                          {silence(nil, nil), []string{"d1"}, ""},
		"all with the part":                        {silence(nil, nil), []string{"d1", "d2"}, fault.CodePartInvalid},
		"all with the rest":                        {silence(nil, nil), nil, fault.CodePartInvalid},
		"the one that is judged with the rest":     {silence([]string{"d2"}, nil), []string{"d1"}, fault.CodePartInvalid},
		"none where it is about other goods":       {silence(nil, []string{"g1"}), nil, ""},
		"not away from the goods that it is about": {silence(nil, []string{"g1"}), []string{"d1", "d2"}, fault.CodePartInvalid},
		"without a price for silence":              {sh7(), []string{"d1", "d2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(c.limit)
			terms.Goods, terms.Devices = []string{"g0", "g1"}, []string{"d1", "d2"}
			s := custody(terms, pickedUp)
			next, _, err := s.Split(terms, shipment.Part{PartID: "p", Goods: []string{"g0"}, Devices: c.part}, when(north, pickedUp))
			wantFault(t, err, c.want)
			if err != nil && len(next.Parts) != 0 {
				t.Errorf("%+v", next.Parts)
			}
		})
	}
}
