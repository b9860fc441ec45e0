package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/lifeledger/lifeledger/gateway/problem"
)

// operational routes what those need who operate the gateway. It needs no token and
// shows nothing of the ledger.
func (s *server) operational(e *gin.Engine, ready *readiness) {
	e.GET("/healthz", s.healthz)
	e.GET("/readyz", ready.answer)
	e.GET("/metrics", gin.WrapH(s.metrics.Handler()))
}

// pages routes the documentation, which needs no token either.
func (s *server) pages(e *gin.Engine) {
	e.GET("/docs", page(s.contract.reference))
	e.GET(problem.Page, page(s.contract.problems))
	e.GET("/openapi.yaml", func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/yaml; charset=utf-8", s.contract.spec)
	})
}

// healthz says that the process answers; it looks at nothing else.
func (s *server) healthz(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "ok", "organisation": s.config.Organisation, "version": s.config.Version})
}

// readiness asks the network at most once a second, however often it is asked.
type readiness struct {
	server *server

	mu    sync.Mutex // held while asking, so that all who come meanwhile share the answer
	asked time.Time
	last  map[string]error
}

const readyAge = time.Second

func (r *readiness) check(ctx context.Context) map[string]error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil && time.Since(r.asked) < readyAge {
		return r.last
	}
	// A client that goes away must not make the next one believe in an outage.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.server.config.Limits.ReadyTime)
	defer cancel()
	r.last = r.server.ledger.Ready(ctx)
	r.asked = time.Now()
	for organisation, err := range r.last {
		r.server.metrics.readiness(organisation, err == nil)
	}
	return r.last
}

// answer says whether every organisation's endorsement can be had. What a peer
// said goes into the log, since this page needs no token.
func (r *readiness) answer(c *gin.Context) {
	status, text, organisations := http.StatusOK, "ready", gin.H{}
	checked := r.check(c)
	if len(checked) == 0 {
		status, text = http.StatusServiceUnavailable, "not ready"
	}
	for organisation, err := range checked {
		organisations[organisation] = "ready"
		if err != nil {
			status, text, organisations[organisation] = http.StatusServiceUnavailable, "not ready", "unreachable"
			recordOf(c).err = fmt.Errorf("%s: %w", organisation, err)
		}
	}
	c.JSON(status, gin.H{"status": text, "organisations": organisations})
}

// secure sets the headers that every answer has. Answers are a client's own and
// are not to be kept; pages say otherwise for themselves.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	c.Next()
}

// page serves a document that was rendered once, with its own style and nothing else.
func page(html []byte) gin.HandlerFunc {
	sum := sha256.Sum256([]byte(styleSheet))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Header("Content-Security-Policy", policy)
		c.Data(http.StatusOK, "text/html; charset=utf-8", html)
	}
}
