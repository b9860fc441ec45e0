package dsse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// StatementType is the payload type of a [Statement], whatever it is about.
const StatementType = "application/vnd.lifeledger.statement.v1+json"

// The bounds of a statement.
const (
	// MaxStatement is the longest payload in bytes. In base64, with its signatures,
	// it fits into the one argument of a transaction.
	MaxStatement = 180 << 10
	// MaxStatementSequence keeps sequence numbers below 2^53, which every JSON
	// reader keeps exactly.
	MaxStatementSequence = 1_000_000_000_000_000
	maxKind              = 64
)

// NoStatement is what the first statement of a chain names as the one before it.
const NoStatement = "0000000000000000000000000000000000000000000000000000000000000000"

// Statement is what an engineer, a machine or a device says and signs about one
// thing. It names its ledger, its kind and its subject, so it cannot be shown as
// anything else; the statements of one signer about one subject are a chain, so
// none can be left out, repeated or put in another order. Body is a plain struct
// of strings, integers, bools and lists of such: no map, float, pointer or null.
type Statement[B any] struct {
	Ledger   string       `json:"ledger"`   // "<channel>/<chaincode>"
	Kind     string       `json:"kind"`     // what it says, such as service-work: which body it has
	Subject  string       `json:"subject"`  // id of the component, request or other entity that it is about
	Signer   string       `json:"signer"`   // "credential:<id>", "component:<id>" or "device:<id>"
	Sequence uint64       `json:"sequence"` // 1 for the signer's first about this subject, then 2, 3, …
	Previous string       `json:"previous"` // [StatementHash] of the one before it, or [NoStatement]
	SignedAt measure.Time `json:"signedAt"` // what the signer's clock said; nobody vouches for it
	Body     B            `json:"body"`
}

// Encode gives the one canonical form that is signed: compact JSON in UTF-8,
// members in the order of the types, and in strings no escape but \" and \\.
// What would need another escape is no part of a statement.
func (s *Statement[B]) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	payload, err := canonical("statement", s)
	if err != nil {
		return nil, err
	}
	return payload, checkStatementText(payload)
}

// DecodeStatement reads the canonical form and nothing else: another order, a
// blank, an unknown, missing or repeated member, a null or an escape that is not
// needed is [fault.CodeEnvelopeMalformed].
func DecodeStatement[B any](payload []byte) (*Statement[B], error) {
	if len(payload) > MaxStatement {
		return nil, malformed("the statement is larger than %d bytes", MaxStatement)
	}
	s := new(Statement[B])
	if err := json.Unmarshal(payload, s); err != nil {
		return nil, malformed("the statement is not the JSON object that its kind has")
	}
	again, err := s.Encode()
	if err != nil {
		return nil, err
	}
	// One comparison refuses every other spelling that encoding/json would take.
	if !bytes.Equal(again, payload) {
		return nil, malformed("the statement is not in canonical form")
	}
	return s, nil
}

// StatementHash names a statement in the next one of its chain: SHA-256 of its
// payload in lower-case hexadecimal.
func StatementHash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// Claim is what an envelope says about itself before its signature is verified:
// enough to find the key with which to verify it, and good for nothing else.
type Claim struct {
	Ledger, Kind, Subject, Signer string
	Sequence                      uint64
}

// Claims reads who is said to have signed which statement. Nothing is verified;
// [OpenStatement] does that with the key that the caller has found.
func Claims(e *Envelope) (Claim, error) {
	payload, err := decode(e, StatementType)
	if err != nil {
		return Claim{}, err
	}
	s, err := DecodeStatement[json.RawMessage](payload)
	if err != nil {
		return Claim{}, err
	}
	return Claim{s.Ledger, s.Kind, s.Subject, s.Signer, s.Sequence}, nil
}

// OpenStatement returns the statement in an envelope that key has signed, and its
// hash. The caller compares ledger, kind, subject, signer and place in the chain
// with its own. With [json.RawMessage] for a body it reads a statement of any kind.
func OpenStatement[B any](e *Envelope, key *PublicKey) (*Statement[B], string, error) {
	payload, err := Open(e, StatementType, key)
	if err != nil {
		return nil, "", err
	}
	s, err := DecodeStatement[B](payload)
	if err != nil {
		return nil, "", err
	}
	return s, StatementHash(payload), nil
}

func (s *Statement[B]) check() error {
	for _, m := range [][2]string{{"ledger", s.Ledger}, {"subject", s.Subject}, {"signer", s.Signer}} {
		if !plain(m[1], maxMember) {
			return malformed("%s of the statement is not 1 to %d visible ASCII characters without quotation mark or backslash", m[0], maxMember)
		}
	}
	if s.Kind == "" || len(s.Kind) > maxKind || strings.Trim(s.Kind, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return malformed("kind of the statement is not 1 to %d letters a to z and hyphens", maxKind)
	}
	if s.Sequence < 1 || s.Sequence > MaxStatementSequence {
		return malformed("sequence of the statement is not between 1 and %d", int64(MaxStatementSequence))
	}
	if !isKeyID(s.Previous) || (s.Previous == NoStatement) != (s.Sequence == 1) {
		return malformed("previous of the statement is not the hash of the one before it, or 64 zeros before the first")
	}
	if at, err := measure.ParseTime("signedAt", string(s.SignedAt)); err != nil || at != s.SignedAt {
		return malformed("signedAt of the statement is not a time as 2006-01-02T15:04:05.000Z")
	}
	return nil
}

// checkStatementText looks through what was encoded: a null would be a second
// spelling of what is left out, and other writers escape control characters and
// line separators in other ways.
func checkStatementText(payload []byte) error {
	if len(payload) > MaxStatement {
		return malformed("the statement is larger than %d bytes", MaxStatement)
	}
	quoted := false
	for i := 0; i < len(payload); i++ {
		switch c := payload[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			if i++; payload[i] != '"' && payload[i] != '\\' {
				return malformed("a text of the statement has a control character or a line separator")
			}
		case !quoted && c == 'n': // neither true nor false has one
			return malformed("the statement has a null")
		}
	}
	return nil
}
