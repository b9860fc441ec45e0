package filter_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

var update = flag.Bool("update", false, "write what is generated anew: index files, documents")

// indexDir is where the launcher, and whoever packages the chaincode, finds the indexes.
const indexDir = "../META-INF/statedb/couchdb/indexes"

// TestIndexFilesAreUpToDate: what is shipped is what the catalogue says, no more and no less.
func TestIndexFilesAreUpToDate(t *testing.T) {
	all, err := filter.Indexes()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.RemoveAll(indexDir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(indexDir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			if err := os.WriteFile(filepath.Join(indexDir, x.Name+".json"), x.Definition, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := os.ReadDir(indexDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(all) {
		t.Errorf("%d files, and %d indexes: make generate", len(files), len(all))
	}
	for _, x := range all {
		b, err := os.ReadFile(filepath.Join(indexDir, x.Name+".json"))
		if err != nil || string(b) != string(x.Definition) {
			t.Errorf("%s is not as the catalogue says (%v): make generate", x.Name, err)
		}
	}
}

// TestEverySortThatTheLedgerOffersHasItsIndex, in both directions, and each is asked for by name.
func TestEverySortThatTheLedgerOffersHasItsIndex(t *testing.T) {
	all, err := filter.Indexes()
	if err != nil {
		t.Fatal(err)
	}
	sorts := 0
	for _, e := range catalogue.Entities() {
		if e.Kind == "" || e.Each != "" {
			continue
		}
		for _, f := range e.Fields {
			for _, descending := range []bool{false, true} {
				m, err := mango(t, filter.Question{Entity: e.Name, Fields: []string{"ledgerKey"}, Sort: []filter.Order{{By: f.Name, Descending: descending}}})
				if !filter.Sortable(f) {
					if f.Type != catalogue.Texts && !fault.Is(err, fault.CodeQueryLedger) {
						t.Errorf("%s by %s: %v", e.Name, f.Name, err)
					}
					continue
				}
				sorts++
				if err != nil || !slices.ContainsFunc(all, func(x filter.Index) bool { return x.Name == m.Index }) || m.Index != f.Path {
					t.Errorf("%s by %s: index %q, %v", e.Name, f.Name, m.Index, err)
				}
			}
		}
	}
	if sorts == 0 {
		t.Error("nothing can be sorted by")
	}
}

func mango(t *testing.T, q filter.Question) (filter.Mango, error) {
	t.Helper()
	c, err := q.Check(measure.Time("2026-05-01T12:00:00.000Z"))
	if err != nil {
		return filter.Mango{}, err
	}
	return c.Mango()
}

func ask(t *testing.T, entity, where string, sort ...filter.Order) (filter.Mango, error) {
	t.Helper()
	e, err := filter.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	return mango(t, filter.Question{Entity: entity, Filter: e, Fields: []string{"ledgerKey"}, Sort: sort})
}

func TestTheSelectorOfEachOperation(t *testing.T) {
	for where, want := range map[string]string{
		`owner eq "A"`:                  `{"owner":{"$eq":"A"}}`,
		`owner ne "A"`:                  `{"owner":{"$ne":"A"}}`,
		`owner in ("A", "B")`:           `{"owner":{"$in":["A","B"]}}`,
		`events ge 3`:                   `{"events":{"$gte":3}}`,
		`offeredTo ne "A"`:              `{"$and":[{"offeredTo":{"$ne":"A"}},{"offeredTo":{"$gt":""}}]}`,
		`exists offeredTo`:              `{"offeredTo":{"$gt":""}}`,
		`not exists offeredTo`:          `{"$or":[{"offeredTo":{"$exists":false}},{"offeredTo":{"$lte":""}}]}`,
		`not offeredTo eq "A"`:          `{"$or":[{"$and":[{"offeredTo":{"$ne":"A"}},{"offeredTo":{"$gt":""}}]},{"$or":[{"offeredTo":{"$exists":false}},{"offeredTo":{"$lte":""}}]}]}`,
		`sales eq 0`:                    `{"$or":[{"sales":{"$exists":false}},{"sales":{"$eq":0}}]}`,
		`sales gt 0`:                    `{"sales":{"$gt":0}}`,
		`partNumber prefix "a.b*"`:      `{"partNumber":{"$regex":"^a\\.b\\*"}}`,
		`partNumber contains "aB1"`:     `{"partNumber":{"$regex":"[aA][bB]1"}}`,
		`not partNumber prefix "a"`:     `{"$or":[{"$or":[{"partNumber":{"$exists":false}},{"partNumber":{"$not":{"$regex":"^a"}}}]},{"docType":{"$ne":"component"}}]}`,
		`owner eq "\"}]},\"$or\":[{}]"`: `{"owner":{"$eq":"\"}]},\"$or\":[{}]"}}`,
	} {
		m, err := ask(t, "components", where)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if got := part(t, m); got != want {
			t.Errorf("%s:\n got %s\nwant %s", where, got, want)
		}
	}
}

// part is the selector's condition, without the kind of record and what the index needs.
func part(t *testing.T, m filter.Mango) string {
	t.Helper()
	var q struct {
		Selector map[string][]json.RawMessage `json:"selector"`
	}
	if err := json.Unmarshal([]byte(m.Query), &q); err != nil {
		t.Fatal(err)
	}
	parts := q.Selector["$and"]
	if string(parts[0]) != `{"docType":{"$eq":"component"}}` {
		t.Errorf("the kind of record is not fixed first: %s", m.Query)
	}
	return string(parts[1])
}

func TestTheIndexAndTheWarning(t *testing.T) {
	for _, tc := range []struct {
		where, sort, index string
		warned             bool
	}{
		{``, ``, "docType", false},
		{`owner eq "A"`, ``, "owner", false},
		{`owner eq "A" and partNumber eq "P"`, ``, "partNumber", false}, // the first of the catalogue
		{`owner ne "A"`, ``, "docType", true},
		{`sales gt 1`, ``, "docType", true},
		{`owner eq "A" or owner eq "B"`, ``, "docType", true},
		{`changedAt ge "2026-01-01"`, `changedAt`, "changedAt", false},
		{`owner eq "A"`, `-changedAt`, "changedAt", true},
		{``, `-changedAt`, "changedAt", false},
	} {
		var sort []filter.Order
		if tc.sort != "" {
			o, err := filter.ParseOrder(tc.sort)
			if err != nil {
				t.Fatal(err)
			}
			sort = append(sort, o)
		}
		m, err := ask(t, "components", tc.where, sort...)
		if err != nil || m.Index != tc.index || len(m.Warnings) > 0 != tc.warned || !strings.Contains(m.Query, `"use_index":["lifeledger","`+tc.index+`"]`) {
			t.Errorf("%q sorted by %q: %+v, %v", tc.where, tc.sort, m, err)
		}
		if direction := `"docType":"desc"`; strings.Contains(m.Query, direction) != strings.HasPrefix(tc.sort, "-") {
			t.Errorf("%q sorted by %q: %s", tc.where, tc.sort, m.Query)
		}
	}
}

func TestWhatTheLedgerCannotAnswerIsRefusedWithItsReason(t *testing.T) {
	for where, want := range map[string]string{
		`any history`:                "relations",
		`not any history`:            "relations",
		`owner eq @manufacturer`:     "two fields",
		`owner gt "A"`:               "orders texts",
		`events gt 9007199254740993`: "2^53",
		`ledgerBlock gt 3`:           "not in the document",
	} {
		if _, err := ask(t, "components", where); !fault.Is(err, fault.CodeQueryLedger) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", where, err)
		}
	}
	for _, q := range []filter.Question{
		{Entity: "ownerships"},
		{Entity: "legs"},
		{Entity: "components", Aggregates: []filter.Aggregate{{Of: "count"}}},
		{Entity: "components", Include: []string{"history"}},
		{Entity: "components", Fields: []string{"ledgerBlock"}},
		{Entity: "components", Sort: []filter.Order{{By: "owner"}}},
		{Entity: "components", Sort: []filter.Order{{By: "events"}, {By: "changedAt"}}},
	} {
		if _, err := mango(t, q); !fault.Is(err, fault.CodeQueryLedger) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
