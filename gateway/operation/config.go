package operation

import (
	"log/slog"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// Config says where the outbox is and how patient the service is. A zero value
// means the default that stands beside it.
type Config struct {
	// Path is the SQLite file of the outbox. One process at a time may use it.
	Path string

	Wait          time.Duration // 20 s: how long Do waits before it answers "pending"
	Resubmit      time.Duration // 5 s: after which the same bytes are sent again; grows to 15 s; longer than orderers wait for a block
	Settle        time.Duration // 5 s: how long nothing follows, on the same entities, what was sent again
	Patience      time.Duration // 8 s: endorsement is tried again for so long when peers do not answer
	AsyncPatience time.Duration // 15 min: the same, for operations that were answered "pending"
	MaxAttempts   int           // 10: endorsements of one operation when others are faster
	QueueLength   int           // 256: operations that may wait for one entity
	Retention     time.Duration // 24 h: how long a finished operation and its key are remembered
	CloseWait     time.Duration // 10 s: how long Close waits for what is under way

	Observer Observer
	Log      *slog.Logger // slog.Default()
}

// Observer is told what happens; a nil func is not called. The funcs are called
// from many goroutines and MUST NOT block.
type Observer struct {
	// Finished: an operation reached its outcome. condition is "" if it was committed.
	Finished func(tx api.Transaction, condition fabric.Condition, attempts int, took time.Duration)
	// Pending: operations under way.
	Pending func(delta int)
	// Queued: how long an operation waited for others on the same entities.
	Queued func(took time.Duration)
	// Resubmitted: the same bytes were sent again.
	Resubmitted func()
	// Reendorsed: an operation was endorsed anew because another was faster.
	Reendorsed func()
	// Flushed: one group commit of the outbox.
	Flushed func(writes int, took time.Duration)
	// Recovered: operations found unfinished when the outbox was opened.
	Recovered func(n int)
}

func (c Config) withDefaults() Config {
	or(&c.Wait, 20*time.Second)
	or(&c.Resubmit, 5*time.Second)
	or(&c.Settle, 5*time.Second)
	or(&c.Patience, 8*time.Second)
	or(&c.AsyncPatience, 15*time.Minute)
	or(&c.MaxAttempts, 10)
	or(&c.QueueLength, 256)
	or(&c.Retention, 24*time.Hour)
	or(&c.CloseWait, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func or[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}
