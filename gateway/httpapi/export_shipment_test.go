package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/redact"
)

// An export asks for everything about the shipment, and says who is revealed.
func TestAShipmentIsExported(t *testing.T) {
	for query, status := range map[string]int{"": 200, "?reveal=ManufacturerMSP": 200, "?reveal=GammaMSP": 400} {
		w := newWorld(t)
		for _, tx := range []ledgerapi.Transaction{ledgerapi.ShipmentHistoryTx, ledgerapi.ListExcursionsTx} {
			w.ledger.answers[tx] = strings.Replace(w.ledger.answers[tx], "AGRldmljZQA", "", 1) // there is no further page
		}
		res := w.send(t, "GET", "/v1/shipments/SH-2026-0001/export"+query, "")
		body := text(t, res)
		if res.StatusCode != status {
			t.Fatalf("%s: %d %s", query, res.StatusCode, body)
		}
		if status != 200 {
			continue
		}
		var e redact.Export
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(err)
		}
		if len(w.ledger.asked) != 6 || len(e.Revealed) != strings.Count(query, "reveal") || len(e.Kept) == 0 || len(e.Document.Events) == 0 {
			t.Errorf("%s: asked %d times, %s", query, len(w.ledger.asked), body)
		}
	}
}

// A list without an end is not exported, and not cut.
func TestAnExportIsWholeOrRefused(t *testing.T) {
	w := newWorld(t)
	if res := w.send(t, "GET", "/v1/shipments/SH-2026-0001/export", ""); res.StatusCode != 413 {
		t.Errorf("%d %s", res.StatusCode, text(t, res))
	}
}
