package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerify: with the roots of those who signed and nothing else.
func TestVerify(t *testing.T) {
	const file, roots = "notary/testdata/memory.json", "notary/testdata/roots"
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	altered := filepath.Join(dir, "altered.json")
	if err := os.WriteFile(altered, bytes.Replace(good, []byte(`"owner": "A"`), []byte(`"owner": "B"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		says string // of the report, or of the refusal
		fine bool
	}{
		{file + " -roots " + roots, "vouched for by    A, B, C", true},
		{"-roots " + roots + " " + file, "peer \"peer.b\", certificate SHA-256 ", true},
		{file + " -roots " + roots + " -organisations A,C -ledger lifeledger/lifeledger", "height at least   8", true},
		{file + " -roots " + roots, "by the word of A alone: 2, of blocks 7 to 9", true},
		{file + " -roots " + roots + " -organisations A,D", "REFUSED: there are no root certificates of D", false},
		{file + " -roots " + roots + " -ledger trial/lifeledger", "REFUSED: it is about the ledger lifeledger/lifeledger", false},
		{altered + " -roots " + roots, "REFUSED: the result that is displayed is not the one that was endorsed", false},
		{file + " -roots " + dir, "holds no file MSPID.pem", false},
		{file, "usage: gateway verify", false},
		{"-roots " + roots, "usage: gateway verify", false},
		{file + " -roots " + roots + " more", "usage: gateway verify", false},
		{file + " -roots " + roots + " -out " + filepath.Join(dir, "page.pdf"), "usage: gateway verify", false},
		{filepath.Join(dir, "none.json") + " -roots " + roots, "no such file", false},
	} {
		var out bytes.Buffer
		err := verifyFile(strings.Fields(c.args), &out)
		said := out.String()
		if !c.fine && err != nil {
			said = err.Error()
		}
		if (err == nil) != c.fine || !strings.Contains(said, c.says) {
			t.Errorf("%s: %v\n%s", c.args, err, out.String())
		}
	}
}

// TestAVerifiedMemoryIsAPage that says who vouches for it.
func TestAVerifiedMemoryIsAPage(t *testing.T) {
	for _, name := range []string{"page.html", "page.md"} {
		path := filepath.Join(t.TempDir(), name)
		if err := verifyFile([]string{"notary/testdata/memory.json", "-roots", "notary/testdata/roots", "-out", path}, new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Who vouches for this", "peer.c", "Where the transactions are", "By the word of A alone", "8 blocks at least", "9aa56d6cc66118b3c4c58cbc428e0911fd8cf63b3d49258451c520e9ef9380a7"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s does not say %s", name, want)
			}
		}
	}
}
