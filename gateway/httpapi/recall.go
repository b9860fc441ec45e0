package httpapi

import (
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
)

// The bounds of what is recalled.
const (
	mostFinished      = 4096
	mostFinishedBytes = 16 << 20
	longestURI        = 512
)

// finished are whole answers that were made of one timeless answer of the ledger and of
// nothing else. They end with the moment of the ledger that they are of.
type finished struct {
	mu    sync.RWMutex
	at    Moment            // guarded by mu
	all   map[string][]byte // guarded by mu; by what stood in the request line
	bytes int               // guarded by mu
}

func (f *finished) find(at Moment, uri string) ([]byte, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.at != at {
		return nil, false
	}
	body, ok := f.all[uri]
	return body, ok
}

func (f *finished) keep(at Moment, uri string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Epoch < f.at.Epoch || at.Epoch == f.at.Epoch && at.Height < f.at.Height {
		return
	}
	if f.at != at {
		f.at, f.all, f.bytes = at, make(map[string][]byte), 0
	}
	size := len(uri) + len(body)
	if _, ok := f.all[uri]; ok || len(f.all) >= mostFinished || f.bytes+size > mostFinishedBytes {
		return
	}
	f.all[uri] = body
	f.bytes += size
}

// recall answers a question with the bytes that answered the same request line before, if
// the ledger has not moved since. It comes after all that depends on who is asking; what it
// goes round - the check against openapi.yaml, the decoders, the making of the answer - depends
// on the request line alone, and has let that line pass at this very moment of the ledger.
func (s *server) recall(c *gin.Context) {
	r := recordOf(c)
	uri := c.Request.RequestURI
	if c.Request.Method != http.MethodGet || c.Request.ContentLength != 0 || r.fresh || r.media != "" || streams[r.operation] != nil || len(uri) > longestURI {
		c.Next()
		return
	}
	at, sure := s.ledger.Moment()
	if !sure {
		c.Next()
		return
	}
	if body, ok := s.finished.find(at, uri); ok {
		s.metrics.Asked(true)
		r.askedAt(at.Height)
		c.Data(http.StatusOK, asJSON, body)
		c.Abort()
		return
	}
	w := &listening{ResponseWriter: c.Writer, record: r}
	c.Writer = w
	c.Next()
	c.Writer = w.ResponseWriter
	if now, still := s.ledger.Moment(); still && now == at && w.body != nil && w.Status() == http.StatusOK && r.height == at.Height {
		s.finished.keep(at, uri, w.body)
	}
}

// listening takes a copy of an answer that may be kept.
type listening struct {
	gin.ResponseWriter
	record *record
	body   []byte
}

func (w *listening) Write(b []byte) (int, error) {
	if w.record.questions == 1 && w.record.timeless {
		w.body = append(w.body, b...)
	}
	return w.ResponseWriter.Write(b)
}
