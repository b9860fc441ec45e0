package catalogue

import (
	"bytes"
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
	d := json.NewDecoder(bytes.NewReader(r.Document))
	d.UseNumber()
	var document map[string]any
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrNotAsCatalogued, r.Kind, err)
	}
	out := make(map[string][]Row, len(from))
	for _, e := range from {
		rows, err := e.rows(r, document)
		if err != nil {
			return nil, err
		}
		out[e.Name] = rows
	}
	return out, nil
}

func (e Entity) rows(r Record, document map[string]any) ([]Row, error) {
	id := KeyText(r.Kind, r.Attributes...)
	if e.Each == "" {
		row, err := e.row(r, document, document, 0)
		row.ID = id
		return []Row{row}, err
	}
	list, _ := at(document, e.Each).([]any)
	rows := make([]Row, len(list))
	for i, element := range list {
		row, err := e.row(r, document, element, i)
		if err != nil {
			return nil, err
		}
		row.ID = RowID(id, i)
		rows[i] = row
	}
	return rows, nil
}

func (e Entity) row(r Record, document map[string]any, element any, n int) (Row, error) {
	row := Row{Values: make([]any, len(e.Fields))}
	for i, f := range e.Fields {
		var found any
		switch {
		case f.Path == "#":
			found = json.Number(strconv.Itoa(n))
		case f.Path == ".":
			found = element
		case f.Path[0] == '@':
			k, err := strconv.Atoi(f.Path[1:])
			if err != nil || k >= len(r.Attributes) {
				return row, fmt.Errorf("%w: %s has no attribute %s", ErrNotAsCatalogued, r.Kind, f.Path)
			}
			found = r.Attributes[k]
		case f.Path[0] == '^':
			found = at(document, f.Path[1:])
		default:
			found = at(element, f.Path)
		}
		v, err := f.value(found)
		if err != nil {
			return row, fmt.Errorf("%w: %s.%s: %v", ErrNotAsCatalogued, e.Name, f.Name, err)
		}
		row.Values[i] = v
	}
	return row, nil
}

// at follows a path of members; nil when one of them is not there.
func at(v any, path string) any {
	for path != "" {
		var member string
		member, path, _ = strings.Cut(path, ".")
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[member]
	}
	return v
}

// value is what was found as the field's type. Empty is lacking, and lacking is
// zero where the record leaves zero out.
func (f Field) value(found any) (any, error) {
	switch v := found.(type) {
	case nil:
	case string:
		if f.Type != Text && f.Type != Time {
			return nil, fmt.Errorf("text in a field of type %s", f.Type)
		}
		if v != "" {
			return v, nil
		}
	case json.Number:
		if f.Type != Integer {
			return nil, fmt.Errorf("a number in a field of type %s", f.Type)
		}
		return v.Int64()
	case bool:
		if f.Type != Bool {
			return nil, fmt.Errorf("true or false in a field of type %s", f.Type)
		}
		return v, nil
	case []any:
		if f.Type != Texts {
			return nil, fmt.Errorf("a list in a field of type %s", f.Type)
		}
		return texted(v)
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

func texted(list []any) (any, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, errors.New("something else than a text in a list of texts")
		}
		out[i] = s
	}
	return out, nil
}

// KeyText is a composite key as text: kind and attributes between slashes. A
// slash, a percent sign and what is not visible ASCII in an attribute is
// escaped as in a URL, so that two keys never have the same text.
func KeyText(kind string, attributes ...string) string {
	var b strings.Builder
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
