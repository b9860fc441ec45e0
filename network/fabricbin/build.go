// Package fabricbin builds the programs that a network runs: Fabric's own from exactly
// pinned modules, once for each go.sum, and the product's at every start. It owns the
// cache of binaries and starts none of them.
// Invariant: a directory of the cache that holds the file `complete` is never written again.
package fabricbin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Programs are Fabric's binaries and its unmodified configuration templates.
type Programs struct {
	Peer, Orderer, CAServer string
	// Config is a directory with Fabric's own core.yaml and orderer.yaml.
	Config string
}

// Progress receives one line about what is being done.
type Progress func(format string, args ...any)

const (
	fabricModule = "github.com/hyperledger/fabric"
	caModule     = "github.com/hyperledger/fabric-ca"
	// The pinned pseudo-version of the module is this release.
	fabricRelease = "v" + Release
	caRelease     = "v" + CARelease
)

// set is a module whose programs are built and cached together. Only the CA server
// needs cgo, for its SQLite.
type set struct {
	name, release, cgo string
	module             string // that the programs are of
	stamp              string // variable that holds the release
	packages           []string
	templates          bool
	static             bool // without shared libraries although it is built with cgo
}

var sets = []set{
	{name: "fabric", release: fabricRelease, cgo: "0", module: fabricModule, stamp: fabricModule + "/common/metadata.Version",
		packages: []string{fabricModule + "/cmd/peer", fabricModule + "/cmd/orderer"}, templates: true},
	{name: "fabric-ca", release: caRelease, cgo: "1", module: caModule, stamp: caModule + "/lib/metadata.Version",
		packages: []string{caModule + "/cmd/fabric-ca-server"}},
}

// CacheDir is where built binaries are kept between runs and shared by all run directories.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return filepath.Join(dir, "lifeledger"), nil
}

// Fabric returns the pinned Fabric programs and builds those that the cache lacks.
// root is the directory of the product's module.
func Fabric(ctx context.Context, root string, progress Progress) (*Programs, error) {
	dirs, err := ensureAll(ctx, root, sets, progress)
	if err != nil {
		return nil, err
	}
	return &Programs{
		Peer: filepath.Join(dirs["fabric"], "peer"), Orderer: filepath.Join(dirs["fabric"], "orderer"),
		CAServer: filepath.Join(dirs["fabric-ca"], "fabric-ca-server"), Config: filepath.Join(dirs["fabric"], "config"),
	}, nil
}

// ensureAll returns the cache's directory of each set.
func ensureAll(ctx context.Context, root string, sets []set, progress Progress) (map[string]string, error) {
	dirs := map[string]string{}
	for _, s := range sets {
		dir, err := s.ensure(ctx, filepath.Join(root, "network", "fabricbin", "build", s.name), progress)
		if err != nil {
			return nil, err
		}
		dirs[s.name] = dir
	}
	return dirs, nil
}

// ensure returns the cache's directory of the set and fills it when it is not complete.
func (s set) ensure(ctx context.Context, pins string, progress Progress) (dir string, err error) {
	key, err := s.key(pins)
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(cache, s.name+"-"+key)
	if complete(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(ctx, dir+".lock", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete(dir) { // somebody else built it while this one waited
		return dir, nil
	}
	if err := checkTools(); err != nil {
		return "", err
	}
	return dir, s.build(ctx, pins, dir, progress)
}

func complete(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "complete"))
	return err == nil
}

// key names a build: other pins, or other ways to build, are another one.
func (s set) key(pins string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(pins, name))
		if err != nil {
			return "", fmt.Errorf("the pinned module of %s is missing: %w", s.name, err)
		}
		h.Write(b)
	}
	fmt.Fprintf(h, "%+v", s)
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func checkTools() error {
	for tool, remedy := range map[string]string{
		"go":  "install Go 1.26 from https://go.dev/dl",
		"gcc": "run `apt install gcc libc6-dev` (fabric-ca's SQLite is C)",
	} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not on the PATH: %s", tool, remedy)
		}
	}
	return nil
}

func (s set) build(ctx context.Context, pins, dir string, progress Progress) error {
	what := s.name + " " + s.release
	progress("%s is built once from source, which takes one to two minutes; later runs reuse it", what)
	stop := keepAlive("downloading the modules of "+what, progress)
	err := run(ctx, pins, nil, "go", "list", "-mod=readonly", "-deps", "tool")
	stop()
	if err != nil {
		return fmt.Errorf("downloading the modules of %s failed (is a Go module proxy reachable?): %w", what, err)
	}
	if s.templates {
		if err := copyTemplates(ctx, pins, s.module, filepath.Join(dir, "config")); err != nil {
			return err
		}
	}
	stop = keepAlive("compiling "+what, progress)
	args := append(s.flags(), "-o", dir+string(filepath.Separator))
	args = append(args, s.packages...)
	err = run(ctx, pins, []string{"CGO_ENABLED=" + s.cgo}, "go", args...)
	stop()
	if err != nil {
		return fmt.Errorf("compiling %s failed: %w", what, err)
	}
	return os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644)
}

func (s set) flags() []string {
	link, tags := "-s -w -X "+s.stamp+"="+s.release, ""
	if s.static { // the C library cannot load others when it is itself linked in
		link, tags = link+" -linkmode external -extldflags -static", "netgo,osusergo,sqlite_omit_load_extension"
	}
	return []string{"build", "-mod=readonly", "-trimpath", "-tags", tags, "-ldflags", link}
}

// copyTemplates takes core.yaml and orderer.yaml, unmodified, out of Fabric's module.
func copyTemplates(ctx context.Context, pins, module, to string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir, cmd.Stdout = pins, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("finding Fabric's module: %w", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		b, err := os.ReadFile(filepath.Join(strings.TrimSpace(out.String()), "sampleconfig", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Build compiles a package of the product into the cache and returns the binary's path.
// The Go build cache makes it quick when nothing changed.
func Build(ctx context.Context, root, name, source string, progress Progress) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(root))
	out := filepath.Join(cache, "product-"+hex.EncodeToString(key[:8]), name)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(ctx, out+".lock", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	stop := keepAlive("building "+source, progress)
	defer stop()
	// The flags are those of a plain `go build`, so that its cache serves both.
	args := []string{"build"}
	if v := Version(root); v != "" {
		args = append(args, "-ldflags", "-X main.version="+v)
	}
	if err := run(ctx, root, nil, "go", append(args, "-o", out, source)...); err != nil {
		return "", fmt.Errorf("building %s failed: %w", source, err)
	}
	return out, nil
}

// Version describes the checkout as git does; empty when git cannot say.
func Version(root string) string {
	cmd := exec.Command("git", "-C", root, "describe", "--tags", "--always")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// run executes a command; its error carries the most telling line of what it said.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s", telling(out.Bytes(), err))
	}
	return nil
}

// telling picks the first line that is not the compiler's heading of a package.
func telling(out []byte, err error) string {
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") {
			return line
		}
	}
	return err.Error()
}

// keepAlive says what is being done when it takes longer than a second, and again every ten.
func keepAlive(what string, progress Progress) (stop func()) {
	done, start := make(chan struct{}), time.Now()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		wait := time.NewTimer(time.Second)
		defer wait.Stop()
		for said := false; ; said = true {
			select {
			case <-done:
				return
			case <-wait.C:
				wait.Reset(10 * time.Second)
			}
			if said {
				progress("%s … still at it after %d s", what, int(time.Since(start).Seconds()))
			} else {
				progress("%s …", what)
			}
		}
	}()
	return func() { close(done); <-finished }
}

// Install puts a binary into a directory of a run, as a hard link where that is
// possible, so that a later build does not change what the run restarts.
func Install(binary, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	temp := to + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Link(binary, temp); err != nil {
		if err := copyFile(binary, temp); err != nil {
			return err
		}
	}
	return os.Rename(temp, to)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// Digest is the SHA-256 of a file in hexadecimal.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
