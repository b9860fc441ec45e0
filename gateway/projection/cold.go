package projection

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	rows, err := s.collect(ctx, b)
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
	roots, err := s.furnish(ctx, beside, b, rows, last)
	if err != nil {
		return err
	}
	if err := s.fill(beside, rows, roots); err != nil {
		return err
	}
	early := make(chan error, 1)
	go func() { early <- synced(beside) }() // most of it is on the disk when the planner has looked at it
	if last {
		err = alter(ctx, beside, func(db *sql.DB) error {
			_, err := db.ExecContext(ctx, `ANALYZE`)
			return err
		})
	}
	if err := errors.Join(err, <-early, synced(beside)); err != nil {
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

// alter lets statements be run on a file that nobody reads yet.
func alter(ctx context.Context, path string, do func(db *sql.DB) error) error {
	db, err := sql.Open("sqlite", fileName(path)+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=temp_store(MEMORY)&_pragma=analysis_limit(1000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return errors.Join(do(db), db.Close())
}

// furnish makes the indexes of tables that will have rows, empty, writes the head,
// and finds the roots of all trees.
func (s *store) furnish(ctx context.Context, path string, b *batch, rows map[string][][]any, last bool) (roots map[string]uint32, err error) {
	roots = make(map[string]uint32)
	return roots, alter(ctx, path, func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		for i := range s.tables {
			if t := &s.tables[i]; last && len(rows[t.name]) > 0 {
				for _, text := range t.createIndexes(t.indexes) {
					if _, err := tx.ExecContext(ctx, text); err != nil {
						return err
					}
				}
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE read_model SET height = ?, hash = ?, time = nullif(?, ''), indexed = ?`,
			int64(b.next), b.hash(), b.last(), last); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		found, err := db.QueryContext(ctx, `SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0`)
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var name string
			var root uint32
			if err := found.Scan(&name, &root); err != nil {
				return err
			}
			roots[name] = root
		}
		return found.Err()
	})
}

// fill writes the trees of tables and indexes, several at a time.
func (s *store) fill(path string, rows map[string][][]any, roots map[string]uint32) error {
	f, err := sqlitefile.Open(path)
	if err != nil {
		return err
	}
	var tables, trees errgroup.Group
	for i := range s.tables {
		tables.Go(func() error { return s.tables[i].sorted(rows[s.tables[i].name]) })
	}
	if err := tables.Wait(); err != nil {
		return errors.Join(err, f.Close())
	}
	trees.SetLimit(runtime.GOMAXPROCS(0))
	for i := range s.tables {
		t := &s.tables[i]
		sorted := rows[t.name]
		if len(sorted) == 0 {
			continue
		}
		trees.Go(func() error { return f.Fill(roots[t.name], slices.Values(sorted)) })
		for _, x := range slices.Concat(t.always, t.indexes) {
			if root := roots[t.indexName(x)]; root != 0 {
				trees.Go(func() error { return f.Fill(root, t.entries(x, sorted)) })
			}
		}
	}
	return errors.Join(trees.Wait(), f.Close())
}

// sorted puts rows into the order of their keys. It fails where two have the same,
// which only a transaction that no peer makes can bring about; statements let the later one stay.
func (t *table) sorted(rows [][]any) error {
	key := func(a, b []any) int { return compare(a, b, len(t.key)) }
	slices.SortFunc(rows, key)
	for i := range len(rows) - 1 {
		if key(rows[i], rows[i+1]) == 0 {
			return fmt.Errorf("two rows of %s have the key %v", t.name, rows[i][:len(t.key)])
		}
	}
	return nil
}

func compare(a, b []any, n int) int {
	for i := range n {
		if c := sqlitefile.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// entries are those of an index: its columns, then what is lacking of the key.
func (t *table) entries(x index, sorted [][]any) iter.Seq[[]any] {
	var columns []int
	for _, name := range slices.Concat(x.columns, t.key) {
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
		if !slices.Contains(columns, at) {
			columns = append(columns, at)
		}
	}
	first := columns[:slices.IndexFunc(columns, func(at int) bool { return at < len(t.key) })]
	order := make([]int32, 0, len(sorted))
	for i, r := range sorted {
		if !x.sparse || r[columns[0]] != nil {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		for _, at := range first {
			if c := sqlitefile.Compare(sorted[a][at], sorted[b][at]); c != 0 {
				return c
			}
		}
		return int(a - b) // what follows is the key, by which they are sorted
	})
	return func(yield func([]any) bool) {
		entry := make([]any, len(columns))
		for _, i := range order {
			for k, at := range columns {
				entry[k] = sorted[i][at]
			}
			if !yield(entry) {
				return
			}
		}
	}
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
