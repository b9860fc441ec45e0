// Package listener makes the gateway's own listeners: TLS with files that may be renewed
// in place, and, where it is asked for, clients that show a certificate. It refuses to
// own what is served.
// Invariant: a certificate that cannot be read never replaces one that could.
package listener

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of a TLS listener. Without a certificate it speaks plain HTTP.
type Files struct {
	Certificate string
	PrivateKey  string
	// ClientRoots, if given, are the authorities of the clients' certificates; whoever
	// shows none of theirs is turned away during the handshake.
	ClientRoots string
}

// recheck is how often the files are looked at for a renewed certificate.
const recheck = 5 * time.Second

// TLS is the configuration of a listener; nil means plain HTTP.
func (f Files) TLS() (*tls.Config, error) {
	if f.Certificate == "" {
		return nil, nil
	}
	pair := &pair{files: f}
	if _, err := pair.current(); err != nil {
		return nil, err
	}
	c := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.current() },
	}
	if f.ClientRoots != "" {
		text, err := os.ReadFile(f.ClientRoots)
		if err != nil {
			return nil, err
		}
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !c.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", f.ClientRoots)
		}
	}
	return c, nil
}

// Serve listens at the server's address, with TLS if there are files for it.
func Serve(s *http.Server, f Files) error {
	var err error
	if s.TLSConfig, err = f.TLS(); err != nil {
		return fmt.Errorf("TLS of %s: %w", s.Addr, err)
	}
	if s.TLSConfig == nil {
		return s.ListenAndServe()
	}
	return s.ListenAndServeTLS("", "")
}

// pair is a certificate that is read again when its files change.
type pair struct {
	files Files

	mu      sync.Mutex
	cert    *tls.Certificate
	stamp   [2]time.Time // of the files that cert was read from
	checked time.Time
}

func (p *pair) current() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cert != nil && time.Since(p.checked) < recheck {
		return p.cert, nil
	}
	err := p.read()
	if p.cert == nil {
		return nil, err
	}
	return p.cert, nil // half a renewal is no renewal: the next look sees it whole
}

func (p *pair) read() error {
	p.checked = time.Now()
	var at [2]time.Time
	for i, name := range []string{p.files.Certificate, p.files.PrivateKey} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		at[i] = info.ModTime()
	}
	if p.cert != nil && at == p.stamp {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(p.files.Certificate, p.files.PrivateKey)
	if err != nil {
		return err
	}
	p.cert, p.stamp = &cert, at
	return nil
}

// probeLimit is how long a health check may take.
const probeLimit = 3 * time.Second

// Probe asks the listener at an address for its health, from the same machine. It
// trusts exactly the listener's own certificate, and shows it where one is asked for.
func Probe(ctx context.Context, address string, f Files) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	scheme, transport := "http", &http.Transport{DisableKeepAlives: true}
	if f.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(f.Certificate, f.PrivateKey)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AddCert(cert.Leaf)
		scheme = "https"
		transport.TLSClientConfig = &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, RootCAs: roots, ServerName: nameOf(cert.Leaf),
		}
	}
	client := &http.Client{Transport: transport, Timeout: probeLimit}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort("localhost", port)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("/healthz answers %s", resp.Status), resp.Body.Close())
	}
	return resp.Body.Close()
}

// nameOf is a name that the certificate is good for.
func nameOf(c *x509.Certificate) string {
	switch {
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	}
	return c.Subject.CommonName
}
