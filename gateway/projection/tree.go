package projection

import (
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

// trees are those that hold something, the largest first.
func (s *store) trees(rows map[string]*sqlitefile.Unsorted, last bool) (all []*tree) {
	for i := range s.tables {
		if t := &s.tables[i]; rows[t.name] != nil {
			all = append(all, t.trees(last)...)
		}
	}
	slices.SortStableFunc(all, func(a, b *tree) int {
		return rows[b.table.name].Len()*len(b.columns) - rows[a.table.name].Len()*len(a.columns)
	})
	return all
}

// sorted brings rows into the order of each tree, several at a time.
func sorted(trees []*tree, rows map[string]*sqlitefile.Unsorted) error {
	of := make(map[*table][]*tree)
	for _, x := range trees {
		of[x.table] = append(of[x.table], x)
	}
	var tables, indexes errgroup.Group
	tables.SetLimit(runtime.GOMAXPROCS(0))
	for t, all := range of {
		tables.Go(func() error {
			sorted, err := rows[t.name].Sorted(len(t.key))
			if err != nil { // which only a transaction that no peer makes can bring about; statements let the later row stay
				return fmt.Errorf("%s: %w", t.name, err)
			}
			for _, x := range all {
				x.rows = sorted
			}
			return nil
		})
	}
	if err := tables.Wait(); err != nil {
		return err
	}
	indexes.SetLimit(runtime.GOMAXPROCS(0))
	for _, x := range trees {
		indexes.Go(func() error {
			x.sort()
			return nil
		})
	}
	return indexes.Wait()
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

// sort finds the order, and counts on the way. Where the table's whole key is among
// the columns no two entries have the same in all of them.
func (x *tree) sort() {
	by := x.own()
	switch more := x.keys - by; {
	case more == len(x.table.key):
		by = x.keys - 1
	case more > 0:
		by = x.keys
	}
	x.order, x.counts = x.rows.Order(x.columns[:by], x.sparse)
	if by < x.keys {
		x.counts = append(x.counts, len(x.order))
	}
	x.counts = x.counts[:x.keys]
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
