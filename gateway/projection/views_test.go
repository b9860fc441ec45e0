package projection

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// TestViewsAreTheSameInBothDatabases: with the same names, each once, and the same rows.
func TestViewsAreTheSameInBothDatabases(t *testing.T) {
	if len(views) != len(catalogue.Views()) {
		t.Errorf("%d views are made, and %d catalogued", len(views), len(catalogue.Views()))
	}
	blocks := story(t)
	first := map[string]string{}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		if err := m.Index(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := m.View(t.Context(), func(tx *sql.Tx, _ At) error {
			for _, e := range catalogue.Views() {
				sum, err := entityTable(m.Dialect(), e).checksum(t.Context(), tx)
				if err != nil {
					return err
				}
				var rows, names int
				if err := tx.QueryRowContext(t.Context(), `SELECT count(*), count(DISTINCT row_id) FROM `+Quote(e.Table())).Scan(&rows, &names); err != nil {
					return err
				}
				if rows == 0 || rows != names {
					t.Errorf("%s: %d rows have %d names", e.Name, rows, names)
				}
				if first[e.Name] == "" {
					first[e.Name] = sum
				}
				if sum != first[e.Name] {
					t.Errorf("%s: %s, not %s", e.Name, sum, first[e.Name])
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		// A database of an older form has other views, which go before their tables.
		if err := m.Reset(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestATimelineIsFoundByItsComponent: a page costs what happened to the component,
// and not what happened to all.
func TestATimelineIsFoundByItsComponent(t *testing.T) {
	m := open(t, Config{SQLite: t.TempDir() + "/model.db"})
	if err := m.Apply(t.Context(), story(t)...); err != nil {
		t.Fatal(err)
	}
	if err := m.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Planning alone does not look whether there are new indexes; reading does.
	if _, err := m.DB().ExecContext(t.Context(), `SELECT count(*) FROM timeline`); err != nil {
		t.Fatal(err)
	}
	rows, err := m.DB().QueryContext(t.Context(), `EXPLAIN QUERY PLAN SELECT row_id, at FROM timeline WHERE component_id = ? AND (at, row_id) < (?, ?) ORDER BY at DESC, row_id DESC LIMIT 100`, "x", "y", "z")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found, read := 0, 0
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(step, "SEARCH") {
			found++
		}
		if strings.HasPrefix(step, "SCAN") && step != "SCAN timeline" {
			read++
		}
	}
	// Tables with hardly a row in the stories are read through: certificates, ends of recalls, clearances.
	if err := rows.Err(); err != nil || found < len(views["timeline"]) || read > 3 {
		t.Errorf("%d tables are searched, %d read; %v", found, read, err)
	}
}

// TestTheEndOfAHoldIsOfItsOwnTransaction: who follows the row to the ledger finds the
// transaction that lifted it, and not the one that placed it.
func TestTheEndOfAHoldIsOfItsOwnTransaction(t *testing.T) {
	blocks := story(t)
	by := map[string]string{} // the transaction's function
	for _, b := range blocks {
		for _, x := range b.Transactions {
			by[x.ID] = x.Function
		}
	}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		err := m.View(t.Context(), func(tx *sql.Tx, _ At) error {
			rows, err := tx.QueryContext(t.Context(), `SELECT step, ledger_transaction FROM timeline WHERE about IN ('hold-periods', 'recall-periods')`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var step, id string
				if err := rows.Scan(&step, &id); err != nil {
					return err
				}
				seen[step+" by "+by[id]] = true
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"held by component:PlaceHold", "hold-released by component:ReleaseHold", "recall-released by component:ReleaseRecall", "recalled by component:IssueRecall"}
		if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}
