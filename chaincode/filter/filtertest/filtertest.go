// Package filtertest makes data and filters up for tests that hold a backend
// against what filters mean, [filter.Match]. It is for tests only. Invariant: what
// it makes is valid, small enough to read, and as awkward as the catalogue allows:
// values that differ in one letter's size, lacking ones, and the limits of integers.
package filtertest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
)

// Data are rows by entity; each has its name under [catalogue.RowColumn].
type Data map[string][]filter.Fields

// Rows are the rows of an entity.
func (d Data) Rows(entity string) []filter.Fields { return d[entity] }

// Pools of values, small so that rows meet one another.
var (
	Texts    = []string{"a", "A", "ab", "b", "B-1", "ä", "Ä", "100%", "x_y", `q"uote`, `b\s`, "'; drop table x; --", "a b", "zz", "*", "日本"}
	Integers = []int64{-9223372036854775808, -1, 0, 1, 2, 7, 8000, 9007199254740993, 9223372036854775807}
	Times    = []string{"2026-01-01T00:00:00.000Z", "2026-03-31T23:59:59.999Z", "2026-04-01T00:00:00.000Z", "2025-12-31T12:00:00.000Z", "2024-02-29T08:30:00.500Z"}
)

// Make gives up to n rows for each of the entities.
func Make(t *rapid.T, n int, entities ...catalogue.Entity) Data {
	d := make(Data)
	for _, e := range entities {
		for i := range rapid.IntRange(0, n).Draw(t, e.Name) {
			d[e.Name] = append(d[e.Name], row(t, e, i))
		}
	}
	return d
}

func row(t *rapid.T, e catalogue.Entity, i int) filter.Fields {
	key := catalogue.KeyText("k", fmt.Sprint(i))
	r := filter.Fields{catalogue.RowColumn: key}
	for _, f := range slices.Concat(e.Fields, catalogue.Provenance()) {
		if f.Optional && rapid.Bool().Draw(t, f.Name+" is there") {
			continue
		}
		r[f.Name] = value(t, f.Type)
	}
	r["ledgerKey"] = key
	return r
}

func value(t *rapid.T, typ catalogue.Type) any {
	switch typ {
	case catalogue.Integer:
		return rapid.SampledFrom(Integers).Draw(t, "integer")
	case catalogue.Time:
		return rapid.SampledFrom(Times).Draw(t, "time")
	case catalogue.Bool:
		return rapid.Bool().Draw(t, "bool")
	case catalogue.Texts:
		return rapid.SliceOfNDistinct(rapid.SampledFrom(Texts), 1, 3, rapid.ID[string]).Draw(t, "texts")
	}
	return rapid.SampledFrom(Texts).Draw(t, "text")
}

// Reach gives the entity and all that relations lead to from it in so many steps.
func Reach(e catalogue.Entity, steps int) []catalogue.Entity {
	all := []catalogue.Entity{e}
	from := all
	for range steps {
		var next []catalogue.Entity
		for _, f := range from {
			for _, r := range f.Relations {
				to, _ := catalogue.Find(r.To)
				if !slices.ContainsFunc(all, func(a catalogue.Entity) bool { return a.Name == to.Name }) {
					all, next = append(all, to), append(next, to)
				}
			}
		}
		from = next
	}
	return all
}

// What a filter may use.
type Uses struct {
	Relations  bool
	References bool // comparisons of two fields
	Provenance bool
}

// Filter makes a filter of an entity up, as a client could write it.
func Filter(t *rapid.T, e catalogue.Entity, uses Uses) filter.Expr {
	return maker{t, uses}.expr([]catalogue.Entity{e}, 3)
}

type maker struct {
	t    *rapid.T
	uses Uses
}

func (m maker) expr(scope []catalogue.Entity, depth int) filter.Expr {
	e := scope[len(scope)-1]
	kind := rapid.IntRange(0, 9).Draw(m.t, "kind")
	switch {
	case kind <= 1 && depth > 0:
		return filter.And{Of: m.several(scope, depth)}
	case kind <= 3 && depth > 0:
		return filter.Or{Of: m.several(scope, depth)}
	case kind == 4 && depth > 0:
		return filter.Not{Of: m.expr(scope, depth-1)}
	case kind == 5 && depth > 0 && m.uses.Relations && len(e.Relations) > 0 && len(scope) < 3:
		r := rapid.SampledFrom(e.Relations).Draw(m.t, "relation")
		if rapid.IntRange(0, 4).Draw(m.t, "is there any") == 0 {
			return filter.Any{Relation: r.Name}
		}
		to, _ := catalogue.Find(r.To)
		return filter.Any{Relation: r.Name, Where: m.expr(append(slices.Clip(scope), to), depth-1)}
	}
	return m.test(scope)
}

func (m maker) several(scope []catalogue.Entity, depth int) []filter.Expr {
	of := make([]filter.Expr, rapid.IntRange(2, 3).Draw(m.t, "parts"))
	for i := range of {
		of[i] = m.expr(scope, depth-1)
	}
	return of
}

func (m maker) test(scope []catalogue.Entity) filter.Expr {
	e := scope[len(scope)-1]
	fields := e.Fields
	if m.uses.Provenance {
		fields = slices.Concat(fields, catalogue.Provenance())
	}
	if slices.ContainsFunc(fields, func(f catalogue.Field) bool { return f.Searchable }) && rapid.IntRange(0, 15).Draw(m.t, "search") == 0 {
		return filter.Search{Words: rapid.SampledFrom(Texts).Draw(m.t, "words")}
	}
	f := rapid.SampledFrom(fields).Draw(m.t, "field")
	op := rapid.SampledFrom(filter.Allowed(f.Type)).Draw(m.t, "operation")
	t := filter.Test{Field: f.Name, Op: op}
	switch op {
	case filter.Exists:
	case filter.During:
		t.Values = []filter.Operand{{Value: rapid.SampledFrom([]string{"2026", "2026-Q1", "2026-03", "2026-03-31", "2024"}).Draw(m.t, "period")}}
	case filter.In:
		for range rapid.IntRange(1, 3).Draw(m.t, "values") {
			t.Values = append(t.Values, m.literal(f.Type))
		}
	case filter.Between:
		t.Values = []filter.Operand{m.operand(scope, f, op), m.operand(scope, f, op)}
	default:
		t.Values = []filter.Operand{m.operand(scope, f, op)}
	}
	return t
}

func (m maker) literal(typ catalogue.Type) filter.Operand {
	if typ == catalogue.Texts {
		typ = catalogue.Text
	}
	return filter.Operand{Value: value(m.t, typ)}
}

// operand is a value mostly, and sometimes a field of the same type, here or further out.
func (m maker) operand(scope []catalogue.Entity, f catalogue.Field, op filter.Op) filter.Operand {
	compared := slices.Contains([]filter.Op{filter.Eq, filter.Ne, filter.Lt, filter.Le, filter.Gt, filter.Ge, filter.Between}, op)
	if !m.uses.References || !compared || rapid.IntRange(0, 3).Draw(m.t, "reference") > 0 {
		return m.literal(f.Type)
	}
	up := rapid.IntRange(0, len(scope)-1).Draw(m.t, "up")
	var same []string
	for _, other := range scope[len(scope)-1-up].Fields {
		if other.Type == f.Type {
			same = append(same, other.Name)
		}
	}
	if len(same) == 0 {
		return m.literal(f.Type)
	}
	o := filter.Operand{Field: rapid.SampledFrom(same).Draw(m.t, "other"), Up: up}
	if f.Type == catalogue.Time && rapid.Bool().Draw(m.t, "plus") {
		o.Plus = rapid.SampledFrom([]string{"30d", "-1d", "500ms", "-12h"}).Draw(m.t, "addend")
	}
	return o
}
