package authn

import (
	"container/list"
	"sync"
	"time"
)

// The bounds of what is remembered of readers.
const (
	mostReaders    = 4096
	readerKnownFor = 24 * time.Hour
)

// KnownReaders remembers the keys with which readers' tokens verified lately. It says who
// is no stranger and nothing else: whether a reader may read is the ledger's to say, each
// time, and so is which key is a reader's. The zero value knows nobody.
type KnownReaders struct {
	mu     sync.Mutex // guards all below
	byName map[readerOf]*list.Element
	recent *list.List // of *knownReader, the latest in front
}

type readerOf struct{ reader, componentID string }

type knownReader struct {
	of    readerOf
	key   string // as the ledger had it
	until time.Time
}

// Has says that the token is one for this reading, made with a key that is remembered for
// it. For who is not remembered it takes as long: a signature is verified in either case.
func (k *KnownReaders) Has(t *ReaderToken, r Reading) bool {
	return t.Verify(k.find(r), r) == nil
}

func (k *KnownReaders) find(r Reading) (key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.byName[readerOf{r.Reader, r.ComponentID}]
	if !ok || !r.Now.Before(e.Value.(*knownReader).until) {
		return ""
	}
	return e.Value.(*knownReader).key
}

// Add remembers the key with which a token for this reading verified.
func (k *KnownReaders) Add(r Reading, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byName == nil {
		k.byName, k.recent = make(map[readerOf]*list.Element), list.New()
	}
	of := readerOf{r.Reader, r.ComponentID}
	if e, ok := k.byName[of]; ok {
		k.recent.Remove(e)
	} else if k.recent.Len() >= mostReaders {
		delete(k.byName, k.recent.Remove(k.recent.Back()).(*knownReader).of)
	}
	k.byName[of] = k.recent.PushFront(&knownReader{of, key, r.Now.Add(readerKnownFor)})
}

// Forget forgets a reader whose key is not the ledger's any more.
func (k *KnownReaders) Forget(r Reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := readerOf{r.Reader, r.ComponentID}
	if e, ok := k.byName[of]; ok {
		k.recent.Remove(e)
		delete(k.byName, of)
	}
}
