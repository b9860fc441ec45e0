package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// IssueCredential certifies an engineer, whose tablet has made the key and signed
// its announcement (ID4, ID5).
func (*Participant) IssueCredential(ctx *Context, in *api.IssueCredential) (*credential.Credential, error) {
	if err := ctx.permit(party.IssueCredential); err != nil {
		return nil, err
	}
	key, halves, err := engineerKey(ctx, &in.Proof, dsse.CredentialKey{CredentialID: in.CredentialID, KeyNumber: 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
	if err != nil {
		return nil, err
	}
	c, e, err := credential.Issue(in.CredentialID, key, in.Grant, ctx.credentialWhen(""))
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, credentials, fault.CodeCredentialExists, &c, c.CredentialID); err != nil {
		return nil, err
	}
	if err := protect(ctx, credentials, []string{c.Issuer}, c.CredentialID); err != nil {
		return nil, err
	}
	if err := claimKeys(ctx, c.Uses(e.Number, halves)); err != nil {
		return nil, err
	}
	return &c, recordCredential(ctx, api.CredentialIssuedEvent, e)
}

// RenewCredential replaces what a credential grants, and until when.
func (*Participant) RenewCredential(ctx *Context, in *api.RenewCredential) (*credential.Credential, error) {
	return changeCredential(ctx, in.CredentialID, api.CredentialRenewedEvent, func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
		return c.Renew(credential.Grant{Skills: in.Skills, PartNumbers: in.PartNumbers, ValidUntil: in.ValidUntil}, w)
	})
}

// RotateCredentialKey gives an engineer the next key, say that of a new tablet; what
// the old one has signed is late from then on.
func (*Participant) RotateCredentialKey(ctx *Context, in *api.RotateCredentialKey) (*credential.Credential, error) {
	return changeCredential(ctx, in.CredentialID, api.CredentialKeyRotatedEvent, func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
		key, halves, err := engineerKey(ctx, &in.Proof, dsse.CredentialKey{CredentialID: in.CredentialID, KeyNumber: c.Key.Number + 1, Algorithm: in.Algorithm, PublicKey: in.PublicKey})
		if err != nil {
			return c, credential.CredentialEvent{}, err
		}
		next, e, err := c.Rotate(key, w)
		if err != nil {
			return c, e, err
		}
		return next, e, claimKeys(ctx, next.Uses(e.Number, halves))
	})
}

// RevokeCredential ends a credential; what is recorded stays valid, and what comes
// later has no effect unless the issuer releases it (ID6).
func (*Participant) RevokeCredential(ctx *Context, in *api.RevokeCredential) (*credential.Credential, error) {
	return changeCredential(ctx, in.CredentialID, api.CredentialRevokedEvent, func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
		return c.Revoke(in.Reason, w)
	})
}

// GetCredential gives a credential as it is now (ID9).
func (*Participant) GetCredential(ctx *Context, in *api.CredentialRef) (*credential.Credential, error) {
	return ledger.Get(ctx.tx, credentials, in.CredentialID)
}

// ListCredentials gives a page of all credentials, by id.
func (*Participant) ListCredentials(ctx *Context, in *api.ListRequest) (*api.CredentialPage, error) {
	p, err := ledger.List(ctx.tx, credentials, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	return &api.CredentialPage{Items: values(p.Items), Next: p.Next}, nil
}

// CredentialHistory gives a page of what happened to a credential, oldest first.
func (*Participant) CredentialHistory(ctx *Context, in *api.ListRequest) (*api.CredentialEventPage, error) {
	if _, err := ledger.Get(ctx.tx, credentials, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, credentialEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.CredentialEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListTallies gives a page of how much an engineer has signed, by kind of statement (ID10).
func (*Participant) ListTallies(ctx *Context, in *api.ListRequest) (*api.TallyPage, error) {
	if _, err := ledger.Get(ctx.tx, credentials, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, tallies, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.TallyPage{Items: values(p.Items), Next: p.Next}, nil
}

// GetKeyHolder says whose key it is that an envelope names (ID13).
func (*Participant) GetKeyHolder(ctx *Context, in *api.KeyRef) (*api.KeyHolder, error) {
	use, err := ledger.Get(ctx.tx, keyUses, in.KeyID)
	if err != nil {
		return nil, err
	}
	h := api.KeyHolder{Use: *use}
	if use.CredentialID != "" {
		c, err := ledger.Get(ctx.tx, credentials, use.CredentialID)
		if err != nil {
			return nil, err
		}
		h.Organisation, h.Status = c.Issuer, party.KeyStatus(use.Number, c.Key.Number, c.Status)
	} else {
		d, err := ledger.Get(ctx.tx, devices, use.DeviceID)
		if err != nil {
			return nil, err
		}
		h.Organisation, h.Status = d.Organisation, party.KeyStatus(use.Number, d.Key.Number, d.Status)
	}
	o, err := ledger.Get(ctx.tx, organisations, h.Organisation)
	if err != nil {
		return nil, err
	}
	h.OrganisationName = o.Name
	return &h, nil
}

type credentialStep func(credential.Credential, credential.When) (credential.Credential, credential.CredentialEvent, error)

// changeCredential loads a credential, takes one step, and stores it.
func changeCredential(ctx *Context, id, event string, step credentialStep) (*credential.Credential, error) {
	c, err := ledger.Get(ctx.tx, credentials, id)
	if err != nil {
		return nil, err
	}
	next, e, err := step(*c, ctx.credentialWhen(c.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, credentials, &next, id); err != nil {
		return nil, err
	}
	return &next, recordCredential(ctx, event, e)
}

// recordCredential appends the event and announces it.
func recordCredential(ctx *Context, event string, e credential.CredentialEvent) error {
	if err := ledger.Append(ctx.tx, credentialEvents, &e, e.CredentialID, ledger.Seq(e.Number)); err != nil {
		return err
	}
	return ctx.tx.Announce(event, e.CredentialID, ledger.NewFact("credential-"+string(e.Step), e.CredentialID, e))
}

// engineerKey verifies the announcement of an engineer's key and compares it with
// what the request says: a proof is good for one key of one credential of one issuer
// on one ledger. With the key it gives the ids of its halves, if it is a pair.
func engineerKey(ctx *Context, proof *dsse.Envelope, want dsse.CredentialKey) (party.DeviceKey, []string, error) {
	got, key, err := dsse.OpenCredentialKey(proof)
	if err != nil {
		return party.DeviceKey{}, nil, err
	}
	want.Ledger, want.Issuer = ctx.tx.LedgerID(), ctx.actor()
	if *got != want {
		return party.DeviceKey{}, nil, fault.New(fault.CodeKeyProofInvalid, "the key statement is for another ledger, credential, issuer or key")
	}
	return party.DeviceKey{KeyID: key.ID(), Algorithm: string(want.Algorithm), PublicKey: want.PublicKey}, key.HalfIDs(), nil
}

func (c *Context) credentialWhen(last measure.Time) credential.When {
	return credential.When{Actor: c.actor(), Now: c.now(last), TransactionID: c.tx.ID()}
}
