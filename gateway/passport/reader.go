package passport

import (
	"context"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// between is what a reader outside the channel is not shown: it sees what is about
// the thing. What was offered, pledged, priced or agreed stays between the parties, and
// so does who carried it under which shipment, who else may act for the owner, or read.
var between = struct {
	sections []string // of a passport, as a whole
	fields   []string // of the rows of all others
	about    []string // of a timeline: what these tell
	steps    []string // of a timeline, and kinds of statement
	details  []string // of these steps of a timeline: they name an agreement
}{
	sections: []string{"shipment", "pledges", "cares", "agreement"},
	fields: []string{
		"offeredTo", "priceMinor", "currency", "sales", "pledgedTo", "pledgedTill", "pledgedBy", "pledges", "activationCodeHash", "agreementId", "acceptDays",
	},
	about: []string{"delegation-periods", "shipment-events"},
	steps: []string{
		string(component.OwnershipOffered), string(component.OwnershipDeclined),
		string(component.PledgeOffered), string(component.PledgeAccepted), string(component.PledgeEnded),
		authority.AccessGrantKind, authority.AccessUseKind, authority.ApprovalKind,
	},
	details: []string{"assigned"},
}

// ForReader gives a component's passport as [Service.Get] does, without what is
// between the parties.
func (s *Service) ForReader(ctx context.Context, componentID string, at measure.Time) (Passport, error) {
	p, err := s.Get(ctx, componentID, at, 0)
	if err != nil {
		return Passport{}, err
	}
	p.Sections = slices.DeleteFunc(p.Sections, func(s Section) bool { return slices.Contains(between.sections, s.Name) })
	for i, section := range p.Sections {
		if section.Name == "statements" {
			p.Sections[i].Items = slices.DeleteFunc(section.Items, func(r query.Row) bool {
				kind, _ := r.Record.Get("kind").(string)
				return slices.Contains(between.steps, kind)
			})
		}
		for k, row := range p.Sections[i].Items {
			p.Sections[i].Items[k].Record = without(row.Record, between.fields...)
		}
	}
	return p, nil
}

// TimelineForReader gives a page of what has happened to a component, the newest first,
// without what is between the parties.
func (s *Service) TimelineForReader(ctx context.Context, componentID string, limit int, cursor string) (query.Page, error) {
	about := `componentId eq ` + quote(componentID) + ` and not about in (` + quotedList(between.about) + `) and not step in (` + quotedList(between.steps) + `)`
	q, err := ask("timeline", about, []string{"-at"}, limit)
	if err != nil {
		return query.Page{}, err
	}
	page, err := s.query.Ask(ctx, query.Ask{Question: q, Cursor: cursor})
	for i, row := range page.Items {
		if row.Record.Get("about") == excursions {
			page.Items[i] = ofTheThing(row)
		}
		if step, _ := row.Record.Get("step").(string); slices.Contains(between.details, step) {
			page.Items[i].Record = without(row.Record, "detail")
		}
	}
	return page, err
}

const excursions = "excursions"

// ofTheThing is what an excursion says of the component: that it was beyond a limit, by
// which rule, and when. In which shipment that was, in whose hands, and what they had
// agreed, is between the parties; the row's place on the ledger would tell.
func ofTheThing(excursion query.Row) query.Row {
	return query.Row{
		Record: without(excursion.Record, "subject", "number", "actor", "transactionId"),
		Ledger: query.Source{Key: "shipment.excursion", Block: excursion.Ledger.Block, Time: excursion.Ledger.Time},
	}
}
