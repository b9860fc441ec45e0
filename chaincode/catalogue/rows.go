package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Row is what an entity sees in a record: one value for each of its fields, in
// their order. A value is nil (lacking), a string, an int64, a bool or a []string.
type Row struct {
	ID     string // what [RowColumn] holds
	Values []any
}

// Record is a stored record: its key's attributes after the prefix, and its document.
type Record struct {
	ID         string // the key as [KeyText] gives it; "": it is made of kind and attributes
	Kind       string
	Attributes []string
	Document   []byte
}

// ErrNotAsCatalogued says that a record does not have the form that the catalogue tells of it.
var ErrNotAsCatalogued = errors.New("the record is not as the catalogue says")

// Read gives the rows of all entities that are read from records of this kind.
func Read(r Record) (map[string][]Row, error) {
	from := byKind[r.Kind]
	if len(from) == 0 {
		return nil, nil
	}
	out := make(map[string][]Row, len(from))
	for _, e := range from {
		out[e.Name] = []Row{}
	}
	err := Each(r, func(e *Entity, row Row) error {
		row.Values = slices.Clone(row.Values)
		out[e.Name] = append(out[e.Name], row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Each gives the rows that [Read] gives one after another, until do fails. The values
// of a row are another's once do has returned.
func Each(r Record, do func(e *Entity, row Row) error) error {
	from := byKind[r.Kind]
	if len(from) == 0 {
		return nil
	}
	in := rooms.Get().(*room)
	defer rooms.Put(in)
	var err error
	if in.document, err = parse(r.Document, in.document); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrNotAsCatalogued, r.Kind, err)
	}
	id := r.ID
	if id == "" {
		id = KeyText(r.Kind, r.Attributes...)
	}
	for i := range from {
		e := &from[i]
		in.values = slices.Grow(in.values[:0], len(e.Fields))[:len(e.Fields)]
		if err := e.rows(r, id, in.document, in.values, do); err != nil {
			return err
		}
	}
	return nil
}

// TextsOf gives texts that a document has under those names, "" for one that it does
// not have. It is an error if something else stands there.
func TextsOf(raw []byte, names ...string) ([]string, error) {
	in := rooms.Get().(*room)
	defer rooms.Put(in)
	d, err := parse(raw, in.document)
	if err != nil {
		return nil, err
	}
	in.document = d
	out := make([]string, len(names))
	for i, name := range names {
		at := d.member(0, name)
		switch {
		case at < 0 || d[at].kind == 'n':
		case d[at].kind == '"':
			out[i] = d[at].text
		default:
			return nil, fmt.Errorf("%s is not a text", name)
		}
	}
	return out, nil
}

func (e *Entity) rows(r Record, id string, d document, values []any, do func(e *Entity, row Row) error) error {
	if e.Each == "" {
		if err := e.row(r, d, 0, 0, values); err != nil {
			return err
		}
		return do(e, Row{id, values})
	}
	list := d.path(0, e.Each)
	if list < 0 || d[list].kind != '[' {
		return nil
	}
	n := 0
	for element := list + 1; element < d[list].next; element = d[element].next {
		if err := e.row(r, d, element, n, values); err != nil {
			return err
		}
		if err := do(e, Row{RowID(id, n), values}); err != nil {
			return err
		}
		n++
	}
	return nil
}

// row finds the values of one row.
func (e *Entity) row(r Record, d document, element, n int, values []any) error {
	for i := range e.Fields {
		f := &e.Fields[i]
		found := -1
		switch {
		case f.Path == "#":
			if f.Type != Integer {
				return fmt.Errorf("%w: %s.%s: a number in a field of type %s", ErrNotAsCatalogued, e.Name, f.Name, f.Type)
			}
			values[i] = int64(n)
			continue
		case f.Path == ".":
			found = element
		case f.Path[0] == '@':
			k, err := strconv.Atoi(f.Path[1:])
			if err != nil || k >= len(r.Attributes) {
				return fmt.Errorf("%w: %s has no attribute %s", ErrNotAsCatalogued, r.Kind, f.Path)
			}
			v, err := f.value(document{{kind: '"', text: r.Attributes[k]}}, 0)
			if err != nil {
				return fmt.Errorf("%w: %s.%s: %v", ErrNotAsCatalogued, e.Name, f.Name, err)
			}
			values[i] = v
			continue
		case f.Path[0] == '^':
			found = d.path(0, f.Path[1:])
		default:
			found = d.path(element, f.Path)
		}
		v, err := f.value(d, found)
		if err != nil {
			return fmt.Errorf("%w: %s.%s: %v", ErrNotAsCatalogued, e.Name, f.Name, err)
		}
		values[i] = v
	}
	return nil
}

// path follows a path of members; -1 when one of them is not there.
func (d document) path(at int, path string) int {
	for path != "" {
		var member string
		member, path, _ = strings.Cut(path, ".")
		at = d.member(at, member)
	}
	return at
}

// value is what was found as the field's type. Empty is lacking, and lacking is
// zero where the record leaves zero out.
func (f *Field) value(d document, at int) (any, error) {
	kind := byte('n')
	if at >= 0 {
		kind = d[at].kind
	}
	switch kind {
	case 'n':
	case '"':
		if f.Type != Text && f.Type != Time {
			return nil, fmt.Errorf("text in a field of type %s", f.Type)
		}
		if d[at].text != "" {
			return d[at].text, nil
		}
	case '0':
		if f.Type != Integer {
			return nil, fmt.Errorf("a number in a field of type %s", f.Type)
		}
		return json.Number(d[at].text).Int64()
	case 't', 'f':
		if f.Type != Bool {
			return nil, fmt.Errorf("true or false in a field of type %s", f.Type)
		}
		return kind == 't', nil
	case '[':
		if f.Type != Texts {
			return nil, fmt.Errorf("a list in a field of type %s", f.Type)
		}
		return d.texts(at)
	default:
		return nil, errors.New("an object where a value was expected")
	}
	switch {
	case f.Zero && f.Type == Integer:
		return int64(0), nil
	case f.Zero && f.Type == Bool:
		return false, nil
	case !f.Optional && f.Path[0] != '^':
		return nil, errors.New("is lacking")
	}
	return nil, nil
}

func (d document) texts(list int) (any, error) {
	if d[list].next == list+1 {
		return nil, nil
	}
	var out []string
	for i := list + 1; i < d[list].next; i = d[i].next {
		if d[i].kind != '"' {
			return nil, errors.New("something else than a text in a list of texts")
		}
		out = append(out, d[i].text)
	}
	return out, nil
}

// KeyText is a composite key as text: kind and attributes between slashes. A
// slash, a percent sign and what is not visible ASCII in an attribute is
// escaped as in a URL, so that two keys never have the same text.
func KeyText(kind string, attributes ...string) string {
	var b strings.Builder
	n := len(kind)
	for _, a := range attributes {
		n += 1 + len(a)
	}
	b.Grow(n)
	b.WriteString(kind)
	for _, a := range attributes {
		b.WriteByte('/')
		for i := range len(a) {
			if c := a[i]; c > ' ' && c < 0x7f && c != '/' && c != '%' && c != '#' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
	}
	return b.String()
}

// ParseKeyText is the way back.
func ParseKeyText(text string) (kind string, attributes []string, ok bool) {
	parts := strings.Split(text, "/")
	for _, p := range parts[1:] {
		var b strings.Builder
		for i := 0; i < len(p); i++ {
			if p[i] != '%' {
				b.WriteByte(p[i])
				continue
			}
			if i+2 >= len(p) {
				return "", nil, false
			}
			c, err := strconv.ParseUint(p[i+1:i+3], 16, 8)
			if err != nil {
				return "", nil, false
			}
			b.WriteByte(byte(c))
			i += 2
		}
		attributes = append(attributes, b.String())
	}
	return parts[0], attributes, parts[0] != "" && KeyText(parts[0], attributes...) == text
}

// RowID names the n-th row of a record. Numbers have a fixed width, so that the
// order of the names is that of the rows.
func RowID(key string, n int) string {
	number := strconv.Itoa(n)
	return key + "#" + "000000"[min(len(number), 6):] + number
}
