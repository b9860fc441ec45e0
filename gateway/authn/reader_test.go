package authn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/lifeledger/lifeledger/gateway/authn"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// spki is a public key as the ledger has it.
func spki(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func readersToken(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func TestAReadersToken(t *testing.T) {
	public, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	onLedger, withP256 := spki(t, public), spki(t, &p256.PublicKey)
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{"iss": "insurer", "sub": "insurer", "aud": "lifeledger/lifeledger", "componentId": "crane", "exp": noon.Add(4 * time.Minute).Unix()}
		maps.Copy(all, change)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
		return all
	}
	signed := func(change map[string]any) string { return readersToken(t, jose.EdDSA, ed, claims(change)) }
	none := "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(strings.TrimPrefix(signed(nil), "Bearer "), ".")[1] + "."
	good := signed(nil)
	for name, c := range map[string]struct {
		token, key string
		says       string // "": it is good
	}{
		"good":                                      {good, onLedger, ""},
		"good, with P-256":                          {readersToken(t, jose.ES256, p256, claims(nil)), withP256, ""},
		"for the ledger among others":               {signed(map[string]any{"aud": []string{"another", "lifeledger/lifeledger"}}), onLedger, ""},
		"ending in five minutes":                    {signed(map[string]any{"exp": noon.Add(5 * time.Minute).Unix()}), onLedger, ""},
		"with an id of its own":                     {signed(map[string]any{"jti": "1", "nbf": noon.Unix()}), onLedger, ""},
		"of another key":                            {readersToken(t, jose.EdDSA, other, claims(nil)), onLedger, "the reader's token is not valid"},
		"of a key of another kind":                  {readersToken(t, jose.ES256, p256, claims(nil)), onLedger, "the reader's token is not valid"},
		"of a key that nobody has granted":          {good, "", "the reader's token is not valid"},
		"of a curve that signs no token":            {readersToken(t, jose.ES384, p384, claims(nil)), spki(t, &p384.PublicKey), "the reader's token is not valid"},
		"of an RSA key":                             {readersToken(t, jose.RS256, rsaKey, claims(nil)), spki(t, &rsaKey.PublicKey), "the reader's token is not valid"},
		"with the public key as a shared secret":    {readersToken(t, jose.HS256, []byte(onLedger), claims(nil)), onLedger, "the reader's token is not valid"},
		"without a signature":                       {none, onLedger, "the reader's token is not valid"},
		"with another payload":                      {strings.Replace(good, ".eyJ", ".eyK", 1), onLedger, "the reader's token is not valid"},
		"for another ledger":                        {signed(map[string]any{"aud": "trial/lifeledger"}), onLedger, "aud must be"},
		"for no ledger":                             {signed(map[string]any{"aud": nil}), onLedger, "aud must be"},
		"for another component":                     {signed(map[string]any{"componentId": "pump"}), onLedger, "componentId must be"},
		"for no component":                          {signed(map[string]any{"componentId": nil}), onLedger, "componentId must be"},
		"in another name":                           {signed(map[string]any{"iss": "buyer", "sub": "buyer"}), onLedger, "iss and sub"},
		"about another":                             {signed(map[string]any{"sub": "buyer"}), onLedger, "iss and sub"},
		"expired":                                   {signed(map[string]any{"exp": noon.Unix()}), onLedger, "has expired"},
		"for ever":                                  {signed(map[string]any{"exp": nil}), onLedger, "exp is missing"},
		"for an hour":                               {signed(map[string]any{"exp": noon.Add(time.Hour).Unix()}), onLedger, "five minutes"},
		"not yet":                                   {signed(map[string]any{"nbf": noon.Add(time.Minute).Unix()}), onLedger, "not valid yet"},
		"for an hour, of another key, told no more": {readersToken(t, jose.EdDSA, other, claims(map[string]any{"exp": nil})), onLedger, "the reader's token is not valid"},
		"nothing":                                   {"", onLedger, "there is no bearer token"},
		"of another scheme":                         {"Basic YTpi", onLedger, "there is no bearer token"},
		"endless":                                   {"Bearer " + strings.Repeat("a", 9000), onLedger, "there is no bearer token"},
		"no token at all":                           {"Bearer operator", onLedger, "the reader's token is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := authn.ParseReader(c.token)
			if err == nil {
				err = parsed.Verify(c.key, authn.Reading{Ledger: "lifeledger/lifeledger", Reader: "insurer", ComponentID: "crane", Now: noon})
			}
			if (c.says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if c.says == "the reader's token is not valid" && !errors.Is(err, authn.ErrReader) {
				t.Errorf("%v tells strangers apart", err)
			}
		})
	}
}
