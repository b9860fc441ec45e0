package loglines

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slow takes its time for each write, and notes all of them.
type slow struct {
	mu     sync.Mutex
	writes [][]byte
	fails  error
}

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return 0, s.fails
	}
	s.writes = append(s.writes, bytes.Clone(p))
	return len(p), nil
}

func TestLinesComeOutWholeInOrderAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(slow)
		w := New(out)
		var all sync.WaitGroup
		const writers, lines = 8, 200
		for n := range writers {
			all.Go(func() {
				for i := range lines {
					if _, err := fmt.Fprintf(w, "writer %d line %d\n", n, i); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		all.Wait()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(out.writes) > writers*lines/10 {
			t.Errorf("%d writes for %d lines", len(out.writes), writers*lines)
		}
		next := make([]int, writers)
		for line := range strings.Lines(string(bytes.Join(out.writes, nil))) {
			var n, i int
			if _, err := fmt.Sscanf(line, "writer %d line %d\n", &n, &i); err != nil || next[n] != i {
				t.Fatalf("%q: %v, expected line %d", line, err, next[n])
			}
			next[n]++
		}
		for n, i := range next {
			if i != lines {
				t.Errorf("%d lines of writer %d", i, n)
			}
		}
		if _, err := w.Write([]byte("late")); err == nil {
			t.Error("a closed writer took a line")
		}
	})
}

func TestALineIsNotKeptWaitingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(slow)
		w := New(out)
		if _, err := w.Write([]byte("alone\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(gather + 20*time.Millisecond)
		synctest.Wait()
		if len(out.writes) != 1 {
			t.Errorf("%d writes", len(out.writes))
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhoWritesMoreThanGetsOutWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(slow)
		w := New(out)
		began := time.Now()
		line := bytes.Repeat([]byte("x"), most/4)
		for range 64 {
			if _, err := w.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(began); waited < 10*10*time.Millisecond {
			t.Errorf("64 lines of a quarter of the room took %s", waited)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(bytes.Join(out.writes, nil)); got != 64*len(line) {
			t.Errorf("%d bytes", got)
		}
	})
}

func TestAPipeThatIsGoneIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		w := New(&slow{fails: gone})
		if _, err := w.Write([]byte("first\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, err := w.Write([]byte("second\n")); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
		if err := w.Close(); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
	})
}

// A disk that was full for a while costs the lines of that while, and no others.
func TestWhatComesAfterAFailureIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{fails: errors.New("no space left")}
		w := New(out)
		for _, line := range []string{"lost\n", "after\n", "last\n"} {
			if n, _ := w.Write([]byte(line)); n != len(line) { // the error is of those before
				t.Errorf("%q: %d", line, n)
			}
			time.Sleep(time.Second)
			out.mu.Lock()
			out.fails = nil
			out.mu.Unlock()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := string(bytes.Join(out.writes, nil)); got != "after\nlast\n" {
			t.Errorf("%q", got)
		}
	})
}
