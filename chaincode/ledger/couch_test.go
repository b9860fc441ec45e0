package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

// onCouch ends a listing as a peer on CouchDB does: with the end of the range for a
// bookmark, in the escapes of JSON.
type onCouch struct{ shim.ChaincodeStubInterface }

func (s onCouch) GetStateByPartialCompositeKeyWithPagination(kind string, attrs []string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	it, meta, err := s.ChaincodeStubInterface.GetStateByPartialCompositeKeyWithPagination(kind, attrs, size, bookmark)
	if err != nil || meta.GetBookmark() != "" {
		return it, meta, err
	}
	start, err := shim.CreateCompositeKey(kind, attrs)
	if err != nil {
		return nil, nil, err
	}
	escaped, err := json.Marshal(start + string(utf8.MaxRune))
	if err != nil {
		return nil, nil, err
	}
	meta.Bookmark = strings.Trim(string(escaped), `"`)
	return it, meta, nil
}

func TestAListingHasAnEndOnCouchDB(t *testing.T) {
	cc := chaincode(standard())
	l := ledgertest.New(ledgertest.Func(func(stub shim.ChaincodeStubInterface) *peer.Response { return cc(onCouch{stub}) }), ledgertest.Options{TB: t})
	for _, call := range [][]string{{"create", "c"}, {"bump", "c"}, {"bump", "c"}, {"bump", "c"}} {
		if _, err := l.Submit(alice, call[0], call[1]); err != nil {
			t.Fatal(err)
		}
	}
	for limit, pages := range map[int]int{1: 3, 2: 2, 3: 1, 9: 1} {
		items, cursor, n := 0, "", 0
		for {
			p := list(t, l, "c", limit, cursor)
			items, n = items+len(p.Items), n+1
			if cursor = p.Next; cursor == "" || n > pages {
				break
			}
		}
		if items != 3 || n != pages {
			t.Errorf("by %d: %d items on %d pages", limit, items, n)
		}
	}
}

// rich answers every query with the keys of the state, and can fail.
type rich struct{ err error }

func (r *rich) Find(documents map[string][]byte, query string, limit int32, bookmark string) ([]string, string, error) {
	if r.err != nil {
		return nil, "", r.err
	}
	key, err := shim.CreateCompositeKey("component", []string{"c"})
	if err != nil || documents[key] == nil || query != "q" {
		return nil, "", fmt.Errorf("%q of %d documents: %w", query, len(documents), err)
	}
	if bookmark != "" {
		return nil, bookmark, nil
	}
	return []string{key}, "more", nil
}

func TestQueries(t *testing.T) {
	actions := standard()
	actions["query"] = func(t *ledger.Tx, a []string) (string, error) {
		if a[0] == "reading" {
			t.ReadOnly()
		}
		limit := len(a[1]) // one for each letter
		found, next, err := ledger.Query(t, "q", limit, a[2])
		if err != nil {
			return "", err
		}
		out := next
		for _, d := range found {
			out += fmt.Sprintf(" %s%q", d.Kind, d.Attributes)
		}
		return out + ".", nil
	}
	r := &rich{}
	l := ledgertest.New(chaincode(actions), ledgertest.Options{TB: t, Rich: r})
	if _, err := l.Submit(alice, "create", "c"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, mode, limit, bookmark string
		fails                       error
		want, err                   string
	}{
		{name: "a full page has a bookmark", mode: "reading", limit: "x", want: `more component["c"].`},
		{name: "one that is not full is the last", mode: "reading", limit: "xx", want: ` component["c"].`},
		{name: "a transaction that may write", mode: "writing", limit: "x", err: "may write"},
		{name: "a page of none", mode: "reading", limit: "", err: "1 to 200"},
		{name: "a bookmark that is no bookmark", mode: "reading", limit: "x", bookmark: strings.Repeat("b", 5000), err: "query.cursor-invalid"},
		{name: "one that CouchDB refuses", mode: "reading", limit: "x", fails: errors.New("Error:invalid_bookmark, Status Code:400"), err: "query.cursor-invalid"},
		{name: "a peer on LevelDB", mode: "reading", limit: "x", fails: errors.New("ExecuteQueryWithPagination not supported for leveldb"), err: "query.ledger-without-couchdb"},
		{name: "a database that is away", mode: "reading", limit: "x", fails: errors.New("connection refused"), err: "internal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.err = tc.fails
			got, err := l.Evaluate(alice, "query", tc.mode, tc.limit, tc.bookmark)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || err == nil && string(got) != tc.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
