// Package party owns who takes part: organisations with their roles, devices
// with their keys, and the table of who may do what. It does not verify
// signatures or certificates; the contract does that before it asks. Invariant:
// an organisation's roles are given by another member, never by itself, except
// for the founder.
package party

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Role is what an organisation does in the consortium (ID7).
type Role string

// The roles.
const (
	Manufacturer Role = "manufacturer"
	Service      Role = "service"
	Shipper      Role = "shipper"
	Owner        Role = "owner"
	Certifier    Role = "certifier"
	Auditor      Role = "auditor"
	Regulator    Role = "regulator"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{Manufacturer, Service, Shipper, Owner, Certifier, Auditor, Regulator}
}

// MaxMembers bounds the consortium: every protected record names its majority.
const MaxMembers = 64

// Consortium is the one record of who founded it and who is a member (ID1).
type Consortium struct {
	Founder   string       `json:"founder"` // MSP id of the organisation that was announced first
	Members   []string     `json:"members"` // MSP ids, sorted
	ChangedAt measure.Time `json:"changedAt"`
}

// Join adds a member; the first one founds the consortium.
func (c Consortium) Join(mspID string, now measure.Time) (Consortium, error) {
	if len(c.Members) >= MaxMembers {
		return c, fault.New(fault.CodeNotPermitted, "a consortium has at most %d members", MaxMembers)
	}
	if c.Founder == "" {
		c.Founder = mspID
	}
	c.Members = append(slices.Clone(c.Members), mspID)
	slices.Sort(c.Members)
	c.ChangedAt = now
	return c, nil
}

// Witnesses are the members whose majority must endorse a protected record. A
// consortium of one has nobody who could object, so it keeps no such records.
func (c Consortium) Witnesses() ([]string, error) {
	if len(c.Members) < 2 {
		return nil, fault.New(fault.CodeNotPermitted, "the consortium has no second member yet: announce one first")
	}
	return c.Members, nil
}

// Organisation is a member: a Fabric MSP with a name for people and its roles.
type Organisation struct {
	MSPID       string       `json:"mspId"`
	Name        string       `json:"name"`
	Roles       []Role       `json:"roles"` // sorted, without repeats
	AnnouncedBy string       `json:"announcedBy"`
	AnnouncedAt measure.Time `json:"announcedAt"`
}

// Announce makes a member. The founder announces itself; after that a member
// announces others (ID1, ID2).
func Announce(caller string, founded bool, o Organisation, now measure.Time) (Organisation, error) {
	if !founded && o.MSPID != caller {
		return o, fault.New(fault.CodeNotPermitted, "the first organisation announces itself")
	}
	if founded && o.MSPID == caller {
		return o, fault.New(fault.CodeNotPermitted, "an organisation is announced by another member, not by itself")
	}
	if err := CheckID("mspId", o.MSPID); err != nil {
		return o, err
	}
	if err := CheckText("name", o.Name, 1, 100); err != nil {
		return o, err
	}
	o.Roles = slices.Clone(o.Roles)
	slices.Sort(o.Roles)
	if len(o.Roles) == 0 || len(slices.Compact(slices.Clone(o.Roles))) != len(o.Roles) {
		return o, fault.New(fault.CodeInvalid, "roles must name at least one role, each once").With("field", "roles")
	}
	for _, r := range o.Roles {
		if !slices.Contains(Roles(), r) {
			return o, fault.New(fault.CodeInvalid, "no role is called %q", string(r)).With("field", "roles")
		}
	}
	o.AnnouncedBy, o.AnnouncedAt = caller, now
	return o, nil
}

// Has reports whether the organisation has one of the roles.
func (o Organisation) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(o.Roles, r) })
}
