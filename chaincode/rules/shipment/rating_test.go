package shipment_test

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func TestTheScoreOfAnOutcome(t *testing.T) {
	for _, c := range []struct {
		name string
		o    shipment.Outcome
		want int64
	}{
		{"nothing went wrong", shipment.Outcome{Legs: 1}, 1000},
		{"one cheap excursion", shipment.Outcome{Legs: 1, Excursions: 1, PenaltyBasisPoints: 100}, 965},
		{"five excursions", shipment.Outcome{Legs: 1, Excursions: 5}, 850},
		{"five hundred excursions", shipment.Outcome{Legs: 1, Excursions: 500}, 850},
		{"late", shipment.Outcome{Legs: 1, Late: 1}, 800},
		{"late on one leg of two", shipment.Outcome{Legs: 2, Late: 1}, 900},
		{"late at every checkpoint", shipment.Outcome{Legs: 1, Late: 7}, 800},
		{"the fee is lost", shipment.Outcome{Legs: 1, PenaltyBasisPoints: 10_000}, 500},
		{"a dispute is lost", shipment.Outcome{Legs: 1, DisputesLost: 2}, 850},
		{"everything went wrong", shipment.Outcome{Legs: 1, Late: 1, Excursions: 9, PenaltyBasisPoints: 10_000, DisputesLost: 1}, 0},
		{"no leg is known", shipment.Outcome{}, 1000},
	} {
		if got := c.o.Score(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestARatingIsTheWeightedMeanOfTheLatestScores(t *testing.T) {
	bad := shipment.Outcome{Legs: 1, Late: 1, Excursions: 5, PenaltyBasisPoints: 10_000, DisputesLost: 1}
	good := shipment.Outcome{Legs: 2}
	if r := shipment.Rate(north, nil); r.Rated || r.PerMille != 1000 || r.Outcomes == nil {
		t.Errorf("without an outcome: %+v", r)
	}
	if r := shipment.Rate(north, []shipment.Outcome{bad}); !r.Rated || r.PerMille != 0 {
		t.Errorf("all bad: %+v", r)
	}
	// 1/(1 + 15/16) of it is good.
	want := shipment.Rating{Organisation: north, Rated: true, PerMille: 516, Legs: 3, Late: 1, Excursions: 5, DisputesLost: 1, Outcomes: []shipment.Outcome{good, bad}}
	if diff := cmp.Diff(want, shipment.Rate(north, []shipment.Outcome{good, bad})); diff != "" {
		t.Error(diff)
	}
	many := make([]shipment.Outcome, shipment.RatedOutcomes+1)
	for i := range many {
		many[i] = good
	}
	many[shipment.RatedOutcomes] = bad
	if r := shipment.Rate(north, many); r.PerMille != 1000 || len(r.Outcomes) != shipment.RatedOutcomes {
		t.Errorf("what is older than the latest %d counts: %d", shipment.RatedOutcomes, r.PerMille)
	}
}

// TestARatingMovesTowardsTheLatestOutcome: it is always within its bounds, and
// one more outcome draws it towards that outcome's score, never past it.
func TestARatingMovesTowardsTheLatestOutcome(t *testing.T) {
	outcome := rapid.Custom(func(t *rapid.T) shipment.Outcome {
		return shipment.Outcome{
			Legs: rapid.Int64Range(0, 16).Draw(t, "legs"), Late: rapid.Int64Range(0, 40).Draw(t, "late"), Excursions: rapid.Int64Range(0, 1<<40).Draw(t, "excursions"),
			PenaltyBasisPoints: rapid.Int64Range(0, 10_000).Draw(t, "penalties"), DisputesLost: rapid.Int64Range(0, 3).Draw(t, "disputes"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(outcome, 1, shipment.RatedOutcomes-1).Draw(t, "before")
		latest := outcome.Draw(t, "latest")
		was, is := shipment.Rate(north, before).PerMille, shipment.Rate(north, append([]shipment.Outcome{latest}, before...)).PerMille
		if is < 0 || is > shipment.FullScore {
			t.Fatalf("%d is no rating", is)
		}
		if low, high := min(was, latest.Score()), max(was, latest.Score()); is < low || is > high+1 {
			t.Fatalf("it was %d, the latest scores %d, it is %d", was, latest.Score(), is)
		}
	})
}

func TestOutcomesFollowFromTheStatement(t *testing.T) {
	late := sh7()
	late.LimitID, late.CheckpointID = "arrival", "delivery"
	terms := agree(sh7(), late)
	terms.Legs = append(terms.Legs, shipment.Leg{Carrier: north, FeeMinor: 1_000})
	charges := []shipment.Penalty{
		{Custody: 0, Custodian: north, LimitID: "SH7", Excursions: 2, PenaltyMinor: 2_000},
		{Custody: 2, Custodian: north, LimitID: "arrival", Excursions: 1, PenaltyMinor: 1_000},
	}
	st := shipment.Statement{ShipmentID: "S-1", At: measure.At(later), TransactionID: "tx", Final: true, Lines: []shipment.Line{
		{Carrier: north, FeeMinor: 6_000, Excursions: 3, PenaltyMinor: 3_000}, {Carrier: south, FeeMinor: 3_000},
	}}
	disputed := shipment.Review{Disputes: []shipment.Dispute{
		{Claim: shipment.DisputeClaim{Respondent: north}, AwardMinor: 100}, {Claim: shipment.DisputeClaim{Respondent: south}}, {Claim: shipment.DisputeClaim{Respondent: north}, AwardMinor: 1},
	}}
	want := []shipment.Outcome{
		{Carrier: north, ShipmentID: "S-1", Legs: 2, Late: 1, Excursions: 3, PenaltyBasisPoints: 5_000, DisputesLost: 2, SettledAt: measure.At(later), TransactionID: "tx"},
		{Carrier: south, ShipmentID: "S-1", Legs: 1, SettledAt: measure.At(later), TransactionID: "tx"},
	}
	if diff := cmp.Diff(want, shipment.Outcomes(terms, disputed, st, charges)); diff != "" {
		t.Error(diff)
	}
}

// TestWhoLosesGoodsIsRatedForIt: a shipment that is lost without a price for that
// is no flawless one, and not that of who had handed it over.
func TestWhoLosesGoodsIsRatedForIt(t *testing.T) {
	terms := longTerms()
	terms.Limits = nil
	s := handOver(t, agreed(t, terms), terms, pickedUp, "", pickedUp)
	s = handOver(t, s, terms, pickedUp+second, "", pickedUp+second)
	if by := s.LostBy(); len(by) != 0 {
		t.Errorf("nothing is lost, and %v have lost it", by)
	}
	s, _, _, err := s.DeclareLost(terms, when(buyer, pickedUp+hour))
	wantFault(t, err, "")
	st, err := s.Reckon(terms, nil, when(maker, pickedUp+hour))
	wantFault(t, err, "")
	got := shipment.Outcomes(terms, shipment.Review{}, st, nil, s.LostBy()...)
	if len(got) != 2 || got[0].Carrier != north || got[0].Score() != 1000 || got[1].Carrier != south || got[1].Score() != 500 {
		t.Errorf("%+v", got)
	}
}

// TestPenaltiesArePartsOfTheFee compares with numbers of any size.
func TestPenaltiesArePartsOfTheFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fee := rapid.Int64Range(0, int64(money.Max)).Draw(t, "fee")
		penalty := rapid.Int64Range(0, int64(money.Max)).Draw(t, "penalty")
		st := shipment.Statement{Lines: []shipment.Line{{Carrier: north, FeeMinor: money.Minor(fee), PenaltyMinor: money.Minor(penalty)}}}
		got := shipment.Outcomes(agree(), shipment.Review{}, st, nil)[0].PenaltyBasisPoints
		want := int64(10_000)
		switch {
		case penalty == 0:
			want = 0
		case penalty < fee:
			p := new(big.Int).Mul(big.NewInt(penalty), big.NewInt(10_000))
			want = p.Div(p, big.NewInt(fee)).Int64()
		}
		if got != want {
			t.Fatalf("%d of %d is %d basis points, want %d", penalty, fee, got, want)
		}
	})
}
