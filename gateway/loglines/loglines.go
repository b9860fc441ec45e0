// Package loglines owns how the lines of the log get out: gathered for some
// milliseconds, and written together. A line of its own for each small answer costs
// as much as a third of the answer, here and in whoever reads the pipe. It does not
// own what the lines say. Invariant: lines come out whole, in their order, each once;
// what a process that is killed had not written yet is lost, and so is what could not be
// written, such as to a full disk: the lines after it are tried all the same.
package loglines

import (
	"io"
	"sync"
	"time"
)

const (
	gather = 5 * time.Millisecond
	most   = 1 << 20 // bytes that wait; who writes more waits, too
)

// Writer gathers lines. It is safe for concurrent use.
type Writer struct {
	out io.Writer

	mu      sync.Mutex
	changed *sync.Cond // of all below
	waiting []byte
	closed  bool
	err     error // of the last write, if it failed
	ended   chan struct{}
}

// New makes a writer to out; Close ends it.
func New(out io.Writer) *Writer {
	w := &Writer{out: out, ended: make(chan struct{})}
	w.changed = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write takes a line over, and says whether those before it have got out. It takes none
// once the writer is closed.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) >= most && !w.closed {
		w.changed.Wait()
	}
	if w.closed {
		return 0, io.ErrClosedPipe
	}
	if len(w.waiting) == 0 {
		w.changed.Broadcast()
	}
	w.waiting = append(w.waiting, line...)
	return len(line), w.err
}

// Close writes what waits, and ends.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	<-w.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *Writer) run() {
	defer close(w.ended)
	for lines, more := w.take(nil); more || len(lines) > 0; lines, more = w.take(lines) {
		_, err := w.out.Write(lines)
		w.wrote(err)
	}
}

// take waits for lines, and for those that follow soon; it gives the room of the ones
// before to the next. more is false once the writer is closed.
func (w *Writer) take(room []byte) (lines []byte, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) == 0 && !w.closed {
		w.changed.Wait()
	}
	if !w.closed {
		w.mu.Unlock()
		time.Sleep(gather)
		w.mu.Lock()
	}
	lines, w.waiting = w.waiting, room[:0]
	w.changed.Broadcast()
	return lines, !w.closed
}

func (w *Writer) wrote(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}
