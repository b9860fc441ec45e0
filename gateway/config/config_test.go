package config

import (
	"log/slog"
	"os"
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
		{"half a certificate", "data: data", "data: data\ntls: {certificate: c.pem}", "tls: certificate and privateKey"},
		{"client roots without a certificate", "data: data", "data: data\ntls: {clientRoots: c.pem}", "tls: certificate and privateKey"},
		{"metrics for everybody", "data: data", "data: data\noperations: {listen: '0.0.0.0:9000'}", "clientRoots"},
		{"metrics for everybody in TLS", "data: data", "data: data\noperations: {listen: '0.0.0.0:9000', tls: {certificate: c.pem, privateKey: k.pem}}", "clientRoots"},
		{"operations without a listener", "data: data", "data: data\noperations: {tls: {certificate: c.pem, privateKey: k.pem}}", "operations.listen"},
		{"no such profile", "  address: 127.0.0.1:7051\n", "  profile: none.json\n", "peer.profile"},
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

// A profile as the scripts of fabric-samples write it.
const connection = `{"name": "test-network-org1", "version": "1.0.0",
"client": {"organization": "Org1"},
"organizations": {"Org1": {"mspid": "ShipperMSP", "peers": ["peer0.org1.example.com"]}},
"peers": {"peer0.org1.example.com": {"url": "grpcs://localhost:7051", "tlsCACerts": {"pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"},
 "grpcOptions": {"ssl-target-name-override": "peer0.org1.example.com", "hostnameOverride": "peer0.org1.example.com"}}}}`

func TestProfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, []byte(connection), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(strings.Replace(good, "  address: 127.0.0.1:7051\n  tlsRoots: roots.pem\n", "  profile: "+path+"\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Peer.Address != "localhost:7051" || c.Peer.ServerName != "peer0.org1.example.com" || !strings.HasPrefix(string(c.Peer.RootsPEM), "-----BEGIN") {
		t.Errorf("%+v", c.Peer)
	}
	c, err = Parse([]byte(strings.Replace(good, "  tlsRoots: roots.pem\n", "  profile: "+path+"\n", 1)))
	if err != nil || c.Peer.Address != "127.0.0.1:7051" {
		t.Errorf("what the file says gives way to the profile: %+v, %v", c, err)
	}
	_, err = Parse([]byte(strings.ReplaceAll(strings.Replace(good, "  tlsRoots: roots.pem\n", "  profile: "+path+"\n", 1), "ShipperMSP", "OtherMSP")))
	if err == nil || !strings.Contains(err.Error(), "names no peer of OtherMSP") {
		t.Errorf("another organisation's profile: %v", err)
	}
}

func TestOperationsStayOnTheMachine(t *testing.T) {
	for _, address := range []string{"127.0.0.1:9000", "localhost:9000", "[::1]:9000"} {
		if _, err := Parse([]byte(good + "operations: {listen: '" + address + "'}\n")); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := Parse([]byte(good + "operations: {listen: '0.0.0.0:9000', tls: {certificate: c, privateKey: k, clientRoots: r}}\n")); err != nil {
		t.Errorf("with certificates for clients: %v", err)
	}
}
