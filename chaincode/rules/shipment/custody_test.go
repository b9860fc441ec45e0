package shipment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// proposed is a shipment on the standard terms that nobody has accepted.
func proposed(t tester, terms shipment.Terms) shipment.Shipment {
	t.Helper()
	s, _, err := shipment.Propose("S-1", terms, when(maker, pickedUp-hour))
	wantFault(t, err, "")
	return s
}

// agreed is one that all parties have accepted.
func agreed(t tester, terms shipment.Terms) shipment.Shipment {
	t.Helper()
	s := proposed(t, terms)
	for _, p := range terms.Parties() {
		next, _, err := s.Accept(terms, s.TermsHash, when(p, pickedUp-hour))
		wantFault(t, err, "")
		s = next
	}
	return s
}

// handOver takes both halves of the next hand-over, and says when custody changed.
func handOver(t tester, s shipment.Shipment, terms shipment.Terms, occurredMs int64, last measure.Time, nowMs int64) shipment.Shipment {
	t.Helper()
	by, to := route(s, terms)
	s, _, err := s.OfferHandover(terms, shipment.Transfer{To: to, OccurredAt: measure.At(occurredMs)}, when(by, nowMs))
	wantFault(t, err, "")
	s, _, _, err = s.AcceptHandover(terms, shipment.Transfer{}, last, when(to, nowMs))
	wantFault(t, err, "")
	return s
}

func route(s shipment.Shipment, terms shipment.Terms) (by, to string) {
	stops := []string{terms.Consignor}
	for _, l := range terms.Legs {
		stops = append(stops, l.Carrier)
	}
	stops = append(stops, terms.Consignee)
	return stops[len(s.Custody)], stops[len(s.Custody)+1]
}

func TestPropose(t *testing.T) {
	for name, c := range map[string]struct {
		id, actor string
		ruleSet   string
		want      fault.Code
	}{
		"a party proposes":            {"S-1", south, shipment.RuleSet, ""},
		"a stranger does not":         {"S-1", "StrangerMSP", shipment.RuleSet, fault.CodeTermsNotParty},
		"the id must be one":          {"S 1", maker, shipment.RuleSet, fault.CodeIDInvalid},
		"the terms must be right too": {"S-1", maker, "other", fault.CodeTermsInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(sh7())
			terms.RuleSet = c.ruleSet
			s, e, err := shipment.Propose(c.id, terms, when(c.actor, pickedUp))
			wantFault(t, err, c.want)
			if err != nil {
				return
			}
			hash, _ := terms.Hash()
			want := shipment.Shipment{ShipmentID: "S-1", Status: shipment.Proposed, TermsHash: hash, Proposer: south, AcceptedBy: []string{}, Custody: []shipment.Custody{}, Events: 1, ChangedAt: measure.At(pickedUp)}
			if diff := cmp.Diff(want, s); diff != "" {
				t.Error(diff)
			}
			wantEvent := shipment.JourneyEvent{ShipmentID: "S-1", Step: shipment.TermsProposed, At: measure.At(pickedUp), Actor: south, TransactionID: "tx"}
			if diff := cmp.Diff(wantEvent, e); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAShipmentIsAgreedWhenTheLastPartyAccepts(t *testing.T) {
	terms := agree(sh7())
	s := proposed(t, terms)
	for i, p := range []string{south, maker, buyer, north} {
		if s.Status != shipment.Proposed {
			t.Fatalf("after %d of 4 acceptances the shipment is %s", i, s.Status)
		}
		before := s
		next, e, err := s.Accept(terms, s.TermsHash, when(p, pickedUp))
		wantFault(t, err, "")
		if e.Number != uint64(i+1) || e.Step != shipment.TermsAccepted || e.Actor != p || len(before.AcceptedBy) != i {
			t.Errorf("event %+v; the head before has %v", e, before.AcceptedBy)
		}
		s = next
	}
	if diff := cmp.Diff([]string{buyer, maker, north, south}, s.AcceptedBy); diff != "" || s.Status != shipment.Agreed {
		t.Errorf("%s, accepted by: %s", s.Status, diff)
	}
}

func TestAcceptAndWithdrawAreRefused(t *testing.T) {
	terms := agree(sh7())
	fresh := proposed(t, terms)
	once, _, err := fresh.Accept(terms, fresh.TermsHash, when(buyer, pickedUp))
	wantFault(t, err, "")
	withdrawn, e, err := once.Withdraw(terms, when(south, pickedUp))
	wantFault(t, err, "")
	if withdrawn.Status != shipment.Withdrawn || e.Step != shipment.TermsWithdrawn || e.Actor != south {
		t.Errorf("withdrawn: %+v, %+v", withdrawn, e)
	}
	done := agreed(t, terms)
	accept := func(s shipment.Shipment, hash, actor string) error {
		_, _, err := s.Accept(terms, hash, when(actor, pickedUp))
		return err
	}
	withdraw := func(s shipment.Shipment, actor string) error {
		_, _, err := s.Withdraw(terms, when(actor, pickedUp))
		return err
	}
	for name, c := range map[string]struct {
		got  error
		want fault.Code
	}{
		"a stranger accepts":                {accept(fresh, fresh.TermsHash, "StrangerMSP"), fault.CodeTermsNotParty},
		"other terms are accepted":          {accept(fresh, "00", maker), fault.CodeTermsChanged},
		"a party accepts twice":             {accept(once, once.TermsHash, buyer), fault.CodeTermsAccepted},
		"agreed terms are accepted":         {accept(done, done.TermsHash, buyer), fault.CodeShipmentStatus},
		"withdrawn terms are accepted":      {accept(withdrawn, withdrawn.TermsHash, maker), fault.CodeShipmentStatus},
		"a stranger withdraws":              {withdraw(fresh, "StrangerMSP"), fault.CodeTermsNotParty},
		"agreed terms are withdrawn":        {withdraw(done, maker), fault.CodeShipmentStatus},
		"withdrawn terms are withdrawn too": {withdraw(withdrawn, maker), fault.CodeShipmentStatus},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, c.got, c.want) })
	}
}

func TestTheJourneyGoesFromConsignorThroughTheCarriersToTheConsignee(t *testing.T) {
	terms := agree(sh7())
	s := agreed(t, terms)
	for i, c := range []struct {
		by, to string
		step   shipment.Step
		status shipment.Status
	}{
		{maker, north, shipment.PickedUp, shipment.InTransit},
		{north, south, shipment.HandedOver, shipment.InTransit},
		{south, buyer, shipment.DeliveredStep, shipment.Arrived},
	} {
		occurred := pickedUp + int64(i)*hour
		offered, e, err := s.OfferHandover(terms, shipment.Transfer{To: c.to, OccurredAt: measure.At(occurred)}, when(c.by, occurred+second))
		wantFault(t, err, "")
		wantOffer := &shipment.Handover{By: c.by, To: c.to, OccurredAt: measure.At(occurred), OfferedAt: measure.At(occurred + second)}
		if diff := cmp.Diff(wantOffer, offered.Offer); diff != "" || offered.Status != s.Status || e.Step != shipment.HandoverOffered || e.Counterparty != c.to {
			t.Fatalf("offer %d: %s %+v", i, diff, e)
		}
		next, _, e, err := offered.AcceptHandover(terms, shipment.Transfer{}, "", when(c.to, occurred+2*second))
		wantFault(t, err, "")
		if len(s.Custody) != i {
			t.Fatal("accepting changed the head before it")
		}
		wantCustody := shipment.Custody{Custodian: c.to, From: measure.At(occurred), OccurredAt: measure.At(occurred), RecordedAt: measure.At(occurred + 2*second), Delivered: i == 2, Leg: i + 1}
		if diff := cmp.Diff(wantCustody, next.Custody[i]); diff != "" {
			t.Errorf("custody %d: %s", i, diff)
		}
		if next.Status != c.status || next.Offer != nil || e.Step != c.step || e.Actor != c.to || e.Counterparty != c.by || e.OccurredAt != measure.At(occurred) || e.Number+1 != next.Events {
			t.Errorf("step %d: %s, %+v", i, next.Status, e)
		}
		s = next
	}
	_, _, err := s.OfferHandover(terms, shipment.Transfer{To: buyer, OccurredAt: measure.At(later)}, when(buyer, later))
	wantFault(t, err, fault.CodeShipmentStatus)
}

func TestHandOversAreRefused(t *testing.T) {
	terms := agree(sh7())
	terms.LateRecordingSeconds = 60
	ready := agreed(t, terms)
	offered, _, err := ready.OfferHandover(terms, shipment.Transfer{To: north, OccurredAt: measure.At(pickedUp)}, when(maker, pickedUp))
	wantFault(t, err, "")
	moving := handOver(t, ready, terms, pickedUp, "", pickedUp)
	offer := func(s shipment.Shipment, by, to string, occurred, now int64) error {
		_, _, err := s.OfferHandover(terms, shipment.Transfer{To: to, OccurredAt: measure.At(occurred)}, when(by, now))
		return err
	}
	accept := func(s shipment.Shipment, actor string, now int64) error {
		_, _, _, err := s.AcceptHandover(terms, shipment.Transfer{}, "", when(actor, now))
		return err
	}
	decline := func(s shipment.Shipment, actor string) error {
		_, _, err := s.DeclineHandover("", "", when(actor, pickedUp))
		return err
	}
	const skew = measure.MaxSkewMs
	for name, c := range map[string]struct {
		got  error
		want fault.Code
	}{
		"before the terms are agreed":                 {offer(proposed(t, terms), maker, north, pickedUp, pickedUp), fault.CodeShipmentStatus},
		"while another offer waits":                   {offer(offered, maker, north, pickedUp, pickedUp), fault.CodeHandoverPending},
		"past the first carrier":                      {offer(ready, maker, south, pickedUp, pickedUp), fault.CodeHandoverNotParty},
		"straight to the consignee":                   {offer(ready, maker, buyer, pickedUp, pickedUp), fault.CodeHandoverNotParty},
		"by the carrier, who has nothing yet":         {offer(ready, north, north, pickedUp, pickedUp), fault.CodeHandoverNotParty},
		"by the consignor, who has it no longer":      {offer(moving, maker, south, pickedUp+1, pickedUp+1), fault.CodeHandoverNotParty},
		"by a stranger":                               {offer(moving, "StrangerMSP", south, pickedUp+1, pickedUp+1), fault.CodeHandoverNotParty},
		"at the edge of the future":                   {offer(moving, north, south, pickedUp+1+skew, pickedUp+1), ""},
		"in the future":                               {offer(moving, north, south, pickedUp+2+skew, pickedUp+1), fault.CodeHandoverTime},
		"at the edge of what may be recorded late":    {offer(moving, north, south, pickedUp+1, pickedUp+1+60*second+skew), ""},
		"longer ago than the terms allow":             {offer(moving, north, south, pickedUp+1, pickedUp+2+60*second+skew), fault.CodeHandoverTime},
		"at the moment of the last one":               {offer(moving, north, south, pickedUp, pickedUp), fault.CodeHandoverTime},
		"before the last one":                         {offer(moving, north, south, pickedUp-1, pickedUp), fault.CodeHandoverTime},
		"accepted without offer":                      {accept(moving, south, pickedUp), fault.CodeHandoverNoOffer},
		"accepted by the one who offers":              {accept(offered, maker, pickedUp), fault.CodeHandoverNoOffer},
		"accepted by another":                         {accept(offered, south, pickedUp), fault.CodeHandoverNoOffer},
		"accepted as late as the terms allow":         {accept(offered, north, pickedUp+60*second+skew), ""},
		"accepted longer after than the terms allow":  {accept(offered, north, pickedUp+60*second+skew+1), fault.CodeHandoverTime},
		"declined without offer":                      {decline(moving, south), fault.CodeHandoverNoOffer},
		"declined by somebody whom it does not touch": {decline(offered, south), fault.CodeHandoverNoOffer},
		"accepted before the terms are agreed at all": {accept(proposed(t, terms), north, pickedUp), fault.CodeHandoverNoOffer},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, c.got, c.want) })
	}
}

func TestEitherSideEndsAnOfferAndTheEventNamesTheOther(t *testing.T) {
	terms := agree(sh7())
	s, _, err := agreed(t, terms).OfferHandover(terms, shipment.Transfer{To: north, OccurredAt: measure.At(pickedUp)}, when(maker, pickedUp))
	wantFault(t, err, "")
	for actor, other := range map[string]string{maker: north, north: maker} {
		next, e, err := s.DeclineHandover("", "", when(actor, pickedUp))
		wantFault(t, err, "")
		if next.Offer != nil || next.Status != shipment.Agreed || len(next.Custody) != 0 {
			t.Errorf("after %s declined: %+v", actor, next)
		}
		if e.Step != shipment.HandoverDeclined || e.Actor != actor || e.Counterparty != other {
			t.Errorf("%s declined: the event says %s with %s, want %s", actor, e.Actor, e.Counterparty, other)
		}
		if _, _, err := next.OfferHandover(terms, shipment.Transfer{To: north, OccurredAt: measure.At(pickedUp)}, when(maker, pickedUp)); err != nil {
			t.Errorf("a declined hand-over cannot be offered again: %v", err)
		}
	}
}

func TestWhatIsJudgedIsNotJudgedAnewByALateHandOver(t *testing.T) {
	terms := agree(sh7())
	for name, c := range map[string]struct{ occurred, last, from int64 }{
		"no reading yet": {10_000, 0, 10_000},
		"the last reading is before the hand-over":   {10_000, 9_999, 10_000},
		"the last reading is at the hand-over":       {10_000, 10_000, 10_001},
		"the last reading is long after the handing": {10_000, 70_000, 70_001},
	} {
		t.Run(name, func(t *testing.T) {
			s := handOver(t, agreed(t, terms), terms, pickedUp, "", later)
			var last measure.Time
			if c.last > 0 {
				last = measure.At(pickedUp + c.last)
			}
			s = handOver(t, s, terms, pickedUp+c.occurred, last, later)
			got := s.Custody[1]
			if got.From != measure.At(pickedUp+c.from) || got.OccurredAt != measure.At(pickedUp+c.occurred) {
				t.Errorf("custody from %s (occurred %s), want from %s", got.From, got.OccurredAt, measure.At(pickedUp+c.from))
			}
		})
	}
}

func TestCustodyIsContiguousAndGoesForward(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		terms := agree(sh7())
		terms.Legs = nil
		for i := range rapid.IntRange(1, shipment.MaxLegs).Draw(rt, "legs") {
			terms.Legs = append(terms.Legs, shipment.Leg{Carrier: []string{north, south}[i%2]})
		}
		s, now := agreed(t, terms), pickedUp
		var last measure.Time
		events := s.Events
		for range 60 {
			if s.Status == shipment.Arrived {
				break
			}
			now += rapid.Int64Range(0, hour).Draw(rt, "pass")
			if len(s.Custody) > 0 && rapid.Bool().Draw(rt, "reading") {
				last = max(last, measure.At(now+rapid.Int64Range(-hour, measure.MaxSkewMs).Draw(rt, "reading at")))
			}
			by, to := route(s, terms)
			occurred := measure.At(now + rapid.Int64Range(-2*hour, measure.MaxSkewMs).Draw(rt, "occurred"))
			next, _, err := s.OfferHandover(terms, shipment.Transfer{To: to, OccurredAt: occurred}, when(by, now))
			if err != nil {
				wantFault(t, err, fault.CodeHandoverTime)
				if n := len(s.Custody); n == 0 || occurred > s.Custody[n-1].From {
					rt.Fatalf("refused at %s: %v", occurred, err)
				}
				continue
			}
			if next, _, _, err = next.AcceptHandover(terms, shipment.Transfer{}, last, when(to, now)); err != nil {
				rt.Fatal(err)
			}
			if events += 2; next.Events != events {
				rt.Fatalf("%d events, want %d", next.Events, events)
			}
			s = next
			n := len(s.Custody)
			c := s.Custody[n-1]
			if c.Custodian != to || c.Delivered != (to == buyer) || c.From < c.OccurredAt || c.From <= last || n > 1 && c.From <= s.Custody[n-2].From {
				rt.Fatalf("custody %+v after %+v, last reading %s", c, s.Custody, last)
			}
		}
	})
}
