package authn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC)

const (
	issuer   = "https://issuer.example"
	audience = "lifeledger"
	org      = "ShipperMSP"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyFile(t *testing.T, keys ...jose.JSONWebKey) string {
	t.Helper()
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func claims(change map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuer, "aud": audience, "sub": "operator@shipper", "org": org, "roles": []string{"operator"},
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(c, change)
	for k, v := range c {
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

func signed(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, c map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign(b)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forged is a token whose header says alg, with the signature that mac makes.
func forged(header string, c map[string]any, mac func(string) []byte) string {
	b, _ := json.Marshal(c)
	enc := base64.RawURLEncoding.EncodeToString
	text := enc([]byte(header)) + "." + enc(b)
	return text + "." + enc(mac(text))
}

func TestVerify(t *testing.T) {
	key, other := newKey(t), newKey(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := keyFile(t, jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k1", Algorithm: "ES256", Use: "sig"})
	v, err := New(t.Context(), Config{Issuer: issuer, Audience: audience, Keys: file, Organisation: org, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	hs := func(secret []byte) func(string) []byte {
		return func(text string) []byte {
			m := hmac.New(sha256.New, secret)
			m.Write([]byte(text))
			return m.Sum(nil)
		}
	}
	none := func(string) []byte { return nil }
	with := func(name string, value any) string {
		return signed(t, jose.ES256, key, "k1", claims(map[string]any{name: value}))
	}
	good := signed(t, jose.ES256, key, "k1", claims(nil))
	published, _ := os.ReadFile(file)
	for _, c := range []struct {
		name, header string
		err          error // nil: any error will do
		ok           bool
	}{
		{"good", "Bearer " + good, nil, true},
		{"scheme in lower case", "bearer " + good, nil, true},
		{"audience in a list", "Bearer " + with("aud", []string{"x", audience}), nil, true},
		{"not before a moment ago", "Bearer " + with("nbf", now.Add(-time.Second).Unix()), nil, true},

		{"none", "", nil, false},
		{"no token", "Bearer ", nil, false},
		{"basic", "Basic dXNlcjpwYXNz", nil, false},
		{"garbage", "Bearer a.b.c", nil, false},
		{"two tokens", "Bearer " + good + " " + good, nil, false},
		{"too long", "Bearer " + strings.Repeat("a", 9000), nil, false},
		{"JSON serialisation", `Bearer {"payload":"e30","signatures":[]}`, nil, false},
		{"alg none", "Bearer " + forged(`{"alg":"none","kid":"k1"}`, claims(nil), none), nil, false},
		{"alg None", "Bearer " + forged(`{"alg":"None","kid":"k1"}`, claims(nil), none), nil, false},
		{"no signature", "Bearer " + forged(`{"alg":"ES256","kid":"k1"}`, claims(nil), none), nil, false},
		{"HS256 with the public key", "Bearer " + forged(`{"alg":"HS256","kid":"k1"}`, claims(nil), hs(point)), nil, false},
		{"HS256 with the key set", "Bearer " + forged(`{"alg":"HS256","kid":"k1"}`, claims(nil), hs(published)), nil, false},
		{"HS256 with nothing", "Bearer " + forged(`{"alg":"HS256","kid":"k1"}`, claims(nil), hs([]byte("x"))), nil, false},
		{"RS256", "Bearer " + signed(t, jose.RS256, rsaKey, "k1", claims(nil)), nil, false},
		{"another key under our kid", "Bearer " + signed(t, jose.ES256, other, "k1", claims(nil)), nil, false},
		{"unknown kid", "Bearer " + signed(t, jose.ES256, key, "k2", claims(nil)), nil, false},
		{"no kid", "Bearer " + signed(t, jose.ES256, key, "", claims(nil)), nil, false},
		{"kid is a path", "Bearer " + signed(t, jose.ES256, other, "../../../../dev/null", claims(nil)), nil, false},
		{"kid is SQL", "Bearer " + signed(t, jose.ES256, other, "x' OR '1'='1", claims(nil)), nil, false},
		{"claims changed", "Bearer " + swap(good, claims(map[string]any{"roles": []string{"admin"}})), nil, false},
		{"expired", "Bearer " + with("exp", now.Add(-time.Second).Unix()), nil, false},
		{"no expiry", "Bearer " + with("exp", nil), nil, false},
		{"not yet valid", "Bearer " + with("nbf", now.Add(2*time.Minute).Unix()), nil, false},
		{"wrong issuer", "Bearer " + with("iss", "https://other.example"), nil, false},
		{"no issuer", "Bearer " + with("iss", nil), nil, false},
		{"wrong audience", "Bearer " + with("aud", "other"), nil, false},
		{"no audience", "Bearer " + with("aud", nil), nil, false},
		{"no subject", "Bearer " + with("sub", nil), nil, false},
		{"endless subject", "Bearer " + with("sub", strings.Repeat("s", 300)), nil, false},
		{"roles are no list", "Bearer " + with("roles", "operator"), nil, false},
		{"wrong organisation", "Bearer " + with("org", "ManufacturerMSP"), ErrOrganisation, false},
		{"organisation in another case", "Bearer " + with("org", "shippermsp"), ErrOrganisation, false},
		{"no organisation", "Bearer " + with("org", nil), ErrOrganisation, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := v.Verify(t.Context(), c.header)
			if c.ok {
				want := Principal{Subject: "operator@shipper", Organisation: org, Roles: []Role{Operator}}
				if diff := cmp.Diff(want, p); diff != "" || err != nil {
					t.Errorf("%v\n%s", err, diff)
				}
				return
			}
			if err == nil || (c.err != nil) != errors.Is(err, ErrOrganisation) {
				t.Fatalf("got %+v, %v", p, err)
			}
			for part := range strings.SplitSeq(strings.TrimPrefix(c.header, "Bearer "), ".") {
				if len(part) > 8 && strings.Contains(err.Error(), part) {
					t.Errorf("the error holds a part of the token: %v", err)
				}
			}
		})
	}
}

// swap puts other claims under a good signature.
func swap(token string, c map[string]any) string {
	parts := strings.Split(token, ".")
	b, _ := json.Marshal(c)
	parts[1] = base64.RawURLEncoding.EncodeToString(b)
	return strings.Join(parts, ".")
}

func TestKeySetsThatAreRefused(t *testing.T) {
	key := newKey(t)
	for _, c := range []struct {
		name string
		file string
	}{
		{"missing", filepath.Join(t.TempDir(), "none.json")},
		{"empty", keyFile(t)},
		{"private", keyFile(t, jose.JSONWebKey{Key: key, KeyID: "k1", Algorithm: "ES256"})},
		{"symmetric", keyFile(t, jose.JSONWebKey{Key: []byte("secret"), KeyID: "k1", Algorithm: "HS256"})},
		{"without kid", keyFile(t, jose.JSONWebKey{Key: &key.PublicKey, Algorithm: "ES256"})},
		{"without alg", keyFile(t, jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k1"})},
	} {
		if _, err := New(t.Context(), Config{Issuer: issuer, Audience: audience, Keys: c.file, Organisation: org}); err == nil {
			t.Errorf("%s: taken", c.name)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		role      Role
		operation string
		may       bool
	}{
		{Operator, "SettleShipment", true}, {Admin, "IssueTokens", true}, {Operator, "RecordReadings", true},
		{Auditor, "GetShipment", true}, {Auditor, "ListPostings", true}, {Auditor, "SettleShipment", false}, {Auditor, "RecordReadings", false},
		{Device, "RecordReadings", true}, {Device, "RegisterDevice", true}, {Device, "GetStream", true},
		{Device, "RevokeDevice", false}, {Device, "AcceptHandover", false}, {Device, "GetAccount", false},
		{"", "GetLedger", false}, {"root", "GetLedger", false}, {"OPERATOR", "GetLedger", false}, {Admin, "NoSuchOperation", false},
	} {
		if got := (Principal{Roles: []Role{c.role}}).May(c.operation); got != c.may {
			t.Errorf("%s %s: %v", c.role, c.operation, got)
		}
	}
	if (Principal{}).May("GetLedger") {
		t.Error("a principal without roles may read")
	}
}
