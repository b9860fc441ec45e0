package projection

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/gateway/projection/sqlitefile"
)

// collected are the rows of tables, or of entities, that become a file: in the form
// in which the file has them, which takes a third of the memory.
type collected struct {
	mu  sync.Mutex
	of  map[string]*sqlitefile.Unsorted // guarded by mu
	err error                           // guarded by mu; the first
}

func newCollected() *collected { return &collected{of: make(map[string]*sqlitefile.Unsorted)} }

// read takes up the rows of records, by entity.
func (c *collected) read(changes []*change) {
	var s sheet
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range changes {
		if change.record.Document == nil {
			continue
		}
		if s.read(change); change.problem != "" {
			continue
		}
		for _, r := range s.rows {
			to := c.of[r.entity]
			if to == nil {
				to = sqlitefile.NewUnsorted(r.to - r.from)
				c.of[r.entity] = to
			}
			if err := to.Add(s.values[r.from:r.to]); err != nil && c.err == nil {
				c.err = err
			}
		}
	}
}

// add takes rows of a table up.
func (c *collected) add(table string, columns int, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	all := sqlitefile.NewUnsorted(columns)
	for _, r := range rows {
		if err := all.Add(r); err != nil {
			return err
		}
	}
	c.join(table, all)
	return nil
}

func (c *collected) join(table string, rows *sqlitefile.Unsorted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to := c.of[table]; to != nil {
		to.Join(rows)
		return
	}
	c.of[table] = rows
}

// collect gives the rows of each table. s.mu is held.
func (s *store) collect(ctx context.Context, b *batch) (rows map[string]*sqlitefile.Unsorted, err error) {
	into := newCollected()
	for _, m := range b.made {
		if m.err != nil {
			return nil, m.err
		}
		for entity, rows := range m.of {
			e, _ := catalogue.Find(entity)
			into.join(e.Table(), rows)
		}
	}
	s.collected = into
	defer func() { s.collected = nil }()
	var all errgroup.Group
	for _, do := range []func(context.Context, *batch) error{s.blocks, s.records, s.intervals, s.park} {
		all.Go(func() error { return do(ctx, b) })
	}
	return into.of, all.Wait()
}
