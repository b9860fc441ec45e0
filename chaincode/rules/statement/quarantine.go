package statement

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// QuarantineStatus says what became of a statement that came too late.
type QuarantineStatus string

// The statuses. Only the first changes.
const (
	Held     QuarantineStatus = "held"
	Released QuarantineStatus = "released"
	Rejected QuarantineStatus = "rejected"
)

// QuarantinedStatement is an engineer's statement that came after the credential
// was revoked or had run out, or was signed with a key that has been replaced. It
// has no effect. If the issuer releases it, it may be presented again and takes
// effect as if it had come in time; if the issuer rejects it, never.
type QuarantinedStatement struct {
	Issuer       string           `json:"issuer"` // who decides
	Hash         string           `json:"hash"`
	CredentialID string           `json:"credentialId"`
	Kind         string           `json:"kind"`
	Subject      string           `json:"subject"`
	Sequence     uint64           `json:"sequence"`
	KeyID        string           `json:"keyId"`
	SignedAt     measure.Time     `json:"signedAt"` // the signer's claim
	Standing     string           `json:"standing"` // why it came too late: revoked, expired, key-superseded
	Status       QuarantineStatus `json:"status"`
	HeldAt       measure.Time     `json:"heldAt"`
	HeldBy       string           `json:"heldBy"`                                // who carried it
	Reason       string           `json:"reason,omitempty" metadata:",optional"` // of the issuer's decision
	ChangedAt    measure.Time     `json:"changedAt"`
}

// Hold puts a late statement into quarantine.
func Hold(s Signed, credentialID, standing string, w When) QuarantinedStatement {
	return QuarantinedStatement{
		Issuer: s.Organisation, Hash: s.Hash, CredentialID: credentialID, Kind: s.Kind, Subject: s.Subject, Sequence: s.Sequence, KeyID: s.KeyID,
		SignedAt: s.SignedAt, Standing: standing, Status: Held, HeldAt: w.Now, HeldBy: w.Actor, ChangedAt: w.Now,
	}
}

// Decide is the issuer's word about a statement in quarantine, once.
func (q QuarantinedStatement) Decide(to QuarantineStatus, reason string, w When) (QuarantinedStatement, error) {
	if q.Issuer != w.Actor {
		return q, fault.New(fault.CodeCredentialIssuer, "the statement rests on a credential that %s issued", q.Issuer).With("issuer", q.Issuer)
	}
	if q.Status != Held {
		return q, fault.New(fault.CodeQuarantineDecided, "the statement was %s", string(q.Status)).With("status", string(q.Status))
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return q, err
	}
	q.Status, q.Reason, q.ChangedAt = to, reason, w.Now
	return q, nil
}

// Passes says whether a statement that has been in quarantine may take effect. One
// that is held waits for the issuer even if the credential has become valid again
// meanwhile: somebody has to look at it.
func (q QuarantinedStatement) Passes() error {
	switch q.Status {
	case Released:
		return nil
	case Rejected:
		return fault.New(fault.CodeStatementRejected, "%s has rejected the statement: %s", q.Issuer, q.Reason).With("hash", q.Hash)
	}
	return fault.New(fault.CodeStatementHeld, "the statement is in quarantine until %s decides", q.Issuer).With("hash", q.Hash).With("issuer", q.Issuer)
}
