package query_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/filter/filtertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

const at = "2026-01-01T00:00:00.000Z"

// plain is a row of an entity that has something in every field that is never lacking.
func plain(t testing.TB, on string, n int, with filter.Fields) filter.Fields {
	t.Helper()
	key := catalogue.KeyText(on, fmt.Sprintf("%04d", n))
	row := filter.Fields{catalogue.RowColumn: key}
	for _, f := range append(catalogue.Provenance(), entity(t, on).Fields...) {
		switch {
		case f.Optional:
		case f.Type == catalogue.Integer:
			row[f.Name] = int64(n)
		case f.Type == catalogue.Bool:
			row[f.Name] = false
		case f.Type == catalogue.Time:
			row[f.Name] = at
		default:
			row[f.Name] = fmt.Sprint(f.Name, n)
		}
	}
	row["ledgerKey"] = key
	for name, v := range with {
		row[name] = v
	}
	return row
}

// journeys are five shipments with terms, and seven excursions of the first two under two custodians.
func journeys(t testing.TB, w *world) {
	t.Helper()
	data := filtertest.Data{"organisations": {plain(t, "organisations", 1, filter.Fields{"mspId": "C1", "name": "Carrier One"})}}
	for i := range 5 {
		id := fmt.Sprint("S", i)
		data["shipments"] = append(data["shipments"], plain(t, "shipments", i, filter.Fields{"ledgerBlock": int64(i + 1), "shipmentId": id, "status": []string{"settled", "in-transit"}[i%2]}))
		data["terms"] = append(data["terms"], plain(t, "terms", i, filter.Fields{"shipmentId": id, "consignor": "M"}))
	}
	for i := range 7 {
		data["excursions"] = append(data["excursions"], plain(t, "excursions", i, filter.Fields{
			"shipmentId": fmt.Sprint("S", i%2), "custodian": fmt.Sprint("C", 1+i%3), "durationMs": int64(i * 600_000), "penaltyMinor": int64(i * 100), "peakMilli": int64(8000 + i),
		}))
	}
	var on []catalogue.Entity
	for name := range data {
		on = append(on, entity(t, name))
	}
	w.fill(t, data, on...)
}

func ask(t testing.TB, w *world, a query.Ask) query.Page {
	t.Helper()
	p, err := w.service.Ask(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAcrossRelations: shipment, excursion, custodian, penalty; and what is included.
func TestAcrossRelations(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		journeys(t, w)
		p := ask(t, w, query.Ask{Question: filter.Question{
			Entity: "shipments", Fields: []string{"shipmentId", "status"}, Include: []string{"excursions.custodian", "terms", "statement"}, Sort: []filter.Order{{By: "shipmentId"}},
			Filter: where(t, `any excursions (peakMilli gt 8000 and durationMs gt 1800000 and custodian.name prefix "Carrier")`),
		}})
		// Of the excursions, the 7th alone is long and of C1; it is of S0.
		if len(p.Items) != 1 {
			t.Fatalf("%+v", p.Items)
		}
		got, err := json.Marshal(p.Items[0])
		if err != nil {
			t.Fatal(err)
		}
		var shown struct {
			Record   map[string]string
			Ledger   map[string]any
			Included struct {
				Excursions struct {
					Items []struct {
						Record   map[string]any
						Included struct {
							Custodian *struct{ Record map[string]any }
						}
					}
					More bool
				}
				Terms     struct{ Record map[string]any }
				Statement *struct{}
			}
		}
		if err := json.Unmarshal(got, &shown); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"shipmentId": "S0", "status": "settled"}, shown.Record); diff != "" {
			t.Error(diff)
		}
		if x := shown.Included; len(x.Excursions.Items) != 4 || x.Excursions.More || x.Terms.Record["consignor"] != "M" || x.Statement != nil {
			t.Errorf("%s", got)
		}
		for _, i := range shown.Included.Excursions.Items {
			if (i.Record["custodian"] == "C1") != (i.Included.Custodian != nil) {
				t.Errorf("%+v", i)
			}
		}
		if shown.Ledger["key"] != "shipments/0000" || shown.Ledger["block"] != 1.0 || shown.Ledger["transactionId"] == "" {
			t.Errorf("%v", shown.Ledger)
		}
	})
}

func TestIncludedRowsAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		data := filtertest.Data{"shipments": {plain(t, "shipments", 0, filter.Fields{"shipmentId": "S"}), plain(t, "shipments", 1, filter.Fields{"shipmentId": "other"})}}
		for i := range 50 {
			data["excursions"] = append(data["excursions"], plain(t, "excursions", i, filter.Fields{"shipmentId": "S"}))
		}
		w.fill(t, data, entity(t, "shipments"), entity(t, "excursions"))
		p := ask(t, w, query.Ask{Question: filter.Question{Entity: "shipments", Include: []string{"excursions"}}})
		if in := p.Items[0].Included[0]; len(in.Items) != 20 || !in.More || in.Items[19].Record.Get("custody") != int64(19) {
			t.Errorf("%d included, more %v", len(in.Items), in.More)
		}
		if in := p.Items[1].Included[0]; len(in.Items) != 0 || in.More {
			t.Errorf("%+v", in)
		}
		_, err := w.service.Ask(t.Context(), query.Ask{Question: filter.Question{Entity: "shipments", Include: []string{"excursions"}, Limit: 201}})
		wantFault(t, "201 rows with others", err, fault.CodeQueryForm)
	})
}

func TestGroupsAreSortedAndCut(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		journeys(t, w)
		q := filter.Question{
			Entity: "excursions", GroupBy: []filter.Group{{Field: "custodian"}}, Sort: []filter.Order{{By: "sum(penaltyMinor)", Descending: true}}, Limit: 2,
			Aggregates: []filter.Aggregate{{Of: "sum", Field: "penaltyMinor"}, {Of: "avg", Field: "durationMs"}},
		}
		p := ask(t, w, query.Ask{Question: q})
		got, err := json.Marshal(p.Groups)
		want := `[{"by":{"custodian":"C1"},"values":{"sum(penaltyMinor)":900,"avg(durationMs)":{"sum":5400000,"count":3}}},{"by":{"custodian":"C3"},"values":{"sum(penaltyMinor)":700,"avg(durationMs)":{"sum":4200000,"count":2}}}]`
		if err != nil || string(got) != want || !p.More {
			t.Errorf("%s, more %v, %v", got, p.More, err)
		}
		q.Limit = 3
		if p := ask(t, w, query.Ask{Question: q}); len(p.Groups) != 3 || p.More {
			t.Errorf("%+v", p)
		}
		none := filter.Question{Entity: "excursions", Filter: where(t, `rule eq "none"`), Aggregates: append(q.Aggregates, filter.Aggregate{Of: "count"}, filter.Aggregate{Of: "max", Field: "peakMilli"})}
		got, err = json.Marshal(ask(t, w, query.Ask{Question: none}).Groups)
		if want := `[{"by":{},"values":{"sum(penaltyMinor)":0,"avg(durationMs)":{"sum":0,"count":0},"count":0,"max(peakMilli)":null}}]`; err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
		_, err = w.service.Ask(t.Context(), query.Ask{Question: q, Cursor: "x"})
		wantFault(t, "a cursor of groups", err, fault.CodeQueryCursor)
		large := filtertest.Data{"excursions": {plain(t, "excursions", 1, filter.Fields{"penaltyMinor": int64(1<<63 - 1)}), plain(t, "excursions", 2, filter.Fields{"penaltyMinor": int64(1)})}}
		w.fill(t, large, entity(t, "excursions"))
		_, err = w.service.Ask(t.Context(), query.Ask{Question: q})
		if err == nil {
			q.GroupBy, q.Sort = nil, nil
			_, err = w.service.Ask(t.Context(), query.Ask{Question: q})
		}
		wantFault(t, "a sum beyond 64 bits", err, fault.CodeQueryType)
	})
}

// TestACursorIsForOneQuestion, and nobody can make one up, or read it.
func TestACursorIsForOneQuestion(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		journeys(t, w)
		a := query.Ask{Question: filter.Question{Entity: "excursions", Sort: []filter.Order{{By: "penaltyMinor", Descending: true}}, Limit: 3, Filter: where(t, `penaltyMinor ge 0`)}}
		a.Cursor = ask(t, w, a).Next
		if p := ask(t, w, a); len(p.Items) != 3 || p.Items[0].Record.Get("penaltyMinor") != int64(300) {
			t.Fatalf("%+v", p)
		}
		raw, err := base64.RawURLEncoding.DecodeString(a.Cursor)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("400")) || bytes.Contains(raw, []byte(`"r":`)) {
			t.Errorf("the cursor says where it stands: %q", raw)
		}
		for name, change := range map[string]func(a *query.Ask){
			"of another filter": func(a *query.Ask) { a.Filter = where(t, `penaltyMinor ge 1`) },
			"of another order":  func(a *query.Ask) { a.Sort = []filter.Order{{By: "penaltyMinor"}} },
			"of another field":  func(a *query.Ask) { a.Sort = []filter.Order{{By: "durationMs", Descending: true}} },
			"of no order":       func(a *query.Ask) { a.Sort = nil },
			"of another entity": func(a *query.Ask) { a.Entity = "journey-penalties" },
			"cut":               func(a *query.Ask) { a.Cursor = a.Cursor[:10] },
			"not base64":        func(a *query.Ask) { a.Cursor = "?" },
			"with padding":      func(a *query.Ask) { a.Cursor += "=" },
			"a position changed": func(a *query.Ask) {
				raw := bytes.Clone(raw)
				raw[len(raw)-1] ^= 1
				a.Cursor = base64.RawURLEncoding.EncodeToString(raw)
			},
			"SQL": func(a *query.Ask) {
				a.Cursor = base64.RawURLEncoding.EncodeToString([]byte(`0123456789abcdef{"r":"' OR 1=1 --","v":[1],"n":""}`))
			},
			"of another secret": func(a *query.Ask) {
				other, err := query.New(query.Config{Model: w.model, Secret: []byte("another secret of 16")})
				if err != nil {
					t.Fatal(err)
				}
				first := *a
				first.Cursor = ""
				p, err := other.Ask(t.Context(), first)
				if err != nil {
					t.Fatal(err)
				}
				a.Cursor = p.Next
			},
		} {
			b := a
			change(&b)
			_, err := w.service.Ask(t.Context(), b)
			wantFault(t, name, err, fault.CodeQueryCursor)
		}
	})
}

// TestPagesStayInPlaceWhileRowsArrive: of the rows that were there, each comes once.
func TestPagesStayInPlaceWhileRowsArrive(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		on := entity(t, "excursions")
		data := filtertest.Data{}
		for i := range 40 {
			data[on.Name] = append(data[on.Name], plain(t, on.Name, 2*i, filter.Fields{"penaltyMinor": int64(i / 4)}))
		}
		w.fill(t, data, on)
		for _, descending := range []bool{false, true} {
			a := query.Ask{Question: filter.Question{Entity: on.Name, Sort: []filter.Order{{By: "penaltyMinor", Descending: descending}}, Limit: 7}}
			seen := map[string]int{}
			for arrived := 1; ; arrived += 2 {
				p := ask(t, w, a)
				for _, row := range p.Items {
					seen[row.ID]++
				}
				tx, err := w.writer.Begin()
				if err != nil {
					t.Fatal(err)
				}
				n := arrived
				if descending {
					n += 1000
				}
				w.insert(t, tx, on, plain(t, on.Name, n, filter.Fields{"penaltyMinor": int64(arrived % 10)}))
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				if a.Cursor = p.Next; a.Cursor == "" {
					break
				}
			}
			for _, row := range data[on.Name] {
				if id := row[catalogue.RowColumn].(string); seen[id] != 1 {
					t.Errorf("%s came %d times", id, seen[id])
				}
			}
		}
	})
}

// TestHostileTextsAreTexts: what would be SQL is looked for, and found nowhere else.
func TestHostileTextsAreTexts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		on := entity(t, "shipments")
		hostile := []string{
			"'", `"`, "';--", "' OR '1'='1", `" OR ""="`, "x'); DROP TABLE shipments; --", "%", "_", `\`, `\'`, "$1", "?", "?1", ":a", "@a", "/*", "*/", "a\nb", "a\x00b"[:1], "\u202e", "𝔘", "=cmd|' /C calc'!A0",
			"{\"$gt\":null}", "${x}", "{{x}}", "`x`", "1e309", "NULL", "null", "true", strings.Repeat("'", 100),
		}
		data := filtertest.Data{}
		for i, h := range hostile {
			data[on.Name] = append(data[on.Name], plain(t, on.Name, i, filter.Fields{"shipmentId": h, "acceptedBy": []string{h}}))
		}
		w.fill(t, data, on)
		for i, h := range hostile {
			for _, f := range []filter.Expr{
				filter.Test{Field: "shipmentId", Op: filter.Eq, Values: []filter.Operand{{Value: h}}},
				filter.Test{Field: "shipmentId", Op: filter.In, Values: []filter.Operand{{Value: h}}},
				filter.Test{Field: "acceptedBy", Op: filter.Has, Values: []filter.Operand{{Value: h}}},
			} {
				p := ask(t, w, query.Ask{Question: filter.Question{Entity: on.Name, Filter: f}})
				if len(p.Items) != 1 || p.Items[0].Record.Get("events") != int64(i) {
					t.Errorf("%q: %d rows", h, len(p.Items))
				}
			}
			for _, q := range []filter.Question{
				{Entity: h}, {Entity: on.Name, Fields: []string{h}}, {Entity: on.Name, Sort: []filter.Order{{By: h}}}, {Entity: on.Name, Include: []string{h}},
				{Entity: on.Name, GroupBy: []filter.Group{{Field: h}}}, {Entity: on.Name, Aggregates: []filter.Aggregate{{Of: "sum", Field: h}}},
				{Entity: on.Name, GroupBy: []filter.Group{{Field: "status"}}, Sort: []filter.Order{{By: h}}},
				{Entity: on.Name, Filter: filter.Test{Field: h, Op: filter.Exists}}, {Entity: on.Name, Filter: filter.Any{Relation: h}},
				{Entity: on.Name, Filter: filter.Test{Field: "events", Op: filter.Op(h), Values: []filter.Operand{{Value: int64(1)}}}},
				{Entity: on.Name, Filter: filter.Test{Field: "events", Op: filter.Eq, Values: []filter.Operand{{Field: h}}}},
			} {
				if _, err := w.service.Ask(t.Context(), query.Ask{Question: q}); err == nil || fault.From(err).Code == fault.CodeInternal {
					t.Errorf("%+v: %v", q, err)
				}
			}
		}
	})
}

// export is what an export writes.
func export(t testing.TB, w *world, a query.Ask, f query.Format) (string, error) {
	t.Helper()
	var b bytes.Buffer
	err := w.service.Export(t.Context(), a, f, func(uint64) io.Writer { return &b })
	return b.String(), err
}

func TestExports(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		on := entity(t, "device-keys")
		formulas := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|cmd", "%x", "harmless", "a,\"b\"\r\nc", "1-1", "'quoted"}
		data := filtertest.Data{}
		for i, f := range formulas {
			data[on.Name] = append(data[on.Name], plain(t, on.Name, i, filter.Fields{"reason": f}))
		}
		data[on.Name] = append(data[on.Name], plain(t, on.Name, len(formulas), filter.Fields{"number": int64(-5)}))
		w.fill(t, data, on)
		a := query.Ask{Question: filter.Question{Entity: on.Name, Fields: []string{"reason", "number"}, Sort: []filter.Order{{By: "reason"}}}}
		text, err := export(t, w, a, query.CSV)
		if err != nil {
			t.Fatal(err)
		}
		table, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"reason", "number", "ledgerKey", "ledgerBlock", "ledgerTransaction", "ledgerTime", "ledgerSubmitter"}, table[0]); diff != "" || len(table) != 2+len(formulas) {
			t.Errorf("%d lines, %s", len(table), diff)
		}
		for _, line := range table[1:] {
			if c := strings.TrimLeft(line[0], " "); c != "" && strings.ContainsAny(c[:1], "=+-@\t\r|%") {
				t.Errorf("%q is a formula", line[0])
			}
		}
		if last := table[len(table)-1]; last[0] != "" || last[1] != "-5" {
			t.Errorf("a number: %q", last)
		}
		text, err = export(t, w, a, query.JSONLines)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil || (i < len(formulas)) != (row["reason"] != nil) {
				t.Errorf("%s: %v", line, err)
			}
		}
		a.Limit = 3
		if text, err := export(t, w, a, query.JSONLines); err != nil || strings.Count(text, "\n") != 3 {
			t.Errorf("%s: %v", text, err)
		}
		groups := query.Ask{Question: filter.Question{Entity: on.Name, GroupBy: []filter.Group{{Field: "at", Unit: "year"}}, Aggregates: []filter.Aggregate{{Of: "count"}, {Of: "avg", Field: "number"}}}}
		if text, err := export(t, w, groups, query.CSV); err != nil || text != "at:year,count,avg(number)\r\n2026,15,\"{\"\"sum\"\":86,\"\"count\"\":15}\"\r\n" {
			t.Errorf("%q: %v", text, err)
		}
		nothing := query.Ask{Question: filter.Question{Entity: on.Name, Fields: []string{"reason"}, Filter: where(t, `number eq 77`)}}
		if text, err := export(t, w, nothing, query.CSV); err != nil || strings.Count(text, "\n") != 1 {
			t.Errorf("%q: %v", text, err)
		}
		a.Include = []string{"device"}
		_, err = export(t, w, a, query.CSV)
		wantFault(t, "with included relations", err, fault.CodeQueryForm)
		_, err = export(t, w, groups, "xlsx")
		wantFault(t, "in another format", err, fault.CodeQueryForm)
	})
}

func TestAnAnswerKnowsItsHeight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		if p := ask(t, w, query.Ask{Question: filter.Question{Entity: "shipments"}}); p.Height != w.model.Height() {
			t.Errorf("height %d", p.Height)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.service.Ask(ctx, query.Ask{Question: filter.Question{Entity: "shipments"}, MinHeight: 7}); !errors.Is(err, context.Canceled) && !errors.Is(err, projection.ErrBehind) {
			t.Errorf("a height that is not there: %v", err)
		}
	})
}

// TestWhatTakesTooLongIsRefused: within a budget, and as what it is.
func TestWhatTakesTooLongIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s, err := query.New(query.Config{Model: w.model, Secret: make([]byte, 16), Budget: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Ask(t.Context(), query.Ask{Question: filter.Question{Entity: "shipments"}})
		wantFault(t, "in a nanosecond", err, fault.CodeQueryTooCostly)
		if _, err := query.New(query.Config{Model: w.model, Secret: []byte("short")}); err == nil {
			t.Error("a short secret was taken")
		}
	})
}

// TestAnswersInOrderAreFoundInOrder: by an index alone, and without sorting what is not few.
func TestAnswersInOrderAreFoundInOrder(t *testing.T) {
	w := open(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")})
	db, err := sql.Open("sqlite", "file:"+w.file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w.writer = db
	on := entity(t, "excursions")
	data := filtertest.Data{}
	for i := range 300 {
		data[on.Name] = append(data[on.Name], plain(t, on.Name, i, filter.Fields{"custodian": fmt.Sprint("C", i%2), "shipmentId": fmt.Sprint("S", i)}))
	}
	w.fill(t, data, on)
	for _, f := range []string{"custodian", "opened_at", "closed_at", "shipment_id"} {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`CREATE INDEX "by_%s" ON excursions (%q, row_id)`, f, f)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"custodian", "shipment_id"} { // as the read model keeps them
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`CREATE INDEX "by_%s_and_time" ON excursions (%q, opened_at, row_id)`, f, f)); err != nil {
			t.Fatal(err)
		}
	}
	w.service.Selective(50)
	for _, c := range []struct {
		filter, sort string
		want         string
		sorted       bool
	}{
		{``, "openedAt", "by_opened_at", false},
		{``, "-openedAt", "by_opened_at", false},
		{``, "closedAt", "by_closed_at", false},
		{``, "-closedAt", "by_closed_at", false},
		{`custodian eq "C1"`, "", "by_custodian", false},
		{`custodian eq "C1"`, "-openedAt", "by_custodian_and_time", false},
		{`shipmentId eq "S7"`, "-openedAt", "by_shipment_id_and_time", false},
		{`custodian eq "C1"`, "-closedAt", "by_closed_at", false},         // many have it
		{`custodian in ("C0", "C1")`, "-openedAt", "by_opened_at", false}, // and these
		{`shipmentId eq "S7"`, "-closedAt", "by_shipment_id", true},       // few have it
		{`custodian eq "C1" and shipmentId eq "S7"`, "-closedAt", "by_shipment_id", true},
	} {
		q := filter.Question{Entity: on.Name, Filter: where(t, c.filter)}
		if c.sort != "" {
			o, err := filter.ParseOrder(c.sort)
			if err != nil {
				t.Fatal(err)
			}
			q.Sort = []filter.Order{o}
		}
		how, err := w.service.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(how, c.want) || strings.Contains(how, "TEMP B-TREE") != c.sorted {
			t.Errorf("%s sorted by %s:\n%s", c.filter, c.sort, how)
		}
	}
}
