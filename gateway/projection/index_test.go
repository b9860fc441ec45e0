package projection

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

var indexName = regexp.MustCompile(`EXISTS "([^"]+)"`)

// A table that was empty when the first replay ended has its indexes with its first
// rows; one that is still empty has none, and costs a replay no time.
func TestATableHasItsIndexesWithItsFirstRows(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		few := len(blocks) / 8
		if err := m.Apply(t.Context(), blocks[:few]...); err != nil {
			t.Fatal(err)
		}
		if err := m.Index(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := indexed(t, m)
		if err := m.Apply(t.Context(), blocks[few:]...); err != nil {
			t.Fatal(err)
		}
		if after := indexed(t, m); before == 0 || after <= before {
			t.Errorf("%d tables had indexes, then %d", before, after)
		}
	})
}

// indexed is the number of tables with all their indexes; the others must be empty and have none.
func indexed(t *testing.T, m *Model) (tables int) {
	t.Helper()
	text := `SELECT group_concat(name, ' ') FROM sqlite_master WHERE type = 'index'`
	if m.Dialect() == Postgres {
		text = `SELECT string_agg(indexname, ' ') FROM pg_indexes WHERE schemaname = current_schema()`
	}
	var all string
	if err := m.DB().QueryRowContext(t.Context(), text).Scan(&all); err != nil {
		t.Fatal(err)
	}
	for _, table := range m.store.tables {
		has, wants := 0, table.createIndexes(table.indexes)
		for _, text := range wants {
			if strings.Contains(" "+all+" ", " "+indexName.FindStringSubmatch(text)[1]+" ") {
				has++
			}
		}
		switch filled := count(t, m, table.name) > 0; {
		case filled && has != len(wants):
			t.Errorf("%s has rows and %d of %d indexes", table.name, has, len(wants))
		case !filled && has > 0:
			t.Errorf("%s is empty and has %d indexes", table.name, has)
		case filled:
			tables++
		}
	}
	return tables
}

// Whoever empties a model, this process or another, takes its indexes away, and they
// are made again, however few blocks there are to replay.
func TestAModelMadeAnewHasItsIndexes(t *testing.T) {
	blocks := story(t)[:coldBlocks-4]
	onBoth(t, func(t *testing.T, fresh func() Config) {
		for name, empty := range map[string]func(*testing.T, Config, *Model) error{
			"by this process": func(t *testing.T, _ Config, m *Model) error { return m.Reset(t.Context()) },
			"by another": func(t *testing.T, c Config, _ *Model) error {
				other, err := Open(t.Context(), c)
				if err != nil {
					return err
				}
				return errors.Join(other.Reset(t.Context()), other.Close())
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := fresh()
				m := open(t, c)
				filled := func() int {
					stop := running(t, m, newPeer(blocks...))
					defer stop()
					await(t, m, uint64(len(blocks)))
					return indexed(t, m)
				}
				first := filled()
				if err := empty(t, c, m); err != nil {
					t.Fatal(err)
				}
				m.reached(0) // what follow finds, in the other's case
				if again := filled(); first == 0 || again != first {
					t.Errorf("%d tables had indexes, then %d", first, again)
				}
			})
		}
	})
}
