package projection

import (
	"database/sql"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// However the blocks are cut into batches, and in whichever database, the tables
// are the same.
func TestTheTablesDoNotDependOnHowTheyCameToBe(t *testing.T) {
	blocks := story(t)
	var first map[string]string
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		if first == nil {
			first = want
		} else if diff := cmp.Diff(first, want); diff != "" {
			t.Errorf("the two databases differ: %s", diff)
		}
		m := open(t, fresh())
		for _, b := range blocks {
			if err := m.Apply(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Errorf("block by block: %s", diff)
		}
		random := rand.New(rand.NewPCG(1, 2))
		m = open(t, fresh())
		for from := 0; from < len(blocks); {
			to := min(from+1+random.IntN(40), len(blocks))
			if err := m.Apply(t.Context(), blocks[from:to]...); err != nil {
				t.Fatal(err)
			}
			from = to
		}
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Errorf("in batches of any size: %s", diff)
		}
	})
}

// What the read model says of each record is what the ledger has now.
func TestTheRecordsAreThoseOfTheLedger(t *testing.T) {
	f, err := told()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, key := range f.Memory.Keys() {
		kind, attributes, ok := splitKey(key)
		if !ok {
			t.Fatalf("%q", key)
		}
		if _, left := catalogue.LeftOut[kind]; !left {
			want[catalogue.KeyText(kind, attributes...)] = string(f.Memory.State(key))
		}
	}
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		each(t, m, `SELECT "key", document FROM ledger_records`, func(scan func(...any) error) error {
			var key string
			var document []byte
			err := scan(&key, &document)
			got[key] = string(document)
			return err
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, name := range []string{parkedTable, unknownTable} {
			if n := count(t, m, name); n != 0 {
				each(t, m, `SELECT * FROM `+Quote(name)+` LIMIT 5`, func(func(...any) error) error { return nil })
				t.Errorf("%s has %d rows", name, n)
			}
		}
	})
}

func each(t *testing.T, m *Model, text string, row func(scan func(...any) error) error) {
	t.Helper()
	rows, err := m.DB().QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, m *Model, table string) (n int) {
	t.Helper()
	if err := m.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM `+Quote(table)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Names longer than PostgreSQL's are cut, and two of them could become one.
func TestNamesFitBothDatabases(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range tables(Postgres) {
		for _, text := range append(table.createIndexes(table.indexes), table.createIndexes(table.always)...) {
			_, rest, _ := strings.Cut(text, `"`)
			name, _, _ := strings.Cut(rest, `"`)
			if len(name) > 63 || seen[name] {
				t.Errorf("%s is too long, or is there twice", name)
			}
			seen[name] = true
		}
	}
}

// A view sees one height, whatever is written meanwhile.
func TestAViewSeesOneHeight(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks[:20]...); err != nil {
			t.Fatal(err)
		}
		err := m.View(t.Context(), func(tx *sql.Tx, at At) error {
			if at.Height != 20 {
				t.Errorf("height %d", at.Height)
			}
			if err := m.Apply(t.Context(), blocks[20:60]...); err != nil {
				return err
			}
			var n, most int64
			if err := tx.QueryRowContext(t.Context(), `SELECT count(*), max(number) FROM ledger_blocks`).Scan(&n, &most); err != nil {
				return err
			}
			if n != 20 || most != 19 {
				t.Errorf("%d blocks, up to %d", n, most)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if m.Height() != 60 {
			t.Errorf("height %d", m.Height())
		}
	})
}
