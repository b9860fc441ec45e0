package ledger

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// docType is the member that names a document's kind, for CouchDB's indexes. It
// is added on writing and checked on reading; record types do not have it.
const docType = "docType"

// encode is the document of a record: a JSON object, docType first, then the
// struct's fields in their declared order.
func encode[T any](name string, v *T) ([]byte, error) {
	if v == nil {
		return nil, errors.New("no record")
	}
	body, err := encodeStruct(*v)
	if err != nil {
		return nil, err
	}
	head := `{"` + docType + `":"` + name + `"`
	if len(body) > len("{}") {
		head += ","
	}
	return append([]byte(head), body[1:]...), nil
}

// encodeStruct is v as JSON, provided that its type has one encoding only.
func encodeStruct[T any](v T) ([]byte, error) {
	if err := CheckType[T](); err != nil {
		return nil, err
	}
	return marshal(v)
}

// marshal is json.Marshal without the escapes meant for HTML, which would make
// documents differ from what CouchDB gives back.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// decode reads a document strictly: the right docType, no unknown member,
// nothing after the object. What it refuses was not written by this chaincode,
// so it is an internal fault.
func decode[T any](name string, data []byte) (*T, error) {
	body, err := withoutDocType(name, data)
	if err != nil {
		return nil, fault.Wrap(err, "decode %s", name)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	v := new(T)
	if err := dec.Decode(v); err != nil {
		return nil, fault.Wrap(err, "decode %s", name)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fault.New(fault.CodeInternal, "decode %s: data after the document", name)
	}
	return v, nil
}

// withoutDocType checks and removes the docType. As written it is the first
// member; a peer with CouchDB gives the members back in another order.
func withoutDocType(name string, data []byte) ([]byte, error) {
	head := `{"` + docType + `":"` + name + `"`
	if rest, ok := bytes.CutPrefix(data, []byte(head+`,"`)); ok {
		return append([]byte(`{"`), rest...), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	var have string
	if err := json.Unmarshal(members[docType], &have); err != nil || have != name {
		return nil, fmt.Errorf("document is %q, not %q", have, name)
	}
	delete(members, docType)
	return json.Marshal(members) // sorts the members, so this too is deterministic
}

// CheckType reports why T cannot be a record or a fact's data: it must be a
// struct that encodes in one way only and loses nothing, so it may hold no
// float, map, interface, channel or function and no unexported field. Types
// that encode themselves (time.Time, typed ids, json.RawMessage) are trusted.
func CheckType[T any]() error {
	typ := reflect.TypeFor[T]()
	if typ.Kind() != reflect.Struct || encodesItself(typ) {
		return fmt.Errorf("%v is not a plain struct", typ)
	}
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if strings.EqualFold(name, docType) || strings.HasPrefix(name, "_") {
			return fmt.Errorf("%v.%s: the member %q is reserved", typ, f.Name, name)
		}
	}
	return checkFields(typ, nil)
}

func checkType(typ reflect.Type, path []reflect.Type) error {
	if encodesItself(typ) {
		return nil
	}
	switch typ.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return checkType(typ.Elem(), path)
	case reflect.Struct:
		return checkFields(typ, path)
	}
	return fmt.Errorf("%v has no single encoding", typ)
}

func checkFields(typ reflect.Type, path []reflect.Type) error {
	for _, p := range path {
		if p == typ {
			return nil // a recursive type; its fields are being checked further up
		}
	}
	path = append(path, typ)
	for f := range typ.Fields() {
		if f.Tag.Get("json") == "-" {
			return fmt.Errorf("%v.%s would be lost", typ, f.Name)
		}
		if !f.IsExported() && !f.Anonymous {
			return fmt.Errorf("%v.%s is unexported and would be lost", typ, f.Name)
		}
		if err := checkType(f.Type, path); err != nil {
			return fmt.Errorf("%v.%s: %w", typ, f.Name, err)
		}
	}
	return nil
}

func encodesItself(typ reflect.Type) bool {
	ptr := reflect.PointerTo(typ)
	return ptr.Implements(reflect.TypeFor[json.Marshaler]()) || ptr.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
