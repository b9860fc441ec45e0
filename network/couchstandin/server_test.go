package couchstandin

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestItSaysThatItIsAStandIn(t *testing.T) {
	c := start(t, Options{})
	a := c.must(200, "GET", "/", nil)
	if a.text("version") != Version || !strings.Contains(a.text("vendor.name"), "stand-in") || !strings.Contains(a.header.Get("Server"), "tests only") {
		t.Errorf("%v %s", a.body, a.header.Get("Server"))
	}
	c.must(200, "HEAD", "/", nil)
	c.must(200, "GET", "/_up", nil)
}

func TestWhatIsNotKnownIsRefusedAndNotGuessed(t *testing.T) {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	for _, call := range [][3]string{
		{"GET", "/db/_changes", ""},
		{"POST", "/db/_explain", `{"selector":{}}`},
		{"PUT", "/db/_local/x", `{}`},
		{"GET", "/db/_all_docs?keys=[]", ""},
		{"POST", "/db", `{}`},
		{"POST", "/db/_find", `{"selector":{},"partitioned":true}`},
		{"POST", "/db/_index", `{"index":{"fields":["a"],"partial_filter_selector":{"b":1}}}`},
		{"POST", "/db/_index", `{"index":{"fields":["a"]},"type":"text"}`},
	} {
		if call[0] == "PUT" {
			c.must(501, call[0], call[1], call[2])
			continue
		}
		a := c.must(501, call[0], call[1], call[2])
		if !strings.Contains(a.text("reason"), "stand-in") {
			t.Errorf("%v: %v", call, a.body)
		}
	}
}

func TestLogin(t *testing.T) {
	c := start(t, Options{User: "admin", Password: "secret"})
	a := c.must(401, "GET", "/_all_dbs", nil)
	if a.text("error") != "unauthorized" {
		t.Error(a.body)
	}
	c.must(200, "GET", "/", nil)
	c.must(200, "GET", "/_up", nil)
	login := base64.StdEncoding.EncodeToString([]byte("admin:secret"))
	c.must(200, "GET", "/", nil, "Authorization", "Basic "+login)
	c.must(401, "GET", "/", nil, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:wrong")))
}

func TestDatabases(t *testing.T) {
	c := start(t, Options{})
	names := []string{"life_ledger$$pcollection", "life_ledger(0a)", "_users", "life_"}
	for _, name := range names {
		path := "/" + url.PathEscape(name)
		if a := c.must(404, "GET", path, nil); a.text("reason") != "Database does not exist." {
			t.Error(a.body)
		}
		c.must(201, "PUT", path, nil)
		if a := c.must(412, "PUT", path, nil); a.text("error") != "file_exists" {
			t.Error(a.body)
		}
		if a := c.must(200, "GET", path, nil); a.text("db_name") != name {
			t.Error(a.body)
		}
	}
	all := c.must(200, "GET", "/_all_dbs", nil).body.([]any)
	if len(all) != len(names) || all[0] != "_users" {
		t.Error(all)
	}
	c.must(400, "PUT", "/Capital", nil)
	c.must(400, "PUT", "/_other", nil)
	c.must(200, "PUT", "/life_/_security", map[string]any{"admins": map[string]any{"names": []string{"admin"}}})
	if a := c.must(200, "GET", "/life_/_security", nil); a.text("admins.names.0") != "admin" {
		t.Error(a.body)
	}
	c.must(200, "DELETE", "/life_", nil)
	c.must(404, "DELETE", "/life_", nil)
}

func TestRevisions(t *testing.T) {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	// A composite key as Fabric writes it, with noughts, a slash, a plus and a blank.
	path := "/db/" + url.PathEscape("\x00component\x00a/b+c d\x00")
	path = strings.ReplaceAll(path, "+", "%2B")
	c.must(404, "GET", path, nil)
	first := c.must(201, "PUT", path, `{"a":1}`)
	rev := first.text("rev")
	if !strings.HasPrefix(rev, "1-") || first.header.Get("ETag") != `"`+rev+`"` || first.text("id") != "\x00component\x00a/b+c d\x00" {
		t.Fatal(first)
	}
	if a := c.must(409, "PUT", path, `{"a":2}`); a.text("reason") != "Document update conflict." {
		t.Error(a.body)
	}
	c.must(409, "PUT", path, `{"a":2}`, "If-Match", "1-0")
	second := c.must(201, "PUT", path, `{"a":2}`, "If-Match", rev)
	c.must(201, "PUT", path, `{"a":3,"_rev":"`+second.text("rev")+`"}`)
	read := c.must(200, "GET", path, nil)
	if encode(read.at("a")) != "3" || read.header.Get("ETag") != `"`+read.text("_rev")+`"` || !strings.HasPrefix(read.text("_rev"), "3-") {
		t.Error(read)
	}
	c.must(409, "DELETE", path, nil)
	c.must(200, "DELETE", path, nil, "If-Match", read.text("_rev"))
	if a := c.must(404, "GET", path, nil); a.text("reason") != "deleted" {
		t.Error(a.body)
	}
	if a := c.must(201, "PUT", path, `{}`); !strings.HasPrefix(a.text("rev"), "5-") {
		t.Errorf("a document that comes again goes on counting: %v", a.body)
	}
	c.must(400, "PUT", "/db/_hidden", `{}`)
	c.must(400, "PUT", "/db/x", `[]`)
	c.must(400, "PUT", "/db/x", `{`)
	c.must(400, "PUT", "/db/x", `{"_other":1}`)
}

func TestAttachments(t *testing.T) {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	data := []byte{0, 1, 2, 0xff, '\r', '\n'}
	var out bytes.Buffer
	m := multipart.NewWriter(&out)
	meta := `{"v":1,"_attachments":{"valueBytes":{"follows":true,"content_type":"application/octet-stream","length":6},"b":{"follows":true,"content_type":"text/plain","length":1}}}`
	for _, part := range [][]byte{[]byte(meta), data, []byte("x")} {
		if err := writePart(m, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	kind := `multipart/related;boundary="` + m.Boundary() + `"`
	c.must(201, "PUT", "/db/x", out.String(), "Content-Type", kind)

	got := c.must(200, "GET", "/db/x?attachments=true", nil, "Accept", "multipart/related")
	media, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil || media != "multipart/related" {
		t.Fatal(media, err)
	}
	r := multipart.NewReader(strings.NewReader(got.body.(string)), params["boundary"])
	var names []string
	for {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		names = append(names, p.FileName())
		var b bytes.Buffer
		if _, err := b.ReadFrom(p); err != nil {
			t.Fatal(err)
		}
		if p.FileName() == "valueBytes" && !bytes.Equal(b.Bytes(), data) {
			t.Errorf("%q", b.Bytes())
		}
	}
	if !slices.Equal(names, []string{"", "b", "valueBytes"}) {
		t.Error(names)
	}
	if a := c.must(200, "GET", "/db/x?attachments=true", nil); a.text("_attachments.valueBytes.data") != base64.StdEncoding.EncodeToString(data) {
		t.Error(a.body)
	}
	if a := c.must(200, "GET", "/db/x", nil); a.at("_attachments.valueBytes.stub") != true {
		t.Error(a.body)
	}
	c.must(400, "PUT", "/db/y", strings.Replace(out.String(), `"b":{"follows":true`, `"b":{"data":"eA=="`, 1), "Content-Type", kind)
}

func TestManyAtOnce(t *testing.T) {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	inline := map[string]any{"valueBytes": map[string]any{"content_type": "application/octet-stream", "data": "AAE="}}
	a := c.must(201, "POST", "/db/_bulk_docs", map[string]any{"docs": []any{
		map[string]any{"_id": "a", "n": 1}, map[string]any{"_id": "b", "_attachments": inline}, map[string]any{"_id": "a", "n": 2},
	}})
	if a.at("0.ok") != true || a.at("1.ok") != true || a.text("2.error") != "conflict" || a.at("2.ok") != nil {
		t.Error(a.body)
	}
	b := c.must(201, "POST", "/db/_bulk_docs", map[string]any{"docs": []any{
		map[string]any{"_id": "a", "_rev": a.text("0.rev"), "_deleted": true}, map[string]any{"_id": "c", "_deleted": true},
	}})
	if b.at("0.ok") != true || b.at("1.ok") != true {
		t.Error(b.body)
	}
	if again := c.must(201, "POST", "/db/_bulk_docs", `{"docs":[{"_id":"c","_deleted":true}]}`); again.text("0.error") != "conflict" {
		t.Errorf("what is deleted cannot be deleted again: %v", again.body)
	}
	keys := c.must(200, "POST", "/db/_all_docs?include_docs=true", `{"keys":["b","a","none"]}`)
	if keys.text("rows.0.doc._id") != "b" || keys.at("rows.1.value.deleted") != true || keys.at("rows.1.doc") != nil || keys.text("rows.2.error") != "not_found" {
		t.Error(encode(keys.body))
	}
	if encode(keys.at("total_rows")) != "1" {
		t.Error(keys.at("total_rows"))
	}
	c.must(400, "POST", "/db/_bulk_docs", `{"docs":null}`)
	c.must(400, "POST", "/db/_bulk_docs", `{}`)
}

func TestRangesOfIDs(t *testing.T) {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	ids := []string{"\x00a\x001\x00", "\x00a\x002\x00", "\x00b\x001\x00", "A", "a"}
	for _, id := range ids {
		c.must(201, "PUT", "/db/"+url.PathEscape(id), `{}`)
	}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"", ids},
		{"limit=2", ids[:2]},
		{"skip=1&limit=1", ids[1:2]},
		{"startkey=" + url.QueryEscape(`"\u0000a\u0000"`) + "&endkey=" + url.QueryEscape(`"\u0000a`+"\U0010ffff"+`"`) + "&inclusive_end=false", ids[:2]},
		{"endkey=" + url.QueryEscape(`"A"`) + "&inclusive_end=false", ids[:3]},
		{"endkey=" + url.QueryEscape(`"A"`), ids[:4]},
		{"descending=true&limit=2", []string{"a", "A"}},
		{"descending=true&startkey=" + url.QueryEscape(`"A"`) + "&endkey=" + url.QueryEscape(`"`+`\u0000b\u00001\u0000"`), []string{"A", ids[2]}},
		{"descending=true&startkey=" + url.QueryEscape(`"A"`) + "&endkey=" + url.QueryEscape(`"`+`\u0000b\u00001\u0000"`) + "&inclusive_end=false", []string{"A"}},
		{"startkey=" + url.QueryEscape(`"b"`), []string{}},
	} {
		a := c.must(200, "GET", "/db/_all_docs?"+tc.query, nil)
		got := []string{}
		for _, r := range a.at("rows").([]any) {
			got = append(got, r.(map[string]any)["id"].(string))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.query, got, tc.want)
		}
	}
	c.must(400, "GET", "/db/_all_docs?limit=many", nil)
}

func TestItKeepsWhatItWasGiven(t *testing.T) {
	dir := t.TempDir()
	fill := func(c *client) {
		c.must(201, "PUT", "/db%2B1", nil)
		c.must(200, "PUT", "/db%2B1/_security", `{"admins":{"names":["x"]}}`)
		c.must(200, "POST", "/db%2B1/_index", `{"index":{"fields":["n"]},"ddoc":"byN","name":"byN"}`)
		for i := range 20 {
			c.must(201, "PUT", fmt.Sprintf("/db%%2B1/%02d", i), map[string]any{"n": 20 - i, "big": 9007199254740991})
		}
		a := c.must(200, "GET", "/db%2B1/07", nil)
		c.must(200, "DELETE", "/db%2B1/07", nil, "If-Match", a.text("_rev"))
	}
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, s)
	fill(c)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// A line that was cut off by a crash is not there.
	path := logPath(dir, "db+1")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"doc":{"id":"torn","rev":"1-`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after writing behind the cut
		s, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		c := serve(t, s)
		a := c.must(200, "POST", "/db%2B1/_find", `{"selector":{"n":{"$lte":15}},"sort":[{"n":"asc"}],"limit":3}`)
		if got := a.ids(); !slices.Equal(got, []string{"19", "18", "17"}) || a.text("warning") != "" {
			t.Error(got, a.text("warning"))
		}
		if a := c.must(200, "GET", "/db%2B1/03", nil); encode(a.at("big")) != "9007199254740991" {
			t.Error(a.body)
		}
		if a := c.must(200, "GET", "/db%2B1/_security", nil); a.text("admins.names.0") != "x" {
			t.Error(a.body)
		}
		c.must(404, "GET", "/db%2B1/torn", nil)
		c.must(404, "GET", "/db%2B1/07", nil)
		c.call("PUT", "/db%2B1/more", `{}`)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err = Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c = serve(t, s)
	c.must(200, "GET", "/db%2B1/more", nil)
	c.must(200, "DELETE", "/db%2B1", nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a deleted database leaves its file: %v", err)
	}
}
