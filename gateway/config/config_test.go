package config

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const good = `
listen: 127.0.0.1:8081
organisation: ShipperMSP
channel: lifeledger
chaincode: lifeledger
identity:
  certificate: cert.pem
  privateKey: key.pem
peer:
  address: 127.0.0.1:7051
  tlsRoots: roots.pem
endorsers: [ManufacturerMSP, ShipperMSP]
auth:
  issuer: https://issuer.example
  audience: lifeledger
  keys: jwks.json
data: data
log:
  level: debug
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Slog() != slog.LevelDebug || c.Peer.TLSRoots != "roots.pem" || c.Limits.Wait != 20*time.Second || len(c.Endorsers) != 2 {
		t.Errorf("%+v", c)
	}
	c, err = Parse([]byte(strings.Replace(good, "level: debug", `level: ""`, 1) + "limits: {wait: 5s, burst: 3}\n"))
	if err != nil || c.Limits.Wait != 5*time.Second || c.Limits.Burst != 3 || c.Log.Slog() != slog.LevelInfo {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, says string }{
		{"unknown key", "data: data", "data: data\ndatta: x", "[18:1]"},
		{"unknown key inside", "  keys: jwks.json", "  keys: jwks.json\n  keyz: x", "[17:3]"},
		{"key twice", "data: data", "data: data\ndata: x", "[18:1]"},
		{"wrong type", "[ManufacturerMSP, ShipperMSP]", "17", "[12:12]"},
		{"unknown level", "level: debug", "level: loud", "loud"},
		{"missing", "organisation: ShipperMSP\n", "", "organisation is missing"},
		{"no port", "127.0.0.1:8081", "localhost", "listen"},
		{"not among the endorsers", "[ManufacturerMSP, ShipperMSP]", "[ManufacturerMSP]", "ShipperMSP"},
		{"no patience", "data: data", "data: data\nlimits: {wait: 5ms}", "limits.wait"},
		{"negative", "data: data", "data: data\nlimits: {burst: -1}", "negative"},
	} {
		_, err := Parse([]byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a missing file is taken")
	}
}
