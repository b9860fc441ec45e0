// Package tablet owns the signer's side of signed statements (docs/statements.md):
// an engineer's tablet, or a machine that speaks for itself. It keeps the chains of
// what was signed, a durable queue of what the ledger does not have yet, and carries
// that to a gateway when there is one. It is the reference for tablets in other
// languages. It refuses to decide what may be said; the ledger does. Invariant: a
// statement is durable before anyone sees it, so that not even after a power cut two
// statements are signed under one number, save in the place of one that the ledger
// has refused for good.
package tablet

import (
	"encoding/json"
	"errors"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// Signer says in whose name statements are made, and for which ledger.
type Signer struct {
	Ledger string `json:"ledger"` // "<channel>/<chaincode>"
	Name   string `json:"name"`   // "credential:<id>", "component:<id>" or "device:<id>"
}

// Destination is the request of the REST API that takes a statement: the envelope is
// one of its members, beside the others.
type Destination struct {
	Path   string                     `json:"path"`   // such as /v1/components/pump-7/validations
	Member string                     `json:"member"` // such as envelope
	Others map[string]json.RawMessage `json:"others,omitempty"`
}

// AnnounceKey signs the announcement of an engineer's key, with which the issuer
// issues the credential or gives it its next key. It fills in algorithm and key.
func AnnounceKey(s dsse.CredentialKey, key *smartpackage.Key) (*dsse.Envelope, error) {
	s.Algorithm, s.PublicKey = key.Public().Algorithm(), key.Public().Base64()
	payload, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return smartpackage.Sign(dsse.CredentialKeyType, payload, key)
}

// Sign makes the next statement about a subject and queues it; when it comes back,
// the statement survives a power cut. The body is a struct of the statement's kind.
func Sign[B any](b *Book, to Destination, kind, subject string, body B) (Entry, error) {
	if to.Path == "" || to.Member == "" {
		return Entry{}, errors.New("a statement has to go somewhere: path and member of a request")
	}
	last := b.tail(subject)
	s := dsse.Statement[B]{
		Ledger: b.signer.Ledger, Kind: kind, Subject: subject, Signer: b.signer.Name,
		Sequence: last.Sequence + 1, Previous: last.Hash, SignedAt: measure.TimeOf(b.clock()), Body: body,
	}
	payload, err := s.Encode()
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Number: b.next(), To: to, Kind: kind, Subject: subject, Sequence: s.Sequence, Status: Waiting}
	if e, err = b.seal(e, payload); err != nil {
		return Entry{}, err
	}
	b.entries = append(b.entries, e)
	return e, nil
}
