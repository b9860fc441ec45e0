package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// inexact finds a number in a document that is beyond 2^53: a peer on CouchDB takes
// numbers through floating point, and would endorse with another one than its neighbours.
func inexact(document []byte) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil { // the end; that it is JSON has been seen to
			return "", false
		}
		n, ok := t.(json.Number)
		if !ok {
			continue
		}
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil || i > 1<<53 || i < -1<<53 {
			return n.String(), true
		}
	}
}
