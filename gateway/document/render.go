package document

import (
	"bytes"
	"html/template"
	"strings"
)

// Markdown is the journey as CommonMark with tables.
func (j Journey) Markdown() []byte { return markdown(j.sections()) }

func markdown(all []section) []byte {
	var b bytes.Buffer
	for i, s := range all {
		mark := "## "
		if i == 0 {
			mark = "# "
		}
		b.WriteString(mark + plain(s.title) + "\n\n")
		for _, says := range s.says {
			b.WriteString(plain(says) + "\n\n")
		}
		if len(s.rows) == 0 {
			if len(s.head) > 0 && len(s.says) == 0 {
				b.WriteString("None.\n\n")
			}
			continue
		}
		row(&b, s.head)
		b.WriteString(strings.Repeat("|---", len(s.head)) + "|\n")
		for _, r := range s.rows {
			row(&b, r)
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

func row(b *bytes.Buffer, cells []string) {
	for _, c := range cells {
		b.WriteString("| " + plain(c) + " ")
	}
	b.WriteString("|\n")
}

// plain makes text that Markdown, and the HTML in it, takes as nothing but text.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case r == '<':
			b.WriteString("&lt;")
			continue
		case strings.ContainsRune("\\`*_{}[]>#|!~", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// page is one self-contained page that prints well; html/template escapes all texts.
var page = template.Must(template.New("journey").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{(index . 0).Title}}</title>
<style>
body { font: 10pt/1.4 serif; margin: 2em; color: #000; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 0.5em 0 1.5em; }
th, td { border: 1px solid #888; padding: 0.2em 0.4em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
h2 { break-after: avoid; }
tr { break-inside: avoid; }
@page { size: A4 landscape; margin: 1.5cm; }
</style>
</head>
<body>
{{range $i, $s := .}}{{if $i}}<h2>{{$s.Title}}</h2>{{else}}<h1>{{$s.Title}}</h1>{{end}}
{{range $s.Says}}<p>{{.}}</p>
{{end}}{{if $s.Rows}}<table>
<thead><tr>{{range $s.Head}}<th>{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range $s.Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody>
</table>
{{end}}{{end}}</body>
</html>
`))

// HTML is the journey as one page.
func (j Journey) HTML() ([]byte, error) { return html(j.sections()) }

func html(sections []section) ([]byte, error) {
	type shown struct {
		Title string
		Says  []string
		Head  []string
		Rows  [][]string
	}
	var all []shown
	for _, s := range sections {
		all = append(all, shown{s.title, s.says, s.head, s.rows})
	}
	var b bytes.Buffer
	err := page.Execute(&b, all)
	return b.Bytes(), err
}
