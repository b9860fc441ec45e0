package dsse

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"

	"filippo.io/mldsa"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Algorithm is how a registered key signs. It is recorded with the key.
type Algorithm string

// The algorithms that a device's key may have. The last two are pairs of a
// classical and a post-quantum key, which sign together (ADR 25).
const (
	Ed25519      Algorithm = "Ed25519"
	P256         Algorithm = "ECDSA-P256" // over SHA-256
	MLDSA65      Algorithm = "ML-DSA-65"  // FIPS 204, pure, without context
	Ed25519MLDSA Algorithm = "Ed25519+ML-DSA-65"
	P256MLDSA    Algorithm = "ECDSA-P256+ML-DSA-65"
)

// Algorithms lists every algorithm of a device's key.
func Algorithms() []Algorithm {
	return []Algorithm{Ed25519, P256, MLDSA65, Ed25519MLDSA, P256MLDSA}
}

// MaxPublicKey is the longest public key in base64: the pair with P-256.
const MaxPublicKey = 2756

// PublicKey is a key that was checked when it was parsed. It never changes.
type PublicKey struct {
	algorithm Algorithm
	spki      []byte // of a pair: the one after the other
	id        string
	ed25519   ed25519.PublicKey // for Ed25519
	ecdsa     *ecdsa.PublicKey  // for P256
	mldsa     *mldsa.PublicKey  // for MLDSA65
	halves    []*PublicKey      // of a pair: the classical key, the post-quantum one
}

// ParsePublicKey reads a SubjectPublicKeyInfo: standard base64 of its canonical
// DER; of a pair, both behind one another. A key has one spelling and so one ID.
// Keys that would make a signature say nothing, such as Ed25519 points of small
// order, are refused. Its fault is [fault.CodeKeyInvalid].
func ParsePublicKey(alg Algorithm, spkiBase64 string) (*PublicKey, error) {
	if !slices.Contains(Algorithms(), alg) {
		return nil, keyInvalid("the algorithm is none of %v", Algorithms())
	}
	if len(spkiBase64) > MaxPublicKey {
		return nil, keyInvalid("the public key is larger than %d bytes", base64.StdEncoding.DecodedLen(MaxPublicKey))
	}
	der, ok := decodeBase64(spkiBase64)
	if !ok {
		return nil, keyInvalid("the public key is not canonical standard base64 with padding")
	}
	return parseKey(alg, der)
}

func parseKey(alg Algorithm, der []byte) (*PublicKey, error) {
	digest := sha256.Sum256(der)
	key := &PublicKey{algorithm: alg, spki: der, id: hex.EncodeToString(digest[:])}
	parse := key.parseClassical
	switch alg {
	case MLDSA65:
		parse = key.parseMLDSA
	case Ed25519MLDSA, P256MLDSA:
		parse = key.parsePair
	}
	if err := parse(); err != nil {
		return nil, err
	}
	return key, nil
}

func (k *PublicKey) parseClassical() error {
	parsed, err := x509.ParsePKIXPublicKey(k.spki)
	if err != nil {
		return keyInvalid("the public key is not a SubjectPublicKeyInfo in DER")
	}
	again, err := x509.MarshalPKIXPublicKey(parsed)
	if err != nil || !bytes.Equal(again, k.spki) {
		return keyInvalid("the public key is not in canonical DER")
	}
	switch p := parsed.(type) {
	case ed25519.PublicKey:
		if k.algorithm != Ed25519 {
			return keyInvalid("the public key is an Ed25519 key, not %s", k.algorithm)
		}
		if !soundPoint(p) {
			return keyInvalid("the public key is not a canonical Ed25519 point of large order")
		}
		k.ed25519 = p
	case *ecdsa.PublicKey: // parsing has checked that the point is on its curve
		if k.algorithm != P256 || p.Curve != elliptic.P256() {
			return keyInvalid("the public key is not an %s key", k.algorithm)
		}
		k.ecdsa = p
	default:
		return keyInvalid("the public key is not an %s key", k.algorithm)
	}
	return nil
}

// ID is the key's name in envelopes: SHA-256 of its SubjectPublicKeyInfo in DER
// (of a pair: of both), in lower-case hexadecimal.
func (k *PublicKey) ID() string { return k.id }

// Algorithm is how the key signs.
func (k *PublicKey) Algorithm() Algorithm { return k.algorithm }

// Base64 is the key as [ParsePublicKey] reads it.
func (k *PublicKey) Base64() string { return base64.StdEncoding.EncodeToString(k.spki) }

// Verify reports whether sig is the key's signature over pae. A signature that
// verifies has one encoding: nobody can turn it into another that verifies too.
func (k *PublicKey) Verify(pae, sig []byte) bool {
	switch k.algorithm {
	case Ed25519:
		// Refuses S at or above the group's order, as RFC 8032 asks.
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(k.ed25519, pae, sig)
	case P256:
		if !lowS(sig) {
			return false
		}
		digest := sha256.Sum256(pae)
		return ecdsa.VerifyASN1(k.ecdsa, digest[:], sig)
	case MLDSA65:
		return len(sig) == mldsa.MLDSA65SignatureSize && mldsa.Verify(k.mldsa, pae, sig, nil) == nil
	case Ed25519MLDSA, P256MLDSA:
		return k.verifyPair(pae, sig)
	default:
		return false
	}
}

// lowS accepts the one encoding of an ECDSA signature: strict DER, and of the
// two values S and n-S that both verify, the smaller.
func lowS(sig []byte) bool {
	var rs struct{ R, S *big.Int }
	if len(sig) > 72 {
		return false
	}
	if rest, err := asn1.Unmarshal(sig, &rs); err != nil || len(rest) != 0 {
		return false
	}
	if again, err := asn1.Marshal(rs); err != nil || !bytes.Equal(again, sig) {
		return false
	}
	half := new(big.Int).Rsh(elliptic.P256().Params().N, 1)
	return rs.R.Sign() > 0 && rs.S.Sign() > 0 && rs.S.Cmp(half) <= 0
}

func keyInvalid(format string, args ...any) error {
	return fault.New(fault.CodeKeyInvalid, format, args...)
}
