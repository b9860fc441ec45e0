package query

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// plan is how rows of one question are read. Rows are sorted by the question's
// fields and then by their own name, so that every row has its place: a page
// begins behind the place of the row before it, and whatever is written meanwhile
// moves no other row. What a row lacks comes behind all values: it is not there yet.
type plan struct {
	dialect projection.Dialect
	checked filter.Checked
	columns []catalogue.Field // that are read, beside the row's own name
	sort    []sorted
	along   map[string]bool // fields whose conditions many rows meet; see [Service.choose]
}

type sorted struct {
	field      catalogue.Field
	descending bool
}

func newPlan(d projection.Dialect, c filter.Checked) *plan {
	p := &plan{dialect: d, checked: c}
	p.read(catalogue.Provenance()...)
	for _, name := range c.Fields {
		p.read(field(c.On, name))
	}
	for _, o := range c.Sort {
		f := field(c.On, o.By)
		p.read(f)
		p.sort = append(p.sort, sorted{f, o.Descending})
	}
	for _, path := range c.Include {
		first, _, _ := strings.Cut(path, ".")
		p.readRelation(c.On, first)
	}
	return p
}

func (p *plan) readRelation(e catalogue.Entity, name string) {
	r, _ := e.Relation(name)
	for _, pair := range r.On {
		p.read(field(e, pair.Field))
	}
}

func (p *plan) read(fields ...catalogue.Field) {
	for _, f := range fields {
		if !slices.ContainsFunc(p.columns, func(g catalogue.Field) bool { return g.Name == f.Name }) {
			p.columns = append(p.columns, f)
		}
	}
}

// descending is the direction in which rows of the same values go: that of the
// last field, so that an index of it and the name serves.
func (p *plan) descending() bool {
	return len(p.sort) > 0 && p.sort[len(p.sort)-1].descending
}

// part is a part of the answer that one index can give in order. An answer that is
// sorted by a field which rows may lack has two: rows with it, and rows without.
type part struct {
	lacks  int // of the first field: -1 rows with it, 1 rows without, 0 it is never lacking
	behind *position
}

// parts are what remains of the answer behind a position.
func (p *plan) parts(from position) []part {
	var behind *position
	if from.Row != "" {
		behind = &from
	}
	if len(p.sort) == 0 || !p.sort[0].field.Optional {
		return []part{{0, behind}}
	}
	order := []int{-1, 1}
	if p.sort[0].descending {
		order = []int{1, -1}
	}
	if behind == nil {
		return []part{{order[0], nil}, {order[1], nil}}
	}
	at := -1
	if behind.Values[0] == nil {
		at = 1
	}
	if at == order[1] {
		return []part{{order[1], behind}}
	}
	return []part{{order[0], behind}, {order[1], nil}}
}

// statement reads up to limit rows of a part.
func (p *plan) statement(t part, limit int) (string, []any) {
	b := &builder{dialect: p.dialect, along: p.along}
	main := b.scope(p.checked.On)
	b.write("SELECT ", main.row())
	for _, f := range p.columns {
		b.write(", ", main.column(f))
	}
	b.write(" FROM ", main.from(), " WHERE ")
	b.condition(p.checked.Filter, []scope{main})
	sort := p.sort
	switch t.lacks {
	case 1:
		b.write(" AND ", main.column(sort[0].field), " IS NULL")
		sort = sort[1:]
	case -1:
		b.write(" AND ", main.column(sort[0].field), " IS NOT NULL")
	}
	if t.behind != nil {
		b.write(" AND ")
		b.behind(main, sort, p.descending(), t.behind.Values[len(p.sort)-len(sort):], t.behind.Row, t.lacks == -1)
	}
	b.write(" ORDER BY ")
	for i, s := range sort {
		b.write(main.column(s.field), direction(s.descending))
		if s.field.Optional && (i > 0 || t.lacks != -1) {
			b.write(nulls(s.descending))
		}
		b.write(", ")
	}
	b.write(main.row(), direction(p.descending()), " LIMIT ")
	b.value(limit)
	return b.text.String(), b.args
}

func direction(descending bool) string {
	if descending {
		return " DESC"
	}
	return " ASC"
}

func nulls(descending bool) string {
	if descending {
		return " NULLS FIRST"
	}
	return " NULLS LAST"
}

// behind writes that a row comes after a place. there: the first field is not lacking.
func (b *builder) behind(main scope, sort []sorted, descending bool, values []any, row string, there bool) {
	plain := !slices.ContainsFunc(sort, func(s sorted) bool { return s.descending != descending })
	for i, s := range sort {
		plain = plain && (!s.field.Optional || i == 0 && there)
	}
	sign := " > "
	if descending {
		sign = " < "
	}
	if plain { // one comparison of all at once, which an index serves
		b.write("(")
		for _, s := range sort {
			b.write(main.column(s.field), ", ")
		}
		b.write(main.row(), ")", sign, "(")
		for _, v := range values {
			b.value(v)
			b.write(", ")
		}
		b.value(row)
		b.write(")")
		return
	}
	b.write("(")
	for i, s := range sort {
		b.write("(")
		b.same(main, sort[:i], values)
		b.later(main, s, values[i])
		b.write(") OR ")
	}
	b.write("(")
	b.same(main, sort, values)
	b.write(main.row(), sign)
	b.value(row)
	b.write("))")
}

// same writes that a row has the same values in those fields.
func (b *builder) same(main scope, sort []sorted, values []any) {
	for i, s := range sort {
		b.write(main.column(s.field))
		if values[i] == nil {
			b.write(" IS NULL")
		} else {
			b.write(" = ")
			b.value(values[i])
		}
		b.write(" AND ")
	}
}

// later writes that one field comes after a value.
func (b *builder) later(main scope, s sorted, v any) {
	column := main.column(s.field)
	switch {
	case v == nil && s.descending:
		b.write(column, " IS NOT NULL")
	case v == nil:
		b.write("1 = 0")
	case s.descending:
		b.write(column, " < ")
		b.value(v)
	case s.field.Optional:
		b.write("(", column, " > ")
		b.value(v)
		b.write(" OR ", column, " IS NULL)")
	default:
		b.write(column, " > ")
		b.value(v)
	}
}

// foundRow is a row as it was read: its name, and the values of the plan's columns.
type foundRow struct {
	name   string
	values []any
}

// scan reads the rows of a statement.
func (p *plan) scan(ctx context.Context, tx *sql.Tx, text string, args []any, each func(foundRow) error) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return wrap(err, text)
	}
	defer func() { _ = rows.Close() }()
	cells := newCells(p.columns)
	for rows.Next() {
		f := foundRow{values: make([]any, len(p.columns))}
		if err := rows.Scan(append([]any{&f.name}, cells.into...)...); err != nil {
			return wrap(err, text)
		}
		for i := range p.columns {
			if f.values[i], err = cells.value(i); err != nil {
				return err
			}
		}
		if err := each(f); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return wrap(err, text)
	}
	return nil
}

// cells are where a row is read into, again and again.
type cells struct {
	fields []catalogue.Field
	into   []any
}

func newCells(fields []catalogue.Field) cells {
	c := cells{fields, make([]any, len(fields))}
	for i, f := range fields {
		switch f.Type {
		case catalogue.Integer:
			c.into[i] = new(sql.NullInt64)
		case catalogue.Bool:
			c.into[i] = new(sql.NullBool)
		default:
			c.into[i] = new(sql.NullString)
		}
	}
	return c
}

func (c cells) value(i int) (any, error) {
	switch v := c.into[i].(type) {
	case *sql.NullInt64:
		if v.Valid {
			return v.Int64, nil
		}
	case *sql.NullBool:
		if v.Valid {
			return v.Bool, nil
		}
	case *sql.NullString:
		if !v.Valid {
			return nil, nil
		}
		if c.fields[i].Type == catalogue.Texts {
			var list []string
			err := json.Unmarshal([]byte(v.String), &list)
			return list, err
		}
		return v.String, nil
	}
	return nil, nil
}

// position is the place of that row in the answer.
func (p *plan) position(f foundRow, now measure.Time) position {
	at := position{Row: f.name, Now: now, Values: []any{}}
	for _, s := range p.sort {
		at.Values = append(at.Values, f.values[p.index(s.field.Name)])
	}
	return at
}

func (p *plan) index(name string) int {
	return slices.IndexFunc(p.columns, func(f catalogue.Field) bool { return f.Name == name })
}
