package httpapi

import (
	"os"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/notary"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// TestAnAnswerIsNotarisedAsItComes: whoever is named is asked, and no byte is changed on the way.
func TestAnAnswerIsNotarisedAsItComes(t *testing.T) {
	want, err := os.ReadFile("../notary/testdata/memory.json")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[ledgerapi.Transaction][2]string{
		ledgerapi.GetMemoryTx:    {"/v1/components/pump-1/memory/notarisation", `{"componentId":"pump-1"}`},
		ledgerapi.GetStatementTx: {"/v1/shipments/S1/statement/notarisation", `{"shipmentId":"S1"}`},
	}
	for _, tx := range notary.Notarised() {
		for query, who := range map[string]string{"": "", "?organisations=ShipperMSP,ServiceMSP": "ShipperMSP+ServiceMSP"} {
			w := newWorld(t)
			res := w.send(t, "GET", targets[tx][0]+query, "")
			if body := text(t, res); res.StatusCode != 200 || body != string(want) {
				t.Fatalf("%s%s: %d %s", tx, query, res.StatusCode, body)
			}
			if got := w.ledger.asked[0]; got.tx != tx || got.argument != who+targets[tx][1] {
				t.Errorf("%s%s: asked %+v", tx, query, got)
			}
		}
		w := newWorld(t)
		w.ledger.err = problem.New(problem.Apart, "x")
		if res := w.send(t, "GET", targets[tx][0], ""); res.StatusCode != 503 || !strings.Contains(text(t, res), "ledger.peers-apart") {
			t.Errorf("%s: %d", tx, res.StatusCode)
		}
	}
}
