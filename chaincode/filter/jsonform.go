package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// ParseJSON reads the JSON form, such as
//
//	{"and": [{"field": "status", "eq": "in-transit"}, {"any": "excursions", "where": {"field": "peakMilli", "gt": 8000}}]}
//
// or a text, which is the one-line form. null is no filter.
func ParseJSON(data []byte) (Expr, error) {
	if len(data) > MaxJSON {
		return nil, fault.New(fault.CodeQueryTooCostly, "a filter has at most %d bytes", MaxJSON)
	}
	if !utf8.Valid(data) {
		return nil, malformed("is not UTF-8")
	}
	r := &reader{json.NewDecoder(bytes.NewReader(data)), 0}
	r.d.UseNumber()
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	var e Expr
	switch t := t.(type) {
	case nil:
	case string:
		if e, err = Parse(t); err != nil {
			return nil, err
		}
	default:
		if e, err = r.part(t, 0); err != nil {
			return nil, err
		}
	}
	if _, err := r.d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("has something after its end")
	}
	return e, checkSize(e)
}

func malformed(what string) error { return fault.New(fault.CodeQuerySyntax, "the filter %s", what) }

// reader reads tokens, so that depth is bounded before anything is kept, and no
// member can be there twice.
type reader struct {
	d     *json.Decoder
	parts int
}

func (r *reader) token() (json.Token, error) {
	t, err := r.d.Token()
	if err != nil {
		return nil, malformed("is not JSON")
	}
	return t, nil
}

// part reads an object whose "{" has been read, as t.
func (r *reader) part(t json.Token, depth int) (Expr, error) {
	r.parts++
	if err := checkReading(depth, r.parts); err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, malformed("has something else where an object with and, or, not, any, search or field was expected")
	}
	var m members
	for r.d.More() {
		name, err := r.token()
		if err != nil {
			return nil, err
		}
		key, _ := name.(string) // a member's name always is
		if err := r.member(&m, key, depth); err != nil {
			return nil, err
		}
	}
	if _, err := r.token(); err != nil {
		return nil, err
	}
	return m.expr()
}

// members of one object.
type members struct {
	names  []string
	joined []Expr
	not    Expr
	where  Expr
	any    []string
	search string
	field  []string
	op     Op
	values []Operand
	exists bool
}

func (r *reader) member(m *members, name string, depth int) (err error) {
	if slices.Contains(m.names, name) {
		return malformed("has the member " + strconv.Quote(short(name)) + " twice in an object")
	}
	m.names = append(m.names, name)
	switch name {
	case "and", "or":
		m.joined, err = r.list(depth)
	case "not":
		m.not, err = r.inner(depth)
	case "where":
		m.where, err = r.inner(depth)
	case "any":
		m.any, err = r.path()
	case "field":
		m.field, err = r.path()
	case "search":
		m.search, err = r.text()
	case string(Exists):
		m.op = Exists
		m.exists, err = r.boolean()
	default:
		m.op = Op(name)
		if !slices.Contains(Ops(), m.op) {
			return malformed("has an unknown member " + strconv.Quote(short(name)))
		}
		m.values, err = r.values(m.op)
	}
	return err
}

func short(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

// expr is what the members together say; no others may be beside them.
func (m members) expr() (Expr, error) {
	is := func(names ...string) bool {
		for _, n := range names {
			if !slices.Contains(m.names, n) {
				return false
			}
		}
		return len(names) == len(m.names)
	}
	switch {
	case is("and"):
		return all(m.joined), nil
	case is("or"):
		return some(m.joined), nil
	case is("not"):
		return Not{m.not}, nil
	case is("any"), is("any", "where"):
		return along(m.any, m.where), nil
	case is("search"):
		return Search{m.search}, nil
	case len(m.names) == 2 && m.field != nil && m.op != "":
		last := len(m.field) - 1
		var e Expr = Test{m.field[last], m.op, m.values}
		if m.op == Exists {
			e = Test{Field: m.field[last], Op: Exists}
		}
		e = along(m.field[:last], e)
		if m.op == Exists && !m.exists {
			e = Not{e}
		}
		return e, nil
	}
	return nil, malformed("has an object that is none of and, or, not, search, any with or without where, or field with one operation")
}

func (r *reader) inner(depth int) (Expr, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	return r.part(t, depth+1)
}

func (r *reader) open() error {
	t, err := r.token()
	if err == nil && t != json.Delim('[') {
		err = malformed("has something else where a list was expected")
	}
	return err
}

func (r *reader) list(depth int) ([]Expr, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	var of []Expr
	for r.d.More() {
		e, err := r.inner(depth)
		if err != nil {
			return nil, err
		}
		of = append(of, e)
	}
	if _, err := r.token(); err != nil {
		return nil, err
	}
	if len(of) == 0 {
		return nil, malformed("has an empty list")
	}
	return of, nil
}

func (r *reader) text() (string, error) {
	t, err := r.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", malformed("has something else where a text was expected")
	}
	return s, checkText(s)
}

func (r *reader) boolean() (bool, error) {
	t, err := r.token()
	if err != nil {
		return false, err
	}
	b, ok := t.(bool)
	if !ok {
		return false, malformed("has something else where true or false was expected")
	}
	return b, nil
}

func (r *reader) path() ([]string, error) {
	s, err := r.text()
	if err != nil {
		return nil, err
	}
	return splitPath(s)
}

func splitPath(s string) ([]string, error) {
	path := strings.Split(s, ".")
	if len(path) > MaxRelations+1 {
		return nil, tooFar()
	}
	for _, name := range path {
		if !isName(name) || slices.Contains(reserved, name) {
			return nil, fault.New(fault.CodeQuerySyntax, "%q is no name of a field or relation", short(s))
		}
	}
	return path, nil
}

func (r *reader) values(op Op) ([]Operand, error) {
	if op != In && op != Between {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		v, err := r.operand(t)
		return []Operand{v}, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	var values []Operand
	for r.d.More() {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		v, err := r.operand(t)
		if err != nil {
			return nil, err
		}
		if values = append(values, v); len(values) > MaxValues {
			return nil, tooManyValues()
		}
	}
	if _, err := r.token(); err != nil {
		return nil, err
	}
	if len(values) == 0 || op == Between && len(values) != 2 {
		return nil, malformed("has a list of values that is empty, or not two for between")
	}
	return values, nil
}

// operand reads a value, or an object that names a field.
func (r *reader) operand(t json.Token) (Operand, error) {
	switch t := t.(type) {
	case string:
		return Operand{Value: t}, checkText(t)
	case bool:
		return Operand{Value: t}, nil
	case json.Number:
		n, err := strconv.ParseInt(t.String(), 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != t.String() {
			return Operand{}, fault.New(fault.CodeQueryType, "numbers are integers of 64 bits")
		}
		return Operand{Value: n}, nil
	}
	if t != json.Delim('{') {
		return Operand{}, malformed("has null or a list where a value was expected")
	}
	var o Operand
	var seen []string
	for r.d.More() {
		name, err := r.text()
		if err != nil {
			return o, err
		}
		if slices.Contains(seen, name) {
			return o, malformed("has a member twice in an object")
		}
		seen = append(seen, name)
		s, err := r.text()
		if err != nil {
			return o, err
		}
		switch name {
		case "field":
			o.Field = strings.TrimLeft(s, "^")
			o.Up = len(s) - len(o.Field)
		case "plus":
			if o.Plus = s; s == "" {
				return o, malformed("adds nothing")
			}
		default:
			return o, malformed("has an unknown member " + strconv.Quote(short(name)))
		}
	}
	if _, err := r.token(); err != nil {
		return o, err
	}
	if !checkReference(o) {
		return o, malformed(`has an object for a value that is not {"field": "^openedAt", "plus": "30d"}`)
	}
	return o, nil
}

// JSON is the filter in its JSON form, as [ParseJSON] reads it. The same filter
// always gives the same bytes.
func JSON(e Expr) []byte {
	var b bytes.Buffer
	writeJSON(&b, e)
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, e Expr) {
	switch e := e.(type) {
	case nil:
		b.WriteString("null")
	case And:
		writeList(b, "and", e.Of)
	case Or:
		writeList(b, "or", e.Of)
	case Not:
		b.WriteString(`{"not":`)
		writeJSON(b, e.Of)
		b.WriteByte('}')
	case Any:
		b.WriteString(`{"any":` + quote(e.Relation))
		if e.Where != nil {
			b.WriteString(`,"where":`)
			writeJSON(b, e.Where)
		}
		b.WriteByte('}')
	case Search:
		b.WriteString(`{"search":` + quote(e.Words) + `}`)
	case Test:
		b.WriteString(`{"field":` + quote(e.Field) + `,` + quote(string(e.Op)) + `:`)
		writeValues(b, e)
		b.WriteByte('}')
	}
}

func writeList(b *bytes.Buffer, word string, of []Expr) {
	b.WriteString(`{"` + word + `":[`)
	for i, part := range of {
		if i > 0 {
			b.WriteByte(',')
		}
		writeJSON(b, part)
	}
	b.WriteString("]}")
}

func writeValues(b *bytes.Buffer, t Test) {
	switch t.Op {
	case Exists:
		b.WriteString("true")
	case In, Between:
		b.WriteByte('[')
		for i, v := range t.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			writeOperand(b, v)
		}
		b.WriteByte(']')
	default:
		writeOperand(b, t.Values[0])
	}
}

func writeOperand(b *bytes.Buffer, o Operand) {
	if o.Value != nil {
		b.WriteString(o.String())
		return
	}
	b.WriteString(`{"field":` + quote(strings.Repeat("^", o.Up)+o.Field))
	if o.Plus != "" {
		b.WriteString(`,"plus":` + quote(o.Plus))
	}
	b.WriteByte('}')
}
