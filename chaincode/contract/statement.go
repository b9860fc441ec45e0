package contract

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// signerKind is what stands before the colon in the name of a signer.
type signerKind string

// The kinds of signer.
const (
	engineer  signerKind = "credential"
	machine   signerKind = "component"
	telemeter signerKind = "device"
	delegate  signerKind = "delegation" // who holds the key to which access to the subject was granted
)

// signer is who has signed a statement. One of the four records is there.
type signer struct {
	kind         signerKind
	id           string // without the kind
	organisation string // who answers for it: the issuer, the owner, who registered it
	key          *dsse.PublicKey
	keyNumber    uint64 // of a credential's key
	credential   *credential.Credential
	component    *component.Component
	device       *party.Device
	delegation   *authority.Delegation
}

// signed is a statement that takes effect in this transaction.
type signed[B any] struct {
	Body     B
	Signer   signer
	Kind     string
	Subject  string
	Name     string // of the signer, with its kind: "credential:<id>"
	Sequence uint64
	Hash     string
	SignedAt measure.Time // the signer's claim
	At       measure.Time // when it is recorded
	Released bool         // it came too late, and the issuer has released it
}

// openStatement lets a statement take effect: it is signed for this ledger, of this
// kind, about this subject, by one of these kinds of signer, with a key that is good
// now, and it follows the signer's last statement about this subject. The chain, the
// record and the engineer's tally are stored. What comes too late is refused with
// [fault.CodeStatementLate]; participant:QuarantineStatement keeps it, and once the
// issuer has released it, the same envelope passes here.
//
// Call it before anything is written, and once for a signer and a subject in a
// transaction: a transaction does not see its own writes. What the signer may say
// of the subject (a skill, a relation) is for the caller to decide.
func openStatement[B any](ctx *Context, e *dsse.Envelope, kind, subject string, by ...signerKind) (signed[B], error) {
	none := signed[B]{}
	said, who, s, err := verifyStatement[B](ctx, e)
	if err != nil {
		return none, err
	}
	switch {
	case s.Kind != kind || s.Subject != subject:
		return none, fault.New(fault.CodeStatementWrong, "the statement is of kind %s about %s, not of kind %s about %s", s.Kind, s.Subject, kind, subject).With("kind", s.Kind).With("subject", s.Subject)
	case !slices.Contains(by, who.kind):
		return none, fault.New(fault.CodeStatementSigner, "a %s cannot make a statement of kind %s", who.kind, kind).With("signer", s.Signer)
	}
	chain, err := chainBefore(ctx, s)
	if err != nil {
		return none, err
	}
	w := statement.When{Actor: ctx.actor(), Now: ctx.now(chain.ChangedAt, who.changedAt()), TransactionID: ctx.tx.ID()}
	if err := s.Timely(w.Now); err != nil {
		return none, err
	}
	released, err := who.standing(ctx, s.Hash, w.Now)
	if err != nil {
		return none, err
	}
	next, record, err := chain.Follow(s, released, w)
	if err != nil {
		return none, err
	}
	if err := keepStatement(ctx, who, next, record); err != nil {
		return none, err
	}
	return signed[B]{
		Body: said.Body, Signer: who, Kind: kind, Subject: subject, Name: s.Signer, Sequence: s.Sequence, Hash: s.Hash, SignedAt: s.SignedAt, At: w.Now, Released: released,
	}, nil
}

// verifyStatement finds the signer's key and verifies the envelope with it.
func verifyStatement[B any](ctx *Context, e *dsse.Envelope) (*dsse.Statement[B], signer, statement.Signed, error) {
	claim, err := dsse.Claims(e)
	if err != nil {
		return nil, signer{}, statement.Signed{}, err
	}
	if claim.Ledger != ctx.tx.LedgerID() {
		return nil, signer{}, statement.Signed{}, fault.New(fault.CodeStatementLedger, "the statement is for ledger %s, this is %s", claim.Ledger, ctx.tx.LedgerID()).With("ledger", claim.Ledger)
	}
	who, err := findSigner(ctx, claim, e.KeyIDs())
	if err != nil {
		return nil, signer{}, statement.Signed{}, err
	}
	said, hash, err := dsse.OpenStatement[B](e, who.key)
	if err != nil {
		return nil, signer{}, statement.Signed{}, err
	}
	return said, who, statement.Signed{
		Kind: said.Kind, Subject: said.Subject, Signer: said.Signer, Organisation: who.organisation, KeyID: who.key.ID(),
		Sequence: said.Sequence, Previous: said.Previous, Hash: hash, SignedAt: said.SignedAt,
	}, nil
}

// findSigner loads who is said to have signed, and the key to verify that with.
func findSigner(ctx *Context, claim dsse.Claim, keyIDs []string) (signer, error) {
	kind, id, _ := strings.Cut(claim.Signer, ":")
	if err := party.CheckID("signer", id); err != nil {
		return signer{}, err
	}
	switch signerKind(kind) {
	case engineer:
		return findEngineer(ctx, id, keyIDs)
	case machine:
		c, err := ledger.Get(ctx.tx, components, id)
		if err != nil {
			return signer{}, err
		}
		if err := c.Lives(component.Keep); err != nil {
			return signer{}, err
		}
		key, err := dsse.ParsePublicKey(dsse.Algorithm(c.Algorithm), c.PublicKey)
		return signer{kind: machine, id: id, organisation: c.Owner, key: key, component: c}, err
	case delegate:
		c, err := ledger.Get(ctx.tx, components, claim.Subject)
		if err != nil {
			return signer{}, err
		}
		d, err := ledger.Get(ctx.tx, delegations, delegationKey(tenure(*c), authority.ToKey(id))...)
		if err != nil {
			return signer{}, err
		}
		key, err := dsse.ParsePublicKey(dsse.Algorithm(d.Key.Algorithm), d.Key.PublicKey)
		return signer{kind: delegate, id: id, organisation: d.Owner, key: key, delegation: d}, err
	case telemeter:
		d, err := ledger.Get(ctx.tx, devices, id)
		if err != nil {
			return signer{}, err
		}
		if err := d.Signs(); err != nil {
			return signer{}, err
		}
		key, err := presentKey(*d)
		return signer{kind: telemeter, id: id, organisation: d.Organisation, key: key, device: d}, err
	}
	return signer{}, fault.New(fault.CodeEnvelopeMalformed, "the signer is no credential, component, device or delegation")
}

// findEngineer finds a credential's key: the present one, or an earlier one if that
// is what the envelope names.
func findEngineer(ctx *Context, id string, keyIDs []string) (signer, error) {
	c, err := ledger.Get(ctx.tx, credentials, id)
	if err != nil {
		return signer{}, err
	}
	at := c.Key
	if !slices.Contains(keyIDs, at.KeyID) {
		if at, err = formerKey(ctx, *c, keyIDs); err != nil {
			return signer{}, err
		}
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(at.Algorithm), at.PublicKey)
	if err != nil {
		return signer{}, fault.Wrap(err, "key of credential %s", id)
	}
	return signer{kind: engineer, id: id, organisation: c.Issuer, key: key, keyNumber: at.Number, credential: c}, nil
}

// formerKey is the key of a credential, before the present one, that is said to have
// signed; the present one if there is none.
func formerKey(ctx *Context, c credential.Credential, keyIDs []string) (party.DeviceKey, error) {
	for _, keyID := range keyIDs {
		use, found, err := ledger.Find(ctx.tx, keyUses, keyID)
		if err != nil {
			return c.Key, err
		}
		if !found || use.CredentialID != c.CredentialID || use.PairKeyID != "" {
			continue
		}
		e, err := ledger.Get(ctx.tx, credentialEvents, c.CredentialID, ledger.Seq(use.Event))
		if err != nil {
			return c.Key, err
		}
		return e.Key, nil
	}
	return c.Key, nil
}

// chainBefore loads the chain that a statement must follow. One that is not new is
// refused here: it is on record, or contradicts what is.
func chainBefore(ctx *Context, s statement.Signed) (statement.StatementChain, error) {
	chain := statement.NewChain(s.Subject, s.Signer)
	before, found, err := ledger.Find(ctx.tx, statementChains, s.Subject, s.Signer)
	if err != nil || !found {
		return chain, err
	}
	if s.Sequence > before.Sequence {
		return *before, nil
	}
	taken, err := ledger.Get(ctx.tx, signedRecords, s.Subject, s.Signer, ledger.Seq(s.Sequence))
	if err != nil {
		return chain, err
	}
	return chain, before.Known(s, *taken)
}

// standing refuses what the signer's key is not good for now. Devices and machines
// have no quarantine: theirs is good or it is not, which findSigner has seen.
func (who signer) standing(ctx *Context, hash string, now measure.Time) (released bool, err error) {
	if who.kind != engineer {
		return false, nil
	}
	q, found, err := ledger.Find(ctx.tx, quarantine, who.organisation, hash)
	switch {
	case err != nil:
		return false, err
	case found:
		return true, q.Passes()
	}
	return false, who.credential.Signs(who.keyNumber, now)
}

// changedAt is when the signer's key or credential changed last; nothing that it
// signed is recorded before.
func (who signer) changedAt() measure.Time {
	switch who.kind {
	case engineer:
		return who.credential.ChangedAt
	case machine:
		return who.component.ChangedAt
	case delegate:
		return who.delegation.ChangedAt
	}
	return who.device.ChangedAt
}

// keepStatement stores the chain and the record, and counts it for an engineer.
func keepStatement(ctx *Context, who signer, chain statement.StatementChain, r statement.StatementRecord) error {
	if err := ledger.Put(ctx.tx, statementChains, &chain, chain.Subject, chain.Signer); err != nil {
		return err
	}
	if err := ledger.Append(ctx.tx, signedRecords, &r, r.Subject, r.Signer, ledger.Seq(r.Sequence)); err != nil {
		return err
	}
	if who.kind != engineer {
		return nil
	}
	t, err := ledger.FindOr(ctx.tx, tallies, statement.Tally{CredentialID: who.id, Kind: r.Kind}, who.id, r.Kind)
	if err != nil {
		return err
	}
	t = t.Count(r.Released, r.At)
	return ledger.Put(ctx.tx, tallies, &t, who.id, r.Kind)
}
