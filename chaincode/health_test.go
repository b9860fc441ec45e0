package main

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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	dir := t.TempDir()
	certificate, key := pairFiles(t, dir, "own")
	t.Setenv("CHAINCODE_TLS_CERT", certificate)
	t.Setenv("CHAINCODE_TLS_KEY", key)
	t.Setenv("CHAINCODE_SERVER_ADDRESS", "0.0.0.0:1")
	if err := healthy(); err == nil {
		t.Error("nobody listens, and that is healthy")
	}
	t.Setenv("CHAINCODE_SERVER_ADDRESS", answer(t, certificate, key))
	if err := healthy(); err != nil {
		t.Error(err)
	}
	t.Setenv("CHAINCODE_SERVER_ADDRESS", answer(t, first(pairFiles(t, dir, "other")), filepath.Join(dir, "other.key")))
	if err := healthy(); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("another process answers, and that is healthy: %v", err)
	}
	t.Setenv("CHAINCODE_TLS_DISABLED", "true")
	if err := healthy(); err != nil { // anything that listens
		t.Error(err)
	}
}

func first(a, _ string) string { return a }

// answer takes TLS connections until the test ends.
func answer(t *testing.T, certificate, key string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "localhost:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = c.SetDeadline(time.Now().Add(time.Second))
				_ = c.(*tls.Conn).Handshake()
				_ = c.Close()
			}()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "0.0.0.0:" + port
}

func pairFiles(t *testing.T, dir, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
