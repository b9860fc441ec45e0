package api

import "github.com/lifeledger/lifeledger/chaincode/rules/party"

// ChangeRoles says what is to become of an organisation's roles (ID12).
type ChangeRoles struct {
	MSPID       string       `json:"mspId"`
	ChangeID    string       `json:"changeId"`
	Grant       []party.Role `json:"grant"`
	Withdraw    []party.Role `json:"withdraw"`
	Reason      string       `json:"reason"`
	OpenSeconds int64        `json:"openSeconds,omitempty" metadata:",optional"` // how long it waits for the members
}

// RoleChangeRef names a change of an organisation's roles.
type RoleChangeRef struct {
	MSPID    string `json:"mspId"`
	ChangeID string `json:"changeId"`
}

// VerifyOrganisation is a registrar's word that an organisation is who it says (ID7).
type VerifyOrganisation struct {
	MSPID        string `json:"mspId"`
	Evidence     string `json:"evidence"`     // what was looked at
	Reference    string `json:"reference"`    // where that is found
	EvidenceHash string `json:"evidenceHash"` // hex SHA-256
	ValidUntil   string `json:"validUntil"`
}

// WithdrawVerification takes a verification back.
type WithdrawVerification struct {
	MSPID  string `json:"mspId"`
	Number uint64 `json:"number"`
	Reason string `json:"reason"`
}

// PublishStandard publishes one version of a standard (ID7).
type PublishStandard struct {
	StandardID   string `json:"standardId"`
	Version      string `json:"version"`
	Title        string `json:"title"`
	DocumentHash string `json:"documentHash"`                              // hex SHA-256
	Supersedes   string `json:"supersedes,omitempty" metadata:",optional"` // the version whose place it takes
}

// WithdrawStandard says that nothing is to be done by a version any more.
type WithdrawStandard struct {
	Publisher  string `json:"publisher"`
	StandardID string `json:"standardId"`
	Version    string `json:"version"`
	Reason     string `json:"reason"`
}

// RoleChangePage is a page of changes of an organisation's roles.
type RoleChangePage struct {
	Items []party.RoleChange `json:"items"`
	Next  string             `json:"next"`
}

// VerificationPage is a page of verifications of an organisation.
type VerificationPage struct {
	Items []party.Verification `json:"items"`
	Next  string               `json:"next"`
}

// StandardPage is a page of what an organisation has published.
type StandardPage struct {
	Items []party.Standard `json:"items"`
	Next  string           `json:"next"`
}
