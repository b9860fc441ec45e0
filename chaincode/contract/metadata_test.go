package contract_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

// TestMetadataIsAsWrittenDown: what the contract tells the world about itself
// changes on purpose only.
func TestMetadataIsAsWrittenDown(t *testing.T) {
	b, err := scenario.NewFake(newGuard(t)).Evaluate("ManufacturerMSP", contractapi.SystemContractName+":GetMetadata")
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/metadata.golden.json", append(pretty.Bytes(), '\n'))
}

// methods are the exported methods of our contracts by transaction name, without
// those of their base.
func methods() map[api.Transaction]reflect.Method {
	base := reflect.TypeFor[*contract.Base]()
	all := make(map[api.Transaction]reflect.Method)
	for _, c := range contract.Contracts() {
		for m := range reflect.TypeOf(c).Methods() {
			if _, inherited := base.MethodByName(m.Name); !inherited {
				all[api.Transaction(c.GetName()+":"+m.Name)] = m
			}
		}
	}
	return all
}

// TestNamesAreComplete: contract-api takes every exported method for a
// transaction, the guard only those in names.go; so they are the same.
func TestNamesAreComplete(t *testing.T) {
	listed := make(map[api.Transaction]bool)
	for _, a := range api.Transactions() {
		if listed[a.Name] {
			t.Errorf("%s is listed twice", a.Name)
		}
		listed[a.Name] = true
		if _, ok := methods()[a.Name]; !ok {
			t.Errorf("%s is listed and does not exist", a.Name)
		}
		if _, name, _ := strings.Cut(string(a.Name), ":"); name == "" || name[0] < 'A' || name[0] > 'Z' {
			t.Errorf("%s does not begin with a capital letter: contract-api would skip its schema", a.Name)
		}
	}
	for name, m := range methods() {
		if !listed[name] {
			t.Errorf("%s exists and is not listed", name)
		}
		if m.Type.NumIn() != 3 || m.Type.NumOut() != 2 {
			t.Errorf("%s is not of the form func(*Context, request) (answer, error)", name)
		}
	}
}

// wireTypes are all struct types that can be reached from a request or an answer.
func wireTypes() []reflect.Type {
	var found []reflect.Type
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			visit(typ.Elem())
			return
		case reflect.Struct:
		default:
			if typ.PkgPath() == "" {
				return
			}
		}
		if slices.Contains(found, typ) {
			return
		}
		found = append(found, typ)
		if typ.Kind() == reflect.Struct {
			for f := range typ.Fields() {
				visit(f.Type)
			}
		}
	}
	visit(reflect.TypeFor[api.RecordReadings]()) // decoded by the contract itself
	for _, m := range methods() {
		visit(m.Type.In(2))
		visit(m.Type.Out(0))
	}
	return found
}

// TestWireTypes holds the types of the wire to what contract-api can bear.
func TestWireTypes(t *testing.T) {
	names := make(map[string]reflect.Type)
	for _, typ := range wireTypes() {
		if other, taken := names[typ.Name()]; taken && typ.Kind() == reflect.Struct {
			t.Errorf("%v and %v share a name: contract-api would judge one by the other's schema (fact 5)", typ, other)
		}
		if typ.Kind() == reflect.Struct {
			names[typ.Name()] = typ
		}
		if typ == reflect.TypeFor[time.Time]() {
			t.Error("time.Time is on the wire: texts only (fact 8)")
		}
		ptr := reflect.PointerTo(typ)
		if ptr.Implements(reflect.TypeFor[json.Unmarshaler]()) || ptr.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			t.Errorf("%v decodes itself: a panic there is in a goroutine of contract-api's, which nobody can recover (fact 12b)", typ)
		}
		if ptr.Implements(reflect.TypeFor[json.Marshaler]()) || ptr.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			t.Errorf("%v encodes itself: the schema would not be what is sent", typ)
		}
		if typ.Kind() != reflect.Struct {
			continue
		}
		for f := range typ.Fields() {
			checkWireField(t, typ, f)
		}
	}
}

func checkWireField(t *testing.T, typ reflect.Type, f reflect.StructField) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	optional := f.Tag.Get("metadata") == ",optional"
	switch {
	case !f.IsExported() || f.Anonymous || name == "" || name == "-":
		t.Errorf("%v.%s has no name of its own on the wire", typ, f.Name)
	case options != "" && options != "omitempty":
		t.Errorf("%v.%s has options %q", typ, f.Name, options)
	case (options == "omitempty") != optional:
		t.Errorf("%v.%s: omitempty and metadata:\",optional\" go together, or a transaction that succeeded fails on its return (fact 4)", typ, f.Name)
	case f.Type.Kind() == reflect.Pointer && !optional:
		t.Errorf("%v.%s may be nil, which contract-api's schema refuses", typ, f.Name)
	case f.Type.Kind() == reflect.Float32, f.Type.Kind() == reflect.Float64, f.Type.Kind() == reflect.Map, f.Type.Kind() == reflect.Interface:
		t.Errorf("%v.%s is a %v", typ, f.Name, f.Type.Kind())
	}
}

// TestEmptyListsAreLists: nil would be null in an answer, which its own schema
// refuses, or an empty payload (fact 7).
func TestEmptyListsAreLists(t *testing.T) {
	b := scenario.NewFake(newGuard(t))
	got, err := b.Evaluate("ManufacturerMSP", string(api.ListOrganisationsTx), `{"limit":1}`)
	if err != nil || string(got) != `{"items":[],"next":""}` {
		t.Errorf("got %s, %v", got, err)
	}
}
