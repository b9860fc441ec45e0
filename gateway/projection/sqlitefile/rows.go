package sqlitefile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Rows are rows of a table, each value as a record holds it: what is compared and
// copied lies side by side, where the values that they are made of are all over memory.
type Rows struct {
	width int
	cells []cell
	bytes []byte   // of texts and numbers
	blobs [][]byte // stay where they are
}

// cell is one value: its serial type, and where it begins, or which of the blobs it is.
type cell struct{ kind, at uint32 }

func (c cell) blob() bool { return c.kind >= 12 && c.kind%2 == 0 }

// mostColumns is how many columns SQLite lets a table have.
const mostColumns = 2000

// ErrTwice says that two rows have the same key.
var ErrTwice = errors.New("two rows have the same key")

// NewRows takes rows up, each of as many values: nil, string, int64, bool or []byte.
// They are put into the order of their first columns, which are their key, so that
// what is read one after another lies so.
func NewRows(columns, key int, rows [][]any) (*Rows, error) {
	as := coming.Get().(*came)
	defer coming.Put(as)
	if err := as.take(columns, rows); err != nil {
		return nil, err
	}
	by := make([]int, key)
	for i := range by {
		by[i] = i
	}
	order, different := as.Order(by, false)
	if key > 0 && different[key-1] < len(rows) {
		return nil, fmt.Errorf("%w: %v", ErrTwice, rows[as.twice(order, by)][:key])
	}
	return as.ordered(order), nil
}

// came are rows in the order in which they came.
type came struct {
	Rows
	begin []uint32 // where in bytes each row's are
}

// sample is after how many rows it is guessed how much room all will take.
const sample = 64

var coming = sync.Pool{New: func() any { return new(came) }}

// take takes rows up, into the room that there is.
func (r *came) take(columns int, rows [][]any) error {
	if columns > mostColumns {
		return fmt.Errorf("rows of %d values", columns)
	}
	r.width, r.begin, r.cells, r.bytes, r.blobs = columns, r.begin[:0], slices.Grow(r.cells[:0], columns*len(rows)), r.bytes[:0], nil
	for i, values := range rows {
		if i == sample {
			r.bytes = slices.Grow(r.bytes, len(r.bytes)/sample*len(rows))
		}
		if len(values) != columns {
			return fmt.Errorf("a row of %d values among rows of %d", len(values), columns)
		}
		r.begin = append(r.begin, uint32(len(r.bytes)))
		for _, v := range values {
			k, err := kind(v)
			if err != nil {
				return err
			}
			c := cell{uint32(k), uint32(len(r.bytes))}
			switch v := v.(type) {
			case string:
				r.bytes = append(r.bytes, v...)
			case int64:
				var b [8]byte
				binary.BigEndian.PutUint64(b[:], uint64(v))
				r.bytes = append(r.bytes, b[8-width(v):]...)
			case []byte:
				if v != nil {
					c.at, r.blobs = uint32(len(r.blobs)), append(r.blobs, v)
				}
			}
			if k > math.MaxUint32 || len(r.bytes) > math.MaxUint32 {
				return fmt.Errorf("values of more than %d bytes", math.MaxUint32)
			}
			r.cells = append(r.cells, c)
		}
	}
	return nil
}

// ordered copies the rows in that order.
func (r *came) ordered(order []int32) *Rows {
	to := &Rows{width: r.width, cells: make([]cell, 0, len(r.cells)), bytes: make([]byte, 0, len(r.bytes)), blobs: r.blobs}
	for _, row := range order {
		begin, end := r.begin[row], uint32(len(r.bytes))
		if int(row)+1 < len(r.begin) {
			end = r.begin[row+1]
		}
		moved := uint32(len(to.bytes)) - begin
		to.bytes = append(to.bytes, r.bytes[begin:end]...)
		for _, c := range r.cells[int(row)*r.width:][:r.width] {
			if !c.blob() {
				c.at += moved // which may be less than nothing, and is right all the same
			}
			to.cells = append(to.cells, c)
		}
	}
	return to
}

// twice is one of two rows that have the same in some columns, by which they are ordered.
func (r *Rows) twice(order []int32, columns []int) int32 {
	for i, row := range order[1:] {
		if !slices.ContainsFunc(columns, func(c int) bool { return !r.same(order[i], row, c) }) {
			return row
		}
	}
	return -1
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.cells) / max(1, r.width) }

func (r *Rows) cell(row int32, column int) cell { return r.cells[int(row)*r.width+column] }

// value is what stands in a record for one.
func (r *Rows) value(c cell) []byte {
	if c.blob() {
		return r.blobs[c.at]
	}
	return r.bytes[c.at : int(c.at)+length(c.kind)]
}

// number is a value that is one.
func (r *Rows) number(c cell) int64 {
	switch c.kind {
	case 8, 9:
		return int64(c.kind) - 8
	}
	var n uint64
	of := r.value(c)
	for _, b := range of {
		n = n<<8 | uint64(b)
	}
	shift := 64 - 8*len(of)
	return int64(n<<shift) >> shift
}

// compare is the order of two rows' values in an index whose texts are compared by
// their bytes: what is lacking first, then numbers, then texts.
func (r *Rows) compare(a, b int32, column int) int {
	x, y := r.cell(a, column), r.cell(b, column)
	if c := cmp.Compare(rank(x.kind), rank(y.kind)); c != 0 {
		return c
	}
	switch rank(x.kind) {
	case numbers:
		return cmp.Compare(r.number(x), r.number(y))
	case texts:
		return bytes.Compare(r.value(x), r.value(y))
	}
	return 0
}

func (r *Rows) same(a, b int32, column int) bool {
	x, y := r.cell(a, column), r.cell(b, column)
	return x.kind == y.kind && bytes.Equal(r.value(x), r.value(y))
}

// Order gives the rows in the order of some columns, and of their places where those
// are the same, and how many different values the first, the first two, … of the
// columns have. sparse leaves out rows that lack the first of them.
func (r *Rows) Order(columns []int, sparse bool) (order []int32, different []int) {
	room := sorting.Get().(*[]coded)
	defer sorting.Put(room)
	all := slices.Grow((*room)[:0], r.Len())
	for row := range int32(r.Len()) {
		if !sparse || r.cell(row, columns[0]).kind != 0 {
			all = append(all, coded{row: row, same: int32(len(columns))})
		}
	}
	*room = all
	r.sort(all, columns, 0)
	order, different = make([]int32, len(all)), make([]int, len(columns))
	for i, x := range all {
		order[i] = x.row
		if i == 0 {
			x.same = 0
		}
		for k := int(x.same); k < len(columns); k++ {
			different[k]++
		}
	}
	return order, different
}

// sorting is room for rows while they are sorted.
var sorting = sync.Pool{New: func() any { return new([]coded) }}

// size is the length of a record of some columns, and of its head.
func (r *Rows) size(row int32, columns []int) (all, head int) {
	cells := r.cells[int(row)*r.width:][:r.width]
	for _, column := range columns {
		k := cells[column].kind
		all, head = all+length(k), head+varint(uint64(k))
	}
	if head++; head > 0x7f {
		head++ // the length of a head of 16,384 bytes would need a third
	}
	return all + head, head
}

// appendRecord appends a record: the length of its head, the types, the values.
func (r *Rows) appendRecord(to []byte, head int, row int32, columns []int) []byte {
	cells := r.cells[int(row)*r.width:][:r.width]
	to = appendVarint(to, uint64(head))
	for _, column := range columns {
		to = appendVarint(to, uint64(cells[column].kind))
	}
	for _, column := range columns {
		if c := cells[column]; c.kind != 0 {
			to = append(to, r.value(c)...)
		}
	}
	return to
}
