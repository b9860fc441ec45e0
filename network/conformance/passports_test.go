package conformance

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	restapi "github.com/lifeledger/lifeledger/scripts/rest"
)

// mostPassports is how many components the passports are looked at of, spread over all.
const mostPassports = 40

// passportOf is what of a passport is compared; all the rest is compared as it is.
type passportOf struct {
	Owner     string           `json:"owner"`
	Outermost string           `json:"outermost"`
	Tree      []map[string]any `json:"tree"`
	Sections  []map[string]any `json:"sections"`
}

// record is one record of an answer to a question.
type record struct {
	Record map[string]any `json:"record"`
}

// passports holds what the gateways tell of components at once, from the read models
// that each organisation has made of its own blocks, against one another and against
// what the ledger tells of them.
func passports(t *testing.T, l *live) {
	height, err := l.height(maker)
	if err != nil {
		t.Fatal(err)
	}
	var gateways []restapi.Gateway
	for _, m := range l.Members {
		g, err := restapi.New(m.MSPID, &m, nil)
		if err != nil {
			t.Fatal(err)
		}
		gateways = append(gateways, g)
	}
	ids := componentIDs(t, gateways[0], height)
	step := max(1, len(ids)/mostPassports)
	looked, trees := 0, 0
	for i := 0; i < len(ids); i += step {
		p := everywhereAlike(t, gateways, ids[i], height)
		asOnLedger(t, gateways[i%len(gateways)], ids[i], p)
		looked++
		if len(p.Tree) > 0 {
			trees++
		}
	}
	t.Logf("%d passports of %d components at three gateways, %d of machines with parts", looked, len(ids), trees)
	if looked < 20 || trees == 0 {
		t.Error("the stories leave more components than that, and machines among them")
	}
	var dues []record
	for i, g := range gateways {
		var page struct{ Items []record }
		get(t, g, fmt.Sprintf("/dues?days=3660&limit=200&minHeight=%d", height), &page)
		if i > 0 && !cmp.Equal(dues, page.Items) {
			t.Errorf("%s has other dues: %s", g.MSPID, cmp.Diff(dues, page.Items))
		}
		dues = page.Items
	}
	if len(dues) == 0 {
		t.Error("nothing falls due in ten years")
	}
}

func get(t *testing.T, g restapi.Gateway, path string, out any) {
	t.Helper()
	if err := g.Get(t.Context(), path, out); err != nil {
		t.Fatal(err)
	}
}

func componentIDs(t *testing.T, g restapi.Gateway, height uint64) (ids []string) {
	t.Helper()
	query := url.Values{"fields": {"componentId"}, "limit": {"500"}, "minHeight": {fmt.Sprint(height)}}
	for {
		var page struct {
			Items []record
			Next  string
		}
		get(t, g, "/queries/components?"+query.Encode(), &page)
		for _, r := range page.Items {
			ids = append(ids, r.Record["componentId"].(string))
		}
		if page.Next == "" {
			return ids
		}
		query.Set("cursor", page.Next)
	}
}

// everywhereAlike is a component's passport, which every organisation's gateway gives alike.
func everywhereAlike(t *testing.T, gateways []restapi.Gateway, id string, height uint64) (p passportOf) {
	t.Helper()
	for i, g := range gateways {
		var again passportOf
		get(t, g, fmt.Sprintf("/components/%s/passport?minHeight=%d", url.PathEscape(id), height), &again)
		if i > 0 && !cmp.Equal(p, again) {
			t.Errorf("%s has another passport of %s: %s", g.MSPID, id, cmp.Diff(p, again))
		}
		p = again
	}
	return p
}

// asOnLedger compares a passport, the timeline and the past with the ledger's own answers.
func asOnLedger(t *testing.T, g restapi.Gateway, id string, p passportOf) {
	t.Helper()
	var outermost component.Component
	ask(t, g, api.GetComponentTx, map[string]any{"componentId": p.Outermost}, &outermost)
	if p.Owner != outermost.Owner {
		t.Errorf("%s is %s's by its passport, and %s's by the ledger", id, p.Owner, outermost.Owner)
	}
	events := history(t, g, id)
	var told struct{ Items []record }
	get(t, g, "/components/"+url.PathEscape(id)+"/timeline?"+url.Values{"filter": {`about eq "component-events"`}, "limit": {"1000"}}.Encode(), &told)
	if len(told.Items) != len(events) {
		t.Errorf("the timeline of %s has %d events of its life, and the ledger %d", id, len(told.Items), len(events))
	}
	began := string(events[0].At)
	var then passportOf
	get(t, g, "/components/"+url.PathEscape(id)+"/passport?at="+url.QueryEscape(began), &then)
	if len(then.Tree) > 0 || then.Owner != events[0].Owner {
		t.Errorf("%s began with %d parts, owned by %s", id, len(then.Tree), then.Owner)
	}
	var changes struct {
		Slots []map[string]any
	}
	get(t, g, "/components/"+url.PathEscape(id)+"/changes?from="+url.QueryEscape(began), &changes)
	if len(changes.Slots) < len(p.Tree) {
		t.Errorf("%d slots of %s were filled since its beginning, and %d are", len(changes.Slots), id, len(p.Tree))
	}
}

func ask(t *testing.T, g restapi.Gateway, tx api.Transaction, request, out any) {
	t.Helper()
	if err := g.Ask(t.Context(), tx, request, out); err != nil {
		t.Fatal(err)
	}
}

// history is all that the ledger has recorded of a component's life.
func history(t *testing.T, g restapi.Gateway, id string) (all []component.LifeEvent) {
	t.Helper()
	request := map[string]any{"of": id, "limit": 100}
	for {
		var page struct {
			Items []component.LifeEvent
			Next  string
		}
		ask(t, g, api.ComponentHistoryTx, request, &page)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		request["cursor"] = page.Next
	}
}
