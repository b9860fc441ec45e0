package testnet

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/network/launch"
)

// TestImagesAreReproducible builds the product's images twice, needs no Docker, and holds
// them to what is promised of them.
func TestImagesAreReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the product's binaries twice; run without -short")
	}
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	var ids [2][]string
	for round := range ids {
		dir := t.TempDir()
		all, err := Images{Root: root, Dir: dir, Progress: t.Logf}.Product(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			ids[round] = append(ids[round], m.ID)
			archive, err := os.ReadFile(m.File)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{`"User":"65532:65532"`, `"Healthcheck":{"Test":["CMD","/`, `"org.opencontainers.image.revision"`, `"org.opencontainers.image.base.name":"scratch"`} {
				if !bytes.Contains(archive, []byte(part)) {
					t.Errorf("%s: no %s", m.Tags[0], part)
				}
			}
			if m.Size > maxProduct {
				t.Errorf("%s has %d bytes", m.Tags[0], m.Size)
			}
		}
		bom, err := os.ReadFile(filepath.Join(dir, "gateway.cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var b struct{ Components []struct{ Name string } }
		if err := json.Unmarshal(bom, &b); err != nil || len(b.Components) < 20 || !strings.Contains(string(bom), "pkg:golang/github.com/hyperledger/fabric-gateway@") {
			t.Errorf("%d components in the bill of materials, %v", len(b.Components), err)
		}
	}
	for i := range ids[0] {
		if ids[0][i] != ids[1][i] {
			t.Errorf("built twice, %s and %s", ids[0][i], ids[1][i])
		}
	}
}
