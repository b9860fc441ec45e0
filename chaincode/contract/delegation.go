package contract

import (
	"cmp"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Delegate lets another organisation do named things with a component for its owner (ID14).
func (*Component) Delegate(ctx *Context, in *api.DelegateActions) (*authority.Delegation, error) {
	g, err := readGrant(in.Actions, in.From, in.Till)
	if err != nil {
		return nil, err
	}
	g.MaxUses = in.MaxUses
	if _, err := ledger.Get(ctx.tx, organisations, in.Organisation); err != nil {
		return nil, err
	}
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	last, err := lastDelegation(ctx, t.Tenure, authority.ToOrganisation(in.Organisation))
	if err != nil {
		return nil, err
	}
	d, err := authority.Delegate(t.Tenure, in.Organisation, g, last, ctx.authorityWhen(t.changedAt, last.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &d, storeDelegation(ctx, d, "delegated")
}

// readGrant reads what is granted, and from when until when.
func readGrant(actions []string, from, till string) (g authority.Grant, err error) {
	g.Actions = actions
	if g.Till, err = measure.ParseTime("till", till); err != nil || from == "" {
		return g, err
	}
	g.From, err = measure.ParseTime("from", from)
	return g, err
}

// delegationKey is where the present owner's delegation under an id is. Each owner's
// time has its own: a former owner protects what it has granted, and could otherwise
// keep the next one from granting anything under the same id. Readers have one of each
// owner: what it told a reader it cannot put behind it with a machine and back.
func delegationKey(t authority.Tenure, id string) []string {
	if authority.IsReader(id) {
		return []string{t.ComponentID, id, t.Owner}
	}
	return []string{t.ComponentID, id, ledger.HighestFirst(t.Number)}
}

// newestDelegation is the present owner's under an id, or the last of an earlier
// owner's time. It lists, so it is for questions only.
func newestDelegation(ctx *Context, componentID, id string) (*authority.Delegation, error) {
	most := 1
	if authority.IsReader(id) {
		most = api.MaxPage // owners
	}
	p, err := ledger.List(ctx.tx, delegations, most, "", componentID, id)
	if err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, fault.New(fault.CodeDelegationUnknown, "no delegation %q of %s", id, componentID).With("id", componentID+"/"+id)
	}
	newest := func(a, b *authority.Delegation) int { return cmp.Compare(a.Tenure, b.Tenure) }
	return slices.MaxFunc(p.Items, newest), nil
}

// lastDelegation is the last one of the owner's time under an id, or an empty one.
func lastDelegation(ctx *Context, t authority.Tenure, id string) (authority.Delegation, error) {
	return ledger.FindOr(ctx.tx, delegations, authority.Delegation{}, delegationKey(t, id)...)
}

// GrantAccess lets the holder of a key do things with a component, by a token that
// was signed for its owner. The machine takes the same token without a line (ID14).
func (*Component) GrantAccess(ctx *Context, in *api.SignedGrant) (*authority.Delegation, error) {
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	s, err := openStatement[authority.AccessGrant](ctx, &in.Envelope, authority.AccessGrantKind, in.ComponentID, telemeter, engineer)
	if err != nil {
		return nil, err
	}
	if err := signsForOwner(s.Signer, t); err != nil {
		return nil, err
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(s.Body.Algorithm), s.Body.PublicKey)
	if err != nil {
		return nil, err
	}
	holder := party.DeviceKey{KeyID: key.ID(), Algorithm: s.Body.Algorithm, PublicKey: s.Body.PublicKey}
	g := authority.Grant{Actions: s.Body.Actions, From: s.Body.From, Till: s.Body.Till, MaxUses: s.Body.MaxUses}
	d, err := authority.GrantToKey(t.Tenure, s.Body.Name, holder, g, ctx.authorityWhen(t.changedAt, s.At))
	if err != nil {
		return nil, err
	}
	d.TokenHash, d.GrantedBy = s.Hash, s.Name
	if _, found, err := ledger.Find(ctx.tx, delegations, delegationKey(t.Tenure, d.DelegationID)...); err != nil || found {
		return nil, orExists(err, d)
	}
	return &d, storeDelegation(ctx, d, "access-granted")
}

func orExists(err error, d authority.Delegation) error {
	if err != nil {
		return err
	}
	return fault.New(fault.CodeDelegationExists, "%s of %s has been granted", d.DelegationID, d.ComponentID).With("delegationId", d.DelegationID)
}

// signsForOwner refuses a signer that does not grant access in the owner's name.
func signsForOwner(s signer, t tenant) error {
	if s.organisation != t.Owner {
		return fault.New(fault.CodeDelegationSigner, "%s signs for %s, and %s is owned by %s", s.id, s.organisation, t.ComponentID, t.Owner).With("owner", t.Owner)
	}
	if s.kind == engineer {
		return s.credential.Covers(authority.GrantAccessSkill, t.partNumber)
	}
	return nil
}

// RevokeDelegation ends a delegation before its time.
func (*Component) RevokeDelegation(ctx *Context, in *api.RevokeDelegation) (*authority.Delegation, error) {
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	d, err := ledger.Get(ctx.tx, delegations, delegationKey(t.Tenure, in.DelegationID)...)
	if err != nil {
		return nil, err
	}
	next, err := d.Revoke(t.Tenure, in.Reason, ctx.authorityWhen(t.changedAt, d.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &next, storeDelegation(ctx, next, "delegation-revoked")
}

// RecordAccess puts on record what the holder of a key has done with a component;
// anyone may carry it.
func (*Component) RecordAccess(ctx *Context, in *api.SignedAccess) (*authority.AccessRecord, error) {
	if err := ctx.permit(party.CarryStatement); err != nil {
		return nil, err
	}
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	s, err := openStatement[authority.AccessUse](ctx, &in.Envelope, authority.AccessUseKind, in.ComponentID, delegate)
	if err != nil {
		return nil, err
	}
	if err := s.Body.Check(); err != nil {
		return nil, err
	}
	w := ctx.authorityWhen(t.changedAt, s.At)
	next, err := s.Signer.delegation.Use(s.Body.Action, t.Tenure, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, delegations, &next, delegationKey(t.Tenure, next.DelegationID)...); err != nil {
		return nil, err
	}
	r := authority.AccessRecord{
		ComponentID: next.ComponentID, DelegationID: next.DelegationID, Tenure: next.Tenure, Number: s.Sequence, Action: s.Body.Action, Challenge: s.Body.Challenge, Hash: s.Hash,
		SignedAt: s.SignedAt, At: w.Now, Actor: w.Actor, TransactionID: w.TransactionID,
	}
	if err := ledger.Append(ctx.tx, accesses, &r, r.ComponentID, r.DelegationID, ledger.Seq(r.Number)); err != nil {
		return nil, err
	}
	return &r, ctx.tx.Announce(api.AccessRecordedEvent, r.ComponentID, ledger.NewFact("access", r.ComponentID, r))
}

// GetDelegation gives a delegation as it stands: the present owner's, or the last one
// that an earlier owner has granted under this id.
func (*Component) GetDelegation(ctx *Context, in *api.DelegationRef) (*authority.Delegation, error) {
	return newestDelegation(ctx, in.ComponentID, in.DelegationID)
}

// ListDelegations gives a page of a component's delegations, those that are over and
// those of earlier owners too.
func (*Component) ListDelegations(ctx *Context, in *api.ListRequest) (*api.DelegationPage, error) {
	p, err := listOf(ctx, delegations, in)
	if err != nil {
		return nil, err
	}
	return &api.DelegationPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListAccesses gives a page of what was done with one delegation to a key, oldest first.
func (*Component) ListAccesses(ctx *Context, in *api.AccessListRequest) (*api.AccessPage, error) {
	if _, err := newestDelegation(ctx, in.Of, in.DelegationID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, accesses, in.Limit, in.Cursor, in.Of, in.DelegationID)
	if err != nil {
		return nil, err
	}
	return &api.AccessPage{Items: values(p.Items), Next: p.Next}, nil
}

// storeDelegation keeps a delegation as its owner alone may change it.
func storeDelegation(ctx *Context, d authority.Delegation, fact string) error {
	key := delegationKey(authority.Tenure{ComponentID: d.ComponentID, Owner: d.Owner, Number: d.Tenure}, d.DelegationID)
	if err := ledger.Put(ctx.tx, delegations, &d, key...); err != nil {
		return err
	}
	if err := protect(ctx, delegations, []string{d.Owner}, key...); err != nil {
		return err
	}
	return ctx.tx.Announce(api.DelegationChangedEvent, d.ComponentID, ledger.NewFact(fact, d.ComponentID, d))
}

// tenant is the present owner's time with a component.
type tenant struct {
	authority.Tenure
	partNumber string
	changedAt  measure.Time
	event      uint64 // by which it began
}

// tenureOf loads a component whose owner may let others act for it. What is
// installed belongs to a machine, whose owner speaks about the machine.
func tenureOf(ctx *Context, id string) (tenant, error) {
	c, err := ledger.Get(ctx.tx, components, id)
	if err != nil {
		return tenant{}, err
	}
	if err := c.Lives(component.Keep); err != nil {
		return tenant{}, err
	}
	return tenant{tenure(*c), c.PartNumber, c.ChangedAt, c.TenureEvent}, c.Loose()
}

func tenure(c component.Component) authority.Tenure {
	return authority.Tenure{ComponentID: c.ComponentID, Owner: c.Owner, Number: c.Transfers}
}

func (c *Context) authorityWhen(last ...measure.Time) authority.When {
	return authority.When{Actor: c.actor(), Now: c.now(last...), TransactionID: c.tx.ID()}
}

// inRight says in whose right something is done with a component: in the caller's
// own, or in the owner's, who has delegated it to the caller. That is counted. A
// delegation that is not in force gives nothing, and takes nothing from what the
// caller may do by itself.
func (c *Context) inRight(of component.Component) (component.When, error) {
	own := c.componentWhen(of.ChangedAt)
	if r, _ := authority.RowOf(c.name); !r.Delegable || own.Actor == of.Owner || of.InstalledIn != "" {
		return own, nil
	}
	key := delegationKey(tenure(of), authority.ToOrganisation(own.Actor))
	d, found, err := ledger.Find(c.tx, delegations, key...)
	if err != nil || !found {
		return own, err
	}
	w := c.authorityWhen(of.ChangedAt, d.ChangedAt)
	next, err := d.Use(c.name, tenure(of), w)
	if err != nil {
		return own, nil
	}
	own.Actor, own.Delegate, own.Now = of.Owner, own.Actor, w.Now
	return own, ledger.Put(c.tx, delegations, &next, key...)
}
