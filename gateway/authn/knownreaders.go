package authn

import (
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/gateway/recent"
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
	mu  sync.Mutex
	all recent.Map[readerOf, knownReader] // guarded by mu
}

type readerOf struct{ reader, componentID string }

type knownReader struct {
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
	known, ok := k.all.Get(readerOf{r.Reader, r.ComponentID})
	if !ok || !r.Now.Before(known.until) {
		return ""
	}
	return known.key
}

// Add remembers the key with which a token for this reading verified.
func (k *KnownReaders) Add(r Reading, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all.Put(readerOf{r.Reader, r.ComponentID}, knownReader{key, r.Now.Add(readerKnownFor)}, mostReaders)
}

// Forget forgets a reader whose key is not the ledger's any more.
func (k *KnownReaders) Forget(r Reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all.Delete(readerOf{r.Reader, r.ComponentID})
}
