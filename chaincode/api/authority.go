package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
)

// DelegateActions lets another organisation do named transactions about a
// component of the caller's, for a time (ID14).
type DelegateActions struct {
	ComponentID  string   `json:"componentId"`
	Organisation string   `json:"organisation"`
	Actions      []string `json:"actions"`                                // names of transactions
	From         string   `json:"from,omitempty" metadata:",optional"`    // from now on, if it is absent
	Till         string   `json:"till"`                                   // the last moment
	MaxUses      uint64   `json:"maxUses,omitempty" metadata:",optional"` // any number, if it is absent
}

// SignedGrant is an access-grant statement about a component: the token.
type SignedGrant struct {
	ComponentID string        `json:"componentId"`
	Envelope    dsse.Envelope `json:"envelope"`
}

// SignedAccess is an access-use statement about a component.
type SignedAccess struct {
	ComponentID string        `json:"componentId"`
	Envelope    dsse.Envelope `json:"envelope"`
}

// GrantReading lets whoever holds a key read of a component of the caller's, for a time (ID12).
type GrantReading struct {
	ComponentID string   `json:"componentId"`
	Reader      string   `json:"reader"` // the name under which
	Algorithm   string   `json:"algorithm"`
	PublicKey   string   `json:"publicKey"`                           // base64 of the SubjectPublicKeyInfo, DER
	Actions     []string `json:"actions"`                             // what is read: passport, timeline, parts
	From        string   `json:"from,omitempty" metadata:",optional"` // from now on, if it is absent
	Till        string   `json:"till"`                                // the last moment
}

// CheckReading asks whether a reader may read something of a component, or of a part in it, now.
type CheckReading struct {
	ComponentID string `json:"componentId"`
	Reader      string `json:"reader"`
	What        string `json:"what"`                                  // passport or timeline
	PartID      string `json:"partId,omitempty" metadata:",optional"` // of the component itself, if it is absent
}

// DelegationRef names a delegation.
type DelegationRef struct {
	ComponentID  string `json:"componentId"`
	DelegationID string `json:"delegationId"`
}

// RevokeDelegation ends a delegation before its time.
type RevokeDelegation struct {
	ComponentID  string `json:"componentId"`
	DelegationID string `json:"delegationId"`
	Reason       string `json:"reason"`
}

// DelegationPage is a page of a component's delegations.
type DelegationPage struct {
	Items []authority.Delegation `json:"items"`
	Next  string                 `json:"next"`
}

// AccessListRequest asks for a page of what was done with one delegation to a key.
type AccessListRequest struct {
	Of           string `json:"of"` // the component
	DelegationID string `json:"delegationId"`
	Limit        int    `json:"limit"`
	Cursor       string `json:"cursor,omitempty" metadata:",optional"`
}

// AccessPage is a page of uses, oldest first.
type AccessPage struct {
	Items []authority.AccessRecord `json:"items"`
	Next  string                   `json:"next"`
}

// SetMandate makes an action on a component take the approval of several (ID15);
// with no members and a threshold of 0 it does not any more.
type SetMandate struct {
	ComponentID     string   `json:"componentId"`
	Action          string   `json:"action"` // the transaction
	Members         []string `json:"members"`
	Threshold       uint64   `json:"threshold"`
	ApprovalSeconds int64    `json:"approvalSeconds,omitempty" metadata:",optional"` // 7 days, if it is absent
}

// MandatePage is a page of a component's mandates, by action.
type MandatePage struct {
	Items []authority.Mandate `json:"items"`
	Next  string              `json:"next"`
}

// AskApproval puts one exact request to the members of a mandate.
type AskApproval struct {
	ComponentID string `json:"componentId"`
	Action      string `json:"action"`
	Argument    string `json:"argument"` // the JSON argument of the transaction that is to be carried out
}

// ApproveRequest is one member's word: the caller's, or an engineer's with its envelope.
type ApproveRequest struct {
	ComponentID string         `json:"componentId"`
	RequestHash string         `json:"requestHash"`
	Round       uint64         `json:"round"`
	Envelope    *dsse.Envelope `json:"envelope,omitempty" metadata:",optional"` // a statement of kind approval
}

// ApprovalRef names a request that waits for approval.
type ApprovalRef struct {
	ComponentID string `json:"componentId"`
	RequestHash string `json:"requestHash"`
}
