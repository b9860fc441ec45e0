package fabric

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// numbers follows the chain from a block on and gives the numbers that came, as
// soon as there are enough of them.
func numbers(t *testing.T, s *stream, from, until uint64) []uint64 {
	t.Helper()
	var got []uint64
	enough := errors.New("enough")
	err := s.follow(t.Context(), from, func(b received) error {
		got = append(got, b.GetHeader().GetNumber())
		if b.GetHeader().GetNumber()+1 == until {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("ended with %v", err)
	}
	return got
}

func upTo(from, until uint64) (all []uint64) {
	for n := from; n < until; n++ {
		all = append(all, n)
	}
	return all
}

func TestFollowing(t *testing.T) {
	for _, c := range []struct {
		name        string
		from, until uint64
		do          func(c *chain)
		streams     int // opened in all, at most
	}{
		{"from the block that comes next, on the shared stream alone", 5, 8, func(c *chain) { c.add(); c.add(); c.add() }, 1},
		{"from the beginning, with one more stream for what is past", 0, 8, func(c *chain) { c.add(); c.add(); c.add() }, 2},
		{"from a block that does not exist yet", 7, 9, func(c *chain) {
			for range 4 {
				c.add()
				time.Sleep(time.Second)
			}
		}, 1},
		{"over a stream that is cut", 0, 9, func(c *chain) {
			c.add()
			c.set(false, false)
			time.Sleep(time.Second)
			c.add()
			c.add()
			c.add()
		}, 5},
		{"over a stream that dies without a word, though nobody waits", 5, 8, func(c *chain) { c.die(); c.add(); c.add(); c.add() }, 2},
		{"over a peer that is away", 0, 7, func(c *chain) {
			c.set(true, false)
			time.Sleep(20 * time.Second)
			c.add()
			c.add()
			c.set(false, false)
		}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := newChain(5)
				s := streaming(t, ch)
				synctest.Wait()
				var doing sync.WaitGroup
				doing.Go(func() { c.do(ch) })
				if got := numbers(t, s, c.from, c.until); !slices.Equal(got, upTo(c.from, c.until)) {
					t.Errorf("got %v", got)
				}
				doing.Wait()
				ch.mu.Lock()
				defer ch.mu.Unlock()
				if ch.streams > c.streams {
					t.Errorf("%d streams", ch.streams)
				}
			})
		})
	}
}

// Whoever is slow falls behind what is kept, reads on by itself, and holds nobody up.
func TestASlowFollowerHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := newChain(5)
		s := streaming(t, ch)
		synctest.Wait()
		var wg sync.WaitGroup
		const until = 5 + 3*keptMost
		wg.Go(func() {
			var next uint64 = 5
			enough := errors.New("enough")
			err := s.follow(t.Context(), next, func(b received) error {
				if b.GetHeader().GetNumber() != next {
					t.Errorf("got %d, want %d", b.GetHeader().GetNumber(), next)
				}
				next++
				time.Sleep(50 * time.Millisecond)
				if next == until {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Error(err)
			}
		})
		began := time.Now()
		for range until - 6 {
			ch.add()
			time.Sleep(time.Millisecond)
		}
		ch.add(entry{"tx1", valid})
		if got, err := s.waits.wait(t.Context(), "tx1"); err != nil || got.Block != until-1 {
			t.Errorf("got %+v, %v", got, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the one who waits was held up: %v", took)
		}
		wg.Wait()
	})
}

// Streams are cut at random while blocks arrive and two follow: each block comes once.
func TestFollowingWhileStreamsAreCut(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			ch := newChain(5)
			s := streaming(t, ch)
			var wg sync.WaitGroup
			for _, from := range []uint64{0, 5} {
				wg.Go(func() {
					if got := numbers(t, s, from, 105); !slices.Equal(got, upTo(from, 105)) {
						t.Errorf("seed %d, from %d: got %v", seed, from, got)
					}
				})
			}
			for range 100 {
				time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
				switch random.IntN(4) {
				case 0:
					ch.set(false, false)
				case 1:
					ch.die()
				}
				ch.add()
			}
			wg.Wait()
		})
	}
}

func TestFollowingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streaming(t, newChain(2))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.follow(ctx, 0, func(received) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
