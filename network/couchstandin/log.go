package couchstandin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// log keeps a database in a file, one JSON line for each revision. It is written before
// the answer, and read whole when the stand-in starts. A line that was cut off in a crash
// ends the file. Nothing is promised about a power failure.
type log struct{ file *os.File }

type line struct {
	Doc      *document       `json:"doc,omitempty"`
	Security json.RawMessage `json:"security,omitempty"`
}

const logSuffix = ".standin"

func logPath(dir, name string) string { return filepath.Join(dir, url.PathEscape(name)+logSuffix) }

// append writes revisions; a log that is nil keeps nothing.
func (l *log) append(docs ...*document) error {
	if l == nil || len(docs) == 0 {
		return nil
	}
	var out []byte
	for _, doc := range docs {
		b, err := marshal(line{Doc: doc})
		if err != nil {
			return err
		}
		out = append(append(out, b...), '\n')
	}
	_, err := l.file.Write(out)
	return err
}

func (l *log) security(v any) error {
	if l == nil {
		return nil
	}
	b, err := marshal(v)
	if err != nil {
		return err
	}
	if b, err = marshal(line{Security: b}); err != nil {
		return err
	}
	_, err = l.file.Write(append(b, '\n'))
	return err
}

func (l *log) close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// openLog makes or opens the file of a database and puts what it holds into d.
func openLog(path string, d *database) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	kept, err := replay(f, d)
	if err == nil {
		err = f.Truncate(kept)
	}
	if err == nil {
		_, err = f.Seek(kept, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.log = &log{f}
	return nil
}

// replay reads lines up to the first that is not whole, and says how far that is.
func replay(f io.Reader, d *database) (kept int64, err error) {
	r := bufio.NewReader(f)
	for {
		b, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return kept, nil // what is left, if anything, was cut off
		}
		if err != nil {
			return kept, err
		}
		var l line
		decoder := json.NewDecoder(bytes.NewReader(b))
		decoder.UseNumber()
		if decoder.Decode(&l) != nil {
			return kept, nil
		}
		if l.Doc != nil {
			d.apply(l.Doc)
		}
		if l.Security != nil {
			if d.security, err = decodeJSON(l.Security); err != nil {
				return kept, err
			}
		}
		kept += int64(len(b))
	}
}

// databasesIn lists the databases that a directory holds.
func databasesIn(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+logSuffix))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, err := url.PathUnescape(strings.TrimSuffix(filepath.Base(file), logSuffix))
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
