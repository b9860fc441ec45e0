package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/kept"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

const organisationURL = "/v1/organisations/ShipperMSP"

// still is a world whose ledger does not move, and that has answered one question.
func still(t *testing.T) (w *world, first string) {
	t.Helper()
	w = newWorld(t)
	w.ledger.at = &kept.Moment{Height: 7}
	res := w.send(t, "GET", organisationURL, "")
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", res.Status, err)
	}
	return w, string(body)
}

func TestTheSameRequestLineHasTheSameAnswerWhileTheLedgerStands(t *testing.T) {
	w, first := still(t)
	w.log.Reset()
	res := w.send(t, "GET", organisationURL, "")
	body, err := io.ReadAll(res.Body)
	got := fmt.Sprint(res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("X-Ledger-Height"), len(w.ledger.asked), err)
	if want := fmt.Sprint(http.StatusOK, "application/json", "7", 1, nil); got != want || string(body) != first {
		t.Errorf("got %s, want %s; the body is %s, was %s", got, want, body, first)
	}
	if line := w.log.String(); !strings.Contains(line, `"principal":"operator@shipper"`) || !strings.Contains(line, res.Header.Get("X-Request-Id")) || !strings.Contains(line, `"status":200`) {
		t.Errorf("its line in the log: %s", line)
	}
}

func TestWhoMayNotAskIsNotToldWhatOthersWere(t *testing.T) {
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"no token":               {"Authorization", "", http.StatusUnauthorized},
		"a token without a role": {"Authorization", "Bearer nobody", http.StatusForbidden},
		"another organisation's": {"Authorization", "Bearer foreign", http.StatusForbidden},
		"wants no JSON":          {"Accept", "text/html", http.StatusNotAcceptable},
	} {
		t.Run(name, func(t *testing.T) {
			w, first := still(t)
			res := w.send(t, "GET", organisationURL, "", c.header, c.value)
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.status || string(body) == first {
				t.Errorf("got %s: %s, %v", res.Status, body, err)
			}
		})
	}
}

func TestWhatIsAskedAnew(t *testing.T) {
	for name, again := range map[string]func(t *testing.T, w *world){
		"the client wants it fresh": func(t *testing.T, w *world) {
			w.send(t, "GET", organisationURL, "", "Cache-Control", "no-cache")
		},
		"a block came": func(t *testing.T, w *world) {
			w.ledger.at = &kept.Moment{Height: 8}
			w.send(t, "GET", organisationURL, "")
		},
		"the ledger began anew": func(t *testing.T, w *world) {
			w.ledger.at = &kept.Moment{Height: 7, Epoch: 1}
			w.send(t, "GET", organisationURL, "")
		},
		"another identity asks": func(t *testing.T, w *world) {
			w.ledger.at = &kept.Moment{Height: 7, Caller: w}
			w.send(t, "GET", organisationURL, "")
		},
		"nothing may be kept now": func(t *testing.T, w *world) {
			w.ledger.at = nil
			w.send(t, "GET", organisationURL, "")
		},
		"another record": func(t *testing.T, w *world) { w.send(t, "GET", "/v1/organisations/ServiceMSP", "") },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := still(t)
			if again(t, w); len(w.ledger.asked) != 2 {
				t.Errorf("the ledger was asked %d times", len(w.ledger.asked))
			}
		})
	}
}

func TestWhatIsNotRecalled(t *testing.T) {
	w, _ := still(t)
	if res := w.send(t, "GET", organisationURL+"?x=1", ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a parameter that there is not: %s", res.Status)
	}
	w.ledger.asked = nil
	for range 2 {
		w.send(t, "GET", "/v1/ledger", "") // depends on the moment
	}
	w.ledger.errs[ledgerapi.GetDeviceTx] = problem.New(problem.Busy, "just now")
	for range 2 {
		w.send(t, "GET", "/v1/devices/package-17", "") // an error may pass by itself
	}
	if len(w.ledger.asked) != 4 {
		t.Errorf("the ledger was asked %d times", len(w.ledger.asked))
	}
}

// Whatever an operation asks, it says the same the second time: nothing is recalled that
// was made of more than the one answer.
func TestEveryQuestionIsAnsweredTheSameTwice(t *testing.T) {
	w := newWorld(t)
	w.ledger.at = &kept.Moment{Height: 7}
	for _, e := range exchanges {
		method, target, _ := w.request(t, e.operation)
		if method != http.MethodGet {
			continue
		}
		var said [2]string
		for i := range said {
			res := w.send(t, method, target, "")
			body, err := io.ReadAll(res.Body)
			said[i] = fmt.Sprint(res.StatusCode, res.Header.Get("X-Ledger-Height"), string(body), err)
		}
		if said[0] != said[1] {
			t.Errorf("%s: first %s, then %s", e.operation, said[0], said[1])
		}
	}
}
