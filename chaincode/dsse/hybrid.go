package dsse

import (
	"bytes"

	"filippo.io/mldsa"
)

// mldsaPrefix is what stands before the 1,952 bytes of an ML-DSA-65 key in its
// SubjectPublicKeyInfo (RFC 9881): id-ml-dsa-65 without parameters, and a bit
// string without unused bits. All of it has one size, so there is one DER.
var mldsaPrefix = []byte{
	0x30, 0x82, 0x07, 0xb2, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12, 0x03, 0x82, 0x07, 0xa1, 0x00,
}

const mldsaSPKI = 22 + mldsa.MLDSA65PublicKeySize

// MLDSASubjectPublicKeyInfo is the DER of an ML-DSA-65 key, for those who make one.
func MLDSASubjectPublicKeyInfo(key *mldsa.PublicKey) []byte {
	return append(bytes.Clone(mldsaPrefix), key.Bytes()...)
}

func (k *PublicKey) parseMLDSA() error {
	raw, ok := bytes.CutPrefix(k.spki, mldsaPrefix)
	if !ok || len(raw) != mldsa.MLDSA65PublicKeySize {
		return keyInvalid("the public key is not the SubjectPublicKeyInfo of an %s key", MLDSA65)
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA65(), raw) // every value of so many bytes is a key
	if err != nil {
		return keyInvalid("the public key is not an %s key", MLDSA65)
	}
	k.mldsa = key
	return nil
}

// parsePair takes the two keys of a pair: the post-quantum one has a fixed size
// and comes last.
func (k *PublicKey) parsePair() error {
	classical := Ed25519
	if k.algorithm == P256MLDSA {
		classical = P256
	}
	at := len(k.spki) - mldsaSPKI
	if at < 0 {
		return keyInvalid("the public key is too short for %s", k.algorithm)
	}
	first, err := parseKey(classical, k.spki[:at])
	if err != nil {
		return err
	}
	second, err := parseKey(MLDSA65, k.spki[at:])
	if err != nil {
		return err
	}
	k.halves = []*PublicKey{first, second}
	return nil
}

// HalfIDs are the IDs of the two keys of a pair, none of any other key. Neither
// half may serve as a key of its own.
func (k *PublicKey) HalfIDs() []string {
	var ids []string
	for _, h := range k.halves {
		ids = append(ids, h.id)
	}
	return ids
}

// PairMessage is what each half of a pair signs instead of the PAE: it names the
// pair. So what a half signs for the pair is nobody's signature without the other
// half, not even where somebody registered the half as a key of its own.
func PairMessage(alg Algorithm, keyID string, pae []byte) []byte {
	b := make([]byte, 0, len(alg)+len(keyID)+2+len(pae))
	b = append(b, alg...)
	b = append(b, ' ')
	b = append(b, keyID...)
	b = append(b, ' ')
	return append(b, pae...)
}

// verifyPair holds when both halves signed: the classical signature first, then
// the post-quantum one, which has a fixed size.
func (k *PublicKey) verifyPair(pae, sig []byte) bool {
	at := len(sig) - mldsa.MLDSA65SignatureSize
	if at < 0 {
		return false
	}
	message := PairMessage(k.algorithm, k.id, pae)
	return k.halves[0].Verify(message, sig[:at]) && k.halves[1].Verify(message, sig[at:])
}
