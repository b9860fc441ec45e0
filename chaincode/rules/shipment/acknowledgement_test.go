package shipment_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func TestAPartyAcknowledgesAnExcursionAndAddsCommentsUpToABound(t *testing.T) {
	tm := agree(sh7())
	e := shipment.Excursion{ShipmentID: "SH-1", ExcursionID: "box.SH7.12"}
	w := when(buyer, later)
	for said := range shipment.MaxAcknowledgements {
		a, err := e.Acknowledge(tm, said, "seen at the gate", w)
		if err != nil {
			t.Fatal(err)
		}
		want := shipment.Acknowledgement{
			ShipmentID: "SH-1", ExcursionID: "box.SH7.12", Organisation: buyer, Number: uint64(said) + 1,
			Comment: "seen at the gate", At: w.Now, TransactionID: "tx",
		}
		if a != want {
			t.Errorf("said %+v, want %+v", a, want)
		}
	}
	for _, c := range []struct {
		name    string
		actor   string
		said    int
		comment string
		code    fault.Code
	}{
		{"a stranger", "StrangerMSP", 0, "seen", fault.CodeTermsNotParty},
		{"once too often", buyer, shipment.MaxAcknowledgements, "seen", fault.CodeAcknowledgementsMany},
		{"nothing", buyer, 0, "", fault.CodeInvalid},
		{"too much", buyer, 0, strings.Repeat("x", shipment.MaxComment+1), fault.CodeInvalid},
		{"what cannot be printed", buyer, 0, "seen\n", fault.CodeInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := e.Acknowledge(tm, c.said, c.comment, when(c.actor, later))
			if !fault.Is(err, c.code) || a != (shipment.Acknowledgement{}) {
				t.Errorf("%+v, %v; want %s", a, err, c.code)
			}
		})
	}
}

func TestAnExcursionsIDNamesItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		device := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._:-]{0,20}`).Draw(t, "device")
		limit := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9_:-]{0,20}`).Draw(t, "limit")
		number := rapid.Uint64().Draw(t, "number")
		d, l, n, err := shipment.ParseExcursionID(fmt.Sprintf("%s.%s.%d", device, limit, number))
		if err != nil || d != device || l != limit || n != number {
			t.Errorf("%s %s %d %v", d, l, n, err)
		}
	})
	for _, id := range []string{"", ".", "..", "box", "box.SH7", "box.SH7.", "box.SH7.x", "box.SH7.-1", "box.SH7.+1", "box.SH7.01", ".SH7.1", "box..1", "box.SH7.18446744073709551616"} {
		if d, l, n, err := shipment.ParseExcursionID(id); !fault.Is(err, fault.CodeIDInvalid) {
			t.Errorf("%q is %s %s %d, %v", id, d, l, n, err)
		}
	}
}
