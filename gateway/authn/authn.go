// Package authn owns who is asking: it verifies an access token and says which
// principal it stands for, and which roles may call which operation. It does not
// decide what an organisation may do on the ledger; the chaincode does. Invariant: a
// principal comes out of a verified token of this gateway's organisation and of
// nothing else, and no token is ever part of an error or a log.
package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// Principal is who is asking, as the token says.
type Principal struct {
	Subject      string
	Organisation string // MSP id; always the gateway's own
	Roles        []Role
}

// Config says whose tokens are good.
type Config struct {
	Issuer       string
	Audience     string
	Keys         string // JWKS file; "": the issuer's own, found by OpenID discovery
	Organisation string // MSP id of this gateway
	Now          func() time.Time
}

// Verifier verifies access tokens. It is safe for concurrent use.
type Verifier struct {
	tokens       *oidc.IDTokenVerifier
	organisation string
	now          func() time.Time
	known        known
}

// What a token may look like.
const (
	maxToken   = 8 << 10
	maxSubject = 256
	leeway     = 30 * time.Second // of "not before"; clocks differ a little
)

// ErrOrganisation: the token is good, but for another organisation's gateway.
var ErrOrganisation = errors.New("the access token is for another organisation")

// errToken is all that a client is told of a token that does not verify.
var errToken = errors.New("the access token is not valid")

// New makes a verifier. Without a key file it asks the issuer where its keys are.
func New(ctx context.Context, c Config) (*Verifier, error) {
	if c.Issuer == "" || c.Audience == "" || c.Organisation == "" {
		return nil, errors.New("authn: issuer, audience and organisation must be named")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &Verifier{organisation: c.Organisation, now: c.Now}
	check := &oidc.Config{ClientID: c.Audience, Now: c.Now, SupportedSigningAlgs: []string{oidc.ES256}}
	if c.Keys != "" {
		keys, err := readKeys(c.Keys)
		if err != nil {
			return nil, err
		}
		v.tokens = oidc.NewVerifier(c.Issuer, keys, check)
		return v, nil
	}
	issuer, err := oidc.NewProvider(ctx, c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("authn: discover the issuer: %w", err)
	}
	check.SupportedSigningAlgs = []string{oidc.ES256, oidc.ES384, oidc.RS256, oidc.PS256, oidc.EdDSA}
	v.tokens = issuer.Verifier(check)
	return v, nil
}

// bearer is the token in the value of an Authorization header.
func bearer(authorization string) (string, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", errors.New("there is no bearer token")
	}
	return token, nil
}

// Verify says whom the value of an Authorization header stands for. Its errors
// may be shown: they hold nothing of the token.
func (v *Verifier) Verify(ctx context.Context, authorization string) (Principal, error) {
	token, err := bearer(authorization)
	if err != nil {
		return Principal{}, err
	}
	if who, ok := v.known.find(token, v.now()); ok {
		return who, nil
	}
	t, err := v.tokens.Verify(ctx, token)
	if err != nil {
		var expired *oidc.TokenExpiredError
		if errors.As(err, &expired) {
			return Principal{}, errors.New("the access token has expired")
		}
		return Principal{}, errToken
	}
	var claims struct {
		Organisation string  `json:"org"`
		Roles        []Role  `json:"roles"`
		NotBefore    float64 `json:"nbf"`
	}
	if err := t.Claims(&claims); err != nil {
		return Principal{}, errToken
	}
	switch {
	case t.Subject == "" || len(t.Subject) > maxSubject:
		return Principal{}, errToken
	case claims.NotBefore > float64(v.now().Add(leeway).Unix()): // go-oidc allows five minutes
		return Principal{}, errors.New("the access token is not valid yet")
	case claims.Organisation != v.organisation:
		return Principal{}, ErrOrganisation
	}
	who := Principal{Subject: t.Subject, Organisation: claims.Organisation, Roles: claims.Roles}
	v.known.add(token, who, t.Expiry, v.now())
	return who, nil
}

// keySet is a fixed set of keys. A token names its key, so that a key that was
// taken out of the file is good for nothing any more.
type keySet struct{ keys jose.JSONWebKeySet }

func readKeys(path string) (*keySet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("authn: key set: %w", err)
	}
	s := new(keySet)
	if err := json.Unmarshal(text, &s.keys); err != nil {
		return nil, fmt.Errorf("authn: key set %s: %w", path, err)
	}
	if len(s.keys.Keys) == 0 {
		return nil, fmt.Errorf("authn: key set %s is empty", path)
	}
	for _, k := range s.keys.Keys {
		if k.KeyID == "" || !k.Valid() || !k.IsPublic() || k.Algorithm != string(jose.ES256) {
			return nil, fmt.Errorf("authn: key set %s: key %q is not a public key for ES256 with a kid", path, k.KeyID)
		}
	}
	return s, nil
}

// VerifySignature is oidc.KeySet's.
func (s *keySet) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	if len(jws.Signatures) != 1 {
		return nil, errToken
	}
	keys := s.keys.Key(jws.Signatures[0].Protected.KeyID)
	if len(keys) != 1 {
		return nil, errToken
	}
	return jws.Verify(keys[0].Key)
}
