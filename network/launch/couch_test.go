package launch

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/network/couchstandin"
	"github.com/lifeledger/lifeledger/network/topology"
)

// couchServer is the URL of something that answers like CouchDB, without the login.
func couchServer(t *testing.T) string {
	t.Helper()
	s, err := couchstandin.Open(couchstandin.Options{User: "admin", Password: "p:w"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web.URL
}

func withLogin(server, login string) string {
	return strings.Replace(server, "http://", "http://"+login+"@", 1)
}

func TestWhichCouchDBIsTaken(t *testing.T) {
	server := couchServer(t)
	none := httptest.NewServer(http.NotFoundHandler())
	none.Close()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"hello":"world"}`)) }))
	t.Cleanup(stranger.Close)
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"couchdb":"Welcome","version":"2.3.1"}`))
	}))
	t.Cleanup(old.Close)
	good := withLogin(server, "admin:p%3Aw")
	for name, tc := range map[string]struct{ variable, before, usual, says, err string }{
		"the one of the environment":            {variable: good, usual: none.URL, says: "stand-in"},
		"the one that was used before":          {before: good, usual: none.URL, says: "CouchDB 3.4.2"},
		"the environment goes before":           {variable: "http://a:b@127.0.0.1:1", before: good, err: "does not answer"},
		"none is known":                         {usual: none.URL, err: "set COUCHDB_URL=http://USER:PASSWORD@HOST:PORT of a CouchDB 3 server, install one"},
		"one that answers, without its login":   {usual: server, err: "its login is not known: set COUCHDB_URL=http://USER:PASSWORD@127.0.0.1"},
		"a URL without a login":                 {variable: server, err: "names no user and password"},
		"a wrong password":                      {variable: withLogin(server, "admin:wrong"), err: "refuses the login"},
		"something else":                        {variable: withLogin(stranger.URL, "a:b"), err: "is not CouchDB"},
		"one that is too old":                   {variable: withLogin(old.URL, "a:b"), err: "version 2.3.1"},
		"a database instead of a server":        {variable: good + "/db", err: "a CouchDB server is named as"},
		"no URL":                                {variable: "localhost", err: "is not like http://USER:PASSWORD@HOST:PORT"},
		"a password is not shown in what fails": {variable: "http://a:hunter2@127.0.0.1:1", err: "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(couchVariable, tc.variable)
			_, says, err := findCouch(t.Context(), tc.before, tc.usual)
			if (err == nil) != (tc.err == "") || !strings.Contains(says, tc.says) || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%q, %v", says, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
}

func TestAPeersOwnWayToItsStateDatabase(t *testing.T) {
	declared := topology.Default()
	o := &declared.Organisations[0]
	b := builder{layout: "/run", t: declared, couch: &couch{Server: "http://admin:secret@db:5984", Prefix: "ll0a_", User: "admin", Password: "secret"}}
	env := func() string { return strings.Join(b.stateDatabase(*o), " ") }
	if got := env(); got != "CORE_LEDGER_STATE_STATEDATABASE=goleveldb" {
		t.Error(got)
	}
	o.StateDatabase = topology.CouchDB
	if got := env(); !strings.Contains(got, "STATEDATABASE=CouchDB") || !strings.Contains(got, "COUCHDBADDRESS=127.0.0.1:7551") || !strings.Contains(got, "MAXRETRIES=10") {
		t.Error(got)
	}
	spec := b.couchdb(*o)
	command := strings.Join(spec.Args, " ")
	if !strings.Contains(command, "--prefix ll0a_manufacturer_") || !strings.Contains(command, "--to http://db:5984") || strings.Contains(command, "secret") {
		t.Error(command)
	}
	o.StateDatabase = topology.CouchStandIn
	if command := strings.Join(b.couchdb(*o).Args, " "); !strings.Contains(command, standIn) || strings.Contains(command, "secret") {
		t.Error(command)
	}
}

func TestANetworksDatabasesGoWithIt(t *testing.T) {
	server := withLogin(couchServer(t), "admin:p%3Aw")
	l := layout(t.TempDir())
	if err := dropDatabases(t.Context(), l); err != nil {
		t.Errorf("a network on LevelDB: %v", err)
	}
	c := &couch{Server: server, Prefix: "ll0a_", User: "admin", Password: "p:w"}
	if err := c.write(l); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(l.couch()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, name := range []string{"ll0a_manufacturer_life", "ll0b_manufacturer_life"} {
		put(t, server+"/"+name)
	}
	if err := dropDatabases(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var names []string
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	if err := getJSON(t.Context(), u.JoinPath("_all_dbs"), &names); err != nil || len(names) != 1 || names[0] != "ll0b_manufacturer_life" {
		t.Errorf("%v, %v", names, err)
	}
	c.Server = "http://admin:hunter2@127.0.0.1:1"
	if err := c.write(l); err != nil {
		t.Fatal(err)
	}
	if err := dropDatabases(t.Context(), l); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "ll0a_") {
		t.Errorf("a server that is away: %v", err)
	}
}

func put(t *testing.T, at string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil || said["ok"] != true {
		t.Fatal(said, err)
	}
}
