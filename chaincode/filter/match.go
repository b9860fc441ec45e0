package filter

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Fields are one row by field name: a string, an int64, a bool, a []string, or
// nothing where the row lacks it.
type Fields map[string]any

// Data has the rows of every entity.
type Data interface{ Rows(entity string) []Fields }

// Match says whether a row meets a checked filter. It is what the filter means:
// slow, and held against every backend in tests.
func Match(e Expr, entity catalogue.Entity, row Fields, d Data) bool {
	return matcher{d}.expr(e, []scope{{entity, row}})
}

type scope struct {
	entity catalogue.Entity
	row    Fields
}

type matcher struct{ data Data }

func (m matcher) expr(e Expr, in []scope) bool {
	switch e := e.(type) {
	case nil:
		return true
	case And:
		return !slices.ContainsFunc(e.Of, func(e Expr) bool { return !m.expr(e, in) })
	case Or:
		return slices.ContainsFunc(e.Of, func(e Expr) bool { return m.expr(e, in) })
	case Not:
		return !m.expr(e.Of, in)
	case Any:
		here := in[len(in)-1]
		r, to, err := Related(here.entity, e.Relation)
		if err != nil {
			return false
		}
		return slices.ContainsFunc(m.data.Rows(to.Name), func(row Fields) bool {
			return Joined(r, here.row, row) && m.expr(e.Where, append(slices.Clip(in), scope{to, row}))
		})
	case Test:
		return m.test(e, in)
	}
	return false
}

// Joined says that a relation leads from one row to the other.
func Joined(r catalogue.Relation, from, to Fields) bool {
	return !slices.ContainsFunc(r.On, func(p catalogue.Pair) bool {
		return from[p.Field] == nil || from[p.Field] != to[p.Of]
	})
}

func (m matcher) test(t Test, in []scope) bool {
	have, ok := in[len(in)-1].row[t.Field]
	if !ok || have == nil {
		return false
	}
	switch t.Op {
	case Exists:
		return true
	case Has:
		return slices.Contains(have.([]string), t.Values[0].Value.(string))
	case In:
		return slices.ContainsFunc(t.Values, func(o Operand) bool { return o.Value == have })
	case Prefix:
		return strings.HasPrefix(have.(string), t.Values[0].Value.(string))
	case Contains:
		return strings.Contains(folded(have.(string)), folded(t.Values[0].Value.(string)))
	}
	value, ok := resolve(t.Values[0], in)
	return ok && holds(t.Op, compare(have, value))
}

func holds(op Op, order int) bool {
	switch op {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	case Gt:
		return order > 0
	}
	return order >= 0 // Ge
}

// resolve is an operand's value, and false where the row lacks the field.
func resolve(o Operand, in []scope) (any, bool) {
	if o.Value != nil {
		return o.Value, true
	}
	at := in[len(in)-1-o.Up]
	v, ok := at.row[o.Field]
	if !ok || v == nil {
		return nil, false
	}
	plus, _ := addend(o.Plus)
	switch x := v.(type) {
	case int64:
		return x + plus, true
	case string:
		if o.Plus != "" {
			return string(measure.Time(x).Add(plus)), true
		}
	}
	return v, true
}

// Addend is what an operand adds: thousandths of seconds to a time, or a number to an integer.
func (o Operand) Addend() int64 {
	n, _ := addend(o.Plus) // parsing has held it to that
	return n
}

func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	}
	switch { // of bool, only whether they are equal is asked
	case a == b:
		return 0
	}
	return 1
}

// folded is a text with its ASCII letters small; others stay as they are, since
// databases differ about them.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
