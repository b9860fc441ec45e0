package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// declared reads the constants of type Code out of codes.go.
func declared(t *testing.T) map[string]fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]fault.Code{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Code" || len(v.Names) != 1 {
				t.Fatalf("%s is not declared as one Code", v.Names[0])
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[v.Names[0].Name] = fault.Code(text)
		}
	}
	return codes
}

func TestTheCatalogueHasEveryCodeOnce(t *testing.T) {
	rows := map[fault.Code]int{}
	for _, e := range fault.Catalogue() {
		rows[e.Code]++
	}
	names := map[fault.Code]string{}
	for name, code := range declared(t) {
		if other, ok := names[code]; ok {
			t.Errorf("%s and %s are both %q", name, other, code)
		}
		names[code] = name
		if rows[code] != 1 {
			t.Errorf("%s (%q) is in the catalogue %d times", name, code, rows[code])
		}
	}
	if len(rows) != len(names) {
		t.Errorf("the catalogue has %d codes, codes.go declares %d", len(rows), len(names))
	}
}

func TestEveryEntryHasAKindAndASentenceForPeople(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*$`)
	says := map[string]fault.Code{}
	for _, e := range fault.Catalogue() {
		if !form.MatchString(string(e.Code)) {
			t.Errorf("code %q has another form than dotted words", e.Code)
		}
		if !slices.Contains(fault.Kinds(), e.Kind) || fault.KindOf(e.Code) != e.Kind {
			t.Errorf("%s is of kind %q, KindOf says %q", e.Code, e.Kind, fault.KindOf(e.Code))
		}
		if len(e.Says) < 10 || strings.TrimSpace(e.Says) != e.Says || strings.HasSuffix(e.Says, ".") {
			t.Errorf("%s says %q", e.Code, e.Says)
		}
		if other, ok := says[e.Says]; ok {
			t.Errorf("%s and %s say the same", e.Code, other)
		}
		says[e.Says] = e.Code
	}
	if got := fault.KindOf("no.such-code"); got != fault.Internal {
		t.Errorf("a code that nobody declared is %s", got)
	}
}

func TestKindsAreClosed(t *testing.T) {
	// A new kind needs a row in the table of gateway/problem.
	want := []fault.Kind{"malformed", "forbidden", "not-found", "conflict", "refused", "internal"}
	if diff := cmp.Diff(want, fault.Kinds()); diff != "" {
		t.Error(diff)
	}
}

func TestAFaultOnTheWire(t *testing.T) {
	f := fault.New(fault.CodeSegmentOutOfOrder, "the next one is %d", 7).With("nextSequence", uint64(7)).With("deviceId", "d-1").Because(errors.New("secret"))
	const want = `{"fault":1,"kind":"conflict","code":"shipment.segment.out-of-order","detail":"the next one is 7","params":{"deviceId":"d-1","nextSequence":"7"}}`
	if f.Wire() != want || f.Error() != want {
		t.Errorf("got  %s\nwant %s", f.Wire(), want)
	}
	for name, message := range map[string]string{
		"as it is":             want,
		"as a peer wraps it":   "chaincode response 500, " + want,
		"with words behind it": "evaluate call to endorser returned error: chaincode response 500, " + want + " (and more)",
	} {
		got, ok := fault.Parse(message)
		if !ok {
			t.Errorf("%s: not found", name)
			continue
		}
		if diff := cmp.Diff(f, got, cmpopts.IgnoreUnexported(fault.Fault{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if errors.Unwrap(got) != nil {
			t.Errorf("%s: a cause came over the wire", name)
		}
	}
}

func TestWhatIsNoFaultIsNotTakenForOne(t *testing.T) {
	for name, message := range map[string]string{
		"nothing":               "",
		"plain words":           "exceeding concurrency limit of 500",
		"other JSON":            `{"error":1}`,
		"another version":       `{"fault":2,"kind":"refused","code":"x","detail":""}`,
		"no code":               `{"fault":1,"kind":"refused","detail":""}`,
		"no kind":               `{"fault":1,"code":"x","detail":""}`,
		"a kind out of the set": `{"fault":1,"kind":"amusing","code":"x","detail":""}`,
		"cut off":               `{"fault":1,"kind":"refused","code":"x`,
		"a list":                `{"fault":[1]}`,
	} {
		if f, ok := fault.Parse(message); ok {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAnInternalFaultShowsNothing(t *testing.T) {
	cause := errors.New("password hunter2 at 10.0.0.7")
	for name, f := range map[string]*fault.Fault{
		"wrapped":           fault.Wrap(cause, "decode %s", "hunter2"),
		"made and given":    fault.New(fault.CodeInternal, "escrow holds hunter2").With("at", "hunter2").Because(cause),
		"an unknown error":  fault.From(cause),
		"of an unknown cod": fault.New("no.such-code", "hunter2"),
	} {
		if f.Kind != fault.Internal || strings.Contains(f.Wire(), "hunter2") {
			t.Errorf("%s: %s", name, f.Wire())
		}
		if !strings.Contains(f.Error(), "hunter2") {
			t.Errorf("%s: the log is not told: %s", name, f.Error())
		}
	}
	if f := fault.Wrap(cause, "x"); !errors.Is(f, cause) {
		t.Error("the cause is lost to the log")
	}
}

func TestFromFindsTheFaultInAnError(t *testing.T) {
	f := fault.New(fault.CodeShipmentUnknown, "none")
	wrapped := fmt.Errorf("while reading: %w", f)
	if fault.From(wrapped) != f || !fault.Is(wrapped, fault.CodeShipmentUnknown) || fault.Is(wrapped, fault.CodeInternal) {
		t.Error("the wrapped fault is not found")
	}
	if fault.From(nil) != nil || fault.Is(nil, fault.CodeInternal) || fault.Is(errors.New("x"), fault.CodeInternal) {
		t.Error("a fault is found where there is none")
	}
}

func TestAFactHasOneValueAndTheFaultBeforeItIsNotChanged(t *testing.T) {
	a := fault.New(fault.CodeInvalid, "x").With("field", "a")
	b := a.With("field", "b").With("limit", 3)
	if a.Param("field") != "a" || b.Param("field") != "b" || b.Param("limit") != "3" || b.Param("none") != "" || len(b.Params) != 2 {
		t.Errorf("%+v %+v", a, b)
	}
	if c, d := a.With("x", int64(-1)), a.With("y", fault.Refused); c.Param("x") != "-1" || c.Param("y") != "" || d.Param("y") != "refused" {
		t.Errorf("%+v %+v", c, d)
	}
}

func TestEveryFaultComesBackFromTheWire(t *testing.T) {
	word := rapid.StringMatching(`[^\x{FFFD}]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(fault.Catalogue()).Draw(t, "entry")
		f := fault.New(e.Code, "%s", word.Draw(t, "detail"))
		for range rapid.IntRange(0, 20).Draw(t, "params") {
			f = f.With(word.Draw(t, "name"), word.Draw(t, "value"))
		}
		wire := f.Wire()
		if strings.ContainsAny(wire, "\n\r") {
			t.Fatalf("more than one line: %q", wire)
		}
		got, ok := fault.Parse(word.Draw(t, "before") + wire + word.Draw(t, "after"))
		if !ok {
			t.Fatalf("not found in %s", wire)
		}
		if f.Kind == fault.Internal {
			f.Detail, f.Params = "internal error", nil
		}
		if diff := cmp.Diff(f, got, cmpopts.IgnoreUnexported(fault.Fault{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestADetailStaysShort: a fault may quote what a caller sent, but not all of it.
func TestADetailStaysShort(t *testing.T) {
	f := fault.New(fault.CodeInvalid, "currency %q is none", strings.Repeat("ä", 100_000))
	if n := len(f.Wire()); n > 1000 || !utf8.ValidString(f.Detail) || !strings.HasPrefix(f.Detail, "currency \"ää") {
		t.Errorf("%d bytes: %.100s", n, f.Detail)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`chaincode response 500, {"fault":1,"kind":"conflict","code":"a.b","detail":"d","params":{"x":"1","a":"2"}}`)
	f.Add(`{"fault":1,"kind":"internal","code":"internal","detail":"secret"}`)
	f.Add(`{"fault":`)
	f.Add(`{"fault":1,"fault":2}`)
	f.Fuzz(func(t *testing.T, message string) {
		first, ok := fault.Parse(message)
		if !ok {
			return
		}
		if !slices.Contains(fault.Kinds(), first.Kind) || first.Code == "" {
			t.Fatalf("%+v", first)
		}
		second, ok := fault.Parse(first.Wire())
		if !ok {
			t.Fatalf("its own wire form is not read: %s", first.Wire())
		}
		if third, _ := fault.Parse(second.Wire()); third.Wire() != second.Wire() || second.Wire() != first.Wire() {
			t.Fatalf("%s became %s became %s", first.Wire(), second.Wire(), third.Wire())
		}
	})
}
