package shipment_test

import (
	"fmt"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// SH7 as a whole: above 40 °C costs the party responsible 10 tokens. The cargo
// is too warm for two minutes, and in the middle of that it changes hands.
func Example() {
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: "MakerMSP", Consignee: "BuyerMSP", Payer: "MakerMSP", Currency: "USD",
		Legs:    []shipment.Leg{{Carrier: "FirstMSP", FeeMinor: 40_000}, {Carrier: "SecondMSP", FeeMinor: 25_000}},
		Devices: []string{"box-1"},
		Limits:  []shipment.Limit{{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1_000}},
	}
	start := measure.Time("2026-11-21T08:00:00.000Z")
	journey := shipment.Shipment{ShipmentID: "s-1", Status: shipment.InTransit, Custody: []shipment.Custody{
		{Custodian: "FirstMSP", From: start},
		{Custodian: "SecondMSP", From: start.Add(3 * 60_000)},
	}}
	var readings []measure.Reading
	for minute, milli := range []int64{20_000, 39_000, 41_500, 42_000, 40_000, 21_000} {
		r := measure.Reading{Sequence: uint64(minute + 1), At: start.Add(int64(minute) * 60_000).UnixMs()}
		r.Set(measure.Temperature, milli)
		readings = append(readings, r)
	}
	stream := shipment.NewStream("s-1", "box-1", terms)
	batch := shipment.Batch{FirstSequence: 1, Previous: shipment.NoSegment, Hash: "h", Final: true, Readings: readings}
	when := shipment.When{Actor: "FirstMSP", Now: start.Add(10 * 60_000)}
	stream, _, verdict, err := stream.Record(journey, terms, []shipment.Batch{batch}, when)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range verdict.Excursions {
		fmt.Printf("%s: %s °C, %s\n", e.Custodian, measure.FormatMilli(e.PeakMilli), e.Ending)
	}
	st, err := shipment.Reckon("s-1", terms, []shipment.Stream{stream}, when)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range st.Lines {
		fmt.Printf("%s: %d less %d is %d\n", l.Carrier, l.FeeMinor, l.PenaltyMinor, l.PayableMinor)
	}
	// Output:
	// FirstMSP: 41.5 °C, custody-changed
	// SecondMSP: 42 °C, within-limit
	// FirstMSP: 40000 less 1000 is 39000
	// SecondMSP: 25000 less 1000 is 24000
}
