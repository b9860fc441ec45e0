package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// fakeQuestions answers everything with one row.
type fakeQuestions struct {
	asked     []Asked
	passports []passportAsked
	readers   int // questions of readers
	during    func()
	err       error
	pieces    []string // of an export
	breaks    error    // after them
}

func (f *fakeQuestions) Ask(_ context.Context, a Asked) (Answer, error) {
	f.asked = append(f.asked, a)
	row := `{"record":{"status":"in-transit"},"ledger":{"key":"shipment/S","block":42,"transactionId":"tx","time":"2026-03-01T08:30:00.000Z","submitter":"ShipperMSP"}}`
	return Answer{43, json.RawMessage(`{"height":43,"time":"2026-03-01T08:30:00.000Z","items":[` + row + `],"next":""}`)}, f.err
}

func (f *fakeQuestions) Export(_ context.Context, a Asked, format string, begin func(uint64) io.Writer) error {
	f.asked = append(f.asked, a)
	if f.err != nil {
		return f.err
	}
	w := begin(43)
	for _, p := range append(f.pieces, format) {
		if _, err := io.WriteString(w, p); err != nil {
			return err
		}
	}
	return f.breaks
}

// fakeSaved keeps one question and tells what it is told to tell.
type fakeSaved struct {
	query   api.SavedQuery
	contact api.Contact
	after   *uint64
	err     error
	tell    func(f Follower) error
}

func (f *fakeSaved) List(context.Context) ([]api.SavedQuery, error) {
	return []api.SavedQuery{f.query}, f.err
}
func (f *fakeSaved) Get(context.Context, string) (api.SavedQuery, error) { return f.query, f.err }
func (f *fakeSaved) Delete(context.Context, string) error                { return f.err }
func (f *fakeSaved) Put(_ context.Context, q api.SavedQuery) (api.SavedQuery, error) {
	f.query = q
	f.query.CreatedAt, f.query.ChangedAt = "2026-03-01T08:30:00.000Z", "2026-03-01T08:30:00.000Z"
	return f.query, f.err
}
func (f *fakeSaved) ListContacts(_ context.Context, id string) ([]api.Contact, error) {
	if id != "" && id != f.contact.ID {
		return []api.Contact{}, f.err
	}
	return []api.Contact{f.contact}, f.err
}
func (f *fakeSaved) GetContact(context.Context, string) (api.Contact, error) {
	return f.contact, f.err
}
func (f *fakeSaved) DeleteContact(context.Context, string) error { return f.err }
func (f *fakeSaved) PutContact(_ context.Context, c api.Contact) (api.Contact, error) {
	c.ChangedAt = "2026-03-01T08:30:00.000Z"
	f.contact = c
	return c, f.err
}

func (f *fakeSaved) Follow(_ context.Context, _ string, after *uint64, to Follower) error {
	f.after = after
	if f.err != nil {
		return f.err
	}
	return f.tell(to)
}

func TestQuestionsInBothForms(t *testing.T) {
	w := newWorld(t)
	res := w.send(t, "POST", "/v1/queries/shipments?cursor=abc&minHeight=42", `{"filter":{"field":"status","eq":"in-transit"},"sort":["-changedAt"],"include":["terms"],"limit":7}`)
	if res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, text(t, res))
	}
	line := url.Values{"filter": {`status eq "in-transit"`}, "sort": {"-changedAt"}, "include": {"terms"}, "limit": {"7"}, "cursor": {"abc"}, "minHeight": {"42"}}
	if res := w.send(t, "GET", "/v1/queries/shipments?"+line.Encode(), ""); res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
		t.Fatalf("%d %s", res.StatusCode, text(t, res))
	}
	if diff := cmp.Diff(w.questions.asked[0], w.questions.asked[1]); diff != "" || w.questions.asked[0].MinHeight != 42 || w.questions.asked[0].Cursor != "abc" {
		t.Errorf("%+v %s", w.questions.asked[0], diff)
	}
	if res := w.send(t, "GET", "/v1/queries/shipments?groupBy=status,changedAt:month&aggregates=count,max(changedAt)", ""); res.StatusCode != 200 {
		t.Errorf("groups: %d %s", res.StatusCode, text(t, res))
	}
	if got := w.questions.asked[2].Question; cmp.Diff([]string{"status", "changedAt:month"}, got.GroupBy) != "" || cmp.Diff([]string{"count", "max(changedAt)"}, got.Aggregates) != "" {
		t.Errorf("%+v", got)
	}
}

func TestTheCatalogueIsShown(t *testing.T) {
	w := newWorld(t)
	var list api.EntityList
	if err := json.Unmarshal([]byte(text(t, w.send(t, "GET", "/v1/queries", ""))), &list); err != nil {
		t.Fatal(err)
	}
	known := slices.Concat(catalogue.Entities(), catalogue.Views())
	if len(list.Items) != len(known) {
		t.Fatalf("%d entities of %d", len(list.Items), len(known))
	}
	for i, e := range known {
		if d := list.Items[i]; d.Name != e.Name || len(d.Fields) != len(e.Fields)+len(catalogue.Provenance()) || len(d.Relations) != len(e.Relations) || len(d.Fields[0].Operations) == 0 {
			t.Errorf("%+v", d)
		}
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, target, body, code string
		status                     int
	}{
		{"GET", "/v1/queries/shipments?filter=" + url.QueryEscape("status ="), "", "query.syntax", 400},
		{"GET", "/v1/queries/shipments?filtre=x", "", "request.schema", 400},
		{"GET", "/v1/queries/shipments?limit=1001", "", "request.schema", 400},
		{"GET", "/v1/queries/ships;drop", "", "request.id-invalid", 400},
		{"POST", "/v1/queries/shipments", `{"selector":{"$gt":null}}`, "request.schema", 400},
		{"POST", "/v1/queries/shipments", `{"filter":{"field":"a","eq":1.5}}`, "request.", 400},
		{"POST", "/v1/queries/shipments", `{"limit":1,"limit":2}`, "request.duplicate-key", 400},
		{"POST", "/v1/queries/shipments", `{"sort":"x"}`, "request.schema", 400},
		{"GET", "/v1/queries/shipments/export?format=xlsx", "", "request.schema", 400},
		{"GET", "/v1/queries/shipments/export?cursor=x", "", "request.schema", 400},
		{"PUT", "/v1/saved-queries/a%20b", `{"entity":"shipments","question":{}}`, "request.id-invalid", 400},
		{"PUT", "/v1/saved-queries/a", `{"entity":"shipments"}`, "request.schema", 400},
	} {
		res := w.send(t, c.method, c.target, c.body)
		if body := text(t, res); res.StatusCode != c.status || !strings.Contains(body, `"code":"`+c.code) {
			t.Errorf("%s %s %s: %d %s", c.method, c.target, c.body, res.StatusCode, body)
		}
	}
	if res := w.send(t, "GET", "/v1/queries/shipments", "", "Authorization", "Bearer device"); res.StatusCode != 403 {
		t.Errorf("a device asks: %d", res.StatusCode)
	}
	for code, status := range map[fault.Code]int{
		fault.CodeQueryEntity: 404, fault.CodeQueryField: 400, fault.CodeQueryType: 400, fault.CodeQueryTooCostly: 422, fault.CodeQueryCursor: 400, fault.CodeQueryForm: 400,
	} {
		w.questions.err = fault.New(code, "no")
		for _, target := range []string{"/v1/queries/shipments", "/v1/queries/shipments/export"} {
			if res := w.send(t, "GET", target, ""); res.StatusCode != status {
				t.Errorf("%s of %s: %d", code, target, res.StatusCode)
			}
		}
	}
}

func TestExportsAreStreams(t *testing.T) {
	w := newWorld(t)
	w.questions.pieces = []string{"a\r\n", "1\r\n"}
	res := w.send(t, "GET", "/v1/queries/shipments/export", "", "Accept", "text/csv")
	if body := text(t, res); res.StatusCode != 200 || body != "a\r\n1\r\ncsv" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") ||
		res.Header.Get("Content-Disposition") != `attachment; filename="shipments.csv"` || res.Header.Get("X-Ledger-Height") != "43" {
		t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
	}
	res = w.send(t, "POST", "/v1/queries/shipments/export?format=json-lines", `{"filter":"status eq \"lost\""}`, "Accept", "*/*")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/x-ndjson" || string(w.questions.asked[1].Question.Filter) != `"status eq \"lost\""` {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, w.questions.asked[1].Question.Filter)
	}
	if res := w.send(t, "GET", "/v1/queries/shipments/export", "", "Accept", "text/html"); res.StatusCode != 406 {
		t.Errorf("as HTML: %d", res.StatusCode)
	}
	w.questions.breaks = errors.New("the database is gone")
	s := httptest.NewServer(w.handler)
	defer s.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v1/queries/shipments/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer operator")
	res, err = s.Client().Do(r)
	if err == nil {
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("an export that failed looks whole")
	}
}

func TestSavedQuestionsAreKept(t *testing.T) {
	w := newWorld(t)
	res := w.send(t, "PUT", "/v1/saved-queries/warm", `{"title":"Warm","entity":"shipments","question":{"filter":{"field":"status","eq":"in-transit"}},"standing":true}`, "Authorization", "Bearer auditor")
	if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, `"savedBy":"auditor@shipper"`) || !strings.Contains(body, `"filter":{"field":"status","eq":"in-transit"}`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for _, target := range []string{"/v1/saved-queries", "/v1/saved-queries/warm"} {
		if body := text(t, w.send(t, "GET", target, "")); !strings.Contains(body, `"name":"warm"`) {
			t.Error(body)
		}
	}
	if res := w.send(t, "GET", "/v1/saved-queries/warm/answer?cursor=x", ""); res.StatusCode != 200 || w.questions.asked[0].Entity != "shipments" || w.questions.asked[0].Cursor != "x" {
		t.Errorf("%d %+v", res.StatusCode, w.questions.asked)
	}
	if res := w.send(t, "DELETE", "/v1/saved-queries/warm", ""); res.StatusCode != 204 {
		t.Errorf("%d", res.StatusCode)
	}
	w.saved.err = fault.New(fault.CodeSavedQueryUnknown, "none")
	for _, target := range []string{"/v1/saved-queries/x", "/v1/saved-queries/x/answer", "/v1/saved-queries/x/matches"} {
		if res := w.send(t, "GET", target, ""); res.StatusCode != 404 {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
}

func TestMatchesAreServerSentEvents(t *testing.T) {
	w := newWorld(t)
	w.saved.tell = func(f Follower) error {
		return errors.Join(f.Begun(), f.Missed(3), f.Matched(4, json.RawMessage(`{"number":4}`)), f.Quiet(), f.Changed())
	}
	res := w.send(t, "GET", "/v1/saved-queries/warm/matches", "", "Last-Event-ID", "1", "Accept", "text/event-stream")
	want := "retry: 3000\n\nid: 3\nevent: missed\ndata: {\"upTo\":3}\n\nid: 4\nevent: match\ndata: {\"number\":4}\n\n: quiet\n\nevent: changed\ndata: {}\n\n"
	if body := text(t, res); res.StatusCode != 200 || body != want || res.Header.Get("Content-Type") != "text/event-stream" || w.saved.after == nil || *w.saved.after != 1 {
		t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
	}
	if w.send(t, "GET", "/v1/saved-queries/warm/matches", ""); w.saved.after != nil {
		t.Errorf("without a number: %d", *w.saved.after)
	}
	if res := w.send(t, "GET", "/v1/saved-queries/warm/matches", "", "Last-Event-ID", "x"); res.StatusCode != 400 {
		t.Errorf("a number that is none: %d", res.StatusCode)
	}
	inside := 0
	w.saved.tell = func(f Follower) error {
		if inside++; inside > maxFollowers {
			return f.Begun()
		}
		res := w.send(t, "GET", "/v1/saved-queries/warm/matches", "")
		if busy := inside == maxFollowers && res.StatusCode != 200; busy != (res.StatusCode == 503) {
			t.Errorf("%d inside: %d", inside, res.StatusCode)
		}
		inside--
		return f.Begun()
	}
	if res := w.send(t, "GET", "/v1/saved-queries/warm/matches", ""); res.StatusCode != 200 || inside != 0 && inside != maxFollowers {
		t.Errorf("%d, %d inside", res.StatusCode, inside)
	}
}

// TestAContactIsANameForSomething, for everybody in the organisation.
func TestAContactIsANameForSomething(t *testing.T) {
	w := newWorld(t)
	const target = "/v1/contacts/workshop-north"
	res := w.send(t, "PUT", target, `{"kind":"organisation","id":"ServiceMSP","note":"ask for the night shift"}`)
	if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, `"name":"workshop-north"`) || !strings.Contains(body, `"savedBy":"`) {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	for target, says := range map[string]string{target: `"id":"ServiceMSP"`, "/v1/contacts": `"workshop-north"`, "/v1/contacts?id=ServiceMSP": `"workshop-north"`, "/v1/contacts?id=ShipperMSP": `"items":[]`} {
		res := w.send(t, "GET", target, "")
		if body := text(t, res); res.StatusCode != 200 || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s", target, res.StatusCode, body)
		}
	}
	for body, status := range map[string]int{`{"kind":"king","id":"x"}`: 400, `{"kind":"device"}`: 400, `{"kind":"device","id":"a b"}`: 400} {
		if res := w.send(t, "PUT", target, body); res.StatusCode != status {
			t.Errorf("%s: %d", body, res.StatusCode)
		}
	}
	if res := w.send(t, "PUT", target, `{"kind":"device","id":"x"}`, "Authorization", "Bearer auditor"); res.StatusCode != 403 {
		t.Errorf("an auditor: %d", res.StatusCode)
	}
	if res := w.send(t, "DELETE", target, ""); res.StatusCode != 204 {
		t.Errorf("%d", res.StatusCode)
	}
	w.saved.err = fault.New(fault.CodeContactUnknown, "none")
	if res := w.send(t, "GET", target, ""); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
}
