package couchstandin

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// document is one revision of a document; a deleted one stays as a tombstone, so that
// its successor continues the count of revisions. It is not changed once it is stored.
type document struct {
	ID          string                `json:"id"`
	Rev         string                `json:"rev"`
	Deleted     bool                  `json:"deleted,omitempty"`
	Body        map[string]any        `json:"body,omitempty"` // without the members that begin with _
	Attachments map[string]attachment `json:"attachments,omitempty"`
}

type attachment struct {
	Type   string `json:"type"`
	Data   []byte `json:"data"`
	Revpos int    `json:"revpos"`
}

func (d *document) generation() int {
	n, _, _ := strings.Cut(d.Rev, "-")
	g, _ := strconv.Atoi(n) // a document's own revision always begins with a number
	return g
}

// withMeta is the document as a client sees it; full puts the attachments' data into it.
func (d *document) withMeta(full bool) map[string]any {
	m := maps.Clone(d.Body)
	if m == nil {
		m = map[string]any{}
	}
	m["_id"], m["_rev"] = d.ID, d.Rev
	if len(d.Attachments) == 0 {
		return m
	}
	list := map[string]any{}
	for name, a := range d.Attachments {
		entry := map[string]any{"content_type": a.Type, "revpos": a.Revpos, "digest": digest(a.Data)}
		if full {
			entry["data"] = base64.StdEncoding.EncodeToString(a.Data)
		} else {
			entry["stub"], entry["length"] = true, len(a.Data)
		}
		list[name] = entry
	}
	m["_attachments"] = list
	return m
}

func digest(b []byte) string {
	sum := md5.Sum(b)
	return "md5-" + base64.StdEncoding.EncodeToString(sum[:])
}

// draft is a document as a client sends it.
type draft struct {
	id, rev     string
	deleted     bool
	body        map[string]any
	attachments map[string]attachment
	follows     []string // names of attachments whose data comes in further parts, in order
}

// readDraft takes a client's JSON apart. order is the order in which the attachments'
// names stand in the text, in which their parts follow.
func readDraft(v any, order []string) (*draft, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, badRequest("bad_request", "Document must be a JSON object")
	}
	d := &draft{body: map[string]any{}, attachments: map[string]attachment{}}
	for name, value := range object {
		if !strings.HasPrefix(name, "_") {
			d.body[name] = value
			continue
		}
		if err := d.setMeta(name, value, order); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *draft) setMeta(name string, value any, order []string) error {
	ok := true
	switch name {
	case "_id":
		d.id, ok = value.(string)
	case "_rev":
		d.rev, ok = value.(string)
	case "_deleted":
		d.deleted, ok = value.(bool)
	case "_attachments":
		return d.setAttachments(value, order)
	default:
		return &failure{400, "doc_validation", "Bad special document member: " + name}
	}
	if !ok {
		return badRequest("bad_request", "Member "+name+" has the wrong type")
	}
	return nil
}

func (d *draft) setAttachments(value any, order []string) error {
	object, ok := value.(map[string]any)
	if !ok {
		return badRequest("bad_request", "_attachments must be an object")
	}
	for name, v := range object {
		entry, _ := v.(map[string]any)
		kind, _ := entry["content_type"].(string)
		if follows, _ := entry["follows"].(bool); follows {
			d.attachments[name] = attachment{Type: kind}
			continue
		}
		text, ok := entry["data"].(string)
		if !ok {
			return notDone("attachments by stub")
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return badRequest("bad_request", "Attachment data is not base64")
		}
		d.attachments[name] = attachment{Type: kind, Data: data}
	}
	for _, name := range order {
		if a, ok := d.attachments[name]; ok && a.Data == nil {
			d.follows = append(d.follows, name)
		}
	}
	return nil
}

// next is the revision that a draft makes after the present one, which may be nil.
func (d *draft) next(now *document) (*document, error) {
	generation := 1
	switch {
	case now == nil && d.rev != "":
		return nil, errConflict
	case now == nil:
	case now.Deleted && d.rev == "" && !d.deleted: // it comes into being again
		generation = now.generation() + 1
	case now.Rev != d.rev:
		return nil, errConflict
	default:
		generation = now.generation() + 1
	}
	doc := &document{ID: d.id, Deleted: d.deleted, Body: d.body}
	if len(d.attachments) > 0 {
		doc.Attachments = d.attachments
		for name, a := range doc.Attachments {
			a.Revpos = generation
			doc.Attachments[name] = a
		}
	}
	h := md5.New()
	fmt.Fprintf(h, "%s %v %s", d.rev, d.deleted, encode(d.body))
	for _, name := range sortedAttachments(doc.Attachments) {
		fmt.Fprintf(h, "%q %q", name, doc.Attachments[name].Data)
	}
	doc.Rev = strconv.Itoa(generation) + "-" + hex.EncodeToString(h.Sum(nil))
	return doc, nil
}
