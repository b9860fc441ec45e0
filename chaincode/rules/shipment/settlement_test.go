package shipment_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// booked is a stream with these penalties, by custodian in the order given.
func booked(ended bool, ps ...shipment.Penalty) shipment.Stream {
	return shipment.Stream{ShipmentID: "S-1", DeviceID: device, Ended: ended, Penalties: ps}
}

func TestTheArithmeticOfASettlement(t *testing.T) {
	legs := func(ls ...shipment.Leg) []shipment.Leg { return ls }
	for name, c := range map[string]struct {
		legs     []shipment.Leg
		payer    string
		streams  []shipment.Stream
		lines    []shipment.Line
		payments []shipment.Payment
	}{
		"no violation: the carriers get their fees": {
			legs(shipment.Leg{Carrier: south, FeeMinor: 3_000}, shipment.Leg{Carrier: north, FeeMinor: 5_000}), maker,
			[]shipment.Stream{booked(true)},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, PayableMinor: 5_000}, {Carrier: south, FeeMinor: 3_000, PayableMinor: 3_000}},
			[]shipment.Payment{{Organisation: north, AmountMinor: 5_000}, {Organisation: south, AmountMinor: 3_000}},
		},
		"a penalty goes back to the payer": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}), maker,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 1, PenaltyMinor: 1_000})},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, Excursions: 1, PenaltyMinor: 1_000, PayableMinor: 4_000}},
			[]shipment.Payment{{Organisation: maker, AmountMinor: 1_000}, {Organisation: north, AmountMinor: 4_000}},
		},
		"penalties of the whole fee leave nothing": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}), maker,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 5, PenaltyMinor: 5_000})},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, Excursions: 5, PenaltyMinor: 5_000}},
			[]shipment.Payment{{Organisation: maker, AmountMinor: 5_000}},
		},
		"penalties above the fee are owed but not covered, and touch nobody else's fee": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}, shipment.Leg{Carrier: south, FeeMinor: 3_000}), buyer,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 7, PenaltyMinor: 7_000})},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, Excursions: 7, PenaltyMinor: 7_000, UncoveredMinor: 2_000}, {Carrier: south, FeeMinor: 3_000, PayableMinor: 3_000}},
			[]shipment.Payment{{Organisation: buyer, AmountMinor: 5_000}, {Organisation: south, AmountMinor: 3_000}},
		},
		"the penalties of all limits add up": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}), maker,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, LimitID: "A", Excursions: 1, PenaltyMinor: 1_000}), booked(true, shipment.Penalty{Custodian: north, LimitID: "B", Excursions: 2, PenaltyMinor: 500}), booked(true, shipment.Penalty{Custodian: north, LimitID: "A", Excursions: 2, PenaltyMinor: 900})},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, Excursions: 3, PenaltyMinor: 1_500, PayableMinor: 3_500}},
			[]shipment.Payment{{Organisation: maker, AmountMinor: 1_500}, {Organisation: north, AmountMinor: 3_500}},
		},
		"a carrier of two legs has one line; the fee of one leg answers for the other": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 1_000}, shipment.Leg{Carrier: south, FeeMinor: 3_000}, shipment.Leg{Carrier: north, FeeMinor: 2_000}), maker,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 1, PenaltyMinor: 2_500})},
			[]shipment.Line{{Carrier: north, FeeMinor: 3_000, Excursions: 1, PenaltyMinor: 2_500, PayableMinor: 500}, {Carrier: south, FeeMinor: 3_000, PayableMinor: 3_000}},
			[]shipment.Payment{{Organisation: maker, AmountMinor: 2_500}, {Organisation: north, AmountMinor: 500}, {Organisation: south, AmountMinor: 3_000}},
		},
		"a payer that carries gets one payment": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}, shipment.Leg{Carrier: south, FeeMinor: 3_000}), north,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 1, PenaltyMinor: 1_000}, shipment.Penalty{Custody: 1, Custodian: south, Excursions: 1, PenaltyMinor: 200})},
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, Excursions: 1, PenaltyMinor: 1_000, PayableMinor: 4_000}, {Carrier: south, FeeMinor: 3_000, Excursions: 1, PenaltyMinor: 200, PayableMinor: 2_800}},
			[]shipment.Payment{{Organisation: north, AmountMinor: 5_200}, {Organisation: south, AmountMinor: 2_800}},
		},
		"what is carried for nothing pays nothing": {
			legs(shipment.Leg{Carrier: north}), maker,
			[]shipment.Stream{booked(true, shipment.Penalty{Custodian: north, Excursions: 1, PenaltyMinor: 1_000})},
			[]shipment.Line{{Carrier: north, Excursions: 1, PenaltyMinor: 1_000, UncoveredMinor: 1_000}},
			nil,
		},
		"without streams nothing is booked": {
			legs(shipment.Leg{Carrier: north, FeeMinor: 5_000}), maker, nil,
			[]shipment.Line{{Carrier: north, FeeMinor: 5_000, PayableMinor: 5_000}},
			[]shipment.Payment{{Organisation: north, AmountMinor: 5_000}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(sh7())
			terms.Legs, terms.Payer = c.legs, c.payer
			st, err := shipment.Reckon("S-1", terms, c.streams, when(maker, later))
			wantFault(t, err, "")
			if diff := cmp.Diff(c.lines, st.Lines); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.payments, st.Payments()); diff != "" {
				t.Error(diff)
			}
			if st.ShipmentID != "S-1" || st.Payer != c.payer || st.Currency != "USD" || st.Final || st.At != measure.At(later) || st.TransactionID != "tx" {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestSettleWaitsForWhatIsSealed: what a device recorded and nobody has opened is
// as little known as what it has not sent.
func TestSettleWaitsForWhatIsSealed(t *testing.T) {
	terms := agree(sh7())
	terms.Confidential = true
	s := custody(terms, pickedUp, pickedUp+hour, pickedUp+2*hour)
	due := pickedUp + 2*hour + 3600*second
	sealed := booked(true)
	sealed.Segments = 2
	half, opened := sealed, sealed
	half.Unopened = &shipment.Unopened{Opened: 1}
	opened.Unopened = &shipment.Unopened{Opened: 2}
	for name, c := range map[string]struct {
		stream shipment.Stream
		now    int64
		want   fault.Code
	}{
		"not while nothing is opened":          {sealed, due - 1, fault.CodeSettleEarly},
		"not while something is not opened":    {half, due - 1, fault.CodeSettleEarly},
		"at once when everything is":           {opened, pickedUp + 2*hour, ""},
		"when the time for opening it is over": {half, due, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, _, err := s.Settle(terms, shipment.Review{}, shipment.Statement{}, []shipment.Stream{c.stream}, when(north, c.now))
			wantFault(t, err, c.want)
		})
	}
}

func TestSettleWaitsForReadings(t *testing.T) {
	terms := agree(sh7()) // 3,600 s after delivery at the latest
	delivered := custody(terms, pickedUp, pickedUp+hour, pickedUp+2*hour)
	moving := custody(terms, pickedUp)
	settled := delivered
	settled.Status = shipment.Settled
	// The delivery was recorded half an hour after it happened: the wait counts from there.
	delivered.Custody[2].RecordedAt = measure.At(pickedUp + 5*hour/2)
	due := pickedUp + 5*hour/2 + 3600*second
	done, open := booked(true), booked(false)
	for name, c := range map[string]struct {
		s       shipment.Shipment
		streams []shipment.Stream
		actor   string
		now     int64
		want    fault.Code
	}{
		"at once when every device has ended":        {delivered, []shipment.Stream{done, done}, south, pickedUp + 5*hour/2, ""},
		"not while one device may still send":        {delivered, []shipment.Stream{done, open}, maker, due - 1, fault.CodeSettleEarly},
		"when the agreed wait is over":               {delivered, []shipment.Stream{done, open}, maker, due, ""},
		"not while the goods are under way":          {moving, []shipment.Stream{done}, maker, due, fault.CodeShipmentStatus},
		"not twice":                                  {settled, []shipment.Stream{done}, maker, due, fault.CodeShipmentStatus},
		"not before pick-up":                         {agreed(t, terms), nil, maker, due, fault.CodeShipmentStatus},
		"not by a stranger":                          {delivered, []shipment.Stream{done}, "StrangerMSP", due, fault.CodeTermsNotParty},
		"not when a stranger asks too early, either": {delivered, []shipment.Stream{open}, "StrangerMSP", pickedUp, fault.CodeTermsNotParty},
	} {
		t.Run(name, func(t *testing.T) {
			next, _, st, e, err := c.s.Settle(terms, shipment.Review{}, shipment.Statement{}, c.streams, when(c.actor, c.now))
			wantFault(t, err, c.want)
			if err != nil {
				if diff := cmp.Diff(c.s, next); diff != "" {
					t.Error(diff)
				}
				return
			}
			if next.Status != shipment.Settled || !st.Final || st.PaidMinor != 8_000 || e.Step != shipment.SettledStep || e.Actor != c.actor || next.Events != c.s.Events+1 {
				t.Errorf("%+v %+v %+v", next, st, e)
			}
		})
	}
}

func TestASettlementPaysOutExactlyTheFees(t *testing.T) {
	org := rapid.SampledFrom([]string{maker, buyer, north, south, "EastMSP"})
	amount := rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(0, 10_000), rapid.Int64Range(0, int64(money.Max)/shipment.MaxLegs))
	rapid.Check(t, func(t *rapid.T) {
		terms := agree(sh7())
		terms.Payer, terms.Legs = org.Draw(t, "payer"), nil
		for range rapid.IntRange(1, 6).Draw(t, "legs") {
			terms.Legs = append(terms.Legs, shipment.Leg{Carrier: org.Draw(t, "carrier"), FeeMinor: money.Minor(amount.Draw(t, "fee"))})
		}
		owed := map[string]money.Minor{}
		var streams []shipment.Stream
		for range rapid.IntRange(0, 4).Draw(t, "streams") {
			s := booked(true)
			for i, c := range rapid.SliceOfNDistinct(org, 0, 5, rapid.ID[string]).Draw(t, "custodians") {
				p := money.Minor(amount.Draw(t, "penalty"))
				s.Penalties = append(s.Penalties, shipment.Penalty{Custody: i, Custodian: c, LimitID: fmt.Sprint(len(streams)), Excursions: 1, PenaltyMinor: p})
				owed[c] += p
			}
			streams = append(streams, s)
		}
		fees, err := terms.Fees()
		if err != nil {
			t.Fatal(err)
		}
		st, err := shipment.Reckon("S-1", terms, streams, when(maker, later))
		if err != nil {
			t.Fatal(err)
		}
		var feeSum, paid, returned money.Minor
		for i, l := range st.Lines {
			if l.FeeMinor < 0 || l.PenaltyMinor < 0 || l.PayableMinor < 0 || l.UncoveredMinor < 0 || l.Excursions < 0 {
				t.Fatalf("negative: %+v", l)
			}
			if l.PayableMinor != 0 && l.UncoveredMinor != 0 {
				t.Fatalf("something is payable and something uncovered: %+v", l)
			}
			if l.PayableMinor-l.UncoveredMinor != l.FeeMinor-l.PenaltyMinor || l.PenaltyMinor != owed[l.Carrier] {
				t.Fatalf("%+v, owed %d", l, owed[l.Carrier])
			}
			if i > 0 && st.Lines[i-1].Carrier >= l.Carrier {
				t.Fatalf("lines are not sorted: %+v", st.Lines)
			}
			feeSum += l.FeeMinor
			paid += l.PayableMinor
			returned += l.PenaltyMinor - l.UncoveredMinor
		}
		if feeSum != fees || st.FeesMinor != fees || st.PaidMinor != paid || st.RefundMinor != returned || paid+returned != fees {
			t.Fatalf("%+v: lines say fees %d, paid %d, back %d", st, feeSum, paid, returned)
		}
		var sum money.Minor
		for i, p := range st.Payments() {
			if p.AmountMinor <= 0 || i > 0 && st.Payments()[i-1].Organisation >= p.Organisation {
				t.Fatalf("payments %+v", st.Payments())
			}
			sum += p.AmountMinor
		}
		if sum != fees {
			t.Fatalf("payments add up to %d, fees are %d", sum, fees)
		}
	})
}
