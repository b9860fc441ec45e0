package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// tales are stories about machines, their parts and their service.
var tales = []string{"machines", "service-exchange", "service-inspection", "holds", "tag-scans", "journey", "second-life", "reading"}

// records are the rows of entities, by field, as the ledger's state has them.
type records map[string][]map[string]any

func (a *asking) records(t *testing.T) records {
	t.Helper()
	all := make(records)
	for _, key := range a.ledger.Memory.Keys() {
		parts := strings.Split(strings.Trim(key, "\x00"), "\x00")
		read, err := catalogue.Read(catalogue.Record{Kind: parts[0], Attributes: parts[1:], Document: a.ledger.Memory.State(key)})
		if err != nil {
			t.Fatal(err)
		}
		for name, rows := range read {
			e, _ := catalogue.Find(name)
			for _, row := range rows {
				record := make(map[string]any)
				for i, f := range e.Fields {
					if row.Values[i] != nil {
						record[f.Name] = row.Values[i]
					}
				}
				all[name] = append(all[name], record)
			}
		}
	}
	return all
}

// timeline is what happened to a component as its records tell it, one line each; holds,
// recalls and delegations, which leave no trace in the state once they are over, aside.
func (r records) timeline(component string) (all []string) {
	add := func(about, step any, at any) { all = append(all, fmt.Sprint(at, " ", about, " ", step)) }
	for _, e := range r["component-events"] {
		if e["componentId"] == component {
			add("component-events", e["step"], e["at"])
		}
	}
	for _, e := range r["assembly-events"] {
		if e["machineId"] == component {
			add("assembly-events", e["step"], e["at"])
		}
	}
	for _, q := range r["service-requests"] {
		if q["componentId"] != component && q["machineId"] != component {
			continue
		}
		for _, e := range r["service-request-events"] {
			if e["requestId"] == q["requestId"] {
				add("service-request-events", e["step"], e["at"])
			}
		}
	}
	for _, g := range r["shipment-goods"] {
		if g["componentId"] != component {
			continue
		}
		for _, e := range r["shipment-events"] {
			if e["shipmentId"] == g["shipmentId"] {
				add("shipment-events", e["step"], e["at"])
			}
		}
		for _, e := range r["excursions"] {
			if e["shipmentId"] == g["shipmentId"] {
				add("excursions", "excursion", e["openedAt"])
			}
		}
	}
	for _, e := range r["release-certificates"] {
		if e["componentId"] == component {
			add("release-certificates", "released", e["recordedAt"])
		}
	}
	for _, e := range r["tag-scans"] {
		if e["componentId"] == component {
			add("tag-scans", "scanned", e["at"])
		}
	}
	for _, e := range r["findings"] {
		if e["componentId"] == component {
			add("findings", e["type"], e["at"])
			if e["closedAt"] != nil {
				add("findings", "finding-closed", e["closedAt"])
			}
		}
	}
	for _, e := range r["cleared-recalls"] {
		if e["componentId"] == component {
			add("cleared-recalls", "recall-cleared", e["at"])
		}
	}
	for _, e := range r["signed-statements"] {
		if e["subject"] == component {
			add("signed-statements", e["kind"], e["at"])
		}
	}
	slices.Sort(all)
	return all
}

// TestATimelineHasAllThatHappened: what the pages of a timeline say together is what
// the records say one by one, the newest first, and nothing twice.
func TestATimelineHasAllThatHappened(t *testing.T) {
	a := newAsking(t, 0, tales...)
	has := a.records(t)
	seen, ended := make(map[string]int), make(map[string]int)
	for _, c := range has["components"] {
		id := c["componentId"].(string)
		var got []string
		query, last := url.Values{"limit": {"5"}}, ""
		for pages := 0; ; pages++ {
			var page answerPage
			a.get(t, "/components/"+url.PathEscape(id)+"/timeline", query, &page)
			for _, row := range page.Items {
				r := row.Record
				seen[r["about"].(string)]++
				if at := r["at"].(string); last != "" && at > last {
					t.Fatalf("%s: %s comes after %s", id, at, last)
				}
				last = r["at"].(string)
				if step := r["step"].(string); step == "hold-released" || step == "recall-released" || step == "recall-cleared" {
					ended[step]++
					if r["actor"] == nil || r["detail"] == nil {
						t.Errorf("%s: nobody says who did this and why: %v", id, r)
					}
				}
				if r["about"] != "hold-periods" && r["about"] != "recall-periods" && r["about"] != "delegation-periods" {
					got = append(got, fmt.Sprint(r["at"], " ", r["about"], " ", r["step"]))
				}
			}
			if page.Next == "" {
				break
			}
			query.Set("cursor", page.Next)
		}
		slices.Sort(got)
		if diff := cmp.Diff(has.timeline(id), got); diff != "" {
			t.Fatalf("%s: %s", id, diff)
		}
	}
	for _, about := range []string{"component-events", "assembly-events", "service-request-events", "shipment-events", "excursions", "tag-scans", "findings", "hold-periods", "recall-periods", "cleared-recalls", "delegation-periods", "signed-statements", "release-certificates"} {
		if seen[about] == 0 {
			t.Errorf("no timeline tells of %s: %v", about, seen)
		}
	}
	if len(ended) != 3 {
		t.Errorf("no timeline tells how holds and recalls end: %v", ended)
	}
}

// A page that was given stays in its place when more happens.
func TestPagesOfATimelineDoNotMove(t *testing.T) {
	const held = 12
	a := newAsking(t, held, "service-exchange")
	var busiest string
	most := 0
	counted := make(map[string]int)
	for _, e := range a.records(t)["component-events"] {
		id := e["componentId"].(string)
		if counted[id]++; counted[id] > most {
			busiest, most = id, counted[id]
		}
	}
	target := "/components/" + url.PathEscape(busiest) + "/timeline"
	var before, first, rest answerPage
	a.get(t, target, url.Values{"limit": {"1000"}}, &before)
	a.get(t, target, url.Values{"limit": {"2"}}, &first)
	if err := a.model.Apply(t.Context(), a.blocks[len(a.blocks)-held:]...); err != nil {
		t.Fatal(err)
	}
	a.get(t, target, url.Values{"limit": {"1000"}, "cursor": {first.Next}}, &rest)
	if diff := cmp.Diff(before.Items, append(first.Items, rest.Items...)); diff != "" || len(before.Items) < 3 {
		t.Errorf("%d rows: %s", len(before.Items), diff)
	}
}

// TestDuesAreOfAFleet: what falls due is what plans and requests say, and the owner
// is the owner of the machine.
func TestDuesAreOfAFleet(t *testing.T) {
	a := newAsking(t, 0, tales...)
	has := a.records(t)
	place := make(map[string]string)
	for _, p := range has["placements"] {
		if m, ok := p["machineId"].(string); ok {
			place[p["componentId"].(string)] = m
		}
	}
	owners := make(map[string]string)
	for _, c := range has["components"] {
		owners[c["componentId"].(string)] = c["owner"].(string)
	}
	var want []string
	byOwner := make(map[string]int)
	add := func(component, due, state any) {
		machine := component.(string)
		for place[machine] != "" {
			machine = place[machine]
		}
		byOwner[owners[machine]]++
		want = append(want, fmt.Sprint(due, " ", component, " ", state, " ", machine, " ", owners[machine]))
	}
	for _, task := range has["planned-tasks"] {
		if task["dueAt"] != nil && task["requestId"] == nil {
			add(task["componentId"], task["dueAt"], "planned")
		}
	}
	for _, r := range has["service-requests"] {
		if slices.Contains([]any{"raised", "accepted", "scheduled", "started", "rejected"}, r["status"]) {
			add(r["componentId"], r["dueAt"], r["status"])
		}
	}
	slices.Sort(want)
	if len(want) == 0 || len(byOwner) == 0 {
		t.Fatal("nothing is due in the stories")
	}
	ask := func(query url.Values) (got []string) {
		var page answerPage
		a.get(t, "/dues", query, &page)
		last := ""
		for _, row := range page.Items {
			r := row.Record
			if due := r["dueAt"].(string); due < last {
				t.Errorf("%s comes after %s", due, last)
			}
			last = r["dueAt"].(string)
			got = append(got, fmt.Sprint(r["dueAt"], " ", r["componentId"], " ", r["state"], " ", r["machineId"], " ", r["owner"]))
		}
		slices.Sort(got)
		return got
	}
	if diff := cmp.Diff(want, ask(url.Values{"days": {"3660"}, "limit": {"1000"}})); diff != "" {
		t.Error(diff)
	}
	for owner, n := range byOwner {
		if got := ask(url.Values{"days": {"3660"}, "filter": {fmt.Sprintf("owner eq %q", owner)}}); len(got) != n {
			t.Errorf("of %s %d are due, not %d", owner, len(got), n)
		}
	}
	if got := ask(url.Values{"days": {"3660"}, "filter": {`component.partNumber eq "none"`}}); len(got) != 0 {
		t.Errorf("of no fleet: %v", got)
	}
}

// TestPassportsAreAsDescribed holds passports of all components to openapi.yaml, and
// each section to the question that it names.
func TestPassportsAreAsDescribed(t *testing.T) {
	a := newAsking(t, 0, tales...)
	doc, err := openapi3.NewLoader().LoadFromData(described(t))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, c := range a.records(t)["components"] {
		var raw json.RawMessage
		a.get(t, "/components/"+url.PathEscape(c["componentId"].(string))+"/passport", nil, &raw)
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas["Passport"].Value.VisitJSON(value); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		var passport struct {
			Sections []struct {
				Name, Entity, Filter string
				Items                []json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &passport); err != nil {
			t.Fatal(err)
		}
		for _, s := range passport.Sections {
			if s.Filter == "" || len(s.Items) == 0 {
				continue
			}
			var page answerPage
			a.get(t, "/queries/"+s.Entity, url.Values{"filter": {s.Filter}, "limit": {"1000"}}, &page)
			if asked++; len(page.Items) != len(s.Items) {
				t.Errorf("%s: %s has %d rows, not %d", s.Name, s.Filter, len(page.Items), len(s.Items))
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d sections have something", asked)
	}
}
