package crypto

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// fakeCA speaks the part of fabric-ca's REST interface that the client uses. It checks
// what the real one checks: the password, and the registrar's signature.
type fakeCA struct {
	t      *testing.T
	root   *Pair
	mu     sync.Mutex
	secret map[string]string // of "ca/id"
	// otherKey makes it answer with a certificate of a key that nobody asked for.
	otherKey bool
}

func newFakeCA(t *testing.T) (*fakeCA, *CA) {
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeCA{t: t, secret: map[string]string{"ca-a/registrar": "pw"}}
	f.root = &Pair{Key: key}
	f.root.Cert = f.certify(pkix.Name{CommonName: "ca-a"}, key.Public(), true)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/enroll", f.enrol)
	mux.HandleFunc("POST /api/v1/register", f.register)
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	return f, NewCA(server.URL, server.Certificate())
}

func (f *fakeCA) certify(subject pkix.Name, key any, isCA bool) *x509.Certificate {
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: subject, NotBefore: now, NotAfter: now.Add(time.Hour), IsCA: isCA, BasicConstraintsValid: true}
	parent := c
	if f.root.Cert != nil {
		parent = f.root.Cert
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, f.root.Key)
	if err != nil {
		f.t.Error(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		f.t.Error(err)
	}
	return cert
}

func (f *fakeCA) enrol(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Request string `json:"certificate_request"`
		CAName  string `json:"caname"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		refuse(w, err.Error())
		return
	}
	id, secret, _ := r.BasicAuth()
	f.mu.Lock()
	known, ok := f.secret[body.CAName+"/"+id]
	f.mu.Unlock()
	if !ok || known != secret {
		refuse(w, "Authentication failure")
		return
	}
	block, _ := pem.Decode([]byte(body.Request))
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || csr.CheckSignature() != nil || csr.Subject.CommonName != id {
		refuse(w, "bad CSR")
		return
	}
	key := csr.PublicKey
	if f.otherKey {
		other, _ := newKey()
		key = other.Public()
	}
	cert := f.certify(csr.Subject, key, false)
	succeed(w, map[string]string{"Cert": base64.StdEncoding.EncodeToString(CertPEM(cert))})
}

func (f *fakeCA) register(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	b64 := base64.StdEncoding
	cert64, sig64, _ := strings.Cut(r.Header.Get("Authorization"), ".")
	certPEM, _ := b64.DecodeString(cert64)
	sig, _ := b64.DecodeString(sig64)
	cert, err := ParseCert(certPEM)
	if err != nil {
		refuse(w, "no certificate")
		return
	}
	digest := sha256.Sum256([]byte("POST." + b64.EncodeToString([]byte(r.URL.RequestURI())) + "." + b64.EncodeToString(b) + "." + cert64))
	if !ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), digest[:], sig) || cert.Subject.CommonName != Registrar {
		refuse(w, "Authorization failure")
		return
	}
	var body struct {
		ID, Type, Secret, CAName string
		Max                      int `json:"max_enrollments"`
	}
	if err := json.Unmarshal(b, &body); err != nil || body.Max != 1 || body.Type == "" {
		refuse(w, "bad registration")
		return
	}
	f.mu.Lock()
	f.secret[body.CAName+"/"+body.ID] = body.Secret
	f.mu.Unlock()
	succeed(w, map[string]string{"secret": body.Secret})
}

func succeed(w http.ResponseWriter, result any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "result": result, "errors": []any{}})
}

func refuse(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusUnauthorized)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "result": "", "errors": []any{map[string]any{"code": 20, "message": why}}})
}

func TestIssue(t *testing.T) {
	_, ca := newFakeCA(t)
	registrar, err := ca.Enrol(t.Context(), Enrolment{CA: "ca-a", ID: Registrar, Secret: "pw", Domain: "a.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ca.Issue(t.Context(), registrar, "peer", Enrolment{CA: "ca-a", ID: "peer0", Domain: "a.example.com", Profile: "tls", Hosts: []string{"localhost", "127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cert.Subject.CommonName != "peer0" || got.Cert.Subject.Organization[0] != "a.example.com" || !got.Key.PublicKey.Equal(got.Cert.PublicKey) {
		t.Errorf("%v", got.Cert.Subject)
	}
}

func TestRefusalsAreTold(t *testing.T) {
	f, ca := newFakeCA(t)
	_, err := ca.Enrol(t.Context(), Enrolment{CA: "ca-a", ID: Registrar, Secret: "wrong"})
	if err == nil || !strings.Contains(err.Error(), "Authentication failure") {
		t.Errorf("wrong secret: %v", err)
	}
	f.secret["ca-a/stranger"] = "pw"
	stranger, err := ca.Enrol(t.Context(), Enrolment{CA: "ca-a", ID: "stranger", Secret: "pw"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Issue(t.Context(), stranger, "peer", Enrolment{CA: "ca-a", ID: "peer0"}); err == nil || !strings.Contains(err.Error(), "Authorization failure") {
		t.Errorf("no registrar: %v", err)
	}
	f.otherKey = true
	if _, err := ca.Enrol(t.Context(), Enrolment{CA: "ca-a", ID: Registrar, Secret: "pw"}); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("certificate of another key: %v", err)
	}
}

func TestFilesOfAnIdentity(t *testing.T) {
	f, ca := newFakeCA(t)
	pair, err := ca.Enrol(t.Context(), Enrolment{CA: "ca-a", ID: Registrar, Secret: "pw"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := WriteMSP(dir, f.root.Cert, f.root.Cert, pair); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPair(filepath.Join(dir, SignCert), filepath.Join(dir, SignKey)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(dir, SignKey)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info.Mode(), err)
	}
	other, _ := newKey()
	if err := WriteTLS(dir, f.root.Cert, &Pair{Cert: pair.Cert, Key: other}); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPair(filepath.Join(dir, TLSCert), filepath.Join(dir, TLSKey)); err == nil {
		t.Error("a key that is not the certificate's was accepted")
	}
	found, err := Inspect(dir)
	if err != nil || len(found) != 5 { // two roots, an identity, a TLS certificate and its root
		t.Errorf("%d certificates, %v", len(found), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.pem"), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(dir); err == nil {
		t.Error("a broken certificate was passed over")
	}
}

func TestTokens(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	m := Minter{Dir: t.TempDir(), Org: "shipper", MSPID: "ShipperMSP", Issuer: "https://issuer.invalid", Audience: "lifeledger"}
	other := Minter{Dir: t.TempDir(), Org: "service", MSPID: "ServiceMSP", Issuer: m.Issuer, Audience: m.Audience}
	for _, each := range []Minter{m, other, m} { // the second time with the key that exists
		if err := each.Mint(now); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range Roles {
		text, err := os.ReadFile(m.TokenFile(role))
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.ParseSigned(string(text), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		var own struct {
			Org   string   `json:"org"`
			Roles []string `json:"roles"`
		}
		var std jwt.Claims
		if err := token.Claims(keys(t, m), &std, &own); err != nil {
			t.Fatal(err)
		}
		if err := std.Validate(jwt.Expected{Issuer: m.Issuer, AnyAudience: jwt.Audience{"lifeledger"}, Subject: role + "@shipper", Time: now}); err != nil {
			t.Error(err)
		}
		if own.Org != "ShipperMSP" || len(own.Roles) != 1 || own.Roles[0] != role || std.Expiry.Time() != now.Add(TokenLife) {
			t.Errorf("%+v, %v", own, std.Expiry.Time())
		}
		if err := token.Claims(keys(t, other), &std); err == nil {
			t.Error("the key of another organisation verifies the token")
		}
	}
}

func keys(t *testing.T, m Minter) *jose.JSONWebKeySet {
	t.Helper()
	b, err := os.ReadFile(m.KeySet())
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"d"`) {
		t.Error("the key set holds the private key")
	}
	return &set
}
