// Package credential owns what a company certifies of an engineer: a personal
// number, a key, skills, the part numbers that they are for, and how long. It does
// not verify signatures, and it does not own what an engineer says; package
// statement does. Invariant: only the issuer changes a credential, a revoked one
// never becomes valid again, and nobody's name is in it.
package credential

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// The bounds of what one credential grants.
const (
	MaxSkills      = 32
	MaxPartNumbers = 128
	// MaxValidityMs is ten years: a licence that nobody renews must end by itself.
	MaxValidityMs = 10 * 366 * 24 * 60 * 60 * 1000
	// AnyPart, alone, says that the skills are for components of every type.
	AnyPart = "*"
)

// Credential certifies an engineer (ID5). Its id is the engineer's personal number
// with this issuer (ID9), such as a GSRN; who the person is, the issuer knows.
type Credential struct {
	CredentialID string          `json:"credentialId"`
	Issuer       string          `json:"issuer"` // MSP id of the organisation that answers for the engineer
	Status       party.Status    `json:"status"` // active or revoked
	Key          party.DeviceKey `json:"key"`    // the present key, made on the engineer's tablet
	Grant        Grant           `json:"grant"`
	Events       uint64          `json:"events"` // number of events; the next one has this number
	IssuedAt     measure.Time    `json:"issuedAt"`
	ChangedAt    measure.Time    `json:"changedAt"`
	RevokedFor   string          `json:"revokedFor,omitempty" metadata:",optional"` // the reason, once revoked
}

// Grant is what the engineer may do, and when.
type Grant struct {
	Skills      []string     `json:"skills"`      // sorted
	PartNumbers []string     `json:"partNumbers"` // component types, sorted; ["*"] for any
	ValidFrom   measure.Time `json:"validFrom"`
	ValidUntil  measure.Time `json:"validUntil"` // from this moment on it is not valid
}

// Step is what happened to a credential.
type Step string

// The steps.
const (
	Issued     Step = "issued"
	Renewed    Step = "renewed"
	KeyRotated Step = "key-rotated"
	Revoked    Step = "revoked"
)

// CredentialEvent is the append-only record of one step: the whole credential as
// it was from then on.
type CredentialEvent struct {
	CredentialID  string          `json:"credentialId"`
	Number        uint64          `json:"number"`
	Step          Step            `json:"step"`
	Key           party.DeviceKey `json:"key"`
	Grant         Grant           `json:"grant"`
	Reason        string          `json:"reason,omitempty" metadata:",optional"`
	At            measure.Time    `json:"at"`
	Actor         string          `json:"actor"`
	TransactionID string          `json:"transactionId"`
}

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Issue certifies an engineer. That the key signed its own announcement is checked
// before this is called, and that the caller has a role that certifies.
func Issue(id string, key party.DeviceKey, g Grant, w When) (Credential, CredentialEvent, error) {
	if err := party.CheckID("credentialId", id); err != nil {
		return Credential{}, CredentialEvent{}, err
	}
	g, err := g.checked(w.Now)
	if err != nil {
		return Credential{}, CredentialEvent{}, err
	}
	key.Number, key.Since = 1, w.Now
	c := Credential{CredentialID: id, Issuer: w.Actor, Status: party.Active, Key: key, Grant: g, IssuedAt: w.Now}
	c, e := c.record(Issued, w)
	return c, e, nil
}

// Renew replaces what is granted. The beginning stays as it was: a credential that
// ran out in between was not valid in between, and what was recorded then is not
// made better by it.
func (c Credential) Renew(g Grant, w When) (Credential, CredentialEvent, error) {
	if err := c.changeable(w.Actor); err != nil {
		return c, CredentialEvent{}, err
	}
	g.ValidFrom = c.Grant.ValidFrom
	g, err := g.checked(w.Now)
	if err != nil {
		return c, CredentialEvent{}, err
	}
	c.Grant = g
	c, e := c.record(Renewed, w)
	return c, e, nil
}

// Rotate gives the engineer a new key, say on a new tablet. What the old key has
// signed and is not on record yet is late from now on.
func (c Credential) Rotate(key party.DeviceKey, w When) (Credential, CredentialEvent, error) {
	if err := c.changeable(w.Actor); err != nil {
		return c, CredentialEvent{}, err
	}
	if key.KeyID == c.Key.KeyID {
		return c, CredentialEvent{}, fault.New(fault.CodeKeyInvalid, "the new key is the present key")
	}
	key.Number, key.Since = c.Key.Number+1, w.Now
	c.Key = key
	c, e := c.record(KeyRotated, w)
	return c, e, nil
}

// Revoke ends a credential for ever (ID6): what is recorded stays, what comes
// later has no effect unless the issuer releases it.
func (c Credential) Revoke(reason string, w When) (Credential, CredentialEvent, error) {
	if err := c.changeable(w.Actor); err != nil {
		return c, CredentialEvent{}, err
	}
	if err := party.CheckText("reason", reason, 1, 200); err != nil {
		return c, CredentialEvent{}, err
	}
	c.Status, c.RevokedFor = party.Revoked, reason
	c, e := c.record(Revoked, w)
	return c, e, nil
}

// Uses are the records that a credential's new key takes, as [party.Device.Uses];
// event is the number of the event that announced it.
func (c Credential) Uses(event uint64, halves []string) []party.KeyUse {
	use := party.KeyUse{KeyID: c.Key.KeyID, CredentialID: c.CredentialID, Event: event, Number: c.Key.Number, At: c.Key.Since}
	uses := []party.KeyUse{use}
	for _, half := range halves {
		use.KeyID, use.PairKeyID = half, c.Key.KeyID
		uses = append(uses, use)
	}
	return uses
}

// IssuedBy refuses everybody but the issuer.
func (c Credential) IssuedBy(actor string) error {
	if c.Issuer != actor {
		return fault.New(fault.CodeCredentialIssuer, "credential %s was issued by %s", c.CredentialID, c.Issuer).With("issuer", c.Issuer)
	}
	return nil
}

// Covers refuses work that the credential does not grant: it needs the skill, for
// components of this part number.
func (c Credential) Covers(skill, partNumber string) error {
	if !slices.Contains(c.Grant.Skills, skill) {
		return fault.New(fault.CodeCredentialCovers, "credential %s does not grant the skill %s", c.CredentialID, skill).With("credentialId", c.CredentialID).With("skill", skill)
	}
	if !slices.Contains(c.Grant.PartNumbers, AnyPart) && !slices.Contains(c.Grant.PartNumbers, partNumber) {
		return fault.New(fault.CodeCredentialCovers, "credential %s is not for components of part number %s", c.CredentialID, partNumber).With("credentialId", c.CredentialID).With("partNumber", partNumber)
	}
	return nil
}

func (c Credential) record(s Step, w When) (Credential, CredentialEvent) {
	e := CredentialEvent{
		CredentialID: c.CredentialID, Number: c.Events, Step: s, Key: c.Key, Grant: c.Grant, Reason: c.RevokedFor,
		At: w.Now, Actor: w.Actor, TransactionID: w.TransactionID,
	}
	c.Events++
	c.ChangedAt = w.Now
	return c, e
}

func (c Credential) changeable(actor string) error {
	if err := c.IssuedBy(actor); err != nil {
		return err
	}
	if c.Status == party.Revoked {
		return fault.New(fault.CodeCredentialRevoked, "credential %s was revoked", c.CredentialID).With("since", string(c.ChangedAt))
	}
	return nil
}

// checked is the grant in its one form, or why there is none. It does not write
// into the caller's lists.
func (g Grant) checked(now measure.Time) (Grant, error) {
	var err error
	if g.Skills, err = words("skills", g.Skills, MaxSkills); err != nil {
		return g, err
	}
	if !slices.Equal(g.PartNumbers, []string{AnyPart}) {
		if g.PartNumbers, err = words("partNumbers", g.PartNumbers, MaxPartNumbers); err != nil {
			return g, err
		}
	}
	if g.ValidFrom, err = measure.ParseTime("validFrom", string(g.ValidFrom)); err != nil {
		return g, err
	}
	if g.ValidUntil, err = measure.ParseTime("validUntil", string(g.ValidUntil)); err != nil {
		return g, err
	}
	if g.ValidUntil <= max(now, g.ValidFrom) || g.ValidUntil.UnixMs()-max(now, g.ValidFrom).UnixMs() > MaxValidityMs {
		return g, fault.New(fault.CodeInvalid, "validUntil must be later than now and than validFrom, by at most ten years").With("field", "validUntil")
	}
	return g, nil
}

// words are a list of identifiers, sorted, each once.
func words(field string, list []string, most int) ([]string, error) {
	if len(list) < 1 || len(list) > most {
		return nil, fault.New(fault.CodeInvalid, "%s must have 1 to %d entries", field, most).With("field", field)
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	for i, w := range sorted {
		if err := party.CheckID(field, w); err != nil {
			return nil, err
		}
		if i > 0 && sorted[i-1] == w {
			return nil, fault.New(fault.CodeInvalid, "%s names %s twice", field, w).With("field", field)
		}
	}
	return sorted, nil
}
