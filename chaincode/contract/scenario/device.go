package scenario

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"filippo.io/mldsa"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// Key is a private key made from a seed, so that two runs sign the same bytes.
type Key struct {
	private crypto.Signer
	halves  []*Key // of a pair
	Public  *dsse.PublicKey
}

// NewKey makes the key of a seed.
func NewKey(alg dsse.Algorithm, seed string) (*Key, error) {
	sum := sha256.Sum256([]byte(seed))
	classical, second, pair := strings.Cut(string(alg), "+")
	if pair {
		return newPair(alg, dsse.Algorithm(classical), dsse.Algorithm(second), seed)
	}
	switch alg {
	case dsse.Ed25519:
		return keyOf(alg, ed25519.NewKeyFromSeed(sum[:]))
	case dsse.P256:
		k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
		if err != nil {
			return nil, err
		}
		return keyOf(alg, k)
	case dsse.MLDSA65:
		k, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), sum[:])
		if err != nil {
			return nil, err
		}
		public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(dsse.MLDSASubjectPublicKeyInfo(k.PublicKey())))
		return &Key{private: k, Public: public}, err
	default:
		return nil, fmt.Errorf("no algorithm is called %q", alg)
	}
}

func keyOf(alg dsse.Algorithm, private crypto.Signer) (*Key, error) {
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(spki))
	if err != nil {
		return nil, err
	}
	return &Key{private: private, Public: public}, nil
}

func newPair(alg, classical, second dsse.Algorithm, seed string) (*Key, error) {
	a, err := NewKey(classical, seed)
	if err != nil {
		return nil, err
	}
	b, err := NewKey(second, seed)
	if err != nil {
		return nil, err
	}
	var der []byte
	for _, k := range []*Key{a, b} {
		half, err := base64.StdEncoding.DecodeString(k.Public.Base64())
		if err != nil {
			return nil, err
		}
		der = append(der, half...)
	}
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(der))
	return &Key{halves: []*Key{a, b}, Public: public}, err
}

// Half is one of the two keys of a pair: 0 the classical one, 1 the other.
func (k *Key) Half(i int) *Key { return k.halves[i] }

// Sign puts a payload into an envelope that every key signs.
func Sign(payloadType string, payload []byte, keys ...*Key) (dsse.Envelope, error) {
	e := dsse.Envelope{PayloadType: payloadType, Payload: base64.StdEncoding.EncodeToString(payload)}
	for _, k := range keys {
		sig, err := k.sign(dsse.PAE(payloadType, payload))
		if err != nil {
			return e, err
		}
		e.Signatures = append(e.Signatures, dsse.Signature{KeyID: k.Public.ID(), Sig: base64.StdEncoding.EncodeToString(sig)})
	}
	return e, nil
}

func (k *Key) sign(pae []byte) ([]byte, error) {
	if len(k.halves) > 0 {
		var sig []byte
		for _, h := range k.halves {
			part, err := h.sign(dsse.PairMessage(k.Public.Algorithm(), k.Public.ID(), pae))
			if err != nil {
				return nil, err
			}
			sig = append(sig, part...)
		}
		return sig, nil
	}
	switch private := k.private.(type) {
	case *mldsa.PrivateKey:
		return private.SignDeterministic(pae, nil)
	case ed25519.PrivateKey:
		return private.Sign(nil, pae, crypto.Hash(0))
	}
	digest := sha256.Sum256(pae)
	sig, err := k.private.Sign(nil, digest[:], crypto.SHA256) // no random source: RFC 6979
	if err != nil {
		return nil, err
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &rs); err != nil {
		return nil, err
	}
	n := elliptic.P256().Params().N
	if rs.S.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		rs.S.Sub(n, rs.S)
	}
	return asn1.Marshal(rs)
}

// Statement announces the key of a device; on a rotation previous signs as well.
func Statement(ledger, device, org string, number uint64, key, previous *Key) (dsse.Envelope, error) {
	s := dsse.KeyStatement{
		Ledger: ledger, DeviceID: device, Organisation: org, KeyNumber: number,
		Algorithm: key.Public.Algorithm(), PublicKey: key.Public.Base64(),
	}
	payload, err := s.Encode()
	if err != nil {
		return dsse.Envelope{}, err
	}
	keys := []*Key{key}
	if previous != nil {
		keys = append(keys, previous)
	}
	return Sign(dsse.KeyStatementType, payload, keys...)
}

// Chain is where a device's recording for one shipment stands.
type Chain struct {
	Next     uint64
	Previous [32]byte
}

// NewChain is a chain before its first segment.
func NewChain() Chain { return Chain{Next: 1} }

// Segment is the next segment of the chain; readings get their numbers here.
func (c Chain) Segment(ledger, shipment, device string, readings []measure.Reading, final bool) *segment.Segment {
	s := &segment.Segment{
		Ledger: ledger, ShipmentID: shipment, DeviceID: device, FirstSequence: c.Next, Previous: c.Previous, Final: final,
		Readings: append([]measure.Reading(nil), readings...),
	}
	for i := range s.Readings {
		s.Readings[i].Sequence = c.Next + uint64(i)
	}
	return s
}

// Seal encodes and signs a segment, and gives the chain that follows it.
func (c Chain) Seal(s *segment.Segment, key *Key) (dsse.Envelope, Chain, error) {
	payload, err := segment.Encode(s)
	if err != nil {
		return dsse.Envelope{}, c, err
	}
	e, err := Sign(segment.PayloadType, payload, key)
	return e, Chain{Next: s.LastSequence() + 1, Previous: segment.Hash(payload)}, err
}
