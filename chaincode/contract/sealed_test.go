package contract_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

const x25519 = "MCowBQYDK2VuAyEAB6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="

// confidential gives a ledger with a proposal whose readings are to be sealed, and
// how to do something on it.
func confidential(t testing.TB) (l *ledgertest.Ledger, key *scenario.Key, do func(as string, tx api.Transaction, in any) error, hash string) {
	t.Helper()
	l = founded(t)
	do = func(as string, tx api.Transaction, in any) error {
		_, err := l.Submit(scenario.Client(as), string(tx), argument(t, in))
		return err
	}
	key, err := scenario.NewKey(dsse.Ed25519, "box")
	if err != nil {
		t.Fatal(err)
	}
	proof, err := scenario.Statement("lifeledger/lifeledger", "box", carrier.MSPID, 1, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: maker.MSPID, Consignee: maker.MSPID, Payer: maker.MSPID, Currency: "USD", Confidential: true,
		Legs: []shipment.Leg{{Carrier: carrier.MSPID, FeeMinor: 5000}}, Goods: []string{}, Devices: []string{"box"}, LateRecordingSeconds: 3600,
		Limits: []shipment.Limit{{LimitID: "SH7", Rule: "shipment.violation.temperature-high", Milli: 40_000, PenaltyMinor: 100}},
	}
	if hash, err = terms.Hash(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		do(carrier.MSPID, api.RegisterDeviceTx, api.RegisterDevice{DeviceID: "box", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof}),
		do(maker.MSPID, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 10_000, Reserve: "Bank"}),
		do(maker.MSPID, api.ProposeShipmentTx, api.ProposeShipment{ShipmentID: "s", Terms: terms}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return l, key, do, hash
}

// TestWhoHasNoEncryptionKeyAcceptsNothingConfidential: no device could seal to it,
// and the ledger would take no reading.
func TestWhoHasNoEncryptionKeyAcceptsNothingConfidential(t *testing.T) {
	l, _, do, hash := confidential(t)
	for _, org := range []string{maker.MSPID, carrier.MSPID} {
		height := l.Height()
		err := do(org, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: "s", TermsHash: hash})
		if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != fault.CodeEncryptionKeyUnknown || l.Height() != height {
			t.Errorf("%s without a key: %v", org, err)
		}
		if err := do(org, api.AnnounceEncryptionKeyTx, api.AnnounceEncryptionKey{PublicKey: x25519}); err != nil {
			t.Fatal(err)
		}
		if err := do(org, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: "s", TermsHash: hash}); err != nil {
			t.Errorf("%s with a key: %v", org, err)
		}
	}
}

// underWay is such a shipment after its pick-up, which is at the time given.
func underWay(t testing.TB) (l *ledgertest.Ledger, key *scenario.Key, pickUpMs int64) {
	t.Helper()
	l, key, do, hash := confidential(t)
	at := measure.At(l.Now().UnixMilli())
	for _, org := range []string{maker.MSPID, carrier.MSPID} {
		if err := do(org, api.AnnounceEncryptionKeyTx, api.AnnounceEncryptionKey{PublicKey: x25519}); err != nil {
			t.Fatal(err)
		}
		if err := do(org, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: "s", TermsHash: hash}); err != nil {
			t.Fatal(err)
		}
	}
	if err := do(maker.MSPID, api.OfferHandoverTx, api.OfferHandover{ShipmentID: "s", To: carrier.MSPID, OccurredAt: string(at)}); err != nil {
		t.Fatal(err)
	}
	if err := do(carrier.MSPID, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: "s"}); err != nil {
		t.Fatal(err)
	}
	return l, key, at.UnixMs()
}

// FuzzOpenings: whatever a device sealed, it opens, and is judged or counts as
// spoilt; and whatever a party sends in its place is refused with a fault. Each
// input is one more segment of one chain: what decodes is given its place there.
func FuzzOpenings(f *testing.F) {
	l, key, last := underWay(f)
	hot := measure.Reading{Sequence: 1, At: last, Present: 1}
	hot.Values[measure.Temperature-1] = 41_000
	encode := func(shipmentID string) []byte {
		b, err := segment.Encode(&segment.Segment{Ledger: "lifeledger/lifeledger", ShipmentID: shipmentID, DeviceID: "box", FirstSequence: 1, Readings: []measure.Reading{hot}})
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	plain := encode("s")
	zeros := base64.StdEncoding.EncodeToString(make([]byte, segment.SaltSize))
	f.Add(plain, "AAAA", "AAAA")
	f.Add(plain, zeros, base64.StdEncoding.EncodeToString(plain))
	f.Add(encode("other"), strings.TrimRight(zeros, "="), "")
	f.Add(plain[:len(plain)-1], "\xff", `"}`)
	f.Add([]byte{}, "", "=")
	next, previous := uint64(1), [32]byte{}
	f.Fuzz(func(t *testing.T, payload []byte, salt, text string) {
		if len(payload) > 32<<10 || len(salt)+len(text) > 32<<10 {
			t.Skip()
		}
		sealed := segment.Sealed{
			Ledger: "lifeledger/lifeledger", ShipmentID: "s", DeviceID: "box", FirstSequence: next, Previous: previous, StartMs: last + 1, EndMs: last + 1, Count: 1,
			Recipients: []segment.SealedKey{{Organisation: maker.MSPID}, {Organisation: carrier.MSPID}}, Ciphertext: []byte{1},
		}
		s, err := segment.Decode(payload)
		asSealed := err == nil && s.Ledger == sealed.Ledger && s.ShipmentID == "s" && s.DeviceID == "box" && len(s.Readings) == 1
		if asSealed {
			s.FirstSequence, s.Previous, s.Final = next, previous, false
			s.Readings[0].Sequence, s.Readings[0].At = next, last+1
			if payload, err = segment.Encode(s); err != nil {
				t.Fatal(err)
			}
		}
		own := sha256.Sum256(payload)
		sealed.Commitment = segment.Commit(own, payload)
		fresh, err := segment.EncodeSealed(&sealed)
		if err != nil {
			t.Fatal(err)
		}
		e, err := scenario.Sign(segment.SealedPayloadType, fresh, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Submit(carrier, string(api.RecordReadingsTx), argument(t, api.RecordReadings{ShipmentID: "s", DeviceID: "box", Envelopes: []dsse.Envelope{e}})); err != nil {
			t.Fatal(err)
		}
		reveal := func(salt, payload string) *ledgertest.Tx {
			o := api.SegmentOpening{FirstSequence: next, Salt: salt, Payload: payload}
			tx, err := l.Endorse(maker, string(api.OpenSegmentsTx), []string{argument(t, api.OpenSegments{ShipmentID: "s", DeviceID: "box", Openings: []api.SegmentOpening{o}})})
			if err != nil {
				t.Fatal(err)
			}
			return tx
		}
		was, is := base64.StdEncoding.EncodeToString(own[:]), base64.StdEncoding.EncodeToString(payload)
		if salt != was || text != is {
			tx := reveal(salt, text)
			if f, ok := fault.Parse(tx.Response.GetMessage()); tx.Response.GetStatus() == shim.OK || !ok || f.Kind == fault.Internal || len(tx.RWSet.GetWrites()) > 0 {
				t.Fatalf("got %v", tx.Response)
			}
		}
		tx := reveal(was, is)
		if r := tx.Response; r.GetStatus() != shim.OK {
			t.Fatalf("what was sealed does not open: %s", r.GetMessage())
		}
		spoilt := slices.ContainsFunc(tx.RWSet.GetWrites(), func(w *kvrwset.KVWrite) bool { return bytes.Contains(w.GetValue(), []byte(`"spoilt":true`)) })
		if spoilt == asSealed {
			t.Fatalf("%x: spoilt: %t", payload, spoilt)
		}
		if r := l.Commit(tx); r[0].Code != peer.TxValidationCode_VALID {
			t.Fatalf("%v", r[0].Code)
		}
		next, previous, last = next+1, segment.Hash(fresh), last+1
	})
}
