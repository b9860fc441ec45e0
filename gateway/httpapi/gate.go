package httpapi

import (
	"errors"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// gate bounds what readers outside the channel can take from the members. Anybody can send
// a token, and to find out whose it is costs the peer a question: strangers are counted
// by their address and all together, so that they keep out neither members nor those
// readers who have shown their key lately. These are counted each by itself, since
// whoever owns a component can name any number of them, all of whom this gateway serves.
type gate struct {
	limits    Limits
	known     authn.KnownReaders
	addresses *buckets     // of strangers, by address
	strangers *buckets     // of all strangers together: one
	readers   *buckets     // by name and component
	asking    atomic.Int64 // strangers whose token is looked into at this moment
	reading   atomic.Int64 // readers who are served
}

func newGate(l Limits) *gate {
	return &gate{
		limits:    l,
		addresses: newBuckets(l.Principals, rate.Limit(l.AddressPerSecond), int(2*l.AddressPerSecond)),
		strangers: newBuckets(1, rate.Limit(l.StrangersPerSecond), int(l.StrangersPerSecond)),
		readers:   newBuckets(l.Principals, rate.Limit(l.ReaderPerSecond), int(2*l.ReaderPerSecond)),
	}
}

// letStranger lets one in whose token has not been verified yet, until it is. The address
// comes first: what one of them has too much takes nothing from the others.
func (g *gate) letStranger(address string, now time.Time) (leave func(), err error) {
	if wait := g.addresses.take(network(address), now); wait > 0 {
		return nil, tooOften("too many tokens that nobody here knows come from this address", g.limits.AddressPerSecond, wait)
	}
	if wait := g.strangers.take("", now); wait > 0 {
		return nil, tooOften("too many tokens come that nobody here knows", g.limits.StrangersPerSecond, wait)
	}
	return enter(&g.asking, min(g.limits.Readers, max(1, g.limits.Readers/4)))
}

// letReader lets one in who holds the key, until it is answered.
func (g *gate) letReader(r authn.Reading) (leave func(), err error) {
	if wait := g.readers.take(r.Reader+"\x00"+r.ComponentID, r.Now); wait > 0 {
		return nil, tooOften("this reader asks too often", g.limits.ReaderPerSecond, wait)
	}
	return enter(&g.reading, g.limits.Readers)
}

func enter(place *atomic.Int64, most int) (leave func(), err error) {
	if place.Add(1) > int64(most) {
		place.Add(-1)
		return nil, problem.New(problem.Busy, "the gateway serves as many readers as it can")
	}
	return func() { place.Add(-1) }, nil
}

// network is what an address is counted under: who has one of IPv6 has as many as it likes.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}

func tooOften(detail string, perSecond float64, wait time.Duration) error {
	return &problem.Error{
		Condition: problem.RateLimited, Detail: detail, RetryAfter: wait,
		Params: []fault.Param{{Name: "perSecond", Value: strconv.FormatFloat(perSecond, 'f', -1, 64)}},
	}
}

// crowded says that readers were more than are served. Strangers can bring that about as
// often as they like: it is no alarm.
func crowded(r *record) bool {
	var p *problem.Error
	return ofReaders[r.operation] && errors.As(r.err, &p) && p.Condition == problem.Busy
}
