package contract_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// chronicle is what an onlooker notes of one shipment while it is under way: what
// was agreed, every reading that was taken, and who had the goods since when. From
// that alone the statement is reckoned a second time.
type chronicle struct {
	terms    shipment.Terms
	readings map[string][]measure.Reading // by device, in order
	chains   map[string]scenario.Chain
	ended    map[string]bool
	head     shipment.Shipment
	settled  *shipment.Statement
}

// world is a ledger on which anybody does anything, and is watched.
type world struct {
	*ledgertest.Ledger
	t         *rapid.T
	auditor   *audit.Auditor
	seen      int // blocks that were audited
	shipments map[string]*chronicle
	keys      map[string]*scenario.Key // of devices
	owners    map[string]string        // of components
}

var actors = []ledgertest.Identity{maker, service, carrier}

func newWorld(t *testing.T, rt *rapid.T) *world {
	w := &world{
		Ledger: founded(t), t: rt, auditor: audit.New(), shipments: map[string]*chronicle{},
		keys: map[string]*scenario.Key{}, owners: map[string]string{},
	}
	w.Advance(24 * time.Hour)
	for _, id := range []string{"box-1", "box-2", "box-3"} {
		key, err := scenario.NewKey(dsse.Ed25519, id)
		if err != nil {
			rt.Fatal(err)
		}
		proof, err := scenario.Statement("lifeledger/lifeledger", id, carrier.MSPID, 1, key, nil)
		if err != nil {
			rt.Fatal(err)
		}
		w.keys[id] = key
		if !w.call(carrier, api.RegisterDeviceTx, api.RegisterDevice{DeviceID: id, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof}, nil) {
			rt.Fatal("no device")
		}
	}
	return w
}

// call does one thing and reports whether it was carried out. A refusal has a
// proper code and changes nothing; everything else passes the audit.
func (w *world) call(as ledgertest.Identity, tx api.Transaction, in, out any) bool {
	w.t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	height := w.Height()
	r, err := w.Submit(as, string(tx), string(b))
	if err != nil {
		f, ok := fault.Parse(err.Error())
		if !ok || f.Kind == fault.Internal || w.Height() != height {
			w.t.Fatalf("%s(%s) by %s: %v", tx, b, as.MSPID, err)
		}
		return false
	}
	blocks := w.Blocks()
	for _, block := range blocks[w.seen:] {
		for _, r := range block {
			if err := w.auditor.Apply(r.Tx.ID, r.Tx.RWSet.GetWrites()); err != nil {
				w.t.Fatalf("%s(%s) by %s: %v", tx, b, as.MSPID, err)
			}
		}
	}
	w.seen = len(blocks)
	if out != nil {
		if err := json.Unmarshal(r.Tx.Response.GetPayload(), out); err != nil {
			w.t.Fatal(err)
		}
	}
	return true
}

func draw[T any](t *rapid.T, what string, from ...T) T { return rapid.SampledFrom(from).Draw(t, what) }

func (w *world) actor() ledgertest.Identity { return draw(w.t, "actor", actors...) }

// pick draws one of the shipments, the first ones first; "" when there is none.
func (w *world) pick() (string, *chronicle) {
	if len(w.shipments) == 0 {
		return "", nil
	}
	id := fmt.Sprint("s-", rapid.IntRange(0, len(w.shipments)-1).Draw(w.t, "shipment"))
	return id, w.shipments[id]
}

// changed takes note of a shipment's head, and holds it to the one before.
func (w *world) changed(id string, next shipment.Shipment) {
	w.t.Helper()
	c := w.shipments[id]
	before := c.head
	c.head = next
	if next.Events <= before.Events || len(next.Custody) < len(before.Custody) || len(next.Custody) > len(before.Custody)+1 {
		w.t.Fatalf("%s went from %+v to %+v", id, before, next)
	}
	if n := len(before.Custody); n > 0 && !slices.Equal(next.Custody[:n], before.Custody) {
		w.t.Fatalf("custody of %s was rewritten: %+v, then %+v", id, before.Custody, next.Custody)
	}
	for i, x := range next.Custody {
		if i > 0 && x.From <= next.Custody[i-1].From || x.RecordedAt < x.OccurredAt && x.RecordedAt.Add(measure.MaxSkewMs) < x.OccurredAt {
			w.t.Fatalf("custody of %s does not go forward: %+v", id, next.Custody)
		}
		want := c.terms.Consignee
		if i < len(c.terms.Legs) {
			want = c.terms.Legs[i].Carrier
		}
		if x.Custodian != want {
			w.t.Fatalf("%s has the goods of %s, not %s", x.Custodian, id, want)
		}
	}
}

func (w *world) issue(t *rapid.T) {
	w.call(w.actor(), api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: draw[money.Minor](t, "amount", 0, 1, 500, 5_000, 1<<40), Reserve: "Bank"}, nil)
}

func (w *world) redeem(t *rapid.T) {
	w.call(w.actor(), api.RedeemTokensTx, api.RedeemTokens{Currency: "USD", AmountMinor: draw[money.Minor](t, "amount", 1, 400, 1<<40), Reference: "paid"}, nil)
}

func (w *world) propose(t *rapid.T) {
	if len(w.shipments) == 3 {
		return
	}
	id := fmt.Sprint("s-", len(w.shipments))
	fee := rapid.SampledFrom([]money.Minor{0, 10, 100, 250})
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: maker.MSPID, Consignee: service.MSPID, Payer: draw(t, "payer", maker.MSPID, service.MSPID), Currency: "USD",
		Legs: []shipment.Leg{{Carrier: carrier.MSPID, FeeMinor: fee.Draw(t, "fee")}}, Goods: []string{}, Devices: []string{"box-1", "box-2", "box-3"}[:rapid.IntRange(1, 3).Draw(t, "devices")],
		Limits: []shipment.Limit{}, LateRecordingSeconds: shipment.MaxWaitS, AcceptWithinSeconds: draw[int64](t, "accept within", 0, 0, 200),
	}
	terms.Legs[0].DepositMinor = draw[money.Minor](t, "deposit", 0, 0, 20, 90)
	if rapid.Bool().Draw(t, "a second carrier") {
		terms.Legs = append(terms.Legs, shipment.Leg{Carrier: service.MSPID, FeeMinor: fee.Draw(t, "second fee")})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "limits") {
		rule := draw(t, "rule", shipment.TemperatureHigh.ID, shipment.TemperatureLow.ID)
		terms.Limits = append(terms.Limits, shipment.Limit{LimitID: fmt.Sprint("l", i), Rule: rule, Milli: 20_000, PenaltyMinor: draw[money.Minor](t, "penalty", 0, 7, 60)})
	}
	var s shipment.Shipment
	if w.call(w.actor(), api.ProposeShipmentTx, api.ProposeShipment{ShipmentID: id, Terms: terms}, &s) {
		w.shipments[id] = &chronicle{terms: terms, readings: map[string][]measure.Reading{}, chains: map[string]scenario.Chain{}, ended: map[string]bool{}}
		w.changed(id, s)
	}
}

// step is one transaction on a shipment's head by whomever.
func (w *world) step(tx api.Transaction) func(t *rapid.T) {
	return func(t *rapid.T) {
		id, c := w.pick()
		if c == nil {
			return
		}
		var in any = api.ShipmentRef{ShipmentID: id}
		switch tx {
		case api.AcceptTermsTx:
			in = api.AcceptTerms{ShipmentID: id, TermsHash: c.head.TermsHash}
		case api.OfferHandoverTx:
			to := draw(t, "to", maker.MSPID, service.MSPID, carrier.MSPID)
			at := w.Now().Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "seconds ago")) * time.Second)
			in = api.OfferHandover{ShipmentID: id, To: to, OccurredAt: string(measure.TimeOf(at))}
		}
		w.change(w.actor(), tx, in, id)
	}
}

// change is a call that answers a shipment's head.
func (w *world) change(as ledgertest.Identity, tx api.Transaction, in any, id string) {
	var s shipment.Shipment
	if w.call(as, tx, in, &s) {
		w.changed(id, s)
	}
}

// move does whatever comes next on the way, so that journeys end now and then.
func (w *world) move(t *rapid.T) {
	id, c := w.pick()
	if c == nil {
		return
	}
	switch offer := c.head.Offer; {
	case c.head.Status == shipment.Proposed:
		w.call(maker, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 500, Reserve: "Bank"}, nil)
		w.call(service, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 500, Reserve: "Bank"}, nil)
		w.call(carrier, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 90, Reserve: "Bank"}, nil)
		for _, as := range actors {
			w.change(as, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: id, TermsHash: c.head.TermsHash}, id)
		}
	case offer != nil:
		for _, as := range actors {
			if as.MSPID == offer.To {
				w.change(as, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: id}, id)
			}
		}
	case c.head.Status == shipment.Agreed || c.head.Status == shipment.InTransit:
		for _, from := range actors {
			for _, to := range actors {
				at := w.Now().Add(-time.Second)
				if c.head.Offer == nil {
					w.change(from, api.OfferHandoverTx, api.OfferHandover{ShipmentID: id, To: to.MSPID, OccurredAt: string(measure.TimeOf(at))}, id)
				}
			}
		}
	case c.head.Status == shipment.Arrived:
		if rapid.Bool().Draw(t, "is accepted") {
			w.call(w.actor(), api.AcceptDeliveryTx, api.AcceptDelivery{ShipmentID: id, Accepted: "all"}, nil)
		}
		w.settle(t)
	}
}

// record brings a batch of a device's readings in random segments.
func (w *world) record(t *rapid.T) {
	id, c := w.pick()
	if c == nil {
		return
	}
	device := draw(t, "device", c.terms.Devices...)
	chain, known := c.chains[device]
	if !known {
		chain = scenario.NewChain()
	}
	in := api.RecordReadings{ShipmentID: id, DeviceID: device}
	var all []measure.Reading
	final := rapid.IntRange(0, 7).Draw(t, "final") == 0
	segments := rapid.IntRange(1, 3).Draw(t, "segments")
	at := w.Now().Add(-30 * time.Second).UnixMilli()
	if n := len(c.readings[device]); n > 0 {
		at = max(at, c.readings[device][n-1].At+1)
	}
	for i := range segments {
		var readings []measure.Reading
		for range rapid.IntRange(1, 6).Draw(t, "readings") {
			r := measure.Reading{At: at}
			at += rapid.Int64Range(1, 1500).Draw(t, "pass")
			r.Set(measure.Temperature, 20_000+rapid.Int64Range(-1, 1).Draw(t, "degrees"))
			readings = append(readings, r)
		}
		e, next, err := chain.Seal(chain.Segment("lifeledger/lifeledger", id, device, readings, final && i == segments-1), w.keys[device])
		if err != nil {
			t.Fatal(err)
		}
		in.Envelopes, chain, all = append(in.Envelopes, e), next, append(all, readings...)
	}
	if w.call(w.actor(), api.RecordReadingsTx, in, nil) {
		c.chains[device], c.readings[device], c.ended[device] = chain, append(c.readings[device], all...), final
		if w.call(w.actor(), api.RecordReadingsTx, in, nil) {
			t.Fatal("the same segments were taken twice")
		}
	}
}

func (w *world) settle(t *rapid.T) {
	id, c := w.pick()
	if c == nil {
		return
	}
	var st shipment.Statement
	if !w.call(w.actor(), api.SettleTx, api.ShipmentRef{ShipmentID: id}, &st) {
		return
	}
	if c.settled != nil {
		t.Fatalf("%s was settled twice", id)
	}
	c.settled, c.head.Status = &st, shipment.Settled
	c.compare(t, st)
}

// compare reckons the settlement from the chronicle: plainly, one reading after
// the other, one custody after the other.
func (c *chronicle) compare(t *rapid.T, st shipment.Statement) {
	t.Helper()
	owed, count := map[string]int64{}, map[string]int64{}
	for i, held := range c.head.Custody[:len(c.terms.Legs)] {
		until := c.head.Custody[i+1].From.UnixMs()
		for _, l := range c.terms.Limits {
			// Devices that see the same do not multiply it: the one that shows the most counts.
			var most int64
			for _, d := range c.terms.Devices {
				var spells int64
				beyond := false
				for _, r := range c.readings[d] {
					if r.At < held.From.UnixMs() || r.At >= until {
						continue
					}
					v, _ := r.Value(measure.Temperature)
					out := v > l.Milli
					if strings.HasSuffix(string(l.Rule), "-low") {
						out = v < l.Milli
					}
					if out && !beyond {
						spells++
					}
					beyond = out
				}
				most = max(most, spells)
			}
			owed[held.Custodian] += most * int64(l.PenaltyMinor)
			count[held.Custodian] += most
		}
	}
	var fees, deposits, paid int64
	for _, leg := range c.terms.Legs { // each carrier has one leg
		fees, deposits = fees+int64(leg.FeeMinor), deposits+int64(leg.DepositMinor)
		pay := max(int64(leg.FeeMinor+leg.DepositMinor)-owed[leg.Carrier], 0)
		paid += pay
		i := slices.IndexFunc(st.Lines, func(l shipment.Line) bool { return l.Carrier == leg.Carrier })
		if i < 0 {
			t.Fatalf("nothing is said of %s: %+v", leg.Carrier, st)
		}
		if l := st.Lines[i]; int64(l.PenaltyMinor) != owed[leg.Carrier] || int64(l.PayableMinor) != pay || l.Excursions != count[leg.Carrier] {
			t.Fatalf("%s: %+v, by the chronicle %d excursions cost %d and %d are paid\n%+v\n%+v", leg.Carrier, l, count[leg.Carrier], owed[leg.Carrier], pay, c.head, c.readings)
		}
	}
	if int64(st.FeesMinor) != fees || int64(st.PaidMinor) != paid || int64(st.RefundMinor) != fees+deposits-paid || !st.Final {
		t.Fatalf("%+v, by the chronicle %d of %d are paid", st, paid, fees)
	}
}

func (w *world) trade(t *rapid.T) {
	id := "c-1"
	if w.owners[id] == "" {
		key, err := scenario.NewKey(dsse.Ed25519, id)
		if err != nil {
			t.Fatal(err)
		}
		if w.call(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "P", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Location: "DEHAM"}, nil) {
			w.owners[id] = maker.MSPID
		}
	}
	for range rapid.IntRange(1, 6).Draw(t, "deals") {
		as := w.actor()
		var c struct{ Owner, OfferedTo string }
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0, 1:
			if w.call(as, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: id, To: w.actor().MSPID}, &c) && w.owners[id] != as.MSPID {
				t.Fatalf("%s offered what %s owns", as.MSPID, w.owners[id])
			}
		case 2, 3:
			if w.call(as, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: id}, &c) {
				w.owners[id] = as.MSPID
			}
		default:
			w.call(as, api.DeclineOwnershipTx, api.ComponentRef{ComponentID: id}, &c)
		}
		if c.Owner != "" && c.Owner != w.owners[id] {
			t.Fatalf("%s owns it, by the chronicle %s", c.Owner, w.owners[id])
		}
	}
}

// anything lets anybody do anything for a while.
func anything(t *testing.T) func(rt *rapid.T) {
	return func(rt *rapid.T) {
		w := newWorld(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"issue":    w.issue,
			"redeem":   w.redeem,
			"propose":  w.propose,
			"accept":   w.step(api.AcceptTermsTx),
			"withdraw": w.step(api.WithdrawTermsTx),
			"offer":    w.step(api.OfferHandoverTx),
			"take":     w.step(api.AcceptHandoverTx),
			"decline":  w.step(api.DeclineHandoverTx),
			"move on":  w.move,
			"record":   w.record,
			"settle":   w.settle,
			"collect":  w.collect,
			"trade":    w.trade,
			"wait":     w.wait,
		})
	}
}

// collect puts what waits for somebody to its balance, or tries to collect
// another's, or the same twice.
func (w *world) collect(t *rapid.T) {
	of := w.actor()
	b, err := w.Evaluate(of, string(api.ListCreditsTx), fmt.Sprintf(`{"organisation":%q,"currency":"USD","limit":3}`, of.MSPID))
	if err != nil {
		return // it has no account yet
	}
	var page api.CreditPage
	if err := json.Unmarshal(b, &page); err != nil {
		t.Fatal(err)
	}
	in := api.CollectCredits{Organisation: of.MSPID, Currency: "USD", Credits: []string{}}
	for _, c := range page.Items {
		in.Credits = append(in.Credits, c.CreditID)
	}
	as := w.actor()
	if w.call(as, api.CollectCreditsTx, in, nil) && (as != of || w.call(as, api.CollectCreditsTx, in, nil)) {
		t.Fatalf("%s collected what is not its own, or twice", as.MSPID)
	}
}

func (w *world) wait(t *rapid.T) {
	w.Advance(time.Duration(rapid.IntRange(1, 600).Draw(t, "seconds")) * time.Second)
}

// TestWhateverIsDone: whatever anybody does in whatever order, money is conserved
// after every transaction, nothing is paid or charged twice, and custody goes forward.
func TestWhateverIsDone(t *testing.T) {
	fewer(t)
	rapid.Check(t, anything(t))
}

// fewer makes do with a quarter of the checks where time is short.
func fewer(t *testing.T) {
	t.Helper()
	if testing.Short() {
		checks(t, "25")
	}
}

// checks makes do with so many, where nobody asks for another number.
func checks(t *testing.T, n string) {
	t.Helper()
	const name = "rapid.checks"
	usual := flag.Lookup(name).Value.String()
	if usual == flag.Lookup(name).DefValue {
		if err := flag.Set(name, n); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, usual) })
	}
}

// FuzzWhateverIsDone is the same, with the order in the fuzzer's hands.
func FuzzWhateverIsDone(f *testing.F) {
	newGuard(f)                   // takes a while, which is not the first input's
	for seed := range uint64(8) { // what is drawn of bytes needs some to draw from
		b := make([]byte, 2048)
		_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { rapid.MakeFuzz(anything(t))(t, b) })
}

// TestWholeJourneys plays shipments from the proposal to the settlement, with
// readings of several devices in random segments, hand-overs between carriers, and
// whatever gets in the way. The statement is what an onlooker reckons.
func TestWholeJourneys(t *testing.T) {
	fewer(t)
	var settled, owing, readings atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt)
		for w.shipments["s-0"] == nil {
			w.propose(rt)
		}
		c := w.shipments["s-0"]
		nuisance := []func(*rapid.T){
			w.issue, w.redeem, w.step(api.AcceptTermsTx), w.step(api.OfferHandoverTx), w.step(api.DeclineHandoverTx), w.step(api.AcceptHandoverTx), w.settle, w.trade, w.propose, w.collect,
		}
		for range 100 {
			if c.settled != nil {
				break
			}
			w.Advance(time.Duration(rapid.IntRange(60, 90).Draw(rt, "seconds")) * time.Second)
			for range rapid.IntRange(0, 3).Draw(rt, "batches") {
				w.record(rt)
			}
			if rapid.IntRange(0, 2).Draw(rt, "in the way") == 0 {
				draw(rt, "nuisance", nuisance...)(rt)
			}
			w.move(rt)
		}
		if c.settled == nil {
			return // another shipment took all the time
		}
		settled.Add(1)
		if c.settled.PaidMinor < c.settled.FeesMinor {
			owing.Add(1)
		}
		for _, rs := range c.readings {
			readings.Add(int64(len(rs)))
		}
	})
	t.Logf("%d journeys settled, %d of them with penalties, %d readings", settled.Load(), owing.Load(), readings.Load())
	// One in three costs something; with few checks none may.
	if settled.Load() == 0 || settled.Load() >= 50 && owing.Load() == 0 {
		t.Errorf("%d journeys settled, %d with penalties: this test shows little", settled.Load(), owing.Load())
	}
}
