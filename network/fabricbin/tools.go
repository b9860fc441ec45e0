package fabricbin

import (
	"context"
	"path/filepath"
)

// Releases of Fabric and of its CA that everything here is pinned to, without the v.
const (
	Release   = "3.1.1"
	CARelease = "1.5.15"
)

// Tools are what a Docker test-network needs besides [Programs]: the commands that its
// scripts call, and a CA server that runs in an image with nothing else in it.
type Tools struct {
	Programs
	// Commands are the paths of the tools by name: peer, osnadmin, configtxgen,
	// configtxlator, cryptogen and fabric-ca-client.
	Commands map[string]string
	// StaticCAServer needs no shared library.
	StaticCAServer string
}

var toolSets = []set{
	{name: "fabric-tools", release: fabricRelease, cgo: "0", module: fabricModule, stamp: fabricModule + "/common/metadata.Version",
		packages: []string{fabricModule + "/cmd/configtxgen", fabricModule + "/cmd/configtxlator", fabricModule + "/cmd/cryptogen", fabricModule + "/cmd/osnadmin"}},
	{name: "fabric-ca-tools", release: caRelease, cgo: "1", static: true, module: caModule, stamp: caModule + "/lib/metadata.Version",
		packages: []string{caModule + "/cmd/fabric-ca-client", caModule + "/cmd/fabric-ca-server"}},
}

// AllTools returns the tools and builds those that the cache lacks.
func AllTools(ctx context.Context, root string, progress Progress) (*Tools, error) {
	programs, err := Fabric(ctx, root, progress)
	if err != nil {
		return nil, err
	}
	dirs, err := ensureAll(ctx, root, toolSets, progress)
	if err != nil {
		return nil, err
	}
	t := &Tools{Programs: *programs, StaticCAServer: filepath.Join(dirs["fabric-ca-tools"], "fabric-ca-server"), Commands: map[string]string{"peer": programs.Peer}}
	for _, s := range toolSets {
		for _, p := range s.packages {
			if name := filepath.Base(p); name != "fabric-ca-server" {
				t.Commands[name] = filepath.Join(dirs[s.name], name)
			}
		}
	}
	return t, nil
}
