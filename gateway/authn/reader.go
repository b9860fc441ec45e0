package authn

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// LongestReading is how far ahead a reader's token may end.
const LongestReading = 5 * time.Minute

// ErrReader is all that is said of a reader's token to anybody whose signature has not
// been found good: whether there is such a component, or such a reader, is not his to know.
var ErrReader = errors.New("the reader's token is not valid")

// ReaderToken is a token that a reader has made itself, and that has not been verified
// yet: signed with the key that the component's owner has put on the ledger.
type ReaderToken struct {
	signed    *jwt.JSONWebToken
	algorithm jose.SignatureAlgorithm
}

// Reading is what a reader's token has to be for.
type Reading struct {
	Ledger      string // "<channel>/<chaincode>": the audience
	Reader      string // the name under which the owner lets it read
	ComponentID string // whose owner
	Now         time.Time
}

// ParseReader reads the value of an Authorization header.
func ParseReader(authorization string) (*ReaderToken, error) {
	token, err := bearer(authorization)
	if err != nil {
		return nil, err
	}
	signed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA})
	if err != nil || len(signed.Headers) != 1 {
		return nil, ErrReader
	}
	return &ReaderToken{signed, jose.SignatureAlgorithm(signed.Headers[0].Algorithm)}, nil
}

// Verify refuses a token that the holder of the key has not made for this reading. The
// key is base64 of a SubjectPublicKeyInfo, as the ledger has it; "": there is none, which
// takes as long to refuse as a wrong signature.
func (t *ReaderToken) Verify(publicKey string, r Reading) error {
	key := parseKey(publicKey)
	known := algorithmOf(key) == t.algorithm
	if !known {
		key = nobody[t.algorithm]
	}
	var claims jwt.Claims
	var about struct {
		ComponentID string `json:"componentId"`
	}
	if err := t.signed.Claims(key, &claims, &about); err != nil || !known {
		return ErrReader
	}
	return check(claims, about.ComponentID, r)
}

// check comes after the signature: who has made the token may know what is wrong with it.
func check(c jwt.Claims, componentID string, r Reading) error {
	now := r.Now
	switch {
	case c.Issuer != r.Reader || c.Subject != r.Reader:
		return errors.New("iss and sub must both be the reader's name, as in the path")
	case !c.Audience.Contains(r.Ledger):
		return errors.New("aud must be the name of the ledger, " + r.Ledger)
	case componentID != r.ComponentID:
		return errors.New("componentId must be the component, as in the path")
	case c.Expiry == nil:
		return errors.New("exp is missing")
	case !now.Before(c.Expiry.Time()):
		return errors.New("the token has expired")
	case c.Expiry.Time().After(now.Add(LongestReading + leeway)):
		return errors.New("exp must be at most five minutes ahead")
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(leeway)):
		return errors.New("the token is not valid yet")
	}
	return nil
}

func parseKey(publicKey string) any {
	der, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	return key
}

// algorithmOf is what a key signs tokens with; "": none. [ParseReader] takes no token of that.
func algorithmOf(key any) jose.SignatureAlgorithm {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return jose.EdDSA
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return jose.ES256
		}
	}
	return ""
}

// nobody holds these keys' other halves: each process makes them anew and forgets those.
var nobody = func() map[jose.SignatureAlgorithm]any {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[jose.SignatureAlgorithm]any{jose.EdDSA: public, jose.ES256: &private.PublicKey}
}()
