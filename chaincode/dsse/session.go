package dsse

import "github.com/lifeledger/lifeledger/chaincode/rules/fault"

// SessionStatementType is the payload type of a [SessionStatement].
const SessionStatementType = "application/vnd.lifeledger.session-key.v1+json"

// SessionStatement is a device's announcement of a key that signs its segments
// for one shipment. The device's own key signs it, which may be slow and large,
// and the session's key, which proves that the device holds it.
type SessionStatement struct {
	Ledger        string    `json:"ledger"` // "<channel>/<chaincode>"
	DeviceID      string    `json:"deviceId"`
	ShipmentID    string    `json:"shipmentId"`
	SessionNumber uint64    `json:"sessionNumber"` // 1 for the first of this device and shipment, then 2, 3, …
	Algorithm     Algorithm `json:"algorithm"`     // Ed25519 or ECDSA-P256
	PublicKey     string    `json:"publicKey"`     // base64 of SubjectPublicKeyInfo in DER
}

// Encode gives the one canonical form that is signed, as of a [KeyStatement].
func (s *SessionStatement) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return canonical("session statement", s)
}

// DecodeSessionStatement reads the canonical form and nothing else.
func DecodeSessionStatement(payload []byte) (*SessionStatement, error) {
	s := new(SessionStatement)
	if err := decodeCanonical("session statement", payload, s, s.check); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenSessionStatement returns the statement in an envelope and the session's
// key. Both it and the device's present key have signed. The caller compares
// ledger, device, shipment and session number with its own.
func OpenSessionStatement(e *Envelope, device *PublicKey) (*SessionStatement, *PublicKey, error) {
	payload, err := decode(e, SessionStatementType)
	if err != nil {
		return nil, nil, err
	}
	s, err := DecodeSessionStatement(payload)
	if err != nil {
		return nil, nil, err
	}
	if s.Algorithm != Ed25519 && s.Algorithm != P256 {
		return nil, nil, keyInvalid("a session's key is of %s or %s", Ed25519, P256)
	}
	key, err := ParsePublicKey(s.Algorithm, s.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	if device == nil || key.id == device.id {
		return nil, nil, fault.New(fault.CodeKeyInvalid, "the session's key is the device's own")
	}
	for _, signer := range []*PublicKey{device, key} {
		if err := verify(e, payload, signer); err != nil {
			return nil, nil, err
		}
	}
	return s, key, nil
}

func (s *SessionStatement) check() error {
	if err := checkMembers("session statement", s.PublicKey, [][2]string{
		{"ledger", s.Ledger}, {"deviceId", s.DeviceID}, {"shipmentId", s.ShipmentID}, {"algorithm", string(s.Algorithm)},
	}); err != nil {
		return err
	}
	if s.SessionNumber < 1 || s.SessionNumber > MaxKeyNumber {
		return malformed("sessionNumber of the session statement is not between 1 and %d", MaxKeyNumber)
	}
	return nil
}
