package httpapi

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/lifeledger/lifeledger/gateway/authn"
)

// record is what is known of one request, for its log line and its answer. One
// goroutine, the request's, uses it.
type record struct {
	id            string
	began         time.Time
	operation     string // operationId
	principal     authn.Principal
	transactionID string
	operationID   string
	media         string // of the answer, where there is a choice
	fresh         bool   // nothing that was kept will do
	questions     int    // that the ledger was asked for this answer
	timeless      bool   // the last of them was
	height        uint64 // of the oldest answer of the ledger that this one is made of
	header        http.Header
	code          string // of the problem, if it was answered with one
	err           error
}

type recordKey struct{}

// recordOf finds the request's record; a context without one gets a new one.
func recordOf(ctx context.Context) *record {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		return r
	}
	return &record{id: newRequestID(), began: time.Now()}
}

// begin opens the record. A client's X-Request-Id is kept when it is sane, so
// that a request can be followed through several systems.
func (s *server) begin(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !sane(id) {
		id = newRequestID()
	}
	r := &record{id: id, began: time.Now(), operation: s.contract.operationID(c.Request.Method, c.FullPath()), fresh: noCache(c.Request.Header), header: c.Writer.Header()}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), recordKey{}, r))
	c.Header("X-Request-Id", id)
	c.Next()
}

// noCache reports whether the client wants no answer that was given before (RFC 9111).
func noCache(h http.Header) bool {
	for _, line := range h.Values("Cache-Control") {
		for d := range strings.SplitSeq(line, ",") {
			if d = strings.TrimSpace(d); strings.EqualFold(d, "no-cache") || strings.EqualFold(d, "no-store") {
				return true
			}
		}
	}
	return false
}

// askedAt says in the answer of which height it is: of the oldest of several.
func (r *record) askedAt(height uint64) {
	if height == 0 || r.header == nil || r.height != 0 && r.height <= height {
		return
	}
	r.height = height
	r.header.Set("X-Ledger-Height", strconv.FormatUint(height, 10))
}

func newRequestID() string { return "req-" + rand.Text() }

func sane(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// observe counts and logs the request once it is answered.
func (s *server) observe(c *gin.Context) {
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	c.Next()
	r := recordOf(c)
	route := c.FullPath()
	if route == "" {
		route = "none" // an address of the client's choice is no label
	}
	took, status := time.Since(r.began), c.Writer.Status()
	s.metrics.answered(c.Request.Method, route, status, took)
	level := slog.LevelInfo
	switch {
	case status >= 500 && !crowded(r):
		level = slog.LevelError
	case r.operation == "":
		level = slog.LevelDebug // health checks and scrapes
	}
	attrs := []slog.Attr{
		slog.String("requestId", r.id), slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", status), slog.Duration("took", took), slog.Int("bytes", max(c.Writer.Size(), 0)),
	}
	for _, a := range []struct{ name, value string }{
		{"principal", r.principal.Subject}, {"transactionId", r.transactionID}, {"operationId", r.operationID}, {"code", r.code},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.name, a.value))
		}
	}
	if r.err != nil && status >= 500 {
		attrs = append(attrs, slog.String("error", r.err.Error()))
	}
	s.log.LogAttrs(c, level, "request", attrs...)
}
