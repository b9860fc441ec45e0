package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// GrantReading lets somebody outside the channel, who has a key pair, read of a component (ID12).
func (*Component) GrantReading(ctx *Context, in *api.GrantReading) (*authority.Delegation, error) {
	g, err := readGrant(in.Actions, in.From, in.Till)
	if err != nil {
		return nil, err
	}
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(in.Algorithm), in.PublicKey)
	if err != nil {
		return nil, err
	}
	last, err := lastDelegation(ctx, t.Tenure, authority.ToReader(in.Reader))
	if err != nil {
		return nil, err
	}
	if t.Tenure, err = tenureBefore(ctx, t.Tenure, t.event); err != nil {
		return nil, err
	}
	holder := party.DeviceKey{KeyID: key.ID(), Algorithm: in.Algorithm, PublicKey: in.PublicKey}
	d, err := authority.GrantReading(t.Tenure, in.Reader, holder, g, last, ctx.authorityWhen(t.changedAt, last.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &d, storeDelegation(ctx, d, "reading-granted")
}

// CheckReading gives the grant under which a reader may read something of a component
// now, and refuses what it is not let read, saying why where it was let once, be it by
// an earlier owner. Who asks for the reader has made sure that it holds the grant's key.
func (*Component) CheckReading(ctx *Context, in *api.CheckReading) (*authority.Delegation, error) {
	d, err := newestDelegation(ctx, in.ComponentID, authority.ToReader(in.Reader))
	if err != nil {
		return nil, err
	}
	c, err := ledger.Get(ctx.tx, components, in.ComponentID)
	if err != nil {
		return nil, err
	}
	asked := authority.Asked{What: in.What, PartID: in.PartID}
	if in.PartID != "" {
		up, err := ctx.workshop().Above(in.PartID)
		if err != nil {
			return nil, err
		}
		asked.Inside = slices.ContainsFunc(up, func(p assembly.Placement) bool { return p.MachineID == in.ComponentID })
	}
	t, err := tenureBefore(ctx, tenure(*c), c.TenureEvent)
	if err != nil {
		return nil, err
	}
	if err := d.LetsRead(asked, t, ctx.now(c.ChangedAt, d.ChangedAt)); err != nil {
		return nil, err
	}
	return d, nil
}

// tenureBefore adds how the tenure before ended, by the event with this number.
func tenureBefore(ctx *Context, t authority.Tenure, event uint64) (authority.Tenure, error) {
	if t.Number == 0 {
		return t, nil
	}
	e, err := ledger.Get(ctx.tx, componentEvents, t.ComponentID, ledger.Seq(event))
	if err != nil {
		return t, err
	}
	by, how := e.Handed()
	t.Before = authority.Ending{By: by, At: e.At, Reason: how}
	return t, nil
}
