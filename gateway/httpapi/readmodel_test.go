package httpapi

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/gateway/problem"
)

func TestReadModel(t *testing.T) {
	w := newWorld(t)
	if body := text(t, w.send(t, "GET", "/v1/read-model", "")); !strings.Contains(body, `"height":43`) || !strings.Contains(body, `"parked":3`) {
		t.Error(body)
	}

	// Pages are joined by their cursors without a gap.
	var got []string
	for cursor, pages := "", 0; ; pages++ {
		var page struct {
			Items []struct{ ID string }
			Next  string
		}
		if err := json.Unmarshal([]byte(text(t, w.send(t, "GET", "/v1/read-model/parked?limit=2&cursor="+cursor, ""))), &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			got = append(got, item.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		if pages > 3 {
			t.Fatal("the pages have no end")
		}
	}
	if !slices.Equal(got, []string{"key/a", "key/b", "transaction/1/0"}) {
		t.Errorf("listed %v", got)
	}
	if res := w.send(t, "GET", "/v1/read-model/parked?cursor=A", ""); res.StatusCode != 400 {
		t.Errorf("a cursor that is none: %d", res.StatusCode)
	}

	if body := text(t, w.send(t, "POST", "/v1/read-model/parked/acceptances", `{"id":"key/a"}`)); !strings.Contains(body, `"parked":2`) || !slices.Equal(w.model.accepted, []string{"key/a by operator@shipper"}) {
		t.Errorf("%s, %v", body, w.model.accepted)
	}
	if res := w.send(t, "POST", "/v1/read-model/parked/acceptances", `{"id":"key/a"}`, "Authorization", "Bearer auditor"); res.StatusCode != 403 {
		t.Errorf("an auditor accepts: %d", res.StatusCode)
	}

	for body, verified := range map[string]bool{`{"keys":["organisation/A"]}`: false, `{"keys":["organisation/A"],"verify":true}`: true} {
		answer := text(t, w.send(t, "POST", "/v1/provenance", body))
		if !strings.Contains(answer, `"transactionId":"tx-1"`) || strings.Contains(answer, `"agrees":true`) != verified || w.model.verified != verified {
			t.Errorf("%s: %s", body, answer)
		}
	}
	if res := w.send(t, "POST", "/v1/provenance", `{"keys":[]}`); res.StatusCode != 400 {
		t.Errorf("no keys: %d", res.StatusCode)
	}

	for condition, want := range map[problem.Condition]string{
		problem.ModelBehind: "read-model.behind", problem.ModelAway: "read-model.unavailable", problem.ParkedUnknown: "read-model.parked-unknown",
	} {
		w.model.err = problem.New(condition, "x")
		if body := text(t, w.send(t, "POST", "/v1/read-model/parked/acceptances", `{"id":"key/a"}`)); !strings.Contains(body, want) {
			t.Errorf("%s: %s", condition, body)
		}
	}
}

// An answer says where its rows come from when it is asked to.
func TestAnswersWithTheirProvenance(t *testing.T) {
	for target, want := range map[string]struct{ explained, verified bool }{
		"/v1/queries/shipments":                            {false, false},
		"/v1/queries/shipments?explain=ledger":             {true, false},
		"/v1/queries/shipments?verify=true":                {true, true},
		"/v1/queries/shipments?explain=ledger&verify=true": {true, true},
	} {
		for _, method := range []string{"GET", "POST"} {
			w := newWorld(t)
			body := ""
			if method == "POST" {
				body = "{}"
			}
			res := w.send(t, method, target, body)
			answer := text(t, res)
			if res.StatusCode != 200 || strings.Contains(answer, `"provenance":[{"`) != want.explained || strings.Contains(answer, `"agrees":true`) != want.verified {
				t.Errorf("%s %s: %d %s", method, target, res.StatusCode, answer)
			}
			if want.explained && !slices.Equal(w.model.explained, []string{"shipment/S"}) {
				t.Errorf("asked about %v", w.model.explained)
			}
		}
	}
	w := newWorld(t)
	if res := w.send(t, "GET", "/v1/queries/shipments?explain=everything", ""); res.StatusCode != 400 {
		t.Errorf("another explanation: %d", res.StatusCode)
	}
	w.model.err = problem.New(problem.ModelAway, "away")
	if res := w.send(t, "GET", "/v1/queries/shipments?explain=ledger", ""); res.StatusCode != 503 {
		t.Errorf("without the model: %d", res.StatusCode)
	}
}
