package fabricbin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFollowsThePins(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("one"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, err := sets[0].key(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := sets[0].key(dir); again != first {
		t.Error("the same pins have two keys")
	}
	if other, _ := sets[1].key(dir); other == first {
		t.Error("another set has the same key")
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, _ := sets[0].key(dir); changed == first {
		t.Error("other pins have the same key")
	}
	if _, err := sets[0].key(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no pins: %v", err)
	}
}

func TestPinsNameTheRelease(t *testing.T) {
	for _, s := range sets {
		b, err := os.ReadFile(filepath.Join("build", s.name, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.packages {
			if !strings.Contains(string(b), p) {
				t.Errorf("%s is no tool of its module", p)
			}
		}
	}
}

func TestTellingIsOneLineThatMatters(t *testing.T) {
	failed := errors.New("exit status 1")
	for out, want := range map[string]string{
		"": "exit status 1",
		"go: downloading a v1\n# example.com/a\na/b.go:3:2: undefined: x\na/b.go:4:2: more\n": "a/b.go:3:2: undefined: x",
	} {
		if got := telling([]byte(out), failed); got != want {
			t.Errorf("%q: %q", out, got)
		}
	}
}

func TestInstallReplacesWithoutTouchingTheOldFile(t *testing.T) {
	dir := t.TempDir()
	old, renewed, to := filepath.Join(dir, "old"), filepath.Join(dir, "new"), filepath.Join(dir, "run", "program")
	for path, text := range map[string]string{old: "old", renewed: "new"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{old, old, renewed} {
		if err := Install(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{to: "new", old: "old"} {
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	a, _ := Digest(to)
	if b, err := Digest(renewed); err != nil || a != b {
		t.Errorf("%s, %s, %v", a, b, err)
	}
}

func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	waiting, got := make(chan struct{}), make(chan error, 1)
	go func() {
		second, err := lock(t.Context(), path, func(string, ...any) { close(waiting) })
		if err == nil {
			second()
		}
		got <- err
	}()
	<-waiting
	unlock()
	if err := <-got; err != nil {
		t.Error(err)
	}
}
