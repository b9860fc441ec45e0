package contract_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	rulesservice "github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// forge commits a write that no contract of ours would make, endorsed by peers
// that run another chaincode, and gives what the others make of it.
func forge(l *ledgertest.Ledger, key string, endorsers ...string) peer.TxValidationCode {
	tx := &ledgertest.Tx{
		ID:        fmt.Sprintf("forged-%d", l.Height()),
		RWSet:     &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, Value: []byte(`{"forged":true}`)}}},
		Endorsers: endorsers,
	}
	return l.Commit(tx)[0].Code
}

// TestWhoCanWriteAProtectedRecord: neither the record's own organisation alone
// nor a majority without it.
func TestWhoCanWriteAProtectedRecord(t *testing.T) {
	const failure, valid = peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, peer.TxValidationCode_VALID
	key, err := scenario.NewKey(dsse.P256, "part")
	if err != nil {
		t.Fatal(err)
	}
	set := func(t *testing.T) *journey {
		j := newJourney(t, "s", "box", warm("SH7"))
		j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
		j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "d", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
		j.must(t, maker, api.OfferPledgeTx, api.OfferPledge{ComponentID: "d", Lender: service.MSPID, AmountMinor: 1, Currency: "USD", Till: "2199-01-01T00:00:00Z"})
		j.must(t, service, api.AcceptPledgeTx, api.PledgeRef{ComponentID: "d", Number: 1})
		for _, id := range []string{"m", "in", "out"} {
			j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "Q", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
		}
		j.must(t, maker, api.DefineSlotsTx, api.DefineSlots{MachineID: "m", Slots: []assembly.SlotDefinition{{SlotID: "s", PartNumbers: []string{"Q"}}}})
		j.must(t, maker, api.InstallPartsTx, api.InstallParts{MachineID: "m", Parts: []assembly.Fill{{SlotID: "s", ComponentID: "out"}}})
		j.must(t, maker, api.ReplacePartTx, api.ReplacePart{MachineID: "m", SlotID: "s", Removed: "out", Installed: "in"})
		j.must(t, maker, api.PlaceHoldTx, api.PlaceHold{ComponentID: "c", Kind: component.SafetyHold, Reason: "a crack"})
		j.must(t, maker, api.IssueRecallTx, api.IssueRecall{PartNumber: "P", Lot: "L", Reason: "cracks"})
		j.must(t, maker, api.RequestRedemptionTx, api.RequestRedemption{RedemptionID: "r", Issuer: carrier.MSPID, Currency: "USD", AmountMinor: 1, PayTo: "x"})
		j.must(t, maker, api.ProposeAgreementTx, api.ProposeAgreement{AgreementID: "a", Operator: maker.MSPID, Provider: service.MSPID, Currency: "USD", Prices: []rulesservice.StepPrice{}, Rates: []rulesservice.UsageRate{{Measure: "hours", AmountMinor: 1, Per: 1}}, ValidFrom: "2026-01-01T00:00:00.000Z"})
		j.must(t, service, api.AcceptAgreementTx, api.AgreementRef{AgreementID: "a"})
		j.must(t, maker, api.CoverComponentsTx, api.CoverComponents{AgreementID: "a", Components: []string{"c"}})
		return j
	}
	all := []string{maker.MSPID, service.MSPID, carrier.MSPID}
	for name, c := range map[string]struct {
		key    string
		owners []string
	}{
		"a component":          {ledgertest.Key("component", "c"), []string{maker.MSPID}},
		"a part in a machine":  {ledgertest.Key("component", "in"), nil},
		"a part taken out":     {ledgertest.Key("component", "out"), []string{maker.MSPID}},
		"a machine's slots":    {ledgertest.Key("assembly.page", "m", "00000000000000000000"), nil},
		"usage counters":       {ledgertest.Key("usage", "in"), nil},
		"an account":           {ledgertest.Key("account", maker.MSPID, "USD", "00"), []string{maker.MSPID}},
		"an account's spread":  {ledgertest.Key("account.spread", maker.MSPID, "USD"), []string{maker.MSPID}},
		"a redemption":         {ledgertest.Key("redemption", "r"), []string{maker.MSPID, carrier.MSPID}},
		"a service agreement":  {ledgertest.Key("service.agreement", "a"), []string{maker.MSPID, service.MSPID}},
		"a bill":               {ledgertest.Key("service.bill", "a/c"), []string{maker.MSPID, service.MSPID}},
		"who serves what":      {ledgertest.Key("service.care", "c"), nil},
		"a device":             {ledgertest.Key("device", "box"), []string{carrier.MSPID}},
		"terms":                {ledgertest.Key("shipment.terms", "s"), all},
		"an escrow":            {ledgertest.Key("escrow", "s"), all},
		"a statement":          {ledgertest.Key("shipment.settlement", "s"), all},
		"a shipment's head":    {ledgertest.Key("shipment", "s"), nil},
		"a maker's hold":       {ledgertest.Key("component.hold", "c", "manufacturer"), []string{maker.MSPID}},
		"a recall":             {ledgertest.Key("component.recall", maker.MSPID, "P", "L"), []string{maker.MSPID}},
		"a pledged component":  {ledgertest.Key("component", "d"), []string{maker.MSPID, service.MSPID}},
		"a pledge":             {ledgertest.Key("component.pledge", "d", "00000000000000000001"), []string{maker.MSPID, service.MSPID}},
		"a component's event":  {ledgertest.Key("component.event", "c", "00000000000000000000"), nil},
		"a statement's chain":  {ledgertest.Key("statement.chain", "c", "component:c"), nil},
		"a posting":            {ledgertest.Key("account.posting", maker.MSPID, "USD", "00", "00000000000000000000"), nil},
		"a device's stream":    {ledgertest.Key("shipment.stream", "s", "box"), nil},
		"an idempotency entry": {ledgertest.Key("idempotency", maker.MSPID, "k"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			for bits := range 8 {
				var by []string
				for i, o := range all {
					if bits&(1<<i) != 0 {
						by = append(by, o)
					}
				}
				want := valid
				if len(by) < 2 || slices.ContainsFunc(c.owners, func(o string) bool { return !slices.Contains(by, o) }) {
					want = failure
				}
				if got := forge(set(t).Ledger, c.key, by...); got != want {
					t.Errorf("by %v: got %v, want %v", by, got, want)
				}
			}
		})
	}
}

// TestWhatDoesNotExistIsNobodys: a record's protection begins with the record, so
// a majority with another chaincode can make one in a third organisation's name;
// one organisation alone cannot.
func TestWhatDoesNotExistIsNobodys(t *testing.T) {
	for name, key := range map[string]string{
		"an account": ledgertest.Key("account.spread", service.MSPID, "EUR"),
		"a device":   ledgertest.Key("device", "none"),
		"an escrow":  ledgertest.Key("escrow", "none"),
	} {
		t.Run(name, func(t *testing.T) {
			l := founded(t)
			if got := forge(l, key, maker.MSPID); got != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
				t.Errorf("by one: %v", got)
			}
			if got := forge(l, key, maker.MSPID, carrier.MSPID); got != peer.TxValidationCode_VALID {
				t.Errorf("by two: %v", got)
			}
		})
	}
}

// TestOwnershipMovesTheProtection: after a transfer the former owner's word is
// neither needed nor enough.
func TestOwnershipMovesTheProtection(t *testing.T) {
	j := newJourney(t, "s", "box")
	key, err := scenario.NewKey(dsse.P256, "part")
	if err != nil {
		t.Fatal(err)
	}
	j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
	j.must(t, maker, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: "c", To: service.MSPID})
	accept := argument(t, api.AcceptOwnership{ComponentID: "c"})
	tx, err := j.Endorse(service, string(api.AcceptOwnershipTx), []string{accept}, service.MSPID, carrier.MSPID)
	if err != nil || j.Commit(tx)[0].Code != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Error("ownership was taken without the owner's peer", err)
	}
	j.must(t, service, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: "c"})
	at := ledgertest.Key("component", "c")
	if got := forge(j.Ledger, at, maker.MSPID, carrier.MSPID); got != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("the former owner and a friend: %v", got)
	}
	if got := forge(j.Ledger, at, service.MSPID, carrier.MSPID); got != peer.TxValidationCode_VALID {
		t.Errorf("the new owner and a majority: %v", got)
	}
}

// TestGhostsDoNotCount: a member may announce organisations that nobody has ever
// seen; that must not make a majority that is not to be had.
func TestGhostsDoNotCount(t *testing.T) {
	l := founded(t)
	for i := range 20 {
		if _, err := l.Submit(carrier, string(api.AnnounceOrganisationTx), fmt.Sprintf(`{"mspId":"Ghost%d","name":"g","roles":["owner"]}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second one changes a record that is protected
		if _, err := l.Submit(maker, "settlement:Issue", issue); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOnlyTheFounderNamesTheFirstWitnesses: a second member that announces a
// ghost before the third real one is announced gains nothing by it.
func TestOnlyTheFounderNamesTheFirstWitnesses(t *testing.T) {
	l := ledgertest.New(newGuard(t), ledgertest.Options{TB: t})
	for _, c := range []struct {
		by  ledgertest.Identity
		org string
	}{{maker, maker.MSPID}, {maker, service.MSPID}, {service, "GhostMSP"}, {maker, carrier.MSPID}} {
		arg := fmt.Sprintf(`{"mspId":%q,"name":"x","roles":["owner"]}`, c.org)
		if _, err := l.Submit(c.by, string(api.AnnounceOrganisationTx), arg); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Submit(maker, "settlement:Issue", `{"currency":"AAA","amountMinor":1,"reserve":"Bank"}`); err != nil {
		t.Fatal(err)
	}
	got := l.Protectors(ledgertest.Key("account", maker.MSPID, "AAA", "00"))
	slices.Sort(got)
	if want := []string{maker.MSPID, service.MSPID, carrier.MSPID}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNewMembersWatchOnceTheyAct: a fourth and a fifth organisation count from
// their first act on, and raise the majority for the records that come after.
func TestNewMembersWatchOnceTheyAct(t *testing.T) {
	all := append(scenario.Organisations(), "FourthMSP", "FifthMSP")
	l := ledgertest.New(newGuard(t), ledgertest.Options{Orgs: all})
	for _, o := range all {
		arg := fmt.Sprintf(`{"mspId":%q,"name":"x","roles":["owner"]}`, o)
		if _, err := l.Submit(maker, string(api.AnnounceOrganisationTx), arg); err != nil {
			t.Fatal(err)
		}
	}
	account := func(currency string) string { return ledgertest.Key("account", maker.MSPID, currency, "00") }
	submit := func(as, currency string) {
		t.Helper()
		if _, err := l.Submit(scenario.Client(as), "settlement:Issue", fmt.Sprintf(`{"currency":%q,"amountMinor":1,"reserve":"Bank"}`, currency)); err != nil {
			t.Fatal(err)
		}
	}
	submit(maker.MSPID, "AAA")
	submit("FourthMSP", "BBB")
	submit("FifthMSP", "BBB")
	submit(maker.MSPID, "CCC")
	if got := l.Protectors(account("AAA")); len(got) != 3 {
		t.Errorf("before: %v", got)
	}
	if got := l.Protectors(account("CCC")); len(got) != 5 {
		t.Errorf("after: %v", got)
	}
	if got := forge(l, account("CCC"), maker.MSPID, service.MSPID); got != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("two of five: %v", got)
	}
	if got := forge(l, account("CCC"), maker.MSPID, "FourthMSP", "FifthMSP"); got != peer.TxValidationCode_VALID {
		t.Errorf("three of five: %v", got)
	}
}

// TestPermissionsAreAsked: what an organisation's roles do not allow is refused
// by the contract, whoever asks and whatever is named.
func TestPermissionsAreAsked(t *testing.T) {
	l := founded(t)
	if _, err := l.Submit(maker, string(api.AnnounceOrganisationTx), `{"mspId":"AuditMSP","name":"a","roles":["auditor","regulator"]}`); err != nil {
		t.Fatal(err)
	}
	box := newJourney(t, "s", "box")
	key := box.key.Public.Base64()
	for name, in := range map[api.Transaction]string{
		api.RegisterDeviceTx:    `{"deviceId":"d","algorithm":"Ed25519","publicKey":"` + key + `","proof":{"payloadType":"","payload":"","signatures":[]}}`,
		api.IssueCredentialTx:   `{"credentialId":"e","algorithm":"Ed25519","publicKey":"` + key + `","proof":{"payloadType":"","payload":"","signatures":[]},"grant":{"skills":["s"],"partNumbers":["*"],"validFrom":"x","validUntil":"x"}}`,
		api.RegisterComponentTx: `{"componentId":"c","partNumber":"P","algorithm":"Ed25519","publicKey":"` + key + `","location":"X"}`,
		api.AcceptOwnershipTx:   `{"componentId":"c"}`,
		api.ProposeShipmentTx:   proposal,
		api.AcceptTermsTx:       `{"shipmentId":"s","termsHash":"x"}`,
		api.IssueTokensTx:       issue,
		api.RedeemTokensTx:      `{"currency":"USD","amountMinor":1,"reference":"x"}`,
		api.CollectCreditsTx:    `{"organisation":"$ORG","currency":"USD","credits":["x"]}`,
		api.RequestRedemptionTx: `{"redemptionId":"r","issuer":"ManufacturerMSP","currency":"USD","amountMinor":1,"payTo":"x"}`,
		api.ConfirmRedemptionTx: `{"redemptionId":"r","reference":"x"}`,
		api.SpreadAccountTx:     `{"organisation":"$ORG","currency":"USD","shards":2}`,
	} {
		_, err := l.Submit(scenario.Client("AuditMSP"), string(name), strings.ReplaceAll(in, "$ORG", "AuditMSP"))
		wantFault(t, err, "participant.not-permitted")
		_, err = l.Submit(scenario.Client("StrangerMSP"), string(name), strings.ReplaceAll(in, "$ORG", "StrangerMSP"))
		wantFault(t, err, "participant.caller-unknown")
	}
}

// TestAFormerOwnerPreventsNothing: what an owner has granted and put under a mandate is
// protected by its peer, and none of it is in the way of the next owner, whose peer and
// one more are enough for all of that anew.
func TestAFormerOwnerPreventsNothing(t *testing.T) {
	j := newJourney(t, "s", "box")
	key, err := scenario.NewKey(dsse.P256, "part")
	if err != nil {
		t.Fatal(err)
	}
	other, err := scenario.NewKey(dsse.P256, "other")
	if err != nil {
		t.Fatal(err)
	}
	const action, request = api.OfferOwnershipTx, `{"componentId":"c","to":"ServiceMSP"}`
	till := "2026-02-01T00:00:00.000Z"
	j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
	delegate := api.DelegateActions{ComponentID: "c", Organisation: carrier.MSPID, Actions: []string{"component:Relocate"}, Till: till}
	reading := api.GrantReading{ComponentID: "c", Reader: "insurer", Algorithm: string(dsse.P256), PublicKey: key.Public.Base64(), Actions: []string{"passport"}, Till: till}
	mandate := api.SetMandate{ComponentID: "c", Action: string(action), Members: []string{"organisation:" + carrier.MSPID}, Threshold: 1}
	ask := api.AskApproval{ComponentID: "c", Action: string(action), Argument: request}
	approve := func(who ledgertest.Identity, endorsers ...string) string {
		t.Helper()
		a := endorsed[authority.Approval](t, j, who, api.AskApprovalTx, ask, endorsers...)
		if a.Round != 1 {
			t.Errorf("round %d of the request", a.Round)
		}
		endorsed[authority.Approval](t, j, carrier, api.ApproveTx, api.ApproveRequest{ComponentID: "c", RequestHash: a.RequestHash, Round: 1}, endorsers...)
		return a.RequestHash
	}
	j.must(t, maker, api.DelegateTx, delegate)
	j.must(t, maker, api.GrantReadingTx, reading)
	j.must(t, maker, api.SetMandateTx, mandate)
	first := approve(maker, maker.MSPID, carrier.MSPID)
	j.must(t, maker, action, api.OfferOwnership{ComponentID: "c", To: service.MSPID})
	j.must(t, service, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: "c"})

	without := []string{service.MSPID, carrier.MSPID}
	d := endorsed[authority.Delegation](t, j, service, api.DelegateTx, delegate, without...)
	if d.Number != 1 || d.Owner != service.MSPID {
		t.Errorf("%+v", d)
	}
	endorsed[component.Component](t, j, carrier, api.RelocateComponentTx, api.RelocateComponent{ComponentID: "c", Location: "NLRTM"}, without...)
	reading.PublicKey = other.Public.Base64() // the name is free
	endorsed[authority.Delegation](t, j, service, api.GrantReadingTx, reading, without...)
	endorsed[authority.Mandate](t, j, service, api.SetMandateTx, mandate, without...)
	if second := approve(service, without...); second == first {
		t.Error("what was approved under the former owner's mandate is the same request")
	}
}

// TestWhatIsOverIsNobodys: a hold that was lifted and a wish to scrap that was withdrawn
// are in the way of no later owner's.
func TestWhatIsOverIsNobodys(t *testing.T) {
	j := newJourney(t, "s", "box")
	key, err := scenario.NewKey(dsse.P256, "part")
	if err != nil {
		t.Fatal(err)
	}
	hold := api.PlaceHold{ComponentID: "c", Kind: component.QualityHold, Reason: "a crack"}
	lift := api.ReleaseHold{ComponentID: "c", Holder: component.ByOwner, Reason: "a scratch"}
	end := api.DecommissionComponent{ComponentID: "c", Disposition: component.Disposed, Reason: "worn"}
	sell := func(from, to ledgertest.Identity) {
		t.Helper()
		j.must(t, from, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: "c", To: to.MSPID})
		j.must(t, to, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: "c"})
	}
	j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.P256, PublicKey: key.Public.Base64(), Location: "DEHAM"})
	sell(maker, service)
	j.must(t, service, api.PlaceHoldTx, hold)
	held := ledgertest.Key("component.hold", "c", string(component.ByOwner))
	if got := forge(j.Ledger, held, maker.MSPID, carrier.MSPID); got != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("a hold in force was changed without who placed it: %v", got)
	}
	j.must(t, service, api.ReleaseHoldTx, lift)
	j.must(t, service, api.DecommissionTx, end)
	wish := ledgertest.Key("component.retirement", "c")
	if got := forge(j.Ledger, wish, maker.MSPID, carrier.MSPID); got != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("a wish to scrap was changed without the owner: %v", got)
	}
	j.must(t, service, api.WithdrawDecommissionTx, api.ComponentRef{ComponentID: "c"})
	sell(service, carrier)

	without := []string{maker.MSPID, carrier.MSPID}
	if h := endorsed[component.Hold](t, j, carrier, api.PlaceHoldTx, hold, without...); h.By != carrier.MSPID {
		t.Errorf("%+v", h)
	}
	endorsed[component.Hold](t, j, carrier, api.ReleaseHoldTx, lift, without...)
	if r := endorsed[component.Retirement](t, j, carrier, api.DecommissionTx, end, without...); r.AskedBy != carrier.MSPID {
		t.Errorf("%+v", r)
	}
}

// endorsed submits with the endorsement of these alone, and gives the answer.
func endorsed[T any](t *testing.T, j *journey, who ledgertest.Identity, name api.Transaction, in any, endorsers ...string) (out T) {
	t.Helper()
	tx, err := j.Endorse(who, string(name), []string{argument(t, in)}, endorsers...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if code := j.Commit(tx)[0].Code; code != peer.TxValidationCode_VALID {
		t.Fatalf("%s: %v", name, code)
	}
	if err := json.Unmarshal(tx.Response.GetPayload(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
