package couchstandin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// client speaks to a stand-in over HTTP as a peer does.
type client struct {
	t   testing.TB
	url string
}

func start(t testing.TB, opt Options) *client {
	t.Helper()
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, s)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func serve(t testing.TB, s *Server) *client {
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return &client{t, web.URL}
}

// answer is what came back: the status, and the body where it is JSON.
type answer struct {
	status int
	header http.Header
	body   any
}

func (c *client) call(method, path string, body any, header ...string) answer {
	c.t.Helper()
	var in io.Reader
	if text, ok := body.(string); ok {
		in = bytes.NewBufferString(text)
	} else if body != nil {
		in = bytes.NewBufferString(encode(body))
	}
	r, err := http.NewRequest(method, c.url+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if json.Valid(b) {
		if a.body, err = decodeJSON(b); err != nil {
			c.t.Fatal(err)
		}
	} else {
		a.body = string(b)
	}
	return a
}

// must fails the test unless the status is the one that is expected.
func (c *client) must(status int, method, path string, body any, header ...string) answer {
	c.t.Helper()
	a := c.call(method, path, body, header...)
	if a.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, encode(a.body))
	}
	return a
}

func (a answer) at(path string) any {
	v, _ := lookup(a.body, splitField(path))
	return v
}

func (a answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

// ids are the ids of the documents that _find gave, in their order.
func (a answer) ids() []string {
	ids := []string{}
	docs, _ := a.at("docs").([]any)
	for _, d := range docs {
		ids = append(ids, d.(map[string]any)["_id"].(string))
	}
	return ids
}
