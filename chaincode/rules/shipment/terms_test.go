package shipment_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func TestTermsThatCouldNotBeJudgedOrSettledAreRefused(t *testing.T) {
	long := strings.Repeat("x", 97)
	many := func(n int, prefix string) []string {
		var ids []string
		for i := range n {
			ids = append(ids, prefix+strings.Repeat("i", i+1))
		}
		return ids
	}
	limits := func(n int) []shipment.Limit {
		var ls []shipment.Limit
		for _, id := range many(n, "L") {
			l := sh7()
			l.LimitID = id
			ls = append(ls, l)
		}
		return ls
	}
	legs := func(n int) []shipment.Leg {
		var ls []shipment.Leg
		for i := range n {
			ls = append(ls, shipment.Leg{Carrier: []string{north, south}[i%2], FeeMinor: 1})
		}
		return ls
	}
	limit := func(change func(*shipment.Limit)) func(*shipment.Terms) {
		return func(t *shipment.Terms) { change(&t.Limits[0]) }
	}
	for name, c := range map[string]struct {
		change func(*shipment.Terms)
		code   fault.Code // "": they are accepted
		field  string
	}{
		"the standard terms are accepted":           {func(*shipment.Terms) {}, "", ""},
		"no limits are accepted":                    {func(t *shipment.Terms) { t.Limits = nil }, "", ""},
		"no goods are accepted":                     {func(t *shipment.Terms) { t.Goods = nil }, "", ""},
		"a fee of nothing is accepted":              {func(t *shipment.Terms) { t.Legs[0].FeeMinor = 0 }, "", ""},
		"a carrier may come back later":             {func(t *shipment.Terms) { t.Legs = legs(3) }, "", ""},
		"the consignor may carry":                   {func(t *shipment.Terms) { t.Legs[0].Carrier = maker }, "", ""},
		"one rule may have two limits":              {func(t *shipment.Terms) { t.Limits = limits(2) }, "", ""},
		"the most of everything is accepted":        {func(t *shipment.Terms) { t.Limits, t.Legs = limits(16), legs(32) }, "", ""},
		"another rule set":                          {func(t *shipment.Terms) { t.RuleSet = "shipment-0" }, fault.CodeTermsInvalid, "ruleSet"},
		"no rule set":                               {func(t *shipment.Terms) { t.RuleSet = "" }, fault.CodeTermsInvalid, "ruleSet"},
		"no consignor":                              {func(t *shipment.Terms) { t.Consignor = "" }, fault.CodeIDInvalid, "consignor"},
		"a consignee with a blank":                  {func(t *shipment.Terms) { t.Consignee = "Buyer MSP" }, fault.CodeIDInvalid, "consignee"},
		"no consignee":                              {func(t *shipment.Terms) { t.Consignee = "" }, fault.CodeIDInvalid, "consignee"},
		"a payer with a name that is too long":      {func(t *shipment.Terms) { t.Payer = long }, fault.CodeIDInvalid, "payer"},
		"a currency in small letters":               {func(t *shipment.Terms) { t.Currency = "usd" }, fault.CodeAmountInvalid, "currency"},
		"no currency":                               {func(t *shipment.Terms) { t.Currency = "" }, fault.CodeAmountInvalid, "currency"},
		"late recording before it happened":         {func(t *shipment.Terms) { t.LateRecordingSeconds = -1 }, fault.CodeTermsInvalid, "lateRecordingSeconds"},
		"late recording after more than a year":     {func(t *shipment.Terms) { t.LateRecordingSeconds = shipment.MaxWaitS + 1 }, fault.CodeTermsInvalid, "lateRecordingSeconds"},
		"settlement before delivery":                {func(t *shipment.Terms) { t.SettleAfterSeconds = -1 }, fault.CodeTermsInvalid, "settleAfterSeconds"},
		"settlement after more than a year":         {func(t *shipment.Terms) { t.SettleAfterSeconds = shipment.MaxWaitS + 1 }, fault.CodeTermsInvalid, "settleAfterSeconds"},
		"no legs":                                   {func(t *shipment.Terms) { t.Legs = nil }, fault.CodeTermsInvalid, "legs"},
		"too many legs":                             {func(t *shipment.Terms) { t.Legs = legs(33) }, fault.CodeTermsInvalid, "legs"},
		"a carrier that hands over to itself":       {func(t *shipment.Terms) { t.Legs[1].Carrier = north }, fault.CodeTermsInvalid, "legs"},
		"a leg without carrier":                     {func(t *shipment.Terms) { t.Legs[1].Carrier = "" }, fault.CodeIDInvalid, "carrier"},
		"a negative fee":                            {func(t *shipment.Terms) { t.Legs[1].FeeMinor = -1 }, fault.CodeAmountInvalid, "feeMinor"},
		"a fee beyond every amount":                 {func(t *shipment.Terms) { t.Legs[1].FeeMinor = money.Max + 1 }, fault.CodeAmountInvalid, "feeMinor"},
		"fees that add up to more than an amount":   {func(t *shipment.Terms) { t.Legs[0].FeeMinor, t.Legs[1].FeeMinor = money.Max, 1 }, fault.CodeAmountInvalid, "sum"},
		"goods twice":                               {func(t *shipment.Terms) { t.Goods = []string{"a", "b", "a"} }, fault.CodeTermsInvalid, "goods"},
		"too many goods":                            {func(t *shipment.Terms) { t.Goods = many(51, "g") }, fault.CodeTermsInvalid, "goods"},
		"goods without id":                          {func(t *shipment.Terms) { t.Goods = []string{""} }, fault.CodeIDInvalid, "goods"},
		"no device":                                 {func(t *shipment.Terms) { t.Devices = nil }, fault.CodeTermsInvalid, "devices"},
		"too many devices":                          {func(t *shipment.Terms) { t.Devices = many(9, "d") }, fault.CodeTermsInvalid, "devices"},
		"a device twice":                            {func(t *shipment.Terms) { t.Devices = []string{"d", "d"} }, fault.CodeTermsInvalid, "devices"},
		"a device whose id begins with a full stop": {func(t *shipment.Terms) { t.Devices = []string{".d"} }, fault.CodeIDInvalid, "devices"},
		"too many limits":                           {func(t *shipment.Terms) { t.Limits = limits(17) }, fault.CodeTermsInvalid, "limits"},
		"two limits of one name":                    {func(t *shipment.Terms) { t.Limits = append(limits(1), limits(1)...) }, fault.CodeTermsInvalid, "limits"},
		"a limit of an unknown rule":                {limit(func(l *shipment.Limit) { l.Rule = "shipment.violation.boredom" }), fault.CodeTermsInvalid, "limits"},
		"a limit without rule":                      {limit(func(l *shipment.Limit) { l.Rule = "" }), fault.CodeTermsInvalid, "limits"},
		"a negative tolerance":                      {limit(func(l *shipment.Limit) { l.OnDelayMs = -1 }), fault.CodeTermsInvalid, "limits"},
		"a tolerance of more than 30 days":          {limit(func(l *shipment.Limit) { l.OnDelayMs = shipment.MaxDelayMs + 1 }), fault.CodeTermsInvalid, "limits"},
		"a negative off delay":                      {limit(func(l *shipment.Limit) { l.OffDelayMs = -1 }), fault.CodeTermsInvalid, "limits"},
		"an off delay of more than 30 days":         {limit(func(l *shipment.Limit) { l.OffDelayMs = shipment.MaxDelayMs + 1 }), fault.CodeTermsInvalid, "limits"},
		"a bound that nothing can reach":            {limit(func(l *shipment.Limit) { l.Milli = shipment.MaxMilli + 1 }), fault.CodeTermsInvalid, "limits"},
		"a bound below everything":                  {limit(func(l *shipment.Limit) { l.Milli = -shipment.MaxMilli - 1 }), fault.CodeTermsInvalid, "limits"},
		"a negative penalty":                        {limit(func(l *shipment.Limit) { l.PenaltyMinor = -1 }), fault.CodeAmountInvalid, "penaltyMinor"},
		"a penalty beyond every amount":             {limit(func(l *shipment.Limit) { l.PenaltyMinor = money.Max + 1 }), fault.CodeAmountInvalid, "penaltyMinor"},
		"a limit without name":                      {limit(func(l *shipment.Limit) { l.LimitID = "" }), fault.CodeIDInvalid, "limits"},
		// Device "a" with limit "b.c" and device "a.b" with limit "c" would share the ids of their excursions.
		"a limit whose name has a full stop": {limit(func(l *shipment.Limit) { l.LimitID = "SH.7" }), fault.CodeTermsInvalid, "limits"},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(sh7())
			c.change(&terms)
			err := terms.Check()
			wantFault(t, err, c.code)
			if err != nil && fault.From(err).Param("field") != c.field {
				t.Errorf("the fault names field %q, want %q", fault.From(err).Param("field"), c.field)
			}
		})
	}
}

func TestPartiesAreEachNamedOnceAndSorted(t *testing.T) {
	terms := agree()
	terms.Payer = south
	terms.Legs = append(terms.Legs, shipment.Leg{Carrier: north})
	if diff := cmp.Diff([]string{buyer, maker, north, south}, terms.Parties()); diff != "" {
		t.Error(diff)
	}
}

func TestTheHashOfTermsChangesWithEveryTermAndWithNothingElse(t *testing.T) {
	hash := func(t *testing.T, terms shipment.Terms) string {
		t.Helper()
		h, err := terms.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	same := hash(t, agree(sh7()))
	if again := hash(t, agree(sh7())); again != same {
		t.Errorf("the same terms have the hashes %s and %s", same, again)
	}
	b, err := json.Marshal(agree(sh7()))
	if err != nil {
		t.Fatal(err)
	}
	var stored shipment.Terms
	if err := json.Unmarshal(b, &stored); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, stored); got != same {
		t.Errorf("terms read back have the hash %s, want %s", got, same)
	}
	seen := map[string]string{same: "unchanged"}
	for name, change := range map[string]func(*shipment.Terms){
		"rule set":       func(t *shipment.Terms) { t.RuleSet = "shipment-2" },
		"consignor":      func(t *shipment.Terms) { t.Consignor = "X" },
		"consignee":      func(t *shipment.Terms) { t.Consignee = "X" },
		"payer":          func(t *shipment.Terms) { t.Payer = "X" },
		"currency":       func(t *shipment.Terms) { t.Currency = "EUR" },
		"carrier":        func(t *shipment.Terms) { t.Legs[0].Carrier = "X" },
		"fee":            func(t *shipment.Terms) { t.Legs[0].FeeMinor++ },
		"order of legs":  func(t *shipment.Terms) { t.Legs[0], t.Legs[1] = t.Legs[1], t.Legs[0] },
		"goods":          func(t *shipment.Terms) { t.Goods[0] = "X" },
		"device":         func(t *shipment.Terms) { t.Devices[0] = "X" },
		"limit's name":   func(t *shipment.Terms) { t.Limits[0].LimitID = "X" },
		"limit's rule":   func(t *shipment.Terms) { t.Limits[0].Rule = shipment.TemperatureLow.ID },
		"limit's bound":  func(t *shipment.Terms) { t.Limits[0].Milli++ },
		"on delay":       func(t *shipment.Terms) { t.Limits[0].OnDelayMs++ },
		"off delay":      func(t *shipment.Terms) { t.Limits[0].OffDelayMs++ },
		"penalty":        func(t *shipment.Terms) { t.Limits[0].PenaltyMinor++ },
		"late recording": func(t *shipment.Terms) { t.LateRecordingSeconds++ },
		"settle after":   func(t *shipment.Terms) { t.SettleAfterSeconds++ },
		"arbiter":        func(t *shipment.Terms) { t.Arbiter = "X" },
		"logistic units": func(t *shipment.Terms) { t.LogisticUnits = []string{unit} },
		"checkpoints":    func(t *shipment.Terms) { t.Checkpoints = []shipment.Checkpoint{{CheckpointID: "x"}} },
		"geofences":      func(t *shipment.Terms) { t.Geofences = []shipment.Geofence{{GeofenceID: "x"}} },
		"schedule":       func(t *shipment.Terms) { t.Schedule = &shipment.Schedule{} },
		"contract":       func(t *shipment.Terms) { t.Contract = &shipment.Commercial{Incoterm: "DAP"} },
		"confidential":   func(t *shipment.Terms) { t.Confidential = true },
		"accept within":  func(t *shipment.Terms) { t.AcceptWithinSeconds++ },
		"dispute":        func(t *shipment.Terms) { t.DisputeSeconds++ },
		"deposit":        func(t *shipment.Terms) { t.Legs[0].DepositMinor++ },
		"place of a leg": func(t *shipment.Terms) { t.Legs[0].To = "NLRTM" },
		"seals":          func(t *shipment.Terms) { t.Legs[0].Seals = []string{"x"} },
	} {
		terms := agree(sh7())
		change(&terms)
		h := hash(t, terms)
		if other, ok := seen[h]; ok {
			t.Errorf("terms with another %s have the hash of terms with %s", name, other)
		}
		seen[h] = name
	}
}

func FuzzTermsCheck(f *testing.F) {
	good, err := json.Marshal(agree(sh7()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	rich := agree(sh7())
	enrich(&rich)
	full, err := json.Marshal(rich)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"ruleSet":"shipment-1","limits":[{}],"legs":[{"feeMinor":-9223372036854775808}]}`))
	f.Add([]byte(`{"legs":[{"carrier":"a","feeMinor":9223372036854775807},{"carrier":"b","feeMinor":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var terms shipment.Terms
		if json.Unmarshal(data, &terms) != nil {
			return
		}
		if err := terms.Check(); err != nil {
			if f := fault.From(err); f.Kind != fault.Malformed {
				t.Fatalf("refused with %s, which is no fault of the caller", f.Wire())
			}
			return
		}
		// What is accepted can be agreed and reckoned.
		if _, err := terms.Hash(); err != nil {
			t.Fatal(err)
		}
		st, err := shipment.Reckon("S", terms, nil, when(maker, pickedUp))
		if err != nil || st.PaidMinor != st.FeesMinor+st.DepositsMinor || st.RefundMinor != 0 {
			t.Fatalf("a journey on which nothing happened: %+v, %v", st, err)
		}
	})
}

// TestConfidentialTermsHaveNoMorePartiesThanASealHasRoomFor: or no device could record
// anything, and the parties would find out after the pick-up.
func TestConfidentialTermsHaveNoMorePartiesThanASealHasRoomFor(t *testing.T) {
	terms := agree()
	terms.Confidential, terms.Legs = true, nil
	for i := range shipment.MaxReaders - 2 { // with the consignor, who pays, and the consignee
		terms.Legs = append(terms.Legs, shipment.Leg{Carrier: fmt.Sprintf("Carrier%dMSP", i)})
	}
	wantFault(t, terms.Check(), "")
	terms.Legs = append(terms.Legs, shipment.Leg{Carrier: "OneMoreMSP"})
	wantFault(t, terms.Check(), fault.CodeTermsInvalid)
	terms.Confidential = false
	wantFault(t, terms.Check(), "")
}
