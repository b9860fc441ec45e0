package projection

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/gateway/projection/sqlitefile"
)

// What the planner is told of a file that was laid down is what ANALYZE would find.
func TestStatisticsAreThoseOfANALYZE(t *testing.T) {
	columns := []column{{"a", "TEXT"}, {"b", "BIGINT"}, {"c", "TEXT"}, {"d", "BIGINT"}, {"e", "TEXT"}}
	tables := []table{
		{name: "t", key: []string{"a"}, columns: columns, indexes: []index{
			{columns: []string{"c", "a"}}, {columns: []string{"d", "c", "a"}, sparse: true}, {columns: []string{"d"}, sparse: true}, {columns: []string{"b", "e", "a"}}}},
		{name: "t", key: []string{"a", "b"}, columns: columns, indexes: []index{
			{columns: []string{"c", "a"}}, {columns: []string{"c", "d", "a"}, sparse: true}, {columns: []string{"d"}, sparse: true}, {columns: []string{"e", "a", "b"}},
			{columns: []string{"e", "b"}}, {columns: []string{"b", "d"}}, {columns: []string{"c", "e", "a", "b"}}}},
	}
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 9))
		table := tables[seed%2]
		db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "analysed.db"))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		run := func(text string, args ...any) {
			t.Helper()
			if _, err := db.Exec(text, args...); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		for _, text := range append(table.create(SQLite), table.createIndexes(table.indexes)...) {
			run(text)
		}
		run("BEGIN")
		n := 1 + random.IntN([]int{3, 30, 1000}[random.IntN(3)])
		rows, seen := sqlitefile.NewUnsorted(len(columns)), make(map[string]bool)
		for range n {
			row := []any{fmt.Sprint("k", random.IntN(1+n/2)), int64(random.IntN(4)), few(random, 1+n/3), nil, few(random, 3)}
			if seed%7 > 0 && random.IntN(3) > 0 {
				row[3] = int64(random.IntN(n)) - 2
			}
			id := fmt.Sprint(row[:len(table.key)])
			if seen[id] {
				continue
			}
			seen[id] = true
			if err := rows.Add(row); err != nil {
				t.Fatal(err)
			}
			run(`INSERT INTO t VALUES (?, ?, ?, ?, ?)`, row...)
		}
		trees := table.trees(true)
		if err := sorted(trees, map[string]*sqlitefile.Unsorted{"t": rows}); err != nil {
			t.Fatal(err)
		}
		run("COMMIT")
		run("PRAGMA analysis_limit = 0")
		run("ANALYZE")
		for _, x := range trees {
			want := "0"
			for range x.keys {
				want += " 0" // ANALYZE says nothing of what is empty
			}
			if len(x.order) > 0 {
				if err := db.QueryRow(`SELECT stat FROM sqlite_stat1 WHERE idx = ?`, x.name).Scan(&want); err != nil {
					t.Fatal(err)
				}
			}
			if got := x.statistics(); got != want {
				t.Errorf("%d: %s of %d rows: %q, not %q", seed, x.name, len(seen), got, want)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// few is one of a few texts, or nothing.
func few(random *rand.Rand, kinds int) any {
	if random.IntN(5) == 0 {
		return nil
	}
	return strings.Repeat("x", random.IntN(3)*6) + fmt.Sprint(random.IntN(kinds))
}
