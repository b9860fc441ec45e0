package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/gateway/notary"
)

// notarised asks for a component's memory with signatures through the REST API, and
// checks it with nothing but the organisations' root certificates.
func notarised(t *testing.T, l *live) {
	r := newREST(t, l)
	id, _ := unique(220)
	name := "proof-" + id
	key, err := scenario.NewKey(dsse.Ed25519, name)
	if err != nil {
		t.Fatal(err)
	}
	made, err := r.Submit(maker, string(api.RegisterComponentTx), fmt.Sprintf(`{"componentId":%q,"partNumber":"PUMP-200","algorithm":"Ed25519","publicKey":%q,"location":"DEHAM"}`, name, key.Public.Base64()))
	if err != nil {
		t.Fatal(err)
	}
	before, err := l.height(carrier)
	if err != nil {
		t.Fatal(err)
	}
	address := "/components/" + url.PathEscape(name) + "/memory"
	shown, err := r.call(carrier, http.MethodGet, address, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := r.call(carrier, http.MethodGet, address+"/notarisation", "", nil)
	if err != nil {
		t.Fatal(err)
	}

	roots := rootsOf(t, l)
	p, err := notary.Verify(file.body, notary.Demands{Roots: roots, Ledger: l.Ledger()})
	if err != nil {
		t.Fatal(err)
	}
	everyone := cast.Organisations()
	slices.Sort(everyone)
	if !slices.Equal(p.Organisations, everyone) || !bytes.Equal(p.Result, shown.body) || p.Transaction != string(api.GetMemoryTx) || p.AskedBy != carrier {
		t.Errorf("vouched for by %v, asked by %s: %s", p.Organisations, p.AskedBy, p.Result)
	}
	if len(p.Transactions) == 0 || p.Height != p.Transactions[0].Block+1 || p.Height > before {
		t.Errorf("%+v at height %d of %d, made by %+v", p.Transactions, p.Height, before, made)
	}
	if after, err := l.height(carrier); err != nil || after != before && os.Getenv(elsewhere) == "" {
		t.Errorf("the ledger grew from %d to %d blocks: %v", before, after, err)
	}
	for i := 0; i < len(file.body); i += 1 + len(file.body)/200 {
		altered := slices.Clone(file.body)
		altered[i] ^= 1
		if _, err := notary.Verify(altered, notary.Demands{Roots: roots}); err == nil {
			t.Fatalf("byte %d can be changed to %q", i, altered[i])
		}
	}
	two, err := r.call(carrier, http.MethodGet, address+"/notarisation?organisations="+maker+","+carrier, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notary.Verify(two.body, notary.Demands{Roots: roots, Organisations: []string{maker, carrier}}); err != nil {
		t.Errorf("two that were named: %v", err)
	}
	if _, err := notary.Verify(two.body, notary.Demands{Roots: roots}); err == nil || !strings.Contains(err.Error(), "it is not endorsed by "+service) {
		t.Errorf("two in place of three: %v", err)
	}
}

// rootsOf are the root certificates as each organisation gives them to a court.
func rootsOf(t *testing.T, l *live) notary.Roots {
	t.Helper()
	dir := t.TempDir()
	for _, m := range l.Members {
		files, err := filepath.Glob(filepath.Join(m.Client.MSP, "cacerts", "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no root certificates in %s: %v", m.MSPID, m.Client.MSP, err)
		}
		var all []byte
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		if err := os.WriteFile(filepath.Join(dir, m.MSPID+".pem"), all, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots, err := notary.ReadRoots(dir)
	if err != nil {
		t.Fatal(err)
	}
	return roots
}
