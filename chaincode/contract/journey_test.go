package contract_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

var (
	service = scenario.Client("ServiceMSP")
	carrier = scenario.Client("ShipperMSP")
)

// journey is a shipment under way with one device.
type journey struct {
	*ledgertest.Ledger
	id, device string
	key        *scenario.Key
	chain      scenario.Chain
	start      time.Time
	at         int64 // of the last reading
}

// newJourney brings a shipment to its pick-up, ten minutes before the ledger's present.
func newJourney(t testing.TB, id, device string, limits ...shipment.Limit) *journey {
	t.Helper()
	j := &journey{Ledger: founded(t), id: id, device: device, chain: scenario.NewChain()}
	j.start = j.Now().Add(-10 * time.Minute)
	j.at = j.start.UnixMilli()
	key, err := scenario.NewKey(dsse.Ed25519, device)
	if err != nil {
		t.Fatal(err)
	}
	j.key = key
	proof, err := scenario.Statement("lifeledger/lifeledger", device, carrier.MSPID, 1, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	j.must(t, carrier, api.RegisterDeviceTx, api.RegisterDevice{DeviceID: device, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof})
	j.must(t, maker, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 1_000_000, Reserve: "Bank"})
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: maker.MSPID, Consignee: service.MSPID, Payer: maker.MSPID, Currency: "USD",
		Legs: []shipment.Leg{{Carrier: carrier.MSPID, FeeMinor: 5000}}, Goods: []string{}, Devices: []string{device},
		Limits: append([]shipment.Limit{}, limits...), LateRecordingSeconds: 3600,
	}
	j.must(t, maker, api.ProposeShipmentTx, api.ProposeShipment{ShipmentID: id, Terms: terms})
	hash, err := terms.Hash()
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range []ledgertest.Identity{maker, service, carrier} {
		j.must(t, as, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: id, TermsHash: hash})
	}
	j.must(t, maker, api.OfferHandoverTx, api.OfferHandover{ShipmentID: id, To: carrier.MSPID, OccurredAt: string(measure.TimeOf(j.start))})
	j.must(t, carrier, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: id})
	return j
}

func argument(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (j *journey) must(t testing.TB, as ledgertest.Identity, tx api.Transaction, in any) *ledgertest.Result {
	t.Helper()
	r, err := j.Submit(as, string(tx), argument(t, in))
	if err != nil {
		t.Fatalf("%s: %v", tx, err)
	}
	return r
}

// segments signs the temperatures, a millisecond apart, in segments of n.
func (j *journey) segments(t testing.TB, n int, milli ...int64) string {
	t.Helper()
	in := api.RecordReadings{ShipmentID: j.id, DeviceID: j.device}
	for len(milli) > 0 {
		n := min(n, len(milli))
		var readings []measure.Reading
		for _, v := range milli[:n] {
			j.at++
			r := measure.Reading{At: j.at}
			r.Set(measure.Temperature, v)
			readings = append(readings, r)
		}
		e, next, err := j.chain.Seal(j.chain.Segment("lifeledger/lifeledger", j.id, j.device, readings, false), j.key)
		if err != nil {
			t.Fatal(err)
		}
		in.Envelopes, j.chain, milli = append(in.Envelopes, e), next, milli[n:]
	}
	return argument(t, in)
}

func alternating(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = 20_000 + int64(i%2)*30_000
	}
	return out
}

func warm(id string) shipment.Limit {
	return shipment.Limit{LimitID: id, Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1}
}

func wantFault(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// TestCostDoesNotDependOnHistory: what a transaction reads and writes is the same
// behind ten records and behind two thousand.
func TestCostDoesNotDependOnHistory(t *testing.T) {
	long := 2000
	if testing.Short() {
		long = 200
	}
	t.Run("segments", func(t *testing.T) {
		size := func(behind int) ledgertest.Size {
			j := newJourney(t, "s-1", "box-1", warm("SH7"))
			for done := 0; done < behind; done += api.MaxEnvelopes {
				if _, err := j.Submit(carrier, string(api.RecordReadingsTx), j.segments(t, 2, alternating(2*min(api.MaxEnvelopes, behind-done))...)); err != nil {
					t.Fatal(err)
				}
			}
			tx, err := j.Endorse(carrier, string(api.RecordReadingsTx), []string{j.segments(t, 2, alternating(2)...)})
			if err != nil || tx.Err() != nil {
				t.Fatal(err, tx.Err())
			}
			return tx.Size()
		}
		sameSize(t, size(10), size(long))
	})
	t.Run("component events", func(t *testing.T) {
		size := func(behind int) ledgertest.Size {
			l := founded(t)
			j := &journey{Ledger: l}
			key, err := scenario.NewKey(dsse.P256, "part")
			if err != nil {
				t.Fatal(err)
			}
			j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
			for range behind / 2 {
				j.must(t, maker, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: "c", To: service.MSPID})
				j.must(t, maker, api.DeclineOwnershipTx, api.ComponentRef{ComponentID: "c"})
			}
			tx, err := l.Endorse(maker, string(api.OfferOwnershipTx), []string{argument(t, api.OfferOwnership{ComponentID: "c", To: service.MSPID})})
			if err != nil || tx.Err() != nil {
				t.Fatal(err, tx.Err())
			}
			return tx.Size()
		}
		sameSize(t, size(10), size(long))
	})
}

// sameSize takes the digits of counters, in records and in versions, for no difference.
func sameSize(t *testing.T, few, many ledgertest.Size) {
	t.Helper()
	digits := many.Bytes - few.Bytes
	few.Bytes, many.Bytes = 0, 0
	if few != many || digits < 0 || digits > 40 {
		t.Errorf("behind 10: %+v; behind many: %+v and %d bytes more", few, many, digits)
	}
}

// TestLongNamesFitTheEvent: identifiers may have 96 characters, and many
// excursions in one transaction must not make an event that is refused.
func TestLongNamesFitTheEvent(t *testing.T) {
	name := func(c string) string { return c + string(make96(c)) }
	j := newJourney(t, name("s"), name("d"), warm(name("l")))
	r, err := j.Submit(carrier, string(api.RecordReadingsTx), j.segments(t, 100, alternating(100)...))
	if err != nil {
		t.Fatal(err)
	}
	var got api.Recorded
	if err := json.Unmarshal(r.Tx.Response.GetPayload(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Changed != 50 || len(got.Excursions) != 16 {
		t.Errorf("%d changed, %d shown", got.Changed, len(got.Excursions))
	}
	if n := len(r.Tx.Event.GetPayload()); n < 4<<10 || n > 16<<10 {
		t.Errorf("the event has %d bytes", n)
	}
}

func make96(c string) []byte {
	b := make([]byte, 95)
	for i := range b {
		b[i] = c[0]
	}
	return b
}

func TestTooManyExcursions(t *testing.T) {
	j := newJourney(t, "s-1", "box-1", warm("a"), warm("b"))
	before := j.chain
	in := j.segments(t, 2048, alternating(2048)...)
	_, err := j.Submit(carrier, string(api.RecordReadingsTx), in)
	wantFault(t, err, fault.CodeSegmentExcursions)
	// The same readings in shorter segments are taken, so the device can go on.
	j.chain, j.at = before, j.start.UnixMilli()
	for range 4 {
		if _, err := j.Submit(carrier, string(api.RecordReadingsTx), j.segments(t, 512, alternating(512)...)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARefusedBombIsCheap: readings that pass every limit all the time are
// refused, and until then take no more memory than others do.
func TestARefusedBombIsCheap(t *testing.T) {
	var limits []shipment.Limit
	for i := range shipment.MaxLimits {
		limits = append(limits, shipment.Limit{LimitID: fmt.Sprint("l", i), Rule: shipment.TemperatureHigh.ID, Milli: 20_000})
	}
	j := newJourney(t, "s-1", "box-1", limits...)
	milli := make([]int64, 16*4096)
	for i := range milli {
		milli[i] = 20_000 + int64(i%2)
	}
	in := j.segments(t, 4096, milli...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tx, err := j.Endorse(carrier, string(api.RecordReadingsTx), []string{in}, carrier.MSPID)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, tx.Err(), fault.CodeSegmentExcursions)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d KB of readings took %d MB of memory", len(in)>>10, n>>20)
	}
}

// TestRecordsNeverRunBackwards: a client may be minutes slow, or the one before
// it fast, but no record is put before one that its entity has, and nobody is
// held up by another's clock.
func TestRecordsNeverRunBackwards(t *testing.T) {
	j := newJourney(t, "s-1", "box-1", warm("SH7"))
	j.Advance(5 * time.Minute)
	slow := j.Now().Add(-10 * time.Minute)
	// late carries a call out with the slow clock; all that it writes follows
	// records that are later, and so is later too.
	late := func(t *testing.T, as ledgertest.Identity, tx api.Transaction, in string) {
		t.Helper()
		p, err := j.Propose(ledgertest.Call{As: as, Fn: string(tx), Args: []string{in}, Time: slow})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		if r := j.Commit(p); !r[0].Valid() {
			t.Fatal(r[0].Code)
		}
		for _, w := range p.RWSet.GetWrites() {
			var record struct{ At, ChangedAt, UpdatedAt, RecordedAt, AnnouncedAt measure.Time }
			if err := json.Unmarshal(w.GetValue(), &record); err != nil {
				t.Fatal(err)
			}
			if newest := max(record.At, record.ChangedAt, record.UpdatedAt, record.RecordedAt, record.AnnouncedAt); newest <= measure.TimeOf(slow) {
				t.Errorf("a record of %q was written as of %s", newest, w.GetValue())
			}
		}
	}
	t.Run("readings after the pick-up was recorded", func(t *testing.T) {
		late(t, carrier, api.RecordReadingsTx, j.segments(t, 10, 20_000))
	})
	t.Run("a posting after the last one", func(t *testing.T) { late(t, maker, api.IssueTokensTx, issue) })
	t.Run("a member after the last one", func(t *testing.T) {
		late(t, maker, api.AnnounceOrganisationTx, `{"mspId":"X","name":"x","roles":["auditor"]}`)
	})
	j.Advance(20 * time.Minute)
	if _, err := j.Submit(carrier, string(api.RecordReadingsTx), j.segments(t, 10, 20_000)); err != nil {
		t.Fatal(err)
	}
	slow = j.Now().Add(-10 * time.Minute)
	j.must(t, carrier, api.OfferHandoverTx, api.OfferHandover{ShipmentID: j.id, To: service.MSPID, OccurredAt: string(measure.TimeOf(j.Now()))})
	t.Run("a hand-over accepted after readings that are recorded", func(t *testing.T) {
		late(t, service, api.AcceptHandoverTx, argument(t, api.ShipmentRef{ShipmentID: j.id}))
	})
	t.Run("a device revoked after its last segment was recorded", func(t *testing.T) {
		slow = j.Now().Add(-15 * time.Minute)
		late(t, carrier, api.RecordReadingsTx, j.segments(t, 10, 20_000))
	})
}

// TestReadingsWaitForTheAnswerToAHandover: a receiver cannot put readings of its
// own time on the giver's account by answering late.
func TestReadingsWaitForTheAnswerToAHandover(t *testing.T) {
	j := newJourney(t, "s-1", "box-1", warm("SH7"))
	j.Advance(10 * time.Minute)
	j.must(t, carrier, api.OfferHandoverTx, api.OfferHandover{ShipmentID: j.id, To: service.MSPID, OccurredAt: string(measure.At(j.at + 5))})
	in := j.segments(t, 10, 50_000, 50_000, 50_000, 50_000, 50_000, 50_000, 50_000, 50_000)
	tx, err := j.Endorse(service, string(api.RecordReadingsTx), []string{in})
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, tx.Err(), fault.CodeReadingsHandover)
	j.must(t, service, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: j.id})
	if _, err := j.Submit(service, string(api.RecordReadingsTx), in); err != nil {
		t.Errorf("after the answer: %v", err)
	}
}

// TestOneRequestIsDoneOnce: of many copies of a request under way at once one
// becomes valid; whoever asks again gets the first answer.
func TestOneRequestIsDoneOnce(t *testing.T) {
	const copies = 64
	l := founded(t)
	txs := make([]*ledgertest.Tx, copies)
	errs := make(chan error, copies)
	for i := range copies {
		go func() {
			tx, err := l.Endorse(carrier, "settlement:Issue", []string{issue, "key-1"})
			txs[i] = tx
			errs <- errors.Join(err, tx.Err())
		}()
	}
	for range copies {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	var first *ledgertest.Tx
	for _, r := range l.Commit(txs...) {
		if r.Valid() {
			if first != nil {
				t.Fatal("two are valid")
			}
			first = r.Tx
		}
	}
	if first == nil {
		t.Fatal("none is valid")
	}
	_, err := l.Submit(carrier, "settlement:Issue", issue, "key-1")
	wantFault(t, err, fault.CodeReplayed)
	f, _ := fault.Parse(err.Error())
	if f.Param("result") != string(first.Response.GetPayload()) || f.Param("transactionId") != first.ID {
		t.Errorf("got %v, want the answer %s of %s", f.Params, first.Response.GetPayload(), first.ID)
	}
}
