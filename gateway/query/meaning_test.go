package query_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/filter/filtertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// TestSQLMeansWhatFiltersMean: made-up filters over made-up rows, sorted anyhow and
// read page by page, give exactly the rows that filter.Match and the order say.
func TestSQLMeansWhatFiltersMean(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		rapid.Check(t, func(t *rapid.T) {
			w.service.Selective(rapid.SampledFrom([]int{0, 1, 1000}).Draw(t, "selective"))
			on := rapid.SampledFrom(catalogue.Entities()).Draw(t, "entity")
			reach := filtertest.Reach(on, 2)
			data := filtertest.Make(t, 4, reach...)
			w.fill(t, data, reach...)
			for range 4 {
				q := filter.Question{Entity: on.Name, Filter: filtertest.Filter(t, on, filtertest.Uses{Relations: true, References: true, Provenance: true}), Sort: order(t, on), Limit: rapid.IntRange(1, 3).Draw(t, "limit")}
				checked, err := q.Check(measure.TimeOf(clock))
				if fault.Is(err, fault.CodeQueryTooCostly) {
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", filter.String(q.Filter), err)
				}
				want := expected(checked, data)
				if got := pages(t, w.service, query.Ask{Question: q}); !slices.Equal(got, want) {
					t.Fatalf("%s of %s, sorted by %v: got %v, want %v", filter.String(q.Filter), on.Name, q.Sort, got, want)
				}
			}
		})
	})
}

func order(t *rapid.T, e catalogue.Entity) (sort []filter.Order) {
	for range rapid.IntRange(0, 3).Draw(t, "sorted by") {
		f := rapid.SampledFrom(e.Fields).Draw(t, "sort")
		if f.Type != catalogue.Texts && !slices.ContainsFunc(sort, func(o filter.Order) bool { return o.By == f.Name }) {
			sort = append(sort, filter.Order{By: f.Name, Descending: rapid.Bool().Draw(t, "descending")})
		}
	}
	return sort
}

// expected are the names of the rows that meet the question, in its order.
func expected(c filter.Checked, data filtertest.Data) []string {
	var rows []filter.Fields
	for _, row := range data.Rows(c.On.Name) {
		if filter.Match(c.Filter, c.On, row, data) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b filter.Fields) int {
		down := false
		for _, o := range c.Sort {
			down = o.Descending
			if n := compare(a[o.By], b[o.By]); n != 0 {
				return turned(n, down)
			}
		}
		return turned(compare(a[catalogue.RowColumn], b[catalogue.RowColumn]), down)
	})
	names := []string{}
	for _, row := range rows {
		names = append(names, row[catalogue.RowColumn].(string))
	}
	return names
}

func turned(n int, down bool) int {
	if down {
		return -n
	}
	return n
}

// compare has what is lacking behind all values.
func compare(a, b any) int {
	switch a := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return 1
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok {
			n := map[bool]int{false: 0, true: 1}
			return n[a] - n[b]
		}
	}
	return -1
}

// pages reads an answer to its end.
func pages(t fatal, s *query.Service, a query.Ask) []string {
	t.Helper()
	names := []string{}
	for range 100 {
		p, err := s.Ask(context.Background(), a)
		if err != nil {
			t.Fatalf("%s: %v", filter.String(a.Filter), err)
		}
		for _, row := range p.Items {
			names = append(names, row.ID)
		}
		if a.Cursor = p.Next; a.Cursor == "" {
			return names
		}
	}
	t.Fatalf("%s: the answer has no end", filter.String(a.Filter))
	return nil
}

// TestValuesComeBackAsTheyWere, whatever their type.
func TestValuesComeBackAsTheyWere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		rapid.Check(t, func(t *rapid.T) {
			on := rapid.SampledFrom(catalogue.Entities()).Draw(t, "entity")
			data := filtertest.Make(t, 3, on)
			w.fill(t, data, on)
			p, err := w.service.Ask(context.Background(), query.Ask{Question: filter.Question{Entity: on.Name}})
			if err != nil {
				t.Fatalf("%v", err)
			}
			if len(p.Items) != len(data[on.Name]) {
				t.Fatalf("%d rows, not %d", len(p.Items), len(data[on.Name]))
			}
			for i, row := range data[on.Name] {
				got := filter.Fields{catalogue.RowColumn: p.Items[i].ID}
				for _, v := range p.Items[i].Record {
					got[v.Name] = v.Value
				}
				l := p.Items[i].Ledger
				got["ledgerKey"], got["ledgerBlock"], got["ledgerTransaction"], got["ledgerTime"], got["ledgerSubmitter"] = l.Key, l.Block, l.TransactionID, l.Time, l.Submitter
				if diff := gocmp.Diff(row, got); diff != "" {
					t.Fatalf("%s: %s", on.Name, diff)
				}
			}
		})
	})
}

// TestGroupsAreWhatTheirRowsSay: counted again from the rows.
func TestGroupsAreWhatTheirRowsSay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		on := entity(t, "excursions")
		shipments := entity(t, "shipments")
		rapid.Check(t, func(t *rapid.T) {
			data := filtertest.Make(t, 8, on, shipments)
			for _, row := range data["excursions"] { // whose sums have room
				row["penaltyMinor"] = rapid.Int64Range(-1000, 1000).Draw(t, "penalty")
			}
			for i, row := range data["shipments"] { // one of each id
				row["shipmentId"] = filtertest.Texts[i]
			}
			w.fill(t, data, on, shipments)
			p, err := w.service.Ask(context.Background(), query.Ask{Question: filter.Question{
				Entity:  "excursions",
				GroupBy: []filter.Group{{Field: "custodian"}, {Field: "closedAt", Unit: "month"}, {Relations: []string{"shipment"}, Field: "status"}},
				Aggregates: []filter.Aggregate{{Of: "count"}, {Of: "count", Field: "closedAt"}, {Of: "sum", Field: "penaltyMinor"}, {Of: "avg", Field: "penaltyMinor"},
					{Of: "min", Field: "openedAt"}, {Of: "max", Field: "limitMilli"}, {Of: "distinct", Field: "limitId"}},
			}})
			if err != nil {
				t.Fatalf("%v", err)
			}
			if diff := gocmp.Diff(regrouped(data), p.Groups); diff != "" {
				t.Fatalf("%s", diff)
			}
		})
	})
}

func regrouped(data filtertest.Data) []query.Grouped {
	type group struct {
		custodian, month, status any
		rows                     []filter.Fields
	}
	var groups []group
	for _, row := range data["excursions"] {
		g := group{custodian: row["custodian"], rows: []filter.Fields{row}}
		if at, ok := row["closedAt"].(string); ok {
			g.month = at[:7]
		}
		for _, s := range data["shipments"] {
			if s["shipmentId"] == row["shipmentId"] {
				g.status = s["status"]
			}
		}
		i := slices.IndexFunc(groups, func(h group) bool { return h.custodian == g.custodian && h.month == g.month && h.status == g.status })
		if i < 0 {
			groups = append(groups, g)
		} else {
			groups[i].rows = append(groups[i].rows, row)
		}
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(compare(a.custodian, b.custodian), compare(a.month, b.month), compare(a.status, b.status))
	})
	out := []query.Grouped{}
	for _, g := range groups {
		var closed, sum int64
		var least, most any
		limits := map[any]bool{}
		for _, row := range g.rows {
			if row["closedAt"] != nil {
				closed++
			}
			sum += row["penaltyMinor"].(int64)
			if least == nil || compare(row["openedAt"], least) < 0 {
				least = row["openedAt"]
			}
			if most == nil || compare(row["limitMilli"], most) > 0 {
				most = row["limitMilli"]
			}
			limits[row["limitId"]] = true
		}
		n := int64(len(g.rows))
		out = append(out, query.Grouped{
			By: query.Values{{Name: "custodian", Value: g.custodian}, {Name: "closedAt:month", Value: g.month}, {Name: "shipment.status", Value: g.status}},
			Values: query.Values{{Name: "count", Value: n}, {Name: "count(closedAt)", Value: closed}, {Name: "sum(penaltyMinor)", Value: sum},
				{Name: "avg(penaltyMinor)", Value: query.Average{Sum: sum, Count: n}}, {Name: "min(openedAt)", Value: least}, {Name: "max(limitMilli)", Value: most},
				{Name: "distinct(limitId)", Value: int64(len(limits))}},
		})
	}
	return out
}
