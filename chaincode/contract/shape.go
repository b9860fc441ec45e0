package contract

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// shape is what a JSON object of a request looks like: the exact names of its
// members and which of them may not be missing. Go's decoder matches names in
// any case, contract-api's schema is skipped or unused for some calls; the
// guard holds every call to its shape instead.
type shape struct {
	members  map[string]*shape // written once; nil for a member that is no object, nor a list of objects
	required []string
}

// textual are the transactions that decode their own argument.
func textual() map[api.Transaction]reflect.Type {
	return map[api.Transaction]reflect.Type{api.RecordReadingsTx: reflect.TypeFor[api.RecordReadings]()}
}

// shapeOfRequest finds the request type of a transaction of the contract.
func shapeOfRequest(c contractapi.ContractInterface, t api.Transaction) (*shape, error) {
	if typ, ok := textual()[t]; ok {
		return shapeOf(typ), nil
	}
	_, name, _ := strings.Cut(string(t), ":")
	m, ok := reflect.TypeOf(c).MethodByName(name)
	if !ok || m.Type.NumIn() != 3 || m.Type.In(2).Kind() != reflect.Pointer {
		return nil, fmt.Errorf("%s is not a method that takes a context and a request", t)
	}
	return shapeOf(m.Type.In(2)), nil
}

// shapeOf is nil for what is neither an object nor a list of objects.
func shapeOf(typ reflect.Type) *shape {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return nil
	}
	s := &shape{members: make(map[string]*shape)}
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		s.members[name] = shapeOf(f.Type)
		if options != "omitempty" {
			s.required = append(s.required, name)
		}
	}
	return s
}

// member gives the shape of a member's value, and refuses a name that is not
// spelled exactly so.
func (s *shape) member(name string) (*shape, error) {
	if s == nil {
		return nil, nil
	}
	sub, ok := s.members[name]
	if !ok {
		return nil, fault.New(fault.CodeSchema, "the member %q is unknown", printable(name)).With("member", printable(name))
	}
	return sub, nil
}

func (s *shape) complete(seen map[string]bool) error {
	if s == nil {
		return nil
	}
	for _, name := range s.required {
		if !seen[strings.ToLower(name)] {
			return fault.New(fault.CodeSchema, "the member %q is missing", name).With("member", name)
		}
	}
	return nil
}
