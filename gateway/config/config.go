// Package config owns the gateway's one configuration file. It refuses to own
// what the values are used for. Invariant: what is not written in the file has
// a default that is safe; what is written wrongly stops the start, with its line
// and column.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is the file. Secrets are paths, never values.
type Config struct {
	Listen       string    `yaml:"listen"`       // host:port of the REST API
	TLS          TLS       `yaml:"tls"`          // of the REST API; left out: plain HTTP
	Operations   Listener  `yaml:"operations"`   // health and metrics on a listener of their own; left out: with the REST API
	Organisation string    `yaml:"organisation"` // MSP id of the organisation that this gateway serves
	Channel      string    `yaml:"channel"`      // name of the channel
	Chaincode    string    `yaml:"chaincode"`    // name of the chaincode
	Identity     Identity  `yaml:"identity"`     // who signs transactions
	Peer         Peer      `yaml:"peer"`         // the organisation's own peer
	Endorsers    []string  `yaml:"endorsers"`    // MSP ids of all who endorse, this organisation among them; empty: the peer's discovery chooses
	Auth         Auth      `yaml:"auth"`         // whose access tokens are good
	Data         string    `yaml:"data"`         // directory of the outbox; it must survive a restart
	Log          Log       `yaml:"log"`
	Limits       Limits    `yaml:"limits"`    // zero values mean the defaults
	Keeper       Keeper    `yaml:"keeper"`    // asks for settlements that have fallen due
	ReadModel    ReadModel `yaml:"readModel"` // the ledger's records in a SQL database, for questions
}

// ReadModel says where the read model is kept. It can be made anew from the ledger
// at any time (gateway rebuild).
type ReadModel struct {
	SQLite   string        `yaml:"sqlite"`   // file, for this process alone; empty: readmodel.db in data
	Postgres string        `yaml:"postgres"` // file that holds the URL of a PostgreSQL database, instead of SQLite
	Schema   string        `yaml:"schema"`   // in that database; empty: lifeledger. Gateways of one organisation may share it
	Sample   time.Duration `yaml:"sample"`   // how often some rows are held against the ledger; 10s, negative: never
}

// URL is the address of the PostgreSQL database, or "".
func (r ReadModel) URL() (string, error) {
	if r.Postgres == "" {
		return "", nil
	}
	text, err := os.ReadFile(r.Postgres)
	if err != nil {
		return "", fmt.Errorf("readModel.postgres: %w", err)
	}
	url := strings.TrimSpace(string(text))
	if url == "" {
		return "", fmt.Errorf("readModel.postgres: %s is empty", r.Postgres)
	}
	return url, nil
}

// TLS names the files of a TLS listener. They may be renewed in place.
type TLS struct {
	Certificate string `yaml:"certificate"` // PEM file, the leaf first
	PrivateKey  string `yaml:"privateKey"`  // PEM file
	ClientRoots string `yaml:"clientRoots"` // PEM file: whoever shows no certificate of these is turned away
}

// Listener is where something is served.
type Listener struct {
	Listen string `yaml:"listen"` // host:port
	TLS    TLS    `yaml:"tls"`
}

// Keeper says whether the gateway asks for what has fallen due on its own. Every
// gateway of an organisation may: what is asked for twice is done once.
type Keeper struct {
	Enabled bool `yaml:"enabled"`
}

// Identity is the X.509 identity of the gateway.
type Identity struct {
	Certificate string `yaml:"certificate"` // PEM file, or a directory that holds that one file
	PrivateKey  string `yaml:"privateKey"`  // PEM file, or a directory that holds that one file
}

// Peer says how to reach the peer.
type Peer struct {
	Address    string `yaml:"address"`    // host:port
	TLSRoots   string `yaml:"tlsRoots"`   // PEM file
	ServerName string `yaml:"serverName"` // name in the peer's certificate; empty: the address's host
	Profile    string `yaml:"profile"`    // a Fabric connection profile (JSON or YAML) for whatever is not said above
	RootsPEM   []byte `yaml:"-"`          // the profile's roots, if tlsRoots names none
}

// Auth says whose access tokens are good.
type Auth struct {
	Issuer   string `yaml:"issuer"`   // the token's iss
	Audience string `yaml:"audience"` // in the token's aud
	Keys     string `yaml:"keys"`     // JWKS file with ES256 keys; empty: OpenID discovery at the issuer
}

// Log says how much is logged; it goes to stderr as JSON.
type Log struct {
	Level string `yaml:"level"` // debug, info, warn or error; empty: info
}

func (l Log) parse() (level slog.Level, err error) {
	if l.Level != "" {
		err = level.UnmarshalText([]byte(l.Level))
	}
	return level, err
}

// Slog is the level as package slog has it.
func (l Log) Slog() slog.Level {
	level, _ := l.parse() // Parse has refused what is no level
	return level
}

// Limits bound what clients can make the gateway do.
type Limits struct {
	BodyBytes   int64         `yaml:"bodyBytes"`   // of a request; 262144
	Concurrency int           `yaml:"concurrency"` // requests at the same time; 1024
	PerSecond   float64       `yaml:"perSecond"`   // requests of one principal; 2000
	Burst       int           `yaml:"burst"`       // requests that one principal may save up; 4000
	PeerCalls   int           `yaml:"peerCalls"`   // calls to the peer at the same time; 400, below the peer's own limit
	Queue       int           `yaml:"queue"`       // writes that wait for one record; 256
	Wait        time.Duration `yaml:"wait"`        // how long a write is waited for before it is answered 202; 20s, at most 60s
	Shutdown    time.Duration `yaml:"shutdown"`    // how long requests under way may still take when the gateway ends; 15s
}

// Load reads and checks a file.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	c, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// Parse reads a file's text. An unknown or repeated key is an error with its
// line and column.
func Parse(text []byte) (*Config, error) {
	c := new(Config)
	if err := yaml.UnmarshalWithOptions(text, c, yaml.Strict()); err != nil {
		return nil, err
	}
	if c.Limits.Wait == 0 {
		c.Limits.Wait = 20 * time.Second
	}
	if c.Limits.Shutdown == 0 {
		c.Limits.Shutdown = 15 * time.Second
	}
	if c.ReadModel.Sample == 0 {
		c.ReadModel.Sample = 10 * time.Second
	}
	if c.ReadModel.SQLite == "" && c.ReadModel.Postgres == "" {
		c.ReadModel.SQLite = filepath.Join(c.Data, "readmodel.db")
	}
	if err := c.Peer.fill(c.Organisation); err != nil {
		return nil, err
	}
	return c, c.check()
}

func (c *Config) check() error {
	var wrong []error
	for _, f := range []struct{ name, value string }{
		{"listen", c.Listen}, {"organisation", c.Organisation}, {"channel", c.Channel}, {"chaincode", c.Chaincode},
		{"identity.certificate", c.Identity.Certificate}, {"identity.privateKey", c.Identity.PrivateKey},
		{"peer.address", c.Peer.Address}, {"peer.tlsRoots", c.Peer.TLSRoots + string(c.Peer.RootsPEM)},
		{"auth.issuer", c.Auth.Issuer}, {"auth.audience", c.Auth.Audience}, {"data", c.Data},
	} {
		if f.value == "" {
			wrong = append(wrong, fmt.Errorf("%s is missing", f.name))
		}
	}
	for _, f := range []struct{ name, value string }{{"listen", c.Listen}, {"operations.listen", c.Operations.Listen}, {"peer.address", c.Peer.Address}} {
		if _, _, err := net.SplitHostPort(f.value); f.value != "" && err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", f.name, err))
		}
	}
	wrong = append(wrong, c.TLS.check("tls"), c.Operations.check())
	if len(c.Endorsers) > 0 && !slices.Contains(c.Endorsers, c.Organisation) {
		wrong = append(wrong, fmt.Errorf("endorsers must name %s, too", c.Organisation))
	}
	if _, err := c.Log.parse(); err != nil {
		wrong = append(wrong, fmt.Errorf("log.level: %w", err))
	}
	l := c.Limits
	if l.BodyBytes < 0 || l.BodyBytes > 1<<20 || l.Concurrency < 0 || l.PerSecond < 0 || l.Burst < 0 || l.PeerCalls < 0 || l.Queue < 0 || l.Shutdown < 0 {
		wrong = append(wrong, errors.New("limits must not be negative, and bodyBytes is at most 1048576"))
	}
	if l.Wait < time.Second || l.Wait > time.Minute {
		wrong = append(wrong, errors.New("limits.wait must be 1s to 60s"))
	}
	return errors.Join(wrong...)
}

func (t TLS) check(name string) error {
	if (t.Certificate == "") != (t.PrivateKey == "") || t.Certificate == "" && t.ClientRoots != "" {
		return fmt.Errorf("%s: certificate and privateKey go together", name)
	}
	return nil
}

// check keeps health and metrics from whoever reaches the machine.
func (l Listener) check() error {
	if l.Listen == "" {
		if l.TLS != (TLS{}) {
			return errors.New("operations.tls without operations.listen")
		}
		return nil
	}
	if l.TLS.ClientRoots == "" && !Loopback(l.Listen) {
		return errors.New("operations.listen is not a loopback address: it needs operations.tls with clientRoots")
	}
	return l.TLS.check("operations.tls")
}

// Loopback says whether only this machine reaches an address.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// CheckFiles reports which of the named files cannot be read.
func (c *Config) CheckFiles() error {
	var wrong []error
	for _, f := range []struct{ name, path string }{
		{"identity.certificate", c.Identity.Certificate}, {"identity.privateKey", c.Identity.PrivateKey},
		{"peer.tlsRoots", c.Peer.TLSRoots}, {"auth.keys", c.Auth.Keys},
		{"tls.certificate", c.TLS.Certificate}, {"tls.privateKey", c.TLS.PrivateKey}, {"tls.clientRoots", c.TLS.ClientRoots},
		{"operations.tls.certificate", c.Operations.TLS.Certificate}, {"operations.tls.privateKey", c.Operations.TLS.PrivateKey},
		{"operations.tls.clientRoots", c.Operations.TLS.ClientRoots},
	} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", f.name, err))
		}
	}
	return errors.Join(wrong...)
}
