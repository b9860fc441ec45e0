package couchstandin

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// index is one JSON index of Mango: documents that have all its fields, ordered by the
// values of the fields and then by id. The directions in its definition mean nothing for
// the order: a scan goes either way.
type index struct {
	design, name string
	fields       []string
	directions   []string
	paths        [][]string
	entries      []entry
}

type entry struct {
	key []byte
	id  string
}

func compareEntries(a, b entry) int {
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	return strings.Compare(a.id, b.id)
}

// entry is a document's place in the index; false when it lacks a field.
func (x *index) entry(doc *document) (entry, bool) {
	if doc == nil || doc.Deleted || isDesign(doc.ID) {
		return entry{}, false
	}
	values := make([]any, len(x.paths))
	for i, path := range x.paths {
		v, found := lookup(doc, path)
		if !found {
			return entry{}, false
		}
		values[i] = v
	}
	return entry{compositeKey(values), doc.ID}, true
}

// field is where a path begins: the document's own members, or its id and revision.
func (d *document) field(path []string) any {
	switch path[0] {
	case "_id":
		return map[string]any{"_id": d.ID}
	case "_rev":
		return map[string]any{"_rev": d.Rev}
	}
	return d.Body
}

func (x *index) replace(before, after *document) {
	old, had := x.entry(before)
	now, has := x.entry(after)
	if had && has && compareEntries(old, now) == 0 {
		return
	}
	if had {
		if i, found := slices.BinarySearchFunc(x.entries, old, compareEntries); found {
			x.entries = slices.Delete(x.entries, i, i+1)
		}
	}
	if has {
		i, _ := slices.BinarySearchFunc(x.entries, now, compareEntries)
		x.entries = slices.Insert(x.entries, i, now)
	}
}

func (x *index) fill(d *database) {
	x.entries = nil
	for _, id := range d.ids {
		if e, ok := x.entry(d.docs[id]); ok {
			x.entries = append(x.entries, e)
		}
	}
	slices.SortFunc(x.entries, compareEntries)
}

// definition is the index as its list shows it.
func (x *index) definition() map[string]any {
	fields := make([]any, len(x.fields))
	for i, f := range x.fields {
		fields[i] = map[string]any{f: x.directions[i]}
	}
	return map[string]any{"fields": fields}
}

// design takes over the indexes of a design document, in place of those that it had.
func (d *database) design(doc *document) {
	d.indexes = slices.DeleteFunc(d.indexes, func(x *index) bool { return x.design == doc.ID })
	if doc.Deleted {
		return
	}
	views, _ := doc.Body["views"].(map[string]any)
	for _, name := range sortedNames(views) {
		fields, ok := lookup(views[name], []string{"options", "def", "fields"})
		if !ok {
			continue
		}
		x, err := newIndex(doc.ID, name, fields)
		if err != nil {
			continue // a design document that somebody else wrote: not an index
		}
		x.fill(d)
		d.indexes = append(d.indexes, x)
	}
	slices.SortFunc(d.indexes, func(a, b *index) int {
		return strings.Compare(a.design+"\x00"+a.name, b.design+"\x00"+b.name)
	})
}

func newIndex(design, name string, fields any) (*index, error) {
	names, directions, err := readSort(fields)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, badRequest("invalid_index_json", "Index fields must not be empty")
	}
	x := &index{design: design, name: name, fields: names, directions: directions}
	for _, f := range names {
		x.paths = append(x.paths, splitField(f))
	}
	return x, nil
}

// readSort reads a list of fields with directions, as indexes and sorts have it.
func readSort(v any) (names, directions []string, err error) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil, badRequest("invalid_sort_json", "Sort must be an array of sort specs")
	}
	for _, e := range list {
		name, direction := "", "asc"
		switch e := e.(type) {
		case string:
			name = e
		case map[string]any:
			for n, d := range e {
				name = n
				direction, _ = d.(string)
			}
			if len(e) != 1 || direction != "asc" && direction != "desc" {
				return nil, nil, badRequest("invalid_sort_field", "Invalid sort field: "+encode(e))
			}
		default:
			return nil, nil, badRequest("invalid_sort_field", "Invalid sort field: "+encode(e))
		}
		if len(directions) > 0 && directions[0] != direction {
			return nil, nil, badRequest("unsupported_mixed_sort", "Sorts currently only support a single direction for all fields.")
		}
		names, directions = append(names, name), append(directions, direction)
	}
	return names, directions, nil
}

// createIndex stores a definition as a design document, as CouchDB does, so that it is
// kept, listed and deleted like any document.
func (d *database) createIndex(body map[string]any) (any, error) {
	definition, _ := body["index"].(map[string]any)
	fields, ok := definition["fields"]
	if !ok {
		return nil, badRequest("required_value", "Required value for index fields is missing")
	}
	for member := range definition {
		if member != "fields" {
			return nil, notDone("an index with " + member)
		}
	}
	if kind, ok := body["type"]; ok && kind != "json" {
		return nil, notDone("indexes of type " + encode(kind))
	}
	sum := sha1.Sum([]byte(encode(definition)))
	generated := hex.EncodeToString(sum[:])
	design, name := textOr(body["ddoc"], generated), textOr(body["name"], generated)
	design = "_design/" + strings.TrimPrefix(design, "_design/")
	x, err := newIndex(design, name, fields)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"result": "created", "id": design, "name": name}
	now, err := d.get(design)
	if err != nil {
		now = nil
	}
	next := &draft{id: design, body: map[string]any{"language": "query", "views": map[string]any{}}}
	if now != nil {
		next.rev = now.Rev
		next.body = clone(now.Body)
	}
	views, _ := next.body["views"].(map[string]any)
	view := map[string]any{
		"map": map[string]any{"fields": fieldMap(x), "partial_filter_selector": map[string]any{}}, "reduce": "_count",
		"options": map[string]any{"def": x.definition()},
	}
	if have, ok := views[name]; ok && encode(have) == encode(view) {
		answer["result"] = "exists"
		return answer, nil
	}
	views[name] = view
	return answer, d.putOne(next)
}

func (d *database) deleteIndex(design, name string) error {
	design = "_design/" + strings.TrimPrefix(design, "_design/")
	missing := &failure{http.StatusNotFound, "not_found", "Index not found"}
	now, err := d.get(design)
	if err != nil {
		return missing
	}
	next := &draft{id: design, rev: now.Rev, body: clone(now.Body)}
	views, _ := next.body["views"].(map[string]any)
	if _, ok := views[name]; !ok {
		return missing
	}
	delete(views, name)
	next.deleted = len(views) == 0
	return d.putOne(next)
}

func (d *database) putOne(next *draft) error {
	_, errs, err := d.put(next)
	if err == nil {
		err = errs[0]
	}
	return err
}

// listIndexes shows every index, the one by id first.
func (d *database) listIndexes() any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := []any{map[string]any{"ddoc": nil, "name": "_all_docs", "type": "special", "def": map[string]any{"fields": []any{map[string]any{"_id": "asc"}}}}}
	for _, x := range d.indexes {
		list = append(list, map[string]any{"ddoc": x.design, "name": x.name, "type": "json", "partitioned": false, "def": x.definition()})
	}
	return map[string]any{"total_rows": len(list), "indexes": list}
}

func fieldMap(x *index) map[string]any {
	m := map[string]any{}
	for i, f := range x.fields {
		m[f] = x.directions[i]
	}
	return m
}

func textOr(v any, otherwise string) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	return otherwise
}

// clone copies a JSON object in full, so that the stored one stays as it is.
func clone(m map[string]any) map[string]any {
	b, err := json.Marshal(m)
	if err != nil {
		panic("couchstandin: a stored document cannot be encoded: " + err.Error())
	}
	v, err := decodeJSON(b)
	if err != nil {
		panic("couchstandin: a stored document cannot be decoded: " + err.Error())
	}
	return v.(map[string]any)
}
