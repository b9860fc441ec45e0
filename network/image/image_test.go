package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func small(t *testing.T) Image {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("ELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	return Image{
		Tags: []string{"a:1", "a:latest"}, Created: time.Unix(1_700_000_000, 0), Entrypoint: []string{"/program"}, User: "65532:65532",
		Files:  []File{{Path: "/program", Source: program, Mode: 0o755}, {Path: "/data", Mode: 0o700, Owner: 65532}, {Path: "/bin/sh", Link: "busybox"}},
		Labels: map[string]string{"b": "2", "a": "1"}, Health: &Health{Test: []string{"/program", "-health"}, Interval: time.Second},
	}
}

func write(t *testing.T, i Image) (string, []byte) {
	t.Helper()
	var out bytes.Buffer
	id, err := i.Write(&out)
	if err != nil {
		t.Fatal(err)
	}
	return id, out.Bytes()
}

func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	i := small(t)
	id, first := write(t, i)
	i.Files[0], i.Files[2] = i.Files[2], i.Files[0] // the order of naming says nothing
	if again, second := write(t, i); again != id || !bytes.Equal(first, second) {
		t.Errorf("%s and %s", id, again)
	}
	i.Labels["a"] = "other"
	if changed, _ := write(t, i); changed == id {
		t.Error("another label has the same id")
	}
}

func entries(t *testing.T, b []byte) map[string]*tar.Header {
	t.Helper()
	all := map[string]*tar.Header{}
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = h
	}
}

func TestWhatIsInside(t *testing.T) {
	i := small(t)
	layer, err := i.layer()
	if err != nil {
		t.Fatal(err)
	}
	all := entries(t, layer)
	if h := all["program"]; h == nil || h.Mode != 0o755 || h.Size != 3 || !h.ModTime.Equal(i.Created) {
		t.Errorf("%+v", h)
	}
	if h := all["data/"]; h == nil || h.Uid != 65532 || h.Mode != 0o700 {
		t.Errorf("%+v", h)
	}
	if h := all["bin/sh"]; h == nil || h.Linkname != "busybox" || all["bin/"] == nil {
		t.Errorf("%+v", h)
	}
}

func TestOnABase(t *testing.T) {
	base := Image{Created: time.Unix(1, 0), Env: []string{"A=1"}, Files: []File{{Path: "/etc/base", Content: []byte("x")}}}
	path := filepath.Join(t.TempDir(), "base.tar")
	_, archive := write(t, base)
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	i := small(t)
	i.Base, i.Env = path, []string{"B=2"}
	_, b := write(t, i)
	whole := filepath.Join(t.TempDir(), "whole.tar")
	if err := os.WriteFile(whole, b, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readArchive(whole)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.layers) != 2 || strings.Join(got.config.Config.Env, " ") != "A=1 B=2" || got.config.Config.Healthcheck.Test[0] != "CMD" {
		t.Errorf("%d layers, %+v", len(got.layers), got.config.Config)
	}
	if err := os.WriteFile(path, archive[:len(archive)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Write(io.Discard); err == nil {
		t.Error("half a base is taken")
	}
}

func TestSBOM(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	first, err := SBOM(self)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
		Metadata   struct{ Component struct{ Name string } }
	}
	if err := json.Unmarshal(first, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Name == "" || len(bom.Components) == 0 || !strings.HasPrefix(bom.Components[0].PURL, "pkg:golang/std@1.") {
		t.Errorf("%+v", bom)
	}
	if again, _ := SBOM(self); !bytes.Equal(first, again) {
		t.Error("it is another one the second time")
	}
	if _, err := SBOM(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file has a bill")
	}
}
