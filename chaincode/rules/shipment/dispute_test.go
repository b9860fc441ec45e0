package shipment_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

const arbiter = "CourtMSP"

// reviewed gives a delivered shipment whose terms leave an hour to accept and two
// for a dispute, with north's and south's fees of 5,000 and 3,000.
func reviewed() (shipment.Terms, shipment.Shipment, shipment.Review) {
	t := agree(sh7())
	t.Arbiter, t.AcceptWithinSeconds, t.DisputeSeconds = arbiter, 3600, 7200
	s := custody(t, pickedUp, pickedUp+hour, pickedUp+2*hour)
	s.ChangedAt = s.Custody[2].RecordedAt
	return t, s, shipment.NewReview("S-1", when(buyer, pickedUp+2*hour))
}

func claimOf(carrier string, amount money.Minor) shipment.DisputeClaim {
	return shipment.DisputeClaim{Respondent: carrier, AmountMinor: amount, Reason: "crushed", Excursions: []string{}}
}

// TestWhenTheEscrowMayBeReleased: at the acceptance, when the time is over, and
// after an acceptance in part with the first claim.
func TestWhenTheEscrowMayBeReleased(t *testing.T) {
	terms, s, r := reviewed()
	delivered := pickedUp + 2*hour
	all, _, _, err := r.AcceptDelivery(s, terms, shipment.DeliveryAcceptance{Accepted: shipment.AcceptedAll}, when(buyer, delivered+hour-1))
	wantFault(t, err, "")
	partial := shipment.DeliveryAcceptance{Accepted: shipment.AcceptedPartial, Goods: terms.Goods, Reason: "wet"}
	part, _, _, err := r.AcceptDelivery(s, terms, partial, when(buyer, delivered+hour/2))
	wantFault(t, err, "")
	claims := func(r shipment.Review, by string, atMs int64) shipment.Review {
		r, _, _, err := r.OpenDispute(s, terms, claimOf(north, 1_000), nil, when(by, atMs))
		wantFault(t, err, "")
		return r
	}
	partly := func(r shipment.Review) shipment.Review {
		r, _, _, err := r.AcceptDelivery(s, terms, partial, when(buyer, delivered+hour/2))
		wantFault(t, err, "")
		return r
	}
	rest, _, _, err := claims(part, buyer, delivered+hour/2+1).AcceptDelivery(s, terms, shipment.DeliveryAcceptance{Accepted: shipment.AcceptedAll}, when(buyer, delivered+hour/2+2))
	wantFault(t, err, "")
	for name, c := range map[string]struct {
		r     shipment.Review
		after int64
		want  fault.Code
	}{
		"not in the last moment of silence":                         {r, hour - 1, fault.CodeSettleNotAccepted},
		"when silence is acceptance":                                {r, hour, ""},
		"at once when all is accepted":                              {all, 0, ""},
		"not while a claim may follow":                              {part, hour, fault.CodeSettleNotAccepted},
		"when no claim has followed":                                {part, 3 * hour / 2, ""},
		"what is not disputed, when the claim was named first":      {partly(claims(r, buyer, delivered+1)), hour / 2, ""},
		"not for a claim of somebody else, the respondent's friend": {partly(claims(r, south, delivered+1)), hour/2 + 2, fault.CodeSettleNotAccepted},
		"nor for one that follows":                                  {claims(part, south, delivered+hour/2+1), hour/2 + 2, fault.CodeSettleNotAccepted},
		"not before the next claim, either":                         {claims(part, buyer, delivered+hour/2+1), hour/2 + 2, fault.CodeSettleNotAccepted},
		"what is not disputed, when the rest is accepted":           {rest, hour/2 + 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, st, _, err := s.Settle(terms, c.r, shipment.Statement{}, []shipment.Stream{booked(true)}, when(south, delivered+c.after))
			wantFault(t, err, c.want)
			if err == nil && st.PaidMinor+st.HeldMinor != 8_000 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestAClaimLeavesRoomForOthers: a carrier's friend that claims all of it, or as
// often as it may, takes nothing from those who really lost something.
func TestAClaimLeavesRoomForOthers(t *testing.T) {
	terms, s, r := reviewed()
	delivered := pickedUp + 2*hour
	r, _, _, err := r.OpenDispute(s, terms, claimOf(north, 4_993), nil, when(south, delivered))
	wantFault(t, err, "")
	for range 7 {
		r, _, _, err = r.OpenDispute(s, terms, claimOf(north, 1), nil, when(south, delivered))
		wantFault(t, err, "")
	}
	_, _, _, err = r.OpenDispute(s, terms, claimOf(north, 1), nil, when(south, delivered))
	wantFault(t, err, fault.CodeDisputeBounds)
	r, _, _, err = r.OpenDispute(s, terms, claimOf(north, 5_000), nil, when(buyer, delivered))
	wantFault(t, err, "")
	_, _, _, err = r.OpenDispute(s, terms, claimOf(north, 1), nil, when(buyer, delivered))
	wantFault(t, err, fault.CodeDisputeAmount)
	r, _, _, err = r.OpenDispute(s, terms, claimOf(north, 5_000), nil, when(maker, delivered))
	wantFault(t, err, "")
	// All of them together still hold and take no more than north has at stake.
	for i, d := range r.Disputes {
		if d.Claimant != south {
			r, _, _, err = r.DecideDispute(s, terms, i+1, 4_000, "so be it", when(arbiter, delivered+1))
			wantFault(t, err, "")
		}
	}
	_, _, st, _, err := s.Settle(terms, r, shipment.Statement{}, []shipment.Stream{booked(true)}, when(south, delivered+hour))
	wantFault(t, err, "")
	if st.HeldMinor != 0 || st.RefundMinor != 5_000 || st.PaidMinor != 3_000 || !st.Final {
		t.Errorf("%+v", st)
	}
}

// TestADisputeEndsOnce: every way to end one, and nothing after it.
func TestADisputeEndsOnce(t *testing.T) {
	terms, s, r := reviewed()
	at := pickedUp + 2*hour + hour/2
	r, s, _, err := r.OpenDispute(s, terms, claimOf(north, 4_000), nil, when(maker, at))
	wantFault(t, err, "")
	offered, so, _, err := r.OfferResolution(s, 1, 1_200, when(north, at))
	wantFault(t, err, "")
	end := map[string]func(shipment.When) (shipment.Review, error){
		"resolved": func(w shipment.When) (shipment.Review, error) {
			w.Actor = maker
			next, _, _, err := offered.AcceptResolution(so, 1, 1_200, w)
			return next, err
		},
		"decided": func(w shipment.When) (shipment.Review, error) {
			w.Actor = arbiter
			next, _, _, err := r.DecideDispute(s, terms, 1, 1_200, "half of it", w)
			return next, err
		},
		"withdrawn": func(w shipment.When) (shipment.Review, error) {
			w.Actor = maker
			next, _, _, err := r.WithdrawDispute(s, 1, w)
			return next, err
		},
	}
	for state, by := range end {
		t.Run(state, func(t *testing.T) {
			if _, err := by(when("", at+7200*second)); err == nil {
				t.Error("ended after its end")
			}
			next, err := by(when("", at+7200*second-1))
			wantFault(t, err, "")
			if d := next.Disputes[0]; string(d.State) != state || d.Offer != nil || d.EndedAt == "" || d.EndedIn != "tx" {
				t.Errorf("%+v", d)
			}
			if diff := cmp.Diff(shipment.DisputeOpen, r.Disputes[0].State); diff != "" {
				t.Error("the former review was changed")
			}
			for _, actor := range []string{maker, north, arbiter} {
				_, _, _, err := next.DecideDispute(s, terms, 1, 4_000, "again", when(actor, at))
				wantFault(t, err, fault.CodeDisputeEnded)
				_, _, _, err = next.WithdrawDispute(s, 1, when(actor, at))
				wantFault(t, err, fault.CodeDisputeEnded)
			}
		})
	}
}

// TestNoArbiterNobodyDecides: without an arbiter in the terms not even an actor
// without a name does.
func TestNoArbiterNobodyDecides(t *testing.T) {
	terms, s, r := reviewed()
	terms.Arbiter = ""
	at := pickedUp + 2*hour
	r, s, _, err := r.OpenDispute(s, terms, claimOf(north, 4_000), nil, when(maker, at))
	wantFault(t, err, "")
	for _, actor := range append(terms.Parties(), arbiter) {
		_, _, _, err := r.DecideDispute(s, terms, 1, 1, "x", when(actor, at))
		wantFault(t, err, fault.CodeDisputeNotSide)
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	terms, s, r := reviewed()
	at := pickedUp + 2*hour
	r, s, _, err := r.OpenDispute(s, terms, claimOf(north, 4_000), nil, when(maker, at))
	wantFault(t, err, "")
	ev := shipment.DisputeEvidence{SHA256: fmt.Sprintf("%064x", 7), MediaType: "image/jpeg", Description: "the pallet"}
	for i := range shipment.MaxEvidence {
		var got shipment.DisputeEvidence
		r, s, got, _, err = r.AddEvidence(s, terms, 1, ev, when(south, at))
		wantFault(t, err, "")
		if got.Number != uint64(i) || got.By != south {
			t.Fatalf("%+v", got)
		}
	}
	_, _, _, _, err = r.AddEvidence(s, terms, 1, ev, when(south, at))
	wantFault(t, err, fault.CodeDisputeBounds)
}

// TestWhatEntersEscrowLeavesItOnce plays random sequences of acceptances,
// disputes, offers, decisions and settlements, by anybody, at any times, and
// counts the money: after each step what is held and what was paid are the fees;
// at the end nothing is held; nobody gets more than its fee, and nobody loses
// more than penalties and awards within the claims, whatever is found in between,
// and whenever.
func TestWhatEntersEscrowLeavesItOnce(t *testing.T) {
	actors := rapid.SampledFrom([]string{maker, buyer, north, south, arbiter, "StrangerMSP"})
	rapid.Check(t, func(t *rapid.T) {
		terms, s, r := reviewed()
		terms.AcceptWithinSeconds = rapid.SampledFrom([]int64{0, 1, 3600}).Draw(t, "accept")
		terms.DisputeSeconds = rapid.SampledFrom([]int64{0, 1, 7200}).Draw(t, "dispute")
		terms.Payer = rapid.SampledFrom([]string{maker, buyer, north}).Draw(t, "payer")
		terms.Limits[0].Scope, terms.Limits[0].CapMinor = shipment.WholeJourney, money.Minor(rapid.SampledFrom([]int64{0, 2_500}).Draw(t, "cap"))
		streams := []shipment.Stream{booked(rapid.Bool().Draw(t, "ended"),
			shipment.Penalty{Custody: 0, Custodian: north, LimitID: "SH7", Excursions: 1, PenaltyMinor: money.Minor(rapid.Int64Range(0, 6_000).Draw(t, "penalty"))})}
		var drawn shipment.Statement
		held, paid, settled := money.Minor(8_000), map[string]money.Minor{}, 0
		now := pickedUp + 2*hour
		amount := rapid.OneOf(rapid.Int64Range(-1, 6_000), rapid.Just[int64](0))
		settle := func(w shipment.When) error {
			was := s.Status
			next, nr, st, e, err := s.Settle(terms, r, drawn, streams, w)
			if err != nil {
				return err
			}
			var sum money.Minor
			for _, p := range st.Payments() {
				if p.AmountMinor <= 0 {
					t.Fatalf("payment %+v", p)
				}
				paid[p.Organisation] += p.AmountMinor
				sum += p.AmountMinor
			}
			var charged money.Minor
			for _, c := range s.Charges(terms, st, streams) {
				charged += c.PenaltyMinor
			}
			if most := terms.Limits[0].CapMinor; most > 0 && charged > most {
				t.Fatalf("charged %d, and the cap is %d", charged, most)
			}
			if held -= sum; held != st.HeldMinor || held < 0 {
				t.Fatalf("%d are held, the statement says %d", held, st.HeldMinor)
			}
			if st.Final {
				settled++
				if held != 0 || next.Status != shipment.Settled || e.Step != shipment.SettledStep {
					t.Fatalf("%d held after %+v", held, e)
				}
				invoicesAdd(t, terms, st, s.Charges(terms, st, streams), nr)
			} else if next.Status != shipment.InDispute || was == shipment.InDispute && sum == 0 {
				t.Fatalf("%s after %s paid %d", next.Status, was, sum)
			}
			s, r, drawn = next, nr, st
			return nil
		}
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			now += rapid.SampledFrom([]int64{0, 1, 999, hour / 2, hour, 3 * hour}).Draw(t, "later")
			w := when(actors.Draw(t, "actor"), now)
			minor := money.Minor(amount.Draw(t, "amount"))
			id := rapid.IntRange(0, 3).Draw(t, "dispute id")
			nr, ns := r, s
			var err error
			switch rapid.IntRange(0, 8).Draw(t, "what") {
			case 0:
				nr, ns, _, err = r.AcceptDelivery(s, terms, shipment.DeliveryAcceptance{Accepted: shipment.AcceptedAll}, w)
			case 1:
				nr, ns, _, err = r.AcceptDelivery(s, terms, shipment.DeliveryAcceptance{Accepted: shipment.AcceptedPartial, Goods: terms.Goods, Reason: "wet"}, w)
			case 2, 3:
				nr, ns, _, err = r.OpenDispute(s, terms, claimOf(rapid.SampledFrom([]string{north, south}).Draw(t, "respondent"), minor), nil, w)
			case 4:
				nr, ns, _, err = r.OfferResolution(s, id, minor, w)
			case 5:
				if id >= 1 && id <= len(r.Disputes) && r.Disputes[id-1].Offer != nil {
					minor = r.Disputes[id-1].Offer.AmountMinor
				}
				nr, ns, _, err = r.AcceptResolution(s, id, minor, w)
			case 6:
				nr, ns, _, err = r.DecideDispute(s, terms, id, minor, "so be it", w)
			case 7:
				err = settle(w)
				nr, ns = r, s
			case 8: // a party opens sealed segments of one device or the other: more is found
				custodian, at := north, rapid.IntRange(0, 1).Draw(t, "custody")
				if at == 1 {
					custodian = south
				}
				p := shipment.Penalty{Custody: at, Custodian: custodian, LimitID: "SH7", Excursions: 2, PenaltyMinor: money.Minor(max(minor, 0))}
				streams = append(streams, booked(true, p))
			}
			if err != nil {
				if cmp.Diff(r, nr)+cmp.Diff(s, ns) != "" {
					t.Fatalf("%v changed something", err)
				}
				continue
			}
			r, s = nr, ns
			for _, d := range r.Disputes {
				if d.AwardMinor < 0 || d.AwardMinor > d.Claim.AmountMinor {
					t.Fatalf("awarded %d of %d", d.AwardMinor, d.Claim.AmountMinor)
				}
			}
			// What falls due falls due exactly then.
			if due := s.Due(terms, r, drawn, streams); due.SettleAt != "" && due.SettleAt > s.ChangedAt {
				at := due.SettleAt.UnixMs()
				if _, _, _, _, err := s.Settle(terms, r, drawn, streams, when(buyer, at-1)); err == nil {
					t.Fatalf("due at %s, and before", due.SettleAt)
				}
			}
		}
		// Whatever happened: the parties need nobody to bring it to its end.
		for range shipment.MaxDisputes + 2 {
			due := s.Due(terms, r, drawn, streams)
			if due.SettleAt == "" {
				break
			}
			now = max(now, due.SettleAt.UnixMs())
			if err := settle(when(south, now)); err != nil {
				t.Fatalf("due at %s: %v", due.SettleAt, err)
			}
		}
		if settled != 1 || held != 0 {
			t.Fatalf("settled %d times, %d held", settled, held)
		}
		if north := paid[north]; terms.Payer != "NorthMSP" && north > 5_000 || paid[south] > 3_000 {
			t.Fatalf("paid %v", paid)
		}
		_, _, _, _, err := s.Settle(terms, r, drawn, streams, when(buyer, now+24*hour))
		wantFault(t, err, fault.CodeShipmentStatus)
	})
}

// invoicesAdd holds the documents to the statement: numbers without gaps, sums
// that are what each carrier earns, and what goes back to the payer.
func invoicesAdd(t tester, terms shipment.Terms, st shipment.Statement, charges []shipment.Penalty, r shipment.Review) {
	t.Helper()
	var invoiced, credited money.Minor
	earned := map[string]money.Minor{}
	for i, d := range st.Issue(terms, charges, r).Items {
		if d.Number != fmt.Sprintf("S-1-%d", i+1) || d.Buyer != st.Payer || d.Currency != st.Currency || len(d.Lines) == 0 {
			t.Fatalf("%+v", d)
		}
		var sum money.Minor
		for k, l := range d.Lines {
			if l.NetMinor <= 0 || l.LineID != fmt.Sprint(k+1) {
				t.Fatalf("%+v", l)
			}
			sum += l.NetMinor
		}
		if sum != d.TotalMinor {
			t.Fatalf("%d is not the sum of %+v", d.TotalMinor, d.Lines)
		}
		switch d.TypeCode {
		case shipment.CommercialInvoice:
			invoiced += sum
			earned[d.Seller] += sum
		case shipment.CreditNote:
			credited += sum
			earned[d.Seller] -= sum
			if d.PrecedingInvoice == "" {
				t.Fatalf("%+v corrects nothing", d)
			}
		default:
			t.Fatalf("%+v", d)
		}
	}
	if invoiced != st.FeesMinor || invoiced-credited != st.PaidMinor || credited != st.RefundMinor {
		t.Fatalf("invoiced %d, credited %d: %+v", invoiced, credited, st)
	}
	for _, l := range st.Lines {
		if earned[l.Carrier] != l.PayableMinor {
			t.Fatalf("%s earns %d, its documents say %d", l.Carrier, l.PayableMinor, earned[l.Carrier])
		}
	}
}
