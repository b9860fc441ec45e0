package dsse_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

func sessionStatement(key *dsse.PublicKey) dsse.SessionStatement {
	return dsse.SessionStatement{
		Ledger: "trade/lifeledger", DeviceID: "smart-package-7", ShipmentID: "SHP-1", SessionNumber: 1,
		Algorithm: key.Algorithm(), PublicKey: key.Base64(),
	}
}

func TestASessionStatementHasOneForm(t *testing.T) {
	k := newSigner(t, dsse.Ed25519, 1)
	s := sessionStatement(k.public)
	payload, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ledger":"trade/lifeledger","deviceId":"smart-package-7","shipmentId":"SHP-1","sessionNumber":1,"algorithm":"Ed25519","publicKey":"` + k.public.Base64() + `"}`
	if diff := cmp.Diff(want, string(payload)); diff != "" {
		t.Fatal(diff)
	}
	got, err := dsse.DecodeSessionStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&s, got); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{
		"a blank":            strings.Replace(want, ":1", ": 1", 1),
		"an unknown member":  strings.Replace(want, "{", `{"x":1,`, 1),
		"a member twice":     strings.Replace(want, `"sessionNumber":1`, `"sessionNumber":1,"sessionNumber":1`, 1),
		"another order":      strings.Replace(want, `"deviceId":"smart-package-7","shipmentId":"SHP-1"`, `"shipmentId":"SHP-1","deviceId":"smart-package-7"`, 1),
		"a key statement":    strings.Replace(want, "sessionNumber", "keyNumber", 1),
		"session number 0":   strings.Replace(want, ":1,", ":0,", 1),
		"too many sessions":  strings.Replace(want, ":1,", ":1000001,", 1),
		"no shipment":        strings.Replace(want, "SHP-1", "", 1),
		"a quotation mark":   strings.Replace(want, "SHP-1", `S\"1`, 1),
		"something after it": want + "{}",
		"nothing":            "",
		"too much":           want + strings.Repeat(" ", 4096),
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			if s, err := dsse.DecodeSessionStatement([]byte(text)); !fault.Is(err, fault.CodeEnvelopeMalformed) {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestOpenSessionStatement(t *testing.T) {
	own, key, other := newSigner(t, dsse.MLDSA65, 1), newSigner(t, dsse.P256, 2), newSigner(t, dsse.Ed25519, 3)
	sealed := func(announced signer, by ...signer) *dsse.Envelope {
		s := sessionStatement(announced.public)
		payload, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return by[0].envelope(t, dsse.SessionStatementType, payload, by[1:]...)
	}
	for name, c := range map[string]struct {
		envelope *dsse.Envelope
		device   *dsse.PublicKey
		want     fault.Code
	}{
		"the device and the session sign":        {sealed(key, own, key), own.public, ""},
		"in any order":                           {sealed(key, key, own), own.public, ""},
		"without the device":                     {sealed(key, key), own.public, fault.CodeEnvelopeKey},
		"without the session's key":              {sealed(key, own), own.public, fault.CodeEnvelopeKey},
		"by another device":                      {sealed(key, other, key), own.public, fault.CodeEnvelopeKey},
		"a post-quantum session key":             {sealed(newSigner(t, dsse.MLDSA65, 9), own, newSigner(t, dsse.MLDSA65, 9)), own.public, fault.CodeKeyInvalid},
		"the device's own key":                   {sealed(other, other), other.public, fault.CodeKeyInvalid},
		"an envelope of another type":            {own.envelope(t, kind, []byte("{}"), key), own.public, fault.CodeEnvelopeMalformed},
		"a payload that is no session statement": {own.envelope(t, dsse.SessionStatementType, []byte("{}"), key), own.public, fault.CodeEnvelopeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			s, got, err := dsse.OpenSessionStatement(c.envelope, c.device)
			if c.want != "" {
				if !fault.Is(err, c.want) || s != nil || got != nil {
					t.Errorf("got %v, %v, %v, want %s", s, got, err, c.want)
				}
				return
			}
			if err != nil || got.Base64() != s.PublicKey {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

// What is accepted is what a plain reading of the JSON says, and written again it
// is the same bytes.
func FuzzDecodeSessionStatement(f *testing.F) {
	s := sessionStatement(newSigner(f, dsse.Ed25519, 1).public)
	payload, err := s.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add([]byte(`{"ledger":"<&>","deviceId":"a","shipmentId":"b","sessionNumber":1,"algorithm":"c","publicKey":"d"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := dsse.DecodeSessionStatement(payload)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || string(again) != string(payload) {
			t.Fatalf("%q is a second form of %q (%v)", payload, again, err)
		}
		var plain map[string]any
		if err := json.Unmarshal(payload, &plain); err != nil || len(plain) != 6 || plain["shipmentId"] != s.ShipmentID || plain["sessionNumber"] != float64(s.SessionNumber) {
			t.Fatalf("%q is read as %+v (%v)", payload, s, err)
		}
	})
}
