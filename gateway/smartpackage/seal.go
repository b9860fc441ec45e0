package smartpackage

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// sealInfo names what HPKE wraps a content key for; the sealed segment's header follows it.
const sealInfo = "lifeledger sealed-segment v1"

// Recipient is an organisation and the public key that it has announced: base64
// of an X25519 SubjectPublicKeyInfo.
type Recipient struct{ Organisation, PublicKey string }

// Seal encrypts a segment to the recipients and gives the payload to sign. The
// content key is new each time, so its nonce is zero. The recipients have to be
// the parties of the terms, all of them.
func Seal(s *segment.Segment, recipients []Recipient) ([]byte, error) {
	plain, err := segment.Encode(s)
	if err != nil {
		return nil, err
	}
	var salt [segment.SaltSize]byte
	content := make([]byte, 32)
	_, _ = rand.Read(salt[:]) // never fails
	_, _ = rand.Read(content)
	sealed := &segment.Sealed{
		Ledger: s.Ledger, ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, FirstSequence: s.FirstSequence, Previous: s.Previous, Final: s.Final,
		Count: uint64(len(s.Readings)), Commitment: segment.Commit(salt, plain),
	}
	if n := len(s.Readings); n > 0 {
		sealed.StartMs, sealed.EndMs = s.Readings[0].At, s.Readings[n-1].At
	}
	header := sealed.Header()
	for _, r := range slices.SortedFunc(slices.Values(recipients), func(a, b Recipient) int { return strings.Compare(a.Organisation, b.Organisation) }) {
		key, err := wrap(r, header, content)
		if err != nil {
			return nil, fmt.Errorf("seal to %s: %w", r.Organisation, err)
		}
		sealed.Recipients = append(sealed.Recipients, key)
	}
	aead, err := newAEAD(content)
	if err != nil {
		return nil, err
	}
	sealed.Ciphertext = aead.Seal(nil, make([]byte, aead.NonceSize()), append(salt[:], plain...), header)
	return segment.EncodeSealed(sealed)
}

func wrap(r Recipient, header, content []byte) (segment.SealedKey, error) {
	k := segment.SealedKey{Organisation: r.Organisation}
	if _, err := dsse.CheckX25519(r.PublicKey); err != nil {
		return k, err
	}
	der, err := base64.StdEncoding.DecodeString(r.PublicKey)
	if err != nil {
		return k, err
	}
	k.Key = sha256.Sum256(der)
	public, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(der[len(der)-32:])
	if err != nil {
		return k, err
	}
	out, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), append([]byte(sealInfo), header...), content)
	if err != nil {
		return k, err
	}
	copy(k.Enc[:], out)
	copy(k.Wrap[:], out[segment.EncSize:])
	return k, nil
}

// Unseal decrypts a sealed segment's payload with one recipient's private key and
// gives the opening that reveals it. It refuses what the device's commitment does
// not fit: the ledger would refuse it as well.
func Unseal(payload []byte, private *ecdh.PrivateKey) (api.SegmentOpening, *segment.Segment, error) {
	fail := func(err error) (api.SegmentOpening, *segment.Segment, error) { return api.SegmentOpening{}, nil, err }
	sealed, err := segment.DecodeSealed(payload)
	if err != nil {
		return fail(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.PublicKey())
	if err != nil {
		return fail(err)
	}
	id := sha256.Sum256(der)
	i := slices.IndexFunc(sealed.Recipients, func(k segment.SealedKey) bool { return k.Key == id })
	if i < 0 {
		return fail(errors.New("the segment is not sealed to this key"))
	}
	key, err := hpke.NewDHKEMPrivateKey(private)
	if err != nil {
		return fail(err)
	}
	header, r := sealed.Header(), sealed.Recipients[i]
	content, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), append([]byte(sealInfo), header...), append(r.Enc[:], r.Wrap[:]...))
	if err != nil {
		return fail(fmt.Errorf("unwrap the content key: %w", err))
	}
	aead, err := newAEAD(content)
	if err != nil {
		return fail(err)
	}
	salted, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed.Ciphertext, header)
	if err != nil || len(salted) < segment.SaltSize {
		return fail(errors.New("the ciphertext does not decrypt"))
	}
	salt, plain := [segment.SaltSize]byte(salted), salted[segment.SaltSize:]
	if commitment := segment.Commit(salt, plain); !bytes.Equal(commitment[:], sealed.Commitment[:]) {
		return fail(errors.New("the device has sealed other readings than it committed to"))
	}
	s, err := segment.Decode(plain)
	if err != nil {
		return fail(err)
	}
	return api.SegmentOpening{FirstSequence: sealed.FirstSequence, Salt: base64.StdEncoding.EncodeToString(salt[:]), Payload: base64.StdEncoding.EncodeToString(plain)}, s, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
