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
}

// few rows are not worth a code each.
const few = 8

// sort sorts rows, which are in the order of their places, by some columns.
func (r *Rows) sort(all []coded, columns []int) {
	if len(all) < 2 || len(columns) == 0 {
		return
	}
	c := r.coder(all, columns[0])
	if len(all) < few || c.of == blobs {
		slices.SortFunc(all, func(a, b coded) int {
			for _, column := range columns {
				if c := r.compare(a.row, b.row, column); c != 0 {
					return c
				}
			}
			return int(a.row - b.row)
		})
		return
	}
	for i := range all {
		all[i].code = c.code(r.cell(all[i].row, columns[0]))
	}
	slices.SortFunc(all, func(a, b coded) int {
		if a.code != b.code {
			return cmp.Compare(a.code, b.code)
		}
		return int(a.row - b.row)
	})
	for from, to := 0, 0; from < len(all); from = to {
		for to = from + 1; to < len(all) && all[to].code == all[from].code; to++ {
		}
		if c.whole(all[from].code) {
			r.sort(all[from:to], columns[1:])
		} else {
			r.sort(all[from:to], columns)
		}
	}
}

// coder makes codes of the values that some rows have in a column.
type coder struct {
	*Rows
	of   int // lacking, numbers or texts; blobs: there is no code for them all
	skip int // of texts: what they all begin with
}

func (r *Rows) coder(all []coded, column int) coder {
	c := coder{Rows: r}
	var first []byte
	for _, x := range all {
		v := r.cell(x.row, column)
		of := rank(v.kind)
		if of == lacking {
			continue
		}
		value := r.value(v)
		if c.of == lacking {
			c.of, first, c.skip = of, value, len(value)
		}
		if c.of != of || of == numbers && r.number(v) == math.MinInt64 { // whose code is that of what is lacking
			return coder{of: blobs}
		}
		if of == texts {
			c.skip = min(c.skip, len(value))
			if !bytes.Equal(first[:c.skip], value[:c.skip]) {
				c.skip = 0
				for first[c.skip] == value[c.skip] {
					c.skip++
				}
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
