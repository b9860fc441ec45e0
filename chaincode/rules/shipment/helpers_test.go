package shipment_test

import (
	"fmt"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// The standard journey: a maker sends to a buyer through two carriers.
const (
	maker  = "MakerMSP"
	buyer  = "BuyerMSP"
	north  = "NorthMSP"
	south  = "SouthMSP"
	device = "package-17"
	// pickedUp is when the standard journey's first custody begins.
	pickedUp int64 = 1_553_420_000_000
	second   int64 = 1000
	hour     int64 = 3600 * second
	// later is when everything is recorded, unless a test says otherwise.
	later = pickedUp + 24*hour
)

// sh7 is the standard example: above 40 °C costs 10 tokens, which are 1,000 minor units.
func sh7() shipment.Limit {
	return shipment.Limit{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1_000}
}

// agree gives terms with these limits: north carries for 50 tokens, south for 30.
func agree(limits ...shipment.Limit) shipment.Terms {
	return shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: maker, Consignee: buyer, Payer: maker, Currency: "USD",
		Legs:  []shipment.Leg{{Carrier: north, FeeMinor: 5_000}, {Carrier: south, FeeMinor: 3_000}},
		Goods: []string{"urn:epc:id:sgtin:4012345.011111.987"}, Devices: []string{device}, Limits: limits,
		LateRecordingSeconds: shipment.MaxWaitS, SettleAfterSeconds: 3600,
	}
}

func when(actor string, nowMs int64) shipment.When {
	return shipment.When{Actor: actor, Now: measure.At(nowMs), TransactionID: "tx"}
}

// custody makes a shipment whose custody changed at the given times: the first
// is the pick-up, and one more than there are legs is the delivery.
func custody(t shipment.Terms, fromMs ...int64) shipment.Shipment {
	s := shipment.Shipment{ShipmentID: "S-1", Status: shipment.InTransit}
	for i, from := range fromMs {
		c := shipment.Custody{From: measure.At(from), OccurredAt: measure.At(from), RecordedAt: measure.At(from), Leg: i + 1}
		if i < len(t.Legs) {
			c.Custodian = t.Legs[i].Carrier
		} else {
			c.Custodian, c.Delivered, s.Status = t.Consignee, true, shipment.Arrived
		}
		s.Custody = append(s.Custody, c)
	}
	return s
}

// at makes a reading, ms after the pick-up, with one temperature in thousandths.
func at(ms, milliCelsius int64) measure.Reading {
	r := nothing(ms)
	r.Set(measure.Temperature, milliCelsius)
	return r
}

// nothing makes a reading without any value.
func nothing(ms int64) measure.Reading { return measure.Reading{At: pickedUp + ms} }

// batch makes the stream's next segment of the readings, numbered on.
func batch(s shipment.Stream, final bool, readings ...measure.Reading) shipment.Batch {
	readings = slices.Clone(readings)
	for i := range readings {
		readings[i].Sequence = s.NextSequence + uint64(i)
	}
	return shipment.Batch{FirstSequence: s.NextSequence, Previous: s.LastSegment, Hash: fmt.Sprintf("%064x", s.Segments+1), KeyID: "key", Final: final, Readings: readings}
}

// recorder plays a device: what it recorded, and the records of excursions as
// the ledger would have them after each transaction.
type recorder struct {
	t       tester
	terms   shipment.Terms
	stream  shipment.Stream
	records []shipment.Excursion // in order of first appearance
}

func newRecorder(t tester, terms shipment.Terms) *recorder {
	t.Helper()
	return &recorder{t: t, terms: terms, stream: shipment.NewStream("S-1", device, terms)}
}

func (r *recorder) record(s shipment.Shipment, final bool, readings ...measure.Reading) {
	r.t.Helper()
	next, _, verdict, err := r.stream.Record(s, r.terms, []shipment.Batch{batch(r.stream, final, readings...)}, when(north, later))
	if err != nil {
		r.t.Fatalf("record: %v", err)
	}
	r.stream = next
	for _, e := range verdict.Excursions {
		if i := slices.IndexFunc(r.records, func(x shipment.Excursion) bool { return x.ExcursionID == e.ExcursionID }); i >= 0 {
			r.records[i] = e
		} else {
			r.records = append(r.records, e)
		}
	}
}

// owes is what the custodian owes so far.
func (r *recorder) owes(custodian string) (excursions int64, minor money.Minor) {
	for _, p := range r.stream.Penalties {
		if p.Custodian == custodian {
			excursions, minor = excursions+p.Excursions, minor+p.PenaltyMinor
		}
	}
	return excursions, minor
}

// tester is a test or a property.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// wantFault holds err to one code of the catalogue; "" means no error.
func wantFault(t tester, err error, code fault.Code) {
	t.Helper()
	switch {
	case code == "" && err != nil:
		t.Fatalf("refused: %v", err)
	case code != "" && !fault.Is(err, code):
		t.Fatalf("got %v, want a fault with code %s", err, code)
	}
}
