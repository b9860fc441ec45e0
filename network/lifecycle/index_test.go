package lifecycle

import (
	"os"
	"path/filepath"
	"testing"
)

func TestThePackageHoldsTheIndexesThatStandBesideTheSource(t *testing.T) {
	source := t.TempDir()
	if all, err := ReadIndexes(source); err != nil || len(all) != 0 {
		t.Errorf("a chaincode without indexes: %v, %v", all, err)
	}
	dir := filepath.Join(source, filepath.FromSlash(indexDir))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"owner.json": `{"a":1}`, "at.json": `{"b":2}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ReadIndexes(source)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	p, err := NewPackage("lifeledger", all...)
	if err != nil {
		t.Fatal(err)
	}
	inner := unpack(t, unpack(t, p.Bytes)["code.tar.gz"])
	if string(inner["META-INF/statedb/couchdb/indexes/owner.json"]) != `{"a":1}` || len(inner) != 3 {
		t.Errorf("%q", inner)
	}
	turned, err := NewPackage("lifeledger", all[1], all[0])
	if err != nil || turned.ID != p.ID {
		t.Errorf("the order in which indexes are given changes the id: %v", err)
	}
	if fewer, err := NewPackage("lifeledger", all[0]); err != nil || fewer.ID == p.ID {
		t.Errorf("another set of indexes has the same id: %v", err)
	}
	copies := filepath.Join(t.TempDir(), "indexes")
	if err := WriteIndexes(copies, all); err != nil {
		t.Fatal(err)
	}
	if err := WriteIndexes(copies, all[:1]); err != nil { // one that is no longer declared does not stay
		t.Fatal(err)
	}
	if files, err := os.ReadDir(copies); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadIndexes(source); err == nil {
		t.Error("what is no index was taken into the package")
	}
}
