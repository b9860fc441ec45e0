package filter

import (
	"encoding/json"
	"strconv"
	"strings"
)

// String is the filter in one line, as [Parse] reads it. The same filter always
// gives the same text.
func String(e Expr) string {
	var b strings.Builder
	write(&b, e, 0)
	return b.String()
}

// How strongly parts are bound: what is weaker than its surroundings gets brackets.
const (
	inOr = iota + 1
	inAnd
	inNot
)

func write(b *strings.Builder, e Expr, around int) {
	switch e := e.(type) {
	case nil:
	case Or:
		writeJoined(b, e.Of, " or ", inOr, around)
	case And:
		writeJoined(b, e.Of, " and ", inAnd, around)
	case Not:
		b.WriteString("not ")
		write(b, e.Of, inNot)
	case Any:
		b.WriteString("any " + e.Relation)
		if e.Where != nil {
			b.WriteString(" (")
			write(b, e.Where, 0)
			b.WriteByte(')')
		}
	case Search:
		b.WriteString("search " + quote(e.Words))
	case Test:
		writeTest(b, e)
	}
}

func writeJoined(b *strings.Builder, of []Expr, word string, as, around int) {
	if around >= as {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, part := range of {
		if i > 0 {
			b.WriteString(word)
		}
		write(b, part, as)
	}
}

func writeTest(b *strings.Builder, t Test) {
	if t.Op == Exists {
		b.WriteString("exists " + t.Field)
		return
	}
	separator, end := "", ""
	b.WriteString(t.Field + " " + string(t.Op) + " ")
	switch t.Op {
	case In:
		b.WriteByte('(')
		separator, end = ", ", ")"
	case Between:
		separator = " and "
	}
	for i, v := range t.Values {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(v.String())
	}
	b.WriteString(end)
}

// String is the operand as the one-line form has it.
func (o Operand) String() string {
	switch v := o.Value.(type) {
	case string:
		return quote(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	s := "@" + strings.Repeat("^", o.Up) + o.Field
	switch {
	case o.Plus == "":
	case o.Plus[0] == '-':
		s += o.Plus
	default:
		s += "+" + o.Plus
	}
	return s
}

func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // a string can be encoded
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
