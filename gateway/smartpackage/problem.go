package smartpackage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Problem is a gateway's refusal, RFC 9457.
type Problem struct {
	Status     int            `json:"status"`
	Code       fault.Code     `json:"code"`
	Title      string         `json:"title"`
	Detail     string         `json:"detail"`
	Params     map[string]any `json:"params"`
	Retryable  bool           `json:"retryable"`
	RetryAfter time.Duration  `json:"-"`
}

func (p *Problem) Error() string {
	switch {
	case p.Detail != "":
		return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
	case p.Title != "":
		return fmt.Sprintf("%d %s", p.Status, p.Title)
	default:
		return fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	}
}

// Param is a fact of the refusal as text, or "".
func (p *Problem) Param(name string) string {
	if v, ok := p.Params[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// maxAnswer bounds what is read of an answer; a device has little memory.
const maxAnswer = 256 << 10

func readProblem(response *http.Response) *Problem {
	p := new(Problem)
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // a sequence number stays exact
		if d.Decode(p) != nil {
			*p = Problem{} // from a proxy, perhaps: the status has to do
		}
	}
	p.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		p.RetryAfter = time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
		p.Retryable = true
	}
	return p
}

// again reports whether the same request may succeed later. Repeating is always
// safe: the idempotency key makes it the same request, and the ledger knows
// segments that it has.
func (p *Problem) again() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusAccepted: // the outcome is not yet known
		return true
	default: // contended, or in flight, for example
		return p.Retryable
	}
}
