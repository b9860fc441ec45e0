package couchstandin

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// database is one database. mu guards everything below it; a stored document is shared
// and never changed.
type database struct {
	name string

	mu       sync.RWMutex
	docs     map[string]*document // tombstones too
	ids      []string             // of documents that are not deleted, in order of bytes
	deleted  int
	security any
	indexes  []*index
	log      *log // nil: nothing is kept
}

func newDatabase(name string) *database {
	return &database{name: name, docs: map[string]*document{}, security: map[string]any{}}
}

// get is a document that is not deleted.
func (d *database) get(id string) (*document, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	doc := d.docs[id]
	switch {
	case doc == nil:
		return nil, errMissing
	case doc.Deleted:
		return nil, errDeleted
	}
	return doc, nil
}

// put stores drafts, each by itself: one that conflicts does not hinder the others. What
// comes back has one entry for each draft, the new revision or the reason.
func (d *database) put(drafts ...*draft) ([]*document, []error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	docs, errs := make([]*document, len(drafts)), make([]error, len(drafts))
	var stored []*document
	for i, draft := range drafts {
		if errs[i] = checkID(draft.id); errs[i] != nil {
			continue
		}
		if docs[i], errs[i] = draft.next(d.docs[draft.id]); errs[i] == nil {
			d.apply(docs[i])
			stored = append(stored, docs[i])
		}
	}
	return docs, errs, d.log.append(stored...)
}

func checkID(id string) error {
	switch {
	case id == "":
		return badRequest("illegal_docid", "Document id must not be empty")
	case strings.HasPrefix(id, "_") && !strings.HasPrefix(id, "_design/"):
		return badRequest("illegal_docid", "Only reserved document ids may start with underscore.")
	}
	return nil
}

// apply makes a revision the present one, in the documents and in every index.
func (d *database) apply(doc *document) {
	before := d.docs[doc.ID]
	d.docs[doc.ID] = doc
	i, found := slices.BinarySearch(d.ids, doc.ID)
	switch {
	case doc.Deleted && found:
		d.ids = slices.Delete(d.ids, i, i+1)
	case !doc.Deleted && !found:
		d.ids = slices.Insert(d.ids, i, doc.ID)
	}
	if before != nil && before.Deleted {
		d.deleted--
	}
	if doc.Deleted {
		d.deleted++
	}
	if isDesign(doc.ID) {
		d.design(doc)
		return
	}
	for _, x := range d.indexes {
		x.replace(before, doc)
	}
}

func isDesign(id string) bool { return strings.HasPrefix(id, "_design/") }

// window is a part of the documents in order of their ids; an empty text is no bound.
type window struct {
	start, end   string
	inclusiveEnd bool
	limit        int // negative: none
	skip         int
	descending   bool
}

// list gives the documents of a window, and how many documents there are in all.
func (d *database) list(w window) ([]*document, int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	low, high := w.start, w.end
	if w.descending {
		low, high = high, low
	}
	first, last := 0, len(d.ids)
	if low != "" {
		i, found := slices.BinarySearch(d.ids, low)
		if first = i; found && w.descending && !w.inclusiveEnd {
			first++
		}
	}
	if high != "" {
		i, found := slices.BinarySearch(d.ids, high)
		if last = i; found && (w.descending || w.inclusiveEnd) {
			last++
		}
	}
	ids := slices.Clone(d.ids[min(first, last):last])
	if w.descending {
		slices.Reverse(ids)
	}
	ids = ids[min(w.skip, len(ids)):]
	if w.limit >= 0 && w.limit < len(ids) {
		ids = ids[:w.limit]
	}
	docs := make([]*document, len(ids))
	for i, id := range ids {
		docs[i] = d.docs[id]
	}
	return docs, len(d.ids)
}

// find looks documents up by their ids, tombstones too; nil stands for none.
func (d *database) find(ids []string) []*document {
	d.mu.RLock()
	defer d.mu.RUnlock()
	docs := make([]*document, len(ids))
	for i, id := range ids {
		docs[i] = d.docs[id]
	}
	return docs
}

// info is what CouchDB tells of a database.
func (d *database) info() map[string]any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	size := 0
	for _, doc := range d.docs {
		for _, a := range doc.Attachments {
			size += len(a.Data)
		}
		size += len(doc.ID)
	}
	return map[string]any{
		"db_name": d.name, "doc_count": len(d.ids), "doc_del_count": d.deleted,
		"sizes":           map[string]any{"file": size, "external": size, "active": size},
		"compact_running": false, "disk_format_version": 8, "instance_start_time": "0",
		"update_seq": "0-stand-in", "purge_seq": "0-stand-in", "props": map[string]any{},
	}
}

func (d *database) setSecurity(v any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.security = v
	return d.log.security(v)
}

func (d *database) getSecurity() any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.security
}

func sortedAttachments(m map[string]attachment) []string {
	return slices.Sorted(maps.Keys(m))
}
