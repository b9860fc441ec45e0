package contract

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// Service is the contract about how components are kept.
type Service struct{ base }

func newService() product { return &Service{newBase(api.Service)} }

// ProposeAgreement offers an agreement between an operator and a service company.
func (*Service) ProposeAgreement(ctx *Context, in *api.ProposeAgreement) (*service.Agreement, error) {
	if err := permitBoth(ctx, in.Operator, in.Provider); err != nil {
		return nil, err
	}
	a, err := service.Propose(service.Agreement{
		AgreementID: in.AgreementID, Operator: in.Operator, Provider: in.Provider, Currency: in.Currency, Prices: in.Prices, Rates: in.Rates,
		AcceptDays: in.AcceptDays, ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil, TermsHash: in.TermsHash,
	}, ctx.serviceWhen())
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, agreements, fault.CodeAgreementExists, &a, a.AgreementID); err != nil {
		return nil, err
	}
	if err := protect(ctx, agreements, []string{a.Operator, a.Provider}, a.AgreementID); err != nil {
		return nil, err
	}
	return &a, announceAgreement(ctx, a)
}

// AcceptAgreement is the other side's word; from then on it holds.
func (*Service) AcceptAgreement(ctx *Context, in *api.AgreementRef) (*service.Agreement, error) {
	return changeAgreement(ctx, in.AgreementID, func(a service.Agreement, w service.When) (service.Agreement, error) {
		next, err := a.Accept(w)
		if err != nil {
			return next, err
		}
		return next, permitBoth(ctx, a.Operator, a.Provider) // a role may have gone since it was proposed
	})
}

// DeclineAgreement refuses a proposal, or takes it back.
func (*Service) DeclineAgreement(ctx *Context, in *api.AgreementRef) (*service.Agreement, error) {
	return changeAgreement(ctx, in.AgreementID, service.Agreement.Decline)
}

// EndAgreement ends an agreement, from either side; accepted work is finished under it.
func (*Service) EndAgreement(ctx *Context, in *api.AgreementRef) (*service.Agreement, error) {
	return changeAgreement(ctx, in.AgreementID, service.Agreement.End)
}

// CoverComponents puts components of the operator under an agreement (SV3).
func (*Service) CoverComponents(ctx *Context, in *api.CoverComponents) (*api.CoveredComponents, error) {
	if n := len(in.Components); n < 1 || n > service.MaxCover || len(slices.Compact(slices.Sorted(slices.Values(in.Components)))) != n {
		return nil, fault.New(fault.CodeInvalid, "components names 1 to %d components, each once", service.MaxCover).With("field", "components")
	}
	a, err := ledger.Get(ctx.tx, agreements, in.AgreementID)
	if err != nil {
		return nil, err
	}
	if err := permitOf(ctx, a.Provider, party.ProvideService); err != nil {
		return nil, err
	}
	out := &api.CoveredComponents{AgreementID: a.AgreementID, Covered: []service.Care{}}
	for _, id := range in.Components {
		c, err := cover(ctx, *a, id)
		if err != nil {
			return nil, err
		}
		out.Covered = append(out.Covered, c)
	}
	return out, ctx.tx.Announce(api.AgreementChangedEvent, a.AgreementID, ledger.NewFact("agreement-covers", a.AgreementID, *out))
}

// cover puts one component under an agreement. What it was under until now has to
// have been charged; use is charged from now on.
func cover(ctx *Context, a service.Agreement, id string) (service.Care, error) {
	c, place, total, err := planned(ctx, id)
	if err != nil {
		return service.Care{}, err
	}
	if err := usable(ctx, component.Keep, *c); err != nil {
		return service.Care{}, err
	}
	known, err := careOf(ctx, id)
	if err != nil {
		return service.Care{}, err
	}
	w := ctx.serviceWhen(known.ChangedAt)
	if err := a.Cover(place.Owner, w); err != nil {
		return service.Care{}, err
	}
	if known.AgreementID == a.AgreementID { // said once more
		return known, ledger.Put(ctx.tx, cares, &known, id)
	}
	if err := useCharged(ctx, known, total, w); err != nil {
		return service.Care{}, err
	}
	if len(a.Rates) > 0 {
		if err := beginCharging(ctx, a, id, total, w); err != nil {
			return service.Care{}, err
		}
	}
	next := known.Under(a.AgreementID, w.Now)
	return next, ledger.Put(ctx.tx, cares, &next, id)
}

// leaveAgreement ends what a component was under as it changes hands.
func leaveAgreement(ctx *Context, id string) error {
	c, found, err := ledger.Find(ctx.tx, cares, id)
	if err != nil || !found || c.AgreementID == "" {
		return err
	}
	total, err := useOf(ctx, id)
	if err != nil {
		return err
	}
	w := ctx.serviceWhen(c.ChangedAt)
	if err := useCharged(ctx, *c, total, w); err != nil {
		return err
	}
	next := c.Under("", w.Now)
	return ledger.Put(ctx.tx, cares, &next, id)
}

// useCharged refuses while there is use under the present agreement to charge.
func useCharged(ctx *Context, c service.Care, total service.Total, w service.When) error {
	if c.AgreementID == "" {
		return nil
	}
	b, found, err := ledger.Find(ctx.tx, bills, service.UsageBillID(c.AgreementID, c.ComponentID))
	if err != nil || !found {
		return err
	}
	a, err := ledger.Get(ctx.tx, agreements, c.AgreementID)
	if err != nil {
		return err
	}
	return b.Settled(*a, total, w)
}

// beginCharging opens the bill for a component's use, or goes on with the one of before.
func beginCharging(ctx *Context, a service.Agreement, id string, total service.Total, w service.When) error {
	b := service.OpenUsageBill(a, id, total, w)
	known, found, err := ledger.Find(ctx.tx, bills, b.BillID)
	if err != nil {
		return err
	}
	if found {
		b = known.Resume(total, w)
	}
	if err := ledger.Put(ctx.tx, bills, &b, b.BillID); err != nil {
		return err
	}
	return protect(ctx, bills, []string{b.Operator, b.Provider}, b.BillID)
}

// careOf is the record of who serves a component, empty where there is none yet.
func careOf(ctx *Context, id string) (service.Care, error) {
	return ledger.FindOr(ctx.tx, cares, service.NewCare(id), id)
}

// GetAgreement gives an agreement as it stands.
func (*Service) GetAgreement(ctx *Context, in *api.AgreementRef) (*service.Agreement, error) {
	return ledger.Get(ctx.tx, agreements, in.AgreementID)
}

// GetCare says who serves a component and which requests about it are open.
func (*Service) GetCare(ctx *Context, in *api.ComponentRef) (*service.Care, error) {
	if _, err := ledger.Get(ctx.tx, components, in.ComponentID); err != nil {
		return nil, err
	}
	c, err := careOf(ctx, in.ComponentID)
	return &c, err
}

// permitBoth holds both sides of an agreement to their roles.
func permitBoth(ctx *Context, operator, provider string) error {
	for _, side := range []struct {
		mspID string
		may   party.Action
	}{{operator, party.OwnComponent}, {provider, party.ProvideService}} {
		if err := permitOf(ctx, side.mspID, side.may); err != nil {
			return err
		}
	}
	return nil
}

// permitOf holds another organisation to its roles.
func permitOf(ctx *Context, mspID string, a party.Action) error {
	o, err := ledger.Get(ctx.tx, organisations, mspID)
	if err != nil {
		return err
	}
	return party.Permit(*o, a)
}

func changeAgreement(ctx *Context, id string, step func(service.Agreement, service.When) (service.Agreement, error)) (*service.Agreement, error) {
	a, err := ledger.Get(ctx.tx, agreements, id)
	if err != nil {
		return nil, err
	}
	next, err := step(*a, ctx.serviceWhen(a.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, agreements, &next, id); err != nil {
		return nil, err
	}
	return &next, announceAgreement(ctx, next)
}

func announceAgreement(ctx *Context, a service.Agreement) error {
	return ctx.tx.Announce(api.AgreementChangedEvent, a.AgreementID, ledger.NewFact("agreement-"+string(a.Status), a.AgreementID, a))
}

func (c *Context) serviceWhen(last ...measure.Time) service.When {
	return service.When{Actor: c.actor(), Now: c.now(last...), TransactionID: c.tx.ID()}
}
