package contract_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
)

// TestEveryKindOfRecordCanBeAskedAbout: a kind of record is an entity of the
// catalogue, or is left out by name and for a reason, and never both.
func TestEveryKindOfRecordCanBeAskedAbout(t *testing.T) {
	types := contract.RecordTypes()
	for _, kind := range ledger.Keys() {
		if _, ok := types[kind]; !ok {
			t.Errorf("%q has no line in RecordTypes", kind)
		}
		why, left := catalogue.LeftOut[kind]
		if asked := len(catalogue.OfKind(kind)) > 0; asked == left || left && why == "" {
			t.Errorf("%q: %d entities, and left out because %q: add an entity to chaincode/catalogue, or a reason to LeftOut", kind, len(catalogue.OfKind(kind)), why)
		}
	}
	for kind := range catalogue.LeftOut {
		if !slices.Contains(ledger.Keys(), kind) {
			t.Errorf("%q is left out, and there is no such kind", kind)
		}
	}
	for _, e := range catalogue.Entities() {
		for _, kind := range append(e.From, e.Kind) {
			if kind != "" && !slices.Contains(ledger.Keys(), kind) {
				t.Errorf("%s is read from %q, and there is no such kind", e.Name, kind)
			}
		}
	}
}

// TestTheCatalogueIsWhatTheRecordsAre: each field is a member of its record, of
// that type, and lacking exactly where the record may leave it out; and no plain
// member of a record is forgotten.
func TestTheCatalogueIsWhatTheRecordsAre(t *testing.T) {
	types := contract.RecordTypes()
	for _, e := range catalogue.Entities() {
		record, ok := types[e.Kind]
		if !ok {
			continue // derived, or a kind that the test above misses
		}
		row := record
		if e.Each != "" {
			m, ok := memberAt(record, e.Each)
			if !ok || m.typ.Kind() != reflect.Slice {
				t.Errorf("%s: %v has no list %q", e.Name, record, e.Each)
				continue
			}
			row = m.typ.Elem()
		}
		named := make(map[string]bool)
		for _, f := range e.Fields {
			named[strings.TrimPrefix(f.Path, "^")] = true
			checkField(t, e, f, record, row)
		}
		for _, o := range e.Omits {
			if _, ok := memberAt(row, o); !ok || named[o] {
				t.Errorf("%s omits %q, which it has not, or has as a field", e.Name, o)
			}
			named[o] = true
		}
		if row.Kind() != reflect.Struct {
			continue
		}
		for member := range row.Fields() {
			name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
			if _, plain := typeOf(member.Type); plain && !named[name] {
				t.Errorf("%s has nothing for the member %q: add a field, or name it in Omits", e.Name, name)
			}
		}
	}
}

func checkField(t *testing.T, e catalogue.Entity, f catalogue.Field, record, row reflect.Type) {
	t.Helper()
	from, path := row, f.Path
	switch {
	case path == "#" && e.Each != "" && f.Type == catalogue.Integer, path == "." && row.Kind() == reflect.String && f.Type == catalogue.Text:
		return
	case path[0] == '@':
		if f.Type != catalogue.Text || f.Optional {
			t.Errorf("%s.%s: an attribute of a key is a text", e.Name, f.Name)
		}
		return
	case path[0] == '^':
		from, path = record, path[1:]
	}
	m, ok := memberAt(from, path)
	if !ok {
		t.Errorf("%s.%s: %v has no member %q", e.Name, f.Name, from, path)
		return
	}
	typ, plain := typeOf(m.typ)
	switch {
	case !plain || typ != f.Type:
		t.Errorf("%s.%s is %s, and the member %v", e.Name, f.Name, f.Type, m.typ)
	case m.mayLack && !f.Optional && !f.Zero:
		t.Errorf("%s.%s: the member may be lacking", e.Name, f.Name)
	case f.Zero && (m.below || !m.mayLack):
		t.Errorf("%s.%s: lacking is not the same as zero", e.Name, f.Name)
	case !f.Zero && !m.below && m.mayLack && (typ == catalogue.Integer || typ == catalogue.Bool):
		t.Errorf("%s.%s: lacking means zero", e.Name, f.Name)
	case f.Optional && !m.mayLack && (typ == catalogue.Integer || typ == catalogue.Bool):
		t.Errorf("%s.%s is never lacking", e.Name, f.Name)
	}
}

// member is where a path leads: whether it may be lacking, and whether something above it may.
type member struct {
	typ            reflect.Type
	mayLack, below bool
}

func memberAt(typ reflect.Type, path string) (member, bool) {
	m := member{typ: typ}
	for part := range strings.SplitSeq(path, ".") {
		if m.typ.Kind() == reflect.Pointer {
			m.typ = m.typ.Elem()
		}
		if m.typ.Kind() != reflect.Struct {
			return m, false
		}
		found := false
		for f := range m.typ.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != part {
				continue
			}
			m = member{typ: f.Type, below: m.mayLack, mayLack: m.mayLack || f.Type.Kind() == reflect.Pointer || strings.Contains(options, "omitempty")}
			found = true
		}
		if !found {
			return m, false
		}
	}
	return m, true
}

// typeOf is the catalogue's type for a member's, and false where there is none: lists and objects.
func typeOf(typ reflect.Type) (catalogue.Type, bool) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case strings.HasSuffix(typ.String(), "measure.Time"):
		return catalogue.Time, true
	case typ.Kind() == reflect.String:
		return catalogue.Text, true
	case typ.Kind() == reflect.Bool:
		return catalogue.Bool, true
	case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
		return catalogue.Integer, true
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.String:
		return catalogue.Texts, true
	}
	return "", false
}

// TestEveryRecordOfEveryStoryIsReadAsRows: what the stories leave on a ledger
// fits the catalogue, and every entity but a few has rows in some story.
func TestEveryRecordOfEveryStoryIsReadAsRows(t *testing.T) {
	rows := make(map[string]int)
	for _, s := range scenarios(t) {
		b := scenario.NewFake(newGuard(t))
		if _, err := scenario.Run(s, b, "r1", "USD"); err != nil {
			t.Fatal(err)
		}
		for _, key := range b.Memory.Keys() {
			parts := strings.Split(strings.Trim(key, "\x00"), "\x00")
			all, err := catalogue.Read(catalogue.Record{Kind: parts[0], Attributes: parts[1:], Document: b.Memory.State(key)})
			if err != nil {
				t.Fatalf("%s: %q: %v", s.Name, parts, err)
			}
			for entity, r := range all {
				rows[entity] += len(r)
			}
		}
	}
	for _, e := range catalogue.Entities() {
		if e.Kind != "" && rows[e.Name] == 0 {
			t.Errorf("no story leaves a row of %s", e.Name)
		}
	}
}
