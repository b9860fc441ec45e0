package contract

import (
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// AcceptDelivery is the consignee's word about what was delivered (SH12).
func (*Shipment) AcceptDelivery(ctx *Context, in *api.AcceptDelivery) (*shipment.Review, error) {
	return changeReview(ctx, in.ShipmentID, api.DeliveryAcceptedEvent, func(r shipment.Review, s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		return r.AcceptDelivery(s, t, shipment.DeliveryAcceptance{Accepted: in.Accepted, Goods: in.Goods, LogisticUnits: in.LogisticUnits, Reason: in.Reason}, w)
	})
}

// OpenDispute claims a part of what a carrier would be paid (SH19).
func (*Shipment) OpenDispute(ctx *Context, in *api.OpenDispute) (*shipment.Review, error) {
	if err := in.Claim.CheckCited(); err != nil {
		return nil, err
	}
	return changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		var cited []shipment.Excursion
		for _, id := range in.Claim.Excursions {
			e, err := loadExcursion(ctx, in.ShipmentID, id)
			if err != nil {
				return r, s, shipment.JourneyEvent{}, err
			}
			cited = append(cited, *e)
		}
		return r.OpenDispute(s, t, in.Claim, cited, w)
	})
}

// AddEvidence brings a document into an open dispute. The piece is its party's:
// nobody changes it afterwards without all of them.
func (*Shipment) AddEvidence(ctx *Context, in *api.AddEvidence) (*shipment.DisputeEvidence, error) {
	var added shipment.DisputeEvidence
	_, err := changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		ev := shipment.DisputeEvidence{SHA256: in.SHA256, MediaType: in.MediaType, Description: in.Description}
		r, s, ev, e, err := r.AddEvidence(s, t, in.DisputeID, ev, w)
		if err != nil {
			return r, s, e, err
		}
		added = ev
		key := []string{in.ShipmentID, ledger.Seq(uint64(ev.DisputeID)), ledger.Seq(ev.Number)}
		if err := ledger.Append(ctx.tx, evidences, &ev, key...); err != nil {
			return r, s, e, err
		}
		return r, s, e, protectForParties(ctx, evidences, t, key...)
	})
	if err != nil {
		return nil, err
	}
	return &added, nil
}

// OfferResolution names an amount on which the caller would agree.
func (*Shipment) OfferResolution(ctx *Context, in *api.DisputeAmount) (*shipment.Review, error) {
	return changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, _ shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		return r.OfferResolution(s, in.DisputeID, in.AmountMinor, w)
	})
}

// AcceptResolution ends a dispute with the amount that the other side offers.
func (*Shipment) AcceptResolution(ctx *Context, in *api.DisputeAmount) (*shipment.Review, error) {
	return changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, _ shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		return r.AcceptResolution(s, in.DisputeID, in.AmountMinor, w)
	})
}

// DecideDispute is the decision of the arbiter whom the terms name.
func (*Shipment) DecideDispute(ctx *Context, in *api.DecideDispute) (*shipment.Review, error) {
	return changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, t shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		return r.DecideDispute(s, t, in.DisputeID, in.AmountMinor, in.Reasoning, w)
	})
}

// WithdrawDispute ends a dispute without an award.
func (*Shipment) WithdrawDispute(ctx *Context, in *api.DisputeRef) (*shipment.Review, error) {
	return changeReview(ctx, in.ShipmentID, api.DisputeChangedEvent, func(r shipment.Review, s shipment.Shipment, _ shipment.Terms, w shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error) {
		return r.WithdrawDispute(s, in.DisputeID, w)
	})
}

// GetReview gives what was accepted and what is disputed.
func (*Shipment) GetReview(ctx *Context, in *api.ShipmentRef) (*shipment.Review, error) {
	_, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	return loadReview(ctx, in.ShipmentID, *t)
}

// ListEvidence gives a page of a dispute's evidence, in order.
func (*Shipment) ListEvidence(ctx *Context, in *api.DisputeListRequest) (*api.EvidencePage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.ShipmentID); err != nil {
		return nil, err
	}
	if in.DisputeID < 1 || in.DisputeID > shipment.MaxDisputes {
		return nil, fault.New(fault.CodeDisputeUnknown, "shipment %s has no dispute %d", in.ShipmentID, in.DisputeID)
	}
	p, err := ledger.List(ctx.tx, evidences, in.Limit, in.Cursor, in.ShipmentID, ledger.Seq(uint64(in.DisputeID)))
	if err != nil {
		return nil, err
	}
	return &api.EvidencePage{Items: values(p.Items), Next: p.Next}, nil
}

// GetDue says when the settlement falls due if nobody does anything more.
func (*Shipment) GetDue(ctx *Context, in *api.ShipmentRef) (*shipment.Due, error) {
	l, err := loadClosing(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	d := l.shipment.Due(l.terms, l.review, l.statement, l.streams)
	return &d, nil
}

// GetInvoices gives the invoices and credit notes of a settled shipment (SH18).
func (*Shipment) GetInvoices(ctx *Context, in *api.ShipmentRef) (*shipment.Invoices, error) {
	s, err := ledger.Get(ctx.tx, shipments, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	issued, found, err := ledger.Find(ctx.tx, invoices, in.ShipmentID)
	if err != nil || found {
		return issued, err
	}
	return &shipment.Invoices{ShipmentID: in.ShipmentID, Items: []shipment.Invoice{}, ChangedAt: s.ChangedAt}, nil
}

// issueInvoices writes the documents of a final statement. What stands under the
// key before is no invoice, since only this writes one, and must not hinder it.
func issueInvoices(ctx *Context, l *closing, r shipment.Review, st shipment.Statement) error {
	if !st.Final {
		return nil
	}
	issued := st.Issue(l.terms, l.shipment.Charges(l.terms, st, l.streams), r)
	if _, _, err := ledger.Find(ctx.tx, invoices, st.ShipmentID); err != nil {
		return err
	}
	if err := ledger.Put(ctx.tx, invoices, &issued, st.ShipmentID); err != nil {
		return err
	}
	return protectForParties(ctx, invoices, l.terms, st.ShipmentID)
}

// closing is all that a settlement follows from.
type closing struct {
	shipment  shipment.Shipment
	terms     shipment.Terms
	review    shipment.Review
	statement shipment.Statement
	streams   []shipment.Stream
}

func loadClosing(ctx *Context, id string) (*closing, error) {
	s, t, err := loadShipment(ctx, id)
	if err != nil {
		return nil, err
	}
	l := &closing{shipment: *s, terms: *t}
	r, err := loadReview(ctx, id, *t)
	if err != nil {
		return nil, err
	}
	l.review = *r
	if l.statement, err = ledger.FindOr(ctx.tx, statements, l.statement, id); err != nil {
		return nil, err
	}
	l.streams, err = loadStreams(ctx, id, *t)
	return l, err
}

// loadReview gives a shipment's review. Where delivery is acceptance there is
// none, and where the terms are not agreed there is none yet.
func loadReview(ctx *Context, id string, t shipment.Terms) (*shipment.Review, error) {
	none := shipment.NewReview(id, shipment.When{})
	if t.AcceptWithinSeconds == 0 {
		return &none, nil
	}
	r, found, err := ledger.Find(ctx.tx, reviews, id)
	if err != nil || !found {
		return &none, err
	}
	return r, nil
}

// openReview makes the record that acceptance and disputes will fill in, so that
// nobody can make it later in the parties' names.
func openReview(ctx *Context, id string, t shipment.Terms, w shipment.When) error {
	if t.AcceptWithinSeconds == 0 {
		return nil
	}
	r := shipment.NewReview(id, w)
	if err := ledger.Create(ctx.tx, reviews, fault.CodeShipmentExists, &r, id); err != nil {
		return err
	}
	return protectForParties(ctx, reviews, t, id)
}

type reviewStep func(shipment.Review, shipment.Shipment, shipment.Terms, shipment.When) (shipment.Review, shipment.Shipment, shipment.JourneyEvent, error)

// changeReview loads a shipment with its review, takes one step, and stores both.
func changeReview(ctx *Context, id, event string, step reviewStep) (*shipment.Review, error) {
	s, t, err := loadShipment(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := loadReview(ctx, id, *t)
	if err != nil {
		return nil, err
	}
	next, changed, e, err := step(*r, *s, *t, ctx.shipmentWhen(s.ChangedAt, r.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, reviews, &next, id); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, shipments, &changed, id); err != nil {
		return nil, err
	}
	return &next, recordShipment(ctx, event, changed, e, disputesChanged(*r, next)...)
}

// disputeChanged is what an event tells of a dispute: an event is small, and what
// people wrote is in the record.
type disputeChanged struct {
	State      shipment.DisputeState `json:"state"`
	Respondent string                `json:"respondent"`
	ClaimMinor money.Minor           `json:"claimMinor"`
	AwardMinor money.Minor           `json:"awardMinor"`
}

// disputesChanged tells of each dispute that is not as it was.
func disputesChanged(before, after shipment.Review) []ledger.Fact {
	var facts []ledger.Fact
	for i, d := range after.Disputes {
		if i >= len(before.Disputes) || before.Disputes[i].State != d.State || before.Disputes[i].Offer != d.Offer {
			facts = append(facts, ledger.NewFact("dispute-changed", strconv.Itoa(d.DisputeID), disputeChanged{d.State, d.Claim.Respondent, d.Claim.AmountMinor, d.AwardMinor}))
		}
	}
	return facts
}
