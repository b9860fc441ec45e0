package projection

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

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

// build makes a file of a batch that begins at block 0, and puts it in the place of
// the empty one. last says that no more is to be replayed, so that there are indexes.
func (s *store) build(ctx context.Context, b *batch, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settling.Wait() // or the note of this file would be taken for that of the one before
	clear(s.indexed)
	file := target(s.file)
	beside, err := newBeside(file)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(beside) }() // unless it is in its place by then
	err = s.lay(ctx, b, file, beside, last)
	s.settling.Go(func() { // the empty one, too, if that has stayed
		open, err := settle(file)
		s.held = append(s.held, open)
		if err != nil {
			s.log.Error("the read model's file is not surely on the disk", "file", file, "error", err)
		}
	})
	return err
}

// lay makes a file of a batch, and puts it in the place of the empty one. s.mu is held.
func (s *store) lay(ctx context.Context, b *batch, file, beside string, last bool) error {
	var empty, sorting errgroup.Group
	empty.Go(func() error { return unsettle(file) })
	empty.Go(func() error { return s.copyTo(ctx, beside) })
	rows, err := s.collect(ctx, b)
	if err = errors.Join(err, empty.Wait()); err != nil {
		return err
	}
	trees := s.trees(rows, last)
	sorting.Go(func() error { return sorted(trees, rows) })
	roots, err := furnish(ctx, beside, b, trees, last, sorting.Wait)
	if err = errors.Join(err, sorting.Wait()); err != nil {
		return err
	}
	if err := fill(beside, trees, roots); err != nil {
		return err
	}
	return s.exchange(ctx, file, beside)
}

// copyTo writes the database, which has empty tables, into another file: page by
// page, unless most of them are left from what it held before.
func (s *store) copyTo(ctx context.Context, path string) error {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var free int
	if err := conn.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return err
	}
	if free > 0 {
		if err := sqlitefile.Make(path, nil); err != nil { // which SQLite would let everybody read
			return err
		}
		_, err := conn.ExecContext(ctx, `VACUUM INTO ?`, path)
		return err
	}
	return conn.Raw(func(c any) error {
		image, err := c.(interface{ Serialize() ([]byte, error) }).Serialize()
		if err == nil {
			err = sqlitefile.Make(path, image)
		}
		return err
	})
}

// newBeside names a file that nobody else builds, and removes those that were left.
// Where one is still being built, that process fails, and applies its batch by statements.
func newBeside(file string) (string, error) {
	left, err := filepath.Glob(globbed.Replace(file) + ".new-*")
	if err != nil {
		return "", err
	}
	for _, path := range left {
		if err := gone(path); err != nil {
			return "", err
		}
	}
	return file + ".new-" + rand.Text(), nil
}

// globbed is a name that stands for itself only.
var globbed = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// furnish makes the indexes, empty, in a file that nobody reads yet, writes the head
// and, once sorted has returned, what the planner wants to know, and finds the roots of all trees.
func furnish(ctx context.Context, path string, b *batch, trees []*tree, last bool, sorted func() error) (roots map[string]uint32, err error) {
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
	for _, x := range trees {
		if x.create != "" {
			if _, err := tx.ExecContext(ctx, x.create); err != nil {
				return nil, err
			}
		}
	}
	if err := sorted(); err != nil {
		return nil, err
	}
	if last {
		if err := describe(ctx, tx, trees); err != nil {
			return nil, err
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

// describe tells the planner what ANALYZE would.
func describe(ctx context.Context, tx *sql.Tx, trees []*tree) error {
	if _, err := tx.ExecContext(ctx, `ANALYZE read_model`); err != nil { // which makes the table of what it knows
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, x := range trees {
		if _, err := insert.ExecContext(ctx, x.table.name, x.name, x.statistics()); err != nil {
			return err
		}
	}
	return nil
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
		all.Go(func() error { return f.Fill(roots[x.name], x.rows, x.order, x.columns) })
	}
	return errors.Join(all.Wait(), f.Close())
}
