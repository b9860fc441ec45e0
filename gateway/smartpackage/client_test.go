package smartpackage_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/gatewaytest"
)

func newHTTP(g *gatewaytest.Gateway) *http.Client { return &http.Client{Transport: g} }

func TestADeliveryGetsThrough(t *testing.T) {
	busy := func(status int, header ...string) func(int, http.ResponseWriter, *http.Request) bool {
		return func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n != 2 && n != 3 { // the first request registered the device
				return false
			}
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>"))
			return true
		}
	}
	for name, prepare := range map[string]func(g *gatewaytest.Gateway){
		"at once":                         func(*gatewaytest.Gateway) {},
		"after 429":                       func(g *gatewaytest.Gateway) { g.Before = busy(429, "Retry-After", "7") },
		"after 503":                       func(g *gatewaytest.Gateway) { g.Before = busy(503) },
		"after an outcome not yet known":  func(g *gatewaytest.Gateway) { g.Before = busy(202) },
		"while the same key is in flight": func(g *gatewaytest.Gateway) { g.Before = busy(409, "Retry-After", "1") },
		"although the network fails": func(g *gatewaytest.Gateway) {
			g.Before = func(n int, _ http.ResponseWriter, _ *http.Request) bool { return lost(n == 2) }
		},
		"although the first answer is lost":   func(g *gatewaytest.Gateway) { g.Lose = func(n int) bool { return n == 2 } },
		"although every third answer is lost": func(g *gatewaytest.Gateway) { g.Lose = func(n int) bool { return n%3 == 2 } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				prepare(w.gateway)
				readings := smartpackage.Synthetic(start(), time.Second, 100)
				r := w.open(3)
				add(t, r, readings)
				check(t, r.End())
				calls := 0
				d, err := r.Deliver(t.Context(), w.client, func(smartpackage.Delivered) { calls++ })
				if err != nil || d != (smartpackage.Delivered{Segments: 34, Readings: 100}) || calls < 3 {
					t.Errorf("delivered %+v in %d steps, %v", d, calls, err)
				}
				s := w.gateway.Stream(shipment, device)
				if diff := cmp.Diff(numbered(readings), s.Readings); diff != "" || !s.Ended {
					t.Error(s.Ended, diff)
				}
				left, err := filepath.Glob(filepath.Join(w.dir, "spool", "*"))
				if err != nil || len(left) != 0 {
					t.Errorf("still spooled: %v, %v", left, err)
				}
				sameKeyForSameRequest(t, w.gateway.Requests())
			})
		})
	}
}

// lost breaks the connection before the gateway did anything.
func lost(yes bool) bool {
	if yes {
		panic(http.ErrAbortHandler)
	}
	return false
}

func sameKeyForSameRequest(t *testing.T, requests []*http.Request) {
	t.Helper()
	bodies := map[string]string{}
	for _, r := range requests {
		body, err := r.GetBody()
		check(t, err)
		var text json.RawMessage
		check(t, json.NewDecoder(body).Decode(&text))
		key := r.Header.Get("Idempotency-Key")
		if len(key) != 64 || bodies[key] != "" && bodies[key] != string(text) {
			t.Errorf("key %q names two requests", key)
		}
		bodies[key] = string(text)
		if r.ContentLength >= smartpackage.MaxRequest {
			t.Errorf("a request of %d bytes", r.ContentLength)
		}
	}
}

func TestABatchIsBoundedByBytes(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), 90*time.Second, 30_000)
	r := w.open(smartpackage.MaxSegmentReadings)
	add(t, r, readings)
	check(t, r.Flush())
	w.deliver(r)
	if got := len(w.gateway.Stream(shipment, device).Readings); got != len(readings) {
		t.Errorf("%d of %d readings", got, len(readings))
	}
	if n := len(w.gateway.Requests()); n < 3 {
		t.Errorf("all in %d requests", n-1)
	}
	sameKeyForSameRequest(t, w.gateway.Requests())
}

func TestASegmentThatIsAlreadyThereIsForgottenAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.client.Attempts = 1
		readings := smartpackage.Synthetic(start(), time.Second, 20)
		r := w.open(4)
		add(t, r, readings[:8])
		w.gateway.Lose = func(n int) bool { return n == 2 }
		if _, err := r.Deliver(t.Context(), w.client, nil); err == nil || r.Pending() != 2 {
			t.Fatalf("pending %d after %v", r.Pending(), err)
		}
		check(t, r.Close())
		r = w.open(4)
		// Another batch than the one whose answer was lost: two segments of it are known.
		add(t, r, readings[8:])
		check(t, r.End())
		if d := w.deliver(r); d != (smartpackage.Delivered{Segments: 6, Readings: 20}) {
			t.Errorf("delivered %+v", d)
		}
		s := w.gateway.Stream(shipment, device)
		if diff := cmp.Diff(numbered(readings), s.Readings); diff != "" || !s.Ended {
			t.Error(s.Ended, diff)
		}
	})
}

func TestADeliveryGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		code     fault.Code
		requests int
		want     string
	}{
		"when the history is another, once that is reported": {422, fault.CodeSegmentForked, 2, "shipment.segment.forked"},
		"at once when the key is not known":                  {422, fault.CodeEnvelopeKey, 1, "envelope.key-unknown"},
		"at once when there is a gap":                        {409, fault.CodeSegmentOutOfOrder, 1, "shipment.segment.out-of-order"},
		"at once when the token is refused":                  {401, "authn.token-invalid", 1, "401"},
		"after the attempts when it is busy":                 {503, "", 5, "gave up after 5 attempts"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.client.Attempts = 5
				w.gateway.Before = func(_ int, rw http.ResponseWriter, _ *http.Request) bool {
					gatewaytest.Refuse(rw, c.status, fault.New(c.code, "no").With("nextSequence", 1))
					return true
				}
				r := w.open(2)
				add(t, r, smartpackage.Synthetic(start(), time.Second, 4))
				d, err := r.Deliver(t.Context(), w.client, nil)
				if err == nil || !strings.Contains(err.Error(), c.want) || d != (smartpackage.Delivered{}) {
					t.Errorf("delivered %+v, %v, want %q", d, err, c.want)
				}
				if n := len(w.gateway.Requests()) - 1; n != c.requests || r.Pending() != 2 {
					t.Errorf("%d requests, %d pending", n, r.Pending())
				}
			})
		})
	}
}

func TestADeliveryStopsWhenItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.gateway.Before = func(_ int, rw http.ResponseWriter, _ *http.Request) bool { rw.WriteHeader(503); return true }
		r := w.open(2)
		add(t, r, smartpackage.Synthetic(start(), time.Second, 4))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Deliver(ctx, w.client, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestATokenIsNotShownToOthers(t *testing.T) {
	for base, allowed := range map[string]bool{
		"https://gateway.example": true, "http://localhost:8080": true, "http://127.0.0.1:8080/": true, "http://[::1]:1": true,
		"http://gateway.example": false, "ftp://gateway.example": false, "gateway.example": false, "": false, "http://localhost.example": false,
	} {
		w := newWorld(t)
		w.client.Base = base
		err := w.client.PostSegments(t.Context(), "a/b", device, nil)
		if (err == nil) != allowed {
			t.Errorf("%q: %v", base, err)
		}
		if requests := w.gateway.Requests(); allowed && requests[len(requests)-1].URL.EscapedPath() != "/v1/shipments/a%2Fb/segments" {
			t.Errorf("%q: %s", base, requests[len(requests)-1].URL)
		}
	}
	w := newWorld(t)
	w.gateway.Before = func(_ int, rw http.ResponseWriter, r *http.Request) bool {
		rw.Header().Set("Location", "https://elsewhere.example/")
		rw.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
	if err := w.client.PostSegments(t.Context(), shipment, device, nil); err == nil || len(w.gateway.Requests()) != 2 {
		t.Errorf("a redirect was followed: %v", err)
	}
}

func TestATokenIsReadFromItsFileEveryTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	token := smartpackage.FileToken(path)
	if _, err := token(); err == nil {
		t.Error("no file, but a token")
	}
	for _, want := range []string{"one", "two"} {
		check(t, os.WriteFile(path, []byte(want+"\n"), 0o600))
		if got, err := token(); err != nil || got != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
