package couchgate_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/network/couchgate"
	"github.com/lifeledger/lifeledger/network/couchstandin"
)

type rig struct {
	t      *testing.T
	server *url.URL // of the server itself, with the login
}

func newRig(t *testing.T) *rig {
	s, err := couchstandin.Open(couchstandin.Options{User: "admin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	u, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("admin", "secret")
	return &rig{t, u}
}

// gate is the address of a gate, with the login.
func (r *rig) gate(prefix string) *url.URL {
	h, err := couchgate.New(r.server, prefix)
	if err != nil {
		r.t.Fatal(err)
	}
	web := httptest.NewServer(h)
	r.t.Cleanup(web.Close)
	u, err := url.Parse(web.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	u.User = r.server.User
	return u
}

func (r *rig) call(at *url.URL, method, path, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, at.String()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (r *rig) names(at *url.URL) []string {
	r.t.Helper()
	_, b := r.call(at, "GET", "/_all_dbs", "")
	var names []string
	if err := json.Unmarshal([]byte(b), &names); err != nil {
		r.t.Fatal(err, b)
	}
	return names
}

func TestTwoPeersOnOneServerDoNotMeet(t *testing.T) {
	r := newRig(t)
	a, b := r.gate("net_a_"), r.gate("net_b_")
	id := "/" + url.PathEscape("\x00component\x00x/y\x00")
	for i, at := range []*url.URL{a, b} {
		for _, name := range []string{"/_users", "/life_", "/life_cc$$pcol%2B"} {
			if status, body := r.call(at, "PUT", name, ""); status != 201 && (i == 0 || name != "/_users") {
				t.Fatal(status, body)
			}
		}
	}
	if status, body := r.call(a, "PUT", "/life_cc$$pcol%2B"+id, `{"of":"a"}`); status != 201 {
		t.Fatal(status, body)
	}
	if status, body := r.call(a, "GET", "/life_cc$$pcol%2B"+id+"?attachments=true", ""); status != 200 || !strings.Contains(body, `"of":"a"`) {
		t.Error(status, body)
	}
	if status, _ := r.call(b, "GET", "/life_cc$$pcol%2B"+id, ""); status != 404 {
		t.Error(status)
	}
	if got := r.names(a); !slices.Equal(got, []string{"_users", "life_", "life_cc$$pcol+"}) {
		t.Error(got)
	}
	// On the server both are there, and one is removed without the other.
	if got := r.names(r.server); len(got) != 5 {
		t.Error(got)
	}
	if err := couchgate.Drop(t.Context(), r.server, "net_a_"); err != nil {
		t.Fatal(err)
	}
	if got := r.names(a); !slices.Equal(got, []string{"_users"}) {
		t.Error(got)
	}
	if got := r.names(b); len(got) != 3 {
		t.Error(got)
	}
}

func TestALoginPassesThroughAndIsNotTheGates(t *testing.T) {
	r := newRig(t)
	at := r.gate("net_")
	at.User = nil
	if status, _ := r.call(at, "GET", "/_all_dbs", ""); status != 401 {
		t.Errorf("without a login: %d", status)
	}
}

func TestAServerThatIsAwayIsSaidInCouchDBsForm(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	u, err := url.Parse(away.URL)
	if err != nil {
		t.Fatal(err)
	}
	away.Close()
	r := &rig{t, u}
	status, body := r.call(r.gate("net_"), "GET", "/", "")
	var said struct{ Error, Reason string }
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != 502 || said.Error == "" {
		t.Error(status, body, err)
	}
}

func TestWhatIsNoServerOrPrefixIsRefused(t *testing.T) {
	for _, tc := range [][2]string{{"http://h:1", "Net"}, {"http://h:1", ""}, {"http://h:1", "_x"}, {"ftp://h", "n_"}, {"http://h/db", "n_"}, {"http://", "n_"}} {
		u, err := url.Parse(tc[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := couchgate.New(u, tc[1]); err == nil {
			t.Errorf("%v was accepted", tc)
		}
	}
	if err := couchgate.Drop(t.Context(), &url.URL{Scheme: "http", Host: "h"}, ""); err == nil {
		t.Error("an empty prefix, which every name begins with, was accepted")
	}
}
