package httpapi

import (
	"net/http"
	"testing"
)

// An answer of the ledger says of which height it is, and the client decides
// whether one that was given before will do.
func TestHowNewAnAnswerIs(t *testing.T) {
	w := newWorld(t)
	w.ledger.height = 41
	for header, fresh := range map[string]bool{"": false, "max-age=0": false, "no-cache": true, "max-age=0, No-Cache": true} {
		res := w.send(t, "GET", "/v1/organisations/ShipperMSP", "", "Cache-Control", header)
		if res.StatusCode != http.StatusOK || res.Header.Get("X-Ledger-Height") == "" || w.ledger.fresh != fresh {
			t.Errorf("%q: %s, height %q, fresh %v", header, res.Status, res.Header.Get("X-Ledger-Height"), w.ledger.fresh)
		}
	}
}

// Of several answers the oldest counts; of none that is known nothing is said.
func TestTheOldestAnswerCounts(t *testing.T) {
	r := record{header: make(http.Header)}
	for _, c := range []struct {
		height uint64
		want   string
	}{{0, ""}, {9, "9"}, {11, "9"}, {8, "8"}, {0, "8"}} {
		if r.askedAt(c.height); r.header.Get("X-Ledger-Height") != c.want {
			t.Errorf("after %d: %q", c.height, r.header.Get("X-Ledger-Height"))
		}
	}
}
