package testnet

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSettingsAreGood(t *testing.T) {
	s, err := LoadSettings("../../test-network-config/test-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if s.Organisations[0].Roles[0] != "manufacturer" || s.Chaincode.Policy != "/Channel/Application/Endorsement" {
		t.Errorf("%+v", s)
	}
}

func TestSettingsRefused(t *testing.T) {
	good, err := os.ReadFile("../../test-network-config/test-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, says string }{
		{"unknown member", "channel: mychannel", "channel: mychannel\nchanel: x", "chanel"},
		{"one MSP twice", "mspId: Org2MSP", "mspId: Org1MSP", "Org1MSP is used twice"},
		{"one port twice", "gateway: 8442", "gateway: 8441", "8441 is used twice"},
		{"no roles", "roles: [manufacturer]", "roles: []", `organisation "org1"`},
		{"private data", "collections: []", "collections: [x.json]", "private data"},
		{"no channel", "channel: mychannel", `channel: ""`, "channel"},
	} {
		path := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(path, []byte(strings.Replace(string(good), c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadSettings(path); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFlagsOfNetworkSh(t *testing.T) {
	f, err := parseFlags(strings.Fields("-ca -c ledger -s couchdb -r 7 -d 2 -verbose"))
	if err != nil || f.channel != "ledger" || f.database != "couchdb" || !slices.Equal(f.pass, strings.Fields("-r 7 -d 2 -verbose")) || !slices.Equal(f.third, strings.Fields("-d 2 -verbose")) {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := parseFlags(nil); err != nil || f.database != "leveldb" || f.channel != "" {
		t.Errorf("%+v, %v", f, err)
	}
	for line, says := range map[string]string{
		"-c": "wants a value", "-c -s": "wants a value", "-s mysql": "leveldb or couchdb", "-bft": "Raft", "-cfssl": "Fabric CAs", "-i 2.5.0": "-i is unknown",
	} {
		if _, err := parseFlags(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestWhatIsMissingIsSaidInOneLine needs no Docker: without it, that is what is missing.
func TestWhatIsMissingIsSaidInOneLine(t *testing.T) {
	s, err := LoadSettings("../../test-network-config/test-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	empty, samples := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(samples, "test-network"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(samples, "test-network", "network.sh"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", empty)
	for dir, says := range map[string]string{"": "FABRIC_SAMPLES is not set", empty: "has no test-network/network.sh", samples: "docker is not on the PATH"} {
		n := &Network{Samples: dir, Settings: s}
		if err := n.Missing(context.Background(), "leveldb"); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", dir, err)
		}
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	s, err := LoadSettings("../../test-network-config/test-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{Settings: s}
	if n.ports("leveldb")[7054] != "CA of org1" || n.ports("leveldb")[8443] != "gateway of org3" || n.ports("leveldb")[5984] != "" || n.ports("couchdb")[5984] == "" {
		t.Errorf("%v", n.ports("couchdb"))
	}
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := free(map[int]string{port: "peer of org1"}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d (peer of org1) is taken", port)) {
		t.Errorf("%v", err)
	}
	_ = l.Close()
	if err := free(map[int]string{port: "peer of org1"}); err != nil {
		t.Error(err)
	}
}

func TestOneConfigurationForEveryGateway(t *testing.T) {
	s, err := LoadSettings("../../test-network-config/test-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{Root: "../..", Dir: t.TempDir(), Samples: "none", Settings: s}
	for _, o := range s.Organisations {
		for _, dir := range []string{"gateway", "chaincode"} {
			if err := os.MkdirAll(n.org(o, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(filepath.Join(n.Dir, "tokens"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(n.minter(o).KeySet(), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := n.configure(o); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(n.org(o, "gateway", "gateway.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"organisation: " + o.MSPID + "\n", "[Org1MSP, Org2MSP, Org3MSP]", "address: " + o.Peer.Container + ":"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s: no %q in\n%s", o.Name, part, text)
			}
		}
	}
}

func TestTheTellingLine(t *testing.T) {
	out := "Generating\n\x1b[0;31mFailed to generate certificates...\x1b[0m\nCleaning up\n"
	if got := telling([]byte(out), context.Canceled); got != "Failed to generate certificates..." {
		t.Error(got)
	}
	if got := telling([]byte("one\ntwo\n"), context.Canceled); got != "two" {
		t.Error(got)
	}
	if got := telling(nil, context.Canceled); got != context.Canceled.Error() {
		t.Error(got)
	}
}
