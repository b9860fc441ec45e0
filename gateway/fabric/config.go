package fabric

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Config says how to reach the network. A zero duration or number means the
// default that stands beside it.
type Config struct {
	Address    string // host:port of the organisation's own peer
	ServerName string // name in the peer's TLS certificate, where it is not the address's host
	TLSRoots   string // PEM file of the authorities of the peer's TLS certificate
	RootsPEM   []byte // the same as text, where there is no file

	MSPID       string // the organisation
	Certificate string // PEM file of the identity that signs, or a directory that holds that one file
	Key         string // PEM file of its private key, or a directory that holds that one file

	Channel   string
	Chaincode string
	// Endorsers are the MSP ids of every organisation that endorses, this one
	// among them. Empty: the peer's discovery chooses, which is slower.
	Endorsers []string

	EvaluateTimeout     time.Duration // 10 s
	EndorseTimeout      time.Duration // 12 s, longer than the peer's own 10 s
	SubmitTimeout       time.Duration // 12 s
	CommitStatusTimeout time.Duration // 5 s

	// InFlight bounds the calls that wait for the peer at the same time, and has
	// to stay below the peer's own limit, which answers with plain errors. 400.
	InFlight int
	// AdmissionWait is how long a call waits for its turn before it is Busy. 250 ms.
	AdmissionWait time.Duration

	// IdentityCheck is how often the identity files are looked at for a renewed
	// certificate. 30 s; negative: never.
	IdentityCheck time.Duration

	Observer Observer
	Log      *slog.Logger // slog.Default()
}

// Observer is told what happens; a nil func is not called. The funcs are called
// from many goroutines and MUST NOT block.
type Observer struct {
	// Call: one call to the peer is over. condition is "" if it went well.
	Call func(stage Stage, condition Condition, took time.Duration)
	// InFlight: calls to the peer that are under way.
	InFlight func(delta int)
	// Block: a block was committed by the own peer.
	Block func(number uint64, transactions int)
	// Stream: the block-event stream is up (true) or was cut (false).
	Stream func(up bool)
	// Asked: a question was answered by what was kept since the last block, or by the peer.
	Asked func(kept bool)
	// Fallback: the named endorsers could not be had, and others were asked.
	Fallback func(tx api.Transaction)
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Address == "":
		return c, errors.New("no peer address")
	case c.TLSRoots == "" && len(c.RootsPEM) == 0 || c.Certificate == "" || c.Key == "":
		return c, errors.New("TLS roots, certificate and key files must be named")
	case c.MSPID == "" || c.Channel == "" || c.Chaincode == "":
		return c, errors.New("MSP id, channel and chaincode must be named")
	case len(c.Endorsers) > 0 && !slices.Contains(c.Endorsers, c.MSPID):
		return c, errors.New("the endorsers must include this gateway's own organisation")
	}
	or(&c.EvaluateTimeout, 10*time.Second)
	or(&c.EndorseTimeout, 12*time.Second)
	or(&c.SubmitTimeout, 12*time.Second)
	or(&c.CommitStatusTimeout, 5*time.Second)
	or(&c.InFlight, 400)
	or(&c.AdmissionWait, 250*time.Millisecond)
	or(&c.IdentityCheck, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}

func or[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}
