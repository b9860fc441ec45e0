package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lifeledger/lifeledger/network/consortium"
)

// layout names every file of a run directory. README.md has the same as a table.
type layout string

func (d layout) path(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

func (d layout) bin(name string) string { return d.path("bin", name) }
func (d layout) declared() string       { return d.path("network.json") }
func (d layout) complete() string       { return d.path("complete") }
func (d layout) ca(org string) string   { return d.path("ca", org) }
func (d layout) org(org string, e ...string) string {
	return d.path(append([]string{"organisations", org}, e...)...)
}
func (d layout) tlsRoot(org string) string       { return d.org(org, "tlsca.pem") }
func (d layout) tlsRoots() string                { return d.path("organisations", "tlsroots.pem") }
func (d layout) genesis() string                 { return d.path("channel", "genesis.block") }
func (d layout) data(org, kind string) string    { return d.path("data", org, kind) }
func (d layout) gatewayConfig(org string) string { return d.path("gateways", org, "gateway.yaml") }
func (d layout) tokens() string                  { return d.path("tokens") }
func (d layout) couch() string                   { return d.path("couchdb.json") }
func (d layout) logs() string                    { return d.path("logs") }

// made is what a first `up` makes besides logs and binaries; wiping removes these and
// nothing else, so that a mistaken directory loses nothing of its own.
var made = []string{"complete", "network.json", consortium.File, "ca", "organisations", "channel", "data", "gateways", "tokens", "couchdb.json"}

// wipe removes the network's files and, when all is set, its logs and binaries too.
func (d layout) wipe(all bool) error {
	names := made
	if all {
		names = append([]string{"bin", "logs", "lock", "supervisor.json", "supervisor.sock"}, made...)
	}
	for _, name := range names {
		if err := os.RemoveAll(d.path(name)); err != nil {
			return fmt.Errorf("removing the old network: %w", err)
		}
	}
	return nil
}

const modulePath = "github.com/lifeledger/lifeledger"

// FindRoot finds the directory of the product's module from the working directory upwards.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(b), "module "+modulePath+"\n") {
			return dir, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the lifeledger repository: change into it, or name the run directory with --dir")
		}
		dir = parent
	}
}
