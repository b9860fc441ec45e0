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

// Charges is what each limit costs each custody, sorted. Devices that see the
// same do not multiply it: of several, the one that shows the most counts. Goods
// with a price of their own have a limit of their own, for their own devices.
func Charges(shown ...[]Penalty) []Penalty {
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
