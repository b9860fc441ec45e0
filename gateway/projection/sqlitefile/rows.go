package sqlitefile

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
)

// Rows are rows of a table in the order of their key, each value as a record holds it:
// what is compared and copied one after another lies side by side.
type Rows struct {
	width int
	cells []cell
	bytes []byte   // of texts and numbers
	blobs [][]byte // stay where they are
}

// cell is one value: its serial type, and where it begins, or which of the blobs it is.
type cell struct{ kind, at uint32 }

func (c cell) blob() bool { return c.kind >= 12 && c.kind%2 == 0 }

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
