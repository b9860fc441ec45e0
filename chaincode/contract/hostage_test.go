package contract_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// TestWhoReleasesAnEscrowWithAnArbiter: all parties, or the arbiter with at least
// half of them; never half a consortium or less, whoever is in it.
func TestWhoReleasesAnEscrowWithAnArbiter(t *testing.T) {
	all := append(scenario.Organisations(), "CourtMSP", "BuyerMSP")
	parties := []string{maker.MSPID, carrier.MSPID, "BuyerMSP"}
	set := func(t *testing.T) *ledgertest.Ledger {
		l := ledgertest.New(newGuard(t), ledgertest.Options{Orgs: all})
		must := func(as string, tx api.Transaction, in any) {
			t.Helper()
			if _, err := l.Submit(scenario.Client(as), string(tx), argument(t, in)); err != nil {
				t.Fatalf("%s: %v", tx, err)
			}
		}
		for _, o := range scenario.Organisations() {
			if _, err := l.Submit(maker, string(api.AnnounceOrganisationTx), scenario.Announcement(o)); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []string{"CourtMSP", "BuyerMSP"} {
			if _, err := l.Submit(maker, string(api.AnnounceOrganisationTx), fmt.Sprintf(`{"mspId":%q,"name":"x","roles":["owner"]}`, o)); err != nil {
				t.Fatal(err)
			}
		}
		key, err := scenario.NewKey(dsse.Ed25519, "box")
		if err != nil {
			t.Fatal(err)
		}
		proof, err := scenario.Statement("lifeledger/lifeledger", "box", carrier.MSPID, 1, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		must(carrier.MSPID, api.RegisterDeviceTx, api.RegisterDevice{DeviceID: "box", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Proof: proof})
		must(maker.MSPID, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 10_000, Reserve: "Bank"})
		terms := shipment.Terms{
			RuleSet: shipment.RuleSet, Consignor: maker.MSPID, Consignee: "BuyerMSP", Payer: maker.MSPID, Currency: "USD", Arbiter: "CourtMSP",
			Legs: []shipment.Leg{{Carrier: carrier.MSPID, FeeMinor: 5000}}, Goods: []string{}, Devices: []string{"box"}, Limits: []shipment.Limit{},
			AcceptWithinSeconds: 60, DisputeSeconds: 60,
		}
		must(maker.MSPID, api.ProposeShipmentTx, api.ProposeShipment{ShipmentID: "s", Terms: terms})
		hash, err := terms.Hash()
		if err != nil {
			t.Fatal(err)
		}
		for _, as := range parties {
			must(as, api.AcceptTermsTx, api.AcceptTerms{ShipmentID: "s", TermsHash: hash})
		}
		return l
	}
	for _, kind := range []string{"escrow", "shipment.settlement", "shipment.review"} {
		t.Run(kind, func(t *testing.T) {
			for bits := range 1 << len(all) {
				var by []string
				for i, o := range all {
					if bits&(1<<i) != 0 {
						by = append(by, o)
					}
				}
				signed := func(orgs ...string) (n int) {
					for _, o := range orgs {
						if slices.Contains(by, o) {
							n++
						}
					}
					return n
				}
				want := peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE
				if 2*len(by) > len(all) && (signed(parties...) == 3 || signed("CourtMSP") == 1 && signed(parties...) >= 2) {
					want = peer.TxValidationCode_VALID
				}
				if got := forge(set(t), ledgertest.Key(kind, "s"), by...); got != want {
					t.Errorf("by %v: got %v, want %v", by, got, want)
				}
			}
		})
	}
}
