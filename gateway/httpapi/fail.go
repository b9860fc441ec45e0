package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/lifeledger/lifeledger/gateway/problem"
)

// fail answers with a problem, or with 202 when the error is that the outcome is
// not yet known. Nothing else in this package writes an error.
func (s *server) fail(c *gin.Context, err error) {
	c.Abort()
	if c.Writer.Written() {
		recordOf(c).err = err // too late for an answer
		return
	}
	var p *pending
	if errors.As(err, &p) {
		s.accepted(c, p.outcome)
		return
	}
	r := recordOf(c)
	doc := problem.Of(err, r.id)
	if doc.Status < 400 { // an unknown outcome without an operation has no answer of its own
		doc = problem.Of(&problem.Error{Condition: problem.Internal, Cause: err}, r.id)
	}
	r.err, r.code = err, string(doc.Code)
	if doc.TransactionID != "" {
		r.transactionID = doc.TransactionID
	}
	if doc.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(doc.RetryAfter.Seconds()))))
	}
	if doc.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="lifeledger", error="invalid_token"`)
	}
	body, err := json.Marshal(doc)
	if err != nil { // strings and numbers always encode
		body = []byte("{}")
	}
	c.Data(doc.Status, problem.ContentType, append(body, '\n'))
}

// accepted answers a write whose outcome is not yet known.
func (s *server) accepted(c *gin.Context, out Outcome) {
	r := recordOf(c)
	c.Header("Location", operationURL(out.ID))
	c.Header("Retry-After", "1")
	if asynchronous(c.GetHeader("Prefer")) {
		c.Header("Preference-Applied", "respond-async")
	}
	c.JSON(http.StatusAccepted, operationOf(out, r.id))
}

func operationURL(id string) string { return base + "/operations/" + id }

func (s *server) recoverPanic(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint // it is this very value
			panic(v)
		}
		s.fail(c, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
	}()
	c.Next()
}

func (s *server) noRoute(c *gin.Context) {
	s.fail(c, problem.New(problem.RouteUnknown, "there is nothing at this address; /docs lists what there is"))
}

func (s *server) noMethod(c *gin.Context) {
	s.fail(c, problem.New(problem.MethodNotAllowed, "allowed: "+c.Writer.Header().Get("Allow")))
}

// malformed is what the generated decoder could not read. It comes after the
// schema, so little gets here: a number that no integer can hold.
func malformed(err error) error {
	detail := "the request does not fit the API"
	var t *json.UnmarshalTypeError
	if !errors.As(err, &t) {
		return &problem.Error{Condition: problem.Malformed, Detail: detail, Cause: err}
	}
	pointer := "/" + strings.ReplaceAll(t.Field, ".", "/")
	return &problem.Error{Condition: problem.Malformed, Detail: detail, Cause: err, Fields: []problem.FieldError{{Pointer: pointer, Detail: "must not be a " + t.Value}}}
}
