// Package problem owns how an error is shown to a client: RFC 9457 documents and
// HTTP status codes, which no other package knows. It refuses to own which error
// happened. Invariant: an error that is neither a fault nor a condition of this
// package shows its request id and nothing else.
package problem

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Page is where the gateway explains its codes; a code is an anchor in it.
const Page = "/docs/problems"

// Problem is an RFC 9457 document.
type Problem struct {
	Type          string            `json:"type"`
	Title         string            `json:"title"`
	Status        int               `json:"status"`
	Detail        string            `json:"detail,omitempty"`
	Instance      string            `json:"instance,omitempty"` // request id
	Code          fault.Code        `json:"code"`
	Params        map[string]string `json:"params,omitempty"`
	Errors        []FieldError      `json:"errors,omitempty"`
	TransactionID string            `json:"transactionId,omitempty"`
	Operation     string            `json:"operation,omitempty"` // URL
	Retryable     bool              `json:"retryable"`

	// RetryAfter goes into the header of that name; 0: no such header.
	RetryAfter time.Duration `json:"-"`
}

// FieldError is one thing that is wrong with a request: a JSON pointer into
// the body, or the name of a parameter or header.
type FieldError struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Detail    string `json:"detail"`
}

// Error is an error that came up between the client and the chaincode. Detail,
// Params and Fields are shown; the cause is not.
type Error struct {
	Condition     Condition
	Detail        string
	Params        []fault.Param
	Fields        []FieldError
	TransactionID string
	Operation     string        // URL of the operation, where there is one
	RetryAfter    time.Duration // 0: the condition's own
	Cause         error
}

// New makes an error of a condition.
func New(c Condition, detail string) *Error { return &Error{Condition: c, Detail: detail} }

// Error is for logs.
func (e *Error) Error() string {
	text := string(RowOf(e.Condition).Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause, for logs.
func (e *Error) Unwrap() error { return e.Cause }

// Of says how err is shown to a client; instance is the request's id.
func Of(err error, instance string) Problem {
	p := of(err)
	p.Type, p.Instance = Page+"#"+string(p.Code), instance
	return p
}

func of(err error) Problem {
	var e *Error
	var f *fault.Fault
	switch {
	case errors.As(err, &e):
		return e.problem()
	case errors.As(err, &f):
		return ofFault(f)
	case errors.Is(err, context.DeadlineExceeded):
		return New(Deadline, "").problem()
	case errors.Is(err, context.Canceled):
		return New(Cancelled, "").problem()
	default:
		return New(Internal, "").problem()
	}
}

func (e *Error) problem() Problem {
	r := RowOf(e.Condition)
	p := Problem{Title: r.Says, Status: r.Status, Code: r.Code, Retryable: r.Retryable, RetryAfter: r.RetryAfter}
	p.TransactionID, p.Operation = e.TransactionID, e.Operation
	if e.RetryAfter > 0 {
		p.RetryAfter = e.RetryAfter
	}
	if r.Status != http.StatusInternalServerError { // our mistakes are opaque
		p.Detail, p.Params, p.Errors = e.Detail, params(e.Params), e.Fields
	}
	return p
}

func ofFault(f *fault.Fault) Problem {
	p := Problem{Title: f.Detail, Status: StatusOf(f), Code: f.Code}
	if entry, ok := catalogue[f.Code]; ok {
		p.Title = entry.Says
	}
	if p.Status == http.StatusInternalServerError {
		p.Code, p.Title = fault.CodeInternal, RowOf(Internal).Says
		return p
	}
	p.Detail, p.Params = f.Detail, params(f.Params)
	if f.Kind == fault.Malformed {
		p.Errors = fields(f)
	}
	return p
}

// fields finds the place that a malformed fault names, if it does.
func fields(f *fault.Fault) []FieldError {
	e := FieldError{Pointer: f.Param("pointer"), Parameter: f.Param("field"), Detail: f.Detail}
	if e.Pointer == "" && e.Parameter == "" {
		return nil
	}
	return []FieldError{e}
}

func params(ps []fault.Param) map[string]string {
	if len(ps) == 0 {
		return nil
	}
	m := make(map[string]string, len(ps))
	for _, p := range ps {
		m[p.Name] = p.Value
	}
	return m
}

var catalogue = func() map[fault.Code]fault.Entry {
	m := make(map[fault.Code]fault.Entry)
	for _, e := range fault.Catalogue() {
		m[e.Code] = e
	}
	return m
}()
