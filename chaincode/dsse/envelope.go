// Package dsse owns signed envelopes as the ledger accepts them: DSSE version
// 1.0, the public keys that may have signed one, and the statement by which a
// device announces a key. It refuses to own private keys (gateway/smartpackage
// signs) and which key is a device's present one (the contracts know).
// Invariant: the algorithm comes from the registered key and never from the
// message, and a payload leaves this package only after its signature verified.
package dsse

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// The sizes beyond which an envelope is malformed.
const (
	MaxSignatures  = 4
	MaxPayload     = 192 << 10 // bytes after decoding
	MaxSignature   = 4 << 10   // bytes after decoding; room for ML-DSA-65
	MaxPayloadType = 128
)

// Envelope is a DSSE envelope in its JSON form. Payload is standard base64.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"`
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature over the envelope's [PAE]. KeyID is the signing
// key's [PublicKey.ID]; Sig is standard base64.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// PAE is DSSE's pre-authentication encoding, the bytes that are signed. It
// binds the payload to its type, so that a statement of one kind can never be
// shown as another.
func PAE(payloadType string, payload []byte) []byte {
	b := make([]byte, 0, len("DSSEv1")+len(payloadType)+len(payload)+4+20)
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// Open returns the payload of an envelope of the given type that key has
// signed. Signatures of other keys are not looked at: they prove nothing here.
//
// Faults: [fault.CodeEnvelopeMalformed] when it is no such envelope,
// [fault.CodeEnvelopeKey] when key has not signed it, and
// [fault.CodeEnvelopeSignature] when the key's signature does not verify.
func Open(e *Envelope, payloadType string, key *PublicKey) ([]byte, error) {
	payload, err := decode(e, payloadType)
	if err != nil {
		return nil, err
	}
	if err := verify(e, payload, key); err != nil {
		return nil, err
	}
	return payload, nil
}

// KeyIDs lists the keys that are said to have signed, in the envelope's order.
// Nothing is verified; use it to look up a key for [Open].
func (e *Envelope) KeyIDs() []string {
	ids := make([]string, len(e.Signatures))
	for i, s := range e.Signatures {
		ids[i] = s.KeyID
	}
	return ids
}

// decode checks everything about an envelope that needs no key.
func decode(e *Envelope, payloadType string) ([]byte, error) {
	switch {
	case e == nil:
		return nil, malformed("the envelope is missing")
	case e.PayloadType != payloadType:
		shown := e.PayloadType[:min(len(e.PayloadType), MaxPayloadType)]
		return nil, malformed("payloadType is %q, not %q", shown, payloadType)
	case len(e.Signatures) == 0 || len(e.Signatures) > MaxSignatures:
		return nil, malformed("an envelope has 1 to %d signatures, not %d", MaxSignatures, len(e.Signatures))
	case len(e.Payload) > base64.StdEncoding.EncodedLen(MaxPayload):
		return nil, malformed("the payload is larger than %d bytes", MaxPayload)
	}
	for i, s := range e.Signatures {
		if !isKeyID(s.KeyID) {
			return nil, malformed("keyid of signature %d is not 64 lower-case hexadecimal digits", i+1)
		}
		if len(s.Sig) > base64.StdEncoding.EncodedLen(MaxSignature) {
			return nil, malformed("signature %d is larger than %d bytes", i+1, MaxSignature)
		}
		for _, earlier := range e.Signatures[:i] {
			if earlier.KeyID == s.KeyID {
				return nil, malformed("two signatures name the same key")
			}
		}
	}
	payload, ok := decodeBase64(e.Payload)
	if !ok || len(payload) > MaxPayload {
		return nil, malformed("the payload is not canonical standard base64 with padding")
	}
	return payload, nil
}

func verify(e *Envelope, payload []byte, key *PublicKey) error {
	if key == nil {
		return fault.New(fault.CodeEnvelopeKey, "there is no key that could have signed the envelope")
	}
	for _, s := range e.Signatures {
		if s.KeyID != key.id {
			continue
		}
		sig, ok := decodeBase64(s.Sig)
		if !ok {
			return malformed("a signature is not canonical standard base64 with padding")
		}
		if !key.Verify(PAE(e.PayloadType, payload), sig) {
			return fault.New(fault.CodeEnvelopeSignature, "the signature of key %s does not verify", key.id)
		}
		return nil
	}
	return fault.New(fault.CodeEnvelopeKey, "the envelope is not signed by key %s", key.id).With("keyid", key.id)
}

// decodeBase64 accepts the one canonical spelling: Go's strict decoder checks
// the padding bits, but silently skips line breaks.
func decodeBase64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

func isKeyID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func malformed(format string, args ...any) error {
	return fault.New(fault.CodeEnvelopeMalformed, format, args...)
}
