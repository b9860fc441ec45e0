package launch

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/couchgate"
	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// couchVariable is the environment variable that names the CouchDB server, with user and password.
const couchVariable = "COUCHDB_URL"

// usualCouch is where a CouchDB that is installed on a machine answers.
const usualCouch = "http://127.0.0.1:5984"

// couch is what a network remembers of its state databases. The server is shared by the
// peers, each behind a gate that keeps its databases apart; without a server, each peer
// has a stand-in of its own.
type couch struct {
	Server   string `json:"server,omitempty"` // URL with user and password
	Prefix   string `json:"prefix,omitempty"` // of this network's databases on the server
	User     string `json:"user"`
	Password string `json:"password"`
}

func (c *couch) prefix(org string) string {
	return c.Prefix + strings.ReplaceAll(org, "-", "_") + "_"
}

func readCouch(l layout) (*couch, error) {
	b, err := os.ReadFile(l.couch())
	if err != nil {
		return nil, err
	}
	var c couch
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", l.couch(), err)
	}
	return &c, nil
}

func (c *couch) write(l layout) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(l.couch(), append(b, '\n'), 0o600)
}

// settleCouch finds what the peers' state databases are to run on, before anything starts.
func (s *starter) settleCouch(ctx context.Context) error {
	if !slices.ContainsFunc(s.t.Organisations, func(o topology.Organisation) bool { return o.OnCouchDB() }) {
		return nil
	}
	c, err := readCouch(s.builder.layout)
	if errors.Is(err, os.ErrNotExist) {
		var name [4]byte
		_, _ = rand.Read(name[:]) // never fails: the Go runtime ends the program instead
		c = &couch{User: "admin", Password: crypto.Secret(), Prefix: fmt.Sprintf("ll%x_", name)}
	} else if err != nil {
		return err
	}
	if slices.ContainsFunc(s.t.Organisations, func(o topology.Organisation) bool { return o.StateDatabase == topology.CouchDB }) {
		server, says, err := findCouch(ctx, c.Server, usualCouch)
		if err != nil {
			return err
		}
		c.Server, c.User = server.String(), server.User.Username()
		c.Password, _ = server.User.Password()
		s.progress("state databases on %s at %s", says, server.Host)
	}
	s.couch = c
	return c.write(s.builder.layout)
}

// findCouch says which CouchDB server to use: the one of the environment, or the one that
// was used before, or, as a hint only, the one that answers where CouchDB usually does. A
// login is needed, since CouchDB answers peers only with one.
func findCouch(ctx context.Context, before, usual string) (server *url.URL, says string, err error) {
	from := os.Getenv(couchVariable)
	if from == "" {
		from = before
	}
	if from == "" {
		u, err := url.Parse(usual)
		if err != nil {
			return nil, "", err
		}
		const how = "set " + couchVariable + "=http://USER:PASSWORD@HOST:PORT of a CouchDB 3 server"
		if says, err := askCouch(ctx, u); err == nil {
			return nil, "", fmt.Errorf("%s answers at %s, but its login is not known: set %s=http://USER:PASSWORD@%s", says, u.Host, couchVariable, u.Host)
		}
		return nil, "", fmt.Errorf("no CouchDB is known: %s, install one that answers at %s, or keep the state in LevelDB (make up without STATE)", how, u.Host)
	}
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return nil, "", fmt.Errorf("%s is not like http://USER:PASSWORD@HOST:PORT", couchVariable) // the value may hold a password
	}
	if password, ok := u.User.Password(); u.User.Username() == "" || !ok || password == "" {
		return nil, "", fmt.Errorf("%s names no user and password: CouchDB serves a peer only with a login", couchVariable)
	}
	if _, err := couchgate.New(u, "x"); err != nil {
		return nil, "", fmt.Errorf("%s: %w", couchVariable, err)
	}
	if says, err = askCouch(ctx, u); err != nil {
		return nil, "", fmt.Errorf("the CouchDB at %s: %w", u.Host, err)
	}
	return u, says, nil
}

// askCouch says what answers at a URL, and whether the login is good if there is one.
func askCouch(ctx context.Context, u *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var welcome struct {
		CouchDB string `json:"couchdb"`
		Version string `json:"version"`
		Vendor  struct {
			Name string `json:"name"`
		} `json:"vendor"`
	}
	if err := getJSON(ctx, u.JoinPath("/"), &welcome); err != nil {
		return "", err
	}
	if welcome.CouchDB == "" {
		return "", errors.New("what answers is not CouchDB")
	}
	major, _, _ := strings.Cut(welcome.Version, ".")
	if n, _ := strconv.Atoi(major); n != 3 {
		return "", fmt.Errorf("version %s is not one that peers can use: take CouchDB 3", welcome.Version)
	}
	if u.User != nil {
		var names []string
		if err := getJSON(ctx, u.JoinPath("_all_dbs"), &names); err != nil {
			return "", err
		}
	}
	says := "CouchDB " + welcome.Version
	if strings.Contains(welcome.Vendor.Name, "stand-in") {
		says += " (" + welcome.Vendor.Name + ")"
	}
	return says, nil
}

func getJSON(ctx context.Context, u *url.URL, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return errors.New("the URL cannot be used") // the error would show the password
	}
	resp, err := probes.Do(r)
	if err != nil {
		return fmt.Errorf("it does not answer: %w", short(err))
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(resp.Body).Decode(into)
	case http.StatusUnauthorized, http.StatusForbidden:
		return errors.New("it refuses the login")
	}
	return errors.New(resp.Status)
}

// couchdb is the process that a peer has its state database behind: a gate to the shared
// server, or a stand-in.
func (b *builder) couchdb(o topology.Organisation) supervise.Spec {
	address := b.t.Address(o.Ports.CouchDB)
	ports := map[string]int{"couchdb": o.Ports.CouchDB}
	if o.StateDatabase == topology.CouchStandIn {
		return b.spec(CouchDB, o, []string{b.bin(standIn), "-listen", address, "-dir", b.data(o.Name, CouchDB)},
			[]string{"COUCHDB_USER=" + b.couch.User, "COUCHDB_PASSWORD=" + b.couch.Password}, ports)
	}
	server, err := url.Parse(b.couch.Server)
	if err != nil {
		panic("launch: the URL was parsed before: " + err.Error())
	}
	server.User = nil // a command line is seen by everybody; the peer sends its own login
	return b.spec(CouchDB, o, []string{b.bin("network"), "couch-gate", "--dir", string(b.layout), "--listen", address, "--to", server.String(), "--prefix", b.couch.prefix(o.Name)}, nil, ports)
}

// standIn is the name of the stand-in's binary.
const standIn = "couchdb-stand-in"

// stateDatabase is the part of a peer's environment that says where its state is.
func (b *builder) stateDatabase(o topology.Organisation) []string {
	if !o.OnCouchDB() {
		return []string{"CORE_LEDGER_STATE_STATEDATABASE=goleveldb"}
	}
	return []string{
		"CORE_LEDGER_STATE_STATEDATABASE=CouchDB",
		"CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS=" + b.t.Address(o.Ports.CouchDB),
		"CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME=" + b.couch.User,
		"CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD=" + b.couch.Password,
		// With Fabric's own 3, a database that is away for a second during a block stops
		// the channel until the peer is started anew, while it says that it is healthy.
		"CORE_LEDGER_STATE_COUCHDBCONFIG_MAXRETRIES=10",
		"CORE_LEDGER_STATE_COUCHDBCONFIG_MAXRETRIESONSTARTUP=12",
	}
}

// Indexes are the names of the indexes that the chaincode's package declares, and of
// those that the organisation's state database has. LevelDB has none.
func (n *Network) Indexes(ctx context.Context, o topology.Organisation) (declared, present []string, err error) {
	if !o.OnCouchDB() {
		return nil, nil, nil
	}
	c, err := readCouch(n.layout)
	if err != nil {
		return nil, nil, err
	}
	names, err := os.ReadDir(n.layout.path("bin", "indexes"))
	if err != nil {
		return nil, nil, err
	}
	for _, f := range names {
		declared = append(declared, strings.TrimSuffix(f.Name(), filepath.Ext(f.Name())))
	}
	if len(declared) == 0 {
		return nil, nil, nil // and then the database need not be there yet
	}
	var list struct {
		Indexes []struct {
			Name string `json:"name"`
		} `json:"indexes"`
	}
	database := n.Topology.Channel.Name + "_" + n.Topology.Chaincode.Name
	at := &url.URL{Scheme: "http", Host: n.Topology.Address(o.Ports.CouchDB), User: url.UserPassword(c.User, c.Password)}
	if err := getJSON(ctx, at.JoinPath(database, "_index"), &list); err != nil {
		return declared, nil, fmt.Errorf("the state database of peer.%s: %w", o.Name, err)
	}
	for _, x := range list.Indexes {
		present = append(present, x.Name)
	}
	return declared, present, nil
}

// dropDatabases removes what the network has on a CouchDB server that it does not own.
func dropDatabases(ctx context.Context, l layout) error {
	c, err := readCouch(l)
	if errors.Is(err, os.ErrNotExist) || err == nil && c.Server == "" {
		return nil
	}
	if err != nil {
		return err
	}
	server, err := url.Parse(c.Server)
	if err != nil {
		return fmt.Errorf("%s: the server's URL", l.couch())
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := couchgate.Drop(ctx, server, c.Prefix); err != nil {
		return fmt.Errorf("the databases that begin with %s are still on the CouchDB at %s: %w", c.Prefix, server.Host, withoutURL(err))
	}
	return nil
}

// withoutURL drops the address from an error of the HTTP client, which holds the password.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return short(op)
	}
	return err
}
