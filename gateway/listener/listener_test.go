package listener

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify writes a certificate for localhost that signs itself.
func certify(t *testing.T, dir, name string) Files {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	f := Files{Certificate: filepath.Join(dir, name+".crt"), PrivateKey: filepath.Join(dir, name+".key")}
	for path, block := range map[string]*pem.Block{f.Certificate: {Type: "CERTIFICATE", Bytes: der}, f.PrivateKey: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// serve answers 200 to everything until the test ends.
func serve(t *testing.T, f Files) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Addr: address, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- Serve(s, f) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not listen")
	return ""
}

func TestHealthOverTLS(t *testing.T) {
	dir := t.TempDir()
	own, other := certify(t, dir, "own"), certify(t, dir, "other")
	address := serve(t, own)
	if err := Probe(t.Context(), address, own); err != nil {
		t.Error(err)
	}
	if err := Probe(t.Context(), address, other); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another certificate is taken for its own: %v", err)
	}
	if err := Probe(t.Context(), address, Files{}); err == nil {
		t.Error("it speaks plain HTTP, too")
	}
	plain := serve(t, Files{})
	if err := Probe(t.Context(), plain, Files{}); err != nil {
		t.Error(err)
	}
}

func TestOnlyKnownClients(t *testing.T) {
	dir := t.TempDir()
	own, friend, stranger := certify(t, dir, "own"), certify(t, dir, "friend"), certify(t, dir, "stranger")
	own.ClientRoots = friend.Certificate
	address := serve(t, own)
	for name, c := range map[string]struct {
		shows Files
		good  bool
	}{"friend": {friend, true}, "stranger": {stranger, false}, "nothing": {Files{}, false}} {
		roots := x509.NewCertPool()
		text, err := os.ReadFile(own.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		roots.AppendCertsFromPEM(text)
		conf := &tls.Config{RootCAs: roots}
		if c.shows.Certificate != "" {
			pair, err := tls.LoadX509KeyPair(c.shows.Certificate, c.shows.PrivateKey)
			if err != nil {
				t.Fatal(err)
			}
			conf.Certificates = []tls.Certificate{pair}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}
		_, port, _ := net.SplitHostPort(address)
		resp, err := client.Get("https://localhost:" + port)
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARenewedCertificateIsTakenUp(t *testing.T) {
	dir := t.TempDir()
	own := certify(t, dir, "own")
	p := &pair{files: own}
	first, err := p.current()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own.PrivateKey, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.checked = time.Time{}
	if got, err := p.current(); err != nil || got != first {
		t.Errorf("half a renewal: %v, %v", got, err)
	}
	certify(t, dir, "own")
	p.checked = time.Time{}
	second, err := p.current()
	if err != nil || second == first || second.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 {
		t.Errorf("the old certificate stays: %v", err)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	own := certify(t, dir, "own")
	for name, f := range map[string]Files{
		"no file":             {Certificate: filepath.Join(dir, "none"), PrivateKey: own.PrivateKey},
		"another key":         {Certificate: own.Certificate, PrivateKey: certify(t, dir, "other").PrivateKey},
		"roots that are none": {Certificate: own.Certificate, PrivateKey: own.PrivateKey, ClientRoots: own.PrivateKey},
	} {
		if _, err := f.TLS(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
