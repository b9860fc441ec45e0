package projection

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"modernc.org/sqlite"

	"github.com/lifeledger/lifeledger/gateway/projection/sqlitefile"
)

// The first batch of a replay into an empty SQLite file is as large as memory
// allows, and no statements put it into the database: its trees are written, sorted,
// into a file beside, which then takes the place of the empty one. Whoever is killed
// meanwhile leaves the empty one. Until then readers see a model of no blocks.
const (
	coldBytes  = 96 << 20 // of records; in memory they are some six times that
	coldBlocks = 32       // fewer are not worth a file
)

// errCold says that the file could not be exchanged. The batch is applied by statements then.
var errCold = errors.New("the file could not be exchanged")

// build makes a file of a batch that begins at block 0, and puts it in the place of
// the empty one. last says that no more is to be replayed, so that there are indexes.
func (s *store) build(ctx context.Context, b *batch, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	trees, err := s.trees(ctx, b, last)
	if err != nil {
		return err
	}
	beside, err := s.beside()
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(beside) }() // unless it is in its place by then
	if _, err := s.writer.ExecContext(ctx, `VACUUM INTO ?`, beside); err != nil {
		return err
	}
	roots, err := furnish(ctx, beside, b, trees, last)
	if err != nil {
		return err
	}
	if err := fill(beside, trees, roots); err != nil {
		return err
	}
	if err := synced(beside); err != nil {
		return err
	}
	return s.exchange(ctx, beside)
}

// synced makes sure that a file or directory stays as it is if the machine fails.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// beside names a file that nobody else builds, and removes those that were left.
// Where one is still being built, that process fails, and applies its batch by statements.
func (s *store) beside() (string, error) {
	left, err := filepath.Glob(globbed.Replace(s.file) + ".new-*")
	if err != nil {
		return "", err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return s.file + ".new-" + rand.Text(), nil
}

// globbed is a name that stands for itself only.
var globbed = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// collected are rows by table.
type collected struct {
	sync.Mutex
	rows map[string][][]any
}

func (c *collected) add(table string, rows [][]any) {
	c.Lock()
	defer c.Unlock()
	c.rows[table] = append(c.rows[table], rows...)
}

// collect gives the rows of each table. s.mu is held.
func (s *store) collect(ctx context.Context, b *batch) (rows map[string][][]any, err error) {
	s.collected = &collected{rows: make(map[string][][]any)}
	rows = s.collected.rows
	defer func() { s.collected = nil }()
	var all errgroup.Group
	for _, do := range []func(context.Context, *batch) error{s.blocks, s.records, s.entities, s.intervals, s.park} {
		all.Go(func() error { return do(ctx, b) })
	}
	return rows, all.Wait()
}

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

// furnish makes the indexes, empty, in a file that nobody reads yet, writes the head
// and what the planner wants to know, and finds the roots of all trees.
func furnish(ctx context.Context, path string, b *batch, trees []*tree, last bool) (roots map[string]uint32, err error) {
	db, err := sql.Open("sqlite", fileName(path)+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `UPDATE read_model SET height = ?, hash = ?, time = nullif(?, ''), indexed = ?`, int64(b.next), b.hash(), b.last(), last); err != nil {
		return nil, err
	}
	if last {
		if _, err := tx.ExecContext(ctx, `ANALYZE read_model`); err != nil { // which makes the table of what the planner knows
			return nil, err
		}
	}
	for _, x := range trees {
		if x.create != "" {
			if _, err := tx.ExecContext(ctx, x.create); err != nil {
				return nil, err
			}
		}
		if last {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`, x.table.name, x.name, x.statistics()); err != nil {
				return nil, err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	found, err := db.QueryContext(ctx, `SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	roots = make(map[string]uint32)
	for found.Next() {
		var name string
		var root uint32
		if err := found.Scan(&name, &root); err != nil {
			return nil, err
		}
		roots[name] = root
	}
	return roots, found.Err()
}

// fill writes the trees, several at a time.
func fill(path string, trees []*tree, roots map[string]uint32) error {
	f, err := sqlitefile.Open(path)
	if err != nil {
		return err
	}
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for _, x := range trees {
		all.Go(func() error { return f.Fill(roots[x.name], x.entries) })
	}
	return errors.Join(all.Wait(), f.Close())
}

// gate keeps connections from being opened while a file is exchanged.
type gate struct {
	sync.RWMutex
	waiting atomic.Int32
}

// gated opens connections when the gate is open.
type gated struct {
	driver.Connector
	*gate
}

// Connect opens a connection.
func (g gated) Connect(ctx context.Context) (driver.Conn, error) {
	g.waiting.Add(1)
	g.RLock()
	defer g.RUnlock()
	g.waiting.Add(-1)
	return g.Connector.Connect(ctx)
}

// exchange puts a whole file in the place of the empty one, once all connections to
// it are closed: what SQLite has written ahead belongs to a file of one name. It
// fails where another process has the file open, or has filled it. s.mu is held.
func (s *store) exchange(ctx context.Context, whole string) error {
	s.drop()
	s.gate.Lock()
	defer s.gate.Unlock()
	s.writer.SetMaxIdleConns(-1)
	s.reader.SetMaxIdleConns(-1)
	defer s.writer.SetMaxIdleConns(writers)
	defer s.reader.SetMaxIdleConns(s.readers)
	for began := time.Now(); s.writer.Stats().OpenConnections+s.reader.Stats().OpenConnections > int(s.gate.waiting.Load()); time.Sleep(time.Millisecond) {
		if time.Since(began) > 2*time.Second {
			return fmt.Errorf("%w: somebody reads it", errCold)
		}
	}
	db, err := sql.Open("sqlite", fileName(s.file)+"?_pragma=busy_timeout(1000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	h, e := s.head(ctx, db)
	if err = errors.Join(err, e, db.Close()); err != nil || mode != "delete" || h.height > 0 {
		return errors.Join(fmt.Errorf("%w: another process has it", errCold), err)
	}
	if err := os.Rename(whole, s.file); err != nil {
		return err
	}
	return synced(filepath.Dir(s.file))
}

// openGated is sql.Open behind a gate.
func openGated(name string, g *gate) (*sql.DB, error) {
	c, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(gated{c, g}), nil
}
