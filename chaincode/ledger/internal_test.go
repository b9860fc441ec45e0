package ledger

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

func TestEveryKeyConstantIsListedAndDescribed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Key") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, value)
		if !strings.HasPrefix(spec.Doc.Text(), spec.Names[0].Name+": ") {
			t.Errorf("%s has no line that says its attributes, its form and who protects it", spec.Names[0].Name)
		}
		return true
	})
	if !slices.Equal(found, Keys()) {
		t.Errorf("declared %v, listed %v", found, Keys())
	}
}

type sample struct {
	A string   `json:"a"`
	B []int64  `json:"b"`
	C *sample  `json:"c,omitempty"`
	D []sample `json:"d,omitempty"`
}

func TestDecodingIsStrict(t *testing.T) {
	good := []string{
		`{"docType":"x","a":"1","b":[1]}`,
		`{"a":"1","b":[1],"docType":"x"}`, // as CouchDB may give it back
		`{"docType":"x"}`,
	}
	for _, s := range good {
		if _, err := decode[sample]("x", []byte(s)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	bad := []string{
		``, `null`, `[]`, `{}`, `{"a":"1"}`, `{"docType":"y","a":"1"}`, `{"docType":"xy","a":"1"}`,
		`{"docType":"x","z":1}`, `{"docType":"x","a":1}`, `{"docType":"x","a":"1"}{}`, `{"docType":"x","a":"1"`,
		`{"docType":"x","docType":"x"}`, `{"docType":"x",}`,
	}
	for _, s := range bad {
		if _, err := decode[sample]("x", []byte(s)); err == nil {
			t.Errorf("%s was accepted", s)
		}
	}
}

func TestRecordTypesHaveOneEncoding(t *testing.T) {
	type nested struct{ M map[string]string }
	type hidden struct{ a string }
	_ = hidden{}.a
	good := []error{CheckType[sample](), CheckType[struct{}](), CheckType[struct{ T time.Time }](), CheckType[struct{ B []byte }]()}
	for i, err := range good {
		if err != nil {
			t.Errorf("good %d: %v", i, err)
		}
	}
	bad := []error{
		CheckType[int](), CheckType[map[string]string](), CheckType[time.Time](), CheckType[*sample](),
		CheckType[struct{ F float64 }](), CheckType[struct{ F []float32 }](), CheckType[struct{ N nested }](),
		CheckType[struct{ A any }](), CheckType[hidden](), CheckType[struct {
			X string `json:"-"`
		}](), CheckType[struct {
			X string `json:"docType"`
		}](), CheckType[struct {
			X string `json:"_id"`
		}](), CheckType[struct{ C chan int }](),
	}
	for i, err := range bad {
		if err == nil {
			t.Errorf("bad %d was accepted", i)
		}
	}
}

// FuzzDecode: whatever decodes comes out the same after a second round.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"docType":"x","a":"1","b":[1,2],"c":{"a":"2","b":null}}`))
	f.Add([]byte(`{"b":[],"docType":"x"}`))
	f.Add([]byte(`{"docType":"x"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decode[sample]("x", data)
		if err != nil {
			return
		}
		once, err := encode("x", v)
		if err != nil {
			t.Fatal(err)
		}
		w, err := decode[sample]("x", once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice, err := encode("x", w); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%s, then %s (%v)", once, twice, err)
		}
	})
}

// FuzzCursor: an accepted cursor is a key inside its listing and nothing else.
func FuzzCursor(f *testing.F) {
	prefix, err := shim.CreateCompositeKey(KeyComponentEvent, []string{"c"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(writeCursor(prefix + Seq(7) + minRune))
	f.Add(writeCursor(prefix))
	f.Add(writeCursor(prefix + "\x00\x00"))
	f.Add(writeCursor(prefix + maxRune))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := readCursor(prefix, cursor)
		if err != nil || cursor == "" {
			return
		}
		if key < prefix || key >= prefix+maxRune || writeCursor(key) != cursor {
			t.Fatalf("%q gave %q", cursor, key)
		}
		parts := strings.Split(strings.TrimSuffix(key[1:], minRune), minRune)
		if again, err := shim.CreateCompositeKey(parts[0], parts[1:]); err != nil || again != key {
			t.Fatalf("%q gave %q, %v", cursor, key, err)
		}
	})
}
