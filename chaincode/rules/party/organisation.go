// Package party owns who takes part: organisations with their roles, devices
// with their keys, and the table of who may do what. It does not verify
// signatures or certificates; the contract does that before it asks. Invariants:
// an organisation's roles are given by others, never by itself, except for the
// founder; and some member of the consortium always has one.
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
	// Registrar verifies who the participants are: a root of trust.
	Registrar Role = "registrar"
	// StandardsBody publishes the documents that tests are done by.
	StandardsBody Role = "standards-body"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{Manufacturer, Service, Shipper, Owner, Certifier, Auditor, Regulator, Registrar, StandardsBody}
}

// entrusted are the roles that others build on, so that no member alone gives them
// to anybody: the founder does as it founds the consortium, and then the members do.
var entrusted = []Role{Registrar, StandardsBody}

// MaxMembers bounds the consortium: every protected record names its majority.
const MaxMembers = 64

// Consortium is the one record of who founded it and who is a member (ID1).
type Consortium struct {
	Founder   string       `json:"founder"` // MSP id of the organisation that was announced first
	Members   []string     `json:"members"` // MSP ids, sorted
	ChangedAt measure.Time `json:"changedAt"`
}

// Foundation is how many organisations become members of the consortium by being
// announced, and by the founder alone. Others become so by their first act, which the
// peers let only a real member of the channel do: were every announced name a member
// of the consortium, somebody could announce ghosts until no majority is to be had,
// neither for a protected record nor for a role.
const Foundation = 3

// Founding reports whether what the caller announces belongs to the founding.
func (c Consortium) Founding(caller string) bool {
	return c.Founder == "" || caller == c.Founder && len(c.Members) < Foundation
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
	Roles       []Role       `json:"roles"`                                    // sorted, without repeats
	Former      []Role       `json:"former,omitempty" metadata:",optional"`    // that it gave up or that were withdrawn; sorted
	Decisions   uint64       `json:"decisions,omitempty" metadata:",optional"` // changes of its roles that the others have decided
	AnnouncedBy string       `json:"announcedBy"`
	AnnouncedAt measure.Time `json:"announcedAt"`
	ChangedAt   measure.Time `json:"changedAt,omitempty" metadata:",optional"`
	// Verified and Verifications stand in answers; see [Standing].
	Verified      []Verified `json:"verified,omitempty" metadata:",optional"`
	Verifications uint64     `json:"verifications,omitempty" metadata:",optional"`
}

// Announce makes a member. The founder announces itself; after that a member
// announces others (ID1, ID2), but not with a role that is entrusted.
func Announce(caller string, c Consortium, o Organisation, now measure.Time) (Organisation, error) {
	founded := c.Founder != ""
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
	roles, err := checkRoles("roles", o.Roles)
	if err != nil {
		return o, err
	}
	if len(roles) == 0 {
		return o, fault.New(fault.CodeInvalid, "roles must name at least one role").With("field", "roles")
	}
	if !c.Founding(caller) && slices.ContainsFunc(roles, isEntrusted) {
		return o, fault.New(fault.CodeRoleEntrusted, "after the founding, a majority of the members makes a registrar or a standards body: announce %s without that role and propose it", o.MSPID)
	}
	return Organisation{MSPID: o.MSPID, Name: o.Name, Roles: roles, AnnouncedBy: caller, AnnouncedAt: now}, nil
}

func isEntrusted(r Role) bool { return slices.Contains(entrusted, r) }

// checkRoles gives the roles in order, each of which must be one and be named once.
func checkRoles(field string, given []Role) ([]Role, error) {
	roles := slices.Clone(given)
	slices.Sort(roles)
	if len(slices.Compact(slices.Clone(roles))) != len(roles) {
		return nil, fault.New(fault.CodeInvalid, "%s must name each role once", field).With("field", field)
	}
	for _, r := range roles {
		if !slices.Contains(Roles(), r) {
			return nil, fault.New(fault.CodeInvalid, "no role is called %q", string(r)).With("field", field)
		}
	}
	return roles, nil
}

// Newest is when the organisation's record was last written.
func (o Organisation) Newest() measure.Time { return max(o.AnnouncedAt, o.ChangedAt) }

// Has reports whether the organisation has one of the roles.
func (o Organisation) Has(roles ...Role) bool { return anyOf(o.Roles, roles) }

func anyOf(have, wanted []Role) bool {
	return slices.ContainsFunc(wanted, func(r Role) bool { return slices.Contains(have, r) })
}
