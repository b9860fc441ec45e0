package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lifeledger/lifeledger/gateway/durable"
)

// A file has its new content or its old one, for those whom its mode lets read it.
func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, content := range []string{"first", "second, longer", ""} {
		if err := durable.Write(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := durable.Write(dir, []byte("a directory's name"), 0o600); err == nil {
		t.Error("a directory was written over")
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*"+durable.Partial)); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	if err := durable.Sync(filepath.Join(dir, "missing")); err == nil {
		t.Error("what is not there is on the disk")
	}
}
