package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// proposed writes terms to a file: above 40 °C costs ten tokens.
func (s *site) proposed(t *testing.T) string {
	t.Helper()
	terms := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: "ManufacturerMSP", Consignee: "ServiceMSP", Payer: "ManufacturerMSP", Currency: "USD",
		Legs:  []shipment.Leg{{Carrier: "ShipperMSP", FeeMinor: 40_000}, {Carrier: "ServiceMSP", FeeMinor: 25_000}},
		Goods: []string{}, Devices: []string{"box:7"},
		Limits: []shipment.Limit{{LimitID: "SH7", Rule: shipment.TemperatureHigh.ID, Milli: 40_000, PenaltyMinor: 1_000}},
	}
	text, err := json.Marshal(terms)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "terms.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatARecordingCostsIsSaidBeforeAnythingIsAgreed(t *testing.T) {
	s := newSite(t)
	flags := []string{"simulate", "-terms", s.proposed(t), "-custody", "ShipperMSP=0s,ServiceMSP=5m", "-recording", s.csv}
	var out shipment.Simulation
	if err := json.Unmarshal([]byte(must(t, append(flags, "-json")...).stdout), &out); err != nil {
		t.Fatal(err)
	}
	if out.Readings != 600 || out.Found == 0 || out.Found != len(out.Excursions) {
		t.Fatalf("%d readings, %d excursions, %d shown", out.Readings, out.Found, len(out.Excursions))
	}
	owes := map[string]money.Minor{}
	for _, e := range out.Excursions {
		owes[e.Custodian] += e.PenaltyMinor
		if e.Open {
			t.Errorf("%s is open at the end of the recording", e.ExcursionID)
		}
	}
	for _, l := range out.Statement.Lines {
		if l.PenaltyMinor != owes[l.Carrier] || l.PayableMinor != l.FeeMinor-owes[l.Carrier] {
			t.Errorf("%+v, excursions cost %d", l, owes[l.Carrier])
		}
	}
	text := must(t, flags...).stdout
	for _, want := range []string{"600 readings", "minor units of USD", "SH7", "ShipperMSP", "ManufacturerMSP gets"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTheLedgerIsAskedTheSameQuestion(t *testing.T) {
	s := newSite(t)
	var asked api.SimulateShipment
	s.gateway.Before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/simulations" || r.Header.Get("Idempotency-Key") != "" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(shipment.Simulation{Readings: 4711, Excursions: []shipment.Excursion{}})
		return true
	}
	flags := []string{"simulate", "-terms", s.proposed(t), "-custody", "ShipperMSP=2026-01-05T08:00:00Z", "-recording", s.csv}
	gateway := s.flags[len(s.flags)-4:]
	if r := must(t, append(flags, gateway...)...); !strings.Contains(r.stdout, "4711 readings") {
		t.Error(r.stdout)
	}
	o := options{}
	here, err := o.judgeHere(t.Context(), asked)
	if err != nil || here.Readings != 600 || len(asked.Custody) != 1 || asked.Custody[0].From != "2026-01-05T08:00:00.000Z" {
		t.Errorf("asked for %d readings of %+v: %v", here.Readings, asked.Custody, err)
	}
	must(t, "generate", "-recording", s.csv, "-start", "2026-01-05T08:00:00Z", "-readings", "60000")
	if r := call(t, append(flags, gateway...)...); r.status != 1 || !strings.Contains(r.stderr, "leave -gateway out") {
		t.Errorf("%d %s", r.status, r.stderr)
	}
	if r := must(t, flags...); !strings.Contains(r.stdout, "60000 readings") {
		t.Error(r.stdout)
	}
}

func TestASimulationSaysWhatIsWrong(t *testing.T) {
	s := newSite(t)
	terms := s.proposed(t)
	broken := filepath.Join(s.dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`{"ruleset":"shipment-1","x":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(s.dir, "empty.csv")
	text, err := os.ReadFile(s.csv)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(empty, []byte(header+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags []string
		says  string
	}{
		{[]string{"-custody", "ShipperMSP=0s", "-recording", s.csv}, "flag -terms is needed"},
		{[]string{"-terms", terms, "-recording", s.csv}, "flag -custody is needed"},
		{[]string{"-terms", terms, "-custody", "ShipperMSP", "-recording", s.csv}, "not custodian=time"},
		{[]string{"-terms", terms, "-custody", "ShipperMSP=noon", "-recording", s.csv}, "neither RFC 3339"},
		{[]string{"-terms", terms, "-custody", "ServiceMSP=0s", "-recording", s.csv}, "(shipment.simulation.custody, custodian ShipperMSP"},
		{[]string{"-terms", terms, "-custody", "ShipperMSP=1s", "-recording", s.csv}, "before the pick-up"},
		{[]string{"-terms", terms, "-custody", "ShipperMSP=0s", "-recording", s.csv, "-device", "other"}, "do not name device"},
		{[]string{"-terms", broken, "-custody", "ShipperMSP=0s", "-recording", s.csv}, "unknown field"},
		{[]string{"-terms", terms, "-custody", "ShipperMSP=0s", "-recording", empty}, "has no readings"},
	} {
		if r := call(t, append([]string{"simulate"}, c.flags...)...); r.status != 1 || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%v: %d %s, want %q", c.flags, r.status, r.stderr, c.says)
		}
	}
}
