package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// maxDepth bounds how deep a body nests; no request needs more than six.
const maxDepth = 16

// takeBody reads the body once, within its limit, and checks what a decoder
// would let pass. Those who come later read it from memory.
func (s *server) takeBody(c *gin.Context) {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		c.Next()
		return
	}
	most := s.config.Limits.BodyBytes
	if c.Request.ContentLength > most {
		c.Header("Connection", "close") // the rest is not read
		s.fail(c, problem.New(problem.TooLarge, "a body has at most "+strconv.FormatInt(most, 10)+" bytes"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, most))
	if err != nil {
		s.fail(c, unreadable(err, most))
		return
	}
	if len(body) > 0 {
		if err := checkJSON(body); err != nil {
			s.fail(c, err)
			return
		}
	}
	c.Request.ContentLength = int64(len(body))
	c.Request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	c.Request.Body, _ = c.Request.GetBody()
	c.Next()
}

func unreadable(err error, most int64) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem.New(problem.TooLarge, "a body has at most "+strconv.FormatInt(most, 10)+" bytes")
	}
	return &problem.Error{Condition: problem.Malformed, Detail: "the body could not be read to its end", Cause: err}
}

// checkJSON refuses what Go's decoder takes and the ledger does not: a member
// that stands twice in one object, in whatever case; text that is not UTF-8;
// numbers that are not integers or lose digits elsewhere; deep nesting; anything
// after the object.
func checkJSON(body []byte) error {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return notJSON("", "it begins with a byte order mark")
	case !utf8.Valid(body):
		return notJSON("", "it is not valid UTF-8")
	}
	k := &checker{dec: json.NewDecoder(bytes.NewReader(body))}
	k.dec.UseNumber()
	tok, err := k.dec.Token()
	if err != nil || tok != json.Delim('{') {
		return notJSON("", "it does not begin with an object")
	}
	if err := k.object(1); err != nil {
		return err
	}
	if _, err := k.dec.Token(); !errors.Is(err, io.EOF) {
		return notJSON("", "something follows the object")
	}
	return nil
}

// checker knows where it is by the steps that led there. It spells them out as a
// pointer for an error alone: done for every value, a long name around many
// values would cost its length for each of them.
type checker struct {
	dec *json.Decoder
	at  []step
}

// step is one step down: a member of an object, or an element of an array.
type step struct {
	member string
	index  int // of the element; -1: a member
}

func (k *checker) enter(s step) { k.at = append(k.at, s) }

func (k *checker) leave() { k.at = k.at[:len(k.at)-1] }

func (k *checker) pointer() string {
	var b strings.Builder
	for _, s := range k.at {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(escapePointer(shorten(s.member)))
	}
	return b.String()
}

func (k *checker) object(depth int) error {
	seen := make(map[string]bool)
	for k.dec.More() {
		tok, err := k.dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok {
			return notJSON(k.pointer(), "the object is broken")
		}
		k.enter(step{name, -1})
		if fold := strings.ToLower(name); seen[fold] {
			return pointed(fault.New(fault.CodeDuplicateKey, "a member stands twice in one object"), k.pointer())
		} else {
			seen[fold] = true
		}
		if err := k.value(depth); err != nil {
			return err
		}
		k.leave()
	}
	return k.end()
}

func (k *checker) array(depth int) error {
	for i := 0; k.dec.More(); i++ {
		k.enter(step{index: i})
		if err := k.value(depth); err != nil {
			return err
		}
		k.leave()
	}
	return k.end()
}

func (k *checker) end() error {
	if _, err := k.dec.Token(); err != nil {
		return notJSON(k.pointer(), "it ends too early")
	}
	return nil
}

func (k *checker) value(depth int) error {
	tok, err := k.dec.Token()
	if err != nil {
		return notJSON(k.pointer(), "the value is broken")
	}
	switch v := tok.(type) {
	case json.Delim:
		if depth == maxDepth {
			return notJSON(k.pointer(), "it nests deeper than "+strconv.Itoa(maxDepth))
		}
		if v == '{' {
			return k.object(depth + 1)
		}
		return k.array(depth + 1)
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err != nil || n > 1<<53-1 || n < -(1<<53-1) || v.String() == "-0" {
			return pointed(fault.New(fault.CodeInvalid, "a number is an integer of at most 53 bits"), k.pointer())
		}
	}
	return nil
}

func notJSON(at, why string) error {
	return pointed(fault.New(fault.CodeNotJSON, "the body is not one JSON object: %s", why), at)
}

func pointed(f *fault.Fault, pointer string) error {
	if pointer == "" {
		return f
	}
	return f.With("pointer", pointer)
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
