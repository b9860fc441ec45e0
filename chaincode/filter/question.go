package filter

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Question is what a client asks: rows of an entity, or, with Aggregates, groups of them.
type Question struct {
	Entity     string
	Filter     Expr
	Fields     []string // of the answer; none: all
	Sort       []Order  // what decides last is the row's own name
	Limit      int      // rows; 0: [DefaultLimit]
	Include    []string // paths of relations, whose rows are put with each row
	GroupBy    []Group
	Aggregates []Aggregate
}

// Order is one field that the answer is sorted by, or, of groups, one column.
type Order struct {
	By         string
	Descending bool
}

// Group is what groups have in common: a field, also at the end of relations
// that lead to one row, and of a time also only its month.
type Group struct {
	Relations []string
	Field     string
	Unit      string // year, month or day of a time; ""
}

// Aggregate is what is counted of a group.
type Aggregate struct {
	Of    string // count, distinct, sum, min, max or avg
	Field string // "" counts rows
}

// bounds of the lists in a question.
const (
	maxSort       = 4
	maxInclude    = 6
	maxGroupBy    = 4
	maxAggregates = 8
)

// ParseOrder reads "openedAt" or "-openedAt", the second from the highest down.
func ParseOrder(s string) (Order, error) {
	by, descending := strings.CutPrefix(s, "-")
	if by == "" || len(by) > MaxValue { // which names there are depends on the question
		return Order{}, form("%q cannot be sorted by", short(s))
	}
	return Order{by, descending}, nil
}

// String is the order as [ParseOrder] reads it.
func (o Order) String() string {
	if o.Descending {
		return "-" + o.By
	}
	return o.By
}

// ParseGroup reads "custodian", "shipment.status" or "openedAt:month".
func ParseGroup(s string) (Group, error) {
	path, unit, cut := strings.Cut(s, ":")
	names, err := splitPath(path)
	if err != nil {
		return Group{}, err
	}
	if cut && unitLength[unit] == 0 {
		return Group{}, form("%q is none of %s:year, %s:month and %s:day", short(s), path, path, path)
	}
	last := len(names) - 1
	return Group{names[:last], names[last], unit}, nil
}

// unitLength is how much of a time's text is the same in the whole unit.
var unitLength = map[string]int{"year": len("2006"), "month": len("2006-01"), "day": len("2006-01-02")}

// Letters is how much of a time's text is the same within the group; 0: all of it.
func (g Group) Letters() int { return unitLength[g.Unit] }

// String is the group as [ParseGroup] reads it, and its column's name.
func (g Group) String() string {
	s := strings.Join(append(slices.Clip(g.Relations), g.Field), ".")
	if g.Unit != "" {
		s += ":" + g.Unit
	}
	return s
}

// ParseAggregate reads "count", "count(closedAt)" or "sum(penaltyMinor)".
func ParseAggregate(s string) (Aggregate, error) {
	if s == "count" {
		return Aggregate{Of: "count"}, nil
	}
	of, rest, ok := strings.Cut(s, "(")
	field, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed || !isName(field) || !slices.Contains([]string{"count", "distinct", "sum", "min", "max", "avg"}, of) {
		return Aggregate{}, form("%q is none of count, count(field), distinct(field), sum(field), min(field), max(field) and avg(field)", short(s))
	}
	return Aggregate{of, field}, nil
}

// String is the aggregate as [ParseAggregate] reads it, and its column's name.
func (a Aggregate) String() string {
	if a.Field == "" {
		return a.Of
	}
	return a.Of + "(" + a.Field + ")"
}

func form(format string, args ...any) error { return fault.New(fault.CodeQueryForm, format, args...) }

// Checked is a question that the catalogue knows, with all that backends need.
type Checked struct {
	Question
	On   catalogue.Entity
	Cost int
}

// Check holds the question against the catalogue; see [Check] for the filter.
// What is given back is complete: fields, limit, and a filter for backends.
func (q Question) Check(now measure.Time) (Checked, error) {
	e, ok := catalogue.Find(q.Entity)
	if !ok {
		return Checked{}, fault.New(fault.CodeQueryEntity, "nothing is called %q", short(q.Entity)).With("entity", short(q.Entity))
	}
	c := Checked{Question: q, On: e}
	var err error
	if c.Filter, c.Cost, err = Check(q.Filter, e, now); err != nil {
		return c, err
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return c, form("limit is 1 to %d", MaxLimit)
	}
	if q.Limit == 0 {
		c.Limit = DefaultLimit
	}
	if len(q.Aggregates) > 0 || len(q.GroupBy) > 0 {
		return c, c.checkGroups()
	}
	return c, c.checkRows()
}

func (c *Checked) checkRows() error {
	if len(c.Fields) > MaxFields || len(c.Sort) > maxSort || len(c.Include) > maxInclude {
		return form("at most %d fields are selected, %d are sorted by, and %d relations included", MaxFields, maxSort, maxInclude)
	}
	for i, name := range c.Fields {
		if _, err := Lookup(c.On, name); err != nil {
			return err
		}
		if slices.Contains(c.Fields[:i], name) {
			return form("%s is selected twice", name)
		}
	}
	if len(c.Fields) == 0 {
		for _, f := range c.On.Fields {
			c.Fields = append(c.Fields, f.Name)
		}
	}
	for i, o := range c.Sort {
		f, err := Lookup(c.On, o.By)
		if err != nil {
			return err
		}
		if f.Type == catalogue.Texts || slices.ContainsFunc(c.Sort[:i], func(p Order) bool { return p.By == o.By }) {
			return form("%s cannot be sorted by, or not twice", short(o.By))
		}
	}
	for i, path := range c.Include {
		if slices.Contains(c.Include[:i], path) {
			return form("%s is included twice", path)
		}
		if _, err := Walk(c.On, path); err != nil {
			return err
		}
	}
	return nil
}

// Step is one relation of a path, and the entity that it leads to.
type Step struct {
	catalogue.Relation
	Entity catalogue.Entity
}

// Walk follows a path of relations.
func Walk(e catalogue.Entity, path string) ([]Step, error) {
	names, err := splitPath(path)
	if err != nil {
		return nil, err
	}
	if len(names) > MaxRelations {
		return nil, tooFar()
	}
	steps := make([]Step, len(names))
	for i, name := range names {
		r, to, err := Related(e, name)
		if err != nil {
			return nil, err
		}
		steps[i], e = Step{r, to}, to
	}
	return steps, nil
}

func (c *Checked) checkGroups() error {
	if len(c.Fields) > 0 || len(c.Include) > 0 {
		return form("of groups, no fields are selected and no relations included")
	}
	if len(c.Aggregates) > maxAggregates || len(c.GroupBy) > maxGroupBy || len(c.Sort) > maxSort {
		return form("at most %d aggregates, %d groups and %d columns to sort by", maxAggregates, maxGroupBy, maxSort)
	}
	if len(c.Aggregates) == 0 {
		c.Aggregates = []Aggregate{{Of: "count"}}
	}
	var columns []string
	for _, g := range c.GroupBy {
		if err := c.checkGroup(g); err != nil {
			return err
		}
		columns = append(columns, g.String())
	}
	for _, a := range c.Aggregates {
		if err := c.checkAggregate(a); err != nil {
			return err
		}
		columns = append(columns, a.String())
	}
	if len(slices.Compact(slices.Sorted(slices.Values(columns)))) < len(columns) {
		return form("a group or an aggregate is there twice")
	}
	for i, o := range c.Sort {
		if !slices.Contains(columns, o.By) || strings.HasPrefix(o.By, "avg(") || slices.ContainsFunc(c.Sort[:i], func(p Order) bool { return p.By == o.By }) {
			return form("groups are sorted by their own columns, each once, and not by averages; %q is none of them", short(o.By))
		}
	}
	return nil
}

func (c *Checked) checkGroup(g Group) error {
	e := c.On
	if len(g.Relations) > 0 {
		steps, err := Walk(e, strings.Join(g.Relations, "."))
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.Many {
				return form("%s leads to more than one row, so a row has no single %s", s.Name, g)
			}
			c.Cost += costOne
		}
		e = steps[len(steps)-1].Entity
	}
	f, err := Lookup(e, g.Field)
	if err != nil {
		return err
	}
	if f.Type == catalogue.Texts || g.Unit != "" && f.Type != catalogue.Time {
		return form("%s cannot be grouped by: lists cannot, and only times have a %s", g, g.Unit)
	}
	return nil
}

func (c *Checked) checkAggregate(a Aggregate) error {
	if a.Field == "" {
		return nil
	}
	f, err := Lookup(c.On, a.Field)
	if err != nil {
		return err
	}
	number := f.Type == catalogue.Integer
	ordered := number || f.Type == catalogue.Text || f.Type == catalogue.Time
	if (a.Of == "sum" || a.Of == "avg") && !number || (a.Of == "min" || a.Of == "max") && !ordered || a.Of == "distinct" && f.Type == catalogue.Texts {
		return form("%s: the field is of type %s", a, f.Type)
	}
	return nil
}
