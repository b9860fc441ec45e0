// Package fault owns the one error type that leaves a rule, a contract or the
// ledger. It does not know HTTP: package gateway/problem maps a fault to a
// status. Invariant: a fault's code is stable and never reused for another
// meaning; whatever is not a fault is an internal error and is shown to nobody.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind says what sort of answer a fault is. The set is closed: a new kind needs
// a row in the table of gateway/problem.
type Kind string

// The kinds, from "your request cannot be read" to "our mistake".
const (
	Malformed Kind = "malformed" // the request cannot be read as what it claims to be
	Forbidden Kind = "forbidden" // the caller may not do this
	NotFound  Kind = "not-found" // the thing named does not exist
	Conflict  Kind = "conflict"  // it exists already, or is in a state that forbids this
	Refused   Kind = "refused"   // a business rule says no
	Internal  Kind = "internal"  // our mistake; the cause stays in the process
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Malformed, Forbidden, NotFound, Conflict, Refused, Internal}
}

// Code names a fault for ever: "shipment.segment.out-of-order". It is the rule
// id, the error code of the API, the metric label and the docs anchor at once.
type Code string

// Param is one named fact of a fault, such as the sequence number expected.
type Param struct{ Name, Value string }

// Fault is an error meant for the caller. Detail is a sentence for a person;
// Params are the facts behind it for a program, sorted by name on the wire.
type Fault struct {
	Kind   Kind
	Code   Code
	Detail string
	Params []Param
	cause  error
}

// maxDetail bounds a sentence, in bytes. It may quote what a caller sent, and
// that may be a quarter of a megabyte, which every peer would send back.
const maxDetail = 512

// New makes a fault; its kind is the code's own, as the catalogue has it.
func New(code Code, format string, args ...any) *Fault {
	detail := fmt.Sprintf(format, args...)
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "…"
	}
	return &Fault{Kind: KindOf(code), Code: code, Detail: detail}
}

// With returns a copy of f that carries one more fact, in the place of a former
// one of that name. value may be a string, an integer or a fmt.Stringer.
func (f *Fault) With(name string, value any) *Fault {
	g := *f
	g.Params = slices.DeleteFunc(slices.Clone(f.Params), func(p Param) bool { return p.Name == name })
	g.Params = append(g.Params, Param{name, text(value)})
	slices.SortFunc(g.Params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return &g
}

// Because returns a copy of f with a cause, which stays in the process.
func (f *Fault) Because(err error) *Fault {
	g := *f
	g.cause = err
	return &g
}

// Wrap turns an unexpected error into an internal fault.
func Wrap(err error, format string, args ...any) *Fault {
	return New(CodeInternal, format, args...).Because(err)
}

// Param returns the named fact, or "".
func (f *Fault) Param(name string) string {
	for _, p := range f.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Error is the wire form, since of an error only this text survives
// contract-api. Of an internal fault it still tells detail and cause, for the
// guard's log: what leaves the process is [Fault.Wire].
func (f *Fault) Error() string {
	if f.Kind == Internal && f.cause != nil {
		return f.line(f.Detail + ": " + f.cause.Error())
	}
	return f.line(f.Detail)
}

// Unwrap gives the cause, for logs.
func (f *Fault) Unwrap() error { return f.cause }

// From finds the fault in err; an error that holds none is an internal one.
func From(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return Wrap(err, "internal error")
}

// Is reports whether err holds a fault with the code.
func Is(err error, code Code) bool {
	var f *Fault
	return errors.As(err, &f) && f.Code == code
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	default:
		return fmt.Sprint(v)
	}
}
