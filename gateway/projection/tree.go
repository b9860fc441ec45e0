package projection

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/lifeledger/lifeledger/gateway/projection/sqlitefile"
)

// tree is what one tree of the file holds: some columns of a table's rows.
type tree struct {
	table   *table
	name    string // of the table, or of the index
	create  string // the statement that makes the index; "": it is there
	columns []int
	keys    int // how many of columns are its key
	sparse  bool
	rows    *sqlitefile.Rows
	order   []int32 // of rows
	counts  []int   // how many different values the first, the first two, … of columns have
}

// trees sorts the rows of a batch for each tree, several at a time.
func (s *store) trees(ctx context.Context, b *batch, last bool) (all []*tree, err error) {
	rows, err := s.collect(ctx, b)
	if err != nil {
		return nil, err
	}
	var tables, indexes errgroup.Group
	for i := range s.tables {
		t := &s.tables[i]
		if len(rows[t.name]) == 0 {
			continue
		}
		of := t.trees(last)
		all = append(all, of...)
		tables.Go(func() error {
			sorted, err := t.sort(rows[t.name])
			for _, x := range of {
				x.rows = sorted
			}
			return err
		})
	}
	if err := tables.Wait(); err != nil {
		return nil, err
	}
	indexes.SetLimit(runtime.GOMAXPROCS(0))
	for _, x := range all {
		indexes.Go(func() error {
			x.order = x.rows.Order(x.columns[:x.own()], x.sparse)
			x.counts = x.rows.Different(x.order, x.columns[:x.keys])
			return nil
		})
	}
	return all, indexes.Wait()
}

// trees are those that a table has, the one of its rows first; last: with its indexes.
func (t *table) trees(last bool) []*tree {
	whole := &tree{table: t, name: t.name, keys: len(t.key)}
	for i := range t.columns {
		whole.columns = append(whole.columns, i)
	}
	all := []*tree{whole}
	for _, x := range t.always {
		all = append(all, t.tree(x))
	}
	for _, x := range t.indexes {
		if last {
			made := t.tree(x)
			made.create = t.createIndexes([]index{x})[0]
			all = append(all, made)
		}
	}
	return all
}

// sort puts rows into the order of their keys. It fails where two have the same,
// which only a transaction that no peer makes can bring about; statements let the later one stay.
func (t *table) sort(rows [][]any) (*sqlitefile.Rows, error) {
	sorted, err := sqlitefile.NewRows(len(t.columns), rows)
	if err != nil {
		return nil, err
	}
	if twice := sorted.Sort(len(t.key)); twice >= 0 {
		return nil, fmt.Errorf("two rows of %s have the key %v", t.name, rows[twice][:len(t.key)])
	}
	return sorted, nil
}

// tree is that of an index: its columns, then what is lacking of the key.
func (t *table) tree(x index) *tree {
	out := &tree{table: t, name: t.indexName(x), keys: len(x.columns), sparse: x.sparse}
	for _, name := range slices.Concat(x.columns, t.key) {
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
		if !slices.Contains(out.columns, at) {
			out.columns = append(out.columns, at)
		}
	}
	return out
}

// own is how many columns stand before the table's key: in the order of that the rows are.
func (x *tree) own() int {
	for n := range len(x.columns) - len(x.table.key) + 1 {
		is := true
		for at := range x.table.key {
			is = is && x.columns[n+at] == at
		}
		if is {
			return n
		}
	}
	return len(x.columns)
}

// statistics are what ANALYZE would write: how many entries there are, and how many
// have the same first value, the same first two, and so on.
func (x *tree) statistics() string {
	all := len(x.order)
	text := strconv.Itoa(all)
	for _, different := range x.counts {
		n := 0
		if different > 0 {
			n = (all + different - 1) / different
		}
		if n == 2 && all*10 <= different*11 {
			n = 1
		}
		text += " " + strconv.Itoa(n)
	}
	return text
}
