package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/image"
)

// Nobody is the user and group that the product's images run as.
const Nobody = 65532

// Images are made here. The product's own have these names; Fabric's have the names
// that test-network's compose files ask for.
const (
	ChaincodeImage = "lifeledger/chaincode"
	GatewayImage   = "lifeledger/gateway"
)

// Images says how to make images.
type Images struct {
	Root string // of the product's module
	// Dir receives the archives, NAME.tar, and the bills of materials, NAME.cdx.json.
	Dir string
	// Base is an archive as `docker save` writes one; empty builds on nothing.
	Base     string
	Progress func(format string, args ...any)
}

// Made is one image: its archive, its id, its tags.
type Made struct {
	File, ID string
	Tags     []string
	Size     int64
}

// Product makes the images of the chaincode and of the gateway.
func (m Images) Product(ctx context.Context) ([]Made, error) {
	var all []Made
	for _, p := range []struct {
		name, source, title string
		health              *image.Health
		ports               []string
		files               []image.File
	}{
		{"chaincode", "./chaincode", "lifeledger chaincode, as a service", health("/chaincode", "-health"), []string{"9999/tcp"}, nil},
		{"gateway", "./gateway", "lifeledger REST gateway of one organisation", health("/gateway", "-health"), []string{"8443/tcp"},
			[]image.File{{Path: "/var/lib/lifeledger", Mode: 0o700, Owner: Nobody}}},
	} {
		program := filepath.Join(m.Dir, p.name)
		if err := os.MkdirAll(m.Dir, 0o755); err != nil {
			return nil, err
		}
		if err := fabricbin.Static(ctx, m.Root, p.source, program, m.Progress); err != nil {
			return nil, err
		}
		bom, err := image.SBOM(program)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(m.Dir, p.name+".cdx.json"), bom, 0o644); err != nil {
			return nil, err
		}
		commit, at := m.commit()
		made, err := m.write(image.Image{
			Tags: tags("lifeledger/"+p.name, fabricbin.Version(m.Root)), Base: m.Base, Created: at,
			Files: append(p.files, image.File{Path: "/" + p.name, Source: program, Mode: 0o755},
				image.File{Path: "/sbom.cdx.json", Content: bom}, image.File{Path: "/tmp", Mode: 0o1777}),
			Entrypoint: []string{"/" + p.name}, User: fmt.Sprintf("%d:%d", Nobody, Nobody), Ports: p.ports, Health: p.health,
			Labels: map[string]string{
				"org.opencontainers.image.title": "lifeledger " + p.name, "org.opencontainers.image.description": p.title,
				"org.opencontainers.image.version": fabricbin.Version(m.Root), "org.opencontainers.image.revision": commit,
				"org.opencontainers.image.created": at.UTC().Format(time.RFC3339), "org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.base.name": or(filepath.Base(m.Base), "scratch"), "com.lifeledger.sbom": "/sbom.cdx.json",
			},
		}, p.name)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

// maxProduct keeps what every organisation pulls small. Tests hold the images to it.
const maxProduct = 40_000_000

func health(test ...string) *image.Health {
	return &image.Health{Test: test, Interval: 5 * time.Second, Timeout: 4 * time.Second, Lag: 10 * time.Second, Retries: 3}
}

func or(a, b string) string {
	if a == "." || a == "" {
		return b
	}
	return a
}

// tags are the names of a version, and latest.
func tags(name string, versions ...string) []string {
	all := []string{name + ":latest"}
	for _, v := range versions {
		if v != "" {
			all = append(all, name+":"+v)
		}
	}
	return all
}

// Fabric makes the images that a test-network runs, out of Fabric's pinned sources, and
// the busybox with which network.sh cleans up. For those who cannot pull them.
func (m Images) Fabric(ctx context.Context) ([]Made, error) {
	shell, err := fabricbin.Busybox()
	if err != nil {
		return nil, err
	}
	tools, err := fabricbin.AllTools(ctx, m.Root, m.Progress)
	if err != nil {
		return nil, err
	}
	ccaas := filepath.Join(m.Dir, "ccaas")
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, err
	}
	if err := fabricbin.Static(ctx, m.Root, "./network/ccaas", ccaas, m.Progress); err != nil {
		return nil, err
	}
	base := system(shell)
	program := func(name, source string) image.File {
		return image.File{Path: "/usr/local/bin/" + name, Source: source, Mode: 0o755}
	}
	template := func(name string) image.File {
		return image.File{Path: "/etc/hyperledger/fabric/" + name, Source: filepath.Join(tools.Config, name)}
	}
	peer := append([]image.File{program("peer", tools.Peer), template("core.yaml")}, base...)
	for _, step := range []string{"detect", "build", "release"} {
		peer = append(peer, image.File{Path: "/opt/hyperledger/ccaas_builder/bin/" + step, Source: ccaas, Mode: 0o755})
	}
	fabric, ca := []string{"3.1", fabricbin.Release}, []string{"1.5", fabricbin.CARelease}
	var all []Made
	for _, i := range []struct {
		name  string
		image image.Image
	}{
		{"fabric-peer", image.Image{Tags: tags("hyperledger/fabric-peer", fabric...), Files: peer, Cmd: []string{"peer", "node", "start"}}},
		{"fabric-orderer", image.Image{Tags: tags("hyperledger/fabric-orderer", fabric...), Cmd: []string{"orderer"},
			Files: append([]image.File{program("orderer", tools.Orderer), template("orderer.yaml")}, base...)}},
		{"fabric-ca", image.Image{Tags: tags("hyperledger/fabric-ca", ca...), Cmd: []string{"fabric-ca-server", "start", "-b", "admin:adminpw"},
			Files: append([]image.File{program("fabric-ca-server", tools.StaticCAServer), program("fabric-ca-client", tools.Commands["fabric-ca-client"])}, base...)}},
		{"busybox", image.Image{Tags: []string{"busybox:latest"}, Cmd: []string{"sh"}, Files: base}},
	} {
		i.image.Created = time.Unix(0, 0)
		i.image.Env = []string{"PATH=/usr/local/bin:/bin", "FABRIC_CFG_PATH=/etc/hyperledger/fabric"}
		i.image.Labels = map[string]string{"org.opencontainers.image.description": "Fabric " + fabricbin.Release + " with CA " + fabricbin.CARelease + ", built from the sources that lifeledger pins"}
		made, err := m.write(i.image, i.name)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

// CouchStandIn makes an image that answers as CouchDB does, under the name that
// test-network's compose file has for CouchDB. It is for tests where the real one cannot
// be had, and says so in its labels and when it starts; it is never made over a real one.
func (m Images) CouchStandIn(ctx context.Context) (Made, error) {
	if out, err := docker(ctx, "image", "inspect", "--format", `{{index .Config.Labels "com.lifeledger.stands-in-for"}}`, couchImage); err == nil && out == "" {
		return Made{}, fmt.Errorf("image %s is there already, and no stand-in", couchImage)
	}
	program := filepath.Join(m.Dir, "couchdb-stand-in")
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return Made{}, err
	}
	if err := fabricbin.Static(ctx, m.Root, "./network/couchstandin/serve", program, m.Progress); err != nil {
		return Made{}, err
	}
	return m.write(image.Image{
		Tags: []string{couchImage}, Created: time.Unix(0, 0), Ports: []string{"5984/tcp"},
		Files:      []image.File{{Path: "/couchdb-stand-in", Source: program, Mode: 0o755}, {Path: "/opt/couchdb/data", Mode: 0o700}},
		Entrypoint: []string{"/couchdb-stand-in", "-listen", ":5984", "-dir", "/opt/couchdb/data"},
		Labels:     map[string]string{"com.lifeledger.stands-in-for": "couchdb", "org.opencontainers.image.description": "no CouchDB: a stand-in for tests only"},
	}, "couchdb-stand-in")
}

// system is what Fabric's programs and the scripts around them expect of a Linux.
func system(shell string) []image.File {
	files := []image.File{
		{Path: "/bin/busybox", Source: shell, Mode: 0o755},
		{Path: "/etc/passwd", Content: []byte("root:x:0:0:root:/root:/bin/sh\n")},
		{Path: "/etc/group", Content: []byte("root:x:0:\n")},
		{Path: "/etc/nsswitch.conf", Content: []byte("hosts: files dns\n")},
		{Path: "/root", Mode: 0o700}, {Path: "/tmp", Mode: 0o1777}, {Path: "/var/hyperledger", Mode: 0o755},
	}
	for _, name := range fabricbin.Applets() {
		files = append(files, image.File{Path: "/bin/" + name, Link: "busybox"})
	}
	return files
}

func (m Images) write(i image.Image, name string) (Made, error) {
	made := Made{File: filepath.Join(m.Dir, name+".tar"), Tags: i.Tags}
	f, err := os.Create(made.File)
	if err != nil {
		return made, err
	}
	if made.ID, err = i.Write(f); err != nil {
		return made, errors.Join(fmt.Errorf("image %s: %w", name, err), f.Close())
	}
	if info, err := f.Stat(); err == nil {
		made.Size = info.Size()
	}
	m.Progress("image %s is %.1f MB, %s", i.Tags[0], float64(made.Size)/1e6, made.ID)
	return made, f.Close()
}

// commit is the checkout's revision and its time; without git, none and the epoch.
func (m Images) commit() (revision string, at time.Time) {
	out, err := exec.Command("git", "-C", m.Root, "log", "-1", "--format=%H %ct").Output()
	hash, seconds, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	unix, parseErr := strconv.ParseInt(seconds, 10, 64)
	if err != nil || parseErr != nil {
		return "unknown", time.Unix(0, 0)
	}
	return hash, time.Unix(unix, 0)
}

// Load gives images to Docker.
func Load(ctx context.Context, all []Made) error {
	for _, m := range all {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, "docker", "load", "--quiet", "--input", m.File)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("docker load of %s: %s", m.File, strings.TrimSpace(out.String()))
		}
	}
	return nil
}
