// Package kept owns what was answered at one moment of the ledger and serves until the
// next: the next moment ends all of it, so that nobody has to find out which write
// changes which answer. It does not own what may be kept. Invariant: an answer is found
// at the very moment that it was kept for and at no other, and all together stay within
// their bounds.
package kept

import "sync"

// Moment tells states of the ledger apart.
type Moment struct {
	Height uint64
	Epoch  int // a higher one is newer, whatever its height: the ledger began anew
	Caller any // whose questions are answered; a pointer
}

func (m Moment) before(o Moment) bool {
	return m.Epoch < o.Epoch || m.Epoch == o.Epoch && m.Height < o.Height
}

// Answers are kept by their questions. Both MUST NOT be changed. It is safe for concurrent use.
type Answers struct {
	most, mostBytes int

	mu    sync.RWMutex      // guards all below
	at    Moment            // of all that is kept
	all   map[string][]byte // by question
	bytes int               // of all
}

// New makes a place for so many answers and so many bytes, the questions included.
func New(most, mostBytes int) *Answers { return &Answers{most: most, mostBytes: mostBytes} }

// Find gives the answer to a question at a moment.
func (a *Answers) Find(at Moment, question string) ([]byte, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.at != at {
		return nil, false
	}
	answer, ok := a.all[question]
	return answer, ok
}

// Keep takes an answer up, unless it is of a moment before the one that others are of
// already, or there is no room left until the next.
func (a *Answers) Keep(at Moment, question string, answer []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.before(a.at) {
		return
	}
	if a.at != at {
		a.at, a.all, a.bytes = at, make(map[string][]byte), 0
	}
	size := len(question) + len(answer)
	if _, ok := a.all[question]; ok || len(a.all) >= a.most || a.bytes+size > a.mostBytes {
		return
	}
	a.all[question] = answer
	a.bytes += size
}
