package shipment

import (
	"cmp"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Penalty is what one limit has cost one custody so far, as one device or the
// journey itself shows it.
type Penalty struct {
	Custody      int         `json:"custody"` // index in the shipment's custody
	Custodian    string      `json:"custodian"`
	LimitID      string      `json:"limitId"`
	Excursions   int64       `json:"excursions"`
	PenaltyMinor money.Minor `json:"penaltyMinor"`
}

func (p Penalty) compare(q Penalty) int {
	return cmp.Or(cmp.Compare(p.Custody, q.Custody), cmp.Compare(p.LimitID, q.LimitID))
}

// book adds p to what its limit has cost its custody. ps is sorted, and is changed.
func book(ps []Penalty, p Penalty) []Penalty {
	i, found := slices.BinarySearchFunc(ps, p, Penalty.compare)
	if !found {
		return slices.Insert(ps, i, p)
	}
	sum := ps[i].PenaltyMinor + p.PenaltyMinor // both at most money.Max: cannot overflow
	ps[i].PenaltyMinor = min(sum, money.Max)   // far above any fee: what is owed beyond that changes nothing
	ps[i].Excursions += p.Excursions
	return ps
}

// Reckoning is the arithmetic of one excursion's penalty, step by step.
type Reckoning struct {
	CountedBy PenaltyBy `json:"countedBy"` // "": by excursion
	// Measured is what was counted: milliseconds by minute, thousandths of the rule's unit times milliseconds by unit-minute.
	Measured int64 `json:"measured"`
	// Quantity is how many of it are begun: 60,000 ms are a minute, 60,000,000 a unit-minute. 1 by excursion; by percentage the basis points.
	Quantity       int64       `json:"quantity"`
	UnitPriceMinor money.Minor `json:"unitPriceMinor"` // for each; by percentage the fee of which they are a part
	AmountMinor    money.Minor `json:"amountMinor"`    // quantity times price; by percentage divided by 10,000 and rounded down
	BookedMinor    money.Minor `json:"bookedMinor"`    // what of it the limit's cap left
}

// How much of what is measured makes one of what has a price.
const (
	minuteMs      = 60_000
	unitMinuteMs  = 1000 * minuteMs
	wholeInPoints = 10_000
)

// reckon works out what an excursion costs before the cap.
func (l *Limit) reckon(measured total, fee money.Minor) Reckoning {
	r := Reckoning{CountedBy: l.PenaltyBy, Measured: measured.over(1), Quantity: 1, UnitPriceMinor: l.PenaltyMinor}
	per := uint64(1)
	switch l.PenaltyBy {
	case ByMinute:
		r.Quantity = measured.started(minuteMs)
	case ByUnitMinute:
		r.Quantity = measured.started(unitMinuteMs)
	case ByPercentage:
		r.Quantity, r.UnitPriceMinor, per = l.PenaltyBasisPoints, fee, wholeInPoints
	}
	amount := product(uint64(r.Quantity), uint64(r.UnitPriceMinor)).over(per)
	r.AmountMinor = min(money.Minor(amount), money.Max)
	return r
}

// left is what may still be booked for the limit in this custody.
func (l *Limit) left(ps []Penalty, custody int) money.Minor {
	if l.CapMinor == 0 {
		return money.Max
	}
	left := l.CapMinor
	for i := range ps {
		if ps[i].LimitID == l.LimitID && (l.Scope == WholeJourney || ps[i].Custody == custody) {
			left -= min(ps[i].PenaltyMinor, left)
		}
	}
	return left
}

// Charges is what each limit costs each custody, sorted. Devices that see the
// same do not multiply it: of several, the one that shows the most counts. Goods
// with a price of their own have a limit of their own, for their own devices.
// Where devices show most for different custodies, a cap over the whole journey
// holds for them together; what came first is charged first.
func Charges(t Terms, shown ...[]Penalty) []Penalty { return chargesAfter(t, nil, shown...) }

// chargesAfter are the charges where some are booked for good, since a statement
// that paid was reckoned from them: what is found later comes on top of those, as
// far as the caps leave room.
func chargesAfter(t Terms, booked []Penalty, shown ...[]Penalty) []Penalty {
	found := charges(append(slices.Clone(shown), booked)...)
	out := slices.Clone(found)
	for i := range out {
		out[i].PenaltyMinor = 0
		if k, ok := slices.BinarySearchFunc(booked, out[i], Penalty.compare); ok {
			out[i].PenaltyMinor = booked[k].PenaltyMinor
		}
	}
	for i := range out {
		more := found[i].PenaltyMinor - out[i].PenaltyMinor // found has the most that anything shows, the booked ones included
		k := slices.IndexFunc(t.Limits, func(l Limit) bool { return l.LimitID == out[i].LimitID })
		if k >= 0 {
			more = min(more, t.Limits[k].left(out, out[i].Custody))
		}
		out[i].PenaltyMinor += more
	}
	return out
}

func charges(shown ...[]Penalty) []Penalty {
	out := []Penalty{}
	for _, ps := range shown {
		for _, p := range ps {
			i, found := slices.BinarySearchFunc(out, p, Penalty.compare)
			switch {
			case !found:
				out = slices.Insert(out, i, p)
			case p.PenaltyMinor > out[i].PenaltyMinor, p.PenaltyMinor == out[i].PenaltyMinor && p.Excursions > out[i].Excursions:
				out[i] = p
			}
		}
	}
	return out
}
