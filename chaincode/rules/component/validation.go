package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ValidationKind is the kind of statement with which an engineer, or a machine of
// itself, says that a component is as it should be.
const ValidationKind = "validation"

// SelfTest is the skill that a machine has of its own: it says how it found itself.
const SelfTest = "self-test"

// MaxEvidence bounds the documents that a validation names.
const MaxEvidence = 16

// Conclusion of a validation; CBV dispositions.
type Conclusion string

// The conclusions.
const (
	Conformant    Conclusion = "conformant"
	NonConformant Conclusion = "non_conformant"
)

// ValidationBody is what is signed.
type ValidationBody struct {
	Skill      string     `json:"skill"` // for which the signer is certified
	Conclusion Conclusion `json:"conclusion"`
	Evidence   []string   `json:"evidence"` // hex SHA-256 of documents
	Remark     string     `json:"remark"`   // for people, or ""
}

// Validation is the record of it (ID10).
type Validation struct {
	ComponentID   string         `json:"componentId"`
	Signer        string         `json:"signer"`   // "credential:<id>", or "component:<id>" of the machine itself
	Sequence      uint64         `json:"sequence"` // of the statement
	Organisation  string         `json:"organisation"`
	Body          ValidationBody `json:"body"`
	Hash          string         `json:"hash"`
	SignedAt      measure.Time   `json:"signedAt"`
	At            measure.Time   `json:"at"`
	TransactionID string         `json:"transactionId"`
}

// Check refuses a validation that says nothing or too much.
func (b ValidationBody) Check() error {
	if err := party.CheckID("skill", b.Skill); err != nil {
		return err
	}
	if b.Conclusion != Conformant && b.Conclusion != NonConformant {
		return fault.New(fault.CodeInvalid, "conclusion must be %s or %s", Conformant, NonConformant).With("field", "conclusion")
	}
	if len(b.Evidence) > MaxEvidence {
		return fault.New(fault.CodeInvalid, "evidence must have at most %d entries", MaxEvidence).With("field", "evidence")
	}
	for _, h := range b.Evidence {
		if !party.IsHash(h) {
			return fault.New(fault.CodeInvalid, "evidence must be SHA-256 in 64 lower-case hexadecimal digits").With("field", "evidence")
		}
	}
	return party.CheckText("remark", b.Remark, 0, 500)
}
