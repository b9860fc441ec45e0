package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
)

func envelopeOf(payloadType, payload string) dsse.Envelope {
	return dsse.Envelope{PayloadType: payloadType, Payload: payload, Signatures: []dsse.Signature{{KeyID: strings.Repeat("0", 64), Sig: "cw=="}}}
}

// A late statement goes into quarantine by itself, whatever the write was; the write
// stays refused, and the answer says whether the statement is held.
func TestALateStatementIsBroughtBeforeItsIssuer(t *testing.T) {
	late := fault.New(fault.CodeStatementLate, "too late").With("issuer", "ServiceMSP")
	for name, c := range map[string]struct {
		refused error // of the write
		then    error // of the quarantine
		asks    bool  // for the quarantine
		held    bool
	}{
		"too late, and held":               {late, nil, true, true},
		"too late, and held before":        {late, fault.New(fault.CodeQuarantineDecided, "held"), true, true},
		"too late, and not to be held now": {late, fault.New(fault.CodeInternal, "down"), true, false},
		"refused for something else":       {fault.New(fault.CodeStatementForked, "forked"), nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.operations.change = func(o *Outcome) {
				failed := c.refused
				if o.Transaction == ledgerapi.QuarantineStatementTx {
					failed = c.then
				}
				if failed != nil {
					o.State, o.Err = api.Failed, failed
				}
			}
			e := envelopeOf(dsse.StatementType, "cGF5bG9hZA==")
			body, err := json.Marshal(map[string]any{"envelope": e})
			if err != nil {
				t.Fatal(err)
			}
			res := w.send(t, http.MethodPost, "/v1/components/C1/validations", string(body))
			answer := text(t, res)
			if res.StatusCode != http.StatusUnprocessableEntity || strings.Contains(answer, `"quarantined":"true"`) != c.held {
				t.Errorf("%d %s", res.StatusCode, answer)
			}
			if asked := len(w.operations.writes) == 2; asked != c.asks {
				t.Fatalf("writes %+v", w.operations.writes)
			}
			if !c.asks {
				return
			}
			q := w.operations.writes[1]
			want, err := json.Marshal(ledgerapi.QuarantineStatement{Envelope: e})
			if err != nil {
				t.Fatal(err)
			}
			if q.Transaction != ledgerapi.QuarantineStatementTx || string(q.Argument) != string(want) || q.Key != "" || q.Principal != "operator@shipper" {
				t.Errorf("wrote %+v", q)
			}
		})
	}
}

func TestStatementsAreFoundWhereverTheyAre(t *testing.T) {
	one, two, other := envelopeOf(dsse.StatementType, "b25l"), envelopeOf(dsse.StatementType, "dHdv"), envelopeOf("application/x", "b3RoZXI=")
	request := map[string]any{"steps": []any{map[string]any{"statement": one}, other}, "number": 12345678901234567, "statement": two, "none": nil}
	argument, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range statementsIn(argument) {
		found[e.Payload] = true
	}
	if len(found) != 2 || !found["b25l"] || !found["dHdv"] {
		t.Errorf("found %v", found)
	}
	if got := statementsIn([]byte("{")); got != nil {
		t.Errorf("found %v in no request", got)
	}
}
