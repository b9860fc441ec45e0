package httpapi

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// contract is openapi.yaml in memory. This is the one file that checks requests
// with kin-openapi, whose interface changes often.
type contract struct {
	spec   []byte
	doc    *openapi3.T
	routes map[string]*routers.Route // by method and Gin's path

	reference, problems []byte // HTML
}

func readContract(spec []byte) (*contract, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(spec)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, err
	}
	k := &contract{spec: spec, doc: doc, routes: make(map[string]*routers.Route)}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			k.routes[method+" "+ginPath(path)] = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: operation}
		}
	}
	if k.reference, err = renderReference(doc); err != nil {
		return nil, err
	}
	k.problems, err = renderProblems()
	return k, err
}

// ginPath writes "/shipments/{shipmentId}" as Gin does, below [base].
func ginPath(path string) string {
	return base + strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// operationID names the operation of a route, or "" where there is none.
func (k *contract) operationID(method, ginPath string) string {
	if r := k.routes[method+" "+ginPath]; r != nil {
		return r.Operation.OperationID
	}
	return ""
}

// validate holds the request to openapi.yaml, before anything decodes it.
func (s *server) validate(c *gin.Context) {
	route := s.contract.routes[c.Request.Method+" "+c.FullPath()]
	if route == nil { // every generated route is one of the contract's
		s.fail(c, errors.New("no operation for "+c.FullPath()))
		return
	}
	params := make(map[string]string, len(c.Params))
	for _, p := range c.Params {
		params[p.Key] = p.Value
	}
	found := unknownQuery(route, c.Request)
	err := openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // package authn has done it
		},
	})
	if found = append(found, fieldErrors(err)...); len(found) > 0 {
		s.fail(c, refusal(route, found))
		return
	}
	c.Next()
}

// refusal names what is wrong: an identifier or an idempotency key by its own
// code, everything else by the code for what does not fit the schema.
func refusal(route *routers.Route, found []problem.FieldError) error {
	one := found[0]
	if len(found) == 1 && one.Parameter == "Idempotency-Key" {
		return fault.New(fault.CodeIdempotencyKey, "an idempotency key is 1 to 64 visible ASCII characters").With("field", one.Parameter)
	}
	if len(found) == 1 && strings.Contains(route.Path, "{"+one.Parameter+"}") {
		return fault.New(fault.CodeIDInvalid, "%s: %s", one.Parameter, one.Detail).With("field", one.Parameter)
	}
	return &problem.Error{Condition: problem.Malformed, Detail: "the request does not fit the API; errors says where", Fields: found}
}

// unknownQuery finds query parameters that the operation does not have, or that
// stand twice. Ignored, a misspelt one would give another answer than was asked for;
// and so would what net/url leaves out without a word, such as "limit=1;cursor=x".
func unknownQuery(route *routers.Route, r *http.Request) (found []problem.FieldError) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return []problem.FieldError{{Detail: "the query cannot be read"}}
	}
	for name, values := range query {
		switch {
		case route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil:
			found = append(found, problem.FieldError{Parameter: shorten(name), Detail: "is not a parameter of this operation"})
		case len(values) > 1:
			found = append(found, problem.FieldError{Parameter: name, Detail: "stands more than once"})
		}
	}
	slices.SortFunc(found, func(a, b problem.FieldError) int { return strings.Compare(a.Parameter, b.Parameter) })
	return found
}

// fieldErrors flattens what kin-openapi found, at most maxFields of it.
func fieldErrors(err error) []problem.FieldError {
	var found []problem.FieldError
	collect(err, problem.FieldError{}, &found)
	return found
}

const maxFields = 20

func collect(err error, at problem.FieldError, found *[]problem.FieldError) {
	if err == nil || len(*found) >= maxFields {
		return
	}
	//nolint:errorlint // each layer is looked at by itself, from the outside in
	switch e := err.(type) {
	case openapi3.MultiError:
		for _, one := range e {
			collect(one, at, found)
		}
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			at.Parameter = e.Parameter.Name
		}
		if e.Err == nil {
			at.Detail = e.Reason
			*found = append(*found, at)
			return
		}
		collect(e.Err, at, found)
	case *openapi3.SchemaError:
		if at.Parameter == "" {
			at.Pointer = pointerOf(e)
		}
		at.Detail = shorten(e.Reason)
		*found = append(*found, at)
	case *openapi3filter.ParseError:
		at.Detail = "is not of the right type"
		*found = append(*found, at)
	default:
		at.Detail = "is not valid"
		if errors.Is(err, openapi3filter.ErrInvalidRequired) {
			at.Detail = "is required"
		}
		*found = append(*found, at)
	}
}

func pointerOf(e *openapi3.SchemaError) string {
	var b strings.Builder
	for _, step := range e.JSONPointer() {
		b.WriteString("/" + escapePointer(shorten(step)))
	}
	return b.String()
}

// shorten keeps what a client sent from making an answer large.
func shorten(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
