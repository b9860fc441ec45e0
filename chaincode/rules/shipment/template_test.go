package shipment_test

import (
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// TestEveryTemplateCanBeAgreed puts each template into terms, as it is and with a
// price, and has them checked as any others.
func TestEveryTemplateCanBeAgreed(t *testing.T) {
	seen := make(map[string]bool)
	for _, tpl := range shipment.Templates() {
		if tpl.TemplateID == "" || tpl.Says == "" || tpl.Source == "" || len(tpl.Limits) == 0 || seen[tpl.TemplateID] {
			t.Errorf("%+v does not say what it is", tpl)
		}
		seen[tpl.TemplateID] = true
		for _, price := range []money.Minor{0, 1_000} {
			limits := append([]shipment.Limit{}, tpl.Limits...)
			for i := range limits {
				if limits[i].PenaltyMinor != 0 {
					t.Errorf("%s sets the price of %s, which is the parties'", tpl.TemplateID, limits[i].LimitID)
				}
				limits[i].PenaltyMinor = price
			}
			if err := agree(limits...).Check(); err != nil {
				t.Errorf("%s: %v", tpl.TemplateID, err)
			}
		}
	}
}

// TestSH8FrozenGoodsAreNeverWarmerThanZero plays readings around 0 °C.
func TestSH8FrozenGoodsAreNeverWarmerThanZero(t *testing.T) {
	limits := append([]shipment.Limit{}, shipment.Frozen.Limits...)
	limits[0].PenaltyMinor = 1_000
	for _, c := range []struct {
		milli      int64
		excursions int64
	}{{-18_000, 0}, {-1, 0}, {0, 0}, {1, 1}, {20_000, 1}} {
		terms := agree(limits...)
		r := newRecorder(t, terms)
		r.record(custody(terms, pickedUp), true, at(0, -18_000), at(second, c.milli), at(2*second, -18_000))
		if n, minor := r.owes(north); n != c.excursions || int64(minor) != 1_000*c.excursions {
			t.Errorf("%d thousandths of a degree: %d excursions cost %d", c.milli, n, minor)
		}
	}
}
