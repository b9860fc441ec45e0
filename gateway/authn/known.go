package authn

import (
	"crypto/sha256"
	"sync"
	"time"
)

// The bounds of what is remembered.
const (
	mostKnown = 4096
	knownFor  = time.Minute // then the signature is verified again, against the keys of then
)

// known remembers the tokens that verified a short while ago, by their hashes: to
// verify a signature costs more than all else that is done for a small answer.
type known struct {
	mu  sync.RWMutex
	all map[[sha256.Size]byte]accepted // guarded by mu
}

// accepted is a token that verified.
type accepted struct {
	who   Principal
	until time.Time // no later than the token's own end
}

func (k *known) find(token string, now time.Time) (Principal, bool) {
	sum := sha256.Sum256([]byte(token))
	k.mu.RLock()
	defer k.mu.RUnlock()
	a, ok := k.all[sum]
	return a.who, ok && now.Before(a.until)
}

func (k *known) add(token string, who Principal, expiry, now time.Time) {
	until := now.Add(knownFor)
	if expiry.Before(until) {
		until = expiry
	}
	sum := sha256.Sum256([]byte(token))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostKnown {
		k.all = make(map[[sha256.Size]byte]accepted)
	}
	k.all[sum] = accepted{who, until}
}
