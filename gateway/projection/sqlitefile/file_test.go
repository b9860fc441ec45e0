package sqlitefile

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// SQLite finds in a file that was filled what it would have put into it itself: all
// rows, by key and by index, and nothing that its own check objects to.
func TestSQLiteFindsWhatWasFilledIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  int
		bytes int // of a document, at most
	}{
		{"no row", 0, 0}, {"one row", 1, 10}, {"a leaf", 20, 30}, {"rows beside which no other fits", 300, 900}, {"rows over many pages", 200, 30_000},
		{"two levels", 3_000, 60}, {"three levels", 20_000, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, uint64(c.rows)))
			rows := make([][]any, c.rows)
			for i := range rows {
				rows[i] = []any{fmt.Sprintf("%s%d", strings.Repeat("k", random.IntN(40)), i), i%2 == 0, something(random), text(random, c.bytes), document(random, c.bytes)}
			}
			path := made(t)
			fill(t, path, rows)
			db := opened(t, path)
			got := strings.Join(read(t, db, `PRAGMA integrity_check`), "\n")
			if got != "ok;" {
				t.Fatal(got)
			}
			want := opened(t, made(t))
			want.SetMaxOpenConns(1)
			if _, err := want.Exec(`BEGIN`); err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if _, err := want.Exec(`INSERT INTO rows VALUES (?, ?, ?, ?, ?)`, r...); err != nil {
					t.Fatal(err)
				}
			}
			for _, question := range []string{
				`SELECT * FROM rows`, `SELECT n, k FROM rows INDEXED BY by_n WHERE n IS NOT NULL ORDER BY n, k`, `SELECT t, k, typeof(n) FROM rows ORDER BY t, k`,
			} {
				if a, b := read(t, db, question), read(t, want, question); !slices.Equal(a, b) {
					t.Errorf("%s: %d rows, not the same %d", question, len(a), len(b))
				}
			}
			// It is a database like any other: rows can be changed and added.
			if _, err := db.Exec(`UPDATE rows SET t = 'another', n = 5; INSERT INTO rows SELECT k || 'b', b, n, t, d FROM rows; DELETE FROM rows WHERE b`); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(read(t, db, `PRAGMA integrity_check`), "\n"); got != "ok;" {
				t.Fatal(got)
			}
		})
	}
}

// The page on which SQLite's locks are is left out, wherever a tree comes to it.
func TestTheLocksPageIsLeftOut(t *testing.T) {
	for _, c := range []struct{ pages, wants, first, then uint32 }{
		{10, 5, 11, 15}, {lockPage - 1, 1, lockPage + 1, lockPage + 1}, {lockPage - 3, 5, lockPage - 2, lockPage + 3}, {lockPage - 3, 2, lockPage - 2, lockPage - 1}, {lockPage, 2, lockPage + 1, lockPage + 2}, {7, 0, 8, 7},
	} {
		f := &File{pages: c.pages}
		if first := f.take(c.wants); first != c.first || f.pages != c.then {
			t.Errorf("%d pages after %d: from %d, then %d pages; not %d and %d", c.wants, c.pages, first, f.pages, c.first, c.then)
		}
	}
}

func TestAnotherFormIsRefused(t *testing.T) {
	path := made(t)
	if err := os.Truncate(path, pageSize+5); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("half a file is opened")
	}
	if err := fillWith(made(t), [][]any{{3.5, nil, nil, nil, nil}}); err == nil {
		t.Error("a value of an unknown type is filled in")
	}
	if err := fillWith(made(t), [][]any{{"k", nil}}); err == nil {
		t.Error("a row that is too short is filled in")
	}
}

// made is a file with one empty table and two indexes.
func made(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "rows.db")
	if _, err := opened(t, path).Exec(`CREATE TABLE rows (k TEXT, b BOOLEAN, n BIGINT, t TEXT, d BLOB, PRIMARY KEY (k)) WITHOUT ROWID;
		CREATE INDEX by_n ON rows (n, k) WHERE n IS NOT NULL; CREATE INDEX by_t ON rows (t, k)`); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string) *sql.DB {
	db, err := sql.Open("sqlite", path+"?_pragma=synchronous(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func fill(t *testing.T, path string, rows [][]any) {
	t.Helper()
	if err := fillWith(path, rows); err != nil {
		t.Fatal(err)
	}
}

func fillWith(path string, rows [][]any) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	unsorted, err := added(5, rows)
	if err != nil {
		return err
	}
	all, err := unsorted.Sorted(1)
	if err != nil {
		return err
	}
	order, _ := all.Order(nil, false)
	if err := f.Fill(2, all, order, []int{0, 1, 2, 3, 4}); err != nil {
		return err
	}
	for root, column := range map[uint32]int{3: 2, 4: 3} {
		order, _ := all.Order([]int{column}, root == 3)
		if err := f.Fill(root, all, order, []int{column, 0}); err != nil {
			return err
		}
	}
	return f.Close()
}

func read(t *testing.T, db *sql.DB, question string) (all []string) {
	t.Helper()
	rows, err := db.Query(question)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range into {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		for _, v := range values {
			fmt.Fprintf(&line, "%v;", v)
		}
		all = append(all, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// something is nothing, or a number of any width.
func something(random *rand.Rand) any {
	if random.IntN(4) == 0 {
		return nil
	}
	edge := int64(1) << random.IntN(63)
	return []int64{0, 1, -1, edge, -edge, edge - 1, -edge - 1, math.MaxInt64, math.MinInt64}[random.IntN(9)]
}

func text(random *rand.Rand, most int) any {
	return strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(most+1))
}

func document(random *rand.Rand, most int) any {
	if random.IntN(5) == 0 {
		return nil
	}
	return bytes.Repeat([]byte{byte(random.IntN(256))}, random.IntN(most+1))
}
