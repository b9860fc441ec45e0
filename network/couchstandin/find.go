package couchstandin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// CouchDB's own words.
const (
	warnNoIndex   = "No matching index found, create an index to optimize query time."
	warnExamined  = "The number of documents examined is high in proportion to the number of results returned. Consider adding a more specific index to improve this."
	noBookmark    = "nil"
	defaultLimit  = 25
	examinedRatio = 10
)

// question is the body of _find.
type question struct {
	selector   selector
	fields     [][]string
	limit      int
	skip       int
	sort       []string
	descending bool
	bookmark   *mark
	sent       string // the bookmark as it came
	useIndex   []string
}

// mark is where the page before ended: a bookmark holds it.
type mark struct {
	Key []byte `json:"k"`
	ID  string `json:"i"`
}

func (m mark) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(encode(m)))
}

func readMark(s string) (*mark, error) {
	if s == "" || s == noBookmark {
		return nil, nil
	}
	bad := badRequest("invalid_bookmark", "Invalid bookmark value: "+s)
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, bad
	}
	var m mark
	if json.Unmarshal(b, &m) != nil {
		return nil, bad
	}
	return &m, nil
}

func readQuestion(body map[string]any) (*question, error) {
	q := &question{limit: defaultLimit}
	v, ok := body["selector"]
	if !ok {
		return nil, badRequest("missing_required_key", "Missing required key: selector")
	}
	var err error
	if q.selector, err = parseSelector(v, "", false); err != nil {
		return nil, err
	}
	for _, name := range sortedNames(body) {
		if name == "selector" {
			continue
		}
		if err := q.set(name, body[name]); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *question) set(name string, v any) (err error) {
	switch name {
	case "limit", "skip":
		n, ok := v.(json.Number)
		number, parse := n.Int64()
		if !ok || parse != nil || number < 0 {
			return badRequest("invalid_"+name+"_json", "Invalid "+name+": "+encode(v))
		}
		if name == "limit" {
			q.limit = int(number)
		} else {
			q.skip = int(number)
		}
	case "sort":
		var directions []string
		q.sort, directions, err = readSort(v)
		q.descending = len(directions) > 0 && directions[0] == "desc"
	case "fields":
		return q.setFields(v)
	case "bookmark":
		s, ok := v.(string)
		if !ok {
			return badRequest("invalid_bookmark", "Invalid bookmark value: "+encode(v))
		}
		q.sent = s
		q.bookmark, err = readMark(s)
	case "use_index":
		return q.setIndex(v)
	case "r", "conflicts", "update", "stable", "stale", "execution_stats":
		// They choose between copies of a document, or ask for figures: there is one copy here.
	default:
		return notDone("the member " + name + " of a query")
	}
	return err
}

func (q *question) setFields(v any) error {
	list, ok := v.([]any)
	if !ok {
		return badRequest("invalid_fields_json", "Fields must be an array of strings, not: "+encode(v))
	}
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return badRequest("invalid_fields_json", "Fields must be an array of strings, not: "+encode(v))
		}
		q.fields = append(q.fields, splitField(s))
	}
	return nil
}

func (q *question) setIndex(v any) error {
	switch v := v.(type) {
	case string:
		q.useIndex = []string{v}
		return nil
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok || len(v) > 2 {
				return badRequest("invalid_index_name", "Invalid index name: "+encode(v))
			}
			q.useIndex = append(q.useIndex, s)
		}
		return nil
	}
	return badRequest("invalid_index_name", "Invalid index name: "+encode(v))
}

// ranges are what a selector demands of fields, all at once: conditions below $or say
// nothing about where a scan can begin.
type ranges map[string]*fieldRange

type fieldRange struct {
	equal     []byte // the one value that is possible
	low, high []byte // bounds, both as keys; nil is none
	exists    bool   // whatever matches has the field
}

func (r ranges) of(field string) *fieldRange {
	if r[field] == nil {
		r[field] = &fieldRange{}
	}
	return r[field]
}

func (r ranges) collect(s selector) {
	switch s := s.(type) {
	case allOf:
		for _, e := range s {
			r.collect(e)
		}
	case *condition:
		f := r.of(s.name)
		f.exists = f.exists || s.op != "$exists" || s.arg.(bool)
		if s.not {
			return
		}
		switch s.op {
		case "$eq":
			f.equal = sortKey(s.arg)
		case "$gt", "$gte":
			f.low = sortKey(s.arg)
		case "$lt", "$lte":
			f.high = sortKey(s.arg)
		}
	}
}

// usable says whether an index can answer: whatever matches is in it, and its order is
// the one that is asked for. What the sort names has to be in the index anyway.
func (x *index) usable(r ranges, sort []string) bool {
	for _, f := range x.fields {
		known := r[f] != nil && r[f].exists
		if !known && !slices.Contains(sort, f) && f != "_id" && f != "_rev" {
			return false
		}
	}
	return canSort(x.fields, sort, r)
}

// canSort says whether fields, in the order of the index, give the sort. A first field
// that the selector holds to one value does not matter for the order.
func canSort(fields, sort []string, r ranges) bool {
	for {
		if len(sort) > len(fields) {
			return false
		}
		if slices.Equal(fields[:len(sort)], sort) {
			return true
		}
		if r[fields[0]] == nil || r[fields[0]].equal == nil {
			return false
		}
		fields = fields[1:]
	}
}

// prefix is how many of the index's first fields the selector bounds.
func (x *index) prefix(r ranges) int {
	n := 0
	for _, f := range x.fields {
		if b := r[f]; b == nil || b.equal == nil && b.low == nil && b.high == nil {
			break
		}
		n++
	}
	return n
}

// choose finds the index for a question, nil for the one by id, and the warning that goes with it.
func (d *database) choose(q *question, r ranges) (*index, string, error) {
	var usable []*index
	for _, x := range d.indexes {
		if x.usable(r, q.sort) {
			usable = append(usable, x)
		}
	}
	warning := ""
	if q.useIndex != nil {
		wanted := slices.DeleteFunc(slices.Clone(usable), func(x *index) bool { return !x.called(q.useIndex) })
		if len(wanted) > 0 {
			usable = wanted
		} else {
			warning = strings.Join(q.useIndex, ", ") + " was not used because it does not contain a valid index for this query."
		}
	}
	if len(usable) == 0 {
		if len(q.sort) > 0 && !slices.Equal(q.sort, []string{"_id"}) {
			return nil, "", badRequest("no_usable_index", "No index exists for this sort, try indexing by the sort fields.")
		}
		return nil, joinLines(warning, warnNoIndex), nil
	}
	// The one with the fewest fields that do not help, then the one with the fewest
	// fields, then the first by name, as which they are in order.
	best := slices.MinFunc(usable, func(a, b *index) int {
		if c := len(a.fields) - a.prefix(r) - (len(b.fields) - b.prefix(r)); c != 0 {
			return c
		}
		return len(a.fields) - len(b.fields)
	})
	return best, warning, nil
}

func joinLines(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

func (x *index) called(name []string) bool {
	return strings.TrimPrefix(name[0], "_design/") == strings.TrimPrefix(x.design, "_design/") && (len(name) == 1 || name[1] == x.name)
}

// scan is the part of the index that a question can be answered from: every entry that
// begins with the values that are fixed and keeps to the bounds of the field after them.
func (x *index) scan(r ranges) []entry {
	var prefix, low, high []byte
	for _, f := range x.fields {
		b := r[f]
		if b == nil {
			break
		}
		if b.equal != nil {
			prefix = append(prefix, b.equal...)
			continue
		}
		low, high = b.low, b.high
		break
	}
	from := append(slices.Clone(prefix), low...)
	to := append(slices.Clone(prefix), high...)
	first, _ := slices.BinarySearchFunc(x.entries, from, func(e entry, key []byte) int { return bytes.Compare(e.key, key) })
	n, _ := slices.BinarySearchFunc(x.entries[first:], to, func(e entry, key []byte) int {
		if bytes.HasPrefix(e.key, key) {
			return -1 // what follows the fixed values belongs to them
		}
		return bytes.Compare(e.key, key)
	})
	return x.entries[first : first+n]
}

// ask answers _find.
func (d *database) ask(q *question) (map[string]any, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	r := ranges{}
	r.collect(q.selector)
	x, warning, err := d.choose(q, r)
	if err != nil {
		return nil, err
	}
	entries := d.byID()
	if x != nil {
		entries = x.scan(r)
	}
	docs, last, examined := d.page(q, entries)
	answer := map[string]any{"docs": docs, "bookmark": noBookmark}
	if last != nil {
		answer["bookmark"] = last.String()
	} else if q.sent != "" {
		answer["bookmark"] = q.sent
	}
	if examined > examinedRatio*max(1, len(docs)) && x != nil {
		warning = joinLines(warning, warnExamined)
	}
	if warning != "" {
		answer["warning"] = strings.TrimPrefix(warning, "\n")
	}
	return answer, nil
}

// byID is every document in order of its id, as if there were an index on it.
func (d *database) byID() []entry {
	entries := make([]entry, 0, len(d.ids))
	for _, id := range d.ids {
		if !isDesign(id) {
			entries = append(entries, entry{id: id})
		}
	}
	return entries
}

// page goes through the entries after the bookmark until the page is full.
func (d *database) page(q *question, entries []entry) (docs []any, last *mark, examined int) {
	docs = []any{}
	first, step := 0, 1
	if q.descending {
		first, step = len(entries)-1, -1
	}
	if m := q.bookmark; m != nil {
		i, found := slices.BinarySearchFunc(entries, entry{m.Key, m.ID}, compareEntries)
		switch {
		case q.descending:
			first = i - 1
		case found:
			first = i + 1
		default:
			first = i
		}
	}
	skip := q.skip
	for i := first; i >= 0 && i < len(entries) && len(docs) < q.limit; i += step {
		doc := d.docs[entries[i].id]
		examined++
		if !q.selector.match(doc) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		docs = append(docs, project(doc.withMeta(false), q.fields))
		last = &mark{entries[i].key, entries[i].id}
	}
	return docs, last, examined
}

// project keeps the fields that were asked for, all if none were.
func project(doc map[string]any, fields [][]string) map[string]any {
	if fields == nil {
		return doc
	}
	out := map[string]any{}
	for _, path := range fields {
		v, found := lookup(doc, path)
		if !found {
			continue
		}
		at := out
		for _, name := range path[:len(path)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		at[path[len(path)-1]] = v
	}
	return out
}
