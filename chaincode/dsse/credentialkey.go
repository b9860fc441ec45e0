package dsse

// CredentialKeyType is the payload type of a [CredentialKey].
const CredentialKeyType = "application/vnd.lifeledger.credential-key.v1+json"

// CredentialKey is an engineer's announcement of a key that was made on the
// engineer's tablet. The key itself signs it, which proves that somebody holds it;
// that it is the engineer who does, the issuer vouches for with the transaction.
// So the key before it need not sign: a tablet may be lost. The statement names
// the ledger, the credential and the key's number, and cannot be used elsewhere or
// twice.
type CredentialKey struct {
	Ledger       string    `json:"ledger"` // "<channel>/<chaincode>"
	CredentialID string    `json:"credentialId"`
	Issuer       string    `json:"issuer"`    // MSP id of the organisation that certifies the engineer
	KeyNumber    uint64    `json:"keyNumber"` // 1 for the first key, then 2, 3, …
	Algorithm    Algorithm `json:"algorithm"`
	PublicKey    string    `json:"publicKey"` // base64 of SubjectPublicKeyInfo in DER
}

// Encode gives the one canonical form that is signed, as of a [KeyStatement].
func (s *CredentialKey) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return canonical("key statement", s)
}

// DecodeCredentialKey reads the canonical form and nothing else.
func DecodeCredentialKey(payload []byte) (*CredentialKey, error) {
	s := new(CredentialKey)
	if err := decodeCanonical("key statement", payload, s, s.check); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenCredentialKey returns the statement in an envelope and the key that it
// announces, whose own signature it has verified. The caller compares ledger,
// credential, issuer and key number with its own.
func OpenCredentialKey(e *Envelope) (*CredentialKey, *PublicKey, error) {
	s, key, _, err := openAnnounced(e, CredentialKeyType, DecodeCredentialKey)
	return s, key, err
}

func (s *CredentialKey) announced() (Algorithm, string) { return s.Algorithm, s.PublicKey }

func (s *CredentialKey) check() error {
	return checkAnnounced(s, s.KeyNumber, [][2]string{{"ledger", s.Ledger}, {"credentialId", s.CredentialID}, {"issuer", s.Issuer}})
}
