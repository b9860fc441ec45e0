package dsse

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"
)

// x25519Prefix is what stands before the 32 bytes of an X25519 key in its
// SubjectPublicKeyInfo (RFC 8410).
var x25519Prefix = []byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00}

// CheckX25519 gives the id of a public key for encryption, like that of a signing
// key. A key has one spelling, and no secret agreed with it is known beforehand:
// coordinates that are not reduced and points of small order are refused.
func CheckX25519(spkiBase64 string) (string, error) {
	der, ok := decodeBase64(spkiBase64)
	raw, prefixed := bytes.CutPrefix(der, x25519Prefix)
	if !ok || !prefixed || len(raw) != 32 {
		return "", keyInvalid("the public key is not the SubjectPublicKeyInfo of an X25519 key")
	}
	le := slices.Clone(raw)
	slices.Reverse(le)
	if new(big.Int).SetBytes(le).Cmp(fieldPrime) >= 0 {
		return "", keyInvalid("the public key is not a reduced coordinate")
	}
	public, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return "", keyInvalid("the public key is not an X25519 key")
	}
	// Any scalar shows a point of small order: it agrees on zero, which is refused.
	probe, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{0x42}, 32))
	if err != nil {
		return "", keyInvalid("the public key cannot be checked")
	}
	if _, err := probe.ECDH(public); err != nil {
		return "", keyInvalid("the public key is a point of small order")
	}
	digest := sha256.Sum256(der)
	return hex.EncodeToString(digest[:]), nil
}
