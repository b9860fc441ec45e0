package catalogue

import (
	"bytes"
	"encoding/json"
	"sync"
	"unicode/utf8"
)

// document is a record's document taken apart: every value in the order of the
// text, each object and list before what is in it. It says what encoding/json says,
// in a third of the time, since a replay reads every record of a ledger.
type document []value

// value is one value. Texts and numbers are parts of the document's own text.
type value struct {
	kind byte   // 'n', 't', 'f', '"', '0', '{' or '[', as it begins; a number is '0'
	name string // of a member
	text string // of a text or number
	next int    // where the next value begins that is not inside this one
}

// deepest is how deep what is read here may be nested; encoding/json reads the rest.
const deepest = 32

// room is what one record is read in, to be used again.
type room struct {
	document document
	values   []any
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// parse takes a document apart, into the room that is given. What is plain is read
// here; anything else, and what is wrong, is left to encoding/json.
func parse(raw []byte, room document) (document, error) {
	p := parser{text: string(raw), all: room[:0]}
	if p.blank(); p.at < len(p.text) && p.text[p.at] == '{' && p.value("", deepest) {
		return p.all, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	return document(nil).with("", object), nil
}

// with appends a value as encoding/json gives it.
func (d document) with(name string, v any) document {
	at := len(d)
	d = append(d, value{name: name})
	switch v := v.(type) {
	case nil:
		d[at].kind = 'n'
	case bool:
		if d[at].kind = 'f'; v {
			d[at].kind = 't'
		}
	case string:
		d[at].kind, d[at].text = '"', v
	case json.Number:
		d[at].kind, d[at].text = '0', string(v)
	case map[string]any:
		d[at].kind = '{'
		for member, inner := range v {
			d = d.with(member, inner)
		}
	case []any:
		d[at].kind = '['
		for _, inner := range v {
			d = d.with("", inner)
		}
	}
	d[at].next = len(d)
	return d
}

// member finds a member of an object: the last of that name. -1: there is none, or no object.
func (d document) member(of int, name string) (at int) {
	at = -1
	if of < 0 || d[of].kind != '{' {
		return at
	}
	for i := of + 1; i < d[of].next; i = d[i].next {
		if d[i].name == name {
			at = i
		}
	}
	return at
}

type parser struct {
	text string
	at   int
	all  document
}

func (p *parser) blank() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
}

// is takes up one sign, behind blanks.
func (p *parser) is(sign byte) bool {
	p.blank()
	if p.at < len(p.text) && p.text[p.at] == sign {
		p.at++
		return true
	}
	return false
}

// value takes up a value; false: it is not plain.
func (p *parser) value(name string, room int) bool {
	p.blank()
	if p.at >= len(p.text) || room == 0 {
		return false
	}
	i, ok := len(p.all), false
	p.all = append(p.all, value{name: name, kind: p.text[p.at]})
	switch c := p.text[p.at]; c {
	case '{':
		ok = p.list('}', func() bool {
			member, ok := p.string()
			return ok && p.is(':') && p.value(member, room-1)
		})
	case '[':
		ok = p.list(']', func() bool { return p.value("", room-1) })
	case '"':
		p.all[i].text, ok = p.string()
	case 't':
		ok = p.word("true")
	case 'f':
		ok = p.word("false")
	case 'n':
		ok = p.word("null")
	default:
		p.all[i].kind = '0'
		p.all[i].text, ok = p.whole()
	}
	p.all[i].next = len(p.all)
	return ok
}

// list takes up what is between a bracket and the one that closes it.
func (p *parser) list(end byte, one func() bool) bool {
	p.at++
	if p.is(end) {
		return true
	}
	for {
		if !one() {
			return false
		}
		if p.is(end) {
			return true
		}
		if !p.is(',') {
			return false
		}
	}
}

func (p *parser) word(w string) bool {
	if len(p.text)-p.at < len(w) || p.text[p.at:p.at+len(w)] != w {
		return false
	}
	p.at += len(w)
	return true
}

// string takes up a text without escapes.
func (p *parser) string() (string, bool) {
	if !p.is('"') {
		return "", false
	}
	from, plain := p.at, true
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[from:p.at]
			p.at++
			return s, plain || utf8.ValidString(s)
		case c == '\\' || c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return "", false
}

// whole takes up a whole number.
func (p *parser) whole() (string, bool) {
	from := p.at
	if p.text[p.at] == '-' {
		p.at++
	}
	digits := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	n := p.at - digits
	if n == 0 || n > 1 && p.text[digits] == '0' {
		return "", false
	}
	if p.at < len(p.text) { // what goes on as a number is not whole
		switch p.text[p.at] {
		case '.', 'e', 'E':
			return "", false
		}
	}
	return p.text[from:p.at], true
}
