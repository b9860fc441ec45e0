package notary

import (
	"strings"
	"testing"
)

// A file sets an answer out in lines, which takes room for each element by its depth.
func TestHowDeepAnAnswerIs(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]bool{
		nested(maxDepth):                 false,
		nested(maxDepth + 1):             true,
		`{"a":` + nested(maxDepth) + `}`: true,
		`{"a":"` + strings.Repeat("[", 100) + `","b":"\"` + strings.Repeat("{", 100) + `"}`: false,
		"[" + strings.Repeat("[],", 1000) + "{}]":                                           false,
	} {
		if got := deep([]byte(text)); got != want {
			t.Errorf("%.40s…: %v", text, got)
		}
	}
}
