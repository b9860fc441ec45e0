package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/kept"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
	"github.com/lifeledger/lifeledger/network/consortium"
)

var update = flag.Bool("update", false, "write the answers into docs/queries.md")

const (
	questionsFile = "../../docs/queries.md"
	storysRun     = "r7" // of the story in process
)

// question is one of docs/queries.md: as parameters, as a body, and its answer.
type question struct {
	title, entity string
	parameters    url.Values
	body, answer  string
}

var section = regexp.MustCompile("(?s)\n## (\\d+\\. [^\n]+)\n.*?\n```get ([a-z-]+)\n(.*?)\n```\n\n```json body\n(.*?)```\n\n```json answer\n(.*?)```")

// readQuestions reads the document.
func readQuestions(t *testing.T) (text string, all []question) {
	t.Helper()
	b, err := os.ReadFile(questionsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range section.FindAllStringSubmatch(string(b), -1) {
		q := question{title: m[1], entity: m[2], parameters: url.Values{}, body: m[4], answer: m[5]}
		for _, l := range strings.Split(m[3], "\n") {
			name, value, ok := strings.Cut(l, "=")
			if !ok || q.parameters.Has(name) {
				t.Fatalf("%s: %q is no parameter", q.title, l)
			}
			q.parameters.Set(name, value)
		}
		all = append(all, q)
	}
	if n := strings.Count(string(b), "\n## "); len(all) != 20 || n != 20 {
		t.Fatalf("%d questions of %d sections can be read", len(all), n)
	}
	return string(b), all
}

// written is the body that says what the parameters say.
func (q question) written(t *testing.T) string {
	t.Helper()
	list := func(name string) []string {
		if !q.parameters.Has(name) {
			return nil
		}
		return strings.Split(q.parameters.Get(name), ",")
	}
	w := filter.Written{Fields: list("fields"), Sort: list("sort"), Include: list("include"), GroupBy: list("groupBy"), Aggregates: list("aggregates")}
	if text := q.parameters.Get("filter"); text != "" {
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", q.title, err)
		}
		w.Filter = filter.JSON(e)
	}
	b, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	text := unescape.Replace(string(b)) + "\n"
	for _, member := range []string{"fields", "sort", "groupBy", "aggregates"} {
		text = strings.Replace(text, `,"`+member+`":`, ",\n \""+member+`":`, 1)
	}
	return text
}

var unescape = strings.NewReplacer(`\u003e`, ">", `\u003c`, "<", `\u0026`, "&")

// asking is a gateway, and the run of the story whose names are shortened in answers.
type asking struct {
	http             *http.Client
	base, token, run string
}

// ask sends a question and shows the answer as the document does: a row or a group on a line.
func (a asking) ask(t *testing.T, method, target, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.base+"/queries/"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := a.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Items  []struct{ Record json.RawMessage }
		Groups []json.RawMessage
		Next   string
		More   bool
	}
	if err := json.Unmarshal(b, &page); err != nil || res.StatusCode != http.StatusOK || page.Next != "" || page.More {
		t.Fatalf("%s %s: %d %s", method, target, res.StatusCode, b)
	}
	var lines []string
	for _, i := range page.Items {
		lines = append(lines, string(i.Record))
	}
	for _, g := range page.Groups {
		lines = append(lines, string(g))
	}
	return strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "-"+a.run, "")
}

// check asks every question both ways.
func (a asking) check(t *testing.T, all []question) {
	for _, q := range all {
		t.Run(q.title, func(t *testing.T) {
			if diff := cmp.Diff(q.answer, a.ask(t, http.MethodGet, q.entity+"?"+q.parameters.Encode(), "")); diff != "" {
				t.Errorf("in one line, documented (-) and answered (+):\n%s", diff)
			}
			if diff := cmp.Diff(q.answer, a.ask(t, http.MethodPost, q.entity, q.body)); diff != "" {
				t.Errorf("as a body, documented (-) and answered (+):\n%s", diff)
			}
		})
	}
}

// TestTwentyQuestions asks what docs/queries.md asks about the story of the fleet,
// played on a ledger in memory, and holds the answers to those in the document.
func TestTwentyQuestions(t *testing.T) {
	text, all := readQuestions(t)
	a := inProcess(t)
	if *update {
		for _, q := range all {
			answer := a.ask(t, http.MethodGet, q.entity+"?"+q.parameters.Encode(), "")
			at := strings.Index(text, "## "+q.title+"\n")
			rest := regexp.MustCompile("(?s)```json body\n.*?```\n\n```json answer\n.*?```").ReplaceAllLiteralString
			end := at + len(section.FindString("\n"+text[at:])) - 1
			text = text[:at] + rest(text[at:end], "```json body\n"+q.written(t)+"```\n\n```json answer\n"+answer+"```") + text[end:]
		}
		if err := os.WriteFile(questionsFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, all = readQuestions(t)
	}
	for _, q := range all {
		if diff := cmp.Diff(q.written(t), q.body); diff != "" {
			t.Errorf("%s: the body is not what the parameters say:\n%s", q.title, diff)
		}
		if strings.TrimSpace(q.answer) == "" {
			t.Errorf("%s has no answer: it would not show whether it works", q.title)
		}
	}
	a.check(t, all)
}

// unasked is the ledger of questions that only the read model answers.
type unasked struct{ httpapi.Ledger }

func (unasked) Moment() (kept.Moment, bool) { return kept.Moment{}, false }

// inProcess plays the story on a ledger in memory and serves questions about it with
// the gateway's own handlers.
func inProcess(t *testing.T) asking {
	t.Helper()
	f := played(t, storysRun)
	m, err := projection.Open(t.Context(), projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	chain, err := f.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chain {
		if err := m.Apply(t.Context(), fabric.DecodeBlock(b, "lifeledger")); err != nil {
			t.Fatal(err)
		}
	}
	s, err := query.New(query.Config{Model: m, Secret: []byte("0123456789abcdef"), Now: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := os.ReadFile("../../gateway/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h, err := httpapi.New(httpapi.Config{
		Organisation: "ServiceMSP", LedgerName: "lifeledger/lifeledger", Version: "test", Spec: spec, Questions: answers{s}, Passports: struct{ httpapi.Passports }{}, Authenticator: anybody{},
		Ledger: unasked{}, Operations: struct{ httpapi.Operations }{}, ReadModel: struct{ httpapi.ReadModel }{}, SavedQueries: struct{ httpapi.SavedQueries }{},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h.API)
	t.Cleanup(server.Close)
	return asking{server.Client(), server.URL + "/v1", "auditor", storysRun}
}

// played is a ledger in memory on which the story was told, once for each run.
func played(t *testing.T, runs ...string) scenario.Fake {
	t.Helper()
	story, err := fleetStory()
	if err != nil {
		t.Fatal(err)
	}
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	f := scenario.NewFake(cc)
	for _, org := range scenario.Organisations() {
		if _, err := f.Submit(scenario.Organisations()[0], "participant:AnnounceOrganisation", scenario.Announcement(org)); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range runs {
		if _, err := scenario.Run(story, f, run, currency); err != nil {
			t.Fatalf("run %s: %v", run, err)
		}
	}
	return f
}

// TestTheFleetCanBePlayedAgain: what one run leaves, such as a recall, does not stop the next.
func TestTheFleetCanBePlayedAgain(t *testing.T) { played(t, "first", "second") }

// overREST asks at a member's own gateway.
func overREST(t *testing.T, m *consortium.Member, run string) asking {
	t.Helper()
	token, err := os.ReadFile(m.Tokens["auditor"])
	if err != nil {
		t.Fatal(err)
	}
	client, err := m.Gateway.Client(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return asking{client, strings.TrimRight(m.Gateway.URL, "/") + "/v1", strings.TrimSpace(string(token)), run}
}

// answers is the service as the handlers ask for it.
type answers struct{ service *query.Service }

func (a answers) Ask(ctx context.Context, q httpapi.Asked) (httpapi.Answer, error) {
	asked, err := q.Question.Question(q.Entity)
	if err != nil {
		return httpapi.Answer{}, err
	}
	page, err := a.service.Ask(ctx, query.Ask{Question: asked, Cursor: q.Cursor, MinHeight: q.MinHeight})
	if err != nil {
		return httpapi.Answer{}, err
	}
	body, err := json.Marshal(page)
	return httpapi.Answer{Height: page.Height, Body: body}, err
}

func (answers) Export(context.Context, httpapi.Asked, string, func(uint64) io.Writer) error {
	return errors.New("nothing is exported here")
}

// anybody is an auditor.
type anybody struct{}

func (anybody) Verify(context.Context, string) (authn.Principal, error) {
	return authn.Principal{Subject: "auditor", Organisation: "ServiceMSP", Roles: []authn.Role{authn.Auditor}}, nil
}
