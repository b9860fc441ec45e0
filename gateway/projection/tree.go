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
	rows    [][]any
	sparse  bool
	order   []int32 // of rows; nil: as they are
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
		tables.Go(func() error { return t.sort(rows[t.name]) })
		whole := &tree{table: t, name: t.name, keys: len(t.key), rows: rows[t.name]}
		for i := range t.columns {
			whole.columns = append(whole.columns, i)
		}
		all = append(all, whole)
		for _, x := range t.always {
			all = append(all, t.tree(x, rows[t.name], false))
		}
		for _, x := range t.indexes {
			if last {
				all = append(all, t.tree(x, rows[t.name], true))
			}
		}
	}
	if err := tables.Wait(); err != nil {
		return nil, err
	}
	indexes.SetLimit(runtime.GOMAXPROCS(0))
	for _, x := range all {
		indexes.Go(func() error {
			x.sort()
			x.count()
			return nil
		})
	}
	return all, indexes.Wait()
}

// sort puts rows into the order of their keys. It fails where two have the same,
// which only a transaction that no peer makes can bring about; statements let the later one stay.
func (t *table) sort(rows [][]any) error {
	key := func(a, b []any) int {
		for i := range t.key {
			if c := sqlitefile.Compare(a[i], b[i]); c != 0 {
				return c
			}
		}
		return 0
	}
	slices.SortFunc(rows, key)
	for i := range len(rows) - 1 {
		if key(rows[i], rows[i+1]) == 0 {
			return fmt.Errorf("two rows of %s have the key %v", t.name, rows[i][:len(t.key)])
		}
	}
	return nil
}

// tree is that of an index: its columns, then what is lacking of the key.
func (t *table) tree(x index, rows [][]any, made bool) *tree {
	out := &tree{table: t, name: t.indexName(x), keys: len(x.columns), rows: rows, order: []int32{}, sparse: x.sparse}
	if made {
		out.create = t.createIndexes([]index{x})[0]
	}
	for _, name := range slices.Concat(x.columns, t.key) {
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
		if !slices.Contains(out.columns, at) {
			out.columns = append(out.columns, at)
		}
	}
	return out
}

// sort finds the order of an index. Its rows are in that of the table's key, which
// is what the columns end with.
func (x *tree) sort() {
	if x.order == nil {
		return
	}
	first := x.columns[:slices.IndexFunc(x.columns, func(at int) bool { return at < len(x.table.key) })]
	x.order = make([]int32, 0, len(x.rows))
	for i, r := range x.rows {
		if !x.sparse || r[x.columns[0]] != nil {
			x.order = append(x.order, int32(i))
		}
	}
	slices.SortFunc(x.order, func(a, b int32) int {
		for _, at := range first {
			if c := sqlitefile.Compare(x.rows[a][at], x.rows[b][at]); c != 0 {
				return c
			}
		}
		return int(a - b)
	})
}

// size is the number of entries.
func (x *tree) size() int {
	if x.order != nil {
		return len(x.order)
	}
	return len(x.rows)
}

// row is the n-th in order.
func (x *tree) row(n int) []any {
	if x.order != nil {
		n = int(x.order[n])
	}
	return x.rows[n]
}

// count counts what the planner wants to know.
func (x *tree) count() {
	x.counts = make([]int, x.keys)
	for n := range x.size() {
		same := 0
		for ; n > 0 && same < x.keys && sqlitefile.Compare(x.row(n)[x.columns[same]], x.row(n - 1)[x.columns[same]]) == 0; same++ {
		}
		for k := same; k < x.keys; k++ {
			x.counts[k]++
		}
	}
}

// statistics are what ANALYZE would write: how many entries there are, and how many
// have the same first value, the same first two, and so on.
func (x *tree) statistics() string {
	all := x.size()
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

// entries are the values of each row, in order.
func (x *tree) entries(yield func([]any) bool) {
	entry := make([]any, len(x.columns))
	for n := range x.size() {
		r := x.row(n)
		for i, at := range x.columns {
			entry[i] = r[at]
		}
		if !yield(entry) {
			return
		}
	}
}
