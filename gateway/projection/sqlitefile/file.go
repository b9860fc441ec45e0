// Package sqlitefile owns the trees of a SQLite database file: it fills those that
// are empty with rows that come in the order of their keys, page behind page, which
// takes an eighth of the time that statements take. It refuses to own the rest of the
// format: tables are made, and everything is read, by SQLite itself; trees are those
// of indexes and of tables WITHOUT ROWID, whose texts are compared by their bytes.
//
// Invariant: nobody has the file open meanwhile, and until Close it is not whole.
// The format is https://www.sqlite.org/fileformat2.html, which is kept for good.
package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
)

// File is a database file that is being filled. Trees may be filled at the same time.
type File struct {
	file *os.File
	head [100]byte

	mu    sync.Mutex
	pages uint32 // guarded by mu
}

// lockPage is never used: SQLite's locks are on its bytes.
const lockPage uint32 = 1<<30/pageSize + 1

// The version of the format says whether changes are written ahead of a file.
const inPlace, writtenAhead = 1, 2

// Make writes the image of a database, or nothing, into a new file that nobody else may
// read, to whose pages SQLite writes from then on, until it is filled.
func Make(path string, image []byte) error {
	switch {
	case len(image) >= pageSize:
		image[18], image[19] = inPlace, inPlace
	case len(image) > 0:
		return fmt.Errorf("an image of %d bytes", len(image))
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(image)
	return errors.Join(err, file.Close())
}

// Open opens a file that SQLite has made, and that nobody has open.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if _, err := file.ReadAt(f.head[:], 0); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.pages = binary.BigEndian.Uint32(f.head[28:])
	vacuums := binary.BigEndian.Uint32(f.head[52:])
	if string(f.head[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint16(f.head[16:]) != pageSize || f.head[20] != 0 || vacuums != 0 ||
		info.Size() != int64(f.pages)*pageSize {
		return nil, errors.Join(fmt.Errorf("%s has another form than SQLite's usual one", path), file.Close())
	}
	return f, nil
}

// Fill puts some columns of rows into the tree of that root, which must be empty:
// those rows that order names, in that order, which is that of the columns.
func (f *File) Fill(root uint32, rows *Rows, order []int32, columns []int) error {
	var t tree
	for _, row := range order {
		t.add(rows, row, columns)
	}
	top := t.close()
	first := f.take(uint32(t.count))
	number := func(n uint32) uint32 {
		if n += first; first < lockPage && n >= lockPage {
			n++
		}
		return n
	}
	move := func(b []byte) { binary.BigEndian.PutUint32(b, number(binary.BigEndian.Uint32(b))) }
	for _, p := range t.places {
		move(t.at(p.page)[p.at:])
	}
	for _, at := range top.places {
		move(top.bytes[at:])
	}
	for i, c := range t.chunks {
		from, to := i*chunkPages, min((i+1)*chunkPages, t.count)
		if err := f.write(c[:(to-from)*pageSize], number(uint32(from)), number(uint32(to-1))); err != nil {
			return err
		}
		chunks.Put(c)
	}
	return f.write(top.bytes[:], root, root)
}

// write writes pages from one number to another, with the one between that is left out.
func (f *File) write(pages []byte, from, to uint32) error {
	if between := int(to-from+1)*pageSize - len(pages); between > 0 {
		before := (lockPage - from) * pageSize
		if _, err := f.file.WriteAt(pages[before:], int64(lockPage)*pageSize); err != nil {
			return err
		}
		pages = pages[:before]
	}
	_, err := f.file.WriteAt(pages, int64(from-1)*pageSize)
	return err
}

// take gives the number of the first of so many new pages.
func (f *File) take(n uint32) (first uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first = f.pages + 1
	if n == 0 {
		return first
	}
	if first == lockPage {
		first++
	}
	f.pages = first + n - 1
	if first < lockPage && f.pages >= lockPage {
		f.pages++
	}
	return first
}

// Close makes the file whole, and says in it that changes are written ahead: who
// opens it so would otherwise have to change that, and wait for the disk.
func (f *File) Close() error {
	changes := binary.BigEndian.Uint32(f.head[24:]) + 1
	f.head[18], f.head[19] = writtenAhead, writtenAhead
	binary.BigEndian.PutUint32(f.head[24:], changes)
	binary.BigEndian.PutUint32(f.head[28:], f.pages)
	binary.BigEndian.PutUint32(f.head[92:], changes)
	_, err := f.file.WriteAt(f.head[:], 0)
	return errors.Join(err, f.file.Close())
}
