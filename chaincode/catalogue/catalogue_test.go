package catalogue_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

var (
	entityName = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	fieldName  = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
)

// TestTheCatalogueIsSound: names are ours to keep and fit a database, and every relation leads somewhere.
func TestTheCatalogueIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range slices.Concat(catalogue.Entities(), catalogue.Views()) {
		if seen[e.Table()] || !entityName.MatchString(e.Name) || len(e.Table()) > 40 {
			t.Errorf("%q is no entity's name, or is taken", e.Name)
		}
		seen[e.Table()] = true
		if e.Says == "" || (e.Kind == "") != (len(e.From) > 0) {
			t.Errorf("%s says nothing, or does not say where it comes from", e.Name)
		}
		columns := map[string]bool{catalogue.RowColumn: true}
		for _, f := range slices.Concat(catalogue.Provenance(), e.Fields) {
			if columns[f.Column()] || !fieldName.MatchString(f.Name) || f.Says == "" || strings.HasPrefix(f.Name, "sqlite") {
				t.Errorf("%s.%s is no field's name, is taken, or says nothing", e.Name, f.Name)
			}
			columns[f.Column()] = true
			if f.Optional && f.Zero || f.Zero && f.Type != catalogue.Integer && f.Type != catalogue.Bool || f.Searchable && f.Type != catalogue.Text {
				t.Errorf("%s.%s contradicts itself", e.Name, f.Name)
			}
		}
		for _, f := range e.Fields {
			if (f.Path == "") != (e.Kind == "") || f.IsProvenance() {
				t.Errorf("%s.%s: path %q", e.Name, f.Name, f.Path)
			}
		}
		for _, pair := range e.Together {
			a, okA := e.Field(pair[0])
			b, okB := e.Field(pair[1])
			if !okA || !okB || !a.Indexed || !b.Indexed || a.Type == catalogue.Texts || b.Type == catalogue.Texts {
				t.Errorf("%s: %s and %s cannot be kept in order together", e.Name, pair[0], pair[1])
			}
		}
		relations(t, e)
	}
}

func relations(t *testing.T, e catalogue.Entity) {
	t.Helper()
	names := map[string]bool{}
	for _, r := range e.Relations {
		to, ok := catalogue.Find(r.To)
		if !ok || names[r.Name] || !fieldName.MatchString(r.Name) || r.Says == "" || len(r.On) == 0 {
			t.Errorf("%s.%s is no relation's name, is taken, says nothing or leads nowhere", e.Name, r.Name)
			continue
		}
		names[r.Name] = true
		indexed := false
		for _, p := range r.On {
			f, ok := e.Field(p.Field)
			of, okOf := to.Field(p.Of)
			if !ok || !okOf || f.Type != of.Type || f.Type == catalogue.Texts {
				t.Errorf("%s.%s: %s does not go with %s.%s", e.Name, r.Name, p.Field, r.To, p.Of)
			}
			indexed = indexed || of.Indexed
		}
		if !indexed {
			t.Errorf("%s.%s: none of the fields of %s is indexed, so that each step would read the whole table", e.Name, r.Name, r.To)
		}
	}
}

func TestReadingARecord(t *testing.T) {
	rows, err := catalogue.Read(catalogue.Record{
		Kind: "escrow", Attributes: []string{"s/1"},
		Document: []byte(`{"docType":"escrow","shipmentId":"s/1","payer":"A","currency":"USD","heldMinor":9007199254740993,"payouts":0,"changedAt":"2026-01-01T00:00:00.000Z",
			"holdings":[{"organisation":"A","amountMinor":1},{"organisation":"B","amountMinor":2}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]catalogue.Row{
		"escrows": {{ID: "escrow/s%2F1", Values: []any{"s/1", "A", "USD", int64(9007199254740993), int64(0), "2026-01-01T00:00:00.000Z"}}},
		"escrow-holdings": {
			{ID: "escrow/s%2F1#000000", Values: []any{"s/1", "A", "USD", int64(1)}},
			{ID: "escrow/s%2F1#000001", Values: []any{"s/1", "B", "USD", int64(2)}},
		},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	goods, err := catalogue.Read(catalogue.Record{
		Kind: "shipment.goods", Attributes: []string{"c"},
		Document: []byte(`{"docType":"shipment.goods","componentId":"c","shipmentId":"","changedAt":"2026-01-01T00:00:00.000Z"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"c", nil, "2026-01-01T00:00:00.000Z"}, goods["goods"][0].Values); diff != "" {
		t.Errorf("an empty text is lacking: %s", diff)
	}
	for name, document := range map[string]string{
		"not JSON":             `{"componentId":`,
		"a number for a text":  `{"componentId":1,"changedAt":"x"}`,
		"a float":              `{"componentId":"c","number":1.5}`,
		"a member that is not": `{"shipmentId":"s"}`,
		"an object":            `{"componentId":{"a":"b"},"changedAt":"x"}`,
	} {
		if _, err := catalogue.Read(catalogue.Record{Kind: "shipment.goods", Attributes: []string{"c"}, Document: []byte(document)}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if rows, err := catalogue.Read(catalogue.Record{Kind: "idempotency", Document: []byte(`{}`)}); err != nil || rows != nil {
		t.Errorf("what is left out: %v, %v", rows, err)
	}
}

func TestAKeyHasOneText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attributes := rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "attributes")
		text := catalogue.KeyText("shipment.event", attributes...)
		kind, back, ok := catalogue.ParseKeyText(text)
		if !ok || kind != "shipment.event" || !slices.Equal(back, attributes) {
			t.Fatalf("%q became %q: %q %q %v", attributes, text, kind, back, ok)
		}
	})
	for _, bad := range []string{"", "/a", "a/%", "a/%2", "a/%zz", "a/%41", "a/b#c", "a/b c", "a/%2f"} {
		if _, _, ok := catalogue.ParseKeyText(bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}
