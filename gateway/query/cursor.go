package query

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// position is a place in an answer: behind a row, named by what it is sorted by.
type position struct {
	Row    string       `json:"r"`
	Values []any        `json:"v"`
	Now    measure.Time `json:"n"` // what "now" stood for on the first page
}

// cursor is a position as a client keeps it: sealed, along with the question, so that it
// is of use for this question alone and cannot be made up, or read. It names a row, and
// not all who are shown an answer may know the names in it.
func (s *Service) cursor(a Ask, at position) string {
	text, err := json.Marshal(at)
	if err != nil {
		return "" // texts, integers and truth values can be written
	}
	seal := s.seal(a, text)
	return base64.RawURLEncoding.EncodeToString(append(seal, s.veil(seal, text)...))
}

const sealed = 16 // bytes of the seal

// veil hides a position, or shows what is hidden. Its seal is where the key stream
// begins: there is another one for each position (as in RFC 5297).
func (s *Service) veil(seal, text []byte) []byte {
	key := hmac.New(sha256.New, s.config.Secret)
	key.Write([]byte("veil"))
	block, err := aes.NewCipher(key.Sum(nil))
	if err != nil {
		panic(err) // a key of 32 bytes is one
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, seal).XORKeyStream(out, text)
	return out
}

func (s *Service) seal(a Ask, position []byte) []byte {
	mac := hmac.New(sha256.New, s.config.Secret)
	question := [][]byte{[]byte(a.Entity), filter.JSON(a.Filter)}
	for _, o := range a.Sort {
		question = append(question, fmt.Appendf(nil, "%s %t", o.By, o.Descending))
	}
	for _, part := range append(question, position) {
		fmt.Fprintf(mac, "%d:", len(part))
		mac.Write(part)
	}
	return mac.Sum(nil)[:sealed]
}

// resume is where an answer goes on.
func (s *Service) resume(a Ask) (position, error) {
	if a.Cursor == "" {
		return position{Now: s.now()}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(a.Cursor)
	if err != nil || len(raw) < sealed {
		return position{}, fault.New(fault.CodeQueryCursor, "the cursor is not one that was given for this question")
	}
	text := s.veil(raw[:sealed], raw[sealed:])
	if !hmac.Equal(raw[:sealed], s.seal(a, text)) {
		return position{}, fault.New(fault.CodeQueryCursor, "the cursor is not one that was given for this question")
	}
	var at position
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&at); err != nil || len(at.Values) != len(a.Sort) {
		return position{}, fault.New(fault.CodeQueryCursor, "the cursor cannot be read")
	}
	e, _ := catalogue.Find(a.Entity)
	for i, o := range a.Sort {
		if number, ok := at.Values[i].(json.Number); ok {
			if at.Values[i], err = number.Int64(); err != nil {
				return position{}, fault.New(fault.CodeQueryCursor, "the cursor cannot be read")
			}
		}
		if _, ok := e.Field(o.By); !ok {
			return position{}, fault.New(fault.CodeQueryCursor, "the cursor is for another question")
		}
	}
	return at, nil
}
