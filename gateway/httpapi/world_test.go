package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/kept"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// fakeLedger answers every question with an example of openapi.yaml.
type fakeLedger struct {
	mu      sync.Mutex
	answers map[ledgerapi.Transaction]string
	err     error
	errs    map[ledgerapi.Transaction]error
	panics  bool
	ready   map[string]error
	asked   []asked
	readies int
	during  func()       // while it is asked
	fresh   bool         // of the last question
	height  uint64       // of the last answer
	at      *kept.Moment // nil: nothing may be kept
}

type asked struct {
	tx       ledgerapi.Transaction
	argument string
}

func (f *fakeLedger) Ask(_ context.Context, tx ledgerapi.Transaction, argument []byte, fresh bool) (LedgerAnswer, error) {
	if f.during != nil {
		f.during()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, asked{tx, string(argument)})
	f.fresh = fresh
	if f.panics {
		panic("secret-of-the-panic")
	}
	if err := f.errs[tx]; err != nil {
		return LedgerAnswer{}, err
	}
	if f.at != nil {
		return LedgerAnswer{[]byte(f.answers[tx]), f.at.Height}, f.err
	}
	f.height++
	return LedgerAnswer{[]byte(f.answers[tx]), f.height}, f.err
}

// Notarise puts who is asked before the argument.
func (f *fakeLedger) Notarise(ctx context.Context, tx ledgerapi.Transaction, argument []byte, organisations []string) ([]byte, error) {
	if _, err := f.Ask(ctx, tx, append([]byte(strings.Join(organisations, "+")), argument...), true); err != nil {
		return nil, err
	}
	return os.ReadFile("../notary/testdata/memory.json")
}

func (f *fakeLedger) Moment() (kept.Moment, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return kept.Moment{}, false
	}
	return *f.at, true
}

func (f *fakeLedger) Ready(context.Context) map[string]error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readies++
	return f.ready
}

// fakeOperations commits everything, or does what change says.
type fakeOperations struct {
	mu      sync.Mutex
	answers map[ledgerapi.Transaction]string
	change  func(*Outcome)
	err     error
	wait    func()
	writes  []Write
	started int
	found   map[string]Outcome
}

func (f *fakeOperations) Do(_ context.Context, w Write) (Outcome, error) {
	if f.wait != nil {
		f.wait()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, w)
	o := Outcome{
		ID: "op-1", Principal: w.Principal, Transaction: w.Transaction, State: api.Committed,
		TransactionID: "tx-1", Block: 42, Result: []byte(f.answers[w.Transaction]),
	}
	if f.change != nil {
		f.change(&o)
	}
	return o, f.err
}

func (f *fakeOperations) Start(_ context.Context, w Write) (Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started++
	f.writes = append(f.writes, w)
	return Outcome{ID: "op-1", Principal: w.Principal, Transaction: w.Transaction, State: api.Pending}, f.err
}

func (f *fakeOperations) Get(_ context.Context, id string) (Outcome, error) {
	if o, ok := f.found[id]; ok {
		return o, nil
	}
	return Outcome{}, problem.New(problem.OperationUnknown, "operation "+id+" is unknown")
}

// fakeModel has three things parked, and knows one record.
type fakeModel struct {
	err       error
	accepted  []string
	explained []string
	verified  bool
}

func (f *fakeModel) Status(context.Context) (api.ReadModel, error) {
	return api.ReadModel{Database: "sqlite", Height: 43, CaughtUp: true, Parked: 3 - len(f.accepted), Unknown: []api.UnknownKind{}}, f.err
}

func (f *fakeModel) Parked(_ context.Context, after string, limit int) ([]api.Parked, error) {
	all := []api.Parked{}
	for _, id := range []string{"key/a", "key/b", "transaction/1/0"} {
		if id > after && len(all) < limit {
			all = append(all, api.Parked{ID: id, Block: 1, Reason: "unreadable"})
		}
	}
	return all, f.err
}

func (f *fakeModel) Accept(_ context.Context, id, by string) error {
	f.accepted = append(f.accepted, id+" by "+by)
	return f.err
}

func (f *fakeModel) Explain(_ context.Context, keys []string, verify bool) (api.Provenance, error) {
	f.explained, f.verified = keys, verify
	present := api.RecordVersion{Block: 7, TransactionID: "tx-1", Time: "2026-03-01T08:30:00.000Z", Submitter: "ShipperMSP", Transaction: "participant:AnnounceOrganisation"}
	record := api.RecordOrigin{Key: keys[0], Found: true, Present: &present, Earlier: []api.RecordVersion{}}
	if verify {
		record.Verdict = &api.RecordVerdict{Agrees: true}
	}
	return api.Provenance{Height: 43, Records: []api.RecordOrigin{record}}, f.err
}

// fakeTokens knows a token by its text: "Bearer operator".
type fakeTokens struct{}

func (fakeTokens) Verify(_ context.Context, header string) (authn.Principal, error) {
	token, _ := strings.CutPrefix(header, "Bearer ")
	p := authn.Principal{Subject: token + "@shipper", Organisation: "ShipperMSP"}
	switch token {
	case "operator", "admin", "auditor", "device":
		p.Roles = []authn.Role{authn.Role(token)}
	case "nobody":
	case "foreign":
		return authn.Principal{}, authn.ErrOrganisation
	case "":
		return authn.Principal{}, errors.New("there is no bearer token")
	default:
		return authn.Principal{}, errors.New("the access token is not valid")
	}
	return p, nil
}

// world is a gateway whose ledger is fake.
type world struct {
	ledger     *fakeLedger
	operations *fakeOperations
	model      *fakeModel
	questions  *fakeQuestions
	saved      *fakeSaved
	metrics    *Metrics
	log        bytes.Buffer
	apart      http.Handler // health, readiness and metrics alone
	handler    http.Handler
	contract   *contract
	router     routers.Router
}

type knownAPI struct {
	contract *contract
	router   routers.Router
}

// openAPI reads openapi.yaml once for all tests.
var openAPI = sync.OnceValues(func() (k knownAPI, err error) {
	spec, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		return k, err
	}
	if k.contract, err = readContract(spec); err != nil {
		return k, err
	}
	k.router, err = legacy.NewRouter(k.contract.doc)
	return k, err
})

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{
		ledger:     &fakeLedger{answers: make(map[ledgerapi.Transaction]string), errs: make(map[ledgerapi.Transaction]error), ready: map[string]error{"ShipperMSP": nil}},
		operations: &fakeOperations{answers: make(map[ledgerapi.Transaction]string)},
		model:      new(fakeModel),
		questions:  new(fakeQuestions),
		saved:      &fakeSaved{tell: func(f Follower) error { return f.Begun() }},
		metrics:    NewMetrics(),
	}
	c := Config{
		Organisation: "ShipperMSP", LedgerName: "lifeledger/lifeledger", Version: "test",
		Ledger: w.ledger, Operations: w.operations, ReadModel: w.model, Questions: w.questions, Passports: w.questions, SavedQueries: w.saved, Authenticator: fakeTokens{},
		Metrics: w.metrics, Log: slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	known, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	w.contract, w.router = known.contract, known.router
	c.Limits = c.Limits.withDefaults()
	all, err := assemble(c, w.contract)
	if err != nil {
		t.Fatal(err)
	}
	w.handler, w.apart = all.API, all.Operations
	for _, e := range exchanges {
		s := w.schemaOf(t, e.operation)
		w.ledger.answers[e.tx] = example(s, "")
		w.operations.answers[e.tx] = example(s, "")
	}
	return w
}

// operation finds an operation and its path.
func (w *world) operation(t testing.TB, id string) *routers.Route {
	t.Helper()
	for _, r := range w.contract.routes {
		if r.Operation.OperationID == id {
			return r
		}
	}
	t.Fatalf("openapi.yaml has no operation %s", id)
	return nil
}

// schemaOf is the schema of an operation's success.
func (w *world) schemaOf(t testing.TB, id string) *openapi3.SchemaRef {
	t.Helper()
	r := w.operation(t, id).Operation.Responses
	for _, status := range []string{"200", "201"} {
		if v := r.Value(status); v != nil {
			return v.Value.Content["application/json"].Schema
		}
	}
	t.Fatalf("%s has no success", id)
	return nil
}

// send sends a request as the operator, unless headers say otherwise, and holds
// the answer to openapi.yaml.
func (w *world) send(t testing.TB, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, reader)
	r.Header.Set("Authorization", "Bearer operator")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	res := rec.Result()
	w.check(t, r, res)
	return res
}

// check holds an answer to the contract.
func (w *world) check(t testing.TB, r *http.Request, res *http.Response) {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	for _, name := range []string{"X-Request-Id", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy"} {
		if res.Header.Get(name) == "" {
			t.Errorf("no header %s", name)
		}
	}
	route, params, err := w.router.FindRoute(r)
	if err != nil || strings.HasSuffix(r.URL.Path, "/") { // not a resource: at least a problem must be one
		if res.StatusCode >= 400 && res.Header.Get("Content-Type") != problem.ContentType && !strings.HasPrefix(r.URL.Path, "/readyz") {
			t.Errorf("%d is %s", res.StatusCode, res.Header.Get("Content-Type"))
		}
		return
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	if err != nil {
		t.Errorf("%s %s: the answer %d is not openapi.yaml's: %v\n%s", r.Method, r.URL, res.StatusCode, err, body)
	}
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
