package contract

import (
	"encoding/json"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// QuarantineStatement keeps an engineer's statement that comes too late, with its
// envelope, until the issuer of the credential decides. Anyone may carry it.
func (*Participant) QuarantineStatement(ctx *Context, in *api.QuarantineStatement) (*statement.QuarantinedStatement, error) {
	if err := ctx.permit(party.CarryStatement); err != nil {
		return nil, err
	}
	_, who, s, err := verifyStatement[json.RawMessage](ctx, &in.Envelope)
	if err != nil {
		return nil, err
	}
	if who.kind != engineer {
		return nil, fault.New(fault.CodeStatementSigner, "only what engineers sign goes into quarantine").With("signer", s.Signer)
	}
	chain, err := chainBefore(ctx, s)
	if err != nil {
		return nil, err
	}
	w := statement.When{Actor: ctx.actor(), Now: ctx.now(chain.ChangedAt, who.changedAt()), TransactionID: ctx.tx.ID()}
	standing := who.credential.Standing(who.keyNumber, w.Now)
	if !standing.Late() {
		return nil, fault.New(fault.CodeQuarantineInTime, "the credential is %s: present the statement where it belongs", standing).With("standing", string(standing))
	}
	return hold(ctx, statement.Hold(s, who.id, string(standing), w), in)
}

// hold stores a statement and its envelope for the issuer, who alone changes it.
func hold(ctx *Context, q statement.QuarantinedStatement, in *api.QuarantineStatement) (*statement.QuarantinedStatement, error) {
	if err := ledger.Create(ctx.tx, quarantine, fault.CodeQuarantineDecided, &q, q.Issuer, q.Hash); err != nil {
		return nil, err
	}
	if err := protect(ctx, quarantine, []string{q.Issuer}, q.Issuer, q.Hash); err != nil {
		return nil, err
	}
	if err := ledger.Append(ctx.tx, heldEnvelopes, &api.HeldEnvelope{Hash: q.Hash, Envelope: in.Envelope}, q.Issuer, q.Hash); err != nil {
		return nil, err
	}
	return &q, ctx.tx.Announce(api.StatementQuarantinedEvent, q.CredentialID, ledger.NewFact("statement-held", q.Subject, q))
}

// ReleaseStatement lets a statement in quarantine take effect once it is presented
// again, as if it had come in time. Only the issuer of the credential does that.
func (*Participant) ReleaseStatement(ctx *Context, in *api.DecideStatement) (*statement.QuarantinedStatement, error) {
	return decideStatement(ctx, in, statement.Released)
}

// RejectStatement says that a statement in quarantine never takes effect.
func (*Participant) RejectStatement(ctx *Context, in *api.DecideStatement) (*statement.QuarantinedStatement, error) {
	return decideStatement(ctx, in, statement.Rejected)
}

func decideStatement(ctx *Context, in *api.DecideStatement, to statement.QuarantineStatus) (*statement.QuarantinedStatement, error) {
	q, err := ledger.Get(ctx.tx, quarantine, in.Issuer, in.Hash)
	if err != nil {
		return nil, err
	}
	next, err := q.Decide(to, in.Reason, statement.When{Actor: ctx.actor(), Now: ctx.now(q.ChangedAt), TransactionID: ctx.tx.ID()})
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, quarantine, &next, in.Issuer, in.Hash); err != nil {
		return nil, err
	}
	return &next, ctx.tx.Announce(api.StatementDecidedEvent, next.CredentialID, ledger.NewFact("statement-"+string(next.Status), next.Subject, next))
}

// GetQuarantined gives a statement in quarantine, with its envelope.
func (*Participant) GetQuarantined(ctx *Context, in *api.QuarantineRef) (*api.QuarantineEntry, error) {
	q, err := ledger.Get(ctx.tx, quarantine, in.Issuer, in.Hash)
	if err != nil {
		return nil, err
	}
	held, err := ledger.Get(ctx.tx, heldEnvelopes, in.Issuer, in.Hash)
	if err != nil {
		return nil, err
	}
	return &api.QuarantineEntry{Statement: *q, Envelope: held.Envelope}, nil
}

// ListQuarantine gives a page of the statements in quarantine for an issuer, by hash.
func (*Participant) ListQuarantine(ctx *Context, in *api.ListRequest) (*api.QuarantinePage, error) {
	if _, err := ledger.Get(ctx.tx, organisations, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, quarantine, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.QuarantinePage{Items: values(p.Items), Next: p.Next}, nil
}

// GetStatementChain says which statement of a signer about a subject comes next.
func (*Participant) GetStatementChain(ctx *Context, in *api.StatementChainRef) (*statement.StatementChain, error) {
	chain, found, err := ledger.Find(ctx.tx, statementChains, in.Subject, in.Signer)
	if err != nil || found {
		return chain, err
	}
	first := statement.NewChain(in.Subject, in.Signer)
	return &first, nil
}

// ListStatements gives a page of the statements about a subject: of one signer in
// order, or of all, by signer.
func (*Participant) ListStatements(ctx *Context, in *api.StatementListRequest) (*api.StatementPage, error) {
	of := []string{in.Subject}
	if in.Signer != "" {
		of = append(of, in.Signer)
	}
	p, err := ledger.List(ctx.tx, signedRecords, in.Limit, in.Cursor, of...)
	if err != nil {
		return nil, err
	}
	return &api.StatementPage{Items: values(p.Items), Next: p.Next}, nil
}
