package filter

import (
	"math"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// What parts of a filter cost: about how many times more work than one
// comparison of a column. A step along a relation multiplies what is behind it.
const (
	costTest     = 1
	costList     = 5  // a list is looked through
	costContains = 20 // every row's text is looked through
	costOne      = 3  // for each row, one other is found
	costMany     = 10 // for each row, several others are found
)

// Check holds a filter against the catalogue: names, types, and cost. What it
// gives back is for backends: it has no Between, During, Search or [Now], and
// every time in it is written as the ledger writes times. cost is at most [MaxCost].
func Check(e Expr, entity catalogue.Entity, now measure.Time) (checked Expr, cost int, err error) {
	if e == nil {
		return nil, 0, nil
	}
	c := checker{scope: []catalogue.Entity{entity}, now: now}
	checked, cost, err = c.expr(e)
	if err == nil && cost > MaxCost {
		err = fault.New(fault.CodeQueryTooCostly, "the filter costs %d, and %d is the most: ask with fewer searches, lists and relations in one another", cost, MaxCost).With("cost", cost)
	}
	if err != nil {
		return nil, 0, err
	}
	return checked, cost, nil
}

type checker struct {
	scope []catalogue.Entity // the entity that is tested is the last
	now   measure.Time
}

func (c *checker) entity() catalogue.Entity { return c.scope[len(c.scope)-1] }

func (c *checker) expr(e Expr) (Expr, int, error) {
	switch e := e.(type) {
	case And:
		of, cost, err := c.parts(e.Of)
		return And{of}, cost, err
	case Or:
		of, cost, err := c.parts(e.Of)
		return Or{of}, cost, err
	case Not:
		of, cost, err := c.expr(e.Of)
		return Not{of}, cost, err
	case Any:
		return c.any(e)
	case Search:
		return c.search(e)
	case Test:
		return c.test(e)
	}
	return nil, 0, fault.New(fault.CodeQuerySyntax, "a part of the filter is empty")
}

func (c *checker) parts(of []Expr) ([]Expr, int, error) {
	out, sum := make([]Expr, len(of)), 0
	for i, part := range of {
		e, cost, err := c.expr(part)
		if err != nil {
			return nil, 0, err
		}
		out[i], sum = e, min(sum+cost, math.MaxInt32)
	}
	return out, sum, nil
}

func (c *checker) any(e Any) (Expr, int, error) {
	r, to, err := Related(c.entity(), e.Relation)
	if err != nil {
		return nil, 0, err
	}
	if len(c.scope) > MaxRelations {
		return nil, 0, tooFar()
	}
	each := costOne
	if r.Many {
		each = costMany
	}
	if e.Where == nil {
		return e, each, nil
	}
	c.scope = append(c.scope, to)
	defer func() { c.scope = c.scope[:len(c.scope)-1] }()
	where, cost, err := c.expr(e.Where)
	return Any{e.Relation, where}, min(each*(1+cost), math.MaxInt32), err
}

// Related gives an entity's relation and the entity that it leads to.
func Related(e catalogue.Entity, name string) (catalogue.Relation, catalogue.Entity, error) {
	r, ok := e.Relation(name)
	if !ok {
		if _, ok := e.Field(name); ok {
			return r, e, fault.New(fault.CodeQueryField, "%s of %s is a field and leads nowhere", name, e.Name).With("entity", e.Name).With("field", name)
		}
		names := make([]string, len(e.Relations))
		for i, r := range e.Relations {
			names[i] = r.Name
		}
		return r, e, unknown(e, name, "relation", names)
	}
	to, _ := catalogue.Find(r.To) // a test of the catalogue holds it to that
	return r, to, nil
}

// Lookup gives a field of an entity, or the fault that it has none of that name.
func Lookup(e catalogue.Entity, name string) (catalogue.Field, error) {
	f, ok := e.Field(name)
	if !ok {
		if _, ok := e.Relation(name); ok {
			return f, fault.New(fault.CodeQueryField, "%s of %s is a relation: ask with any, or for a field of what it leads to", name, e.Name).With("entity", e.Name).With("field", name)
		}
		names := make([]string, len(e.Fields))
		for i, f := range e.Fields {
			names[i] = f.Name
		}
		return f, unknown(e, name, "field", names)
	}
	return f, nil
}

func unknown(e catalogue.Entity, name, what string, known []string) error {
	return fault.New(fault.CodeQueryField, "%s has no %s %q; it has %s", e.Name, what, short(name), strings.Join(known, ", ")).
		With("entity", e.Name).With("field", short(name))
}

const maxWords = 8

// search is every word in some field that can be searched.
func (c *checker) search(e Search) (Expr, int, error) {
	words := strings.Fields(e.Words)
	if len(words) == 0 || len(words) > maxWords {
		return nil, 0, fault.New(fault.CodeQueryType, "a search is for 1 to %d words", maxWords)
	}
	var found []Expr
	cost := 0
	for _, w := range words {
		var in []Expr
		for _, f := range c.entity().Fields {
			if f.Searchable {
				in = append(in, Test{f.Name, Contains, []Operand{{Value: w}}})
				cost += costContains
			}
		}
		if len(in) == 0 {
			return nil, 0, fault.New(fault.CodeQueryType, "%s has no field that can be searched", c.entity().Name)
		}
		found = append(found, some(in))
	}
	return all(found), cost, nil
}

// allowed are the operations of each type.
var allowed = map[catalogue.Type][]Op{
	catalogue.Text:    {Eq, Ne, Lt, Le, Gt, Ge, In, Between, Prefix, Contains, Exists},
	catalogue.Integer: {Eq, Ne, Lt, Le, Gt, Ge, In, Between, Exists},
	catalogue.Time:    {Eq, Ne, Lt, Le, Gt, Ge, In, Between, During, Exists},
	catalogue.Bool:    {Eq, Ne, Exists},
	catalogue.Texts:   {Has, Exists},
}

// Allowed lists the operations that fit a type.
func Allowed(t catalogue.Type) []Op { return allowed[t] }

func (c *checker) test(t Test) (Expr, int, error) {
	f, err := Lookup(c.entity(), t.Field)
	if err != nil {
		return nil, 0, err
	}
	if !slices.Contains(allowed[f.Type], t.Op) {
		return nil, 0, c.misfit(f, "%s of %s is of type %s, which has no %s", f.Name, c.entity().Name, f.Type, t.Op)
	}
	if t.Op == During {
		return c.during(f, t)
	}
	values := make([]Operand, len(t.Values))
	for i, v := range t.Values {
		if values[i], err = c.operand(f, t.Op, v); err != nil {
			return nil, 0, err
		}
	}
	switch t.Op {
	case Between:
		return And{[]Expr{Test{f.Name, Ge, values[:1]}, Test{f.Name, Le, values[1:]}}}, 2 * costTest, nil
	case Contains:
		return Test{f.Name, t.Op, values}, costContains, nil
	case In, Has:
		return Test{f.Name, t.Op, values}, costList + len(values)/10, nil
	case Exists:
		return Test{Field: f.Name, Op: Exists}, costTest, nil
	}
	return Test{f.Name, t.Op, values}, costTest, nil
}

func (c *checker) misfit(f catalogue.Field, format string, args ...any) error {
	return fault.New(fault.CodeQueryType, format, args...).With("entity", c.entity().Name).With("field", f.Name)
}

func (c *checker) operand(f catalogue.Field, op Op, o Operand) (Operand, error) {
	if o.Value == nil {
		return c.reference(f, op, o)
	}
	switch v := o.Value.(type) {
	case string:
		switch f.Type {
		case catalogue.Text, catalogue.Texts:
			if v == "" {
				return o, c.misfit(f, "an empty text is the same as none: ask with exists for %s", f.Name)
			}
			return o, nil
		case catalogue.Time:
			at, err := moment(v)
			if err != nil {
				return o, c.misfit(f, "%s is compared with a time in UTC, such as 2026-03-01 or 2026-03-01T08:00:00Z, between years 2000 and 2199", f.Name)
			}
			return Operand{Value: string(at)}, nil
		}
	case int64:
		if f.Type == catalogue.Integer {
			return o, nil
		}
	case bool:
		if f.Type == catalogue.Bool {
			return o, nil
		}
	}
	return o, c.misfit(f, "%s is of type %s, and the value is not", f.Name, f.Type)
}

// reference resolves a field of this row or of one further out.
func (c *checker) reference(f catalogue.Field, op Op, o Operand) (Operand, error) {
	if !slices.Contains([]Op{Eq, Ne, Lt, Le, Gt, Ge, Between}, op) {
		return o, c.misfit(f, "%s needs a value, and not a field", op)
	}
	n, _ := addend(o.Plus)
	if unit := strings.TrimLeft(o.Plus, "-0123456789") != ""; o.Plus != "" && (unit != (f.Type == catalogue.Time) || f.Type != catalogue.Time && f.Type != catalogue.Integer) {
		return o, c.misfit(f, "to a time, something like 30d or 12h can be added; to an integer, an integer; to others nothing")
	}
	if o.Field == Now {
		if f.Type != catalogue.Time {
			return o, c.misfit(f, "%s is no time", f.Name)
		}
		return Operand{Value: string(c.now.Add(n))}, nil
	}
	if o.Up >= len(c.scope) {
		return o, fault.New(fault.CodeQueryField, "%s leads out of the question", o).With("field", o.Field)
	}
	other, err := Lookup(c.scope[len(c.scope)-1-o.Up], o.Field)
	if err != nil {
		return o, err
	}
	if other.Type != f.Type {
		return o, c.misfit(f, "%s is of type %s, and %s is of type %s", f.Name, f.Type, other.Name, other.Type)
	}
	return o, nil
}

// moment reads a time of the ledger, any other RFC 3339 time in UTC, or a day.
func moment(s string) (measure.Time, error) {
	if len(s) == len("2006-01-02") {
		s += "T00:00:00Z"
	}
	return measure.ParseTime("", s)
}

func (c *checker) during(f catalogue.Field, t Test) (Expr, int, error) {
	s, _ := t.Values[0].Value.(string)
	from, until, ok := period(s)
	if !ok {
		return nil, 0, c.misfit(f, "during is followed by a year, a quarter, a month or a day, such as 2026, 2026-Q1, 2026-03 or 2026-03-14, between years 2000 and 2198")
	}
	return And{[]Expr{
		Test{f.Name, Ge, []Operand{{Value: string(from)}}},
		Test{f.Name, Lt, []Operand{{Value: string(until)}}},
	}}, 2 * costTest, nil
}
