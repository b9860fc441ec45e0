package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// RecordValidation puts an engineer's word about a component on record, or that of a
// machine about itself; it counts for whoever signed it (ID9, ID10).
func (*Component) RecordValidation(ctx *Context, in *api.RecordValidation) (*component.Validation, error) {
	if err := ctx.permit(party.CarryStatement); err != nil {
		return nil, err
	}
	s, err := openStatement[component.ValidationBody](ctx, &in.Envelope, component.ValidationKind, in.ComponentID, engineer, machine)
	if err != nil {
		return nil, err
	}
	if err := mayValidate(ctx, s); err != nil {
		return nil, err
	}
	v := component.Validation{
		ComponentID: in.ComponentID, Signer: s.Name, Sequence: s.Sequence, Organisation: s.Signer.organisation, Body: s.Body, Hash: s.Hash,
		SignedAt: s.SignedAt, At: s.At, TransactionID: ctx.tx.ID(),
	}
	if err := ledger.Append(ctx.tx, validations, &v, v.ComponentID, v.Signer, ledger.Seq(v.Sequence)); err != nil {
		return nil, err
	}
	return &v, ctx.tx.Announce(api.ComponentValidatedEvent, v.ComponentID, ledger.NewFact("component-validated", v.ComponentID, v))
}

// mayValidate refuses an engineer without the skill for this type of component, and
// a machine that speaks of anything but itself.
func mayValidate(ctx *Context, s signed[component.ValidationBody]) error {
	if err := s.Body.Check(); err != nil {
		return err
	}
	if s.Signer.kind == machine {
		if s.Signer.id != s.Subject || s.Body.Skill != component.SelfTest {
			return fault.New(fault.CodeStatementSigner, "a machine validates itself, as a %s", component.SelfTest).With("signer", s.Name)
		}
		return nil
	}
	c, err := living(ctx, s.Subject)
	if err != nil {
		return err
	}
	return s.Signer.credential.Covers(s.Body.Skill, c.PartNumber)
}

// ListValidations gives a page of the validations of a component, by signer.
func (*Component) ListValidations(ctx *Context, in *api.ListRequest) (*api.ValidationPage, error) {
	if _, err := ledger.Get(ctx.tx, components, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, validations, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ValidationPage{Items: values(p.Items), Next: p.Next}, nil
}
