package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// ChangeRoles says what is to become of an organisation's roles (ID12). What it gives
// up of its own is done with that; everything else waits for the members.
func (*Participant) ChangeRoles(ctx *Context, in *api.ChangeRoles) (*party.RoleChange, error) {
	if _, err := callerOrganisation(ctx); err != nil {
		return nil, err
	}
	c, err := ledger.Get(ctx.tx, consortiums, founder)
	if err != nil {
		return nil, err
	}
	o, err := ledger.Get(ctx.tx, organisations, in.MSPID)
	if err != nil {
		return nil, err
	}
	wish := party.Wish{ChangeID: in.ChangeID, Grant: in.Grant, Withdraw: in.Withdraw, Reason: in.Reason, OpenSeconds: in.OpenSeconds}
	w := ctx.partyWhen(o.Newest())
	r, err := c.Propose(*o, wish, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, roleChanges, fault.CodeRoleChangeExists, &r, r.MSPID, r.ChangeID); err != nil {
		return nil, err
	}
	return roleChanged(ctx, *c, *o, r, w)
}

// AgreeToRoles is one member's word about a change of another's roles.
func (*Participant) AgreeToRoles(ctx *Context, in *api.RoleChangeRef) (*party.RoleChange, error) {
	c, err := ledger.Get(ctx.tx, consortiums, founder)
	if err != nil {
		return nil, err
	}
	known, err := ledger.Get(ctx.tx, roleChanges, in.MSPID, in.ChangeID)
	if err != nil {
		return nil, err
	}
	o, err := ledger.Get(ctx.tx, organisations, in.MSPID)
	if err != nil {
		return nil, err
	}
	w := ctx.partyWhen(known.ChangedAt, o.Newest())
	r, err := known.Agree(*c, *o, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, roleChanges, &r, r.MSPID, r.ChangeID); err != nil {
		return nil, err
	}
	return roleChanged(ctx, *c, *o, r, w)
}

// ListRoleChanges gives a page of the changes of an organisation's roles, by id.
func (*Participant) ListRoleChanges(ctx *Context, in *api.ListRequest) (*api.RoleChangePage, error) {
	p, err := listOfOrganisation(ctx, roleChanges, in)
	if err != nil {
		return nil, err
	}
	return &api.RoleChangePage{Items: values(p.Items), Next: p.Next}, nil
}

// roleChanged tells of a change, and carries it out when it is done. The roles of the
// others are looked at only where the last one of an organisation goes.
func roleChanged(ctx *Context, c party.Consortium, o party.Organisation, r party.RoleChange, w party.When) (*party.RoleChange, error) {
	fact := ledger.NewFact("role-change", r.MSPID, r)
	if r.Status != party.RoleChangeDone {
		return &r, ctx.tx.Announce(api.RolesChangedEvent, r.MSPID, fact)
	}
	next := o.Change(r, w)
	var others []party.Organisation
	if len(next.Roles) == 0 {
		for _, member := range c.Others(o.MSPID) {
			other, err := ledger.Get(ctx.tx, organisations, member)
			if err != nil {
				return nil, err
			}
			others = append(others, *other)
		}
	}
	if err := party.KeepsARole(next, others); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, organisations, &next, next.MSPID); err != nil {
		return nil, err
	}
	return &r, ctx.tx.Announce(api.RolesChangedEvent, r.MSPID, fact, ledger.NewFact("roles-changed", r.MSPID, next))
}

// listOfOrganisation gives a page of records of an organisation that has been announced.
func listOfOrganisation[T any](ctx *Context, k ledger.Kind[T], in *api.ListRequest) (*ledger.Page[T], error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.Of); err != nil {
		return nil, err
	}
	return ledger.List(ctx.tx, k, in.Limit, in.Cursor, in.Of)
}

func (c *Context) partyWhen(last ...measure.Time) party.When {
	return party.When{Actor: c.actor(), Now: c.now(last...), TransactionID: c.tx.ID()}
}
