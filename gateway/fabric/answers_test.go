package fabric

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// asking is a network whose stream is at a height, and that counts who answered.
func asking(t *testing.T, height uint64) (n *Network, p *fakePeer, count *[2]int) {
	t.Helper()
	p, count = new(fakePeer), new([2]int)
	c := p.start(t)
	c.Observer.Asked = func(kept bool) {
		if kept {
			count[1]++
		} else {
			count[0]++
		}
	}
	n = dial(t, c)
	n.stop() // the test alone moves the stream
	n.done.Wait()
	n.stream.reset(height)
	n.stream.raise(true)
	return n, p, count
}

// ask asks and gives the height of the answer, and whether it was kept.
func ask(t *testing.T, n *Network, tx api.Transaction, argument string) string {
	t.Helper()
	a, err := n.Ask(t.Context(), tx, []byte(argument), false)
	if err != nil || string(a.Result) != answer {
		t.Fatalf("got %s, %v", a.Result, err)
	}
	return fmt.Sprint(a.Height, a.Kept)
}

func TestTheNextBlockEndsWhatIsKept(t *testing.T) {
	n, _, count := asking(t, 7)
	got := []string{
		ask(t, n, api.GetComponentTx, `{"componentId":"a"}`),
		ask(t, n, api.GetComponentTx, `{"componentId":"a"}`),
		ask(t, n, api.GetComponentTx, `{"componentId":"b"}`), // another argument
		ask(t, n, api.ListHoldsTx, `{"componentId":"a"}`),    // another question
	}
	n.stream.take(blockOf(7), time.Now())
	got = append(got, ask(t, n, api.GetComponentTx, `{"componentId":"a"}`), ask(t, n, api.GetComponentTx, `{"componentId":"a"}`))
	if diff := cmp.Diff([]string{"7 false", "7 true", "7 false", "7 false", "8 false", "8 true"}, got); diff != "" {
		t.Error(diff)
	}
	if *count != [2]int{4, 2} {
		t.Errorf("told of %v", *count)
	}
}

// Whatever this process has told anybody of is in every answer after it, even
// while the stream, which brings blocks a little late, does not know of it.
func TestAKeptAnswerIsNotOlderThanWhatWasTold(t *testing.T) {
	for name, tell := range map[string]func(n *Network, p *fakePeer) error{
		"an outcome that was asked for": func(n *Network, p *fakePeer) error {
			p.status = func(context.Context, string) (*gateway.CommitStatusResponse, error) {
				return &gateway.CommitStatusResponse{BlockNumber: 5}, nil
			}
			_, _, err := n.Status(context.Background(), "tx")
			return err
		},
		"an outcome that the stream is about to bring": func(n *Network, _ *fakePeer) error {
			n.stream.waits.take(5, []outcome{{txid: "tx"}})
			return nil
		},
		"the height of the peer": func(n *Network, _ *fakePeer) error { // which says 7
			_, err := n.ChainHeight(context.Background())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, p, _ := asking(t, 5)
			ask(t, n, api.GetComponentTx, `{}`)
			if err := tell(n, p); err != nil {
				t.Fatal(err)
			}
			if a, err := n.Ask(t.Context(), api.GetComponentTx, []byte(`{}`), false); err != nil || a.Kept {
				t.Errorf("got %+v, %v", a, err)
			}
			n.stream.take(blockOf(5), time.Now())
			n.stream.take(blockOf(6), time.Now())
			ask(t, n, api.GetComponentTx, `{}`)
			if got := ask(t, n, api.GetComponentTx, `{}`); got != "7 true" {
				t.Errorf("once the stream is as far: %s", got)
			}
		})
	}
}

func TestWhatIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		tx      api.Transaction
		between func(n *Network)
	}{
		"depends on the time":         {api.TrackTx, nil},
		"names a transaction":         {api.PingTx, nil},
		"the stream is down":          {api.GetComponentTx, func(n *Network) { n.stream.raise(false) }},
		"the stream began anew":       {api.GetComponentTx, func(n *Network) { n.stream.reset(7) }},
		"nothing was heard for long":  {api.GetComponentTx, func(n *Network) { n.stream.seen = time.Now().Add(-3 * quiet) }},
		"another identity signs":      {api.GetComponentTx, func(n *Network) { other := *n.session.Load(); n.session.Store(&other) }},
		"the stream was never up yet": {api.GetComponentTx, func(n *Network) { n.stream.next = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			n, _, count := asking(t, 7)
			ask(t, n, c.tx, `{}`)
			if c.between != nil {
				c.between(n)
			}
			ask(t, n, c.tx, `{}`)
			if *count != [2]int{2, 0} {
				t.Errorf("asked of the peer and kept: %v", *count)
			}
		})
	}
	t.Run("asked for fresh", func(t *testing.T) {
		n, _, count := asking(t, 7)
		for range 2 {
			if _, err := n.Ask(t.Context(), api.GetComponentTx, []byte(`{}`), true); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, n, api.GetComponentTx, `{}`); got != "7 true" || *count != [2]int{2, 1} {
			t.Errorf("what came fresh serves the others: %s, %v", got, *count)
		}
	})
}

func TestAFaultIsNotKept(t *testing.T) {
	n, p, _ := asking(t, 7)
	p.evaluate = func() error { return status.Error(codes.Unavailable, "just now") }
	var e *Error
	if _, err := n.Ask(t.Context(), api.GetComponentTx, []byte(`{}`), false); !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	p.evaluate = nil
	if got := ask(t, n, api.GetComponentTx, `{}`); got != "7 false" {
		t.Errorf("after it has passed: %s", got)
	}
}
