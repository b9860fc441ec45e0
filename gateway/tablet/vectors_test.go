package tablet_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/vectortest"
	"github.com/lifeledger/lifeledger/gateway/tablet"
)

// vectors is what an implementation in another language compares itself with.
type vectors struct {
	Keys []struct {
		Algorithm  dsse.Algorithm `json:"algorithm"`
		PrivateKey string         `json:"privateKeyHex"`
		PublicKey  string         `json:"publicKey"`
		KeyID      string         `json:"keyid"`
	} `json:"keys"`
	About struct {
		Ledger       string `json:"ledger"`
		CredentialID string `json:"credentialId"`
		Issuer       string `json:"issuer"`
	} `json:"about"`
	Subject       string `json:"subject"`
	CredentialKey struct {
		Payload  string         `json:"payload"`
		PAE      string         `json:"pae"`
		Envelope *dsse.Envelope `json:"envelope"`
	} `json:"credentialKey"`
	NextKey    *dsse.Envelope    `json:"nextKey"`
	Statements []statementVector `json:"statements"`
}

type statementVector struct {
	Kind     string                   `json:"kind"`
	Key      int                      `json:"key"` // 0 or 1
	SignedAt measure.Time             `json:"signedAt"`
	Body     component.ValidationBody `json:"body"`
	Payload  string                   `json:"payload"`
	Hash     string                   `json:"sha256"`
	Envelope *dsse.Envelope           `json:"envelope"`
}

func secret() []byte {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i + 1)
	}
	return seed
}

func keys(t *testing.T) []*smartpackage.Key {
	t.Helper()
	scalar, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret())
	check(t, err)
	first, err := smartpackage.NewKey(ed25519.NewKeyFromSeed(secret()))
	check(t, err)
	second, err := smartpackage.NewKey(scalar)
	check(t, err)
	return []*smartpackage.Key{first, second}
}

func makeVectors(t *testing.T) (v vectors) {
	t.Helper()
	ks := keys(t)
	for _, k := range ks {
		v.Keys = append(v.Keys, struct {
			Algorithm  dsse.Algorithm `json:"algorithm"`
			PrivateKey string         `json:"privateKeyHex"`
			PublicKey  string         `json:"publicKey"`
			KeyID      string         `json:"keyid"`
		}{k.Public().Algorithm(), hex.EncodeToString(secret()), k.Public().Base64(), k.Public().ID()})
	}
	v.About.Ledger, v.About.CredentialID, v.About.Issuer, v.Subject = "trade/lifeledger", "401234500000000017", "ServiceMSP", "urn:epc:id:sgtin:4012345.011111.987"
	announced := dsse.CredentialKey{Ledger: v.About.Ledger, CredentialID: v.About.CredentialID, Issuer: v.About.Issuer, KeyNumber: 1}
	var err error
	v.CredentialKey.Envelope, err = tablet.AnnounceKey(announced, ks[0])
	check(t, err)
	payload, err := dsse.Open(v.CredentialKey.Envelope, dsse.CredentialKeyType, ks[0].Public())
	check(t, err)
	v.CredentialKey.Payload, v.CredentialKey.PAE = string(payload), string(dsse.PAE(dsse.CredentialKeyType, payload))
	announced.KeyNumber = 2
	v.NextKey, err = tablet.AnnounceKey(announced, ks[1])
	check(t, err)
	previous := dsse.NoStatement
	for i, body := range []component.ValidationBody{
		{Skill: "hydraulics", Conclusion: component.Conformant, Evidence: []string{}, Remark: ""},
		{Skill: "hydraulics", Conclusion: component.NonConformant, Evidence: []string{strings.Repeat("0a", 32), strings.Repeat("0b", 32)}, Remark: `Ölleck an "V2" <5 ml/h>, s. C:\Fotos & 図1`},
		{Skill: "hydraulics", Conclusion: component.Conformant, Evidence: []string{}, Remark: "on the new tablet"},
	} {
		s := dsse.Statement[component.ValidationBody]{
			Ledger: v.About.Ledger, Kind: component.ValidationKind, Subject: v.Subject, Signer: "credential:" + v.About.CredentialID,
			Sequence: uint64(i + 1), Previous: previous, SignedAt: measure.At(1_772_352_000_000 + int64(i)*60_000), Body: body,
		}
		payload, err := s.Encode()
		check(t, err)
		e, err := smartpackage.Sign(dsse.StatementType, payload, ks[i/2])
		check(t, err)
		previous = dsse.StatementHash(payload)
		v.Statements = append(v.Statements, statementVector{s.Kind, i / 2, s.SignedAt, body, string(payload), previous, e})
	}
	return v
}

func TestVectorsStayAsTheyAre(t *testing.T) {
	vectortest.Hold(t, filepath.Join("..", "..", "docs", "statements.md"), makeVectors(t))
}

func TestTheDocumentNamesEveryCode(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "statements.md"))
	check(t, err)
	for _, e := range fault.Catalogue() {
		code := string(e.Code)
		named := strings.HasPrefix(code, "statement.") && !strings.HasPrefix(code, "statement.quarantine.") || strings.HasPrefix(code, "envelope.") || e.Code == fault.CodeCredentialEarly || e.Code == fault.CodeCredentialCovers
		if named && !strings.Contains(string(page), "`"+code+"`") {
			t.Errorf("docs/statements.md does not name %s", code)
		}
	}
	for _, name := range []string{dsse.StatementType, dsse.CredentialKeyType, fmt.Sprintf("%d,%03d", dsse.MaxStatement/1000, dsse.MaxStatement%1000)} {
		if !strings.Contains(string(page), name) {
			t.Errorf("docs/statements.md does not name %s", name)
		}
	}
}

// TestAnotherLanguageComesToTheSameBytes: keys, announcements, statements, hashes and
// signatures of the vectors, from what went into them.
func TestAnotherLanguageComesToTheSameBytes(t *testing.T) {
	text, err := os.ReadFile(vectortest.File)
	check(t, err)
	var given, want, have map[string]any
	check(t, json.Unmarshal(text, &given))
	check(t, json.Unmarshal(text, &want))
	delete(given, "credentialKey")
	delete(given, "nextKey")
	for _, s := range given["statements"].([]any) {
		for _, made := range []string{"payload", "sha256", "envelope"} {
			delete(s.(map[string]any), made)
		}
	}
	for _, k := range given["keys"].([]any) {
		delete(k.(map[string]any), "publicKey")
		delete(k.(map[string]any), "keyid")
	}
	vectortest.Node(t, "vectors", ordered(given), &have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

// ordered gives bodies back the order of their members, which a map has lost.
func ordered(given map[string]any) map[string]any {
	for _, s := range given["statements"].([]any) {
		m := s.(map[string]any)
		b := m["body"].(map[string]any)
		body := component.ValidationBody{Skill: b["skill"].(string), Conclusion: component.Conclusion(b["conclusion"].(string)), Evidence: []string{}, Remark: b["remark"].(string)}
		for _, e := range b["evidence"].([]any) {
			body.Evidence = append(body.Evidence, e.(string))
		}
		m["body"] = body
	}
	return given
}

// TestWhatAnotherLanguageSignsIsTaken: the chaincode's own code opens and chains what
// Node.js signs, whatever characters are in it.
func TestWhatAnotherLanguageSignsIsTaken(t *testing.T) {
	remarks := []string{"", `"`, `\`, `\"\\`, "/", "<&>", "ä ß €", "日本語", "😀 𝄞", "\u00a0\u200b", "\u007f", "null", "{\"a\":[1]}", strings.Repeat("ö", 500)}
	for _, k := range keys(t) {
		t.Run(string(k.Public().Algorithm()), func(t *testing.T) {
			var bodies []component.ValidationBody
			for _, r := range remarks {
				bodies = append(bodies, component.ValidationBody{Skill: "x", Conclusion: component.Conformant, Evidence: []string{}, Remark: r})
			}
			var out []dsse.Envelope
			vectortest.Node(t, "sign", map[string]any{
				"ledger": "trade/lifeledger", "signer": "credential:e", "subject": "pump-7", "kind": "validation", "algorithm": k.Public().Algorithm(),
				"secretHex": hex.EncodeToString(secret()), "signedAt": "2026-03-01T08:00:00.000Z", "bodies": bodies,
			}, &out)
			if len(out) != len(remarks) {
				t.Fatalf("%d envelopes", len(out))
			}
			previous := dsse.NoStatement
			for i := range out {
				s, hash, err := dsse.OpenStatement[component.ValidationBody](&out[i], k.Public())
				check(t, err)
				if s.Sequence != uint64(i+1) || s.Previous != previous || s.Body.Remark != remarks[i] {
					t.Errorf("%d: %+v", i, s)
				}
				previous = hash
			}
		})
	}
}
