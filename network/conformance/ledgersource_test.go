package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/network/couchstandin"
	"github.com/lifeledger/lifeledger/network/doctor"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

// TestTheLedgerAnswersItself: on a network whose peers keep their state in three ways, a
// story is the same transaction for all of them, and whoever has CouchDB gets the answers
// of the read model from the ledger itself, before and after its database is killed.
//
// The manufacturer's peer is on the CouchDB of COUCHDB_URL where that is given, and
// otherwise on a stand-in that plays its part, behind a gate in either case; the service
// company's is on a stand-in; the shipper's is on LevelDB.
func TestTheLedgerAnswersItself(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real Fabric network of three organisations; run without -short")
	}
	notOf(t) // it has one of its own
	n := startOnCouch(t)
	c := n.Consortium()
	cast = scenario.Cast{Manufacturer: "ManufacturerMSP", Service: "ServiceMSP", Shipper: "ShipperMSP"}
	maker, service, carrier = cast.Manufacturer, cast.Service, cast.Shipper
	l := connect(t, c)
	all := slices.DeleteFunc(stories(t), func(s *scenario.Scenario) bool { return s.Name == "ledger-questions" }) // it is about LevelDB
	i := slices.IndexFunc(all, func(s *scenario.Scenario) bool { return s.Name == "founding" })
	all[0], all[i] = all[i], all[0]
	play(t, l, all[0], 0)
	t.Run("stories", func(t *testing.T) {
		for i, s := range all[1:] {
			if i%5 > 0 { // enough to have records of most kinds
				continue
			}
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				play(t, l, s, i+1)
			})
		}
	})
	t.Run("every index is there", func(t *testing.T) { everyIndex(t, n) })
	t.Run("both sources agree", func(t *testing.T) {
		for _, org := range []string{maker, service} {
			(&sources{n.Org(org)}).agree(t)
		}
	})
	t.Run("a peer on LevelDB says so", func(t *testing.T) {
		s := sources{n.Org(carrier)}
		if status, body := s.get(t, "components", url.Values{"source": {"ledger"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "query.ledger-without-couchdb") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("after its database was killed", func(t *testing.T) {
		org := n.Org(service)
		for _, kind := range []string{launch.CouchDB, launch.Peer} {
			if err := n.Kill(org.Process(kind)); err != nil {
				t.Fatal(err)
			}
		}
		s := sources{org}
		for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
			status, body := s.get(t, "components", url.Values{"source": {"ledger"}, "limit": {"1"}})
			if status == http.StatusOK {
				break
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("%d %s", status, body)
			}
		}
		s.agree(t)
	})
}

func startOnCouch(t *testing.T) *launch.Network {
	t.Helper()
	if os.Getenv("COUCHDB_URL") == "" {
		s, err := couchstandin.Open(couchstandin.Options{User: "admin", Password: "of-a-test"})
		if err != nil {
			t.Fatal(err)
		}
		web := httptest.NewServer(s)
		t.Cleanup(web.Close)
		t.Setenv("COUCHDB_URL", strings.Replace(web.URL, "http://", "http://admin:of-a-test@", 1))
		t.Log("COUCHDB_URL is not set: a stand-in for CouchDB takes its place")
	}
	declared := topology.Default()
	declared.Organisations[0].StateDatabase = topology.CouchDB
	declared.Organisations[1].StateDatabase = topology.CouchStandIn
	dir := t.TempDir()
	n, err := launch.Start(t.Context(), launch.Options{Dir: dir, Topology: declared, AutoPorts: true, Gateways: true, Progress: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
		if err := launch.Down(context.Background(), dir, true); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	return n
}

// everyIndex asks the doctor, who compares what the package declares with what the databases have.
func everyIndex(t *testing.T, n *launch.Network) {
	facts, err := doctor.Gather(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	results, _ := doctor.Examine(facts)
	for _, r := range results {
		if r.Check == "indexes" && r.Verdict != doctor.OK {
			t.Errorf("%+v", r)
		}
	}
}

// sources asks one organisation's gateway.
type sources struct{ org *launch.Org }

// row is a row as the gateway answers with it.
type row struct {
	Record map[string]any `json:"record"`
	Ledger struct {
		Key string `json:"key"`
	} `json:"ledger"`
}

type answerOf struct {
	Height   uint64   `json:"height"`
	Items    []row    `json:"items"`
	Next     string   `json:"next"`
	Index    string   `json:"index"`
	Warnings []string `json:"warnings"`
}

func (s sources) get(t *testing.T, entity string, query url.Values) (int, string) {
	t.Helper()
	token, err := os.ReadFile(s.org.TokenFile("auditor"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.org.GatewayURL+"/v1/queries/"+entity+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// ask reads all pages of an answer.
func (s sources) ask(t *testing.T, source, entity string, query url.Values) (rows []row, height uint64, last answerOf) {
	t.Helper()
	query.Set("source", source)
	query.Del("cursor")
	for {
		status, body := s.get(t, entity, query)
		for began := time.Now(); status == http.StatusTooManyRequests && time.Since(began) < time.Minute; status, body = s.get(t, entity, query) {
			time.Sleep(100 * time.Millisecond)
		}
		if status != http.StatusOK {
			t.Fatalf("%s of the %s, %v: %d %s", entity, source, query, status, body)
		}
		var a answerOf
		d := json.NewDecoder(strings.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, a.Items...)
		if a.Next == "" {
			return rows, a.Height, a
		}
		query.Set("cursor", a.Next)
	}
}

// agree asks for every kind of record: all of them, in each order that the ledger offers,
// and those that have the values of one of them.
func (s sources) agree(t *testing.T) {
	t.Helper()
	asked, kinds := 0, 0
	for _, e := range onLedger() {
		rows := s.same(t, e, url.Values{})
		asked++
		if len(rows) == 0 {
			continue
		}
		kinds++
		sorted := false
		for _, f := range e.Fields {
			if filter.Sortable(f) && !sorted {
				sorted = true
				s.same(t, e, url.Values{"sort": {"-" + f.Name}})
				asked++
			}
		}
		for _, text := range like(e, rows[len(rows)/2]) {
			if found := s.same(t, e, url.Values{"filter": {text}}); len(found) == 0 && !strings.HasPrefix(text, "not ") {
				t.Errorf("%s where %s finds not even the one that it was made of", e.Name, text)
			}
			asked++
		}
	}
	t.Logf("%s: %d questions about %d kinds of record", s.org.MSPID, asked, kinds)
	if kinds < 10 {
		t.Errorf("the stories left only %d kinds of record", kinds)
	}
}

// same asks both sources and gives the rows of the ledger.
func (s sources) same(t *testing.T, e catalogue.Entity, query url.Values) []row {
	t.Helper()
	query.Set("limit", "20")
	fromLedger, height, last := s.ask(t, "ledger", e.Name, query)
	query.Set("minHeight", fmt.Sprint(height))
	fromModel, _, _ := s.ask(t, "read-model", e.Name, query)
	if last.Index == "" {
		t.Errorf("%s %v: no index is named", e.Name, query)
	}
	texts := func(rows []row) []string {
		var out []string
		for _, r := range rows {
			b, err := json.Marshal(r.Record)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r.Ledger.Key+" "+string(b))
		}
		slices.Sort(out)
		return out
	}
	a, b := texts(fromLedger), texts(fromModel)
	if !slices.Equal(a, b) {
		t.Errorf("%s %v: the ledger has %d rows, the read model %d:\n%s\n%s", e.Name, query, len(a), len(b), strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	if by, descending := strings.CutPrefix(query.Get("sort"), "-"); descending {
		for i := range min(len(fromLedger), len(fromModel)) {
			if x, y := fmt.Sprint(fromLedger[i].Record[by]), fmt.Sprint(fromModel[i].Record[by]); x != y {
				t.Errorf("%s sorted by %s: at %d the ledger has %s, the read model %s", e.Name, by, i, x, y)
			}
		}
	}
	return fromLedger
}

// like are filters that a row meets, one for each way of asking, and the opposite of one.
func like(e catalogue.Entity, r row) []string {
	var texts []string
	seen := map[string]bool{}
	for _, f := range e.Fields {
		v, ok := r.Record[f.Name]
		if f.Path[0] == '@' || seen[string(f.Type)] {
			continue
		}
		seen[string(f.Type)] = true
		switch v := v.(type) {
		case string:
			texts = append(texts, filter.String(filter.Test{Field: f.Name, Op: filter.Eq, Values: []filter.Operand{{Value: v}}}))
			if f.Type == catalogue.Text {
				prefix := v[:1+len(v)/2]
				texts = append(texts, filter.String(filter.Test{Field: f.Name, Op: filter.Prefix, Values: []filter.Operand{{Value: prefix}}}),
					filter.String(filter.Not{Of: filter.Test{Field: f.Name, Op: filter.Eq, Values: []filter.Operand{{Value: v}}}}))
			}
		case json.Number:
			texts = append(texts, f.Name+" ge "+v.String())
		case bool:
			texts = append(texts, fmt.Sprintf("%s eq %t", f.Name, v))
		default:
			seen[string(f.Type)] = false
		}
		if !ok {
			texts = append(texts, "not exists "+f.Name)
		}
	}
	return texts
}
