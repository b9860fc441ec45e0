package ledger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

func TestTheCostOfAWriteDoesNotGrowWithHistory(t *testing.T) {
	l := newLedger(t, standard())
	if _, err := l.Submit(alice, "create", "c"); err != nil {
		t.Fatal(err)
	}
	var first ledgertest.Size
	for i := range 150 {
		r, err := l.Submit(alice, "bump", "c")
		if err != nil {
			t.Fatal(err)
		}
		size := r.Tx.Size()
		if i == 0 {
			first = size
		}
		const digits = 12 // versions and counters grow by a few digits
		if size.Bytes > first.Bytes+digits {
			t.Fatalf("transaction %d: %+v, first %+v", i, size, first)
		}
		if size.Bytes = first.Bytes; size != first {
			t.Fatalf("transaction %d: %+v, first %+v", i, size, first)
		}
	}
}

type page struct {
	Items []entry
	Next  string
}

func list(tb ledgertest.TB, l *ledgertest.Ledger, id string, limit int, cursor string) page {
	tb.Helper()
	out, err := l.Evaluate(alice, "list", id, fmt.Sprint(limit), cursor)
	if err != nil {
		tb.Fatalf("list: %v", err)
	}
	var p page
	if err := json.Unmarshal(out, &p); err != nil {
		tb.Fatalf("list: %v", err)
	}
	return p
}

func TestPagingGivesEachItemOnceInOrderWhileItemsAreAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger(t, standard())
		for _, id := range []string{"b", "c", "ca"} { // neighbours whose entries must not show up
			if _, err := l.Submit(alice, "create", id); err != nil {
				t.Fatal(err)
			}
		}
		bump := func(n int) {
			for range n {
				for _, id := range []string{"b", "c", "ca"} {
					if _, err := l.Submit(alice, "bump", id); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		bump(rapid.IntRange(0, 12).Draw(t, "before"))
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		var got []uint64
		cursor := ""
		for {
			p := list(t, l, "c", limit, cursor)
			if len(p.Items) > limit || (p.Next != "" && len(p.Items) != limit) {
				t.Fatalf("page of %d, limit %d, next %q", len(p.Items), limit, p.Next)
			}
			for _, e := range p.Items {
				got = append(got, e.N)
			}
			if cursor = p.Next; cursor == "" {
				break
			}
			if len(got) < 30 {
				bump(rapid.IntRange(0, 1).Draw(t, "meanwhile"))
			}
		}
		for i, n := range got {
			if n != uint64(i)+1 {
				t.Fatalf("got %v", got)
			}
		}
	})
}

func TestListRefusesWhatItCannotServe(t *testing.T) {
	l := newLedger(t, standard())
	for _, id := range []string{"c", "d"} {
		if _, err := l.Submit(alice, "create", id); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := l.Submit(alice, "bump", id); err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := list(t, l, "d", 1, "").Next
	own := list(t, l, "c", 1, "").Next
	if own == "" || foreign == "" {
		t.Fatal("no cursors")
	}
	for name, args := range map[string][]string{
		"limit nought":                    {"c", "0", ""},
		"limit above the most":            {"c", "201", ""},
		"a cursor that is not base64":     {"c", "1", "!"},
		"a cursor of another listing":     {"c", "1", foreign},
		"a cursor that was cut":           {"c", "1", own[:len(own)-4]},
		"a cursor with something added":   {"c", "1", own + "AAAA"},
		"an identifier that cannot exist": {"", "1", ""},
	} {
		if _, err := l.Evaluate(alice, "list", args...); err == nil || !strings.Contains(err.Error(), "request.") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := l.Evaluate(alice, "list", "c", "200", own); err != nil {
		t.Error(err)
	}
}

func TestOfTwoTransactionsOnOneHeadExactlyOneIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger(t, standard())
		ids := []string{"a", "b", "c"}
		for _, id := range ids {
			if _, err := l.Submit(alice, "create", id); err != nil {
				t.Fatal(err)
			}
		}
		want := make(map[string]uint64)
		for range rapid.IntRange(1, 4).Draw(t, "blocks") {
			var txs []*ledgertest.Tx
			for range rapid.IntRange(1, 6).Draw(t, "txs") {
				tx, err := l.Endorse(alice, "bump", []string{rapid.SampledFrom(ids).Draw(t, "id")})
				if err != nil {
					t.Fatal(err)
				}
				txs = append(txs, tx)
			}
			seen := make(map[string]bool)
			for _, r := range l.Commit(txs...) {
				id := r.Tx.Call.Args[0]
				if r.Valid() == seen[id] {
					t.Fatalf("%s: %v, seen %v", id, r.Code, seen[id])
				}
				if r.Valid() {
					want[id]++
				}
				seen[id] = true
			}
		}
		for _, id := range ids {
			if n := len(list(t, l, id, 200, "").Items); uint64(n) != want[id] {
				t.Fatalf("%s: %d entries, want %d", id, n, want[id])
			}
		}
	})
}

func TestKeysOrderAsNumbersAndTimesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		if x, y := ledger.Seq(a), ledger.Seq(b); len(x) != 20 || (a < b) != (x < y) {
			t.Fatalf("%s %s", x, y)
		}
		ms := rapid.Int64Range(0, 253402300799999)
		c, d := ms.Draw(t, "c"), ms.Draw(t, "d")
		if x, y := ledger.Millis(time.UnixMilli(c)), ledger.Millis(time.UnixMilli(d)); len(x) != 15 || (c < d) != (x < y) {
			t.Fatalf("%s %s", x, y)
		}
		if x, y := ledger.NewestFirst(time.UnixMilli(c)), ledger.NewestFirst(time.UnixMilli(d)); len(x) != 15 || (c < d) != (x > y) {
			t.Errorf("NewestFirst: %d %s, %d %s", c, x, d, y)
		}
	})
}

func TestEveryPrefixIsDeclaredOnce(t *testing.T) {
	keys := ledger.Keys()
	if n := len(slices.Compact(slices.Sorted(slices.Values(keys)))); n != len(keys) {
		t.Errorf("%d of %d prefixes are distinct", n, len(keys))
	}
}
