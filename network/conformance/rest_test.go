package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	restapi "github.com/lifeledger/lifeledger/scripts/rest"
)

// rest is the network as a backend that is reached through the gateways. What
// cannot be said in REST, such as a wrong number of arguments, and what the
// gateway refuses for its form, is said to the peer directly: the chaincode has
// to refuse it just the same.
type rest struct {
	*live
	tokens  map[string]string
	urls    map[string]string
	clients map[string]*http.Client
}

func newREST(t *testing.T, l *live) rest {
	t.Helper()
	r := rest{l, map[string]string{}, map[string]string{}, map[string]*http.Client{}}
	for _, o := range l.Members {
		token, err := os.ReadFile(o.Tokens["operator"])
		if err != nil {
			t.Fatal(err)
		}
		r.tokens[o.MSPID], r.urls[o.MSPID] = strings.TrimSpace(string(token)), o.Gateway.URL
		if r.clients[o.MSPID], err = o.Gateway.Client(0); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// Submit posts the request and reads from the ledger what its transaction did.
func (r rest) Submit(org string, args ...string) (*scenario.Outcome, error) {
	path, body, ok := request(http.MethodPost, args)
	if !ok || len(args) == 3 && args[2] == "" { // an empty header is none
		return r.live.Submit(org, args...)
	}
	key := ""
	if len(args) == 3 {
		key = args[2]
	}
	a, err := r.call(org, http.MethodPost, path, key, body)
	if errors.Is(err, errForm) {
		if _, direct := r.live.Submit(org, args...); direct != nil {
			return nil, direct
		}
		return nil, fmt.Errorf("the gateway refuses what the ledger takes: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if err := r.everywhere(a.transaction); err != nil {
		return nil, err
	}
	if a.replayed {
		return nil, fault.New(fault.CodeReplayed, "the answer to an earlier request").With("transactionId", a.transaction).With("result", string(a.body))
	}
	out, err := r.committed(org, a.transaction)
	if err == nil && !bytes.Equal(bytes.TrimSpace(a.body), out.Result) {
		err = fmt.Errorf("the gateway answered %s, the ledger %s", a.body, out.Result)
	}
	return out, err
}

// Evaluate gets the resource.
func (r rest) Evaluate(org string, args ...string) ([]byte, error) {
	method := http.MethodGet
	longQuestions := []api.Transaction{api.SimulateTx, api.CheckDisclosureTx, api.GetRecordsTx, api.FindRecordsTx, api.CheckMemoryTx}
	if len(args) > 0 && slices.Contains(longQuestions, api.Transaction(args[0])) { // questions that no query can or should hold
		method = http.MethodPost
	}
	path, body, ok := request(method, args)
	if !ok {
		return r.live.Evaluate(org, args...)
	}
	a, err := r.call(org, method, path, "", body)
	if errors.Is(err, errForm) {
		if _, direct := r.live.Evaluate(org, args...); direct != nil {
			return nil, direct
		}
		return nil, fmt.Errorf("the gateway refuses what the ledger takes: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(a.body), nil
}

// request turns a call into one of the REST API, if it can be said there.
func request(method string, args []string) (path string, body []byte, ok bool) {
	route, known := restapi.Routes[api.Transaction(args[0])]
	if !known || len(args) < 2 || len(args) > 3 || !json.Valid([]byte(args[1])) {
		return "", nil, false
	}
	if method == http.MethodPost && !strings.Contains(route, "{") {
		return route, []byte(args[1]), true
	}
	if twice(args[1]) {
		return "", nil, false // which a path cannot say
	}
	path, members, err := restapi.Route(api.Transaction(args[0]), json.RawMessage(args[1]))
	if err != nil || strings.Contains(path, "{") {
		return "", nil, false
	}
	if method == http.MethodGet {
		return restapi.Query(path, members), nil, true
	}
	if len(members) == 0 {
		return path, nil, true
	}
	body, err = json.Marshal(members)
	return path, body, err == nil
}

// twice says whether a member of a request stands there more than once.
func twice(text string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return true
	}
	again, err := json.Marshal(members)
	return err != nil || len(again) != len(compact(text))
}

func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// errForm says that the gateway refused a request for its form.
var errForm = errors.New("refused for its form")

type restAnswer struct {
	body        []byte
	transaction string
	replayed    bool
}

// call sends a request, again while the gateway says "not now". A problem
// document comes back as the fault that it was made from.
func (r rest) call(org, method, path, key string, body []byte) (*restAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, method, r.urls[org]+"/v1"+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+r.tokens[org])
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		res, err := r.clients[org].Do(req)
		if err != nil {
			return nil, err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return nil, err
		}
		switch {
		case res.StatusCode == http.StatusOK || res.StatusCode == http.StatusCreated:
			return &restAnswer{answer, res.Header.Get("X-Transaction-Id"), res.Header.Get("Idempotency-Replayed") == "true"}, nil
		case res.StatusCode == http.StatusAccepted:
			return r.outcome(ctx, org, answer)
		case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable || notYet(answer):
			time.Sleep(again)
		default:
			return nil, asFault(res.StatusCode, answer)
		}
	}
}

// notYet says whether a problem document invites to ask again: the gateway is
// sure that nothing was done.
func notYet(body []byte) bool {
	var p struct{ Retryable bool }
	return json.Unmarshal(body, &p) == nil && p.Retryable
}

// outcome waits for a write that takes longer than its gateway lets a client wait.
func (r rest) outcome(ctx context.Context, org string, accepted []byte) (*restAnswer, error) {
	var op struct {
		OperationID, State, TransactionID string
		Answer                            json.RawMessage
		Problem                           json.RawMessage
	}
	if err := json.Unmarshal(accepted, &op); err != nil {
		return nil, err
	}
	for {
		switch op.State {
		case "committed":
			return &restAnswer{op.Answer, op.TransactionID, false}, nil
		case "failed":
			return nil, asFault(http.StatusConflict, op.Problem)
		}
		time.Sleep(again)
		a, err := r.call(org, http.MethodGet, "/operations/"+op.OperationID, "", nil)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(a.body, &op); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("operation %s is %s: %w", op.OperationID, op.State, ctx.Err())
		}
	}
}

func asFault(status int, body []byte) error {
	var p struct {
		Code   fault.Code
		Detail string
		Params map[string]string
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("%d is no problem document: %s", status, body)
	}
	known := false
	for _, e := range fault.Catalogue() {
		known = known || e.Code == p.Code
	}
	if !known || fault.KindOf(p.Code) == fault.Malformed && strings.HasPrefix(string(p.Code), "request.") {
		return fmt.Errorf("%w: %d %s", errForm, status, body)
	}
	f := fault.New(p.Code, "%s", p.Detail)
	for name, value := range p.Params {
		f = f.With(name, value)
	}
	return f
}

// committed reads a transaction back from the organisation's peer.
func (r rest) committed(org, id string) (*scenario.Outcome, error) {
	b, err := r.members[org].qscc.Evaluate("GetTransactionByID", client.WithArguments(r.Channel, id), client.WithEndorsingOrganizations(org))
	if err != nil {
		return nil, told(err)
	}
	var tx peer.ProcessedTransaction
	if err := proto.Unmarshal(b, &tx); err != nil {
		return nil, err
	}
	return r.read(tx.GetTransactionEnvelope())
}
