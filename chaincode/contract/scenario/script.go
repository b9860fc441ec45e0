package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Scenario is one story and its script.
type Scenario struct {
	Name   string
	Story  string
	cast   Cast
	script []line
}

type line struct {
	number int
	words  []string // the command and its words; JSON is the last one
	json   string   // the JSON at the end, or ""
}

// Load reads every scenario of a directory, by name.
func Load(dir string) ([]*Scenario, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no scenarios in %s: %w", dir, err)
	}
	var all []*Scenario
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s, err := Parse(strings.TrimSuffix(filepath.Base(f), ".txtar"), data)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Parse reads a txtar file.
func Parse(name string, data []byte) (*Scenario, error) {
	a := txtar.Parse(data)
	s := &Scenario{Name: name, cast: DefaultCast(), Story: strings.TrimSpace(string(a.Comment))}
	if s.Story == "" {
		return nil, fmt.Errorf("%s tells no story", name)
	}
	if len(a.Files) != 1 || a.Files[0].Name != "script" {
		return nil, fmt.Errorf("%s: want one file, the script", name)
	}
	offset := strings.Count(string(a.Comment), "\n") + 1
	lines := strings.Split(string(a.Files[0].Data), "\n")
	for i := 0; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		first := i
		for open(text) && i+1 < len(lines) {
			i++
			text += " " + strings.TrimSpace(lines[i])
		}
		l := line{number: offset + first + 1}
		l.split(text)
		s.script = append(s.script, l)
	}
	return s, nil
}

// split parts the words from the JSON object that may stand at the end.
func (l *line) split(text string) {
	if strings.HasPrefix(text, "raw ") {
		l.words = strings.SplitN(text, " ", 3)
		return
	}
	if i := strings.Index(text, " {"); i >= 0 {
		text, l.json = text[:i], text[i+1:]
	}
	l.words = strings.Fields(text)
}

// open reports whether brackets outside strings are unbalanced. A reference's
// braces balance.
func open(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth > 0
}
