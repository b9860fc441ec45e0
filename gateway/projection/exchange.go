package projection

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
)

// errCold says that the file could not be exchanged. The batch is applied by statements then.
var errCold = errors.New("the file could not be exchanged")

// emptied is what the name of a file ends in that was taken away to make place.
const emptied = "-empty"

// gate keeps connections from being opened while a file is exchanged.
type gate struct {
	sync.RWMutex
	waiting atomic.Int32
}

// gated opens connections when the gate is open.
type gated struct {
	driver.Connector
	*gate
}

// Connect opens a connection.
func (g gated) Connect(ctx context.Context) (driver.Conn, error) {
	g.waiting.Add(1)
	g.RLock()
	defer g.RUnlock()
	g.waiting.Add(-1)
	return g.Connector.Connect(ctx)
}

// exchange puts a whole file in the place of the empty one, once all connections to
// it are closed: what SQLite has written ahead belongs to a file of one name. It
// fails where another process has the file open, or has filled it. s.mu is held.
func (s *store) exchange(ctx context.Context, file, whole string) error {
	db, err := sql.Open("sqlite", fileName(s.file)+"?_pragma=busy_timeout(1000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	h, err := s.head(ctx, db) // from here on it has the file open
	if err == nil && h.height > 0 {
		err = fmt.Errorf("%w: another process has filled it", errCold)
	}
	if err == nil { // the last connection writes out what is written ahead, which nobody needs on the disk any more
		_, err = db.ExecContext(ctx, `PRAGMA synchronous = OFF`)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.drop()
	s.gate.Lock()
	defer s.gate.Unlock()
	s.writer.SetMaxIdleConns(-1)
	s.reader.SetMaxIdleConns(-1)
	defer s.writer.SetMaxIdleConns(writers)
	defer s.reader.SetMaxIdleConns(s.readers)
	for began := time.Now(); s.writer.Stats().OpenConnections+s.reader.Stats().OpenConnections > int(s.gate.waiting.Load()); time.Sleep(time.Millisecond) {
		if time.Since(began) > 2*time.Second {
			return errors.Join(fmt.Errorf("%w: somebody reads it", errCold), db.Close())
		}
	}
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	h, e := s.head(ctx, db)
	if err = errors.Join(err, e, db.Close()); err != nil || mode != "delete" || h.height > 0 {
		return errors.Join(fmt.Errorf("%w: another process has it", errCold), err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := errors.Join(keepOwner(whole, info), os.Chmod(whole, info.Mode().Perm())); err != nil {
		return errors.Join(errCold, err) // statements change neither
	}
	if _, err := os.Stat(file + unsettled); err != nil { // another process is done with its own
		return errors.Join(errCold, err)
	}
	// What takes another's place is first written out by ext4, which the note is there for.
	empty := whole + emptied
	if err := os.Rename(file, empty); err != nil {
		return err
	}
	if err := os.Rename(whole, file); err != nil {
		return errors.Join(err, os.Rename(empty, file))
	}
	_ = os.Remove(empty) // the next build does
	return nil
}

// openGated is sql.Open behind a gate.
func openGated(name string, g *gate) (*sql.DB, error) {
	c, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(gated{c, g}), nil
}
