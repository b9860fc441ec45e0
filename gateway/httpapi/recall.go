package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// The bounds of what is recalled.
const (
	mostFinished      = 4096
	mostFinishedBytes = 16 << 20
	longestURI        = 512
)

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
	if body, ok := s.finished.Find(at, uri); ok {
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
		s.finished.Keep(at, uri, w.body)
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
