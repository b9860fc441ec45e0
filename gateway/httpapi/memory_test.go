package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// TestAMemoryHasFourForms: its hash is of the bytes that the client gets, and all
// forms name it.
func TestAMemoryHasFourForms(t *testing.T) {
	w := newWorld(t)
	const target = "/v1/components/urn:epc:id:sgtin:4012345.011111.987/memory"
	res := w.send(t, "GET", target, "")
	body := text(t, res)
	sum := sha256.Sum256([]byte(body))
	if got := res.Header.Get("Content-Digest"); res.StatusCode != 200 || got != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" || !strings.HasPrefix(res.Header.Get("Content-Type"), asJSON) {
		t.Fatalf("%d %s %s", res.StatusCode, got, body)
	}
	for accept, says := range map[string]string{"text/html": "<h1>Component ", "text/markdown": "# Component ", "text/plain": "M1 "} {
		res := w.send(t, "GET", target, "", "Accept", accept)
		body := text(t, res)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != accept+"; charset=utf-8" || !strings.Contains(body, says) || !strings.Contains(body, hex.EncodeToString(sum[:])) {
			t.Errorf("%s: %d %s: %s", accept, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
	}
	if res := w.send(t, "GET", target, "", "Accept", "image/png"); res.StatusCode != 406 {
		t.Errorf("%d", res.StatusCode)
	}
}

// TestAMemoryIsNotarisedAsItComes: whoever is named is asked, and no byte is changed on the way.
func TestAMemoryIsNotarisedAsItComes(t *testing.T) {
	const target = "/v1/components/pump-1/memory/notarisation"
	want, err := os.ReadFile("../notary/testdata/memory.json")
	if err != nil {
		t.Fatal(err)
	}
	for query, who := range map[string]string{"": "", "?organisations=ShipperMSP,ServiceMSP": "ShipperMSP+ServiceMSP"} {
		w := newWorld(t)
		res := w.send(t, "GET", target+query, "")
		if body := text(t, res); res.StatusCode != 200 || body != string(want) {
			t.Errorf("%s: %d %s", query, res.StatusCode, body)
		}
		if got := w.ledger.asked[0]; got.tx != ledgerapi.GetMemoryTx || got.argument != who+`{"componentId":"pump-1"}` {
			t.Errorf("%s: asked %+v", query, got)
		}
	}
	w := newWorld(t)
	w.ledger.err = problem.New(problem.Apart, "x")
	if res := w.send(t, "GET", target, ""); res.StatusCode != 503 || !strings.Contains(text(t, res), "ledger.peers-apart") {
		t.Errorf("%d", res.StatusCode)
	}
}
