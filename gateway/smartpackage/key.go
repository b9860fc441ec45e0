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

	"github.com/lifeledger/lifeledger/chaincode/dsse"
)

const pemType = "PRIVATE KEY" // PKCS #8

// Key is a device's private key.
type Key struct {
	signer crypto.Signer
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
	default:
		return nil, fmt.Errorf("algorithm %q is neither %s nor %s", alg, dsse.Ed25519, dsse.P256)
	}
}

// NewKey takes an Ed25519 or P-256 key, which may live in a secure element. Its
// public half passes the same checks as on the ledger.
func NewKey(signer crypto.Signer) (*Key, error) {
	var alg dsse.Algorithm
	switch signer.Public().(type) {
	case ed25519.PublicKey:
		alg = dsse.Ed25519
	case *ecdsa.PublicKey:
		alg = dsse.P256
	default:
		return nil, fmt.Errorf("a key of type %T cannot sign segments", signer.Public())
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(spki))
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, public: public}, nil
}

// LoadKey reads a key from a PKCS #8 PEM file that only its owner may read.
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
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemType || len(rest) != 0 {
		return nil, fmt.Errorf("%s: not one PEM block of type %q", path, pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a key of type %T cannot sign", path, parsed)
	}
	return NewKey(signer)
}

// Save writes the key where no file is yet, readable by its owner only. A key
// that lives in a secure element cannot be saved.
func (k *Key) Save(path string) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "save key", Path: path, Err: fs.ErrExist}
	}
	return writeDurably(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
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

func (k *Key) sign(pae []byte) ([]byte, error) {
	if k.public.Algorithm() == dsse.Ed25519 {
		return k.signer.Sign(nil, pae, crypto.Hash(0))
	}
	digest := sha256.Sum256(pae)
	sig, err := k.signer.Sign(nil, digest[:], crypto.SHA256) // no random source: RFC 6979
	if err != nil {
		return nil, err
	}
	return lowerS(sig)
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
