package contract

import (
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// AttachDocument keeps the hash of a paper about a component.
func (*Component) AttachDocument(ctx *Context, in *api.AttachDocument) (*component.AttachedDocument, error) {
	s := aside[component.AttachedDocument]{kind: documents, fact: "document", guards: func(d component.AttachedDocument) []string { return []string{d.By} }}
	return s.change(ctx, in.ComponentID, component.Keep, func(c component.Component, _ component.AttachedDocument, w component.When) (component.Component, component.AttachedDocument, component.LifeEvent, error) {
		return c.AttachDocument(component.AttachedDocument{Kind: in.Kind, Hash: in.Hash, URI: in.URI}, w)
	})
}

// ListDocuments gives a page of a component's papers, oldest first.
func (*Component) ListDocuments(ctx *Context, in *api.ListRequest) (*api.DocumentPage, error) {
	p, err := listOf(ctx, documents, in)
	if err != nil {
		return nil, err
	}
	return &api.DocumentPage{Items: values(p.Items), Next: p.Next}, nil
}

// OfferPledge offers a component as security for one debt (CM17).
func (*Component) OfferPledge(ctx *Context, in *api.OfferPledge) (*component.PledgeRecord, error) {
	till, err := measure.ParseTime("till", in.Till)
	if err != nil {
		return nil, err
	}
	if _, err := ledger.Get(ctx.tx, organisations, in.Lender); err != nil {
		return nil, err
	}
	return pledgeOf.change(ctx, in.ComponentID, component.Pledge, func(c component.Component, _ component.PledgeRecord, w component.When) (component.Component, component.PledgeRecord, component.LifeEvent, error) {
		return c.OfferPledge(component.PledgeRecord{Lender: in.Lender, AmountMinor: in.AmountMinor, Currency: in.Currency, Till: till, AgreementHash: in.AgreementHash}, w)
	})
}

// AcceptPledge lets the lender rely on the component: without its endorsement
// nothing about the component changes until the pledge ends.
func (*Component) AcceptPledge(ctx *Context, in *api.PledgeRef) (*component.PledgeRecord, error) {
	if err := ctx.permit(party.HoldAccount); err != nil {
		return nil, err
	}
	return pledgeOf.at(in.Number).change(ctx, in.ComponentID, component.Pledge, component.Component.AcceptPledge)
}

// EndPledge releases, withdraws or clears a pledge.
func (*Component) EndPledge(ctx *Context, in *api.PledgeRef) (*component.PledgeRecord, error) {
	return pledgeOf.at(in.Number).change(ctx, in.ComponentID, component.Keep, component.Component.EndPledge)
}

// ListPledges gives a page of a component's pledges, oldest first.
func (*Component) ListPledges(ctx *Context, in *api.ListRequest) (*api.PledgePage, error) {
	p, err := listOf(ctx, pledges, in)
	if err != nil {
		return nil, err
	}
	return &api.PledgePage{Items: values(p.Items), Next: p.Next}, nil
}

// RecordTest keeps what a test has shown (PV10, SV14).
func (*Component) RecordTest(ctx *Context, in *api.RecordTest) (*component.TestReport, error) {
	if err := ctx.permit(party.TestComponent); err != nil {
		return nil, err
	}
	t := component.TestReport{SpecificationHash: in.SpecificationHash, Passed: in.Passed, Method: in.Method, ReportHash: in.ReportHash, Instruments: []component.Instrument{}}
	if in.Standard != nil {
		standard, err := ledger.Get(ctx.tx, standards, in.Standard.Publisher, in.Standard.StandardID, in.Standard.Version)
		if err != nil {
			return nil, err
		}
		if err := standard.Serves(); err != nil {
			return nil, err
		}
		t.Standard = in.Standard
	}
	var err error
	if t.PerformedAt, err = measure.ParseTime("performedAt", in.PerformedAt); err != nil {
		return nil, err
	}
	for _, i := range in.Instruments {
		till, err := measure.ParseTime("calibratedTill", i.CalibratedTill)
		if err != nil {
			return nil, err
		}
		t.Instruments = append(t.Instruments, component.Instrument{InstrumentID: i.InstrumentID, CalibrationHash: i.CalibrationHash, CalibratedTill: till})
	}
	s := aside[component.TestReport]{kind: tests, fact: "test", guards: func(t component.TestReport) []string { return []string{t.Tester} }}
	return s.change(ctx, in.ComponentID, component.Maintain, func(c component.Component, _ component.TestReport, w component.When) (component.Component, component.TestReport, component.LifeEvent, error) {
		return c.RecordTest(t, w)
	})
}

// ListTests gives a page of a component's tests, oldest first.
func (*Component) ListTests(ctx *Context, in *api.ListRequest) (*api.TestPage, error) {
	p, err := listOf(ctx, tests, in)
	if err != nil {
		return nil, err
	}
	return &api.TestPage{Items: values(p.Items), Next: p.Next}, nil
}

// AskConcession asks the maker to accept a deviation of one serial number (SV14).
func (*Component) AskConcession(ctx *Context, in *api.AskConcession) (*component.ConcessionRecord, error) {
	return concessionOf.change(ctx, in.ComponentID, component.Maintain, func(c component.Component, k component.ConcessionRecord, w component.When) (component.Component, component.ConcessionRecord, component.LifeEvent, error) {
		return c.AskConcession(component.ConcessionRecord{
			Characteristic: in.Characteristic, Required: in.Required, Found: in.Found, SpecificationHash: in.SpecificationHash, DocumentHash: in.DocumentHash,
		}, w)
	})
}

// DecideConcession is the maker's answer.
func (*Component) DecideConcession(ctx *Context, in *api.DecideConcession) (*component.ConcessionRecord, error) {
	return concessionOf.at(in.Number).change(ctx, in.ComponentID, component.Maintain, func(c component.Component, k component.ConcessionRecord, w component.When) (component.Component, component.ConcessionRecord, component.LifeEvent, error) {
		return c.DecideConcession(k, in.Grant, in.Reason, w)
	})
}

// ListConcessions gives a page of a component's concessions, oldest first.
func (*Component) ListConcessions(ctx *Context, in *api.ListRequest) (*api.ConcessionPage, error) {
	p, err := listOf(ctx, concessions, in)
	if err != nil {
		return nil, err
	}
	return &api.ConcessionPage{Items: values(p.Items), Next: p.Next}, nil
}

var pledgeOf = aside[component.PledgeRecord]{kind: pledges, fact: "pledge", guards: func(p component.PledgeRecord) []string { return []string{p.Owner, p.Lender} }}

// concessionOf: the maker's word on a deviation is the maker's alone; before it has
// spoken, the question is as good as who asks.
var concessionOf = aside[component.ConcessionRecord]{kind: concessions, fact: "concession", guards: func(k component.ConcessionRecord) []string {
	if k.DecidedBy == "" {
		return []string{k.AskedBy}
	}
	return []string{k.DecidedBy}
}}

// aside is a record beside a component's head, which the head numbers from 1.
type aside[T any] struct {
	kind   ledger.Kind[T]
	fact   string
	guards func(T) []string // who protects it
	known  bool             // one that exists changes, the one of this number
	number uint64
}

// at is the record of this number.
func (s aside[T]) at(number uint64) aside[T] {
	s.known, s.number = true, number
	return s
}

type asideStep[T any] func(component.Component, T, component.When) (component.Component, T, component.LifeEvent, error)

// change is [changeComponent] for a step that makes or changes such a record.
func (s aside[T]) change(ctx *Context, id string, use component.Use, step asideStep[T]) (*T, error) {
	c, err := componentNow(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, use, *c); err != nil {
		return nil, err
	}
	known := new(T)
	if s.known {
		if known, err = ledger.Get(ctx.tx, s.kind, id, ledger.Seq(s.number)); err != nil {
			return nil, err
		}
	}
	w, err := ctx.inRight(*c)
	if err != nil {
		return nil, err
	}
	next, about, e, err := step(*c, *known, w)
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, components, &next, id); err != nil {
		return nil, err
	}
	if err := s.store(ctx, &about, id, e.Reference); err != nil {
		return nil, err
	}
	return &about, recordComponent(ctx, api.ComponentChangedEvent, next, e, ledger.NewFact(s.fact, id, about))
}

func (s aside[T]) store(ctx *Context, about *T, id, reference string) error {
	number, err := strconv.ParseUint(reference, 10, 64)
	if err != nil {
		return fault.Wrap(err, "number of a %s", s.fact)
	}
	at := []string{id, ledger.Seq(number)}
	if err := ledger.Append(ctx.tx, s.kind, about, at...); err != nil {
		return err
	}
	return protect(ctx, s.kind, s.guards(*about), at...)
}

// listOf gives a page of what is on record about a component.
func listOf[T any](ctx *Context, k ledger.Kind[T], in *api.ListRequest) (*ledger.Page[T], error) {
	if _, err := ledger.Get(ctx.tx, components, in.Of); err != nil {
		return nil, err
	}
	return ledger.List(ctx.tx, k, in.Limit, in.Cursor, in.Of)
}
