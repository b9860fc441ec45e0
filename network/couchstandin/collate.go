package couchstandin

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Order of the kinds of value in CouchDB: null, false, true, numbers, text, lists, objects.
const (
	tagEnd byte = iota // ends a list or an object, and so sorts before any further member
	tagNull
	tagFalse
	tagTrue
	tagNumber
	tagText
	tagList
	tagObject
)

// collator compares text as CouchDB does, by the root locale of the Unicode collation
// algorithm: punctuation before digits before letters, and case only where all else is equal.
type collator struct {
	c   *collate.Collator
	buf collate.Buffer
}

var collators = sync.Pool{New: func() any { return &collator{c: collate.New(language.Und)} }}

// sortKey is a value as bytes whose order is CouchDB's order of values. Text that the
// collation takes for equal gets equal bytes.
func sortKey(v any) []byte { return appendKey(nil, v) }

// compositeKey is the key of several values, which compare one after the other.
func compositeKey(values []any) []byte {
	var key []byte
	for _, v := range values {
		key = appendKey(key, v)
	}
	return key
}

func appendKey(key []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(key, tagNull)
	case bool:
		if v {
			return append(key, tagTrue)
		}
		return append(key, tagFalse)
	case json.Number:
		return appendNumber(append(key, tagNumber), v)
	case string:
		return appendText(append(key, tagText), v)
	case []any:
		key = append(key, tagList)
		for _, e := range v {
			key = appendKey(key, e)
		}
		return append(key, tagEnd)
	case map[string]any:
		key = append(key, tagObject)
		for _, name := range sortedNames(v) {
			key = appendKey(appendText(append(key, tagText), name), v[name])
		}
		return append(key, tagEnd)
	}
	panic("couchstandin: not a JSON value")
}

// appendNumber writes a float so that the order of bytes is the order of numbers.
func appendNumber(key []byte, n json.Number) []byte {
	f, _ := n.Float64() // the decoder has checked it; beyond the range it is infinite, which sorts right
	if f == 0 {
		f = 0 // without the sign of a negative nought
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		b = ^b
	} else {
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(key, b)
}

// appendText writes the collation's key, with an end that sorts before everything that
// could follow: 0 becomes 0 255, and the end is 0 1.
func appendText(key []byte, s string) []byte {
	c := collators.Get().(*collator)
	defer collators.Put(c)
	c.buf.Reset()
	for _, b := range c.c.KeyFromString(&c.buf, s) {
		key = append(key, b)
		if b == 0 {
			key = append(key, 0xff)
		}
	}
	return append(key, 0, 1)
}

// compareValues is the order of two JSON values.
func compareValues(a, b any) int { return bytes.Compare(sortKey(a), sortKey(b)) }

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// decodeJSON reads one JSON value and keeps numbers as they were written.
func decodeJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errTrailing
	}
	return v, nil
}
