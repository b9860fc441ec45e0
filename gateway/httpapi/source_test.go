package httpapi

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

func TestWhoAnswersAQuestion(t *testing.T) {
	w := newWorld(t)
	for i, tc := range []struct {
		method, target, body string
		ledger               bool
	}{
		{"GET", "/v1/queries/components", "", false},
		{"GET", "/v1/queries/components?source=read-model", "", false},
		{"GET", "/v1/queries/components?source=ledger", "", true},
		{"POST", "/v1/queries/components", "{}", false},
		{"POST", "/v1/queries/components?source=ledger", "{}", true},
	} {
		if res := w.send(t, tc.method, tc.target, tc.body); res.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s", tc.method, tc.target, res.StatusCode, text(t, res))
		}
		if got := w.questions.asked[i].Ledger; got != tc.ledger {
			t.Errorf("%s %s: of the ledger %v", tc.method, tc.target, got)
		}
	}
	if res := w.send(t, "GET", "/v1/queries/components?source=couchdb", ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a source that there is none of: %d", res.StatusCode)
	}
	for _, code := range []fault.Code{fault.CodeQueryLedger, fault.CodeQueryState} {
		w.questions.err = fault.New(code, "no")
		res := w.send(t, "GET", "/v1/queries/components?source=ledger", "")
		var said struct{ Code string }
		if err := json.Unmarshal([]byte(text(t, res)), &said); err != nil || res.StatusCode != http.StatusUnprocessableEntity || said.Code != string(code) {
			t.Errorf("%s: %d %s, %v", code, res.StatusCode, said.Code, err)
		}
	}
}
