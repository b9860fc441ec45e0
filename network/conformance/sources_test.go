package conformance

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/filter/filtertest"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
	"github.com/lifeledger/lifeledger/network/couchstandin"
)

// indexDir holds the indexes that the chaincode's package carries.
const indexDir = "../../chaincode/META-INF/statedb/couchdb/indexes"

// richState answers rich queries from the stand-in, which it keeps equal to the ledger's state.
type richState struct {
	server *couchstandin.Server
	has    map[string]string // revision by key
	last   map[string]string // document by key
}

func newRichState(t *testing.T) *richState {
	t.Helper()
	s, err := couchstandin.Open(couchstandin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &richState{server: s, has: map[string]string{}, last: map[string]string{}}
	if _, err := r.call("PUT", "/state", nil); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(indexDir)
	if err != nil || len(files) == 0 {
		t.Fatalf("no indexes: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(indexDir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.call("POST", "/state/_index", json.RawMessage(b)); err != nil {
			t.Fatal(f.Name(), err)
		}
	}
	return r
}

func (r *richState) call(method, path string, body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(string(b))))
	if w.Code >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s", method, path, w.Body)
	}
	return w.Body.Bytes(), nil
}

// Find answers as a peer does with CouchDB.
func (r *richState) Find(documents map[string][]byte, query string, limit int32, bookmark string) (keys []string, next string, err error) {
	if err := r.sync(documents); err != nil {
		return nil, "", err
	}
	var question map[string]any
	if err := json.Unmarshal([]byte(query), &question); err != nil {
		return nil, "", err
	}
	question["limit"] = limit
	if bookmark != "" {
		question["bookmark"] = bookmark
	}
	b, err := r.call("POST", "/state/_find", question)
	if err != nil {
		return nil, "", err
	}
	var answer struct {
		Docs []struct {
			ID string `json:"_id"`
		} `json:"docs"`
		Bookmark, Warning string
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return nil, "", err
	}
	if strings.Contains(answer.Warning, "index") && strings.Contains(answer.Warning, "No matching") || strings.Contains(answer.Warning, "was not used") {
		return nil, "", fmt.Errorf("no index served %s: %s", query, answer.Warning)
	}
	for _, d := range answer.Docs {
		keys = append(keys, d.ID)
	}
	return keys, answer.Bookmark, nil
}

// sync writes what changed since the last question, as a peer does with each block.
func (r *richState) sync(documents map[string][]byte) error {
	var docs []any
	for key, b := range documents {
		if r.last[key] == string(b) {
			continue
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil { // into floating-point numbers, as Fabric does
			return err
		}
		doc["_id"] = key
		if rev := r.has[key]; rev != "" {
			doc["_rev"] = rev
		}
		docs = append(docs, doc)
		r.last[key] = string(b)
	}
	for key := range r.last {
		if _, ok := documents[key]; !ok {
			docs = append(docs, map[string]any{"_id": key, "_rev": r.has[key], "_deleted": true})
			delete(r.last, key)
		}
	}
	if len(docs) == 0 {
		return nil
	}
	b, err := r.call("POST", "/state/_bulk_docs", map[string]any{"docs": docs})
	if err != nil {
		return err
	}
	var out []struct {
		ID, Rev, Error string
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return err
	}
	for _, o := range out {
		if o.Error != "" {
			return fmt.Errorf("%q: %s", o.ID, o.Error)
		}
		r.has[o.ID] = o.Rev
		if _, ok := r.last[o.ID]; !ok {
			delete(r.has, o.ID)
		}
	}
	return nil
}

// TestEverySourceGivesTheSameAnswer: made-up questions about made-up records, sorted and
// read page by page, get the same rows from the meaning of the language, from the read
// model, and from the ledger itself with the stand-in for CouchDB under it.
func TestEverySourceGivesTheSameAnswer(t *testing.T) {
	notOf(t)
	rich := newRichState(t)
	model := openModel(t)
	guard, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	answered, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(onLedger()).Draw(t, "entity")
		rows := makeRows(t, on)
		model.fill(t, on, rows)
		l := ledgertest.New(ledgertest.Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
			if string(stub.GetArgs()[0]) == "fill" {
				return store(stub, on, rows)
			}
			return guard.Invoke(stub)
		}), ledgertest.Options{TB: t, Rich: rich})
		if _, err := l.Submit(ledgertest.Identity{MSPID: "ManufacturerMSP", Name: "g"}, "fill"); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			q := filter.Question{
				Entity: on.Name, Limit: rapid.IntRange(1, 3).Draw(t, "limit"), Sort: drawSort(t, on),
				Filter: filtertest.Filter(t, on, filtertest.Uses{}),
			}
			want, err := meaning(q, rows)
			if fault.Is(err, fault.CodeQueryTooCostly) {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", filter.String(q.Filter), err)
			}
			fromModel := model.ask(t, q)
			fromLedger, err := askLedger(l, q)
			if fault.Is(err, fault.CodeQueryLedger) {
				refused++
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", filter.String(q.Filter), err)
			}
			answered++
			compareSources(t, q, rows, want, fromModel, fromLedger)
		}
	})
	t.Logf("%d questions answered by all sources, %d refused by the ledger", answered, refused)
	if answered < refused/4 {
		t.Errorf("the ledger refused %d of %d", refused, answered+refused)
	}
}

func compareSources(t *rapid.T, q filter.Question, rows []filter.Fields, want, fromModel, fromLedger []string) {
	t.Helper()
	text := fmt.Sprintf("%s where %s sorted by %v", q.Entity, filter.String(q.Filter), q.Sort)
	for source, got := range map[string][]string{"read model": fromModel, "ledger": fromLedger} {
		if !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Fatalf("%s: the %s gives %v, and the question means %v", text, source, got, want)
		}
		if len(q.Sort) == 0 {
			continue
		}
		at := func(id string) any {
			i := slices.IndexFunc(rows, func(r filter.Fields) bool { return r[catalogue.RowColumn] == id })
			return rows[i][q.Sort[0].By]
		}
		if !slices.IsSortedFunc(got, func(a, b string) int {
			order := compareAny(at(a), at(b))
			if q.Sort[0].Descending {
				order = -order
			}
			return order
		}) {
			t.Fatalf("%s: the %s gives them in the order %v", text, source, got)
		}
	}
}

func compareAny(a, b any) int {
	if x, ok := a.(int64); ok {
		return cmp.Compare(x, b.(int64))
	}
	return cmp.Compare(a.(string), b.(string))
}

// onLedger are the entities that the ledger itself can be asked for.
func onLedger() []catalogue.Entity {
	return slices.DeleteFunc(slices.Clone(catalogue.Entities()), func(e catalogue.Entity) bool { return e.Kind == "" || e.Each != "" })
}

// makeRows makes rows whose integers fit into what CouchDB keeps exactly, under keys of their kind.
func makeRows(t *rapid.T, on catalogue.Entity) []filter.Fields {
	rows := filtertest.Make(t, 6, on)[on.Name]
	for i, r := range rows {
		for _, f := range on.Fields {
			if n, ok := r[f.Name].(int64); ok && (n > 1<<53 || n < -1<<53) {
				r[f.Name] = n % 1000
			}
			if f.Path[0] == '@' {
				r[f.Name] = fmt.Sprint(i)
			}
		}
		key := catalogue.KeyText(on.Kind, fmt.Sprint(i))
		r[catalogue.RowColumn], r["ledgerKey"] = key, key
	}
	return rows
}

// store writes the rows as records of their kind: what is nought is left out where
// records leave it out, and what is lacking is left out, null, or empty.
func store(stub shim.ChaincodeStubInterface, on catalogue.Entity, rows []filter.Fields) *peer.Response {
	for i, r := range rows {
		doc := map[string]any{"docType": on.Kind}
		for n, f := range on.Fields {
			v, ok := r[f.Name]
			switch {
			case f.Path[0] == '@' || f.Zero && (v == int64(0) || v == false):
				continue
			case !ok && (i+n)%3 == 0:
				continue
			case !ok && (i+n)%3 == 1 && (f.Type == catalogue.Text || f.Type == catalogue.Time):
				v = ""
			case !ok && (i+n)%3 == 1 && f.Type == catalogue.Texts:
				v = []string{}
			}
			put(doc, f.Path, v)
		}
		key, err := stub.CreateCompositeKey(on.Kind, []string{fmt.Sprint(i)})
		if err != nil {
			return shim.Error(err.Error())
		}
		b, err := json.Marshal(doc)
		if err != nil {
			return shim.Error(err.Error())
		}
		if err := stub.PutState(key, b); err != nil {
			return shim.Error(err.Error())
		}
	}
	return shim.Success([]byte("{}"))
}

func put(doc map[string]any, path string, v any) {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		doc[name] = v
		return
	}
	inner, ok := doc[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		doc[name] = inner
	}
	put(inner, rest, v)
}

func drawSort(t *rapid.T, on catalogue.Entity) []filter.Order {
	var can []string
	for _, f := range on.Fields {
		if filter.Sortable(f) {
			can = append(can, f.Name)
		}
	}
	if len(can) == 0 || rapid.Bool().Draw(t, "unsorted") {
		return nil
	}
	return []filter.Order{{By: rapid.SampledFrom(can).Draw(t, "by"), Descending: rapid.Bool().Draw(t, "descending")}}
}

// sourcesClock is what "now" is for every source: the time at which a ledger for tests begins.
var sourcesClock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// meaning are the names of the rows that the question means, in the order of the names.
func meaning(q filter.Question, rows []filter.Fields) ([]string, error) {
	c, err := q.Check(measure.TimeOf(sourcesClock))
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, r := range rows {
		if filter.Match(c.Filter, c.On, r, nil) {
			names = append(names, r[catalogue.RowColumn].(string))
		}
	}
	slices.Sort(names)
	return names, nil
}

// askLedger reads every page of an answer through the contract.
func askLedger(l *ledgertest.Ledger, q filter.Question) ([]string, error) {
	in := api.FindRecords{Entity: q.Entity, Where: filter.String(q.Filter), Limit: q.Limit}
	for _, o := range q.Sort {
		by := o.By
		if o.Descending {
			by = "-" + by
		}
		in.Sort = append(in.Sort, by)
	}
	names := []string{}
	for {
		argument, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		b, err := l.Evaluate(ledgertest.Identity{MSPID: "ManufacturerMSP", Name: "g"}, string(api.FindRecordsTx), string(argument))
		if err != nil {
			if f, ok := fault.Parse(err.Error()); ok {
				return nil, f
			}
			return nil, err
		}
		var out api.FoundRecords
		if err := json.Unmarshal(b, &out); err != nil {
			return nil, err
		}
		for _, r := range out.Records {
			names = append(names, r.Key)
		}
		if out.Next == "" {
			return names, nil
		}
		in.Cursor = out.Next
	}
}

// readModel is a read model on SQLite that the test fills as it likes.
type readModel struct {
	model   *projection.Model
	service *query.Service
	writer  *sql.DB
}

func openModel(t *testing.T) *readModel {
	t.Helper()
	file := filepath.Join(t.TempDir(), "model.db")
	m, err := projection.Open(t.Context(), projection.Config{SQLite: file, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	s, err := query.New(query.Config{Model: m, Secret: []byte("0123456789abcdef"), Now: func() time.Time { return sourcesClock }, Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &readModel{m, s, db}
}

func (m *readModel) fill(t *rapid.T, on catalogue.Entity, rows []filter.Fields) {
	t.Helper()
	table := projection.Quote(on.Table())
	if _, err := m.writer.Exec("DELETE FROM " + table); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		columns, args := []string{projection.Quote(catalogue.RowColumn)}, []any{r[catalogue.RowColumn]}
		for _, f := range slices.Concat(catalogue.Provenance(), on.Fields) {
			v, ok := r[f.Name]
			if !ok {
				continue
			}
			if list, ok := v.([]string); ok {
				b, err := json.Marshal(list)
				if err != nil {
					t.Fatal(err)
				}
				v = string(b)
			}
			columns, args = append(columns, projection.Quote(f.Column())), append(args, v)
		}
		places := strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")
		if _, err := m.writer.Exec("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+places+")", args...); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *readModel) ask(t *rapid.T, q filter.Question) []string {
	t.Helper()
	names := []string{}
	for a := (query.Ask{Question: q}); ; {
		page, err := m.service.Ask(t.Context(), a)
		if err != nil {
			t.Fatalf("%s: %v", filter.String(q.Filter), err)
		}
		for _, r := range page.Items {
			names = append(names, r.ID)
		}
		if a.Cursor = page.Next; a.Cursor == "" {
			return names
		}
	}
}
