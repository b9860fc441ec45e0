package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
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
