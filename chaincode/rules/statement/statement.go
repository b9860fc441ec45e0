// Package statement owns what follows from a signed statement being recorded: its
// place in the chain of its signer, the quarantine of what comes too late, and the
// count of what each engineer has signed. It does not own what statements say, and
// it verifies no signature. Invariant: of one signer about one subject, statements
// take effect in the order in which they were signed, each once, without gaps.
package statement

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// First is what the first statement of a chain names as the one before it.
const First = "0000000000000000000000000000000000000000000000000000000000000000"

// StatementChain is the head of what one signer has said about one subject. The
// next statement has the next sequence number and names this hash. For a machine or
// a device the number is also the count of its statements; engineers have a [Tally].
type StatementChain struct {
	Subject   string       `json:"subject"`
	Signer    string       `json:"signer"`   // "credential:<id>", "component:<id>" or "device:<id>"
	Sequence  uint64       `json:"sequence"` // of the last statement; 0 before the first
	Hash      string       `json:"hash"`     // of its payload; 64 zeros before the first
	ChangedAt measure.Time `json:"changedAt"`
}

// NewChain is a chain before its first statement.
func NewChain(subject, signer string) StatementChain {
	return StatementChain{Subject: subject, Signer: signer, Hash: First}
}

// Signed is a statement whose signature has been verified, and who signed it.
type Signed struct {
	Kind         string
	Subject      string
	Signer       string
	Organisation string // who answers for the signer
	KeyID        string
	Sequence     uint64
	Previous     string
	Hash         string
	SignedAt     measure.Time
}

// StatementRecord says that a statement took effect. The envelope itself is in the
// block of the transaction.
type StatementRecord struct {
	Subject       string       `json:"subject"`
	Signer        string       `json:"signer"`
	Sequence      uint64       `json:"sequence"`
	Kind          string       `json:"kind"`
	Organisation  string       `json:"organisation"` // MSP id of who answers for the signer
	KeyID         string       `json:"keyId"`
	Hash          string       `json:"hash"`
	SignedAt      measure.Time `json:"signedAt"`                                // the signer's claim
	Released      bool         `json:"released,omitempty" metadata:",optional"` // it came too late, and the issuer released it
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"` // who carried it
	TransactionID string       `json:"transactionId"`
}

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Timely refuses a statement whose signer's clock is further ahead than clocks are.
func (s Signed) Timely(now measure.Time) error {
	if s.SignedAt.UnixMs() > now.UnixMs()+measure.MaxSkewMs {
		return fault.New(fault.CodeStatementTime, "the statement says that it was signed at %s, which is in the future", s.SignedAt).With("signedAt", string(s.SignedAt))
	}
	return nil
}

// Known refuses a statement under a number that has been used; taken is the record
// of that number. The same statement again is a replay; another one is a second
// history.
func (c StatementChain) Known(s Signed, taken StatementRecord) error {
	if taken.Hash == s.Hash {
		return fault.New(fault.CodeStatementReplayed, "statement %d of %s about %s is on record", s.Sequence, s.Signer, s.Subject).
			With("sequence", s.Sequence).With("transactionId", taken.TransactionID)
	}
	return c.forked(s)
}

// Follow is the chain with a statement more, and the statement's record.
func (c StatementChain) Follow(s Signed, released bool, w When) (StatementChain, StatementRecord, error) {
	if s.Sequence != c.Sequence+1 {
		return c, StatementRecord{}, fault.New(fault.CodeStatementOrder, "statement %d of %s about %s comes next, not %d", c.Sequence+1, s.Signer, s.Subject, s.Sequence).
			With("next", c.Sequence+1).With("previous", c.Hash)
	}
	if s.Previous != c.Hash {
		return c, StatementRecord{}, c.forked(s)
	}
	c.Sequence, c.Hash, c.ChangedAt = s.Sequence, s.Hash, w.Now
	return c, StatementRecord{
		Subject: s.Subject, Signer: s.Signer, Sequence: s.Sequence, Kind: s.Kind, Organisation: s.Organisation, KeyID: s.KeyID, Hash: s.Hash,
		SignedAt: s.SignedAt, Released: released, At: w.Now, Actor: w.Actor, TransactionID: w.TransactionID,
	}, nil
}

func (c StatementChain) forked(s Signed) error {
	return fault.New(fault.CodeStatementForked, "statement %d of %s about %s does not follow the one on record: two histories are signed with this key", s.Sequence, s.Signer, s.Subject).
		With("sequence", s.Sequence).With("next", c.Sequence+1).With("previous", c.Hash)
}

// Tally counts what an engineer has signed of one kind and took effect (ID10).
type Tally struct {
	CredentialID string       `json:"credentialId"`
	Kind         string       `json:"kind"`
	Statements   uint64       `json:"statements"`
	Released     uint64       `json:"released"` // of them, those that came too late and were released
	ChangedAt    measure.Time `json:"changedAt"`
}

// Count adds a statement.
func (t Tally) Count(released bool, now measure.Time) Tally {
	t.Statements++
	if released {
		t.Released++
	}
	t.ChangedAt = now
	return t
}
