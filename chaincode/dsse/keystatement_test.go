package dsse_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

func statement(key *dsse.PublicKey) dsse.KeyStatement {
	return dsse.KeyStatement{
		Ledger: "trade/lifeledger", DeviceID: "smart-package-7", Organisation: "ShipperMSP", KeyNumber: 1,
		Algorithm: key.Algorithm(), PublicKey: key.Base64(),
	}
}

func TestAKeyStatementHasOneForm(t *testing.T) {
	k := newSigner(t, dsse.Ed25519, 1)
	s := statement(k.public)
	payload, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ledger":"trade/lifeledger","deviceId":"smart-package-7","organisation":"ShipperMSP","keyNumber":1,"algorithm":"Ed25519","publicKey":"` + k.public.Base64() + `"}`
	if diff := cmp.Diff(want, string(payload)); diff != "" {
		t.Fatal(diff)
	}
	got, err := dsse.DecodeKeyStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&s, got); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{
		"a blank":                   strings.Replace(want, ":1", ": 1", 1),
		"a line break at the end":   want + "\n",
		"an unknown member":         strings.Replace(want, "{", `{"x":1,`, 1),
		"a member twice":            strings.Replace(want, `"keyNumber":1`, `"keyNumber":1,"keyNumber":1`, 1),
		"a member in other case":    strings.Replace(want, "keyNumber", "KeyNumber", 1),
		"another order":             `{"deviceId":"smart-package-7","ledger":"trade/lifeledger"` + want[strings.Index(want, `,"organisation`):],
		"an escape":                 strings.Replace(want, "smart-package", `smart\u002dpackage`, 1),
		"a quotation mark":          strings.Replace(want, "smart", `sm\"art`, 1),
		"a character beyond ASCII":  strings.Replace(want, "smart", "smärt", 1),
		"no device":                 strings.Replace(want, "smart-package-7", "", 1),
		"key number 0":              strings.Replace(want, `:1,`, `:0,`, 1),
		"a key number with a point": strings.Replace(want, `:1,`, `:1.0,`, 1),
		"a negative key number":     strings.Replace(want, `:1,`, `:-1,`, 1),
		"a key number too large":    strings.Replace(want, `:1,`, `:1000001,`, 1),
		"something after it":        want + want,
		"an array":                  "[]",
		"null":                      "null",
		"nothing":                   "",
		"too much":                  want + strings.Repeat(" ", 4096),
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			if s, err := dsse.DecodeKeyStatement([]byte(text)); !fault.Is(err, fault.CodeEnvelopeMalformed) {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestOpenKeyStatement(t *testing.T) {
	first, second, third := newSigner(t, dsse.Ed25519, 1), newSigner(t, dsse.P256, 2), newSigner(t, dsse.Ed25519, 3)
	sealed := func(announced signer, by ...signer) *dsse.Envelope {
		s := statement(announced.public)
		payload, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return by[0].envelope(t, dsse.KeyStatementType, payload, by[1:]...)
	}
	garbage := statement(first.public)
	garbage.PublicKey = "AAAA"
	payload, err := garbage.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		envelope *dsse.Envelope
		previous *dsse.PublicKey
		want     fault.Code // "" when it is accepted
	}{
		"the first key signs for itself":              {sealed(first, first), nil, ""},
		"on a rotation the new and the old key sign":  {sealed(second, second, first), first.public, ""},
		"the order of the signatures does not matter": {sealed(second, first, second), first.public, ""},
		"a key that did not sign is not announced":    {sealed(second, first), nil, fault.CodeEnvelopeKey},
		"a rotation that the old key did not sign":    {sealed(second, second), first.public, fault.CodeEnvelopeKey},
		"a rotation that a stranger signed":           {sealed(second, second, third), first.public, fault.CodeEnvelopeKey},
		"a rotation to the same key":                  {sealed(first, first), first.public, fault.CodeKeyInvalid},
		"a key that is none":                          {first.envelope(t, dsse.KeyStatementType, payload), nil, fault.CodeKeyInvalid},
		"an envelope of another type":                 {first.envelope(t, kind, payload), nil, fault.CodeEnvelopeMalformed},
		"a payload that is no statement":              {first.envelope(t, dsse.KeyStatementType, []byte("{}")), nil, fault.CodeEnvelopeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			s, key, err := dsse.OpenKeyStatement(c.envelope, c.previous)
			if c.want != "" {
				if !fault.Is(err, c.want) || s != nil || key != nil {
					t.Errorf("got %v, %v, %v, want %s", s, key, err, c.want)
				}
				return
			}
			if err != nil || key.Base64() != s.PublicKey {
				t.Errorf("got %v, %v, %v", s, key, err)
			}
		})
	}
}

func FuzzDecodeKeyStatement(f *testing.F) {
	s := statement(newSigner(f, dsse.Ed25519, 1).public)
	payload, err := s.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add([]byte(`{"ledger":"<&>","deviceId":"a","organisation":"b","keyNumber":1,"algorithm":"c","publicKey":"d"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := dsse.DecodeKeyStatement(payload)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || string(again) != string(payload) {
			t.Fatalf("%q is a second form of %q (%v)", payload, again, err)
		}
	})
}
