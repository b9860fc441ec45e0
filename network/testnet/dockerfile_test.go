package testnet

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/image"
	"github.com/lifeledger/lifeledger/network/launch"
)

// TestTheDockerfileHasTheSameFlags needs no Docker: the programs can only be the same when
// they are compiled in the same way.
func TestTheDockerfileHasTheSameFlags(t *testing.T) {
	text, err := os.ReadFile("../../test-network-config/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var command []string
	for _, arg := range fabricbin.StaticFlags("${VERSION}") {
		if strings.Contains(arg, " ") {
			arg = `"` + arg + `"`
		}
		command = append(command, arg)
	}
	if want := "RUN CGO_ENABLED=0 go build " + strings.Join(command, " ") + " -o /out/ ./chaincode ./gateway\n"; !bytes.Contains(text, []byte(want)) {
		t.Errorf("the Dockerfile has not:\n%s", want)
	}
}

// TestTheDockerfileMakesTheSamePrograms builds the Dockerfile with the engine's own
// builder, in an image that is this machine's Go and a shell, and compares what comes out
// with what [Images] makes.
func TestTheDockerfileMakesTheSamePrograms(t *testing.T) {
	root := dockerTests(t)
	b := builder{t: t, root: root, image: "lifeledger-test/builder:latest", version: fabricbin.Version(root)}
	b.prepare()
	for _, name := range []string{"chaincode", "gateway"} {
		dir := t.TempDir()
		program := filepath.Join(dir, name)
		if err := fabricbin.Static(t.Context(), root, "./"+name, program, t.Logf); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		bom, err := image.SBOM(program)
		if err != nil {
			t.Fatal(err)
		}
		id := b.build(name)
		files := exported(t, id)
		if got := files[name]; !bytes.Equal(got.content, want) || got.header.Mode&0o7777 != 0o755 {
			t.Errorf("the %s has %d bytes and mode %o, want %d others", name, len(got.content), got.header.Mode, len(want))
		}
		if got := files["sbom.cdx.json"]; !bytes.Equal(got.content, bom) {
			t.Errorf("the bill of materials of the %s is another:\n%s", name, got.content)
		}
		if got := files["tmp"].header; got.Mode&0o1777 != 0o1777 {
			t.Errorf("/tmp of the %s has mode %o", name, got.Mode)
		}
		if got := files["var/lib/lifeledger"].header; name == "gateway" && (got.Uid != Nobody || got.Gid != Nobody || got.Mode&0o777 != 0o700) {
			t.Errorf("the gateway's data is of %d:%d, mode %o", got.Uid, got.Gid, got.Mode)
		}
		for file := range files {
			if !slices.Contains([]string{name, "sbom.cdx.json", "tmp", "var", "var/lib", "var/lib/lifeledger"}, file) && !engines(file) {
				t.Errorf("the image of the %s holds %s", name, file)
			}
		}
		b.settings(id, name)
	}
}

// dockerTests gives the root of the module where somebody asked for tests with Docker.
func dockerTests(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("left out: what needs Docker; run without -short")
	}
	if os.Getenv("FABRIC_SAMPLES") == "" {
		t.Skip("left out: what needs Docker; name a checkout of fabric-samples in FABRIC_SAMPLES")
	}
	if err := Docker(t.Context()); err != nil {
		t.Skipf("left out: what needs Docker; %v", err)
	}
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// builder builds the Dockerfile without a registry.
type builder struct {
	t           *testing.T
	root, image string
	version     string
	proxy       string // of modules
}

// prepare imports the image to build in, and answers for the modules that are here.
func (b *builder) prepare() {
	shell, err := fabricbin.Busybox()
	if err != nil {
		b.t.Skipf("left out: the Dockerfile; %v", err)
	}
	cmd := exec.CommandContext(b.t.Context(), "docker", "import", "--change", "ENV PATH=/usr/local/go/bin:/bin", "--change", "ENV GOTOOLCHAIN=local GOCACHE=/gocache GOPATH=/go", "-", b.image)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	var says bytes.Buffer
	cmd.Stdout, cmd.Stderr = &says, &says
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if err := errors.Join(toolchain(in, goEnv(b.t, "GOROOT"), shell), in.Close(), cmd.Wait()); err != nil {
		b.t.Fatalf("%v: %s", err, says.String())
	}
	b.t.Cleanup(func() { _, _ = docker(context.Background(), "rmi", b.image) })
	modules := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(goEnv(b.t, "GOMODCACHE"), "cache", "download"))))
	b.t.Cleanup(modules.Close)
	b.proxy = modules.URL
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// toolchain writes a system of Go and busybox alone.
func toolchain(to io.Writer, goroot, shell string) error {
	w := tar.NewWriter(to)
	if err := errors.Join(addFile(w, shell, "bin/busybox"), w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777})); err != nil {
		return err
	}
	for _, name := range strings.Fields("sh mkdir chmod cp find touch") {
		if err := w.WriteHeader(&tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}); err != nil {
			return err
		}
	}
	for _, dir := range []string{"bin", "pkg", "src", "lib"} {
		if err := addTree(w, filepath.Join(goroot, dir), path.Join("usr/local/go", dir)); err != nil {
			return err
		}
	}
	return errors.Join(addFile(w, filepath.Join(goroot, "go.env"), "usr/local/go/go.env"), addFile(w, filepath.Join(goroot, "VERSION"), "usr/local/go/VERSION"), w.Close())
}

func addTree(w *tar.Writer, from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		below, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		return addFile(w, name, path.Join(to, filepath.ToSlash(below)))
	})
}

func addFile(w *tar.Writer, from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: to, Typeflag: tar.TypeReg, Mode: int64(info.Mode().Perm()), Size: int64(len(content))}); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// build makes one target and gives the image's id.
func (b *builder) build(target string) string {
	b.t.Helper()
	var sources, says bytes.Buffer
	w := tar.NewWriter(&sources)
	for _, name := range []string{"go.mod", "go.sum", "test-network-config/Dockerfile"} {
		if err := addFile(w, filepath.Join(b.root, name), name); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, name := range []string{"chaincode", "gateway", "network/image"} {
		if err := addTree(w, filepath.Join(b.root, name), name); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	tag := "lifeledger-test/" + target + ":latest"
	cmd := exec.CommandContext(b.t.Context(), "docker", "build", "--network", "host", "--file", "test-network-config/Dockerfile", "--target", target, "--tag", tag,
		"--build-arg", "BUILDER="+b.image, "--build-arg", "VERSION="+b.version, "--build-arg", "REVISION=r1", "--build-arg", "GOPROXY="+b.proxy, "-")
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &sources, &says, &says
	if err := cmd.Run(); err != nil {
		b.t.Fatalf("docker build: %v\n%s", err, says.String())
	}
	b.t.Cleanup(func() { _, _ = docker(context.Background(), "rmi", tag) })
	return tag
}

// entry is a file or a directory of an image.
type entry struct {
	header  tar.Header
	content []byte
}

// engines says whether a file is one that the engine puts into every container.
func engines(file string) bool {
	first, _, _ := strings.Cut(file, "/")
	return slices.Contains([]string{"dev", "etc", "proc", "sys", ".dockerenv"}, first)
}

func exported(t *testing.T, tag string) map[string]entry {
	t.Helper()
	id, err := docker(t.Context(), "create", tag)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = docker(context.Background(), "rm", id) })
	out, err := exec.CommandContext(t.Context(), "docker", "export", id).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]entry{}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[path.Clean(h.Name)] = entry{*h, content}
	}
}

// settings holds an image to what [Images] says of its own.
func (b *builder) settings(tag, name string) {
	b.t.Helper()
	text, err := docker(b.t.Context(), "image", "inspect", "--format", `{"Size":{{.Size}},"Config":{{json .Config}}}`, tag)
	if err != nil {
		b.t.Fatal(err)
	}
	var is struct {
		Size   int64
		Config struct {
			User         string
			Entrypoint   []string
			ExposedPorts map[string]any
			Healthcheck  struct{ Test []string }
			Labels       map[string]string
		}
	}
	if err := json.Unmarshal([]byte(text), &is); err != nil {
		b.t.Fatal(err)
	}
	port := map[string]string{"chaincode": "9999/tcp", "gateway": "8443/tcp"}[name]
	if _, ok := is.Config.ExposedPorts[port]; !ok || is.Size > maxProduct {
		b.t.Errorf("%s: %s", name, text)
	}
	got := fmt.Sprintf("%s%v%v", is.Config.User, is.Config.Entrypoint, is.Config.Healthcheck.Test)
	if want := fmt.Sprintf("%d:%d[/%s][CMD /%s -health]", Nobody, Nobody, name, name); got != want {
		b.t.Errorf("%s has %s, want %s", name, got, want)
	}
	for label, want := range map[string]string{"title": "lifeledger " + name, "version": b.version, "revision": "r1", "base.name": "scratch", "licenses": "Apache-2.0"} {
		if got := is.Config.Labels["org.opencontainers.image."+label]; got != want {
			b.t.Errorf("%s: label %s is %q, want %q", name, label, got, want)
		}
	}
}
