package query

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// builder writes one statement. Values go into args in the order in which their
// places are written.
type builder struct {
	dialect projection.Dialect
	text    strings.Builder
	args    []any
	aliases int
	along   map[string]bool // fields of the first table whose indexes are not to be used
}

// scope is a table in the statement: the entity that it has the rows of, and its name there.
type scope struct {
	entity catalogue.Entity
	alias  string
}

func (b *builder) write(parts ...string) {
	for _, p := range parts {
		b.text.WriteString(p)
	}
}

// value writes the place of a parameter.
func (b *builder) value(v any) {
	b.args = append(b.args, v)
	b.write(b.dialect.Placeholder(len(b.args)))
}

func (b *builder) scope(e catalogue.Entity) scope {
	s := scope{e, "t" + strconv.Itoa(b.aliases)}
	b.aliases++
	return s
}

// column is a field's column in the statement.
func (s scope) column(f catalogue.Field) string { return s.alias + "." + projection.Quote(f.Column()) }

// row is the column of the row's own name.
func (s scope) row() string { return s.alias + "." + projection.Quote(catalogue.RowColumn) }

func (s scope) from() string { return projection.Quote(s.entity.Table()) + " AS " + s.alias }

func field(e catalogue.Entity, name string) catalogue.Field {
	f, _ := e.Field(name) // Check has held the question to the catalogue
	return f
}

// condition writes what a row must meet. A comparison with what a row lacks is
// neither true nor false in SQL, and "IS NOT TRUE" makes the opposite plain.
func (b *builder) condition(e filter.Expr, in []scope) {
	switch e := e.(type) {
	case nil:
		b.write("1 = 1")
	case filter.And:
		b.joined(e.Of, " AND ", in)
	case filter.Or:
		b.joined(e.Of, " OR ", in)
	case filter.Not:
		b.write("(")
		b.condition(e.Of, in)
		b.write(") IS NOT TRUE")
	case filter.Any:
		b.any(e, in)
	case filter.Test:
		b.test(e, in)
	}
}

func (b *builder) joined(of []filter.Expr, word string, in []scope) {
	b.write("(")
	for i, part := range of {
		if i > 0 {
			b.write(word)
		}
		b.condition(part, in)
	}
	b.write(")")
}

func (b *builder) any(e filter.Any, in []scope) {
	here := in[len(in)-1]
	r, to, _ := filter.Related(here.entity, e.Relation)
	there := b.scope(to)
	b.write("EXISTS (SELECT 1 FROM ", there.from(), " WHERE ")
	b.join(r, here, there)
	if e.Where != nil {
		b.write(" AND ")
		b.condition(e.Where, append(in[:len(in):len(in)], there))
	}
	b.write(")")
}

func (b *builder) join(r catalogue.Relation, here, there scope) {
	for i, p := range r.On {
		if i > 0 {
			b.write(" AND ")
		}
		b.write(there.column(field(there.entity, p.Of)), " = ", here.column(field(here.entity, p.Field)))
	}
}

// comparisons in SQL.
var comparisons = map[filter.Op]string{filter.Eq: " = ", filter.Ne: " <> ", filter.Lt: " < ", filter.Le: " <= ", filter.Gt: " > ", filter.Ge: " >= "}

func (b *builder) test(t filter.Test, in []scope) {
	here := in[len(in)-1]
	column := here.column(field(here.entity, t.Field))
	if len(in) == 1 && b.along[t.Field] {
		column = "+" + column // the same value, and no index of it
	}
	switch t.Op {
	case filter.Exists:
		b.write(column, " IS NOT NULL")
	case filter.In:
		b.write(column, " IN (")
		for i, v := range t.Values {
			if i > 0 {
				b.write(", ")
			}
			b.value(v.Value)
		}
		b.write(")")
	case filter.Prefix:
		b.prefix(column, t.Values[0].Value.(string))
	case filter.Contains:
		b.contains(column, t.Values[0].Value.(string))
	case filter.Has:
		b.has(column, t.Values[0].Value)
	default:
		b.write(column, comparisons[t.Op])
		b.operand(t.Values[0], in)
	}
}

// prefix is a range, so that an index serves it.
func (b *builder) prefix(column, prefix string) {
	b.write("(", column, " >= ")
	b.value(prefix)
	if end, ok := after(prefix); ok {
		b.write(" AND ", column, " < ")
		b.value(end)
	}
	b.write(")")
}

// after is the first text that is behind all that begin with the prefix, in the order of bytes.
func after(prefix string) (string, bool) {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue
		case last == 0xD7FF: // what follows are no characters
			return prefix + "\uE000", true
		}
		return prefix + string(last+1), true
	}
	return "", false
}

// contains makes ASCII letters small on both sides: the databases differ about others.
func (b *builder) contains(column, part string) {
	small := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, part)
	if b.dialect == projection.Postgres {
		b.write("strpos(lower(", column, ` COLLATE "C"), `)
	} else {
		b.write("instr(lower(", column, "), ")
	}
	b.value(small)
	b.write(") > 0")
}

func (b *builder) has(column string, v any) {
	if b.dialect == projection.Postgres {
		b.write("jsonb_exists(", column, ", ")
		b.value(v)
		b.write(")")
		return
	}
	b.write("EXISTS (SELECT 1 FROM json_each(", column, ") AS listed WHERE listed.value = ")
	b.value(v)
	b.write(")")
}

// operand writes a value, or a field of this row or one further out with what is added.
func (b *builder) operand(o filter.Operand, in []scope) {
	if o.Value != nil {
		b.value(o.Value)
		return
	}
	at := in[len(in)-1-o.Up]
	f := field(at.entity, o.Field)
	column, plus := at.column(f), o.Addend()
	switch {
	case plus == 0:
		b.write(column)
	case f.Type == catalogue.Integer && b.dialect == projection.Postgres:
		b.write("(", column, "::numeric + ") // which never overflows
		b.value(plus)
		b.write(")")
	case f.Type == catalogue.Integer:
		b.write("(", column, " + ")
		b.value(plus)
		b.write(")")
	case b.dialect == projection.Postgres:
		b.write("to_char((", column, "::timestamptz + CAST(CAST(")
		b.value(strconv.FormatInt(plus, 10) + " milliseconds")
		b.write(` AS text) AS interval)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') COLLATE "C"`)
	default:
		b.write("strftime('%Y-%m-%dT%H:%M:%fZ', ", column, ", ")
		b.value(seconds(plus))
		b.write(")")
	}
}

// seconds is a number of milliseconds as SQLite adds it to a time.
func seconds(ms int64) string {
	sign := "+"
	if ms < 0 {
		sign, ms = "-", -ms
	}
	thousandths := strconv.FormatInt(1000+ms%1000, 10)[1:]
	return sign + strconv.FormatInt(ms/1000, 10) + "." + thousandths + " seconds"
}
