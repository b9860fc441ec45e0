package shipment

import (
	"math/bits"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// RatedOutcomes is how many of a carrier's latest outcomes its rating counts.
const RatedOutcomes = 50

// What a rating takes off the full score of 1000 for one outcome, at most. Their
// sum is 1000, so that a score is never below zero.
const (
	FullScore       = 1000
	scorePenalties  = 500 // in proportion to the penalties, as a part of the fees
	scoreLate       = 200 // in proportion to the legs that were late
	scoreExcursion  = 30  // for each excursion, five at most
	scoredAtMost    = 5
	scoreDisputes   = 150 // when a dispute was lost
	firstWeight     = 1 << 20
	weightNumerator = 15 // each outcome weighs fifteen sixteenths of the one after it
	weightDivisor   = 16
	basisPoints     = 10_000
)

// Outcome is how one carrier did in one settled shipment (SH11). It never changes.
type Outcome struct {
	Carrier    string `json:"carrier"`
	ShipmentID string `json:"shipmentId"`
	Legs       int64  `json:"legs"`
	Late       int64  `json:"late"` // how often the carrier was late
	Excursions int64  `json:"excursions"`
	// PenaltyBasisPoints are the penalties as a part of the fees, 10000 at most, and for whoever has lost goods.
	PenaltyBasisPoints int64        `json:"penaltyBasisPoints"`
	DisputesLost       int64        `json:"disputesLost"`
	SettledAt          measure.Time `json:"settledAt"`
	TransactionID      string       `json:"transactionId"`
}

// Outcomes are what a final statement and the disputes about it say of each
// carrier. charges are what each limit costs each custody, and lostBy are those
// who had goods that were declared lost: for a rating that is as bad as the loss of
// all fees, whether or not the terms have a price for it.
func Outcomes(t Terms, r Review, st Statement, charges []Penalty, lostBy ...string) []Outcome {
	var out []Outcome
	for _, l := range st.Lines {
		o := Outcome{
			Carrier: l.Carrier, ShipmentID: st.ShipmentID, Excursions: l.Excursions,
			PenaltyBasisPoints: partOf(l.PenaltyMinor, l.FeeMinor), SettledAt: st.At, TransactionID: st.TransactionID,
		}
		if slices.Contains(lostBy, l.Carrier) {
			o.PenaltyBasisPoints = basisPoints
		}
		for _, leg := range t.Legs {
			if leg.Carrier == l.Carrier {
				o.Legs++
			}
		}
		for _, d := range r.Disputes {
			if d.Claim.Respondent == l.Carrier && d.AwardMinor > 0 {
				o.DisputesLost++
			}
		}
		for _, p := range charges {
			if p.Custodian == l.Carrier && t.isAboutTime(p.LimitID) {
				o.Late += p.Excursions
			}
		}
		out = append(out, o)
	}
	return out
}

// isAboutTime says whether a limit is about when something happens: only such a
// one names a checkpoint.
func (t Terms) isAboutTime(limitID string) bool {
	return slices.ContainsFunc(t.Limits, func(l Limit) bool { return l.LimitID == limitID && l.CheckpointID != "" })
}

// partOf is a as basis points of whole, all of it at most.
func partOf(a, whole money.Minor) int64 {
	if a >= whole { // nothing is no part of nothing
		return min(int64(a), 1) * basisPoints
	}
	high, low := bits.Mul64(uint64(a), basisPoints) // more than 63 bits hold
	part, _ := bits.Div64(high, low, uint64(whole))
	return int64(part)
}

// Score is what one outcome is worth, from 0 to 1000:
//
//	1000 - 500 × penalties ÷ fees - 200 × late ÷ legs - 30 × excursions (five at most) - 150 if a dispute was lost
func (o Outcome) Score() int64 {
	legs := max(o.Legs, 1)
	score := FullScore - scorePenalties*o.PenaltyBasisPoints/basisPoints - scoreLate*min(o.Late, legs)/legs - scoreExcursion*min(o.Excursions, scoredAtMost)
	if o.DisputesLost > 0 {
		score -= scoreDisputes
	}
	return score
}

// Rating is how an organisation has done as a carrier, so that it can be asked
// before it is chosen. It follows from its latest outcomes by a formula that
// everybody can repeat; nobody gives it.
type Rating struct {
	Organisation string `json:"organisation"`
	Rated        bool   `json:"rated"`    // there is at least one outcome
	PerMille     int64  `json:"perMille"` // 0 to 1000; 1000 also stands for nothing known
	Legs         int64  `json:"legs"`     // of the outcomes that count, as the numbers that follow
	Late         int64  `json:"late"`
	Excursions   int64  `json:"excursions"`
	DisputesLost int64  `json:"disputesLost"`
	// Outcomes are those that count, the latest first.
	Outcomes []Outcome `json:"outcomes"`
}

// Rate is the weighted mean of the scores of the latest outcomes, which are given
// newest first. Older ones count less by how many came after them and not by
// their age: a carrier cannot wait until what it did is forgotten.
func Rate(organisation string, latest []Outcome) Rating {
	r := Rating{Organisation: organisation, PerMille: FullScore, Outcomes: append([]Outcome{}, latest[:min(len(latest), RatedOutcomes)]...)}
	var sum, weights int64
	weight := int64(firstWeight)
	for _, o := range r.Outcomes {
		sum, weights = sum+weight*o.Score(), weights+weight
		weight = weight * weightNumerator / weightDivisor
		r.Legs += o.Legs
		r.Late += o.Late
		r.Excursions += o.Excursions
		r.DisputesLost += o.DisputesLost
	}
	if r.Rated = weights > 0; r.Rated {
		r.PerMille = sum / weights
	}
	return r
}
