package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Unsorted are rows as they come: each is taken up as what records hold, so that
// nothing of the values that it was made of is kept but blobs.
type Unsorted struct {
	width  int
	pieces []*piece
}

// piece is some of them, in room that does not have to be moved when more come.
type piece struct {
	Rows
	begin []uint32 // where in bytes each row's are
}

// A piece has twice as many rows as the one before, up to so many.
const (
	leastRows = 16
	mostRows  = 2048
)

// mostColumns is how many columns SQLite lets a table have.
const mostColumns = 2000

// ErrTwice says that two rows have the same key.
var ErrTwice = errors.New("two rows have the same key")

// NewUnsorted makes room for rows of so many values.
func NewUnsorted(columns int) *Unsorted { return &Unsorted{width: columns} }

// Len is the number of rows.
func (u *Unsorted) Len() (n int) {
	for _, p := range u.pieces {
		n += len(p.begin)
	}
	return n
}

// Add takes a row up. A value is nil, a string, an int64, a bool or a []byte. Where it
// fails the rows are of no more use.
func (u *Unsorted) Add(values []any) error {
	if len(values) != u.width || u.width > mostColumns {
		return fmt.Errorf("a row of %d values among rows of %d", len(values), u.width)
	}
	p := u.last()
	p.begin = append(p.begin, uint32(len(p.bytes)))
	for _, v := range values {
		k, err := kind(v)
		if err != nil {
			return err
		}
		c := cell{uint32(k), uint32(len(p.bytes))}
		switch v := v.(type) {
		case string:
			p.bytes = append(p.bytes, v...)
		case int64:
			var b [8]byte
			binary.BigEndian.PutUint64(b[:], uint64(v))
			p.bytes = append(p.bytes, b[8-width(v):]...)
		case []byte:
			if v != nil {
				c.at, p.blobs = uint32(len(p.blobs)), append(p.blobs, v)
			}
		}
		if k > math.MaxUint32 || len(p.bytes) > math.MaxUint32 {
			return fmt.Errorf("values of more than %d bytes", math.MaxUint32)
		}
		p.cells = append(p.cells, c)
	}
	return nil
}

// last is the piece that takes up the next row.
func (u *Unsorted) last() *piece {
	rows, size := leastRows, 0
	if n := len(u.pieces); n > 0 {
		p := u.pieces[n-1]
		if len(p.begin) < cap(p.begin) {
			return p
		}
		rows = min(2*cap(p.begin), mostRows)
		size = len(p.bytes) / len(p.begin) * rows * 9 / 8 // rows of a table are about alike
	}
	p := &piece{begin: make([]uint32, 0, rows)}
	p.width, p.cells, p.bytes = u.width, make([]cell, 0, rows*u.width), make([]byte, 0, size)
	u.pieces = append(u.pieces, p)
	return p
}

// Join takes the rows of another table part up; that is not to be used any more.
func (u *Unsorted) Join(other *Unsorted) {
	u.pieces = slices.Concat(other.pieces, u.pieces) // the last piece stays the one that is not full
}

// Sorted gives the rows in the order of their first columns, which are their key.
func (u *Unsorted) Sorted(key int) (*Rows, error) {
	places := u.places()
	keys, by := u.keys(places, key), make([]int, key)
	for i := range by {
		by[i] = i
	}
	order, different := keys.Order(by, false)
	if different[key-1] < len(order) {
		return nil, fmt.Errorf("%w: %q", ErrTwice, keys.twice(order, by))
	}
	return u.ordered(places, order)
}

// whereabouts say where one row is.
type whereabouts struct {
	*piece
	row int
}

func (w whereabouts) first(n int) []cell { return w.cells[w.row*w.width:][:n] }

// text is what the row has of bytes.
func (w whereabouts) text() []byte {
	if w.row+1 < len(w.begin) {
		return w.bytes[w.begin[w.row]:w.begin[w.row+1]]
	}
	return w.bytes[w.begin[w.row]:]
}

func (u *Unsorted) places() []whereabouts {
	all := make([]whereabouts, 0, u.Len())
	for _, p := range u.pieces {
		for row := range p.begin {
			all = append(all, whereabouts{p, row})
		}
	}
	return all
}

// keys are the first columns of all rows.
func (u *Unsorted) keys(places []whereabouts, n int) *Rows {
	r := &Rows{width: n, cells: make([]cell, 0, n*len(places))}
	for i, w := range places {
		if i == leastRows { // keys are about alike
			r.bytes = slices.Grow(r.bytes, len(r.bytes)/leastRows*len(places)*9/8)
		}
		for _, c := range w.first(n) {
			r.put(c, w.value(c))
		}
	}
	return r
}

// put appends a value.
func (r *Rows) put(c cell, value []byte) {
	if c.blob() {
		c.at, r.blobs = uint32(len(r.blobs)), append(r.blobs, value)
	} else {
		c.at, r.bytes = uint32(len(r.bytes)), append(r.bytes, value...)
	}
	r.cells = append(r.cells, c)
}

// twice is a key that two rows have.
func (r *Rows) twice(order []int32, columns []int) (key [][]byte) {
	for i, row := range order[1:] {
		if !slices.ContainsFunc(columns, func(c int) bool { return !r.same(order[i], row, c) }) {
			for _, c := range columns {
				key = append(key, r.value(r.cell(row, c)))
			}
			break
		}
	}
	return key
}

// ordered copies the rows in that order.
func (u *Unsorted) ordered(places []whereabouts, order []int32) (*Rows, error) {
	size, blobs := 0, 0
	for _, p := range u.pieces {
		size, blobs = size+len(p.bytes), blobs+len(p.blobs)
	}
	if size > math.MaxUint32 {
		return nil, fmt.Errorf("values of more than %d bytes", math.MaxUint32)
	}
	to := &Rows{width: u.width, cells: make([]cell, 0, len(order)*u.width), bytes: make([]byte, 0, size), blobs: make([][]byte, 0, blobs)}
	for _, row := range order {
		w := places[row]
		moved := uint32(len(to.bytes)) - w.begin[w.row] // which may be less than nothing, and is right all the same
		to.bytes = append(to.bytes, w.text()...)
		for _, c := range w.first(u.width) {
			if c.blob() {
				c.at, to.blobs = uint32(len(to.blobs)), append(to.blobs, w.blobs[c.at])
			} else {
				c.at += moved
			}
			to.cells = append(to.cells, c)
		}
	}
	return to, nil
}
