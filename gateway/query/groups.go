package query

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// Grouped is one group: what its rows have in common, and what was counted.
type Grouped struct {
	By     Values `json:"by"`
	Values Values `json:"values"`
}

// Average is exact: a sum, and of how many.
type Average struct {
	Sum   int64 `json:"sum"`
	Count int64 `json:"count"`
}

// groups reads up to the limit; more says that there are others.
func (s *Service) groups(ctx context.Context, tx *sql.Tx, c filter.Checked) (all []Grouped, more bool, err error) {
	text, args := groupStatement(s.dialect, c)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, false, wrap(err, text)
	}
	defer func() { _ = rows.Close() }()
	all = []Grouped{}
	r := newGroupReader(c)
	for rows.Next() {
		if len(all) == c.Limit {
			return all, true, nil
		}
		if err := rows.Scan(r.into...); err != nil {
			return nil, false, wrap(err, text)
		}
		g, err := r.group()
		if err != nil {
			return nil, false, err
		}
		all = append(all, g)
	}
	if err := rows.Err(); err != nil {
		return nil, false, wrap(err, text)
	}
	return all, false, nil
}

func groupStatement(d projection.Dialect, c filter.Checked) (string, []any) {
	b := &builder{dialect: d}
	main := b.scope(c.On)
	b.write("SELECT ")
	for i, g := range c.GroupBy {
		b.group(main, g)
		b.write(" AS g", strconv.Itoa(i), ", ")
	}
	for i, a := range c.Aggregates {
		if i > 0 {
			b.write(", ")
		}
		b.aggregate(main, a)
	}
	b.write(" FROM ", main.from(), " WHERE ")
	b.condition(c.Filter, []scope{main})
	for i := range c.GroupBy {
		b.write(map[bool]string{true: " GROUP BY ", false: ", "}[i == 0], strconv.Itoa(i+1))
	}
	b.order(main, c)
	b.write(" LIMIT ")
	b.value(c.Limit + 1)
	return b.text.String(), b.args
}

// order sorts groups by what was asked, and then by what they have in common.
func (b *builder) order(main scope, c filter.Checked) {
	word := " ORDER BY "
	for _, o := range c.Sort {
		b.write(word)
		word = ", "
		for i, g := range c.GroupBy {
			if g.String() == o.By {
				b.write("g", strconv.Itoa(i))
			}
		}
		for _, a := range c.Aggregates {
			if a.String() == o.By {
				b.write(expression(main, a))
			}
		}
		b.write(direction(o.Descending), nulls(o.Descending))
	}
	for i := range c.GroupBy {
		b.write(word, "g", strconv.Itoa(i), " ASC NULLS LAST")
		word = ", "
	}
}

// group writes what rows have in common. A relation of it leads to one row.
func (b *builder) group(at scope, g filter.Group) {
	if len(g.Relations) == 0 {
		column := at.column(field(at.entity, g.Field))
		if n := g.Letters(); n > 0 {
			column = "substr(" + column + ", 1, " + strconv.Itoa(n) + ")"
		}
		b.write(column)
		return
	}
	r, to, _ := filter.Related(at.entity, g.Relations[0])
	there := b.scope(to)
	b.write("(SELECT ")
	b.group(there, filter.Group{Relations: g.Relations[1:], Field: g.Field, Unit: g.Unit})
	b.write(" FROM ", there.from(), " WHERE ")
	b.join(r, at, there)
	b.write(" ORDER BY ", there.row(), " LIMIT 1)")
}

func expression(main scope, a filter.Aggregate) string {
	if a.Field == "" {
		return "count(*)"
	}
	column := main.column(field(main.entity, a.Field))
	if a.Of == "distinct" {
		return "count(DISTINCT " + column + ")"
	}
	return a.Of + "(" + column + ")"
}

// aggregate writes one column, or two of an average. A sum goes over as text: in
// PostgreSQL it may have more than 64 bits.
func (b *builder) aggregate(main scope, a filter.Aggregate) {
	sum := func(a filter.Aggregate) string {
		a.Of = "sum"
		return "CAST(coalesce(" + expression(main, a) + ", 0) AS TEXT)"
	}
	switch a.Of {
	case "sum":
		b.write(sum(a))
	case "avg":
		b.write(sum(a), ", ", expression(main, filter.Aggregate{Of: "count", Field: a.Field}))
	default:
		b.write(expression(main, a))
	}
}

// groupReader reads one group after the other into the same places.
type groupReader struct {
	checked filter.Checked
	keys    cells
	values  cells // of aggregates; an average has two
	into    []any
}

func newGroupReader(c filter.Checked) *groupReader {
	var keys, values []catalogue.Field
	for _, g := range c.GroupBy {
		e := c.On
		if len(g.Relations) > 0 {
			steps, _ := filter.Walk(e, strings.Join(g.Relations, "."))
			e = steps[len(steps)-1].Entity
		}
		keys = append(keys, field(e, g.Field))
	}
	for _, a := range c.Aggregates {
		f, number := catalogue.Field{Type: catalogue.Text}, catalogue.Field{Type: catalogue.Integer}
		switch a.Of {
		case "count", "distinct":
			f = number
		case "min", "max":
			f = field(c.On, a.Field)
		}
		if values = append(values, f); a.Of == "avg" {
			values = append(values, number)
		}
	}
	r := &groupReader{checked: c, keys: newCells(keys), values: newCells(values)}
	r.into = append(r.into, r.keys.into...)
	r.into = append(r.into, r.values.into...)
	return r
}

func (r *groupReader) group() (Grouped, error) {
	g := Grouped{By: Values{}, Values: Values{}}
	for i, by := range r.checked.GroupBy {
		v, err := r.keys.value(i)
		if err != nil {
			return g, err
		}
		g.By = append(g.By, Value{by.String(), v})
	}
	at := 0
	next := func() any {
		v, _ := r.values.value(at) // no list is aggregated, and only lists can fail
		at++
		return v
	}
	for _, a := range r.checked.Aggregates {
		v := next()
		if a.Of == "sum" || a.Of == "avg" {
			sum, err := strconv.ParseInt(v.(string), 10, 64)
			if err != nil {
				return g, overflow()
			}
			v = sum
			if a.Of == "avg" {
				count, _ := next().(int64)
				v = Average{sum, count}
			}
		}
		g.Values = append(g.Values, Value{a.String(), v})
	}
	return g, nil
}
