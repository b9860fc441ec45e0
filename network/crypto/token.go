package crypto

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Roles for which a development token is minted.
var Roles = []string{"admin", "operator", "device", "auditor"}

// TokenLife is how long a development token is good for; every `up` mints new ones.
const TokenLife = 30 * 24 * time.Hour

// Minter makes the development tokens of one organisation with a key of its own.
type Minter struct {
	Dir, Org, MSPID, Issuer, Audience string
}

// KeySet is the file with the public key, which the organisation's gateway trusts.
func (m Minter) KeySet() string { return filepath.Join(m.Dir, m.Org+".jwks.json") }

// TokenFile holds the token of a role.
func (m Minter) TokenFile(role string) string {
	return filepath.Join(m.Dir, m.Org+"-"+role+".jwt")
}

func (m Minter) keyFile() string { return filepath.Join(m.Dir, m.Org+".key") }

// Mint writes the key set and a token for each role; the key is made the first time.
func (m Minter) Mint(now time.Time) error {
	key, err := readKey(m.keyFile())
	if errors.Is(err, os.ErrNotExist) {
		key, err = m.createKey()
	}
	if err != nil {
		return err
	}
	set, kid, err := keySet(key)
	if err != nil {
		return err
	}
	files := []file{{path: filepath.Base(m.KeySet()), content: set}}
	for _, role := range Roles {
		token, err := sign(key, kid, map[string]any{
			"iss": m.Issuer, "aud": m.Audience, "sub": role + "@" + m.Org,
			"iat": now.Unix(), "exp": now.Add(TokenLife).Unix(),
			"org": m.MSPID, "roles": []string{role},
		})
		if err != nil {
			return err
		}
		files = append(files, file{path: filepath.Base(m.TokenFile(role)), content: []byte(token), secret: true})
	}
	return write(m.Dir, files...)
}

func (m Minter) createKey() (*ecdsa.PrivateKey, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	text, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	return key, write(m.Dir, file{path: filepath.Base(m.keyFile()), content: text, secret: true})
}

var b64url = base64.RawURLEncoding.EncodeToString

// keySet is the public key as a JWK set; its id is the key's RFC 7638 thumbprint.
func keySet(key *ecdsa.PrivateKey) (set []byte, kid string, err error) {
	point, err := key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		return nil, "", err
	}
	size := (len(point) - 1) / 2
	x, y := b64url(point[1:1+size]), b64url(point[1+size:])
	thumb := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, x, y))
	kid = b64url(thumb[:])
	set, err = json.MarshalIndent(map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y,
	}}}, "", "  ")
	return set, kid, err
}

// sign makes a JWT with ES256 (RFC 7515, RFC 7518 §3.4).
func sign(key *ecdsa.PrivateKey, kid string, claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "ES256", "typ": "JWT", "kid": kid})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := b64url(header) + "." + b64url(body)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signed + "." + b64url(sig), nil
}
