package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// IssueCredential certifies an engineer of the caller's organisation (ID5). Proof
// is a [dsse.CredentialKey], signed by the key that it announces.
type IssueCredential struct {
	CredentialID string           `json:"credentialId"`
	Algorithm    dsse.Algorithm   `json:"algorithm"`
	PublicKey    string           `json:"publicKey"` // base64 SubjectPublicKeyInfo
	Proof        dsse.Envelope    `json:"proof"`
	Grant        credential.Grant `json:"grant"`
}

// RenewCredential replaces what a credential grants, and until when.
type RenewCredential struct {
	CredentialID string       `json:"credentialId"`
	Skills       []string     `json:"skills"`
	PartNumbers  []string     `json:"partNumbers"`
	ValidUntil   measure.Time `json:"validUntil"`
}

// RotateCredentialKey gives an engineer the next key. Proof is signed by that key.
type RotateCredentialKey struct {
	CredentialID string         `json:"credentialId"`
	Algorithm    dsse.Algorithm `json:"algorithm"`
	PublicKey    string         `json:"publicKey"`
	Proof        dsse.Envelope  `json:"proof"`
}

// RevokeCredential ends an engineer's right to sign (ID6).
type RevokeCredential struct {
	CredentialID string `json:"credentialId"`
	Reason       string `json:"reason"`
}

// CredentialRef names a credential.
type CredentialRef struct {
	CredentialID string `json:"credentialId"`
}

// CredentialPage is a page of credentials, by id.
type CredentialPage struct {
	Items []credential.Credential `json:"items"`
	Next  string                  `json:"next"`
}

// CredentialEventPage is a page of what happened to a credential.
type CredentialEventPage struct {
	Items []credential.CredentialEvent `json:"items"`
	Next  string                       `json:"next"`
}

// TallyPage is a page of what an engineer has signed, by kind.
type TallyPage struct {
	Items []statement.Tally `json:"items"`
	Next  string            `json:"next"`
}

// KeyRef names a key: hex SHA-256 of its SubjectPublicKeyInfo.
type KeyRef struct {
	KeyID string `json:"keyId"`
}

// KeyHolder says whose key it is, so that nobody has to know keys (ID13).
type KeyHolder struct {
	Use              party.KeyUse `json:"use"` // of which device or credential
	Organisation     string       `json:"organisation"`
	OrganisationName string       `json:"organisationName"`
	Status           party.Status `json:"status"` // active, superseded or revoked
}

// QuarantineStatement brings a statement that comes too late before its issuer.
type QuarantineStatement struct {
	Envelope dsse.Envelope `json:"envelope"`
}

// DecideStatement is the issuer's word about a statement in quarantine.
type DecideStatement struct {
	Issuer string `json:"issuer"` // MSP id
	Hash   string `json:"hash"`
	Reason string `json:"reason"`
}

// QuarantineRef names a statement in quarantine.
type QuarantineRef struct {
	Issuer string `json:"issuer"` // MSP id
	Hash   string `json:"hash"`
}

// HeldEnvelope is the envelope of a statement in quarantine, so that the issuer sees
// what it decides about and anybody can present it once it is released.
type HeldEnvelope struct {
	Hash     string        `json:"hash"`
	Envelope dsse.Envelope `json:"envelope"`
}

// QuarantineEntry is a statement in quarantine with its envelope.
type QuarantineEntry struct {
	Statement statement.QuarantinedStatement `json:"statement"`
	Envelope  dsse.Envelope                  `json:"envelope"`
}

// QuarantinePage is a page of the statements in quarantine for an issuer, by hash.
type QuarantinePage struct {
	Items []statement.QuarantinedStatement `json:"items"`
	Next  string                           `json:"next"`
}

// StatementChainRef names what one signer has said about one subject.
type StatementChainRef struct {
	Subject string `json:"subject"`
	Signer  string `json:"signer"` // "credential:<id>", "component:<id>" or "device:<id>"
}

// StatementListRequest asks for a page of the statements about a subject: of one
// signer in order, or of all of them, by signer.
type StatementListRequest struct {
	Subject string `json:"subject"`
	Signer  string `json:"signer,omitempty" metadata:",optional"`
	Limit   int    `json:"limit"`
	Cursor  string `json:"cursor,omitempty" metadata:",optional"`
}

// StatementPage is a page of statements that took effect.
type StatementPage struct {
	Items []statement.StatementRecord `json:"items"`
	Next  string                      `json:"next"`
}

// RecordValidation brings an engineer's signed word about a component (ID10).
type RecordValidation struct {
	ComponentID string        `json:"componentId"`
	Envelope    dsse.Envelope `json:"envelope"` // a statement of kind validation
}

// ValidationPage is a page of the validations of a component, by signer.
type ValidationPage struct {
	Items []component.Validation `json:"items"`
	Next  string                 `json:"next"`
}
