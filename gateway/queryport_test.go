package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/kept"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// peer answers from the ledger on which the stories were played.
type peer struct {
	httpapi.Ledger
	ledger scenario.Fake
}

func (peer) Moment() (kept.Moment, bool) { return kept.Moment{}, false }

func (p peer) Ask(_ context.Context, tx api.Transaction, argument []byte, _ bool) (httpapi.LedgerAnswer, error) {
	result, err := p.ledger.Evaluate("ShipperMSP", string(tx), string(argument))
	if err != nil {
		if f, ok := fault.Parse(err.Error()); ok {
			return httpapi.LedgerAnswer{}, f
		}
	}
	return httpapi.LedgerAnswer{Result: result}, err
}

// officer is whoever asks.
type officer struct{}

func (officer) Verify(context.Context, string) (authn.Principal, error) {
	return authn.Principal{Subject: "officer@shipper", Organisation: "ShipperMSP", Roles: []authn.Role{authn.Auditor}}, nil
}

// asking is a gateway that answers questions about a ledger on which stories were played.
type asking struct {
	ledger scenario.Fake
	blocks []*fabric.Block
	model  *projection.Model
	url    string
}

// newAsking plays the stories; the last of the blocks are held back.
func newAsking(t *testing.T, held int, stories ...string) *asking {
	t.Helper()
	guard, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	a := &asking{ledger: scenario.NewFake(guard)}
	all, err := scenario.Load("../chaincode/contract/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if slices.Contains(stories, s.Name) {
			if _, err := scenario.Run(s, a.ledger, s.Name, fmt.Sprintf("Q%c%c", 'A'+i/26, 'A'+i%26)); err != nil {
				t.Fatal(err)
			}
		}
	}
	chain, err := a.ledger.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chain {
		a.blocks = append(a.blocks, fabric.DecodeBlock(b, "lifeledger"))
	}
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	if a.model, err = projection.Open(t.Context(), projection.Config{SQLite: filepath.Join(dir, "model.db"), Log: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.model.Close() })
	if err := a.model.Apply(t.Context(), a.blocks[:len(a.blocks)-held]...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	q, saved, stop, err := openQueries(ctx, &config.Config{Data: dir, Organisation: "ShipperMSP"}, a.model, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	h, err := httpapi.New(httpapi.Config{
		Organisation: "ShipperMSP", LedgerName: "lifeledger/lifeledger", Spec: described(t), Ledger: peer{ledger: a.ledger}, Operations: operations{}, ReadModel: readModel{}, Questions: q, Passports: q, SavedQueries: saved, Authenticator: officer{}, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h.API)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 500*time.Millisecond, 500*time.Millisecond // which streams outlive
	server.Start()
	t.Cleanup(func() {
		cancel()
		if err := stop(); err != nil {
			t.Error(err)
		}
		server.Close() // waits for streams, which end with the store
	})
	a.url = server.URL + "/v1"
	return a
}

// goOn lets the read model see what was done since.
func (a *asking) goOn(t *testing.T) {
	t.Helper()
	chain, err := a.ledger.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	known := len(a.blocks)
	for _, b := range chain[known:] {
		a.blocks = append(a.blocks, fabric.DecodeBlock(b, "lifeledger"))
	}
	if err := a.model.Apply(t.Context(), a.blocks[known:]...); err != nil {
		t.Fatal(err)
	}
}

func (a *asking) get(t *testing.T, target string, query url.Values, into any) {
	t.Helper()
	a.send(t, "GET", target+"?"+query.Encode(), "", into)
}

func (a *asking) send(t *testing.T, method, target, body string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%s %s: %d %s %v", method, target, res.StatusCode, text, err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

type answerPage struct {
	Items []struct {
		Record map[string]any
		Ledger struct{ Key string }
	}
	Next string
}

// TestAnswersAreWhatTheLedgerHas: every row of every entity that is read from
// records is there, with the record's values, and nothing besides.
func TestAnswersAreWhatTheLedgerHas(t *testing.T) {
	a := newAsking(t, 0, "journey", "two-carriers", "dispute-decided", "sale", "redemptions", "parts")
	want := make(map[string]map[string]int)
	for _, key := range a.ledger.Memory.Keys() {
		parts := strings.Split(strings.Trim(key, "\x00"), "\x00")
		read, err := catalogue.Read(catalogue.Record{Kind: parts[0], Attributes: parts[1:], Document: a.ledger.Memory.State(key)})
		if err != nil {
			t.Fatal(err)
		}
		for name, rows := range read {
			e, _ := catalogue.Find(name)
			if want[name] == nil {
				want[name] = make(map[string]int)
			}
			for _, row := range rows {
				record := map[string]any{}
				for i, f := range e.Fields {
					if row.Values[i] != nil {
						record[f.Name] = row.Values[i]
					}
				}
				want[name][canonical(t, record)]++
			}
		}
	}
	for _, e := range catalogue.Entities() {
		if e.Kind == "" {
			continue
		}
		got := make(map[string]int)
		query := url.Values{"limit": {"7"}}
		for {
			var page answerPage
			a.get(t, "/queries/"+e.Name, query, &page)
			for _, row := range page.Items {
				got[canonical(t, row.Record)]++
			}
			if page.Next == "" {
				break
			}
			query.Set("cursor", page.Next)
		}
		if diff := cmp.Diff(want[e.Name], got); diff != "" && len(want[e.Name])+len(got) > 0 {
			t.Errorf("%s: %s", e.Name, diff)
		}
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// events reads n server-sent events behind a number.
func (a *asking) events(t *testing.T, name, after string, n int, begun func()) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", a.url+"/saved-queries/"+name+"/matches", nil)
	if err != nil {
		t.Fatal(err)
	}
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Fatalf("%d", res.StatusCode)
	}
	begun()
	lines := bufio.NewScanner(res.Body)
	for len(ids) < n && lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var m struct {
				Row struct {
					Record struct{ ShipmentID, Status string }
				}
			}
			if err := json.Unmarshal([]byte(data), &m); err != nil || m.Row.Record.ShipmentID == "" {
				t.Errorf("%s: %v", data, err)
			}
		}
	}
	if len(ids) < n {
		t.Fatalf("heard %q, %v", ids, lines.Err())
	}
	return ids
}

// TestWhatStandsIsToldAsBlocksArrive, also to a stream that is older than an
// ordinary answer may become, and again to who comes back.
func TestWhatStandsIsToldAsBlocksArrive(t *testing.T) {
	const held = 12
	a := newAsking(t, held, "journey")
	var saved struct{ Standing bool }
	a.send(t, "PUT", "/saved-queries/settled", `{"entity":"shipments","question":{"filter":"status eq \"settled\""},"standing":true}`, &saved)
	if !saved.Standing {
		t.Fatalf("%+v", saved)
	}
	looked := func() bool {
		var s struct{ Height uint64 }
		a.get(t, "/saved-queries/settled", nil, &s)
		return s.Height == uint64(len(a.blocks)-held)
	}
	for deadline := time.Now().Add(20 * time.Second); !looked(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody looks at what stands")
		}
	}
	got := a.events(t, "settled", "", 1, func() {
		go func() {
			time.Sleep(time.Second) // longer than reading and writing may take
			for _, b := range a.blocks[len(a.blocks)-held:] {
				if err := a.model.Apply(context.Background(), b); err != nil {
					t.Error(err)
				}
			}
		}()
	})
	if diff := cmp.Diff([]string{"1"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1"}, a.events(t, "settled", "0", 1, func() {})); diff != "" {
		t.Errorf("again: %s", diff)
	}
	var page answerPage
	a.get(t, "/saved-queries/settled/answer", url.Values{"minHeight": {"1"}}, &page)
	if len(page.Items) != 1 || page.Items[0].Record["status"] != "settled" {
		t.Errorf("%+v", page)
	}
}
