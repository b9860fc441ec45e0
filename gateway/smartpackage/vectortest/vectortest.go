// Package vectortest holds what tests of a protocol need that devices of other makers
// speak too: vectors that are the same in testdata and in the protocol's document,
// and a second implementation in JavaScript, written from that document alone.
package vectortest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Update is the flag with which vectors are written anew.
var Update = flag.Bool("update", false, "write testdata and the document's vectors anew")

// File is where a package keeps its vectors.
var File = filepath.Join("testdata", "vectors.json")

const (
	begin = "<!-- vectors: begin -->\n```json\n"
	end   = "```\n<!-- vectors: end -->"
)

// Hold compares vectors with those of testdata and with those that the document
// shows, or writes both when [Update] is set.
func Hold(t *testing.T, document string, vectors any) {
	t.Helper()
	text := indented(t, vectors)
	page, err := os.ReadFile(document)
	check(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	shown, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no vectors", document)
	}
	if *Update {
		check(t, os.WriteFile(File, []byte(text), 0o644))
		check(t, os.WriteFile(document, []byte(before+begin+text+end+after), 0o644))
		return
	}
	want, err := os.ReadFile(File)
	check(t, err)
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("who is in the field would not understand us: %s", diff)
	}
	if diff := cmp.Diff(string(want), shown); diff != "" {
		t.Errorf("%s shows others: %s", document, diff)
	}
}

// Node runs the second implementation, testdata/node, and skips where Node.js is not
// installed.
func Node(t *testing.T, command string, in, out any) {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the second implementation is not compared")
	}
	input, err := json.Marshal(in)
	check(t, err)
	cmd := exec.CommandContext(t.Context(), path, filepath.Join("testdata", "node", "main.mjs"), command)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", command, err, stderr.String())
	}
	check(t, json.Unmarshal(text, out))
}

// indented is JSON for people, in which < and & stand for themselves.
func indented(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	check(t, enc.Encode(v))
	return b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
