package party

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// RoleChangeStatus is where a change of roles stands.
type RoleChangeStatus string

// The statuses of a change of roles; one that is open ends by itself at its time.
const (
	RoleChangeOpen RoleChangeStatus = "open"
	RoleChangeDone RoleChangeStatus = "done"
)

// RoleChange is what is to become of one organisation's roles, and who has agreed
// (ID12). What an organisation gives up is done as it says so; everything else takes
// the majority of the others, and two words at least. Once done it never changes.
type RoleChange struct {
	MSPID         string           `json:"mspId"` // whose roles they are
	ChangeID      string           `json:"changeId"`
	Grant         []Role           `json:"grant"`    // sorted
	Withdraw      []Role           `json:"withdraw"` // sorted
	Reason        string           `json:"reason"`
	Status        RoleChangeStatus `json:"status"`
	ProposedBy    string           `json:"proposedBy"`
	ProposedAt    measure.Time     `json:"proposedAt"`
	OpenTill      measure.Time     `json:"openTill"`
	Agreed        []GivenWord      `json:"agreed"`
	Needed        uint64           `json:"needed"`    // how many have to agree, as of the last word; 0: it is its own
	Decisions     uint64           `json:"decisions"` // of the others about this organisation, as it was proposed
	ChangedAt     measure.Time     `json:"changedAt"`
	TransactionID string           `json:"transactionId"` // that changed it last
}

// GivenWord is one member's agreement.
type GivenWord struct {
	Member        string       `json:"member"` // MSP id
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// How long a change waits for the members.
const (
	MaxRoleChangeSeconds     = 90 * 24 * 3600
	DefaultRoleChangeSeconds = 30 * 24 * 3600
)

// Wish is what somebody wants to become of an organisation's roles.
type Wish struct {
	ChangeID        string
	Grant, Withdraw []Role
	Reason          string
	OpenSeconds     int64 // 0: [DefaultRoleChangeSeconds]
}

// Propose makes a change of o's roles. A member of the consortium may, and o itself.
// What o gives up of its own needs nobody; who proposes about another has agreed.
// Nothing bounds how many are open: each is a record of its own that ends by itself,
// no transaction but a word about it reads it, and what is decided overtakes the rest.
func (c Consortium) Propose(o Organisation, wish Wish, w When) (RoleChange, error) {
	own := o.MSPID == w.Actor
	if !own && !slices.Contains(c.Members, w.Actor) {
		return RoleChange{}, notAsked(o, w.Actor)
	}
	r, err := wish.read(w)
	if err != nil {
		return r, err
	}
	r.MSPID, r.Decisions = o.MSPID, o.Decisions
	if missing := slices.DeleteFunc(slices.Clone(r.Withdraw), func(r Role) bool { return o.Has(r) }); len(missing) > 0 {
		return r, fault.New(fault.CodeInvalid, "%s is no %s", o.MSPID, missing[0]).With("field", "withdraw")
	}
	if o.Has(r.Grant...) {
		return r, fault.New(fault.CodeInvalid, "%s has a role already that is to be granted", o.MSPID).With("field", "grant")
	}
	switch {
	case own && len(r.Grant) == 0:
		r.Status = RoleChangeDone
	case own:
		r.Needed = c.needed(r)
	default:
		r = r.with(c, w)
	}
	return r, nil
}

// read checks what a wish says by itself.
func (wish Wish) read(w When) (r RoleChange, err error) {
	if err := CheckID("changeId", wish.ChangeID); err != nil {
		return r, err
	}
	if err := CheckText("reason", wish.Reason, 1, 200); err != nil {
		return r, err
	}
	if r.Grant, err = checkRoles("grant", wish.Grant); err != nil {
		return r, err
	}
	if r.Withdraw, err = checkRoles("withdraw", wish.Withdraw); err != nil {
		return r, err
	}
	if len(r.Grant)+len(r.Withdraw) == 0 {
		return r, fault.New(fault.CodeInvalid, "a change grants or withdraws at least one role").With("field", "grant")
	}
	if wish.OpenSeconds == 0 {
		wish.OpenSeconds = DefaultRoleChangeSeconds
	}
	if wish.OpenSeconds < 0 || wish.OpenSeconds > MaxRoleChangeSeconds {
		return r, fault.New(fault.CodeInvalid, "openSeconds must be 0 to %d", MaxRoleChangeSeconds).With("field", "openSeconds")
	}
	return RoleChange{
		ChangeID: wish.ChangeID, Grant: append([]Role{}, r.Grant...), Withdraw: append([]Role{}, r.Withdraw...), Reason: wish.Reason, Status: RoleChangeOpen,
		ProposedBy: w.Actor, ProposedAt: w.Now, OpenTill: w.Now.Add(wish.OpenSeconds * 1000), Agreed: []GivenWord{}, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// Agree is one more member's word about a change of o's roles. Nobody has one in its
// own matter, and none counts about what another decision has overtaken: whoever agreed
// before did so about an organisation that was another one.
func (r RoleChange) Agree(c Consortium, o Organisation, w When) (RoleChange, error) {
	if w.Actor == r.MSPID || !slices.Contains(c.Members, w.Actor) {
		return r, notAsked(o, w.Actor)
	}
	if r.Status != RoleChangeOpen || w.Now > r.OpenTill {
		return r, fault.New(fault.CodeRoleChangeOver, "the change %s is %s and was open until %s", r.ChangeID, r.Status, r.OpenTill)
	}
	if r.Decisions != o.Decisions {
		return r, fault.New(fault.CodeRoleChangeOvertaken, "since the change %s was proposed, another one of the roles of %s has been decided", r.ChangeID, o.MSPID).With("changeId", r.ChangeID)
	}
	if slices.ContainsFunc(r.Agreed, func(g GivenWord) bool { return g.Member == w.Actor }) {
		return r, fault.New(fault.CodeRoleChangeGiven, "%s has agreed to it", w.Actor).With("member", w.Actor)
	}
	return r.with(c, w), nil
}

// with adds the actor's word. The change is done with enough words of those who are
// members now: one that has left the consortium has none any more.
func (r RoleChange) with(c Consortium, w When) RoleChange {
	r.Agreed = append(slices.Clone(r.Agreed), GivenWord{Member: w.Actor, At: w.Now, TransactionID: w.TransactionID})
	r.Needed = c.needed(r)
	others, words := c.Others(r.MSPID), uint64(0)
	for _, g := range r.Agreed {
		if slices.Contains(others, g.Member) {
			words++
		}
	}
	if words >= r.Needed {
		r.Status = RoleChangeDone
	}
	r.ChangedAt, r.TransactionID = w.Now, w.TransactionID
	return r
}

// needed is the majority of the members other than the one whose roles they are. It
// takes two at least, so that of two members neither strips or crowns the other; one
// is enough for what the organisation itself has proposed, to which it has agreed.
func (c Consortium) needed(r RoleChange) uint64 {
	majority := uint64(len(c.Others(r.MSPID))/2 + 1)
	if r.ProposedBy == r.MSPID {
		return majority
	}
	return max(2, majority)
}

// Others are the members of the consortium but for one.
func (c Consortium) Others(mspID string) []string {
	return slices.DeleteFunc(slices.Clone(c.Members), func(m string) bool { return m == mspID })
}

// Change carries a change out that is done. The contract sees to it that somebody
// in the consortium still has a role; what an organisation had stays on record, since
// it may finish with that what it has begun.
func (o Organisation) Change(r RoleChange, w When) Organisation {
	withdrawn := func(role Role) bool { return slices.Contains(r.Withdraw, role) }
	granted := func(role Role) bool { return slices.Contains(r.Grant, role) }
	lost := slices.DeleteFunc(slices.Clone(r.Withdraw), func(role Role) bool { return !o.Has(role) })
	o.Roles = inOrder(append(slices.DeleteFunc(slices.Clone(o.Roles), withdrawn), r.Grant...))
	o.Former = inOrder(append(slices.DeleteFunc(slices.Clone(o.Former), granted), lost...))
	if r.Needed > 0 { // what it gives up of its own puts off nothing that the others are about to decide
		o.Decisions++
	}
	o.ChangedAt = w.Now
	return o
}

func inOrder(roles []Role) []Role {
	slices.Sort(roles)
	return slices.Compact(roles)
}

// KeepsARole refuses a change after which nobody in the consortium has a role, so that
// nobody could be announced. others are the members other than o.
func KeepsARole(o Organisation, others []Organisation) error {
	if len(o.Roles) > 0 || slices.ContainsFunc(others, func(m Organisation) bool { return len(m.Roles) > 0 }) {
		return nil
	}
	return fault.New(fault.CodeRoleLast, "%s is the last one in the consortium that has a role", o.MSPID).With("organisation", o.MSPID)
}

func notAsked(o Organisation, actor string) error {
	return fault.New(fault.CodeRoleChangeNotMember, "%s has no word in what becomes of the roles of %s", actor, o.MSPID).With("organisation", actor)
}
