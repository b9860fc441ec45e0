package dsse

import (
	"bytes"
	"encoding/json"
)

// KeyStatementType is the payload type of a [KeyStatement].
const KeyStatementType = "application/vnd.lifeledger.device-key.v1+json"

// MaxKeyNumber is how often a device may have a new key.
const MaxKeyNumber = 1_000_000

// maxMember is the length of a string of a statement, its public key apart.
const maxMember = 256

const maxStatement = 4 << 10 // bytes; the longest public key takes 2,756

// KeyStatement is a device's announcement of a key of its own. The new key
// signs it, which proves that the announcer holds the key; on a rotation the
// key before it signs as well, which proves that the device agrees. It names
// the ledger, the device and the key's number, so it cannot be used elsewhere
// or twice.
type KeyStatement struct {
	Ledger       string    `json:"ledger"` // "<channel>/<chaincode>"
	DeviceID     string    `json:"deviceId"`
	Organisation string    `json:"organisation"` // MSP id of the organisation that registers the device
	KeyNumber    uint64    `json:"keyNumber"`    // 1 for the first key, then 2, 3, …
	Algorithm    Algorithm `json:"algorithm"`
	PublicKey    string    `json:"publicKey"` // base64 of SubjectPublicKeyInfo in DER
}

// Encode gives the one canonical form that is signed: compact JSON, members in
// the order of the type, no escapes.
func (s *KeyStatement) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return canonical("key statement", s)
}

// DecodeKeyStatement reads the canonical form and nothing else: another order,
// a blank, an unknown or repeated member is [fault.CodeEnvelopeMalformed].
func DecodeKeyStatement(payload []byte) (*KeyStatement, error) {
	s := new(KeyStatement)
	if err := decodeCanonical("key statement", payload, s, s.check); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenKeyStatement returns the statement in an envelope and the key that it
// announces, whose own signature it has verified. previous is the device's key
// until now, which must have signed too; nil when the device has none yet. The
// caller compares ledger, device, organisation and key number with its own.
func OpenKeyStatement(e *Envelope, previous *PublicKey) (*KeyStatement, *PublicKey, error) {
	s, key, payload, err := openAnnounced(e, KeyStatementType, DecodeKeyStatement)
	if err != nil || previous == nil {
		return s, key, err
	}
	if previous.id == key.id {
		return nil, nil, keyInvalid("the new key is the one before it")
	}
	if err := verify(e, payload, previous); err != nil {
		return nil, nil, err
	}
	return s, key, nil
}

func (s *KeyStatement) announced() (Algorithm, string) { return s.Algorithm, s.PublicKey }

func (s *KeyStatement) check() error {
	return checkAnnounced(s, s.KeyNumber, [][2]string{{"ledger", s.Ledger}, {"deviceId", s.DeviceID}, {"organisation", s.Organisation}})
}

// An announcement is a statement about a key that the key itself signs.
type announcement interface {
	announced() (algorithm Algorithm, publicKey string)
}

// openAnnounced returns the statement in an envelope, the key that it announces
// and the payload, which that key has signed.
func openAnnounced[S announcement](e *Envelope, payloadType string, decodeStatement func([]byte) (S, error)) (S, *PublicKey, []byte, error) {
	var none S
	payload, err := decode(e, payloadType)
	if err != nil {
		return none, nil, nil, err
	}
	s, err := decodeStatement(payload)
	if err != nil {
		return none, nil, nil, err
	}
	key, err := ParsePublicKey(s.announced())
	if err != nil {
		return none, nil, nil, err
	}
	if err := verify(e, payload, key); err != nil {
		return none, nil, nil, err
	}
	return s, key, payload, nil
}

func checkAnnounced(s announcement, number uint64, members [][2]string) error {
	algorithm, publicKey := s.announced()
	if err := checkMembers("key statement", publicKey, append(members, [2]string{"algorithm", string(algorithm)})); err != nil {
		return err
	}
	if number < 1 || number > MaxKeyNumber {
		return malformed("keyNumber of the key statement is not between 1 and %d", MaxKeyNumber)
	}
	return nil
}

// checkMembers holds the strings of a statement to what needs no escape.
func checkMembers(what, publicKey string, members [][2]string) error {
	for _, m := range members {
		if !plain(m[1], maxMember) {
			return malformed("%s of the %s is not 1 to %d visible ASCII characters without quotation mark or backslash", m[0], what, maxMember)
		}
	}
	if !plain(publicKey, MaxPublicKey) {
		return malformed("publicKey of the %s is not 1 to %d visible ASCII characters without quotation mark or backslash", what, MaxPublicKey)
	}
	return nil
}

// plain strings need no escape in JSON, so there is only one way to write them.
func plain(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// canonical is compact JSON with the members in the order of the type.
func canonical(what string, statement any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // <, > and & stand for themselves in every other language
	if err := enc.Encode(statement); err != nil {
		return nil, malformed("the %s cannot be encoded", what)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeCanonical reads into a statement what [canonical] writes of it.
func decodeCanonical(what string, payload []byte, statement any, check func() error) error {
	if len(payload) > maxStatement {
		return malformed("the %s is larger than %d bytes", what, maxStatement)
	}
	if err := json.Unmarshal(payload, statement); err != nil {
		return malformed("the %s is not the JSON object that it should be", what)
	}
	if err := check(); err != nil {
		return err
	}
	// One comparison refuses every other spelling that encoding/json would take.
	if again, err := canonical(what, statement); err != nil || !bytes.Equal(again, payload) {
		return malformed("the %s is not in canonical form", what)
	}
	return nil
}
