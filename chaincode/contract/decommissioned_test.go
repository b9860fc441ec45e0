package contract_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// refusedBefore are the transactions about a component that look at something else
// first, which the generated request does not have; where their own stories show
// that they refuse a decommissioned component is said.
var refusedBefore = map[api.Transaction]string{
	api.RegisterComponentTx: "the id is taken: components.txtar",
	api.RecordTestTx:        "the times of the instruments: decommissioning.txtar",
	api.ReportUsageTx:       "an envelope that is signed comes first: usage.txtar",
	api.ReportConditionTx:   "an envelope that is signed comes first: service-retirement.txtar",
	api.ChargeUsageTx:       "the agreement comes first, and what was used before the end is paid for after it",
	api.RecordValidationTx:  "an envelope that is signed comes first: tag-scans.txtar",
}

// TestNothingHappensToADecommissionedComponent calls every transaction that writes
// and names a component, of all contracts, as its owner and as its maker.
func TestNothingHappensToADecommissionedComponent(t *testing.T) {
	l := founded(t)
	key, err := scenario.NewKey(dsse.Ed25519, "part")
	if err != nil {
		t.Fatal(err)
	}
	must := func(as ledgertest.Identity, tx api.Transaction, in any) {
		t.Helper()
		if _, err := l.Submit(as, string(tx), argument(t, in)); err != nil {
			t.Fatalf("%s: %v", tx, err)
		}
	}
	must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Location: "DEHAM"})
	must(maker, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: "c", To: service.MSPID})
	must(service, api.AcceptOwnershipTx, api.AcceptOwnership{ComponentID: "c"})
	must(service, api.DecommissionTx, api.DecommissionComponent{ComponentID: "c", Disposition: component.Destroyed, Reason: "worn"})
	must(maker, api.ConfirmDecommissionTx, api.ConfirmDecommission{ComponentID: "c"})
	all, asked := methods(), 0
	for _, tx := range api.Transactions() {
		request := all[tx.Name].Type.In(2)
		if request.Kind() != reflect.Pointer {
			continue // decoded by the contract itself
		}
		request = request.Elem()
		if _, names := request.FieldByName("ComponentID"); !tx.Writes || !names {
			continue
		}
		asked++
		for name, as := range map[string]ledgertest.Identity{"owner": service, "maker": maker} {
			_, err := l.Evaluate(as, string(tx.Name), plausible(t, request))
			if err == nil {
				t.Errorf("%s by its %s is accepted", tx.Name, name)
				continue
			}
			f, ok := fault.Parse(err.Error())
			switch {
			case !ok:
				t.Errorf("%s by its %s: %v", tx.Name, name, err)
			case f.Code != fault.CodeComponentDecommissioned && f.Code != fault.CodeNotPermitted && refusedBefore[tx.Name] == "":
				t.Errorf("%s by its %s is refused with %v: refuse a decommissioned component (living, usable), or say in refusedBefore what comes first", tx.Name, name, err)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d transactions name a component", asked)
	}
}

// plausible is a request whose members have the form that they should have.
func plausible(t *testing.T, request reflect.Type) string {
	t.Helper()
	in := reflect.New(request).Elem()
	i := -1
	for f := range request.Fields() {
		i++
		text := map[string]string{
			"ComponentID": "c", "To": carrier.MSPID, "Lender": carrier.MSPID, "Location": "DEHAM", "Place": "DEHAM", "Kind": "quality", "Holder": "manufacturer",
			"Lot": "*", "Purpose": "check", "Disposition": "destroyed", "Process": "repair", "Currency": "USD", "OccurredAt": "2026-01-01T00:00:00Z",
			"PerformedAt": "2026-01-01T00:00:00Z", "Till": "2199-01-01T00:00:00Z",
			"From": "2026-01-01T00:00:00Z", "Organisation": carrier.MSPID,
		}[f.Name]
		switch {
		case f.Type == reflect.TypeFor[dsse.Envelope]():
			in.Field(i).Set(reflect.ValueOf(dsse.Envelope{Signatures: []dsse.Signature{{}}}))
		case f.Type.Kind() == reflect.String && text != "":
			in.Field(i).SetString(text)
		case f.Type.Kind() == reflect.String:
			in.Field(i).SetString("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
		case f.Type.Kind() == reflect.Uint64 && f.Tag.Get("metadata") == "":
			in.Field(i).SetUint(1)
		case f.Type.Kind() == reflect.Int64 && f.Tag.Get("metadata") == "":
			in.Field(i).SetInt(1)
		case f.Type.Kind() == reflect.Slice && f.Tag.Get("metadata") == "":
			in.Field(i).Set(reflect.MakeSlice(f.Type, 1, 1))
		}
	}
	b, err := json.Marshal(in.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
