// Package authority owns who may act for somebody else, and who has to agree
// before something is done: delegations, mandates, and the table of who may do
// what. It does not own what the actions do, and it verifies no signature.
// Invariant: a delegation or mandate is of one owner's time with a component, and
// means nothing once the component has changed hands.
package authority

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Tenure is one owner's time with a component. Number counts how often it has
// changed hands, or was put into a machine or taken out of one; so what the owner
// allowed does not come to life again when the component comes back.
type Tenure struct {
	ComponentID string
	Owner       string
	Number      uint64
	Before      Ending // how the tenure before this one ended, where that is asked
}

// DelegationStatus is where a delegation stands. One that is granted ends by
// itself at its time, when it is used up, and when the component changes hands.
type DelegationStatus string

// The statuses of a delegation.
const (
	Granted DelegationStatus = "granted"
	Revoked DelegationStatus = "revoked"
)

// Delegation lets somebody do named things with a component for its owner, for a
// time: another organisation, or whoever holds a key (ID14), to act or to read
// (ID12). It is a head; the owner's next one to the same organisation or reader follows
// its last.
type Delegation struct {
	ComponentID   string           `json:"componentId"`
	DelegationID  string           `json:"delegationId"` // "organisation:<MSP id>", "key:<name>" or "reader:<name>"
	Number        uint64           `json:"number"`       // of the owner's grants under this id, from 1
	Status        DelegationStatus `json:"status"`
	Owner         string           `json:"owner"`  // who grants it
	Tenure        uint64           `json:"tenure"` // of the component when it was granted
	Actions       []string         `json:"actions"`
	From          measure.Time     `json:"from"`
	Till          measure.Time     `json:"till"`
	MaxUses       uint64           `json:"maxUses,omitempty" metadata:",optional"` // 0: any number
	Uses          uint64           `json:"uses"`
	Key           *party.DeviceKey `json:"key,omitempty" metadata:",optional"`       // whose holder may
	TokenHash     string           `json:"tokenHash,omitempty" metadata:",optional"` // hex SHA-256 of the signed grant, of which the machine has the key
	GrantedBy     string           `json:"grantedBy,omitempty" metadata:",optional"` // who has signed it for the owner: "device:<id>" or "credential:<id>"
	RevokedFor    string           `json:"revokedFor,omitempty" metadata:",optional"`
	RevokedBy     string           `json:"revokedBy,omitempty" metadata:",optional"` // MSP id of the owner then
	Ended         *Ending          `json:"ended,omitempty" metadata:",optional"`     // how an earlier grant to the same reader did, the last that ended before its time
	GrantedAt     measure.Time     `json:"grantedAt"`
	ChangedAt     measure.Time     `json:"changedAt"`
	TransactionID string           `json:"transactionId"` // that changed it last
}

// The sorts of delegation, by how their ids begin.
const (
	toOrganisation = "organisation:"
	toKey          = "key:"
	toReader       = "reader:"
)

// ToOrganisation is the id of the delegation to an organisation: there is one.
func ToOrganisation(mspID string) string { return toOrganisation + mspID }

// ToKey is the id of the delegation to the holder of a key.
func ToKey(name string) string { return toKey + name }

// Bounds of a delegation.
const (
	MaxActions = 16
	MaxDays    = 366
	maxName    = 64
)

// Grant is what the owner allows.
type Grant struct {
	Actions []string
	From    measure.Time // "": from now on
	Till    measure.Time
	MaxUses uint64
}

// Delegate lets another organisation do named transactions for the owner; last is
// the last delegation to it in this owner's time, or an empty one.
func Delegate(t Tenure, mspID string, g Grant, last Delegation, w When) (Delegation, error) {
	if mspID == t.Owner {
		return last, fault.New(fault.CodeInvalid, "the owner needs no delegation of its own").With("field", "organisation")
	}
	for _, a := range g.Actions {
		if r, ok := RowOf(a); !ok || !r.Delegable {
			return last, fault.New(fault.CodeDelegationAction, "%q cannot be delegated", a).With("action", a)
		}
	}
	return grant(t, ToOrganisation(mspID), g, last.Number, w)
}

// GrantToKey lets whoever holds a key do things with the component that have
// names of the owner's, such as unlock. A name serves once.
func GrantToKey(t Tenure, name string, key party.DeviceKey, g Grant, w When) (Delegation, error) {
	if err := checkName("name", name); err != nil {
		return Delegation{}, err
	}
	for _, a := range g.Actions {
		if err := checkWord(a); err != nil {
			return Delegation{}, err
		}
	}
	d, err := grant(t, ToKey(name), g, 0, w)
	if err != nil {
		return d, err
	}
	key.Number, key.Since = 1, w.Now
	d.Key = &key
	return d, nil
}

func grant(t Tenure, id string, g Grant, before uint64, w When) (Delegation, error) {
	if w.Actor != t.Owner {
		return Delegation{}, notOwner(t)
	}
	if n := len(g.Actions); n < 1 || n > MaxActions || len(slices.Compact(slices.Sorted(slices.Values(g.Actions)))) != n {
		return Delegation{}, invalid("actions", "actions must name 1 to %d actions, each once", MaxActions)
	}
	if g.From == "" {
		g.From = w.Now
	}
	if g.Till <= w.Now || g.Till <= g.From || g.Till > w.Now.Add(MaxDays*24*3600*1000) {
		return Delegation{}, invalid("till", "till must be later than now and than from, by at most %d days", MaxDays)
	}
	if g.MaxUses > 1_000_000 {
		return Delegation{}, invalid("maxUses", "maxUses must be 0 to 1000000")
	}
	return Delegation{
		ComponentID: t.ComponentID, DelegationID: id, Number: before + 1, Status: Granted, Owner: t.Owner, Tenure: t.Number,
		Actions: slices.Sorted(slices.Values(g.Actions)), From: g.From, Till: g.Till, MaxUses: g.MaxUses,
		GrantedAt: w.Now, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// Lets refuses what the delegation does not allow, or not any more.
func (d Delegation) Lets(action string, t Tenure, now measure.Time) error {
	if !slices.Contains(d.Actions, action) {
		return fault.New(fault.CodeDelegationAction, "%s does not allow %q", d.DelegationID, action).With("action", action)
	}
	if why := d.outOfForce(t, now); why != "" {
		return fault.New(fault.CodeDelegationOver, "%s is not in force: %s", d.DelegationID, why).With("delegationId", d.DelegationID).With("till", string(d.Till))
	}
	return nil
}

// outOfForce says why a delegation is not in force; "": it is.
func (d Delegation) outOfForce(t Tenure, now measure.Time) string {
	switch {
	case d.Status != Granted:
		return "it was revoked"
	case d.Owner != t.Owner || d.Tenure != t.Number:
		return "the component has changed hands"
	case now < d.From:
		return "it has not begun"
	case now > d.Till:
		return "its time is over"
	case d.MaxUses > 0 && d.Uses >= d.MaxUses:
		return "it is used up"
	}
	return ""
}

// Use counts one use of a delegation that allows it.
func (d Delegation) Use(action string, t Tenure, w When) (Delegation, error) {
	if err := d.Lets(action, t, w.Now); err != nil {
		return d, err
	}
	d.Uses++
	d.ChangedAt, d.TransactionID = w.Now, w.TransactionID
	return d, nil
}

// Revoke ends a delegation; the component's present owner does.
func (d Delegation) Revoke(t Tenure, reason string, w When) (Delegation, error) {
	if w.Actor != t.Owner {
		return d, notOwner(t)
	}
	if d.Status != Granted {
		return d, fault.New(fault.CodeDelegationOver, "%s was revoked", d.DelegationID).With("delegationId", d.DelegationID)
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return d, err
	}
	d.Status, d.RevokedFor, d.RevokedBy, d.ChangedAt, d.TransactionID = Revoked, reason, w.Actor, w.Now, w.TransactionID
	return d, nil
}

// AccessRecord is one use of a delegation by who holds its key. It never changes.
type AccessRecord struct {
	ComponentID   string       `json:"componentId"`
	DelegationID  string       `json:"delegationId"`
	Tenure        uint64       `json:"tenure"` // of the component
	Number        uint64       `json:"number"` // of the holder's statement about the component
	Action        string       `json:"action"`
	Challenge     string       `json:"challenge"` // of the machine, which has checked it
	Hash          string       `json:"hash"`      // of the statement
	SignedAt      measure.Time `json:"signedAt"`  // the holder's claim
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"` // MSP id of who carried it
	TransactionID string       `json:"transactionId"`
}

// The kinds of statement by which access is granted and used.
const (
	AccessGrantKind = "access-grant"
	AccessUseKind   = "access-use"
)

// GrantAccessSkill is the skill that an engineer needs who grants access for the owner.
const GrantAccessSkill = "grant-access"

// AccessGrant is the token that the owner signs: a machine that knows the owner's
// key takes it without a line to anybody.
type AccessGrant struct {
	Name      string       `json:"name"`
	Algorithm string       `json:"algorithm"`
	PublicKey string       `json:"publicKey"` // base64 of the SubjectPublicKeyInfo, DER
	Actions   []string     `json:"actions"`
	From      measure.Time `json:"from"`
	Till      measure.Time `json:"till"`
	MaxUses   uint64       `json:"maxUses"`
}

// AccessUse is what the holder of the key signs at the machine.
type AccessUse struct {
	Action    string `json:"action"`
	Challenge string `json:"challenge"` // the machine's, so that nobody uses what was signed before
}

// Check holds a use to its form.
func (u AccessUse) Check() error {
	if err := checkWord(u.Action); err != nil {
		return err
	}
	return party.CheckText("challenge", u.Challenge, 1, 128)
}

func checkName(field, name string) error {
	if err := party.CheckID(field, name); err != nil {
		return err
	}
	if len(name) > maxName {
		return invalid(field, "%s must be at most %d characters", field, maxName)
	}
	return nil
}

// checkWord accepts an action's name of the owner's own: letters a to z and hyphens.
func checkWord(a string) error {
	if len(a) < 1 || len(a) > 40 || strings.Trim(a, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return invalid("actions", "an action is 1 to 40 letters a to z and hyphens")
	}
	return nil
}

func notOwner(t Tenure) error {
	return fault.New(fault.CodeOwnershipNotOwner, "%s is owned by %s", t.ComponentID, t.Owner).With("owner", t.Owner)
}

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeInvalid, format, args...).With("field", field)
}
