package ledger

import (
	"encoding/base64"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// MaxPage is the most records that one page may hold.
const MaxPage = 200

// Page is one page of a listing, in key order. Next is the cursor of the page
// after it, "" at the end.
type Page[T any] struct {
	Items []*T
	Next  string
}

// List reads the records whose keys begin with attrs, at most limit of them,
// from cursor on ("" for the first page). Only a read-only transaction may list:
// a scan's cost depends on history, and Fabric does not re-check a paged scan
// when the transaction commits.
func List[T any](t *Tx, k Kind[T], limit int, cursor string, attrs ...string) (*Page[T], error) {
	if !t.readOnly {
		return nil, t.mistake("%s is listed in a transaction that may write", k.Name)
	}
	if limit < 1 || limit > MaxPage {
		return nil, fault.New(fault.CodeInvalid, "a page has 1 to %d items", MaxPage).With("field", "limit")
	}
	prefix, err := t.compose(k.Name, attrs)
	if err != nil {
		return nil, err
	}
	bookmark, err := readCursor(prefix, cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := scan[T](t, k, limit, bookmark, attrs)
	if err != nil {
		return nil, err
	}
	// At the end a peer on LevelDB gives no bookmark, and one on CouchDB the end of the
	// range, in escapes. What is no key of this listing is its end.
	if strings.HasPrefix(next, prefix) && !strings.HasPrefix(next, prefix+maxRune) {
		page.Next = writeCursor(next)
	}
	return page, nil
}

func scan[T any](t *Tx, k Kind[T], limit int, bookmark string, attrs []string) (page *Page[T], next string, err error) {
	it, meta, err := t.stub.GetStateByPartialCompositeKeyWithPagination(k.Name, attrs, int32(limit), bookmark)
	if err != nil {
		return nil, "", fault.Wrap(err, "list %s", k.Name)
	}
	defer func() {
		// An iterator left open holds memory of the peer until the transaction ends.
		if cerr := it.Close(); cerr != nil && err == nil {
			err = fault.Wrap(cerr, "close listing of %s", k.Name)
		}
	}()
	page = &Page[T]{Items: make([]*T, 0, limit)}
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return nil, "", fault.Wrap(err, "list %s", k.Name)
		}
		v, err := decode[T](k.Name, kv.GetValue())
		if err != nil {
			return nil, "", err
		}
		page.Items = append(page.Items, v)
	}
	return page, meta.GetBookmark(), nil
}

// A cursor is the key at which the next page begins. It is not a secret: it
// holds nothing that the listing has not shown or is not about to show.
func writeCursor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key))
}

// readCursor refuses a cursor that is not a key below prefix: the peer takes a
// bookmark for the start of the scan, so another one would list other records.
func readCursor(prefix, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	bad := fault.New(fault.CodeInvalid, "the cursor is not one of this listing").With("field", "cursor")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return "", bad.Because(err)
	}
	rest, ok := strings.CutPrefix(string(raw), prefix)
	if !ok {
		return "", bad
	}
	if rest == "" {
		return prefix, nil // a record without further attributes is the first of its listing
	}
	rest, ok = strings.CutSuffix(rest, minRune)
	if !ok {
		return "", bad
	}
	for _, a := range strings.Split(rest, minRune) {
		if !attributeOK(a) {
			return "", bad
		}
	}
	return string(raw), nil
}
