// Package balanceproof owns what the two sides of a payment channel sign: a
// balance proof, the announcement of a signing key, and the final balance that
// both agree to. It refuses to own private keys, and to say what a proof is worth
// (rules/paychannel does). Invariant: every statement has one spelling, and names
// its ledger and its channel, so it cannot be used elsewhere.
package balanceproof

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// The payload types of what a channel's keys sign.
const (
	Type      = "application/vnd.lifeledger.balance-proof.v1+json"
	KeyType   = "application/vnd.lifeledger.channel-key.v1+json"
	FinalType = "application/vnd.lifeledger.channel-final.v1+json"
)

// MaxSequence bounds sequence numbers below 2^53, so that every JSON reader
// keeps them exactly.
const MaxSequence = 1_000_000_000_000_000

// MaxKeyNumber is how often a side may have a new key.
const MaxKeyNumber = 1_000_000

const maxStatement = 16 << 10 // bytes; room for the largest public key

// Proof says how much the payer has paid through the channel since it was
// opened. Each next proof has a higher sequence and a higher sum; the newest
// one stands for all before it.
type Proof struct {
	Ledger          string      `json:"ledger"` // "<channel>/<chaincode>"
	ChannelID       string      `json:"channelId"`
	Payer           string      `json:"payer"` // MSP id; whose key signs
	Sequence        uint64      `json:"sequence"`
	CumulativeMinor money.Minor `json:"cumulativeMinor"` // everything paid so far, not the last payment
	Reference       string      `json:"reference"`       // hex SHA-256 of the list of what is paid, or ""
}

// Key announces a side's key; the key itself signs it.
type Key struct {
	Ledger       string         `json:"ledger"`
	ChannelID    string         `json:"channelId"`
	Organisation string         `json:"organisation"`
	KeyNumber    uint64         `json:"keyNumber"` // 1, then 2, 3, …
	Algorithm    dsse.Algorithm `json:"algorithm"`
	PublicKey    string         `json:"publicKey"` // base64 of SubjectPublicKeyInfo in DER
}

// Final is what both sides agree the channel comes to; both keys sign it.
type Final struct {
	Ledger                string      `json:"ledger"`
	ChannelID             string      `json:"channelId"`
	OpenerPaidMinor       money.Minor `json:"openerPaidMinor"`
	OpenerReference       string      `json:"openerReference"`
	CounterpartyPaidMinor money.Minor `json:"counterpartyPaidMinor"`
	CounterpartyReference string      `json:"counterpartyReference"`
}

// Encode gives the one form that is signed: compact JSON, members in the order
// of the type, no escapes.
func (p Proof) Encode() ([]byte, error) { return encode(p, p.check()) }

// Encode gives the one form that is signed.
func (k Key) Encode() ([]byte, error) { return encode(k, k.check()) }

// Encode gives the one form that is signed.
func (f Final) Encode() ([]byte, error) { return encode(f, f.check()) }

// Decode reads a proof in its one form; anything else is [fault.CodeProofMalformed].
func Decode(payload []byte) (Proof, error) { return decode(payload, Proof.check) }

// DecodeKey reads the announcement of a key.
func DecodeKey(payload []byte) (Key, error) { return decode(payload, Key.check) }

// DecodeFinal reads a final balance.
func DecodeFinal(payload []byte) (Final, error) { return decode(payload, Final.check) }

// Open gives the proof in an envelope that one of keys has signed, and the id of
// that key. The caller compares ledger, channel and payer with its own.
func Open(e *dsse.Envelope, keys ...*dsse.PublicKey) (Proof, string, error) {
	payload, id, err := OpenAny(e, Type, keys...)
	if err != nil {
		return Proof{}, "", err
	}
	p, err := Decode(payload)
	return p, id, err
}

// OpenAny gives the payload of an envelope that one of keys has signed, the
// first of them that it names, and the id of that key. A nil key signs nothing.
func OpenAny(e *dsse.Envelope, payloadType string, keys ...*dsse.PublicKey) ([]byte, string, error) {
	var failed error = fault.New(fault.CodeEnvelopeKey, "there is no key that could have signed the envelope")
	for _, k := range keys {
		if k == nil {
			continue
		}
		var payload []byte
		if payload, failed = dsse.Open(e, payloadType, k); failed == nil {
			return payload, k.ID(), nil
		}
		if !fault.Is(failed, fault.CodeEnvelopeKey) {
			break // malformed, or the key it names did not sign it
		}
	}
	return nil, "", failed
}

// Hash names a list or a statement: hex SHA-256.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (p Proof) check() error {
	if err := named("balance proof", p.Ledger, p.ChannelID, p.Payer); err != nil {
		return err
	}
	if p.Sequence < 1 || p.Sequence > MaxSequence {
		return malformed("sequence of the balance proof is not between 1 and %d", int64(MaxSequence))
	}
	if p.CumulativeMinor.CheckPositive("cumulativeMinor") != nil {
		return malformed("cumulativeMinor of the balance proof is not between 1 and %d", int64(money.Max))
	}
	return reference(p.Reference)
}

func (k Key) check() error {
	if err := named("key statement", k.Ledger, k.ChannelID, k.Organisation, string(k.Algorithm)); err != nil {
		return err
	}
	if !plain(k.PublicKey, maxStatement) {
		return malformed("publicKey of the key statement is not plain ASCII")
	}
	if k.KeyNumber < 1 || k.KeyNumber > MaxKeyNumber {
		return malformed("keyNumber of the key statement is not between 1 and %d", MaxKeyNumber)
	}
	return nil
}

func (f Final) check() error {
	if err := named("final balance", f.Ledger, f.ChannelID); err != nil {
		return err
	}
	for _, m := range []money.Minor{f.OpenerPaidMinor, f.CounterpartyPaidMinor} {
		if m.Check("paid") != nil {
			return malformed("an amount of the final balance is not between 0 and %d", int64(money.Max))
		}
	}
	if err := reference(f.OpenerReference); err != nil {
		return err
	}
	return reference(f.CounterpartyReference)
}

func named(what string, members ...string) error {
	for _, m := range members {
		if !plain(m, 256) {
			return malformed("a member of the %s is not 1 to 256 visible ASCII characters without quotation mark or backslash", what)
		}
	}
	return nil
}

func reference(text string) error {
	if text == "" {
		return nil
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != text {
		return malformed("a reference is neither empty nor 64 lower-case hexadecimal digits")
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

func encode(v any, invalid error) ([]byte, error) {
	if invalid != nil {
		return nil, invalid
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // <, > and & stand for themselves in every other language
	if err := enc.Encode(v); err != nil {
		return nil, malformed("the statement cannot be encoded")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func decode[T any](payload []byte, check func(T) error) (T, error) {
	var v, none T
	if len(payload) > maxStatement {
		return none, malformed("the statement is larger than %d bytes", maxStatement)
	}
	if err := json.Unmarshal(payload, &v); err != nil {
		return none, malformed("the statement is not the JSON object that it should be")
	}
	// One comparison refuses every other spelling that encoding/json would take.
	if again, err := encode(v, check(v)); err != nil {
		return none, err
	} else if !bytes.Equal(again, payload) {
		return none, malformed("the statement is not in canonical form")
	}
	return v, nil
}

func malformed(format string, args ...any) error {
	return fault.New(fault.CodeProofMalformed, format, args...)
}
