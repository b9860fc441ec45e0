package conformance

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
)

// outsider lets somebody outside the channel read of a component at a gateway that is not
// the owner's, and withdraws that: with a key pair made here, and tokens written by hand.
func outsider(t *testing.T, l *live) {
	r := newREST(t, l)
	id, _ := unique(221)
	name, reader := "read-"+id, "insurer-"+id
	key, err := scenario.NewKey(dsse.Ed25519, name)
	if err != nil {
		t.Fatal(err)
	}
	submit := func(tx api.Transaction, request string, args ...any) {
		t.Helper()
		if _, err := r.Submit(maker, string(tx), fmt.Sprintf(request, args...)); err != nil {
			t.Fatal(err)
		}
	}
	submit(api.RegisterComponentTx, `{"componentId":%q,"partNumber":"PUMP-200","algorithm":"Ed25519","publicKey":%q,"location":"DEHAM"}`, name, key.Public.Base64())
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	read := func(with ed25519.PrivateKey, what, component string) (int, string) {
		t.Helper()
		claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"componentId":%q,"exp":%d}`, reader, reader, l.Ledger(), component, time.Now().Add(time.Minute).Unix())
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		token := signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(with, []byte(signed)))
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.urls[carrier]+"/v1/readers/"+reader+"/components/"+url.PathEscape(component)+"/"+what, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
		res, err := r.clients[carrier].Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	expect := func(with ed25519.PrivateKey, what, component string, status int, says string) {
		t.Helper()
		if got, body := read(with, what, component); got != status || !strings.Contains(body, says) {
			t.Errorf("%s of %s: %d %s", what, component, got, body)
		}
	}

	expect(private, "passport", name, http.StatusUnauthorized, "request.unauthenticated")
	submit(api.GrantReadingTx, `{"componentId":%q,"reader":%q,"algorithm":"Ed25519","publicKey":%q,"actions":["passport"],"till":%q}`,
		name, reader, base64.StdEncoding.EncodeToString(der), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	// All peers have the grant. The carrier's read model may not have the component yet.
	for began := time.Now(); ; time.Sleep(again) {
		status, body := read(private, "passport", name)
		if status == http.StatusOK && strings.Contains(body, `"componentId":"`+name+`"`) {
			break
		}
		if status != http.StatusNotFound || time.Since(began) > limit {
			t.Fatalf("%d %s", status, body)
		}
	}
	expect(private, "timeline", name, http.StatusForbidden, "component.delegation.action")
	expect(another, "passport", name, http.StatusUnauthorized, "request.unauthenticated")
	expect(private, "passport", "none-"+id, http.StatusUnauthorized, "request.unauthenticated")

	// All peers have the revocation: nobody reads any more, whichever gateway is asked.
	submit(api.RevokeDelegationTx, `{"componentId":%q,"delegationId":%q,"reason":"the policy has ended"}`, name, "reader:"+reader)
	expect(private, "passport", name, http.StatusForbidden, "the policy has ended")
	// A grant that has not begun does not hide that.
	submit(api.GrantReadingTx, `{"componentId":%q,"reader":%q,"algorithm":"Ed25519","publicKey":%q,"actions":["passport"],"from":%q,"till":%q}`, name, reader,
		base64.StdEncoding.EncodeToString(der), time.Now().Add(time.Hour).UTC().Format(time.RFC3339), time.Now().Add(2*time.Hour).UTC().Format(time.RFC3339))
	expect(private, "passport", name, http.StatusForbidden, `"endedFor":"the policy has ended"`)
	expect(another, "passport", name, http.StatusUnauthorized, "request.unauthenticated")
}
