package couchstandin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// route answers a call below a database.
func (d *database) route(w http.ResponseWriter, r *http.Request, path []string) error {
	switch call := r.Method + " " + path[0]; {
	case len(path) == 1 && call == "GET _security":
		writeJSON(w, http.StatusOK, d.getSecurity())
		return nil
	case len(path) == 1 && call == "PUT _security":
		v, err := objectBody(r)
		if err == nil {
			err = d.setSecurity(v)
		}
		if err == nil {
			writeJSON(w, http.StatusOK, map[string]any{"ok": true})
		}
		return err
	case len(path) == 1 && call == "GET _all_docs":
		return d.allDocs(w, r.URL.Query())
	case len(path) == 1 && call == "POST _all_docs":
		return d.docsOf(w, r)
	case len(path) == 1 && call == "POST _bulk_docs":
		return d.bulk(w, r)
	case len(path) == 1 && call == "POST _find":
		return d.answer(w, r)
	case path[0] == "_index":
		return d.index(w, r, path[1:])
	case path[0] == "_design" && len(path) == 2:
		return d.document(w, r, path[0]+"/"+path[1])
	case len(path) == 1 && (isDesign(path[0]) || !strings.HasPrefix(path[0], "_")):
		return d.document(w, r, path[0])
	case len(path) == 1 && r.Method == http.MethodPut:
		return checkID(path[0])
	}
	return notDone(r.Method + " /{db}/" + strings.Join(path, "/"))
}

func (d *database) document(w http.ResponseWriter, r *http.Request, id string) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return d.read(w, r, id)
	case http.MethodPut:
		draft, err := readRequest(r)
		if err != nil {
			return err
		}
		draft.id = id
		return d.write(w, r, draft, http.StatusCreated)
	case http.MethodDelete:
		if _, err := d.get(id); err != nil {
			return err
		}
		return d.write(w, r, &draft{id: id, deleted: true}, http.StatusOK)
	}
	return notDone(r.Method + " of a document")
}

// write stores one draft; the revision that it replaces is in the document, the header or the query.
func (d *database) write(w http.ResponseWriter, r *http.Request, draft *draft, status int) error {
	for _, rev := range []string{r.URL.Query().Get("rev"), strings.Trim(r.Header.Get("If-Match"), `"`)} {
		if rev != "" {
			draft.rev = rev
		}
	}
	docs, errs, err := d.put(draft)
	if err != nil {
		return err
	}
	if errs[0] != nil {
		return errs[0]
	}
	w.Header().Set("ETag", strconv.Quote(docs[0].Rev))
	writeJSON(w, status, map[string]any{"ok": true, "id": draft.id, "rev": docs[0].Rev})
	return nil
}

// read answers with the document, and with its attachments as further parts when the
// client takes them.
func (d *database) read(w http.ResponseWriter, r *http.Request, id string) error {
	doc, err := d.get(id)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", strconv.Quote(doc.Rev))
	full := r.URL.Query().Get("attachments") == "true"
	if !full || len(doc.Attachments) == 0 || !strings.Contains(r.Header.Get("Accept"), "multipart/related") {
		writeJSON(w, http.StatusOK, doc.withMeta(full))
		return nil
	}
	var out bytes.Buffer
	m := multipart.NewWriter(&out)
	names := sortedAttachments(doc.Attachments)
	if err := writeParts(m, doc, names); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "multipart/related; boundary="+strconv.Quote(m.Boundary()))
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(out.Bytes())
	return err
}

func writeParts(m *multipart.Writer, doc *document, names []string) error {
	meta := doc.withMeta(false)
	list := map[string]any{}
	for _, name := range names {
		a := doc.Attachments[name]
		list[name] = map[string]any{"content_type": a.Type, "revpos": a.Revpos, "digest": digest(a.Data), "length": len(a.Data), "follows": true}
	}
	meta["_attachments"] = list
	b, err := marshal(meta)
	if err != nil {
		return err
	}
	if err := writePart(m, b, "Content-Type", "application/json"); err != nil {
		return err
	}
	for _, name := range names {
		a := doc.Attachments[name]
		err := writePart(m, a.Data, "Content-Disposition", fmt.Sprintf("attachment; filename=%q", name), "Content-Type", a.Type)
		if err != nil {
			return err
		}
	}
	return m.Close()
}

func writePart(m *multipart.Writer, data []byte, header ...string) error {
	h := textproto.MIMEHeader{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	p, err := m.CreatePart(h)
	if err != nil {
		return err
	}
	_, err = p.Write(data)
	return err
}

// readRequest reads a document, with attachments as further parts if there are any.
func readRequest(r *http.Request) (*draft, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/related" {
		v, err := body(r)
		if err != nil {
			return nil, err
		}
		return readDraft(v, nil)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	var d *draft
	for i := 0; ; i++ {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badRequest("bad_request", "multipart body: "+err.Error())
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		if d == nil {
			if d, err = readFirstPart(b); err != nil {
				return nil, err
			}
			continue
		}
		if len(d.follows) == 0 {
			return nil, badRequest("bad_request", "more parts than attachments")
		}
		name := d.follows[0]
		d.attachments[name] = attachment{Type: d.attachments[name].Type, Data: b}
		d.follows = d.follows[1:]
	}
	if d == nil || len(d.follows) > 0 {
		return nil, badRequest("bad_request", "fewer parts than attachments")
	}
	return d, nil
}

func readFirstPart(b []byte) (*draft, error) {
	v, err := decodeJSON(b)
	if err != nil {
		return nil, badRequest("bad_request", "invalid UTF-8 JSON")
	}
	var order struct {
		Attachments json.RawMessage `json:"_attachments"`
	}
	if err := json.Unmarshal(b, &order); err != nil {
		return nil, badRequest("bad_request", "invalid UTF-8 JSON")
	}
	return readDraft(v, memberNames(order.Attachments))
}

// memberNames lists an object's members in the order of the text.
func memberNames(b []byte) []string {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
	}
	return names
}

func (d *database) allDocs(w http.ResponseWriter, query url.Values) error {
	win := window{limit: -1, inclusiveEnd: true}
	include, attachments := false, false
	for name, values := range query {
		var err error
		v := values[0]
		switch name {
		case "startkey", "start_key":
			err = json.Unmarshal([]byte(v), &win.start)
		case "endkey", "end_key":
			err = json.Unmarshal([]byte(v), &win.end)
		case "limit":
			win.limit, err = strconv.Atoi(v)
		case "skip":
			win.skip, err = strconv.Atoi(v)
		case "inclusive_end":
			win.inclusiveEnd, err = strconv.ParseBool(v)
		case "descending":
			win.descending, err = strconv.ParseBool(v)
		case "include_docs":
			include, err = strconv.ParseBool(v)
		case "attachments":
			attachments, err = strconv.ParseBool(v)
		default:
			return notDone("the parameter " + name + " of _all_docs")
		}
		if err != nil {
			return badRequest("query_parse_error", "Invalid value for "+name+": "+v)
		}
	}
	docs, total := d.list(win)
	rows := []any{}
	for _, doc := range docs {
		rows = append(rows, row(doc, include, attachments))
	}
	writeJSON(w, http.StatusOK, map[string]any{"total_rows": total, "offset": 0, "rows": rows})
	return nil
}

func row(doc *document, include, attachments bool) map[string]any {
	value := map[string]any{"rev": doc.Rev}
	r := map[string]any{"id": doc.ID, "key": doc.ID, "value": value}
	switch {
	case doc.Deleted:
		value["deleted"] = true
		if include {
			r["doc"] = nil
		}
	case include:
		r["doc"] = doc.withMeta(attachments)
	}
	return r
}

func (d *database) docsOf(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Keys []string `json:"keys"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Keys == nil {
		return badRequest("bad_request", "`keys` body member must be an array.")
	}
	include := r.URL.Query().Get("include_docs") == "true"
	rows := []any{}
	for i, doc := range d.find(in.Keys) {
		if doc == nil {
			rows = append(rows, map[string]any{"key": in.Keys[i], "error": "not_found"})
			continue
		}
		rows = append(rows, row(doc, include, false))
	}
	_, total := d.list(window{limit: 0})
	writeJSON(w, http.StatusOK, map[string]any{"total_rows": total, "offset": 0, "rows": rows})
	return nil
}

func (d *database) bulk(w http.ResponseWriter, r *http.Request) error {
	in, err := objectBody(r)
	if err != nil {
		return err
	}
	if _, ok := in["docs"]; !ok {
		return badRequest("bad_request", "POST body must include `docs` parameter.")
	}
	list, ok := in["docs"].([]any)
	if !ok {
		return badRequest("bad_request", "`docs` parameter must be an array.")
	}
	drafts := make([]*draft, len(list))
	for i, v := range list {
		if drafts[i], err = readDraft(v, nil); err != nil {
			return err
		}
	}
	docs, errs, err := d.put(drafts...)
	if err != nil {
		return err
	}
	out := []any{}
	for i, draft := range drafts {
		if f, ok := errs[i].(*failure); ok {
			out = append(out, map[string]any{"id": draft.id, "error": f.Word, "reason": f.Reason})
			continue
		}
		out = append(out, map[string]any{"ok": true, "id": draft.id, "rev": docs[i].Rev})
	}
	writeJSON(w, http.StatusCreated, out)
	return nil
}

func (d *database) answer(w http.ResponseWriter, r *http.Request) error {
	in, err := objectBody(r)
	if err != nil {
		return err
	}
	q, err := readQuestion(in)
	if err != nil {
		return err
	}
	out, err := d.ask(q)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func (d *database) index(w http.ResponseWriter, r *http.Request, path []string) error {
	switch {
	case r.Method == http.MethodGet && len(path) == 0:
		writeJSON(w, http.StatusOK, d.listIndexes())
		return nil
	case r.Method == http.MethodPost && len(path) == 0:
		in, err := objectBody(r)
		if err != nil {
			return err
		}
		out, err := d.createIndex(in)
		if err == nil {
			writeJSON(w, http.StatusOK, out)
		}
		return err
	case r.Method == http.MethodDelete && len(path) >= 3 && path[len(path)-2] == "json":
		err := d.deleteIndex(strings.Join(path[:len(path)-2], "/"), path[len(path)-1])
		if err == nil {
			writeJSON(w, http.StatusOK, map[string]any{"ok": true})
		}
		return err
	}
	return notDone(r.Method + " of _index")
}
