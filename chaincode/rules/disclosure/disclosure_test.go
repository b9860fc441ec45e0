package disclosure_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/disclosure"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

const (
	ledger = "trade/lifeledger"
	secret = "8f3c61d2a40b97e5c1d84f2a6b0e9375"
	now    = measure.Time("2026-05-04T08:00:00.000Z")
)

func salt(n int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "salt %d", n))
	return hex.EncodeToString(h[:16])
}

func settled(month string, carrierPenalty, otherPenalty int64) disclosure.Journey {
	j := disclosure.Journey{
		Shipment:  shipment.Shipment{Status: shipment.Settled},
		Terms:     shipment.Terms{Consignor: "AlphaMSP", Consignee: "BetaMSP", Payer: "AlphaMSP", Legs: []shipment.Leg{{Carrier: "CarrierMSP"}, {Carrier: "OtherMSP"}}},
		Statement: shipment.Statement{Final: true, At: measure.Time(month + "-17T10:00:00.000Z"), Lines: []shipment.Line{{Carrier: "CarrierMSP"}, {Carrier: "OtherMSP"}}},
	}
	j.Statement.Lines[0].PenaltyMinor, j.Statement.Lines[1].PenaltyMinor = money.Minor(carrierPenalty), money.Minor(otherPenalty)
	return j
}

func named(t interface{ Fatal(...any) }, organisation string) disclosure.Pseudonym {
	name, err := disclosure.NameOf(ledger, organisation, secret)
	if err != nil {
		t.Fatal(err)
	}
	return disclosure.Pseudonym{Pseudonym: name}
}

func TestAnAttestationCounts(t *testing.T) {
	salted := []disclosure.Salted{{ShipmentID: "S1", Salt: salt(1)}, {ShipmentID: "S2", Salt: salt(2)}, {ShipmentID: "S3", Salt: salt(3)}}
	journeys := []disclosure.Journey{settled("2026-03", 0, 0), settled("2025-12", 0, 5), settled("2026-02", 7, 0)}
	for _, c := range []struct {
		organisation string
		role         disclosure.TakingPart
		penalties    uint64
		code         fault.Code
	}{
		{"CarrierMSP", disclosure.AsCarrier, 1, ""}, // not the other carrier's
		{"CarrierMSP", disclosure.AnyParty, 1, ""},
		{"AlphaMSP", disclosure.AsPayer, 2, ""}, // who does not carry counts everybody's
		{"AlphaMSP", disclosure.AsConsignor, 2, ""},
		{"BetaMSP", disclosure.AsConsignee, 2, ""},
		{"BetaMSP", disclosure.AsCarrier, 0, fault.CodeParticipationNone},
		{"AlphaMSP", disclosure.AsConsignee, 0, fault.CodeParticipationNone},
		{"GammaMSP", disclosure.AnyParty, 0, fault.CodeParticipationNone},
	} {
		p := named(t, c.organisation)
		next, a, err := p.Attest(ledger, c.organisation, c.role, salted, journeys, now)
		if c.code != "" {
			if !fault.Is(err, c.code) || next != p {
				t.Errorf("%s as %s: %+v, %v", c.organisation, c.role, next, err)
			}
			continue
		}
		if err != nil || a.Shipments != 3 || a.WithPenalty != c.penalties || a.FromMonth != "2025-12" || a.UntilMonth != "2026-03" || next.Shipments != 3 || next.Attestations != 1 {
			t.Errorf("%s as %s: %+v, %+v, %v", c.organisation, c.role, a, next, err)
		}
	}
	open := settled("2026-03", 0, 0)
	open.Statement.Final = false
	if _, _, err := named(t, "AlphaMSP").Attest(ledger, "AlphaMSP", disclosure.AnyParty, salted[:1], []disclosure.Journey{open}, now); !fault.Is(err, fault.CodeParticipationOpen) {
		t.Errorf("a shipment without a final statement: %v", err)
	}
}

// TestAnAttestationSaysNothingElse: neither who nor which, nor in which order;
// whoever is shown a part can check that part, and learns no other.
func TestAnAttestationSaysNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "shipments")
		organisation := rapid.SampledFrom([]string{"CarrierMSP", "AlphaMSP", "BetaMSP"}).Draw(t, "organisation")
		var salted []disclosure.Salted
		var journeys []disclosure.Journey
		for i := range n {
			salted = append(salted, disclosure.Salted{ShipmentID: fmt.Sprintf("SHIP-%03d", i), Salt: salt(rapid.IntRange(0, 1<<30).Draw(t, "salt"))})
			journeys = append(journeys, settled("2026-03", 0, 0))
		}
		p := named(t, organisation)
		_, a, err := p.Attest(ledger, organisation, disclosure.AnyParty, salted, journeys, now)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range salted {
			if strings.Contains(string(text), s.ShipmentID) || strings.Contains(string(text), s.Salt) {
				t.Fatalf("%s gives %+v away", text, s)
			}
			if err := a.Holds(ledger, s); err != nil {
				t.Fatalf("%+v does not open it: %v", s, err)
			}
			for _, other := range []disclosure.Salted{{ShipmentID: s.ShipmentID, Salt: salt(-1)}, {ShipmentID: s.ShipmentID + "x", Salt: s.Salt}} {
				if a.Holds(ledger, other) == nil {
					t.Fatalf("%+v opens it too", other)
				}
			}
			if a.Holds("other/ledger", s) == nil {
				t.Fatal("opened on another ledger")
			}
		}
		if strings.Contains(string(text), organisation) || strings.Contains(string(text), secret) {
			t.Fatalf("%s gives the organisation away", text)
		}
		for _, o := range []string{"CarrierMSP", "AlphaMSP", "BetaMSP"} {
			if err := a.Names(ledger, o, secret); (err == nil) != (o == organisation) {
				t.Fatalf("%s behind %s's pseudonym: %v", o, organisation, err)
			}
		}
		// What it takes to try: the same commitments come of no order but the sorted one.
		for i := 1; i < len(a.Commitments); i++ {
			if a.Commitments[i-1] > a.Commitments[i] {
				t.Fatal("the order of asking shows")
			}
		}
	})
}

func TestSecretsAreLongEnough(t *testing.T) {
	for text, ok := range map[string]bool{
		secret: true, secret + secret: true,
		secret[:30]: false, secret + secret + "00": false, strings.ToUpper(secret): false, secret[:31] + "g": false, "": false,
		strings.Repeat("00", 16): false, strings.Repeat("ab", 32): false,
	} {
		_, err := disclosure.NameOf(ledger, "AlphaMSP", text)
		if (err == nil) != ok || err != nil && !fault.Is(err, fault.CodeParticipationInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The recipes of docs/disclosure.md.
func TestTheRecipeIsTheRule(t *testing.T) {
	sum := func(text string) string {
		h := sha256.Sum256([]byte(text))
		return hex.EncodeToString(h[:])
	}
	name, err := disclosure.NameOf(ledger, "ShipperMSP", secret)
	if want := sum("lifeledger-pseudonym-v1\ntrade/lifeledger\nShipperMSP\n" + secret); err != nil || name != want {
		t.Errorf("%s, %v; want %s", name, err, want)
	}
	c, err := disclosure.Commit(ledger, name, disclosure.AsCarrier, disclosure.Salted{ShipmentID: "SH-1", Salt: salt(1)})
	if want := sum("lifeledger-participation-v1\ntrade/lifeledger\n" + name + "\ncarrier\nSH-1\n" + salt(1)); err != nil || c != want {
		t.Errorf("%s, %v; want %s", c, err, want)
	}
}
