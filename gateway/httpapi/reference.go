package httpapi

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

//go:embed style.css
var styleSheet string

//go:embed reference.html.tmpl
var referenceText string

//go:embed problems.html.tmpl
var problemsText string

// reference is the API reference as its template sees it.
type reference struct {
	Title, Version  string
	Style           template.CSS
	Intro, Security template.HTML
	Groups          []referenceGroup
	Schemas         []referenceSchema
}

type referenceGroup struct {
	Name, Says string
	Operations []referenceOperation
}

type referenceOperation struct {
	ID, Method, Path, Summary string
	Says                      template.HTML
	Roles                     []authn.Role
	Parameters                []referenceField
	Body                      template.HTML
	BodyRequired              bool
	Curl                      string
	Answers, Errors           []referenceAnswer
	Problem                   template.HTML
}

type referenceAnswer struct {
	Status       string
	Says, Schema template.HTML
	Headers      []string
	Example      string
}

type referenceField struct {
	Name     string
	Required bool
	Type     template.HTML
	Limits   string
	Says     template.HTML
	Example  string
}

type referenceSchema struct {
	Name, Limits, Example string
	Says, Type            template.HTML
	Fields                []referenceField
}

// renderReference writes openapi.yaml as one page that needs nothing else.
func renderReference(doc *openapi3.T) ([]byte, error) {
	r := reference{Title: doc.Info.Title, Version: doc.Info.Version, Style: template.CSS(styleSheet), Intro: prose(doc.Info.Description)}
	for _, s := range doc.Components.SecuritySchemes {
		r.Security = prose(s.Value.Description)
	}
	for _, tag := range doc.Tags {
		r.Groups = append(r.Groups, referenceGroup{Name: tag.Name, Says: tag.Description, Operations: operationsOf(doc, tag.Name)})
	}
	for _, name := range sortedNames(doc.Components.Schemas) {
		r.Schemas = append(r.Schemas, schemaOf(name, doc.Components.Schemas[name].Value))
	}
	return render(referenceText, r)
}

func render(text string, data any) ([]byte, error) {
	t, err := template.New("page").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

func operationsOf(doc *openapi3.T, tag string) (found []referenceOperation) {
	for _, path := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Find(path)
		for method, op := range item.Operations() {
			if slices.Contains(op.Tags, tag) {
				found = append(found, operationOn(path, method, item, op))
			}
		}
	}
	// The table of permissions follows a thing's life from the first step to the last.
	order := func(o referenceOperation) int {
		return slices.IndexFunc(authn.Permissions(), func(p authn.Permission) bool { return p.Operation == o.ID })
	}
	slices.SortFunc(found, func(a, b referenceOperation) int { return cmp.Compare(order(a), order(b)) })
	return found
}

func operationOn(path, method string, item *openapi3.PathItem, op *openapi3.Operation) referenceOperation {
	o := referenceOperation{
		ID: op.OperationID, Method: method, Path: base + path, Summary: op.Summary, Says: prose(op.Description),
		Problem: link("Problem"),
	}
	for _, p := range authn.Permissions() {
		if p.Operation == op.OperationID {
			o.Roles = p.Roles
		}
	}
	curl := "curl"
	if method != "GET" {
		curl += " -X " + method
	}
	address := base + path
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		f := fieldOf(p.Value.Name, p.Value.Schema, p.Value.Required)
		f.Says, f.Example = inline(p.Value.Description), exampleText(p.Value.Example)
		f.Limits = strings.TrimPrefix(f.Limits+", in "+p.Value.In, ", ")
		o.Parameters = append(o.Parameters, f)
		if p.Value.In == openapi3.ParameterInPath {
			address = strings.ReplaceAll(address, "{"+p.Value.Name+"}", exampleText(p.Value.Example))
		}
	}
	curl += " \"$GATEWAY" + address + "\" -H \"Authorization: Bearer $TOKEN\""
	if op.RequestBody != nil {
		media := op.RequestBody.Value.Content["application/json"]
		o.BodyRequired = op.RequestBody.Value.Required
		o.Body = typeOf(media.Schema)
		if o.BodyRequired {
			curl += " \\\n  -H 'Content-Type: application/json' -H \"Idempotency-Key: $(date +%s%N)\" -d '" + example(media.Schema, "  ") + "'"
		}
	}
	o.Curl = curl
	o.Answers, o.Errors = answersOf(op)
	return o
}

func answersOf(op *openapi3.Operation) (good, bad []referenceAnswer) {
	for _, status := range sortedNames(op.Responses.Map()) {
		r := op.Responses.Value(status).Value
		a := referenceAnswer{Status: status, Says: inline(*r.Description)}
		if status >= "400" {
			bad = append(bad, a)
			continue
		}
		a.Headers = sortedNames(r.Headers)
		if media := r.Content["application/json"]; media != nil {
			a.Schema, a.Example = typeOf(media.Schema), exampleOf(media)
		}
		good = append(good, a)
	}
	return good, bad
}

func schemaOf(name string, s *openapi3.Schema) referenceSchema {
	r := referenceSchema{Name: name, Says: inline(s.Description), Type: typeOf(&openapi3.SchemaRef{Value: s}), Limits: limitsOf(s)}
	for _, field := range fieldNames(s) {
		r.Fields = append(r.Fields, fieldOf(field, s.Properties[field], slices.Contains(s.Required, field)))
	}
	if len(r.Fields) > 0 || s.Example != nil {
		r.Example = example(&openapi3.SchemaRef{Value: s}, "")
	}
	return r
}

// problems is the list of codes as its template sees it.
type problems struct {
	Style  template.CSS
	Groups []problemGroup
}

type problemGroup struct {
	Name string
	Rows []problem.Row
}

// renderProblems lists every code: the gateway's, and the chaincode's catalogue.
func renderProblems() ([]byte, error) {
	p := problems{Style: template.CSS(styleSheet)}
	seen := make(map[fault.Code]bool)
	add := func(r problem.Row) {
		if seen[r.Code] {
			return
		}
		seen[r.Code] = true
		name, _, _ := strings.Cut(string(r.Code), ".")
		i := slices.IndexFunc(p.Groups, func(g problemGroup) bool { return g.Name == name })
		if i < 0 {
			i, p.Groups = len(p.Groups), append(p.Groups, problemGroup{Name: name})
		}
		p.Groups[i].Rows = append(p.Groups[i].Rows, r)
	}
	for _, r := range problem.Table() {
		add(r)
	}
	for _, e := range fault.Catalogue() {
		add(problem.Row{Code: e.Code, Status: problem.StatusOf(fault.New(e.Code, "")), Says: e.Says})
	}
	for _, g := range p.Groups {
		slices.SortFunc(g.Rows, func(a, b problem.Row) int { return strings.Compare(string(a.Code), string(b.Code)) })
	}
	slices.SortFunc(p.Groups, func(a, b problemGroup) int { return strings.Compare(a.Name, b.Name) })
	return render(problemsText, p)
}

func limitsOf(s *openapi3.Schema) string {
	var parts []string
	add := func(text string) { parts = append(parts, text) }
	if s.Min != nil {
		add("≥ " + strconv.FormatFloat(*s.Min, 'f', -1, 64))
	}
	if s.Max != nil {
		add("≤ " + strconv.FormatFloat(*s.Max, 'f', -1, 64))
	}
	if s.MaxLength != nil {
		add(strconv.FormatUint(s.MinLength, 10) + " to " + strconv.FormatUint(*s.MaxLength, 10) + " characters")
	}
	if s.MaxItems != nil {
		add(strconv.FormatUint(s.MinItems, 10) + " to " + strconv.FormatUint(*s.MaxItems, 10) + " items")
	}
	if s.Pattern != "" {
		add(s.Pattern)
	}
	if s.Default != nil {
		add("default " + exampleText(s.Default))
	}
	return strings.Join(parts, ", ")
}
