package sqlitefile

import (
	"encoding/binary"
	"sync"
)

// pageSize is that of every file; another is refused.
const pageSize = 4096

// What a cell may hold of its record by itself. The rest is in a list of other pages.
const (
	localMost  = (pageSize-12)*64/255 - 23
	localLeast = (pageSize-12)*32/255 - 23
	restOfPage = pageSize - 4
)

// tree is the pages of one tree but its root, with the numbers that they have among
// themselves, from 0 on: where in the file they come is known when they are all there.
type tree struct {
	count  int
	chunks []*chunk
	places []place
	levels []*page
	cell   []byte
}

// chunk is some pages in a row. They are used again, since a large file has many.
type chunk [chunkPages * pageSize]byte

const chunkPages = 32

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// place is where a page's number stands.
type place struct{ page, at int }

// next gives the next page, and its number.
func (t *tree) next() (bytes []byte, number int) {
	number = t.count
	if number%chunkPages == 0 {
		t.chunks = append(t.chunks, chunks.Get().(*chunk))
	}
	t.count++
	return t.at(number), number
}

func (t *tree) at(number int) []byte {
	from := number % chunkPages * pageSize
	return t.chunks[number/chunkPages][from : from+pageSize]
}

// page is a page that takes cells up, in order.
type page struct {
	bytes  [pageSize]byte
	head   int // length of what stands before the cells' places
	cells  int
	start  int   // of the cells, which lie from the end of the page backwards
	last   int   // length of the last cell
	right  int   // page behind the last cell; -1: the page is a leaf
	places []int // where in bytes a page's number stands

	room, up []byte // for a cell that comes, and for one that goes up
}

func newPage(leaf bool) *page {
	p := &page{head: 12}
	if leaf {
		p.head = 8
	}
	p.clear()
	return p
}

func (p *page) clear() { p.cells, p.start, p.right, p.places = 0, pageSize, -1, p.places[:0] }

func (p *page) leaf() bool { return p.head == 8 }

// fits says that there is room for one more cell.
func (p *page) fits(cell []byte) bool { return p.head+2*p.cells+2+len(cell) <= p.start }

// add takes a cell up. On a page that is no leaf it begins with a page's number;
// spills says that it ends with one.
func (p *page) add(cell []byte, spills bool) {
	p.start -= len(cell)
	copy(p.bytes[p.start:], cell)
	binary.BigEndian.PutUint16(p.bytes[p.head+2*p.cells:], uint16(p.start))
	p.cells, p.last = p.cells+1, len(cell)
	if !p.leaf() {
		p.places = append(p.places, p.start)
	}
	if spills {
		p.places = append(p.places, p.start+len(cell)-4)
	}
}

// pop takes the last cell away again; it is valid until the next one is added.
func (p *page) pop() (cell []byte, spills bool) {
	cell = p.bytes[p.start : p.start+p.last]
	kept := p.places
	for len(kept) > 0 && kept[len(kept)-1] >= p.start && kept[len(kept)-1] < p.start+p.last {
		kept = kept[:len(kept)-1]
	}
	removed := len(p.places) - len(kept)
	spills = removed == 2 || removed == 1 && p.leaf()
	p.places = kept
	p.start, p.cells = p.start+p.last, p.cells-1
	return cell, spills
}

// finish writes what stands before the cells.
func (p *page) finish() {
	p.bytes[0] = 10
	if !p.leaf() {
		p.bytes[0] = 2
		binary.BigEndian.PutUint32(p.bytes[8:], uint32(p.right))
		p.places = append(p.places, 8)
	}
	binary.BigEndian.PutUint16(p.bytes[3:], uint16(p.cells))
	binary.BigEndian.PutUint16(p.bytes[5:], uint16(p.start))
	clear(p.bytes[p.head+2*p.cells : p.start])
}

// add appends a record, whose place is behind all that there are.
func (t *tree) add(rows *Rows, row int32, columns []int) {
	n, head := rows.size(row, columns)
	t.cell = appendVarint(t.cell[:0], uint64(n))
	from := len(t.cell)
	t.cell = rows.appendRecord(t.cell, head, row, columns)
	if n <= localMost {
		t.put(0, 0, t.cell, false)
		return
	}
	local := localLeast + (n-localLeast)%restOfPage
	if local > localMost {
		local = localLeast
	}
	first := t.count
	for rest := t.cell[from+local:]; len(rest) > 0; {
		page, number := t.next()
		used := copy(page[4:], rest)
		clear(page[4+used:])
		binary.BigEndian.PutUint32(page, 0)
		if rest = rest[used:]; len(rest) > 0 {
			binary.BigEndian.PutUint32(page, uint32(number+1))
			t.places = append(t.places, place{number, 0})
		}
	}
	t.put(0, 0, binary.BigEndian.AppendUint32(t.cell[:from+local], uint32(first)), true)
}

// put appends a cell to the last page of a level. When that is full its last cell
// goes up one level, in front of the next page: so no page is ever empty.
func (t *tree) put(level, left int, cell []byte, spills bool) {
	if level == len(t.levels) {
		t.levels = append(t.levels, newPage(level == 0))
	}
	p := t.levels[level]
	if level > 0 {
		p.room = append(binary.BigEndian.AppendUint32(p.room[:0], uint32(left)), cell...)
		cell = p.room
	}
	if !p.fits(cell) {
		up, also := p.pop()
		if level > 0 {
			p.right, up = int(binary.BigEndian.Uint32(up)), up[4:]
		}
		p.up = append(p.up[:0], up...)
		t.put(level+1, t.keep(p), p.up, also)
		p.clear()
	}
	p.add(cell, spills)
}

// keep appends a page that is whole and gives its number.
func (t *tree) keep(p *page) int {
	p.finish()
	bytes, number := t.next()
	copy(bytes, p.bytes[:])
	for _, at := range p.places {
		t.places = append(t.places, place{number, at})
	}
	return number
}

// close ends all levels and gives the root.
func (t *tree) close() *page {
	if len(t.levels) == 0 {
		t.levels = append(t.levels, newPage(true))
	}
	below := -1
	for i, p := range t.levels {
		if i > 0 {
			p.right = below
		}
		if i < len(t.levels)-1 {
			below = t.keep(p)
		}
	}
	root := t.levels[len(t.levels)-1]
	root.finish()
	return root
}
