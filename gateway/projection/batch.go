package projection

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// timeForm is that of every time on the ledger.
const timeForm = "2006-01-02T15:04:05.000Z"

// stamp says where on the ledger something comes from.
type stamp struct {
	Block       uint64 `json:"block"`
	Number      uint64 `json:"number"` // of the transaction in the block
	Transaction string `json:"transaction"`
	Time        string `json:"time"`
	Submitter   string `json:"submitter"`

	columns []any // what rows have of it, made once; nil: not yet
}

// values are what stands in every row that comes from here.
func (s *stamp) values() []any {
	if s.columns != nil {
		return s.columns
	}
	return []any{int64(s.Block), s.Transaction, s.Time, s.Submitter}
}

// change is what a batch makes of one record.
type change struct {
	*stamp
	record   catalogue.Record   // no document: removed
	interval *interval          // derivation that follows it; nil: none does
	rows     map[string][][]any // by entity; none if removed, left out or parked
	problem  string             // why it is parked; "" if it is not
	existed  bool               // known once the database was asked
	move     int                // which of the batch's moves is its last version's
	versions []past             // what the batch itself wrote and superseded, oldest first
}

// past is a version that is no more; no document: the record was removed.
type past struct {
	*stamp
	document []byte
}

// parked is a transaction that cannot be read at all.
type parked struct {
	id, reason string
	*stamp
}

// batch is some blocks in a row, ready to be put into the database: of each
// record only the last version becomes rows.
type batch struct {
	from, next   uint64
	previous     []byte // hash of the block before
	blocks       []taken
	changes      []*change          // in the order of their first write
	byKey        map[string]*change // as the ledger has keys
	transactions []*stamp
	functions    []string // of transactions
	moves        []move   // every write that a derivation follows, in order
	parked       []parked
	unknown      map[string]*unknown // writes of kinds that the catalogue does not have
	writes       int
	size         int          // of records, in bytes
	room         []byte       // for the next documents
	cold         bool         // it may become the first file, and is as large as memory allows
	made         []*collected // of a cold one: the rows of its records, by entity
}

// taken is what is kept of a block beside its writes.
type taken struct {
	number                     uint64
	hash, previous, commitHash []byte
	transactions               int
}

type unknown struct {
	writes int64
	block  uint64 // of the first
}

func newBatch() *batch {
	return &batch{byKey: make(map[string]*change), unknown: make(map[string]*unknown)}
}

// ErrChain says that a block does not continue the chain that the read model is of.
var ErrChain = errors.New("the block does not continue the chain")

// add takes one more block up. It fails when the block is not the next one of the
// same chain, or is not what its header says.
func (b *batch) add(block *fabric.Block) error {
	switch {
	case len(b.blocks) == 0:
		b.from, b.previous = block.Number, block.Previous
	case block.Number != b.next || string(block.Previous) != string(b.hash()):
		return fmt.Errorf("%w: block %d after block %d", ErrChain, block.Number, b.next-1)
	}
	if block.Altered {
		return fmt.Errorf("%w: the data of block %d are not those that its header names", ErrChain, block.Number)
	}
	b.next = block.Number + 1
	b.blocks = append(b.blocks, taken{block.Number, block.Hash, block.Previous, block.CommitHash, len(block.Transactions)})
	for i := range block.Transactions {
		b.transaction(block, &block.Transactions[i])
	}
	return nil
}

func (b *batch) transaction(block *fabric.Block, t *fabric.Transaction) {
	at := &stamp{Block: block.Number, Number: t.Number, Transaction: t.ID, Time: t.Time.UTC().Format(timeForm), Submitter: t.Submitter}
	at.columns = at.values()
	if t.Broken != nil {
		b.parked = append(b.parked, parked{fmt.Sprintf("transaction/%d/%d", at.Block, at.Number), t.Broken.Error(), at})
		return
	}
	b.transactions, b.functions = append(b.transactions, at), append(b.functions, t.Function)
	for _, w := range t.Writes {
		b.write(at, w)
	}
}

func (b *batch) write(at *stamp, w fabric.Write) {
	b.writes++
	c := b.byKey[w.Key]
	if c == nil {
		if c = b.first(at, w.Key); c == nil {
			return
		}
	} else {
		c.versions = append(c.versions, past{c.stamp, c.record.Document})
	}
	b.size += len(w.Key) + len(w.Value)
	c.stamp, c.record.Document = at, nil
	if !w.Removed {
		c.record.Document = b.keep(w.Value)
	}
	if c.interval != nil {
		c.move = len(b.moves)
		b.moves = append(b.moves, move{stamp: at, of: c, document: c.record.Document})
	}
}

// first takes a record up that the batch has not changed before; nil: it makes no rows.
func (b *batch) first(at *stamp, key string) *change {
	kind, attributes, ok := splitKey(key)
	if !ok {
		b.parked = append(b.parked, parked{fmt.Sprintf("write/%d/%d/%q", at.Block, at.Number, key), "the key is not one of the product's", at})
		return nil
	}
	if _, left := catalogue.LeftOut[kind]; left {
		return nil
	}
	follows := followed[kind]
	if len(catalogue.OfKind(kind)) == 0 && follows == nil {
		if b.unknown[kind] == nil {
			b.unknown[kind] = &unknown{block: at.Block}
		}
		b.unknown[kind].writes++
		return nil
	}
	c := &change{interval: follows, record: catalogue.Record{ID: catalogue.KeyText(kind, attributes...), Kind: kind, Attributes: attributes}}
	b.changes, b.byKey[key] = append(b.changes, c), c
	return c
}

// Room for documents is made so much at once: little for a block, more the more come.
const (
	roomFirst = 4 << 10
	roomMost  = 256 << 10
)

// keep copies a document, which would keep the whole block in memory; not even an
// empty one is nil. Many small ones lie in one piece.
func (b *batch) keep(document []byte) []byte {
	if b.room == nil || len(document) > cap(b.room)-len(b.room) {
		if len(document) > roomMost/8 {
			return append(make([]byte, 0, len(document)), document...)
		}
		b.room = make([]byte, 0, max(len(document), min(2*cap(b.room), roomMost), roomFirst))
	}
	from := len(b.room)
	b.room = append(b.room, document...)
	return b.room[from:len(b.room):len(b.room)]
}

// read turns the records of the batch into rows. It needs no database, so that one
// batch is read while the one before is being written.
func (b *batch) read() {
	var all sync.WaitGroup
	b.made = nil
	for part := range parted(b.changes) {
		if b.cold {
			into := newCollected()
			b.made = append(b.made, into)
			all.Go(func() { into.read(part) })
			continue
		}
		all.Go(func() {
			for _, c := range part {
				if c.record.Document != nil {
					c.read()
				}
			}
		})
	}
	for part := range parted(b.moves) {
		all.Go(func() {
			for i := range part {
				b.readMove(&part[i])
			}
		})
	}
	all.Wait()
}

// parted cuts a list so that all processors have a part, unless it is short.
func parted[T any](all []T) iter.Seq[[]T] {
	return slices.Chunk(all, max(1000, len(all)/runtime.GOMAXPROCS(0)+1))
}

func (c *change) read() {
	var s sheet
	s.read(c)
	if c.problem != "" {
		return
	}
	c.rows = make(map[string][][]any, len(s.rows))
	for _, r := range s.rows {
		c.rows[r.entity] = append(c.rows[r.entity], s.values[r.from:r.to:r.to])
	}
}

// sheet is the rows of one record, which count when all of it could be read.
type sheet struct {
	rows   []line
	values []any // of all rows
}

// line is one of them: which of the values it has.
type line struct {
	entity   string
	from, to int
}

// read turns a record into rows, or says what is wrong with it.
func (s *sheet) read(c *change) {
	s.rows, s.values = s.rows[:0], s.values[:0]
	add := func(e *catalogue.Entity, row catalogue.Row) error {
		for i, v := range row.Values {
			if err := storable(&e.Fields[i], v); err != nil {
				return fmt.Errorf("%s.%s: %w", e.Name, e.Fields[i].Name, err)
			}
		}
		from := len(s.values)
		s.values = appendRow(s.values, c.stamp, c.record.ID, row)
		s.rows = append(s.rows, line{e.Name, from, len(s.values)})
		return nil
	}
	err := catalogue.Each(c.record, add)
	if err == nil {
		err = derived(c.record, add)
	}
	if err != nil {
		c.problem = err.Error()
	}
}

// longest bounds a text that may be in an index; PostgreSQL's have no room for more.
const longest = 1024

// storable refuses what one of the databases would not take, so that both hold the same.
func storable(f *catalogue.Field, v any) error {
	texts, _ := v.([]string)
	if s, ok := v.(string); ok {
		texts = []string{s}
	}
	for _, s := range texts {
		switch {
		case strings.Contains(s, "\x00") || !utf8.ValidString(s):
			return errors.New("the text is not plain UTF-8")
		case f.Indexed && len(s) > longest:
			return fmt.Errorf("the text is longer than %d bytes", longest)
		}
	}
	return nil
}

// splitKey takes a composite key apart.
func splitKey(key string) (kind string, attributes []string, ok bool) {
	inner, ok := strings.CutPrefix(key, "\x00")
	inner, closed := strings.CutSuffix(inner, "\x00")
	if !ok || !closed || !utf8.ValidString(key) {
		return "", nil, false
	}
	parts := strings.Split(inner, "\x00")
	return parts[0], parts[1:], parts[0] != "" && len(parts) > 1
}

// hash is that of the last block.
func (b *batch) hash() []byte { return b.blocks[len(b.blocks)-1].hash }

// last is the time of the newest transaction of the batch, or "".
func (b *batch) last() string {
	if len(b.transactions) == 0 {
		return ""
	}
	return b.transactions[len(b.transactions)-1].Time
}
