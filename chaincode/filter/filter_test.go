package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/filter/filtertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

const now measure.Time = "2026-05-01T12:00:00.000Z"

// pairs are the two forms of the same filter.
var pairs = []struct{ text, json string }{
	{`status eq "open"`, `{"field":"status","eq":"open"}`},
	{`status eq "open" and (value gt 8000 or not exists closedAt)`, `{"and":[{"field":"status","eq":"open"},{"or":[{"field":"value","gt":8000},{"not":{"field":"closedAt","exists":true}}]}]}`},
	{`not (a eq 1 or b eq -2) and c ne true`, `{"and":[{"not":{"or":[{"field":"a","eq":1},{"field":"b","eq":-2}]}},{"field":"c","ne":true}]}`},
	{`a in ("x", "y")`, `{"field":"a","in":["x","y"]}`},
	{`a between 1 and 2 and b le 3`, `{"and":[{"field":"a","between":[1,2]},{"field":"b","le":3}]}`},
	{`at during "2026-Q1"`, `{"field":"at","during":"2026-Q1"}`},
	{`any excursions (custodian eq "C" and durationMs gt 1800000)`, `{"any":"excursions","where":{"and":[{"field":"custodian","eq":"C"},{"field":"durationMs","gt":1800000}]}}`},
	{`any excursions`, `{"any":"excursions"}`},
	{`any a (any b (c prefix "x\n\"y"))`, `{"any":"a","where":{"any":"b","where":{"field":"c","prefix":"x\n\"y"}}}`},
	{`search "pump seal"`, `{"search":"pump seal"}`},
	{`a lt @^openedAt+30d`, `{"field":"a","lt":{"field":"^openedAt","plus":"30d"}}`},
	{`a ge @now-12h and n eq @m+500`, `{"and":[{"field":"a","ge":{"field":"now","plus":"-12h"}},{"field":"n","eq":{"field":"m","plus":"500"}}]}`},
	{`roles has "auditor" or not not a contains "x"`, `{"or":[{"field":"roles","has":"auditor"},{"not":{"not":{"field":"a","contains":"x"}}}]}`},
}

func TestTheTwoFormsSayTheSame(t *testing.T) {
	for _, p := range pairs {
		a, err := filter.Parse(p.text)
		if err != nil {
			t.Errorf("%s: %v", p.text, err)
			continue
		}
		b, err := filter.ParseJSON([]byte(p.json))
		if err != nil {
			t.Errorf("%s: %v", p.json, err)
			continue
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: %s", p.text, diff)
		}
		if got := filter.String(a); got != p.text {
			t.Errorf("written %s, read from %s", got, p.text)
		}
		if got := string(filter.JSON(a)); got != p.json {
			t.Errorf("written %s, read from %s", got, p.json)
		}
	}
}

// TestShorterWays: what is written otherwise is the same filter.
func TestShorterWays(t *testing.T) {
	for short, long := range map[string]string{
		`a.b.c eq 1`:           `any a (any b (c eq 1))`,
		`exists a.b`:           `any a (exists b)`,
		`any a.b`:              `any a (any b)`,
		"((a eq 1))":           `a eq 1`,
		"a eq 1\n\tand b eq 2": `a eq 1 and b eq 2`,
		`a eq "\u0041"`:        `a eq "A"`,
	} {
		e, err := filter.Parse(short)
		if err != nil || filter.String(e) != long {
			t.Errorf("%s: %s, %v", short, filter.String(e), err)
		}
	}
	for short, long := range map[string]string{
		`{"field":"a.b","exists":false}`:          `not any a (exists b)`,
		`"a eq 1"`:                                `a eq 1`,
		`{"and":[{"or":[{"field":"a","eq":1}]}]}`: `a eq 1`,
		` null `:               ``,
		`{"eq":1,"field":"a"}`: `a eq 1`,
		`{"where":{"field":"b","eq":1},"any":"a.c"}`: `any a (any c (b eq 1))`,
	} {
		e, err := filter.ParseJSON([]byte(short))
		if err != nil || filter.String(e) != long {
			t.Errorf("%s: %s, %v", short, filter.String(e), err)
		}
	}
	if e, err := filter.Parse("  "); e != nil || err != nil {
		t.Errorf("nothing: %v, %v", e, err)
	}
}

func wantFault(t *testing.T, of string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%.200s: got %v, want %s", of, err, code)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for _, text := range []string{
		"a", "a eq", "eq 1", "a eq 1 b", "a eq 1 and", "(a eq 1", "a eq 1)", "a = 1", "a eq 1.5", "a eq 01", "a eq +1", "a eq 1e3", "a eq 99999999999999999999",
		`a eq "x`, `a eq "\x"`, "a eq \"\x01\"", "a eq \"\xff\"", `a eq "` + strings.Repeat("x", filter.MaxValue+1) + `"`, "a eq \"\\u0000\"",
		"a in 1", "a in ()", "a in (1,)", "a in (1 2)", "a between 1", "a between 1 or 2", "A eq 1", "a-b eq 1", "a..b eq 1", "a. eq 1", "_a eq 1", "a eq b", "a exists", "exists",
		"not", "any", "any a (", "any a ()", "search 1", "search", "search @a", "a eq @", "a eq @^", "a eq @b+", "a eq @b+x", "a eq @b+0d", "a eq @b+1y", "a eq @b+01d", "a eq @^now", "a eq @and",
		"a eq @^^^^^b", "a eq @b+99999999d", "a; drop table b", "a eq 1 -- b", "a eq 1 /* */", "a eq 'x'", "a eq $1", "a eq ?", "a like \"x\"", "true eq 1", "now eq 1", "any now", "\x00", "a eq \"x\"\x00",
	} {
		if e, err := filter.Parse(text); err == nil {
			t.Errorf("%q was read as %s", text, filter.String(e))
		} else if !fault.Is(err, fault.CodeQuerySyntax) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{
		"", "{", "{}", "[]", "1", "true", `{"field":"a"}`, `{"eq":1}`, `{"field":"a","eq":1,"ne":2}`, `{"field":"a","eq":null}`, `{"field":"a","eq":[1]}`, `{"field":"a","in":1}`, `{"field":"a","in":[]}`,
		`{"field":"a","between":[1]}`, `{"field":"a","between":[1,2,3]}`, `{"field":"a","eq":1,"eq":1}`, `{"field":"a","exists":1}`, `{"field":1,"eq":1}`, `{"field":"a b","eq":1}`, `{"field":"","eq":1}`,
		`{"and":[]}`, `{"and":{}}`, `{"and":[1]}`, `{"and":[null]}`, `{"not":[]}`, `{"not":null}`, `{"where":{"field":"a","eq":1}}`, `{"any":"a","where":null}`, `{"any":["a"]}`, `{"search":1}`,
		`{"field":"a","eq":1}{}`, `{"field":"a","eq":1} x`, `{"field":"a","regex":"x"}`, `{"$or":[]}`, `{"field":"a","$eq":1}`, `{"selector":{}}`, `{"field":"a","eq":{"field":"b","field":"b"}}`,
		`{"field":"a","eq":{"field":"b","plus":""}}`, `{"field":"a","eq":{"plus":"1d"}}`, `{"field":"a","eq":{"$gt":null}}`, `{"field":"a","eq":{}}`, "{\"search\":\"\xff\"}", `{"field":"$where","eq":"x"}`,
	} {
		if e, err := filter.ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, filter.String(e))
		} else if !fault.Is(err, fault.CodeQuerySyntax) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{`{"field":"a","eq":1.5}`, `{"field":"a","eq":1e3}`, `{"field":"a","eq":9223372036854775808}`, `{"field":"a","eq":-0}`, `{"field":"a","eq":"\u0000"}`} {
		_, err := filter.ParseJSON([]byte(text))
		wantFault(t, text, err, fault.CodeQueryType)
	}
}

func TestWhatIsTooLarge(t *testing.T) {
	text := func(s string) (string, error) { _, err := filter.Parse(s); return s, err }
	json := func(s string) (string, error) { _, err := filter.ParseJSON([]byte(s)); return s, err }
	list := strings.Repeat("1,", filter.MaxValues) + "1"
	for _, c := range []func() (string, error){
		func() (string, error) { return text(strings.Repeat(" ", filter.MaxText+1)) },
		func() (string, error) { return text(strings.Repeat("(", 8000)) },
		func() (string, error) { return text(strings.Repeat("not ", 1000) + "a eq 1") },
		func() (string, error) { return text(strings.Repeat("not ", filter.MaxDepth) + "a eq 1") },
		func() (string, error) { return text("a eq 1" + strings.Repeat(" or a eq 1", filter.MaxParts)) },
		func() (string, error) { return text("a in (" + list + ")") },
		func() (string, error) { return text("a.b.c.d.e.f eq 1") },
		func() (string, error) { return json(`{"search":"` + strings.Repeat("x", filter.MaxJSON) + `"}`) },
		func() (string, error) { return json(strings.Repeat(`{"not":`, 9000)) },
		func() (string, error) { return json(strings.Repeat(`{"and":[`, 8000)) },
		func() (string, error) {
			return json(strings.Repeat(`{"not":`, filter.MaxDepth) + `{"search":"a"}` + strings.Repeat("}", filter.MaxDepth))
		},
		func() (string, error) { return json(`{"field":"a","in":[` + list + `]}`) },
		func() (string, error) { return json(`{"any":"a.b.c.d.e.f"}`) },
	} {
		s, err := c()
		wantFault(t, s, err, fault.CodeQueryTooCostly)
	}
}

func entity(t testing.TB, name string) catalogue.Entity {
	t.Helper()
	e, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("no entity %q", name)
	}
	return e
}

func check(t testing.TB, on, text string) (filter.Expr, int, error) {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return filter.Check(e, entity(t, on), now)
}

func TestWhatDoesNotFitTheCatalogue(t *testing.T) {
	for _, c := range []struct {
		on, text string
		code     fault.Code
	}{
		{"shipments", `colour eq "red"`, fault.CodeQueryField},
		{"shipments", `excursions eq "x"`, fault.CodeQueryField},
		{"shipments", `any status`, fault.CodeQueryField},
		{"shipments", `any nothing`, fault.CodeQueryField},
		{"shipments", `excursions.colour eq 1`, fault.CodeQueryField},
		{"shipments", `changedAt lt @colour`, fault.CodeQueryField},
		{"shipments", `changedAt lt @^changedAt`, fault.CodeQueryField},
		{"shipments", `status eq 1`, fault.CodeQueryType},
		{"shipments", `status eq true`, fault.CodeQueryType},
		{"shipments", `status eq ""`, fault.CodeQueryType},
		{"shipments", `events eq "1"`, fault.CodeQueryType},
		{"shipments", `events prefix "1"`, fault.CodeQueryType},
		{"shipments", `events eq @status`, fault.CodeQueryType},
		{"shipments", `events eq @events+3d`, fault.CodeQueryType},
		{"shipments", `changedAt lt @changedAt+3`, fault.CodeQueryType},
		{"shipments", `status eq @now`, fault.CodeQueryType},
		{"shipments", `status in ("a", @termsHash)`, fault.CodeQueryType},
		{"shipments", `changedAt gt "yesterday"`, fault.CodeQueryType},
		{"shipments", `changedAt gt "2026-02-30"`, fault.CodeQueryType},
		{"shipments", `changedAt gt "2026-01-01T00:00:00+01:00"`, fault.CodeQueryType},
		{"shipments", `changedAt during "2026-Q5"`, fault.CodeQueryType},
		{"shipments", `changedAt during "2026-13"`, fault.CodeQueryType},
		{"shipments", `changedAt during 2026`, fault.CodeQueryType},
		{"shipments", `changedAt contains "2026"`, fault.CodeQueryType},
		{"shipments", `acceptedBy eq "A"`, fault.CodeQueryType},
		{"shipments", `acceptedBy has 1`, fault.CodeQueryType},
		{"shipments", `search " "`, fault.CodeQueryType},
		{"shipments", `search "1 2 3 4 5 6 7 8 9"`, fault.CodeQueryType},
		{"escrows", `search "x"`, fault.CodeQueryType},
		{"excursions", `open lt true`, fault.CodeQueryType},
		{"shipments", `any excursions (any shipment (any excursions (any shipment (any excursions))))`, fault.CodeQueryTooCostly},
		{"shipments", `any excursions (shipment.terms.customerReference contains "x" and any acknowledgements (comment contains "y"))`, fault.CodeQueryTooCostly},
	} {
		_, _, err := check(t, c.on, c.text)
		wantFault(t, c.text, err, c.code)
	}
}

// TestEveryFieldCanBeWritten: no name of the catalogue is a word of the grammar.
func TestEveryFieldCanBeWritten(t *testing.T) {
	for _, e := range catalogue.Entities() {
		for _, f := range slices.Concat(e.Fields, catalogue.Provenance()) {
			if _, _, err := check(t, e.Name, "exists "+f.Name); err != nil {
				t.Error(err)
			}
		}
		for _, r := range e.Relations {
			if _, _, err := check(t, e.Name, "any "+r.Name); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCheckedFilters(t *testing.T) {
	for text, want := range map[string]string{
		`changedAt ge "2026-03-01"`:                          `changedAt ge "2026-03-01T00:00:00.000Z"`,
		`changedAt ge @now-30d`:                              `changedAt ge "2026-04-01T12:00:00.000Z"`,
		`changedAt during "2026-Q1"`:                         `changedAt ge "2026-01-01T00:00:00.000Z" and changedAt lt "2026-04-01T00:00:00.000Z"`,
		`changedAt during "2024-02"`:                         `changedAt ge "2024-02-01T00:00:00.000Z" and changedAt lt "2024-03-01T00:00:00.000Z"`,
		`changedAt during "2026-12-31"`:                      `changedAt ge "2026-12-31T00:00:00.000Z" and changedAt lt "2027-01-01T00:00:00.000Z"`,
		`events between 2 and @events+1`:                     `events ge 2 and events le @events+1`,
		`search "a b"`:                                       `shipmentId contains "a" and shipmentId contains "b"`,
		`excursions.openedAt lt @^changedAt and events eq 1`: `any excursions (openedAt lt @^changedAt) and events eq 1`,
	} {
		e, _, err := check(t, "shipments", text)
		if err != nil || filter.String(e) != want {
			t.Errorf("%s became %s, %v", text, filter.String(e), err)
		}
	}
}

// rows is one entity's rows.
type rows map[string][]filter.Fields

func (r rows) Rows(entity string) []filter.Fields { return r[entity] }

func TestWhatFiltersMean(t *testing.T) {
	data := rows{"excursions": {
		{"shipmentId": "s", "custodian": "C", "durationMs": int64(10), "open": true},
		{"shipmentId": "s", "custodian": "D", "durationMs": int64(99), "open": false, "closedAt": "2026-01-02T00:00:00.000Z"},
		{"shipmentId": "other", "custodian": "C", "durationMs": int64(99)},
	}}
	row := filter.Fields{
		"shipmentId": "s", "status": "in-transit", "events": int64(3), "changedAt": "2026-01-01T00:00:00.000Z", "acceptedBy": []string{"A", "B"}, "proposer": "Ächter%_",
	}
	for text, want := range map[string]bool{
		``:                           true,
		`status eq "in-transit"`:     true,
		`status eq "In-transit"`:     false,
		`status ne "x"`:              true,
		`consolidationId ne "x"`:     false,
		`not consolidationId ne "x"`: true,
		`not consolidationId eq "x"`: true,
		`not exists consolidationId`: true,
		`exists acceptedBy`:          true,
		`exists seals`:               false,
		`acceptedBy has "B"`:         true,
		`acceptedBy has "AB"`:        false,
		`events in (1, 3)`:           true,
		`events between 3 and 4`:     true,
		`events gt 3 or events lt 3`: false,
		`proposer contains "ÄCHT"`:   true,
		`proposer contains "äCHT"`:   false,
		`proposer contains "%_"`:     true,
		`proposer contains "%x"`:     false,
		`proposer prefix "Ä"`:        true,
		`proposer prefix "ä"`:        false,
		`proposer gt "Z"`:            true, // by bytes
		`changedAt during "2026"`:    true,
		`changedAt lt @changedAt+1d`: true,
		`changedAt lt @lostAt`:       false,
		`not changedAt lt @lostAt`:   true,
		`any excursions`:             true,
		`not any payments`:           true,
		`excursions.custodian eq "C" and excursions.durationMs gt 50`:         true, // two excursions
		`any excursions (custodian eq "C" and durationMs gt 50)`:              false,
		`any excursions (closedAt gt @^changedAt and durationMs gt @custody)`: false, // no custody
		`any excursions (closedAt gt @^changedAt)`:                            true,
		`any excursions (not open eq true)`:                                   true,
	} {
		e, _, err := check(t, "shipments", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for form, e := range map[string]filter.Expr{"as it is": e, "normal": filter.Normal(e)} {
			if got := filter.Match(e, entity(t, "shipments"), row, data); got != want {
				t.Errorf("%s, %s: %v", text, form, got)
			}
		}
	}
}

func anyEntity(t *rapid.T) catalogue.Entity {
	return rapid.SampledFrom(catalogue.Entities()).Draw(t, "entity")
}

// TestWhatIsWrittenIsRead: any filter, in both forms.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := filtertest.Filter(t, anyEntity(t), filtertest.Uses{Relations: true, References: true, Provenance: true})
		text, json := filter.String(e), filter.JSON(e)
		a, err := filter.Parse(text)
		if diff := cmp.Diff(e, a); err != nil || diff != "" {
			t.Fatalf("%s: %v %s", text, err, diff)
		}
		b, err := filter.ParseJSON(json)
		if diff := cmp.Diff(e, b); err != nil || diff != "" {
			t.Fatalf("%s: %v %s", json, err, diff)
		}
	})
}

// TestTheNormalFormMeansTheSame, and what the tests make up is valid.
func TestTheNormalFormMeansTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		on := anyEntity(t)
		raw := filtertest.Filter(t, on, filtertest.Uses{Relations: true, References: true, Provenance: true})
		e, _, err := filter.Check(raw, on, now)
		if fault.Is(err, fault.CodeQueryTooCostly) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatalf("%s: %v", filter.String(raw), err)
		}
		data := filtertest.Make(t, 3, filtertest.Reach(on, 2)...)
		for _, row := range data.Rows(on.Name) {
			if filter.Match(e, on, row, data) != filter.Match(filter.Normal(e), on, row, data) {
				t.Fatalf("%s and %s differ for %v", filter.String(e), filter.String(filter.Normal(e)), row)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, p := range pairs {
		f.Add(p.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := filter.Parse(text)
		if err != nil {
			if fault.From(err).Code == fault.CodeInternal {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again(t, e)
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, p := range pairs {
		f.Add([]byte(p.json))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := filter.ParseJSON(data)
		if err != nil {
			if fault.From(err).Code == fault.CodeInternal {
				t.Fatalf("%q: %v", data, err)
			}
			return
		}
		again(t, e)
	})
}

// again writes a filter in both forms and reads it back; checking it ends in an answer or a fault.
func again(t *testing.T, e filter.Expr) {
	t.Helper()
	if text := filter.String(e); len(text) <= filter.MaxText {
		back, err := filter.Parse(text)
		if diff := cmp.Diff(e, back); err != nil || diff != "" {
			t.Fatalf("%s: %v %s", text, err, diff)
		}
	}
	if data := filter.JSON(e); len(data) <= filter.MaxJSON {
		back, err := filter.ParseJSON(data)
		if diff := cmp.Diff(e, back); err != nil || diff != "" {
			t.Fatalf("%s: %v %s", data, err, diff)
		}
	}
	for _, on := range catalogue.Entities() {
		if _, _, err := filter.Check(e, on, now); err != nil && fault.From(err).Code == fault.CodeInternal {
			t.Fatalf("%s: %v", filter.String(e), err)
		}
	}
}

func TestQuestions(t *testing.T) {
	ok := filter.Question{
		Entity: "excursions", Sort: []filter.Order{{By: "openedAt", Descending: true}}, Include: []string{"shipment.terms", "custodian"}, Limit: 10,
	}
	c, err := ok.Check(now)
	if err != nil || len(c.Fields) != len(entity(t, "excursions").Fields) || c.Limit != 10 {
		t.Fatalf("%+v, %v", c, err)
	}
	grouped := filter.Question{
		Entity: "excursions", Sort: []filter.Order{{By: "sum(penaltyMinor)", Descending: true}},
		GroupBy:    []filter.Group{{Field: "custodian"}, {Relations: []string{"shipment"}, Field: "status"}, {Field: "openedAt", Unit: "month"}},
		Aggregates: []filter.Aggregate{{Of: "count"}, {Of: "sum", Field: "penaltyMinor"}, {Of: "avg", Field: "durationMs"}, {Of: "distinct", Field: "shipmentId"}},
	}
	if _, err := grouped.Check(now); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(q *filter.Question)
		code   fault.Code
	}{
		"an entity that is none":     {func(q *filter.Question) { q.Entity = "secrets" }, fault.CodeQueryEntity},
		"a field that is none":       {func(q *filter.Question) { q.Fields = []string{"x"} }, fault.CodeQueryField},
		"a field twice":              {func(q *filter.Question) { q.Fields = []string{"rule", "rule"} }, fault.CodeQueryForm},
		"a limit beyond":             {func(q *filter.Question) { q.Limit = filter.MaxLimit + 1 }, fault.CodeQueryForm},
		"a limit below":              {func(q *filter.Question) { q.Limit = -1 }, fault.CodeQueryForm},
		"sorted by nothing":          {func(q *filter.Question) { q.Sort = []filter.Order{{By: "x"}} }, fault.CodeQueryField},
		"sorted twice":               {func(q *filter.Question) { q.Sort = []filter.Order{{By: "rule"}, {By: "rule", Descending: true}} }, fault.CodeQueryForm},
		"sorted by five":             {func(q *filter.Question) { q.Sort = make([]filter.Order, 5) }, fault.CodeQueryForm},
		"including a field":          {func(q *filter.Question) { q.Include = []string{"rule"} }, fault.CodeQueryField},
		"including twice":            {func(q *filter.Question) { q.Include = []string{"shipment", "shipment"} }, fault.CodeQueryForm},
		"including too far":          {func(q *filter.Question) { q.Include = []string{"shipment.excursions.shipment.excursions.shipment"} }, fault.CodeQueryTooCostly},
		"including nonsense":         {func(q *filter.Question) { q.Include = []string{"a b"} }, fault.CodeQuerySyntax},
		"groups and fields":          {func(q *filter.Question) { q.GroupBy = grouped.GroupBy; q.Fields = []string{"rule"} }, fault.CodeQueryForm},
		"groups sorted by something": {func(q *filter.Question) { q.Include = nil; q.GroupBy = grouped.GroupBy }, fault.CodeQueryForm},
		"a sum of texts": {func(q *filter.Question) {
			*q = filter.Question{Entity: "excursions", Aggregates: []filter.Aggregate{{Of: "sum", Field: "rule"}}}
		}, fault.CodeQueryForm},
		"the least of what has no order": {func(q *filter.Question) {
			*q = filter.Question{Entity: "excursions", Aggregates: []filter.Aggregate{{Of: "min", Field: "open"}}}
		}, fault.CodeQueryForm},
		"an aggregate twice": {func(q *filter.Question) {
			*q = filter.Question{Entity: "excursions", Aggregates: []filter.Aggregate{{Of: "count"}, {Of: "count"}}}
		}, fault.CodeQueryForm},
		"the month of a text": {func(q *filter.Question) {
			*q = filter.Question{Entity: "excursions", GroupBy: []filter.Group{{Field: "rule", Unit: "month"}}}
		}, fault.CodeQueryForm},
		"a group by many": {func(q *filter.Question) {
			*q = filter.Question{Entity: "shipments", GroupBy: []filter.Group{{Relations: []string{"excursions"}, Field: "rule"}}}
		}, fault.CodeQueryForm},
		"a group by a list": {func(q *filter.Question) {
			*q = filter.Question{Entity: "shipments", GroupBy: []filter.Group{{Field: "seals"}}}
		}, fault.CodeQueryForm},
	} {
		q := ok
		c.change(&q)
		_, err := q.Check(now)
		wantFault(t, name, err, c.code)
	}
}

func TestPartsOfQuestionsAreReadAsWritten(t *testing.T) {
	for _, s := range []string{"custodian", "shipment.status", "openedAt:month", "shipment.terms.deliveryLatest:day"} {
		if g, err := filter.ParseGroup(s); err != nil || g.String() != s {
			t.Errorf("%s: %s, %v", s, g, err)
		}
	}
	for _, s := range []string{"count", "count(a)", "distinct(a)", "sum(a)", "min(a)", "max(a)", "avg(a)"} {
		if a, err := filter.ParseAggregate(s); err != nil || a.String() != s {
			t.Errorf("%s: %s, %v", s, a, err)
		}
	}
	for _, s := range []string{"", "a:", "a:week", "a b", "a.", "A", `a"`} {
		if g, err := filter.ParseGroup(s); err == nil {
			t.Errorf("%q was read as %+v", s, g)
		}
	}
	for _, s := range []string{"", "count()", "sum", "sum(", "sum(a", "sum(a))", "total(a)", "sum(a b)", `sum(a") from x`} {
		if a, err := filter.ParseAggregate(s); err == nil {
			t.Errorf("%q was read as %+v", s, a)
		}
	}
	if o, err := filter.ParseOrder("-openedAt"); err != nil || o != (filter.Order{By: "openedAt", Descending: true}) || o.String() != "-openedAt" {
		t.Errorf("%v, %v", o, err)
	}
	if _, err := filter.ParseOrder("-"); err == nil {
		t.Error("nothing was read as an order")
	}
}

func TestAQuestionIsKeptAsItIs(t *testing.T) {
	w := filter.Written{
		Filter: []byte(`{"field":"rule","eq":"x"}`), Fields: []string{"rule"}, Sort: []string{"-openedAt", "rule"}, Limit: 7, Include: []string{"shipment"},
		GroupBy: []string{"openedAt:month"}, Aggregates: []string{"count", "sum(penaltyMinor)"},
	}
	q, err := w.Question("excursions")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, q.Write()); diff != "" {
		t.Error(diff)
	}
	for name, w := range map[string]filter.Written{
		"a filter": {Filter: []byte("{}")}, "an order": {Sort: []string{""}}, "a group": {GroupBy: []string{"a:b"}}, "an aggregate": {Aggregates: []string{"x"}},
		"a long list": {Sort: make([]string, 100)},
	} {
		if q, err := w.Question("excursions"); err == nil {
			t.Errorf("%s was read: %+v", name, q)
		}
	}
}
