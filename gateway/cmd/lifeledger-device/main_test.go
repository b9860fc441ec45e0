package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/gatewaytest"
)

type result struct {
	status         int
	stdout, stderr string
}

func call(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), args, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) result {
	t.Helper()
	r := call(t, args...)
	if r.status != 0 {
		t.Fatalf("%v: status %d: %s", args, r.status, r.stderr)
	}
	return r
}

// site is a gateway, a recording of 600 readings, and a state directory.
type site struct {
	gateway *gatewaytest.Gateway
	flags   []string
	csv     string
	dir     string
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{gateway: gatewaytest.New("trade/lifeledger", "secret"), csv: filepath.Join(dir, "journey.csv"), dir: dir}
	s.shipment(shipment.InTransit, "2026-01-05T08:00:00.000Z")
	server := httptest.NewServer(s.gateway)
	t.Cleanup(server.Close)
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "generate", "-recording", s.csv, "-start", "2026-01-05T08:00:00Z")
	s.flags = []string{"-state", filepath.Join(dir, "state"), "-device", "box:7", "-ledger", "trade/lifeledger", "-organisation", "ShipperMSP", "-gateway", server.URL, "-token-file", token}
	return s
}

// shipment says how SHP-1 is, and when it was picked up, if it was.
func (s *site) shipment(status shipment.Status, pickUp measure.Time) {
	record := shipment.Shipment{ShipmentID: "SHP-1", Status: status}
	if pickUp != "" {
		record.Custody = []shipment.Custody{{Custodian: "ShipperMSP", From: pickUp}}
	}
	s.gateway.SetShipment(record)
}

// recorded reports whether anything is signed and kept of SHP-1.
func (s *site) recorded(t *testing.T) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(s.dir, "state", "recordings", "shipment-SHP-1", "device-box:7", "state.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func (s *site) replay(more ...string) []string {
	return append(append([]string{"replay"}, s.flags...), append([]string{"-shipment", "SHP-1", "-recording", s.csv}, more...)...)
}

func TestARecordingIsReplayedInTwoPartsWithAHandOverBetween(t *testing.T) {
	s := newSite(t)
	first := must(t, s.replay("-segment", "50", "-until", "5m")...)
	if !strings.Contains(first.stdout, "300 readings signed, 0 signed before, 300 delivered; the next one is 301") {
		t.Error(first.stdout)
	}
	if !strings.Contains(first.stderr, "registered with key") || !strings.Contains(first.stderr, "300 readings in 6 segments delivered") {
		t.Error(first.stderr)
	}
	second := must(t, s.replay("-segment", "50", "-from", "2026-01-05T08:05:00Z", "-final")...)
	if !strings.Contains(second.stdout, "300 readings signed, 0 signed before, 300 delivered; the next one is 601") || strings.Contains(second.stderr, "registered") {
		t.Error(second.stdout, second.stderr)
	}
	stream := s.gateway.Stream("SHP-1", "box:7")
	if len(stream.Readings) != 600 || !stream.Ended {
		t.Errorf("%d readings, ended: %v", len(stream.Readings), stream.Ended)
	}
	again := must(t, s.replay("-final")...)
	if !strings.Contains(again.stdout, "0 readings signed, 600 signed before, 0 delivered; the next one is 601") {
		t.Error(again.stdout)
	}
}

func TestARecordingIsShifted(t *testing.T) {
	s := newSite(t)
	must(t, s.replay("-start", "2026-03-01T12:00:00Z", "-until", "2026-03-01T12:00:02Z")...)
	readings := s.gateway.Stream("SHP-1", "box:7").Readings
	if len(readings) != 2 || readings[0].At != 1_772_366_400_000 || readings[1].At != 1_772_366_401_000 {
		t.Errorf("%+v", readings)
	}
}

func TestAKeyIsMadeOnceAndThenRegistered(t *testing.T) {
	s := newSite(t)
	keygen := append([]string{"keygen"}, s.flags[:4]...)
	made := must(t, append(keygen, "-algorithm", "ECDSA-P256")...)
	if r := call(t, keygen...); r.status != 1 || !strings.Contains(r.stderr, "exists") {
		t.Errorf("a key was made over another: %+v", r)
	}
	register := append([]string{"register"}, s.flags...)
	id := strings.Fields(made.stdout)[1]
	if r := must(t, register...); !strings.Contains(r.stderr, id) {
		t.Error(r.stderr)
	}
	if r := must(t, register...); !strings.Contains(r.stderr, "registered already") {
		t.Error(r.stderr)
	}
	must(t, s.replay("-until", "10s")...)
}

func TestTheRecordingCanGoToStandardOutput(t *testing.T) {
	r := must(t, "generate", "-readings", "3", "-step", "500ms")
	if lines := strings.Split(r.stdout, "\n"); len(lines) != 5 || !strings.HasPrefix(lines[3], "2026-01-05T08:00:01.000Z,") {
		t.Error(r.stdout)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	s := newSite(t)
	broken := filepath.Join(s.dir, "broken.csv")
	if err := os.WriteFile(broken, []byte("time\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no command":                   {nil, 2, "Usage"},
		"an unknown command":           {[]string{"fly"}, 2, `"fly"`},
		"an unknown flag":              {[]string{"keygen", "-fly"}, 2, "-fly"},
		"an argument too many":         {[]string{"keygen", "fly"}, 2, `"fly"`},
		"a flag that is needed":        {[]string{"keygen"}, 1, "-state is needed"},
		"replay without a shipment":    {append([]string{"replay"}, s.flags...), 1, "-shipment is needed"},
		"an unknown algorithm":         {[]string{"keygen", "-state", s.dir, "-device", "d", "-algorithm", "RSA"}, 1, "RSA"},
		"a recording that is none":     {s.replay("-recording", broken), 1, "broken.csv: line 1"},
		"a recording that is missing":  {s.replay("-recording", "nowhere.csv"), 1, "nowhere.csv"},
		"a time that is none":          {s.replay("-from", "yesterday"), 1, `-from: "yesterday"`},
		"a start that is none":         {s.replay("-start", "yesterday"), 1, "replay: -start: \"yesterday\" is not RFC 3339, such as 2026-03-01T12:00:00Z\n"},
		"a start of what is generated": {[]string{"generate", "-start", "yesterday"}, 1, "generate: -start: \"yesterday\" is not RFC 3339, such as"},
		"reset without a shipment":     {append([]string{"reset"}, s.flags[:4]...), 1, "-shipment is needed"},
		"segments that are too long":   {s.replay("-segment", "100000"), 1, "2048"},
		"a token file that is missing": {s.replay("-token-file", "nowhere", "-state", filepath.Join(s.dir, "other")), 1, "token"},
		"no readings":                  {[]string{"generate", "-readings", "0"}, 1, "-readings"},
		"authorities that are none":    {s.replay("-ca-file", broken), 1, "no certificate"},
		"help":                         {[]string{"help"}, 0, ""},
		"help for a command":           {[]string{"replay", "-h"}, 0, "-recording"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := call(t, c.args...); r.status != c.status || !strings.Contains(r.stderr, c.want) {
				t.Errorf("got %+v, want %d, %q", r, c.status, c.want)
			}
		})
	}
}

func TestADeviceIsRegisteredWithItsOwnKeyOnly(t *testing.T) {
	register := func(s *site) []string { return append([]string{"register"}, s.flags...) }
	for name, c := range map[string]struct {
		before func(t *testing.T, s *site)
		status int
		want   string
	}{
		"the ledger has this key":  {func(t *testing.T, s *site) { must(t, register(s)...) }, 0, "registered already"},
		"the ledger has another":   {func(t *testing.T, s *site) { elsewhere(t, s) }, 1, "device box:7 is registered with another key"},
		"the device is revoked":    {func(t *testing.T, s *site) { must(t, register(s)...); s.gateway.Revoke("box:7") }, 1, "revoked"},
		"the ledger does not tell": {func(t *testing.T, s *site) { elsewhere(t, s); s.gateway.Before = forbidReads }, 1, "cannot be compared: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.before(t, s)
			marker := filepath.Join(s.dir, "state", "device-box:7.registered")
			if err := os.RemoveAll(marker); err != nil {
				t.Fatal(err)
			}
			if r := call(t, register(s)...); r.status != c.status || !strings.Contains(r.stderr, c.want) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("got %+v, want %d, %q", r, c.status, c.want)
			}
			if _, err := os.Stat(marker); (err == nil) != (c.status == 0) {
				t.Errorf("marked as registered: %v", err == nil)
			}
			if c.status != 0 {
				if r := call(t, s.replay()...); r.status != 1 || s.recorded(t) {
					t.Errorf("replayed all the same: %+v", r)
				}
			}
		})
	}
}

// elsewhere registers the device with a key that the site does not have.
func elsewhere(t *testing.T, s *site) {
	t.Helper()
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	registration, err := smartpackage.NewRegistration("trade/lifeledger", "box:7", "ShipperMSP", key)
	if err != nil {
		t.Fatal(err)
	}
	client := smartpackage.Client{Base: "http://localhost", HTTP: &http.Client{Transport: s.gateway}, Token: func() (string, error) { return "secret", nil }}
	if err := client.Register(t.Context(), registration); err != nil {
		t.Fatal(err)
	}
}

func forbidReads(_ int, w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet {
		gatewaytest.Refuse(w, http.StatusForbidden, fault.New("authn.role", "no"))
	}
	return r.Method == http.MethodGet
}

func TestNothingIsSignedThatTheLedgerWouldNotTake(t *testing.T) {
	pickedUp := measure.Time("2026-01-05T08:00:00.000Z")
	for name, c := range map[string]struct {
		before func(s *site)
		flags  []string
		want   string // "" when it is replayed
	}{
		"a shipment under way":                  {func(*site) {}, nil, ""},
		"a shipment that was delivered":         {func(s *site) { s.shipment(shipment.Arrived, pickedUp) }, nil, ""},
		"a shipment that is missing":            {func(*site) {}, []string{"-shipment", "SHP-2"}, "there is no shipment SHP-2"},
		"a shipment that is proposed":           {func(s *site) { s.shipment(shipment.Proposed, "") }, nil, "SHP-1 is proposed, not picked up yet"},
		"a shipment that is not picked up":      {func(s *site) { s.shipment(shipment.Agreed, "") }, nil, "SHP-1 is agreed, not picked up yet"},
		"a shipment that was withdrawn":         {func(s *site) { s.shipment(shipment.Withdrawn, "") }, nil, "SHP-1 is withdrawn"},
		"a shipment that is settled":            {func(s *site) { s.shipment(shipment.Settled, pickedUp) }, nil, "SHP-1 is settled"},
		"a first reading before the pick-up":    {func(s *site) { s.shipment(shipment.InTransit, "2026-01-05T08:00:00.001Z") }, nil, "with -start 2026-01-05T08:00:00.001Z or later"},
		"a beginning that is left out":          {func(s *site) { s.shipment(shipment.InTransit, "2026-01-05T08:00:01.000Z") }, []string{"-from", "1s"}, ""},
		"a first reading in the future":         {func(*site) {}, []string{"-start", "2199-01-01T00:00:00Z"}, "in the future"},
		"an end without readings, too early":    {func(s *site) { s.shipment(shipment.Agreed, "") }, []string{"-until", "0s", "-final"}, "not picked up yet"},
		"an end without readings":               {func(*site) {}, []string{"-until", "0s", "-final"}, ""},
		"a gateway that refuses to say":         {func(s *site) { s.gateway.Before = forbidReads }, nil, "403"},
		"a device that lost its memory":         {func(s *site) { s.gateway.Before = onceKnown }, nil, "of which"},
		"a device that the terms do not name":   {func(s *site) { s.gateway.Before = notAgreed }, nil, "do not name device box:7"},
		"open readings where sealed are agreed": {func(s *site) { s.gateway.SetTerms("SHP-1", shipment.Terms{Confidential: true}, nil) }, nil, "add -seal"},
		"a gateway that does not answer at all": {func(s *site) { s.gateway.Before = silentReads }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.before(s)
			r := call(t, s.replay(c.flags...)...)
			if (r.status == 0) != (c.want == "") || !strings.Contains(r.stderr, c.want) {
				t.Errorf("got %+v, want %q", r, c.want)
			}
			if c.want == "" {
				return
			}
			if lines := strings.Split(strings.TrimSpace(r.stderr), "\n"); len(lines) != 2 { // the registration, and the refusal
				t.Errorf("not one clear line: %q", lines)
			}
			if s.recorded(t) {
				t.Error("something was signed")
			}
		})
	}
}

func onStream(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/stream")
}

func onceKnown(_ int, w http.ResponseWriter, r *http.Request) bool {
	if onStream(r) {
		_, _ = w.Write([]byte(`{"nextSequence":601,"readings":600}`))
	}
	return onStream(r)
}

func notAgreed(_ int, w http.ResponseWriter, r *http.Request) bool {
	if onStream(r) {
		gatewaytest.Refuse(w, http.StatusUnprocessableEntity, fault.New(fault.CodeSegmentDevice, "no"))
	}
	return onStream(r)
}

func silentReads(_ int, w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return r.Method == http.MethodGet
}

func TestADeviceRecordsOfflineAndDeliversLater(t *testing.T) {
	s := newSite(t)
	if r := call(t, s.replay("-offline")...); r.status != 1 || !strings.Contains(r.stderr, "no key yet") {
		t.Errorf("%+v", r)
	}
	must(t, append([]string{"keygen"}, s.flags[:4]...)...)
	r := must(t, s.replay("-offline", "-segment", "10", "-gateway", "")...)
	if !strings.Contains(r.stdout, "600 readings signed, 0 signed before, 0 delivered") || len(s.gateway.Requests()) != 0 {
		t.Errorf("%+v, %d requests", r, len(s.gateway.Requests()))
	}
	r = must(t, s.replay("-final")...)
	if !strings.Contains(r.stdout, "0 readings signed, 600 signed before, 600 delivered") {
		t.Errorf("%+v", r)
	}
}

func TestOnlyARecordingThatTheLedgerHasNothingOfIsForgotten(t *testing.T) {
	reset := func(s *site) []string {
		return append([]string{"reset", "-shipment", "SHP-1"}, append(s.flags[:4:4], s.flags[8:]...)...)
	}
	offline := func(t *testing.T, s *site) {
		must(t, append([]string{"keygen"}, s.flags[:4]...)...)
		must(t, s.replay("-offline", "-segment", "10")...)
	}
	for name, c := range map[string]struct {
		before func(t *testing.T, s *site)
		status int
		want   string
	}{
		"nothing is kept":            {func(*testing.T, *site) {}, 0, "nothing is kept"},
		"the ledger has nothing":     {offline, 0, "is forgotten"},
		"the ledger has readings":    {func(t *testing.T, s *site) { must(t, s.replay("-until", "10s")...) }, 1, "the ledger has 10 readings"},
		"the ledger has its end":     {func(t *testing.T, s *site) { must(t, s.replay("-until", "0s", "-final")...) }, 1, "cannot begin anew"},
		"the gateway refuses":        {func(t *testing.T, s *site) { offline(t, s); s.gateway.Before = forbidReads }, 1, "403"},
		"the terms do not name it":   {func(t *testing.T, s *site) { offline(t, s); s.gateway.Before = notAgreed }, 0, "is forgotten"},
		"the shipment never existed": {func(t *testing.T, s *site) { offline(t, s); s.gateway.Before = noShipment }, 0, "is forgotten"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.before(t, s)
			had := s.recorded(t)
			if r := call(t, reset(s)...); r.status != c.status || !strings.Contains(r.stderr, c.want) {
				t.Errorf("got %+v, want %d, %q", r, c.status, c.want)
			}
			if s.recorded(t) != (had && c.status != 0) {
				t.Errorf("still kept: %v", s.recorded(t))
			}
			s.gateway.Before = nil
			if !had || c.status != 0 {
				return
			}
			if r := must(t, s.replay("-final")...); !strings.Contains(r.stdout, "600 readings signed, 0 signed before") {
				t.Error(r.stdout)
			}
		})
	}
}

func noShipment(_ int, w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet {
		gatewaytest.Refuse(w, http.StatusNotFound, fault.New(fault.CodeShipmentUnknown, "no"))
	}
	return r.Method == http.MethodGet
}

func TestAGatewayThatIsDownIsNamedOnceAtFirstAndOnceAtTheEnd(t *testing.T) {
	var stderr bytes.Buffer
	o := options{stderr: &stderr, gateway: "http://127.0.0.1:1"}
	client, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	client.Attempts = 3
	_, err = client.Device(t.Context(), "box:7")
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "gave up after 3 attempts") {
		t.Errorf("got %v", err)
	}
	if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "does not answer, trying again") {
		t.Errorf("said %q", text)
	}
}
