// Package docs holds the documents to what they speak about: links lead
// somewhere, nothing is an orphan, and every capability names things that exist.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

// markdown lists the documents of the repository, by path from its top.
func markdown(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryLinkLeadsToAFile(t *testing.T) {
	for _, doc := range markdown(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			target := filepath.Join(filepath.Dir(doc), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
	}
}

func TestEveryDocumentIsReachedFromTheReadme(t *testing.T) {
	seen := map[string]bool{}
	queue := []string{filepath.Join("..", "README.md")}
	for len(queue) > 0 {
		doc := queue[0]
		queue = queue[1:]
		if seen[doc] {
			continue
		}
		seen[doc] = true
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(doc), m[1])
			if info, err := os.Stat(target); err == nil && info.IsDir() {
				target = filepath.Join(target, "README.md")
			}
			if _, err := os.Stat(target); err == nil && strings.HasSuffix(target, ".md") {
				queue = append(queue, target)
			}
		}
	}
	for _, doc := range markdown(t) {
		if !seen[doc] {
			t.Errorf("no document links to %s", doc)
		}
	}
}

func TestEveryDecisionHasItsSections(t *testing.T) {
	files, err := filepath.Glob("adr/[0-9]*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	for _, f := range files {
		text := read(t, f)
		for _, section := range []string{"*Status:*", "*Date:*", "## Context", "## Decision", "## Consequences", "## Alternatives", "## Held by"} {
			if !strings.Contains(text, section) {
				t.Errorf("%s has no %q", f, section)
			}
		}
		_, rest, _ := strings.Cut(text, "## Alternatives")
		alternatives, _, _ := strings.Cut(rest, "\n## ")
		if strings.Count(alternatives, "\n- ") < 2 {
			t.Errorf("%s names fewer than two alternatives", f)
		}
	}
}

var (
	row  = regexp.MustCompile(`(?m)^\| ([A-Z]{2}\d+) \|(.*)\|$`)
	code = regexp.MustCompile("`([^`]+)`")
)

// TestEveryCapabilityNamesWhatExists checks each row of capabilities.md: a
// transaction by its exact name, a route of the API, a test by its name, a file.
func TestEveryCapabilityNamesWhatExists(t *testing.T) {
	text := read(t, "capabilities.md")
	openapi := read(t, filepath.Join("..", "gateway", "openapi.yaml"))
	tests := testNames(t)
	rows := row.FindAllStringSubmatch(text, -1)
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r[1]] {
			t.Errorf("%s stands twice", r[1])
		}
		seen[r[1]] = true
		for _, c := range code.FindAllStringSubmatch(r[2], -1) {
			if !exists(c[1], openapi, tests) {
				t.Errorf("%s names %q, which does not exist", r[1], c[1])
			}
		}
	}
	for prefix, n := range map[string]int{"ID": 16, "CM": 18, "SV": 14, "MF": 14, "PV": 11, "SH": 19, "MK": 9, "GW": 8, "LG": 13} {
		for i := 1; i <= n; i++ {
			if id := prefix + strconv.Itoa(i); !seen[id] {
				t.Errorf("%s has no row", id)
			}
		}
	}
}

func exists(name, openapi string, tests map[string]bool) bool {
	if verb, path, ok := strings.Cut(name, " "); ok && slices.Contains([]string{"GET", "POST", "PUT"}, verb) {
		_, rest, found := strings.Cut(openapi, "\n  "+path+":\n")
		operations, _, _ := strings.Cut(rest, "\n  /")
		return found && strings.Contains("\n"+operations, "\n    "+strings.ToLower(verb)+":")
	}
	if slices.ContainsFunc(api.Transactions(), func(a api.Access) bool { return string(a.Name) == name }) || tests[name] {
		return true
	}
	_, err := os.Stat(filepath.Join("..", name))
	return err == nil
}

var declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
				names[m[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
