package operation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	maxGroup = 512
	// lazily is how long writes that nobody waits for may wait for company. They
	// nearly always ride on the commit of another operation and cost no fsync.
	lazily = 20 * time.Millisecond
)

var errOutboxClosed = errors.New("outbox closed")

// statements are prepared on the writer's connection and used by its goroutine alone.
type statements struct {
	begin, commit, rollback *sql.Stmt
	reserve, seal, finish   *sql.Stmt
	prune                   *sql.Stmt
}

// write is one change to the outbox. done is called once, from the writer's
// goroutine, after the change is on the disk or has failed.
type write struct {
	do     func(context.Context, *statements) error
	done   func(error)
	urgent bool // somebody waits
	err    error
}

// writer puts many writes into one SQL transaction, and so into one fsync. It
// does not wait for more to come: while one group is being synced the next gathers.
type writer struct {
	queue      chan *write
	statements *statements // used by the goroutine of run alone
	observer   Observer
	closing    chan struct{} // closed by close
	done       chan struct{} // closed when run has ended

	mu     sync.RWMutex // held for reading while something is put on the queue
	closed bool         // guarded by mu; nothing more is put on the queue
	flush  bool         // guarded by mu; what is queued is written, not dropped
}

func newWriter(conn *sql.Conn, o Observer) (*writer, error) {
	s := new(statements)
	for _, p := range []struct {
		into **sql.Stmt
		text string
	}{
		{&s.begin, `BEGIN IMMEDIATE`}, {&s.commit, `COMMIT`}, {&s.rollback, `ROLLBACK`},
		{&s.reserve, reserveSQL}, {&s.seal, sealSQL}, {&s.finish, finishSQL},
		{&s.prune, `DELETE FROM operation WHERE n IN (SELECT n FROM operation ORDER BY n LIMIT ?) AND finished > 0 AND finished < ?`},
	} {
		st, err := conn.PrepareContext(context.Background(), p.text)
		if err != nil {
			return nil, fmt.Errorf("outbox: %w", err)
		}
		*p.into = st
	}
	w := &writer{
		queue: make(chan *write, maxGroup), statements: s, observer: o,
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// await makes a change and returns when it is on the disk.
func (w *writer) await(ctx context.Context, do func(context.Context, *statements) error) error {
	result := make(chan error, 1)
	if err := w.put(&write{do: do, urgent: true, done: func(err error) { result <- err }}); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later makes a change and goes on; urgent says that somebody waits for done.
func (w *writer) later(urgent bool, do func(context.Context, *statements) error, done func(error)) {
	if err := w.put(&write{do: do, done: done, urgent: urgent}); err != nil {
		done(err)
	}
}

func (w *writer) put(x *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errOutboxClosed
	}
	w.queue <- x // run takes from it until closed is set
	return nil
}

// close ends the goroutine, after writing what is queued if flush is set. It may
// be called again.
func (w *writer) close(flush bool) {
	w.mu.Lock()
	if !w.closed {
		w.closed, w.flush = true, flush
		close(w.closing)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case x := <-w.queue:
			w.commit(w.gather(x))
			continue
		case <-w.closing:
		}
		for len(w.queue) > 0 {
			w.commit(w.gather(<-w.queue))
		}
		return
	}
}

// dropped reports whether the writer was told to stop without writing.
func (w *writer) dropped() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.closed && !w.flush
}

// gather takes what is queued; when nobody waits for any of it, it lingers a little.
func (w *writer) gather(first *write) []*write {
	group := []*write{first}
	urgent := first.urgent
	timer := time.NewTimer(lazily)
	defer timer.Stop()
	for len(group) < maxGroup {
		select {
		case x := <-w.queue:
			group, urgent = append(group, x), urgent || x.urgent
			continue
		default:
		}
		if urgent {
			return group
		}
		select {
		case x := <-w.queue:
			group, urgent = append(group, x), urgent || x.urgent
		case <-timer.C:
			return group
		case <-w.closing:
			return group
		}
	}
	return group
}

// commit writes a group. A write that fails by itself fails alone; the rest stands.
func (w *writer) commit(group []*write) {
	if w.dropped() {
		for _, x := range group {
			x.done(errOutboxClosed)
		}
		return
	}
	began := time.Now()
	ctx := context.Background()
	_, err := w.statements.begin.ExecContext(ctx)
	if err == nil {
		for _, x := range group {
			x.err = x.do(ctx, w.statements)
		}
		if _, err = w.statements.commit.ExecContext(ctx); err != nil {
			_, rollbackErr := w.statements.rollback.ExecContext(ctx)
			err = errors.Join(err, rollbackErr)
		}
	}
	if w.observer.Flushed != nil {
		w.observer.Flushed(len(group), time.Since(began))
	}
	for _, x := range group {
		if err != nil {
			x.err = err
		}
		if x.err != nil {
			x.err = fmt.Errorf("outbox: %w", x.err)
		}
		x.done(x.err)
	}
}
