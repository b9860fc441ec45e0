// Package smartpackage owns the device's side of the device protocol
// (docs/device-protocol.md): its key, its chain of signed segments, the spool of
// what was not yet delivered, and the posting to a gateway. It is the reference
// for firmware in other languages. It refuses to judge a reading and to keep a
// shipment's state; the ledger does both. Invariant: a segment is durable in
// the spool before anyone sees it and before the chain moves on, so that a
// device never signs two different segments with the same sequence number, not
// even across a power cut.
package smartpackage

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/gateway/durable"
)

const pemType = "PRIVATE KEY" // PKCS #8

// Key is a device's private key, or a pair of two that sign together.
type Key struct {
	signer crypto.Signer
	halves []*Key // of a pair: the classical key, the post-quantum one
	public *dsse.PublicKey
}

// GenerateKey makes a new key.
func GenerateKey(alg dsse.Algorithm) (*Key, error) {
	switch alg {
	case dsse.Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return NewKey(private)
	case dsse.P256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return NewKey(private)
	case dsse.MLDSA65:
		private, err := mldsa.GenerateKey(mldsa.MLDSA65())
		if err != nil {
			return nil, err
		}
		return NewKey(private)
	case dsse.Ed25519MLDSA, dsse.P256MLDSA:
		return generatePair(alg)
	default:
		return nil, fmt.Errorf("algorithm %q is none of %v", alg, dsse.Algorithms())
	}
}

func generatePair(alg dsse.Algorithm) (*Key, error) {
	classical, postQuantum, _ := strings.Cut(string(alg), "+")
	first, err := GenerateKey(dsse.Algorithm(classical))
	if err != nil {
		return nil, err
	}
	second, err := GenerateKey(dsse.Algorithm(postQuantum))
	if err != nil {
		return nil, err
	}
	return NewPair(first, second)
}

// NewPair makes one key of a classical and a post-quantum key, which sign
// together from then on and must not be registered by themselves.
func NewPair(classical, postQuantum *Key) (*Key, error) {
	var der []byte
	for _, k := range []*Key{classical, postQuantum} {
		half, err := base64.StdEncoding.DecodeString(k.public.Base64())
		if err != nil {
			return nil, err
		}
		der = append(der, half...)
	}
	alg := classical.public.Algorithm() + "+" + postQuantum.public.Algorithm()
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(der))
	if err != nil {
		return nil, err
	}
	return &Key{halves: []*Key{classical, postQuantum}, public: public}, nil
}

// NewKey takes an Ed25519, P-256 or ML-DSA-65 key, which may live in a secure
// element. Its public half passes the same checks as on the ledger.
func NewKey(signer crypto.Signer) (*Key, error) {
	var alg dsse.Algorithm
	var spki []byte
	var err error
	switch p := signer.Public().(type) {
	case ed25519.PublicKey:
		alg = dsse.Ed25519
		spki, err = x509.MarshalPKIXPublicKey(p)
	case *ecdsa.PublicKey:
		alg = dsse.P256
		spki, err = x509.MarshalPKIXPublicKey(p)
	case *mldsa.PublicKey:
		alg = dsse.MLDSA65
		spki = dsse.MLDSASubjectPublicKeyInfo(p)
	default:
		return nil, fmt.Errorf("a key of type %T cannot sign segments", signer.Public())
	}
	if err != nil {
		return nil, err
	}
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(spki))
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, public: public}, nil
}

// LoadKey reads a key, or the two of a pair, from a PKCS #8 PEM file that only its owner may read.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others than the owner may read this private key (mode %04o); set it to 0600", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var keys []*Key
	for rest := text; len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil || block.Type != pemType || len(keys) == 2 {
			return nil, fmt.Errorf("%s: neither one PEM block of type %q nor two", path, pemType)
		}
		parsed, err := mldsax509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		signer, ok := parsed.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%s: a key of type %T cannot sign", path, parsed)
		}
		key, err := NewKey(signer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, key)
	}
	switch len(keys) {
	case 1:
		return keys[0], nil
	case 2:
		key, err := NewPair(keys[0], keys[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return key, nil
	}
	return nil, fmt.Errorf("%s: no PEM block of type %q", path, pemType)
}

// Save writes the key where no file is yet, readable by its owner only; a pair
// as two PEM blocks. A key that lives in a secure element cannot be saved.
func (k *Key) Save(path string) error {
	var text []byte
	for _, part := range k.parts() {
		der, err := mldsax509.MarshalPKCS8PrivateKey(part.signer)
		if err != nil {
			return err
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})...)
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "save key", Path: path, Err: fs.ErrExist}
	}
	return durable.Write(path, text, 0o600)
}

func (k *Key) parts() []*Key {
	if len(k.halves) > 0 {
		return k.halves
	}
	return []*Key{k}
}

// Public is the half that the ledger registers.
func (k *Key) Public() *dsse.PublicKey { return k.public }

// Sign puts a payload in an envelope signed by every key, in their order. The
// same payload and key give the same envelope: a device needs no random numbers
// to sign, and cannot leak its key by bad ones.
func Sign(payloadType string, payload []byte, keys ...*Key) (*dsse.Envelope, error) {
	e := &dsse.Envelope{PayloadType: payloadType, Payload: base64.StdEncoding.EncodeToString(payload)}
	pae := dsse.PAE(payloadType, payload)
	for _, k := range keys {
		sig, err := k.sign(pae)
		if err != nil {
			return nil, err
		}
		e.Signatures = append(e.Signatures, dsse.Signature{KeyID: k.public.ID(), Sig: base64.StdEncoding.EncodeToString(sig)})
	}
	return e, nil
}

// deterministic is what a key of ML-DSA can do, if its randomness is not wanted.
type deterministic interface {
	SignDeterministic(message []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (k *Key) sign(pae []byte) ([]byte, error) {
	switch k.public.Algorithm() {
	case dsse.Ed25519:
		return k.signer.Sign(nil, pae, crypto.Hash(0))
	case dsse.MLDSA65:
		if d, ok := k.signer.(deterministic); ok {
			return d.SignDeterministic(pae, nil)
		}
		return k.signer.Sign(rand.Reader, pae, crypto.Hash(0))
	case dsse.Ed25519MLDSA, dsse.P256MLDSA:
		return k.signPair(dsse.PairMessage(k.public.Algorithm(), k.public.ID(), pae))
	}
	digest := sha256.Sum256(pae)
	sig, err := k.signer.Sign(nil, digest[:], crypto.SHA256) // no random source: RFC 6979
	if err != nil {
		return nil, err
	}
	return lowerS(sig)
}

// signPair puts the signatures of both halves behind one another.
func (k *Key) signPair(message []byte) ([]byte, error) {
	var sig []byte
	for _, h := range k.halves {
		part, err := h.sign(message)
		if err != nil {
			return nil, err
		}
		sig = append(sig, part...)
	}
	return sig, nil
}

// lowerS replaces S by n-S when that is smaller. Both verify; the ledger takes
// the smaller one only.
func lowerS(sig []byte) ([]byte, error) {
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &rs); err != nil {
		return nil, err
	}
	n := elliptic.P256().Params().N
	if rs.S.Cmp(new(big.Int).Rsh(n, 1)) <= 0 {
		return sig, nil
	}
	rs.S.Sub(n, rs.S)
	return asn1.Marshal(rs)
}

// SignKeyStatement announces key on the ledger: it fills in algorithm and
// public key, and signs by the new key. On a rotation previous is the key until
// now, which signs as well; otherwise it is nil.
func SignKeyStatement(s dsse.KeyStatement, key, previous *Key) (*dsse.Envelope, error) {
	s.Algorithm, s.PublicKey = key.public.Algorithm(), key.public.Base64()
	payload, err := s.Encode()
	if err != nil {
		return nil, err
	}
	if previous == nil {
		return Sign(dsse.KeyStatementType, payload, key)
	}
	return Sign(dsse.KeyStatementType, payload, key, previous)
}

// SignSessionStatement announces session as the key that signs a device's segments
// for one shipment: own, the device's present key, signs, and the session's key.
func SignSessionStatement(s dsse.SessionStatement, own, session *Key) (*dsse.Envelope, error) {
	s.Algorithm, s.PublicKey = session.public.Algorithm(), session.public.Base64()
	payload, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return Sign(dsse.SessionStatementType, payload, own, session)
}
