package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/network/parallel"
)

// Definition is what the organisations are to agree on.
type Definition struct {
	Channel, Name, Version string
	Sequence               int64
	Package                *Package
	// Policy is a path in the channel's configuration that says who endorses. Empty is
	// /Channel/Application/Endorsement: a majority of organisations.
	Policy string
}

func (d Definition) sdk() *chaincode.Definition {
	c := &chaincode.Definition{ChannelName: d.Channel, Name: d.Name, Version: d.Version, Sequence: d.Sequence, PackageID: d.Package.ID}
	if d.Policy != "" {
		c.ApplicationPolicy = &peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_ChannelConfigPolicyReference{ChannelConfigPolicyReference: d.Policy}}
	}
	return c
}

// Deploy brings the channel to the definition: it installs, approves for every
// organisation and commits, and skips whatever has been done. A package that changed
// under a definition that is committed, as by a new index, is approved again by every
// organisation, for itself; nothing is committed then. upgraded says whether anything was.
func Deploy(ctx context.Context, admins []*Admin, d Definition, progress func(string, ...any)) (upgraded bool, err error) {
	if err := parallel.Each(admins, func(a *Admin) error { return a.install(ctx, d.Package) }); err != nil {
		return false, err
	}
	now, err := admins[0].committed(ctx, d)
	if err != nil {
		return false, err
	}
	switch {
	case now == d.Sequence:
		return false, parallel.Each(admins, func(a *Admin) error { return a.approveAgain(ctx, d, progress) })
	case now > d.Sequence:
		return false, fmt.Errorf("sequence %d of chaincode %s is committed already; set chaincode.sequence to %d, or to %d for an upgrade", now, d.Name, now, now+1)
	case now < d.Sequence-1:
		return false, fmt.Errorf("sequence %d of chaincode %s is committed, so the next is %d, not %d", now, d.Name, now+1, d.Sequence)
	}
	progress("chaincode installed")
	if err := parallel.Each(admins, func(a *Admin) error { return a.approve(ctx, d) }); err != nil {
		return false, err
	}
	progress("chaincode approved by %d organisations", len(admins))
	if err := admins[0].commit(ctx, d); err != nil {
		return false, err
	}
	return true, parallel.Each(admins, func(a *Admin) error { return a.sees(ctx, d) })
}

func (a *Admin) install(ctx context.Context, p *Package) error {
	node := chaincode.NewPeer(a.conn, a.id)
	return retry(ctx, "installing the chaincode at "+a.MSPID, func(ctx context.Context) error {
		installed, err := node.QueryInstalled(ctx)
		if err != nil {
			return err
		}
		for _, cc := range installed.InstalledChaincodes {
			if cc.PackageId == p.ID {
				return nil
			}
		}
		_, err = node.Install(ctx, bytes.NewReader(p.Bytes))
		return err
	})
}

// committed is the sequence that the organisation's peer knows; 0 when there is none.
func (a *Admin) committed(ctx context.Context, d Definition) (sequence int64, err error) {
	err = retry(ctx, "asking for the committed chaincode", func(ctx context.Context) error {
		all, err := chaincode.NewGateway(a.conn, a.id).QueryCommitted(ctx, d.Channel)
		if err != nil {
			return err
		}
		sequence = 0
		for _, cc := range all.ChaincodeDefinitions {
			if cc.Name == d.Name {
				sequence = cc.Sequence
			}
		}
		return nil
	})
	return sequence, err
}

func (a *Admin) approve(ctx context.Context, d Definition) error {
	return retry(ctx, "approving the chaincode for "+a.MSPID, func(ctx context.Context) error {
		err := chaincode.NewGateway(a.conn, a.id).Approve(ctx, d.sdk())
		if err != nil && alreadyApproved(reason(err)) {
			return nil // an earlier try, or run, had got through
		}
		return err
	})
}

// approveAgain approves the definition with the present package if the organisation's
// approval is of another one. Its peer then makes the indexes of the new package, and
// calls the chaincode under the new id.
func (a *Admin) approveAgain(ctx context.Context, d Definition, progress func(string, ...any)) error {
	var approved string
	err := retry(ctx, "asking what "+a.MSPID+" has approved", func(ctx context.Context) error {
		def, err := chaincode.NewGateway(a.conn, a.id).QueryApproved(ctx, d.Channel, d.Name, d.Sequence)
		approved = def.GetSource().GetLocalPackage().GetPackageId()
		return err
	})
	if err != nil || approved == d.Package.ID {
		return err
	}
	progress("%s approves the chaincode's new package", a.MSPID)
	return a.approve(ctx, d)
}

func (a *Admin) commit(ctx context.Context, d Definition) error {
	return retry(ctx, "committing the chaincode", func(ctx context.Context) error {
		if now, err := a.committed(ctx, d); err != nil || now >= d.Sequence {
			return err
		}
		return chaincode.NewGateway(a.conn, a.id).Commit(ctx, d.sdk())
	})
}

func (a *Admin) sees(ctx context.Context, d Definition) error {
	return retry(ctx, "waiting for the chaincode definition at "+a.MSPID, func(ctx context.Context) error {
		now, err := a.committed(ctx, d)
		if err == nil && now < d.Sequence {
			err = fmt.Errorf("the peer knows sequence %d, not %d", now, d.Sequence)
		}
		return err
	})
}

// alreadyApproved says whether a peer refuses an approval because it has the very same,
// of a definition that is to be committed or that is.
func alreadyApproved(says string) bool {
	return strings.Contains(says, "unchanged content") || strings.Contains(says, "attempted to redefine the current committed sequence")
}
