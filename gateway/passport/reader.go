package passport

import (
	"context"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// What a reader outside the channel is shown is about the thing. What is between the
// parties stays there: what was offered, pledged, priced or agreed, and who else may
// act for the owner or read.
var (
	// partiesSections are left out as a whole.
	partiesSections = []string{"pledges", "cares", "agreement"}
	// partiesFields are left out of all rows, whichever section they are in.
	partiesFields = []string{
		"offeredTo", "priceMinor", "currency", "sales", "pledgedTo", "pledgedTill", "pledgedBy", "pledges", "activationCodeHash", "agreementId", "acceptDays",
	}
)

// partiesTimeline is a filter of the rows of a timeline that are shown.
const partiesTimeline = `not about in ("delegation-periods", "shipment-events") and
	not step in ("ownership-offered", "ownership-declined", "pledge-offered", "pledge-accepted", "pledge-ended")`

// ForReader gives a component's passport as [Service.Get] does, without what is
// between the parties.
func (s *Service) ForReader(ctx context.Context, componentID string, at measure.Time) (Passport, error) {
	p, err := s.Get(ctx, componentID, at, 0)
	if err != nil {
		return Passport{}, err
	}
	p.Sections = slices.DeleteFunc(p.Sections, func(s Section) bool { return slices.Contains(partiesSections, s.Name) })
	for _, section := range p.Sections {
		for i, row := range section.Items {
			section.Items[i].Record = slices.DeleteFunc(row.Record, func(v query.Value) bool { return slices.Contains(partiesFields, v.Name) })
		}
	}
	return p, nil
}

// TimelineForReader gives a page of what has happened to a component, the newest first,
// without what is between the parties.
func (s *Service) TimelineForReader(ctx context.Context, componentID string, limit int, cursor string) (query.Page, error) {
	q, err := ask("timeline", `componentId eq `+quote(componentID)+` and `+partiesTimeline, []string{"-at"}, limit)
	if err != nil {
		return query.Page{}, err
	}
	return s.query.Ask(ctx, query.Ask{Question: q, Cursor: cursor})
}
