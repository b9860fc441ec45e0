// Package crypto gets identities from Fabric CAs and lays them out as Fabric's programs
// want them; it also mints the development tokens and inspects certificates. It holds
// no trust decision: what a certificate may do is the channel's configuration.
// Invariant: a private key is created here, never leaves its file, and that file is 0600.
package crypto

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Pair is a certificate with its private key.
type Pair struct {
	Cert *x509.Certificate
	Key  *ecdsa.PrivateKey
}

func newKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// Secret is a random word for an enrolment or a registrar.
func Secret() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails: the Go runtime ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// CertPEM encodes a certificate.
func CertPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func keyPEM(k *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseCert decodes the first certificate of a PEM text.
func ParseCert(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// ReadCert reads a PEM certificate file.
func ReadCert(path string) (*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := ParseCert(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ReadPair reads a certificate and its PKCS #8 key.
func ReadPair(certFile, keyFile string) (*Pair, error) {
	cert, err := ReadCert(certFile)
	if err != nil {
		return nil, err
	}
	key, err := readKey(keyFile)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s", keyFile, certFile)
	}
	return &Pair{Cert: cert, Key: key}, nil
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM key", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: not an ECDSA key", path)
	}
	return key, nil
}

// file is one file to write; secret ones are 0600.
type file struct {
	path    string
	content []byte
	secret  bool
}

func write(dir string, files ...file) error {
	for _, f := range files {
		path, mode, dirMode := filepath.Join(dir, f.path), os.FileMode(0o644), os.FileMode(0o755)
		if f.secret {
			mode, dirMode = 0o600, 0o700
		}
		if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.content, mode); err != nil {
			return err
		}
	}
	return nil
}

// nodeOUs tells peers and orderers to take an identity's part from its certificate's
// organisational unit. The channel's own MSP definition says the same.
const nodeOUs = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {OrganizationalUnitIdentifier: orderer}
`

// File names inside the directories that WriteMSP and WriteTLS make.
const (
	SignCert = "signcerts/cert.pem"
	SignKey  = "keystore/key.pem"
	TLSCert  = "server.crt"
	TLSKey   = "server.key"
	TLSRoot  = "ca.crt"
)

// WriteMSP lays out the folder of one identity as Fabric's local MSP.
func WriteMSP(dir string, root, tlsRoot *x509.Certificate, id *Pair) error {
	key, err := keyPEM(id.Key)
	if err != nil {
		return err
	}
	return write(dir,
		file{path: "config.yaml", content: []byte(nodeOUs)},
		file{path: "cacerts/ca.pem", content: CertPEM(root)},
		file{path: "tlscacerts/tlsca.pem", content: CertPEM(tlsRoot)},
		file{path: SignCert, content: CertPEM(id.Cert)},
		file{path: SignKey, content: key, secret: true})
}

// WriteTLS lays out a TLS certificate, its key and its root.
func WriteTLS(dir string, root *x509.Certificate, id *Pair) error {
	key, err := keyPEM(id.Key)
	if err != nil {
		return err
	}
	return write(dir,
		file{path: TLSRoot, content: CertPEM(root)},
		file{path: TLSCert, content: CertPEM(id.Cert)},
		file{path: TLSKey, content: key, secret: true})
}
