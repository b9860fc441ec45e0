package crypto

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// CA speaks the REST interface of one fabric-ca-server, which may hold several CAs.
type CA struct {
	base   string
	client *http.Client
}

// NewCA makes a client for the server at base, whose own certificate root has signed.
func NewCA(base string, root *x509.Certificate) *CA {
	pool := x509.NewCertPool()
	pool.AddCert(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return &CA{base: base, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// Close lets go of the connections.
func (c *CA) Close() { c.client.CloseIdleConnections() }

// Enrolment asks for a certificate.
type Enrolment struct {
	CA     string // the CA's name within the server
	ID     string // becomes the common name
	Secret string
	Domain string // becomes the organisation of the subject
	// Profile of signing; "tls" for TLS certificates, empty for signing identities.
	Profile string
	Hosts   []string
}

// Enrol creates a key, has it certified, and checks that the answer is for that key.
func (c *CA) Enrol(ctx context.Context, e Enrolment) (*Pair, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return c.certify(ctx, "/api/v1/enroll", key, e, func(r *http.Request, _ []byte) error {
		r.SetBasicAuth(e.ID, e.Secret)
		return nil
	})
}

// Reenrol has an identity certified anew. It proves itself with the key that it has, so
// neither a secret nor a registrar is needed. The new certificate is for a new key, or,
// with keepKey, for the same.
func (c *CA) Reenrol(ctx context.Context, current *Pair, e Enrolment, keepKey bool) (*Pair, error) {
	key := current.Key
	if !keepKey {
		var err error
		if key, err = newKey(); err != nil {
			return nil, err
		}
	}
	e.ID = current.Cert.Subject.CommonName
	return c.certify(ctx, "/api/v1/reenroll", key, e, func(r *http.Request, body []byte) error {
		token, err := caToken(current, r.Method, r.URL.RequestURI(), body)
		r.Header.Set("Authorization", token)
		return err
	})
}

func (c *CA) certify(ctx context.Context, path string, key *ecdsa.PrivateKey, e Enrolment, authorise func(*http.Request, []byte) error) (*Pair, error) {
	request, err := signingRequest(key, e)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"certificate_request": string(request), "hosts": e.Hosts, "profile": e.Profile, "caname": e.CA,
	})
	if err != nil {
		return nil, err
	}
	var result struct{ Cert string }
	err = c.post(ctx, path, body, func(r *http.Request) error { return authorise(r, body) }, &result)
	if err != nil {
		return nil, fmt.Errorf("enrolling %s at %s: %w", e.ID, e.CA, err)
	}
	text, err := base64.StdEncoding.DecodeString(result.Cert)
	if err != nil {
		return nil, fmt.Errorf("enrolling %s: %w", e.ID, err)
	}
	cert, err := ParseCert(text)
	if err != nil {
		return nil, fmt.Errorf("enrolling %s: %w", e.ID, err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("enrolling %s: the CA answered with a certificate of another key", e.ID)
	}
	return &Pair{Cert: cert, Key: key}, nil
}

func signingRequest(key *ecdsa.PrivateKey, e Enrolment) ([]byte, error) {
	t := &x509.CertificateRequest{Subject: pkix.Name{CommonName: e.ID, Organization: []string{e.Domain}}}
	for _, h := range e.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, t, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// Registration makes an identity known to a CA. Its secret can be used once.
type Registration struct {
	CA, ID, Secret string
	// Type becomes the organisational unit: client, peer, orderer or admin.
	Type string
}

// Register acts as the registrar.
func (c *CA) Register(ctx context.Context, registrar *Pair, reg Registration) error {
	body, err := json.Marshal(map[string]any{
		"id": reg.ID, "type": reg.Type, "secret": reg.Secret, "max_enrollments": 1, "caname": reg.CA,
	})
	if err != nil {
		return err
	}
	var result struct{}
	err = c.post(ctx, "/api/v1/register", body, func(r *http.Request) error {
		token, err := caToken(registrar, r.Method, r.URL.RequestURI(), body)
		r.Header.Set("Authorization", token)
		return err
	}, &result)
	if err != nil {
		return fmt.Errorf("registering %s at %s: %w", reg.ID, reg.CA, err)
	}
	return nil
}

// Issue registers an identity and enrols it.
func (c *CA) Issue(ctx context.Context, registrar *Pair, kind string, e Enrolment) (*Pair, error) {
	e.Secret = Secret()
	if err := c.Register(ctx, registrar, Registration{CA: e.CA, ID: e.ID, Secret: e.Secret, Type: kind}); err != nil {
		return nil, err
	}
	return c.Enrol(ctx, e)
}

// caToken proves the caller to the CA: its certificate, and its signature over this very request.
func caToken(p *Pair, method, uri string, body []byte) (string, error) {
	b64 := base64.StdEncoding.EncodeToString
	cert := b64(CertPEM(p.Cert))
	digest := sha256.Sum256([]byte(method + "." + b64([]byte(uri)) + "." + b64(body) + "." + cert))
	sig, err := signLowS(p.Key, digest[:])
	if err != nil {
		return "", err
	}
	return cert + "." + b64(sig), nil
}

func (c *CA) post(ctx context.Context, path string, body []byte, authorise func(*http.Request) error, result any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if err := authorise(r); err != nil {
		return err
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	var envelope struct {
		Success bool
		Result  json.RawMessage
		Errors  []struct{ Message string }
	}
	if err := json.Unmarshal(b, &envelope); err != nil {
		return fmt.Errorf("the CA answered %s without JSON", resp.Status)
	}
	if !envelope.Success {
		if len(envelope.Errors) > 0 {
			return errors.New(envelope.Errors[0].Message)
		}
		return fmt.Errorf("the CA answered %s", resp.Status)
	}
	return json.Unmarshal(envelope.Result, result)
}

// Info asks one CA of the server whether it is there.
func (c *CA) Info(ctx context.Context, name string) error {
	body, err := json.Marshal(map[string]string{"caname": name})
	if err != nil {
		return err
	}
	var result struct{ CAName string }
	if err := c.post(ctx, "/cainfo", body, func(*http.Request) error { return nil }, &result); err != nil {
		return err
	}
	if result.CAName != name {
		return fmt.Errorf("the server answered for CA %q instead of %q", result.CAName, name)
	}
	return nil
}
