package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/lifeledger/lifeledger/gateway/config"
)

// site is a gateway's files, made for a test. Its peer does not exist.
type site struct {
	dir   string
	key   *ecdsa.PrivateKey
	token string
}

func newSite(t *testing.T) *site {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir(), key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	s.write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	s.write(t, "jwks.json", set)
	s.token = s.sign(t)
	return s
}

func (s *site) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) sign(t *testing.T) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": "https://issuer.example", "aud": "lifeledger", "sub": "operator@shipper", "org": "ShipperMSP", "roles": []string{"operator"},
		"exp": time.Now().Add(time.Hour).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// freeAddress is one that nobody listens on. It lies below the range from which
// the kernel gives ports to others, so that it stays free until it is used.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
}

// A gateway whose peer is away starts, says so, answers what needs no peer, and ends when it is told to.
func TestServeWithoutAPeer(t *testing.T) {
	s, listen := newSite(t), freeAddress(t)
	text := fmt.Sprintf(`
listen: %s
organisation: ShipperMSP
channel: lifeledger
chaincode: lifeledger
identity: {certificate: %[2]s/cert.pem, privateKey: %[2]s/key.pem}
peer: {address: %[3]s, tlsRoots: %[2]s/cert.pem}
endorsers: [ShipperMSP]
auth: {issuer: "https://issuer.example", audience: lifeledger, keys: %[2]s/jwks.json}
data: %[2]s/data
log: {level: error}
limits: {wait: 1s, shutdown: 2s}
`, listen, s.dir, "127.0.0.1:1")
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFiles(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, c) }()
	get := func(path string) (int, string) { return s.get(t, "http://"+listen+path) }

	waitFor(t, ended, func() bool { status, _ := get("/healthz"); return status == http.StatusOK })
	for _, q := range []struct {
		path   string
		status int
		says   string
	}{
		{"/readyz", 503, `"ShipperMSP":"unreachable"`},
		{"/v1/ledger", 503, `"code":"ledger.unreachable"`},
		{"/v1/operations/none", 404, "operation.unknown"},
		{"/docs", 200, "lifeledger gateway"},
		{"/metrics", 200, "lifeledger_gateway_certificate_expiry_timestamp_seconds 1."},
	} {
		var status int
		var body string
		for range 5 { // a machine that stalls may be late with an answer, which is another answer
			if status, body = get(q.path); status == q.status && strings.Contains(body, q.says) {
				break
			}
		}
		if status != q.status || !strings.Contains(body, q.says) {
			t.Errorf("%s: %d %.300s", q.path, status, body)
		}
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
}

func (s *site) get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

// patience is what only a failure reaches, however busy the machine is.
const patience = 3 * time.Minute

func waitFor(t *testing.T, ended <-chan error, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		select {
		case err := <-ended:
			t.Fatalf("ended early: %v", err)
		case <-deadline:
			t.Fatal("not in time")
		case <-tick.C:
			if done() {
				return
			}
		}
	}
}
