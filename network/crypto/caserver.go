package crypto

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// Server is the home of one organisation's fabric-ca-server. It holds two CAs with
// roots of their own, so that no TLS certificate is ever an identity on the channel.
type Server struct {
	Home, Org, Domain, Host string
	Port                    int
	// Secret of the registrar, which exists in both CAs.
	Secret string
}

// Registrar is the identity that registers all others.
const Registrar = "registrar"

// IdentityCA is the name of the CA that certifies identities of the channel.
func (s Server) IdentityCA() string { return "ca-" + s.Org }

// TLSCA is the name of the CA that certifies TLS endpoints; it is the server's default
// CA, so the server's own TLS certificate comes from it too.
func (s Server) TLSCA() string { return "tlsca-" + s.Org }

// URL of the server.
func (s Server) URL() string { return fmt.Sprintf("https://%s:%d", s.Host, s.Port) }

const (
	caConfig   = "fabric-ca-server-config.yaml"
	caCert     = "ca-cert.pem"
	identities = "identities" // directory of the second CA, inside the first one's
	year       = "8760h"
)

// WriteConfig writes the configuration from which the server creates its CAs when it first starts.
func (s Server) WriteConfig() error {
	outer, err := yaml.Marshal(s.config(s.TLSCA(), map[string]any{
		"port": s.Port, "address": s.Host,
		"tls":     map[string]any{"enabled": true},
		"cafiles": []string{filepath.Join(identities, caConfig)},
	}))
	if err != nil {
		return err
	}
	inner, err := yaml.Marshal(s.config(s.IdentityCA(), nil))
	if err != nil {
		return err
	}
	return write(s.Home,
		file{path: caConfig, content: outer, secret: true},
		file{path: filepath.Join(identities, caConfig), content: inner, secret: true})
}

func (s Server) config(name string, extra map[string]any) map[string]any {
	c := map[string]any{
		"version": "1.5.15",
		"ca":      map[string]any{"name": name},
		"registry": map[string]any{
			"maxenrollments": -1,
			"identities": []any{map[string]any{
				"name": Registrar, "pass": s.Secret, "type": "client", "affiliation": "",
				"attrs": map[string]any{"hf.Registrar.Roles": "*", "hf.Registrar.Attributes": "*", "hf.Revoker": true, "hf.GenCRL": true},
			}},
		},
		"db":           map[string]any{"type": "sqlite3", "datasource": "fabric-ca-server.db"},
		"affiliations": map[string]any{},
		"signing": map[string]any{
			"default": map[string]any{"usage": []string{"digital signature"}, "expiry": year},
			"profiles": map[string]any{"tls": map[string]any{
				"usage":  []string{"signing", "key encipherment", "server auth", "client auth", "key agreement"},
				"expiry": year,
			}},
		},
		"csr": map[string]any{
			"cn":         name + "." + s.Domain,
			"keyrequest": map[string]any{"algo": "ecdsa", "size": 256},
			"names":      []any{map[string]any{"O": s.Domain}},
			"hosts":      []string{s.Host, "localhost"},
			"ca":         map[string]any{"expiry": "131400h", "pathlength": 0},
		},
		"bccsp": map[string]any{"default": "SW", "sw": map[string]any{
			"hash": "SHA2", "security": 256, "filekeystore": map[string]any{"keystore": "msp/keystore"},
		}},
	}
	for k, v := range extra {
		c[k] = v
	}
	return c
}

// Roots reads the certificates of both CAs; os.ErrNotExist means that the server has not made them yet.
func (s Server) Roots() (identity, tls *x509.Certificate, err error) {
	if tls, err = ReadCert(filepath.Join(s.Home, caCert)); err != nil {
		return nil, nil, err
	}
	identity, err = ReadCert(filepath.Join(s.Home, identities, caCert))
	return identity, tls, err
}

// Args are the server's command line, in its home.
func (s Server) Args(program string) []string {
	return []string{program, "start", "--home", s.Home}
}

// Exists says whether the server has been configured before.
func (s Server) Exists() bool {
	_, err := os.Stat(filepath.Join(s.Home, caConfig))
	return err == nil
}
