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

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// Key is a private key made from a seed, so that two runs sign the same bytes.
type Key struct {
	private crypto.Signer
	Public  *dsse.PublicKey
}

// NewKey makes the key of a seed.
func NewKey(alg dsse.Algorithm, seed string) (*Key, error) {
	sum := sha256.Sum256([]byte(seed))
	var private crypto.Signer
	switch alg {
	case dsse.Ed25519:
		private = ed25519.NewKeyFromSeed(sum[:])
	case dsse.P256:
		k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
		if err != nil {
			return nil, err
		}
		private = k
	default:
		return nil, fmt.Errorf("no algorithm is called %q", alg)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(spki))
	if err != nil {
		return nil, err
	}
	return &Key{private, public}, nil
}

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
	if k.Public.Algorithm() == dsse.Ed25519 {
		return k.private.Sign(nil, pae, crypto.Hash(0))
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
