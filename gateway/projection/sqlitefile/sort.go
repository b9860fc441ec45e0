package sqlitefile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// coded is a row and a number that is in the order of what is being sorted by: rows
// are sorted by a few bytes of a column, those with the same by the next few or by the
// next column, and so on. Few values are compared whole.
type coded struct {
	code uint64
	row  int32
	same int32 // how many of the columns it has as the row before it; known when all is sorted
}

// few rows are not worth a code each.
const few = 8

// sort sorts rows, which are in the order of their places, by some columns: those
// from one on, since they have the same in the ones before.
func (r *Rows) sort(all []coded, columns []int, from int) {
	if len(all) < 2 || from == len(columns) {
		return
	}
	c := r.coder(all, columns[from])
	switch {
	case c.equal:
		r.sort(all, columns, from+1)
		return
	case len(all) < few || c.of == blobs:
		r.sortWhole(all, columns, from)
		return
	}
	for i := range all {
		all[i].code = c.code(r.cell(all[i].row, columns[from]))
	}
	slices.SortFunc(all, func(a, b coded) int {
		if a.code != b.code {
			return cmp.Compare(a.code, b.code)
		}
		return int(a.row - b.row)
	})
	for begin, end := 0, 0; begin < len(all); begin = end {
		for end = begin + 1; end < len(all) && all[end].code == all[begin].code; end++ {
		}
		if c.whole(all[begin].code) {
			r.sort(all[begin:end], columns, from+1)
		} else {
			r.sort(all[begin:end], columns, from)
		}
		if begin > 0 {
			all[begin].same = int32(from)
		}
	}
}

// sortWhole compares values instead of codes.
func (r *Rows) sortWhole(all []coded, columns []int, from int) {
	first := func(a, b coded) (differs, c int) {
		for at := from; at < len(columns); at++ {
			if c := r.compare(a.row, b.row, columns[at]); c != 0 {
				return at, c
			}
		}
		return len(columns), int(a.row - b.row)
	}
	slices.SortFunc(all, func(a, b coded) int {
		_, c := first(a, b)
		return c
	})
	for i := range all[1:] {
		differs, _ := first(all[i], all[i+1])
		all[i+1].same = int32(differs)
	}
}

// coder makes codes of the values that some rows have in a column.
type coder struct {
	*Rows
	of    int  // lacking, numbers or texts; blobs: there is no code for them all
	skip  int  // of texts: what they all begin with
	equal bool // they are all the same
}

func (r *Rows) coder(all []coded, column int) coder {
	c := coder{Rows: r, equal: true}
	head := r.cell(all[0].row, column)
	var first []byte
	for _, x := range all {
		v := r.cell(x.row, column)
		c.equal = c.equal && v.kind == head.kind
		of := rank(v.kind)
		if of == lacking {
			continue
		}
		value := r.value(v)
		if c.of == lacking {
			c.of, first, c.skip = of, value, len(value)
		}
		if c.of != of || of == blobs || of == numbers && r.number(v) == math.MinInt64 { // whose code is that of what is lacking
			return coder{of: blobs}
		}
		if of == numbers {
			c.equal = c.equal && bytes.Equal(first, value)
			continue
		}
		c.skip = min(c.skip, len(value))
		if !bytes.Equal(first[:c.skip], value[:c.skip]) {
			c.skip, c.equal = 0, false
			for first[c.skip] == value[c.skip] {
				c.skip++
			}
		}
	}
	return c
}

// code is 0 for what is lacking, and for a text seven bytes and how many more there are.
func (c coder) code(v cell) uint64 {
	switch {
	case v.kind == 0:
	case c.of == numbers:
		return uint64(c.number(v)) ^ 1<<63
	case c.of == texts:
		var b [8]byte
		rest := c.value(v)[c.skip:]
		copy(b[:7], rest)
		b[7] = byte(1 + min(len(rest), 8))
		return binary.BigEndian.Uint64(b[:])
	}
	return 0
}

// whole says that values of the same code are the same.
func (c coder) whole(code uint64) bool { return c.of != texts || byte(code) <= 8 }
