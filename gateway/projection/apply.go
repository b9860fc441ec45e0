package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// errMoved says that another process has applied the blocks meanwhile.
var errMoved = errors.New("the read model was moved on by another process")

// apply puts a batch into the database, with the height after it: all or nothing.
// s.mu is held and a transaction is open.
func (s *store) apply(ctx context.Context, b *batch) error {
	at, err := s.lock(ctx)
	if err != nil {
		return err
	}
	if at.height != b.from {
		return errMoved
	}
	if b.from > 0 && string(at.hash) != string(b.previous) {
		return fmt.Errorf("%w: block %d", ErrChain, b.from)
	}
	for _, do := range []func(context.Context, *batch) error{s.existing, s.blocks, s.records, s.entities, s.intervals, s.park} {
		if err := do(ctx, b); err != nil {
			return err
		}
	}
	if !at.indexed || at.height == 0 {
		clear(s.indexed) // whatever is known is of tables that are no more
	}
	if at.indexed {
		if err := s.indexFilled(ctx); err != nil {
			return err
		}
	}
	return s.exec(ctx, s.sql(`UPDATE read_model SET height = ?, hash = ?, time = coalesce(nullif(?, ''), time)`),
		int64(b.next), b.hash(), b.last())
}

// lock reads the head, so that no other process moves it until the commit.
func (s *store) lock(ctx context.Context) (h head, err error) {
	text := headSQL
	if s.dialect == Postgres {
		text += " FOR UPDATE"
	}
	err = s.query(ctx, text, nil, func(scan func(...any) error) (err error) {
		h, err = s.scanHead(scan)
		return err
	})
	return h, err
}

// existing finds which records the database has already.
func (s *store) existing(ctx context.Context, b *batch) error {
	ids, byID := make([]string, len(b.changes)), make(map[string]*change, len(b.changes))
	for i, c := range b.changes {
		ids[i], byID[c.record.ID] = c.record.ID, c
	}
	return s.among(ctx, `SELECT "key" FROM ledger_records WHERE "key" IN `, ids, func(scan func(...any) error) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		byID[id].existed = true
		return nil
	})
}

func (s *store) blocks(ctx context.Context, b *batch) error {
	rows := make([][]any, len(b.blocks))
	for i, k := range b.blocks {
		rows[i] = []any{int64(k.number), k.hash, k.previous, k.commitHash, int64(k.transactions)}
	}
	if err := s.upsert(ctx, blocksTable, rows); err != nil {
		return err
	}
	rows = make([][]any, len(b.transactions))
	for i, t := range b.transactions {
		rows[i] = []any{int64(t.Block), int64(t.Number), t.Transaction, t.Time, t.Submitter, b.functions[i]}
	}
	return s.upsert(ctx, transactionsTable, rows)
}

// records keeps what was, and puts what is in its place.
func (s *store) records(ctx context.Context, b *batch) error {
	var kept, removed []string
	var rows, versions [][]any
	for _, c := range b.changes {
		if c.existed {
			kept = append(kept, c.record.ID)
		}
		for _, v := range c.versions {
			versions = append(versions, []any{c.record.ID, int64(v.Block), int64(v.Number), c.record.Kind, v.document})
		}
		if c.record.Document == nil {
			removed = append(removed, c.record.ID)
			versions = append(versions, []any{c.record.ID, int64(c.Block), int64(c.Number), c.record.Kind, nil})
			continue
		}
		rows = append(rows, []any{c.record.ID, c.record.Kind, int64(c.Block), int64(c.Number), c.record.Document})
	}
	archive := `INSERT INTO ledger_versions ("key", block, number, kind, document) SELECT "key", block, number, kind, document FROM ledger_records WHERE "key" IN `
	if err := s.among(ctx, archive, kept, nil); err != nil {
		return err
	}
	if err := s.among(ctx, `DELETE FROM ledger_records WHERE "key" IN `, removed, nil); err != nil {
		return err
	}
	if err := s.upsert(ctx, versionsTable, versions); err != nil {
		return err
	}
	return s.upsert(ctx, recordsTable, rows)
}

// entities replaces the rows of every record that changed.
func (s *store) entities(ctx context.Context, b *batch) error {
	stale := make(map[string][]string) // ids of records whose rows go, by entity
	rows := make(map[string][][]any)
	for _, c := range b.changes {
		for _, entity := range entitiesOf[c.record.Kind] {
			found := c.rows[entity.Name]
			if c.existed && (entity.several || len(found) == 0) {
				stale[entity.Name] = append(stale[entity.Name], c.record.ID)
			}
			rows[entity.Name] = append(rows[entity.Name], found...)
		}
	}
	for _, e := range catalogue.Entities() {
		if err := s.among(ctx, `DELETE FROM `+Quote(e.Table())+` WHERE `+keyColumn(e)+` IN `, stale[e.Name], nil); err != nil {
			return err
		}
		if err := s.upsert(ctx, e.Table(), rows[e.Name]); err != nil {
			return err
		}
	}
	return nil
}

// entitiesOf are the entities whose rows are made of a record of one kind alone.
var entitiesOf = func() map[string][]made {
	all := make(map[string][]made)
	for _, e := range catalogue.Entities() {
		if e.Kind != "" {
			all[e.Kind] = append(all[e.Kind], made{e.Name, e.Each != ""})
		}
	}
	for _, p := range parts {
		all[p.kind] = append(all[p.kind], made{p.entity, true})
	}
	return all
}()

// made is an entity; several: a record may have more than one row of it, or none.
type made struct {
	Name    string
	several bool
}

func keyColumn(e catalogue.Entity) string {
	if e.Kind != "" && e.Each == "" {
		return Quote(catalogue.RowColumn) // which is the record's key
	}
	return Quote("ledger_key")
}

func rowOf(at *stamp, key string, r catalogue.Row) []any {
	return appendRow(make([]any, 0, 6+len(r.Values)), at, key, r)
}

func appendRow(to []any, at *stamp, key string, r catalogue.Row) []any {
	to = append(append(to, r.ID, key), at.values()...)
	for _, v := range r.Values {
		if list, ok := v.([]string); ok {
			text, err := json.Marshal(list)
			if err != nil {
				panic(err) // texts always have a form
			}
			v = string(text)
		}
		to = append(to, v)
	}
	return to
}

// park notes what could not be turned into rows, and takes off what now can.
func (s *store) park(ctx context.Context, b *batch) error {
	var rows [][]any
	var well []string
	for _, p := range b.parked {
		rows = append(rows, []any{p.id, "", int64(p.Block), int64(p.Number), p.reason, nil, nil})
	}
	for _, c := range b.changes {
		switch {
		case c.problem != "":
			rows = append(rows, []any{c.record.ID, c.record.Kind, int64(c.Block), int64(c.Number), c.problem, nil, nil})
		case c.existed || len(c.versions) > 0:
			well = append(well, c.record.ID)
		}
	}
	if err := s.among(ctx, `DELETE FROM ledger_parked WHERE id IN `, well, nil); err != nil {
		return err
	}
	if err := s.upsert(ctx, parkedTable, rows); err != nil {
		return err
	}
	for kind, u := range b.unknown {
		if s.collected != nil {
			if err := s.upsert(ctx, unknownTable, [][]any{{kind, u.writes, int64(u.block)}}); err != nil {
				return err
			}
			continue
		}
		err := s.exec(ctx, s.sql(`INSERT INTO ledger_unknown (kind, writes, block) VALUES (?, ?, ?) ON CONFLICT (kind) DO UPDATE SET writes = ledger_unknown.writes + excluded.writes`),
			kind, u.writes, int64(u.block))
		if err != nil {
			return err
		}
	}
	return nil
}

// sql writes the placeholders of the dialect.
func (s *store) sql(text string) string {
	if s.dialect == SQLite {
		return text
	}
	var out strings.Builder
	n := 0
	for _, r := range text {
		if r != '?' {
			out.WriteRune(r)
			continue
		}
		n++
		out.WriteString(s.dialect.Placeholder(n))
	}
	return out.String()
}

// sizes in which rows are put into one statement: few, so that each statement is
// prepared once. A server is asked as seldom as possible; the embedded database's
// driver takes a time for parameters that grows with their square.
func (d Dialect) sizes() []int {
	if d == Postgres {
		return []int{256, 32, 4, 1}
	}
	return []int{16, 4, 1}
}

// keysAtOnce are the sizes in which keys are put into one statement.
var keysAtOnce = []int{128, 16, 1}

// parameters is how many one statement may have.
func (d Dialect) parameters() int {
	if d == Postgres {
		return 30_000
	}
	return 256
}

// chunks calls do with parts of n things, as large as sizes and most parameters allow.
func chunks(n, width, most int, sizes []int, do func(from, to int) error) error {
	for from := 0; from < n; {
		size := 1
		for _, z := range sizes {
			if z <= n-from && (z*width <= most || z == 1) {
				size = z
				break
			}
		}
		if err := do(from, from+size); err != nil {
			return err
		}
		from += size
	}
	return nil
}

// among runs a statement that ends in IN for some keys; row is nil for one that answers nothing.
func (s *store) among(ctx context.Context, text string, keys []string, row func(scan func(...any) error) error) error {
	if s.collected != nil { // nothing is there yet
		return nil
	}
	return chunks(len(keys), 1, s.dialect.parameters(), keysAtOnce, func(from, to int) error {
		args := make([]any, to-from)
		for i := range args {
			args[i] = keys[from+i]
		}
		full := text + s.list(0, len(args))
		if row == nil {
			return s.exec(ctx, full, args...)
		}
		return s.query(ctx, full, args, row)
	})
}

// list is the placeholders of one row, after so many others.
func (s *store) list(before, n int) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s.dialect.Placeholder(before + i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// upsert puts rows into a table, in the place of those with the same key. They go
// in by key: a tree whose next leaf is the one at hand is written much faster.
func (s *store) upsert(ctx context.Context, name string, rows [][]any) error {
	if s.collected != nil {
		return s.collected.add(name, len(s.table(name).columns), rows)
	}
	if len(rows) == 0 {
		return nil
	}
	t := s.table(name)
	s.filled[name] = true
	slices.SortStableFunc(rows, func(a, b []any) int { return byKey(a, b, len(t.key)) })
	width := len(t.columns)
	err := chunks(len(rows), width, s.dialect.parameters(), s.dialect.sizes(), func(from, to int) error {
		args := make([]any, 0, (to-from)*width)
		for _, r := range rows[from:to] {
			args = append(args, r...)
		}
		return s.exec(ctx, s.upsertSQL(t, to-from), args...)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// byKey compares the texts that two rows' keys begin with.
func byKey(a, b []any, key int) int {
	for i := range key {
		x, text := a[i].(string)
		if !text {
			return 0
		}
		if c := strings.Compare(x, b[i].(string)); c != 0 {
			return c
		}
	}
	return 0
}

func (s *store) upsertSQL(t *table, n int) string {
	id := fmt.Sprintf("%s/%d", t.name, n)
	if text := s.texts[id]; text != "" {
		return text
	}
	width := len(t.columns)
	var names, sets []string
	for i, c := range t.columns {
		names = append(names, c.name)
		if i >= len(t.key) {
			sets = append(sets, Quote(c.name)+" = excluded."+Quote(c.name))
		}
	}
	lists := make([]string, n)
	for i := range lists {
		lists[i] = s.list(i*width, width)
	}
	insert := "INSERT"
	if s.dialect == SQLite {
		insert += " OR ROLLBACK" // a statement that cannot fail half way needs no journal of its own
	}
	text := insert + " INTO " + Quote(t.name) + " (" + quoted(names) + ") VALUES " + strings.Join(lists, ",") +
		" ON CONFLICT (" + quoted(t.key) + ") DO UPDATE SET " + strings.Join(sets, ", ")
	s.texts[id] = text
	return text
}

func (s *store) table(name string) *table { return s.byName[name] }
