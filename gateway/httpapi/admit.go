package httpapi

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/problem"
	"github.com/lifeledger/lifeledger/gateway/recent"
)

// cap holds the number of requests under way. More than that would not be
// answered sooner by waiting here.
func (s *server) cap(c *gin.Context) {
	if n := s.metrics.enter(); n > int64(s.config.Limits.Concurrency) {
		s.metrics.leave()
		s.fail(c, problem.New(problem.Busy, "the gateway carries out as many requests as it can"))
		return
	}
	defer s.metrics.leave()
	c.Next()
}

func (s *server) authenticate(c *gin.Context) {
	if ofReaders[recordOf(c).operation] {
		s.admitReader(c)
		return
	}
	p, err := s.config.Authenticator.Verify(c, c.GetHeader("Authorization"))
	switch {
	case errors.Is(err, authn.ErrOrganisation):
		s.fail(c, &problem.Error{Condition: problem.NotPermitted, Detail: err.Error(), Params: []fault.Param{{Name: "organisation", Value: s.config.Organisation}}})
	case err != nil:
		s.fail(c, problem.New(problem.Unauthenticated, err.Error()))
	default:
		recordOf(c).principal = p
		c.Next()
	}
}

// permit asks the table of package authn.
func (s *server) permit(c *gin.Context) {
	r := recordOf(c)
	if !r.principal.May(r.operation) {
		s.fail(c, &problem.Error{
			Condition: problem.NotPermitted, Detail: "none of the token's roles may do this",
			Params: []fault.Param{{Name: "operation", Value: r.operation}, {Name: "roles", Value: authn.Allowed(r.operation)}},
		})
		return
	}
	c.Next()
}

// rateLimit gives each principal a bucket of its own.
func (s *server) rateLimit() gin.HandlerFunc {
	l := s.config.Limits
	buckets := newBuckets(l.Principals, rate.Limit(l.PerSecond), l.Burst)
	return func(c *gin.Context) {
		r := recordOf(c)
		if ofReaders[r.operation] {
			c.Next() // the gate has counted it
			return
		}
		if wait := buckets.take(r.principal.Subject, time.Now()); wait > 0 {
			s.fail(c, tooOften("this principal asks too often", l.PerSecond, wait))
			return
		}
		c.Next()
	}
}

// buckets remembers the limiters of those that asked last.
type buckets struct {
	most  int
	limit rate.Limit
	burst int

	mu  sync.Mutex
	all recent.Map[string, *rate.Limiter] // guarded by mu
}

func newBuckets(most int, limit rate.Limit, burst int) *buckets {
	return &buckets{most: most, limit: limit, burst: burst}
}

// take takes one request out of the bucket, or says how long there will be none.
func (b *buckets) take(name string, now time.Time) time.Duration {
	limiter := b.of(name)
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return max(time.Duration(missing/float64(b.limit)*float64(time.Second)), time.Millisecond)
}

func (b *buckets) of(name string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	limiter, ok := b.all.Get(name)
	if !ok {
		limiter = rate.NewLimiter(b.limit, b.burst)
	}
	b.all.Put(name, limiter, b.most)
	return limiter
}

// negotiate refuses a client that does not take JSON, or one of the forms where
// there are several, and a body that is no JSON.
func (s *server) negotiate(c *gin.Context) {
	accept := c.Request.Header.Values("Accept")
	r := recordOf(c)
	if of := forms[r.operation]; of != nil {
		r.media = chosen(accept, of)
	}
	if of := streams[r.operation]; of != nil {
		if !takes(accept, of...) {
			s.fail(c, problem.New(problem.NotAcceptable, "answers are "+strings.Join(of, " or ")+", problems application/problem+json"))
			return
		}
	} else if r.media == "" && !takesJSON(accept) {
		s.fail(c, problem.New(problem.NotAcceptable, "answers are application/json, problems application/problem+json"))
		return
	}
	if c.Request.ContentLength != 0 && c.Request.Body != http.NoBody && !isJSON(c.GetHeader("Content-Type"), c.GetHeader("Content-Encoding")) {
		s.fail(c, problem.New(problem.MediaType, "the body must be application/json in UTF-8"))
		return
	}
	c.Next()
}

func isJSON(contentType, encoding string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset, named := params["charset"]
	return err == nil && media == "application/json" && (!named || strings.EqualFold(charset, "utf-8")) && (encoding == "" || encoding == "identity")
}

func takesJSON(accept []string) bool { return takes(accept, asJSON) }

// takes says that a client takes one of these forms.
func takes(accept []string, forms ...string) bool {
	if len(accept) == 0 {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		for _, form := range forms {
			kind, _, _ := strings.Cut(form, "/")
			if media == "*/*" || media == kind+"/*" || media == form {
				return true
			}
		}
	}
	return false
}

// deadline bounds the time of the handler; a stream bounds itself.
func (s *server) deadline(c *gin.Context) {
	if streams[recordOf(c).operation] != nil {
		c.Next()
		return
	}
	most := s.config.Limits.ReadTime
	if c.Request.Method != http.MethodGet {
		most = s.config.Limits.WriteTime
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), most)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}
