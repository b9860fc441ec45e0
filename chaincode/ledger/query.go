package ledger

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Document is a record as it is stored, with its key taken apart.
type Document struct {
	Kind       string
	Attributes []string
	Content    []byte
}

// maxBookmark bounds what a client may hand back as a bookmark.
const maxBookmark = 4 << 10

// Query asks the peer's CouchDB with a selector, for at most limit documents from a
// bookmark on. Only a read-only transaction may ask: Fabric does not check at commit
// whether the answer is still the same. The selector is written by package filter; no
// client's text is handed on. On a peer with another state database it is refused.
func Query(t *Tx, selector string, limit int, bookmark string) (found []Document, next string, err error) {
	if !t.readOnly {
		return nil, "", t.mistake("a query in a transaction that may write")
	}
	if limit < 1 || limit > MaxPage {
		return nil, "", fault.New(fault.CodeInvalid, "a page has 1 to %d items", MaxPage).With("field", "limit")
	}
	if len(bookmark) > maxBookmark {
		return nil, "", badBookmark()
	}
	it, meta, err := t.stub.GetQueryResultWithPagination(selector, int32(limit), bookmark)
	if err != nil {
		return nil, "", queryFault(err)
	}
	defer func() {
		// An iterator left open holds memory of the peer until the transaction ends.
		if cerr := it.Close(); cerr != nil && err == nil {
			err = fault.Wrap(cerr, "close query")
		}
	}()
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return nil, "", queryFault(err)
		}
		kind, attrs, err := t.stub.SplitCompositeKey(kv.GetKey())
		if err != nil {
			return nil, "", fault.Wrap(err, "split key")
		}
		found = append(found, Document{kind, attrs, kv.GetValue()})
	}
	if len(found) == limit { // CouchDB gives a bookmark at the end, too
		next = meta.GetBookmark()
	}
	return found, next, nil
}

func badBookmark() *fault.Fault {
	return fault.New(fault.CodeQueryCursor, "the cursor is not one that was given for this question")
}

// queryFault tells what the peer says about a query in words of its own.
func queryFault(err error) error {
	switch s := err.Error(); {
	case strings.Contains(s, "not supported for leveldb"):
		return fault.New(fault.CodeQueryState, "this peer keeps its state in LevelDB, which answers no questions: ask the read model, or a gateway whose peer has CouchDB")
	case strings.Contains(s, "invalid_bookmark"):
		return badBookmark().Because(err)
	}
	return fault.Wrap(err, "query")
}
