package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
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
	room := documents.Get().(*document)
	defer documents.Put(room)
	var err error
	if *room, err = parse(r.Document, *room); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrNotAsCatalogued, r.Kind, err)
	}
	out := make(map[string][]Row, len(from))
	for _, e := range from {
		rows, err := e.rows(r, *room)
		if err != nil {
			return nil, err
		}
		out[e.Name] = rows
	}
	return out, nil
}

// TextsOf gives texts that a document has under those names, "" for one that it does
// not have. It is an error if something else stands there.
func TextsOf(raw []byte, names ...string) ([]string, error) {
	room := documents.Get().(*document)
	defer documents.Put(room)
	var err error
	if *room, err = parse(raw, *room); err != nil {
		return nil, err
	}
	out := make([]string, len(names))
	for i, name := range names {
		at := room.member(0, name)
		switch {
		case at < 0 || (*room)[at].kind == 'n':
		case (*room)[at].kind == '"':
			out[i] = (*room)[at].text
		default:
			return nil, fmt.Errorf("%s is not a text", name)
		}
	}
	return out, nil
}

func (e Entity) rows(r Record, d document) ([]Row, error) {
	id := KeyText(r.Kind, r.Attributes...)
	if e.Each == "" {
		row, err := e.row(r, d, 0, 0)
		row.ID = id
		return []Row{row}, err
	}
	list := d.path(0, e.Each)
	if list < 0 || d[list].kind != '[' {
		return []Row{}, nil
	}
	rows := []Row{}
	for element := list + 1; element < d[list].next; element = d[element].next {
		row, err := e.row(r, d, element, len(rows))
		if err != nil {
			return nil, err
		}
		row.ID = RowID(id, len(rows))
		rows = append(rows, row)
	}
	return rows, nil
}

func (e Entity) row(r Record, d document, element, n int) (Row, error) {
	row := Row{Values: make([]any, len(e.Fields))}
	for i, f := range e.Fields {
		found := -1
		switch {
		case f.Path == "#":
			if f.Type != Integer {
				return row, fmt.Errorf("%w: %s.%s: a number in a field of type %s", ErrNotAsCatalogued, e.Name, f.Name, f.Type)
			}
			row.Values[i] = int64(n)
			continue
		case f.Path == ".":
			found = element
		case f.Path[0] == '@':
			k, err := strconv.Atoi(f.Path[1:])
			if err != nil || k >= len(r.Attributes) {
				return row, fmt.Errorf("%w: %s has no attribute %s", ErrNotAsCatalogued, r.Kind, f.Path)
			}
			v, err := f.value(document{{kind: '"', text: r.Attributes[k]}}, 0)
			if err != nil {
				return row, fmt.Errorf("%w: %s.%s: %v", ErrNotAsCatalogued, e.Name, f.Name, err)
			}
			row.Values[i] = v
			continue
		case f.Path[0] == '^':
			found = d.path(0, f.Path[1:])
		default:
			found = d.path(element, f.Path)
		}
		v, err := f.value(d, found)
		if err != nil {
			return row, fmt.Errorf("%w: %s.%s: %v", ErrNotAsCatalogued, e.Name, f.Name, err)
		}
		row.Values[i] = v
	}
	return row, nil
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
func (f Field) value(d document, at int) (any, error) {
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
func RowID(key string, n int) string { return fmt.Sprintf("%s#%06d", key, n) }
