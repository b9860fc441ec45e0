package tablet

import "time"

// SetClock gives a book the time of a ledger in memory.
func SetClock(b *Book, clock func() time.Time) { b.clock = clock }
