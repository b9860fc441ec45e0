package couchstandin

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A selector is kept as CouchDB normalises it: conditions on fields below $and and $or,
// with negations pushed down to the conditions. A condition on a field that a document
// lacks is false, whatever it says, but for $exists; that is why $ne and a negated $eq do
// not match a document without the field.
type selector interface{ match(doc any) bool }

type (
	allOf     []selector
	anyOf     []selector
	condition struct {
		field []string // nil: the value itself, inside $elemMatch and $allMatch
		name  string   // the field as an index names it
		op    string
		arg   any
		not   bool // for conditions that have no opposite: the value must not match
		inner selector
		re    *regexp.Regexp
	}
)

func (s allOf) match(doc any) bool {
	return !slices.ContainsFunc(s, func(e selector) bool { return !e.match(doc) })
}

func (s anyOf) match(doc any) bool {
	return slices.ContainsFunc(s, func(e selector) bool { return e.match(doc) })
}

func (c *condition) match(doc any) bool {
	v, found := lookup(doc, c.field)
	if c.op == "$exists" {
		return found == c.arg.(bool)
	}
	return found && c.holds(v) != c.not
}

func (c *condition) holds(v any) bool {
	switch c.op {
	case "$eq":
		return compareValues(v, c.arg) == 0
	case "$ne":
		return compareValues(v, c.arg) != 0
	case "$lt":
		return compareValues(v, c.arg) < 0
	case "$lte":
		return compareValues(v, c.arg) <= 0
	case "$gt":
		return compareValues(v, c.arg) > 0
	case "$gte":
		return compareValues(v, c.arg) >= 0
	case "$in":
		return oneOf(v, c.arg.([]any))
	case "$nin":
		return !oneOf(v, c.arg.([]any))
	case "$type":
		return typeName(v) == c.arg.(string)
	case "$regex":
		s, ok := v.(string)
		return ok && c.re.MatchString(s)
	case "$beginsWith":
		s, ok := v.(string)
		return ok && strings.HasPrefix(s, c.arg.(string))
	}
	list, ok := v.([]any)
	if !ok {
		return false
	}
	switch c.op {
	case "$elemMatch":
		return slices.ContainsFunc(list, c.inner.match)
	case "$allMatch":
		return len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { return !c.inner.match(e) })
	case "$all":
		return !slices.ContainsFunc(c.arg.([]any), func(want any) bool { return !oneOf(want, list) })
	default: // $size
		return strconv.Itoa(len(list)) == c.arg.(json.Number).String()
	}
}

// oneOf says whether a value, or one of a list's, is among the choices.
func oneOf(v any, choices []any) bool {
	has := func(v any) bool {
		return slices.ContainsFunc(choices, func(c any) bool { return compareValues(v, c) == 0 })
	}
	list, ok := v.([]any)
	return has(v) || ok && slices.ContainsFunc(list, has)
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// lookup finds a field's value in a document or below a value; numbers are places in lists.
func lookup(doc any, path []string) (any, bool) {
	for _, name := range path {
		switch v := doc.(type) {
		case *document:
			return lookup(v.field(path), path)
		case map[string]any:
			next, ok := v[name]
			if !ok {
				return nil, false
			}
			doc = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			doc = v[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// splitField takes a name such as "terms.limits" apart; a backslash keeps a dot.
func splitField(name string) []string {
	var path []string
	var part strings.Builder
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '\\' && i+1 < len(name):
			i++
			part.WriteByte(name[i])
		case name[i] == '.':
			path = append(path, part.String())
			part.Reset()
		default:
			part.WriteByte(name[i])
		}
	}
	return append(path, part.String())
}

// parseSelector reads a selector; field is the one that it stands below, "" at the top.
func parseSelector(v any, field string, negated bool) (selector, error) {
	object, ok := v.(map[string]any)
	if !ok || len(object) == 0 && field != "" {
		if field == "" {
			return nil, badRequest("invalid_selector", "Selector must be a JSON object")
		}
		return newCondition(field, "$eq", v, negated)
	}
	var parts []selector
	for _, name := range sortedNames(object) {
		part, err := parseMember(name, object[name], field, negated)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	if negated {
		return anyOf(parts), nil
	}
	return allOf(parts), nil
}

func parseMember(name string, v any, field string, negated bool) (selector, error) {
	switch name {
	case "$and", "$or", "$nor":
		return parseList(name, v, field, negated)
	case "$not":
		return parseSelector(v, field, !negated)
	}
	if strings.HasPrefix(name, "$") {
		return newCondition(field, name, v, negated)
	}
	if field != "" {
		name = field + "." + name
	}
	return parseSelector(v, name, negated)
}

func parseList(op string, v any, field string, negated bool) (selector, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, badRequest("bad_arg", fmt.Sprintf("Bad argument for operator %s: %s", op, encode(v)))
	}
	disjoint := op == "$or"
	if op == "$nor" {
		negated, disjoint = !negated, true
	}
	var parts []selector
	for _, e := range list {
		part, err := parseSelector(e, field, negated)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if disjoint != negated && len(parts) > 0 { // an empty $or matches everything in CouchDB
		return anyOf(parts), nil
	}
	return allOf(parts), nil
}

// opposites are the operators whose negation CouchDB writes as another operator.
var opposites = map[string]string{
	"$eq": "$ne", "$ne": "$eq", "$lt": "$gte", "$gte": "$lt", "$gt": "$lte", "$lte": "$gt", "$in": "$nin", "$nin": "$in",
}

func newCondition(field, op string, arg any, negated bool) (selector, error) {
	c := &condition{name: field, op: op, arg: arg}
	if field != "" {
		c.field = splitField(field)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if !negated {
		return c, nil
	}
	if op == "$exists" {
		c.arg = !arg.(bool)
	} else if other, ok := opposites[op]; ok {
		c.op = other
	} else {
		c.not = true
	}
	return c, nil
}

// check holds the operator's argument to its form, and prepares what matching needs.
func (c *condition) check() (err error) {
	ok := true
	switch c.op {
	case "$eq", "$ne", "$lt", "$lte", "$gt", "$gte":
	case "$in", "$nin", "$all":
		_, ok = c.arg.([]any)
	case "$exists":
		_, ok = c.arg.(bool)
	case "$type", "$beginsWith":
		_, ok = c.arg.(string)
	case "$size":
		_, ok = c.arg.(json.Number)
	case "$regex":
		var pattern string
		if pattern, ok = c.arg.(string); ok {
			c.re, err = regexp.Compile(pattern)
			ok = err == nil
		}
	case "$elemMatch", "$allMatch":
		if c.inner, err = parseElement(c.arg); err != nil {
			return err
		}
	default:
		return badRequest("invalid_operator", "Invalid operator: "+c.op)
	}
	if !ok {
		return badRequest("bad_arg", fmt.Sprintf("Bad argument for operator %s: %s", c.op, encode(c.arg)))
	}
	return nil
}

// parseElement reads what every element of a list is held against: operators for the
// element itself, or a selector when the elements are objects.
func parseElement(v any) (selector, error) {
	if _, ok := v.(map[string]any); !ok {
		return nil, badRequest("bad_arg", "Bad argument for operator $elemMatch: "+encode(v))
	}
	return parseSelector(v, "", false)
}
