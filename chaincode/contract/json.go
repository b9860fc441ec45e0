package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// maxDepth bounds how deep an argument nests; no request needs more than six.
const maxDepth = 16

// maxNumber is the most characters of a number: every int64 and uint64 fits.
// Whoever reads a longer one takes time that grows with its square.
const maxNumber = 20

// checkJSON holds an argument to one JSON object in valid UTF-8 of the given
// shape, that names no member twice, in whatever case, and holds neither null
// nor any number but integers. Go's decoder would take the last of two equal
// members, and the first letter-case that fits.
func checkJSON(arg []byte, s *shape) error {
	if !utf8.Valid(arg) {
		return notJSON("it is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(arg))
	dec.UseNumber()
	tok, err := dec.Token()
	if err != nil || tok != json.Delim('{') {
		return notJSON("it does not begin with an object")
	}
	if err := checkObject(dec, 1, s); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return notJSON("something follows the object")
	}
	return nil
}

func checkObject(dec *json.Decoder, depth int, s *shape) error {
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok {
			return notJSON("an object is broken")
		}
		fold := strings.ToLower(name)
		if seen[fold] {
			return fault.New(fault.CodeDuplicateKey, "the member %q stands twice in one object", printable(name)).With("member", printable(name))
		}
		seen[fold] = true
		sub, err := s.member(name)
		if err != nil {
			return err
		}
		if err := checkValue(dec, depth, sub); err != nil {
			return err
		}
	}
	if err := end(dec); err != nil {
		return err
	}
	return s.complete(seen)
}

func checkArray(dec *json.Decoder, depth int, s *shape) error {
	for dec.More() {
		if err := checkValue(dec, depth, s); err != nil {
			return err
		}
	}
	return end(dec)
}

func checkValue(dec *json.Decoder, depth int, s *shape) error {
	tok, err := dec.Token()
	if err != nil {
		return notJSON("a value is broken")
	}
	switch v := tok.(type) {
	case nil:
		return fault.New(fault.CodeSchema, "null is no value; leave the member out")
	case json.Delim:
		if depth == maxDepth {
			return notJSON("it nests deeper than the limit")
		}
		if v == '{' {
			return checkObject(dec, depth+1, s)
		}
		return checkArray(dec, depth+1, s)
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") || v == "-0" || len(v) > maxNumber {
			return notJSON("the number " + printable(v.String()) + " is not an integer of 64 bits")
		}
	}
	return nil
}

func end(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return notJSON("it ends too early")
	}
	return nil
}

func notJSON(why string) error {
	return fault.New(fault.CodeNotJSON, "the argument is not one JSON object: %s", why)
}
