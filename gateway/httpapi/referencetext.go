package httpapi

import (
	"encoding/json"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	bold     = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	verbatim = regexp.MustCompile("`([^`]+)`")
)

// inline escapes text and marks up what openapi.yaml uses of Markdown.
func inline(text string) template.HTML {
	text = template.HTMLEscapeString(text)
	text = bold.ReplaceAllString(text, "<b>$1</b>")
	return template.HTML(verbatim.ReplaceAllString(text, "<code>$1</code>"))
}

func prose(text string) template.HTML {
	var b strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p != "" {
			b.WriteString("<p>" + string(inline(p)) + "</p>")
		}
	}
	return template.HTML(b.String())
}

func link(name string) template.HTML {
	name = template.HTMLEscapeString(name)
	return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`)
}

// nameOf is the name of the schema that is referred to, or "".
func nameOf(s *openapi3.SchemaRef) string {
	name, _ := strings.CutPrefix(s.Ref, "#/components/schemas/")
	return name
}

func typeOf(s *openapi3.SchemaRef) template.HTML {
	if name := nameOf(s); name != "" {
		return link(name)
	}
	v := s.Value
	switch {
	case v.Type.Is("array"):
		return "list of " + typeOf(v.Items)
	case len(v.Enum) > 0:
		var words []string
		for _, e := range v.Enum {
			words = append(words, "`"+exampleText(e)+"`")
		}
		return inline(strings.Join(words, ", "))
	case v.Type != nil && len(*v.Type) > 0:
		return inline((*v.Type)[0])
	}
	return "any"
}

func fieldOf(name string, s *openapi3.SchemaRef, required bool) referenceField {
	f := referenceField{Name: name, Required: required, Type: typeOf(s), Says: inline(s.Value.Description)}
	if nameOf(s) == "" {
		f.Limits = limitsOf(s.Value)
	}
	if !s.Value.Type.Is("array") && !s.Value.Type.Is("object") {
		f.Example = exampleText(s.Value.Example)
	}
	return f
}

// fieldNames has the required fields first, in the order of openapi.yaml.
func fieldNames(s *openapi3.Schema) []string {
	names := slices.Clone(s.Required)
	for _, name := range sortedNames(s.Properties) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func exampleText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// example writes an example of a schema as JSON: its own, or one made of those
// of its required fields.
func example(s *openapi3.SchemaRef, indent string) string {
	var b strings.Builder
	writeExample(&b, s.Value, s.Value.Example, indent, 0)
	return b.String()
}

// exampleOf is the example of one answer: its own, or that of its schema.
func exampleOf(media *openapi3.MediaType) string {
	if media.Example == nil {
		return example(media.Schema, "")
	}
	var b strings.Builder
	writeExample(&b, media.Schema.Value, media.Example, "", 0)
	return b.String()
}

const exampleDepth = 8

func writeExample(b *strings.Builder, s *openapi3.Schema, given any, indent string, depth int) {
	inner := indent + "  "
	members, _ := given.(map[string]any)
	items, _ := given.([]any)
	switch {
	case depth > exampleDepth:
		b.WriteString("null")
	case len(s.Properties) > 0:
		names := s.Required
		if members != nil {
			names = slices.DeleteFunc(fieldNames(s), func(n string) bool { _, ok := members[n]; return !ok })
		}
		for i, name := range names {
			b.WriteString(opening(i, "{") + inner + `"` + name + `": `)
			p := s.Properties[name].Value
			value, ok := members[name]
			if !ok {
				value = p.Example
			}
			writeExample(b, p, value, inner, depth+1)
		}
		b.WriteString(closing(len(names), indent, "{}", "}"))
	case s.Type.Is("array"):
		n := max(len(items), 1)
		if given != nil {
			n = len(items)
		}
		for i := range n {
			b.WriteString(opening(i, "[") + inner)
			value := s.Items.Value.Example
			if i < len(items) {
				value = items[i]
			}
			writeExample(b, s.Items.Value, value, inner, depth+1)
		}
		b.WriteString(closing(n, indent, "[]", "]"))
	default:
		b.WriteString(scalar(s, given))
	}
}

func opening(i int, bracket string) string {
	if i == 0 {
		return bracket + "\n"
	}
	return ",\n"
}

func closing(n int, indent, empty, bracket string) string {
	if n == 0 {
		return empty
	}
	return "\n" + indent + bracket
}

func scalar(s *openapi3.Schema, given any) string {
	switch {
	case given != nil:
	case len(s.Enum) > 0:
		given = s.Enum[0]
	case s.Type.Is("boolean"):
		given = false
	case s.Type.Is("integer"):
		given = 0
	case s.Type.Is("object"):
		given = map[string]any{}
	default:
		given = "text"
	}
	b, err := json.Marshal(given)
	if err != nil {
		return "null"
	}
	return string(b)
}
