package filter

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Parse reads the one-line form, such as
//
//	status eq "in-transit" and (any excursions (peakMilli gt 8000 and not exists closedAt) or exists lostAt)
//
// The empty text is no filter, nil.
func Parse(text string) (Expr, error) {
	if len(text) > MaxText {
		return nil, fault.New(fault.CodeQueryTooCostly, "a filter in one line has at most %d bytes", MaxText)
	}
	p := &parser{text: text}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.token == "" {
		return nil, nil
	}
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		return nil, p.wrong("the end, \"and\" or \"or\"")
	}
	return e, checkSize(e)
}

// parser reads by recursive descent; token is what comes next, "" at the end.
type parser struct {
	text  string
	at    int // where what follows the token begins
	start int // where the token begins
	token string
	parts int
}

// words that cannot be names of fields or relations.
var reserved = []string{"and", "or", "not", "any", "exists", "search", "true", "false", Now}

func (p *parser) next() error {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	p.start = p.at
	if p.at == len(p.text) {
		p.token = ""
		return nil
	}
	switch c := p.text[p.at]; {
	case strings.IndexByte("(),.", c) >= 0:
		p.at++
	case c == '"':
		return p.quoted()
	case c == '@':
		p.at++
		for p.at < len(p.text) && p.text[p.at] == '^' {
			p.at++
		}
		p.run(isWord)
		if p.at+1 < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') && isDigit(p.text[p.at+1]) {
			p.at++
			p.run(isWord)
		}
	case c == '-' || isDigit(c):
		p.at++
		p.run(isDigit)
	case isWord(c):
		p.run(isWord)
	default:
		p.at++
		p.token = p.text[p.start:p.at]
		return p.wrong("a name, a value or a bracket")
	}
	p.token = p.text[p.start:p.at]
	return nil
}

func (p *parser) run(of func(byte) bool) {
	for p.at < len(p.text) && of(p.text[p.at]) {
		p.at++
	}
}

// quoted reads a text as JSON writes it.
func (p *parser) quoted() error {
	for p.at++; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			p.token = p.text[p.start:p.at]
			return nil
		}
	}
	p.token = ""
	return syntax(p.start, "a text that ends with a quotation mark")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *parser) wrong(want string) error { return syntax(p.start, want) }

func syntax(at int, want string) error {
	return fault.New(fault.CodeQuerySyntax, "at byte %d of the filter, %s was expected", at, want).With("at", at)
}

func (p *parser) take(token string) error {
	if p.token != token {
		return p.wrong(strconv.Quote(token))
	}
	return p.next()
}

func (p *parser) count(depth int) error {
	p.parts++
	return checkReading(depth, p.parts)
}

// slack is by how much the written form may exceed the bounds of the tree while
// it is read: brackets and lists of one do not stay.
const slack = 4

func checkReading(depth, parts int) error {
	if depth > slack*MaxDepth || parts > slack*MaxParts {
		return tooLarge()
	}
	return nil
}

// checkSize bounds the tree itself, so that both written forms of it are taken or neither.
func checkSize(e Expr) error {
	if depth, parts := size(e); depth > MaxDepth || parts > MaxParts {
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return fault.New(fault.CodeQueryTooCostly, "a filter has at most %d parts, and %d in one another", MaxParts, MaxDepth)
}

func size(e Expr) (depth, parts int) {
	var of []Expr
	switch e := e.(type) {
	case nil:
		return 0, 0
	case And:
		of = e.Of
	case Or:
		of = e.Of
	case Not:
		of = []Expr{e.Of}
	case Any:
		of = []Expr{e.Where}
	}
	for _, part := range of {
		d, n := size(part)
		depth, parts = max(depth, d), parts+n
	}
	return depth + 1, parts + 1
}

func (p *parser) or(depth int) (Expr, error)  { return p.joined(depth, "or", p.and, some) }
func (p *parser) and(depth int) (Expr, error) { return p.joined(depth, "and", p.not, all) }

func (p *parser) joined(depth int, word string, part func(int) (Expr, error), join func([]Expr) Expr) (Expr, error) {
	var of []Expr
	for {
		e, err := part(depth)
		if err != nil {
			return nil, err
		}
		of = append(of, e)
		if p.token != word {
			return join(of), nil
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) not(depth int) (Expr, error) {
	if err := p.count(depth); err != nil {
		return nil, err
	}
	switch p.token {
	case "not":
		if err := p.next(); err != nil {
			return nil, err
		}
		e, err := p.not(depth + 1)
		return Not{e}, err
	case "(":
		return p.bracketed(depth)
	case "search":
		return p.search()
	case "any":
		return p.any(depth)
	case "exists":
		if err := p.next(); err != nil {
			return nil, err
		}
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		last := len(path) - 1
		return along(path[:last], Test{Field: path[last], Op: Exists}), nil
	}
	return p.test()
}

func (p *parser) bracketed(depth int) (Expr, error) {
	if err := p.take("("); err != nil {
		return nil, err
	}
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	return e, p.take(")")
}

func (p *parser) search() (Expr, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	o, err := p.operand()
	if err != nil {
		return nil, err
	}
	words, ok := o.Value.(string)
	if !ok {
		return nil, p.wrong("the words to search, between quotation marks,")
	}
	return Search{words}, nil
}

func (p *parser) any(depth int) (Expr, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	var where Expr
	if p.token == "(" {
		if where, err = p.bracketed(depth); err != nil {
			return nil, err
		}
	}
	return along(path, where), nil
}

func (p *parser) path() ([]string, error) {
	var path []string
	for {
		if !isName(p.token) || slices.Contains(reserved, p.token) {
			return nil, p.wrong("the name of a field or relation")
		}
		if path = append(path, p.token); len(path) > MaxRelations+1 {
			return nil, tooFar()
		}
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.token != "." {
			return path, nil
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
}

func tooFar() error {
	return fault.New(fault.CodeQueryTooCostly, "a filter goes at most %d steps along relations", MaxRelations)
}

func (p *parser) test() (Expr, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	op := Op(p.token)
	if !slices.Contains(Ops(), op) || op == Exists {
		return nil, p.wrong("an operation such as eq, lt or in")
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	values, err := p.values(op)
	if err != nil {
		return nil, err
	}
	last := len(path) - 1
	return along(path[:last], Test{path[last], op, values}), nil
}

func (p *parser) values(op Op) ([]Operand, error) {
	separator, list := "", op == In
	switch op {
	case In:
		separator = ","
		if err := p.take("("); err != nil {
			return nil, err
		}
	case Between:
		separator = "and"
	}
	var values []Operand
	for {
		v, err := p.operand()
		if err != nil {
			return nil, err
		}
		if values = append(values, v); len(values) > MaxValues {
			return nil, tooManyValues()
		}
		if more := separator != "" && p.token == separator && (list || len(values) < 2); !more {
			break
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	switch {
	case list:
		return values, p.take(")")
	case op == Between && len(values) != 2:
		return nil, p.wrong("\"and\" with the second value")
	}
	return values, nil
}

func tooManyValues() error {
	return fault.New(fault.CodeQueryTooCostly, "a list has at most %d values", MaxValues)
}

func (p *parser) operand() (Operand, error) {
	var o Operand
	switch c := p.token; {
	case c == "true" || c == "false":
		o.Value = c == "true"
	case c == "":
		return o, p.wrong("a value")
	case c[0] == '"':
		s, err := text(c)
		if err != nil {
			return o, p.wrong("a text as JSON writes it, in UTF-8 and at most " + strconv.Itoa(MaxValue) + " bytes long,")
		}
		o.Value = s
	case c[0] == '@':
		reference, ok := reference(c[1:])
		if !ok {
			return o, p.wrong("a field to compare with, such as @openedAt, @^changedAt or @now-30d,")
		}
		o = reference
	default:
		n, err := strconv.ParseInt(c, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != c {
			return o, p.wrong("an integer, true, false, @ and a field, or a text between quotation marks")
		}
		o.Value = n
	}
	return o, p.next()
}

// text is a JSON string's content, within bounds.
func text(quoted string) (string, error) {
	var s string
	if !utf8.ValidString(quoted) {
		return "", fault.New(fault.CodeQuerySyntax, "a text is not UTF-8")
	}
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", err
	}
	return s, checkText(s)
}

func checkText(s string) error {
	if len(s) > MaxValue || strings.ContainsRune(s, 0) {
		return fault.New(fault.CodeQueryType, "a text has at most %d bytes, and none of them is zero", MaxValue)
	}
	return nil
}

// reference reads what follows the "@": carets, a name, and what is added.
func reference(s string) (Operand, bool) {
	var o Operand
	for strings.HasPrefix(s, "^") {
		o.Up++
		s = s[1:]
	}
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		s, o.Plus = s[:i], strings.TrimPrefix(s[i:], "+")
	}
	o.Field = s
	return o, checkReference(o)
}

func checkReference(o Operand) bool {
	if !isName(o.Field) || o.Up > MaxRelations || o.Field == Now && o.Up > 0 || o.Field != Now && slices.Contains(reserved, o.Field) {
		return false
	}
	_, ok := addend(o.Plus)
	return ok
}

// units of what is added, in milliseconds.
var units = map[string]int64{"": 1, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

// addend is what is added, as an integer: milliseconds, where it has a unit. One
// number has one spelling.
func addend(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	digits := strings.TrimRight(s, "hmsd")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, ok := units[s[len(digits):]]
	const most = 100 * 366 * 86_400_000 // of milliseconds: a century
	if err != nil || !ok || n == 0 || strconv.FormatInt(n, 10) != digits || n > most/unit || n < -most/unit {
		return 0, false
	}
	return n * unit, true
}
