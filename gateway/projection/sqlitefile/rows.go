package sqlitefile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
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

// mostColumns is how many columns SQLite lets a table have.
const mostColumns = 2000

// NewRows takes rows up, each of as many values: nil, string, int64, bool or []byte.
func NewRows(columns int, rows [][]any) (*Rows, error) {
	if columns > mostColumns {
		return nil, fmt.Errorf("rows of %d values", columns)
	}
	r := &Rows{width: columns, cells: make([]cell, 0, columns*len(rows))}
	size := 0
	for _, values := range rows {
		if len(values) != columns {
			return nil, fmt.Errorf("a row of %d values among rows of %d", len(values), columns)
		}
		for _, v := range values {
			k, err := kind(v)
			if err != nil {
				return nil, err
			}
			c := cell{uint32(k), uint32(size)}
			if b, ok := v.([]byte); ok && b != nil {
				c.at, r.blobs = uint32(len(r.blobs)), append(r.blobs, b)
			} else {
				size += length(c.kind)
			}
			if k > math.MaxUint32 || size > math.MaxUint32 {
				return nil, fmt.Errorf("values of more than %d bytes", math.MaxUint32)
			}
			r.cells = append(r.cells, c)
		}
	}
	r.bytes = make([]byte, 0, size)
	for _, values := range rows {
		for _, v := range values {
			switch v := v.(type) {
			case string:
				r.bytes = append(r.bytes, v...)
			case int64:
				var b [8]byte
				binary.BigEndian.PutUint64(b[:], uint64(v))
				r.bytes = append(r.bytes, b[8-width(v):]...)
			}
		}
	}
	return r, nil
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.cells) / max(1, r.width) }

func (r *Rows) cell(row int32, column int) cell { return r.cells[int(row)*r.width+column] }

// value is what stands in a record for one.
func (r *Rows) value(c cell) []byte {
	if rank(c.kind) == blobs {
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

// Sort puts the rows into the order of their first columns, which are their key. It
// gives one of two rows that have the same, by the place where it was; -1: there are none.
func (r *Rows) Sort(key int) (twice int) {
	columns := make([]int, key)
	for i := range columns {
		columns[i] = i
	}
	twice = -1
	order := r.Order(columns, false)
	cells := make([]cell, 0, len(r.cells))
	for i, row := range order {
		cells = append(cells, r.cells[int(row)*r.width:(int(row)+1)*r.width]...)
		if i > 0 && !slices.ContainsFunc(columns, func(c int) bool { return !r.same(order[i-1], row, c) }) {
			twice = int(row)
		}
	}
	r.cells = cells
	return twice
}

// Order gives the rows in the order of some columns, and of their places where those
// are the same. sparse leaves out rows that lack the first of them.
func (r *Rows) Order(columns []int, sparse bool) []int32 {
	all := make([]coded, 0, r.Len())
	for row := range int32(r.Len()) {
		if !sparse || r.cell(row, columns[0]).kind != 0 {
			all = append(all, coded{row: row})
		}
	}
	r.sort(all, columns)
	order := make([]int32, len(all))
	for i, x := range all {
		order[i] = x.row
	}
	return order
}

// Different counts how many different values the first, the first two, … of the columns have.
func (r *Rows) Different(order []int32, columns []int) []int {
	counts := make([]int, len(columns))
	for n, row := range order {
		same := 0
		for ; n > 0 && same < len(columns) && r.same(row, order[n-1], columns[same]); same++ {
		}
		for k := same; k < len(columns); k++ {
			counts[k]++
		}
	}
	return counts
}

// size is the length of a record of some columns, and of its head.
func (r *Rows) size(row int32, columns []int) (all, head int) {
	for _, column := range columns {
		c := r.cell(row, column)
		all, head = all+length(c.kind), head+varint(uint64(c.kind))
	}
	if head++; head > 0x7f {
		head++ // the length of a head of 16,384 bytes would need a third
	}
	return all + head, head
}

// appendRecord appends a record: the length of its head, the types, the values.
func (r *Rows) appendRecord(to []byte, head int, row int32, columns []int) []byte {
	to = appendVarint(to, uint64(head))
	for _, column := range columns {
		to = appendVarint(to, uint64(r.cell(row, column).kind))
	}
	for _, column := range columns {
		to = append(to, r.value(r.cell(row, column))...)
	}
	return to
}
