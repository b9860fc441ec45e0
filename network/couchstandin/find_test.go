package couchstandin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// people are documents whose fields differ in kind and some of which lack fields.
var people = []string{
	`{"_id":"1","name":"ada","age":36,"tags":["a","b"],"home":{"city":"london"}}`,
	`{"_id":"2","name":"Ben","age":17,"tags":[]}`,
	`{"_id":"3","name":"cleo","age":null,"home":{"city":"rome"}}`,
	`{"_id":"4","name":"dan"}`,
	`{"_id":"5","age":"36","tags":["b"],"orders":[{"n":1,"paid":true},{"n":2,"paid":false}]}`,
}

func filled(t testing.TB, docs ...string) *client {
	c := start(t, Options{})
	c.must(201, "PUT", "/db", nil)
	c.must(201, "POST", "/db/_bulk_docs", `{"docs":[`+strings.Join(docs, ",")+`]}`)
	return c
}

func TestSelectors(t *testing.T) {
	c := filled(t, people...)
	for selector, want := range map[string]string{
		`{}`:                                             "1 2 3 4 5",
		`{"age":36}`:                                     "1",
		`{"age":{"$eq":36.0}}`:                           "1",
		`{"home.city":"rome"}`:                           "3",
		`{"home":{"city":"rome"}}`:                       "3",
		`{"_id":{"$gt":"3"}}`:                            "4 5",
		`{"age":{"$gt":17}}`:                             "1 5", // text sorts after numbers
		`{"age":{"$gte":17,"$lt":36}}`:                   "2",
		`{"age":{"$lte":17}}`:                            "2 3", // null sorts before them
		`{"age":null}`:                                   "3",
		`{"name":{"$lt":"b"}}`:                           "1",
		`{"name":{"$gt":"b"}}`:                           "2 3 4", // capitals do not come first
		`{"age":{"$exists":false}}`:                      "4",
		`{"age":{"$exists":true}}`:                       "1 2 3 5",
		`{"age":{"$type":"number"}}`:                     "1 2",
		`{"age":{"$type":"null"}}`:                       "3",
		`{"tags":{"$type":"array"}}`:                     "1 2 5",
		`{"name":{"$in":["ada","dan"]}}`:                 "1 4",
		`{"tags":{"$in":["a"]}}`:                         "1",
		`{"name":{"$nin":["ada","dan"]}}`:                "2 3",
		`{"tags":{"$all":["a","b"]}}`:                    "1",
		`{"tags":{"$size":0}}`:                           "2",
		`{"tags":{"$elemMatch":{"$eq":"b"}}}`:            "1 5",
		`{"orders":{"$elemMatch":{"n":2,"paid":false}}}`: "5",
		`{"orders":{"$elemMatch":{"n":1,"paid":false}}}`: "",
		`{"tags":{"$allMatch":{"$eq":"b"}}}`:             "5",
		`{"name":{"$regex":"^.e"}}`:                      "2",
		`{"name":{"$beginsWith":"cl"}}`:                  "3",
		`{"orders.1.n":2}`:                               "5",
		// A condition on a field that is not there is false, and so is its negation.
		`{"name":{"$ne":"ada"}}`:                        "2 3 4",
		`{"$not":{"name":"ada"}}`:                       "2 3 4",
		`{"name":{"$not":{"$eq":"ada"}}}`:               "2 3 4",
		`{"name":{"$not":{"$regex":"a"}}}`:              "2 3",
		`{"$nor":[{"name":"ada"},{"age":17}]}`:          "3",
		`{"$not":{"$and":[{"name":"ada"},{"age":36}]}}`: "2 3 4 5",
		`{"$not":{"$nor":[{"name":"ada"}]}}`:            "1",
		`{"$not":{"age":{"$exists":true}}}`:             "4",
		`{"$or":[{"name":"ada"},{"age":17}]}`:           "1 2",
		`{"$and":[{"name":"ada"},{"age":17}]}`:          "",
		`{"$and":[]}`:                                   "1 2 3 4 5",
		`{"$or":[]}`:                                    "1 2 3 4 5",
	} {
		a := c.must(200, "POST", "/db/_find", `{"selector":`+selector+`}`)
		if got := strings.Join(a.ids(), " "); got != want {
			t.Errorf("%s: %s, want %s", selector, got, want)
		}
		if a.text("warning") != warnNoIndex {
			t.Errorf("%s: warning %q", selector, a.text("warning"))
		}
	}
}

func TestBadQuestions(t *testing.T) {
	c := filled(t, people...)
	for body, want := range map[string]string{
		`{}`:                                                "missing_required_key",
		`{"selector":[]}`:                                   "invalid_selector",
		`{"selector":{"a":{"$near":1}}}`:                    "invalid_operator",
		`{"selector":{"a":{"$in":1}}}`:                      "bad_arg",
		`{"selector":{"a":{"$regex":"("}}}`:                 "bad_arg",
		`{"selector":{"$or":{}}}`:                           "bad_arg",
		`{"selector":{"a":{"$exists":1}}}`:                  "bad_arg",
		`{"selector":{"a":{"$elemMatch":1}}}`:               "bad_arg",
		`{"selector":{},"limit":-1}`:                        "invalid_limit_json",
		`{"selector":{},"fields":"a"}`:                      "invalid_fields_json",
		`{"selector":{},"bookmark":"?"}`:                    "invalid_bookmark",
		`{"selector":{},"bookmark":"AAAA"}`:                 "invalid_bookmark",
		`{"selector":{},"sort":"a"}`:                        "invalid_sort_json",
		`{"selector":{},"sort":[{"a":"up"}]}`:               "invalid_sort_field",
		`{"selector":{},"sort":[{"a":"asc"},{"b":"desc"}]}`: "unsupported_mixed_sort",
		`{"selector":{"age":{"$gt":1}},"sort":["age"]}`:     "no_usable_index",
		`{"selector":{},"use_index":1}`:                     "invalid_index_name",
	} {
		if a := c.must(400, "POST", "/db/_find", body); a.text("error") != want {
			t.Errorf("%s: %v, want %s", body, a.body, want)
		}
	}
}

func TestIndexes(t *testing.T) {
	c := filled(t, people...)
	create := `{"index":{"fields":[{"age":"desc"}]},"ddoc":"byAgeDoc","name":"byAge","type":"json"}`
	if a := c.must(200, "POST", "/db/_index", create); a.text("result") != "created" || a.text("id") != "_design/byAgeDoc" {
		t.Error(a.body)
	}
	if a := c.must(200, "POST", "/db/_index", create); a.text("result") != "exists" {
		t.Error(a.body)
	}
	list := c.must(200, "GET", "/db/_index", nil)
	if encode(list.at("indexes.1.def")) != `{"fields":[{"age":"desc"}]}` || list.at("indexes.0.ddoc") != nil || encode(list.at("total_rows")) != "2" {
		t.Error(encode(list.body))
	}
	// Null, numbers, text; the one without the field is not in the index.
	for _, tc := range [][2]string{{"asc", "3 2 1 5"}, {"desc", "5 1 2 3"}} {
		a := c.must(200, "POST", "/db/_find", `{"selector":{"age":{"$gte":null}},"sort":[{"age":"`+tc[0]+`"}]}`)
		if got := strings.Join(a.ids(), " "); got != tc[1] || a.text("warning") != "" {
			t.Errorf("%s: %s %v", tc[0], got, a.at("warning"))
		}
	}
	// Not usable: the selector does not demand the field.
	if a := c.must(200, "POST", "/db/_find", `{"selector":{"name":"ada"},"use_index":"byAgeDoc"}`); !strings.Contains(a.text("warning"), "was not used") || !strings.Contains(a.text("warning"), warnNoIndex) {
		t.Error(a.body)
	}
	c.must(400, "POST", "/db/_index", `{"index":{"fields":[]}}`)
	c.must(400, "POST", "/db/_index", `{"index":{"fields":[{"a":"asc"},{"b":"desc"}]}}`)
	c.must(400, "POST", "/db/_index", `{"index":{}}`)
	c.must(200, "DELETE", "/db/_index/byAgeDoc/json/byAge", nil)
	c.must(404, "DELETE", "/db/_index/byAgeDoc/json/byAge", nil)
	if a := c.must(200, "GET", "/db/_index", nil); encode(a.at("total_rows")) != "1" {
		t.Error(a.body)
	}
}

func TestAFixedFirstFieldDoesNotMatterForTheSort(t *testing.T) {
	var docs []string
	for i := range 30 {
		docs = append(docs, fmt.Sprintf(`{"_id":"%02d","docType":"%s","n":%d}`, i, []string{"a", "b"}[i%2], (i*7)%5))
	}
	c := filled(t, docs...)
	c.must(200, "POST", "/db/_index", `{"index":{"fields":["docType","n"]},"ddoc":"d","name":"n"}`)
	for _, sort := range []string{`["n"]`, `["docType","n"]`} {
		a := c.must(200, "POST", "/db/_find", `{"selector":{"docType":"b","n":{"$gte":3}},"sort":`+sort+`,"use_index":["d","n"]}`)
		if got := strings.Join(a.ids(), " "); got != "09 19 29 07 17 27" || a.text("warning") != "" {
			t.Errorf("%s: %s %v", sort, got, a.at("warning"))
		}
	}
	c.must(400, "POST", "/db/_find", `{"selector":{"docType":{"$gt":"a"}},"sort":["n"]}`)
}

func TestAScanThatFindsLittleIsWarnedOf(t *testing.T) {
	var docs []string
	for i := range 40 {
		docs = append(docs, fmt.Sprintf(`{"_id":"%02d","a":1,"n":%d}`, i, i))
	}
	c := filled(t, docs...)
	c.must(200, "POST", "/db/_index", `{"index":{"fields":["a"]}}`)
	if a := c.must(200, "POST", "/db/_find", `{"selector":{"a":1,"n":39}}`); a.text("warning") != warnExamined {
		t.Error(a.body)
	}
	if a := c.must(200, "POST", "/db/_find", `{"selector":{"a":1},"limit":10}`); a.text("warning") != "" {
		t.Error(a.body)
	}
}

func TestFieldsAndDefaults(t *testing.T) {
	var docs []string
	for i := range 30 {
		docs = append(docs, fmt.Sprintf(`{"_id":"%02d","a":{"b":%d,"c":1},"d":2}`, i, i))
	}
	c := filled(t, docs...)
	a := c.must(200, "POST", "/db/_find", `{"selector":{},"fields":["_id","a.b","none"]}`)
	if n := len(a.ids()); n != 25 {
		t.Errorf("%d documents without a limit", n)
	}
	if got := encode(a.at("docs.3")); got != `{"_id":"03","a":{"b":3}}` {
		t.Error(got)
	}
	if a := c.must(200, "POST", "/db/_find", `{"selector":{"d":3}}`); a.text("bookmark") != noBookmark || len(a.ids()) != 0 {
		t.Error(a.body)
	}
	if a := c.must(200, "POST", "/db/_find", `{"selector":{},"skip":28}`); len(a.ids()) != 2 {
		t.Error(a.body)
	}
}

// TestPagesAreStableWhileDocumentsCome: a bookmark is a place in the order, so what comes
// or goes before it does not move the page after it.
func TestPagesAreStableWhileDocumentsCome(t *testing.T) {
	c := filled(t)
	c.must(200, "POST", "/db/_index", `{"index":{"fields":["t","n"]}}`)
	for i := range 10 {
		c.must(201, "PUT", fmt.Sprintf("/db/%02d", i), fmt.Sprintf(`{"t":1,"n":%d}`, i/2))
	}
	for _, direction := range []string{"asc", "desc"} {
		var got []string
		bookmark := ""
		for page := 0; ; page++ {
			a := c.must(200, "POST", "/db/_find", fmt.Sprintf(`{"selector":{"t":1},"sort":[{"t":"%s"},{"n":"%s"}],"limit":3,"bookmark":"%s"}`, direction, direction, bookmark))
			if len(a.ids()) == 0 {
				if a.text("bookmark") != bookmark {
					t.Errorf("the last bookmark changed to %s", a.text("bookmark"))
				}
				break
			}
			got = append(got, a.ids()...)
			bookmark = a.text("bookmark")
			if page == 1 { // one in front, and the very one that the bookmark names goes
				c.must(201, "PUT", "/db/front"+direction, fmt.Sprintf(`{"t":1,"n":%d}`, map[string]int{"asc": -9, "desc": 99}[direction]))
				last := got[len(got)-1]
				rev := c.must(200, "GET", "/db/"+last, nil).text("_rev")
				c.must(200, "DELETE", "/db/"+last, nil, "If-Match", rev)
			}
		}
		if !slices.IsSorted(got) == (direction == "asc") || len(got) != len(slices.Compact(slices.Sorted(slices.Values(got)))) || len(got) < 9 {
			t.Errorf("%s: %v", direction, got)
		}
		c.call("DELETE", "/db/frontasc", nil, "If-Match", c.call("GET", "/db/frontasc", nil).text("_rev"))
	}
}

func TestOrderOfValues(t *testing.T) {
	// As CouchDB documents it, with root collation inside text.
	values := []string{`null`, `false`, `true`, `-1.5`, `-1`, `0`, `1`, `2.5`, `10`, `1e3`, `""`, `"_"`, `"-"`, `"1"`, `"10"`, `"2"`, `"a"`, `"A"`, `"aa"`, `"b"`, `"B"`,
		`[]`, `[1]`, `[1,2]`, `["a"]`, `["b"]`, `{}`, `{"a":1}`, `{"a":2}`, `{"a":2,"b":1}`, `{"b":0}`}
	for i, a := range values {
		for j, b := range values {
			va, errA := decodeJSON([]byte(a))
			vb, errB := decodeJSON([]byte(b))
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if got := compareValues(va, vb); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

// TestAnIndexChangesNothingButTheOrder is the invariant of the package.
func TestAnIndexChangesNothingButTheOrder(t *testing.T) {
	fields := []string{"a", "b", "c"}
	value := rapid.SampledFrom([]any{nil, false, true, json.Number("-1"), json.Number("0"), json.Number("1"), json.Number("2"), "", "x", "X", "y"})
	rapid.Check(t, func(t *rapid.T) {
		plain, indexed := newDatabase("plain"), newDatabase("indexed")
		for i := range rapid.IntRange(1, 3).Draw(t, "indexes") {
			names := rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 1, 3, rapid.ID).Draw(t, "fields")
			list := make([]any, len(names))
			for i, n := range names {
				list[i] = n
			}
			if _, err := indexed.createIndex(map[string]any{"index": map[string]any{"fields": list}, "name": fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "writes") {
			id := fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id"))
			doc := map[string]any{}
			for _, f := range fields {
				if rapid.Bool().Draw(t, "has") {
					doc[f] = value.Draw(t, f)
				}
			}
			gone := rapid.IntRange(0, 5).Draw(t, "gone") == 0
			for _, d := range []*database{plain, indexed} {
				next := &draft{id: id, body: doc, deleted: gone}
				if now, err := d.get(id); err == nil {
					next.rev = now.Rev
				} else if gone {
					continue
				}
				if err := d.putOne(next); err != nil {
					t.Fatal(err)
				}
			}
		}
		selector := drawSelector(t, value, 3)
		q := map[string]any{"selector": selector, "limit": json.Number("100")}
		a, b := ask(t, plain, q), ask(t, indexed, q)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Fatalf("%s: %v without indexes, %v with", encode(selector), a, b)
		}
	})
}

func ask(t *rapid.T, d *database, body map[string]any) []string {
	q, err := readQuestion(body)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.ask(q)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, doc := range out["docs"].([]any) {
		ids = append(ids, doc.(map[string]any)["_id"].(string))
	}
	return ids
}

func drawSelector(t *rapid.T, value *rapid.Generator[any], depth int) any {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "nested") == 0 {
		op := rapid.SampledFrom([]string{"$and", "$or", "$nor", "$not"}).Draw(t, "list")
		if op == "$not" {
			return map[string]any{op: drawSelector(t, value, depth-1)}
		}
		var list []any
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			list = append(list, drawSelector(t, value, depth-1))
		}
		return map[string]any{op: list}
	}
	field := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "field")
	op := rapid.SampledFrom([]string{"$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$exists", "$in"}).Draw(t, "op")
	switch op {
	case "$exists":
		return map[string]any{field: map[string]any{op: rapid.Bool().Draw(t, "exists")}}
	case "$in":
		return map[string]any{field: map[string]any{op: []any{value.Draw(t, "one"), value.Draw(t, "two")}}}
	}
	return map[string]any{field: map[string]any{op: value.Draw(t, "value")}}
}
